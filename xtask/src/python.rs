//! Builds the wheel of integrations/python, and tests it in an environment of its own.

use crate::build::{command_line, empty};
use crate::{ROOT, adapter, run};
use anyhow::{Context, Result};
use clap::Args;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

const FOLDER: &str = "integrations/python";

/// PyTorch's own index, whose packages need no CUDA.
const TORCH_FOR_CPUS: &str = "https://download.pytorch.org/whl/cpu";

#[derive(Args)]
pub struct Arguments {
    /// Installs PyTorch, and runs the tests that need it; gigabytes from PyPI where PyTorch's own index is out of reach.
    #[arg(long)]
    torch: bool,
}

/// Builds the wheel, and gives its path.
pub fn build() -> Result<PathBuf> {
    let begin = Instant::now();
    let environment = environment("venv")?;
    pip(&environment, &["install", "--quiet", &maturin()?])?;
    let wheels = empty(folder().join("wheels"))?;
    let mut build = Command::new(in_environment(&environment, "maturin"));
    build.args(["build", "--release", "--out"]).arg(&wheels).current_dir(Path::new(ROOT).join(FOLDER));
    if std::env::var_os("CARGO_TARGET_DIR").is_none() {
        build.env("CARGO_TARGET_DIR", folder().join("cargo"));
    }
    run(build)?;
    let wheel = fs::read_dir(&wheels)?.next().context("maturin has written no wheel")??.path();
    let (bytes, name) = (fs::metadata(&wheel)?.len(), wheel.file_name().unwrap_or_default().to_string_lossy());
    println!("target/python/wheels/{name}: {bytes} bytes, in {} s", begin.elapsed().as_secs());
    Ok(wheel)
}

/// Installs the wheel where nothing else is, and holds it against the command line on the same adapter.
pub fn test(arguments: &Arguments) -> Result<()> {
    adapter::ensure().context("the tests need an adapter")?;
    let program = command_line()?;
    let wheel = build()?;
    empty(folder().join("tests"))?;
    let environment = environment("tests")?;
    let wheel = wheel.to_str().context("the wheel's path is no text")?;
    pip(&environment, &["install", "--quiet", wheel, "pytest", "ml_dtypes"])?;
    if arguments.torch {
        let of_cpus = ["install", "--quiet", "--retries", "0", "--index-url", TORCH_FOR_CPUS, "torch"];
        pip(&environment, &of_cpus).or_else(|_| pip(&environment, &["install", "--quiet", "torch"]))?;
    }
    let begin = Instant::now();
    let mut tests = Command::new(in_environment(&environment, "python"));
    tests.args(["-m", "pytest", "-ra", "-p", "no:cacheprovider"]).current_dir(Path::new(ROOT).join(FOLDER));
    tests.env("GPU_ACTIVATIONS_PROGRAM", program).env("PYTHONDONTWRITEBYTECODE", "1");
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        tests.env("NODEVICE_SELECT", "1");
    }
    run(tests).context("the wheel fails")?;
    if !arguments.torch {
        println!("xtask: tests that need PyTorch were left out; --torch installs it");
    }
    println!("all in {} s", begin.elapsed().as_secs());
    Ok(())
}

fn folder() -> PathBuf {
    Path::new(ROOT).join("target/python")
}

/// A virtual environment below target/python, made where it is not there.
fn environment(name: &str) -> Result<PathBuf> {
    let environment = folder().join(name);
    if !in_environment(&environment, "python").exists() {
        let python = if cfg!(windows) { "python" } else { "python3" };
        // Debian has the two in a package of their own.
        if !adapter::succeeds(&[python, "-c", "import ensurepip, venv"]) {
            adapter::install("no Python with venv and pip", "python3-venv")?;
        }
        let mut venv = Command::new(python);
        venv.args(["-m", "venv"]).arg(&environment);
        run(venv)?;
    }
    Ok(environment)
}

/// A program of a virtual environment.
fn in_environment(environment: &Path, name: &str) -> PathBuf {
    let folder = if cfg!(windows) { "Scripts" } else { "bin" };
    environment.join(folder).join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

fn pip(environment: &Path, arguments: &[&str]) -> Result<()> {
    let mut pip = Command::new(in_environment(environment, "python"));
    pip.args(["-m", "pip", "--disable-pip-version-check"]).args(arguments);
    run(pip)
}

/// maturin in the version that pyproject.toml asks for.
fn maturin() -> Result<String> {
    let text = fs::read_to_string(Path::new(ROOT).join(FOLDER).join("pyproject.toml"))?;
    let asked = text.lines().find_map(|line| line.strip_prefix("requires = [\"")?.strip_suffix("\"]"));
    Ok(asked.context("pyproject.toml asks for no maturin")?.to_owned())
}
