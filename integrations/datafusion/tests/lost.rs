//! A lost device, in a process of its own, because a process has one context.

mod session;

use datafusion::arrow::array::{ArrayRef, Float32Array};
use gpu_activations_datafusion::{Options, shared_context};
use session::{column, session, table};
use std::sync::Arc;

#[tokio::test]
async fn a_lost_device_is_an_error_and_the_next_query_has_another() -> anyhow::Result<()> {
    let options = Options::default();
    let session = session(&options, table([("x", Arc::new(Float32Array::from(vec![1.0, 2.0])) as ArrayRef)]))?;
    let query = "SELECT gelu(x) FROM t";
    column(&session, query).await?;
    shared_context(&options)?.device().destroy();
    let error = column(&session, query).await.unwrap_err().to_string();
    assert!(error.contains("the device was lost"), "{error}");
    assert_eq!(column(&session, query).await?.len(), 2);
    Ok(())
}
