//! A program with a wgpu device of its own records an activation between two passes of its own: y = (2·x)·σ(2·x) + 1,
//! in place, on a part of one buffer, in one submission.

use gpu_activations::wgpu::{self, util::DeviceExt};
use gpu_activations::{Activation, BufferRange, GpuActivations};

const SHADER: &str = "
    @group(0) @binding(0) var<storage, read_write> values: array<f32>;

    @compute @workgroup_size(64)
    fn double(@builtin(global_invocation_id) id: vec3<u32>) {
        if id.x < arrayLength(&values) { values[id.x] *= 2.0; }
    }

    @compute @workgroup_size(64)
    fn increment(@builtin(global_invocation_id) id: vec3<u32>) {
        if id.x < arrayLength(&values) { values[id.x] += 1.0; }
    }
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    pollster::block_on(run())
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
    let adapter = instance.request_adapter(&wgpu::RequestAdapterOptions::default()).await?;
    let (device, queue) = adapter.request_device(&wgpu::DeviceDescriptor::default()).await?;
    let activations = GpuActivations::from_device(device.clone(), queue.clone());

    let x: Vec<f32> = (-4..=4).map(|i| i as f32 / 2.0).collect();
    let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC;
    let contents = bytemuck::cast_slice(&x);
    let buffer = device.create_buffer_init(&wgpu::util::BufferInitDescriptor { label: None, contents, usage });
    let bytes = buffer.size();

    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some("before and after"),
        source: wgpu::ShaderSource::Wgsl(SHADER.into()),
    });
    let pipeline = |entry_point| {
        device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(entry_point),
            layout: None,
            module: &module,
            entry_point: Some(entry_point),
            compilation_options: Default::default(),
            cache: None,
        })
    };
    let own_pass = |encoder: &mut wgpu::CommandEncoder, pipeline: &wgpu::ComputePipeline| {
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &pipeline.get_bind_group_layout(0),
            entries: &[wgpu::BindGroupEntry { binding: 0, resource: buffer.as_entire_binding() }],
        });
        let mut pass = encoder.begin_compute_pass(&Default::default());
        pass.set_pipeline(pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.dispatch_workgroups(1, 1, 1);
    };

    let mut encoder = device.create_command_encoder(&Default::default());
    own_pass(&mut encoder, &pipeline("double"));
    let range = BufferRange::<f32>::new(&buffer, 0, x.len() as u64);
    activations.record(&mut encoder).forward(Activation::Silu, range, range)?;
    own_pass(&mut encoder, &pipeline("increment"));
    let readback = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("readback"),
        size: bytes,
        usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    encoder.copy_buffer_to_buffer(&buffer, 0, &readback, 0, bytes);
    queue.submit([encoder.finish()]);

    readback.map_async(wgpu::MapMode::Read, .., |mapped| mapped.expect("the device is alive"));
    device.poll(wgpu::PollType::wait_indefinitely())?;
    let view = readback.get_mapped_range(..)?;
    let y: &[f32] = bytemuck::cast_slice(&view);
    println!("x {x:?}\ny {y:?}");
    for (&x, &y) in x.iter().zip(y) {
        let expected = Activation::Silu.forward(2.0 * f64::from(x)) + 1.0;
        assert!((f64::from(y) - expected).abs() < 1e-6, "y({x}) is {y}, not {expected}");
    }
    Ok(())
}
