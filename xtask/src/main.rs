//! The project's own commands.

mod accuracy;
mod adapter;
mod build;
mod chromium;
mod dawn;
mod instructions;
mod libraries;
mod node;
mod python;
mod sql;
mod web;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use std::process::{Command, ExitCode};

/// The library's folder.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Commands that see to an adapter first: where there is none, a software one is installed if that is possible.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
enum Task {
    /// Evaluates a real data set, forward and backward, says how far the results are from the reference, and draws
    /// every function.
    Demo,
    /// Runs all tests.
    Test,
    /// Holds every function to its bounds on compilers that take all liberties with arithmetic, imitated on lavapipe.
    Hostile,
    /// Compares every adapter with the reference, and PyTorch and JAX where Python has them, and writes the table in
    /// benches/accuracy; goes on with records that are there.
    Accuracy,
    /// Compiles every module with Dawn, Chrome's compiler of WGSL, and compares what the functions give there; needs node.
    Dawn,
    /// Builds the npm package and the page of integrations/web in target/web; needs node.
    Web,
    /// Tests both in Chromium on SwiftShader, and the package's results against the crate's there; needs node.
    TestWeb,
    /// Builds the Python package of integrations/python as a wheel in target/python/wheels; needs Python 3.10 or newer.
    Wheel,
    /// Installs the wheel in a virtual environment, and tests it against the command line on the same adapter.
    TestPython(python::Arguments),
    /// Tests the SQL functions of integrations/datafusion; compiles DataFusion, which takes a while.
    TestSql,
    /// Runs queries on a cluster of two executors on this machine, and kills one of them at three points.
    TestCluster,
    /// Counts the instructions of every kernel in an AMD GPU's machine code, which Mesa compiles without the GPU.
    Instructions(instructions::Arguments),
    /// Compares the names of other libraries with those libraries, as Python has them.
    Libraries(libraries::Arguments),
    /// Trains networks with every activation, and writes what was found to experiments/results; takes what `--help` after it
    /// says.
    #[command(disable_help_flag = true)]
    Experiments {
        #[arg(allow_hyphen_values = true, trailing_var_arg = true)]
        arguments: Vec<String>,
    },
    /// Writes what is checked in but follows from the catalogue: the table in README.md and the pictures.
    Generate,
}

fn main() -> ExitCode {
    match perform(Task::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: Task) -> Result<()> {
    match task {
        Task::Demo => {
            let evaluate = || run(cargo(&["run", "--release", "--features", "full", "--example", "batch_evaluation"]));
            if let Err(error) = adapter::ensure() {
                println!("xtask: {error:#}; the demo runs on the CPU reference, and without the pictures");
                return evaluate();
            }
            evaluate()?;
            run(cargo(&["run", "--release", "--features", "full", "--example", "render_gallery"]))
        }
        Task::Test => {
            adapter::ensure().context("the tests need an adapter")?;
            run(cargo(&["test", "--release", "--workspace", "--features", "full,serde"]))
        }
        Task::Hostile => {
            adapter::ensure_lavapipe().context("hostile compilers are imitated on lavapipe")?;
            run(cargo(&["test", "--release", "--features", "full", "--test", "hostile"]))
        }
        Task::Accuracy => accuracy::record(),
        Task::Dawn => dawn::check(),
        Task::Web => web::build().map(|_| ()),
        Task::TestWeb => web::test(),
        Task::Wheel => python::build().map(|_| ()),
        Task::TestPython(arguments) => python::test(&arguments),
        Task::TestSql => sql::test(),
        Task::TestCluster => sql::test_cluster(),
        Task::Instructions(arguments) => instructions::perform(&arguments),
        Task::Libraries(arguments) => libraries::perform(&arguments),
        Task::Experiments { arguments } => {
            adapter::ensure().context("networks are trained on an adapter")?;
            let mut train = cargo(&["run", "--quiet", "--release", "--package", "experiments", "--"]);
            train.args(arguments);
            run(train)
        }
        Task::Generate => {
            adapter::ensure().context("the pictures need an adapter")?;
            std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/../pictures"))?;
            let mut generate = cargo(&["test", "--release", "--features", "full", "--test", "project", "generated"]);
            generate.env("UPDATE", "1");
            run(generate)
        }
    }
}

/// A cargo command in the workspace's root.
fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments).current_dir(ROOT);
    // Without a session, Mesa's Vulkan layer that looks for its adapter complains on stderr, once for each context.
    if cfg!(target_os = "linux") && std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        command.env("NODEVICE_SELECT", "1");
    }
    command
}

fn run(mut command: Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(status.success(), "{command:?} failed: {status}");
    Ok(())
}
