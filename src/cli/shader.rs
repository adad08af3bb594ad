//! `shader`: the WGSL that runs, or a snippet for a shader of the user's.

use crate::failure::{Failure, usage};
use crate::function::{elementwise, named};
use crate::output::print;
use clap::{Args, ValueEnum};
use gpu_activations::shader::{Aliasing, Shader, Storage};
use gpu_activations::{Direction, Function};

#[derive(Args)]
pub struct Arguments {
    /// The function.
    name: String,
    /// The pass to look at; the module of an elementwise function has both.
    #[arg(long, value_enum, default_value_t = Pass::Forward)]
    pass: Pass,
    /// How elements lie in memory.
    #[arg(long, value_enum, default_value_t = StorageName::F32)]
    storage: StorageName,
    /// Instead of a shader, the function and its derivative for one of yours, which must set the variable NAME_zero
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
}

/// The types that `--storage` names.
#[derive(Clone, Copy, ValueEnum)]
pub enum StorageName {
    F32,
    F16,
    Bf16,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let function = named(&arguments.name)?;
    let text = if arguments.snippet {
        let activation = elementwise(&function)?;
        activation.snippet(arguments.prefix.as_deref().unwrap_or(activation.name())).map_err(usage)?
    } else {
        module(&function, arguments.pass, arguments.storage)?
    };
    print(&text)?;
    Ok(())
}

/// A whole module below a line that names its entry point.
fn module(function: &Function, pass: Pass, storage: StorageName) -> Result<String, Failure> {
    let storage = match storage {
        StorageName::F32 => Storage::F32,
        StorageName::F16 => Storage::F16,
        StorageName::Bf16 => Storage::Bf16,
    };
    let direction = match pass {
        Pass::Forward => Direction::Forward,
        Pass::Backward => Direction::Backward,
    };
    let (shader, entry) = match (function.elementwise(), function.along()) {
        (Ok(activation), _) => (Shader::elementwise(&activation, storage, Aliasing::Separate), direction.name()),
        (_, Ok(function)) => Shader::along(function, storage, direction),
        (Err(error), Err(_)) => return Err(usage(error)),
    };
    let note = match entry {
        "whole" => ", whose statistics rowwise/kernels/write_reduced.wgsl turns into results in another dispatch",
        _ => "",
    };
    Ok(format!("// {}: entry point `{entry}`{note}\n\n{}", function.name(), shader.source()))
}
