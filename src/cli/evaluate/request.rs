//! What a command is asked for, and what computes it.

use crate::adapter::context;
use crate::failure::{Failure, usage};
use crate::function::{Configured, FormulaOption, Sink};
use crate::output::say;
use crate::shader::AccuracyName;
use crate::stdio::is_dash;
use anyhow::{Result, anyhow};
use clap::{Args, ValueEnum};
use gpu_activations::{Activation, Element, Error, GpuActivations, Order};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Elements that are read, computed and written at once.
pub const BATCH: u64 = 1 << 22;

#[derive(Args)]
pub struct Common {
    /// The function.
    pub name: String,
    #[command(flatten)]
    pub formula: FormulaOption,
    /// x: an .npy file of f32, of f16, or of f64, which is rounded to f32; - is standard input.
    #[arg(value_name = "IN.npy")]
    pub input: PathBuf,
    /// The result, of the type of x, and of its shape and order where the function keeps them; - is standard output.
    #[arg(short, long, value_name = "OUT.npy")]
    pub output: PathBuf,
    /// A parameter of the function, or KEY=@FILE.npy, or KEY=@- for standard input; others keep their defaults. A mask of the
    /// softmax family is mask=@FILE.npy, and a sink of softmax sink=VALUE or sink=@FILE.npy.
    #[arg(short, long = "param", value_name = "KEY=VALUE")]
    pub param: Vec<String>,
    /// The axis to work along, or of the channels of parameters from files; negative counts from the end. Absent: the
    /// last, and numpy broadcasts parameters from files onto x.
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

/// What is computed, with the files that it needs besides x and the result.
#[derive(Clone, Copy)]
pub enum Pass<'a> {
    Forward,
    Backward { dy: &'a Path },
    Derivative(Order),
    DoubleBackward { dy: &'a Path, v: &'a Path, ddy: Option<&'a Path> },
}

impl<'a> Pass<'a> {
    pub fn dy(self) -> Option<&'a Path> {
        match self {
            Pass::Backward { dy } | Pass::DoubleBackward { dy, .. } => Some(dy),
            Pass::Forward | Pass::Derivative(_) => None,
        }
    }

    pub fn v(self) -> Option<&'a Path> {
        if let Pass::DoubleBackward { v, .. } = self { Some(v) } else { None }
    }

    pub fn ddy(self) -> Option<&'a Path> {
        if let Pass::DoubleBackward { ddy, .. } = self { ddy } else { None }
    }

    pub fn order(self) -> Option<Order> {
        if let Pass::Derivative(order) = self { Some(order) } else { None }
    }
}

/// Everything that the arguments ask for.
pub struct Request<'a> {
    pub arguments: &'a Common,
    pub configured: Configured,
    pub pass: Pass<'a>,
    /// Learnable parameters, and the files of their gradients.
    pub gradients: Vec<(&'static str, PathBuf)>,
}

impl Request<'_> {
    /// Tells whether a result depends on nothing but one element of x, of dy and of v.
    pub fn is_elementwise(&self) -> bool {
        let Configured { function, seed, files, .. } = &self.configured;
        function.elementwise().is_ok() && seed.is_none() && files.is_empty() && self.gradients.is_empty()
    }

    /// The arrays that are read, each with its name in messages.
    pub fn inputs(&self) -> Vec<(String, &Path)> {
        let mut inputs = vec![("x".to_owned(), self.arguments.input.as_path())];
        inputs.extend(self.pass.dy().map(|path| ("dy".to_owned(), path)));
        inputs.extend(self.pass.v().map(|path| ("v".to_owned(), path)));
        inputs.extend(self.configured.mask.as_deref().map(|path| ("mask".to_owned(), path)));
        let sink = self.configured.sink.as_ref().and_then(Sink::file);
        inputs.extend(sink.map(|path| ("sink".to_owned(), path)));
        inputs.extend(self.configured.files.iter().map(|(name, path)| ((*name).to_owned(), path.as_path())));
        inputs
    }

    /// The arrays that are written, each with its name in messages.
    pub fn outputs(&self) -> Vec<(String, &Path)> {
        let mut outputs = vec![("the result".to_owned(), self.arguments.output.as_path())];
        outputs.extend(self.pass.ddy().map(|path| ("the gradient of dy".to_owned(), path)));
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
            return self.reference();
        }
        match context(adapter.as_deref()) {
            Ok(context) => Ok(Engine::Device(context.with_accuracy((*accuracy).into()))),
            Err(error @ Error::NoAdapter { wanted: None, .. }) if *device == Device::Auto => {
                say(&format!("evaluating on the CPU reference: {error}"));
                self.reference()
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Computes on the CPU, which WGSL text cannot.
    fn reference(&self) -> Result<Engine> {
        let function = self.configured.function.name();
        let what = "WGSL text has no f64 reference";
        let has_reference =
            self.configured.function.elementwise().map_or(true, |activation| activation.has_reference());
        if has_reference { Ok(Engine::Reference) } else { Err(Error::NotDeclared { function, what }.into()) }
    }
}

/// A means to compute.
pub enum Engine {
    Device(GpuActivations),
    Reference,
}

/// Elements that stand for themselves, of x and of what its pass needs.
pub struct Elements<'a, T> {
    /// Of a derivative.
    pub order: Option<Order>,
    pub x: &'a [T],
    pub dy: Option<&'a [T]>,
    pub v: Option<&'a [T]>,
}

impl<T: Element> Elements<'_, T> {
    /// The result of one element by the reference, and the gradient of dy.
    pub fn reference(&self, activation: &Activation, index: usize) -> (f64, f64) {
        let at = |values: &[T]| values[index].to_f64();
        let x = at(self.x);
        match (self.order, self.dy.map(at), self.v.map(at)) {
            (Some(Order::First), ..) => (activation.derivative(x), 0.0),
            (Some(Order::Second), ..) => (activation.second_derivative(x), 0.0),
            (None, Some(dy), Some(v)) => (activation.second_derivative(x) * dy * v, activation.derivative(x) * v),
            (None, Some(dy), None) => (dy * activation.derivative(x), 0.0),
            (None, None, _) => (activation.forward(x), 0.0),
        }
    }
}

impl Engine {
    /// Computes the result, and the gradient of dy where v is given.
    pub fn run<T: Element>(
        &self,
        activation: Activation,
        elements: &Elements<'_, T>,
        result: &mut [T],
        ddy: &mut [T],
    ) -> Result<()> {
        let Elements { order, x, dy, v } = *elements;
        match (self, order, dy, v) {
            (Engine::Device(context), Some(order), ..) => {
                context.derivative_slice_into(activation, order, x, result)?
            }
            (Engine::Device(context), None, Some(dy), Some(v)) => {
                context.double_backward_slice_into(activation, x, dy, v, result, ddy)?
            }
            (Engine::Device(context), None, Some(dy), None) => {
                context.backward_slice_into(activation, x, dy, result)?
            }
            (Engine::Device(context), None, None, _) => context.forward_slice_into(activation, x, result)?,
            (Engine::Reference, ..) => {
                let at = |index: usize| {
                    let (value, second) = elements.reference(&activation, index);
                    (T::from_f64(value), T::from_f64(second))
                };
                if ddy.is_empty() {
                    result.par_iter_mut().enumerate().for_each(|(index, result)| *result = at(index).0);
                } else {
                    let both = result.par_iter_mut().zip(ddy).enumerate();
                    both.for_each(|(index, (result, ddy))| (*result, *ddy) = at(index));
                }
            }
        }
        Ok(())
    }
}
