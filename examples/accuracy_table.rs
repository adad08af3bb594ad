//! Writes `benches/accuracy/README.md`: how far devices, and other libraries, are from the reference.
//!
//! `cargo xtask accuracy` runs it, after `gpu-activations verify` has left its records beside the table:
//!
//!     accuracy_table inputs INPUTS.npy      every 1021st f32, for other libraries to evaluate
//!     accuracy_table peers INPUTS.npy DIR   their results in DIR, compared and recorded
//!     accuracy_table browser RESULTS.json   what a browser has measured, recorded
//!     accuracy_table table DATE             the table of all records

use anyhow::{Context, Result, bail};
use gpu_activations::verify::{Quantity, compare, fingerprint};
use gpu_activations::{Accuracy, Activation};
use npyz::WriterBuilder;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// One in this many f32 goes to other libraries.
const STEP: u32 = 1021;
const LIBRARIES: [&str; 2] = ["pytorch", "jax"];
/// What is compared, in the order of the derivative.
const PASSES: [(&str, Quantity); 3] = [
    ("forward", Quantity::Forward),
    ("derivative", Quantity::Backward),
    ("second derivative", Quantity::SecondDerivative),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/accuracy")
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["inputs", inputs] => write_inputs(Path::new(inputs)),
        ["peers", inputs, results] => record_peers(Path::new(inputs), Path::new(results)),
        ["browser", results] => record_browser(Path::new(results)),
        ["table", date] => write_table(date),
        _ => bail!(
            "the arguments are: inputs INPUTS.npy, or peers INPUTS.npy DIR, or browser RESULTS.json, or table DATE"
        ),
    }
}

fn write_inputs(path: &Path) -> Result<()> {
    let x: Vec<f32> = (0..=u32::MAX / STEP).map(|index| f32::from_bits(index * STEP)).collect();
    let mut file = std::fs::File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
    let options = npyz::WriteOptions::new().default_dtype().shape(&[x.len() as u64]);
    let mut writer = options.writer(&mut file).begin_nd()?;
    writer.extend(x)?;
    Ok(writer.finish()?)
}

fn read(path: &Path) -> Result<Vec<f32>> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    npyz::NpyFile::new(&bytes[..])?.into_vec().with_context(|| format!("{} holds no f32", path.display()))
}

fn record_peers(inputs: &Path, results: &Path) -> Result<()> {
    let x = read(inputs)?;
    // What a gradient is where the input is NaN is not the same question everywhere.
    let numbers = |values: Vec<f32>| -> Vec<f32> {
        values.into_iter().zip(&x).filter(|(_, x)| !x.is_nan()).map(|(value, _)| value).collect()
    };
    let versions: Value = serde_json::from_str(&std::fs::read_to_string(results.join("versions.json"))?)?;
    let mut rows = Map::new();
    for library in LIBRARIES {
        for activation in Activation::ALL {
            // Second derivatives are not asked of other libraries.
            for (pass, quantity) in &PASSES[..2] {
                let path = results.join(library).join(format!("{}.{pass}.npy", activation.name()));
                if path.exists() {
                    let report = compare(
                        *activation,
                        *quantity,
                        Accuracy::Highest,
                        &numbers(x.clone()),
                        &numbers(read(&path)?),
                    )?;
                    let worst = report.worst_ulp;
                    let worst = if worst.is_finite() { json!(worst) } else { json!("inf") };
                    let key = format!("{library} {} {pass}", activation.name());
                    rows.insert(
                        key,
                        json!({ "worst_ulp": worst, "worst_input": report.worst_input, "failed": report.failed }),
                    );
                }
            }
        }
    }
    let record = json!({ "step": STEP, "versions": versions, "rows": rows });
    std::fs::write(folder().join("peers.json"), format!("{record:#}\n"))?;
    Ok(())
}

/// Keeps what a browser has measured, with the hash of each kernel.
fn record_browser(results: &Path) -> Result<()> {
    let mut record: Value = serde_json::from_str(&std::fs::read_to_string(results)?)?;
    for activation in Activation::ALL {
        for (pass, quantity) in PASSES {
            let row = &mut record["rows"][format!("{} {pass}", activation.name())];
            anyhow::ensure!(row.is_object(), "the browser has not measured {}, {pass}", activation.name());
            row["kernel"] = fingerprint::<f32>(*activation, quantity, Accuracy::Highest).into();
        }
    }
    std::fs::write(folder().join("chromium.json"), format!("{record:#}\n"))?;
    Ok(())
}

/// What an entry compares, if it was recorded with the kernel that there is now.
fn current_pass(entry: &Value) -> Option<&'static str> {
    let (pass, quantity) = PASSES.get(entry["order"].as_u64()? as usize)?;
    let activation: Activation = entry["function"].as_str()?.parse().ok()?;
    (entry["kernel"] == fingerprint::<f32>(activation, *quantity, Accuracy::Highest)).then_some(*pass)
}

/// Worst errors by function and pass, and by adapter or library.
#[derive(Default)]
struct Table {
    columns: Vec<String>,
    cells: BTreeMap<(String, String, String), (f64, bool)>,
}

impl Table {
    /// Those of a record of `gpu-activations verify`: f32, at the defaults.
    fn add_record(&mut self, record: &Value) {
        let exhaustive = record["step"] == 1;
        let adapters = record["adapters"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for (index, adapter) in adapters.enumerate() {
            if !self.columns.iter().any(|column| column == adapter) {
                self.columns.push(adapter.to_owned());
            }
            for entry in record["done"].as_object().into_iter().flatten().map(|(_, entry)| entry) {
                let is_of_parameter = entry["parameter_gradient"].is_string();
                let complete = entry["done"] == entry["blocks"] && entry["storage"] == "f32" && !is_of_parameter;
                let compared = current_pass(entry).filter(|_| complete && is_default(entry));
                if let (Some(pass), Some(name)) = (compared, entry["function"].as_str()) {
                    let worst = real(&entry["reports"][index]["worst_ulp"]);
                    let cell = self.cells.entry((name.to_owned(), pass.to_owned(), adapter.to_owned()));
                    let cell = cell.or_insert((worst, exhaustive));
                    *cell = (cell.0.max(worst), cell.1 || exhaustive);
                }
            }
        }
    }

    fn add_browser(&mut self, record: &Value) {
        let column = record["column"].as_str().unwrap_or_default().to_owned();
        self.columns.push(column.clone());
        for activation in Activation::ALL {
            for (pass, quantity) in PASSES {
                let row = &record["rows"][format!("{} {pass}", activation.name())];
                if row["kernel"] == fingerprint::<f32>(*activation, quantity, Accuracy::Highest) {
                    let key = (activation.name().to_owned(), pass.to_owned(), column.clone());
                    self.cells.insert(key, (real(&row["worst_ulp"]), false));
                }
            }
        }
    }

    fn add_peers(&mut self, record: &Value) {
        for library in LIBRARIES {
            let column = format!("{library} {}", record["versions"][library].as_str().unwrap_or_default());
            self.columns.push(column.clone());
            for (key, row) in record["rows"].as_object().into_iter().flatten() {
                if let [of, name, pass] = key.split(' ').collect::<Vec<_>>()[..]
                    && of == library
                {
                    self.cells
                        .insert((name.to_owned(), pass.to_owned(), column.clone()), (real(&row["worst_ulp"]), false));
                }
            }
        }
    }

    fn markdown(&self) -> String {
        let mut text = format!("| function | pass | limit | {} |\n", self.columns.join(" | "));
        let _ = writeln!(text, "|---|---|---|{}", "---|".repeat(self.columns.len()));
        for activation in Activation::ALL {
            let (forward, derivative) = activation.limits();
            for ((pass, _), limit) in PASSES.into_iter().zip([forward, derivative, activation.second_limits().0]) {
                let cell = |column: &String| {
                    let cell = self.cells.get(&(activation.name().to_owned(), pass.to_owned(), column.clone()));
                    match cell {
                        Some((worst, true)) => format!("**{}**", units(*worst)),
                        Some((worst, false)) => units(*worst),
                        None => String::new(),
                    }
                };
                let cells: Vec<String> = self.columns.iter().map(cell).collect();
                let _ = writeln!(text, "| {} | {pass} | {limit} | {} |", activation.name(), cells.join(" | "));
            }
        }
        text
    }
}

fn units(worst: f64) -> String {
    match worst {
        w if w.is_infinite() => "∞".to_owned(),
        w if w >= 1e4 => format!("{w:.0e}"),
        w if w >= 10.0 => format!("{w:.0}"),
        w => format!("{w:.2}"),
    }
}

/// Numbers beyond JSON are words.
fn real(value: &Value) -> f64 {
    value.as_f64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(f64::NAN)
}

fn is_default(entry: &Value) -> bool {
    let Some(activation) = Activation::ALL.iter().find(|activation| entry["function"] == activation.name()) else {
        return false;
    };
    let defaults = activation.parameters().iter().zip(activation.values());
    defaults.into_iter().all(|(parameter, value)| real(&entry["parameters"][parameter.name]) as f32 == value)
}

fn write_table(date: &str) -> Result<()> {
    let mut table = Table::default();
    let mut records: Vec<PathBuf> = std::fs::read_dir(folder())?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter(|path| !path.ends_with("peers.json") && !path.ends_with("chromium.json"))
        .collect();
    // The sample of all adapters decides their order.
    records.sort_by_key(|path| (!path.ends_with("sampled.json"), path.clone()));
    let parsed = |path: &PathBuf| -> Result<Value> { Ok(serde_json::from_str(&std::fs::read_to_string(path)?)?) };
    for path in &records {
        table.add_record(&parsed(path)?);
    }
    let browser = folder().join("chromium.json");
    if browser.exists() {
        table.add_browser(&parsed(&browser)?);
    }
    let peers = folder().join("peers.json");
    if peers.exists() {
        table.add_peers(&parsed(&peers)?);
    }
    let text = format!(
        "# Accuracy\n\nThe largest error of each function at its default parameters in f32, in units in the last place, \
         against the f64 reference; {date}, by `cargo xtask accuracy`. Bold: every one of the 2³² floats was tried; else \
         every 97th and the edges of the function on adapters, of second derivatives every 61st on llvmpipe's Vulkan and every \
         4093rd on the others, every {STEP}st but NaN in Chromium, and for other libraries, which ran on the CPU. \
         ∞: a finite number, an infinity or NaN in place of another of them. Near a root away from 0 the error is \
         measured against the largest term; a zero is accepted for a result that is no normal number.\n\n{}",
        table.markdown()
    );
    std::fs::write(folder().join("README.md"), text)?;
    Ok(())
}
