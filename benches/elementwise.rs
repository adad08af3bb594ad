//! Throughput of every function on the device. `identity` is a copy; `gpu-activations bench` compares with the fastest.
//!
//!     cargo bench --bench elementwise

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gpu_activations::{Activation, GpuActivations, wgpu};

const ELEMENTS: usize = 1 << 25;

fn wait(context: &GpuActivations) {
    context.device().poll(wgpu::PollType::wait_indefinitely()).expect("the device works");
}

/// Numbers on both sides of 0, where the functions are curved.
fn numbers() -> Vec<f32> {
    (0..ELEMENTS).map(|i| (i % 1999) as f32 / 200.0 - 5.0).collect()
}

fn on_device(criterion: &mut Criterion) {
    let context = GpuActivations::new().expect("benchmarks need an adapter");
    let info = context.adapter_info();
    println!("{} on {}, {} {}", info.name, info.backend, info.driver, info.driver_info);
    let x = context.upload(&numbers()).expect("x fits");
    let dy = context.upload(&numbers()).expect("dy fits");
    let result = context.allocate::<f32>(ELEMENTS).expect("the result fits");
    for (pass, streams) in [("forward", 2), ("backward", 3)] {
        let mut group = criterion.benchmark_group(pass);
        group.sample_size(10).throughput(Throughput::Bytes((4 * streams * ELEMENTS) as u64));
        for &activation in Activation::ALL {
            group.bench_function(BenchmarkId::from_parameter(activation.name()), |bencher| {
                bencher.iter(|| {
                    let outcome = match pass {
                        "forward" => context.forward_into(activation, &x, &result),
                        _ => context.backward_into(activation, &x, &dy, &result),
                    };
                    outcome.expect("it runs");
                    wait(&context);
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, on_device);
criterion_main!(benches);
