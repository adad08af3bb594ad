//! Every elementwise function that both libraries have, with gpu-activations' defaults for its parameters.

use super::{LARGE, check, numbers};
use crate::contestants::Libraries;
use crate::session::{Contestant, Session, Work};
use anyhow::{Context, Result};
use burn::tensor::{Tensor, activation};
use gpu_activations::Activation;

type BurnFunction = fn(Tensor<1>) -> Tensor<1>;

const FUNCTIONS: &[(&str, BurnFunction)] = &[
    ("relu", activation::relu),
    ("relu6", activation::relu6),
    ("leaky_relu", |x| activation::leaky_relu(x, 0.01)),
    ("thresholded_relu", |x| activation::thresholded_relu(x, 1.0)),
    ("threshold", |x| activation::threshold(x, 0.0, 0.0)),
    ("hard_tanh", |x| activation::hardtanh(x, -1.0, 1.0)),
    ("hard_sigmoid", |x| activation::hard_sigmoid(x, 0.2, 0.5)),
    ("hard_swish", activation::hard_swish),
    ("hard_shrink", |x| activation::hard_shrink(x, 0.5)),
    ("soft_shrink", |x| activation::soft_shrink(x, 0.5)),
    ("shrink", |x| activation::shrink(x, 0.5, 0.0)),
    ("softsign", activation::softsign),
    ("exponential", Tensor::exp),
    ("sigmoid", activation::sigmoid),
    ("log_sigmoid", activation::log_sigmoid),
    ("tanh", activation::tanh),
    ("tanh_shrink", activation::tanhshrink),
    ("silu", activation::silu),
    ("gelu", activation::gelu),
    ("gelu_tanh", activation::gelu_approximate),
    ("mish", activation::mish),
    ("softplus", |x| activation::softplus(x, 1.0)),
    ("elu", |x| activation::elu(x, 1.0)),
    ("selu", activation::selu),
    ("celu", |x| activation::celu(x, 1.0)),
    ("sine", Tensor::sin),
];

pub fn measure(libraries: &Libraries, session: &mut Session) -> Result<()> {
    let numbers = numbers(LARGE);
    let ours_x = libraries.context.upload(&numbers)?;
    let burn_x = Tensor::<1>::from_data(numbers.as_slice(), &libraries.burn);
    let ours = |function: Activation| {
        let y = libraries.context.forward(function, &ours_x)?;
        libraries.wait_for_ours()?;
        Ok(y)
    };
    let work = Work::Bytes(2 * size_of_val(numbers.as_slice()));

    let identity = Activation::Identity;
    session.measure("identity, a copy", work, Contestant::ours(|| ours(identity).map(drop)), [])?;
    for &(name, burn_function) in FUNCTIONS {
        let function: Activation = name.parse()?;
        let burn = || {
            let y = burn_function(burn_x.clone());
            // burn leaves out what nobody can ask for any more, so y lives until it has been computed.
            libraries.wait_for_burn()?;
            Ok(y)
        };
        let expected = |index: usize| function.forward(f64::from(numbers[index]));
        check("gpu-activations", &libraries.context.download(&ours(function)?)?, expected).context(name)?;
        check("burn", burn()?.into_data().as_slice()?, expected).context(name)?;
        let contestants = (Contestant::ours(|| ours(function).map(drop)), Contestant::burn(|| burn().map(drop)));
        session.measure(name, work, contestants.0, [contestants.1])?;
    }
    Ok(())
}
