//! Derivatives without a gradient, and the gradient of a gradient.

use crate::common::{context, numbers, widened};
use gpu_activations::{
    Accuracy, Activation, Axis, BufferRange, DoubleBackward, Element, Error, Order, ParameterBuffers,
};
use half::{bf16, f16};

/// Each result may be off by `slack` of its exact value, or of the least normal number of its type.
fn agree<T: Element>(what: &str, results: &[T], expected: &[f64], slack: f64) {
    assert_eq!(results.len(), expected.len());
    let least = if std::any::type_name::<T>().ends_with("::f16") { 6e-5 } else { 1.2e-38 };
    for (index, (result, expected)) in results.iter().zip(expected).enumerate() {
        let off = (result.to_f64() - expected).abs();
        assert!(off <= slack * expected.abs().max(least), "{what} at {index}: {result:?}, not {expected:e}");
    }
}

fn slack<T: Element>() -> f64 {
    match std::any::type_name::<T>().rsplit("::").next() {
        Some("f32") => 6e-7,
        Some("f16") => 1.1e-3,
        _ => 8e-3,
    }
}

/// Lengths with and without a rest after the last vector of four, and several batches of slices.
fn all_forms_agree<T: Element>(activation: Activation, len: usize) {
    let context = context();
    let [x, dy, v] = [37, 53, 71].map(|step| numbers::<T>(len, step));
    let wide = widened(&x);
    let of = |f: &dyn Fn(usize) -> f64| (0..len).map(f).collect::<Vec<f64>>();
    let what = format!("{activation:?} of {len} {}", std::any::type_name::<T>());
    for order in Order::ALL {
        let expected = of(&|i| match order {
            Order::First => activation.derivative(wide[i]),
            Order::Second => activation.second_derivative(wide[i]),
        });
        let from_host = context.derivative_slice(activation, order, &x).unwrap();
        agree(&what, &from_host, &expected, slack::<T>());
        let on_x = context.upload(&x).unwrap();
        let apart = context.derivative(activation, order, &on_x).unwrap();
        assert_eq!(context.download(&apart).unwrap(), from_host, "{what}");
        context.derivative_into(activation, order, &on_x, &on_x).unwrap();
        assert_eq!(context.download(&on_x).unwrap(), from_host, "{what} in place");
    }
    let (dx, ddy) = context.double_backward_slice(activation, &x, &dy, &v).unwrap();
    let expected_dx = of(&|i| activation.second_derivative(wide[i]) * dy[i].to_f64() * v[i].to_f64());
    let expected_ddy = of(&|i| activation.derivative(wide[i]) * v[i].to_f64());
    agree(&format!("dx of {what}"), &dx, &expected_dx, slack::<T>());
    agree(&format!("ddy of {what}"), &ddy, &expected_ddy, slack::<T>());
    let [x, dy, v] = [&x, &dy, &v].map(|data| context.upload(data).unwrap());
    let (on_dx, on_ddy) = context.double_backward(activation, &x, &dy, &v).unwrap();
    assert_eq!(context.download(&on_dx).unwrap(), dx, "{what}");
    assert_eq!(context.download(&on_ddy).unwrap(), ddy, "{what}");
}

#[test]
fn slices_buffers_and_results_in_place_agree_with_the_reference() {
    for activation in
        [Activation::Sigmoid, Activation::Softsign, Activation::Elu { alpha: 1.5 }, Activation::SparsePlus]
    {
        for len in [1, 2, 3, 4, 6, 1001] {
            all_forms_agree::<f32>(activation, len);
            all_forms_agree::<f16>(activation, len);
            all_forms_agree::<bf16>(activation, len);
        }
    }
    all_forms_agree::<f32>(Activation::Tanh, (5 << 20) + 3);
    all_forms_agree::<f16>(Activation::Tanh, (9 << 20) + 1);
}

#[test]
fn async_forms_give_the_same() {
    let context = context();
    let x = numbers::<f32>(9, 37);
    let mut curvature = vec![0.0; 9];
    pollster::block_on(context.derivative_slice_into_async(Activation::Mish, Order::Second, &x, &mut curvature))
        .unwrap();
    assert_eq!(curvature, context.derivative_slice(Activation::Mish, Order::Second, &x).unwrap());
    let (mut dx, mut ddy) = (vec![0.0; 9], vec![0.0; 9]);
    let done = context.double_backward_slice_into_async(Activation::Mish, &x, &x, &x, &mut dx, &mut ddy);
    pollster::block_on(done).unwrap();
    assert_eq!((dx, ddy), context.double_backward_slice(Activation::Mish, &x, &x, &x).unwrap());
}

/// Where f″ is 0, dx is 0; where the product of all three is a float, none of its parts leaves the floats.
#[test]
fn dx_is_exact_zeros_and_finite_products() {
    let context = context();
    let big = f32::MAX;
    let (dx, ddy) = context.double_backward_slice(Activation::Relu, &[2.0, -2.0], &[big, big], &[big, -big]).unwrap();
    assert_eq!((dx, ddy), (vec![0.0, 0.0], vec![big, 0.0]));
    for (activation, x, dy, v) in [
        (Activation::ReluSquared, 1.0_f32, 1e30_f32, 1e-30_f32),
        (Activation::Exponential, -80.0, 1e35, 1e30),
        (Activation::Exponential, 80.0, 1e-35, 1e-30),
        (Activation::Sigmoid, -80.0, 3e38, 3e30),
        (Activation::Elu { alpha: 1e30 }, -1.0, 1e-30, 1e-20),
        (Activation::Softplus { beta: 1e30 }, 0.0, 1e10, 1e-20),
        (Activation::GrowingCosine, 1e38, 1e30, 1e-35),
    ] {
        let (dx, ddy) = context.double_backward_slice(activation, &[x], &[dy], &[v]).unwrap();
        let of = |factor: f64| factor * f64::from(v);
        let expected = of(activation.second_derivative(x.into()) * f64::from(dy));
        assert!((f64::from(dx[0]) / expected - 1.0).abs() < 3e-7, "{activation:?}: {:e}, not {expected:e}", dx[0]);
        let expected = of(activation.derivative(x.into()));
        assert!((f64::from(ddy[0]) - expected).abs() <= 3e-7 * expected.abs() + 2e-38, "{activation:?}: {ddy:?}");
    }
}

/// Where a function is saturated, no dy and v raise its second derivative again.
#[test]
fn dx_is_zero_where_f_is_saturated() {
    let (context, large) = (context(), [1e38_f32; 6]);
    let x = [f32::INFINITY, f32::NEG_INFINITY, 3e38, -3e38, 1e4, -1e4];
    let mut saturated = 0;
    for accuracy in Accuracy::ALL {
        let context = context.with_accuracy(accuracy);
        for activation in Activation::ALL.iter().flat_map(Activation::samples) {
            let (dx, _) = context.double_backward_slice(activation, &x, &large, &large).unwrap();
            for (x, dx) in x.into_iter().zip(dx) {
                if activation.second_derivative(x.into()).abs() < 1e-300 {
                    saturated += 1;
                    assert_eq!(dx, 0.0, "{activation:?} {accuracy:?} at {x}");
                }
            }
        }
    }
    assert!(saturated > 1000, "{saturated}");
}

#[test]
fn nan_and_infinities_go_through() {
    let context = context();
    let (nan, inf) = (f32::NAN, f32::INFINITY);
    let x = [nan, 1.0, 1.0, 1.0, 1.0, -1.0];
    let dy = [1.0, nan, 1.0, inf, 1.0, inf];
    let v = [1.0, 1.0, nan, 1.0, inf, 1.0];
    let (dx, ddy) = context.double_backward_slice(Activation::ReluSquared, &x, &dy, &v).unwrap();
    assert!(dx[0].is_nan() && ddy[0].is_nan());
    assert!(dx[1].is_nan() && ddy[1] == 2.0);
    assert!(dx[2].is_nan() && ddy[2].is_nan());
    assert_eq!((dx[3], ddy[3]), (inf, 2.0));
    assert_eq!((dx[4], ddy[4]), (inf, inf));
    // 0·∞.
    assert!(dx[5].is_nan() && ddy[5] == 0.0);
    let infinite = context.derivative_slice(Activation::Gelu, Order::Second, &[inf, -inf, nan]).unwrap();
    assert_eq!(infinite[..2], [0.0, 0.0]);
    assert!(infinite[2].is_nan());
}

/// At a kink it is the value of the side whose first derivative is taken there, or 0.
#[test]
fn kinks_have_the_values_of_their_rows() {
    for (activation, x, expected) in [
        (Activation::Elu { alpha: 0.5 }, 0.0, 0.5),
        (Activation::Elu { alpha: 1.0 }, 0.0, 1.0),
        (Activation::Celu { alpha: 2.0 }, 0.0, 0.5),
        (Activation::Selu, 0.0, 1.758_099_340_847_376_6),
        (Activation::Elish, 0.0, 1.0),
        (Activation::ReluSquared, 0.0, 0.0),
        (Activation::StarRelu { scale: 2.0, bias: 1.0 }, 0.0, 0.0),
        (Activation::Softsign, 0.0, 0.0),
        (Activation::SparsePlus, 1.0, 0.0),
        (Activation::SparsePlus, -1.0, 0.0),
        (Activation::HardSwish, 3.0, 0.0),
        (Activation::HardSwish, -3.0, 0.0),
        (Activation::Xielu { alpha_p: 0.3, alpha_n: 0.5, beta: 0.5 }, 0.0, 0.5),
        (Activation::Isrlu { alpha: 1.0 }, 0.0, 0.0),
    ] {
        let result = context().derivative_slice(activation, Order::Second, &[x as f32]).unwrap()[0];
        assert!((f64::from(result) - expected).abs() < 2e-7, "{activation:?}: {result}");
        assert!((activation.second_derivative(x) - expected).abs() < 1e-15, "{activation:?}");
    }
}

#[test]
fn parameters_from_buffers_and_fused_ones() {
    let context = context();
    let axis = Axis::last(&[3, 5]).unwrap();
    let [x, dy, v] = [37, 53, 71].map(|step| numbers::<f32>(15, step));
    let [alpha, bias] = [[0.5, 1.5, -2.0, 0.25, 3.0], [0.1, -0.2, 0.3, 1.0, -1.0]];
    let factor: Vec<f32> = (0..15).map(|i| i as f32 / 4.0 - 1.0).collect();
    let upload = |data: &[f32]| context.upload(data).unwrap();
    let (on_alpha, on_bias, on_factor) = (upload(&alpha), upload(&bias), upload(&factor));
    let parameters = ParameterBuffers::new()
        .per_channel("alpha", &on_alpha, &axis)
        .per_channel("input_bias", &on_bias, &axis)
        .per_element("output_factor", &on_factor)
        .per_element("output_addend", &on_factor);
    let elu = Activation::Elu { alpha: 1.0 };
    let of = |f: &dyn Fn(Activation, f64) -> f64| -> Vec<f64> {
        let at =
            |i: usize| f(Activation::Elu { alpha: alpha[i % 5] }, f64::from(x[i] + bias[i % 5])) * f64::from(factor[i]);
        (0..15).map(at).collect()
    };
    let (slopes, curvatures) = (of(&|a, x| a.derivative(x)), of(&|a, x| a.second_derivative(x)));
    let on_x = upload(&x);
    for (order, expected) in [(Order::First, &slopes), (Order::Second, &curvatures)] {
        let result = context.derivative_with(elu, order, &parameters, &on_x).unwrap();
        agree("fused", &context.download(&result).unwrap(), expected, 6e-7);
    }
    let (dx, ddy) = context.double_backward_with(elu, &parameters, &on_x, &upload(&dy), &upload(&v)).unwrap();
    let product = |factors: &[f64], others: [&[f32]; 2]| -> Vec<f64> {
        let other = |i: usize| others.iter().filter(|o| !o.is_empty()).map(|o| f64::from(o[i])).product::<f64>();
        (0..15).map(|i| factors[i] * other(i)).collect()
    };
    agree("dx", &context.download(&dx).unwrap(), &product(&curvatures, [&dy, &v]), 8e-7);
    agree("ddy", &context.download(&ddy).unwrap(), &product(&slopes, [&v, &[]]), 8e-7);
}

/// No byte outside the ranges changes, and each half of a word keeps its neighbour.
#[test]
fn ranges_of_any_length() {
    fn check<T: Element>(elements: usize) {
        let context = context();
        let all: Vec<T> = numbers(elements + 3, 37);
        let alignment = context.device().limits().min_storage_buffer_offset_alignment as usize;
        let first = alignment / size_of::<T>();
        let padded = [vec![T::from_f64(7.0); first], all.clone()].concat();
        let [x, dy, v, dx, ddy] = [(); 5].map(|()| context.upload(&padded).unwrap());
        let range = |buffer| BufferRange::<T>::new(buffer, alignment as u64, elements as u64);
        let operands = DoubleBackward {
            x: range(x.raw()),
            dy: range(dy.raw()),
            v: range(v.raw()),
            dx: range(dx.raw()),
            ddy: range(ddy.raw()),
        };
        context.batch(|recording| recording.double_backward(Activation::Tanh, operands)).unwrap();
        let (expected_dx, expected_ddy) = context
            .double_backward_slice(Activation::Tanh, &all[..elements], &all[..elements], &all[..elements])
            .unwrap();
        for (result, expected) in [(dx, expected_dx), (ddy, expected_ddy)] {
            let found = context.download(&result).unwrap();
            assert_eq!(found[..first], padded[..first]);
            assert_eq!(found[first..first + elements], expected[..]);
            assert_eq!(
                found[first + elements..],
                padded[first + elements..],
                "{elements} {}",
                std::any::type_name::<T>()
            );
        }
    }
    for elements in [1, 2, 3, 4, 5, 7, 1025] {
        check::<f32>(elements);
        check::<f16>(elements);
        check::<bf16>(elements);
    }
}

#[test]
fn results_in_shared_buffers_and_other_lengths_are_refused() {
    let context = context();
    let [x, dy, v] = [(); 3].map(|()| context.upload(&[1.0_f32; 8]).unwrap());
    let (dx, ddy) = (context.allocate::<f32>(8).unwrap(), context.allocate::<f32>(8).unwrap());
    let record = |operands: DoubleBackward<'_, f32>| {
        context.batch(|recording| recording.double_backward(Activation::Silu, operands)).unwrap_err()
    };
    let all = DoubleBackward { x: (&x).into(), dy: (&dy).into(), v: (&v).into(), dx: (&dx).into(), ddy: (&ddy).into() };
    let shared = |error: Error, operand: &str, result: &str| match error {
        Error::SharedBuffer { operand: a, result: b } => assert_eq!((a, b), (operand, result)),
        other => panic!("{other}"),
    };
    shared(record(DoubleBackward { dx: (&x).into(), ..all }), "x", "dx");
    shared(record(DoubleBackward { ddy: (&v).into(), ..all }), "v", "ddy");
    shared(record(DoubleBackward { ddy: (&dx).into(), ..all }), "dx", "ddy");
    let short = context.allocate::<f32>(4).unwrap();
    assert_eq!(record(DoubleBackward { v: (&short).into(), ..all }).to_string(), "v has 4 elements, x has 8");
    let mut result = [0.0_f32; 3];
    let error = context.derivative_slice_into(Activation::Silu, Order::First, &[1.0, 2.0], &mut result).unwrap_err();
    assert_eq!(error.to_string(), "the result has 3 elements, x has 2");
    let error = context.double_backward_slice(Activation::Silu, &[1.0_f32], &[1.0], &[]).unwrap_err();
    assert_eq!(error.to_string(), "v has 0 elements, x has 1");
    // Along an axis there is none.
    let softmax: gpu_activations::AxisFunction = "softmax".parse().unwrap();
    let error = context.derivative_slice(&softmax, Order::Second, &[1.0_f32]).unwrap_err();
    assert!(error.to_string().contains("softmax"), "{error}");
}
