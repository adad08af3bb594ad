//! `shader`: the WGSL that runs, or a snippet for a shader of the user's.

use crate::failure::{Failure, usage};
use crate::function::{FormulaOption, configured, elementwise};
use crate::output::print;
use anyhow::anyhow;
use clap::{Args, ValueEnum};
use gpu_activations::shader::{Aliasing, Shader, ShaderOptions, Storage};
use gpu_activations::{Accuracy, Direction, Error, Function, Order};

#[derive(Args)]
pub struct Arguments {
    /// The function.
    name: String,
    #[command(flatten)]
    formula: FormulaOption,
    /// The pass to look at; one module of an elementwise function has both forward and backward.
    #[arg(long, value_enum, default_value_t = Pass::Forward)]
    pass: Pass,
    /// The order of the derivative, with --pass derivative.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=2), conflicts_with = "snippet")]
    order: Option<u8>,
    /// How elements lie in memory.
    #[arg(long, value_enum, default_value_t = StorageName::F32)]
    storage: StorageName,
    /// How exact f32 results are; f16 and bf16 have one form.
    #[arg(long, value_enum, default_value_t = AccuracyName::Highest)]
    accuracy: AccuracyName,
    /// The text for a device that rounds once in `fma`, as `devices` tells.
    #[arg(long)]
    fused: bool,
    /// The text for a device that converts f16 itself and rounds right, as `devices` tells.
    #[arg(long)]
    native_f16: bool,
    /// Instead of a shader, the function and its derivatives for one of yours, which must set the variable NAME_zero
    /// to a 0 that no compiler knows of, such as `num_workgroups.z - 1u`.
    #[arg(long, conflicts_with_all = ["pass", "storage"])]
    snippet: bool,
    /// What the names of the snippet begin with, instead of the function's name.
    #[arg(long, value_name = "WORD", requires = "snippet")]
    prefix: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Pass {
    Forward,
    Backward,
    /// f′ or f″ without a dy, of elementwise functions.
    Derivative,
    /// The gradient of the gradient.
    DoubleBackward,
}

/// The accuracies that `--accuracy` names.
#[derive(Clone, Copy, ValueEnum)]
pub enum AccuracyName {
    /// Within about one unit in the last place.
    Highest,
    /// Within 4 units in the last place, or 8 in derivatives of several terms.
    Fast,
}

impl From<AccuracyName> for Accuracy {
    fn from(name: AccuracyName) -> Accuracy {
        match name {
            AccuracyName::Highest => Accuracy::Highest,
            AccuracyName::Fast => Accuracy::Fast,
        }
    }
}

/// The types that `--storage` names.
#[derive(Clone, Copy, ValueEnum)]
pub enum StorageName {
    F32,
    F16,
    Bf16,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let formula = arguments.formula.of([&arguments.name])?;
    let function = configured(&arguments.name, formula.as_deref(), &[])?.function;
    let mut options = ShaderOptions::default();
    options.accuracy = arguments.accuracy.into();
    options.fused = arguments.fused;
    options.native_f16 = arguments.native_f16;
    let text = if arguments.snippet {
        let activation = elementwise(&function)?;
        activation.snippet_with(arguments.prefix.as_deref().unwrap_or(activation.name()), options).map_err(usage)?
    } else {
        module(&function, arguments, options)?
    };
    print(&text)?;
    Ok(())
}

/// A whole module below a line that names its entry point.
fn module(function: &Function, arguments: &Arguments, options: ShaderOptions) -> Result<String, Failure> {
    let storage = match arguments.storage {
        StorageName::F32 => Storage::F32,
        StorageName::F16 => Storage::F16,
        StorageName::Bf16 => Storage::Bf16,
    };
    let (shader, entry) = match (arguments.pass, arguments.order) {
        (Pass::Forward, None) => direct(function, Direction::Forward, storage, options),
        (Pass::Backward, None) => direct(function, Direction::Backward, storage, options),
        (Pass::Derivative, order) => derivative(function, order, storage, options),
        (Pass::DoubleBackward, None) => double_backward(function, storage, options),
        (Pass::Forward | Pass::Backward | Pass::DoubleBackward, Some(_)) => {
            return Err(usage(anyhow!("--order needs --pass derivative")));
        }
    }
    .map_err(usage)?;
    let note = match entry {
        _ if arguments.pass == Pass::DoubleBackward && function.family() == "softmax" => ", which gives dx alone",
        "whole" => ", whose statistics rowwise/kernels/write_reduced.wgsl turns into results in another dispatch",
        _ => "",
    };
    Ok(format!("// {}: entry point `{entry}`{note}\n\n{}", function.name(), shader.source()))
}

fn direct(
    function: &Function,
    direction: Direction,
    storage: Storage,
    options: ShaderOptions,
) -> Result<(Shader, &'static str), Error> {
    match function.along() {
        Ok(along) => Ok(Shader::along_with(along, storage, direction, options)),
        Err(_) => {
            let activation = function.elementwise()?;
            Ok((Shader::elementwise_with(&activation, storage, Aliasing::Separate, options), direction.name()))
        }
    }
}

fn derivative(
    function: &Function,
    order: Option<u8>,
    storage: Storage,
    options: ShaderOptions,
) -> Result<(Shader, &'static str), Error> {
    let order = if order == Some(2) { Order::Second } else { Order::First };
    Ok((Shader::derivative(&function.elementwise()?, order, storage, options)?, "derivatives"))
}

fn double_backward(
    function: &Function,
    storage: Storage,
    options: ShaderOptions,
) -> Result<(Shader, &'static str), Error> {
    match function.along() {
        Ok(along) => Shader::double_backward_along(along, storage, options),
        Err(_) => Ok((Shader::double_backward(&function.elementwise()?, storage, options)?, "double_backward")),
    }
}
