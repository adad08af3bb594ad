//! Training of several networks at once: every rate with every seed.

use crate::data::{Dataset, Targets};
use crate::lab::{Kernel, Lab, Launch, whole};
use crate::loss::DeviceTargets;
use crate::network::{Forward, count_correct, padded};
use crate::plan::Plan;
use crate::session::Session;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::time::{Duration, Instant};

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

impl Plan {
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
}

impl Session {
    /// Trains for an epoch, and returns the time that it takes.
    fn train(&self, optimizer: &Launch) -> Result<Duration> {
        let start = Instant::now();
        let step = |_| self.lab().recorded(|pass| self.record_step(optimizer, pass));
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
        let Dataset { training, validation, test, .. } = self.data;
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
            ..Trained::new(&self.plan, number)
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
        let forward = self.pass(rows)?;
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
        let Dataset { validation, test, .. } = self.data;
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

pub fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn mean_and_variance(values: impl Iterator<Item = f64> + Clone) -> Option<[f64; 2]> {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    Some([finite(mean)?, finite(variance)?])
}
