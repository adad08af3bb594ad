//! The device against the f64 reference, in units in the last place.

mod along;

use crate::{Activation, Element, Error, GpuActivations};
use half::{bf16, f16};
use rayon::prelude::*;

pub use along::{verify_along, verify_axis};

#[derive(Clone, Copy)]
enum Pass {
    Forward,
    Backward,
}

/// What one function does in one pass and storage.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// The largest error in units in the last place of the storage type, infinite for a wrong special value.
    pub worst_ulp: f64,
    /// The input it occurs at.
    pub worst_input: f64,
    /// The bound it must keep.
    pub limit_ulp: f64,
    /// How many inputs were tried.
    pub count: u64,
    /// How many of them were beyond the limit.
    pub failed: u64,
}

/// A 16- or 32-bit format, as far as an error in its units is concerned.
pub trait Format: Element {
    /// Bits of the significand, the implicit one included.
    const DIGITS: i32;
    /// The exponent of the smallest normal number.
    const MIN_EXPONENT: i32;
    /// The exponent of the first power of two beyond the largest number.
    const MAX_EXPONENT: i32;
    /// Inputs to try, in blocks: every 16-bit value, or every `step`-th f32 after the edges of the function.
    fn inputs(activation: &Activation, step: u32) -> Box<dyn ExactSizeIterator<Item = Vec<Self>>>;
}

impl Format for f32 {
    const DIGITS: i32 = 24;
    const MIN_EXPONENT: i32 = -126;
    const MAX_EXPONENT: i32 = 128;
    fn inputs(activation: &Activation, step: u32) -> Box<dyn ExactSizeIterator<Item = Vec<f32>>> {
        let edges = edges(activation);
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

/// The floats about every special value and every place where a branch, an overflow or a saturation may lie.
fn edges(activation: &Activation) -> Vec<f32> {
    let specials = [f32::INFINITY, f32::NAN, f32::MAX, f32::MIN_POSITIVE, f32::from_bits(1), 0.0, 1e38];
    let places =
        [0.25, 0.5, 0.55, 1.0, 8.0, 9.0, 14.4, 15.0, 17.0, 18.0, 20.0, 87.3, 88.7, 103.9, 104.0, 200.0, 4096.0];
    let kinks = activation.kinks().into_iter().map(|kink| kink as f32);
    let around = |place: f32| (0..=16).map(move |i| f32::from_bits(place.to_bits().wrapping_add(i).wrapping_sub(8)));
    specials.into_iter().chain(places).chain(kinks).flat_map(|place| around(place).chain(around(-place))).collect()
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

fn power_of_two(exponent: i32) -> f64 {
    2f64.powi(exponent)
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

/// The error of `result` in units of its format, where `expected` is the exact value.
fn distance<T: Format>(result: f64, expected: f64) -> f64 {
    if result.is_nan() || expected.is_nan() {
        return if result.is_nan() && expected.is_nan() { 0.0 } else { f64::INFINITY };
    }
    // Adapters may flush a subnormal f32; bf16 has the same exponents, and f16 is packed by integers.
    if result == 0.0 && expected.abs() <= power_of_two(-126) {
        return 0.0;
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

fn error_at<T: Format>(activation: &Activation, pass: Pass, x: T, result: T) -> f64 {
    let evaluate = |x: f64| match pass {
        Pass::Forward => activation.forward(x),
        Pass::Backward => activation.derivative(x),
    };
    let x = x.to_f64();
    let expected = evaluate(x);
    let mut error = distance::<T>(result.to_f64(), expected);
    // An adapter may take a subnormal input for a zero of its sign.
    if x.abs() < power_of_two(-126) {
        error = error.min(distance::<T>(result.to_f64(), evaluate(0.0_f64.copysign(x))));
    }
    let term = match pass {
        Pass::Forward => activation.forward_term(x),
        Pass::Backward => activation.derivative_term(x),
    };
    if term > 0.0 {
        error = error.min((result.to_f64() - expected).abs() / (term * power_of_two(-T::DIGITS)));
    }
    error
}

/// Compares one pass of an activation on a device with the reference, over every 16-bit input, or every `step`-th
/// f32 and the edges of the function. `progress` is told which share is done.
///
/// # Errors
/// Those of [`GpuActivations::forward_slice`].
pub fn verify<T: Format>(
    context: &GpuActivations,
    activation: Activation,
    backward: bool,
    step: u32,
    progress: impl Fn(f64),
) -> Result<Report, Error> {
    let limits = activation.limits();
    let limit_ulp = limit::<T>(if backward { limits.1 } else { limits.0 });
    let mut report = Report::new(limit_ulp);
    let blocks = T::inputs(&activation, step.max(1));
    let total = blocks.len() as f64;
    for (index, inputs) in blocks.enumerate() {
        let results = if backward {
            context.backward_slice(activation, &inputs, &vec![T::from_f64(1.0); inputs.len()])?
        } else {
            context.forward_slice(activation, &inputs)?
        };
        let pass = if backward { Pass::Backward } else { Pass::Forward };
        report.add(&activation, pass, &inputs, &results);
        progress((index + 1) as f64 / total);
    }
    Ok(report)
}

impl Report {
    fn new(limit_ulp: f64) -> Report {
        Report { worst_ulp: 0.0, worst_input: 0.0, limit_ulp, count: 0, failed: 0 }
    }

    fn note(&mut self, error: f64, input: f64) {
        self.count += 1;
        self.failed += u64::from(error > self.limit_ulp);
        if error > self.worst_ulp {
            (self.worst_ulp, self.worst_input) = (error, input);
        }
    }

    fn merge(&mut self, other: &Report) {
        self.count += other.count;
        self.failed += other.failed;
        if other.worst_ulp > self.worst_ulp {
            (self.worst_ulp, self.worst_input) = (other.worst_ulp, other.worst_input);
        }
    }

    fn add<T: Format>(&mut self, activation: &Activation, pass: Pass, inputs: &[T], results: &[T]) {
        let limit_ulp = self.limit_ulp;
        let worse = |a: (f64, f64, u64), b: (f64, f64, u64)| {
            let (worst, input) = if b.0 > a.0 { (b.0, b.1) } else { (a.0, a.1) };
            (worst, input, a.2 + b.2)
        };
        let start = || (self.worst_ulp, self.worst_input, 0);
        let (worst_ulp, worst_input, failed) = (inputs, results)
            .into_par_iter()
            .map(|(&x, &result)| {
                let error = error_at(activation, pass, x, result);
                (error, x.to_f64(), u64::from(error > limit_ulp))
            })
            .reduce(start, worse);
        *self = Report {
            worst_ulp,
            worst_input,
            limit_ulp,
            count: self.count + inputs.len() as u64,
            failed: self.failed + failed,
        };
    }
}
