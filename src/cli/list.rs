//! `list`: every function with its parameters and its formula.

use crate::failure::Failure;
use crate::output::{json_of, print, short};
use clap::Args;
use gpu_activations::{Activation, Function, LibraryName, ParameterInfo, Range, Value as Default};
use serde_json::{Value, json};

#[derive(Args)]
pub struct Arguments {
    /// The names of another library, and what they mean here.
    #[arg(long, value_name = "NAME", value_parser = clap::builder::PossibleValuesParser::new(LibraryName::libraries()))]
    library: Option<String>,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { library, json } = arguments;
    print(&match library {
        Some(library) => {
            LibraryName::all().filter(|name| name.library() == library).map(|name| row_of(name, *json)).collect()
        }
        None if *json => json_lines(),
        None => text(),
    })?;
    Ok(())
}

/// A library's name with its function, or with the reason why there is none.
fn row_of(name: LibraryName, json: bool) -> String {
    let function = name.function().ok();
    let needed = name.needed();
    let defaults = function.iter().flat_map(Function::values).collect::<Vec<_>>();
    let default = |parameter: Option<&str>| {
        defaults.iter().find(|(known, _)| Some(*known) == parameter).map(|(_, value)| value.clone())
    };
    let parameters = name.parameters().into_iter().map(|(there, here)| {
        let default = default(here).filter(|_| !needed.contains(&there));
        (there, here, default)
    });
    if json {
        let parameter = |(there, here, default): (&str, Option<&str>, Option<String>)| json!({ "name": there, "parameter": here, "default": default.as_deref().map(json_of) });
        let row = json!({
            "library": name.library(),
            "name": name.name(),
            "function": function.as_ref().map(Function::to_string),
            "parameters": parameters.map(parameter).collect::<Vec<_>>(),
            "refused": name.refusal(),
        });
        return format!("{row}\n");
    }
    let meaning = function.map_or_else(
        || format!("refused: {}", name.refusal().unwrap_or_default()),
        |function| format!("is {function}"),
    );
    let details = parameters.map(|(there, here, default)| {
        let here = here.map_or_else(String::new, |here| format!(" is {here}"));
        let default = default.map_or_else(String::new, |default| format!(", {default} unless given"));
        format!("{there}{here}{default}")
    });
    entry(&name.to_string(), std::iter::once(meaning).chain(details))
}

/// Tells whether a function takes a seed beside its parameters, which makes it that of training.
fn takes_seed(function: &Function) -> bool {
    matches!(function, Function::Elementwise(Activation::Rrelu { .. }))
}

fn takes_mask(function: &Function) -> bool {
    function.along().is_ok_and(|function| function.takes_mask())
}

fn takes_sink(function: &Function) -> bool {
    function.along().is_ok_and(|function| function.takes_sink())
}

fn text() -> String {
    let row = |(name, function): (&str, Function)| {
        let parameters = function.parameters().iter().map(|p| format!("{} = {} ({})", p.name, p.default, p.range));
        let seed = takes_seed(&function)
            .then(|| "seed (an integer from 0 to 2^64 - 1; given, slopes are drawn, as in training)".to_owned());
        let mask = takes_mask(&function).then(|| "mask = @FILE.npy (bool or u8; broadcast onto x; 1 keeps)".to_owned());
        let sink = takes_sink(&function)
            .then(|| "sink = VALUE or @FILE.npy (broadcast onto x with length 1 along the axis)".to_owned());
        let aliases = function.aliases();
        let also = (!aliases.is_empty()).then(|| format!("also {}", aliases.join(", ")));
        let details =
            std::iter::once(function.formula().to_owned()).chain(parameters).chain(seed).chain(mask).chain(sink);
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
            "sink": takes_sink(&function),
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
