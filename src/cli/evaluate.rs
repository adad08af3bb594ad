//! Elementwise functions: files through the device, or through the reference, chunk by chunk.

use crate::array::{Input, Kind, NUMBERS, Output, reserved, to_c_order, tuple};
use crate::{Device, Evaluate};
use anyhow::{Result, ensure};
use gpu_activations::{Activation, Element, Error, GpuActivations};
use half::f16;
use indicatif::{ProgressBar, ProgressStyle};
use npyz::Order;
use rayon::prelude::*;
use std::path::Path;

/// Elements read, computed and written at once.
pub const CHUNK: u64 = 1 << 22;

pub enum Engine {
    Device(GpuActivations),
    Reference,
}

impl Engine {
    pub fn new(device: Device, adapter: Option<&str>) -> Result<Engine> {
        if device == Device::Cpu {
            return Ok(Engine::Reference);
        }
        match crate::context(adapter) {
            Ok(context) => Ok(Engine::Device(context)),
            Err(error @ Error::NoAdapter { wanted: None, .. }) if device == Device::Auto => {
                crate::say(&format!("evaluating on the CPU reference: {error}"));
                Ok(Engine::Reference)
            }
            Err(error) => Err(error.into()),
        }
    }

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

pub fn evaluate(activation: Activation, arguments: &Evaluate, grad: Option<&Path>) -> Result<()> {
    let x = Input::open(&arguments.input, NUMBERS)?;
    let dy = grad.map(|path| Input::open(path, NUMBERS)).transpose()?;
    if let Some(dy) = &dy {
        let (a, b) = (dy.path.display(), x.path.display());
        ensure!(dy.shape == x.shape, "dy in {a} has the shape {}, x in {b} has {}", tuple(&dy.shape), tuple(&x.shape));
        ensure!(dy.kind == x.kind, "dy in {a} holds {}, x in {b} holds {}", dy.kind.name(), x.kind.name());
    }
    let inputs: Vec<&Path> = std::iter::once(arguments.input.as_path()).chain(grad).collect();
    let output = Output::create(&arguments.output, x.kind, &x.shape, x.order, &inputs)?;
    let engine = Engine::new(arguments.device, arguments.adapter.as_deref())?;
    match x.kind {
        Kind::F32 => stream::<f32>(&engine, activation, x, dy, output),
        _ => stream::<f16>(&engine, activation, x, dy, output),
    }
}

/// A bar on a terminal, none where the work is 0.
pub fn progress_bar(work: u64) -> Result<ProgressBar> {
    let progress = if work > 0 { ProgressBar::new(work) } else { ProgressBar::hidden() };
    progress.set_style(ProgressStyle::with_template("{wide_bar} {percent}% {eta} {msg}")?);
    Ok(progress)
}

fn stream<T: Element>(
    engine: &Engine,
    activation: Activation,
    mut x: Input,
    dy: Option<Input>,
    mut output: Output,
) -> Result<()> {
    let mut gradient = dy.map(|dy| Gradient::<T>::new(dy, &x)).transpose()?;
    let progress = progress_bar(if x.elements > CHUNK { x.elements } else { 0 })?;
    let chunk = x.elements.min(CHUNK) as usize;
    let mut x_data = vec![T::zeroed(); chunk];
    let mut dy_data = vec![T::zeroed(); if gradient.is_some() { chunk } else { 0 }];
    let mut result = vec![T::zeroed(); chunk];
    let mut done = 0;
    while done < x.elements {
        let count = (x.elements - done).min(CHUNK) as usize;
        x.read(&mut x_data[..count])?;
        if let Some(gradient) = &mut gradient {
            gradient.read(done as usize, &mut dy_data[..count])?;
        }
        let dy = gradient.is_some().then(|| &dy_data[..count]);
        engine.run(activation, &x_data[..count], dy, &mut result[..count])?;
        output.write(&result[..count])?;
        done += count as u64;
        progress.set_position(done);
    }
    progress.finish_and_clear();
    output.finish()
}

/// dy in the order of x.
enum Gradient<T> {
    /// The same order: read along.
    File(Box<Input>),
    /// The other order: put in that of x in memory.
    Reordered(Vec<T>),
}

impl<T: Element> Gradient<T> {
    fn new(mut dy: Input, x: &Input) -> Result<Self> {
        // With at most one axis longer than 1 both orders are the same.
        if dy.order == x.order || dy.shape.iter().filter(|&&length| length > 1).count() <= 1 || dy.elements == 0 {
            return Ok(Gradient::File(Box::new(dy)));
        }
        let mut data: Vec<T> = reserved(dy.elements as usize, &dy.path)?;
        let mut reordered: Vec<T> = reserved(dy.elements as usize, &dy.path)?;
        data.resize(dy.elements as usize, T::zeroed());
        dy.read(&mut data)?;
        let mut shape: Vec<usize> = dy.shape.iter().map(|&length| length as usize).collect();
        // A C-ordered array read backwards over its axes is a Fortran-ordered one.
        if x.order == Order::Fortran {
            shape.reverse();
        }
        to_c_order(&data, &shape, &mut reordered);
        Ok(Gradient::Reordered(reordered))
    }

    fn read(&mut self, done: usize, data: &mut [T]) -> Result<()> {
        match self {
            Gradient::File(dy) => dy.read(data)?,
            Gradient::Reordered(values) => data.copy_from_slice(&values[done..done + data.len()]),
        }
        Ok(())
    }
}
