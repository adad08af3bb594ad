//! `forward` and `backward`: a function, or its gradient, over `.npy` files.

mod elementwise;
mod shaped;

use crate::adapter::context;
use crate::function::{Configured, Function, configured, gradient};
use crate::output::say;
use crate::stdio::is_dash;
use crate::{Failure, usage};
use anyhow::{Result, anyhow};
use clap::{Args, ValueEnum};
use gpu_activations::{Activation, Element, Error, GpuActivations};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Elements that are read, computed and written at once.
const CHUNK: u64 = 1 << 22;

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

#[derive(Args)]
struct Common {
    /// The function.
    name: String,
    /// x: an .npy file of f32, of f16, or of f64, which is rounded to f32; - is standard input.
    #[arg(value_name = "IN.npy")]
    input: PathBuf,
    /// The result, of the type of x, and of its shape and order where the function keeps them; - is standard output.
    #[arg(short, long, value_name = "OUT.npy")]
    output: PathBuf,
    /// A parameter of the function, or KEY=@FILE.npy, or KEY=@- for standard input; others keep their defaults.
    #[arg(short, long = "param", value_name = "KEY=VALUE")]
    param: Vec<String>,
    /// The axis to work along, or of the channels of parameters from files; negative counts from the end. Absent: the
    /// last, and parameters from files have one element or the shape of x.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    axis: Option<isize>,
    /// Where to compute; `auto` takes an adapter, or else the CPU reference.
    #[arg(long, value_enum, default_value_t = Device::Auto)]
    device: Device,
    /// Words of "name on backend", such as "llvmpipe on vulkan".
    #[arg(long, value_name = "TEXT")]
    adapter: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Device {
    Auto,
    Gpu,
    Cpu,
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
    let gradients = param_grad.iter().map(|option| gradient(&configured.function, option));
    let gradients = gradients.collect::<Result<Vec<_>, _>>()?;
    let request = Request { arguments, configured, dy, gradients };
    request.check_streams()?;
    match request.configured.function {
        Function::Elementwise(activation) if request.is_elementwise() => {
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

/// Everything that the arguments ask for.
struct Request<'a> {
    arguments: &'a Common,
    configured: Configured,
    dy: Option<&'a Path>,
    /// Learnable parameters, and the files of their gradients.
    gradients: Vec<(&'static str, PathBuf)>,
}

impl Request<'_> {
    /// Tells whether a result depends on nothing but one element of x, and one of dy.
    fn is_elementwise(&self) -> bool {
        let Configured { function, seed, files, .. } = &self.configured;
        matches!(function, Function::Elementwise(_)) && seed.is_none() && files.is_empty() && self.gradients.is_empty()
    }

    /// The arrays that are read, each with its name in messages.
    fn inputs(&self) -> Vec<(String, &Path)> {
        let mut inputs = vec![("x".to_owned(), self.arguments.input.as_path())];
        inputs.extend(self.dy.map(|path| ("dy".to_owned(), path)));
        inputs.extend(self.configured.mask.as_deref().map(|path| ("mask".to_owned(), path)));
        inputs.extend(self.configured.files.iter().map(|(name, path)| ((*name).to_owned(), path.as_path())));
        inputs
    }

    /// The arrays that are written, each with its name in messages.
    fn outputs(&self) -> Vec<(String, &Path)> {
        let mut outputs = vec![("the result".to_owned(), self.arguments.output.as_path())];
        outputs.extend(self.gradients.iter().map(|(name, path)| (format!("the gradient of {name}"), path.as_path())));
        outputs
    }

    /// The files that are read, which no output may overwrite.
    fn input_files(&self) -> Vec<&Path> {
        self.inputs().into_iter().map(|(_, path)| path).filter(|path| !is_dash(path)).collect()
    }

    /// Refuses a stream that is given twice, because it holds one array.
    fn check_streams(&self) -> Result<(), Failure> {
        for (stream, arrays, one) in
            [("standard input", self.inputs(), "one input"), ("standard output", self.outputs(), "one output")]
        {
            let dashes: Vec<String> =
                arrays.into_iter().filter(|(_, path)| is_dash(path)).map(|(name, _)| name).collect();
            if dashes.len() > 1 {
                let names = dashes.join(" and ");
                return Err(usage(anyhow!("{stream} is given for {names}; - may stand for {one} alone")));
            }
        }
        Ok(())
    }

    /// Chooses what computes, and says so if no adapter leaves it to the CPU.
    fn engine(&self) -> Result<Engine> {
        let Common { device, adapter, .. } = self.arguments;
        if *device == Device::Cpu {
            return Ok(Engine::Reference);
        }
        match context(adapter.as_deref()) {
            Ok(context) => Ok(Engine::Device(context)),
            Err(error @ Error::NoAdapter { wanted: None, .. }) if *device == Device::Auto => {
                say(&format!("evaluating on the CPU reference: {error}"));
                Ok(Engine::Reference)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// A means to compute.
enum Engine {
    Device(GpuActivations),
    Reference,
}

impl Engine {
    fn run<T: Element>(&self, activation: Activation, x: &[T], dy: Option<&[T]>, result: &mut [T]) -> Result<()> {
        match (self, dy) {
            (Engine::Device(context), None) => context.forward_slice_into(activation, x, result)?,
            (Engine::Device(context), Some(dy)) => context.backward_slice_into(activation, x, dy, result)?,
            (Engine::Reference, None) => {
                result.par_iter_mut().zip(x).for_each(|(y, x)| *y = T::from_f64(activation.forward(x.to_f64())))
            }
            (Engine::Reference, Some(dy)) => result
                .par_iter_mut()
                .zip(x.par_iter().zip(dy))
                .for_each(|(dx, (x, dy))| *dx = T::from_f64(dy.to_f64() * activation.derivative(x.to_f64()))),
        }
        Ok(())
    }
}
