//! Trains networks with every activation, and reports which is good.

mod quick;
mod run;

use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;

/// Trains small networks with every activation on the device, and reports what was found.
///
/// Every training that is done is kept in a record. A run that is stopped goes on when it is called again.
#[derive(Parser)]
#[command(bin_name = "cargo xtask experiments")]
struct Arguments {
    /// Experiments and claims that --list names, to train for; all, with the report, where none is
    /// given.
    names: Vec<String>,
    /// Says what there is to name.
    #[arg(long, conflicts_with_all = ["names", "quick"])]
    list: bool,
    /// Trains a few networks, and checks that they learn and that training repeats bit for bit.
    #[arg(long, conflicts_with = "names")]
    quick: bool,
    /// Keeps trainings in this file, and goes on from there.
    #[arg(long, value_name = "FILE", default_value = "target/experiments/record.jsonl")]
    record: PathBuf,
    /// The folder of the digits.
    #[arg(long, value_name = "FOLDER", default_value = "examples/data")]
    data: PathBuf,
    /// Writes tables and pictures to this folder.
    #[arg(long, value_name = "FOLDER", default_value = "experiments/results")]
    output: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = if arguments.list {
        run::list()
    } else if arguments.quick {
        quick::check(&arguments.data)
    } else {
        run::perform(&arguments)
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
