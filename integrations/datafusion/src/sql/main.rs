//! `gpu-activations-sql`: a query over Parquet files, whose result is a Parquet file.

mod copy;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use gpu_activations_datafusion::{Device, Options, register};
use std::path::PathBuf;
use std::process::ExitCode;

/// Runs a query over Parquet files with the functions of gpu-activations, and writes what it gives into a Parquet file.
///
/// Rows pass through in batches, so files may be larger than memory. The output appears when it is whole.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The query, as in "SELECT gelu(x) AS y FROM input".
    query: String,
    /// A Parquet file or a folder of them, as the table `input`; NAME=PATH gives it another name. May be given several
    /// times.
    #[arg(long, value_name = "[NAME=]PATH", required = true)]
    input: Vec<String>,
    /// The file to write.
    #[arg(long, value_name = "PATH")]
    output: PathBuf,
    /// What stands before the names of functions.
    #[arg(long, default_value = "")]
    prefix: String,
    /// Lets functions take the place of those of DataFusion with the same name.
    #[arg(long)]
    replace: bool,
    /// What computes.
    #[arg(long, value_enum, default_value_t = Where::Adapter)]
    device: Where,
    /// Words of the adapter's name.
    #[arg(long, value_name = "NAME")]
    adapter: Option<String>,
    /// Rows of a batch, which passes through the device at once.
    #[arg(long, value_name = "ROWS", default_value_t = 1 << 20, value_parser = clap::value_parser!(u64).range(1..=1 << 30))]
    batch: u64,
    /// Threads that read and compute. With more than one, rows come in any order, unless the query has an ORDER BY.
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1024))]
    partitions: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Where {
    /// An adapter, or an error.
    Adapter,
    /// The f64 reference on the CPU.
    Reference,
    /// An adapter, or the reference where there is none.
    AdapterOrReference,
}

impl From<Where> for Device {
    fn from(place: Where) -> Device {
        match place {
            Where::Adapter => Device::Adapter,
            Where::Reference => Device::Reference,
            Where::AdapterOrReference => Device::AdapterOrReference,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gpu-activations-sql: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<()> {
    let config = SessionConfig::new()
        .with_batch_size(arguments.batch as usize)
        .with_target_partitions(arguments.partitions as usize);
    let mut session = SessionContext::new_with_config(config);
    let Arguments { prefix, replace, adapter, .. } = arguments;
    register(&mut session, &Options { prefix, replace, device: arguments.device.into(), adapter, node: None })?;
    for input in &arguments.input {
        let (name, path) = input.split_once('=').unwrap_or(("input", input));
        let read = session.register_parquet(name, path, ParquetReadOptions::default()).await;
        read.with_context(|| format!("cannot read {path}"))?;
    }
    let rows = session.sql(&arguments.query).await?;
    tokio::select! {
        done = copy::write(rows, &arguments.output) => done,
        _ = tokio::signal::ctrl_c() => anyhow::bail!("stopped; {} was not written", arguments.output.display()),
    }
}
