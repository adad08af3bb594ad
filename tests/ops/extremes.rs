//! Parameters at the ends of their ranges, against the f64 reference.

use crate::common::context;
use gpu_activations::{Activation, GpuActivations, Order, ParameterBuffers};

/// The largest and least values of a parameter, and values between them by orders of magnitude.
fn extreme_values() -> Vec<f32> {
    let sizes = [f32::MIN_POSITIVE, 1e-30, 1e-10, 1.0, 1e10, 1e30, f32::MAX];
    let mut values: Vec<f32> = sizes.into_iter().flat_map(|size| [size, -size]).collect();
    values.extend([0.0, f32::INFINITY, f32::NEG_INFINITY]);
    values
}

/// Numbers of every magnitude that 16 bits hold, too.
fn inputs() -> Vec<f32> {
    let sizes =
        [0.0, 1.2e-38, 1e-30, 1e-20, 1e-5, 0.5, 1.0, 3.0, 20.0, 200.0, 1e4, 5e8, 1e10, 1e20, 1e30, 1e38, f32::MAX];
    sizes.into_iter().chain([f32::INFINITY]).flat_map(|size| [size, -size]).collect()
}

/// The activation with every combination of extreme values that its ranges allow.
fn combinations(activation: Activation) -> Vec<Activation> {
    let with = |all: Vec<Activation>, name: &str| {
        let values = extreme_values();
        let each = all.into_iter().flat_map(|a| values.iter().map(move |&value| a.with(name, value).unwrap()));
        each.collect::<Vec<_>>()
    };
    let all = activation.parameters().iter().fold(vec![activation], |all, parameter| with(all, parameter.name));
    all.into_iter().filter(|a| a.validate().is_ok()).collect()
}

/// Returns the fault of a result, which may be off by `slack`.
fn judged(x: f32, result: f32, expected: f64, slack: f64, what: &str) -> Option<String> {
    let expected_f32 = expected as f32;
    let same_kind = result.is_nan() == expected.is_nan();
    let near = (f64::from(result) - expected).abs() <= 1e-5 * expected.abs() + slack;
    let overflowed = result.is_infinite() && expected.abs() > 0.99999 * f64::from(f32::MAX);
    let right = same_kind
        && (expected.is_nan()
            || near
            || result == expected_f32
            || overflowed && result.signum() == expected_f32.signum());
    (!right).then(|| format!("{what} at {x:e}: {result:e}, not {expected:e}"))
}

fn check(context: &GpuActivations, activation: Activation, x: &[f32], wrong: &mut Vec<String>) {
    let ones = vec![1.0; x.len()];
    // If subnormal numbers are flushed, one may be a factor of any other number.
    let arithmetic = context.arithmetic().unwrap();
    let keeps = arithmetic.keeps_subnormal_operands && arithmetic.keeps_subnormal_results;
    let finite = activation.values().into_iter().filter(|value| value.is_finite());
    let largest = if keeps { 1.0 } else { finite.fold(1.0, |most: f32, value| most.max(value.abs())) };
    let slack = |x: f32| {
        let of_x = if keeps || x.is_infinite() { 1.0 } else { x.abs() };
        f64::from(f32::MIN_POSITIVE) * f64::from(largest.max(of_x))
    };
    let y = context.forward_slice(activation, x).unwrap();
    let dx = context.backward_slice(activation, x, &ones).unwrap();
    let curvature = context.derivative_slice(activation, Order::Second, x).unwrap();
    for i in 0..x.len() {
        let at = f64::from(x[i]);
        wrong.extend(judged(x[i], y[i], activation.forward(at), slack(x[i]), &format!("{activation:?}")));
        wrong.extend(judged(
            x[i],
            dx[i],
            activation.derivative(at),
            slack(x[i]),
            &format!("derivative of {activation:?}"),
        ));
        wrong.extend(judged(
            x[i],
            curvature[i],
            activation.second_derivative(at),
            slack(x[i]),
            &format!("second derivative of {activation:?}"),
        ));
    }
    let (on_x, on_ones) = (context.upload(x).unwrap(), context.upload(&ones).unwrap());
    for (parameter, value) in activation.parameters().iter().zip(activation.values()).filter(|(p, _)| p.learnable) {
        let values = context.upload(&vec![value; x.len()]).unwrap();
        let parameters = ParameterBuffers::new().per_element(parameter.name, &values);
        let gradient = context.parameter_gradient(activation, &parameters, parameter.name, &on_x, &on_ones).unwrap();
        for (x, result) in x.iter().zip(context.download(&gradient).unwrap()) {
            let expected = activation.parameter_gradient(parameter.name, f64::from(*x));
            wrong.extend(judged(*x, result, expected, slack(*x), &format!("d{} of {activation:?}", parameter.name)));
        }
    }
}

#[test]
fn parameters_at_the_ends_of_their_ranges_are_right() {
    let context = context();
    let x = inputs();
    let mut wrong = Vec::new();
    for activation in Activation::ALL.iter().filter(|activation| !activation.parameters().is_empty()) {
        for activation in combinations(*activation) {
            check(&context, activation, &x, &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
