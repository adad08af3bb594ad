//! `verify`: devices against the reference, on every float if need be. A file keeps what is done.

use crate::adapter::{context, shown};
use crate::failure::{Failure, usage};
use crate::function::{FormulaOption, chosen, is_default};
use crate::new_file::NewFile;
use crate::output::{number, print, progress_bar};
use crate::row::{labels, parameters};
use crate::shader::AccuracyName;
use anyhow::{Context, Result, anyhow, ensure};
use clap::Args;
use gpu_activations::verify::{Checkpoint, Format, Quantity, Report, fingerprint, verify_along, verify_from};
use gpu_activations::wgpu::AdapterInfo;
use gpu_activations::{Accuracy, Activation, Direction, Error, Function, GpuActivations, counted};
#[cfg(feature = "bench")]
use gpu_activations::{Axis, AxisFunction, verify::verify_axis};
use half::{bf16, f16};
use indicatif::ProgressBar;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[derive(Args)]
pub struct Arguments {
    /// The functions; all where none is given.
    names: Vec<String>,
    #[command(flatten)]
    formula: FormulaOption,
    /// A parameter of the one function named; absent: the defaults and the table's sample values.
    #[arg(short, long = "param", value_name = "KEY=VALUE")]
    param: Vec<String>,
    /// The derivative to compare: 0 for the function itself, 1 or 2; absent: 0 and 1. Second derivatives are for elementwise
    /// functions.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=2))]
    order: Option<u8>,
    /// How exact f32 results are asked to be; absent: both. f16 and bf16 have one form.
    #[arg(long, value_enum)]
    accuracy: Option<AccuracyName>,
    /// Every one of the 2^32 f32, instead of a sample; functions along an axis keep their arrays.
    #[arg(long, conflicts_with = "step")]
    exhaustive: bool,
    /// One in so many f32 is tried, and up to 65536 on each side of every edge of the function, the more the smaller N is.
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
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { names, formula, param, order, accuracy, exhaustive, step, resume, adapter, json } = arguments;
    let mut functions = functions(names, formula.of(names)?.as_deref(), param)?;
    if *order == Some(2) {
        if let Some(along) = functions.iter().find(|function| !names.is_empty() && function.along().is_ok()) {
            return Err(usage(anyhow!(
                "--order 2: {} works along an axis, and has no second derivative here",
                along.name()
            )));
        }
        functions.retain(|function| function.elementwise().is_ok());
    }
    if (*exhaustive || resume.is_some()) && functions.iter().all(|function| function.along().is_ok()) {
        let option = if *exhaustive { "--exhaustive" } else { "--resume" };
        return Err(usage(anyhow!(
            "{option} is for elementwise functions; {} works along an axis, and is tried on arrays of fixed shapes",
            names.join(", ")
        )));
    }
    let step = if *exhaustive { 1 } else { *step };
    let accuracies = accuracy.map_or(Accuracy::ALL.to_vec(), |accuracy| vec![accuracy.into()]);
    let contexts = match adapter.as_slice() {
        [] => vec![context(None)?],
        adapters => adapters.iter().map(|adapter| context(Some(adapter))).collect::<Result<_, _>>()?,
    };
    let bar = progress_bar(1000)?;
    let mut verification = Verification::new(contexts, step, resume.as_deref(), bar.clone())?;
    let failed = verification.compare(&functions, &accuracies, *order, |row| {
        let line = if *json { format!("{}\n", row.json()) } else { row.text() };
        bar.suspend(|| print(&line))
    })?;
    verification.within_limits(failed)
}

/// The functions to verify: those named, or all, at their defaults and sample values, or one as `-p` says.
fn functions(names: &[String], formula: Option<&str>, parameters: &[String]) -> Result<Vec<Function>, Failure> {
    let of = |function: Function| {
        let is_one = !parameters.is_empty() || !is_default(&function);
        if is_one { vec![function] } else { samples(&function) }
    };
    Ok(chosen(names, formula, parameters)?.into_iter().flat_map(of).collect())
}

/// A function with its defaults and sample values.
pub fn samples(function: &Function) -> Vec<Function> {
    match function.along() {
        Ok(along) => along.samples().into_iter().map(Function::from).collect(),
        Err(_) => function.elementwise().iter().flat_map(Activation::samples).map(Function::from).collect(),
    }
}

/// The time from one writing of the record to the next.
const KEPT_EVERY: Duration = Duration::from_secs(10);

/// A comparison of devices with the reference.
pub struct Verification {
    contexts: Vec<GpuActivations>,
    step: u32,
    journal: Option<Journal>,
    bar: ProgressBar,
}

/// The errors of one quantity on one device.
pub struct Row<'a> {
    pub function: &'a Function,
    pub report: &'a Report,
    quantity: Quantity,
    labels: &'a Map<String, Value>,
    info: AdapterInfo,
    /// Whether other rows are of other devices.
    is_one_of_several: bool,
}

impl Verification {
    /// A bar of 1000 shows how far each comparison is.
    pub fn new(
        contexts: Vec<GpuActivations>,
        step: u32,
        resume: Option<&Path>,
        bar: ProgressBar,
    ) -> Result<Self, Failure> {
        let shown: Vec<String> = contexts.iter().map(|context| shown(&context.adapter_info())).collect();
        let journal = resume.map(|path| Journal::open(path, &shown, step)).transpose()?;
        Ok(Verification { contexts, step, journal, bar })
    }

    /// Compares functions, or one order of their derivatives, and hands each row on. Returns the number of rows with errors
    /// beyond the limits.
    pub fn compare(
        &mut self,
        functions: &[Function],
        accuracies: &[Accuracy],
        order: Option<u8>,
        mut found: impl FnMut(&Row<'_>) -> Result<()>,
    ) -> Result<u64, Failure> {
        let mut failed = 0;
        for function in functions {
            for quantity in quantities(function, order) {
                for (storage, accuracy) in kernels(function, quantity, accuracies) {
                    let labels = row_labels(function, quantity, storage, accuracy);
                    self.set_accuracy(accuracy);
                    let reports = match storage {
                        "f32" => self.reports::<f32>(function, quantity, &labels)?,
                        "f16" => self.reports::<f16>(function, quantity, &labels)?,
                        _ => self.reports::<bf16>(function, quantity, &labels)?,
                    };
                    failed += self.hand_on(function, quantity, &labels, &reports, &mut found)?;
                }
            }
        }
        self.bar.finish_and_clear();
        Ok(failed)
    }

    /// Compares a function on one array of the axis' shape.
    #[cfg(feature = "bench")]
    pub fn compare_along(
        &mut self,
        function: &AxisFunction,
        (shape, axis): (&[usize], isize),
        accuracies: &[Accuracy],
        mut found: impl FnMut(&Row<'_>) -> Result<()>,
    ) -> Result<u64, Failure> {
        let (any, along) = (Function::from(function.clone()), Axis::new(shape, axis)?);
        let mut failed = 0;
        for quantity in quantities(&any, None) {
            let direction = direction_of(quantity);
            for (storage, accuracy) in kernels(&any, quantity, accuracies) {
                let mut labels = row_labels(&any, quantity, storage, accuracy);
                labels.insert("shape".to_owned(), json!(shape));
                labels.insert("axis".to_owned(), json!(axis));
                self.set_accuracy(accuracy);
                let reports = self.contexts.iter().map(|context| match storage {
                    "f32" => verify_axis::<f32>(context, function, &along, false, direction),
                    "f16" => verify_axis::<f16>(context, function, &along, false, direction),
                    _ => verify_axis::<bf16>(context, function, &along, false, direction),
                });
                let reports = reports.collect::<Result<Vec<_>, Error>>()?;
                failed += self.hand_on(&any, quantity, &labels, &reports, &mut found)?;
            }
        }
        Ok(failed)
    }

    fn set_accuracy(&mut self, accuracy: Accuracy) {
        self.contexts = self.contexts.iter().map(|context| context.with_accuracy(accuracy)).collect();
    }

    /// Hands on a row for each device. Returns the number of rows with errors beyond the limits.
    fn hand_on(
        &self,
        function: &Function,
        quantity: Quantity,
        labels: &Map<String, Value>,
        reports: &[Report],
        found: &mut impl FnMut(&Row<'_>) -> Result<()>,
    ) -> Result<u64> {
        for (context, report) in self.contexts.iter().zip(reports) {
            let (info, is_one_of_several) = (context.adapter_info(), self.contexts.len() > 1);
            found(&Row { function, report, quantity, labels, info, is_one_of_several })?;
        }
        Ok(reports.iter().filter(|report| report.failed > 0).count() as u64)
    }

    /// A failure if there are rows beyond the limits.
    pub fn within_limits(&self, failed: u64) -> Result<(), Failure> {
        if failed > 0 {
            let adapters: Vec<String> = self.contexts.iter().map(|context| shown(&context.adapter_info())).collect();
            return Err(anyhow!("beyond the limits: {} on {}", counted(failed, "row"), adapters.join(" or ")).into());
        }
        Ok(())
    }

    fn reports<T: Format>(
        &mut self,
        function: &Function,
        quantity: Quantity,
        labels: &Map<String, Value>,
    ) -> Result<Vec<Report>, Failure> {
        let Verification { contexts, step, journal, bar, .. } = self;
        bar.set_message(function.name());
        let Ok(activation) = function.elementwise() else {
            let progress = |share: f64| bar.set_position((share * 1000.0) as u64);
            let direction = direction_of(quantity);
            let reports = contexts.iter().map(|context| verify_along::<T>(context, function, direction, progress));
            return Ok(reports.collect::<Result<_, _>>()?);
        };
        let key = Value::Object(labels.clone()).to_string();
        let kernel = fingerprint::<T>(activation, quantity, contexts[0].accuracy());
        let start = journal.as_ref().map(|journal| journal.checkpoint(&key, &kernel)).unwrap_or_default();
        bar.reset_eta();
        let mut kept = Instant::now();
        let mut unwritable = None;
        let keep = |checkpoint: &Checkpoint| {
            bar.set_position(1000 * checkpoint.done / checkpoint.blocks);
            let Some(journal) = journal.as_mut() else { return Ok(()) };
            if kept.elapsed() < KEPT_EVERY && checkpoint.done < checkpoint.blocks {
                return Ok(());
            }
            kept = Instant::now();
            journal.keep(&key, &kernel, labels, checkpoint).map_err(|error| {
                let reason = error.to_string();
                unwritable = Some(error);
                Error::Refused { reason }
            })
        };
        let outcome = verify_from::<T>(contexts, activation, quantity, *step, start, keep);
        match (outcome, unwritable) {
            (_, Some(error)) => Err(error.into()),
            (outcome, None) => Ok(outcome?.reports),
        }
    }
}

impl Row<'_> {
    pub fn json(&self) -> Value {
        let mut row = self.labels.clone();
        row.insert("adapter".to_owned(), json!(self.info.name));
        row.insert("backend".to_owned(), json!(self.info.backend.to_str()));
        row.extend(fields(self.report));
        Value::Object(row)
    }

    pub fn text(&self) -> String {
        let Row { function, report, .. } = self;
        let mut notes: Vec<String> =
            parameters(function).iter().map(|(name, value)| format!("{name}={value}")).collect();
        if let Quantity::ParameterGradient(parameter) = self.quantity {
            notes.insert(0, format!("by {parameter},"));
        }
        if self.quantity == Quantity::SecondDerivative {
            notes.insert(0, "order 2".to_owned());
        }
        let word = |name: &str| self.labels[name].as_str().unwrap_or_default().to_owned();
        let limit = match report.limit_ulp {
            f64::INFINITY => "ULP".to_owned(),
            limit => format!("of {limit:.3} ULP"),
        };
        format!(
            "{} {:<17} {:<8} {:<4} {:<7} worst {:.3} {limit} at {:e}, {} of {} beyond  {}{}\n",
            if report.failed == 0 { "ok  " } else { "FAIL" },
            function.name(),
            word("pass"),
            word("storage"),
            word("accuracy"),
            report.worst_ulp,
            report.worst_input,
            report.failed,
            report.count,
            notes.join(" ").replace('"', ""),
            if self.is_one_of_several { format!("  {}", shown(&self.info)) } else { String::new() },
        )
    }
}

/// The results of a function that are compared.
fn quantities(function: &Function, order: Option<u8>) -> Vec<Quantity> {
    let learnable: Vec<Quantity> = match function.elementwise() {
        Ok(activation) => {
            let learnable = activation.parameters().iter().filter(|parameter| parameter.learnable);
            learnable.map(|parameter| Quantity::ParameterGradient(parameter.name)).collect()
        }
        Err(_) => Vec::new(),
    };
    let first = [vec![Quantity::Backward], learnable].concat();
    match order {
        None => [vec![Quantity::Forward], first].concat(),
        Some(0) => vec![Quantity::Forward],
        Some(1) => first,
        Some(_) => vec![Quantity::SecondDerivative],
    }
}

/// The storages and accuracies whose kernels differ.
fn kernels(function: &Function, quantity: Quantity, accuracies: &[Accuracy]) -> Vec<(&'static str, Accuracy)> {
    let has_levels = match (function.along(), quantity) {
        (Ok(along), _) => along.family() == "gated",
        (Err(_), Quantity::ParameterGradient(_)) => false,
        (Err(_), _) => true,
    };
    let of_f32 = if has_levels { accuracies } else { &[Accuracy::Highest] };
    let others = ["f16", "bf16"].map(|storage| (storage, Accuracy::Highest));
    of_f32.iter().map(|&accuracy| ("f32", accuracy)).chain(others).collect()
}

fn row_labels(function: &Function, quantity: Quantity, storage: &str, accuracy: Accuracy) -> Map<String, Value> {
    let direction = direction_of(quantity);
    let mut labels = labels(function, direction.name(), storage, accuracy);
    let order = match quantity {
        Quantity::Forward => 0,
        Quantity::SecondDerivative => 2,
        _ => 1,
    };
    labels.insert("order".to_owned(), json!(order));
    if let Quantity::ParameterGradient(parameter) = quantity {
        labels.insert("parameter_gradient".to_owned(), json!(parameter));
    }
    labels
}

fn fields(report: &Report) -> Map<String, Value> {
    let fields = [
        ("worst_ulp", number(report.worst_ulp)),
        ("worst_input", number(report.worst_input)),
        ("limit_ulp", number(report.limit_ulp)),
        ("count", json!(report.count)),
        ("failed", json!(report.failed)),
        ("above_1_ulp", json!(report.above[0])),
        ("above_2_ulp", json!(report.above[1])),
        ("above_4_ulp", json!(report.above[2])),
        ("worst_absolute", number(report.worst_absolute)),
        ("wrong_specials", json!(report.wrong_specials)),
        ("subnormals_kept", json!(report.subnormals_kept)),
        ("subnormals_flushed", json!(report.subnormals_flushed)),
    ];
    fields.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
}

fn report_of(fields: &Value) -> Option<Report> {
    // Numbers beyond JSON are words.
    let real = |name: &str| {
        let value = &fields[name];
        value.as_f64().or_else(|| value.as_str()?.parse().ok())
    };
    let count = |name: &str| fields[name].as_u64();
    let mut report = Report::default();
    report.worst_ulp = real("worst_ulp")?;
    report.worst_input = real("worst_input")?;
    report.limit_ulp = real("limit_ulp")?;
    report.count = count("count")?;
    report.failed = count("failed")?;
    report.above = [count("above_1_ulp")?, count("above_2_ulp")?, count("above_4_ulp")?];
    report.worst_absolute = real("worst_absolute")?;
    report.wrong_specials = count("wrong_specials")?;
    report.subnormals_kept = count("subnormals_kept")?;
    report.subnormals_flushed = count("subnormals_flushed")?;
    Some(report)
}

fn direction_of(quantity: Quantity) -> Direction {
    if quantity == Quantity::Forward { Direction::Forward } else { Direction::Backward }
}

/// A file of what is done: for which adapters and step, and a checkpoint for each function, pass and storage, with the
/// hash of the kernel that it is valid for.
struct Journal {
    path: PathBuf,
    content: Value,
}

impl Journal {
    fn open(path: &Path, adapters: &[String], step: u32) -> Result<Journal> {
        let shown = path.display();
        let fresh = json!({ "adapters": adapters, "step": step, "done": {} });
        if !path.exists() {
            return Ok(Journal { path: path.to_owned(), content: fresh });
        }
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
        let content: Value = serde_json::from_str(&text).with_context(|| format!("{shown} is no record of verify"))?;
        for (name, ours) in fresh.as_object().into_iter().flatten().filter(|(name, _)| *name != "done") {
            let theirs = &content[name];
            ensure!(theirs == ours, "{shown} was begun with {name} {theirs}, but this run has {ours}");
        }
        ensure!(content["done"].is_object(), "{shown} is no record of verify: \"done\" is missing");
        Ok(Journal { path: path.to_owned(), content })
    }

    /// What is done of a comparison; nothing where it was done with another kernel.
    fn checkpoint(&self, key: &str, kernel: &str) -> Checkpoint {
        let entry = &self.content["done"][key];
        if entry["kernel"] != kernel {
            return Checkpoint::default();
        }
        let reports = entry["reports"].as_array().map(|reports| reports.iter().map(report_of).collect());
        let mut checkpoint = Checkpoint::default();
        if let (Some(done), Some(blocks), Some(Some(reports))) =
            (entry["done"].as_u64(), entry["blocks"].as_u64(), reports)
        {
            (checkpoint.done, checkpoint.blocks, checkpoint.reports) = (done, blocks, reports);
        }
        checkpoint
    }

    fn keep(&mut self, key: &str, kernel: &str, labels: &Map<String, Value>, checkpoint: &Checkpoint) -> Result<()> {
        let reports: Vec<Value> = checkpoint.reports.iter().map(|report| Value::Object(fields(report))).collect();
        let mut entry = labels.clone();
        entry.insert("kernel".to_owned(), json!(kernel));
        entry.insert("done".to_owned(), json!(checkpoint.done));
        entry.insert("blocks".to_owned(), json!(checkpoint.blocks));
        entry.insert("reports".to_owned(), json!(reports));
        self.content["done"][key] = Value::Object(entry);
        let mut file = NewFile::create(&self.path, &[])?;
        file.write(format!("{}\n", self.content).as_bytes())?;
        file.finish()
    }
}
