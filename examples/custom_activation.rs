//! Trains the parameters of an activation that is given as a formula, so that it resembles another function.
//!
//!     cargo run --release --features plot --example custom_activation [FORMULA] [TARGET] [FOLDER]
//!
//! Without arguments, beta of `x * sigmoid(beta * x); beta = 0.5` is trained to resemble gelu. The values after `;` are
//! those that training starts from. The picture `custom_activation.svg` goes to `target/custom_activation` unless a folder is
//! given; it has the formula before and after, and the target.
//!
//! The loss is the mean square of f(x) − target(x) over points from −4 to 4. Its gradient by a parameter p is the sum of
//! dy·∂f/∂p with dy = 2·(f(x) − target(x))/n, which `parameter_gradient` computes on the device. Nobody wrote ∂f/∂p: the crate
//! derives it from the formula.

use anyhow::{Context, Result, ensure};
use gpu_activations::{Activation, Error, Function, GpuActivations, GpuBuffer, ParameterBuffers, plot};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const POINTS: usize = 1025;
const STEPS: usize = 200;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let given = |index: usize| Some(std::env::args_os().nth(index)?.to_string_lossy().into_owned());
    let formula = given(1).unwrap_or("x * sigmoid(beta * x); beta = 0.5".to_owned());
    let target = given(2).unwrap_or("gelu".to_owned());
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = std::env::args_os().nth(3).map_or(project.join("target/custom_activation"), PathBuf::from);
    let start = Function::from_formula(&formula)?.elementwise()?;
    let target: Activation = target.parse()?;
    ensure!(!start.parameters().is_empty(), "the formula has no parameter to train");

    let context = GpuActivations::new()?;
    let fit = Fit::new(&context, start, target)?;
    let (before, after) = (fit.loss(&start.values())?, fit.trained()?);
    println!("formula {}\ntarget  {target}", start.formula());
    println!("before  loss {before:.3e}{}", listed(&start));
    println!("after   loss {:.3e}{}", fit.loss(&after.values())?, listed(&after));

    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let path = folder.join("custom_activation.svg");
    let svg = plot::curves(&context, &[start, after, target])?;
    std::fs::write(&path, svg).with_context(|| format!("cannot write {}", path.display()))?;
    println!("picture {}", path.display());
    Ok(())
}

/// The parameters with their values.
fn listed(activation: &Activation) -> String {
    let named = activation.parameters().iter().zip(activation.values());
    named.map(|(parameter, value)| format!("  {} {value}", parameter.name)).collect()
}

/// A formula, and the points that it is fitted to.
struct Fit<'a> {
    context: &'a GpuActivations,
    start: Activation,
    x: GpuBuffer<f32>,
    wanted: Vec<f32>,
}

impl<'a> Fit<'a> {
    fn new(context: &'a GpuActivations, start: Activation, target: Activation) -> Result<Self, Error> {
        let x: Vec<f32> = (0..POINTS).map(|i| -4.0 + 8.0 * i as f32 / (POINTS - 1) as f32).collect();
        Ok(Fit { context, start, x: context.upload(&x)?, wanted: context.forward_slice(target, &x)? })
    }

    fn parameter_names(&self) -> impl Iterator<Item = &'static str> {
        self.start.parameters().iter().map(|parameter| parameter.name)
    }

    /// A buffer of one element for each parameter, so that no new value needs a new function.
    fn upload(&self, values: &[f32]) -> Result<Vec<GpuBuffer<f32>>, Error> {
        values.iter().map(|&value| self.context.upload(&[value])).collect()
    }

    fn parameters<'b>(&self, buffers: &'b [GpuBuffer<f32>]) -> ParameterBuffers<'b> {
        let named = self.parameter_names().zip(buffers);
        named.fold(ParameterBuffers::new(), |parameters, (name, buffer)| parameters.per_tensor(name, buffer))
    }

    /// f(x) − target(x) at every point.
    fn deviations(&self, parameters: &ParameterBuffers<'_>) -> Result<Vec<f32>, Error> {
        let y = self.context.download(&self.context.forward_with(self.start, parameters, &self.x)?)?;
        Ok(y.iter().zip(&self.wanted).map(|(y, wanted)| y - wanted).collect())
    }

    fn loss(&self, values: &[f32]) -> Result<f64, Error> {
        let buffers = self.upload(values)?;
        let deviations = self.deviations(&self.parameters(&buffers))?;
        Ok(deviations.iter().map(|&deviation| f64::from(deviation).powi(2)).sum::<f64>() / POINTS as f64)
    }

    /// The gradient of the loss by each parameter.
    fn gradient(&self, values: &[f32]) -> Result<Vec<f32>, Error> {
        let buffers = self.upload(values)?;
        let parameters = self.parameters(&buffers);
        let dy: Vec<f32> = self.deviations(&parameters)?.iter().map(|d| 2.0 * d / POINTS as f32).collect();
        let dy = self.context.upload(&dy)?;
        let by_parameter = |name: &str| {
            let gradient = self.context.parameter_gradient(self.start, &parameters, name, &self.x, &dy)?;
            Ok(self.context.download(&gradient)?[0])
        };
        self.parameter_names().map(by_parameter).collect()
    }

    /// Gradient descent. A step that lowers the loss makes the next one longer, and a step that does not is taken back
    /// and halved. So no formula needs a rate of its own.
    fn trained(&self) -> Result<Activation> {
        let mut values = self.start.values();
        let (mut loss, mut gradient) = (self.loss(&values)?, self.gradient(&values)?);
        let finite = loss.is_finite() && gradient.iter().all(|slope| slope.is_finite());
        ensure!(finite, "the loss or its gradient is not finite at the values that training starts from");
        let mut rate = 1.0;
        for _ in 0..STEPS {
            let tried: Vec<f32> = values.iter().zip(&gradient).map(|(value, slope)| value - rate * slope).collect();
            let new_loss = self.loss(&tried)?;
            if new_loss < loss {
                gradient = self.gradient(&tried)?;
                (values, loss) = (tried, new_loss);
                rate *= 1.5;
            } else {
                rate /= 2.0;
            }
        }
        let named = self.parameter_names().zip(values);
        Ok(named.into_iter().try_fold(self.start, |activation, (name, value)| activation.with(name, value))?)
    }
}
