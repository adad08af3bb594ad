//! What `forward` and `backward` are asked for, and what computes it.

use crate::adapter::context;
use crate::failure::{Failure, usage};
use crate::function::Configured;
use crate::output::say;
use crate::shader::AccuracyName;
use crate::stdio::is_dash;
use anyhow::{Result, anyhow};
use clap::{Args, ValueEnum};
use gpu_activations::{Activation, Element, Error, GpuActivations};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Elements that are read, computed and written at once.
pub const BATCH: u64 = 1 << 22;

#[derive(Args)]
pub struct Common {
    /// The function.
    pub name: String,
    /// x: an .npy file of f32, of f16, or of f64, which is rounded to f32; - is standard input.
    #[arg(value_name = "IN.npy")]
    pub input: PathBuf,
    /// The result, of the type of x, and of its shape and order where the function keeps them; - is standard output.
    #[arg(short, long, value_name = "OUT.npy")]
    pub output: PathBuf,
    /// A parameter of the function, or KEY=@FILE.npy, or KEY=@- for standard input; others keep their defaults.
    #[arg(short, long = "param", value_name = "KEY=VALUE")]
    pub param: Vec<String>,
    /// The axis to work along, or of the channels of parameters from files; negative counts from the end. Absent: the
    /// last, and parameters from files have one element or the shape of x.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub axis: Option<isize>,
    /// How exact f32 results are on a device; results in f16 are as exact as their rounding in either case.
    #[arg(long, value_enum, default_value_t = AccuracyName::Highest)]
    pub accuracy: AccuracyName,
    /// Where to compute; `auto` takes an adapter, or else the CPU reference.
    #[arg(long, value_enum, default_value_t = Device::Auto)]
    pub device: Device,
    /// Words of "name on backend", such as "llvmpipe on vulkan".
    #[arg(long, value_name = "TEXT")]
    pub adapter: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Device {
    Auto,
    Gpu,
    Cpu,
}

/// Everything that the arguments ask for.
pub struct Request<'a> {
    pub arguments: &'a Common,
    pub configured: Configured,
    pub dy: Option<&'a Path>,
    /// Learnable parameters, and the files of their gradients.
    pub gradients: Vec<(&'static str, PathBuf)>,
}

impl Request<'_> {
    /// Tells whether a result depends on nothing but one element of x, and one of dy.
    pub fn is_elementwise(&self) -> bool {
        let Configured { function, seed, files, .. } = &self.configured;
        function.elementwise().is_ok() && seed.is_none() && files.is_empty() && self.gradients.is_empty()
    }

    /// The arrays that are read, each with its name in messages.
    pub fn inputs(&self) -> Vec<(String, &Path)> {
        let mut inputs = vec![("x".to_owned(), self.arguments.input.as_path())];
        inputs.extend(self.dy.map(|path| ("dy".to_owned(), path)));
        inputs.extend(self.configured.mask.as_deref().map(|path| ("mask".to_owned(), path)));
        inputs.extend(self.configured.files.iter().map(|(name, path)| ((*name).to_owned(), path.as_path())));
        inputs
    }

    /// The arrays that are written, each with its name in messages.
    pub fn outputs(&self) -> Vec<(String, &Path)> {
        let mut outputs = vec![("the result".to_owned(), self.arguments.output.as_path())];
        outputs.extend(self.gradients.iter().map(|(name, path)| (format!("the gradient of {name}"), path.as_path())));
        outputs
    }

    /// The files that are read, which no output may overwrite.
    pub fn input_files(&self) -> Vec<&Path> {
        self.inputs().into_iter().map(|(_, path)| path).filter(|path| !is_dash(path)).collect()
    }

    /// Refuses a stream that is given twice, because it holds one array.
    pub fn check_streams(&self) -> Result<(), Failure> {
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
    pub fn engine(&self) -> Result<Engine> {
        let Common { device, adapter, accuracy, .. } = self.arguments;
        if *device == Device::Cpu {
            return Ok(Engine::Reference);
        }
        match context(adapter.as_deref()) {
            Ok(context) => Ok(Engine::Device(context.with_accuracy((*accuracy).into()))),
            Err(error @ Error::NoAdapter { wanted: None, .. }) if *device == Device::Auto => {
                say(&format!("evaluating on the CPU reference: {error}"));
                Ok(Engine::Reference)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// A means to compute.
pub enum Engine {
    Device(GpuActivations),
    Reference,
}

impl Engine {
    pub fn run<T: Element>(&self, activation: Activation, x: &[T], dy: Option<&[T]>, result: &mut [T]) -> Result<()> {
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
