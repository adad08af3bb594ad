//! A training under way.

use crate::data::{Dataset, Targets};
use crate::lab::{Kernel, Lab, Launch, Words, whole};
use crate::loss::{DeviceTargets, Loss, Minibatch};
use crate::network::{Backward, Forward, Input, Network, padded};
use crate::optimizer::Moved;
use crate::plan::Plan;
use anyhow::{Result, ensure};
use gpu_activations::{GpuBuffer, wgpu::ComputePass};
use std::ops::Range;

/// A training under way: its memory on the device, and the commands of a step.
pub struct Session {
    pub plan: Plan,
    pub data: Dataset,
    pub network: Network,
    pub(crate) inputs: GpuBuffer<f32>,
    pub(crate) targets: DeviceTargets,
    /// The number of steps done.
    step: Words,
    /// For each step, the loss of each network.
    pub losses: GpuBuffer<f32>,
    /// For each epoch, the right answers of each network on validation, then on test.
    pub(crate) counts: Words,
    gather: Launch,
    forward: Forward,
    loss: Loss,
    backward: Backward,
    advance: Launch,
    /// A pass over validation and test.
    pub(crate) evaluation: Forward,
}

impl Session {
    pub fn new(plan: &Plan, lab: &Lab, data: &Dataset) -> Result<Self> {
        let Plan { batch, epochs, .. } = *plan;
        ensure!((1..=data.training).contains(&batch), "batches of {batch} from {} examples", data.training);
        let network = Network::new(lab, plan.shape(data, plan.unit.parse()?))?;
        plan.initialize(&network)?;
        let context = &lab.activations;
        let features = padded(data.features);
        let inputs = context.upload(&padded_rows(&data.inputs, data.features))?;
        let targets = match &data.targets {
            Targets::Labels { labels, .. } => DeviceTargets::Labels(lab.upload_words(labels)?),
            Targets::Values(values) => DeviceTargets::Values(context.upload(values)?),
        };
        let networks = plan.networks();
        let steps = epochs * (data.training / batch);
        let step = lab.upload_words(&[0])?;
        let order = lab.upload_words(&plan.order(data.training))?;
        let losses = context.upload(&vec![0.0_f32; steps.max(1) * networks])?;
        let counts = lab.upload_words(&vec![0; epochs.max(1) * 2 * networks])?;

        let x = context.allocate::<f32>(batch * networks * features)?;
        let settings = [batch, networks, plan.seeds.len(), features].map(|number| number as u32);
        let buffers = [whole(&step), whole(&order), whole(&inputs), whole(&x)];
        let workgroups = [features.div_ceil(64), networks, batch];
        let gather = lab.launch(Kernel::Gather, &settings, &buffers, workgroups);

        let forward = Forward::new(&network, batch, Input::Own(&x))?;
        let backward = Backward::new(&network, &forward, &x)?;
        let minibatch = Minibatch { batch, networks, seeds: plan.seeds.len(), step: &step, order: &order };
        let (results, by_results) = (forward.results(), backward.by_results(&forward)?);
        let loss = Loss::new(lab, plan.head, &targets, &minibatch, (results, by_results), &losses)?;
        let advance = lab.launch(Kernel::Advance, &[], &[whole(&step)], [1, 1, 1]);
        let evaluated = shared(&inputs, features, data.evaluated())?;
        let evaluation = Forward::new(&network, data.evaluated().len(), evaluated)?;
        Ok(Session {
            plan: plan.clone(),
            data: data.clone(),
            network,
            inputs,
            targets,
            step,
            losses,
            counts,
            gather,
            forward,
            loss,
            backward,
            advance,
            evaluation,
        })
    }

    pub fn lab(&self) -> &Lab {
        &self.network.lab
    }

    pub fn steps_of_epoch(&self) -> usize {
        self.data.training / self.plan.batch
    }

    pub fn steps(&self) -> usize {
        self.plan.epochs * self.steps_of_epoch()
    }

    /// The commands that move the weights.
    pub fn optimizer(&self) -> Result<Launch> {
        let rates = self.plan.rates_of_networks();
        let rate = |owner: Option<usize>| owner.map_or(0.0, |network| rates[network]);
        let rates: Vec<f32> = self.network.owners().into_iter().map(rate).collect();
        let moved = Moved { weights: &self.network.weights, gradient: &self.network.gradient, rates: &rates };
        self.plan.optimizer.launch(self.lab(), &moved, &self.step, self.steps())
    }

    /// Records the loss of the current minibatch and the gradient of every parameter.
    pub fn record_gradient(&self, pass: &mut ComputePass<'_>) -> Result<()> {
        self.gather.record(pass);
        self.forward.record(&self.network, pass)?;
        self.loss.record(self.lab(), pass)?;
        self.backward.record(&self.network, &self.forward, pass)
    }

    /// Records a step: the gradient for the current minibatch, the weights' move along it, and the turn to the next one.
    pub fn record_step(&self, optimizer: &Launch, pass: &mut ComputePass<'_>) -> Result<()> {
        self.record_gradient(pass)?;
        optimizer.record(pass);
        self.advance.record(pass);
        Ok(())
    }

    /// The memory of a pass over some rows of the data.
    pub fn pass(&self, rows: Range<usize>) -> Result<Forward> {
        let input = shared(&self.inputs, padded(self.data.features), rows.clone())?;
        Forward::new(&self.network, rows.len(), input)
    }
}

/// Rows of so many columns, padded with zeros.
fn padded_rows(values: &[f32], columns: usize) -> Vec<f32> {
    let zeros = vec![0.0; padded(columns) - columns];
    values.chunks(columns).flat_map(|row| row.iter().chain(&zeros)).copied().collect()
}

/// Rows of a data set as the inputs of all networks.
fn shared(inputs: &GpuBuffer<f32>, features: usize, rows: Range<usize>) -> Result<Input<'_>> {
    Ok(Input::Shared(inputs.slice(rows.start * features..rows.end * features)?))
}
