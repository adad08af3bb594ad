//! Tests of SQL on a cluster: a scheduler and executors on this machine.

use crate::{adapter, cargo, run};
use anyhow::{Context, Result};

pub fn test() -> Result<()> {
    adapter::ensure().context("executors compute on an adapter")?;
    // One after the other, because each test has this machine for its cluster.
    run(cargo(&[
        "test",
        "--release",
        "--manifest-path",
        "integrations/datafusion/Cargo.toml",
        "--package",
        "gpu-activations-ballista",
        "--target-dir",
        "target/datafusion",
        "--",
        "--nocapture",
        "--test-threads",
        "1",
    ]))
}
