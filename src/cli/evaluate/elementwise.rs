//! Elementwise functions at the same parameters everywhere: files of any size, batch by batch in their own order.

use crate::evaluate::request::{BATCH, Engine, Request};
use crate::npy::{Input, Kind, NUMBERS, Output, reserved, say_what_is_rounded, to_c_order, tuple};
use crate::output::progress_bar;
use anyhow::{Result, ensure};
use gpu_activations::{Activation, Element};
use half::f16;
use npyz::Order;

pub fn evaluate(activation: Activation, request: &Request<'_>) -> Result<()> {
    let x = Input::open(&request.arguments.input, &NUMBERS)?;
    let dy = request.dy.map(|path| Input::open(path, &NUMBERS)).transpose()?;
    if let Some(dy) = &dy {
        let (a, b) = (&dy.name, &x.name);
        ensure!(dy.shape == x.shape, "dy in {a} has the shape {}, x in {b} has {}", tuple(&dy.shape), tuple(&x.shape));
        ensure!(dy.kind == x.kind, "dy in {a} holds {}, x in {b} holds {}", dy.type_name(), x.type_name());
    }
    let output = Output::create(&request.arguments.output, x.kind, &x.shape, x.order, &request.input_files())?;
    let engine = request.engine()?;
    say_what_is_rounded(std::iter::once(&x).chain(&dy));
    match x.kind {
        Kind::F32 => stream::<f32>(&engine, activation, x, dy, output),
        _ => stream::<f16>(&engine, activation, x, dy, output),
    }
}

fn stream<T: Element>(
    engine: &Engine,
    activation: Activation,
    mut x: Input,
    dy: Option<Input>,
    mut output: Output,
) -> Result<()> {
    let mut gradient = dy.map(|dy| Gradient::<T>::new(dy, &x)).transpose()?;
    let progress = progress_bar(if x.elements > BATCH { x.elements } else { 0 })?;
    let batch = x.elements.min(BATCH) as usize;
    let mut x_data = vec![T::zeroed(); batch];
    let mut dy_data = vec![T::zeroed(); if gradient.is_some() { batch } else { 0 }];
    let mut result = vec![T::zeroed(); batch];
    let mut done = 0;
    while done < x.elements {
        let count = (x.elements - done).min(BATCH) as usize;
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
    /// A file in the same order, which is read along.
    File(Box<Input>),
    /// A file in the other order, put into that of x in memory.
    Reordered(Vec<T>),
}

impl<T: Element> Gradient<T> {
    fn new(mut dy: Input, x: &Input) -> Result<Self> {
        // Both orders are the same if at most one axis is longer than 1.
        if dy.order == x.order || dy.shape.iter().filter(|&&length| length > 1).count() <= 1 || dy.elements == 0 {
            return Ok(Gradient::File(Box::new(dy)));
        }
        let mut data: Vec<T> = reserved(dy.elements as usize, &dy.name)?;
        let mut reordered: Vec<T> = reserved(dy.elements as usize, &dy.name)?;
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
