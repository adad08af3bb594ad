//! Functions along an axis: the device against the f64 reference, over shapes, strategies, types and masks.

use crate::common::{STRATEGIES, own_context};
use gpu_activations::shader::{Shader, Storage};
use gpu_activations::tuning::Strategy;
use gpu_activations::verify::{Format, verify_axis};
use gpu_activations::{Axis, AxisFunction, Direction, GpuActivations, wgpu};
use half::{bf16, f16};
use std::collections::HashSet;

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
        (&[4, 6], 1),
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

/// Every function at its defaults and at the samples of its row, of the softmax family or of the others.
fn functions(softmax: bool) -> Vec<AxisFunction> {
    // `gated` is `glu` at its defaults.
    let all = AxisFunction::all().iter().filter(|(name, function)| *name == function.name());
    let wanted = all.filter(|(_, function)| (function.family() == "softmax") == softmax);
    wanted.flat_map(|(_, function)| function.samples()).collect()
}

/// The file in `shaders/rowwise/functions` that a function has.
fn part(function: &AxisFunction) -> String {
    let (shader, _) = Shader::along(function, Storage::F32, Direction::Forward);
    let lines = 1..=shader.source().lines().count() as u32;
    let mut files = lines.filter_map(|line| shader.locate(line)).map(|(file, _)| file);
    files.find(|file| file.starts_with("rowwise/functions/")).unwrap_or_default().to_owned()
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
    let values = function.values();
    let temperature = values.iter().find(|(name, _)| ["temperature", "tau"].contains(name));
    let scale = temperature.map_or(1.0, |(_, value)| 1.0 / value.parse::<f32>().unwrap());
    let row = if function.name() == "log_softmax" { axis.length() as f32 } else { 1.0 };
    for (index, (a, b)) in from_x.iter().zip(&from_y).enumerate() {
        assert!((a - b).abs() <= 2e-6 * scale * row.max(1.0), "{function:?} along {axis:?} at {index}: {a}, not {b}");
    }
}

fn every_softmax<T: Format>(strategies: &[Strategy]) {
    // Its pipelines take gigabytes, and go with it.
    let context = own_context();
    for &strategy in strategies {
        let context = context.with_strategy(strategy);
        let mut chosen = functions(true);
        if strategy != Strategy::Automatic {
            // Each strategy has its own pipelines. Of functions that share a part, one is tried.
            let mut parts = HashSet::new();
            chosen.retain(|function| parts.insert(part(function)));
        }
        for axis in cases() {
            for function in chosen.clone() {
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

/// On this adapter, but by the strategy, and with the text, of a GPU.
#[test]
fn softmaxes_as_gpus_compute_them_agree_with_the_reference() {
    let adapter = pollster::block_on(gpu_activations::adapters()).remove(0);
    let descriptor = wgpu::DeviceDescriptor {
        required_features: adapter.features() & (wgpu::Features::SUBGROUP | wgpu::Features::SHADER_F16),
        required_limits: adapter.limits(),
        ..Default::default()
    };
    let (device, queue) = pollster::block_on(adapter.request_device(&descriptor)).unwrap();
    let context = GpuActivations::from_device_as(device, queue, wgpu::DeviceType::DiscreteGpu);
    let mut parts = HashSet::new();
    let chosen: Vec<_> = functions(true).into_iter().filter(|function| parts.insert(part(function))).collect();
    // Rows that fill the registers of workgroups, too, up to the largest.
    let long = [&[2, 2048][..], &[1, 16_384], &[1, 32_768]].map(|shape| Axis::last(shape).unwrap());
    for axis in cases().into_iter().chain(long) {
        for function in &chosen {
            check::<f32>(&context, function, &axis, false);
            check::<f16>(&context, function, &axis, function.takes_mask());
        }
    }
}

#[test]
fn groups_agree_with_the_reference() {
    let context = own_context();
    for axis in even_cases() {
        for function in functions(false) {
            check::<f32>(&context, &function, &axis, false);
            check::<f16>(&context, &function, &axis, false);
            check::<bf16>(&context, &function, &axis, false);
        }
    }
}
