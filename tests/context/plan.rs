//! Dispatches as plain data, run by plain wgpu on a device that the crate does not know.

use crate::common::{context, device_with, numbers};
use gpu_activations::wgpu::{self, BufferUsages as Usage};
use gpu_activations::{
    Activation, Axis, AxisFunction, BufferRange, DoubleBackward, Error, Function, GpuActivations, Mask,
    PlannedDispatch, Recording,
};

/// Buffers that stand for a plan's operands, and what they hold.
struct Operands {
    planned: Vec<wgpu::Buffer>,
    bytes: Vec<Vec<u8>>,
}

impl Operands {
    fn new(context: &GpuActivations, bytes: Vec<Vec<u8>>) -> Self {
        let planned = bytes.iter().map(|bytes| {
            let size = (bytes.len() as u64).next_multiple_of(4);
            let descriptor =
                wgpu::BufferDescriptor { label: None, size, usage: Usage::STORAGE, mapped_at_creation: false };
            context.device().create_buffer(&descriptor)
        });
        Operands { planned: planned.collect(), bytes }
    }

    fn floats(&self, operand: usize) -> BufferRange<'_, f32> {
        BufferRange::new(&self.planned[operand], 0, self.bytes[operand].len() as u64 / 4)
    }

    fn mask(&self, operand: usize) -> Mask<'_> {
        BufferRange::<u8>::new(&self.planned[operand], 0, self.bytes[operand].len() as u64).into()
    }

    /// Runs a plan, and returns what the operands hold then.
    fn run(&self, (device, queue): &(wgpu::Device, wgpu::Queue), plan: &[PlannedDispatch]) -> Vec<Vec<u8>> {
        let buffer = |size: u64, usage| {
            let usage = usage | Usage::COPY_DST;
            device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
        };
        let of_operand = |(planned, bytes): (&wgpu::Buffer, &Vec<u8>)| {
            let mut whole = bytes.clone();
            whole.resize(planned.size() as usize, 0);
            let own = buffer(planned.size(), Usage::STORAGE | Usage::COPY_SRC);
            queue.write_buffer(&own, 0, &whole);
            (planned.clone(), own)
        };
        let mut buffers: Vec<_> = self.planned.iter().zip(&self.bytes).map(of_operand).collect();
        let mut encoder = device.create_command_encoder(&Default::default());
        for dispatch in plan {
            let source = wgpu::ShaderSource::Wgsl(dispatch.source.as_str().into());
            let module = device.create_shader_module(wgpu::ShaderModuleDescriptor { label: None, source });
            let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: None,
                layout: None,
                module: &module,
                entry_point: Some(dispatch.entry_point),
                compilation_options: Default::default(),
                cache: None,
            });
            for bound in &dispatch.bindings {
                if !buffers.iter().any(|(planned, _)| *planned == bound.buffer) {
                    let scratch = buffer(bound.buffer.size(), Usage::STORAGE);
                    queue.write_buffer(&scratch, 0, &vec![0xAB; bound.buffer.size() as usize]);
                    buffers.push((bound.buffer.clone(), scratch));
                }
            }
            let own = |planned: &wgpu::Buffer| &buffers.iter().find(|(known, _)| known == planned).unwrap().1;
            let mut entries: Vec<_> = dispatch
                .bindings
                .iter()
                .map(|bound| wgpu::BindGroupEntry {
                    binding: bound.number,
                    resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                        buffer: own(&bound.buffer),
                        offset: bound.offset,
                        size: wgpu::BufferSize::new(bound.size),
                    }),
                })
                .collect();
            let uniform = dispatch.uniform.as_ref().map(|(binding, bytes)| {
                let uniform = buffer(bytes.len() as u64, Usage::UNIFORM);
                queue.write_buffer(&uniform, 0, bytes);
                (*binding, uniform)
            });
            entries.extend(uniform.iter().map(|(binding, uniform)| wgpu::BindGroupEntry {
                binding: *binding,
                resource: uniform.as_entire_binding(),
            }));
            let layout = pipeline.get_bind_group_layout(0);
            let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: None,
                layout: &layout,
                entries: &entries,
            });
            let mut pass = encoder.begin_compute_pass(&Default::default());
            pass.set_pipeline(&pipeline);
            pass.set_bind_group(0, &group, &[]);
            let [columns, rows] = dispatch.workgroups;
            pass.dispatch_workgroups(columns, rows, 1);
        }
        let readable: Vec<_> = self.planned.iter().map(|planned| buffer(planned.size(), Usage::MAP_READ)).collect();
        for ((_, own), readable) in buffers.iter().zip(&readable) {
            encoder.copy_buffer_to_buffer(own, 0, readable, 0, own.size());
        }
        queue.submit([encoder.finish()]);
        readable.iter().for_each(|buffer| buffer.map_async(wgpu::MapMode::Read, .., Result::unwrap));
        device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
        let read = |(buffer, bytes): (&wgpu::Buffer, &Vec<u8>)| {
            let view = buffer.get_mapped_range(..).unwrap();
            view[..bytes.len()].to_vec()
        };
        readable.iter().zip(&self.bytes).map(read).collect()
    }
}

fn bytes(values: &[f32]) -> Vec<u8> {
    bytemuck::cast_slice(values).to_vec()
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytemuck::pod_collect_to_vec(bytes)
}

/// Plans under the limits of a device, and runs the plan there.
fn planned(
    own: &(wgpu::Device, wgpu::Queue),
    operands: Vec<Vec<u8>>,
    record: impl FnOnce(&mut Recording<'_, '_>, &Operands) -> Result<(), Error>,
) -> (Vec<PlannedDispatch>, Vec<Vec<u8>>) {
    let context = context();
    let operands = Operands::new(&context, operands);
    let plan = context.plan(own.0.limits(), |recording| record(recording, &operands)).unwrap();
    let after = operands.run(own, &plan);
    (plan, after)
}

#[test]
fn elementwise_plans_give_the_same_bits() {
    let own = device_with(|limits| *limits = wgpu::Limits::default());
    let (x, dy, v) = (numbers::<f32>(1003, 7), numbers::<f32>(1003, 11), numbers::<f32>(1003, 5));
    let empty = vec![0; 4 * 1003];
    let context = context();
    let leaky = Activation::LeakyRelu { negative_slope: 0.2 };
    for activation in [Activation::Gelu, leaky] {
        let (_, after) = planned(&own, vec![bytes(&x), empty.clone()], |recording, operands| {
            recording.forward(activation, operands.floats(0), operands.floats(1))
        });
        assert!(floats(&after[1]) == context.forward_slice(activation, &x).unwrap());
        let of_double = vec![bytes(&x), bytes(&dy), bytes(&v), empty.clone(), empty.clone()];
        let (_, after) = planned(&own, of_double, |recording, operands| {
            let [x, dy, v, dx, ddy] = [0, 1, 2, 3, 4].map(|operand| operands.floats(operand));
            recording.double_backward(activation, DoubleBackward { x, dy, v, dx, ddy })
        });
        let (dx, ddy) = context.double_backward_slice(activation, &x, &dy, &v).unwrap();
        assert!((floats(&after[3]), floats(&after[4])) == (dx, ddy));
    }
}

#[test]
fn plans_along_an_axis_give_the_same_bits() {
    let own = device_with(|limits| *limits = wgpu::Limits::default());
    let context = context();
    let functions = ["softmax", "sparsemax", "logsumexp", "swiglu"].map(|name| name.parse::<Function>().unwrap());
    // Rows that one dispatch does, rows in parts, and an axis that is not the last.
    for (shape, index) in [(vec![7, 100], 1), (vec![1, 70_000], 1), (vec![64, 33], 0)] {
        let axis = Axis::new(&shape, index).unwrap();
        let x = numbers::<f32>(axis.elements(), 7);
        let mask: Vec<u8> = (0..x.len()).map(|index| (index % 5 != 0).into()).collect();
        for function in &functions {
            let along: AxisFunction = function.to_string().parse().unwrap();
            let mask = along.takes_mask().then_some(mask.as_slice());
            let expected = context.forward_along_slice(function.clone(), &axis, mask, &x).unwrap();
            let operands = vec![bytes(&x), vec![0; 4 * expected.len()], mask.unwrap_or(&[0; 4]).to_vec()];
            let (_, after) = planned(&own, operands, |recording, operands| {
                let mask = mask.map(|_| operands.mask(2));
                recording.forward_along(function.clone(), &axis, mask, operands.floats(0), operands.floats(1))
            });
            let same = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits();
            assert!(floats(&after[1]).iter().zip(&expected).all(same), "{function} over {shape:?}");
        }
    }
}

#[test]
fn a_plan_keeps_to_the_limits_that_it_is_given() {
    let least = |limits: &mut wgpu::Limits| limits.max_storage_buffer_binding_size = 4096;
    let own = device_with(least);
    let x = numbers::<f32>(5000, 7);
    let (plan, after) = planned(&own, vec![bytes(&x), vec![0; 20_000]], |recording, operands| {
        recording.forward(Activation::Mish, operands.floats(0), operands.floats(1))
    });
    assert_eq!(plan.len(), 5);
    assert!(plan.iter().flat_map(|dispatch| &dispatch.bindings).all(|bound| bound.size <= 4096));
    assert!(floats(&after[1]) == context().forward_slice(Activation::Mish, &x).unwrap());
}

#[test]
fn a_plan_refuses_what_a_recording_refuses() {
    let context = context();
    let operands = Operands::new(&context, vec![vec![0; 16], vec![0; 20]]);
    let plan = |record: &dyn Fn(&mut Recording<'_, '_>) -> Result<(), Error>| {
        context.plan(wgpu::Limits::default(), record).unwrap_err()
    };
    let differing = plan(&|recording| recording.forward(Activation::Relu, operands.floats(0), operands.floats(1)));
    assert!(matches!(differing, Error::LengthMismatch { .. }), "{differing}");
    let x = context.upload(&[1.0_f32]).unwrap();
    let kept = plan(&|recording| recording.forward(Activation::Relu, &x, &x));
    assert!(matches!(kept, Error::ForeignBuffer { .. }), "{kept}");
}
