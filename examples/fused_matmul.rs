//! A matrix product with its activation in one pass: y = gelu(A·B + bias), in a kernel of this program that includes the
//! crate's gelu.
//!
//!     cargo run --release --example fused_matmul
//!
//! Two passes would write the product to memory, read it again for the activation, and write the result.
//! `Activation::snippet` is the WGSL of the activation under a prefix, so the product's kernel applies it to the sum that
//! it holds in a register.
//!
//! The result is compared with the product in f64 on the CPU, and with two passes: the same product without the activation,
//! then the crate's `forward` in place. Both ways are timed in turn, on the host: recording, submission and execution.

use anyhow::{Result, ensure};
use gpu_activations::{Activation, GpuActivations, GpuBuffer, wgpu};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// A has ROWS × INNER entries, B has INNER × COLUMNS. No size is a multiple of the tile.
const ROWS: usize = 300;
const INNER: usize = 60;
const COLUMNS: usize = 500;
/// The side of the square of y that a workgroup computes, with one invocation for each entry.
const TILE: usize = 16;
/// How often each way is timed.
const REPEATS: usize = 9;
/// A partial sum below 8 rounds by at most 2.4e-7 in f32, and 60 such errors of either sign add up to some 1.9e-6.
const TOLERANCE: f64 = 1e-5;

/// Each round brings a tile of A and one of B to workgroup memory, zeros beyond their edges, and adds their product.
const SHADER: &str = "
    @group(0) @binding(0) var<storage, read> a: array<f32>;
    @group(0) @binding(1) var<storage, read> b: array<f32>;
    @group(0) @binding(2) var<storage, read> bias: array<f32>;
    @group(0) @binding(3) var<storage, read_write> y: array<f32>;

    var<workgroup> a_tile: array<array<f32, TILE>, TILE>;
    var<workgroup> b_tile: array<array<f32, TILE>, TILE>;

    fn a_entry(row: u32, column: u32) -> f32 {
        if row < ROWS && column < INNER { return a[row * INNER + column]; }
        return 0.0;
    }

    fn b_entry(row: u32, column: u32) -> f32 {
        if row < INNER && column < COLUMNS { return b[row * COLUMNS + column]; }
        return 0.0;
    }

    fn product(at: vec2<u32>, local: vec2<u32>) -> f32 {
        var sum = 0.0;
        for (var start = 0u; start < INNER; start += TILE) {
            a_tile[local.y][local.x] = a_entry(at.y, start + local.x);
            b_tile[local.y][local.x] = b_entry(start + local.y, at.x);
            workgroupBarrier();
            for (var i = 0u; i < TILE; i++) { sum += a_tile[local.y][i] * b_tile[i][local.x]; }
            workgroupBarrier();
        }
        return sum;
    }

    fn is_inside(at: vec2<u32>) -> bool {
        return at.y < ROWS && at.x < COLUMNS;
    }

    @compute @workgroup_size(TILE, TILE)
    fn product_only(@builtin(global_invocation_id) at: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
        let sum = product(at.xy, local.xy);
        if is_inside(at.xy) { y[at.y * COLUMNS + at.x] = sum + bias[at.x]; }
    }

    @compute @workgroup_size(TILE, TILE)
    fn fused(
        @builtin(global_invocation_id) at: vec3<u32>,
        @builtin(local_invocation_id) local: vec3<u32>,
        @builtin(num_workgroups) workgroups: vec3<u32>,
    ) {
        gelu_zero = workgroups.z - 1u; // 0, but no compiler knows: rounding errors are computed from it
        let sum = product(at.xy, local.xy);
        if is_inside(at.xy) { y[at.y * COLUMNS + at.x] = gelu_activation(sum + bias[at.x], 0u); }
    }
";

fn main() -> ExitCode {
    match pollster::block_on(run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
    let adapter = instance.request_adapter(&wgpu::RequestAdapterOptions::default()).await?;
    let (device, queue) = adapter.request_device(&wgpu::DeviceDescriptor::default()).await?;
    let layer = Layer::new(device, queue)?;
    let place = adapter.get_info().name;
    println!("y = gelu(A·B + bias), {ROWS} × {INNER} by {INNER} × {COLUMNS}, on {place}");

    layer.run_fused()?;
    let fused = layer.download()?;
    layer.run_two_passes()?;
    let two_passes = layer.download()?;
    let from_reference = largest_difference(&fused, &layer.inputs.reference());
    let from_two_passes = largest_difference(&fused, &two_passes);
    println!("largest difference from f64: {from_reference:.1e}");
    println!("largest difference from two passes: {from_two_passes:.1e}");
    ensure!(from_reference <= TOLERANCE, "the result is not that of the CPU");
    ensure!(from_two_passes <= TOLERANCE, "the result is not that of two passes");

    let (fused, two_passes) = layer.medians()?;
    println!("medians of {REPEATS}, in turn, from the recording of the commands until the device is done:");
    println!("one pass {:.2} ms, two passes {:.2} ms", milliseconds(fused), milliseconds(two_passes));
    println!("two passes take {:.2} of the time of one", two_passes.as_secs_f64() / fused.as_secs_f64());
    Ok(())
}

fn milliseconds(time: Duration) -> f64 {
    1e3 * time.as_secs_f64()
}

/// NaN counts as infinite.
fn largest_difference(left: &[f64], right: &[f64]) -> f64 {
    let difference = |(left, right): (&f64, &f64)| (left - right).abs();
    let counted = |difference: f64| if difference.is_nan() { f64::INFINITY } else { difference };
    left.iter().zip(right).map(difference).map(counted).fold(0.0, f64::max)
}

struct Inputs {
    a: Vec<f32>,
    b: Vec<f32>,
    bias: Vec<f32>,
}

impl Inputs {
    /// Entries such that those of A·B have a deviation of about 1, where gelu curves.
    fn new() -> Inputs {
        let mut random = fastrand::Rng::with_seed(1);
        let mut entries = |count: usize, size: f32| (0..count).map(|_| size * (2.0 * random.f32() - 1.0)).collect();
        let size = 3.0 / (INNER as f32).sqrt();
        Inputs { a: entries(ROWS * INNER, 1.0), b: entries(INNER * COLUMNS, size), bias: entries(COLUMNS, 1.0) }
    }

    /// y in f64.
    fn reference(&self) -> Vec<f64> {
        let entry = |row: &[f32], column: usize| {
            let factors = row.iter().zip(self.b[column..].iter().step_by(COLUMNS));
            let sum: f64 = factors.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
            Activation::Gelu.forward(sum + f64::from(self.bias[column]))
        };
        self.a.chunks(INNER).flat_map(|row| (0..COLUMNS).map(move |column| entry(row, column))).collect()
    }
}

/// A pipeline with its buffers.
struct Kernel {
    pipeline: wgpu::ComputePipeline,
    group: wgpu::BindGroup,
}

struct Layer {
    inputs: Inputs,
    activations: GpuActivations,
    y: GpuBuffer<f32>,
    fused: Kernel,
    product_only: Kernel,
}

impl Layer {
    fn new(device: wgpu::Device, queue: wgpu::Queue) -> Result<Layer> {
        let sizes = format!("const ROWS = {ROWS}u; const INNER = {INNER}u; const COLUMNS = {COLUMNS}u;");
        let text = format!("{}\n{sizes} const TILE = {TILE}u;\n{SHADER}", Activation::Gelu.snippet("gelu")?);
        let source = wgpu::ShaderSource::Wgsl(text.into());
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some("product"), source });

        let activations = GpuActivations::from_device(device.clone(), queue);
        let inputs = Inputs::new();
        let (a, b) = (activations.upload(&inputs.a)?, activations.upload(&inputs.b)?);
        let (bias, y) = (activations.upload(&inputs.bias)?, activations.allocate(ROWS * COLUMNS)?);
        let buffers = [&a, &b, &bias, &y].map(GpuBuffer::raw);
        let [fused, product_only] = ["fused", "product_only"].map(|name| Kernel::new(&device, &module, name, &buffers));
        Ok(Layer { inputs, activations, y, fused, product_only })
    }

    fn run_fused(&self) -> Result<()> {
        self.run(|encoder| {
            self.fused.record(encoder);
            Ok(())
        })
    }

    fn run_two_passes(&self) -> Result<()> {
        self.run(|encoder| {
            self.product_only.record(encoder);
            Ok(self.activations.record(encoder).forward(Activation::Gelu, &self.y, &self.y)?)
        })
    }

    /// Records, submits, and waits for the device.
    fn run(&self, record: impl FnOnce(&mut wgpu::CommandEncoder) -> Result<()>) -> Result<()> {
        let device = self.activations.device();
        let mut encoder = device.create_command_encoder(&Default::default());
        record(&mut encoder)?;
        self.activations.queue().submit([encoder.finish()]);
        device.poll(wgpu::PollType::wait_indefinitely())?;
        Ok(())
    }

    fn download(&self) -> Result<Vec<f64>> {
        Ok(self.activations.download(&self.y)?.into_iter().map(f64::from).collect())
    }

    /// The median time of one pass, and that of two.
    fn medians(&self) -> Result<(Duration, Duration)> {
        let (mut fused, mut two_passes) = (Vec::new(), Vec::new());
        for _ in 0..REPEATS {
            fused.push(timed(|| self.run_fused())?);
            two_passes.push(timed(|| self.run_two_passes())?);
        }
        Ok((median(fused), median(two_passes)))
    }
}

fn timed(work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

/// Of an odd number of times.
fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

impl Kernel {
    fn new(device: &wgpu::Device, module: &wgpu::ShaderModule, entry_point: &str, buffers: &[&wgpu::Buffer]) -> Kernel {
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(entry_point),
            layout: None,
            module,
            entry_point: Some(entry_point),
            compilation_options: Default::default(),
            cache: None,
        });
        let numbered = buffers.iter().zip(0..);
        let entries = numbered
            .map(|(buffer, binding)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
            .collect::<Vec<_>>();
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        Kernel { pipeline, group }
    }

    fn record(&self, encoder: &mut wgpu::CommandEncoder) {
        let mut pass = encoder.begin_compute_pass(&Default::default());
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.group, &[]);
        pass.dispatch_workgroups(COLUMNS.div_ceil(TILE) as u32, ROWS.div_ceil(TILE) as u32, 1);
    }
}
