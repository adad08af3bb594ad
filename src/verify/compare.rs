//! Comparison of results with the f64 reference.

use crate::catalog::{Accuracy, Activation};
use crate::error::{Error, check_lengths};
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

/// The number of inputs that a thread compares at once.
pub(super) const CHUNK: usize = 1 << 14;

/// One quantity of an activation, by the reference.
pub(super) struct Reference {
    pub(super) activation: Activation,
    pub(super) quantity: Quantity,
    /// The kinks of clipped_gelu's derivatives that are no floats; the other functions find the side exactly.
    inexact_kinks: Vec<f64>,
}

impl Reference {
    pub(super) fn checked(activation: Activation, quantity: Quantity) -> Result<Self, Error> {
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

    pub(super) fn at(&self, x: f64) -> f64 {
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
    pub(super) fn limit<T: Format>(&self, accuracy: Accuracy) -> f64 {
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

/// Inputs to try at once, and their gradients.
pub(super) struct Block<T> {
    pub x: Vec<T>,
    pub dy: Vec<T>,
}

/// Compares results computed elsewhere with the reference; gradients are for a dy of 1. The bound is that of an
/// accuracy.
///
/// # Errors
/// [`Error::LengthMismatch`].
pub fn compare<T: Format>(
    activation: Activation,
    quantity: Quantity,
    accuracy: Accuracy,
    inputs: &[T],
    results: &[T],
) -> Result<Report, Error> {
    check_lengths("the results", results.len() as u64, "the inputs", inputs.len() as u64)?;
    let reference = Reference::checked(activation, quantity)?;
    let expected: Vec<f64> = inputs.par_iter().map(|x| reference.at(x.to_f64())).collect();
    let block = Block { x: inputs.to_vec(), dy: vec![T::from_f64(1.0); inputs.len()] };
    Ok(compared(&reference, reference.limit::<T>(accuracy), &block, &expected, results))
}

pub(super) fn compared<T: Format, R: Format>(
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
