//! gpu-activations beside its peers, measured in one run on one adapter. README.md says what is compared, and how.

mod cases;
mod contestants;
mod report;
mod session;

use anyhow::Result;
use clap::Parser;
use contestants::Libraries;
use gpu_activations::Accuracy;
use report::Report;
use session::Session;

/// Measures gpu-activations beside burn, ndarray and hand-written wgpu, on the same adapter.
#[derive(Parser)]
struct Arguments {
    /// What to measure; everything unless told.
    #[arg(value_enum)]
    groups: Vec<cases::Group>,
    /// One JSON object a line instead of tables.
    #[arg(long)]
    json: bool,
    /// Samples of each contestant, whose median counts.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..))]
    samples: u16,
    /// The accuracy of gpu-activations: highest or fast.
    #[arg(long, default_value = "highest")]
    accuracy: Accuracy,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let libraries = Libraries::on_one_adapter(arguments.accuracy)?;
    let mut session = Session::new(arguments.samples, Report::new(arguments.json));
    session.report.adapters(&libraries, arguments.samples);
    for group in cases::Group::chosen(&arguments.groups) {
        session.report.begin(group.title());
        group.measure(&libraries, &mut session)?;
        session.report.end();
    }
    session.report.summary();
    Ok(())
}
