//! Builds the npm package of integrations/web and the page that shows it, and tests both in Chromium.

use crate::build::{Metadata, command_line, empty, metadata};
use crate::{ROOT, adapter, cargo, chromium, node, run};
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const TARGET: &str = "wasm32-unknown-unknown";
const MANIFEST: &str = "integrations/web/Cargo.toml";

/// The npm package that makes WebAssembly smaller.
const BINARYEN: (&str, &str) = ("binaryen", "132.0.0");
/// The npm package that drives the browser.
const PLAYWRIGHT: (&str, &str) = ("playwright-core", "1.65.1");

/// What browsers have had since 2022, and the compiler uses.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-mutable-globals",
    "--enable-multivalue",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Builds the package and the page, and gives the path of the package as an archive.
pub fn build() -> Result<PathBuf> {
    let folder = folder();
    fs::create_dir_all(&folder)?;
    same_bindgen()?;
    let binaryen = node::package(&folder.join("node"), BINARYEN.0, BINARYEN.1)?;
    target()?;
    let (version, built) = crate_built()?;

    let bindings = empty(folder.join("bindings"))?;
    let mut bindgen =
        cargo(&["run", "--quiet", "--package", "xtask", "--features", "bindgen", "--bin", "bindgen", "--"]);
    bindgen.arg(built).arg(&bindings);
    run(bindgen)?;
    let wasm = bindings.join("wasm_bg.wasm");
    optimize(&binaryen, &wasm)?;

    let package = empty(folder.join("package"))?;
    for file in ["package.json", "index.js", "record.js", "index.d.ts"] {
        copy(&Path::new(ROOT).join("integrations/web/package").join(file), &package.join(file))?;
    }
    copy(&Path::new(ROOT).join("integrations/web/README.md"), &package.join("README.md"))?;
    for license in ["LICENSE-APACHE", "LICENSE-MIT"] {
        copy(&Path::new(ROOT).join(license), &package.join(license))?;
    }
    copy(&bindings, &package)?;
    let mut stamp = Command::new("npm");
    stamp.args(["pkg", "set", &format!("version={version}")]).current_dir(&package);
    run(stamp)?;
    let mut pack = Command::new("npm");
    pack.args(["pack", "--silent", "--pack-destination"]).arg(&folder).current_dir(&package).stdout(Stdio::null());
    run(pack)?;
    let archive = folder.join(format!("gpu-activations-{version}.tgz"));
    ensure!(archive.exists(), "npm has not written {}", archive.display());

    let page = empty(folder.join("page"))?;
    copy(&Path::new(ROOT).join("integrations/web/page"), &page)?;
    copy(&package, &page.join("gpu-activations"))?;
    println!("target/web/page is for any server of files; target/web/{} for npm", name(&archive));
    Ok(archive)
}

/// Holds the package in a browser against the crate on the same Vulkan driver, and tries the page.
pub fn test() -> Result<()> {
    let folder = folder();
    let (browser, driver) = (chromium::browser()?, chromium::swiftshader()?);
    let playwright = node::package(&folder.join("node"), PLAYWRIGHT.0, PLAYWRIGHT.1)?;
    let archive = build()?;
    let program = command_line()?;
    let begin = Instant::now();
    let mut tests = Command::new("node");
    tests.arg("integrations/web/tests/run.mjs").current_dir(ROOT);
    for (name, value) in [
        ("--folder", folder.as_path()),
        ("--playwright", &playwright),
        ("--browser", Path::new(browser)),
        ("--driver", Path::new(driver)),
        ("--program", &program),
        ("--archive", &archive),
    ] {
        tests.arg(name).arg(value);
    }
    let status = tests.status().with_context(|| format!("cannot run {tests:?}"))?;
    ensure!(status.success(), "the package or its page fails in the browser, as above");
    println!("all in {} s", begin.elapsed().as_secs());
    Ok(())
}

/// Measures in a browser how far functions are from the reference.
pub fn measure(output: &str) -> Result<()> {
    let folder = folder();
    let browser = chromium::browser()?;
    let playwright = node::package(&folder.join("node"), PLAYWRIGHT.0, PLAYWRIGHT.1)?;
    build()?;
    let mut measure = Command::new("node");
    measure.arg("integrations/web/tests/accuracy.mjs").current_dir(ROOT);
    measure.arg("--folder").arg(&folder).arg("--playwright").arg(&playwright);
    measure.args(["--browser", browser, "--output", output]);
    run(measure)
}

fn folder() -> PathBuf {
    Path::new(ROOT).join("target/web")
}

/// wasm-bindgen and what writes its JavaScript must be of one version.
fn same_bindgen() -> Result<()> {
    let locked = |file: &str, package: &str| -> Result<String> {
        let text = fs::read_to_string(Path::new(ROOT).join(file)).with_context(|| format!("cannot read {file}"))?;
        let mut lines = text.lines().skip_while(|line| *line != format!("name = \"{package}\"")).skip(1);
        let version = lines.next().and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
        Ok(version.with_context(|| format!("{file} has no {package}"))?.to_owned())
    };
    let theirs = locked("integrations/web/Cargo.lock", "wasm-bindgen")?;
    let ours = locked("Cargo.lock", "wasm-bindgen-cli-support")?;
    ensure!(
        theirs == ours,
        "integrations/web/Cargo.lock has wasm-bindgen {theirs}, and xtask/Cargo.toml wasm-bindgen-cli-support {ours}; \
         make them one version"
    );
    Ok(())
}

/// Installs the standard library for WebAssembly where it is missing.
fn target() -> Result<()> {
    let found = || -> Result<bool> {
        let mut rustc = Command::new("rustc");
        rustc.args(["--print", "target-libdir", "--target", TARGET]).current_dir(ROOT);
        let output = rustc.output().with_context(|| format!("cannot run {rustc:?}"))?;
        ensure!(output.status.success(), "{rustc:?} failed: {}", output.status);
        Ok(Path::new(String::from_utf8(output.stdout)?.trim()).exists())
    };
    if found()? {
        return Ok(());
    }
    if !adapter::succeeds(&["rustup", "--version"]) {
        bail!("Rust's standard library for {TARGET} is missing, and there is no rustup to install it");
    }
    println!("xtask: installing Rust's standard library for {TARGET}");
    let install = || {
        let mut rustup = Command::new("rustup");
        rustup.args(["target", "add", TARGET]).current_dir(ROOT);
        run(rustup)
    };
    // Downloads fail now and then.
    install().or_else(|_| install())?;
    ensure!(found()?, "rustup has installed {TARGET}, but rustc does not find it");
    Ok(())
}

/// Builds the crate, and gives its version and module.
fn crate_built() -> Result<(String, PathBuf)> {
    let Metadata { version, target } = metadata(MANIFEST)?;
    let target = match std::env::var_os("CARGO_TARGET_DIR") {
        Some(_) => target,
        None => folder().join("cargo"),
    };
    let mut build = cargo(&["build", "--release", "--locked", "--target", TARGET, "--manifest-path", MANIFEST]);
    build.arg("--target-dir").arg(&target);
    run(build)?;
    Ok((version, target.join(TARGET).join("release/gpu_activations_web.wasm")))
}

/// Makes a module smaller where that is possible, and prints its size.
fn optimize(binaryen: &Path, wasm: &Path) -> Result<()> {
    let before = fs::metadata(wasm)?.len();
    let smaller = wasm.with_extension("smaller");
    let mut optimize = Command::new("node");
    optimize.arg(binaryen.join("bin/wasm-opt")).arg("-Oz").args(FEATURES).arg(wasm).arg("-o").arg(&smaller);
    run(optimize)?;
    if fs::metadata(&smaller)?.len() < before {
        fs::rename(&smaller, wasm)?;
    } else {
        fs::remove_file(&smaller)?;
    }
    let script = "const { readFileSync } = require('fs'); \
                  console.log(require('zlib').gzipSync(readFileSync(process.argv[1]), { level: 9 }).length)";
    let output = Command::new("node").args(["-e", script]).arg(wasm).output()?;
    let packed: u64 = String::from_utf8(output.stdout)?.trim().parse().context("cannot measure the module")?;
    println!("{}: {} bytes, {packed} by gzip; {before} before wasm-opt", name(wasm), fs::metadata(wasm)?.len());
    Ok(())
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Copies a file, or all that a folder has.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        copy(&path, &to.join(name(&path)))?;
    }
    Ok(())
}
