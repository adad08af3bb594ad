//! Training: the gradient of a whole step, what repeats, and what is learned.

mod gradient;
mod learning;
mod pinn;
mod reference;

use experiments::data::{Dataset, Task};
use experiments::initialization::Initialization;
use experiments::lab::Lab;
use experiments::loss::Head;
use experiments::optimizer::Optimizer;
use experiments::plan::Plan;
use std::path::Path;
use std::sync::LazyLock;

/// One device for all tests.
fn lab() -> &'static Lab {
    static SHARED: LazyLock<Lab> = LazyLock::new(|| Lab::open().expect("the tests need an adapter"));
    &SHARED
}

fn data(task: Task) -> Dataset {
    Dataset::new(task, Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/data"))).unwrap()
}

/// A short training of two networks at each of two rates.
fn plan(task: Task, unit: &str) -> Plan {
    Plan {
        task,
        unit: unit.to_owned(),
        hidden: vec![16, 12],
        initialization: Initialization::He { slope: 0.0 },
        optimizer: Optimizer::Adam,
        rates: vec![0.003, 0.01],
        seeds: vec![1, 2],
        batch: 64,
        epochs: 1,
        head: Head::OfTask,
        repeat: 0,
    }
}
