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

#[test]
fn custom_activation_finds_the_least_loss() {
    let folder = tempfile::tempdir().unwrap();
    let formula = "x * sigmoid(beta * x); beta = 0.5";
    let text = run_with("custom_activation", &[formula.as_ref(), "gelu".as_ref(), folder.path().as_os_str()]);
    let (before, after) = text.split_once("after ").unwrap();
    let loss = |beta: f64| {
        let swish = Activation::Swish { beta: beta as f32 };
        let deviation = |x: f64| swish.forward(x) - Activation::Gelu.forward(x);
        (-512..=512).map(|i| deviation(f64::from(i) / 128.0).powi(2)).sum::<f64>() / 1025.0
    };
    for line in [before, after] {
        let expected = loss(number_after("beta ", line.rsplit_once("loss").unwrap().1));
        assert!((number_after("loss ", line) - expected).abs() < 1e-3 * expected, "{text}");
    }
    let beta = number_after("beta ", after);
    let (least, neighbours) = (loss(beta), [beta - 0.01, beta + 0.01].map(loss));
    assert!(neighbours.iter().all(|&neighbour| least < neighbour), "{text}");
    let svg = svg(&folder.path().join("custom_activation.svg"));
    for (label, colour) in
        [("custom, beta 0.5", "#0072B2"), (&format!("custom, beta {beta}"), "#D55E00"), ("gelu", "#009E73")]
    {
        assert!(svg.contains(&format!("\n{label}\n")), "{svg}");
        // The function, its derivative and the legend.
        assert_eq!(svg.matches(&format!("stroke=\"{colour}\"")).count(), 3, "{svg}");
    }
}

#[test]
fn custom_activation_trains_every_parameter() {
    let folder = tempfile::tempdir().unwrap();
    let formula = "x > 0 ? a*x : b*x; a = 3, b = 2";
    let text = run_with("custom_activation", &[formula.as_ref(), "prelu".as_ref(), folder.path().as_os_str()]);
    let after = text.split_once("after ").unwrap().1;
    assert!((number_after("  a ", after) - 1.0).abs() < 1e-4, "{text}");
    assert!((number_after("  b ", after) - 0.25).abs() < 1e-4, "{text}");
}

#[test]
fn custom_activation_says_in_one_line_what_is_wrong() {
    let cases = [
        (["x * sigmoid(beta", "gelu"], "error: column 17 of the formula"),
        (["x * sigmoid(x)", "gelu"], "error: the formula has no parameter to train"),
        (["x * sigmoid(beta * x); beta = 1", "softmax"], "error: softmax works along an axis"),
    ];
    for (arguments, expected) in cases {
        let output = output("custom_activation", &arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.starts_with(expected) && said.lines().count() == 1, "{said}");
    }
}

#[test]
fn fused_matmul_agrees_with_f64_and_with_two_passes() {
    let text = run("fused_matmul");
    assert!(number_after("largest difference from f64: ", &text) < 1e-5, "{text}");
    assert!(number_after("largest difference from two passes: ", &text) < 1e-5, "{text}");
    for words in ["one pass ", ", two passes ", "two passes take "] {
        assert!(number_after(words, &text) > 0.0, "{text}");
    }
}
