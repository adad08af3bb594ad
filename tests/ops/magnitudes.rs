//! Gradients, temperatures and inputs of every magnitude. A finite result must be given as a finite number.

use crate::common::{STRATEGIES, context, widened};
use gpu_activations::{Activation, Axis, AxisFunction, Element, GpuActivations, ParameterBuffers};
use half::{bf16, f16};

fn named(name: &str) -> AxisFunction {
    name.parse().unwrap()
}

fn softmaxes() -> Vec<AxisFunction> {
    let all = AxisFunction::all().iter().filter(|(_, function)| function.family() == "softmax");
    let samples = all.flat_map(|(_, function)| function.samples());
    // The others have no gradient for each element of y.
    samples.filter(|function| !["hardmax", "logsumexp", "logmeanexp"].contains(&function.name())).collect()
}

fn cast<T: Element>(values: &[f64]) -> Vec<T> {
    values.iter().map(|&value| T::from_f64(value)).collect()
}

/// Checks dx on the device against the reference, by every strategy. The error may be a fraction of the largest term,
/// or of the least float times the largest |dy|.
fn check_backward<T: Element>(function: &AxisFunction, axis: &Axis, x: &[f64], dy: &[f64]) {
    let (x, dy) = (cast::<T>(x), cast::<T>(dy));
    let expected = function.backward(axis, None, &widened(&x), &widened(&dy)).unwrap();
    let most = dy.iter().fold(1.0, |most: f64, dy| most.max(dy.to_f64().abs()));
    let weight = |y: f64| match function.name() {
        "log_softmax" | "sparsemax" => 1.0,
        "entmax15" => y.sqrt(),
        _ => y,
    };
    let y = function.forward(axis, None, &widened(&x)).unwrap();
    let largest: f64 = y.iter().zip(&dy).map(|(&y, dy)| weight(y) * dy.to_f64().abs()).sum();
    let largest = expected.iter().fold(largest, |most, value| most.max(value.abs()));
    let bound = if size_of::<T>() == 4 { 1e-6 } else { 1e-2 } * largest + f64::from(f32::MIN_POSITIVE) * most;
    for strategy in STRATEGIES {
        let context = context().with_strategy(strategy);
        let dx = context.backward_along_slice(function, axis, None, &x, &dy).unwrap();
        for (index, (dx, expected)) in dx.iter().zip(&expected).enumerate() {
            let off = (dx.to_f64() - expected).abs();
            // What exceeds the range of the type is infinite.
            let is_rounded = dx.to_f64() == T::from_f64(*expected).to_f64();
            assert!(off <= bound || is_rounded, "{function:?} by {strategy:?} at {index}: {dx:?}, not {expected:e}");
        }
    }
}

#[test]
fn gradients_of_softmaxes_are_finite_where_their_terms_are() {
    for function in softmaxes() {
        for size in [2.03e31, 3e38, 1e-30] {
            let pair = Axis::last(&[1, 2]).unwrap();
            let column = Axis::new(&[2, 1, 3], 0).unwrap();
            for (axis, x, dy) in [
                (&pair, vec![0.0, 0.0], vec![size, 0.0]),
                (&pair, vec![0.0, -80.0], vec![0.0, size]),
                (&column, vec![0.0, 1.0, 2.0, 0.5, 0.5, 0.5], vec![size, -size, 0.0, -size / 3.0, size / 5.0, size]),
            ] {
                // The sum of log_softmax may be infinite if it exceeds the floats.
                if function.name() != "log_softmax" || size < 1e38 {
                    check_backward::<f32>(&function, axis, &x, &dy);
                    check_backward::<bf16>(&function, axis, &x, &dy);
                }
            }
        }
        check_backward::<f32>(&function, &Axis::last(&[1, 1]).unwrap(), &[0.0], &[3e31]);
        check_backward::<f16>(&function, &Axis::last(&[1, 2]).unwrap(), &[0.0, 0.0], &[65504.0, 0.0]);
    }
}

#[test]
fn gradients_of_long_rows_are_finite_where_their_terms_are() {
    let axis = Axis::last(&[1 << 20]).unwrap();
    let x = vec![0.0_f32; axis.length()];
    let mut dy = vec![2e25_f32; axis.length()];
    dy[0] = -2e25;
    let dx = context().backward_along_slice(named("softmax"), &axis, None, &x, &dy).unwrap();
    assert!((dx[0] / -3.814_693_6e19 - 1.0).abs() < 1e-6, "{:e}", dx[0]);
    assert!((dx[1] / 3.637_978e13 - 1.0).abs() < 2e-2, "{:e}", dx[1]);
}

#[test]
fn gradients_of_gated_units_are_finite_where_their_terms_are() {
    let context = context();
    let pair = Axis::last(&[2]).unwrap();
    let dx = |function: &AxisFunction, x: [f32; 2], dy: f32| {
        let dx = context.backward_along_slice(function, &pair, None, &x, &[dy]).unwrap();
        let wide = [f64::from(x[0]), f64::from(x[1])];
        let expected = function.backward(&pair, None, &wide, &[f64::from(dy)]).unwrap();
        for (dx, expected) in dx.iter().zip(&expected) {
            let same = f64::from(*dx) == *expected
                || (f64::from(*dx) / expected - 1.0).abs() < 1e-6
                || dx.is_nan() && expected.is_nan();
            assert!(same, "{function:?} of {x:?}: {dx:e}, not {expected:e}");
        }
        dx
    };
    assert!((dx(&named("glu"), [1e30, -60.0], 1e30)[1] / 8.756_511e33 - 1.0).abs() < 1e-6);
    assert_eq!(dx(&named("reglu"), [1e20, -1.0], 1e20), [0.0, 0.0]);
    dx(&named("swiglu"), [1e-30, -80.0], 3e38);
    dx(&named("geglu"), [3e38, -5.0], 3e-30);
    let stepped = named("gated").with("activation", "step").unwrap();
    assert!(dx(&stepped, [f32::NAN, -1.0], 1.0)[1].is_nan());
    assert!(dx(&stepped, [1.0, -1.0], f32::NAN).iter().all(|dx| dx.is_nan()));
}

#[test]
fn fused_factors_keep_gradients_finite() {
    let context = context();
    let x = context.upload(&[-60.0_f32, 1.0, -1.0]).unwrap();
    for (factor, dy) in [(1e30_f32, 1e30_f32), (1e-30, 1e38), (3e38, 1.2e-38)] {
        let (on_factor, on_dy) = (context.upload(&[factor]).unwrap(), context.upload(&[dy; 3]).unwrap());
        let parameters = ParameterBuffers::new().per_tensor("output_factor", &on_factor);
        for activation in [Activation::Sigmoid, Activation::Relu] {
            let dx = context.download(&context.backward_with(activation, &parameters, &x, &on_dy).unwrap()).unwrap();
            for (dx, x) in dx.iter().zip([-60.0, 1.0, -1.0]) {
                let expected = f64::from(dy) * f64::from(factor) * activation.derivative(x);
                let same = *dx == expected as f32 || (f64::from(*dx) / expected - 1.0).abs() < 1e-6;
                assert!(same, "{activation:?} at {x}: {dx:e}, not {expected:e}");
            }
        }
    }
}

/// The device's gradient by a parameter of one element.
fn parameter_gradient(activation: Activation, parameter: &str, x: f32, dy: f32) -> f32 {
    let context = context();
    let (x, dy) = (context.upload(&[x]).unwrap(), context.upload(&[dy]).unwrap());
    let gradient = context.parameter_gradient(activation, &ParameterBuffers::new(), parameter, &x, &dy).unwrap();
    context.download(&gradient).unwrap()[0]
}

#[test]
fn gradients_of_parameters_reach_their_tails() {
    let softplus = |beta| Activation::Softplus { beta };
    let snake = |alpha| Activation::Snake { alpha };
    let swish = |beta| Activation::Swish { beta };
    for (activation, parameter, x, dy) in [
        (softplus(1.0), "beta", 200.0, 1.0),
        (softplus(1.0), "beta", 90.0, 1.0),
        (softplus(1e-15), "beta", 1e20, 1.0),
        (softplus(1e-20), "beta", 1.0, 1e-10),
        (softplus(1e-30), "beta", 1e33, 1.0),
        (snake(1.0), "alpha", 1.8e38, 1.0),
        (snake(0.3), "alpha", 1.6e38, 1.0),
        (snake(1e-20), "alpha", 1e20, 1e-10),
        (swish(1e-30), "beta", 1e30, 1e-25),
        (Activation::Xielu { alpha_p: 0.8, alpha_n: 0.8, beta: 0.5 }, "alpha_p", 1e25, 1e-20),
        (Activation::Celu { alpha: -1.0 }, "alpha", -95.0, 1e-10),
    ] {
        let expected = f64::from(dy) * activation.parameter_gradient(parameter, f64::from(x));
        let gradient = parameter_gradient(activation, parameter, x, dy);
        let same = gradient == expected as f32 || (f64::from(gradient) / expected - 1.0).abs() < 1e-6;
        let flushed = gradient == 0.0 && expected.abs() < f64::from(f32::MIN_POSITIVE);
        assert!(same || flushed, "{parameter} of {activation:?} at {x:e}: {gradient:e}, not {expected:e}");
    }
}

#[test]
fn tails_end_in_zeros() {
    let x = [-104.5_f32, -105.0, -110.0, -1e10, f32::NEG_INFINITY];
    let huge = [3e38_f32; 5];
    for activation in [Activation::Selu, Activation::Elu { alpha: 1.6 }, Activation::Silu, Activation::Mish] {
        let context = context();
        let slopes = context.backward_slice(activation, &x, &[1.0; 5]).unwrap();
        let dx = context.backward_slice(activation, &x, &huge).unwrap();
        for i in 0..x.len() {
            let expected = activation.derivative(f64::from(x[i])) as f32;
            assert!(slopes[i] == expected || slopes[i] == 0.0, "{activation:?} at {:e}: {:e}", x[i], slopes[i]);
            assert!(expected != 0.0 || dx[i] == 0.0, "{activation:?} at {:e}: {:e}", x[i], dx[i]);
        }
    }
}

fn forward(function: AxisFunction, x: &[f32]) -> Vec<f32> {
    let axis = Axis::last(&[x.len()]).unwrap();
    let context = context();
    let y = context.forward_along_slice(&function, &axis, None, x).unwrap();
    let expected = function.forward(&axis, None, &widened(x)).unwrap();
    for (index, (y, expected)) in y.iter().zip(&expected).enumerate() {
        let same = *y == *expected as f32 || (f64::from(*y) - expected).abs() <= 1e-6 * expected.abs();
        assert!(same, "{function:?} of {x:?} at {index}: {y:e}, not {expected:e}");
    }
    y
}

#[test]
fn every_temperature_above_zero_is_right() {
    for temperature in [1e-45, 2.9e-39, f32::MIN_POSITIVE, 1e-30, 1e-3, 3.0, 1e30, 3e38, f32::MAX] {
        for x in [[1.0, 0.5, 1.0], [3e38, -3e38, 3e38], [1e-3, 0.0, -1e-3]] {
            forward(AxisFunction::Softmax { temperature }, &x);
            forward(AxisFunction::LogSoftmax { temperature }, &x);
            forward(AxisFunction::Softmin { temperature }, &x);
            // Even in f64, the noise of an element vanishes beside the largest.
            if x[0] < 1e38 {
                forward(AxisFunction::GumbelSoftmax { tau: temperature, hard: false, seed: 2 }, &x);
            }
        }
        let axis = Axis::last(&[3]).unwrap();
        check_backward::<f32>(&AxisFunction::Softmax { temperature }, &axis, &[1.0, 0.5, 1.0], &[1.2e-30, 2.0, 3e-30]);
    }
    // Distances whose products lose their errors.
    forward(AxisFunction::Softmax { temperature: 1e-32 }, &[0.0, -2.1e-31, -4.3e-31, -7.7e-31]);
    // One step of the largest score is a thousand temperatures.
    let gumbel = AxisFunction::GumbelSoftmax { tau: 1e-3, hard: false, seed: 2 };
    assert_eq!(forward(gumbel, &[1e6, 1e6, 0.0]), [1.0, 0.0, 0.0]);
    assert_eq!(forward(AxisFunction::LogSoftmax { temperature: 3.0 }, &[3e38, -3e38]), [0.0, -2e38]);
    assert_eq!(forward(AxisFunction::Sparsemax { temperature: 1.0 }, &[1e16, 0.0]), [1.0, 0.0]);
}

#[test]
fn a_mean_of_nothing_is_not_a_number() {
    let context = context();
    for axis in [Axis::new(&[2, 0], 1).unwrap(), Axis::new(&[2, 0, 4], 1).unwrap()] {
        let rows: usize = axis.shape().iter().filter(|&&length| length > 0).product();
        for (function, expected) in [
            (AxisFunction::LogSumExp { temperature: 1.0 }, f64::NEG_INFINITY),
            (AxisFunction::LogMeanExp { temperature: 1.0 }, f64::NAN),
        ] {
            let same = |y: f64| y == expected || y.is_nan() && expected.is_nan();
            for (mask, kept) in [(None, None), (Some(&[][..]), Some(&[][..]))] {
                let y = context.forward_along_slice::<f32>(&function, &axis, mask, &[]).unwrap();
                assert!(y.len() == rows && y.iter().all(|&y| same(y.into())), "{function}: {y:?}");
                let y = function.forward(&axis, kept, &[]).unwrap();
                assert!(y.len() == rows && y.iter().all(|&y| same(y)), "the reference of {function}: {y:?}");
            }
        }
    }
}

/// Returns dx of one activation at its defaults, for one dy.
fn slopes(context: &GpuActivations, activation: Activation, x: &[f32], dy: f32) -> Vec<f32> {
    context.backward_slice(activation, x, &vec![dy; x.len()]).unwrap()
}

#[test]
fn what_is_no_number_in_dy_is_none_in_every_dx_that_depends_on_it() {
    let context = context();
    let x = [f32::NEG_INFINITY, -1e30, -200.0, -3.0, -1.0, -0.2, 0.0, 0.2, 1.0, 3.0, 200.0, 1e30, f32::INFINITY];
    for &activation in Activation::ALL {
        let dx = slopes(&context, activation, &x, f32::NAN);
        assert!(dx.iter().all(|dx| dx.is_nan()), "{activation:?}: {dx:?}");
        // Infinity times the derivative, as in IEEE: infinite, or NaN if the derivative is 0.
        for dy in [f32::INFINITY, f32::NEG_INFINITY] {
            let dx = slopes(&context, activation, &x, dy);
            assert!(dx.iter().all(|dx| !dx.is_finite()), "{activation:?} of dy = {dy}: {dx:?}");
        }
    }
    let axis = Axis::last(&[2, 4]).unwrap();
    let x = [0.0_f32, 0.4, f32::NEG_INFINITY, 0.2, 0.0, 0.4, 0.1, 0.2];
    let dy = [1.0_f32, f32::NAN, 2.0, 3.0, 1.0, 2.0, 3.0, 4.0];
    for name in ["softmax", "softmin", "quiet_softmax", "gumbel_softmax", "log_softmax"] {
        let function = named(name);
        if name != "softmin" {
            let dx = context.backward_along_slice(&function, &axis, None, &x, &dy).unwrap();
            assert!(dx[..4].iter().all(|dx| dx.is_nan()) && dx[4..].iter().all(|dx| dx.is_finite()), "{name}: {dx:?}");
        }
        if function.takes_mask() {
            let mask = [1, 0, 0, 1, 1, 1, 1, 1];
            let dx = context.backward_along_slice(&function, &axis, Some(&mask), &x, &dy).unwrap();
            assert!(dx.iter().all(|dx| dx.is_finite()) && dx[1] == 0.0, "{name} behind a mask: {dx:?}");
        }
    }
    let dx = |name: &str, x: &[f32], dy: &[f32]| {
        let axis = Axis::last(&[x.len()]).unwrap();
        context.backward_along_slice(named(name), &axis, None, x, dy).unwrap()
    };
    assert_eq!(dx("hardmax", &[1.0, 2.0], &[f32::NAN, f32::NAN]), [0.0, 0.0]);
    assert_eq!(dx("sparsemax", &[0.0, 9.0], &[f32::NAN, 1e-30]), [0.0, 0.0]);
    assert!(dx("sparsemax", &[1.0, 1.0], &[f32::NAN, 1.0]).iter().all(|dx| dx.is_nan()));
    assert_eq!(dx("entmax15", &[0.0, 9.0], &[f32::NAN, 1e-30]), [0.0, 0.0]);
    assert!(dx("entmax15", &[1.0, 1.0], &[f32::NAN, 1.0]).iter().all(|dx| dx.is_nan()));
    let maxout = dx("maxout", &[1.0, 2.0, 3.0, 4.0], &[f32::NAN, 5.0]);
    assert!(maxout[0] == 0.0 && maxout[1].is_nan() && maxout[2..] == [0.0, 5.0], "{maxout:?}");
    assert!(dx("logsumexp", &[1.0, 2.0], &[f32::NAN]).iter().all(|dx| dx.is_nan()));
    let parameter = parameter_gradient(Activation::Prelu { alpha: 0.25 }, "alpha", 3.0, f32::NAN);
    assert!(parameter.is_nan(), "{parameter}");
}

#[test]
fn a_kink_is_found_where_its_product_vanishes() {
    for (alpha, beta, x) in [(1e-31, 0.5, 5e8), (3.2e8, -3e-23, 1e-31), (1e-31, 0.0, 1e-10), (1e-31, 1.0, 1e-10)] {
        let activation = Activation::HardSigmoid { alpha, beta };
        let dx = slopes(&context(), activation, &[x], 1.0);
        assert_eq!(f64::from(dx[0]), activation.derivative(f64::from(x)), "{activation:?} at {x:e}");
    }
}

#[test]
fn clip_has_one_bound_or_two() {
    let context = context();
    let x = [f32::NEG_INFINITY, -7.0, -1.0, 0.0, 6.0, 9.0, f32::INFINITY];
    let clip: Activation = "clip".parse().unwrap();
    let at = |activation: Activation| {
        (context.forward_slice(activation, &x).unwrap(), context.backward_slice(activation, &x, &[1.0; 7]).unwrap())
    };
    assert_eq!(at(clip), (x.to_vec(), vec![1.0; 7]));
    let (y, dx) = at(clip.with("max", 6.0).unwrap());
    assert_eq!((y[0], &y[1..]), (f32::NEG_INFINITY, &[-7.0, -1.0, 0.0, 6.0, 6.0, 6.0][..]));
    assert_eq!(dx, [1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0]);
    let (y, dx) = at("clamp".parse::<Activation>().unwrap().with("min", -1.0).unwrap());
    assert_eq!((&y[..4], &dx[..4]), (&[-1.0, -1.0, -1.0, 0.0][..], &[0.0, 0.0, 1.0, 1.0][..]));
    // Equal bounds.
    let (y, dx) = at(Activation::HardTanh { min: 2.0, max: 2.0 });
    assert_eq!((y, dx), (vec![2.0; 7], vec![0.0; 7]));
    let level = Activation::GeneralizedRelu { negative_slope: 0.5, max_value: 0.0, threshold: 0.0 };
    let (y, dx) = at(level);
    assert_eq!((&y[1..], &dx[1..]), (&[-3.5, -0.5, 0.0, 0.0, 0.0, 0.0][..], &[0.5, 0.5, 0.0, 0.0, 0.0, 0.0][..]));
    assert!(Activation::Clip { min: 1.0, max: 0.0 }.validate().is_err());
    assert!(Activation::Clip { min: f32::NAN, max: 0.0 }.validate().is_err());
}
