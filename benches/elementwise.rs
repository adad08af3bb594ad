//! Throughput of every function on the device, beside a kernel that copies as many streams, and of host slices.
//!
//!     cargo bench --bench elementwise

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gpu_activations::{Activation, GpuActivations, GpuBuffer, wgpu};
use std::hint::black_box;

const ELEMENTS: usize = 1 << 25;

/// One vec4 an invocation, without bounds checks: as fast as memory for one stream or two in and one out.
const COPY: &str = "
    @group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
    @group(0) @binding(1) var<storage, read> dy: array<vec4<f32>>;
    @group(0) @binding(2) var<storage, read_write> result: array<vec4<f32>>;

    @compute @workgroup_size(256)
    fn forward(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
        let i = (group.y * 32768 + group.x) * 256 + local;
        result[i] = x[i];
    }

    @compute @workgroup_size(256)
    fn backward(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
        let i = (group.y * 32768 + group.x) * 256 + local;
        result[i] = x[i] + dy[i];
    }
";

struct Copy<'a> {
    context: &'a GpuActivations,
    pipeline: wgpu::ComputePipeline,
    group: wgpu::BindGroup,
}

impl<'a> Copy<'a> {
    fn new(context: &'a GpuActivations, entry_point: &str, buffers: &[(u32, &GpuBuffer<f32>)]) -> Self {
        let descriptor =
            wgpu::ShaderModuleDescriptor { label: Some("copy"), source: wgpu::ShaderSource::Wgsl(COPY.into()) };
        // SAFETY: the dispatch below covers exactly the elements of the buffers.
        let module = unsafe {
            context.device().create_shader_module_trusted(descriptor, wgpu::ShaderRuntimeChecks::unchecked())
        };
        let pipeline = context.device().create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some("copy"),
            layout: None,
            module: &module,
            entry_point: Some(entry_point),
            compilation_options: Default::default(),
            cache: None,
        });
        let entries: Vec<_> = buffers
            .iter()
            .map(|(binding, buffer)| wgpu::BindGroupEntry {
                binding: *binding,
                resource: buffer.raw().as_entire_binding(),
            })
            .collect();
        let group = context.device().create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("copy"),
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        Copy { context, pipeline, group }
    }

    fn run(&self) {
        let mut encoder = self.context.device().create_command_encoder(&Default::default());
        let mut pass = encoder.begin_compute_pass(&Default::default());
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.group, &[]);
        let groups = (ELEMENTS / 1024) as u32;
        pass.dispatch_workgroups(groups.min(32768), groups.div_ceil(32768), 1);
        drop(pass);
        self.context.queue().submit([encoder.finish()]);
        wait(self.context);
    }
}

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

    let mut group = criterion.benchmark_group("forward");
    group.sample_size(10).throughput(Throughput::Bytes(8 * ELEMENTS as u64));
    let copy = Copy::new(&context, "forward", &[(0, &x), (2, &result)]);
    group.bench_function("copy", |bencher| bencher.iter(|| copy.run()));
    for &activation in Activation::ALL {
        group.bench_function(BenchmarkId::from_parameter(activation.name()), |bencher| {
            bencher.iter(|| {
                context.forward_into(activation, &x, &result).expect("forward runs");
                wait(&context);
            });
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("backward");
    group.sample_size(10).throughput(Throughput::Bytes(12 * ELEMENTS as u64));
    let copy = Copy::new(&context, "backward", &[(0, &x), (1, &dy), (2, &result)]);
    group.bench_function("copy", |bencher| bencher.iter(|| copy.run()));
    for &activation in Activation::ALL {
        group.bench_function(BenchmarkId::from_parameter(activation.name()), |bencher| {
            bencher.iter(|| {
                context.backward_into(activation, &x, &dy, &result).expect("backward runs");
                wait(&context);
            });
        });
    }
    group.finish();
}

fn host_slices(criterion: &mut Criterion) {
    let context = GpuActivations::new().expect("benchmarks need an adapter");
    let x = numbers();
    let mut y = x.clone();
    let mut group = criterion.benchmark_group("host slices");
    group.sample_size(10).throughput(Throughput::Bytes(8 * ELEMENTS as u64));
    group.bench_function("memcpy", |bencher| bencher.iter(|| black_box(&mut y).copy_from_slice(black_box(&x))));
    for name in ["relu", "sigmoid"] {
        let activation: Activation = name.parse().expect("the function is in the table");
        group.bench_function(name, |bencher| {
            bencher.iter(|| context.forward_slice_into(activation, &x, &mut y).expect("forward runs"));
        });
    }
    group.finish();
}

criterion_group!(benches, on_device, host_slices);
criterion_main!(benches);
