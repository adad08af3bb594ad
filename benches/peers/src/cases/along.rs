//! Softmax and its logarithm, along the last axis and along the first.

use super::{LARGE, check, numbers};
use crate::contestants::Libraries;
use crate::session::{Contestant, Session, Work};
use anyhow::{Context, Result};
use burn::tensor::{Tensor, activation};
use gpu_activations::{Axis, AxisFunction, GpuBuffer};

type BurnFunction = fn(Tensor<2>, usize) -> Tensor<2>;

const FUNCTIONS: [(&str, BurnFunction); 2] =
    [("softmax", activation::softmax), ("log_softmax", activation::log_softmax)];

const SHAPES: [(&str, [usize; 2], usize); 2] =
    [("rows of 1024", [LARGE / 1024, 1024], 1), ("axis 0 of 4096 x 4096", [4096, 4096], 0)];

pub fn measure(libraries: &Libraries, session: &mut Session) -> Result<()> {
    let numbers = numbers(LARGE);
    let ours_x = libraries.context.upload(&numbers)?;
    let work = Work::Bytes(2 * size_of_val(numbers.as_slice()));
    for (name, burn_function) in FUNCTIONS {
        let function: AxisFunction = name.parse()?;
        for (shape_name, shape, index) in SHAPES {
            let case = format!("{name}, {shape_name}");
            let axis = Axis::new(&shape, index as isize)?;
            let burn_x = Tensor::<1>::from_data(numbers.as_slice(), &libraries.burn).reshape(shape);
            libraries.wait_for_burn()?;
            let ours = || -> Result<GpuBuffer<f32>> {
                let y = libraries.context.forward_along(&function, &axis, None, &ours_x)?;
                libraries.wait_for_ours()?;
                Ok(y)
            };
            let burn = || -> Result<Tensor<2>> {
                let y = burn_function(burn_x.clone(), index);
                // burn leaves out what nobody can ask for any more, so y lives until it has been computed.
                libraries.wait_for_burn()?;
                Ok(y)
            };
            let results = libraries.context.download(&ours()?)?;
            // gpu-activations' own tests hold it to an f64 reference.
            check("burn", burn()?.into_data().as_slice()?, |index| results[index].into()).context(case.clone())?;
            let burn = Contestant::burn(|| burn().map(drop));
            session.measure(&case, work, Contestant::ours(|| ours().map(drop)), [burn])?;
        }
    }
    Ok(())
}
