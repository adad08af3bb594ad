//! `forward`, `backward`, `derivative` and `double-backward`: a function, or a gradient of it, over `.npy` files.

mod batches;
mod elementwise;
mod request;
mod shaped;
mod sinks;

use crate::evaluate::request::{Common, Device, Pass, Request};
use crate::failure::{Failure, usage};
use crate::function::{configured, gradient};
use anyhow::anyhow;
use clap::Args;
use gpu_activations::{Error, Order};
use std::path::PathBuf;

#[derive(Args)]
pub struct Forward {
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
pub struct Backward {
    #[command(flatten)]
    common: Common,
    /// dy, of the type of x and the shape of the function's result; - is standard input.
    #[arg(long, value_name = "DY.npy")]
    grad: PathBuf,
    /// Writes the gradient of a learnable parameter, summed over the elements that share it; - is standard output.
    #[arg(long, value_name = "KEY=FILE.npy")]
    param_grad: Vec<String>,
}

#[derive(Args)]
pub struct Derivative {
    #[command(flatten)]
    common: Common,
    /// The order of the derivative.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    order: u8,
}

#[derive(Args)]
pub struct DoubleBackward {
    #[command(flatten)]
    common: Common,
    /// dy, of the type of x and the shape of the function's result; - is standard input.
    #[arg(long, value_name = "DY.npy")]
    grad: PathBuf,
    /// v, the gradient by what `backward` gave, of the type and shape of x; - is standard input.
    #[arg(long, value_name = "V.npy")]
    tangent: PathBuf,
    /// Writes the gradient by dy; - is standard output.
    #[arg(long, value_name = "DDY.npy")]
    grad_out: Option<PathBuf>,
}

pub fn forward(arguments: &Forward) -> Result<(), Failure> {
    run(&arguments.common, Pass::Forward, &[])
}

pub fn backward(arguments: &Backward) -> Result<(), Failure> {
    run(&arguments.common, Pass::Backward { dy: &arguments.grad }, &arguments.param_grad)
}

pub fn derivative(arguments: &Derivative) -> Result<(), Failure> {
    let order = if arguments.order == 1 { Order::First } else { Order::Second };
    run(&arguments.common, Pass::Derivative(order), &[])
}

pub fn double_backward(arguments: &DoubleBackward) -> Result<(), Failure> {
    let DoubleBackward { common, grad, tangent, grad_out } = arguments;
    run(common, Pass::DoubleBackward { dy: grad, v: tangent, ddy: grad_out.as_deref() }, &[])
}

fn run(arguments: &Common, pass: Pass<'_>, param_grad: &[String]) -> Result<(), Failure> {
    if let (Device::Cpu, Some(adapter)) = (arguments.device, &arguments.adapter) {
        return Err(usage(anyhow!("--device cpu uses no adapter, but --adapter {adapter} was given")));
    }
    let formula = arguments.formula.of([&arguments.name])?;
    let configured = configured(&arguments.name, formula.as_deref(), &arguments.param)?;
    let gradients = param_grad.iter().map(|option| gradient(&configured, option));
    let gradients = gradients.collect::<Result<Vec<_>, _>>()?;
    let request = Request { arguments, configured, pass, gradients };
    request.check_streams()?;
    if let (Pass::Derivative(_), Ok(along)) = (pass, request.configured.function.along()) {
        let name = along.name();
        return Err(usage(anyhow!("derivative is for functions of single elements; {name} works along an axis")));
    }
    if let (Pass::DoubleBackward { .. }, Ok(along)) = (pass, request.configured.function.along())
        && !along.has_double_backward()
    {
        return Err(usage(anyhow!(Error::NoDoubleBackward { function: along.name() })));
    }
    if let (Pass::DoubleBackward { .. }, Some(_)) = (pass, &request.configured.sink) {
        return Err(usage(anyhow!("double-backward takes no sink")));
    }
    match request.configured.function.elementwise() {
        Ok(activation) if request.is_elementwise() => {
            if let Some(axis) = arguments.axis {
                let name = activation.name();
                return Err(usage(anyhow!("--axis {axis}: {name} works on each element; no parameter is from a file")));
            }
            elementwise::evaluate(activation, &request)?;
        }
        _ => shaped::evaluate(&request)?,
    }
    Ok(())
}
