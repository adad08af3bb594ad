//! The examples run, in the form that cargo builds them for tests.

use gpu_activations::Activation;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).unwrap().join("examples");
    folder.join(name).with_extension(std::env::consts::EXE_EXTENSION)
}

fn run(name: &str) -> String {
    run_with::<&str>(name, &[])
}

fn run_with<A: AsRef<OsStr>>(name: &str, arguments: &[A]) -> String {
    let output = output(name, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn output<A: AsRef<OsStr>>(name: &str, arguments: &[A]) -> Output {
    Command::new(example(name)).args(arguments).output().unwrap()
}

/// The number that follows these words in a text.
fn number_after(words: &str, text: &str) -> f64 {
    let after = text.split_once(words).unwrap_or_else(|| panic!("no {words:?} in {text}")).1;
    let number: String = after.chars().take_while(|c| !c.is_whitespace() && *c != ',').collect();
    number.parse().unwrap_or_else(|_| panic!("no number after {words:?} in {text}"))
}

fn svg(path: &Path) -> String {
    let svg = std::fs::read_to_string(path).unwrap();
    assert!(svg.starts_with("<svg") && !svg.contains("NaN"), "{svg}");
    svg
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
    for activation in Activation::ALL {
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
    run_with("render_gallery", &[folder.path()]);
    for name in Activation::ALL.iter().map(|activation| activation.name()).chain(["overview"]) {
        let path = folder.path().join(name);
        assert!(std::fs::read_to_string(path.with_extension("svg")).unwrap().starts_with("<svg"), "{name}");
        assert!(std::fs::read(path.with_extension("png")).unwrap().starts_with(b"\x89PNG"), "{name}");
    }
}

#[test]
fn pinn_solves_the_equation_with_the_gradient_of_its_energy() {
    for activation in ["tanh", "sine"] {
        let folder = tempfile::tempdir().unwrap();
        let text = run_with("pinn", &[activation.as_ref(), folder.path().as_os_str()]);
        let size = number_after("gradient ", &text);
        assert!(size > 1.0, "{text}");
        assert!(number_after("differs from finite differences by ", &text) <= 1e-6 * size, "{text}");
        assert!(number_after("largest error ", &text) < 1e-3, "{text}");
        // u, sin x and the error, and a line at 0 for each panel.
        assert_eq!(svg(&folder.path().join("pinn.svg")).matches("<polyline").count(), 5);
    }
}

/// The derivative of floor is 0, but on the whole these steps rise like x.
#[test]
fn pinn_refuses_a_gradient_that_is_not_that_of_its_energy() {
    let output = output("pinn", &["custom(floor(1000000*x)/1000000)"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.ends_with("error: the gradient is not that of the energy\n"), "{said}");
}
