//! The gradients of gradients along an axis.

use crate::common::{STRATEGIES, context, numbers, widened};
use gpu_activations::tuning::Strategy;
use gpu_activations::{
    Activation, Axis, AxisFunction, BufferRange, DoubleBackward, Element, Error, Function, Gate, GpuActivations, Layout,
};
use half::{bf16, f16};

/// Every function that has one, at its samples.
fn functions(family: &str) -> Vec<AxisFunction> {
    let all = AxisFunction::all().iter().filter(|(name, function)| *name == function.name());
    let wanted = all.filter(|(_, function)| function.family() == family && function.has_double_backward());
    wanted.flat_map(|(_, function)| function.samples()).collect()
}

fn axis(shape: &[usize], index: isize) -> Axis {
    Axis::new(shape, index).unwrap()
}

fn temperature(function: &AxisFunction) -> f64 {
    let values = function.values();
    values.iter().find(|(name, _)| *name == "temperature").map_or(1.0, |(_, value)| value.parse().unwrap())
}

/// The terms of dx and of ddy, in whose units their errors count: y·(|dy − s|·|v − t| + Σ y·|dy − s|·|v − t|)/T², without the
/// means' own cancellation, and y·(|v| + Σ y·|v|)/T; for log_softmax likewise.
fn terms(function: &AxisFunction, axis: &Axis, mask: Option<&[bool]>, inputs: [&[f64]; 3]) -> [Vec<f64>; 2] {
    let [x, dy, v] = inputs;
    let shares = match function {
        AxisFunction::LogSoftmax { temperature } => AxisFunction::Softmax { temperature: *temperature },
        other => other.clone(),
    };
    let shares = shares.forward(axis, mask, x).unwrap();
    let inner: usize = axis.shape()[axis.index() + 1..].iter().product();
    let row_of = |i: usize| i / (axis.length() * inner) * inner + i % inner;
    let kept = |i: usize| mask.is_none_or(|mask| mask[i]);
    let sums = |term: &dyn Fn(usize) -> f64| -> Vec<f64> {
        let mut sums = vec![0.0; x.len()];
        (0..x.len()).filter(|&i| kept(i)).for_each(|i| sums[row_of(i)] += term(i));
        (0..x.len()).map(|i| sums[row_of(i)]).collect()
    };
    let t = temperature(function);
    let [mean_dy, mean_v] = [dy, v].map(|values| sums(&|i| shares[i] * values[i]));
    let mean_of_v = sums(&|i| shares[i] * v[i].abs());
    let around = |i: usize| (v[i] - mean_v[i]).abs();
    if matches!(function, AxisFunction::LogSoftmax { .. }) {
        let (sum_of_dy, mean_around) = (sums(&|i| dy[i].abs()), sums(&|i| shares[i] * around(i)));
        let of_x = |i: usize| shares[i] * (around(i) + mean_around[i]) * sum_of_dy[i] / (t * t);
        let of_dy = |i: usize| (v[i].abs() + mean_of_v[i]) / t;
        return [(0..x.len()).map(of_x).collect(), (0..x.len()).map(of_dy).collect()];
    }
    let product = |i: usize| (dy[i] - mean_dy[i]).abs() * around(i);
    let mean_product = sums(&|i| shares[i] * product(i));
    // The remainder of quiet_softmax has dy and v of 0.
    let remainder = sums(&|i| shares[i]);
    let of_x = |i: usize| {
        let of_remainder = (1.0 - remainder[i]).max(0.0) * (mean_dy[i] * mean_v[i]).abs();
        shares[i] * (product(i) + mean_product[i] + of_remainder) / (t * t)
    };
    let of_dy = |i: usize| shares[i] * (v[i].abs() + mean_of_v[i]) / t;
    [(0..x.len()).map(of_x).collect(), (0..x.len()).map(of_dy).collect()]
}

/// The unit of a number's type, and its least normal number.
fn unit<T: Element>() -> (f64, f64) {
    match std::any::type_name::<T>().rsplit("::").next() {
        Some("f32") => (2f64.powi(-23), 1.2e-38),
        Some("f16") => (2f64.powi(-10), 6.2e-5),
        _ => (2f64.powi(-7), 1.2e-38),
    }
}

fn close<T: Element>(what: &str, results: &[T], expected: &[f64], terms: &[f64], units: f64) {
    let (unit, least) = unit::<T>();
    assert_eq!(results.len(), expected.len(), "{what}");
    for (i, ((result, &expected), term)) in results.iter().zip(expected).zip(terms).enumerate() {
        let off = (result.to_f64() - expected).abs();
        // Some adapters take subnormal numbers for 0.
        let bound = if expected.abs() < least && result.to_f64() == 0.0 {
            least
        } else {
            units * (unit * expected.abs() + 2f64.powi(-23) * term).max(unit * least)
        };
        assert!(off <= bound, "{what} at {i}: {result:?}, not {expected:e}; off by {off:e}, {bound:e} allowed");
    }
}

fn numbers_of<T: Element>(len: usize) -> [Vec<T>; 3] {
    [37, 53, 71].map(|step| numbers::<T>(len, step))
}

fn check<T: Element>(context: &GpuActivations, function: &AxisFunction, axis: &Axis, masked: bool) {
    let [x, dy, v] = numbers_of::<T>(axis.elements());
    let mask: Option<Vec<u8>> = masked.then(|| (0..x.len()).map(|i| u8::from(i % 3 != 1)).collect());
    let kept: Option<Vec<bool>> = mask.as_ref().map(|mask| mask.iter().map(|&byte| byte != 0).collect());
    let wide = [&x, &dy, &v].map(|values| widened(values));
    let inputs = [&wide[0][..], &wide[1], &wide[2]];
    let what = format!("{function} of {:?}, {context:?}, {}", axis.shape(), std::any::type_name::<T>());
    let (dx, ddy) = context.double_backward_along_slice(function, axis, mask.as_deref(), &x, &dy, &v).unwrap();
    let expected = function.double_backward(axis, kept.as_deref(), &wide[0], &wide[1], &wide[2]).unwrap();
    let [of_x, of_dy] = terms(function, axis, kept.as_deref(), inputs);
    close(&format!("dx of {what}"), &dx, &expected.0, &of_x, 2.0);
    close(&format!("ddy of {what}"), &ddy, &expected.1, &of_dy, 2.0);
    let [on_x, on_dy, on_v] = [&x, &dy, &v].map(|data| context.upload(data).unwrap());
    let on_mask = mask.as_ref().map(|mask| context.upload(mask).unwrap());
    let (on_dx, on_ddy) =
        context.double_backward_along(function, axis, on_mask.as_ref().map(Into::into), &on_x, &on_dy, &on_v).unwrap();
    let bits = |values: &[T]| bytemuck::cast_slice::<T, u8>(values).to_vec();
    assert_eq!(bits(&context.download(&on_dx).unwrap()), bits(&dx), "{what}");
    assert_eq!(bits(&context.download(&on_ddy).unwrap()), bits(&ddy), "{what}");
}

#[test]
fn softmaxes_agree_with_the_reference() {
    let shapes: &[(&[usize], isize)] = &[
        (&[1], 0),
        (&[3, 7], 1),
        (&[5, 32], 1),
        (&[2, 1025], 1),
        (&[1, 4099], 1),
        (&[13, 5], 0),
        (&[40, 4], 0),
        (&[2, 70, 3], 1),
        (&[0, 4], 1),
    ];
    for &(shape, index) in shapes {
        for function in functions("softmax") {
            check::<f32>(&context(), &function, &axis(shape, index), false);
        }
        // Types and masks have pipelines of their own. Of functions that share a part, one is tried.
        for name in ["softmax(temperature=0.3)", "log_softmax"] {
            let function: AxisFunction = name.parse().unwrap();
            check::<f32>(&context(), &function, &axis(shape, index), true);
            check::<f16>(&context(), &function, &axis(shape, index), false);
            check::<bf16>(&context(), &function, &axis(shape, index), true);
        }
    }
}

#[test]
fn every_strategy_agrees_with_the_reference() {
    for strategy in STRATEGIES.into_iter().filter(|strategy| *strategy != Strategy::Automatic) {
        let context = context().with_strategy(strategy);
        for name in ["softmax(temperature=0.3)", "log_softmax"] {
            let function: AxisFunction = name.parse().unwrap();
            for (shape, index) in [(&[3, 317][..], 1), (&[2, 70, 3], 1)] {
                check::<f32>(&context, &function, &axis(shape, index), true);
                check::<f16>(&context, &function, &axis(shape, index), false);
            }
        }
    }
}

/// ddy is what `backward` is by dy, which is linear; dx is the difference of v·backward around x.
#[test]
fn the_reference_is_the_gradient_of_backward() {
    let along = axis(&[2, 6, 3], 1);
    let [x, _, v] = numbers_of::<f32>(along.elements()).map(|values| widened(&values));
    for function in functions("softmax").into_iter().chain(functions("gated")) {
        let outputs: usize = function.output_shape(&along).unwrap().iter().product();
        let dy = widened(&numbers::<f32>(outputs, 53));
        let mask: Option<Vec<bool>> = function.takes_mask().then(|| (0..x.len()).map(|i| i % 4 != 2).collect());
        let mask = mask.as_deref();
        let product = |x: &[f64], dy: &[f64]| -> f64 {
            function.backward(&along, mask, x, dy).unwrap().iter().zip(&v).map(|(dx, v)| dx * v).sum()
        };
        let (dx, ddy) = function.double_backward(&along, mask, &x, &dy, &v).unwrap();
        for (i, &result) in ddy.iter().enumerate() {
            let mut one = vec![0.0; outputs];
            one[i] = 1.0;
            let expected = product(&x, &one);
            assert!((result - expected).abs() < 1e-12 * (1.0 + expected.abs()), "ddy of {function} at {i}");
        }
        for (i, &result) in dx.iter().enumerate() {
            let at = |step: f64| {
                let mut moved = x.clone();
                moved[i] += step;
                product(&moved, &dy)
            };
            let step = 1e-5;
            let expected = (at(step) - at(-step)) / (2.0 * step);
            // A second difference tells a kink, where a numeric derivative means nothing.
            let is_kink = (at(step) + at(-step) - 2.0 * at(0.0)).abs() > 1e-6;
            assert!(
                is_kink || (result - expected).abs() < 1e-6 * (1.0 + expected.abs()),
                "dx of {function} at {i}: {result}, not {expected}"
            );
        }
    }
}

/// Terms of a gated unit's dx and ddy: products, whose sum may be small.
fn check_gated<T: Element>(function: &AxisFunction, along: &Axis) {
    let context = context();
    let outputs: usize = function.output_shape(along).unwrap().iter().product();
    let [x, dy, v] =
        [(along.elements(), 37), (outputs, 53), (along.elements(), 71)].map(|(len, step)| numbers::<T>(len, step));
    let wide = [&x, &dy, &v].map(|values| widened(values));
    let what = format!("{function} of {:?}, {}", along.shape(), std::any::type_name::<T>());
    let (dx, ddy) = context.double_backward_along_slice(function, along, None, &x, &dy, &v).unwrap();
    let expected = function.double_backward(along, None, &wide[0], &wide[1], &wide[2]).unwrap();
    // The terms, from the same reference: each alone has the other's factor 0.
    let alone = |kept: fn(bool) -> f64| {
        let v: Vec<f64> = wide[2].iter().enumerate().map(|(i, v)| v * kept(is_value(function, along, i))).collect();
        function.double_backward(along, None, &wide[0], &wide[1], &v).unwrap()
    };
    let (of_value, of_gate) = (alone(f64::from), alone(|is_value| f64::from(!is_value)));
    let sums = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a.abs() + b.abs()).collect::<Vec<f64>>();
    close(&format!("dx of {what}"), &dx, &expected.0, &sums(&of_value.0, &of_gate.0), 2.0);
    close(&format!("ddy of {what}"), &ddy, &expected.1, &sums(&of_value.1, &of_gate.1), 2.0);
}

/// Whether an element of x is a value, not a gate.
fn is_value(function: &AxisFunction, along: &Axis, element: usize) -> bool {
    let AxisFunction::Gated { gate, layout, .. } = function else { return true };
    let inner: usize = along.shape()[along.index() + 1..].iter().product();
    let position = element / inner % along.length();
    let is_second = match layout {
        Layout::Interleaved => position % 2 == 1,
        _ => position >= along.length() / 2,
    };
    is_second == (*gate == Gate::First)
}

#[test]
fn gated_units_agree_with_the_reference() {
    for function in functions("gated") {
        for (shape, index) in [(&[6][..], 0), (&[5, 12], 1), (&[2, 6, 3], 1), (&[12, 7], 0), (&[3, 8], 1), (&[0, 6], 1)]
        {
            check_gated::<f32>(&function, &axis(shape, index));
            check_gated::<f16>(&function, &axis(shape, index));
            check_gated::<bf16>(&function, &axis(shape, index));
        }
    }
}

/// Several batches of slices, whose v lies as x does and whose ddy as y.
#[test]
fn long_arrays_agree() {
    let along = axis(&[3 << 10, 2 << 10], 1);
    for name in ["softmax", "swiglu"] {
        let function: AxisFunction = name.parse().unwrap();
        if name == "softmax" {
            check::<f32>(&context(), &function, &along, false);
        } else {
            check_gated::<f32>(&function, &along);
        }
    }
}

/// Numbers of any size: dx is finite where its terms are.
#[test]
fn large_and_small_numbers() {
    let context = context();
    let along = axis(&[1, 4], 1);
    let x = [0.5_f32, -1.0, 2.0, 0.0];
    for name in ["softmax", "log_softmax", "softmin", "quiet_softmax"] {
        let function: AxisFunction = name.parse().unwrap();
        for (of_dy, of_v) in
            [(1e30_f32, 1e-30_f32), (1e-36, 1e-1), (1e20, 1e17), (1e-30, 1e33), (3e38, 1e-37), (1e-37, 1.0)]
        {
            let dy = [1.0, -0.5, 0.25, 0.75].map(|number| number * of_dy);
            let v = [0.5, 1.0, -0.75, 0.25].map(|number| number * of_v);
            let (dx, _) = context.double_backward_along_slice(&function, &along, None, &x, &dy, &v).unwrap();
            let wide = [x, dy, v].map(|values| widened(&values));
            let (expected, _) = function.double_backward(&along, None, &wide[0], &wide[1], &wide[2]).unwrap();
            let [terms, _] = terms(&function, &along, None, [&wide[0], &wide[1], &wide[2]]);
            close(&format!("{name} of {of_dy:e} and {of_v:e}"), &dx, &expected, &terms, 2.0);
        }
    }
    // Scores far apart, and shares below the normal floats.
    let softmax: AxisFunction = "softmax".parse().unwrap();
    let (x, dy, v) = ([0.0_f32, -80.0, -60.0, -100.0], [1.0_f32, 3e38, 0.0, 1.0], [0.0_f32, 1.0, 1.0, 1.0]);
    let (dx, _) = context.double_backward_along_slice(&softmax, &along, None, &x, &dy, &v).unwrap();
    let wide = [x, dy, v].map(|values| widened(&values));
    let (expected, _) = softmax.double_backward(&along, None, &wide[0], &wide[1], &wide[2]).unwrap();
    let [terms, _] = terms(&softmax, &along, None, [&wide[0], &wide[1], &wide[2]]);
    close("far apart", &dx, &expected, &terms, 2.0);
}

fn checked(name: &str, along: &Axis, [x, dy, v]: [&[f32]; 3]) -> Vec<f32> {
    let function: AxisFunction = name.parse().unwrap();
    let (dx, _) = context().double_backward_along_slice(&function, along, None, x, dy, v).unwrap();
    let wide = [x, dy, v].map(widened);
    let (expected, _) = function.double_backward(along, None, &wide[0], &wide[1], &wide[2]).unwrap();
    let [terms, _] = terms(&function, along, None, [&wide[0], &wide[1], &wide[2]]);
    close(name, &dx, &expected, &terms, 2.0);
    dx
}

/// Where dy is the same throughout a row, nothing depends on x: all that is left is far below the terms before they cancel.
#[test]
fn equal_gradients_cancel() {
    let context = context();
    let along = axis(&[1, 1000], 1);
    let [x, dy, v] = numbers_of::<f32>(1000);
    let softmax: AxisFunction = "softmax".parse().unwrap();
    for of_dy in [3.0_f32, 0.3, -1e-3] {
        let (dx, ddy) = context.double_backward_along_slice(&softmax, &along, None, &x, &[of_dy; 1000], &v).unwrap();
        assert_eq!(ddy, context.backward_along_slice(&softmax, &along, None, &x, &v).unwrap());
        let largest = ddy.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        assert!(dx.iter().all(|dx| dx.abs() <= 1e-10 * largest * of_dy.abs()), "{of_dy}: {dx:?}");
    }
    let log_softmax: AxisFunction = "log_softmax".parse().unwrap();
    let (dx, _) = context.double_backward_along_slice(&log_softmax, &along, None, &x, &dy, &[0.1; 1000]).unwrap();
    let sum: f32 = dy.iter().map(|dy| dy.abs()).sum();
    assert!(dx.iter().all(|dx| dx.abs() <= 1e-10 * sum), "{dx:?}");
}

/// Two equal scores: the covariance is the product of the differences, and dx cancels to 0 or to rounding errors.
#[test]
fn equal_scores_cancel() {
    let rows = 2000;
    let along = axis(&[rows, 2], 1);
    let mut random = fastrand::Rng::with_seed(7);
    let mut normal = || (0..2 * rows).map(|_| (0..6).map(|_| random.f32()).sum::<f32>() - 3.0).collect::<Vec<f32>>();
    let (dy, v) = (normal(), normal());
    for name in ["softmax", "softmin", "log_softmax", "quiet_softmax"] {
        let dx = checked(name, &along, [&vec![0.25; 2 * rows], &dy, &v]);
        assert!(dx.iter().all(|dx| dx.is_finite()), "{name}");
    }
    let integers = [[-2.0_f32, 0.0, 1.0], [2.0, -2.0, -3.0]];
    checked("softmax", &axis(&[1, 3], 1), [&[0.0; 3], &integers[0], &integers[1]]);
}

/// An entry without a share may have a dy and v of any size.
#[test]
fn entries_without_a_share_have_no_part() {
    for large in [1e25_f32, 1e30, 3e38] {
        let x = [f32::NEG_INFINITY, 0.0, 1.0, 2.0];
        let (dy, v) = ([large, 1.0, -2.0, 0.5], [large, 0.3, 1.0, -1.0]);
        for name in ["softmax", "quiet_softmax"] {
            let dx = checked(name, &axis(&[1, 4], 1), [&x, &dy, &v]);
            assert!(dx[0] == 0.0 && dx[1].abs() > 0.01, "{name}: {dx:?}");
        }
    }
}

/// Rows, chunks and halves whose bindings each begin elsewhere.
#[test]
fn operands_beyond_a_binding() {
    let (device, queue) = crate::common::device_with(|limits| limits.max_storage_buffer_binding_size = 1 << 12);
    let small = GpuActivations::from_device(device, queue);
    for (shape, index) in [([300, 33], 1), ([40, 301], 1), ([33, 20], 0), ([3, 3000], 1)] {
        for name in ["softmax", "log_softmax"] {
            check::<f32>(&small, &name.parse().unwrap(), &axis(&shape, index), false);
        }
    }
    let function: AxisFunction = "swiglu".parse().unwrap();
    for (shape, index) in [([300, 34], 1), ([3, 3000], 1), ([40, 30], 0)] {
        let along = axis(&shape, index);
        let (len, half) = (along.elements(), along.elements() / 2);
        let [x, dy, v] = [(len, 37), (half, 53), (len, 71)].map(|(len, step)| numbers::<f32>(len, step));
        let of = |context: &GpuActivations| {
            context.double_backward_along_slice(&function, &along, None, &x, &dy, &v).unwrap()
        };
        assert!(of(&small) == of(&context()), "{shape:?}");
    }
}

#[test]
fn nan_infinities_and_empty_rows() {
    let context = context();
    let (nan, inf) = (f32::NAN, f32::INFINITY);
    let along = axis(&[6, 2], 1);
    let x = [nan, 1.0, inf, 1.0, -inf, -inf, -inf, 0.0, 1.0, 2.0, 1.0, 2.0];
    let mut dy = [1.0_f32; 12];
    let mut v = [0.5_f32; 12];
    (dy[8], v[11]) = (nan, nan);
    for name in ["softmax", "log_softmax", "softmin", "quiet_softmax"] {
        let function: AxisFunction = name.parse().unwrap();
        let (dx, ddy) = context.double_backward_along_slice(&function, &along, None, &x, &dy, &v).unwrap();
        let wide = [x, dy, v].map(|values| widened(&values));
        let expected = function.double_backward(&along, None, &wide[0], &wide[1], &wide[2]).unwrap();
        for (what, results, expected) in [("dx", &dx, &expected.0), ("ddy", &ddy, &expected.1)] {
            for (i, (result, expected)) in results.iter().zip(expected).enumerate() {
                let fits = result.is_nan() == expected.is_nan()
                    && (expected.is_nan() || (f64::from(*result) - expected).abs() < 1e-6);
                assert!(fits, "{what} of {name} at {i}: {result}, not {expected}");
            }
        }
    }
    // A mask leaves out NaN, and its entries get 0.
    let softmax: AxisFunction = "softmax".parse().unwrap();
    let along = axis(&[3], 0);
    let (x, dy, v) = ([nan, 1.0, 2.0], [1.0, nan, 1.0], [1.0, 1.0, 2.0]);
    let (dx, ddy) = context.double_backward_along_slice(&softmax, &along, Some(&[0, 0, 1]), &x, &dy, &v).unwrap();
    assert_eq!((dx, ddy), (vec![0.0; 3], vec![0.0; 3]));
}

#[test]
fn async_forms_give_the_same() {
    let (context, along) = (context(), axis(&[3, 8], 1));
    let function: AxisFunction = "swiglu".parse().unwrap();
    let [x, dy, v] = [(24, 37), (12, 53), (24, 71)].map(|(len, step)| numbers::<f32>(len, step));
    let (mut dx, mut ddy) = (vec![0.0; 24], vec![0.0; 12]);
    let done = context.double_backward_along_slice_into_async(&function, &along, None, &x, &dy, &v, &mut dx, &mut ddy);
    pollster::block_on(done).unwrap();
    let expected = context.double_backward_along_slice(&function, &along, None, &x, &dy, &v).unwrap();
    assert_eq!((dx, ddy), expected);
    let mut short = vec![0.0; 11];
    let mut dx = vec![0.0; 24];
    let error = context.double_backward_along_slice_into(&function, &along, None, &x, &dy, &v, &mut dx, &mut short);
    assert_eq!(error.unwrap_err().to_string(), "ddy has 11 elements, the shape has 12");
}

/// A gate without curvature has no such term, whatever the value; a clipped part has none, whatever v.
#[test]
fn terms_that_are_not_there() {
    let along = axis(&[2], 0);
    let both = |name: &str, x: [f32; 2], v: [f32; 2]| {
        let function: AxisFunction = name.parse().unwrap();
        let found = context().double_backward_along_slice(&function, &along, None, &x, &[2.0], &v).unwrap();
        let [wide_x, wide_v] = [x, v].map(|values| widened(&values));
        let (dx, ddy) = function.double_backward(&along, None, &wide_x, &[2.0], &wide_v).unwrap();
        assert_eq!((widened(&found.0), widened(&found.1)), (dx, ddy), "{name} {x:?} {v:?}");
        found
    };
    assert_eq!(both("bilinear", [f32::INFINITY, 0.0], [3.0, 5.0]).0, [10.0, 6.0]);
    assert_eq!(both("reglu", [f32::INFINITY, 1.0], [3.0, 5.0]).0, [10.0, 6.0]);
    assert_eq!(both("swiglu_oai", [0.0, f32::INFINITY], [0.0, f32::INFINITY]).0[1], 0.0);
    // Nothing but the additional entry: no gradient, not even of NaN.
    let quiet: AxisFunction = "quiet_softmax".parse().unwrap();
    let (x, dy) = ([f32::NEG_INFINITY; 2], [f32::NAN, 1.0]);
    let along = axis(&[1, 2], 1);
    assert_eq!(context().backward_along_slice(&quiet, &along, None, &x, &dy).unwrap(), [0.0; 2]);
    let (dx, _) = context().double_backward_along_slice(&quiet, &along, None, &x, &dy, &dy).unwrap();
    assert_eq!(dx, [0.0; 2]);
}

#[test]
fn a_gate_of_a_formula() {
    let gate = Function::from_formula("x*sigmoid(beta*x); beta = 1.0").unwrap();
    let along = axis(&[3, 8], 1);
    let (own, known) = (AxisFunction::gated(gate), AxisFunction::gated(Activation::Silu));
    let [x, dy, v] = [(24, 37), (12, 53), (24, 71)].map(|(len, step)| numbers::<f32>(len, step));
    let of =
        |function: &AxisFunction| context().double_backward_along_slice(function, &along, None, &x, &dy, &v).unwrap();
    let (a, b) = (of(&own), of(&known));
    for (a, b) in a.0.iter().zip(&b.0).chain(a.1.iter().zip(&b.1)) {
        assert!((a - b).abs() <= 4e-6 * (1.0 + b.abs()), "{a}, not {b}");
    }
}

/// Ranges of larger buffers, and x, dy and v in one: no byte outside dx and ddy changes.
#[test]
fn ranges_with_offsets() {
    fn check<T: Element>(name: &str, length: usize) {
        let context = context();
        let function: AxisFunction = name.parse().unwrap();
        let along = axis(&[3, length], 1);
        let (len, output) = (along.elements(), function.output_shape(&along).unwrap().iter().product::<usize>());
        let alignment = context.device().limits().min_storage_buffer_offset_alignment as usize;
        let room = (len * size_of::<T>()).next_multiple_of(alignment);
        let parts = [(len, 37), (output, 53), (len, 71)].map(|(len, step)| numbers::<T>(len, step));
        let mut inputs = vec![T::from_f64(9.0); 3 * room / size_of::<T>()];
        for (part, values) in parts.iter().enumerate() {
            inputs[part * room / size_of::<T>()..][..values.len()].copy_from_slice(values);
        }
        let outside = vec![T::from_f64(9.0); 3 * room / size_of::<T>()];
        let (all, dx, ddy) =
            (context.upload(&inputs).unwrap(), context.upload(&outside).unwrap(), context.upload(&outside).unwrap());
        let range = |buffer, part: usize, len: usize| BufferRange::<T>::new(buffer, (part * room) as u64, len as u64);
        let operands = DoubleBackward {
            x: range(all.raw(), 0, len),
            dy: range(all.raw(), 1, output),
            v: range(all.raw(), 2, len),
            dx: range(dx.raw(), 1, len),
            ddy: range(ddy.raw(), 2, output),
        };
        context.batch(|recording| recording.double_backward_along(&function, &along, None, operands)).unwrap();
        let [x, dy, v] = &parts;
        let expected = context.double_backward_along_slice(&function, &along, None, x, dy, v).unwrap();
        for (buffer, part, expected) in [(dx, 1, expected.0), (ddy, 2, expected.1)] {
            let found = context.download(&buffer).unwrap();
            let first = part * room / size_of::<T>();
            let last = first + expected.len();
            assert!(found[..first] == outside[..first] && found[last..] == outside[last..], "{name} {length}");
            assert!(found[first..last] == expected, "{name} {length}");
        }
    }
    for (name, length) in [("softmax", 7), ("log_softmax", 8), ("swiglu", 6), ("gated", 8)] {
        check::<f32>(name, length);
        check::<f16>(name, length);
        check::<bf16>(name, length);
    }
}

#[test]
fn wrong_operands_are_refused() {
    let context = context();
    let along = axis(&[2, 4], 1);
    let slices = |name: &str, dy: usize, v: usize| {
        let function: AxisFunction = name.parse().unwrap();
        let result =
            context.double_backward_along_slice(&function, &along, None, &[1.0_f32; 8], &vec![1.0; dy], &vec![1.0; v]);
        result.unwrap_err().to_string()
    };
    let refusal = "sparsemax has no double backward pass; softmax, softmin, quiet_softmax, log_softmax, gated units and \
                   elementwise functions do";
    assert_eq!(slices("sparsemax", 8, 8), refusal);
    assert!(slices("maxout", 4, 8).starts_with("maxout has no double backward pass"));
    assert_eq!(slices("softmax", 4, 8), "dy has 4 elements, the shape has 8");
    assert_eq!(slices("swiglu", 4, 4), "v has 4 elements, the shape has 8");
    let softmax: AxisFunction = "softmax".parse().unwrap();
    let [x, dy, v] = [(); 3].map(|()| context.upload(&[1.0_f32; 8]).unwrap());
    let (dx, ddy) = (context.allocate::<f32>(8).unwrap(), context.allocate::<f32>(8).unwrap());
    let all = DoubleBackward { x: (&x).into(), dy: (&dy).into(), v: (&v).into(), dx: (&dx).into(), ddy: (&ddy).into() };
    let record = |operands: DoubleBackward<'_, f32>| {
        context.batch(|recording| recording.double_backward_along(&softmax, &along, None, operands)).unwrap_err()
    };
    let shared = record(DoubleBackward { dx: (&v).into(), ..all });
    assert!(matches!(shared, Error::SharedBuffer { operand: "v", result: "dx" }), "{shared}");
    let shared = record(DoubleBackward { ddy: (&dx).into(), ..all });
    assert!(matches!(shared, Error::SharedBuffer { operand: "dx", result: "ddy" }), "{shared}");
    let short = context.allocate::<f32>(4).unwrap();
    assert_eq!(
        record(DoubleBackward { ddy: (&short).into(), ..all }).to_string(),
        "ddy has 4 elements, the shape has 8"
    );
    let error =
        context.double_backward_along_slice(Activation::Relu, &along, None, &[1.0_f32; 8], &[1.0; 8], &[1.0; 8]);
    assert!(matches!(error.unwrap_err(), Error::OtherKind { .. }));
}
