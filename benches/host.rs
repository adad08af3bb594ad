//! Slices of the host through the device, beside what they cannot do without; small operations; the first call.
//!
//!     cargo bench --bench host

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gpu_activations::{Activation, GpuActivations, wgpu};
use std::hint::black_box;

const ELEMENTS: usize = 1 << 25;
const SMALL: usize = 4096;
const QUEUED: u64 = 1000;

fn context() -> GpuActivations {
    GpuActivations::new().expect("benchmarks need an adapter")
}

fn wait(context: &GpuActivations) {
    context.device().poll(wgpu::PollType::wait_indefinitely()).expect("the device works");
}

fn numbers(len: usize) -> Vec<f32> {
    (0..len).map(|i| (i % 1999) as f32 / 200.0 - 5.0).collect()
}

/// From slice to slice, and the parts: a copy there, the kernel, a copy back.
fn slices(criterion: &mut Criterion) {
    let context = context();
    let x = numbers(ELEMENTS);
    let mut y = x.clone();
    let on_x = context.upload(&x).expect("x fits");
    let on_y = context.allocate::<f32>(ELEMENTS).expect("y fits");
    let mut group = criterion.benchmark_group("slices");
    group.sample_size(10).throughput(Throughput::Bytes(8 * ELEMENTS as u64));
    group.bench_function("memcpy", |bencher| bencher.iter(|| black_box(&mut y).copy_from_slice(black_box(&x))));
    for name in ["relu", "sigmoid"] {
        let activation: Activation = name.parse().expect("the function is in the table");
        group.bench_function(BenchmarkId::new("kernel", name), |bencher| {
            bencher.iter(|| {
                context.forward_into(activation, &on_x, &on_y).expect("forward runs");
                wait(&context);
            });
        });
        group.bench_function(BenchmarkId::new("slice to slice", name), |bencher| {
            bencher.iter(|| context.forward_slice_into(activation, &x, &mut y).expect("forward runs"));
        });
    }
    group.finish();
}

/// Slices of several lengths: the time of an element should not depend on them.
fn lengths(criterion: &mut Criterion) {
    let context = context();
    let mut group = criterion.benchmark_group("slice to slice by length");
    group.sample_size(10);
    for exponent in (10..=26).step_by(4) {
        let x = numbers(1 << exponent);
        let mut y = x.clone();
        group.throughput(Throughput::Elements(1 << exponent));
        group.bench_function(format!("2^{exponent}"), |bencher| {
            bencher.iter(|| context.forward_slice_into(Activation::Relu, &x, &mut y).expect("forward runs"));
        });
    }
    group.finish();
}

/// Many small operations: in one batch, and each submitted for itself.
fn small(criterion: &mut Criterion) {
    let context = context();
    let x = context.upload(&numbers(SMALL)).expect("x fits");
    let y = context.allocate::<f32>(SMALL).expect("y fits");
    let relu = Activation::Relu;
    let mut group = criterion.benchmark_group("1000 operations of 4096 elements");
    group.sample_size(10).throughput(Throughput::Elements(QUEUED));
    group.bench_function("one batch", |bencher| {
        bencher.iter(|| {
            let record = |recording: &mut gpu_activations::Recording<'_, '_>| {
                (0..QUEUED).try_for_each(|_| recording.forward(relu, &x, &y))
            };
            context.batch(record).expect("the batch runs");
            wait(&context);
        });
    });
    group.bench_function("calls", |bencher| {
        bencher.iter(|| {
            (0..QUEUED).for_each(|_| context.forward_into(relu, &x, &y).expect("forward runs"));
            wait(&context);
        });
    });
    group.finish();
}

/// From nothing to a context, and from that to the first result.
fn first_use(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("first use");
    group.sample_size(10);
    group.bench_function("context", |bencher| bencher.iter(context));
    for name in ["relu", "gelu"] {
        let activation: Activation = name.parse().expect("the function is in the table");
        let first = |context: GpuActivations| context.forward_slice(activation, &[1.0_f32]).expect("forward runs");
        group.bench_function(BenchmarkId::new("first result", name), |bencher| {
            bencher.iter_batched(context, first, criterion::BatchSize::PerIteration);
        });
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let kept =
            || GpuActivations::builder().pipeline_directory(folder.path()).build().expect("benchmarks need an adapter");
        let before = kept();
        before.forward_slice(activation, &[1.0_f32]).expect("forward runs");
        before.save_pipelines().expect("the folder is writable");
        group.bench_function(BenchmarkId::new("first result, pipelines from a file", name), |bencher| {
            bencher.iter_batched(kept, first, criterion::BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, slices, lengths, small, first_use);
criterion_main!(benches);
