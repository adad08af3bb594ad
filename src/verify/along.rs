//! Comparison of functions along an axis with the reference, over shapes for every strategy.

use crate::catalog::{Accuracy, Axis, AxisFunction, Function, Terms};
use crate::context::GpuActivations;
use crate::error::Error;
use crate::shader::Direction;
use crate::verify::report::{Format, Report, distance, limit, power_of_two};

/// Shapes with rows of 1, of prime lengths, of lengths near the thresholds between strategies, and along other axes
/// than the last. Each length is divisible by `divisor`.
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

/// Numbers of both signs up to `reach`, unordered. If `infinite`, one in 61 is −∞.
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

/// Compares one direction of a function along an axis on a device with the reference. The arrays have several shapes,
/// small and large numbers and gradients, and are tried with and without a mask. An error counts in units in the last
/// place of the result, or of the largest term if the result is a difference. `progress` receives the fraction that is
/// done.
///
/// ```
/// use gpu_activations::{AxisFunction, Direction};
/// let context = gpu_activations::GpuActivations::new()?;
/// let softmax: AxisFunction = "hardmax".parse()?;
/// let report = gpu_activations::verify::verify_along::<f32>(&context, softmax, Direction::Forward, |_| ())?;
/// assert_eq!(report.failed, 0);
/// # Ok::<(), gpu_activations::Error>(())
/// ```
///
/// # Errors
/// Those of [`GpuActivations::forward_along`].
pub fn verify_along<T: Format>(
    context: &GpuActivations,
    function: impl Into<Function>,
    direction: Direction,
    progress: impl Fn(f64),
) -> Result<Report, Error> {
    let function = function.into();
    let function = function.along()?;
    function.validate()?;
    let axes = axes(function.groups().inputs);
    let mut report = Report::new(limit::<T>(limit_of(function, context.accuracy())));
    for (index, axis) in axes.iter().enumerate() {
        for masked in [false, true] {
            if !masked || function.takes_mask() {
                report.merge(&verify_axis::<T>(context, function, axis, masked, direction)?);
            }
        }
        progress((index + 1) as f64 / axes.len() as f64);
    }
    Ok(report)
}

/// Compares as [`verify_along`] does, on arrays of one shape.
///
/// # Errors
/// Those of [`verify_along`].
pub fn verify_axis<T: Format>(
    context: &GpuActivations,
    function: impl Into<Function>,
    axis: &Axis,
    masked: bool,
    direction: Direction,
) -> Result<Report, Error> {
    let function = function.into();
    let function = function.along()?;
    let backward = direction == Direction::Backward;
    let mut report = Report::new(limit::<T>(limit_of(function, context.accuracy())));
    let len = axis.elements();
    let output = function.output_len(axis)?;
    let bytes: Vec<u8> = (0..len).map(|i| u8::from(i % 7 != 3 && i % 5 != 1)).collect();
    let kept: Vec<bool> = bytes.iter().map(|&byte| byte != 0).collect();
    let (bytes, kept) = if masked { (Some(&bytes[..]), Some(&kept[..])) } else { (None, None) };
    // An infinite gate may give NaN by the contract of its activation.
    let infinite = function.family() == "softmax";
    // Six times this power of two is near the largest number.
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
                gradient_terms(function, axis, kept, &wide, &wide_dy)?,
            )
        } else {
            (
                context.forward_along_slice(function, axis, bytes, &x)?,
                function.forward(axis, kept, &wide)?,
                terms(function, axis, &wide)?,
            )
        };
        // A share or an activation's result that is subnormal may be flushed before it is multiplied.
        let slack = match function.family() {
            "gated" => power_of_two(-126) * reach * 6.0 * unit_of_dy,
            _ if unit_of_dy > 1.0 => power_of_two(-126) * 6.0 * unit_of_dy,
            _ => 0.0,
        };
        for (index, (result, expected)) in results.iter().zip(expected).enumerate() {
            let mut error = distance::<T>(result.to_f64(), expected);
            // A result whose terms exceed the floats may be infinite or NaN.
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

/// The unit in the last place of a term. A term may exceed the format although the result does not.
fn unit_of_term<T: Format>(term: f64) -> f64 {
    let exponent = (term.abs().to_bits() >> 52) as i32 - 1023;
    power_of_two(exponent.clamp(T::MIN_EXPONENT, 900) - (T::DIGITS - 1))
}

/// The row of an element.
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

/// The largest error allowed in f32, forward and backward, in units in the last place.
fn limit_of(function: &AxisFunction, accuracy: Accuracy) -> f64 {
    // A gated unit adds this to the bound of its activation.
    let of_gate = function.activation().map_or(0.0, |activation| {
        let (forward, derivative) = activation.limits_of(accuracy);
        forward.max(derivative)
    });
    // What is added to a value rounds it: half a unit, which may be one of the product.
    let of_value = if function.gate_limits().value_addend == 0.0 { 0.0 } else { 1.0 };
    of_gate + of_value + function.definition().limit
}

fn temperature(function: &AxisFunction) -> f64 {
    function.scalars().temperature.unwrap_or(1.0).into()
}

/// The size of the largest terms whose difference is each result; 0 where nothing cancels.
fn terms(function: &AxisFunction, axis: &Axis, x: &[f64]) -> Result<Vec<f64>, Error> {
    let output = function.output_len(axis)?;
    Ok(match function.definition().terms {
        Terms::Nothing | Terms::Shares | Terms::LogShares => vec![0.0; output],
        Terms::Logarithm => {
            let unit = temperature(function);
            largest_of_rows(axis, x).into_iter().map(|largest| largest.max(unit)).collect()
        }
        Terms::Projection => vec![1.0; output],
        Terms::Gate => function.gate_terms(axis, x, None)?,
    })
}

/// The same for the gradient.
fn gradient_terms(
    function: &AxisFunction,
    axis: &Axis,
    mask: Option<&[bool]>,
    x: &[f64],
    dy: &[f64],
) -> Result<Vec<f64>, Error> {
    let weighted = match function.definition().terms {
        Terms::Nothing | Terms::Logarithm => return Ok(vec![0.0; x.len()]),
        Terms::Projection => {
            let (largest, divisor) = (largest_of_rows(axis, dy), temperature(function));
            return Ok((0..x.len()).map(|index| largest[row_of(axis, index)] / divisor).collect());
        }
        Terms::Gate => return function.gate_terms(axis, x, Some(dy)),
        Terms::Shares => true,
        Terms::LogShares => false,
    };
    let Some((shares, divisor)) = function.shares(axis, mask, x) else { return Ok(vec![0.0; x.len()]) };
    let kept = |index: usize| mask.is_none_or(|mask| mask[index]);
    // Σ |y·dy|, or Σ |dy|, for each row.
    let mut sums = vec![0.0; axis.outer() * axis.inner()];
    let row = |index| row_of(axis, index);
    for index in (0..x.len()).filter(|&index| kept(index)) {
        sums[row(index)] += (if weighted { shares[index] } else { 1.0 } * dy[index]).abs();
    }
    let term = |index: usize| match weighted {
        true => shares[index] * dy[index].abs().max(sums[row(index)]),
        false => dy[index].abs().max(shares[index] * sums[row(index)]),
    };
    Ok((0..x.len()).map(|index| term(index) / divisor.abs()).collect())
}
