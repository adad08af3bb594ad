//! Functions along an axis: the device against the reference over shapes that every strategy has a part in.

use super::{Format, Report, distance, limit, power_of_two};
use crate::{Axis, AxisFunction, Error, GpuActivations};

/// Rows of 1, primes, lengths about the thresholds between strategies, other axes than the last; each divisible by
/// `divisor`.
fn axes(divisor: usize) -> Vec<Axis> {
    let shapes: [(&[usize], isize); 23] = [
        (&[1], 0),
        (&[700, 3], 1),
        (&[131, 4], 1),
        (&[67, 16], 1),
        (&[5, 31], 1),
        (&[3, 32], 1),
        (&[3, 33], 1),
        (&[9, 127], 1),
        (&[9, 128], 1),
        (&[9, 129], 1),
        (&[70, 317], 1),
        (&[2, 1023], 1),
        (&[2, 1024], 1),
        (&[2, 1025], 1),
        (&[1, 4099], 1),
        (&[3, 65_537], 1),
        (&[13, 5], 0),
        (&[40, 4], 0),
        (&[3, 17, 6], 1),
        (&[2, 70, 3], 1),
        (&[2, 5, 1, 7], 1),
        (&[1031, 40], 0),
        (&[300, 1], 0),
    ];
    let divisible = |&(shape, axis): &(&[usize], isize)| {
        let mut shape = shape.to_vec();
        let length = &mut shape[if axis == 0 { 0 } else { 1 }];
        *length = length.next_multiple_of(divisor);
        Axis::new(&shape, axis).ok()
    };
    shapes.iter().filter_map(divisible).collect()
}

/// Numbers of both signs up to `reach`, without order, of which one in 61 is −∞.
fn numbers<T: Format>(len: usize, seed: u32, reach: f64, infinite: bool) -> Vec<T> {
    let mut state = seed.wrapping_mul(2_654_435_769).wrapping_add(1);
    let mut next = |index: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let number = (f64::from(state >> 8) / f64::from(1 << 24) * 2.0 - 1.0) * reach;
        T::from_f64(if infinite && index % 61 == 60 { f64::NEG_INFINITY } else { number })
    };
    (0..len).map(&mut next).collect()
}

fn widened<T: Format>(values: &[T]) -> Vec<f64> {
    values.iter().map(|value| value.to_f64()).collect()
}

/// Compares one pass of a function along an axis on a device with the reference, on arrays of several shapes, of small
/// and of large numbers and gradients, with and without a mask. An error is counted in units in the last place of the result, or of
/// the largest of the terms that it is the difference of. `progress` is told which share is done.
///
/// # Errors
/// Those of [`GpuActivations::forward_along`].
pub fn verify_along<T: Format>(
    context: &GpuActivations,
    function: AxisFunction,
    backward: bool,
    progress: impl Fn(f64),
) -> Result<Report, Error> {
    function.validate()?;
    let axes = axes(function.divisor());
    let mut report = Report::new(limit::<T>(function.limit()));
    for (index, axis) in axes.iter().enumerate() {
        for masked in [false, true] {
            if !masked || function.takes_mask() {
                report.merge(&verify_axis::<T>(context, function, axis, masked, backward)?);
            }
        }
        progress((index + 1) as f64 / axes.len() as f64);
    }
    Ok(report)
}

/// As [`verify_along`], on arrays of one shape.
///
/// # Errors
/// As [`verify_along`].
pub fn verify_axis<T: Format>(
    context: &GpuActivations,
    function: AxisFunction,
    axis: &Axis,
    masked: bool,
    backward: bool,
) -> Result<Report, Error> {
    let mut report = Report::new(limit::<T>(function.limit()));
    let len = axis.elements();
    let output: usize = function.output_shape(axis)?.iter().product();
    let bytes: Vec<u8> = (0..len).map(|i| u8::from(i % 7 != 3 && i % 5 != 1)).collect();
    let kept: Vec<bool> = bytes.iter().map(|&byte| byte != 0).collect();
    let (bytes, kept) = if masked { (Some(&bytes[..]), Some(&kept[..])) } else { (None, None) };
    // Infinities among gates give NaN by contract of their activations, if at all.
    let infinite = function.family() == "softmax";
    // Six times a power of two near the largest number.
    let largest = power_of_two(T::MAX_EXPONENT - 4);
    let cases: &[(f64, f64)] =
        if backward { &[(6.0, 1.0), (120.0, 1.0), (6.0, largest)] } else { &[(6.0, 1.0), (120.0, 1.0)] };
    for &(reach, unit_of_dy) in cases {
        let x = numbers::<T>(len, 7, reach, infinite && reach > 6.0);
        let wide = widened(&x);
        let (results, expected, terms) = if backward {
            let dy = numbers::<T>(output, 11, 6.0 * unit_of_dy, false);
            let wide_dy = widened(&dy);
            (
                context.backward_along_slice(function, axis, bytes, &x, &dy)?,
                function.backward(axis, kept, &wide, &wide_dy)?,
                function.gradient_terms(axis, kept, &wide, &wide_dy)?,
            )
        } else {
            (
                context.forward_along_slice(function, axis, bytes, &x)?,
                function.forward(axis, kept, &wide)?,
                function.terms(axis, &wide)?,
            )
        };
        // A share or a result of an activation that is no normal number may be flushed before it is multiplied.
        let slack = match function.family() {
            "gated" => power_of_two(-126) * reach * 6.0 * unit_of_dy,
            _ if unit_of_dy > 1.0 => power_of_two(-126) * 6.0 * unit_of_dy,
            _ => 0.0,
        };
        for (index, (result, expected)) in results.iter().zip(expected).enumerate() {
            let mut error = distance::<T>(result.to_f64(), expected);
            // What has terms beyond the floats may be infinite or NaN.
            let is_beyond = terms[index] >= power_of_two(T::MAX_EXPONENT - 1) && !result.to_f64().is_finite();
            if is_beyond || (result.to_f64() - expected).abs() <= slack {
                error = 0.0;
            }
            let of_terms = (result.to_f64() - expected).abs() / unit_of_term::<T>(terms[index]);
            if terms[index] > 0.0 && of_terms.is_finite() {
                error = error.min(of_terms);
            }
            report.note(error, wide.get(index).copied().unwrap_or(0.0));
        }
    }
    Ok(report)
}

/// The unit in the last place of a term, which may be beyond the format where the result is not.
fn unit_of_term<T: Format>(term: f64) -> f64 {
    let exponent = (term.abs().to_bits() >> 52) as i32 - 1023;
    power_of_two(exponent.clamp(T::MIN_EXPONENT, 900) - (T::DIGITS - 1))
}

/// The row that an element belongs to.
fn row_of(axis: &Axis, index: usize) -> usize {
    index / (axis.length() * axis.inner()) * axis.inner() + index % axis.inner()
}

/// The largest finite magnitude of each row.
fn largest_of_rows(axis: &Axis, values: &[f64]) -> Vec<f64> {
    let mut largest = vec![0.0_f64; axis.outer() * axis.inner()];
    for (index, value) in values.iter().enumerate().filter(|(_, value)| value.is_finite()) {
        let most = &mut largest[row_of(axis, index)];
        *most = most.max(value.abs());
    }
    largest
}

impl AxisFunction {
    /// The largest error allowed in f32, forward and backward, in units in the last place.
    fn limit(&self) -> f64 {
        match self {
            AxisFunction::Hardmax {} | AxisFunction::Maxout { .. } | AxisFunction::Crelu {} => 0.0,
            AxisFunction::Softmax { .. }
            | AxisFunction::Softmin { .. }
            | AxisFunction::QuietSoftmax {}
            | AxisFunction::LogSoftmax { .. }
            | AxisFunction::GumbelSoftmax { .. }
            | AxisFunction::LogSumExp {}
            | AxisFunction::LogMeanExp {} => 4.0,
            AxisFunction::Sparsemax {} => 1.0,
            // A product of a result of the activation, whose units may be half of those before, and the product before it.
            AxisFunction::Gated { activation, .. } => {
                let (forward, derivative) = activation.limits();
                forward.max(derivative) + 1.25
            }
        }
    }

    /// What divides the length of an axis.
    fn divisor(&self) -> usize {
        match *self {
            AxisFunction::Gated { .. } => 2,
            AxisFunction::Maxout { pieces } => pieces,
            _ => 1,
        }
    }

    /// The size of the largest terms that each result is the difference of; 0 where nothing cancels.
    fn terms(&self, axis: &Axis, x: &[f64]) -> Result<Vec<f64>, Error> {
        let output: usize = self.output_shape(axis)?.iter().product();
        Ok(match *self {
            AxisFunction::LogSumExp {} | AxisFunction::LogMeanExp {} => {
                largest_of_rows(axis, x).into_iter().map(|largest| largest.max(1.0)).collect()
            }
            AxisFunction::Sparsemax {} => vec![1.0; output],
            AxisFunction::Gated { activation, .. } => {
                let at = |x: &f64| activation.forward_term(*x);
                let term = x.iter().map(at).fold(0.0, f64::max);
                let largest = x.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
                vec![term * largest; output]
            }
            _ => vec![0.0; output],
        })
    }

    /// The same of the gradient.
    fn gradient_terms(&self, axis: &Axis, mask: Option<&[bool]>, x: &[f64], dy: &[f64]) -> Result<Vec<f64>, Error> {
        let scale = match *self {
            AxisFunction::Softmax { temperature }
            | AxisFunction::Softmin { temperature }
            | AxisFunction::LogSoftmax { temperature } => 1.0 / f64::from(temperature),
            AxisFunction::GumbelSoftmax { tau, .. } => 1.0 / f64::from(tau),
            _ => 1.0,
        };
        let shares = match *self {
            AxisFunction::GumbelSoftmax { tau, seed, .. } => AxisFunction::GumbelSoftmax { tau, seed, hard: false },
            AxisFunction::LogSoftmax { temperature } => AxisFunction::Softmax { temperature },
            AxisFunction::Softmax { .. } | AxisFunction::Softmin { .. } | AxisFunction::QuietSoftmax {} => *self,
            AxisFunction::Sparsemax {} => {
                let largest = largest_of_rows(axis, dy);
                return Ok((0..x.len()).map(|index| largest[row_of(axis, index)]).collect());
            }
            AxisFunction::Gated { activation, .. } => {
                let reach = |values: &[f64]| values.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
                let forward = x.iter().map(|x| activation.forward_term(*x)).fold(0.0, f64::max);
                let derivative = x.iter().map(|x| activation.derivative_term(*x)).fold(0.0, f64::max);
                return Ok(vec![reach(dy) * (forward + derivative * reach(x)); x.len()]);
            }
            _ => return Ok(vec![0.0; x.len()]),
        };
        let shares = shares.forward(axis, mask, x)?;
        let kept = |index: usize| mask.is_none_or(|mask| mask[index]);
        let weighted = !matches!(self, AxisFunction::LogSoftmax { .. });
        // Σ |y·dy|, or Σ |dy|, of each row.
        let mut sums = vec![0.0; axis.outer() * axis.inner()];
        let row = |index| row_of(axis, index);
        for index in (0..x.len()).filter(|&index| kept(index)) {
            sums[row(index)] += (if weighted { shares[index] } else { 1.0 } * dy[index]).abs();
        }
        let term = |index: usize| match weighted {
            true => shares[index] * dy[index].abs().max(sums[row(index)]),
            false => dy[index].abs().max(shares[index] * sums[row(index)]),
        };
        Ok((0..x.len()).map(|index| scale * term(index)).collect())
    }
}
