//! Holds the names of other libraries against the libraries that Python has.

use anyhow::{Context, Result, ensure};
use clap::Args;
use std::process::Command;

#[derive(Args)]
pub struct Arguments {
    /// Writes tests/catalog/library_values.json instead of comparing with it.
    #[arg(long)]
    write: bool,
}

pub fn perform(arguments: &Arguments) -> Result<()> {
    let mut python = Command::new("python3");
    python.args(["xtask/library_values.py", "tests/catalog/library_values.json"]);
    python.args(arguments.write.then_some("--write")).current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let output = python.output().with_context(|| format!("cannot run {python:?}"))?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}
