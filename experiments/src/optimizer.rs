//! How weights are moved.

use crate::lab::{Kernel, Lab, Launch, Words, whole};
use crate::network::Network;
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
}

const MEAN_DECAY: f32 = 0.9;
const SQUARE_DECAY: f32 = 0.999;
const EPSILON: f32 = 1e-8;

impl Optimizer {
    /// A launch that moves all weights along the gradient, each network at its own rate.
    pub fn launch(self, network: &Network<'_>, rates: &[f32], step: &Words, steps: usize) -> Result<Launch> {
        let lab = network.lab;
        let rate = |owner: Option<usize>| owner.map_or(0.0, |network| rates[network]);
        let rates: Vec<f32> = network.owners().into_iter().map(rate).collect();
        let rates = lab.activations.upload(&rates)?;
        let zeros = || lab.activations.upload(&vec![0.0_f32; network.weights.len()]);
        let workgroups = [network.weights.len().div_ceil(64), 1, 1];
        Ok(match self {
            Optimizer::Sgd { momentum } => {
                let velocity = zeros()?;
                let buffers = [&rates, &network.gradient, &velocity, &network.weights].map(whole);
                lab.launch(Kernel::Sgd, &[momentum.to_bits()], &buffers, workgroups)
            }
            Optimizer::Adam => {
                let (means, squares, corrections) = (zeros()?, zeros()?, corrections(lab, steps)?);
                let buffers = [&corrections, &rates, &network.gradient, &means, &squares, &network.weights].map(whole);
                let buffers = [[whole(step)].as_slice(), &buffers].concat();
                let settings = [MEAN_DECAY, SQUARE_DECAY, EPSILON].map(f32::to_bits);
                lab.launch(Kernel::Adam, &settings, &buffers, workgroups)
            }
        })
    }
}

/// For each step, what makes Adam's mean and square unbiased.
fn corrections(lab: &Lab, steps: usize) -> Result<GpuBuffer<f32>> {
    let unbiased = |decay: f32, step: usize| (1.0 / (1.0 - f64::from(decay).powi(step as i32))) as f32;
    let of_step = |step| [unbiased(MEAN_DECAY, step), unbiased(SQUARE_DECAY, step)];
    Ok(lab.activations.upload(&(1..=steps).flat_map(of_step).collect::<Vec<_>>())?)
}
