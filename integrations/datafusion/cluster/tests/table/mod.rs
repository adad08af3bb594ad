//! A table of many Parquet files.

use crate::processes::{Cluster, Process};
use anyhow::Result;
use datafusion::arrow::array::{Float32Array, Int64Array, RecordBatch};
use datafusion::arrow::compute::concat_batches;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::prelude::{ParquetReadOptions, SessionContext};
use gpu_activations_datafusion::{Options, register};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// Each is a partition.
pub const FILES: usize = 200;
const ROWS: usize = 20_000;

pub struct Table {
    folder: TempDir,
}

impl Table {
    /// `id` counts rows, `x` is of all sizes, with nulls and NaN.
    pub fn written() -> Result<Table> {
        let folder = TempDir::new()?;
        let mut random = fastrand::Rng::with_seed(1);
        for file in 0..FILES {
            let id = (file * ROWS..(file + 1) * ROWS).map(|id| id as i64);
            let x = (0..ROWS).map(|row| match row % 100 {
                0 => None,
                1 => Some(f32::NAN),
                _ => Some((random.f32() - 0.5) * 20.0),
            });
            let (id, x) = (Int64Array::from_iter_values(id), Float32Array::from_iter(x));
            let batch = RecordBatch::try_from_iter([("id", Arc::new(id) as _), ("x", Arc::new(x) as _)])?;
            let path = folder.path().join(format!("{file}.parquet"));
            let mut writer = ArrowWriter::try_new(File::create(path)?, batch.schema(), None)?;
            writer.write(&batch)?;
            writer.close()?;
        }
        Ok(Table { folder })
    }

    pub fn in_one_process(&self, query: &str, options: Options) -> Result<RecordBatch> {
        tokio::runtime::Runtime::new()?.block_on(async {
            let mut session = SessionContext::new();
            register(&mut session, &options)?;
            session.register_parquet("input", self.input(), ParquetReadOptions::default()).await?;
            let batches = session.sql(query).await?.collect().await?;
            Ok(concat_batches(&batches[0].schema(), &batches)?)
        })
    }

    /// Starts a query, and tells which file it writes.
    pub fn query(&self, cluster: &Cluster, query: &str, further: &[&str]) -> Result<(Process, PathBuf)> {
        let output = self.folder.path().with_extension("output");
        let own = [
            "query",
            query,
            "--scheduler",
            &cluster.scheduler,
            "--input",
            self.input(),
            "--output",
            &output.to_string_lossy(),
            "--partitions",
            &FILES.to_string(),
        ];
        Ok((Process::started(&[&own, further].concat())?, output))
    }

    pub fn on_cluster(&self, cluster: &Cluster, query: &str, further: &[&str]) -> Result<RecordBatch> {
        let (process, output) = self.query(cluster, query, further)?;
        process.finished()?.expect_success()?;
        read(&output)
    }

    fn input(&self) -> &str {
        self.folder.path().to_str().unwrap_or_default()
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        // Absent after a query that failed.
        let _ = std::fs::remove_file(self.folder.path().with_extension("output"));
    }
}

pub fn read(path: &Path) -> Result<RecordBatch> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let schema = builder.schema().clone();
    let batches = builder.build()?.collect::<Result<Vec<_>, _>>()?;
    Ok(concat_batches(&schema, &batches)?)
}
