//! What the commands of this workspace share: their arguments, and the way of rows into a file.

mod copy;

pub use copy::write;

use crate::{BATCH_ROWS, Device, Options};
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use std::path::PathBuf;

/// An error with its causes in one line. DataFusion's errors quote their causes themselves, so those are left out.
#[must_use]
pub fn one_line(error: &anyhow::Error) -> String {
    let with = |said: String, cause: String| if said.contains(&cause) { said } else { format!("{said}: {cause}") };
    error.chain().map(ToString::to_string).reduce(with).unwrap_or_default()
}

/// How functions are named, and what computes them.
#[derive(Args, Debug, Clone)]
pub struct Functions {
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
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Where {
    /// An adapter, or an error.
    Adapter,
    /// The f64 reference on the CPU.
    Reference,
    /// An adapter, or the reference where there is none.
    AdapterOrReference,
}

impl From<&Functions> for Options {
    fn from(given: &Functions) -> Options {
        let device = match given.device {
            Where::Adapter => Device::Adapter,
            Where::Reference => Device::Reference,
            Where::AdapterOrReference => Device::AdapterOrReference,
        };
        let Functions { prefix, replace, adapter, .. } = given.clone();
        Options { prefix, replace, device, adapter, node: None }
    }
}

/// A query, its tables, and the file for what it gives.
#[derive(Args, Debug)]
pub struct Query {
    /// The query, as in "SELECT gelu(x) AS y FROM input".
    query: String,
    /// A Parquet file or a folder of them, as the table `input`, or as NAME. May be given several times. Write ./year=2024 for a
    /// relative path whose first part has an equals sign.
    #[arg(long, value_name = "[NAME=]PATH")]
    input: Vec<String>,
    /// The file to write.
    #[arg(long, value_name = "PATH")]
    output: PathBuf,
    /// The most rows of a batch, which passes through the device at once.
    #[arg(long, value_name = "ROWS", default_value_t = BATCH_ROWS as u64, value_parser = clap::value_parser!(u64).range(1..=1 << 30))]
    batch: u64,
    /// How many parts of a table are read and computed side by side. With more than one, rows come in any order, unless the
    /// query has an ORDER BY.
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    partitions: u64,
}

impl Query {
    /// The same configuration with this query's batches and partitions.
    #[must_use]
    pub fn configure(&self, config: SessionConfig) -> SessionConfig {
        config.with_batch_size(self.batch as usize).with_target_partitions(self.partitions as usize)
    }

    /// Runs the query and writes what it gives. An interrupt stops it, and leaves no file behind.
    ///
    /// # Errors
    /// Those of DataFusion, and of files.
    pub async fn run(&self, session: &SessionContext) -> Result<()> {
        for input in &self.input {
            // A folder's name may have the sign, too, as in data/year=2024.
            let named = input.split_once('=').filter(|(name, _)| !name.contains(['/', '\\']));
            let (name, path) = named.unwrap_or(("input", input));
            let read = session.register_parquet(name, path, ParquetReadOptions::default()).await;
            read.with_context(|| format!("cannot read {path}"))?;
        }
        let rows = session.sql(&self.query).await?;
        tokio::select! {
            done = write(rows, &self.output) => done,
            _ = tokio::signal::ctrl_c() => anyhow::bail!("stopped; {} was not written", self.output.display()),
        }
    }
}
