//! `list`: every function with its parameters and its formula.

use crate::Failure;
use crate::output::{json_of, print, short};
use clap::Args;
use gpu_activations::{Activation, AxisFunction, AxisParameter};
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

fn text() -> String {
    let elementwise = |activation: &Activation| {
        let parameters = activation.parameters().iter().map(|p| format!("{} = {} ({})", p.name, p.default, p.range));
        let seed = matches!(activation, Activation::Rrelu { .. })
            .then(|| "seed (an integer from 0 to 2^64 - 1; given, slopes are drawn, as in training)".to_owned());
        let aliases = activation.aliases();
        let also = (!aliases.is_empty()).then(|| format!("also {}", aliases.join(", ")));
        let details = std::iter::once(activation.formula().to_owned()).chain(parameters).chain(seed).chain(also);
        entry(activation.name(), details)
    };
    let along = |(name, function): &(&str, AxisFunction)| {
        let parameters = function.parameters().iter().map(|p| format!("{} = {} ({})", p.name, p.default, p.valid));
        let mask =
            function.takes_mask().then(|| "mask = @FILE.npy (bool or u8, of the shape of x; 1 keeps)".to_owned());
        let details = std::iter::once(function.formula().to_owned()).chain(parameters).chain(mask);
        entry(&format!("{name}, along an axis"), details)
    };
    Activation::ALL.iter().map(elementwise).chain(AxisFunction::ALL.iter().map(along)).collect()
}

/// A title with details below it, in lines of at most 80 characters.
fn entry(title: &str, details: impl Iterator<Item = String>) -> String {
    let indented = textwrap::Options::new(80).initial_indent("    ").subsequent_indent("        ");
    let details: String = details.map(|detail| textwrap::fill(&detail, &indented) + "\n").collect();
    format!("{title}\n{details}")
}

fn json_lines() -> String {
    let elementwise = |activation: &Activation| {
        // A seed makes rrelu that of training.
        let seed = matches!(activation, Activation::Rrelu { .. })
            .then(|| json!({ "name": "seed", "default": null, "min": 0, "max": u64::MAX, "learnable": false }));
        let parameters: Vec<Value> = activation
            .parameters()
            .iter()
            .map(|parameter| {
                let (min, max) = parameter.range.bounds(activation);
                json!({
                    "name": parameter.name,
                    "default": short(parameter.default),
                    "min": short(min),
                    "max": short(max),
                    "learnable": parameter.learnable,
                })
            })
            .chain(seed)
            .collect();
        json_line(activation.name(), activation.aliases(), parameters, activation.formula(), "elementwise", false)
    };
    let along = |(name, function): &(&str, AxisFunction)| {
        let parameter = |parameter: &AxisParameter| {
            let (min, max) = parameter.bounds.unzip();
            let default = json_of(parameter.default);
            json!({ "name": parameter.name, "default": default, "min": min, "max": max, "learnable": false })
        };
        let parameters = function.parameters().iter().map(parameter).collect();
        json_line(name, &[], parameters, function.formula(), function.family(), function.takes_mask())
    };
    Activation::ALL.iter().map(elementwise).chain(AxisFunction::ALL.iter().map(along)).collect()
}

fn json_line(name: &str, aliases: &[&str], parameters: Vec<Value>, formula: &str, family: &str, mask: bool) -> String {
    let row = json!({
        "function": name,
        "pass": ["forward", "backward"],
        "storage": ["f32", "f16", "bf16"],
        "adapter": null,
        "aliases": aliases,
        "parameters": parameters,
        "formula": formula,
        "family": family,
        "mask": mask,
    });
    format!("{row}\n")
}
