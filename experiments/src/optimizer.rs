//! How weights are moved.

use crate::lab::{Kernel, Lab, Launch, Words, whole};
use anyhow::Result;
use gpu_activations::GpuBuffer;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Optimizer {
    /// Stochastic gradient descent with this momentum.
    Sgd { momentum: f32 },
    /// Kingma & Ba 2015, with their constants.
    Adam,
    /// The same with a rate that falls to 0 in a straight line.
    FallingAdam,
}

/// What is moved, and how fast: each weight has a rate.
pub struct Moved<'a> {
    pub weights: &'a GpuBuffer<f32>,
    pub gradient: &'a GpuBuffer<f32>,
    pub rates: &'a [f32],
}

const MEAN_DECAY: f32 = 0.9;
const SQUARE_DECAY: f32 = 0.999;
const EPSILON: f32 = 1e-8;

impl Optimizer {
    /// A launch that moves weights along their gradient.
    pub fn launch(self, lab: &Lab, moved: &Moved<'_>, step: &Words, steps: usize) -> Result<Launch> {
        let &Moved { weights, gradient, rates } = moved;
        let rates = lab.activations.upload(rates)?;
        let zeros = || lab.activations.upload(&vec![0.0_f32; weights.len()]);
        let (means, squares) = (zeros()?, zeros()?);
        let workgroups = [weights.len().div_ceil(64), 1, 1];
        if let Optimizer::Sgd { momentum } = self {
            let buffers = [&rates, gradient, &means, weights].map(whole);
            return Ok(lab.launch(Kernel::Sgd, &[momentum.to_bits()], &buffers, workgroups));
        }
        let corrections = self.corrections(steps);
        let corrections = lab.activations.upload(&corrections)?;
        let buffers = [&corrections, &rates, gradient, &means, &squares, weights].map(whole);
        let buffers = [[whole(step)].as_slice(), &buffers].concat();
        let settings = [MEAN_DECAY, SQUARE_DECAY, EPSILON].map(f32::to_bits);
        Ok(lab.launch(Kernel::Adam, &settings, &buffers, workgroups))
    }

    /// For each step, what makes Adam's mean and square unbiased. A rate that falls is a part of the mean's.
    fn corrections(self, steps: usize) -> Vec<f32> {
        let unbiased = |decay: f32, step: usize| 1.0 / (1.0 - f64::from(decay).powi(step as i32 + 1));
        let of_step = |step: usize| {
            let falls = self == Optimizer::FallingAdam;
            let share = if falls { 1.0 - step as f64 / steps as f64 } else { 1.0 };
            [(share * unbiased(MEAN_DECAY, step)) as f32, unbiased(SQUARE_DECAY, step) as f32]
        };
        (0..steps).flat_map(of_step).collect()
    }
}
