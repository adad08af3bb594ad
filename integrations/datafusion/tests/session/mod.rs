//! Sessions with one table, t, in several batches.
#![allow(dead_code, reason = "each test file uses a part")]

use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::compute::concat;
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};
use gpu_activations_datafusion::{Options, register};
use std::sync::Arc;

pub fn table<const N: usize>(columns: [(&str, ArrayRef); N]) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap()
}

pub fn session(options: &Options, batch: RecordBatch) -> anyhow::Result<SessionContext> {
    let mut session = SessionContext::new_with_config(SessionConfig::new().with_round_robin_repartition(false));
    register(&mut session, options)?;
    let parts = batch.num_rows().div_ceil(3).max(1);
    let slice = |start| batch.slice(start, parts.min(batch.num_rows() - start));
    let batches: Vec<Vec<RecordBatch>> =
        (0..batch.num_rows().max(1)).step_by(parts).map(|start| vec![slice(start)]).collect();
    session.register_table("t", Arc::new(MemTable::try_new(batch.schema(), batches)?))?;
    Ok(session)
}

/// The columns that a query gives, in the order of its batches.
pub async fn columns(session: &SessionContext, query: &str) -> anyhow::Result<Vec<ArrayRef>> {
    let rows = session.sql(query).await?;
    let schema = rows.schema().inner().clone();
    let batches = rows.collect_partitioned().await?.concat();
    let column = |index: usize| -> anyhow::Result<ArrayRef> {
        let parts: Vec<_> = batches.iter().map(|batch| batch.column(index).as_ref()).collect();
        Ok(match parts.is_empty() {
            true => datafusion::arrow::array::new_empty_array(schema.field(index).data_type()),
            false => concat(&parts)?,
        })
    };
    (0..schema.fields().len()).map(column).collect()
}

pub async fn column(session: &SessionContext, query: &str) -> anyhow::Result<ArrayRef> {
    Ok(columns(session, query).await?.remove(0))
}
