//! Functions that depend on the shape of x: those along an axis, those with parameters from files, and those with random
//! slopes. Outer entries are evaluated batch by batch if each stands for itself, and otherwise arrays as a whole.

use crate::evaluate::batches::{Batch, LongAxis};
use crate::evaluate::request::{BATCH, Elements, Engine, Request};
use crate::evaluate::sinks::RowSinks;
use crate::function::Configured;
use crate::npy::{Input, Kind, MASK, NUMBERS, Output, finish_all, lengths, say_what_is_rounded, tuple};
use crate::output::progress_bar;
use anyhow::{Context, Result, bail, ensure};
use gpu_activations::Mask as DeviceMask;
use gpu_activations::{
    Activation, Axis, AxisFunction, Broadcast, Element, Error, GpuActivations, GpuBuffer, ParameterBuffers, Sinks,
};
use half::f16;
use npyz::Order;
use rayon::prelude::*;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A parameter from a file, and how elements share its values.
struct Tensor {
    name: &'static str,
    file: Input,
    values: Vec<f32>,
    sharing: Sharing,
}

enum Sharing {
    Tensor,
    Channel(Axis),
    Element,
    /// Along axes that are not adjacent, or other than another parameter's.
    Spread(Broadcast),
}

impl Sharing {
    fn index(&self, element: usize) -> usize {
        match self {
            Sharing::Tensor => 0,
            Sharing::Channel(axis) => {
                element / axis.shape()[axis.index() + 1..].iter().product::<usize>() % axis.length()
            }
            Sharing::Element => element,
            Sharing::Spread(broadcast) => broadcast.index(element),
        }
    }
}

/// The mask in a file: read along with x, or repeated over it.
enum Mask {
    Whole(Input),
    Spread { values: Vec<u8>, broadcast: Broadcast, done: usize },
}

impl Mask {
    fn open(path: &Path, x: &Input) -> Result<Mask> {
        let mut file = Input::open(path, &MASK)?;
        if file.shape == x.shape {
            return Ok(Mask::Whole(file));
        }
        let broadcast = Broadcast::new(&lengths(&file.shape), &lengths(&x.shape)).ok().with_context(|| {
            let (ours, theirs) = (tuple(&file.shape), tuple(&x.shape));
            let (path, shown) = (&file.name, &x.name);
            format!("the mask in {path} has the shape {ours}, which numpy does not broadcast to {theirs}, that of x in {shown}")
        })?;
        Ok(Mask::Spread { values: file.read_all()?, broadcast, done: 0 })
    }

    /// Whether it can be read batch by batch.
    fn is_ordered(&self) -> bool {
        matches!(self, Mask::Spread { .. }) || matches!(self, Mask::Whole(file) if file.order == Order::C)
    }

    /// The next so many elements in C order.
    fn read_next(&mut self, elements: usize) -> Result<Vec<u8>> {
        match self {
            Mask::Whole(file) => file.read_next(elements as u64),
            Mask::Spread { values, broadcast, done } => {
                let range = *done..*done + elements;
                *done = range.end;
                Ok(range.into_par_iter().map(|element| values[broadcast.index(element)]).collect())
            }
        }
    }
}

pub fn evaluate(request: &Request<'_>) -> Result<()> {
    let x = Input::open(&request.arguments.input, &NUMBERS)?;
    match x.kind {
        Kind::F32 => Task::<f32>::new(request, x)?.run(),
        _ => Task::<f16>::new(request, x)?.run(),
    }
}

fn widened<T: Element>(values: &[T]) -> Vec<f64> {
    values.iter().map(|value| value.to_f64()).collect()
}

/// The files that are read along with x.
struct Inputs {
    x: Input,
    dy: Option<Input>,
    v: Option<Input>,
    mask: Option<Mask>,
}

impl Inputs {
    /// The arrays besides the mask.
    fn arrays(&self) -> impl Iterator<Item = &Input> {
        [Some(&self.x), self.dy.as_ref(), self.v.as_ref()].into_iter().flatten()
    }

    /// The batches of outer entries that are evaluated one after the other. There is one batch if an element's result
    /// depends on its index in the whole array, or if a file has another order.
    fn batches(&self, request: &Request<'_>, axis: Option<&LongAxis>) -> Result<Vec<Batch>> {
        let Some(axis) = axis else { return Ok(vec![Batch { entries: 0..1, axis: None }]) };
        let Request { configured, gradients, .. } = request;
        // A function that draws numbers has a seed.
        let draws = |function: &AxisFunction| function.parameters().iter().any(|parameter| parameter.name == "seed");
        let by_index = configured.seed.is_some() || configured.function.along().is_ok_and(draws);
        let is_ordered = self.arrays().all(|input| input.order == Order::C);
        let is_masked_in_order = self.mask.as_ref().is_none_or(Mask::is_ordered);
        if by_index || !is_ordered || !is_masked_in_order || !gradients.is_empty() || self.x.elements == 0 {
            return Ok(vec![axis.whole()?]);
        }
        Ok(axis.batches(BATCH as usize)?)
    }
}

/// A request whose inputs fit together and whose outputs are begun.
struct Task<'a, T> {
    configured: &'a Configured,
    engine: Engine,
    inputs: Inputs,
    batches: Vec<Batch>,
    /// The axis of the batch that is evaluated, whose elements follow.
    axis: Option<Axis>,
    x: Vec<T>,
    dy: Option<Vec<T>>,
    v: Option<Vec<T>>,
    mask: Option<Vec<u8>>,
    tensors: Vec<Tensor>,
    sinks: Option<RowSinks>,
    /// The rows of the batch, counted within the whole array.
    rows: Range<usize>,
    /// The result, and the gradient of dy if it is asked for.
    outputs: Vec<Output>,
    gradients: Vec<(&'static str, Kind, Output)>,
    order: Option<gpu_activations::Order>,
}

impl<'a, T: Element> Task<'a, T> {
    fn new(request: &'a Request<'_>, x: Input) -> Result<Self> {
        let Request { arguments, configured, pass, gradients } = request;
        let kind = x.kind;
        let shown = x.name.clone();
        let shape = lengths(&x.shape);
        let along = configured.function.along().ok();
        let axis = match (along, arguments.axis) {
            (None, None) => None,
            (_, axis) => Some(LongAxis::new(shape, axis.unwrap_or(-1)).with_context(|| format!("x in {shown}"))?),
        };
        let output_shape: Vec<u64> = match (along, &axis) {
            (Some(function), Some(axis)) => axis.output_shape(function).with_context(|| format!("x in {shown}"))?,
            _ => x.shape.clone(),
        };
        let inputs = request.input_files();
        let gradient = |name: &str, path: &Path| -> Result<Input> {
            let gradient = Input::open(path, &NUMBERS)?;
            let (ours, theirs) = (gradient.type_name(), x.type_name());
            ensure!(gradient.kind == kind, "{name} in {} holds {ours}, x in {shown} holds {theirs}", gradient.name);
            Ok(gradient)
        };
        let dy = pass.dy().map(|path| gradient("dy", path)).transpose()?;
        let v = pass.v().map(|path| gradient("v", path)).transpose()?;
        if let Some(dy) = &dy {
            let along = axis.as_ref().map_or(String::new(), |axis| format!(" along axis {}", axis.index()));
            ensure!(
                dy.shape == output_shape,
                "dy in {} has the shape {}, but x in {shown} has {}, which gives y the shape {}{along}",
                dy.name,
                tuple(&dy.shape),
                tuple(&x.shape),
                tuple(&output_shape)
            );
        }
        if let Some(v) = &v {
            let shapes = [tuple(&v.shape), tuple(&x.shape)];
            ensure!(v.shape == x.shape, "v in {} has the shape {}, x in {shown} has {}", v.name, shapes[0], shapes[1]);
        }
        let mask = configured.mask.as_deref().map(|path| Mask::open(path, &x)).transpose()?;
        let tensors =
            configured.files.iter().map(|(name, path)| Tensor::read(configured, name, path, &x, arguments.axis));
        let mut tensors = tensors.collect::<Result<Vec<_>>>()?;
        spread_other_channels(&mut tensors, &x);
        let sinks = match (&configured.sink, &axis) {
            (Some(sink), Some(axis)) => Some(RowSinks::read(sink, &x, axis.index())?),
            _ => None,
        };
        let result_shape = if dy.is_some() { x.shape.clone() } else { output_shape.clone() };
        let opened = Inputs { x, dy, v, mask };
        let batches = opened.batches(request, axis.as_ref()).with_context(|| format!("x in {shown}"))?;
        let result = (arguments.output.as_path(), result_shape.as_slice());
        let results = std::iter::once(result).chain(pass.ddy().map(|path| (path, output_shape.as_slice())));
        let results = Output::create_all(results, kind, Order::C, &inputs)?;
        let mut taken: Vec<PathBuf> = results.iter().filter_map(Output::target).map(Path::to_owned).collect();
        let mut outputs = Vec::new();
        for (name, path) in gradients {
            let of_tensor = tensors.iter().find(|tensor| tensor.name == *name).map(|tensor| &tensor.file);
            let of_sinks = sinks.as_ref().and_then(|sinks| sinks.file.as_ref()).filter(|_| *name == "sink");
            let of = of_tensor.or(of_sinks);
            let (kind, shape) = of.map_or((Kind::F32, vec![1]), |file| (file.kind, file.shape.clone()));
            let gradient = Output::create(path, kind, &shape, Order::C, &inputs)?;
            if let Some(target) = gradient.target() {
                ensure!(!taken.iter().any(|taken| taken == target), "two outputs are named {}", path.display());
                taken.push(target.to_owned());
            }
            outputs.push((*name, kind, gradient));
        }
        let engine = request.engine()?;
        say_what_is_rounded(
            opened
                .arrays()
                .chain(tensors.iter().map(|tensor| &tensor.file))
                .chain(sinks.iter().flat_map(|sinks| &sinks.file)),
        );
        Ok(Task {
            configured,
            engine,
            inputs: opened,
            batches,
            axis: None,
            x: Vec::new(),
            dy: None,
            v: None,
            mask: None,
            tensors,
            sinks,
            rows: 0..0,
            outputs: results,
            gradients: outputs,
            order: pass.order(),
        })
    }

    /// Reads a share of the inputs.
    fn read(&mut self, count: usize, of: usize) -> Result<()> {
        let share = |input: &Input| input.elements / of as u64 * count as u64;
        let Inputs { x, dy, v, mask } = &mut self.inputs;
        self.x = x.read_next(share(x))?;
        self.dy = dy.as_mut().map(|dy| dy.read_next(share(dy))).transpose()?;
        self.v = v.as_mut().map(|v| v.read_next(share(v))).transpose()?;
        self.mask = mask.as_mut().map(|mask| mask.read_next(self.x.len())).transpose()?;
        Ok(())
    }

    fn run(mut self) -> Result<()> {
        let batches = std::mem::take(&mut self.batches);
        let outer = batches.last().map_or(0, |batch| batch.entries.end);
        let progress = progress_bar(if batches.len() > 1 { outer as u64 } else { 0 })?;
        for Batch { axis, entries } in batches {
            self.rows = axis.as_ref().map_or(0..0, |axis| {
                let product = |lengths: &[usize]| lengths.iter().product::<usize>();
                let (before, after) = axis.shape().split_at(axis.index());
                let (before, after) = (product(before), product(&after[1..]));
                entries.start * after..entries.start * after + before * after
            });
            self.axis = axis;
            self.read(entries.len(), outer)?;
            let results = match (&self.engine, self.configured.function.elementwise()) {
                (Engine::Device(context), Ok(activation)) => self.elementwise_on(context, activation)?,
                (Engine::Reference, Ok(activation)) => self.elementwise_reference(activation),
                (Engine::Device(context), Err(_)) => self.along_on(context, self.configured.function.along()?)?,
                (Engine::Reference, Err(_)) => self.along_reference(self.configured.function.along()?)?,
            };
            for (output, result) in self.outputs.iter_mut().zip(&results) {
                output.write(result)?;
            }
            progress.set_position(entries.end as u64);
        }
        progress.finish_and_clear();
        let mut gradients = Vec::new();
        for (name, kind, output) in std::mem::take(&mut self.gradients) {
            let values = match (&self.engine, self.configured.function.elementwise()) {
                (Engine::Device(context), Ok(activation)) => self.gradient_on(context, activation, name)?,
                (Engine::Reference, Ok(activation)) => self.gradient_reference(activation, name),
                (_, Err(_)) => self.sink_gradient()?,
            };
            gradients.push((kind, values, output));
        }
        for (kind, values, output) in &mut gradients {
            match kind {
                Kind::F16 => output.write(&values.iter().map(|&value| f16::from_f32(value)).collect::<Vec<_>>())?,
                _ => output.write(values)?,
            }
        }
        finish_all(self.outputs.into_iter().chain(gradients.into_iter().map(|(_, _, output)| output)))
    }

    fn axis(&self) -> Result<&Axis> {
        self.axis.as_ref().context("an array without axes has none to work along")
    }

    /// The result, and the gradient of dy where there is a v.
    fn along_on(&self, context: &GpuActivations, function: &AxisFunction) -> Result<Vec<Vec<T>>> {
        let (axis, mask) = (self.axis()?, self.mask.as_deref());
        Ok(match (&self.dy, &self.v, &self.sinks) {
            (dy, _, Some(sinks)) => {
                let result = self.with_sinks(context, sinks, |sinks, mask, x| match dy {
                    Some(dy) => context.backward_along_with_sinks(function, axis, mask, sinks, x, &context.upload(dy)?),
                    None => context.forward_along_with_sinks(function, axis, mask, sinks, x),
                })?;
                vec![context.download(&result)?]
            }
            (Some(dy), Some(v), None) => {
                let (dx, ddy) = context.double_backward_along_slice(function, axis, mask, &self.x, dy, v)?;
                vec![dx, ddy]
            }
            (Some(dy), None, None) => vec![context.backward_along_slice(function, axis, mask, &self.x, dy)?],
            (None, _, None) => vec![context.forward_along_slice(function, axis, mask, &self.x)?],
        })
    }

    /// Calls with sinks, mask and x on the device.
    fn with_sinks<R>(
        &self,
        context: &GpuActivations,
        sinks: &RowSinks,
        call: impl FnOnce(&Sinks<'_>, Option<DeviceMask<'_>>, &GpuBuffer<T>) -> Result<R, Error>,
    ) -> Result<R> {
        let (values, x) = (context.upload(&sinks.of(self.rows.clone()))?, context.upload(&self.x)?);
        let mask = self.mask.as_ref().map(|mask| context.upload(mask)).transpose()?;
        Ok(call(&Sinks::per_row(&values), mask.as_ref().map(Into::into), &x)?)
    }

    fn along_reference(&self, function: &AxisFunction) -> Result<Vec<Vec<T>>> {
        let mask = self.mask_of_bools();
        let (axis, mask, x) = (self.axis()?, mask.as_deref(), widened(&self.x));
        let results = match (&self.dy, &self.v, &self.sinks) {
            (Some(dy), _, Some(sinks)) => {
                let sinks = widened(&sinks.of(self.rows.clone()));
                let (dx, _) = function.backward_with_sinks(axis, mask, &sinks, &x, &widened(dy))?;
                vec![dx]
            }
            (None, _, Some(sinks)) => {
                let sinks = widened(&sinks.of(self.rows.clone()));
                vec![function.forward_with_sinks(axis, mask, &sinks, &x)?]
            }
            (Some(dy), Some(v), None) => {
                let (dx, ddy) = function.double_backward(axis, mask, &x, &widened(dy), &widened(v))?;
                vec![dx, ddy]
            }
            (Some(dy), None, None) => vec![function.backward(axis, mask, &x, &widened(dy))?],
            (None, _, None) => vec![function.forward(axis, mask, &x)?],
        };
        Ok(results.into_iter().map(|result| result.into_iter().map(T::from_f64).collect()).collect())
    }

    fn mask_of_bools(&self) -> Option<Vec<bool>> {
        self.mask.as_ref().map(|mask| mask.iter().map(|&byte| byte != 0).collect())
    }

    /// The gradient of the sinks, summed over the rows that share one.
    fn sink_gradient(&self) -> Result<Vec<f32>> {
        let (Some(sinks), Some(dy)) = (&self.sinks, &self.dy) else { return Ok(Vec::new()) };
        let (function, axis) = (self.configured.function.along()?, self.axis()?);
        let of_rows = match &self.engine {
            Engine::Device(context) => {
                let gradient = self.with_sinks(context, sinks, |sinks, mask, x| {
                    context.sink_gradient(function, axis, mask, sinks, x, &context.upload(dy)?)
                })?;
                widened(&context.download(&gradient)?)
            }
            Engine::Reference => {
                let (values, mask) = (widened(&sinks.of(self.rows.clone())), self.mask_of_bools());
                function.backward_with_sinks(axis, mask.as_deref(), &values, &widened(&self.x), &widened(dy))?.1
            }
        };
        let mut sums = vec![0.0; sinks.values.len()];
        of_rows.iter().enumerate().for_each(|(row, gradient)| sums[sinks.broadcast.index(row)] += gradient);
        Ok(sums.into_iter().map(|sum| sum as f32).collect())
    }

    /// The result, and the gradient of dy where there is a v.
    fn elementwise_on(&self, context: &GpuActivations, activation: Activation) -> Result<Vec<Vec<T>>> {
        let buffers = self.upload_tensors(context)?;
        let parameters = self.parameters(&buffers);
        let x = context.upload(&self.x)?;
        let results = match (self.order, &self.dy, &self.v) {
            (Some(order), ..) => vec![context.derivative_with(activation, order, &parameters, &x)?],
            (None, Some(dy), Some(v)) => {
                let (dy, v) = (context.upload(dy)?, context.upload(v)?);
                let (dx, ddy) = context.double_backward_with(activation, &parameters, &x, &dy, &v)?;
                vec![dx, ddy]
            }
            (None, Some(dy), None) => vec![context.backward_with(activation, &parameters, &x, &context.upload(dy)?)?],
            (None, None, _) => vec![context.forward_with(activation, &parameters, &x)?],
        };
        Ok(results.iter().map(|result| context.download(result)).collect::<Result<_, _>>()?)
    }

    fn gradient_on(&self, context: &GpuActivations, activation: Activation, name: &str) -> Result<Vec<f32>> {
        let buffers = self.upload_tensors(context)?;
        let parameters = self.parameters(&buffers);
        let (x, dy) = (context.upload(&self.x)?, context.upload(self.dy.as_deref().unwrap_or_default())?);
        let gradient = context.download(&context.parameter_gradient(activation, &parameters, name, &x, &dy)?)?;
        let tensor = self.tensors.iter().find(|tensor| tensor.name == name);
        let Some(Tensor { sharing: Sharing::Spread(broadcast), values, .. }) = tensor else { return Ok(gradient) };
        let mut sums = vec![0.0; values.len()];
        gradient.iter().enumerate().for_each(|(element, &term)| sums[broadcast.index(element)] += f64::from(term));
        Ok(sums.into_iter().map(|sum| sum as f32).collect())
    }

    fn upload_tensors(&self, context: &GpuActivations) -> Result<Vec<GpuBuffer<f32>>> {
        let values = |tensor: &Tensor| match &tensor.sharing {
            Sharing::Spread(broadcast) => {
                let spread: Vec<f32> = (0..self.x.len()).map(|i| tensor.values[broadcast.index(i)]).collect();
                context.upload(&spread)
            }
            _ => context.upload(&tensor.values),
        };
        Ok(self.tensors.iter().map(values).collect::<Result<_, _>>()?)
    }

    fn parameters<'b>(&self, buffers: &'b [GpuBuffer<f32>]) -> ParameterBuffers<'b> {
        let start = match self.configured.seed {
            Some(seed) => ParameterBuffers::new().seed(seed),
            None => ParameterBuffers::new(),
        };
        self.tensors.iter().zip(buffers).fold(start, |parameters, (tensor, buffer)| match &tensor.sharing {
            Sharing::Tensor => parameters.per_tensor(tensor.name, buffer),
            Sharing::Channel(axis) => parameters.per_channel(tensor.name, buffer, self.axis.as_ref().unwrap_or(axis)),
            Sharing::Element | Sharing::Spread(_) => parameters.per_element(tensor.name, buffer),
        })
    }

    /// The function as it is for one element.
    fn at(&self, activation: Activation, element: usize) -> Activation {
        let with = |activation: Activation, tensor: &Tensor| {
            let value = tensor.values[tensor.sharing.index(element)];
            // The names were checked when the files were read.
            activation.with(tensor.name, value).unwrap_or(activation)
        };
        let activation = self.tensors.iter().fold(activation, with);
        self.configured.seed.map_or(activation, |seed| activation.drawn(seed, element as u64))
    }

    fn elementwise_reference(&self, activation: Activation) -> Vec<Vec<T>> {
        let (dy, v) = (self.dy.as_deref(), self.v.as_deref());
        let elements = Elements { order: self.order, x: &self.x, dy, v };
        let at = |index: usize| {
            let (result, ddy) = elements.reference(&self.at(activation, index), index);
            (T::from_f64(result), T::from_f64(ddy))
        };
        let (results, ddy) = (0..self.x.len()).into_par_iter().map(at).unzip();
        vec![results, ddy]
    }

    fn gradient_reference(&self, activation: Activation, name: &str) -> Vec<f32> {
        let tensor = self.tensors.iter().find(|tensor| tensor.name == name);
        let mut sums = vec![0.0; tensor.map_or(1, |tensor| tensor.values.len())];
        let dy = self.dy.as_deref().unwrap_or_default();
        for (index, (x, dy)) in self.x.iter().zip(dy).enumerate() {
            let slope = self.at(activation, index).parameter_gradient(name, x.to_f64());
            sums[tensor.map_or(0, |tensor| tensor.sharing.index(index))] += dy.to_f64() * slope;
        }
        sums.into_iter().map(|sum| sum as f32).collect()
    }
}

/// The parameters of one operation share an axis of channels; those of another axis are spread over the elements.
fn spread_other_channels(tensors: &mut [Tensor], x: &Input) {
    let shared = tensors.iter().find_map(|tensor| match &tensor.sharing {
        Sharing::Channel(axis) => Some(axis.clone()),
        _ => None,
    });
    for tensor in tensors {
        let is_other = matches!(&tensor.sharing, Sharing::Channel(axis) if Some(axis) != shared.as_ref());
        if let (true, Ok(broadcast)) = (is_other, Broadcast::new(&lengths(&tensor.file.shape), &lengths(&x.shape))) {
            tensor.sharing = Sharing::Spread(broadcast);
        }
    }
}

/// Tells whether an array of this shape has one value for each channel of the axis. It does if it has one axis of that
/// length, or if numpy broadcasts it onto this axis alone.
fn lies_along(shape: &[u64], axis: &Axis) -> bool {
    let length = axis.length() as u64;
    if shape == [length] {
        return true;
    }
    // Shapes are aligned at their last axes.
    let Some(before) = axis.shape().len().checked_sub(shape.len()) else { return false };
    let fits = |(index, &own): (usize, &u64)| own == if index + before == axis.index() { length } else { 1 };
    before <= axis.index() && shape.iter().enumerate().all(fits)
}

impl Tensor {
    fn read(
        configured: &Configured,
        name: &'static str,
        path: &Path,
        x: &Input,
        axis: Option<isize>,
    ) -> Result<Tensor> {
        let mut file = Input::open(path, &NUMBERS)?;
        let shape = &file.shape;
        let (shown, of_x) = (file.name.clone(), tuple(&x.shape));
        let x_shape = lengths(&x.shape);
        let sharing = match axis {
            _ if file.elements == 1 => Sharing::Tensor,
            Some(axis) => {
                let axis = Axis::new(&x_shape, axis)?;
                ensure!(
                    lies_along(shape, &axis),
                    "{name} in {shown} has the shape {}, which does not fit axis {} of x's shape {of_x}; it must be {}, \
                     have that length there and 1 on every other axis, or have one element",
                    tuple(shape),
                    axis.index(),
                    tuple(&[axis.length() as u64])
                );
                Sharing::Channel(axis)
            }
            None if *shape == x.shape => Sharing::Element,
            None => {
                let Ok(broadcast) = Broadcast::new(&lengths(shape), &x_shape) else {
                    bail!(
                        "{name} in {shown} has the shape {}, which numpy does not broadcast to x's {of_x}; --axis N gives \
                         channels of another axis than the last",
                        tuple(shape)
                    )
                };
                match broadcast.channels() {
                    Some(run) => Sharing::Channel(Axis::new(&run, 1)?),
                    None => Sharing::Spread(broadcast),
                }
            }
        };
        let values = file.read_numbers()?;
        if let Ok(activation) = configured.function.elementwise() {
            for &value in &values {
                activation.with(name, value)?.validate().with_context(|| shown.clone())?;
            }
        }
        Ok(Tensor { name, file, values, sharing })
    }
}
