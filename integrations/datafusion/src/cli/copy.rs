//! From a stream of batches to a file.

use anyhow::{Context, Result, ensure};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::dataframe::DataFrame;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::physical_plan::execute_stream;
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use futures::StreamExt;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::Path;
use tempfile::NamedTempFile;
use tokio::sync::mpsc::{self, Receiver};

/// Batches that wait for the writer.
const WAITING: usize = 1;

/// Runs the query and writes its rows. The file appears when it is whole. At any time only a few batches and one row group
/// are in memory.
///
/// # Errors
/// Those of DataFusion, and of the file.
pub async fn write(rows: DataFrame, path: &Path) -> Result<()> {
    let context = rows.task_ctx();
    let plan = rows.create_physical_plan().await?;
    let total = StatisticsContext::new().compute(plan.as_ref(), &StatisticsArgs::new())?.num_rows.get_value().copied();
    let mut stream = execute_stream(plan, context.into())?;
    let (sender, receiver) = mpsc::channel(WAITING);
    let file = temporary(path)?;
    let schema = stream.schema();
    let writer = tokio::task::spawn_blocking(move || drain(receiver, schema, file));
    let progress = bar(total);
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        progress.inc(batch.num_rows() as u64);
        if sender.send(batch).await.is_err() {
            // The writer has failed, and says why.
            break;
        }
    }
    drop(sender);
    let file = writer.await??;
    file.persist(path).with_context(|| format!("cannot write {}", path.display()))?;
    progress.finish();
    Ok(())
}

/// A file beside the one to be written, which is removed unless it takes that one's place. A device or a folder keeps its
/// place.
fn temporary(path: &Path) -> Result<NamedTempFile> {
    if let Ok(metadata) = path.metadata() {
        ensure!(metadata.is_file(), "the output {} exists and is not a regular file", path.display());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".gpu-activations-");
    // As for any new file, less what the process's umask takes.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder).with_context(|| format!("cannot write into {}", folder.display()))
}

/// Writes batches until there are no more.
fn drain(mut batches: Receiver<RecordBatch>, schema: SchemaRef, mut file: NamedTempFile) -> Result<NamedTempFile> {
    let mut writer = ArrowWriter::try_new(file.as_file_mut(), schema, None)?;
    while let Some(batch) = batches.blocking_recv() {
        writer.write(&batch)?;
    }
    writer.close()?;
    Ok(file)
}

/// A bar on stderr, where that is a terminal.
fn bar(total: Option<usize>) -> ProgressBar {
    let (bar, template) = match total {
        Some(total) => (ProgressBar::new(total as u64), "{wide_bar} {human_pos}/{human_len} rows, {per_sec}, {eta}"),
        None => (ProgressBar::new_spinner(), "{spinner} {human_pos} rows, {per_sec}"),
    };
    bar.with_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()))
}
