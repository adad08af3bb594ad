//! What is fused into a kernel before and after an activation, against the f64 reference.

mod common;

use common::context;
use gpu_activations::{Activation, Axis, Element, Error, GpuBuffer, Parameters};
use half::{bf16, f16};

const NAMES: [&str; 3] = ["input_bias", "output_factor", "output_addend"];

/// Who has a value of their own.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Per {
    Nothing,
    One,
    Channel,
    Element,
}

fn numbers(len: usize, step: usize) -> Vec<f64> {
    (0..len).map(|i| ((i * step) % 97) as f64 / 8.0 - 6.0).collect()
}

fn channel(axis: &Axis, element: usize) -> usize {
    let inner: usize = axis.shape()[axis.index() + 1..].iter().product();
    element / inner % axis.length()
}

#[track_caller]
fn compare<T: Element>(what: &str, actual: &[T], expected: &[f64], sizes: &[f64]) {
    assert_eq!(actual.len(), expected.len(), "{what}");
    for (i, (actual, expected)) in actual.iter().zip(expected).enumerate() {
        let rounding = (T::from_f64(*expected).to_f64() - expected).abs();
        let bound = 4.0 * sizes[i] * 2f64.powi(-24) + 1.01 * rounding;
        assert!((actual.to_f64() - expected).abs() <= bound, "{what} at {i}: {actual:?}, not {expected:e} ± {bound:e}");
    }
}

fn check<T: Element>(activation: Activation, axis: &Axis, per: [Per; 3]) {
    let context = context();
    let len = axis.elements();
    let typed = |values: Vec<f64>| -> Vec<T> { values.into_iter().map(T::from_f64).collect() };
    let (x, dy) = (typed(numbers(len, 31)), typed(numbers(len, 17)));
    let (on_x, on_dy) = (context.upload(&x).unwrap(), context.upload(&dy).unwrap());
    let count = |per: Per| match per {
        Per::Nothing => 0,
        Per::One => 1,
        Per::Channel => axis.length(),
        Per::Element => len,
    };
    let values: Vec<Vec<f32>> = [29, 13, 7]
        .into_iter()
        .zip(per)
        .map(|(step, per)| numbers(count(per), step).iter().map(|n| *n as f32).collect())
        .collect();
    let buffers: Vec<GpuBuffer<f32>> = values.iter().map(|values| context.upload(values).unwrap()).collect();
    let mut parameters = Parameters::new();
    for ((name, buffer), per) in NAMES.into_iter().zip(&buffers).zip(per) {
        parameters = match per {
            Per::Nothing => parameters,
            Per::One => parameters.one(name, buffer),
            Per::Channel => parameters.per_channel(name, buffer, axis),
            Per::Element => parameters.per_element(name, buffer),
        };
    }
    let place = |per: Per, element: usize| match per {
        Per::Nothing | Per::One => 0,
        Per::Channel => channel(axis, element),
        Per::Element => element,
    };
    let value = |which: usize, element: usize, absent: f64| {
        values[which].get(place(per[which], element)).map_or(absent, |value| f64::from(*value))
    };
    let what = format!("{activation:?} {per:?} along {axis:?}, {} bytes", size_of::<T>());

    let (mut y, mut dx, mut sizes, mut slopes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut terms: [Vec<f64>; 3] = Default::default();
    for i in 0..len {
        let (factor, addend) = (value(1, i, 1.0), value(2, i, 0.0));
        let z = f64::from((x[i].to_f64() + value(0, i, 0.0)) as f32);
        let (f, slope, dy) = (activation.forward(z), activation.derivative(z), dy[i].to_f64());
        y.push(factor * f + addend);
        sizes.push((factor * f).abs() + addend.abs() + factor.abs());
        dx.push(dy * factor * slope);
        slopes.push((dy * factor).abs() * slope.abs().max(1.0));
        for (terms, term) in terms.iter_mut().zip([dy * factor * slope, dy * f, dy]) {
            terms.push(term);
        }
    }
    let forward = context.forward_with(activation, &parameters, &on_x).unwrap();
    compare(&format!("y of {what}"), &context.download(&forward).unwrap(), &y, &sizes);
    let backward = context.backward_with(activation, &parameters, &on_x, &on_dy).unwrap();
    compare(&format!("dx of {what}"), &context.download(&backward).unwrap(), &dx, &slopes);
    for (which, name) in NAMES.into_iter().enumerate().filter(|(which, _)| per[*which] != Per::Nothing) {
        let mut sums = vec![0.0; count(per[which])];
        let mut sizes = vec![1e-3; sums.len()];
        for (i, term) in terms[which].iter().enumerate() {
            sums[place(per[which], i)] += term;
            sizes[place(per[which], i)] += term.abs() + dy[i].to_f64().abs();
        }
        let gradient = context.parameter_gradient(activation, &parameters, name, &on_x, &on_dy).unwrap();
        compare(&format!("d{name} of {what}"), &context.download(&gradient).unwrap(), &sums, &sizes);
    }
}

fn axes() -> Vec<Axis> {
    let shapes: [(&[usize], isize); 6] =
        [(&[5, 3], 1), (&[5, 3], 0), (&[2, 4, 8], 1), (&[3, 5, 300], 1), (&[700, 8], 1), (&[1, 1], 0)];
    shapes.iter().map(|(shape, axis)| Axis::new(shape, *axis).unwrap()).collect()
}

fn check_all<T: Element>(names: &[&str]) {
    use Per::{Channel, Element, Nothing, One};
    let ways = [
        [Channel, Nothing, Nothing],
        [Nothing, Element, Nothing],
        [Nothing, Nothing, Element],
        [One, Channel, Nothing],
        [Element, Channel, One],
        [Channel, Element, Channel],
    ];
    for name in names {
        for axis in axes() {
            for way in ways {
                check::<T>(name.parse().unwrap(), &axis, way);
            }
        }
    }
}

#[test]
fn fused_kernels_of_f32_agree_with_the_reference() {
    check_all::<f32>(&["relu", "prelu", "softplus"]);
}

#[test]
fn fused_kernels_of_f16_agree_with_the_reference() {
    check_all::<f16>(&["relu", "silu"]);
}

#[test]
fn fused_kernels_of_bf16_agree_with_the_reference() {
    check_all::<bf16>(&["relu"]);
}

#[test]
fn nan_and_infinities_go_through() {
    let context = context();
    let x = context.upload(&[f32::NAN, 1.0, 1.0, f32::INFINITY, f32::INFINITY, f32::MAX]).unwrap();
    let bias = context.upload(&[1.0, f32::NAN, f32::NEG_INFINITY, 1.0, f32::NEG_INFINITY, f32::MAX]).unwrap();
    let parameters = Parameters::new().per_element("input_bias", &bias);
    let relu = Activation::Relu {};
    let y = context.download(&context.forward_with(relu, &parameters, &x).unwrap()).unwrap();
    assert_eq!(format!("{y:?}"), "[NaN, NaN, 0.0, inf, NaN, inf]");
    let gradient = context.parameter_gradient(relu, &parameters, "input_bias", &x, &x).unwrap();
    assert!(context.download(&gradient).unwrap()[0].is_nan());
}

#[test]
fn a_seed_excludes_buffers() {
    let context = context();
    let x = context.upload(&[1.0_f32]).unwrap();
    let parameters = Parameters::new().seed(1).one("input_bias", &x);
    let rrelu = "rrelu".parse().unwrap();
    let error = context.forward_with(rrelu, &parameters, &context.upload(&[1.0_f32]).unwrap()).unwrap_err();
    assert_eq!(error, Error::NotWithSeed { function: "rrelu", parameter: "input_bias" });
}
