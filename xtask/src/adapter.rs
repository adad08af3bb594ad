//! Sees that there is an adapter, a software one if need be.

use crate::{cargo, run};
use anyhow::{Context, Result, bail, ensure};
use std::process::{Command, Stdio};

pub const PACKAGE: &str = "mesa-vulkan-drivers";

/// Installs a software Vulkan driver where no adapter is found and apt is there.
pub fn ensure() -> Result<()> {
    if found()? {
        return Ok(());
    }
    install("no adapter can run compute shaders", PACKAGE)?;
    ensure!(found()?, "{PACKAGE} is installed, but still no adapter is found");
    Ok(())
}

/// Installs lavapipe, Mesa's software Vulkan driver, where it is not found and apt is there.
pub fn ensure_lavapipe() -> Result<()> {
    if has_lavapipe()? {
        return Ok(());
    }
    install("lavapipe is not found", PACKAGE)?;
    ensure!(has_lavapipe()?, "{PACKAGE} is installed, but still lavapipe is not found");
    Ok(())
}

fn has_lavapipe() -> Result<bool> {
    Ok(names()?.iter().any(|name| name.starts_with("llvmpipe") && name.ends_with("on vulkan")))
}

/// Installs a Debian package, where apt and the rights are there, for want of something.
pub fn install(reason: &str, package: &str) -> Result<()> {
    let apt = privileged_apt(reason, package)?;
    println!("xtask: {reason}; installing Debian's {package}");
    // Without fresh lists the installation may still succeed from those there are.
    if let Err(error) = run(command(&apt, &["update"])) {
        println!("xtask: {error:#}");
    }
    run(command(&apt, &["install", "-y", "--no-install-recommends", package]))
}

/// Whether the command line finds an adapter.
fn found() -> Result<bool> {
    Ok(!devices()?.is_empty())
}

/// What the command line says of the adapters, one JSON object a line.
fn devices() -> Result<String> {
    let mut devices = cargo(&["run", "--quiet", "--release", "--features", "full", "--", "devices", "--json"]);
    let output = devices.stderr(Stdio::inherit()).output().with_context(|| format!("cannot run {devices:?}"))?;
    ensure!(output.status.success(), "{devices:?} failed: {}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

/// The adapters, each as "name on backend".
pub fn names() -> Result<Vec<String>> {
    let name = |line: &str| -> Result<String> {
        let device: serde_json::Value = serde_json::from_str(line)?;
        let text = |key: &str| device[key].as_str().unwrap_or_default().to_owned();
        Ok(format!("{} on {}", text("adapter"), text("backend")))
    };
    devices()?.lines().map(name).collect()
}

/// The words that begin an apt-get command with the rights to install.
fn privileged_apt(reason: &str, package: &str) -> Result<Vec<&'static str>> {
    if !succeeds(&["apt-get", "--version"]) {
        bail!("{reason}, and there is no apt to install Debian's {package}; install it, or its like, by hand");
    }
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    if root {
        Ok(vec!["apt-get"])
    } else if succeeds(&["sudo", "-n", "true"]) {
        Ok(vec!["sudo", "-n", "apt-get"])
    } else {
        bail!("{reason}, and installing one needs root; run `sudo apt-get install {package}`")
    }
}

pub fn succeeds(words: &[&str]) -> bool {
    let quiet = command(words, &[]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

fn command(words: &[&str], arguments: &[&str]) -> Command {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    command
}
