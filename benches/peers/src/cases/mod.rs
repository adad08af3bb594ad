//! What is compared, a file for each group.

mod along;
mod elementwise;
mod host;
mod small;

use crate::contestants::Libraries;
use crate::session::Session;
use anyhow::{Result, ensure};
use clap::ValueEnum;

#[derive(Clone, Copy, ValueEnum)]
pub enum Group {
    /// Elementwise functions of a large array on the device.
    Elementwise,
    /// Softmax and its logarithm, along rows and along columns.
    Along,
    /// From host memory to host memory.
    Host,
    /// Many operations on small arrays.
    Small,
}

impl Group {
    /// The groups that were named, or all.
    pub fn chosen(named: &[Group]) -> &[Group] {
        if named.is_empty() { Group::value_variants() } else { named }
    }

    pub fn title(self) -> &'static str {
        match self {
            Group::Elementwise => "Elementwise, 2^24 f32 on the device",
            Group::Along => "Along an axis, 2^24 f32 on the device",
            Group::Host => "Sigmoid of 2^24 f32, from host memory to host memory",
            Group::Small => "1000 times relu of 4096 f32 on the device, time of one",
        }
    }

    pub fn measure(self, libraries: &Libraries, session: &mut Session) -> Result<()> {
        match self {
            Group::Elementwise => elementwise::measure(libraries, session),
            Group::Along => along::measure(libraries, session),
            Group::Host => host::measure(libraries, session),
            Group::Small => small::measure(libraries, session),
        }
    }
}

/// The elements of a large array.
const LARGE: usize = 1 << 24;

/// Numbers on both sides of 0, where the functions are curved.
fn numbers(len: usize) -> Vec<f32> {
    (0..len).map(|i| (i % 1999) as f32 / 200.0 - 5.0).collect()
}

/// Fails where a contestant does something else than the others, or nothing at all.
fn check(who: &str, results: &[f32], expected: impl Fn(usize) -> f64) -> Result<()> {
    for (index, &result) in results.iter().enumerate().step_by(4093) {
        let expected = expected(index);
        let close = (f64::from(result) - expected).abs() <= 1e-4 * expected.abs().max(1e-2);
        ensure!(close, "{who} has {result} at {index}, where {expected} is right");
    }
    Ok(())
}
