//! Every way to run an activation: any length, in place, recorded into a caller's ranges, from many threads.

use crate::common::{context, device_with, own_context};
use gpu_activations::tuning::Strategy;
use gpu_activations::{
    Activation, Axis, AxisFunction, BufferRange, Element, Error, GpuActivations, Order, ParameterBuffers, wgpu,
};
use half::{bf16, f16};

/// Exact in every storage for small whole numbers, so that results are compared for equality.
const LEAKY: Activation = Activation::LeakyRelu { negative_slope: 0.5 };

fn whole_numbers<T: Element>(len: usize, step: usize) -> Vec<T> {
    (0..len).map(|i| T::from_f64(((i * step) % 201) as f64 - 100.0)).collect()
}

fn forward<T: Element>(x: &[T]) -> Vec<T> {
    x.iter().map(|x| T::from_f64(LEAKY.forward(x.to_f64()))).collect()
}

fn backward<T: Element>(x: &[T], dy: &[T]) -> Vec<T> {
    x.iter().zip(dy).map(|(x, dy)| T::from_f64(LEAKY.derivative(x.to_f64()) * dy.to_f64())).collect()
}

fn every_way<T: Element>(context: &GpuActivations, len: usize) {
    let (x, dy) = (whole_numbers::<T>(len, 7), whole_numbers::<T>(len, 11));
    let (y, dx) = (forward(&x), backward(&x, &dy));
    assert_eq!(context.forward_slice(LEAKY, &x).unwrap(), y, "slice of {len}");
    assert_eq!(context.backward_slice(LEAKY, &x, &dy).unwrap(), dx, "slice of {len}");
    let (on_x, on_dy) = (context.upload(&x).unwrap(), context.upload(&dy).unwrap());
    assert_eq!(context.download(&context.forward(LEAKY, &on_x).unwrap()).unwrap(), y, "buffer of {len}");
    assert_eq!(context.download(&context.backward(LEAKY, &on_x, &on_dy).unwrap()).unwrap(), dx, "buffer of {len}");
    context.backward_in_place(LEAKY, &on_x, &on_dy).unwrap();
    assert_eq!(context.download(&on_dy).unwrap(), dx, "over dy, {len}");
    let on_dy = context.upload(&dy).unwrap();
    context.backward_into(LEAKY, &on_x, &on_dy, &on_x).unwrap();
    assert_eq!(context.download(&on_x).unwrap(), dx, "over x, {len}");
    let on_x = context.upload(&x).unwrap();
    context.forward_in_place(LEAKY, &on_x).unwrap();
    assert_eq!(context.download(&on_x).unwrap(), y, "in place, {len}");
}

#[test]
fn any_length() {
    let context = context();
    for len in (0..=17).chain([1023, 1024, 1025, 262_143, 262_144, 262_147]) {
        every_way::<f32>(&context, len);
        every_way::<f16>(&context, len);
        every_way::<bf16>(&context, len);
    }
}

#[test]
fn slices_of_many_batches() {
    // Discrete adapters stage their slices, and have more batches under way.
    let (device, queue) = device_with(|_| ());
    let discrete = GpuActivations::from_device_as(device, queue, wgpu::DeviceType::DiscreteGpu);
    for context in [context(), discrete] {
        for len in [(2 << 20) - 1, (2 << 20) + 1, (9 << 20) + 3] {
            let x = whole_numbers::<f32>(len, 7);
            let dy = whole_numbers::<f32>(len, 11);
            assert!(context.forward_slice(LEAKY, &x).unwrap() == forward(&x), "{len}");
            assert!(context.backward_slice(LEAKY, &x, &dy).unwrap() == backward(&x, &dy), "{len}");
        }
    }
}

#[test]
fn slices_beyond_the_largest_buffer() {
    let (device, queue) = device_with(|limits| limits.max_buffer_size = 1 << 16);
    let context = GpuActivations::from_device(device, queue);
    let x = whole_numbers::<f32>(100_003, 7);
    assert!(context.forward_slice(LEAKY, &x).unwrap() == forward(&x));
}

#[test]
fn beyond_one_binding_and_one_dispatch_dimension() {
    let (device, queue) = device_with(|limits| {
        limits.max_compute_workgroups_per_dimension = 3;
        limits.max_storage_buffer_binding_size = (1 << 16) + 12;
    });
    let context = GpuActivations::from_device(device, queue);
    for len in [5120, 5121, 16_384, 16_387, 50_003, 163_843] {
        every_way::<f32>(&context, len);
        every_way::<f16>(&context, len);
        every_way::<bf16>(&context, len);
    }
}

/// A buffer of marks, read back whole, with ranges of it given to a recording.
struct Field<'a> {
    context: &'a GpuActivations,
    buffer: wgpu::Buffer,
    bytes: Vec<u8>,
}

impl<'a> Field<'a> {
    fn new(context: &'a GpuActivations, size: u64) -> Self {
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
        let descriptor = wgpu::BufferDescriptor { label: Some("field"), size, usage, mapped_at_creation: false };
        let bytes: Vec<u8> = (0..size).map(|i| (i % 97) as u8 | 0x80).collect();
        Field { context, buffer: context.device().create_buffer(&descriptor), bytes }
    }

    fn set<T: Element>(&mut self, offset: usize, data: &[T]) {
        let data = bytemuck::cast_slice(data);
        self.bytes[offset..offset + data.len()].copy_from_slice(data);
    }

    /// Runs what `record` records on the field in its current state, and compares the field with its state after
    /// `record`.
    fn run<T: Element>(
        mut self,
        record: impl FnOnce(&mut gpu_activations::Recording<'_, '_>, &wgpu::Buffer),
        offset: usize,
        expected: &[T],
    ) {
        self.context.queue().write_buffer(&self.buffer, 0, &self.bytes);
        let mut encoder = self.context.device().create_command_encoder(&Default::default());
        record(&mut self.context.record(&mut encoder), &self.buffer);
        let readback = self.context.device().create_buffer(&wgpu::BufferDescriptor {
            label: Some("readback"),
            size: self.buffer.size(),
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        encoder.copy_buffer_to_buffer(&self.buffer, 0, &readback, 0, self.buffer.size());
        self.context.queue().submit([encoder.finish()]);
        readback.map_async(wgpu::MapMode::Read, .., Result::unwrap);
        self.context.device().poll(wgpu::PollType::wait_indefinitely()).unwrap();
        self.set(offset, expected);
        let view = readback.get_mapped_range(..).unwrap();
        let differing = view.iter().zip(&self.bytes).position(|(a, b)| a != b);
        assert_eq!(differing, None, "the first byte that is not as expected; the range begins at {offset}");
    }
}

/// Offsets that every adapter can bind, with room between them for the longest range.
const STEP: usize = 2048;

fn ranges<T: Element>() {
    let context = context();
    for len in (0..=13).chain([127, 128, 129, 130, 131, 255, 257]) {
        let (x, dy) = (whole_numbers::<T>(len, 7), whole_numbers::<T>(len, 11));
        let (y, dx) = (forward(&x), backward(&x, &dy));
        fn range<T: Element>(buffer: &wgpu::Buffer, place: usize, len: usize) -> BufferRange<'_, T> {
            BufferRange::new(buffer, (place * STEP) as u64, len as u64)
        }
        for result in [1, 3] {
            let mut field = Field::new(&context, 5 * STEP as u64);
            field.set(STEP, &x);
            field.run(
                |r, b| r.forward(LEAKY, range::<T>(b, 1, len), range::<T>(b, result, len)).unwrap(),
                result * STEP,
                &y,
            );
        }
        for result in [1, 2, 3] {
            let mut field = Field::new(&context, 5 * STEP as u64);
            field.set(STEP, &x);
            field.set(2 * STEP, &dy);
            let run = |r: &mut gpu_activations::Recording<'_, '_>, b: &_| {
                r.backward(LEAKY, range::<T>(b, 1, len), range::<T>(b, 2, len), range::<T>(b, result, len)).unwrap();
            };
            field.run(run, result * STEP, &dx);
        }
        let (on_x, on_dy) = (context.upload(&x).unwrap(), context.upload(&dy).unwrap());
        let field = Field::new(&context, 3 * STEP as u64);
        field.run(|r, b| r.forward(LEAKY, &on_x, range::<T>(b, 1, len)).unwrap(), STEP, &y);
        let field = Field::new(&context, 3 * STEP as u64);
        field.run(|r, b| r.backward(LEAKY, &on_x, &on_dy, range::<T>(b, 1, len)).unwrap(), STEP, &dx);
        // x and dy may be the same range, and a range may end where its buffer does.
        let field = Field::new(&context, (STEP + len * size_of::<T>()).next_multiple_of(4) as u64);
        let square = backward(&x, &x);
        field.run(|r, b| r.backward(LEAKY, &on_x, &on_x, range::<T>(b, 1, len)).unwrap(), STEP, &square);
    }
}

#[test]
fn ranges_of_f32_keep_their_neighbours() {
    ranges::<f32>();
}

#[test]
fn ranges_of_f16_keep_their_neighbours() {
    ranges::<f16>();
}

#[test]
fn ranges_of_bf16_keep_their_neighbours() {
    ranges::<bf16>();
}

#[test]
fn buffers_dropped_before_the_caller_submits_are_not_reused() {
    let context = context();
    let x = whole_numbers::<f32>(1000, 7);
    let y = context.allocate(x.len()).unwrap();
    let mut encoder = context.device().create_command_encoder(&Default::default());
    let on_x = context.upload(&x).unwrap();
    context.record(&mut encoder).forward(LEAKY, &on_x, &y).unwrap();
    drop(on_x);
    let parameters = (1..50).map(|slope| Activation::LeakyRelu { negative_slope: slope as f32 });
    for activation in parameters {
        let other = context.upload(&vec![-1e9_f32; x.len()]).unwrap();
        context.forward_in_place(activation, &other).unwrap();
    }
    context.queue().submit([encoder.finish()]);
    assert_eq!(context.download(&y).unwrap(), forward(&x));
}

#[test]
fn a_pass_of_the_caller_takes_several_operations() {
    let context = context();
    let x = whole_numbers::<f32>(777, 7);
    let (on_x, y, z) = (context.upload(&x).unwrap(), context.allocate(777).unwrap(), context.allocate(777).unwrap());
    let mut encoder = context.device().create_command_encoder(&Default::default());
    {
        let mut pass = encoder.begin_compute_pass(&Default::default());
        let mut recording = context.record_in_pass(&mut pass);
        recording.forward(LEAKY, &on_x, &y).unwrap();
        recording.forward(LEAKY, &y, &z).unwrap();
    }
    context.queue().submit([encoder.finish()]);
    assert_eq!(context.download::<f32>(&z).unwrap(), forward(&forward(&x)));
}

/// A recording remembers its last commands, fewer than there are here.
#[test]
fn commands_that_come_again_are_recorded_again() {
    let context = context();
    let x = context.upload(&[64.0_f32, -64.0, 3.0, -8.0, -1.0]).unwrap();
    let results: Vec<_> = (0..20).map(|_| context.allocate::<f32>(5).unwrap()).collect();
    context
        .batch(|recording| {
            for turn in 0..3 {
                for y in &results {
                    let activation = if turn == 1 { Activation::Relu } else { LEAKY };
                    recording.forward(activation, &x, y)?;
                    recording.forward(activation, &x, y)?;
                }
                recording.forward(LEAKY, &x, &x)?;
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(context.download(&x).unwrap(), [64.0, -8.0, 3.0, -1.0, -0.125]);
    for y in &results {
        assert_eq!(context.download(y).unwrap(), [64.0, -8.0, 3.0, -1.0, -0.125]);
    }
}

#[test]
fn a_batch_that_fails_runs_nothing() {
    let context = context();
    let x = whole_numbers::<f32>(64, 7);
    let (on_x, short) = (context.upload(&x).unwrap(), context.allocate::<f32>(63).unwrap());
    let outcome = context.batch(|recording| {
        recording.forward(LEAKY, &on_x, &on_x)?;
        recording.forward(LEAKY, &on_x, &short)
    });
    assert!(matches!(outcome, Err(Error::LengthMismatch { .. })), "{outcome:?}");
    assert_eq!(context.download(&on_x).unwrap(), x);
}

#[test]
fn eight_threads_share_a_context() {
    let context = context();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let context = &context;
            scope.spawn(move || {
                for round in 0..20 {
                    every_way::<f32>(context, 1000 * thread + 37 * round);
                }
            });
        }
    });
}

/// Adapters with this few are accepted. A sum over xielu's elements in chunks binds the most.
#[test]
fn eight_storage_buffers_are_enough_for_every_kernel() {
    let (device, queue) = device_with(|limits| limits.max_storage_buffers_per_shader_stage = 8);
    let context = GpuActivations::from_device(device, queue).with_strategy(Strategy::Split);
    let xielu: Activation = "xielu".parse().unwrap();
    let axis = Axis::new(&[1000, 3], 1).unwrap();
    let x = context.upload(&whole_numbers::<f32>(3000, 7)).unwrap();
    let channels = context.upload(&[0.5_f32, 1.0, 2.0]).unwrap();
    let names = ["alpha_p", "alpha_n", "input_bias", "output_factor", "output_addend"];
    let mut parameters = ParameterBuffers::new();
    for name in names {
        parameters = parameters.per_channel(name, &channels, &axis);
    }
    context.forward_with(xielu, &parameters, &x).unwrap();
    context.backward_with(xielu, &parameters, &x, &x).unwrap();
    for name in names {
        context.parameter_gradient(xielu, &parameters, name, &x, &x).unwrap();
    }
    let mask = context.upload(&[1_u8; 3000]).unwrap();
    for axis in [Axis::new(&[2, 1500], 1).unwrap(), Axis::new(&[1500, 2], 0).unwrap()] {
        let softmax = AxisFunction::Softmax { temperature: 1.0 };
        let y = context.forward_along(&softmax, &axis, Some((&mask).into()), &x).unwrap();
        context.backward_along(&softmax, &axis, Some((&mask).into()), &x, &y).unwrap();
    }
}

#[test]
fn the_async_forms_agree_and_are_send() {
    fn send<F: Future + Send>(future: F) -> F {
        future
    }
    let context = pollster::block_on(send(GpuActivations::new_async())).unwrap();
    let (x, dy) = (whole_numbers::<f32>(3 << 20, 7), whole_numbers::<f32>(3 << 20, 11));
    let y = pollster::block_on(send(context.forward_slice_async(LEAKY, &x))).unwrap();
    assert!(y == forward(&x));
    let dx = pollster::block_on(send(context.backward_slice_async(LEAKY, &x, &dy))).unwrap();
    assert!(dx == backward(&x, &dy));
    let slopes = pollster::block_on(send(context.derivative_slice_async(LEAKY, Order::First, &x))).unwrap();
    assert!(slopes == context.derivative_slice(LEAKY, Order::First, &x).unwrap());
    let both = pollster::block_on(send(context.double_backward_slice_async(Activation::Silu, &x, &dy, &x))).unwrap();
    assert!(both == context.double_backward_slice(Activation::Silu, &x, &dy, &x).unwrap());
    let (softmax, axis) = (AxisFunction::Softmax { temperature: 1.0 }, Axis::last(&[3 << 10, 1 << 10]).unwrap());
    let both = context.double_backward_along_slice_async(&softmax, &axis, None, &x, &dy, &x);
    let both = pollster::block_on(send(both)).unwrap();
    assert!(both == context.double_backward_along_slice(&softmax, &axis, None, &x, &dy, &x).unwrap());
    let on_x = context.upload(&x).unwrap();
    assert!(pollster::block_on(send(context.download_async(&on_x))).unwrap() == x);
    let part = pollster::block_on(send(context.download_range_async(&on_x, 3..5000))).unwrap();
    assert!(part == x[3..5000]);
}

/// The arithmetic of software adapters is known; that of another adapter must only stay the same.
#[test]
fn arithmetic_is_tried_out() {
    let context = context();
    let found = context.arithmetic().unwrap();
    assert_eq!(own_context().arithmetic().unwrap(), found);
    let name = context.adapter_info().name;
    let subnormals = (found.keeps_subnormal_results, found.keeps_subnormal_operands);
    if name.contains("llvmpipe") {
        assert!(found.reassociates && found.divides_exactly && subnormals == (true, true), "{found:?}");
    } else if name.contains("SwiftShader") {
        assert!(!found.reassociates && found.divides_exactly && subnormals == (false, false), "{found:?}");
    }
}
