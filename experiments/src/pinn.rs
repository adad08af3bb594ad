//! A physics-informed network for u″ = −sin x on [0, π] with u = 0 at both ends, whose solution is sin x.
//!
//! It is that of `examples/pinn.rs`, which explains the energy and its gradient: one hidden layer, u = s·N with
//! s = x·(π − x) and N = Σ a·f(w·x + b). Here all of a step stays on the device.

use crate::lab::{Kernel, Lab, Launch, Words, whole};
use crate::optimizer::Moved;
use crate::plan::Plan;
use crate::training::{Outcome, Trained, finite};
use crate::unit::Unit;
use anyhow::{Result, ensure};
use gpu_activations::{
    Activation, Axis, DoubleBackward, GpuBuffer, Order, ParameterBuffers, Recording, wgpu::ComputePass,
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::f64::consts::PI;
use std::time::Instant;

/// Parts of the weights begin at multiples of so many f32, the largest alignment of adapters.
const ALIGNMENT: usize = 64;
/// The points at which the solution is compared.
const COMPARED: usize = 401;
/// The energy of sin x, which is the least.
const LEAST_ENERGY: f64 = -PI / 4.0;

/// A training under way.
pub struct Session<'a> {
    plan: &'a Plan,
    lab: &'a Lab,
    activation: Activation,
    networks: usize,
    units: usize,
    /// w, b and a of all networks.
    pub weights: GpuBuffer<f32>,
    pub gradient: GpuBuffer<f32>,
    step: Words,
    losses: GpuBuffer<f32>,
    z: GpuBuffer<f32>,
    values: GpuBuffer<f32>,
    slopes: GpuBuffer<f32>,
    /// What the gradient goes back from: A·a, c and B.
    back: GpuBuffer<f32>,
    by_z_of_values: GpuBuffer<f32>,
    by_z_of_slopes: GpuBuffer<f32>,
    by_factors: GpuBuffer<f32>,
    products: Launch,
    energy: Launch,
    sums: [Launch; 2],
    advance: Launch,
}

/// Trains. The epochs of the plan are steps, and its batch is the number of points.
pub fn train(plan: &Plan, lab: &Lab, mut progress: impl FnMut()) -> Result<Outcome> {
    let session = Session::new(plan, lab)?;
    let rates = session.rates();
    let moved = Moved { weights: &session.weights, gradient: &session.gradient, rates: &rates };
    let optimizer = plan.optimizer.launch(lab, &moved, &session.step, plan.epochs)?;
    let start = Instant::now();
    for steps in (0..plan.epochs).collect::<Vec<_>>().chunks(100) {
        let step = |_: &usize| {
            lab.recorded(|pass| {
                session.record_gradient(pass)?;
                optimizer.record(pass);
                session.advance.record(pass);
                Ok(())
            })
        };
        lab.run(steps.iter().map(step).collect::<Result<Vec<_>>>()?)?;
        steps.iter().for_each(|_| progress());
    }
    let step_ms = 1e3 * start.elapsed().as_secs_f64() / plan.epochs as f64;
    Ok(Outcome { networks: session.trained()?, step_ms })
}

/// The two Gauss points of each cell of the interval.
pub fn points(count: usize) -> Vec<f64> {
    let width = 2.0 * PI / count as f64;
    let offset = width / 12.0_f64.sqrt();
    let middles = (0..count / 2).map(|cell| (cell as f64 + 0.5) * width);
    middles.flat_map(|middle| [middle - offset, middle + offset]).collect()
}

impl<'a> Session<'a> {
    pub fn new(plan: &'a Plan, lab: &'a Lab) -> Result<Self> {
        let Unit::Elementwise { activation, learned: false } = plan.unit.parse()? else {
            anyhow::bail!("{} is no elementwise function at its defaults", plan.unit);
        };
        let [units] = plan.hidden[..] else { anyhow::bail!("{} hidden layers, but 1 is expected", plan.hidden.len()) };
        ensure!(plan.batch.is_multiple_of(2), "{} points, but they come in pairs", plan.batch);
        let networks = plan.rates.len() * plan.seeds.len();
        let (all, part) = (networks * units, (networks * units).next_multiple_of(ALIGNMENT));
        let context = &lab.activations;
        let of_point = |x: f64| [x, x * (PI - x), PI - 2.0 * x, x.sin()].map(|value| value as f32);
        let points: Vec<f32> = points(plan.batch).into_iter().flat_map(of_point).collect();
        let points = context.upload(&points)?;
        let weights = context.upload(&initial(plan, units, part))?;
        let gradient = context.upload(&vec![0.0_f32; 3 * part])?;
        let step = lab.upload_words(&[0])?;
        let losses = context.upload(&vec![0.0_f32; plan.epochs.max(1) * networks])?;
        let buffer = |count: usize| context.allocate::<f32>(count * plan.batch * all);
        let (z, values, slopes, back) = (buffer(1)?, buffer(1)?, buffer(1)?, buffer(3)?);
        let (by_z_of_values, by_z_of_slopes, by_factors) = (buffer(1)?, buffer(1)?, buffer(1)?);
        let energies = context.allocate::<f32>(2 * plan.batch * networks)?;

        let words = |numbers: &[usize]| numbers.iter().map(|&number| number as u32).collect::<Vec<_>>();
        let share = (PI / plan.batch as f64) as f32;
        let buffers = [&points, &weights, &z].map(whole);
        let products =
            lab.launch(Kernel::PinnProducts, &words(&[plan.batch, all]), &buffers, [all.div_ceil(64), plan.batch, 1]);
        let settings = [words(&[plan.batch, networks, units, 2 * part]), vec![share.to_bits()]].concat();
        let buffers = [&points, &weights, &values, &slopes, &energies, &back].map(whole);
        let energy = lab.launch(Kernel::PinnEnergy, &settings, &buffers, [networks.div_ceil(32), plan.batch, 1]);
        let read = [&points, &weights, &values, &energies, &by_z_of_values, &by_z_of_slopes, &by_factors];
        let buffers: Vec<_> = read.into_iter().chain([&gradient]).map(whole).collect();
        let settings = words(&[plan.batch, networks, units, part, 2 * part]);
        let of_gradient = lab.launch(Kernel::PinnGradient, &settings, &buffers, [all.div_ceil(64), 1, 1]);
        let buffers = [whole(&step), whole(&energies), whole(&losses)];
        let settings = words(&[plan.batch, networks]);
        let total = lab.launch(Kernel::PinnTotal, &settings, &buffers, [networks.div_ceil(32), 1, 1]);
        let advance = lab.launch(Kernel::Advance, &[], &[whole(&step)], [1, 1, 1]);
        Ok(Session {
            plan,
            lab,
            activation,
            networks,
            units,
            weights,
            gradient,
            step,
            losses,
            z,
            values,
            slopes,
            back,
            by_z_of_values,
            by_z_of_slopes,
            by_factors,
            products,
            energy,
            sums: [of_gradient, total],
            advance,
        })
    }

    /// The distance from w to b, and from b to a.
    fn part(&self) -> usize {
        self.weights.len() / 3
    }

    fn rates(&self) -> Vec<f32> {
        let seeds = self.plan.seeds.len();
        let rate = |place: usize| self.plan.rates.get(place % self.part() / self.units / seeds).copied().unwrap_or(0.0);
        (0..self.weights.len()).map(rate).collect()
    }

    /// Records the energy of every network and its gradient.
    pub fn record_gradient(&self, pass: &mut ComputePass<'_>) -> Result<()> {
        let activations = &self.lab.activations;
        self.products.record(pass);
        self.activate(&mut activations.record_in_pass(pass))?;
        self.energy.record(pass);
        self.go_back(&mut activations.record_in_pass(pass))?;
        self.sums.iter().for_each(|sum| sum.record(pass));
        Ok(())
    }

    fn bias(&self) -> Result<ParameterBuffers<'_>> {
        let all = self.networks * self.units;
        let axis = Axis::last(&[self.plan.batch, all])?;
        let bias = self.weights.slice(self.part()..self.part() + all)?;
        Ok(ParameterBuffers::new().per_channel("input_bias", bias, &axis))
    }

    fn activate(&self, recording: &mut Recording<'_, '_>) -> Result<()> {
        recording.forward_with(self.activation, &self.bias()?, &self.z, &self.values)?;
        recording.derivative_with(self.activation, Order::First, &self.bias()?, &self.z, &self.slopes)?;
        Ok(())
    }

    fn go_back(&self, recording: &mut Recording<'_, '_>) -> Result<()> {
        let length = self.z.len();
        let part = |index: usize| self.back.slice(index * length..(index + 1) * length);
        recording.backward_with(self.activation, &self.bias()?, &self.z, part(0)?, &self.by_z_of_values)?;
        let operands = DoubleBackward {
            x: (&self.z).into(),
            dy: part(1)?,
            v: part(2)?,
            dx: (&self.by_z_of_slopes).into(),
            ddy: (&self.by_factors).into(),
        };
        Ok(recording.double_backward_with(self.activation, &self.bias()?, operands)?)
    }

    /// The energy of each network at each step.
    pub fn losses(&self) -> Result<Vec<f32>> {
        Ok(self.lab.activations.download(&self.losses)?)
    }

    /// w, b and a of one network.
    pub fn of_network(&self, all: &[f32], number: usize) -> [Vec<f64>; 3] {
        let list = |index: usize| {
            let start = index * self.part() + number * self.units;
            all[start..start + self.units].iter().map(|&value| f64::from(value)).collect()
        };
        [list(0), list(1), list(2)]
    }

    fn trained(&self) -> Result<Vec<Trained>> {
        let weights = self.lab.activations.download(&self.weights)?;
        let losses = self.losses()?;
        let of_step = |step: usize, number: usize| f64::from(losses[step * self.networks + number]);
        let network = |number: usize| {
            let list = self.of_network(&weights, number);
            let last = of_step(self.plan.epochs - 1, number);
            let steps = (0..self.plan.epochs).step_by((self.plan.epochs / 50).max(1));
            Trained {
                losses: steps.map(|step| finite(of_step(step, number)).map(|loss| loss as f32)).collect(),
                errors: Some([finite(last - LEAST_ENERGY), finite(self.largest_error(&list))]),
                ..Trained::new(self.plan, number)
            }
        };
        Ok((0..self.networks).map(network).collect())
    }

    /// The largest difference from sin x, in f64.
    fn largest_error(&self, [w, b, a]: &[Vec<f64>; 3]) -> f64 {
        let error = |index: usize| {
            let x = PI * index as f64 / (COMPARED - 1) as f64;
            let n: f64 = w.iter().zip(b).zip(a).map(|((w, b), a)| a * self.activation.forward(w * x + b)).sum();
            (x * (PI - x) * n - x.sin()).abs()
        };
        (0..COMPARED).map(error).fold(0.0, |most, error| if error.is_nan() { f64::NAN } else { f64::max(most, error) })
    }
}

/// The weights that training starts from. Units bend at points all over the interval, and a is small, so that u begins
/// near 0.
fn initial(plan: &Plan, units: usize, part: usize) -> Vec<f32> {
    let mut values = vec![0.0; 3 * part];
    for number in 0..plan.rates.len() * plan.seeds.len() {
        let mut random = Plan::random_weights(plan.seeds[number % plan.seeds.len()]);
        let between = |low: f32, high: f32, random: &mut ChaCha8Rng| low + (high - low) * random.random::<f32>();
        for unit in number * units..(number + 1) * units {
            let w = between(-2.0, 2.0, &mut random);
            values[unit] = w;
            values[part + unit] = -w * between(0.0, PI as f32, &mut random);
            values[2 * part + unit] = between(-0.1, 0.1, &mut random);
        }
    }
    values
}
