//! Tests of SQL, in one process and on a cluster on this machine.

use crate::{adapter, cargo, run};
use anyhow::{Context, Result};

pub fn test() -> Result<()> {
    tested("gpu-activations-datafusion", &["--features", "cli"])
}

pub fn test_cluster() -> Result<()> {
    // One after the other, because each test has this machine for its cluster.
    tested("gpu-activations-ballista", &["--", "--nocapture", "--test-threads", "1"])
}

/// Runs the tests of a package of integrations/datafusion.
fn tested(package: &str, arguments: &[&str]) -> Result<()> {
    adapter::ensure().context("SQL functions compute on an adapter")?;
    // Without optimization: DataFusion takes six times as long to compile with it.
    let mut tests = cargo(&["test", "--manifest-path", "integrations/datafusion/Cargo.toml"]);
    tests.args(["--target-dir", "target/datafusion", "--package", package]).args(arguments);
    run(tests)
}
