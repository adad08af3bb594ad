//! The command line. Exit status 2 means wrong arguments, 1 any other failure; an error is one line on stderr.

mod array;
mod bench;
mod evaluate;
mod file;
mod header;
mod pieces;
mod verify;

use crate::file::NewFile;
use anyhow::{Context, anyhow};
use clap::{Args, Parser, Subcommand, ValueEnum};
use gpu_activations::shader::{Binding, Shader, Storage};
use gpu_activations::wgpu::AdapterInfo;
use gpu_activations::{Activation, AxisFunction, AxisParameter, Error, GpuActivations, plot};
use half::{bf16, f16};
use serde_json::{Value, json};
use std::collections::HashMap;
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
        /// Writes the gradient of a learnable parameter, summed over the elements that share it.
        #[arg(long, value_name = "KEY=FILE.npy")]
        param_grad: Vec<String>,
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
        /// Words of "name on backend", such as "llvmpipe on vulkan".
        #[arg(long, value_name = "TEXT")]
        adapter: Option<String>,
    },
    /// Prints a composed shader.
    Shader {
        /// The function.
        name: String,
        /// The pass to look at; the module of an elementwise function has both.
        #[arg(long, value_enum, default_value_t = PassName::Forward)]
        pass: PassName,
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
    },
    /// Compares a device with the reference, in units in the last place.
    Verify {
        /// The functions; all where none is given.
        names: Vec<String>,
        /// A parameter of the one function named; absent: the defaults and the table's sample values.
        #[arg(short, long = "param", value_name = "KEY=VALUE")]
        param: Vec<String>,
        /// Every one of the 2^32 f32, instead of a sample; functions along an axis keep their arrays.
        #[arg(long, conflicts_with = "step")]
        exhaustive: bool,
        /// One in so many f32 is tried, besides the edges of each function.
        #[arg(long, value_name = "N", default_value_t = 4093, value_parser = clap::value_parser!(u32).range(1..))]
        step: u32,
        /// Keeps what is done in this file, and goes on from there if it exists.
        #[arg(long, value_name = "FILE")]
        resume: Option<PathBuf>,
        /// Words of "name on backend", such as "llvmpipe on vulkan"; several are compared in one run.
        #[arg(long, value_name = "TEXT")]
        adapter: Vec<String>,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Measures functions on a device, beside a kernel that copies as many bytes in the same run.
    Bench {
        /// The functions; all where none is given.
        names: Vec<String>,
        /// A parameter of the one function named; others keep their defaults.
        #[arg(short, long = "param", value_name = "KEY=VALUE")]
        param: Vec<String>,
        /// The shape of x, as in 4096x1024; may be given several times.
        #[arg(long, value_name = "SHAPE", default_value = "32768x1024")]
        shape: Vec<bench::Shape>,
        /// The axis of functions along one; negative counts from the end. Absent: the last.
        #[arg(long, value_name = "N", allow_negative_numbers = true)]
        axis: Option<isize>,
        /// How elements lie in memory.
        #[arg(long, value_enum, default_value_t = StorageName::F32)]
        storage: StorageName,
        /// Samples of each function, whose median counts.
        #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..))]
        samples: u16,
        /// Words of "name on backend", such as "llvmpipe on vulkan".
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
    /// The result, of the type of x, and of its shape and order where the function keeps them.
    #[arg(short, long, value_name = "OUT.npy")]
    output: PathBuf,
    /// A parameter of the function, or KEY=@FILE.npy; others keep their defaults.
    #[arg(short, long = "param", value_name = "KEY=VALUE")]
    param: Vec<String>,
    /// The axis to work along, or of the channels of parameters from files; negative counts from the end. Absent: the
    /// last, and parameters from files have one element or the shape of x.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    axis: Option<isize>,
    /// Where to compute; `auto` takes an adapter, or else the CPU reference.
    #[arg(long, value_enum, default_value_t = Device::Auto)]
    device: Device,
    /// Words of "name on backend", such as "llvmpipe on vulkan".
    #[arg(long, value_name = "TEXT")]
    adapter: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Device {
    Auto,
    Gpu,
    Cpu,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
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

/// Mesa's Vulkan layer that asks Wayland for the adapter of the session complains on stderr where there is none. Adapters are
/// ranked here in any case.
#[cfg(target_os = "linux")]
fn silence_device_selection() {
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // SAFETY: there is no other thread yet.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    silence_device_selection();
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
        // A reader that has seen enough is no failure, but there is nothing more to do.
        Err(Failure { error, .. }) if has_no_reader(&error) => ExitCode::SUCCESS,
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
        Command::Devices { json } => print(&devices(json)?)?,
        Command::Forward { evaluate } => run_over_files(&evaluate, None, &[])?,
        Command::Backward { evaluate, grad, param_grad } => run_over_files(&evaluate, Some(&grad), &param_grad)?,
        Command::Plot { names, param, output, adapter } => {
            let picture = Picture::of(&names, &param)?;
            write_picture(&picture, &output, adapter.as_deref())?;
        }
        Command::Shader { name, snippet: true, prefix, .. } => {
            let activation = Function::named(&name)?.elementwise()?;
            print(&activation.snippet(prefix.as_deref().unwrap_or(activation.name())).map_err(usage)?)?;
        }
        Command::Shader { name, pass, storage, .. } => {
            let storage = match storage {
                StorageName::F32 => Storage::F32,
                StorageName::F16 => Storage::F16,
                StorageName::Bf16 => Storage::Bf16,
            };
            let backward = pass == PassName::Backward;
            let (name, (shader, entry)) = match Function::named(&name)? {
                Function::Along(function) => (function.name(), Shader::along(function, storage, backward)),
                Function::Elementwise(activation) => {
                    let shader = Shader::elementwise(&activation, storage, Binding::Separate);
                    (activation.name(), (shader, if backward { "backward" } else { "forward" }))
                }
            };
            let note = match entry {
                "state" => ", whose statistics kernels/finish.wgsl turns into results in another dispatch",
                _ => "",
            };
            print(&format!("// {name}: entry point `{entry}`{note}\n\n{}", shader.source()))?;
        }
        Command::Verify { names, param, exhaustive, step, resume, adapter, json } => {
            let functions = verify::functions(&names, &param)?;
            if (exhaustive || resume.is_some()) && functions.iter().all(|f| matches!(f, Function::Along(_))) {
                let option = if exhaustive { "--exhaustive" } else { "--resume" };
                return Err(usage(anyhow!(
                    "{option} is for elementwise functions; {} works along an axis, and is tried on arrays of fixed shapes",
                    names.join(", ")
                )));
            }
            let step = if exhaustive { 1 } else { step };
            verify::Verification::new(&adapter, step, resume.as_deref(), json)?.run(&functions)?;
        }
        Command::Bench { names, param, shape, axis, storage, samples, adapter, json } => {
            let functions = chosen(&names, &param)?;
            let context = context(adapter.as_deref())?;
            let table = bench::Table::new(&context, samples, axis, json)?;
            match storage {
                StorageName::F32 => table.print::<f32>(&functions, &shape)?,
                StorageName::F16 => table.print::<f16>(&functions, &shape)?,
                StorageName::Bf16 => table.print::<bf16>(&functions, &shape)?,
            }
        }
    }
    Ok(())
}

fn run_over_files(arguments: &Evaluate, grad: Option<&Path>, param_grad: &[String]) -> Result<(), Failure> {
    if let (Device::Cpu, Some(adapter)) = (arguments.device, &arguments.adapter) {
        return Err(usage(anyhow!("--device cpu uses no adapter, but --adapter {adapter} was given")));
    }
    let configured = configured(&arguments.name, &arguments.param)?;
    let gradients = param_grad.iter().map(|option| gradient(&configured.function, option));
    let gradients = gradients.collect::<Result<Vec<_>, _>>()?;
    match configured.function {
        Function::Elementwise(activation)
            if configured.seed.is_none() && configured.files.is_empty() && gradients.is_empty() =>
        {
            if let Some(axis) = arguments.axis {
                let name = activation.name();
                return Err(usage(anyhow!("--axis {axis}: {name} works on each element; no parameter is from a file")));
            }
            evaluate::evaluate(activation, arguments, grad)?;
        }
        _ => pieces::evaluate(&configured, arguments, grad, &gradients)?,
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Function {
    Elementwise(Activation),
    Along(AxisFunction),
}

impl Function {
    fn named(name: &str) -> Result<Function, Failure> {
        // An axis function's error names the nearest of both kinds.
        let elementwise = name.parse().map(Function::Elementwise);
        elementwise.or_else(|_: Error| name.parse().map(Function::Along)).map_err(|error: Error| usage(error))
    }

    fn elementwise(&self) -> Result<Activation, Failure> {
        match self {
            Function::Elementwise(activation) => Ok(*activation),
            Function::Along(function) => {
                Err(usage(anyhow!("{function} works along an axis; an elementwise function is needed here")))
            }
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Function::Elementwise(activation) => activation.name(),
            Function::Along(function) => function.name(),
        }
    }
}

/// A function with what `-p` says of it.
struct Configured {
    function: Function,
    /// Of rrelu in training.
    seed: Option<u64>,
    mask: Option<PathBuf>,
    /// Parameters from files.
    files: Vec<(&'static str, PathBuf)>,
}

fn spelling(key: &str) -> String {
    key.to_lowercase().replace(['_', '-'], "")
}

/// The function of this name with parameters from the command line.
fn configured(name: &str, parameters: &[String]) -> Result<Configured, Failure> {
    let mut configured = Configured { function: Function::named(name)?, seed: None, mask: None, files: Vec::new() };
    let pair = |parameter: &'_ String| {
        let pair = parameter.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
        pair.ok_or_else(|| usage(anyhow!("-p {parameter} is not of the form KEY=VALUE")))
    };
    let mut pairs = parameters.iter().map(pair).collect::<Result<Vec<_>, _>>()?;
    // A gated unit's activation decides which other parameters there are.
    pairs.sort_by_key(|(key, _)| spelling(key) != "activation");
    let mut seen: Vec<String> = Vec::new();
    for (key, value) in &pairs {
        if ["axis", "dim"].contains(&spelling(key).as_str()) {
            return Err(usage(anyhow!(
                "{name} has no parameter {key:?}; the axis is --axis {value}, an option of forward, backward and bench"
            )));
        }
        if seen.contains(&spelling(key)) {
            return Err(usage(anyhow!("the parameter {key} is given twice")));
        }
        seen.push(spelling(key));
        match &mut configured.function {
            Function::Along(function) => match value.strip_prefix('@') {
                Some(path) if spelling(key) == "mask" => {
                    if !function.takes_mask() {
                        return Err(usage(Error::NotMaskable { function: function.name() }));
                    }
                    configured.mask = Some(path.into());
                }
                None if spelling(key) == "mask" => {
                    return Err(usage(anyhow!("-p {key}={value}: a mask is a file, {key}=@FILE.npy")));
                }
                // From the plain name, so that `gated` may become any unit.
                _ => *function = function.with(key, value).map_err(usage)?,
            },
            Function::Elementwise(Activation::Rrelu { .. }) if spelling(key) == "seed" => {
                let seed = value
                    .parse()
                    .map_err(|_| usage(anyhow!("rrelu: seed is {value}, but must be an integer from 0 to 2^64 - 1")))?;
                configured.seed = Some(seed);
            }
            Function::Elementwise(activation) => match value.strip_prefix('@') {
                Some(path) => configured.files.push((learnable(activation, key)?, path.into())),
                None => *activation = with_number(activation, key, value)?,
            },
        }
    }
    // Only now, because a range may depend on another parameter.
    match &configured.function {
        Function::Elementwise(activation) => activation.validate(),
        Function::Along(function) => function.validate(),
    }
    .map_err(usage)?;
    Ok(configured)
}

fn with_number(activation: &Activation, key: &str, value: &str) -> Result<Activation, Failure> {
    let number = value.parse::<f32>().map_err(|_| usage(anyhow!("-p {key}={value}: {value:?} is not a number")));
    // An unknown parameter is the better message where both are wrong.
    let activation = activation.with(key, *number.as_ref().unwrap_or(&0.0)).map_err(usage)?;
    number.map(|_| activation)
}

/// The canonical name of a parameter that may come from a file and has a gradient.
fn learnable(activation: &Activation, key: &str) -> Result<&'static str, Failure> {
    // For the error of an unknown name.
    activation.with(key, 0.0).map_err(usage)?;
    let known = activation.parameters().iter().find(|parameter| spelling(parameter.name) == spelling(key));
    match known {
        Some(parameter) if parameter.learnable => Ok(parameter.name),
        known => {
            let parameter = known.map_or("", |parameter| parameter.name);
            Err(usage(Error::NotLearnable { function: activation.name(), parameter }))
        }
    }
}

/// What an option `--param-grad KEY=FILE` asks for.
fn gradient(function: &Function, option: &str) -> Result<(&'static str, PathBuf), Failure> {
    let malformed = || usage(anyhow!("--param-grad {option} is not of the form KEY=FILE.npy"));
    let (key, path) = option.split_once('=').ok_or_else(malformed)?;
    match function {
        Function::Elementwise(activation) => Ok((learnable(activation, key)?, path.into())),
        Function::Along(function) => {
            Err(usage(anyhow!("{function} has no learnable parameter; --param-grad {option}")))
        }
    }
}

/// The functions of these names, all where none is given, at their defaults; or one as `-p` says, with numbers and words.
fn chosen(names: &[String], parameters: &[String]) -> Result<Vec<Function>, Failure> {
    match (names, parameters) {
        ([], []) => {
            let elementwise = Activation::ALL.iter().copied().map(Function::Elementwise);
            // Without `gated`, which at its defaults is `glu`.
            let along = AxisFunction::ALL.iter().filter(|(name, function)| *name == function.name());
            Ok(elementwise.chain(along.map(|(_, function)| Function::Along(*function))).collect())
        }
        (names, []) => names.iter().map(|name| Function::named(name)).collect(),
        ([name], parameters) => match configured(name, parameters)? {
            Configured { function, seed: None, mask: None, files } if files.is_empty() => Ok(vec![function]),
            _ => {
                Err(usage(anyhow!("{name} works here only with numbers or words as parameters, no files and no seed")))
            }
        },
        (names, _) => Err(usage(anyhow!("-p needs exactly one function, {} are named", names.len()))),
    }
}

fn context(adapter: Option<&str>) -> Result<GpuActivations, Error> {
    let mut builder = GpuActivations::builder();
    if let Some(adapter) = adapter {
        builder = builder.adapter(adapter);
    }
    builder.build()
}

/// What `plot` draws.
enum Picture {
    /// One function, at values of its parameters that show what they do.
    Function(Activation),
    /// Functions at the values given.
    Functions(Vec<Activation>),
    Along(AxisFunction),
}

impl Picture {
    fn of(names: &[String], parameters: &[String]) -> Result<Picture, Failure> {
        Ok(match (chosen(names, parameters)?.as_slice(), parameters) {
            ([Function::Along(function)], _) => Picture::Along(*function),
            ([Function::Elementwise(activation)], []) => Picture::Function(*activation),
            (functions, _) => {
                Picture::Functions(functions.iter().map(Function::elementwise).collect::<Result<_, _>>()?)
            }
        })
    }

    fn draw(&self, context: &GpuActivations) -> Result<String, Error> {
        match self {
            Picture::Function(activation) => plot::picture(context, *activation),
            Picture::Functions(activations) => plot::curves(context, activations),
            Picture::Along(function) => plot::along(context, *function),
        }
    }
}

fn write_picture(picture: &Picture, output: &Path, adapter: Option<&str>) -> Result<(), Failure> {
    let extension = output.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_lowercase();
    if !["svg", "png"].contains(&extension.as_str()) {
        return Err(usage(anyhow!("the picture {} should end in .svg or .png", output.display())));
    }
    let mut file = NewFile::create(output, &[])?;
    let svg = picture.draw(&context(adapter)?)?;
    let bytes = if extension == "png" { plot::png(&svg, 2.0)? } else { svg.into_bytes() };
    file.write(&bytes)?;
    file.finish()?;
    Ok(())
}

fn print(text: &str) -> anyhow::Result<()> {
    std::io::stdout().write_all(text.as_bytes()).context("cannot write to stdout")
}

/// Whether nobody reads stdout any more. Files, the other outputs, are no pipes.
fn has_no_reader(error: &anyhow::Error) -> bool {
    error.downcast_ref().is_some_and(|error: &std::io::Error| error.kind() == ErrorKind::BrokenPipe)
}

/// JSON has no infinities and no NaN.
fn number(value: f64) -> Value {
    if value.is_finite() { json!(value) } else { json!(value.to_string()) }
}

/// The shortest decimal that is this f32, not the widened one.
fn short(value: f32) -> Value {
    value.to_string().parse().map_or_else(|_| json!(value), number)
}

/// What is no JSON value is a word.
fn json_of(text: &str) -> Value {
    text.parse().unwrap_or_else(|_| json!(text))
}

fn list() -> String {
    let indented = textwrap::Options::new(80).initial_indent("    ").subsequent_indent("        ");
    let row = |activation: &Activation| {
        let parameters = activation.parameters().iter().map(|p| format!("{} = {} ({})", p.name, p.default, p.range));
        let seed = matches!(activation, Activation::Rrelu { .. })
            .then(|| "seed (an integer from 0 to 2^64 - 1; given, slopes are drawn, as in training)".to_owned());
        let aliases = activation.aliases();
        let also = (!aliases.is_empty()).then(|| format!("also {}", aliases.join(", ")));
        let details = std::iter::once(activation.formula().to_owned()).chain(parameters).chain(seed).chain(also);
        let details: String = details.map(|line| textwrap::fill(&line, &indented) + "\n").collect();
        format!("{}\n{details}", activation.name())
    };
    let along = |(name, function): &(&str, AxisFunction)| {
        let parameters = function.parameters().iter().map(|p| format!("{} = {} ({})", p.name, p.default, p.valid));
        let mask =
            function.takes_mask().then(|| "mask = @FILE.npy (bool or u8, of the shape of x; 1 keeps)".to_owned());
        let details = std::iter::once(function.formula().to_owned()).chain(parameters).chain(mask);
        let details: String = details.map(|line| textwrap::fill(&line, &indented) + "\n").collect();
        format!("{name}, along an axis\n{details}")
    };
    Activation::ALL.iter().map(row).chain(AxisFunction::ALL.iter().map(along)).collect()
}

fn list_json() -> String {
    let row = |activation: &Activation| {
        // Given, rrelu is that of training.
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
        list_row(activation.name(), activation.aliases(), parameters, activation.formula(), "elementwise", false)
    };
    let along = |(name, function): &(&str, AxisFunction)| {
        let parameter = |parameter: &AxisParameter| {
            let (min, max) = parameter.bounds.unzip();
            let default = json_of(parameter.default);
            json!({ "name": parameter.name, "default": default, "min": min, "max": max, "learnable": false })
        };
        let parameters = function.parameters().iter().map(parameter).collect();
        list_row(name, &[], parameters, function.formula(), function.family(), function.takes_mask())
    };
    Activation::ALL.iter().map(row).chain(AxisFunction::ALL.iter().map(along)).collect()
}

fn list_row(name: &str, aliases: &[&str], parameters: Vec<Value>, formula: &str, family: &str, mask: bool) -> String {
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

fn yes_or_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

fn devices(json: bool) -> Result<String, Failure> {
    let survey = pollster::block_on(gpu_activations::survey())?;
    let unusable = |info: &AdapterInfo, reason: &str| {
        say(&format!("{} cannot be used: {}", verify::shown(info), reason.replace('\n', " ")));
    };
    for (info, reason) in &survey.unusable {
        unusable(info, reason);
    }
    let mut text = String::new();
    for adapter in survey.usable {
        let (info, limits, features) = (adapter.get_info(), adapter.limits(), adapter.features());
        let backend = info.backend.to_str();
        let subgroups = features.contains(gpu_activations::wgpu::Features::SUBGROUP);
        let kind = format!("{:?}", info.device_type);
        let driver = format!("{} {}", info.driver, info.driver_info);
        // The first kernel: an adapter may give a device that is lost when it computes.
        let arithmetic = GpuActivations::builder().on(adapter).build().and_then(|context| context.arithmetic());
        let arithmetic = match arithmetic {
            Ok(arithmetic) => arithmetic,
            Err(error) => {
                unusable(&info, &error.to_string());
                continue;
            }
        };
        let choices = [
            ("fuses_fma", arithmetic.fuses_fma),
            ("contracts", arithmetic.contracts),
            ("reassociates", arithmetic.reassociates),
            ("keeps_subnormal_results", arithmetic.keeps_subnormal_results),
            ("keeps_subnormal_operands", arithmetic.keeps_subnormal_operands),
            ("divides_exactly", arithmetic.divides_exactly),
        ];
        let row = json!({
            "adapter": info.name,
            "backend": backend,
            "kind": kind,
            "driver": driver.trim(),
            "storage": ["f32", "f16", "bf16"],
            "subgroups": subgroups,
            "max_buffer_size": limits.max_buffer_size,
            "max_storage_buffer_binding_size": limits.max_storage_buffer_binding_size,
            "min_storage_buffer_offset_alignment": limits.min_storage_buffer_offset_alignment,
            "arithmetic": choices.into_iter().collect::<HashMap<_, _>>(),
        });
        let choices =
            choices.map(|(name, chosen)| format!("{}: {}", name.replace('_', " "), yes_or_no(chosen))).join(", ");
        // Writing to a String cannot fail.
        let _ = if json {
            writeln!(text, "{row}")
        } else {
            writeln!(
                text,
                "{}\n    {} on {}, {}\n    buffers to {} bytes, bindings to {}, offsets in steps of {}; f32, f16, bf16; subgroups: {}\n{}",
                info.name,
                kind,
                backend,
                driver.trim(),
                limits.max_buffer_size,
                limits.max_storage_buffer_binding_size,
                limits.min_storage_buffer_offset_alignment,
                yes_or_no(subgroups),
                textwrap::fill(&choices, textwrap::Options::new(100).initial_indent("    ").subsequent_indent("    ")),
            )
        };
    }
    if text.is_empty() && !json {
        text.push_str("no adapter can run compute shaders; `--device cpu` evaluates on the reference\n");
    }
    Ok(text)
}
