//! The program: names, files, and runs that are killed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A folder of the test's own, which is removed in the end.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn program(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_experiments")).args(arguments).current_dir(ROOT).output().unwrap()
}

/// The line on stderr of a run that must fail.
#[track_caller]
fn error(arguments: &[&str]) -> String {
    let output = program(arguments);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_name_that_there_is_not_is_told_with_those_there_are() {
    let said = error(&["digit"]);
    assert!(said.starts_with("error: no experiment is named \"digit\"; there are digits, moons, "), "{said}");
}

#[test]
fn unreadable_data_is_told() {
    let folder = folder();
    let said = error(&["--quick", "--data", text(folder.path())]);
    let path = folder.path().join("digits.npy");
    assert!(said.starts_with(&format!("error: cannot read {}: ", path.display())), "{said}");
    for name in ["digits.npy", "digits_labels.npy", "digits_split.npy"] {
        std::fs::copy(Path::new(ROOT).join("examples/data").join(name), folder.path().join(name)).unwrap();
    }
    std::fs::write(folder.path().join("digits_labels.npy"), "labels").unwrap();
    let said = error(&["--quick", "--data", text(folder.path())]);
    assert!(said.contains("digits_labels.npy is no .npy file"), "{said}");
    let images = std::fs::read(folder.path().join("digits.npy")).unwrap();
    std::fs::write(folder.path().join("digits.npy"), &images[..images.len() / 2]).unwrap();
    let said = error(&["--quick", "--data", text(folder.path())]);
    assert!(said.contains("digits.npy does not hold f16, or not all of it"), "{said}");
}

/// A record of another adapter.
fn foreign(folder: &Path) -> PathBuf {
    let path = folder.join("record.jsonl");
    std::fs::write(&path, "{\"adapter\":\"another\",\"driver\":\"its\",\"date\":\"2026-01-01\"}\n").unwrap();
    path
}

#[test]
fn a_record_of_another_adapter_or_that_is_none_is_refused_and_left() {
    let folder = folder();
    let path = foreign(folder.path());
    let before = std::fs::read(&path).unwrap();
    let said = error(&["centred", "--record", text(&path)]);
    assert!(said.contains("record.jsonl is of another (its), but this is "), "{said}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let said = error(&["centred", "--record", "Cargo.toml"]);
    assert!(said.contains("Cargo.toml, line 1, does not say where it is from"), "{said}");
}
