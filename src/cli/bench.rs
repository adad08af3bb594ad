//! `bench`: the throughput of functions on a device, beside a copy.

use crate::adapter::{context, shown};
use crate::failure::{Failure, usage};
use crate::function::{FormulaOption, chosen};
use crate::output::{number, print, progress_bar};
use crate::row::labels;
use crate::shader::{AccuracyName, StorageName};
use anyhow::anyhow;
use clap::Args;
use gpu_activations::bench::{Bench, Throughput};
use gpu_activations::shader::Storage;
use gpu_activations::wgpu::AdapterInfo;
use gpu_activations::{Accuracy, Axis, AxisFunction, Direction, Element, Function, GpuActivations};
use half::{bf16, f16};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use std::fmt;
use std::str::FromStr;

#[derive(Args)]
pub struct Arguments {
    /// The functions; all where none is given.
    names: Vec<String>,
    #[command(flatten)]
    formula: FormulaOption,
    /// A parameter of the one function named; others keep their defaults.
    #[arg(short, long = "param", value_name = "KEY=VALUE")]
    param: Vec<String>,
    /// The shape of x, as in 4096x1024; may be given several times.
    #[arg(long, value_name = "SHAPE", default_value = "32768x1024")]
    shape: Vec<Shape>,
    /// The axis of functions along one; negative counts from the end. Absent: the last.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    axis: Option<isize>,
    /// How elements lie in memory.
    #[arg(long, value_enum, default_value_t = StorageName::F32)]
    storage: StorageName,
    /// How exact f32 results are; f16 and bf16 have one form.
    #[arg(long, value_enum, default_value_t = AccuracyName::Highest)]
    accuracy: AccuracyName,
    /// Samples of each function, whose median counts.
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..))]
    samples: u16,
    /// Words of "name on backend", such as "llvmpipe on vulkan".
    #[arg(long, value_name = "TEXT")]
    adapter: Option<String>,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { names, formula, param, shape, axis, storage, accuracy, samples, adapter, json } = arguments;
    let functions = chosen(names, formula.of(names)?.as_deref(), param)?;
    let context = context(adapter.as_deref())?.with_accuracy((*accuracy).into());
    let mut bench = Measurement::new(&context, *samples, *axis)?;
    bench.check(&functions, shape)?;
    match storage {
        StorageName::F32 => print_rows::<f32>(&mut bench, &functions, shape, *json),
        StorageName::F16 => print_rows::<f16>(&mut bench, &functions, shape, *json),
        StorageName::Bf16 => print_rows::<bf16>(&mut bench, &functions, shape, *json),
    }
}

/// Prints rows as they are found.
fn print_rows<T: Element>(
    bench: &mut Measurement<'_>,
    functions: &[Function],
    shapes: &[Shape],
    json: bool,
) -> Result<(), Failure> {
    if !json {
        let info = bench.context.adapter_info();
        let adapter = format!("{}, {} {}", shown(&info), info.driver, info.driver_info);
        let (storage, clock) = (T::STORAGE.name(), bench.clock());
        print(&format!("{adapter}; {storage} by the {clock}'s clock, GB/s and the ratio to a copy\n"))?;
    }
    let bar = progress_bar(Measurement::rows(functions, shapes))?;
    bench.measure::<T>(functions, shapes, &bar, |row| {
        let line = if json { format!("{}\n", row.json()) } else { row.text() };
        bar.suspend(|| print(&line))
    })?;
    bar.finish_and_clear();
    Ok(())
}

/// Lengths joined by `x`.
#[derive(Clone)]
pub struct Shape(pub Vec<usize>);

impl FromStr for Shape {
    type Err = String;

    fn from_str(text: &str) -> Result<Shape, String> {
        let length = |length: &str| length.parse().ok().filter(|&length: &usize| length > 0);
        let lengths: Option<Vec<usize>> = text.split('x').map(length).collect();
        let lengths =
            lengths.ok_or_else(|| "a shape is lengths of at least 1 joined by x, as in 4096x1024".to_owned())?;
        let elements = lengths.iter().try_fold(1usize, |product, &length| product.checked_mul(length));
        elements.map(|_| Shape(lengths)).ok_or_else(|| "there are too many elements to count".to_owned())
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths: Vec<String> = self.0.iter().map(usize::to_string).collect();
        f.pad(&lengths.join("x"))
    }
}

/// The throughput of functions on one device.
pub struct Measurement<'a> {
    context: &'a GpuActivations,
    bench: Bench<'a>,
    axis: Option<isize>,
}

/// The throughput of one function.
pub struct Row<'a> {
    pub function: &'a Function,
    pub direction: Direction,
    pub throughput: Throughput,
    pub storage: Storage,
    pub accuracy: Accuracy,
    pub shape: &'a Shape,
    info: &'a AdapterInfo,
    clock: &'static str,
}

impl<'a> Measurement<'a> {
    /// Samples of each function; the axis of functions along one, the last if none.
    pub fn new(context: &'a GpuActivations, samples: u16, axis: Option<isize>) -> Result<Self, Failure> {
        Ok(Measurement { context, bench: Bench::new(context, samples.into())?, axis })
    }

    /// Finds a wrong shape before anything is measured, whose figures would be lost.
    fn check(&self, functions: &[Function], shapes: &[Shape]) -> Result<(), Failure> {
        if let (Some(axis), false) = (self.axis, functions.iter().any(|function| function.along().is_ok())) {
            return Err(usage(anyhow!("--axis {axis}: none of these functions works along an axis")));
        }
        for shape in shapes {
            for function in functions {
                if let Ok(function) = function.along() {
                    self.axis_of(function, shape)?;
                }
            }
        }
        Ok(())
    }

    /// The number of rows that will be measured.
    pub fn rows(functions: &[Function], shapes: &[Shape]) -> u64 {
        2 * (functions.len() * shapes.len()) as u64
    }

    /// Measures every function in both directions on every shape, and hands each row on.
    pub fn measure<T: Element>(
        &mut self,
        functions: &[Function],
        shapes: &[Shape],
        bar: &ProgressBar,
        mut found: impl FnMut(&Row<'_>) -> anyhow::Result<()>,
    ) -> Result<(), Failure> {
        let info = self.context.adapter_info();
        let accuracy = if T::STORAGE == Storage::F32 { self.context.accuracy() } else { Accuracy::Highest };
        for shape in shapes {
            // The directions come one after the other, because their copies differ.
            for direction in Direction::ALL {
                for function in functions {
                    bar.set_message(function.name());
                    let throughput = self.throughput::<T>(function, direction, shape)?;
                    bar.inc(1);
                    let (storage, clock) = (T::STORAGE, self.clock());
                    found(&Row { function, direction, throughput, storage, accuracy, shape, info: &info, clock })?;
                }
            }
        }
        Ok(())
    }

    fn throughput<T: Element>(
        &mut self,
        function: &Function,
        direction: Direction,
        shape: &Shape,
    ) -> Result<Throughput, Failure> {
        Ok(match function.along() {
            Ok(along) => {
                let axis = self.axis_of(along, shape)?;
                self.bench.along::<T>(function, &axis, direction)?
            }
            Err(_) => self.bench.elementwise::<T>(function, direction, shape.0.iter().product())?,
        })
    }

    fn axis_of(&self, function: &AxisFunction, shape: &Shape) -> Result<Axis, Failure> {
        let axis = Axis::new(&shape.0, self.axis.unwrap_or(-1)).map_err(usage)?;
        function.output_shape(&axis).map_err(usage)?;
        Ok(axis)
    }

    fn clock(&self) -> &'static str {
        if self.bench.reads_device_clock() { "device" } else { "host" }
    }
}

impl Row<'_> {
    fn text(&self) -> String {
        let Row { function, direction, shape, throughput, .. } = self;
        let Throughput { gb_per_s, ratio_to_copy, .. } = throughput;
        format!("{:<17} {:<8} {shape:<14} {gb_per_s:9.2} {ratio_to_copy:6.2}\n", function.name(), direction.name())
    }

    pub fn json(&self) -> Value {
        let Row { info, shape, throughput, .. } = self;
        let mut row = labels(self.function, self.direction.name(), self.storage.name(), self.accuracy);
        let figures = [
            ("adapter", json!(info.name)),
            ("backend", json!(info.backend.to_str())),
            ("driver", json!(format!("{} {}", info.driver, info.driver_info).trim())),
            ("clock", json!(self.clock)),
            ("elements", json!(shape.0.iter().product::<usize>())),
            ("shape", json!(shape.0)),
            ("gb_per_s", number(throughput.gb_per_s)),
            ("ratio_to_copy", number(throughput.ratio_to_copy)),
        ];
        row.extend(figures.map(|(name, value)| (name.to_owned(), value)));
        Value::Object(row)
    }
}
