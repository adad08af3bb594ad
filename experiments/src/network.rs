//! Networks of one shape, trained and evaluated side by side.
//!
//! Arrays of a layer have the shape (rows, networks, units), in C order, so that an activation works on all networks in one
//! dispatch, and a bias or a learned parameter has one value for each unit of each network, the channels of the last axis.
//! Weights, biases and learned parameters of all layers lie in one buffer, and their gradients in another.
//!
//! Products work on vectors of four, so features and outputs are padded to a multiple of four: features with zeros, outputs
//! with entries that the mask of log_softmax leaves out.

use crate::lab::{Kernel, Lab, Launch, Words, range, whole};
use crate::unit::Unit;
use anyhow::{Result, ensure};
use gpu_activations::{
    Activation, Axis, AxisFunction, BufferRange, Error, GpuBuffer, Mask, ParameterBuffers, Recording, Scalar,
    wgpu::ComputePass,
};
use std::ops::Range;

/// The entries of a vector, of which every row has a whole number.
const VECTOR: usize = 4;

/// Every offset in a buffer is a multiple of so many f32: 256 bytes, the largest alignment of adapters.
const ALIGNMENT: usize = 64;

const LOG_SOFTMAX: AxisFunction = AxisFunction::LogSoftmax { temperature: 1.0 };

/// What the networks have in common.
#[derive(Debug, Clone)]
pub struct Shape {
    pub networks: usize,
    pub features: usize,
    /// The units of each hidden layer.
    pub hidden: Vec<usize>,
    pub outputs: usize,
    /// Outputs before this one are always 0.
    pub first_output: usize,
    pub unit: Unit,
    /// Whether the outputs become logarithms of probabilities.
    pub is_classifier: bool,
}

/// A product with a matrix, of all networks. Its parameters are ranges of the buffer of weights.
#[derive(Debug, Clone)]
pub struct Layer {
    /// Padded.
    pub inputs: usize,
    /// The results of the product for each network, padded.
    pub outputs: usize,
    /// The inputs without the padding.
    pub fan_in: usize,
    /// The outputs that are no padding and not always 0.
    pub trained: Range<usize>,
    /// A matrix (inputs, outputs) for each network.
    pub weights: Range<usize>,
    pub bias: Range<usize>,
    /// The learned parameters of the units that follow.
    pub learned: Vec<(&'static str, Range<usize>)>,
}

pub struct Network {
    pub lab: Lab,
    pub shape: Shape,
    /// The hidden layers and the last one.
    pub layers: Vec<Layer>,
    pub weights: GpuBuffer<f32>,
    pub gradient: GpuBuffer<f32>,
}

/// The inputs of a pass.
pub enum Input<'a> {
    /// Rows that all networks see.
    Shared(BufferRange<'a, f32>),
    /// Rows of each network's own.
    Own(&'a GpuBuffer<f32>),
}

/// The memory of a pass forward through so many rows, and its products.
pub struct Forward {
    rows: usize,
    /// The products, and for grouped units with the bias.
    z: Vec<GpuBuffer<f32>>,
    /// The values of the units; the last ones are the results.
    y: Vec<GpuBuffer<f32>>,
    /// Which results are no padding, if any is.
    mask: Option<GpuBuffer<u8>>,
    products: Vec<Launch>,
}

/// The memory of a pass backward.
pub struct Backward {
    /// The gradient by y of a layer, and by z.
    dy: GpuBuffer<f32>,
    dz: GpuBuffer<f32>,
    /// For each layer the gradient of its weights, and of its inputs if they are units.
    products: Vec<(Launch, Option<Launch>)>,
}

impl Network {
    /// Networks whose weights are 0.
    pub fn new(lab: &Lab, shape: Shape) -> Result<Self> {
        let odd = shape.hidden.iter().find(|&&units| !units.is_multiple_of(VECTOR));
        ensure!(odd.is_none(), "a layer of {} units: they must be a multiple of {VECTOR}", odd.unwrap_or(&0));
        let mut end = 0;
        let mut take = |count: usize| {
            let start = end;
            end = (start + count).next_multiple_of(ALIGNMENT);
            start..start + count
        };
        let mut fan_in = shape.features;
        let hidden = shape.hidden.iter().map(|&units| (units, units * shape.unit.pieces(), shape.unit.learned()));
        let mut layers = Vec::new();
        let hidden = hidden.map(|(units, outputs, learned)| (units, 0..outputs, learned));
        let last = (shape.outputs, shape.first_output..shape.outputs, Vec::new());
        for (units, trained, learned) in hidden.chain([last]) {
            let (inputs, outputs) = (padded(fan_in), padded(trained.end));
            layers.push(Layer {
                inputs,
                outputs,
                fan_in,
                trained,
                weights: take(shape.networks * inputs * outputs),
                bias: take(shape.networks * outputs),
                learned: learned.into_iter().map(|name| (name, take(shape.networks * units))).collect(),
            });
            fan_in = units;
        }
        let buffer = || lab.activations.upload(&vec![0.0; end]);
        Ok(Network { lab: lab.clone(), shape, layers, weights: buffer()?, gradient: buffer()? })
    }

    /// The part of a layer's parameters that belongs to one network.
    pub fn part(&self, range: &Range<usize>, network: usize) -> Range<usize> {
        let length = range.len() / self.shape.networks;
        range.start + network * length..range.start + (network + 1) * length
    }

    /// The network that each trained parameter belongs to; none for padded outputs and those that are always 0.
    pub fn owners(&self) -> Vec<Option<usize>> {
        let mut owners = vec![None; self.weights.len()];
        for layer in &self.layers {
            for network in 0..self.shape.networks {
                for range in [&layer.weights, &layer.bias] {
                    let rows = owners[self.part(range, network)].chunks_mut(layer.outputs);
                    rows.for_each(|row| row[layer.trained.clone()].fill(Some(network)));
                }
                for (_, range) in &layer.learned {
                    owners[self.part(range, network)].fill(Some(network));
                }
            }
        }
        owners
    }

    fn is_last(&self, layer: usize) -> bool {
        layer + 1 == self.layers.len()
    }

    /// The results of the units after a layer, for each network; the last layer has none, and keeps its own.
    fn units(&self, layer: usize) -> usize {
        self.shape.hidden.get(layer).copied().unwrap_or(padded(self.shape.outputs))
    }

    /// The bias of a layer.
    fn bias(&self, layer: usize, rows: usize) -> Result<ParameterBuffers<'_>> {
        let Layer { outputs, bias, .. } = &self.layers[layer];
        let axis = Axis::last(&[rows, self.shape.networks * outputs])?;
        Ok(ParameterBuffers::new().per_channel("input_bias", self.weights.slice(bias.clone())?, &axis))
    }

    /// The bias and the learned parameters of a layer.
    fn parameters(&self, layer: usize, rows: usize) -> Result<ParameterBuffers<'_>> {
        let Layer { outputs, learned, .. } = &self.layers[layer];
        let axis = Axis::last(&[rows, self.shape.networks * outputs])?;
        learned.iter().try_fold(self.bias(layer, rows)?, |parameters, (name, range)| {
            Ok(parameters.per_channel(*name, self.weights.slice(range.clone())?, &axis))
        })
    }

    /// The axis whose successive entries are the outputs of one layer of one network.
    fn axis(&self, layer: usize, rows: usize) -> Result<Axis> {
        Ok(Axis::last(&[rows * self.shape.networks, self.layers[layer].outputs])?)
    }
}

/// The next multiple of a vector's length.
pub fn padded(entries: usize) -> usize {
    entries.next_multiple_of(VECTOR)
}

/// A layer as its products see it.
struct Products<'a> {
    lab: &'a Lab,
    layer: &'a Layer,
    rows: usize,
    networks: usize,
}

impl Products<'_> {
    /// y = x·w. An x that all networks share has one owner, else there are as many as networks.
    fn forward(&self, owners: usize, [x, w, y]: [BufferRange<'_, f32>; 3]) -> Launch {
        self.launch(Kernel::Forward, owners, (self.rows, self.layer.outputs), [x, w, y])
    }

    /// dx = dy·wᵀ
    fn by_inputs(&self, [dy, w, dx]: [BufferRange<'_, f32>; 3]) -> Launch {
        self.launch(Kernel::ByInputs, self.networks, (self.rows, self.layer.inputs), [dy, w, dx])
    }

    /// dw = xᵀ·dy
    fn by_weights(&self, [x, dy, dw]: [BufferRange<'_, f32>; 3]) -> Launch {
        self.launch(Kernel::ByWeights, self.networks, (self.layer.inputs, self.layer.outputs), [x, dy, dw])
    }

    /// A launch for results of so many rows and columns: an invocation for each tile of 8 × 4.
    fn launch(
        &self,
        kernel: Kernel,
        owners: usize,
        (rows, columns): (usize, usize),
        arrays: [BufferRange<'_, f32>; 3],
    ) -> Launch {
        let &Products { lab, layer, rows: examples, networks } = self;
        let shape = [examples, networks, layer.inputs, layer.outputs, owners].map(|number| number as u32);
        let tiles = rows.div_ceil(8) * (columns / VECTOR);
        lab.launch(kernel, &shape, &arrays.map(|array| range(&array)), [tiles.div_ceil(32), networks, 1])
    }
}

impl Forward {
    pub fn new(network: &Network, rows: usize, input: Input<'_>) -> Result<Self> {
        let Network { lab, shape, layers, weights, .. } = network;
        let networks = shape.networks;
        let buffer = |columns: usize| lab.activations.allocate(rows * networks * columns);
        let z: Vec<GpuBuffer<f32>> = layers.iter().map(|layer| buffer(layer.outputs)).collect::<Result<_, _>>()?;
        let units = (0..layers.len()).map(|layer| buffer(network.units(layer)));
        let y: Vec<GpuBuffer<f32>> = units.collect::<Result<_, _>>()?;
        let mut products = Vec::new();
        for (index, layer) in layers.iter().enumerate() {
            let (owners, x) = match (&input, index) {
                (Input::Shared(x), 0) => (1, *x),
                (Input::Own(x), 0) => (networks, all(x)?),
                (_, _) => (networks, all(&y[index - 1])?),
            };
            let arrays = [x, weights.slice(layer.weights.clone())?, all(&z[index])?];
            products.push(Products { lab, layer, rows, networks }.forward(owners, arrays));
        }
        Ok(Forward { rows, z, y, mask: mask(network, rows)?, products })
    }

    /// The results: logarithms of probabilities of a classifier.
    pub fn results(&self) -> &GpuBuffer<f32> {
        &self.y[self.y.len() - 1]
    }

    /// The values of the units of each hidden layer.
    pub fn hidden(&self) -> &[GpuBuffer<f32>] {
        &self.y[..self.y.len() - 1]
    }

    pub fn record(&self, network: &Network, pass: &mut ComputePass<'_>) -> Result<()> {
        for (layer, product) in self.products.iter().enumerate() {
            product.record(pass);
            self.activate(network, layer, &mut network.lab.activations.record_in_pass(pass))?;
        }
        Ok(())
    }

    fn mask(&self) -> Option<Mask<'_>> {
        self.mask.as_ref().map(Mask::from)
    }

    fn activate(&self, network: &Network, layer: usize, recording: &mut Recording<'_, '_>) -> Result<()> {
        let Forward { rows, z, y, .. } = self;
        let (z, y) = (&z[layer], &y[layer]);
        match &network.shape.unit {
            _ if network.is_last(layer) => {
                recording.forward_with(Activation::Identity, &network.bias(layer, *rows)?, z, y)?;
                if network.shape.is_classifier {
                    recording.forward_along(LOG_SOFTMAX, &network.axis(layer, *rows)?, self.mask(), y, y)?;
                }
            }
            Unit::Elementwise { activation, .. } => {
                recording.forward_with(*activation, &network.parameters(layer, *rows)?, z, y)?;
            }
            Unit::Grouped { function, .. } => {
                recording.forward_with(Activation::Identity, &network.bias(layer, *rows)?, z, z)?;
                recording.forward_along(function, &network.axis(layer, *rows)?, None, z, y)?;
            }
        }
        Ok(())
    }

    /// Records the gradient by z of a hidden layer.
    pub fn record_unit_gradient(
        &self,
        network: &Network,
        layer: usize,
        recording: &mut Recording<'_, '_>,
        dy: BufferRange<'_, f32>,
        dz: BufferRange<'_, f32>,
    ) -> Result<()> {
        let Forward { rows, z, .. } = self;
        match &network.shape.unit {
            Unit::Elementwise { activation, .. } => {
                let parameters = network.parameters(layer, *rows)?;
                recording.backward_with(*activation, &parameters, all(&z[layer])?, dy, dz)?;
            }
            Unit::Grouped { function, .. } => {
                let z = all(&z[layer])?;
                recording.backward_along(function, &network.axis(layer, *rows)?, None, z, dy, dz)?;
            }
        }
        Ok(())
    }
}

impl Backward {
    /// The gradients of a pass forward whose inputs are each network's own.
    pub fn new(network: &Network, forward: &Forward, input: &GpuBuffer<f32>) -> Result<Self> {
        let &Forward { rows, ref y, .. } = forward;
        let Network { lab, shape, layers, weights, gradient } = network;
        let networks = shape.networks;
        let widest = layers.iter().map(|layer| layer.outputs.max(layer.inputs)).max().unwrap_or(0);
        let buffer = || lab.activations.allocate::<f32>(rows * networks * widest);
        let (dy, dz) = (buffer()?, buffer()?);
        let mut products = Vec::new();
        for (index, layer) in layers.iter().enumerate() {
            let products_of = Products { lab, layer, rows, networks };
            let x = if index == 0 { input } else { &y[index - 1] };
            let by_x = dy.slice(0..rows * networks * layer.inputs)?;
            let by_z = dz.slice(0..rows * networks * layer.outputs)?;
            let of_weights = products_of.by_weights([all(x)?, by_z, gradient.slice(layer.weights.clone())?]);
            let weights = weights.slice(layer.weights.clone())?;
            let of_inputs = (index > 0).then(|| products_of.by_inputs([by_z, weights, by_x]));
            products.push((of_weights, of_inputs));
        }
        Ok(Backward { dy, dz, products })
    }

    /// Where the gradient of the loss by the results is to be written.
    pub fn by_results(&self, forward: &Forward) -> Result<BufferRange<'_, f32>> {
        Ok(self.dy.slice(0..forward.results().len())?)
    }

    /// Records the gradients of all parameters from that by the results.
    pub fn record(&self, network: &Network, forward: &Forward, pass: &mut ComputePass<'_>) -> Result<()> {
        let activations = &network.lab.activations;
        self.by_outputs(network, forward, &mut activations.record_in_pass(pass))?;
        for (layer, (of_weights, of_inputs)) in self.products.iter().enumerate().rev() {
            self.of_bias(network, forward, layer, &mut activations.record_in_pass(pass))?;
            of_weights.record(pass);
            if let Some(of_inputs) = of_inputs {
                of_inputs.record(pass);
                self.through_units(network, forward, layer - 1, &mut activations.record_in_pass(pass))?;
            }
        }
        Ok(())
    }

    /// The gradient by the outputs of the last layer.
    fn by_outputs(&self, network: &Network, forward: &Forward, recording: &mut Recording<'_, '_>) -> Result<()> {
        let (dy, y) = (self.by_results(forward)?, forward.results());
        let dz = self.dz.slice(0..y.len())?;
        if network.shape.is_classifier {
            let axis = network.axis(network.layers.len() - 1, forward.rows)?;
            recording.backward_along_from_output(LOG_SOFTMAX, &axis, forward.mask(), y, dy, dz)?;
        } else {
            recording.forward(Activation::Identity, dy, dz)?;
        }
        Ok(())
    }

    /// The bias is added to z, so its gradient is the sum of dz over the rows.
    fn of_bias(
        &self,
        network: &Network,
        forward: &Forward,
        layer: usize,
        recording: &mut Recording<'_, '_>,
    ) -> Result<()> {
        let dz = self.dz.slice(0..forward.z[layer].len())?;
        let gradient = network.gradient.slice(network.layers[layer].bias.clone())?;
        let parameters = network.bias(layer, forward.rows)?;
        Ok(recording.parameter_gradient(Activation::Identity, &parameters, "input_bias", dz, dz, gradient)?)
    }

    /// The gradient by z of a hidden layer, and of its learned parameters, from that by y.
    fn through_units(
        &self,
        network: &Network,
        forward: &Forward,
        layer: usize,
        recording: &mut Recording<'_, '_>,
    ) -> Result<()> {
        let z = &forward.z[layer];
        let dy = self.dy.slice(0..forward.y[layer].len())?;
        if let Unit::Elementwise { activation, .. } = network.shape.unit {
            let parameters = network.parameters(layer, forward.rows)?;
            for (name, range) in &network.layers[layer].learned {
                let gradient = network.gradient.slice(range.clone())?;
                recording.parameter_gradient(activation, &parameters, name, z, dy, gradient)?;
            }
        }
        forward.record_unit_gradient(network, layer, recording, dy, self.dz.slice(0..z.len())?)
    }
}

/// A whole buffer as an operand.
fn all<T: Scalar>(buffer: &GpuBuffer<T>) -> Result<BufferRange<'_, T>, Error> {
    buffer.slice(0..buffer.len())
}

/// 1 for each result of a classifier, and 0 for the padding, if there is any.
fn mask(network: &Network, rows: usize) -> Result<Option<GpuBuffer<u8>>> {
    let Shape { networks, outputs, is_classifier, .. } = network.shape;
    let row: Vec<u8> = (0..padded(outputs)).map(|output| (output < outputs).into()).collect();
    let is_needed = is_classifier && padded(outputs) > outputs;
    Ok(is_needed.then(|| network.lab.activations.upload(&row.repeat(rows * networks))).transpose()?)
}

/// A launch that counts the right results among rows of a pass, whose row 0 has the label of the given number.
pub fn count_correct(
    network: &Network,
    forward: &Forward,
    labels: (&Words, usize),
    rows: Range<usize>,
    counts: (&Words, usize),
) -> Launch {
    let Shape { networks, outputs, .. } = network.shape;
    let settings = [rows.start, rows.end, networks, padded(outputs), counts.1, labels.1].map(|number| number as u32);
    let buffers = [whole(labels.0), whole(forward.results()), whole(counts.0)];
    network.lab.launch(Kernel::Correct, &settings, &buffers, [networks.div_ceil(32), 1, 1])
}
