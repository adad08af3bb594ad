//! Training of several networks at once: every rate with every seed.

use crate::data::{Dataset, Targets, Task};
use crate::initialization::Initialization;
use crate::lab::{Kernel, Lab, Launch, Words, whole};
use crate::loss::{DeviceTargets, Head, Loss, Minibatch};
use crate::network::{Backward, Forward, Input, Network, Shape, count_correct, padded};
use crate::optimizer::{Moved, Optimizer};
use crate::unit::Unit;
use anyhow::{Result, ensure};
use gpu_activations::{GpuBuffer, wgpu::ComputePass};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::time::{Duration, Instant};

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

/// What came of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Seed by seed for each rate.
    pub networks: Vec<Trained>,
    /// The time of a step of all networks, in milliseconds.
    pub step_ms: f64,
}

/// What became of one network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trained {
    pub rate: f32,
    pub seed: u64,
    /// The mean loss of each epoch's minibatches; none where it is not finite.
    pub losses: Vec<Option<f32>>,
    /// A classifier's share of right answers after each epoch.
    pub validation: Vec<f32>,
    pub test: Vec<f32>,
    /// The root of the mean squared error on validation and test at the end, where numbers are learned.
    pub errors: Option<[Option<f64>; 2]>,
    /// For each layer, the norm of the gradient of its weights for the first minibatch.
    pub gradient_norms: Vec<Option<f64>>,
    /// For each hidden layer, the mean and the variance of its values over the training set, before training and after.
    pub moments: [Vec<Option<[f64; 2]>>; 2],
    /// For each hidden layer, the share of units whose derivative is 0 for the whole training set, after training.
    pub dead: Vec<f64>,
    /// For each hidden layer and learned parameter, the mean over the units after training.
    pub learned: Vec<Vec<LearnedMean>>,
    /// The probability of the second class at the points of a picture, in steps of 1/255, for the first seed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub picture: Vec<u8>,
}

impl Trained {
    /// Whether the last loss is finite.
    pub fn is_finite(&self) -> bool {
        self.losses.last().is_some_and(Option::is_some)
    }

    /// A network of which nothing is known but its rate and seed.
    pub fn new(plan: &Plan, number: usize) -> Trained {
        Trained {
            rate: plan.rates[number / plan.seeds.len()],
            seed: plan.seeds[number % plan.seeds.len()],
            losses: Vec::new(),
            validation: Vec::new(),
            test: Vec::new(),
            errors: None,
            gradient_norms: Vec::new(),
            moments: [Vec::new(), Vec::new()],
            dead: Vec::new(),
            learned: Vec::new(),
            picture: Vec::new(),
        }
    }
}

/// The name of a learned parameter, and a mean of its values; none where it is not finite.
pub type LearnedMean = (String, Option<f64>);

/// Streams of a seed's random numbers.
const WEIGHTS: u64 = 0;
const ORDER: u64 = 1;

impl Plan {
    fn networks(&self) -> usize {
        self.rates.len() * self.seeds.len()
    }

    /// Trains. `progress` hears of each epoch.
    pub fn train(&self, lab: &Lab, data: &Dataset, mut progress: impl FnMut()) -> Result<Outcome> {
        let session = Session::new(self, lab, data)?;
        let mut outcome = session.before()?;
        let optimizer = session.optimizer()?;
        let mut spent = Duration::ZERO;
        for epoch in 0..self.epochs {
            spent += session.train(&optimizer)?;
            session.evaluate(epoch)?;
            progress();
        }
        session.after(&mut outcome)?;
        outcome.step_ms = 1e3 * spent.as_secs_f64() / session.steps() as f64;
        Ok(outcome)
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

    fn rates_of_networks(&self) -> Vec<f32> {
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
    pub fn initialize(&self, network: &Network<'_>) -> Result<()> {
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

/// A training under way: its memory on the device, and the commands of a step.
pub struct Session<'a> {
    plan: &'a Plan,
    data: &'a Dataset,
    pub network: Network<'a>,
    inputs: GpuBuffer<f32>,
    targets: DeviceTargets,
    /// The number of steps done.
    step: Words,
    /// For each step, the loss of each network.
    losses: GpuBuffer<f32>,
    /// For each epoch, the right answers of each network on validation, then on test.
    counts: Words,
    gather: Launch,
    forward: Forward,
    loss: Loss,
    backward: Backward,
    advance: Launch,
    /// A pass over validation and test.
    evaluation: Forward,
}

impl<'a> Session<'a> {
    pub fn new(plan: &'a Plan, lab: &'a Lab, data: &'a Dataset) -> Result<Self> {
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
            plan,
            data,
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

    fn lab(&self) -> &'a Lab {
        self.network.lab
    }

    fn steps_of_epoch(&self) -> usize {
        self.data.training / self.plan.batch
    }

    fn steps(&self) -> usize {
        self.plan.epochs * self.steps_of_epoch()
    }

    fn optimizer(&self) -> Result<Launch> {
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

    /// Trains for an epoch, and returns the time that it takes.
    fn train(&self, optimizer: &Launch) -> Result<Duration> {
        let start = Instant::now();
        let step = |_| {
            self.lab().recorded(|pass| {
                self.record_gradient(pass)?;
                optimizer.record(pass);
                self.advance.record(pass);
                Ok(())
            })
        };
        let steps = (0..self.steps_of_epoch()).map(step).collect::<Result<Vec<_>>>()?;
        self.lab().run(steps)?;
        Ok(start.elapsed())
    }

    /// Counts a classifier's right answers after an epoch.
    fn evaluate(&self, epoch: usize) -> Result<()> {
        let DeviceTargets::Labels(labels) = &self.targets else { return Ok(()) };
        if !self.network.shape.is_classifier {
            return Ok(());
        }
        let &Dataset { training, validation, test, .. } = self.data;
        let count = |rows: Range<usize>, place: usize| {
            let counts = (&self.counts, (2 * epoch + place) * self.plan.networks());
            count_correct(&self.network, &self.evaluation, (labels, training), rows, counts)
        };
        let counts = [count(0..validation, 0), count(validation..validation + test, 1)];
        let commands = self.lab().recorded(|pass| {
            self.evaluation.record(&self.network, pass)?;
            counts.iter().for_each(|count| count.record(pass));
            Ok(())
        })?;
        self.lab().run([commands])
    }

    /// What is measured before training.
    fn before(&self) -> Result<Outcome> {
        let norms = self.gradient_norms()?;
        let moments = self.moments(&self.pass_of_training()?)?;
        let network = |(number, (gradient_norms, moments))| Trained {
            gradient_norms,
            moments: [moments, Vec::new()],
            ..Trained::new(self.plan, number)
        };
        let networks = norms.into_iter().zip(moments).enumerate().map(network).collect();
        Ok(Outcome { networks, step_ms: 0.0 })
    }

    /// For each step, the loss of each network.
    pub fn losses(&self) -> Result<Vec<f32>> {
        Ok(self.lab().activations.download(&self.losses)?)
    }

    /// Adds what is measured after training.
    fn after(&self, outcome: &mut Outcome) -> Result<()> {
        let whole_training = self.pass_of_training()?;
        let moments = self.moments(&whole_training)?;
        let dead = self.dead(&whole_training)?;
        let learned = self.learned()?;
        let errors = self.errors()?;
        let pictures = self.pictures()?;
        let losses = self.losses()?;
        let counts = self.lab().download_words(&self.counts)?;
        let networks = self.plan.networks();
        for (number, trained) in outcome.networks.iter_mut().enumerate() {
            let of_step = |step: usize| f64::from(losses[step * networks + number]);
            let steps = self.steps_of_epoch();
            let mean = |epoch: usize| (0..steps).map(|step| of_step(epoch * steps + step)).sum::<f64>() / steps as f64;
            trained.losses = (0..self.plan.epochs).map(|epoch| finite(mean(epoch)).map(|loss| loss as f32)).collect();
            if self.network.shape.is_classifier {
                let share = |epoch: usize, place: usize, of: usize| {
                    counts[(2 * epoch + place) * networks + number] as f32 / of as f32
                };
                let epochs = 0..self.plan.epochs;
                trained.validation = epochs.clone().map(|epoch| share(epoch, 0, self.data.validation)).collect();
                trained.test = epochs.map(|epoch| share(epoch, 1, self.data.test)).collect();
            }
            trained.moments[1].clone_from(&moments[number]);
            trained.dead.clone_from(&dead[number]);
            trained.learned.clone_from(&learned[number]);
            trained.errors = errors.as_ref().map(|errors| errors[number]);
            if self.network.shape.is_classifier && number % self.plan.seeds.len() == 0 {
                trained.picture = self.picture(&pictures, number);
            }
        }
        Ok(())
    }

    /// A pass over the whole training set, that has run.
    fn pass_of_training(&self) -> Result<Forward> {
        self.pass_over(0..self.data.training)
    }

    fn pass_over(&self, rows: Range<usize>) -> Result<Forward> {
        let input = shared(&self.inputs, padded(self.data.features), rows.clone())?;
        let forward = Forward::new(&self.network, rows.len(), input)?;
        let commands = self.lab().recorded(|pass| forward.record(&self.network, pass))?;
        self.lab().run([commands])?;
        Ok(forward)
    }

    /// For each network, the norms of the gradient of each layer's weights for the current minibatch.
    fn gradient_norms(&self) -> Result<Vec<Vec<Option<f64>>>> {
        let commands = self.lab().recorded(|pass| self.record_gradient(pass))?;
        self.lab().run([commands])?;
        let gradient = self.lab().activations.download(&self.network.gradient)?;
        let norm = |values: &[f32]| finite(values.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt());
        let of_network = |number| {
            let layers = self.network.layers.iter();
            layers.map(|layer| norm(&gradient[self.network.part(&layer.weights, number)])).collect()
        };
        Ok((0..self.plan.networks()).map(of_network).collect())
    }

    /// For each network, mean and variance of each hidden layer's values.
    fn moments(&self, pass: &Forward) -> Result<Vec<Vec<Option<[f64; 2]>>>> {
        let networks = self.plan.networks();
        let mut moments = vec![Vec::new(); networks];
        for (values, &units) in pass.hidden().iter().zip(&self.plan.hidden) {
            let values = self.lab().activations.download(values)?;
            for (number, moments) in moments.iter_mut().enumerate() {
                let rows = values.chunks(networks * units).map(|row| &row[number * units..(number + 1) * units]);
                moments.push(mean_and_variance(rows.flatten().map(|&value| f64::from(value))));
            }
        }
        Ok(moments)
    }

    /// For each network, the share of each hidden layer's units that do not respond to any example of a pass.
    fn dead(&self, pass: &Forward) -> Result<Vec<Vec<f64>>> {
        let lab = self.lab();
        let networks = self.plan.networks();
        let rows = self.data.training;
        let unit = &self.network.shape.unit;
        let mut dead = vec![Vec::new(); networks];
        for (layer, &units) in self.plan.hidden.iter().enumerate() {
            let ones = lab.activations.upload(&vec![1.0_f32; rows * networks * units])?;
            let derivatives = lab.activations.allocate::<f32>(rows * networks * units * unit.pieces())?;
            let flags = lab.upload_words(&vec![0; networks * units])?;
            let (unit_distance, piece_distance) = unit.distances(units)?;
            let settings = [rows, networks, units, unit.pieces(), unit_distance, piece_distance];
            let buffers = [whole(&derivatives), whole(&flags)];
            let settings = settings.map(|number| number as u32);
            let alive = lab.launch(Kernel::Alive, &settings, &buffers, [(networks * units).div_ceil(64), 1, 1]);
            let commands = lab.recorded(|compute| {
                let (dy, dz) = (ones.slice(0..ones.len())?, derivatives.slice(0..derivatives.len())?);
                let mut recording = lab.activations.record_in_pass(compute);
                pass.record_unit_gradient(&self.network, layer, &mut recording, dy, dz)?;
                drop(recording);
                alive.record(compute);
                Ok(())
            })?;
            lab.run([commands])?;
            let flags = lab.download_words(&flags)?;
            for (dead, flags) in dead.iter_mut().zip(flags.chunks(units)) {
                dead.push(flags.iter().filter(|&&flag| flag == 0).count() as f64 / units as f64);
            }
        }
        Ok(dead)
    }

    /// For each network, the mean over the units of each layer's learned parameters.
    fn learned(&self) -> Result<Vec<Vec<Vec<LearnedMean>>>> {
        let weights = self.lab().activations.download(&self.network.weights)?;
        let of_network = |number| {
            let mean = |(name, range): &(&str, Range<usize>)| {
                let values = weights[self.network.part(range, number)].iter().map(|&value| f64::from(value));
                (name.to_string(), mean_and_variance(values).map(|[mean, _]| mean))
            };
            let hidden = &self.network.layers[..self.plan.hidden.len()];
            hidden.iter().map(|layer| layer.learned.iter().map(mean).collect()).collect()
        };
        Ok((0..self.plan.networks()).map(of_network).collect())
    }

    /// For each network, the root of the mean squared error on validation and test, where numbers are learned.
    fn errors(&self) -> Result<Option<Vec<[Option<f64>; 2]>>> {
        let Targets::Values(targets) = &self.data.targets else { return Ok(None) };
        let networks = self.plan.networks();
        let pass = self.pass_over(self.data.evaluated())?;
        let results: Vec<f32> = self.lab().activations.download(pass.results())?;
        let error = |number: usize, rows: Range<usize>| {
            let square = |row: usize| {
                f64::from(results[(row * networks + number) * padded(1)] - targets[self.data.training + row]).powi(2)
            };
            finite((rows.clone().map(square).sum::<f64>() / rows.len() as f64).sqrt())
        };
        let &Dataset { validation, test, .. } = self.data;
        let of_network = |number| [error(number, 0..validation), error(number, validation..validation + test)];
        Ok(Some((0..networks).map(of_network).collect()))
    }

    /// The results of all networks at the points of the picture; nothing where there is none.
    fn pictures(&self) -> Result<Vec<f32>> {
        let rows = self.data.pictured();
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.lab().activations.download(self.pass_over(rows)?.results())?)
    }

    /// The probability of the second of two classes in one network's picture, in steps of 1/255.
    fn picture(&self, results: &[f32], number: usize) -> Vec<u8> {
        let outputs = padded(self.network.shape.outputs);
        let rows = results.chunks(self.plan.networks() * outputs);
        rows.map(|row| (255.0 * row[number * outputs + 1].exp()).round() as u8).collect()
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

pub fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn mean_and_variance(values: impl Iterator<Item = f64> + Clone) -> Option<[f64; 2]> {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    Some([finite(mean)?, finite(variance)?])
}
