//! Operations so small that the cost of starting them counts.

use super::{check, numbers};
use crate::contestants::Libraries;
use crate::session::{Contestant, Session, Work};
use anyhow::Result;
use burn::tensor::{Tensor, activation};
use gpu_activations::{Activation, GpuBuffer, wgpu};

const ELEMENTS: usize = 4096;
const OPERATIONS: usize = 1000;

const FLUSHED: &str = "burn, flushed after each";

pub fn measure(libraries: &Libraries, session: &mut Session) -> Result<()> {
    let context = &libraries.context;
    let relu = Activation::Relu;
    let numbers = numbers(ELEMENTS);
    let x = context.upload(&numbers)?;
    let ours_y = context.allocate::<f32>(ELEMENTS)?;
    let wgpu_y = context.allocate::<f32>(ELEMENTS)?;
    let burn_x = Tensor::<1>::from_data(numbers.as_slice(), &libraries.burn);
    let by_hand = HandWritten::new(context.device(), &x, &wgpu_y);

    let burn = || -> Result<Vec<Tensor<1>>> {
        // burn leaves out what nobody can ask for any more, so every result lives until all are computed.
        let results = (0..OPERATIONS).map(|_| activation::relu(burn_x.clone())).collect();
        libraries.wait_for_burn()?;
        Ok(results)
    };
    let burn_flushed = || {
        for _ in 0..OPERATIONS {
            let y = activation::relu(burn_x.clone());
            libraries.burn.flush()?;
            drop(y);
        }
        libraries.wait_for_burn()
    };
    let wgpu_submissions = |submissions: usize| {
        for _ in 0..submissions {
            let commands = by_hand.record(context.device(), OPERATIONS / submissions);
            context.queue().submit([commands]);
        }
        libraries.wait_for_ours()
    };
    let work = Work::Operations(OPERATIONS);

    let batch = || {
        context.batch(|recording| (0..OPERATIONS).try_for_each(|_| recording.forward(relu, &x, &ours_y)))?;
        libraries.wait_for_ours()
    };
    session.measure(
        "in one batch",
        work,
        Contestant::ours(batch),
        [
            Contestant::burn(|| burn().map(drop)),
            Contestant::new(FLUSHED, burn_flushed),
            Contestant::new("wgpu by hand, one pass", || wgpu_submissions(1)),
        ],
    )?;

    let calls = || {
        for _ in 0..OPERATIONS {
            context.forward_into(relu, &x, &ours_y)?;
        }
        libraries.wait_for_ours()
    };
    session.measure(
        "in calls of their own",
        work,
        Contestant::ours(calls),
        [
            Contestant::burn(|| burn().map(drop)),
            Contestant::new(FLUSHED, burn_flushed),
            Contestant::new("wgpu by hand, a submission each", || wgpu_submissions(OPERATIONS)),
        ],
    )?;

    let expected = |index: usize| relu.forward(f64::from(numbers[index]));
    for result in burn()? {
        check("burn", result.into_data().as_slice()?, expected)?;
    }
    check("gpu-activations", &context.download(&ours_y)?, expected)?;
    check("wgpu by hand", &context.download(&wgpu_y)?, expected)
}

/// What somebody writes who needs relu of one buffer and nothing else.
struct HandWritten {
    pipeline: wgpu::ComputePipeline,
    group: wgpu::BindGroup,
}

const RELU: &str = "
    @group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
    @group(0) @binding(1) var<storage, read_write> y: array<vec4<f32>>;

    @compute @workgroup_size(256)
    fn relu(@builtin(global_invocation_id) invocation: vec3<u32>) {
        y[invocation.x] = max(x[invocation.x], vec4(0.0));
    }
";
const ELEMENTS_OF_A_WORKGROUP: usize = 4 * 256;

impl HandWritten {
    fn new(device: &wgpu::Device, x: &GpuBuffer<f32>, y: &GpuBuffer<f32>) -> Self {
        let source = wgpu::ShaderSource::Wgsl(RELU.into());
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor { label: None, source });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: None,
            layout: None,
            module: &module,
            entry_point: Some("relu"),
            compilation_options: Default::default(),
            cache: None,
        });
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &pipeline.get_bind_group_layout(0),
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: x.raw().as_entire_binding() },
                wgpu::BindGroupEntry { binding: 1, resource: y.raw().as_entire_binding() },
            ],
        });
        HandWritten { pipeline, group }
    }

    fn record(&self, device: &wgpu::Device, operations: usize) -> wgpu::CommandBuffer {
        let mut encoder = device.create_command_encoder(&Default::default());
        let mut pass = encoder.begin_compute_pass(&Default::default());
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.group, &[]);
        for _ in 0..operations {
            pass.dispatch_workgroups((ELEMENTS / ELEMENTS_OF_A_WORKGROUP) as u32, 1, 1);
        }
        drop(pass);
        encoder.finish()
    }
}
