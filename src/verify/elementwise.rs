use crate::catalog::{Accuracy, Activation, Order};
use crate::context::GpuActivations;
use crate::error::{Error, check_lengths};
use crate::ops::ParameterBuffers;
use crate::shader::{
    Aliasing, DeviceForm, ElementwiseKernel, GradientKernel, Granularity, Kernel, LaunchShape, Math, ParameterForm,
    ParameterSource, Pass, Succession,
};
use crate::verify::report::{Format, Report, distance, limit, power_of_two};
use rayon::prelude::*;

/// The quantity of an activation to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Quantity {
    /// y.
    Forward,
    /// dx, for gradients of several magnitudes.
    Backward,
    /// f″(x).
    SecondDerivative,
    /// The gradient of the learnable parameter of this name, with a value for each element.
    ParameterGradient(&'static str),
}

/// Returns the hash of the kernel that computes a quantity. A record of its errors holds for that hash. Comments and
/// parameter values do not change it.
#[must_use]
pub fn fingerprint<T: Format>(activation: Activation, quantity: Quantity, accuracy: Accuracy) -> String {
    let (definition, storage) = (activation.definition(), T::STORAGE);
    let (kernel, entry_point) = match quantity {
        Quantity::Forward | Quantity::Backward | Quantity::SecondDerivative => {
            let (aliasing, parameters) = (Aliasing::Separate, ParameterForm::Constant);
            let launch = LaunchShape::PORTABLE;
            let math = Math::of(storage, accuracy);
            let (pass, entry_point) = match quantity {
                Quantity::Forward => (Pass::Direct, "forward"),
                Quantity::SecondDerivative => (Pass::Derivative(Order::Second), "derivatives"),
                _ => (Pass::Direct, "backward"),
            };
            let kernel = ElementwiseKernel { pass, definition, math, storage, aliasing, parameters, launch };
            (Kernel::Elementwise(kernel), entry_point)
        }
        Quantity::ParameterGradient(parameter) => {
            let source = ParameterSource { name: parameter, granularity: Granularity::Element, under_result: false };
            let parameters = ParameterForm::Buffers { sources: vec![source], succession: Succession::Same };
            (Kernel::Gradient(GradientKernel { definition, parameter, storage, parameters }), "gradient")
        }
    };
    format!("{:016x}", kernel.compose(DeviceForm::PORTABLE).fingerprint(entry_point))
}

/// The number of inputs that a thread compares at once.
const CHUNK: usize = 1 << 14;

/// One quantity of an activation, by the reference.
struct Reference {
    activation: Activation,
    quantity: Quantity,
    /// The kinks of clipped_gelu's derivatives that are no floats; the other functions find the side exactly.
    inexact_kinks: Vec<f64>,
}

impl Reference {
    fn checked(activation: Activation, quantity: Quantity) -> Result<Self, Error> {
        if !activation.has_reference() {
            return Err(Error::NotDeclared { function: activation.name(), what: "WGSL text has no f64 reference" });
        }
        let has_inexact = matches!(
            (activation, quantity),
            (Activation::ClippedGelu { .. }, Quantity::Backward | Quantity::SecondDerivative)
        );
        let kinks = if has_inexact { activation.kinks() } else { Vec::new() };
        let inexact_kinks = kinks.into_iter().filter(|kink| f64::from(*kink as f32) != *kink).collect();
        Ok(Reference { activation, quantity, inexact_kinks })
    }

    fn at(&self, x: f64) -> f64 {
        match self.quantity {
            Quantity::Forward => self.activation.forward(x),
            Quantity::Backward => self.activation.derivative(x),
            Quantity::SecondDerivative => self.activation.second_derivative(x),
            Quantity::ParameterGradient(parameter) => self.activation.parameter_gradient(parameter, x),
        }
    }

    /// The largest term where the error is relative to that term, else 0.
    fn term(&self, x: f64) -> f64 {
        match self.quantity {
            Quantity::Forward => self.activation.forward_term(x),
            Quantity::Backward => self.activation.derivative_term(x),
            Quantity::SecondDerivative => self.activation.second_derivative_term(x),
            Quantity::ParameterGradient(parameter) => self.activation.gradient_term(parameter, x),
        }
    }

    /// The bound in units of `T`.
    fn limit<T: Format>(&self, accuracy: Accuracy) -> f64 {
        let (forward, backward) = self.activation.limits_of(accuracy);
        match self.quantity {
            Quantity::Forward => limit::<T>(forward),
            Quantity::Backward => limit::<T>(backward),
            Quantity::SecondDerivative => limit::<T>(self.activation.second_limit_of(accuracy)),
            // Gradients of parameters are f32.
            Quantity::ParameterGradient(parameter) => self.activation.gradient_limit(parameter),
        }
    }

    /// Whether x is next to a kink that is no float, and the derivative is about that of a side of it.
    fn falls_either_way<T: Format>(&self, x: f64, derivative: f64) -> bool {
        let step = x.abs() * power_of_two(1 - T::DIGITS);
        let is_about = |side: f64| (derivative - side).abs() <= power_of_two(-10) * side.abs();
        self.inexact_kinks.iter().any(|kink| (x - kink).abs() <= 2.0 * step)
            && [x - 4.0 * step, x + 4.0 * step].map(|x| is_about(self.at(x))).contains(&true)
    }

    /// Returns the error of a result whose exact value is `dy` times `exact`, and whether the input is near a root.
    fn error<T: Format>(&self, x: f64, dy: f64, exact: f64, result: f64) -> (f64, bool) {
        let mut error = distance::<T>(result, dy * exact);
        // A derivative that exceeds the floats, or is among the smallest, is rounded before it is multiplied.
        if let Quantity::Backward = self.quantity {
            let is_infinite = exact.is_finite() && exact.abs() >= power_of_two(128);
            let error_of_derivative = dy.abs() * power_of_two(if dy.abs() > 1.0 { -126 } else { -200 });
            if is_infinite && result == f64::INFINITY.copysign(dy * exact)
                || exact.abs() < power_of_two(-126) && (result - dy * exact).abs() <= error_of_derivative
            {
                error = 0.0;
            }
        }
        if self.falls_either_way::<T>(x, result / dy) {
            error = 0.0;
        }
        // An adapter may take a subnormal input for a zero of the same sign.
        if x.abs() < power_of_two(-126) {
            error = error.min(distance::<T>(result, dy * self.at(0.0_f64.copysign(x))));
        }
        let term = self.term(x);
        if term > 0.0 {
            error = error.min((result - dy * exact).abs() / ((dy * term).abs() * power_of_two(-T::DIGITS)));
        }
        (error, term > 0.0)
    }
}

/// The progress of a comparison: the reports after the first `done` blocks of inputs.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Checkpoint {
    /// The number of blocks of inputs tried so far.
    pub done: u64,
    /// The number of blocks in all.
    pub blocks: u64,
    /// A report for each context.
    pub reports: Vec<Report>,
}

/// Compares one quantity of an activation on a device with the reference. The inputs are every 16-bit value, or every
/// `step`-th f32 and the edges of the function. Gradients have several magnitudes, except 1 for a step of 1. `progress`
/// receives the fraction that is done.
///
/// ```
/// use gpu_activations::Activation;
/// use gpu_activations::verify::{Quantity, verify};
/// let context = gpu_activations::GpuActivations::new()?;
/// let report = verify::<f32>(&context, Activation::Relu, Quantity::Forward, 1_000_003, |_| ())?;
/// assert_eq!(report.worst_ulp, 0.0);
/// # Ok::<(), gpu_activations::Error>(())
/// ```
///
/// # Errors
/// Those of [`GpuActivations::forward_slice`] and [`GpuActivations::parameter_gradient`].
pub fn verify<T: Format>(
    context: &GpuActivations,
    activation: Activation,
    quantity: Quantity,
    step: u32,
    progress: impl Fn(f64),
) -> Result<Report, Error> {
    let contexts = std::slice::from_ref(context);
    let end = verify_from::<T>(contexts, activation, quantity, step, Checkpoint::default(), |checkpoint| {
        progress(checkpoint.done as f64 / checkpoint.blocks as f64);
        Ok(())
    })?;
    Ok(end.reports.into_iter().next().unwrap_or_default())
}

/// Inputs to try at once, and their gradients.
struct Block<T> {
    x: Vec<T>,
    dy: Vec<T>,
}

impl<T: Format> Block<T> {
    /// Pairs each input with gradients of every magnitude if there are few inputs, else with one magnitude in turn.
    fn new(inputs: Vec<T>, gradients: &[f64]) -> Self {
        let gradients: Vec<T> = gradients.iter().map(|&dy| T::from_f64(dy)).collect();
        if inputs.len() * gradients.len() <= CHUNK * 32 {
            let dy = gradients.iter().flat_map(|&dy| std::iter::repeat_n(dy, inputs.len())).collect();
            Block { x: inputs.repeat(gradients.len()), dy }
        } else {
            let dy = gradients.iter().copied().cycle().take(inputs.len()).collect();
            Block { x: inputs, dy }
        }
    }
}

/// The results of a device for a block: elements, or the f32 gradients of a parameter.
enum Results<T> {
    Elements(Vec<T>),
    Gradients(Vec<f32>),
}

impl<T: Format> Results<T> {
    fn of(
        context: &GpuActivations,
        reference: &Reference,
        Block { x, dy }: &Block<T>,
        mut memory: Vec<T>,
    ) -> Result<Self, Error> {
        memory.resize(x.len(), T::zeroed());
        let activation = reference.activation;
        match reference.quantity {
            Quantity::Forward => context.forward_slice_into(activation, x, &mut memory)?,
            Quantity::Backward => context.backward_slice_into(activation, x, dy, &mut memory)?,
            Quantity::SecondDerivative => context.derivative_slice_into(activation, Order::Second, x, &mut memory)?,
            Quantity::ParameterGradient(parameter) => {
                let value = activation.value(parameter).unwrap_or(0.0);
                let values = context.upload(&vec![value; x.len()])?;
                let parameters = ParameterBuffers::new().per_element(parameter, &values);
                let (x, dy) = (context.upload(x)?, context.upload(dy)?);
                let gradient = context.parameter_gradient(activation, &parameters, parameter, &x, &dy)?;
                return Ok(Results::Gradients(context.download(&gradient)?));
            }
        }
        Ok(Results::Elements(memory))
    }
}

/// Compares as [`verify`] does, on several devices at once, so that each reference result is computed once. It goes on
/// from a checkpoint of the same comparison, or from the beginning if that has no reports. `keep` receives a checkpoint
/// after each block of inputs, and may end the comparison with an error.
///
/// # Errors
/// Those of [`GpuActivations::forward_slice`], [`GpuActivations::parameter_gradient`] and `keep`.
pub fn verify_from<T: Format>(
    contexts: &[GpuActivations],
    activation: Activation,
    quantity: Quantity,
    step: u32,
    mut checkpoint: Checkpoint,
    mut keep: impl FnMut(&Checkpoint) -> Result<(), Error>,
) -> Result<Checkpoint, Error> {
    let reference = Reference::checked(activation, quantity)?;
    let blocks = T::inputs(&activation, step.max(1));
    if checkpoint.blocks != blocks.len() as u64 {
        checkpoint = Checkpoint { blocks: blocks.len() as u64, ..Checkpoint::default() };
    }
    let limits: Vec<f64> = contexts.iter().map(|context| reference.limit::<T>(context.accuracy())).collect();
    checkpoint.reports.iter_mut().zip(&limits).for_each(|(report, &limit)| report.hold_to(limit));
    if !checkpoint.reports.iter().map(|report| report.limit_ulp).eq(limits.iter().copied()) {
        checkpoint.done = 0;
        checkpoint.reports = limits.into_iter().map(Report::new).collect();
    }
    if checkpoint.done >= checkpoint.blocks {
        return Ok(checkpoint);
    }
    let gradients = match quantity {
        Quantity::Forward | Quantity::SecondDerivative => vec![1.0],
        Quantity::Backward | Quantity::ParameterGradient(_) if T::DIGITS == 24 && step <= 1 => vec![1.0],
        Quantity::Backward | Quantity::ParameterGradient(_) => T::gradients().to_vec(),
    };
    // All blocks share this memory.
    let mut expected = Vec::new();
    let mut memories = vec![Vec::new(); contexts.len()];
    for inputs in blocks.skip(checkpoint.done as usize) {
        let block = Block::new(inputs, &gradients);
        expected.resize(block.x.len(), 0.0);
        // The devices and the reference run at the same time.
        let results = std::thread::scope(|scope| {
            let devices = contexts.iter().zip(std::mem::take(&mut memories));
            let (reference, block) = (&reference, &block);
            let run = |(context, memory)| scope.spawn(move || Results::of(context, reference, block, memory));
            let devices: Vec<_> = devices.map(run).collect();
            let evaluate = |(expected, x): (&mut f64, &T)| *expected = reference.at(x.to_f64());
            expected.par_iter_mut().zip(&block.x).with_min_len(CHUNK).for_each(evaluate);
            let finished = devices.into_iter().map(|device| match device.join() {
                Ok(outcome) => outcome,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            finished.collect::<Result<Vec<_>, Error>>()
        })?;
        for (report, results) in checkpoint.reports.iter_mut().zip(results) {
            let limit_ulp = report.limit_ulp;
            match results {
                Results::Elements(results) => {
                    report.merge(&compared(&reference, limit_ulp, &block, &expected, &results));
                    memories.push(results);
                }
                Results::Gradients(results) => {
                    report.merge(&compared(&reference, limit_ulp, &block, &expected, &results));
                    memories.push(Vec::new());
                }
            }
        }
        checkpoint.done += 1;
        keep(&checkpoint)?;
    }
    Ok(checkpoint)
}

/// Compares results computed elsewhere with the reference; gradients are for a dy of 1.
///
/// # Errors
/// [`Error::LengthMismatch`].
pub fn compare<T: Format>(
    activation: Activation,
    quantity: Quantity,
    inputs: &[T],
    results: &[T],
) -> Result<Report, Error> {
    check_lengths("the results", results.len() as u64, "the inputs", inputs.len() as u64)?;
    let reference = Reference::checked(activation, quantity)?;
    let expected: Vec<f64> = inputs.par_iter().map(|x| reference.at(x.to_f64())).collect();
    let block = Block { x: inputs.to_vec(), dy: vec![T::from_f64(1.0); inputs.len()] };
    Ok(compared(&reference, reference.limit::<T>(Accuracy::Highest), &block, &expected, results))
}

fn compared<T: Format, R: Format>(
    reference: &Reference,
    limit_ulp: f64,
    block: &Block<T>,
    exact: &[f64],
    results: &[R],
) -> Report {
    let inputs = block.x.par_chunks(CHUNK).zip(block.dy.par_chunks(CHUNK));
    let chunks = inputs.zip(exact.par_chunks(CHUNK)).zip(results.par_chunks(CHUNK));
    let report = chunks.map(|(((inputs, gradients), exact), results)| {
        let mut report = Report::new(limit_ulp);
        for (((x, dy), &exact), result) in inputs.iter().zip(gradients).zip(exact).zip(results) {
            let (x, dy, result) = (x.to_f64(), dy.to_f64(), result.to_f64());
            let (error, is_near_root) = reference.error::<R>(x, dy, exact, result);
            report.note(error, x);
            let expected = dy * exact;
            if is_near_root && error.is_finite() {
                report.worst_absolute = report.worst_absolute.max((result - expected).abs() / dy.abs());
            }
            if expected.abs() < power_of_two(R::MIN_EXPONENT) && expected != 0.0 {
                report.subnormals_kept += u64::from(result != 0.0);
                // Counts only where rounding does not give 0.
                report.subnormals_flushed +=
                    u64::from(result == 0.0 && expected.abs() > power_of_two(R::MIN_EXPONENT - R::DIGITS));
            }
        }
        report
    });
    report.reduce(
        || Report::new(limit_ulp),
        |mut a, b| {
            a.merge(&b);
            a
        },
    )
}
