//! The speed of functions on a device, compared with a copy of as many streams in the same run.

use crate::catalog::{Axis, Function};
use crate::context::GpuActivations;
use crate::device::{BoundRange, Command, Dispatch, GpuBuffer, READBACK, Waiting};
use crate::error::Error;
use crate::ops::{LARGEST_BINDING, Recording, Target};
use crate::shader::{Access, CopyUniform, Direction, Element, Kernel, LaunchShape, numbers};
use std::time::Instant;
use wgpu::BufferUsages as Usage;

/// The measured throughput of one function and direction.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Throughput {
    /// Bytes read and written per second, in units of 10⁹: the median of the samples.
    pub gb_per_s: f64,
    /// The rate divided by that of the fastest copy kernel, usually below 1: the median over pairs of successive
    /// samples.
    pub ratio_to_copy: f64,
}

/// Measures functions in samples that alternate with samples of a copy, so that a slow machine slows both.
#[derive(Debug)]
pub struct Bench<'a> {
    context: &'a GpuActivations,
    samples: usize,
    clock: Clock,
    /// The copy compared with the last function.
    copy: Option<Copy>,
}

/// The source of the time.
#[derive(Debug)]
enum Clock {
    /// The device's own, in nanoseconds a tick.
    Device { queries: wgpu::QuerySet, resolved: wgpu::Buffer, readable: wgpu::Buffer, period: f64 },
    /// The host's, from submission to completion.
    Host,
}

/// The operands of one call, in a set of buffers.
struct Streams<T: Element> {
    x: GpuBuffer<T>,
    dy: Option<GpuBuffer<T>>,
    result: GpuBuffer<T>,
}

/// The lengths of the operands; dy only if it is read.
#[derive(Clone, Copy)]
struct Lengths {
    x: usize,
    dy: Option<usize>,
    result: usize,
}

/// Bytes of all sets of buffers, up to `MOST_SETS` sets. Calls take the sets in turn, because data that stays in a
/// cache is no memory traffic.
const ROTATED_BYTES: u64 = 256 << 20;
/// The most sets of buffers.
const MOST_SETS: u64 = 256;
/// The time of a sample, unless `MOST_CALLS` is reached first.
const SAMPLE_SECONDS: f64 = 0.02;
/// The most calls of a sample.
const MOST_CALLS: u64 = 4096;
/// The most bytes of scratch memory for the calls of a sample, unless one call needs more.
const SCRATCH_BYTES: u64 = 256 << 20;

/// Launch shapes to try for the copy.
const COPIES: [LaunchShape; 8] = [
    LaunchShape { workgroup: 64, vectors: 4 },
    LaunchShape { workgroup: 256, vectors: 1 },
    LaunchShape { workgroup: 256, vectors: 2 },
    LaunchShape { workgroup: 256, vectors: 4 },
    LaunchShape { workgroup: 256, vectors: 8 },
    LaunchShape { workgroup: 256, vectors: 16 },
    LaunchShape { workgroup: 512, vectors: 8 },
    LaunchShape { workgroup: 1024, vectors: 8 },
];

impl<'a> Bench<'a> {
    /// Returns a bench that takes `samples` samples of each function, at least one. The time is the device's own if its
    /// features include `TIMESTAMP_QUERY`, else the host's.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`], [`Error::DeviceLost`].
    pub fn new(context: &'a GpuActivations, samples: usize) -> Result<Bench<'a>, Error> {
        let device = context.device();
        let clock = if device.features().contains(wgpu::Features::TIMESTAMP_QUERY) {
            let descriptor =
                wgpu::QuerySetDescriptor { label: Some("throughput"), ty: wgpu::QueryType::Timestamp, count: 2 };
            let queries = context.device.checked(|| Ok(device.create_query_set(&descriptor)))?;
            let period = f64::from(context.queue().get_timestamp_period());
            let resolved = context.device.acquire(16, Usage::QUERY_RESOLVE | Usage::COPY_SRC)?;
            Clock::Device { queries, resolved, readable: context.device.acquire(16, READBACK)?, period }
        } else {
            Clock::Host
        };
        Ok(Bench { context, samples: samples.max(1), clock, copy: None })
    }

    /// Whether the bench reads the device's own clock.
    #[must_use]
    pub fn reads_device_clock(&self) -> bool {
        matches!(self.clock, Clock::Device { .. })
    }

    /// Measures one direction of an elementwise function on this number of elements.
    ///
    /// ```
    /// use gpu_activations::{Activation, Direction};
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let mut bench = gpu_activations::bench::Bench::new(&context, 1)?;
    /// let throughput = bench.elementwise::<f32>(Activation::Relu, Direction::Forward, 1 << 10)?;
    /// assert!(throughput.ratio_to_copy > 0.0);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`GpuActivations::forward`].
    pub fn elementwise<T: Element>(
        &mut self,
        function: impl Into<Function>,
        direction: Direction,
        elements: usize,
    ) -> Result<Throughput, Error> {
        let function = &function.into();
        let dy = (direction == Direction::Backward).then_some(elements);
        let lengths = Lengths { x: elements, dy, result: elements };
        self.measure::<T>(lengths, |recording, streams| match &streams.dy {
            None => recording.forward(function, streams.x.operand(), streams.result.operand()),
            Some(dy) => recording.backward(function, streams.x.operand(), dy.operand(), streams.result.operand()),
        })
    }

    /// Measures one direction of a function along an axis.
    ///
    /// # Errors
    /// Those of [`GpuActivations::forward_along`].
    pub fn along<T: Element>(
        &mut self,
        function: impl Into<Function>,
        axis: &Axis,
        direction: Direction,
    ) -> Result<Throughput, Error> {
        let function = &function.into();
        let (x, output) = (axis.elements(), function.along()?.output_len(axis)?);
        let lengths = match direction {
            Direction::Forward => Lengths { x, dy: None, result: output },
            Direction::Backward => Lengths { x, dy: Some(output), result: x },
        };
        self.measure::<T>(lengths, |recording, streams| {
            let (x, result) = (streams.x.operand(), streams.result.operand());
            match &streams.dy {
                None => recording.forward_along(function, axis, None, x, result),
                Some(dy) => recording.backward_along(function, axis, None, x, dy.operand(), result),
            }
        })
    }

    fn measure<T: Element>(
        &mut self,
        lengths: Lengths,
        call: impl Fn(&mut Recording<'_, '_>, &Streams<T>) -> Result<(), Error>,
    ) -> Result<Throughput, Error> {
        let sets = lengths.sets::<T>(self.context)?;
        let bytes = lengths.bytes::<T>();
        let streams = if lengths.dy.is_some() { 3 } else { 2 };
        if self.copy.as_ref().is_none_or(|copy| (copy.bytes, copy.streams) != (bytes, streams)) {
            // The memory of the last copy is freed first.
            self.copy = None;
            self.copy = Some(self.fastest_copy(bytes, streams)?);
        }
        let function = |recording: &mut Recording<'_, '_>, turn: usize| call(recording, &sets[turn % sets.len()]);
        let calls = self.calls(&function)?;
        let (mut rates, mut ratios) = (Vec::new(), Vec::new());
        for _ in 0..self.samples {
            let rate = bytes as f64 / self.seconds(&function, calls)?;
            if let Some(copy) = &self.copy {
                ratios.push(rate * self.seconds(&copy.call(), copy.calls)? / copy.copied as f64);
            }
            rates.push(rate / 1e9);
        }
        Ok(Throughput { gb_per_s: median(rates), ratio_to_copy: median(ratios) })
    }

    /// The copy in the fastest launch shape.
    fn fastest_copy(&self, bytes: u64, streams: u64) -> Result<Copy, Error> {
        let most = self.context.device.traits.limits.max_compute_invocations_per_workgroup;
        let mut best: Option<(f64, Copy)> = None;
        let buffers = Copy::buffers(self.context, bytes, streams)?;
        for launch in COPIES.into_iter().filter(|launch| launch.workgroup <= most) {
            let mut copy = Copy::new(self.context, launch, bytes, &buffers)?;
            let calls = self.calls(&copy.call())?;
            copy.calls = calls;
            let seconds = (0..3).map(|_| self.seconds(&copy.call(), copy.calls)).collect::<Result<Vec<_>, _>>()?;
            let seconds = median(seconds);
            if best.as_ref().is_none_or(|(least, _)| seconds < *least) {
                best = Some((seconds, copy));
            }
        }
        let (_, copy) = best.ok_or_else(|| Error::Refused { reason: "no workgroup is small enough".to_owned() })?;
        Ok(copy)
    }

    /// The number of calls in a sample, found by calls that also warm the device up.
    fn calls(&self, record: &impl Fn(&mut Recording<'_, '_>, usize) -> Result<(), Error>) -> Result<usize, Error> {
        let (_, scratch) = self.commands(record, 1)?;
        let bytes: u64 = scratch.iter().map(wgpu::Buffer::size).sum();
        scratch.into_iter().for_each(|buffer| self.context.device.release(buffer));
        let most = (SCRATCH_BYTES / bytes.max(1)).clamp(1, MOST_CALLS) as usize;
        let (mut calls, mut seconds) = (1, self.seconds(record, 1)?);
        while seconds * (calls as f64) < 0.25 * SAMPLE_SECONDS && calls < most {
            calls = most.min(4 * calls);
            seconds = self.seconds(record, calls)?;
        }
        Ok(((SAMPLE_SECONDS / seconds).ceil() as usize).clamp(1, most))
    }

    /// The commands of `calls` calls in one compute pass, and their scratch memory.
    fn commands(
        &self,
        record: &impl Fn(&mut Recording<'_, '_>, usize) -> Result<(), Error>,
        calls: usize,
    ) -> Result<(wgpu::CommandBuffer, Vec<wgpu::Buffer>), Error> {
        self.context.device.checked(|| {
            let mut encoder = self.context.device().create_command_encoder(&Default::default());
            let timestamp_writes = match &self.clock {
                Clock::Device { queries, .. } => Some(wgpu::ComputePassTimestampWrites {
                    query_set: queries,
                    beginning_of_pass_write_index: Some(0),
                    end_of_pass_write_index: Some(1),
                }),
                Clock::Host => None,
            };
            let descriptor = wgpu::ComputePassDescriptor { label: Some("throughput"), timestamp_writes };
            let mut pass = encoder.begin_compute_pass(&descriptor);
            let mut recording = self.context.recording(Target::Callers(&mut pass));
            (0..calls).try_for_each(|turn| record(&mut recording, turn))?;
            let scratch = std::mem::take(&mut recording.scratch);
            drop(recording);
            drop(pass);
            if let Clock::Device { queries, resolved, readable, .. } = &self.clock {
                encoder.resolve_query_set(queries, 0..2, resolved, 0);
                encoder.copy_buffer_to_buffer(resolved, 0, readable, 0, 16);
            }
            Ok((encoder.finish(), scratch))
        })
    }

    /// Seconds for each of `calls` calls.
    fn seconds(
        &self,
        record: &impl Fn(&mut Recording<'_, '_>, usize) -> Result<(), Error>,
        calls: usize,
    ) -> Result<f64, Error> {
        let device = &self.context.device;
        let (commands, scratch) = self.commands(record, calls)?;
        let begin = Instant::now();
        let submission = device.checked(|| Ok(device.at_work(|| self.context.queue().submit([commands]))))?;
        let total = match &self.clock {
            Clock::Host => {
                device.poll(wgpu::PollType::Wait { submission_index: Some(submission), timeout: None })?;
                begin.elapsed().as_secs_f64()
            }
            Clock::Device { readable, period, .. } => {
                let mut ticks = [0u64; 2];
                let bytes = bytemuck::bytes_of_mut(&mut ticks);
                pollster::block_on(device.read(readable, submission, 0, bytes, Waiting::Blocking))?;
                ticks[1].saturating_sub(ticks[0]) as f64 * period * 1e-9
            }
        };
        scratch.into_iter().for_each(|buffer| device.release(buffer));
        // A clock that did not advance means less than a tick.
        Ok(total.max(1e-9) / calls as f64)
    }
}

/// Commands that copy as many bytes as a function reads and writes, from as many streams, all of one length.
#[derive(Debug)]
struct Copy {
    dispatches: Vec<Dispatch>,
    /// Calls of a sample.
    calls: usize,
    /// The bytes and streams of the function.
    bytes: u64,
    streams: u64,
    /// The bytes that one call copies, at most what bindings hold.
    copied: u64,
}

impl Copy {
    fn buffers(context: &GpuActivations, bytes: u64, streams: u64) -> Result<Vec<Vec<GpuBuffer<f32>>>, Error> {
        let most = context.device.traits.limits.max_storage_buffer_binding_size.min(LARGEST_BINDING);
        if most < 16 {
            return Err(Error::Refused { reason: format!("its limits allow bindings of {most} bytes; 16 are needed") });
        }
        let elements = (bytes / streams).clamp(16, most) / 16 * 4;
        let set = |_| (0..streams).map(|_| context.allocate(elements as usize)).collect();
        (0..sets_of(bytes)).map(set).collect()
    }

    fn new(
        context: &GpuActivations,
        launch: LaunchShape,
        bytes: u64,
        buffers: &[Vec<GpuBuffer<f32>>],
    ) -> Result<Self, Error> {
        let entry_point = if buffers[0].len() > 2 { "backward" } else { "forward" };
        let vectors = buffers[0][0].len() as u64 / 4;
        let dispatch = |set: &Vec<GpuBuffer<f32>>| {
            let bound = [(numbers::RESULT, Access::Write), (numbers::X, Access::Read), (numbers::DY, Access::Read)];
            let bindings = set.iter().zip(bound);
            let bindings = bindings.map(|(buffer, (number, access))| BoundRange::whole(number, access, buffer.raw()));
            let uniform = CopyUniform { vectors: vectors as u32, ..CopyUniform::default() };
            context.device.dispatch(Command {
                label: "copy",
                kernel: Kernel::Copy(launch),
                entry_point,
                bindings: bindings.collect(),
                uniform: bytemuck::bytes_of(&uniform).to_vec(),
                workgroups: launch.workgroups(vectors),
            })
        };
        let dispatches = context.device.checked(|| buffers.iter().map(dispatch).collect::<Result<Vec<_>, _>>())?;
        let streams = buffers[0].len() as u64;
        Ok(Copy { dispatches, calls: 1, bytes, streams, copied: vectors * 16 * streams })
    }

    fn call(&self) -> impl Fn(&mut Recording<'_, '_>, usize) -> Result<(), Error> {
        |recording, turn| {
            recording.run(std::slice::from_ref(&self.dispatches[turn % self.dispatches.len()]));
            Ok(())
        }
    }
}

/// The number of sets of buffers to take in turn, each of `bytes` bytes.
fn sets_of(bytes: u64) -> u64 {
    (ROTATED_BYTES / bytes.max(1)).clamp(1, MOST_SETS)
}

impl Lengths {
    fn bytes<T>(&self) -> u64 {
        (self.x + self.dy.unwrap_or(0) + self.result) as u64 * size_of::<T>() as u64
    }

    fn sets<T: Element>(&self, context: &GpuActivations) -> Result<Vec<Streams<T>>, Error> {
        let set = |_| {
            Ok(Streams {
                x: numbers(context, self.x)?,
                dy: self.dy.map(|len| numbers(context, len)).transpose()?,
                result: context.allocate(self.result)?,
            })
        };
        (0..sets_of(self.bytes::<T>())).map(set).collect()
    }
}

/// Numbers on both sides of 0, where the functions are curved. One block is repeated, so that the host has memory for
/// any length.
fn numbers<T: Element>(context: &GpuActivations, len: usize) -> Result<GpuBuffer<T>, Error> {
    const BLOCK: usize = 1 << 22;
    let buffer = context.allocate::<T>(len)?;
    let block: Vec<T> = (0..len.min(BLOCK)).map(|i| T::from_f64((i % 1999) as f64 / 200.0 - 5.0)).collect();
    for begin in (0..len).step_by(BLOCK) {
        let piece = &block[..block.len().min(len - begin)];
        let offset = (begin * size_of::<T>()) as u64;
        context.device.write_at(buffer.operand().buffer, offset, bytemuck::cast_slice(piece))?;
    }
    Ok(buffer)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
