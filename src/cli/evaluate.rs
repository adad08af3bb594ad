//! `forward` and `backward`: a function, or its gradient, over `.npy` files.

mod elementwise;
mod request;
mod shaped;

use crate::evaluate::request::{Common, Device, Request};
use crate::failure::{Failure, usage};
use crate::function::{configured, gradient};
use anyhow::anyhow;
use clap::Args;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub struct Forward {
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
pub struct Backward {
    #[command(flatten)]
    common: Common,
    /// dy, of the type and shape of x; - is standard input.
    #[arg(long, value_name = "DY.npy")]
    grad: PathBuf,
    /// Writes the gradient of a learnable parameter, summed over the elements that share it; - is standard output.
    #[arg(long, value_name = "KEY=FILE.npy")]
    param_grad: Vec<String>,
}

pub fn forward(arguments: &Forward) -> Result<(), Failure> {
    run(&arguments.common, None, &[])
}

pub fn backward(arguments: &Backward) -> Result<(), Failure> {
    run(&arguments.common, Some(&arguments.grad), &arguments.param_grad)
}

fn run(arguments: &Common, dy: Option<&Path>, param_grad: &[String]) -> Result<(), Failure> {
    if let (Device::Cpu, Some(adapter)) = (arguments.device, &arguments.adapter) {
        return Err(usage(anyhow!("--device cpu uses no adapter, but --adapter {adapter} was given")));
    }
    let configured = configured(&arguments.name, &arguments.param)?;
    let gradients = param_grad.iter().map(|option| gradient(&configured, option));
    let gradients = gradients.collect::<Result<Vec<_>, _>>()?;
    let request = Request { arguments, configured, dy, gradients };
    request.check_streams()?;
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
