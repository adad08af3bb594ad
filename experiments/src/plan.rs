//! What is trained, and how.

use crate::data::{Dataset, Targets, Task};
use crate::initialization::Initialization;
use crate::loss::Head;
use crate::network::{Network, Shape};
use crate::optimizer::Optimizer;
use crate::unit::Unit;
use anyhow::Result;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// What is trained, and how. Equal plans give equal bits on one adapter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub task: Task,
    /// The text of a [`Unit`].
    pub unit: String,
    /// The units of each hidden layer.
    pub hidden: Vec<usize>,
    pub initialization: Initialization,
    pub optimizer: Optimizer,
    pub rates: Vec<f32>,
    pub seeds: Vec<u64>,
    pub batch: usize,
    pub epochs: usize,
    pub head: Head,
    /// Tells trainings apart that are equal but for their time.
    pub repeat: u32,
}

/// Streams of a seed's random numbers.
const WEIGHTS: u64 = 0;
const ORDER: u64 = 1;

impl Plan {
    pub fn networks(&self) -> usize {
        self.rates.len() * self.seeds.len()
    }

    /// The networks' shape.
    pub fn shape(&self, data: &Dataset, unit: Unit) -> Shape {
        let (first_output, outputs) = match self.head {
            Head::OfTask => (0, data.outputs()),
            Head::Sigmoid => (0, 1),
            Head::SoftmaxWith0 => (1, 2),
        };
        let has_labels = matches!(data.targets, Targets::Labels { .. });
        Shape {
            networks: self.networks(),
            features: data.features,
            hidden: self.hidden.clone(),
            outputs,
            first_output,
            unit,
            is_classifier: has_labels && self.head != Head::Sigmoid,
        }
    }

    pub fn rates_of_networks(&self) -> Vec<f32> {
        self.rates.iter().flat_map(|&rate| self.seeds.iter().map(move |_| rate)).collect()
    }

    /// The random numbers that a seed's weights are drawn from.
    pub fn random_weights(seed: u64) -> ChaCha8Rng {
        Plan::random(seed, WEIGHTS)
    }

    fn random(seed: u64, stream: u64) -> ChaCha8Rng {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(stream);
        random
    }

    /// Writes the weights that training starts from.
    pub fn initialize(&self, network: &Network) -> Result<()> {
        let mut values = vec![0.0; network.weights.len()];
        for number in 0..self.networks() {
            let mut random = Plan::random_weights(self.seeds[number % self.seeds.len()]);
            for (index, layer) in network.layers.iter().enumerate() {
                // The last layer has no unit behind it.
                let is_last = index + 1 == network.layers.len();
                let initialization = if is_last { Initialization::COMMON } else { self.initialization };
                let columns = layer.trained.len();
                let weights = initialization.draw(layer.fan_in, columns, &mut random);
                let rows = values[network.part(&layer.weights, number)].chunks_mut(layer.outputs);
                rows.zip(weights.chunks(columns))
                    .for_each(|(row, weights)| row[layer.trained.clone()].copy_from_slice(weights));
                for (name, range) in &layer.learned {
                    values[network.part(range, number)].fill(network.shape.unit.start(name));
                }
            }
        }
        Ok(network.lab.activations.upload_into(&values, &network.weights)?)
    }

    /// For each step and seed, the rows of its minibatch: the training set in a new order each epoch, without the rows
    /// that fill no minibatch.
    pub fn order(&self, training: usize) -> Vec<u32> {
        let steps = training / self.batch;
        let mut randoms: Vec<ChaCha8Rng> = self.seeds.iter().map(|&seed| Plan::random(seed, ORDER)).collect();
        let mut order = Vec::with_capacity(self.epochs * steps * self.seeds.len() * self.batch);
        let mut rows: Vec<Vec<u32>> = vec![(0..training as u32).collect(); self.seeds.len()];
        for _ in 0..self.epochs {
            rows.iter_mut().zip(&mut randoms).for_each(|(rows, random)| rows.shuffle(random));
            for step in 0..steps {
                rows.iter().for_each(|rows| order.extend(&rows[step * self.batch..][..self.batch]));
            }
        }
        order
    }
}
