//! Sigmoid of an array in host memory, with the result in host memory.

use super::{LARGE, check, numbers};
use crate::contestants::Libraries;
use crate::session::{Contestant, Session, Work};
use anyhow::Result;
use burn::tensor::{Tensor, TensorData, activation};
use gpu_activations::{Accuracy, Activation};
use ndarray::{ArrayView1, ArrayViewMut1, Zip};
use std::hint::black_box;

pub fn measure(libraries: &Libraries, session: &mut Session) -> Result<()> {
    let x = numbers(LARGE);
    let mut ours_y = vec![0.0; LARGE];
    let mut fast_y = ours_y.clone();
    let mut ndarray_y = ours_y.clone();
    let mut copied = ours_y.clone();
    let sigmoid = Activation::Sigmoid;

    let mut ours = || Ok(libraries.context.forward_slice_into(sigmoid, &x, &mut ours_y)?);
    let fast = libraries.context.with_accuracy(Accuracy::Fast);
    let mut ours_fast = || Ok(fast.forward_slice_into(sigmoid, &x, &mut fast_y)?);
    let burn = || -> Result<TensorData> {
        let device_x = Tensor::<1>::from_data(x.as_slice(), &libraries.burn);
        let y = activation::sigmoid(device_x).try_into_data()?;
        black_box(y.as_slice::<f32>()?);
        Ok(y)
    };
    let mut ndarray = || {
        let y = ArrayViewMut1::from(&mut ndarray_y);
        Zip::from(y).and(ArrayView1::from(&x)).par_for_each(|y, &x| *y = 1.0 / (1.0 + (-x).exp()));
        Ok(())
    };
    let copy = || {
        black_box(&mut copied).copy_from_slice(black_box(&x));
        Ok(())
    };

    session.measure(
        "sigmoid",
        Work::Bytes(2 * size_of_val(x.as_slice())),
        Contestant::ours(&mut ours),
        [
            Contestant::burn(|| burn().map(drop)),
            Contestant::new("ndarray with rayon", &mut ndarray),
            Contestant::new("gpu-activations, fast", &mut ours_fast),
            Contestant::new("memcpy alone", copy),
        ],
    )?;
    let expected = |index: usize| sigmoid.forward(f64::from(x[index]));
    check("burn", burn()?.as_slice()?, expected)?;
    check("gpu-activations", &ours_y, expected)?;
    check("gpu-activations, fast", &fast_y, expected)?;
    check("ndarray", &ndarray_y, expected)
}
