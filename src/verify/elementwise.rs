//! Comparison of elementwise functions on devices with the f64 reference.

use crate::catalog::{Accuracy, Activation, Order};
use crate::context::GpuActivations;
use crate::error::Error;
use crate::ops::ParameterBuffers;
use crate::shader::{
    Aliasing, DeviceForm, ElementwiseKernel, GradientKernel, Granularity, Kernel, LaunchShape, Math, ParameterForm,
    ParameterSource, Pass, Succession,
};
use crate::verify::compare::{Block, CHUNK, Quantity, Reference, compared};
use crate::verify::report::{Format, Report};
use rayon::prelude::*;

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
