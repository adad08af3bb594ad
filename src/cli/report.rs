//! `report`: one command that tries a device out, for whoever has one that the authors do not have.

use crate::adapter::context;
use crate::bench::{Measurement, Row, Shape};
use crate::devices::Device;
use crate::failure::Failure;
use crate::function::chosen;
use crate::new_file::NewFile;
use crate::output::{number, print, progress_bar};
use crate::verify::{self, Verification};
use anyhow::{Context, Result};
use clap::Args;
use gpu_activations::shader::Storage;
use gpu_activations::{
    Accuracy, Activation, AxisFunction, Direction, Error, Function, GpuActivations, Recording, counted, wgpu,
};
use half::f16;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Instant;

#[derive(Args)]
pub struct Arguments {
    /// The functions, at their defaults; all where none is given.
    names: Vec<String>,
    /// The file of the report, JSON.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Tries every one of the 2^32 f32, which takes hours on a CPU and up to an hour on a GPU. FILE.verify keeps what is
    /// done, and the same command goes on from there.
    #[arg(long)]
    exhaustive: bool,
    /// Words of "name on backend", such as "llvmpipe on vulkan".
    #[arg(long, value_name = "TEXT")]
    adapter: Option<String>,
}

/// One in so many f32 is compared, besides the edges of each function.
const STEP: u32 = 65_521;
/// Samples of each throughput, whose median counts.
const SAMPLES: u16 = 3;
/// Where each function is measured.
const SHAPE: [usize; 2] = [32_768, 1024];
/// Shorter and longer rows of as many elements, for softmax.
const ROWS: [[usize; 2]; 2] = [[262_144, 128], [2048, 16_384]];
/// Operations that are timed together, and the elements of each.
const OPERATIONS: u32 = 1000;
const SMALL: usize = 4096;

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let begin = Instant::now();
    let functions = chosen(&arguments.names, None, &[])?;
    // An output that cannot be written is found before the work is done.
    let mut file = NewFile::create(&arguments.output, &[])?;
    let adapter = arguments.adapter.as_deref();
    let first_use = first_use(adapter)?;
    let context = context(adapter)?;
    let device = Device::of(&context)?;
    print(&format!("{}{}", device.text(), first_use.text()))?;
    let small = Small::measured(&context)?;
    print(&small.text())?;
    let figures = Figures::measured(&context, &functions)?;
    print(&figures.text())?;
    let (accuracy, outcome) = accuracy(&context, &functions, arguments)?;
    let report = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "device": device.json(),
        "first_use": first_use.json(),
        "small_operations": small.json(),
        "throughput": figures.rows,
        "accuracy": accuracy,
        "seconds": begin.elapsed().as_secs(),
    });
    file.write(format!("{report:#}\n").as_bytes())?;
    file.finish()?;
    outcome?;
    let rows = accuracy["rows"].as_array().map_or(0, Vec::len);
    print(&format!("accuracy: {} within their limits\n", counted(rows as u64, "row")))?;
    Ok(())
}

/// Milliseconds from nothing to a context, and from a new context to the first result of some functions.
struct FirstUse(Vec<(String, f64)>);

fn first_use(adapter: Option<&str>) -> Result<FirstUse, Error> {
    let milliseconds = |begin: Instant| begin.elapsed().as_secs_f64() * 1e3;
    let begin = Instant::now();
    context(adapter)?;
    let mut times = vec![("context".to_owned(), milliseconds(begin))];
    for activation in [Activation::Relu, Activation::Gelu] {
        let context = context(adapter)?;
        let begin = Instant::now();
        context.forward_slice(activation, &[1.0_f32; 4])?;
        times.push((activation.name().to_owned(), milliseconds(begin)));
    }
    Ok(FirstUse(times))
}

impl FirstUse {
    fn text(&self) -> String {
        let times: Vec<String> = self.0.iter().map(|(what, time)| format!("{what} {time:.1} ms")).collect();
        format!("first use: {}\n", times.join(", "))
    }

    fn json(&self) -> Value {
        let times = self.0.iter().map(|(what, time)| (format!("{what}_ms"), number(*time)));
        Value::Object(times.collect())
    }
}

/// Microseconds of a small operation.
struct Small {
    in_a_batch: f64,
    as_a_call: f64,
}

impl Small {
    fn measured(context: &GpuActivations) -> Result<Small> {
        let x = context.upload(&[1.0_f32; SMALL])?;
        let y = context.allocate::<f32>(SMALL)?;
        let wait = || context.device().poll(wgpu::PollType::wait_indefinitely());
        let each = |begin: Instant| begin.elapsed().as_secs_f64() * 1e6 / f64::from(OPERATIONS);
        let mut small = Small { in_a_batch: f64::INFINITY, as_a_call: f64::INFINITY };
        // The least of some: other programs only add to a time.
        for _ in 0..SAMPLES {
            let begin = Instant::now();
            let record = |recording: &mut Recording<'_, '_>| {
                (0..OPERATIONS).try_for_each(|_| recording.forward(Activation::Relu, &x, &y))
            };
            context.batch(record)?;
            wait()?;
            small.in_a_batch = small.in_a_batch.min(each(begin));
            let begin = Instant::now();
            (0..OPERATIONS).try_for_each(|_| context.forward_into(Activation::Relu, &x, &y))?;
            wait()?;
            small.as_a_call = small.as_a_call.min(each(begin));
        }
        Ok(small)
    }

    fn text(&self) -> String {
        let Small { in_a_batch, as_a_call } = self;
        format!("relu of {SMALL} elements: {in_a_batch:.1} µs in a batch, {as_a_call:.1} µs as a call of its own\n")
    }

    fn json(&self) -> Value {
        json!({
            "elements": SMALL,
            "microseconds_in_a_batch": number(self.in_a_batch),
            "microseconds_as_a_call": number(self.as_a_call),
        })
    }
}

/// The throughput of every function.
#[derive(Default)]
struct Figures {
    rows: Vec<Value>,
    /// Ratios to a copy by function and shape, in the order of `COLUMNS`, forward and backward in each.
    ratios: Vec<(String, [Option<f64>; 2 * COLUMNS.len()])>,
}

/// What is measured of each function.
const COLUMNS: [(Storage, Accuracy); 3] =
    [(Storage::F32, Accuracy::Highest), (Storage::F32, Accuracy::Fast), (Storage::F16, Accuracy::Highest)];

impl Figures {
    fn measured(context: &GpuActivations, functions: &[Function]) -> Result<Figures, Failure> {
        // Others have one accuracy.
        let has_levels = |function: &&Function| ["elementwise", "gated"].contains(&function.family());
        let leveled: Vec<Function> = functions.iter().filter(has_levels).cloned().collect();
        let shape = [Shape(SHAPE.to_vec())];
        let is_softmax = |function: &&Function| ["softmax", "log_softmax"].contains(&function.name());
        let softmaxes: Vec<Function> = functions.iter().filter(is_softmax).cloned().collect();
        let rows = ROWS.map(|rows| Shape(rows.to_vec()));
        let count = 2 * Measurement::rows(functions, &shape) + Measurement::rows(&leveled, &shape);
        let bar = progress_bar(count + Measurement::rows(&softmaxes, &rows))?;
        let mut figures = Figures::default();
        let mut bench = Measurement::new(context, SAMPLES, None)?;
        bench.measure::<f32>(functions, &shape, &bar, |row| figures.note(row))?;
        bench.measure::<f32>(&softmaxes, &rows, &bar, |row| figures.note(row))?;
        bench.measure::<f16>(functions, &shape, &bar, |row| figures.note(row))?;
        let fast = context.with_accuracy(Accuracy::Fast);
        let mut bench = Measurement::new(&fast, SAMPLES, None)?;
        bench.measure::<f32>(&leveled, &shape, &bar, |row| figures.note(row))?;
        bar.finish_and_clear();
        Ok(figures)
    }

    fn note(&mut self, row: &Row<'_>) -> Result<()> {
        self.rows.push(row.json());
        let name = format!("{:<17} {:<14}", row.function.name(), row.shape);
        let column =
            COLUMNS.iter().position(|column| *column == (row.storage, row.accuracy)).context("a new column")?;
        let place = self.ratios.iter().position(|(known, _)| *known == name).unwrap_or(self.ratios.len());
        if place == self.ratios.len() {
            self.ratios.push((name, Default::default()));
        }
        let ratio = 2 * column + usize::from(row.direction == Direction::Backward);
        self.ratios[place].1[ratio] = Some(row.throughput.ratio_to_copy);
        Ok(())
    }

    fn text(&self) -> String {
        let names = COLUMNS.map(|(storage, accuracy)| match storage {
            Storage::F32 => format!("{:>17}", format!("f32 {accuracy}")),
            _ => format!("{:>17}", storage.name()),
        });
        let directions = format!("{:>8} {:>8}", "forward", "backward");
        let mut text = format!("throughput by its ratio to a copy\n{:<32}{}\n", "", names.join(" "));
        text += &format!("{:<32}{}\n", "", [directions.as_str(); COLUMNS.len()].join(" "));
        for (name, ratios) in &self.ratios {
            let shown =
                ratios.map(|ratio| format!("{:>8}", ratio.map_or(String::new(), |ratio| format!("{ratio:.2}"))));
            text += format!("{name}{}", shown.join(" ")).trim_end();
            text += "\n";
        }
        text
    }
}

/// Arrays for functions along an axis: short rows, long ones, and columns. Groups of up to 6 divide each axis.
const ARRAYS: [(&[usize], isize); 3] = [(&[67, 12], 1), (&[3, 1032], 1), (&[2, 18, 6], 1)];

/// Compares every function at its defaults with the reference. The second result says whether all are within their limits.
fn accuracy(
    context: &GpuActivations,
    functions: &[Function],
    arguments: &Arguments,
) -> Result<(Value, Result<(), Failure>), Failure> {
    let elementwise: Vec<Function> = functions.iter().filter(|function| function.along().is_err()).cloned().collect();
    let step = if arguments.exhaustive { 1 } else { STEP };
    let mut record = arguments.output.clone().into_os_string();
    record.push(".verify");
    let record = arguments.exhaustive.then(|| PathBuf::from(record));
    let bar = progress_bar(1000)?;
    let mut verification = Verification::new(vec![context.clone()], step, record.as_deref(), bar.clone())?;
    let mut rows = Vec::new();
    let mut note = |row: &verify::Row<'_>| {
        rows.push(row.json());
        if row.report.failed > 0 {
            bar.suspend(|| print(&row.text()))?;
        }
        Ok(())
    };
    let mut failed = verification.compare(&elementwise, &Accuracy::ALL, None, &mut note)?;
    let along: Vec<&AxisFunction> = functions.iter().filter_map(|function| function.along().ok()).collect();
    let bar = progress_bar(along.len() as u64)?;
    for function in along {
        bar.set_message(function.name());
        for (shape, axis) in ARRAYS {
            failed += verification.compare_along(function, (shape, axis), &Accuracy::ALL, &mut note)?;
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok((json!({ "step": step, "rows": rows }), verification.within_limits(failed)))
}
