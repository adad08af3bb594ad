//! Measures accuracy and writes it down.

use crate::{ROOT, adapter, cargo, run, web};
use anyhow::{Context, Result};
use std::path::Path;
use std::process::Command;

pub fn record() -> Result<()> {
    adapter::ensure().context("accuracy needs an adapter")?;
    let folder = Path::new(ROOT).join("target/accuracy");
    std::fs::create_dir_all(&folder)?;
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let (inputs, results) = (text(&folder.join("inputs.npy")), text(&folder.join("peers")));
    let mut verify: Vec<String> =
        ["verify", "--step", "97", "--resume", "benches/accuracy/sampled.json"].map(str::to_owned).into();
    for adapter in adapter::names()? {
        verify.extend(["--adapter".to_owned(), adapter]);
    }
    run(program(&verify))?;
    run(example(&["inputs", &inputs]))?;
    let mut peers = Command::new("python3");
    peers.args(["xtask/peers.py", &inputs, &results]).current_dir(ROOT);
    match run(peers) {
        Ok(()) => run(example(&["peers", &inputs, &results]))?,
        Err(error) => println!("xtask: {error:#}; the record of PyTorch and JAX stays as it is"),
    }
    let browser = text(&folder.join("chromium.json"));
    match web::measure(&browser) {
        Ok(()) => run(example(&["browser", &browser]))?,
        Err(error) => println!("xtask: {error:#}; the record of Chromium stays as it is"),
    }
    let date = Command::new("date").args(["-u", "+%F"]).output().context("cannot run date")?;
    run(example(&["table", String::from_utf8_lossy(&date.stdout).trim()]))
}

fn program(arguments: &[String]) -> Command {
    let mut command = cargo(&["run", "--release", "--features", "full", "--bin", "gpu-activations", "--"]);
    command.args(arguments);
    command
}

fn example(arguments: &[&str]) -> Command {
    let mut command = cargo(&["run", "--release", "--features", "full", "--example", "accuracy_table", "--"]);
    command.args(arguments);
    command
}
