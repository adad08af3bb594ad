//! `gpu-activations-cluster`: the roles of a Ballista cluster that knows the functions of gpu-activations.

mod executor;
mod query;
mod scheduler;
mod session;
mod warnings;

use clap::Parser;
use gpu_activations_datafusion::cli::one_line;
use std::process::ExitCode;

/// A Ballista cluster with the functions of gpu-activations. The scheduler, the executors and the client need the same
/// --prefix, --replace and --device.
#[derive(Parser)]
#[command(version)]
enum Role {
    /// Plans queries, and gives their parts to executors.
    Scheduler(scheduler::Arguments),
    /// Computes parts of queries on this machine's adapter.
    Executor(executor::Arguments),
    /// Runs a query over Parquet files, and writes the result into a Parquet file here. The scheduler and every executor must
    /// see the input under the same path.
    Query(query::Arguments),
}

/// As Ballista's own commands have it, because plans are walked by recursion.
const STACK_BYTES: usize = 32 << 20;

fn main() -> ExitCode {
    warnings::show();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).build();
    let done = runtime.map_err(anyhow::Error::from).and_then(|runtime| {
        runtime.block_on(async {
            match Role::parse() {
                Role::Scheduler(arguments) => scheduler::run(arguments).await,
                Role::Executor(arguments) => executor::run(arguments).await,
                Role::Query(arguments) => query::run(arguments).await,
            }
        })
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gpu-activations-cluster: {}", one_line(&error));
            ExitCode::FAILURE
        }
    }
}
