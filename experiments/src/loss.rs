//! From the results of a pass to the loss of a minibatch and its gradient by the results.

use crate::lab::{Kernel, Lab, Launch, Words, range, whole};
use anyhow::Result;
use gpu_activations::{Activation, BufferRange, GpuBuffer, wgpu::ComputePass};
use serde::{Deserialize, Serialize};

/// What is made of the outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Head {
    /// Probabilities of the classes by softmax, or a number.
    OfTask,
    /// The probability of the second of two classes by sigmoid of one output.
    Sigmoid,
    /// The probabilities of two classes by softmax of 0 and one output.
    SoftmaxWith0,
}

/// What examples have to give, on the device.
pub enum DeviceTargets {
    Labels(Words),
    Values(GpuBuffer<f32>),
}

/// Which examples a step is of.
pub struct Minibatch<'a> {
    pub batch: usize,
    pub networks: usize,
    pub seeds: usize,
    pub step: &'a Words,
    pub order: &'a Words,
}

/// The commands.
pub enum Loss {
    One(Launch),
    OfSigmoid(Box<OfSigmoid>),
}

/// The loss is that of log_sigmoid of the output, which has the sign of the class.
pub struct OfSigmoid {
    signed: Launch,
    x: GpuBuffer<f32>,
    y: GpuBuffer<f32>,
    likelihood: Launch,
    dy: GpuBuffer<f32>,
    dx: GpuBuffer<f32>,
    unsigned: Launch,
}

impl Loss {
    /// The losses are written for each step and network, the gradient beside the results.
    pub fn new(
        lab: &Lab,
        head: Head,
        targets: &DeviceTargets,
        minibatch: &Minibatch<'_>,
        (results, by_results): (&GpuBuffer<f32>, BufferRange<'_, f32>),
        losses: &GpuBuffer<f32>,
    ) -> Result<Loss> {
        let &Minibatch { batch, networks, seeds, step, order } = minibatch;
        let outputs = results.len() / (batch * networks);
        let settings = [batch, networks, seeds, outputs].map(|number| number as u32);
        let (kernel, targets) = match targets {
            DeviceTargets::Labels(labels) => (Kernel::CrossEntropy, whole(labels)),
            DeviceTargets::Values(values) => (Kernel::SquaredError, whole(values)),
        };
        let examples = [whole(step), whole(order), targets];
        let one_each = [networks.div_ceil(32), 1, 1];
        if head != Head::Sigmoid {
            let buffers = [examples.as_slice(), &[whole(results), range(&by_results), whole(losses)]].concat();
            return Ok(Loss::One(lab.launch(kernel, &settings, &buffers, one_each)));
        }
        let buffer = || lab.activations.allocate::<f32>(results.len());
        let (x, y, dy, dx) = (buffer()?, buffer()?, buffer()?, buffer()?);
        let sign = |from, to| {
            let buffers = [examples.as_slice(), &[from, to]].concat();
            lab.launch(Kernel::Sign, &settings, &buffers, [(batch * outputs).div_ceil(64), networks, 1])
        };
        let settings = [batch, networks, outputs].map(|number| number as u32);
        let buffers = [whole(step), whole(&y), whole(&dy), whole(losses)];
        Ok(Loss::OfSigmoid(Box::new(OfSigmoid {
            signed: sign(whole(results), whole(&x)),
            likelihood: lab.launch(Kernel::Likelihood, &settings, &buffers, one_each),
            unsigned: sign(whole(&dx), range(&by_results)),
            x,
            y,
            dy,
            dx,
        })))
    }

    pub fn record(&self, lab: &Lab, pass: &mut ComputePass<'_>) -> Result<()> {
        match self {
            Loss::One(launch) => launch.record(pass),
            Loss::OfSigmoid(stages) => {
                let OfSigmoid { signed, x, y, likelihood, dy, dx, unsigned } = &**stages;
                signed.record(pass);
                lab.activations.record_in_pass(pass).forward(Activation::LogSigmoid, x, y)?;
                likelihood.record(pass);
                lab.activations.record_in_pass(pass).backward(Activation::LogSigmoid, x, dy, dx)?;
                unsigned.record(pass);
            }
        }
        Ok(())
    }
}
