//! Parameters from buffers, their gradients, and rrelu in training, against the f64 reference.

use crate::common::context;
use gpu_activations::{Activation, Axis, Element, ParameterBuffers};
use half::{bf16, f16};

/// The activations with learnable parameters.
fn learnable() -> impl Iterator<Item = (Activation, Vec<&'static str>)> {
    Activation::ALL.iter().filter_map(|&activation| {
        let names: Vec<_> = activation.parameters().iter().filter(|p| p.learnable).map(|p| p.name).collect();
        (!names.is_empty()).then_some((activation, names))
    })
}

/// Shapes with a channel axis: the last, the first, a middle one, one channel, many channels.
fn cases() -> Vec<Axis> {
    let shapes: &[(&[usize], isize)] = &[
        (&[1], 0),
        (&[13], 0),
        (&[5, 3], 1),
        (&[5, 3], 0),
        (&[2, 3, 7], 1),
        (&[2, 4, 8], 1),
        (&[3, 5, 300], 1),
        (&[700, 8], 1),
        (&[2000, 1], 1),
        (&[1, 6, 11], 1),
        (&[0, 6], 1),
        (&[2, 3, 0], 1),
    ];
    shapes.iter().map(|&(shape, axis)| Axis::new(shape, axis).unwrap()).collect()
}

fn inner(axis: &Axis) -> usize {
    axis.shape()[axis.index() + 1..].iter().product()
}

fn channel(axis: &Axis, index: usize) -> usize {
    index / inner(axis) % axis.length()
}

fn numbers<T: Element>(len: usize, step: usize) -> Vec<T> {
    (0..len).map(|i| T::from_f64(((i * step) % 97) as f64 / 8.0 - 6.0)).collect()
}

/// A value valid for every learnable parameter.
fn values(len: usize) -> Vec<f32> {
    (0..len).map(|i| 0.25 + (i % 13) as f32 / 16.0).collect()
}

#[track_caller]
fn compare<T: Element>(what: &str, actual: &[T], expected: &[f64], bounds: &[f64]) {
    assert_eq!(actual.len(), expected.len(), "{what}");
    for (index, (actual, expected)) in actual.iter().zip(expected).enumerate() {
        let rounding = (T::from_f64(*expected).to_f64() - expected).abs();
        let bound = bounds[index] * 2f64.powi(-24) + 1.01 * rounding;
        assert!(
            (actual.to_f64() - expected).abs() <= bound,
            "{what} at {index}: {actual:?}, not {expected:e} ± {bound:e}"
        );
    }
}

/// The terms that the value and the derivative are differences of, where these may cancel.
fn cancelled(activation: Activation) -> (f64, f64) {
    match activation {
        Activation::DynamicTanh { beta, .. } => (beta.abs().into(), 0.0),
        Activation::StarRelu { bias, .. } => (bias.abs().into(), 0.0),
        Activation::SnakeBeta { .. } => (0.0, 1.0),
        _ => (0.0, 0.0),
    }
}

fn check<T: Element>(axis: &Axis) {
    let context = context();
    let x = numbers::<T>(axis.elements(), 31);
    let dy = numbers::<T>(axis.elements(), 17);
    let (on_x, on_dy) = (context.upload(&x).unwrap(), context.upload(&dy).unwrap());
    for (activation, names) in learnable() {
        for per in ["one", "channel", "element"] {
            let len = match per {
                "one" => 1,
                "channel" => axis.length(),
                _ => x.len(),
            };
            let at = |index: usize| match per {
                "one" => 0,
                "channel" => channel(axis, index),
                _ => index,
            };
            let values = values(len);
            let on_values = context.upload(&values).unwrap();
            let mut parameters = ParameterBuffers::new();
            for &name in &names {
                parameters = match per {
                    "one" => parameters.per_tensor(name, &on_values),
                    "channel" => parameters.per_channel(name, &on_values, axis),
                    _ => parameters.per_element(name, &on_values),
                };
            }
            let what = format!("{} per {per} along {axis:?}, {} bytes", activation.name(), size_of::<T>());
            let of = |index: usize| names.iter().fold(activation, |a, name| a.with(name, values[at(index)]).unwrap());
            let expected: Vec<f64> = (0..x.len()).map(|i| of(i).forward(x[i].to_f64())).collect();
            let y = context.download(&context.forward_with(activation, &parameters, &on_x).unwrap()).unwrap();
            let term = |index: usize| cancelled(of(index)).0.max(0.1);
            let bounds = expected.iter().enumerate().map(|(i, y)| 5.0 * y.abs().max(term(i)));
            let bounds: Vec<f64> = bounds.collect();
            compare(&format!("y of {what}"), &y, &expected, &bounds);
            let expected: Vec<f64> = (0..x.len()).map(|i| dy[i].to_f64() * of(i).derivative(x[i].to_f64())).collect();
            let dx = context.download(&context.backward_with(activation, &parameters, &on_x, &on_dy).unwrap()).unwrap();
            let term = |index: usize| (dy[index].to_f64() * cancelled(of(index)).1).abs().max(0.1);
            let bounds = expected.iter().enumerate().map(|(i, dx)| 8.0 * dx.abs().max(term(i)));
            let bounds: Vec<f64> = bounds.collect();
            compare(&format!("dx of {what}"), &dx, &expected, &bounds);
            for &name in &names {
                let (mut sums, mut sizes) = (vec![0.0; len], vec![0.0; len]);
                for i in 0..x.len() {
                    let term = dy[i].to_f64() * of(i).parameter_gradient(name, x[i].to_f64());
                    sums[at(i)] += term;
                    sizes[at(i)] += 8.0 * term.abs() + 1e-3;
                }
                let gradient = context.parameter_gradient(activation, &parameters, name, &on_x, &on_dy).unwrap();
                compare(&format!("d{name} of {what}"), &context.download(&gradient).unwrap(), &sums, &sizes);
            }
        }
    }
}

#[test]
fn parameters_of_f32_agree_with_the_reference() {
    cases().iter().for_each(check::<f32>);
}

#[test]
fn parameters_of_f16_agree_with_the_reference() {
    cases().iter().for_each(check::<f16>);
}

#[test]
fn parameters_of_bf16_agree_with_the_reference() {
    [&cases()[4], &cases()[7]].into_iter().for_each(check::<bf16>);
}

/// The reference's own gradients, against differences of the function.
#[test]
fn parameter_gradients_are_those_of_the_function() {
    for (activation, names) in learnable() {
        for name in names {
            for x in [-7.3, -1.7, -0.4, -1e-3, 0.3, 1.9, 5.5] {
                let at = |value: f32| activation.with(name, value).unwrap().forward(x);
                let (low, high) = (0.74_f32, 0.76_f32);
                let difference = (at(high) - at(low)) / f64::from(high - low);
                let gradient = activation.with(name, 0.75).unwrap().parameter_gradient(name, x);
                let bound = 2e-3 * (1.0 + gradient.abs() + x * x);
                assert!(
                    (difference - gradient).abs() < bound,
                    "{} {name} at {x}: {gradient}, not {difference}",
                    activation.name()
                );
            }
        }
    }
}

/// A million equal terms, whose plain sum in f32 would be off by thousands of units.
#[test]
fn sums_keep_their_digits() {
    let context = context();
    let count = 1 << 20;
    let (x, dy) = (vec![-0.1_f32; count], vec![1.1_f32; count]);
    let prelu = Activation::Prelu { alpha: 0.25 };
    let (on_x, on_dy) = (context.upload(&x).unwrap(), context.upload(&dy).unwrap());
    let gradient = context.parameter_gradient(prelu, &ParameterBuffers::new(), "alpha", &on_x, &on_dy).unwrap();
    let expected = -f64::from(0.1_f32) * f64::from(1.1_f32) * count as f64;
    let actual = context.download(&gradient).unwrap();
    assert!((f64::from(actual[0]) / expected - 1.0).abs() <= 2f64.powi(-23), "{actual:?}, not {expected}");
    let again = context.parameter_gradient(prelu, &ParameterBuffers::new(), "alpha", &on_x, &on_dy).unwrap();
    assert_eq!(context.download(&again).unwrap(), actual);
}

#[test]
fn rrelu_draws_the_same_slopes_backward() {
    let context = context();
    let rrelu = Activation::Rrelu { lower: 0.125, upper: 0.5 };
    let parameters = ParameterBuffers::new().seed(1 << 50 | 77);
    let x: Vec<f32> = (0..4099).map(|i| if i % 9 == 0 { 3.0 } else { -1.0 }).collect();
    let on_x = context.upload(&x).unwrap();
    let ones = context.upload(&vec![1.0_f32; x.len()]).unwrap();
    let y = context.download(&context.forward_with(rrelu, &parameters, &on_x).unwrap()).unwrap();
    let dx = context.download(&context.backward_with(rrelu, &parameters, &on_x, &ones).unwrap()).unwrap();
    for i in 0..x.len() {
        let of_element = rrelu.drawn(1 << 50 | 77, i as u64);
        assert!((f64::from(y[i]) - of_element.forward(x[i].into())).abs() < 2e-7, "{i}");
        assert_eq!(y[i], x[i] * dx[i], "{i}");
    }
    let slopes: Vec<f32> = (0..x.len()).filter(|i| x[*i] < 0.0).map(|i| dx[i]).collect();
    assert!(slopes.iter().all(|slope| (0.125..0.5).contains(slope)));
    let mean = slopes.iter().sum::<f32>() / slopes.len() as f32;
    assert!((mean - 0.3125).abs() < 0.01, "{mean}");
    let other = context.forward_with(rrelu, &ParameterBuffers::new().seed(78), &on_x).unwrap();
    assert_ne!(context.download(&other).unwrap(), y);
}
