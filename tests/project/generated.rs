//! Generated files that follow from the catalogue: the table in README.md and the directory `pictures`.
//!
//! `cargo xtask generate` runs these tests with `UPDATE=1`, which writes instead of comparing.

use crate::common::context;
use gpu_activations::{Activation, AxisFunction, plot};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

const START: &str = "<!-- functions -->\n";
const START_ALONG: &str = "<!-- functions along an axis -->\n";
const END: &str = "<!-- end of functions -->";

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn updating() -> bool {
    std::env::var_os("UPDATE").is_some()
}

fn table() -> String {
    let mut table = String::from("| function | formula | parameters | forward | derivative |\n|---|---|---|---|---|\n");
    for activation in Activation::ALL {
        let (forward, derivative) = activation.limits();
        let parameters: Vec<String> =
            activation.parameters().iter().map(|p| format!("{} = {} ({})", p.name, p.default, p.range)).collect();
        let formula = activation.formula().replace('|', "\\|");
        let parameters = parameters.join("; ");
        writeln!(table, "| `{}` | {formula} | {parameters} | {forward} | {derivative} |", activation.name()).unwrap();
    }
    table
}

/// The functions along an axis; `gated` stands for the named gated units.
fn table_along() -> String {
    let mut table = String::from("| function | formula | parameters |\n|---|---|---|\n");
    for (name, function) in AxisFunction::all() {
        let parameters = function.parameters().iter().map(|p| format!("{} = {} ({})", p.name, p.default, p.range));
        let mask = function.takes_mask().then(|| "mask".to_owned());
        let sink = function.takes_sink().then(|| "sink".to_owned());
        let parameters: Vec<String> = parameters.chain(mask).chain(sink).collect();
        let formula = if *name == "gated" { "value·activation(gate)" } else { function.formula() };
        writeln!(table, "| `{name}` | {formula} | {} |", parameters.join("; ")).unwrap();
    }
    table
}

#[test]
fn the_tables_of_functions_are_those_of_the_catalogue() {
    let path = project().join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(START).unwrap();
    let (found, rest) = rest.split_once(END).unwrap();
    let (between, rest) = rest.split_once(START_ALONG).unwrap();
    let (found_along, after) = rest.split_once(END).unwrap();
    let (table, along) = (table(), table_along());
    if updating() {
        std::fs::write(path, [before, START, &table, END, between, START_ALONG, &along, END, after].concat()).unwrap();
    } else {
        assert!(found == table && found_along == along, "README.md is stale: run `cargo xtask generate`");
    }
}

/// The text of a picture and its numbers, separately, because adapters may differ in the last bit of a value.
fn split(svg: &str) -> (String, Vec<f64>) {
    let is_digit = |c: char| c.is_ascii_digit() || c == '.';
    let text = svg.replace(is_digit, "");
    (text, svg.split(|c| !is_digit(c)).filter_map(|number| number.parse().ok()).collect())
}

fn alike(a: &str, b: &str) -> bool {
    let ((text, numbers), (other_text, other_numbers)) = (split(a), split(b));
    let close = numbers.iter().zip(&other_numbers).all(|(a, b)| (a - b).abs() <= 1.0);
    text == other_text && numbers.len() == other_numbers.len() && close
}

#[test]
fn the_pictures_are_those_of_the_catalogue() {
    let context = context();
    let folder = project().join("pictures");
    let mut known: BTreeSet<PathBuf> = BTreeSet::new();
    let mut stale = Vec::new();
    let mut check = |name: &str, svg: String| {
        let path = folder.join(name).with_extension("svg");
        if updating() {
            std::fs::write(&path, svg).unwrap();
        } else if !std::fs::read_to_string(&path).is_ok_and(|found| alike(&found, &svg)) {
            stale.push(name.to_owned());
        }
        known.insert(path);
    };
    check("overview", plot::overview(&context).unwrap());
    for &activation in Activation::ALL {
        check(activation.name(), plot::picture(&context, activation).unwrap());
    }
    for (name, function) in AxisFunction::all() {
        check(name, plot::along(&context, function).unwrap());
    }
    assert!(stale.is_empty(), "pictures that are missing or stale: {stale:?}; run `cargo xtask generate`");
    let found: BTreeSet<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(found, known, "a picture in the folder belongs to no function, so remove it");
}
