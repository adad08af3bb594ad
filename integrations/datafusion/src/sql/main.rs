//! `gpu-activations-sql`: a query over Parquet files, whose result is a Parquet file.

use anyhow::Result;
use clap::Parser;
use datafusion::prelude::{SessionConfig, SessionContext};
use gpu_activations_datafusion::cli::{Functions, Query, one_line};
use gpu_activations_datafusion::{Options, register};
use std::process::ExitCode;

/// Runs a query over Parquet files with the functions of gpu-activations, and writes what it gives into a Parquet file.
///
/// Rows pass through in batches, so files may be larger than memory, unless the query itself collects rows, as ORDER BY does.
/// The output appears when it is whole.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    query: Query,
    #[command(flatten)]
    functions: Functions,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gpu-activations-sql: {}", one_line(&error));
            ExitCode::FAILURE
        }
    }
}

async fn run(Arguments { query, functions }: Arguments) -> Result<()> {
    let mut session = SessionContext::new_with_config(query.configure(SessionConfig::new()));
    register(&mut session, &Options::from(&functions))?;
    query.run(&session).await
}
