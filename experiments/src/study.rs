//! The trainings of each experiment.

use crate::data::{Dataset, Task};
use crate::initialization::Initialization;
use crate::lab::Lab;
use crate::loss::Head;
use crate::optimizer::Optimizer;
use crate::pinn;
use crate::plan::Plan;
use crate::training::Outcome;
use crate::unit::Unit;
use anyhow::Result;
use std::path::Path;

/// The hidden layers of the two networks for digits.
pub const DEPTHS: [usize; 2] = [2, 8];
pub const WIDTH: usize = 32;
const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];
const EPOCHS: usize = 30;
const BATCH: usize = 128;
const ADAM_RATES: [f32; 3] = [0.001, 0.003, 0.01];
const SGD_RATES: [f32; 4] = [0.01, 0.03, 0.1, 0.3];
const MOMENTUM: f32 = 0.9;

/// Digits by Adam.
pub fn digits(unit: &str, depth: usize, initialization: Initialization) -> Plan {
    Plan {
        task: Task::Digits,
        unit: unit.to_owned(),
        hidden: vec![WIDTH; depth],
        initialization,
        optimizer: Optimizer::Adam,
        rates: ADAM_RATES.to_vec(),
        seeds: SEEDS.to_vec(),
        batch: BATCH,
        epochs: EPOCHS,
        head: Head::OfTask,
        repeat: 0,
    }
}

/// Digits by gradient descent with momentum.
pub fn digits_by_descent(unit: &str, depth: usize, initialization: Initialization) -> Plan {
    let optimizer = Optimizer::Sgd { momentum: MOMENTUM };
    Plan { optimizer, rates: SGD_RATES.to_vec(), ..digits(unit, depth, initialization) }
}

/// Points of two classes in the plane.
pub fn points(task: Task, unit: &Unit) -> Plan {
    Plan {
        task,
        hidden: vec![16, 16],
        seeds: SEEDS[..3].to_vec(),
        batch: 64,
        epochs: 60,
        ..digits(&unit.to_string(), 2, Initialization::of_source(unit))
    }
}

/// A curve.
pub fn curve(unit: &Unit) -> Plan {
    Plan { task: Task::Curve, hidden: vec![WIDTH; 2], ..points(Task::Curve, unit) }
}

/// A differential equation.
pub fn pinn(unit: &Unit) -> Plan {
    Plan {
        task: Task::Pinn,
        hidden: vec![WIDTH],
        optimizer: Optimizer::FallingAdam,
        rates: vec![0.005, 0.02],
        epochs: 1000,
        ..points(Task::Pinn, unit)
    }
}

/// Trains a plan. `progress` hears of each epoch.
pub fn train(plan: &Plan, lab: &Lab, folder: &Path, progress: impl FnMut()) -> Result<Outcome> {
    match plan.task {
        Task::Pinn => pinn::train(plan, lab, progress),
        task => plan.train(lab, &Dataset::new(task, folder)?, progress),
    }
}

/// The initializations that a unit is trained with: its source's first, and the common one if that is another.
pub fn initializations(unit: &Unit) -> Vec<Initialization> {
    let mut both = vec![Initialization::of_source(unit), Initialization::COMMON];
    both.dedup();
    both
}

/// The trainings that all functions go through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Experiment {
    Digits,
    Moons,
    Spirals,
    Curve,
    Pinn,
}

impl Experiment {
    pub const ALL: [Experiment; 5] =
        [Experiment::Digits, Experiment::Moons, Experiment::Spirals, Experiment::Curve, Experiment::Pinn];

    pub fn name(self) -> &'static str {
        match self {
            Experiment::Digits => "digits",
            Experiment::Moons => "moons",
            Experiment::Spirals => "spirals",
            Experiment::Curve => "curve",
            Experiment::Pinn => "pinn",
        }
    }

    pub fn plans(self) -> Vec<Plan> {
        let units = Unit::all();
        let of = |unit: &Unit| match self {
            Experiment::Digits => {
                let initializations = initializations(unit).into_iter();
                let at = |initialization| DEPTHS.map(|depth| digits(&unit.to_string(), depth, initialization));
                initializations.flat_map(at).collect()
            }
            Experiment::Moons => vec![points(Task::Moons, unit)],
            Experiment::Spirals => vec![points(Task::Spirals, unit)],
            Experiment::Curve => vec![curve(unit)],
            Experiment::Pinn if has_pinn(unit) => vec![pinn(unit)],
            Experiment::Pinn => Vec::new(),
        };
        units.iter().flat_map(of).collect()
    }
}

/// Whether a unit has the derivatives that a differential equation needs.
pub fn has_pinn(unit: &Unit) -> bool {
    matches!(unit, Unit::Elementwise { learned: false, .. })
}

/// What is trained in seconds, to see that training learns and repeats.
pub fn quick() -> Vec<Plan> {
    let plan =
        |unit: &str| Plan { rates: vec![0.003], seeds: vec![1], epochs: 15, ..digits(unit, 2, Initialization::COMMON) };
    ["relu", "silu", "tanh"].map(plan).into()
}
