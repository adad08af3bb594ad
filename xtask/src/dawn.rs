//! Holds every module against Dawn, Chrome's compiler of WGSL, beside naga, which wgpu has: what both take is standard.

use crate::{ROOT, cargo, chromium, node, run};
use anyhow::{Context, Result, bail, ensure};
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/dawn.mjs");

/// The npm package that brings Dawn to node.
const PACKAGE: &str = "webgpu";
const VERSION: &str = "0.6.2";

/// Modules that one process of node compiles, because it keeps memory of each.
const BATCH: usize = 500;
/// How long a process may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// What is wrong with a module.
struct Fault {
    module: PathBuf,
    /// 0 where it belongs to no line.
    line: usize,
    message: String,
}

pub fn check() -> Result<()> {
    let folder = Path::new(ROOT).join("target/dawn");
    let package = node::package(&folder.join("node"), PACKAGE, VERSION)?.join("index.js");
    let driver = chromium::swiftshader()?;
    for kind in ["modules", "functions"] {
        let folder = folder.join(kind);
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
        }
    }
    let mut collect = cargo(&[
        "test",
        "--workspace",
        "--release",
        "--features",
        "full",
        "--test",
        "shader",
        "--",
        "modules",
        "--include-ignored",
    ]);
    collect.env("MODULES", &folder).env("VK_DRIVER_FILES", driver).env("WGPU_BACKEND", "vulkan");
    collect.env_remove("WGPU_ADAPTER_NAME");
    run(collect)?;

    let modules = files(&folder.join("modules"), "wgsl")?;
    let faults = compile(&folder, &package, &modules)?;
    report(&faults)?;
    ensure!(faults.is_empty(), "{} of {} modules do not compile in Dawn", faults.len(), modules.len());
    println!("{} modules compile in Dawn", modules.len());

    let functions = files(&folder.join("functions"), "wgsl")?;
    let wrong = in_parallel(&functions, |function| compare(&package, driver, function));
    let wrong: Vec<String> = wrong.into_iter().filter_map(Result::err).map(|error| format!("{error:#}")).collect();
    wrong.iter().for_each(|error| println!("xtask: {error}"));
    ensure!(wrong.is_empty(), "{} of {} functions differ in Dawn", wrong.len(), functions.len());
    println!("{} functions and their derivatives are the same in Dawn", functions.len());
    // Hundreds of megabytes that the next run writes anew.
    fs::remove_dir_all(folder.join("modules"))?;
    Ok(())
}

/// The files of a folder with this extension, in order.
fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    let mut paths: Vec<_> = paths.into_iter().filter(|path| path.extension().is_some_and(|e| e == extension)).collect();
    paths.sort();
    ensure!(!paths.is_empty(), "{} is empty", folder.display());
    Ok(paths)
}

/// The results of some work on each of many things, on all cores.
fn in_parallel<T: Sync, R: Send>(things: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        while let Some(thing) = things.get(next.fetch_add(1, Ordering::Relaxed)) {
            done.push(work(thing));
        }
        done
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        let done = workers.into_iter().map(|worker| worker.join());
        done.flat_map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

/// Runs node with its output in a file, and says whether it succeeded in time.
fn run_node(package: &Path, task: &str, arguments: &[&Path], driver: Option<&str>, output: &Path) -> Result<bool> {
    let mut command = Command::new("node");
    command.arg(SCRIPT).arg(task).arg(package).args(arguments).stdout(File::create(output)?);
    let errors = File::create(output.with_extension("errors"))?;
    command.stderr(errors).stdin(Stdio::null());
    if let Some(driver) = driver {
        command.env("VK_DRIVER_FILES", driver);
    }
    let mut child = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
    let begin = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if begin.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Ok(false);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What node has said last.
fn last_words(output: &Path) -> String {
    let text = fs::read_to_string(output.with_extension("errors")).unwrap_or_default();
    let said = text.lines().rfind(|line| line.contains("Error"));
    said.unwrap_or("node ended without a word").trim().to_owned()
}

fn compile(folder: &Path, package: &Path, modules: &[PathBuf]) -> Result<Vec<Fault>> {
    let batches: Vec<_> = modules.chunks(BATCH).enumerate().collect();
    let faults = in_parallel(&batches, |(number, modules)| compile_batch(folder, package, *number, modules));
    Ok(faults.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// Compiles some modules one after the other. Where Dawn itself crashes, those that are left get another process; twice at
/// the same module is a fault of it.
fn compile_batch(folder: &Path, package: &Path, number: usize, modules: &[PathBuf]) -> Result<Vec<Fault>> {
    let (list, output) = (folder.join(format!("batch-{number}.list")), folder.join(format!("batch-{number}.found")));
    let mut faults = Vec::new();
    let mut left = modules;
    let mut crashed = false;
    while !left.is_empty() {
        let lines: String = left.iter().map(|path| format!("{}\n", path.display())).collect();
        fs::write(&list, lines)?;
        let whole = run_node(package, "compile", &[&list], None, &output)?;
        let found = fs::read_to_string(&output)?;
        let mut done = 0;
        for (line, module) in found.lines().zip(left) {
            // A process that was ended may have left half a line.
            let Ok(found) = serde_json::from_str::<serde_json::Value>(line) else { break };
            done += 1;
            if let Some(message) = found["message"].as_str() {
                let line = found["line"].as_u64().unwrap_or(0) as usize;
                faults.push(Fault { module: module.clone(), line, message: message.to_owned() });
            }
        }
        if whole {
            ensure!(done == left.len(), "Dawn has left out {} modules", left.len() - done);
        } else if done == 0 && crashed {
            let message = format!("Dawn crashes or takes too long: {}", last_words(&output));
            faults.push(Fault { module: left[0].clone(), line: 0, message });
            done = 1;
            crashed = false;
        } else {
            crashed = true;
        }
        left = &left[done..];
    }
    for path in [&list, &output, &output.with_extension("errors")] {
        fs::remove_file(path)?;
    }
    Ok(faults)
}

/// Prints each fault once, with the file and line that it comes from.
fn report(faults: &[Fault]) -> Result<()> {
    let shaders = shaders(&Path::new(ROOT).join("shaders"))?;
    let mut places: BTreeMap<(String, &str), Vec<&Path>> = BTreeMap::new();
    for Fault { module, line, message } in faults {
        let text = fs::read_to_string(module)?;
        let place = match place(&shaders, &text, *line) {
            Some((file, line)) => format!("shaders/{file}:{line}"),
            None => format!("{}:{line}", module.strip_prefix(ROOT).unwrap_or(module).display()),
        };
        places.entry((place, message.lines().next().unwrap_or_default())).or_default().push(module);
    }
    for ((place, message), modules) in places {
        let first = modules[0].file_stem().unwrap_or_default().to_string_lossy();
        println!("{place}: {message} ({} modules, the first {first})", modules.len());
    }
    Ok(())
}

/// The text of each file of shaders by its path below the folder, in lines that end as a module's do.
fn shaders(folder: &Path) -> Result<HashMap<String, String>> {
    let mut shaders = HashMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text: String = fs::read_to_string(&path)?.lines().flat_map(|line| [line, "\n"]).collect();
            let name = path.strip_prefix(folder)?.to_string_lossy().replace('\\', "/");
            shaders.insert(name, text);
        }
    }
    Ok(shaders)
}

/// The file that a line of a module comes from, and the line there: modules are files as they are, one after the other.
fn place<'a>(shaders: &'a HashMap<String, String>, module: &str, line: usize) -> Option<(&'a str, usize)> {
    shaders.iter().find_map(|(file, text)| {
        let before = module[..module.find(text.as_str())?].lines().count();
        let line = line.checked_sub(before)?;
        (1..=text.lines().count()).contains(&line).then_some((file.as_str(), line))
    })
}

/// Evaluates one function in Dawn, and holds what it gives against the crate's results.
fn compare(package: &Path, driver: &str, module: &Path) -> Result<()> {
    let (folder, name) = (module.parent().context("a folder")?, module.file_stem().context("a name")?);
    let output = module.with_extension("found");
    let evaluate = || run_node(package, "run", &[folder, Path::new(name)], Some(driver), &output);
    let name = name.to_string_lossy();
    if !evaluate()? && !evaluate()? {
        bail!("{name} does not run in Dawn: {}", last_words(&output));
    }
    let numbers = |kind: &str| -> Result<Vec<f32>> {
        let bytes = fs::read(module.with_extension(kind))?;
        Ok(bytes.chunks_exact(4).map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect())
    };
    let x = numbers("x")?;
    for pass in ["forward", "backward"] {
        let (ours, theirs) = (numbers(pass)?, numbers(&format!("{pass}.dawn"))?);
        ensure!(ours.len() == x.len() && theirs.len() == x.len(), "{name} {pass}: results are missing");
        let different: Vec<usize> = (0..x.len()).filter(|&i| steps(ours[i], theirs[i]) > 1).collect();
        if let Some(&i) = different.first() {
            let count = different.len();
            bail!("{name} {pass}: {count} results differ, at {:e} {:e} and in Dawn {:e}", x[i], ours[i], theirs[i]);
        }
    }
    Ok(())
}

/// How many f32 two numbers are apart; NaN is like NaN.
fn steps(a: f32, b: f32) -> u64 {
    let number = |value: f32| {
        let magnitude = i64::from(value.to_bits() & 0x7fff_ffff);
        if value.is_sign_negative() { -magnitude } else { magnitude }
    };
    match (a.is_nan(), b.is_nan()) {
        (true, true) => 0,
        (false, false) => number(a).abs_diff(number(b)),
        _ => u64::MAX,
    }
}
