//! The command line. Exit status 2 means wrong arguments, 1 any other failure; an error is one line on stderr.

mod array;
mod evaluate;
mod file;

use crate::file::NewFile;
use anyhow::{Context, anyhow};
use clap::{Args, Parser, Subcommand, ValueEnum};
use gpu_activations::shader::{Binding, Shader, Storage};
use gpu_activations::verify::{Report, verify};
use gpu_activations::{Activation, Error, GpuActivations, plot};
use half::{bf16, f16};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Neural-network activation functions and their gradients on the GPU.
#[derive(Parser)]
#[command(version, arg_required_else_help = false)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Every function: parameters, defaults, ranges, formula.
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// The adapters there are, the best first.
    Devices {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Evaluates a function over a file: y = f(x).
    Forward {
        #[command(flatten)]
        evaluate: Evaluate,
    },
    /// Evaluates a gradient over a file: dx = dy·f′(x).
    Backward {
        #[command(flatten)]
        evaluate: Evaluate,
        /// dy, of the type and shape of x.
        #[arg(long, value_name = "DY.npy")]
        grad: PathBuf,
    },
    /// Draws functions and their derivatives, computed on the device.
    Plot {
        /// The functions; one alone is drawn for several values of its parameters.
        #[arg(required = true)]
        names: Vec<String>,
        /// A parameter of the one function named, which is then drawn for these values alone.
        #[arg(short, long = "param", value_name = "KEY=VALUE")]
        param: Vec<String>,
        /// The picture, a file whose name ends in .svg or .png.
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// A part of the adapter's name.
        #[arg(long, value_name = "TEXT")]
        adapter: Option<String>,
    },
    /// Prints a composed shader.
    Shader {
        /// The function.
        name: String,
        /// The entry point to look at; both are in the module.
        #[arg(long, value_enum, default_value_t = PassName::Forward)]
        pass: PassName,
        /// How elements lie in memory.
        #[arg(long, value_enum, default_value_t = StorageName::F32)]
        storage: StorageName,
    },
    /// Compares a device with the reference, in units in the last place.
    Verify {
        /// The functions; all where none is given.
        names: Vec<String>,
        /// A parameter of the one function named; absent: the defaults and the table's sample values.
        #[arg(short, long = "param", value_name = "KEY=VALUE")]
        param: Vec<String>,
        /// Every one of the 2^32 f32, instead of every 4093rd and the edges.
        #[arg(long)]
        exhaustive: bool,
        /// A part of the adapter's name.
        #[arg(long, value_name = "TEXT")]
        adapter: Option<String>,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args)]
struct Evaluate {
    /// The function.
    name: String,
    /// x: an .npy file of f32 or f16.
    #[arg(value_name = "IN.npy")]
    input: PathBuf,
    /// The result, of the type, shape and order of x.
    #[arg(short, long, value_name = "OUT.npy")]
    output: PathBuf,
    /// A parameter of the function; others keep their defaults.
    #[arg(short, long = "param", value_name = "KEY=VALUE")]
    param: Vec<String>,
    /// Where to compute; `auto` takes an adapter, or else the CPU reference.
    #[arg(long, value_enum, default_value_t = Device::Auto)]
    device: Device,
    /// A part of the adapter's name.
    #[arg(long, value_name = "TEXT")]
    adapter: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Device {
    Auto,
    Gpu,
    Cpu,
}

#[derive(Clone, Copy, ValueEnum)]
enum PassName {
    Forward,
    Backward,
}

#[derive(Clone, Copy, ValueEnum)]
enum StorageName {
    F32,
    F16,
    Bf16,
}

/// What ends the program, and with which status.
struct Failure {
    status: u8,
    error: anyhow::Error,
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Failure { status: 1, error }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure { status: 1, error: error.into() }
    }
}

fn usage(error: impl Into<anyhow::Error>) -> Failure {
    Failure { status: 2, error: error.into() }
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() => {
            let text = error.to_string();
            // The first paragraph says what is wrong; usage and hints follow it.
            let lines = text.split("\n\n").next().unwrap_or_default().lines().map(str::trim);
            say(&lines.collect::<Vec<_>>().join(" "));
            return ExitCode::from(2);
        }
        Err(help) => return finish(print(&help.to_string()).map_err(Failure::from)),
    };
    finish(run(arguments.command))
}

fn finish(outcome: Result<(), Failure>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { status, error }) => {
            say(&format!("error: {}", format!("{error:#}").replace('\n', " ")));
            ExitCode::from(status)
        }
    }
}

/// A line on stderr; where that cannot be written, the exit status says it.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::List { json } => print(&if json { list_json() } else { list() })?,
        Command::Devices { json } => print(&devices(json))?,
        Command::Forward { evaluate } => {
            let activation = checked(&evaluate)?;
            evaluate::evaluate(activation, &evaluate, None)?;
        }
        Command::Backward { evaluate, grad } => {
            let activation = checked(&evaluate)?;
            evaluate::evaluate(activation, &evaluate, Some(&grad))?;
        }
        Command::Plot { names, param, output, adapter } => {
            draw(&selected(&names, &param)?, !param.is_empty(), &output, adapter.as_deref())?;
        }
        Command::Shader { name, pass, storage } => {
            let activation = configured(&name, &[])?;
            let storage = match storage {
                StorageName::F32 => Storage::F32,
                StorageName::F16 => Storage::F16,
                StorageName::Bf16 => Storage::Bf16,
            };
            let entry = match pass {
                PassName::Forward => "forward",
                PassName::Backward => "backward",
            };
            let shader = Shader::elementwise(&activation, storage, Binding::Separate);
            print(&format!("// {}: entry point `{entry}`\n\n{}", activation.name(), shader.source()))?;
        }
        Command::Verify { names, param, exhaustive, adapter, json } => {
            let activations: Vec<Activation> = match (names.as_slice(), param.as_slice()) {
                ([], []) => Activation::ALL.iter().flat_map(Activation::samples).collect(),
                (names, []) => selected(names, &[])?.iter().flat_map(Activation::samples).collect(),
                (names, param) => selected(names, param)?,
            };
            verify_all(&activations, if exhaustive { 1 } else { 4093 }, adapter.as_deref(), json)?;
        }
    }
    Ok(())
}

fn checked(evaluate: &Evaluate) -> Result<Activation, Failure> {
    if let (Device::Cpu, Some(adapter)) = (evaluate.device, &evaluate.adapter) {
        return Err(usage(anyhow!("--device cpu uses no adapter, but --adapter {adapter} was given")));
    }
    configured(&evaluate.name, &evaluate.param)
}

/// The function of this name with parameters from the command line.
fn configured(name: &str, parameters: &[String]) -> Result<Activation, Failure> {
    let mut activation: Activation = name.parse().map_err(|error: Error| usage(error))?;
    let mut seen: Vec<String> = Vec::new();
    for parameter in parameters {
        let (key, value) =
            parameter.split_once('=').ok_or_else(|| usage(anyhow!("-p {parameter} is not of the form KEY=VALUE")))?;
        let spelling = key.to_lowercase().replace(['_', '-'], "");
        if seen.contains(&spelling) {
            return Err(usage(anyhow!("the parameter {key} is given twice")));
        }
        seen.push(spelling);
        let number = value.parse::<f32>().map_err(|_| usage(anyhow!("-p {key}={value}: {value:?} is not a number")));
        // An unknown parameter is the better message where both are wrong.
        activation = activation.with(key, *number.as_ref().unwrap_or(&0.0)).map_err(usage)?;
        number?;
    }
    activation.validate().map_err(usage)?;
    Ok(activation)
}

/// The functions of these names; parameters belong to one function.
fn selected(names: &[String], parameters: &[String]) -> Result<Vec<Activation>, Failure> {
    if !parameters.is_empty() && names.len() != 1 {
        return Err(usage(anyhow!("-p needs exactly one function, {} are named", names.len())));
    }
    names.iter().map(|name| configured(name, parameters)).collect()
}

fn context(adapter: Option<&str>) -> Result<GpuActivations, Error> {
    let mut builder = GpuActivations::builder();
    if let Some(adapter) = adapter {
        builder = builder.adapter(adapter);
    }
    builder.build()
}

fn draw(activations: &[Activation], fixed: bool, output: &Path, adapter: Option<&str>) -> Result<(), Failure> {
    let extension = output.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_lowercase();
    if !["svg", "png"].contains(&extension.as_str()) {
        return Err(usage(anyhow!("the picture {} should end in .svg or .png", output.display())));
    }
    let mut file = NewFile::create(output, &[])?;
    let context = context(adapter)?;
    let svg = match *activations {
        [activation] if !fixed => plot::picture(&context, activation)?,
        _ => plot::curves(&context, activations)?,
    };
    let bytes = if extension == "png" { plot::png(&svg, 2.0)? } else { svg.into_bytes() };
    file.write(&bytes)?;
    file.finish()?;
    Ok(())
}

/// Writes to stdout; a reader that has seen enough is no failure.
fn print(text: &str) -> anyhow::Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).context("cannot write to stdout"),
        _ => Ok(()),
    }
}

/// JSON has no infinities and no NaN.
fn number(value: f64) -> Value {
    if value.is_finite() { json!(value) } else { json!(value.to_string()) }
}

/// The shortest decimal that is this f32, not the widened one.
fn short(value: f32) -> Value {
    value.to_string().parse().map_or_else(|_| json!(value), number)
}

fn list() -> String {
    let indented = textwrap::Options::new(80).initial_indent("    ").subsequent_indent("        ");
    let row = |activation: &Activation| {
        let parameters = activation.parameters().iter().map(|p| format!("{} = {} ({})", p.name, p.default, p.range));
        let aliases = activation.aliases();
        let also = (!aliases.is_empty()).then(|| format!("also {}", aliases.join(", ")));
        let details = std::iter::once(activation.formula().to_owned()).chain(parameters).chain(also);
        let details: String = details.map(|line| textwrap::fill(&line, &indented) + "\n").collect();
        format!("{}\n{details}", activation.name())
    };
    Activation::ALL.iter().map(row).collect()
}

fn list_json() -> String {
    let row = |activation: &Activation| {
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
            .collect();
        let row = json!({
            "function": activation.name(),
            "pass": ["forward", "backward"],
            "storage": ["f32", "f16", "bf16"],
            "adapter": null,
            "aliases": activation.aliases(),
            "parameters": parameters,
            "formula": activation.formula(),
            "family": "elementwise",
        });
        format!("{row}\n")
    };
    Activation::ALL.iter().map(row).collect()
}

fn devices(json: bool) -> String {
    let mut text = String::new();
    for adapter in pollster::block_on(gpu_activations::adapters()) {
        let (info, limits, features) = (adapter.get_info(), adapter.limits(), adapter.features());
        let subgroups = features.contains(gpu_activations::wgpu::Features::SUBGROUP);
        let kind = format!("{:?}", info.device_type);
        let driver = format!("{} {}", info.driver, info.driver_info);
        let row = json!({
            "adapter": info.name,
            "backend": info.backend.to_str(),
            "kind": kind,
            "driver": driver.trim(),
            "storage": ["f32", "f16", "bf16"],
            "subgroups": subgroups,
            "max_buffer_size": limits.max_buffer_size,
            "max_storage_buffer_binding_size": limits.max_storage_buffer_binding_size,
            "min_storage_buffer_offset_alignment": limits.min_storage_buffer_offset_alignment,
        });
        // Writing to a String cannot fail.
        let _ = if json {
            writeln!(text, "{row}")
        } else {
            writeln!(
                text,
                "{}\n    {} on {}, {}\n    buffers to {} bytes, bindings to {}, offsets in steps of {}; f32, f16, bf16; subgroups: {}",
                info.name,
                kind,
                info.backend.to_str(),
                driver.trim(),
                limits.max_buffer_size,
                limits.max_storage_buffer_binding_size,
                limits.min_storage_buffer_offset_alignment,
                if subgroups { "yes" } else { "no" },
            )
        };
    }
    if text.is_empty() && !json {
        text.push_str("no adapter can run compute shaders; `--device cpu` evaluates on the reference\n");
    }
    text
}

fn verify_all(activations: &[Activation], step: u32, adapter: Option<&str>, json: bool) -> Result<(), Failure> {
    let context = context(adapter)?;
    let adapter = context.adapter_info().name;
    let bar = ProgressBar::new(1000);
    let style = ProgressStyle::with_template("{msg} {wide_bar} {percent}% {eta}").map_err(anyhow::Error::from)?;
    bar.set_style(style);
    let progress = |share: f64| bar.set_position((share * 1000.0) as u64);
    let mut failed = 0;
    for &activation in activations {
        for backward in [false, true] {
            for storage in ["f32", "f16", "bf16"] {
                bar.set_message(activation.name());
                let report = match storage {
                    "f32" => verify::<f32>(&context, activation, backward, step, progress)?,
                    "f16" => verify::<f16>(&context, activation, backward, step, progress)?,
                    _ => verify::<bf16>(&context, activation, backward, step, progress)?,
                };
                failed += u64::from(report.failed > 0);
                let pass = if backward { "backward" } else { "forward" };
                bar.suspend(|| print(&verify_row(activation, pass, storage, &adapter, &report, json)))?;
            }
        }
    }
    bar.finish_and_clear();
    if failed > 0 {
        return Err(anyhow!("{failed} of the rows are beyond their limits on {adapter}").into());
    }
    Ok(())
}

fn verify_row(activation: Activation, pass: &str, storage: &str, adapter: &str, report: &Report, json: bool) -> String {
    let names = activation.parameters().iter().map(|parameter| parameter.name);
    if json {
        let parameters: serde_json::Map<String, Value> =
            names.map(str::to_owned).zip(activation.values().into_iter().map(short)).collect();
        let row = json!({
            "function": activation.name(),
            "parameters": parameters,
            "pass": pass,
            "storage": storage,
            "adapter": adapter,
            "worst_ulp": number(report.worst_ulp),
            "worst_input": number(report.worst_input),
            "limit_ulp": number(report.limit_ulp),
            "count": report.count,
            "failed": report.failed,
        });
        return format!("{row}\n");
    }
    let parameters: Vec<String> =
        names.zip(activation.values()).map(|(name, value)| format!("{name}={value}")).collect();
    format!(
        "{} {:<17} {:<8} {:<4} worst {:.3} of {:.3} ULP at {:e}, {} of {} beyond  {}\n",
        if report.failed == 0 { "ok  " } else { "FAIL" },
        activation.name(),
        pass,
        storage,
        report.worst_ulp,
        report.limit_ulp,
        report.worst_input,
        report.failed,
        report.count,
        parameters.join(" "),
    )
}
