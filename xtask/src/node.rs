//! Node and the npm packages that commands need.

use crate::{adapter, run};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of an npm package below a home of several, installed where it is not there in this version.
pub fn package(home: &Path, name: &str, version: &str) -> Result<PathBuf> {
    for program in ["node", "npm"] {
        ensure!(
            adapter::succeeds(&[program, "--version"]),
            "{program} is missing; install node, as by `apt-get install nodejs npm`"
        );
    }
    let package = home.join("node_modules").join(name);
    let installed = || -> Option<String> {
        let text = fs::read_to_string(package.join("package.json")).ok()?;
        let json: serde_json::Value = serde_json::from_str(&text).ok()?;
        Some(json["version"].as_str()?.to_owned())
    };
    if installed().as_deref() != Some(version) {
        fs::create_dir_all(home)?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--save-exact", "--prefix"]);
        npm.arg(home).arg(format!("{name}@{version}"));
        run(npm).with_context(|| format!("cannot install {name} from npm"))?;
        ensure!(installed().as_deref() == Some(version), "npm has not installed {name} {version}");
    }
    Ok(package)
}
