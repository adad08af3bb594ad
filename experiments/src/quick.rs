//! A check in seconds.

use anyhow::{Result, ensure};
use experiments::data::{Dataset, Task};
use experiments::lab::Lab;
use experiments::study;
use std::path::Path;
use std::time::Instant;

/// The accuracy on the test set that a training must exceed.
const LEAST: f32 = 0.9;

/// Trains each of a few networks twice.
pub fn check(data: &Path) -> Result<()> {
    let start = Instant::now();
    let data = Dataset::new(Task::Digits, data)?;
    let lab = Lab::open()?;
    println!("digits on {}", lab.adapter());
    for plan in study::quick() {
        let train = || Ok::<_, anyhow::Error>(plan.train(&lab, &data, || ())?.networks);
        let (once, again) = (train()?, train()?);
        for network in &once {
            let accuracy = network.test.last().copied().unwrap_or(0.0);
            println!("{}: accuracy {accuracy:.3} after {} epochs", plan.unit, plan.epochs);
            ensure!(accuracy > LEAST, "{} reaches an accuracy of {accuracy}, {LEAST} is expected", plan.unit);
        }
        ensure!(once == again, "{}: the same training gave other results", plan.unit);
    }
    println!("the same trainings gave the same bits; {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}
