//! The device against the f64 reference, in units in the last place.

mod along;

use crate::context::mismatch;
use crate::{Activation, Element, Error, GpuActivations, Parameters};
use half::{bf16, f16};
use rayon::prelude::*;

pub use along::{verify_along, verify_axis};

/// What of an activation is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Quantity {
    /// y.
    Forward,
    /// dx, for gradients of several magnitudes.
    Backward,
    /// The gradient of the learnable parameter of this name, of which each element has a value of its own.
    ParameterGradient(&'static str),
}

/// What one function does in one pass and storage.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// The largest error in units in the last place of the storage type, infinite for a wrong special value.
    pub worst_ulp: f64,
    /// The input it occurs at; of a function along an axis, the element of x that has the result's number.
    pub worst_input: f64,
    /// The bound it must keep.
    pub limit_ulp: f64,
    /// How many inputs were tried.
    pub count: u64,
    /// How many of them were beyond the limit.
    pub failed: u64,
    /// How many were more than 1, 2 and 4 units off.
    pub above: [u64; 3],
    /// The largest error, not in units but as it is, where the bound is that of the largest term, near a root.
    pub worst_absolute: f64,
    /// How many results were NaN or infinite where they must not be, or the other way round.
    pub wrong_specials: u64,
    /// How many results that are no normal numbers were given as such, and how many as zeros.
    pub subnormals_kept: u64,
    /// See `subnormals_kept`.
    pub subnormals_flushed: u64,
}

/// A 16- or 32-bit format, as far as an error in its units is concerned.
pub trait Format: Element {
    /// Bits of the significand, the implicit one included.
    const DIGITS: i32;
    /// The exponent of the smallest normal number.
    const MIN_EXPONENT: i32;
    /// The exponent of the first power of two beyond the largest number.
    const MAX_EXPONENT: i32;
    /// Gradients to try: a power of two is exact, so that the error is that of the derivative.
    fn gradients() -> [f64; 5] {
        let most = f64::from(Self::MAX_EXPONENT - 1);
        [0.0, 0.25, 0.5, 0.75, 1.0].map(|share| {
            let exponent = (share * most).round() as i32;
            if exponent % 2 == 0 { power_of_two(exponent) } else { -power_of_two(exponent) }
        })
    }
    /// Inputs to try, in blocks: every 16-bit value, or every `step`-th f32 after the edges of the function. A step of 0
    /// counts as 1.
    fn inputs(activation: &Activation, step: u32) -> Box<dyn ExactSizeIterator<Item = Vec<Self>>>;
}

impl Format for f32 {
    const DIGITS: i32 = 24;
    const MIN_EXPONENT: i32 = -126;
    const MAX_EXPONENT: i32 = 128;
    fn inputs(activation: &Activation, step: u32) -> Box<dyn ExactSizeIterator<Item = Vec<f32>>> {
        let edges = edges(activation);
        let step = step.max(1);
        let last = u32::MAX / step;
        Box::new((0..last / BLOCK + 2).map(move |block| match block.checked_sub(1) {
            None => edges.clone(),
            Some(block) => {
                let first = block * BLOCK;
                (first..=last.min(first + (BLOCK - 1))).map(|index| f32::from_bits(index * step)).collect()
            }
        }))
    }
}

/// How many f32 are tried at once.
const BLOCK: u32 = 1 << 21;
/// How many of them a thread compares at once.
const CHUNK: usize = 1 << 14;

/// The floats about every special value and every place where a branch, an overflow or a saturation may lie.
fn edges(activation: &Activation) -> Vec<f32> {
    let specials = [f32::INFINITY, f32::NAN, f32::MAX, f32::MIN_POSITIVE, f32::from_bits(1), 0.0, 1e38];
    let places =
        [0.25, 0.4, 0.5, 0.6, 1.0, 8.0, 9.0, 14.4, 15.0, 17.0, 18.0, 20.0, 87.3, 88.7, 103.9, 104.0, 200.0, 4096.0];
    // Where products of flushed parts were found wrong: in the derivative of squareplus, and in sinc.
    let found = [1.481_271_1e16, 1.015_148_4e32];
    let kinks = activation.kinks().into_iter().map(|kink| kink as f32);
    let around = |place: f32| (0..=16).map(move |i| f32::from_bits(place.to_bits().wrapping_add(i).wrapping_sub(8)));
    specials
        .into_iter()
        .chain(places)
        .chain(found)
        .chain(kinks)
        .flat_map(|place| around(place).chain(around(-place)))
        .collect()
}

impl Format for f16 {
    const DIGITS: i32 = 11;
    const MIN_EXPONENT: i32 = -14;
    const MAX_EXPONENT: i32 = 16;
    fn inputs(_: &Activation, _: u32) -> Box<dyn ExactSizeIterator<Item = Vec<f16>>> {
        Box::new(std::iter::once((0..=u16::MAX).map(f16::from_bits).collect()))
    }
}

impl Format for bf16 {
    const DIGITS: i32 = 8;
    const MIN_EXPONENT: i32 = -126;
    const MAX_EXPONENT: i32 = 128;
    fn inputs(_: &Activation, _: u32) -> Box<dyn ExactSizeIterator<Item = Vec<bf16>>> {
        Box::new(std::iter::once((0..=u16::MAX).map(bf16::from_bits).collect()))
    }
}

/// 2^exponent, a normal number. By its bits: it is asked for with every error.
fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// The unit in the last place of a value of this format.
fn unit<T: Format>(value: f64) -> f64 {
    let exponent = (value.abs().to_bits() >> 52) as i32 - 1023;
    power_of_two(exponent.clamp(T::MIN_EXPONENT, T::MAX_EXPONENT - 1) - (T::DIGITS - 1))
}

/// Infinity counts as the first power of two beyond the largest number.
fn bounded<T: Format>(value: f64) -> f64 {
    let end = power_of_two(T::MAX_EXPONENT);
    value.clamp(-end, end)
}

/// The error of `result` in units of its format, where `expected` is the exact value. What rounds to 0 must be 0.
fn distance<T: Format>(result: f64, expected: f64) -> f64 {
    if result.is_nan() || expected.is_nan() {
        return if result.is_nan() && expected.is_nan() { 0.0 } else { f64::INFINITY };
    }
    // Adapters may flush a subnormal f32; bf16 has the same exponents, and f16 is packed by integers.
    if result == 0.0 && expected.abs() <= power_of_two(-126) {
        return 0.0;
    }
    if result != 0.0 && expected.abs() < 0.45 * unit::<T>(0.0) {
        return f64::INFINITY;
    }
    // Infinity is right for an infinite value, and for one that rounds to it.
    if expected.is_infinite() {
        return if result == expected { 0.0 } else { f64::INFINITY };
    }
    (bounded::<T>(result) - bounded::<T>(expected)).abs() / unit::<T>(bounded::<T>(expected))
}

/// The bound in units of `T`, for a bound in units of f32: rounding to 16 bits adds half a unit.
fn limit<T: Format>(f32_limit: f64) -> f64 {
    match T::DIGITS {
        24 => f32_limit,
        digits => 0.5 + f32_limit * power_of_two(digits - 24),
    }
}

/// One quantity of an activation, by the reference.
#[derive(Clone, Copy)]
struct Reference {
    activation: Activation,
    quantity: Quantity,
}

impl Reference {
    fn at(&self, x: f64) -> f64 {
        match self.quantity {
            Quantity::Forward => self.activation.forward(x),
            Quantity::Backward => self.activation.derivative(x),
            Quantity::ParameterGradient(parameter) => self.activation.parameter_gradient(parameter, x),
        }
    }

    /// The largest term where the error is relative to it, else 0.
    fn term(&self, x: f64) -> f64 {
        match self.quantity {
            Quantity::Forward => self.activation.forward_term(x),
            Quantity::Backward => self.activation.derivative_term(x),
            Quantity::ParameterGradient(parameter) => self.activation.gradient_term(parameter, x),
        }
    }

    fn limit(&self) -> f64 {
        let (forward, backward) = self.activation.limits();
        match self.quantity {
            Quantity::Forward => forward,
            Quantity::Backward => backward,
            Quantity::ParameterGradient(parameter) => self.activation.gradient_limit(parameter),
        }
    }

    /// The error of a result that is `dy` times what is `exact`, and whether the input is near a root.
    fn error<T: Format>(&self, x: f64, dy: f64, exact: f64, result: f64) -> (f64, bool) {
        let mut error = distance::<T>(result, dy * exact);
        // A derivative beyond the floats, or among the least of them, is rounded before it is multiplied.
        if let Quantity::Backward = self.quantity {
            let is_infinite = exact.is_finite() && exact.abs() >= power_of_two(128);
            let error_of_derivative = dy.abs() * power_of_two(if dy.abs() > 1.0 { -126 } else { -200 });
            if is_infinite && result == f64::INFINITY.copysign(dy * exact)
                || exact.abs() < power_of_two(-126) && (result - dy * exact).abs() <= error_of_derivative
            {
                error = 0.0;
            }
        }
        // An adapter may take a subnormal input for a zero of its sign.
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

/// How far a comparison is: what it has found about each device after the first so many blocks of inputs.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Checkpoint {
    /// Blocks of inputs that have been tried.
    pub done: u64,
    /// Blocks there are.
    pub blocks: u64,
    /// A report for each context.
    pub reports: Vec<Report>,
}

/// Compares one quantity of an activation on a device with the reference, over every 16-bit input, or every `step`-th
/// f32 and the edges of the function. Gradients are of several magnitudes, but 1 where the step is 1. `progress` is told
/// which share is done.
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

/// Inputs that are tried at once, and their gradients.
struct Block<T> {
    x: Vec<T>,
    dy: Vec<T>,
}

impl<T: Format> Block<T> {
    /// Gradients of every magnitude for each input where these are few, else for one after the other.
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

/// What a device made of a block: elements, or the f32 of a parameter's gradient.
enum Results<T> {
    Elements(Vec<T>),
    Gradients(Vec<f32>),
}

impl<T: Format> Results<T> {
    fn of(
        context: &GpuActivations,
        Reference { activation, quantity }: Reference,
        Block { x, dy }: &Block<T>,
        mut memory: Vec<T>,
    ) -> Result<Self, Error> {
        memory.resize(x.len(), T::zeroed());
        match quantity {
            Quantity::Forward => context.forward_slice_into(activation, x, &mut memory)?,
            Quantity::Backward => context.backward_slice_into(activation, x, dy, &mut memory)?,
            Quantity::ParameterGradient(parameter) => {
                let known = activation.parameters().iter().zip(activation.values());
                let value =
                    known.into_iter().find(|(known, _)| known.name == parameter).map_or(0.0, |(_, value)| value);
                let values = context.upload(&vec![value; x.len()])?;
                let parameters = Parameters::new().per_element(parameter, &values);
                let (x, dy) = (context.upload(x)?, context.upload(dy)?);
                let gradient = context.parameter_gradient(activation, &parameters, parameter, &x, &dy)?;
                return Ok(Results::Gradients(context.download(&gradient)?));
            }
        }
        Ok(Results::Elements(memory))
    }
}

/// As [`verify`], for several devices at once, each result of the reference being computed once, and going on from a
/// checkpoint of the same comparison; from the beginning where that has no reports. `keep` is given one after each block
/// of inputs, and may end the comparison by an error.
///
/// # Errors
/// Those of [`GpuActivations::forward_slice`] and [`GpuActivations::parameter_gradient`], and of `keep`.
pub fn verify_from<T: Format>(
    contexts: &[GpuActivations],
    activation: Activation,
    quantity: Quantity,
    step: u32,
    mut checkpoint: Checkpoint,
    mut keep: impl FnMut(&Checkpoint) -> Result<(), Error>,
) -> Result<Checkpoint, Error> {
    let reference = Reference { activation, quantity };
    let blocks = T::inputs(&activation, step.max(1));
    checkpoint.blocks = blocks.len() as u64;
    let limit_ulp = match quantity {
        Quantity::ParameterGradient(_) => reference.limit(),
        Quantity::Forward | Quantity::Backward => limit::<T>(reference.limit()),
    };
    checkpoint.reports.iter_mut().for_each(|report| report.hold_to(limit_ulp));
    if checkpoint.reports.len() != contexts.len() || checkpoint.reports.iter().any(|r| r.limit_ulp != limit_ulp) {
        checkpoint.done = 0;
        checkpoint.reports = vec![Report::new(limit_ulp); contexts.len()];
    }
    if checkpoint.done >= checkpoint.blocks {
        return Ok(checkpoint);
    }
    let gradients = match quantity {
        Quantity::Forward => vec![1.0],
        Quantity::Backward | Quantity::ParameterGradient(_) if T::DIGITS == 24 && step <= 1 => vec![1.0],
        Quantity::Backward | Quantity::ParameterGradient(_) => T::gradients().to_vec(),
    };
    // Memory that all blocks share.
    let mut expected = Vec::new();
    let mut memories = vec![Vec::new(); contexts.len()];
    for inputs in blocks.skip(checkpoint.done as usize) {
        let block = Block::new(inputs, &gradients);
        expected.resize(block.x.len(), 0.0);
        // The devices and the reference at the same time.
        let results = std::thread::scope(|scope| {
            let devices = contexts.iter().zip(std::mem::take(&mut memories));
            let block = &block;
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

/// Compares results that somebody else has computed, gradients for a dy of 1, with the reference.
///
/// # Errors
/// [`Error::LengthMismatch`].
pub fn compare<T: Format>(
    activation: Activation,
    quantity: Quantity,
    inputs: &[T],
    results: &[T],
) -> Result<Report, Error> {
    if inputs.len() != results.len() {
        return Err(mismatch("the results", results.len(), "the inputs", inputs.len()));
    }
    let reference = Reference { activation, quantity };
    let expected: Vec<f64> = inputs.par_iter().map(|x| reference.at(x.to_f64())).collect();
    let block = Block { x: inputs.to_vec(), dy: vec![T::from_f64(1.0); inputs.len()] };
    Ok(compared(&reference, limit::<T>(reference.limit()), &block, &expected, results))
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
                // Where rounding does not give 0.
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

impl Report {
    fn new(limit_ulp: f64) -> Report {
        Report { limit_ulp, ..Report::default() }
    }

    /// Takes another bound for the recorded one, if it can be told that nothing is beyond it.
    fn hold_to(&mut self, limit_ulp: f64) {
        if self.worst_ulp <= limit_ulp {
            (self.limit_ulp, self.failed) = (limit_ulp, 0);
        }
    }

    fn note(&mut self, error: f64, input: f64) {
        self.count += 1;
        self.failed += u64::from(error > self.limit_ulp);
        if error > 1.0 {
            for (above, units) in self.above.iter_mut().zip([1.0, 2.0, 4.0]) {
                *above += u64::from(error > units);
            }
            self.wrong_specials += u64::from(error == f64::INFINITY);
        }
        if error > self.worst_ulp {
            (self.worst_ulp, self.worst_input) = (error, input);
        }
    }

    fn merge(&mut self, other: &Report) {
        if other.worst_ulp > self.worst_ulp {
            (self.worst_ulp, self.worst_input) = (other.worst_ulp, other.worst_input);
        }
        self.count += other.count;
        self.failed += other.failed;
        for (above, more) in self.above.iter_mut().zip(other.above) {
            *above += more;
        }
        self.worst_absolute = self.worst_absolute.max(other.worst_absolute);
        self.wrong_specials += other.wrong_specials;
        self.subnormals_kept += other.subnormals_kept;
        self.subnormals_flushed += other.subnormals_flushed;
    }
}
