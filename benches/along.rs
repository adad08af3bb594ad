//! Throughput of functions along an axis, of per-channel parameters and their gradients, beside a copy.
//!
//!     cargo bench --bench along

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gpu_activations::{Activation, Axis, AxisFunction, GpuActivations, ParameterBuffers, Recording, wgpu};

const ELEMENTS: usize = 1 << 24;

fn numbers(len: usize) -> Vec<f32> {
    (0..len).map(|i| (i % 1999) as f32 / 200.0 - 5.0).collect()
}

fn run(context: &GpuActivations, record: impl Fn(&mut Recording<'_, '_>) -> Result<(), gpu_activations::Error>) {
    context.batch(record).expect("it runs");
    context.device().poll(wgpu::PollType::wait_indefinitely()).expect("the device works");
}

/// Rows of several lengths, and the first axis of a square: softmax and its kin, forward and backward.
fn softmaxes(criterion: &mut Criterion) {
    let context = GpuActivations::new().expect("benchmarks need an adapter");
    let info = context.adapter_info();
    println!("{} on {}, {} {}", info.name, info.backend, info.driver, info.driver_info);
    let x = context.upload(&numbers(ELEMENTS)).expect("x fits");
    let dy = context.upload(&numbers(ELEMENTS)).expect("dy fits");
    let result = context.allocate::<f32>(ELEMENTS).expect("the result fits");
    let lengths = [16, 128, 1024, 4096, 65_536, ELEMENTS];
    let mut cases: Vec<(String, Axis)> =
        lengths.map(|length| (length.to_string(), Axis::last(&[ELEMENTS / length, length]).expect("an axis"))).into();
    cases.push(("axis 0 of 4096 x 4096".to_owned(), Axis::new(&[4096, 4096], 0).expect("an axis")));

    for (pass, streams) in [("forward", 2), ("backward", 3)] {
        let mut group = criterion.benchmark_group(pass);
        group.sample_size(10).throughput(Throughput::Bytes((4 * streams * ELEMENTS) as u64));
        let identity = Activation::Identity;
        group.bench_function("copy", |bencher| {
            bencher.iter(|| {
                run(&context, |recording| match pass {
                    "forward" => recording.forward(identity, &x, &result),
                    _ => recording.backward(identity, &x, &dy, &result),
                });
            });
        });
        for name in ["softmax", "log_softmax", "sparsemax"] {
            let function: AxisFunction = name.parse().expect("a function of this name");
            for (case, axis) in &cases {
                group.bench_function(BenchmarkId::new(name, case), |bencher| {
                    bencher.iter(|| {
                        run(&context, |recording| match pass {
                            "forward" => recording.forward_along(&function, axis, None, &x, &result),
                            _ => recording.backward_along(&function, axis, None, &x, &dy, &result),
                        });
                    });
                });
            }
        }
        group.finish();
    }
}

fn gated_units(criterion: &mut Criterion) {
    let context = GpuActivations::new().expect("benchmarks need an adapter");
    let x = context.upload(&numbers(2 * ELEMENTS)).expect("x fits");
    let y = context.allocate::<f32>(ELEMENTS).expect("y fits");
    let dx = context.allocate::<f32>(2 * ELEMENTS).expect("dx fits");
    let axis = Axis::last(&[ELEMENTS / 4096, 8192]).expect("an axis");
    for (pass, streams) in [("gated forward", 3), ("gated backward", 5)] {
        let mut group = criterion.benchmark_group(pass);
        group.sample_size(10).throughput(Throughput::Bytes((4 * streams * ELEMENTS) as u64));
        for name in ["reglu", "swiglu"] {
            let function: AxisFunction = name.parse().expect("a function of this name");
            group.bench_function(name, |bencher| {
                bencher.iter(|| {
                    run(&context, |recording| match streams {
                        3 => recording.forward_along(&function, &axis, None, &x, &y),
                        _ => recording.backward_along(&function, &axis, None, &x, &y, &dx),
                    });
                });
            });
        }
        group.finish();
    }
}

/// prelu with one value, and with a value for each channel of several axes; and the parameter's gradient.
fn channels(criterion: &mut Criterion) {
    let context = GpuActivations::new().expect("benchmarks need an adapter");
    let x = context.upload(&numbers(ELEMENTS)).expect("x fits");
    let y = context.allocate::<f32>(ELEMENTS).expect("y fits");
    let prelu = Activation::Prelu { alpha: 0.25 };
    let mut group = criterion.benchmark_group("channels");
    group.sample_size(10).throughput(Throughput::Bytes(8 * ELEMENTS as u64));
    group.bench_function("prelu/one value", |bencher| {
        bencher.iter(|| run(&context, |recording| recording.forward(prelu, &x, &y)));
    });
    for (shape, axis) in [(vec![16, 64, 128, 128], 1), (vec![ELEMENTS / 256, 256], 1)] {
        let axis = Axis::new(&shape, axis).expect("an axis");
        let alpha = context.upload(&numbers(axis.length())).expect("the parameter fits");
        let gradient = context.allocate::<f32>(axis.length()).expect("the gradient fits");
        let parameters = || ParameterBuffers::new().per_channel("alpha", &alpha, &axis);
        group.bench_function(BenchmarkId::new("prelu", format!("{shape:?}")), |bencher| {
            bencher.iter(|| run(&context, |recording| recording.forward_with(prelu, &parameters(), &x, &y)));
        });
        group.bench_function(BenchmarkId::new("gradient of prelu's alpha", format!("{shape:?}")), |bencher| {
            bencher.iter(|| {
                run(&context, |recording| {
                    recording.parameter_gradient(prelu, &parameters(), "alpha", &x, &y, &gradient)
                });
            });
        });
    }
    group.finish();
}

criterion_group!(benches, softmaxes, gated_units, channels);
criterion_main!(benches);
