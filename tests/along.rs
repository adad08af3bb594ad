//! Functions along an axis: the device against the f64 reference, over shapes, strategies, types and masks.

mod common;

use common::context;
use gpu_activations::{Activation, Axis, AxisFunction, Element, Gate, GpuActivations, Layout, Strategy};
use half::{bf16, f16};

const STRATEGIES: [Strategy; 5] =
    [Strategy::Automatic, Strategy::Invocation, Strategy::Subgroup, Strategy::Workgroup, Strategy::Split];

/// Shapes and axes: rows of 1, primes, lengths about each threshold, other axes than the last, nothing at all.
fn cases() -> Vec<Axis> {
    let shapes: &[(&[usize], isize)] = &[
        (&[1], 0),
        (&[7], 0),
        (&[3, 1], -1),
        (&[1, 5], 0),
        (&[5, 31], 1),
        (&[3, 32], -1),
        (&[3, 33], -1),
        (&[131, 4], -1),
        (&[67, 3], 1),
        (&[2, 1023], 1),
        (&[2, 1024], 1),
        (&[2, 1025], 1),
        (&[1, 4099], 1),
        (&[13, 5], 0),
        (&[40, 4], 0),
        (&[3, 17, 6], 1),
        (&[2, 70, 3], 1),
        (&[2, 5, 1, 7], 1),
        (&[2, 1, 5], 1),
        (&[300, 1], 0),
        (&[0, 4], 1),
        (&[4, 0], 1),
        (&[4, 0], 0),
    ];
    shapes.iter().map(|&(shape, axis)| Axis::new(shape, axis).unwrap()).collect()
}

/// The same for functions of groups, whose axis must be divisible.
fn even_cases() -> Vec<Axis> {
    let shapes: &[(&[usize], isize)] = &[
        (&[6], 0),
        (&[3, 6], 1),
        (&[5, 12], -1),
        (&[2, 6, 3], 1),
        (&[3, 6, 4], 1),
        (&[12, 7], 0),
        (&[24, 1], 0),
        (&[2, 6, 1, 5], 1),
        (&[500, 12], 1),
        (&[2, 1002], 1),
        (&[0, 6], 1),
        (&[4, 0], 1),
    ];
    shapes.iter().map(|&(shape, axis)| Axis::new(shape, axis).unwrap()).collect()
}

fn softmaxes() -> Vec<AxisFunction> {
    let mut functions: Vec<AxisFunction> =
        AxisFunction::ALL.iter().map(|(_, function)| *function).filter(|f| f.family() == "softmax").collect();
    functions.extend([
        AxisFunction::Softmax { temperature: 0.3 },
        AxisFunction::LogSoftmax { temperature: 7.0 },
        AxisFunction::Softmin { temperature: 0.3 },
        AxisFunction::GumbelSoftmax { tau: 0.7, hard: false, seed: 1 << 40 | 5 },
        AxisFunction::GumbelSoftmax { tau: 1.0, hard: true, seed: 9 },
    ]);
    functions
}

fn groups() -> Vec<AxisFunction> {
    let mut functions: Vec<AxisFunction> =
        AxisFunction::ALL.iter().map(|(_, function)| *function).filter(|f| f.family() != "softmax").collect();
    for gate in [Gate::First, Gate::Second] {
        for layout in [Layout::Halves, Layout::Interleaved] {
            functions.push(AxisFunction::Gated { activation: Activation::Elu { alpha: 0.7 }, gate, layout });
        }
    }
    functions.extend([1, 3, 6].map(|pieces| AxisFunction::Maxout { pieces }));
    functions
}

/// Numbers that T holds exactly, from -6 to 6, without order.
fn numbers<T: Element>(len: usize, seed: u32) -> Vec<T> {
    let mut state = seed.wrapping_mul(2_654_435_769).wrapping_add(1);
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        T::from_f64(T::from_f64(f64::from(state >> 8) / f64::from(1 << 24) * 12.0 - 6.0).to_f64())
    };
    (0..len).map(next).collect()
}

fn widened<T: Element>(values: &[T]) -> Vec<f64> {
    values.iter().map(|value| value.to_f64()).collect()
}

/// The unit of the largest term, in the type's precision: f32 arithmetic, then one rounding.
fn tolerance<T: Element>(expected: f64, term: f64) -> f64 {
    let exponent = expected.abs().log2().floor().clamp(-126.0, 127.0) as i32;
    let f32_error = 4.0 * 2f64.powi(exponent - 23) + 4.0 * 2f64.powi(-24) * term + 2f64.powi(-126);
    match size_of::<T>() {
        4 => f32_error,
        _ => {
            // Half a unit of the 16-bit type, whose subnormals are coarser.
            let rounded = T::from_f64(expected).to_f64();
            let above = T::from_f64(expected * (1.0 + 2f64.powi(-7))).to_f64();
            f32_error + (rounded - expected).abs() + (above - rounded).abs() * 0.01 + 2f64.powi(-25)
        }
    }
}

#[track_caller]
fn compare<T: Element>(what: &str, actual: &[T], expected: &[f64], terms: &[f64]) {
    assert_eq!(actual.len(), expected.len(), "{what}");
    for (index, (&actual, &expected)) in actual.iter().zip(expected).enumerate() {
        let actual = actual.to_f64();
        let same = actual == expected || actual.is_nan() && expected.is_nan();
        let bound = tolerance::<T>(expected, terms[index]);
        assert!(
            same || (actual - expected).abs() <= bound,
            "{what} at {index}: {actual:e}, not {expected:e} ± {bound:e}"
        );
    }
}

/// The size of what a gradient is the difference of.
fn gradient_terms(function: AxisFunction, axis: &Axis, mask: Option<&[bool]>, x: &[f64], dy: &[f64]) -> Vec<f64> {
    let largest = dy.iter().fold(0.0, |most: f64, dy| most.max(dy.abs()));
    let row = match function {
        AxisFunction::LogSoftmax { .. } => axis.length() as f64,
        _ => 1.0,
    };
    let scale = match function {
        AxisFunction::Softmax { temperature } | AxisFunction::Softmin { temperature } => 1.0 / f64::from(temperature),
        AxisFunction::LogSoftmax { temperature } => 1.0 / f64::from(temperature),
        AxisFunction::GumbelSoftmax { tau, .. } => 1.0 / f64::from(tau),
        _ => 1.0,
    };
    let shares = match function {
        AxisFunction::GumbelSoftmax { tau, seed, .. } => {
            AxisFunction::GumbelSoftmax { tau, seed, hard: false }.forward(axis, mask, x)
        }
        AxisFunction::LogSoftmax { temperature } => AxisFunction::Softmax { temperature }.forward(axis, mask, x),
        AxisFunction::Sparsemax {} => Ok(vec![1.0; x.len()]),
        AxisFunction::LogSumExp {} | AxisFunction::LogMeanExp {} => Ok(vec![0.0; x.len()]),
        _ => function.forward(axis, mask, x),
    };
    shares.unwrap().iter().map(|share| scale * (share * row * largest * 2.0)).collect()
}

fn check_softmax<T: Element>(context: &GpuActivations, function: AxisFunction, axis: &Axis, masked: bool) {
    let what = format!("{function:?} along {axis:?}, {} bytes, {context:?}, masked {masked}", size_of::<T>());
    let x = numbers::<T>(axis.elements(), 7);
    let output: usize = function.output_shape(axis).unwrap().iter().product();
    let dy = numbers::<T>(output, 11);
    let bytes: Vec<u8> = (0..x.len()).map(|i| u8::from(i % 7 != 3 && i % 5 != 1)).collect();
    let kept: Vec<bool> = bytes.iter().map(|&byte| byte != 0).collect();
    let (bytes, kept) = if masked { (Some(bytes), Some(&kept[..])) } else { (None, None) };
    let on_mask = bytes.as_deref().map(|bytes| context.upload(bytes).unwrap());
    let (wide_x, wide_dy) = (widened(&x), widened(&dy));
    let on_x = context.upload(&x).unwrap();
    let on_dy = context.upload(&dy).unwrap();

    let expected = function.forward(axis, kept, &wide_x).unwrap();
    let y = context.forward_along(function, axis, on_mask.as_ref(), &on_x).unwrap();
    let terms: Vec<f64> = match function {
        AxisFunction::LogSumExp {} | AxisFunction::LogMeanExp {} => vec![6.0 + (axis.length() as f64).ln(); output],
        AxisFunction::Sparsemax {} => vec![1.0; output],
        _ => vec![0.0; output],
    };
    compare(&format!("y of {what}"), &context.download(&y).unwrap(), &expected, &terms);

    let expected = function.backward(axis, kept, &wide_x, &wide_dy).unwrap();
    let terms = gradient_terms(function, axis, kept, &wide_x, &wide_dy);
    let dx = context.backward_along(function, axis, on_mask.as_ref(), &on_x, &on_dy).unwrap();
    compare(&format!("dx of {what}"), &context.download(&dx).unwrap(), &expected, &terms);

    // From a rounded y the gradient differs by what rounding changes in it.
    if function.has_backward_from_output() && size_of::<T>() == 4 {
        let dx = context.backward_along_from_output(function, axis, on_mask.as_ref(), &y, &on_dy).unwrap();
        let terms: Vec<f64> = terms.iter().map(|term| 3.0 * term).collect();
        compare(&format!("dx from y of {what}"), &context.download(&dx).unwrap(), &expected, &terms);
    }
}

fn check_group<T: Element>(context: &GpuActivations, function: AxisFunction, axis: &Axis) {
    let what = format!("{function:?} along {axis:?}, {} bytes", size_of::<T>());
    let x = numbers::<T>(axis.elements(), 7);
    let output: usize = function.output_shape(axis).unwrap().iter().product();
    let dy = numbers::<T>(output, 11);
    let (on_x, on_dy) = (context.upload(&x).unwrap(), context.upload(&dy).unwrap());
    let y = context.download(&context.forward_along(function, axis, None, &on_x).unwrap()).unwrap();
    compare(&format!("y of {what}"), &y, &function.forward(axis, None, &widened(&x)).unwrap(), &vec![0.0; output]);
    let dx = context.download(&context.backward_along(function, axis, None, &on_x, &on_dy).unwrap()).unwrap();
    let expected = function.backward(axis, None, &widened(&x), &widened(&dy)).unwrap();
    compare(&format!("dx of {what}"), &dx, &expected, &vec![1.0; x.len()]);
}

fn every_softmax<T: Element>(strategies: &[Strategy]) {
    let context = context();
    for &strategy in strategies {
        let context = context.with_strategy(strategy);
        for axis in cases() {
            for function in softmaxes() {
                check_softmax::<T>(&context, function, &axis, false);
                if function.takes_mask() {
                    check_softmax::<T>(&context, function, &axis, true);
                }
            }
        }
    }
}

#[test]
fn softmaxes_of_f32_agree_with_the_reference() {
    every_softmax::<f32>(&STRATEGIES);
}

#[test]
fn softmaxes_of_f16_agree_with_the_reference() {
    every_softmax::<f16>(&[Strategy::Automatic, Strategy::Split]);
}

#[test]
fn softmaxes_of_bf16_agree_with_the_reference() {
    every_softmax::<bf16>(&[Strategy::Automatic]);
}

#[test]
fn groups_agree_with_the_reference() {
    let context = context();
    for axis in even_cases() {
        for function in groups() {
            check_group::<f32>(&context, function, &axis);
            check_group::<f16>(&context, function, &axis);
            check_group::<bf16>(&context, function, &axis);
        }
    }
}
