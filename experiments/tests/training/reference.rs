//! A step of one network in f64, on the CPU.

use experiments::data::{Dataset, Targets};
use experiments::network::{Layer, Network};
use experiments::unit::Unit;
use gpu_activations::{Activation, AxisFunction};

/// The parameters of a layer, or their gradient. The matrix is input by input.
#[derive(Debug, Clone)]
pub struct Parameters {
    pub weights: Vec<f64>,
    pub bias: Vec<f64>,
    pub learned: Vec<Vec<f64>>,
}

impl Parameters {
    /// Those of one network's layer, without the padding, from all.
    pub fn read(network: &Network, number: usize, layer: &Layer, values: &[f32]) -> Parameters {
        let (inputs, outputs) = (layer.fan_in, layer.trained.end);
        let part = |range| values[network.part(range, number)].iter().map(|&value| f64::from(value));
        let matrix: Vec<f64> = part(&layer.weights).collect();
        Parameters {
            weights: matrix.chunks(layer.outputs).take(inputs).flat_map(|row| &row[..outputs]).copied().collect(),
            bias: part(&layer.bias).take(outputs).collect(),
            learned: layer.learned.iter().map(|(_, range)| part(range).collect()).collect(),
        }
    }

    /// What lies between the padding.
    pub fn lists(&self) -> impl Iterator<Item = &Vec<f64>> {
        [&self.weights, &self.bias].into_iter().chain(&self.learned)
    }

    fn zeros(&self) -> Parameters {
        Parameters {
            weights: vec![0.0; self.weights.len()],
            bias: vec![0.0; self.bias.len()],
            learned: self.learned.iter().map(|values| vec![0.0; values.len()]).collect(),
        }
    }

    /// The products of a row, with the bias.
    fn forward(&self, x: &[f64]) -> Vec<f64> {
        let mut z = self.bias.clone();
        for (x, row) in x.iter().zip(self.weights.chunks(z.len())) {
            z.iter_mut().zip(row).for_each(|(z, weight)| *z += x * weight);
        }
        z
    }
}

/// The loss of a minibatch, and its gradient by the parameters of each layer.
pub fn gradient(unit: &Unit, layers: &[Parameters], data: &Dataset, rows: &[u32]) -> (f64, Vec<Parameters>) {
    let mut gradient: Vec<Parameters> = layers.iter().map(Parameters::zeros).collect();
    let mut loss = 0.0;
    for &row in rows {
        let row = row as usize;
        let mut x: Vec<Vec<f64>> =
            vec![data.inputs[row * data.features..][..data.features].iter().map(|&x| f64::from(x)).collect()];
        let mut z = Vec::new();
        for (index, layer) in layers.iter().enumerate() {
            z.push(layer.forward(&x[index]));
            if index + 1 < layers.len() {
                x.push(activated(unit, layer, &z[index]));
            }
        }
        let (of_row, mut dz) = loss_of(data, row, &z[layers.len() - 1]);
        loss += of_row / rows.len() as f64;
        dz.iter_mut().for_each(|slope| *slope /= rows.len() as f64);
        for index in (0..layers.len()).rev() {
            let width = dz.len();
            gradient[index].bias.iter_mut().zip(&dz).for_each(|(sum, slope)| *sum += slope);
            for (x, sums) in x[index].iter().zip(gradient[index].weights.chunks_mut(width)) {
                sums.iter_mut().zip(&dz).for_each(|(sum, slope)| *sum += x * slope);
            }
            if let Some(before) = index.checked_sub(1) {
                let product = |row: &[f64]| row.iter().zip(&dz).map(|(weight, slope)| weight * slope).sum();
                let dy: Vec<f64> = layers[index].weights.chunks(width).map(product).collect();
                dz = through(unit, &layers[before], &z[before], &dy, &mut gradient[before].learned);
            }
        }
    }
    (loss, gradient)
}

/// The activation of a unit with its own values of the learned parameters.
fn of_unit(unit: &Unit, layer: &Parameters, index: usize) -> Activation {
    let activation = unit.activation().expect("not of maxout");
    let learned = unit.learned().into_iter().zip(&layer.learned);
    learned.fold(activation, |activation, (name, values)| activation.with(name, values[index] as f32).unwrap())
}

/// The inputs of a unit among all of its layer.
fn inputs_of<'a>(unit: &Unit, z: &'a [f64], index: usize) -> Vec<(usize, &'a f64)> {
    let units = z.len() / unit.pieces();
    let (first, next) = unit.distances(units).unwrap();
    (0..unit.pieces()).map(|piece| index * first + piece * next).map(|place| (place, &z[place])).collect()
}

fn activated(unit: &Unit, layer: &Parameters, z: &[f64]) -> Vec<f64> {
    let value = |index| {
        let inputs = inputs_of(unit, z, index);
        match unit {
            Unit::Elementwise { .. } => of_unit(unit, layer, index).forward(*inputs[0].1),
            Unit::Grouped { function: AxisFunction::Maxout { .. }, .. } => {
                inputs.iter().map(|(_, value)| **value).fold(f64::NEG_INFINITY, f64::max)
            }
            Unit::Grouped { .. } => inputs[0].1 * of_unit(unit, layer, index).forward(*inputs[1].1),
        }
    };
    (0..z.len() / unit.pieces()).map(value).collect()
}

/// The gradient by z from that by y; those of learned parameters are added.
fn through(unit: &Unit, layer: &Parameters, z: &[f64], dy: &[f64], learned: &mut [Vec<f64>]) -> Vec<f64> {
    let mut dz = vec![0.0; z.len()];
    for (index, dy) in dy.iter().enumerate() {
        let inputs = inputs_of(unit, z, index);
        match unit {
            Unit::Elementwise { .. } => {
                let activation = of_unit(unit, layer, index);
                dz[index] = dy * activation.derivative(z[index]);
                for (name, sums) in unit.learned().into_iter().zip(&mut *learned) {
                    sums[index] += dy * activation.parameter_gradient(name, z[index]);
                }
            }
            Unit::Grouped { function: AxisFunction::Maxout { .. }, .. } => {
                let largest = inputs.iter().copied().reduce(|a, b| if b.1 > a.1 { b } else { a }).unwrap();
                dz[largest.0] = *dy;
            }
            Unit::Grouped { .. } => {
                let activation = of_unit(unit, layer, index);
                dz[inputs[0].0] = dy * activation.forward(*inputs[1].1);
                dz[inputs[1].0] = dy * inputs[0].1 * activation.derivative(*inputs[1].1);
            }
        }
    }
    dz
}

/// The loss of a row, and its gradient by the results.
fn loss_of(data: &Dataset, row: usize, z: &[f64]) -> (f64, Vec<f64>) {
    match &data.targets {
        Targets::Labels { labels, .. } => {
            let label = labels[row] as usize;
            let largest = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = z.iter().map(|z| (z - largest).exp()).sum();
            let share = |(index, z): (usize, &f64)| (z - largest).exp() / sum - f64::from(u8::from(index == label));
            (sum.ln() + largest - z[label], z.iter().enumerate().map(share).collect())
        }
        Targets::Values(values) => {
            let difference = z[0] - f64::from(values[row]);
            (difference * difference, vec![2.0 * difference])
        }
    }
}
