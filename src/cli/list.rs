//! `list`: every function with its parameters and its formula.

use crate::failure::Failure;
use crate::output::{json_of, print, short};
use clap::Args;
use gpu_activations::{Activation, Function, ParameterInfo, Range, Value as Default};
use serde_json::{Value, json};

#[derive(Args)]
pub struct Arguments {
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    print(&if arguments.json { json_lines() } else { text() })?;
    Ok(())
}

/// Tells whether a function takes a seed beside its parameters, which makes it that of training.
fn takes_seed(function: &Function) -> bool {
    matches!(function, Function::Elementwise(Activation::Rrelu { .. }))
}

fn takes_mask(function: &Function) -> bool {
    function.along().is_ok_and(|function| function.takes_mask())
}

fn text() -> String {
    let row = |(name, function): (&str, Function)| {
        let parameters = function.parameters().iter().map(|p| format!("{} = {} ({})", p.name, p.default, p.range));
        let seed = takes_seed(&function)
            .then(|| "seed (an integer from 0 to 2^64 - 1; given, slopes are drawn, as in training)".to_owned());
        let mask =
            takes_mask(&function).then(|| "mask = @FILE.npy (bool or u8, of the shape of x; 1 keeps)".to_owned());
        let aliases = function.aliases();
        let also = (!aliases.is_empty()).then(|| format!("also {}", aliases.join(", ")));
        let details = std::iter::once(function.formula().to_owned()).chain(parameters).chain(seed).chain(mask);
        let along = if function.along().is_ok() { ", along an axis" } else { "" };
        entry(&format!("{name}{along}"), details.chain(also))
    };
    Function::all().map(row).collect()
}

/// A title with details below it, in lines of at most 80 characters.
fn entry(title: &str, details: impl Iterator<Item = String>) -> String {
    let indented = textwrap::Options::new(80).initial_indent("    ").subsequent_indent("        ");
    let details: String = details.map(|detail| textwrap::fill(&detail, &indented) + "\n").collect();
    format!("{title}\n{details}")
}

fn json_lines() -> String {
    let row = |(name, function): (&str, Function)| {
        let seed = takes_seed(&function)
            .then(|| json!({ "name": "seed", "default": null, "min": 0, "max": u64::MAX, "learnable": false }));
        let parameters = function.parameters().iter().map(|parameter| json_parameter(&function, parameter));
        let row = json!({
            "function": name,
            "pass": ["forward", "backward"],
            "storage": ["f32", "f16", "bf16"],
            "adapter": null,
            "aliases": function.aliases(),
            "parameters": parameters.chain(seed).collect::<Vec<_>>(),
            "formula": function.formula(),
            "family": function.family(),
            "mask": takes_mask(&function),
        });
        format!("{row}\n")
    };
    Function::all().map(row).collect()
}

fn json_parameter(function: &Function, parameter: &ParameterInfo) -> Value {
    let default = match parameter.default {
        Default::Number(number) => short(number),
        other => json_of(&other.to_string()),
    };
    let value_of = |other: &str| function.elementwise().ok().and_then(|a| a.value(other)).unwrap_or(f32::MIN);
    // An integer has no f32 of its own.
    let bound = |bound: f64| match parameter.range {
        Range::Integer(..) => json!(bound),
        _ => short(bound as f32),
    };
    let (min, max) = parameter.range.bounds(value_of).map(|(min, max)| (bound(min), bound(max))).unzip();
    json!({ "name": parameter.name, "default": default, "min": min, "max": max, "learnable": parameter.learnable })
}
