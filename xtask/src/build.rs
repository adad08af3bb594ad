//! What several commands build, and folders that they build in.

use crate::{ROOT, cargo, run};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};

/// What cargo says of a manifest.
pub struct Metadata {
    pub version: String,
    pub target: PathBuf,
}

pub fn metadata(manifest: &str) -> Result<Metadata> {
    let mut metadata = cargo(&["metadata", "--no-deps", "--format-version", "1", "--manifest-path", manifest]);
    let output = metadata.output().with_context(|| format!("cannot run {metadata:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{metadata:?} failed: {}", said.trim());
    let json: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let packages = json["packages"].as_array().context("cargo names no packages")?;
    let path = Path::new(ROOT).join(manifest).canonicalize()?;
    let is_ours = |package: &&serde_json::Value| {
        let manifest = package["manifest_path"].as_str().map(|path| Path::new(path).canonicalize());
        manifest.is_some_and(|manifest| manifest.is_ok_and(|manifest| manifest == path))
    };
    let package = packages.iter().find(is_ours).with_context(|| format!("{manifest} is of no package"))?;
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned).context("cargo leaves something out");
    Ok(Metadata { version: text(&package["version"])?, target: text(&json["target_directory"])?.into() })
}

/// Builds the whole command line, and gives its path.
pub fn command_line() -> Result<PathBuf> {
    run(cargo(&["build", "--release", "--features", "full", "--bin", "gpu-activations"]))?;
    let program = format!("gpu-activations{}", std::env::consts::EXE_SUFFIX);
    Ok(metadata("Cargo.toml")?.target.join("release").join(program))
}

/// A folder without anything in it.
pub fn empty(folder: PathBuf) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
