//! The command line as a process: its output, and its messages for wrong input. This file has shared helpers, and tests
//! of all commands together.

mod adapters;
mod bench;
mod custom;
mod derivatives;
mod elementwise;
mod files;
mod list;
mod plot;
mod report;
mod shader;
mod shaped;
mod sinks;
mod streams;
mod verify;
mod wide;

use npyz::{NpyFile, Order, WriterBuilder};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gpu-activations"));
    command.args(arguments).current_dir(folder).output().unwrap()
}

fn succeeded(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Checks that a command fails with this status and one line on stderr that has all of `words`, and leaves no new file
/// in the directory.
fn refused(folder: &Path, arguments: &[&str], status: i32, words: &[&str]) {
    let before = names(folder);
    let output = run(folder, arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    // A driver may print its own messages first.
    let last = said.trim_end().lines().last().unwrap_or_default();
    assert!(last.starts_with("error: "), "{arguments:?}: {said}");
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {said}");
    for word in words {
        assert!(last.contains(word), "{arguments:?} should name {word}: {said}");
    }
    assert_eq!(names(folder), before, "{arguments:?}");
}

fn names(folder: &Path) -> Vec<PathBuf> {
    let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names
}

fn write<T: npyz::AutoSerialize + Copy>(path: PathBuf, shape: &[u64], order: Order, data: &[T]) {
    let mut bytes = Vec::new();
    let options = npyz::WriteOptions::new().default_dtype().shape(shape).order(order);
    let mut writer = options.writer(&mut bytes).begin_nd().unwrap();
    writer.extend(data.iter().copied()).unwrap();
    writer.finish().unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn read<T: npyz::Deserialize>(path: PathBuf) -> (Vec<u64>, Order, Vec<T>) {
    let bytes = std::fs::read(path).unwrap();
    let file = NpyFile::new(&bytes[..]).unwrap();
    (file.shape().to_vec(), file.order(), file.into_vec().unwrap())
}

/// A directory with `x.npy`, f32 of shape (3, 4).
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let x: Vec<f32> = (0..12).map(|i| i as f32 - 5.5).collect();
    write(folder.path().join("x.npy"), &[3, 4], Order::C, &x);
    folder
}

fn header(shape: &str) -> Vec<u8> {
    let dictionary = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = (dictionary.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], dictionary.as_bytes()].concat()
}

#[test]
fn wrong_usage_is_status_2() {
    let folder = folder();
    let wrong = |arguments: &[&str], words: &[&str]| refused(folder.path(), arguments, 2, words);
    wrong(&[], &["subcommand", "forward"]);
    wrong(&["evaluate"], &["evaluate"]);
    wrong(&["forward", "relu", "x.npy"], &["--output"]);
    wrong(&["backward", "relu", "x.npy", "-o", "y.npy"], &["--grad"]);
    wrong(&["verify", "-p", "alpha=1"], &["-p", "0"]);
    wrong(&["verify", "elu", "gelu", "-p", "alpha=1"], &["-p", "2"]);
    wrong(&["verify", "softmax", "--exhaustive"], &["softmax", "--exhaustive", "axis"]);
    wrong(&["plot", "softmax", "gelu", "-o", "curves.svg"], &["softmax", "elementwise"]);
    wrong(&["shader", "gelu", "--storage", "f64"], &["f64", "f32", "bf16"]);
    let forward = |rest: &[&str], words: &[&str]| {
        wrong(&[&["forward", "elu", "x.npy", "-o", "y.npy"], rest].concat(), words);
    };
    wrong(&["forward", "rellu", "x.npy", "-o", "y.npy"], &["rellu", "relu"]);
    forward(&["-p", "slope=1"], &["slope", "alpha"]);
    forward(&["-p", "alpha"], &["alpha", "KEY=VALUE"]);
    forward(&["-p", "alpha=one"], &["alpha", "one"]);
    forward(&["-p", "alpha=NaN"], &["alpha", "NaN", "finite"]);
    forward(&["-p", "alpha=inf"], &["alpha", "inf", "finite"]);
    forward(&["-p", "alpha=1", "-p", "ALPHA=2"], &["ALPHA", "twice"]);
    forward(&["--device", "tpu"], &["tpu", "gpu", "cpu"]);
    forward(&["--device", "cpu", "--adapter", "some"], &["cpu", "some"]);
    forward(&["--fast"], &["--fast"]);
    let range = ["forward", "generalized_relu", "x.npy", "-o", "y.npy", "-p", "max_value=-1"];
    wrong(&range, &["max_value", "-1", "threshold"]);
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_program() {
    let folder = folder();
    let mut command = Command::new(env!("CARGO_BIN_EXE_gpu-activations"));
    command.args(["verify", "relu", "--step", "65537", "--resume", "record.json"]).current_dir(folder.path());
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert!(command.stdout(writer).status().unwrap().success());
    let record = std::fs::read_to_string(folder.path().join("record.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["done"].as_object().unwrap().len(), 1, "it went on after its first row: {record}");
}
