//! A table in Parquet through `gelu`, into Parquet, in batches that a device likes.
//!
//! ```sh
//! cargo run --release --example parquet
//! ```

use datafusion::dataframe::DataFrameWriteOptions;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use gpu_activations_datafusion::{BATCH_ROWS, Device, Options, register};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let [input, output] = ["in.parquet", "out.parquet"].map(|name| folder.path().join(name).display().to_string());

    let mut session = SessionContext::new_with_config(SessionConfig::new().with_batch_size(BATCH_ROWS));
    register(&mut session, &Options { device: Device::AdapterOrReference, ..Options::default() })?;
    let numbers = session.sql("SELECT CAST(value AS FLOAT) / 1000 AS x FROM generate_series(-5000, 5000)").await?;
    numbers.write_parquet(&input, DataFrameWriteOptions::new(), None).await?;

    session.register_parquet("input", &input, ParquetReadOptions::default()).await?;
    let rows = session.sql("SELECT x, gelu(x) AS y, gelu_derivative(x) AS slope FROM input").await?;
    rows.write_parquet(&output, DataFrameWriteOptions::new(), None).await?;

    session.register_parquet("output", &output, ParquetReadOptions::default()).await?;
    session.sql("SELECT * FROM output WHERE x IN (-1, 0, 1) ORDER BY x").await?.show().await?;
    Ok(())
}
