//! Sees that there is an adapter, a software one if need be.

use crate::{cargo, run};
use anyhow::{Context, Result, bail, ensure};
use std::process::{Command, Stdio};

const PACKAGE: &str = "mesa-vulkan-drivers";

/// Installs a software Vulkan driver where no adapter is found and apt is there.
pub fn ensure() -> Result<()> {
    if found()? {
        return Ok(());
    }
    let apt = privileged_apt()?;
    println!("xtask: no adapter can run compute shaders; installing Debian's {PACKAGE}, a software Vulkan driver");
    install(&apt, PACKAGE)?;
    ensure!(found()?, "{PACKAGE} is installed, but still no adapter is found");
    Ok(())
}

/// Installs a Debian package.
fn install(apt: &[&str], package: &str) -> Result<()> {
    // Without fresh lists the installation may still succeed from those there are.
    if let Err(error) = run(command(apt, &["update"])) {
        println!("xtask: {error:#}");
    }
    run(command(apt, &["install", "-y", "--no-install-recommends", package]))
}

/// Installs a Debian package where apt and the rights are there.
pub fn install_if_possible(package: &str) -> Result<()> {
    let apt = privileged_apt().ok().with_context(|| format!("cannot install {package}"))?;
    install(&apt, package)
}

/// Whether the command line finds an adapter.
fn found() -> Result<bool> {
    Ok(!devices()?.is_empty())
}

/// What the command line says of the adapters, one JSON object a line.
fn devices() -> Result<String> {
    let mut devices = cargo(&["run", "--quiet", "--release", "--features", "cli", "--", "devices", "--json"]);
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
fn privileged_apt() -> Result<Vec<&'static str>> {
    let advice = "no adapter can run compute shaders";
    if !cfg!(target_os = "linux") {
        bail!("{advice}; install or update a driver for Vulkan, Direct3D 12 or Metal");
    }
    if !succeeds(&["apt-get", "--version"]) {
        bail!(
            "{advice}, and there is no apt; install Mesa's software Vulkan driver, lavapipe, by your package manager"
        );
    }
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    if root {
        Ok(vec!["apt-get"])
    } else if succeeds(&["sudo", "-n", "true"]) {
        Ok(vec!["sudo", "-n", "apt-get"])
    } else {
        bail!("{advice}, and installing one needs root; run `sudo apt-get install {PACKAGE}`")
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
