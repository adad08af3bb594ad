//! How contestants are timed.

use crate::report::{Figures, Report};
use anyhow::Result;
use std::time::{Duration, Instant};

/// Somebody who does the work of a case, and waits until it is done.
pub struct Contestant<'a> {
    name: &'static str,
    run: Box<dyn FnMut() -> Result<()> + 'a>,
}

impl<'a> Contestant<'a> {
    pub fn new(name: &'static str, run: impl FnMut() -> Result<()> + 'a) -> Self {
        Contestant { name, run: Box::new(run) }
    }

    pub fn ours(run: impl FnMut() -> Result<()> + 'a) -> Self {
        Contestant::new("gpu-activations", run)
    }

    pub fn burn(run: impl FnMut() -> Result<()> + 'a) -> Self {
        Contestant::new(BURN, run)
    }

    /// The time of one run, which is the mean of several.
    fn time(&mut self, runs: u32) -> Result<Duration> {
        let start = Instant::now();
        for _ in 0..runs {
            (self.run)()?;
        }
        Ok(start.elapsed() / runs)
    }
}

/// The peer that the summary is about.
pub const BURN: &str = "burn";

/// What one run does, by which its time becomes a figure.
#[derive(Clone, Copy)]
pub enum Work {
    /// Bytes read and written.
    Bytes(usize),
    Operations(usize),
}

/// Runs before the first sample: burn tries variants of its kernels in the first ones.
const WARM_UP_RUNS: u32 = 4;
/// Short runs are repeated until a sample takes as long as this.
const SAMPLE: Duration = Duration::from_millis(50);

pub struct Session {
    samples: u16,
    pub report: Report,
}

impl Session {
    pub fn new(samples: u16, report: Report) -> Self {
        Session { samples, report }
    }

    /// Times everybody in turn, so that whatever slows the machine for a while slows all alike.
    pub fn measure<'a>(
        &mut self,
        case: &str,
        work: Work,
        ours: Contestant<'a>,
        peers: impl IntoIterator<Item = Contestant<'a>>,
    ) -> Result<()> {
        let mut contestants: Vec<_> = std::iter::once(ours).chain(peers).collect();
        let mut runs = Vec::new();
        for contestant in &mut contestants {
            contestant.time(WARM_UP_RUNS)?;
            let once = contestant.time(1)?;
            runs.push(SAMPLE.div_duration_f64(once).ceil() as u32);
        }
        let mut seconds = vec![Vec::new(); contestants.len()];
        for _ in 0..self.samples {
            for ((contestant, &runs), seconds) in contestants.iter_mut().zip(&runs).zip(&mut seconds) {
                seconds.push(contestant.time(runs)?.as_secs_f64());
            }
        }
        let names = contestants.iter().map(|contestant| contestant.name);
        self.report.case(case, work, names.zip(seconds).map(|(name, seconds)| Figures { name, seconds }).collect());
        Ok(())
    }
}
