//! Evaluates a data set through every activation and its derivative, chunk by chunk, and compares with the reference.
//!
//!     cargo run --release --example batch_evaluation [FILE.npy]
//!
//! The file holds f16; without one, it is the handwritten digits beside this example. Results go to `target/demo`.

use anyhow::{Context, Result};
use gpu_activations::{Activation, Error, GpuActivations};
use half::f16;
use npyz::WriterBuilder;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Elements on the device at a time.
const CHUNK: usize = 16_384;

/// An array in C order.
struct Array {
    shape: Vec<u64>,
    data: Vec<f32>,
}

fn main() -> Result<()> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let input = std::env::args_os().nth(1).map_or(project.join("examples/data/digits.npy"), PathBuf::from);
    let x = read(&input)?;
    let folder = project.join("target/demo");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;

    let context = match GpuActivations::new() {
        Ok(context) => Some(context),
        Err(error @ Error::NoAdapter { .. }) => {
            println!("{error}\nEvaluating on the CPU reference, rounded to f32.");
            None
        }
        Err(error) => return Err(error.into()),
    };
    let place = context.as_ref().map_or("the CPU".to_owned(), |context| context.adapter_info().name);
    println!("{}: {} numbers of shape {:?}, on {place}", input.display(), x.data.len(), x.shape);
    println!(
        "Largest difference from the f64 reference, in shares of values above 1, and the rate from memory to memory:\n"
    );
    println!("{:<18} {:>9} {:>10} {:>22}", "function", "forward", "derivative", "million numbers/s");

    for &activation in Activation::ALL {
        if let Some(context) = &context {
            // The first use compiles the shaders, which is not to be timed.
            on_device(context, activation, x.data.get(..1).unwrap_or_default())?;
        }
        let start = Instant::now();
        let (y, dx) = match &context {
            Some(context) => on_device(context, activation, &x.data)?,
            None => on_cpu(activation, &x.data),
        };
        let rate = rate(2 * x.data.len(), start.elapsed());
        let y_error = largest_difference(&x.data, &y, |x| activation.forward(x));
        let dx_error = largest_difference(&x.data, &dx, |x| activation.derivative(x));
        println!("{:<18} {y_error:>9.1e} {dx_error:>10.1e} {rate:>22.1}", activation.name());
        write(&folder.join(format!("{}.npy", activation.name())), &x.shape, &y)?;
        write(&folder.join(format!("{}_derivative.npy", activation.name())), &x.shape, &dx)?;
    }
    println!("\nThe results are in {}", folder.display());
    Ok(())
}

/// Forward and backward of each chunk; x is uploaded once for both.
fn on_device(context: &GpuActivations, activation: Activation, x: &[f32]) -> Result<(Vec<f32>, Vec<f32>), Error> {
    let (mut y, mut dx) = (Vec::with_capacity(x.len()), Vec::with_capacity(x.len()));
    for chunk in x.chunks(CHUNK) {
        let x = context.upload(chunk)?;
        let dy = context.upload(&vec![1.0; chunk.len()])?;
        y.extend(context.download(&context.forward(activation, &x)?)?);
        dx.extend(context.download(&context.backward(activation, &x, &dy)?)?);
    }
    Ok((y, dx))
}

fn on_cpu(activation: Activation, x: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let y = x.iter().map(|&x| activation.forward(x.into()) as f32).collect();
    let dx = x.iter().map(|&x| activation.derivative(x.into()) as f32).collect();
    (y, dx)
}

/// Absolute up to 1, relative beyond; infinite where one of the two alone is NaN.
fn largest_difference(x: &[f32], results: &[f32], reference: impl Fn(f64) -> f64) -> f64 {
    let difference = |(&x, &result): (&f32, &f32)| {
        let (result, expected) = (f64::from(result), reference(x.into()));
        if result == expected || result.is_nan() && expected.is_nan() {
            return 0.0;
        }
        let difference = (result - expected).abs() / expected.abs().max(1.0);
        if difference.is_nan() { f64::INFINITY } else { difference }
    };
    x.iter().zip(results).map(difference).fold(0.0, f64::max)
}

/// In millions a second.
fn rate(numbers: usize, time: Duration) -> f64 {
    numbers as f64 / time.as_secs_f64() / 1e6
}

fn read(path: &Path) -> Result<Array> {
    let shown = path.display();
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
    let file = npyz::NpyFile::new(&bytes[..]).with_context(|| format!("{shown} is no .npy file"))?;
    let shape = file.shape().to_vec();
    let data: Vec<f16> = file.into_vec().with_context(|| format!("{shown} does not hold f16"))?;
    Ok(Array { shape, data: data.into_iter().map(f32::from).collect() })
}

fn write(path: &Path, shape: &[u64], data: &[f32]) -> Result<()> {
    let mut bytes = Vec::new();
    let mut writer = npyz::WriteOptions::new().default_dtype().shape(shape).writer(&mut bytes).begin_nd()?;
    writer.extend(data)?;
    writer.finish()?;
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}
