//! Terms fused into a kernel before and after an activation, against the f64 reference.

use crate::common::{context, device_with};
use gpu_activations::{
    Activation, Axis, BufferRange, Element, Error, GpuActivations, GpuBuffer, Order, ParameterBuffers,
};
use half::{bf16, f16};

const NAMES: [&str; 4] = ["input_factor", "input_bias", "output_factor", "output_addend"];

/// The granularity of a value.
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

fn check<T: Element>(activation: Activation, axis: &Axis, per: [Per; 4]) {
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
    let values: Vec<Vec<f32>> = [37, 29, 13, 7]
        .into_iter()
        .zip(per)
        .map(|(step, per)| numbers(count(per), step).iter().map(|n| *n as f32).collect())
        .collect();
    let buffers: Vec<GpuBuffer<f32>> = values.iter().map(|values| context.upload(values).unwrap()).collect();
    let mut parameters = ParameterBuffers::new();
    for ((name, buffer), per) in NAMES.into_iter().zip(&buffers).zip(per) {
        parameters = match per {
            Per::Nothing => parameters,
            Per::One => parameters.per_tensor(name, buffer),
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
    let mut terms: [Vec<f64>; 4] = Default::default();
    for i in 0..len {
        let (input_factor, factor, addend) = (value(0, i, 1.0), value(2, i, 1.0), value(3, i, 0.0));
        // Exact in f32, so that it does not matter where a device rounds.
        let z = x[i].to_f64() * input_factor + value(1, i, 0.0);
        let (f, slope, dy) = (activation.forward(z), activation.derivative(z), dy[i].to_f64());
        y.push(factor * f + addend);
        sizes.push((factor * f).abs() + addend.abs() + factor.abs());
        dx.push(dy * factor * input_factor * slope);
        slopes.push((dy * factor * input_factor).abs() * slope.abs().max(1.0));
        let by_input = dy * factor * slope;
        for (terms, term) in terms.iter_mut().zip([by_input * x[i].to_f64(), by_input, dy * f, dy]) {
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
        [Nothing, Channel, Nothing, Nothing],
        [Nothing, Nothing, Element, Nothing],
        [Nothing, Nothing, Nothing, Element],
        [Nothing, One, Channel, Nothing],
        [Nothing, Element, Channel, One],
        [Nothing, Channel, Element, Channel],
        [Channel, Nothing, Nothing, Nothing],
        [Element, Nothing, One, Nothing],
        [One, Channel, Channel, Element],
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
    let parameters = ParameterBuffers::new().per_element("input_bias", &bias);
    let relu = Activation::Relu;
    let y = context.download(&context.forward_with(relu, &parameters, &x).unwrap()).unwrap();
    assert_eq!(format!("{y:?}"), "[NaN, NaN, 0.0, inf, NaN, inf]");
    let gradient = context.parameter_gradient(relu, &parameters, "input_bias", &x, &x).unwrap();
    assert!(context.download(&gradient).unwrap()[0].is_nan());
}

/// Ranges of partial vectors, whose last elements use other entry points. Neighbours must stay.
#[test]
fn ranges_of_any_length() {
    fn check<T: Element>(elements: usize) {
        let context = context();
        let one = |value: f64| T::from_f64(value);
        let x: Vec<T> = (0..elements + 8).map(|i| one((i % 13) as f64 - 6.0)).collect();
        let (on_x, y) = (context.upload(&x).unwrap(), context.upload(&x).unwrap());
        let factors: Vec<f32> = (0..elements).map(|i| (i % 5) as f32).collect();
        let factor = context.upload(&factors).unwrap();
        let axis = Axis::new(&[1, elements], 1).unwrap();
        let bias = context.upload(&vec![1.0_f32; elements]).unwrap();
        let parameters =
            ParameterBuffers::new().per_element("output_factor", &factor).per_channel("input_bias", &bias, &axis);
        let range = |buffer| BufferRange::<T>::new(buffer, 0, elements as u64);
        context
            .batch(|recording| recording.forward_with(Activation::Relu, &parameters, range(on_x.raw()), range(y.raw())))
            .unwrap();
        let y = context.download(&y).unwrap();
        for (i, y) in y.iter().enumerate() {
            let expected = match factors.get(i) {
                Some(factor) => one((x[i].to_f64() + 1.0).max(0.0) * f64::from(*factor)),
                None => x[i],
            };
            assert_eq!(*y, expected, "{i} of {elements}");
        }
    }
    for elements in [1, 2, 3, 5, 7, 8, 63, 1021] {
        check::<f32>(elements);
        check::<f16>(elements);
    }
}

/// y, dx and the gradient of the factor, with bias and factor for each element.
fn results_on<T: Element>(context: &GpuActivations, len: usize) -> (Vec<T>, Vec<T>, Vec<f32>) {
    let on_device =
        |step| context.upload(&numbers(len, step).into_iter().map(T::from_f64).collect::<Vec<_>>()).unwrap();
    let of_elements = |step| context.upload(&numbers(len, step).iter().map(|n| *n as f32).collect::<Vec<_>>()).unwrap();
    let (x, dy, bias, factor) = (on_device(31), on_device(17), of_elements(29), of_elements(13));
    let parameters = ParameterBuffers::new().per_element("input_bias", &bias).per_element("output_factor", &factor);
    let y = context.forward_with(Activation::Silu, &parameters, &x).unwrap();
    let dx = context.backward_with(Activation::Silu, &parameters, &x, &dy).unwrap();
    let gradient = context.parameter_gradient(Activation::Silu, &parameters, "output_factor", &x, &dy).unwrap();
    (context.download(&y).unwrap(), context.download(&dx).unwrap(), context.download(&gradient).unwrap())
}

#[test]
fn values_of_elements_beyond_a_binding() {
    let (device, queue) = device_with(|limits| limits.max_storage_buffer_binding_size = 1 << 12);
    let (whole, split) = (context(), GpuActivations::from_device(device, queue));
    assert!(results_on::<f32>(&whole, 5003) == results_on::<f32>(&split, 5003));
    assert!(results_on::<f16>(&whole, 5003) == results_on::<f16>(&split, 5003));
}

/// Numbers of elements beyond the 24 bits of a float, which the division by channels uses.
#[test]
fn channels_of_many_elements() {
    let context = context();
    for shape in [[1, 3, 5_600_003], [800_003, 7, 3], [1_200_001, 14, 1]] {
        let axis = Axis::new(&shape, 1).unwrap();
        let x = context.upload(&vec![0.0_f32; axis.elements()]).unwrap();
        let addends: Vec<f32> = (0..shape[1]).map(|channel| channel as f32).collect();
        let addend = context.upload(&addends).unwrap();
        let parameters = ParameterBuffers::new().per_channel("output_addend", &addend, &axis);
        let y = context.download(&context.forward_with(Activation::Identity, &parameters, &x).unwrap()).unwrap();
        let wrong = y.iter().enumerate().position(|(i, y)| *y != channel(&axis, i) as f32);
        assert_eq!(wrong, None, "{shape:?}");
    }
}

/// The residual of x itself: forward reads it beside x, and backward over dy reads none.
#[test]
fn x_may_be_its_own_addend_and_no_factor_of_what_is_written() {
    let context = context();
    let (x, dy) = (context.upload(&[-1.0_f32, 2.0]).unwrap(), context.upload(&[3.0_f32, 5.0]).unwrap());
    let relu = Activation::Relu;
    let residual = ParameterBuffers::new().per_element("output_addend", &x);
    let y = context.forward_with(relu, &residual, &x).unwrap();
    assert_eq!(context.download(&y).unwrap(), [-1.0, 4.0]);
    let on_dx = context.upload(&[3.0_f32, 5.0]).unwrap();
    context.batch(|recording| recording.backward_with(relu, &residual, &x, &on_dx, &on_dx)).unwrap();
    assert_eq!(context.download(&on_dx).unwrap(), [0.0, 5.0]);
    let squared = ParameterBuffers::new().per_element("output_factor", &x);
    let error = context.batch(|recording| recording.backward_with(relu, &squared, &x, &dy, &dy)).unwrap_err();
    assert!(matches!(error, Error::SharedBuffer { operand: "output_factor", .. }), "{error}");
    let dx = context.backward_with(relu, &squared, &x, &dy).unwrap();
    assert_eq!(context.download(&dx).unwrap(), [0.0, 10.0]);
}

#[test]
fn a_seed_excludes_buffers() {
    let context = context();
    let x = context.upload(&[1.0_f32]).unwrap();
    let parameters = ParameterBuffers::new().seed(1).per_tensor("input_bias", &x);
    let rrelu: Activation = "rrelu".parse().unwrap();
    let error = context.forward_with(rrelu, &parameters, &context.upload(&[1.0_f32]).unwrap()).unwrap_err();
    assert_eq!(error, Error::NotWithSeed { function: "rrelu", parameter: "input_bias" });
    let drawn = ParameterBuffers::new().seed(1);
    let error = context.parameter_gradient(rrelu, &drawn, "input_bias", &x, &x).unwrap_err();
    assert_eq!(error, Error::NotWithSeed { function: "rrelu", parameter: "input_bias" });
}

/// Both orders by x of f(factor·x + bias)·output_factor: the factor comes once for each order.
#[test]
fn derivatives_have_the_factor_of_the_input() {
    let context = context();
    let (x, dy, v) = ([-1.5_f32, 0.25, 2.0], [2.0_f32, -1.0, 0.5], [1.0_f32, 3.0, -2.0]);
    let [of_input, bias, of_output] = [-3.0_f32, 0.5, 0.125];
    let upload = |values: &[f32]| context.upload(values).unwrap();
    let [on_x, on_dy, on_v] = [x, dy, v].map(|values| upload(&values));
    let buffers = [of_input, bias, of_output].map(|value| upload(&[value]));
    let names = ["input_factor", "input_bias", "output_factor"];
    let parameters = names
        .into_iter()
        .zip(&buffers)
        .fold(ParameterBuffers::new(), |all, (name, buffer)| all.per_tensor(name, buffer));
    let wide = |order: Order, i: usize| {
        let z = f64::from(of_input) * f64::from(x[i]) + f64::from(bias);
        let factor = f64::from(of_output) * f64::from(of_input);
        match order {
            Order::First => factor * Activation::Tanh.derivative(z),
            Order::Second => factor * f64::from(of_input) * Activation::Tanh.second_derivative(z),
        }
    };
    let close = |what: &str, result: &GpuBuffer<f32>, expected: &dyn Fn(usize) -> f64| {
        for (i, result) in context.download(result).unwrap().into_iter().enumerate() {
            assert!(
                (f64::from(result) - expected(i)).abs() <= 6e-7 * expected(i).abs(),
                "{what} at {i}: {result}, not {}",
                expected(i)
            );
        }
    };
    for order in Order::ALL {
        let result = context.derivative_with(Activation::Tanh, order, &parameters, &on_x).unwrap();
        close(&format!("{order:?}"), &result, &|i| wide(order, i));
    }
    let (dx, ddy) = context.double_backward_with(Activation::Tanh, &parameters, &on_x, &on_dy, &on_v).unwrap();
    close("dx", &dx, &|i| wide(Order::Second, i) * f64::from(dy[i]) * f64::from(v[i]));
    close("ddy", &ddy, &|i| wide(Order::First, i) * f64::from(v[i]));
}

/// Products of four factors that are finite although products of two are not.
#[test]
fn factors_of_any_size() {
    let context = context();
    let one = |value: f32| context.upload(&[value]).unwrap();
    for (x, dy, of_input, of_output) in
        [(1e-30_f32, 1e30_f32, 1e30_f32, 1e-30_f32), (1e30, 1e-30, 1e-30, 1e30), (2.0, 2e-38, 1e20, 1e20)]
    {
        let (factor, output) = (one(of_input), one(of_output));
        let parameters =
            ParameterBuffers::new().per_tensor("input_factor", &factor).per_tensor("output_factor", &output);
        let (on_x, on_dy) = (one(x), one(dy));
        let dx =
            context.download(&context.backward_with(Activation::Relu, &parameters, &on_x, &on_dy).unwrap()).unwrap();
        let product = f64::from(dy) * f64::from(of_input) * f64::from(of_output);
        assert!((f64::from(dx[0]) / product - 1.0).abs() < 3e-7, "{dx:?}, not {product:e}");
        let gradient =
            context.parameter_gradient(Activation::Relu, &parameters, "input_factor", &on_x, &on_dy).unwrap();
        let product = f64::from(dy) * f64::from(of_output) * f64::from(x);
        let gradient = f64::from(context.download(&gradient).unwrap()[0]);
        assert!((gradient / product - 1.0).abs() < 3e-7, "{gradient:e}, not {product:e}");
    }
}
