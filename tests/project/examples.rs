//! The examples run, in the form that cargo builds them for tests.

use std::path::PathBuf;
use std::process::Command;

fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).unwrap().join("examples");
    folder.join(name).with_extension(std::env::consts::EXE_EXTENSION)
}

fn run(name: &str) -> String {
    let output = Command::new(example(name)).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn quick_start_prints_y_and_dx() {
    let text = run("quick_start");
    assert!(text.contains("y  [-0.0455") && text.contains("dx ["), "{text}");
}

#[test]
fn your_device_checks_its_own_result() {
    assert!(run("your_device").contains("y ["));
}

#[test]
fn batch_evaluation_has_a_row_for_every_function() {
    let text = run("batch_evaluation");
    for activation in gpu_activations::Activation::ALL {
        let row = text.lines().find(|line| line.split_whitespace().next() == Some(activation.name()));
        let words: Vec<&str> = row.unwrap_or_default().split_whitespace().collect();
        assert_eq!(words.len(), 4, "{text}");
        for difference in &words[1..3] {
            assert!(difference.parse::<f64>().unwrap() < 1e-5, "{text}");
        }
    }
}

#[test]
fn render_gallery_draws_every_function() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(example("render_gallery")).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for name in gpu_activations::Activation::ALL.iter().map(|activation| activation.name()).chain(["overview"]) {
        let path = folder.path().join(name);
        assert!(std::fs::read_to_string(path.with_extension("svg")).unwrap().starts_with("<svg"), "{name}");
        assert!(std::fs::read(path.with_extension("png")).unwrap().starts_with(b"\x89PNG"), "{name}");
    }
}
