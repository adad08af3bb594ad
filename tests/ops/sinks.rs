//! Sinks of softmax and log_softmax, and their gradient.

use crate::common::{STRATEGIES, context, numbers, widened};
use gpu_activations::{Axis, AxisFunction, Element, Error, GpuActivations, GpuBuffer, Sinks};
use half::{bf16, f16};

const FUNCTIONS: [&str; 4] = ["softmax", "log_softmax", "softmax(temperature=0.3)", "log_softmax(temperature=7)"];

fn named(name: &str) -> AxisFunction {
    name.parse().unwrap()
}

/// The unit of a number's type.
fn unit<T: Element>() -> f64 {
    match std::any::type_name::<T>().rsplit("::").next() {
        Some("f32") => 2f64.powi(-22),
        Some("f16") => 2f64.powi(-10),
        _ => 2f64.powi(-7),
    }
}

fn close(what: &str, results: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(results.len(), expected.len(), "{what}");
    for (i, (result, expected)) in results.iter().zip(expected).enumerate() {
        let fits = result == expected || (result - expected).abs() <= tolerance * (1.0 + expected.abs());
        assert!(fits, "{what} at {i}: {result}, not {expected}");
    }
}

/// Results on a device with sinks that the rows share in this way, against the reference with a sink for each row.
fn check<T: Element>(context: &GpuActivations, name: &str, axis: &Axis, heads: Option<&Axis>, masked: bool) {
    let function = named(name);
    let [x, dy] = [37, 53].map(|step| numbers::<T>(axis.elements(), step));
    let rows = axis.elements() / axis.length();
    let count = heads.map_or(rows, Axis::length);
    let values: Vec<f32> = (0..count).map(|i| (i * 7 % 11) as f32 / 2.0 - 3.0).collect();
    let on_device: GpuBuffer<f32> = context.upload(&values).unwrap();
    let sinks = heads.map_or_else(|| Sinks::per_row(&on_device), |heads| Sinks::per_channel(&on_device, heads));
    // The channel of each row, from the indices of one of its elements.
    let inner: usize = axis.shape()[axis.index() + 1..].iter().product();
    let channel = |row: usize| {
        let element = row / inner * axis.length() * inner + row % inner;
        heads.map_or(row, |heads| {
            element / heads.shape()[heads.index() + 1..].iter().product::<usize>() % heads.length()
        })
    };
    let of_rows: Vec<f64> = (0..rows).map(|row| f64::from(values[channel(row)])).collect();
    let mask: Option<Vec<u8>> = masked.then(|| (0..x.len()).map(|i| u8::from(i % 3 != 0)).collect());
    let kept: Option<Vec<bool>> = mask.as_ref().map(|mask| mask.iter().map(|&byte| byte != 0).collect());
    let on_mask = mask.as_ref().map(|mask| context.upload(mask).unwrap());
    let (on_x, on_dy) = (context.upload(&x).unwrap(), context.upload(&dy).unwrap());
    let (x, dy) = (widened(&x), widened(&dy));
    let what =
        format!("{name} along {axis:?}, sinks along {heads:?}, masked {masked}, {context:?}, {} bytes", size_of::<T>());

    let y = context.forward_along_with_sinks(&function, axis, on_mask.as_ref().map(Into::into), &sinks, &on_x).unwrap();
    let expected = function.forward_with_sinks(axis, kept.as_deref(), &of_rows, &x).unwrap();
    close(&format!("y of {what}"), &widened(&context.download(&y).unwrap()), &expected, unit::<T>());
    let dx = context
        .backward_along_with_sinks(&function, axis, on_mask.as_ref().map(Into::into), &sinks, &on_x, &on_dy)
        .unwrap();
    let (expected, of_sinks) = function.backward_with_sinks(axis, kept.as_deref(), &of_rows, &x, &dy).unwrap();
    close(&format!("dx of {what}"), &widened(&context.download(&dx).unwrap()), &expected, 16.0 * unit::<T>());
    let gradient =
        context.sink_gradient(&function, axis, on_mask.as_ref().map(Into::into), &sinks, &on_x, &on_dy).unwrap();
    let mut sums = vec![0.0; count];
    of_sinks.iter().enumerate().for_each(|(row, gradient)| sums[channel(row)] += gradient);
    close(&format!("gradient of {what}"), &widened(&context.download(&gradient).unwrap()), &sums, 4e-6);
}

#[test]
fn results_agree_with_the_reference() {
    let context = context();
    for (shape, axis, heads) in [
        (&[1, 5][..], 1, Some(0)),
        (&[3, 4, 33], 2, Some(1)),
        (&[3, 4, 33], 2, Some(0)),
        (&[3, 33, 4], 1, Some(2)),
        (&[2, 3, 70, 5], 2, Some(1)),
        (&[7, 5], 0, None),
        (&[2, 6, 5], 1, None),
        (&[4, 2000], 1, None),
    ] {
        let along = Axis::new(shape, axis).unwrap();
        let heads = heads.map(|heads| Axis::new(shape, heads).unwrap());
        for name in FUNCTIONS {
            check::<f32>(&context, name, &along, heads.as_ref(), false);
        }
        for name in ["softmax", "log_softmax"] {
            check::<f32>(&context, name, &along, heads.as_ref(), true);
            check::<f16>(&context, name, &along, heads.as_ref(), false);
            check::<bf16>(&context, name, &along, heads.as_ref(), true);
        }
    }
}

#[test]
fn every_strategy_agrees_with_the_reference() {
    for strategy in STRATEGIES {
        let context = context().with_strategy(strategy);
        for (shape, axis, heads) in [([3, 4, 317], 2, 1), ([2, 70, 3], 1, 2)] {
            let (along, heads) = (Axis::new(&shape, axis).unwrap(), Axis::new(&shape, heads).unwrap());
            check::<f32>(&context, "softmax(temperature=0.3)", &along, Some(&heads), true);
            check::<f16>(&context, "log_softmax", &along, Some(&heads), false);
        }
    }
}

#[test]
fn sinks_beyond_a_binding_are_refused() {
    let (device, queue) = crate::common::device_with(|limits| limits.max_storage_buffer_binding_size = 1 << 12);
    let context = GpuActivations::from_device(device, queue);
    let (x, values) = (context.allocate::<f32>(4096).unwrap(), context.allocate::<f32>(2048).unwrap());
    let axis = Axis::new(&[2048, 2], 1).unwrap();
    let error = context.forward_along_with_sinks(named("softmax"), &axis, None, &Sinks::per_row(&values), &x);
    assert!(matches!(error.unwrap_err(), Error::BindingTooLarge { bytes: 8192, limit: 4096 }));
}

/// Rows in several bindings: each dispatch must know which row its first one is.
#[test]
fn rows_beyond_a_binding_keep_their_sinks() {
    let (device, queue) = crate::common::device_with(|limits| limits.max_storage_buffer_binding_size = 1 << 12);
    let context = GpuActivations::from_device(device, queue);
    for (shape, axis) in [([300, 33], 1), ([40, 301], 1), ([33, 20], 0)] {
        check::<f32>(&context, "softmax", &Axis::new(&shape, axis).unwrap(), None, false);
    }
    let long = [3, 5, 3000];
    let (along, heads) = (Axis::new(&long, 2).unwrap(), Axis::new(&long, 1).unwrap());
    check::<f32>(&context, "softmax", &along, Some(&heads), false);
}

#[test]
fn a_sink_of_zero_is_quiet_softmax_and_of_minus_infinity_none() {
    let context = context();
    let axis = Axis::last(&[5, 17]).unwrap();
    let x = context.upload(&numbers::<f32>(85, 37)).unwrap();
    let with = |sink: f32| {
        let value = context.upload(&[sink]).unwrap();
        let y = context.forward_along_with_sinks(named("softmax"), &axis, None, &Sinks::per_tensor(&value), &x);
        context.download(&y.unwrap()).unwrap()
    };
    let of = |name: &str| context.download(&context.forward_along(named(name), &axis, None, &x).unwrap()).unwrap();
    assert_eq!(with(f32::NEG_INFINITY), of("softmax"));
    let wide = |values: Vec<f32>| widened(&values);
    close("0", &wide(with(0.0)), &wide(of("quiet_softmax")), 2e-7);
    // It takes everything.
    assert!(with(1e30).iter().all(|&y| y == 0.0));
    assert!(with(f32::NAN).iter().chain(&with(f32::INFINITY)).all(|y| y.is_nan()));
}

/// The gradient from y needs no sink, and a row that a mask leaves out altogether gives its sink nothing.
#[test]
fn gradients_from_y_and_of_empty_rows() {
    let context = context();
    let axis = Axis::last(&[2, 3]).unwrap();
    let [x, dy] = [37, 53].map(|step| context.upload(&numbers::<f32>(6, step)).unwrap());
    let sink = context.upload(&[0.5_f32]).unwrap();
    let sinks = Sinks::per_tensor(&sink);
    for name in ["softmax", "log_softmax"] {
        let y = context.forward_along_with_sinks(named(name), &axis, None, &sinks, &x).unwrap();
        let from_y = context.backward_along_from_output(named(name), &axis, None, &y, &dy).unwrap();
        let from_x = context.backward_along_with_sinks(named(name), &axis, None, &sinks, &x, &dy).unwrap();
        close(name, &widened(&context.download(&from_y).unwrap()), &widened(&context.download(&from_x).unwrap()), 2e-6);
    }
    let mask = context.upload(&[0_u8; 6]).unwrap();
    let y = context.forward_along_with_sinks(named("log_softmax"), &axis, Some((&mask).into()), &sinks, &x).unwrap();
    assert_eq!(context.download(&y).unwrap(), [f32::NEG_INFINITY; 6]);
    let gradient = context.sink_gradient(named("softmax"), &axis, Some((&mask).into()), &sinks, &x, &dy).unwrap();
    assert_eq!(context.download(&gradient).unwrap(), [0.0]);
    let empty = context.allocate::<f32>(0).unwrap();
    let two = context.upload(&[0.5_f32, 1.0]).unwrap();
    for shape in [[2, 0, 3], [2, 3, 0], [0, 2, 3]] {
        let axis = Axis::new(&shape, 2).unwrap();
        let sink = context.sink_gradient(named("softmax"), &axis, None, &sinks, &empty, &empty).unwrap();
        assert_eq!(context.download(&sink).unwrap(), [0.0]);
        for along in [0, 1] {
            let heads = Axis::new(&shape, along).unwrap();
            if heads.length() == 2 {
                let sinks = Sinks::per_channel(&two, &heads);
                let gradient = context.sink_gradient(named("softmax"), &axis, None, &sinks, &empty, &empty).unwrap();
                assert_eq!(context.download(&gradient).unwrap(), [0.0; 2], "{shape:?}");
            }
        }
    }
    // A row of -infinity without a sink has no gradient, whatever dy is.
    let (low, nan) = (context.upload(&[f32::NEG_INFINITY; 3]).unwrap(), context.upload(&[f32::NAN, 1.0, 2.0]).unwrap());
    let none = context.upload(&[f32::NEG_INFINITY]).unwrap();
    let axis = Axis::last(&[1, 3]).unwrap();
    let gradient = context.sink_gradient(named("softmax"), &axis, None, &Sinks::per_tensor(&none), &low, &nan).unwrap();
    assert_eq!(context.download(&gradient).unwrap(), [0.0]);
}

#[test]
fn the_gradient_is_that_of_the_result() {
    let axis = Axis::last(&[2, 5]).unwrap();
    let [x, dy] = [37, 53].map(|step| widened(&numbers::<f32>(10, step)));
    for name in FUNCTIONS {
        let function = named(name);
        let of = |sinks: [f64; 2]| -> f64 {
            let y = function.forward_with_sinks(&axis, None, &sinks, &x).unwrap();
            y.iter().zip(&dy).map(|(y, dy)| y * dy).sum()
        };
        let (_, gradient) = function.backward_with_sinks(&axis, None, &[0.5, -1.0], &x, &dy).unwrap();
        let step = 1e-6;
        let expected = [
            (of([0.5 + step, -1.0]) - of([0.5 - step, -1.0])) / (2.0 * step),
            (of([0.5, -1.0 + step]) - of([0.5, -1.0 - step])) / (2.0 * step),
        ];
        close(name, &gradient, &expected, 1e-8);
    }
}

#[test]
fn sinks_that_do_not_fit_are_named() {
    let context = context();
    let axis = Axis::new(&[2, 3, 4], 2).unwrap();
    let x = context.upload(&[1.0_f32; 24]).unwrap();
    let values = context.upload(&[1.0_f32; 4]).unwrap();
    let said = |name: &str, sinks: &Sinks<'_>| {
        context.forward_along_with_sinks(named(name), &axis, None, sinks, &x).unwrap_err().to_string()
    };
    assert_eq!(said("softmin", &Sinks::per_tensor(&values)), "softmin takes no sink; softmax and log_softmax do");
    let said_of = |sinks: &Sinks<'_>| said("softmax", sinks);
    let of = "4 sinks given for the rows of the shape (2, 3, 4) along axis 2";
    assert_eq!(said_of(&Sinks::per_tensor(&values)), format!("{of}; 1 expected, one for all rows"));
    assert_eq!(said_of(&Sinks::per_row(&values)), format!("{of}; 6 expected, one for each row"));
    let heads = Axis::new(&[2, 3, 4], 1).unwrap();
    assert_eq!(said_of(&Sinks::per_channel(&values, &heads)), format!("{of}; 3 expected, one for each channel"));
    let own = "sinks per channel need another axis of the shape (2, 3, 4) than 2; axis 2 of (2, 3, 4) was given";
    assert_eq!(said_of(&Sinks::per_channel(&values, &axis)), own);
    let own = Sinks::per_row(&x);
    let error = context.forward_along_with_sinks(named("softmax"), &Axis::new(&[24, 1], 1).unwrap(), None, &own, &x);
    assert!(matches!(error.unwrap_err(), Error::SharedBuffer { operand: "sinks", result: "x" }));
}
