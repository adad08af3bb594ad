//! Elementwise functions at the same parameters everywhere: files of any size, batch by batch in their own order.

use crate::evaluate::request::{BATCH, Elements, Engine, Request};
use crate::npy::{Input, Kind, NUMBERS, Output, finish_all, lengths, reserved, say_what_is_rounded, to_c_order, tuple};
use crate::output::progress_bar;
use anyhow::{Result, ensure};
use gpu_activations::{Activation, Element};
use half::f16;
use npyz::Order;

pub fn evaluate(activation: Activation, request: &Request<'_>) -> Result<()> {
    let x = Input::open(&request.arguments.input, &NUMBERS)?;
    let like_x = |(name, path)| -> Result<Input> {
        let input = Input::open(path, &NUMBERS)?;
        let (a, b) = (&input.name, &x.name);
        let shapes = [tuple(&input.shape), tuple(&x.shape)];
        ensure!(input.shape == x.shape, "{name} in {a} has the shape {}, x in {b} has {}", shapes[0], shapes[1]);
        ensure!(input.kind == x.kind, "{name} in {a} holds {}, x in {b} holds {}", input.type_name(), x.type_name());
        Ok(input)
    };
    let gradients = [request.pass.dy().map(|path| ("dy", path)), request.pass.v().map(|path| ("v", path))];
    let gradients = gradients.into_iter().flatten().map(like_x).collect::<Result<Vec<_>>>()?;
    let outputs = request.outputs().into_iter().map(|(_, path)| (path, x.shape.as_slice()));
    let outputs = Output::create_all(outputs, x.kind, x.order, &request.input_files())?;
    let engine = request.engine()?;
    say_what_is_rounded(std::iter::once(&x).chain(&gradients));
    match x.kind {
        Kind::F32 => stream::<f32>(&engine, activation, request, x, gradients, outputs),
        _ => stream::<f16>(&engine, activation, request, x, gradients, outputs),
    }
}

fn stream<T: Element>(
    engine: &Engine,
    activation: Activation,
    request: &Request<'_>,
    mut x: Input,
    gradients: Vec<Input>,
    mut outputs: Vec<Output>,
) -> Result<()> {
    let gradients = gradients.into_iter().map(|gradient| Gradient::<T>::new(gradient, &x));
    let mut gradients = gradients.collect::<Result<Vec<_>>>()?;
    let progress = progress_bar(if x.elements > BATCH { x.elements } else { 0 })?;
    let batch = x.elements.min(BATCH) as usize;
    let zeros = || vec![T::zeroed(); batch];
    let (mut x_data, mut result) = (zeros(), zeros());
    let mut data: Vec<Vec<T>> = gradients.iter().map(|_| zeros()).collect();
    let mut ddy = if data.len() == 2 { zeros() } else { Vec::new() };
    let mut done = 0;
    while done < x.elements {
        let count = (x.elements - done).min(BATCH) as usize;
        x.read(&mut x_data[..count])?;
        for (gradient, data) in gradients.iter_mut().zip(&mut data) {
            gradient.read(done as usize, &mut data[..count])?;
        }
        let of = |index: usize| data.get(index).map(|data| &data[..count]);
        let elements = Elements { order: request.pass.order(), x: &x_data[..count], dy: of(0), v: of(1) };
        let second = count.min(ddy.len());
        engine.run(activation, &elements, &mut result[..count], &mut ddy[..second])?;
        for (output, values) in outputs.iter_mut().zip([&result[..count], &ddy[..second]]) {
            output.write(values)?;
        }
        done += count as u64;
        progress.set_position(done);
    }
    progress.finish_and_clear();
    finish_all(outputs)
}

/// dy or v in the order of x.
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
        let mut shape = lengths(&dy.shape);
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
