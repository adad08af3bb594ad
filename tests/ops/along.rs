//! Functions along an axis: the device against the f64 reference, over shapes, strategies, types and masks.

use crate::common::context;
use gpu_activations::tuning::Strategy;
use gpu_activations::verify::{Format, verify_axis};
use gpu_activations::{Activation, Axis, AxisFunction, Direction, Gate, GpuActivations, Layout};
use half::{bf16, f16};
use std::sync::Arc;

const STRATEGIES: [Strategy; 5] =
    [Strategy::Automatic, Strategy::Invocation, Strategy::Subgroup, Strategy::Workgroup, Strategy::Split];

/// Shapes and axes: rows of 1, prime lengths, lengths near each threshold, other axes than the last, no elements.
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
        (&[70, 317], 1),
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

/// The same for groupwise functions, whose axis must be divisible.
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
        AxisFunction::all().iter().map(|(_, function)| function.clone()).filter(|f| f.family() == "softmax").collect();
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
        AxisFunction::all().iter().map(|(_, function)| function.clone()).filter(|f| f.family() != "softmax").collect();
    for gate in [Gate::First, Gate::Second] {
        for layout in [Layout::Halves, Layout::Interleaved] {
            let activation = Arc::new(Activation::Elu { alpha: 0.7 }.into());
            functions.push(AxisFunction::Gated { activation, gate, layout });
        }
    }
    functions.extend([1, 3, 6].map(|pieces| AxisFunction::Maxout { pieces }));
    functions
}

fn check<T: Format>(context: &GpuActivations, function: &AxisFunction, axis: &Axis, masked: bool) {
    for direction in Direction::ALL {
        let report = verify_axis::<T>(context, function, axis, masked, direction).unwrap();
        assert!(
            report.failed == 0,
            "{function:?} along {axis:?}, {direction:?}, masked {masked}, {} bytes, {context:?}: {report:?}",
            size_of::<T>()
        );
    }
}

/// dx from y must equal dx from x, within the effect of rounding y.
fn check_from_output(context: &GpuActivations, function: &AxisFunction, axis: &Axis) {
    let x: Vec<f32> = (0..axis.elements()).map(|i| ((i * 7919) % 1999) as f32 / 250.0 - 4.0).collect();
    let dy: Vec<f32> = (0..axis.elements()).map(|i| ((i * 104_729) % 997) as f32 / 500.0 - 1.0).collect();
    let (on_x, on_dy) = (context.upload(&x).unwrap(), context.upload(&dy).unwrap());
    let y = context.forward_along(function, axis, None, &on_x).unwrap();
    let from_x = context.backward_along(function, axis, None, &on_x, &on_dy).unwrap();
    let from_y = context.backward_along_from_output(function, axis, None, &y, &on_dy).unwrap();
    let (from_x, from_y) = (context.download(&from_x).unwrap(), context.download(&from_y).unwrap());
    let scale = function.values().first().map_or(1.0, |(_, value)| 1.0 / value.parse::<f32>().unwrap());
    let row = if function.name() == "log_softmax" { axis.length() as f32 } else { 1.0 };
    for (index, (a, b)) in from_x.iter().zip(&from_y).enumerate() {
        assert!((a - b).abs() <= 2e-6 * scale * row.max(1.0), "{function:?} along {axis:?} at {index}: {a}, not {b}");
    }
}

fn every_softmax<T: Format>(strategies: &[Strategy]) {
    let context = context();
    for &strategy in strategies {
        let context = context.with_strategy(strategy);
        for axis in cases() {
            // Each has its own pipelines. Of functions that share all kernels, one is tried.
            let chosen = |function: &AxisFunction| {
                let ones = ["softmax", "log_softmax", "sparsemax", "logsumexp"].map(|name| name.parse().unwrap());
                strategy == Strategy::Automatic || ones.contains(function)
            };
            for function in softmaxes().into_iter().filter(chosen) {
                check::<T>(&context, &function, &axis, false);
                if function.takes_mask() && (strategy == Strategy::Automatic || function.name() == "softmax") {
                    check::<T>(&context, &function, &axis, true);
                }
                if function.has_backward_from_output() && size_of::<T>() == 4 {
                    check_from_output(&context, &function, &axis);
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
            check::<f32>(&context, &function, &axis, false);
            check::<f16>(&context, &function, &axis, false);
            check::<bf16>(&context, &function, &axis, false);
        }
    }
}
