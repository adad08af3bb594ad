//! Slices of the host, of any length, through the device in batches: while one computes, the next is uploaded.

use crate::catalog::{AlongLengths, Axis, Function, Order};
use crate::context::handle::GpuActivations;
use crate::device::{BufferRange, Device, READBACK, RESIDENT, Waiting, padded_bytes, pooled_bytes};
use crate::error::{Error, check_lengths};
use crate::ops::{AlongOperands, DoubleBackward, Mask, Recording};
use crate::shader::{AlongPass, Element, Scalar};
use std::ops::Range;
use std::sync::Arc;
use wgpu::BufferUsages as Usage;

/// What a batch takes of the device for each operand, where an outer entry has no more; half of it where the host needs
/// memory of its own beside it.
const BATCH_BYTES: u64 = 8 << 20;

/// The inputs of an operation on slices.
#[derive(Clone, Copy)]
pub(super) struct Inputs<'a, T> {
    pub x: &'a [T],
    pub dy: Option<&'a [T]>,
    /// Of a double backward pass.
    pub v: Option<&'a [T]>,
    pub mask: Option<&'a [u8]>,
}

impl<'a, T> Inputs<'a, T> {
    pub(super) fn of(x: &'a [T]) -> Self {
        Inputs { x, dy: None, v: None, mask: None }
    }

    pub(super) fn along(x: &'a [T], dy: Option<&'a [T]>, mask: Option<&'a [u8]>) -> Self {
        Inputs { x, dy, v: None, mask }
    }
}

/// What is computed, apart from what the inputs tell.
pub(super) struct Task {
    function: Function,
    /// Of a derivative without a dy.
    order: Option<Order>,
}

impl Task {
    pub(super) fn of(function: impl Into<Function>) -> Self {
        Task { function: function.into(), order: None }
    }
}

/// Which elements go through the device at once.
struct Batch {
    /// Of x, v and the mask.
    x: Range<usize>,
    /// Of dy, and of the gradient by it.
    dy: Range<usize>,
    /// Of the first result.
    result: Range<usize>,
    /// Of functions along an axis.
    axis: Option<Axis>,
}

impl Batch {
    /// The elements of each result: the second one is the gradient by dy.
    fn results(&self) -> [Range<usize>; 2] {
        [self.result.clone(), self.dy.clone()]
    }
}

/// The device's memory for one batch.
struct Slot {
    x: Staged,
    dy: Option<Staged>,
    v: Option<Staged>,
    mask: Option<Staged>,
    outputs: Vec<Output>,
}

/// A result on the device.
struct Output {
    /// Over x where that is possible, and the host cannot read it in place.
    result: wgpu::Buffer,
    /// What the host reads: the result itself, or a copy of it.
    readable: wgpu::Buffer,
}

/// An operand on the device.
struct Staged {
    buffer: wgpu::Buffer,
    /// Where the host writes it, if not in its place: `Queue::write_buffer` would allocate such memory at every call.
    staging: Option<wgpu::Buffer>,
}

impl GpuActivations {
    /// As [`GpuActivations::forward_slice`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::forward_slice`].
    pub async fn forward_slice_async<T: Element>(
        &self,
        function: impl Into<Function>,
        x: &[T],
    ) -> Result<Vec<T>, Error> {
        let mut y = vec![T::zeroed(); x.len()];
        self.forward_slice_into_async(function, x, &mut y).await?;
        Ok(y)
    }

    /// As [`GpuActivations::forward_slice_into`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::forward_slice_into`].
    pub async fn forward_slice_into_async<T: Element>(
        &self,
        function: impl Into<Function>,
        x: &[T],
        y: &mut [T],
    ) -> Result<(), Error> {
        self.stream_elements(Task::of(function), Inputs::of(x), &mut [("y", y)], Waiting::Yielding).await
    }

    /// As [`GpuActivations::backward_slice`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::backward_slice`].
    pub async fn backward_slice_async<T: Element>(
        &self,
        function: impl Into<Function>,
        x: &[T],
        dy: &[T],
    ) -> Result<Vec<T>, Error> {
        let mut dx = vec![T::zeroed(); x.len()];
        self.backward_slice_into_async(function, x, dy, &mut dx).await?;
        Ok(dx)
    }

    /// As [`GpuActivations::backward_slice_into`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::backward_slice_into`].
    pub async fn backward_slice_into_async<T: Element>(
        &self,
        function: impl Into<Function>,
        x: &[T],
        dy: &[T],
        dx: &mut [T],
    ) -> Result<(), Error> {
        self.stream_elements(
            Task::of(function),
            Inputs { dy: Some(dy), ..Inputs::of(x) },
            &mut [("dx", dx)],
            Waiting::Yielding,
        )
        .await
    }

    /// As [`GpuActivations::derivative_slice`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::derivative_slice`].
    pub async fn derivative_slice_async<T: Element>(
        &self,
        function: impl Into<Function>,
        order: Order,
        x: &[T],
    ) -> Result<Vec<T>, Error> {
        let mut result = vec![T::zeroed(); x.len()];
        self.derivative_slice_into_async(function, order, x, &mut result).await?;
        Ok(result)
    }

    /// As [`GpuActivations::derivative_slice_into`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::derivative_slice_into`].
    pub async fn derivative_slice_into_async<T: Element>(
        &self,
        function: impl Into<Function>,
        order: Order,
        x: &[T],
        result: &mut [T],
    ) -> Result<(), Error> {
        self.derivatives(function, order, x, result, Waiting::Yielding).await
    }

    pub(super) async fn derivatives<T: Element>(
        &self,
        function: impl Into<Function>,
        order: Order,
        x: &[T],
        result: &mut [T],
        waiting: Waiting,
    ) -> Result<(), Error> {
        let task = Task { order: Some(order), ..Task::of(function) };
        self.stream_elements(task, Inputs::of(x), &mut [("the result", result)], waiting).await
    }

    /// As [`GpuActivations::double_backward_slice`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::double_backward_slice`].
    pub async fn double_backward_slice_async<T: Element>(
        &self,
        function: impl Into<Function>,
        x: &[T],
        dy: &[T],
        v: &[T],
    ) -> Result<(Vec<T>, Vec<T>), Error> {
        let (mut dx, mut ddy) = (vec![T::zeroed(); x.len()], vec![T::zeroed(); x.len()]);
        self.double_backward_slice_into_async(function, x, dy, v, &mut dx, &mut ddy).await?;
        Ok((dx, ddy))
    }

    /// As [`GpuActivations::double_backward_slice_into`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::double_backward_slice`].
    pub async fn double_backward_slice_into_async<T: Element>(
        &self,
        function: impl Into<Function>,
        x: &[T],
        dy: &[T],
        v: &[T],
        dx: &mut [T],
        ddy: &mut [T],
    ) -> Result<(), Error> {
        let inputs = Inputs { dy: Some(dy), v: Some(v), ..Inputs::of(x) };
        let results = &mut [("dx", dx), ("ddy", ddy)];
        self.stream_elements(Task::of(function), inputs, results, Waiting::Yielding).await
    }

    /// As [`GpuActivations::forward_along_slice`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::forward_along_slice`].
    pub async fn forward_along_slice_async<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<&[u8]>,
        x: &[T],
    ) -> Result<Vec<T>, Error> {
        self.new_rows(function.into(), axis, Inputs::along(x, None, mask), Waiting::Yielding).await
    }

    /// As [`GpuActivations::forward_along_slice_into`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::forward_along_slice_into`].
    pub async fn forward_along_slice_into_async<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<&[u8]>,
        x: &[T],
        y: &mut [T],
    ) -> Result<(), Error> {
        self.stream_rows(&function.into(), axis, Inputs::along(x, None, mask), &mut [y], Waiting::Yielding).await
    }

    /// As [`GpuActivations::backward_along_slice`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::backward_along_slice`].
    pub async fn backward_along_slice_async<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<&[u8]>,
        x: &[T],
        dy: &[T],
    ) -> Result<Vec<T>, Error> {
        self.new_rows(function.into(), axis, Inputs::along(x, Some(dy), mask), Waiting::Yielding).await
    }

    /// As [`GpuActivations::backward_along_slice_into`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::backward_along_slice_into`].
    pub async fn backward_along_slice_into_async<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<&[u8]>,
        x: &[T],
        dy: &[T],
        dx: &mut [T],
    ) -> Result<(), Error> {
        self.stream_rows(&function.into(), axis, Inputs::along(x, Some(dy), mask), &mut [dx], Waiting::Yielding).await
    }

    /// As [`GpuActivations::double_backward_along_slice`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::double_backward_along_slice`].
    pub async fn double_backward_along_slice_async<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<&[u8]>,
        x: &[T],
        dy: &[T],
        v: &[T],
    ) -> Result<(Vec<T>, Vec<T>), Error> {
        let (mut dx, mut ddy) = (vec![T::zeroed(); x.len()], vec![T::zeroed(); dy.len()]);
        self.double_backward_along_slice_into_async(function, axis, mask, x, dy, v, &mut dx, &mut ddy).await?;
        Ok((dx, ddy))
    }

    /// As [`GpuActivations::double_backward_along_slice_into`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::double_backward_along_slice`].
    #[expect(clippy::too_many_arguments, reason = "each is an operand")]
    pub async fn double_backward_along_slice_into_async<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<&[u8]>,
        x: &[T],
        dy: &[T],
        v: &[T],
        dx: &mut [T],
        ddy: &mut [T],
    ) -> Result<(), Error> {
        let inputs = Inputs { v: Some(v), ..Inputs::along(x, Some(dy), mask) };
        self.stream_rows(&function.into(), axis, inputs, &mut [dx, ddy], Waiting::Yielding).await
    }

    pub(super) async fn stream_elements<T: Element>(
        &self,
        task: Task,
        inputs: Inputs<'_, T>,
        results: &mut [(&'static str, &mut [T])],
        waiting: Waiting,
    ) -> Result<(), Error> {
        task.function.elementwise()?.validate()?;
        let len = inputs.x.len();
        let given =
            [("dy", inputs.dy), ("v", inputs.v)].into_iter().filter_map(|(name, data)| Some((name, data?.len())));
        for (name, length) in given.chain(results.iter().map(|(name, result)| (*name, result.len()))) {
            check_lengths(name, length as u64, "x", len as u64)?;
        }
        let most = self.most_elements::<T>();
        let batch = |first: usize| {
            let elements = first..len.min(first + most);
            Batch { x: elements.clone(), dy: elements.clone(), result: elements, axis: None }
        };
        let batches: Vec<Batch> = (0..len).step_by(most).map(batch).collect();
        let mut results: Vec<&mut [T]> = results.iter_mut().map(|(_, result)| &mut **result).collect();
        self.stream(&task, &batches, inputs, &mut results, waiting).await
    }

    pub(super) async fn new_rows<T: Element>(
        &self,
        function: Function,
        axis: &Axis,
        inputs: Inputs<'_, T>,
        waiting: Waiting,
    ) -> Result<Vec<T>, Error> {
        let output = function.along()?.output_len(axis)?;
        let mut result = vec![T::zeroed(); if inputs.dy.is_some() { inputs.x.len() } else { output }];
        self.stream_rows(&function, axis, inputs, &mut [&mut result], waiting).await?;
        Ok(result)
    }

    /// Computes y, dx, or dx and ddy, as the inputs tell.
    pub(super) async fn stream_rows<T: Element>(
        &self,
        function: &Function,
        axis: &Axis,
        inputs: Inputs<'_, T>,
        results: &mut [&mut [T]],
        waiting: Waiting,
    ) -> Result<(), Error> {
        let Inputs { x, dy, v, mask } = inputs;
        let along = function.along()?;
        if v.is_some() {
            along.check_double_backward()?;
        }
        let name = if dy.is_some() { "dx" } else { "y" };
        let result_len = results.first().map_or(0, |result| result.len());
        let lengths = AlongLengths {
            input: ("x", x.len() as u64),
            dy: dy.map(|dy| dy.len() as u64),
            v: v.map(|v| v.len() as u64),
            mask: mask.map(|mask| mask.len() as u64),
            result: Some((name, result_len as u64, dy.is_none())),
        };
        let output = along.check_lengths(axis, &lengths)?;
        if let Some(ddy) = results.get(1) {
            check_lengths("ddy", ddy.len() as u64, "the shape", output as u64)?;
        }
        if result_len == 0 {
            return Ok(());
        }
        let outer = axis.outer();
        let (x_block, y_block, result_block) = (x.len() / outer, output / outer, result_len / outer);
        // By the larger of input and output, as in crelu, whose output has twice as many elements.
        let most = self.most_elements::<T>() * x_block.max(1) / x_block.max(y_block).max(1);
        let batches: Vec<Batch> = axis
            .batches(most)
            .map(|(axis, entries)| {
                let of = |block: usize| entries.start * block..entries.end * block;
                Batch { x: of(x_block), dy: of(y_block), result: of(result_block), axis: Some(axis) }
            })
            .collect();
        self.stream(&Task::of(function), &batches, inputs, results, waiting).await
    }

    /// Elements of an operand that a batch has: a power of two, so that whole vectors of four divide it.
    fn most_elements<T: Element>(&self) -> usize {
        let traits = &self.device.traits;
        let most = if traits.mappable { BATCH_BYTES } else { BATCH_BYTES / 2 };
        (1 << traits.limits.max_buffer_size.clamp(16, most).ilog2()) / size_of::<T>()
    }

    /// Sends batches through the device, two at a time.
    async fn stream<T: Element>(
        &self,
        task: &Task,
        batches: &[Batch],
        inputs: Inputs<'_, T>,
        results: &mut [&mut [T]],
        waiting: Waiting,
    ) -> Result<(), Error> {
        let slots = (0..batches.len().min(2))
            .map(|_| Slot::new::<T>(&self.device, batches, inputs, results.len()))
            .collect::<Result<Vec<_>, _>>()?;
        let mut running = None;
        // One turn more than there are batches, to read the last one back.
        for index in 0..=batches.len() {
            let started = match batches.get(index) {
                Some(batch) => Some((index, self.start(task, &slots[index % 2], batch, inputs)?)),
                None => None,
            };
            if let Some((previous, submission)) = std::mem::replace(&mut running, started) {
                let (slot, batch) = (&slots[previous % 2], &batches[previous]);
                for ((result, output), range) in results.iter_mut().zip(&slot.outputs).zip(batch.results()) {
                    let data = bytemuck::cast_slice_mut(&mut result[range]);
                    self.device.read(&output.readable, submission.clone(), 0, data, waiting).await?;
                }
            }
        }
        slots.into_iter().for_each(|slot| slot.release(&self.device));
        Ok(())
    }

    /// Uploads a batch and queues its computation.
    fn start<T: Element>(
        &self,
        task: &Task,
        slot: &Slot,
        batch: &Batch,
        inputs: Inputs<'_, T>,
    ) -> Result<wgpu::SubmissionIndex, Error> {
        slot.x.write(&self.device, &inputs.x[batch.x.clone()])?;
        for (staged, data, range) in [(&slot.dy, inputs.dy, &batch.dy), (&slot.v, inputs.v, &batch.x)] {
            if let (Some(staged), Some(data)) = (staged, data) {
                staged.write(&self.device, &data[range.clone()])?;
            }
        }
        if let (Some(staged), Some(mask)) = (&slot.mask, inputs.mask) {
            staged.write(&self.device, &mask[batch.x.clone()])?;
        }
        let (x_len, dy_len) = (batch.x.len(), batch.dy.len());
        let upload = |encoder: &mut wgpu::CommandEncoder| {
            slot.x.copy(encoder, padded_bytes::<T>(x_len));
            slot.dy.iter().for_each(|dy| dy.copy(encoder, padded_bytes::<T>(dy_len)));
            slot.v.iter().for_each(|v| v.copy(encoder, padded_bytes::<T>(x_len)));
            slot.mask.iter().for_each(|mask| mask.copy(encoder, padded_bytes::<u8>(x_len)));
        };
        let compute = |recording: &mut Recording<'_, '_>| {
            let operand = |buffer, len| BufferRange::<T>::padded(&self.device, buffer, len);
            let x = operand(&slot.x.buffer, x_len);
            let outputs = slot.outputs.iter().zip(batch.results());
            let mut results = outputs.map(|(output, range)| operand(&output.result, range.len()));
            let (Some(result), second) = (results.next(), results.next()) else { return Ok(()) };
            let dy = slot.dy.as_ref().map(|dy| operand(&dy.buffer, dy_len));
            let v = slot.v.as_ref().map(|v| operand(&v.buffer, x_len));
            let function = &task.function;
            if let Some(axis) = &batch.axis {
                let mask = slot.mask.as_ref();
                let mask = mask.map(|mask| Mask::from(BufferRange::padded(&self.device, &mask.buffer, x_len)));
                if let (Some(dy), Some(v), Some(ddy)) = (dy, v, second) {
                    let operands = DoubleBackward { x, dy, v, dx: result, ddy };
                    return recording.double_backward_along(function, axis, mask, operands);
                }
                let first_element = batch.x.start as u32;
                let pass = if dy.is_some() { AlongPass::Backward } else { AlongPass::Forward };
                let operands = AlongOperands { pass, dy, first_element, ..AlongOperands::forward(x, mask, result) };
                return recording.along(function, axis, &operands);
            }
            match (task.order, dy, v, second) {
                (Some(order), ..) => recording.derivative(function, order, x, result),
                (None, Some(dy), Some(v), Some(ddy)) => {
                    recording.double_backward(function, DoubleBackward { x, dy, v, dx: result, ddy })
                }
                (None, Some(dy), ..) => recording.backward(function, x, dy, result),
                (None, None, ..) => recording.forward(function, x, result),
            }
        };
        let download = |encoder: &mut wgpu::CommandEncoder| {
            for (Output { result, readable }, range) in slot.outputs.iter().zip(batch.results()) {
                if readable != result {
                    encoder.copy_buffer_to_buffer(result, 0, readable, 0, padded_bytes::<T>(range.len()));
                }
            }
        };
        self.batch_between(upload, compute, download)
    }
}

impl Slot {
    /// Room for the largest batch, with so many results.
    fn new<T: Element>(
        device: &Arc<Device>,
        batches: &[Batch],
        inputs: Inputs<'_, T>,
        results: usize,
    ) -> Result<Self, Error> {
        let most = |len: fn(&Batch) -> usize| batches.iter().map(len).max().unwrap_or(0);
        let pooled = |bytes| pooled_bytes(bytes, device.traits.limits.max_buffer_size);
        let staged = |bytes| Staged::new(device, pooled(bytes));
        let (x_elements, dy_elements) = (most(|batch| batch.x.len()), most(|batch| batch.dy.len()));
        let x = staged(padded_bytes::<T>(x_elements))?;
        let dy = inputs.dy.map(|_| staged(padded_bytes::<T>(dy_elements))).transpose()?;
        let v = inputs.v.map(|_| staged(padded_bytes::<T>(x_elements))).transpose()?;
        let mask = inputs.mask.map(|_| staged(padded_bytes::<u8>(x_elements))).transpose()?;
        let is_over_x = results == 1 && batches.iter().all(|batch| batch.axis.is_none());
        let output = |elements: usize| {
            let result_bytes = pooled(padded_bytes::<T>(elements));
            if device.traits.mappable {
                let result = device.acquire(result_bytes, Usage::STORAGE | Usage::MAP_READ)?;
                return Ok(Output { readable: result.clone(), result });
            }
            let result = if is_over_x { x.buffer.clone() } else { device.acquire(result_bytes, RESIDENT)? };
            Ok(Output { result, readable: device.acquire(result_bytes, READBACK)? })
        };
        let elements = [most(|batch| batch.result.len()), dy_elements];
        let outputs = elements.into_iter().take(results).map(output).collect::<Result<Vec<_>, Error>>()?;
        Ok(Slot { x, dy, v, mask, outputs })
    }

    /// Gives the buffers back, once the device has done with them.
    fn release(self, device: &Device) {
        let Slot { x, dy, v, mask, outputs } = self;
        for Output { result, readable } in outputs {
            if result != x.buffer && result != readable {
                device.release(result);
            }
            device.release(readable);
        }
        let inputs = [Some(x), dy, v, mask].into_iter().flatten();
        inputs
            .flat_map(|input| [Some(input.buffer), input.staging])
            .flatten()
            .for_each(|buffer| device.release(buffer));
    }
}

impl Staged {
    fn new(device: &Device, bytes: u64) -> Result<Self, Error> {
        let acquire = |usage| device.acquire(bytes, usage);
        Ok(match device.traits.mappable {
            true => Staged { buffer: acquire(Usage::STORAGE | Usage::MAP_WRITE)?, staging: None },
            // A browser cannot wait for a buffer to be mapped.
            false if cfg!(target_arch = "wasm32") => Staged { buffer: acquire(RESIDENT)?, staging: None },
            false => Staged { buffer: acquire(RESIDENT)?, staging: Some(acquire(Usage::COPY_SRC | Usage::MAP_WRITE)?) },
        })
    }

    fn write<T: Scalar>(&self, device: &Device, data: &[T]) -> Result<(), Error> {
        device.write(self.staging.as_ref().unwrap_or(&self.buffer), bytemuck::cast_slice(data))
    }

    /// Takes what the host has staged to its place.
    fn copy(&self, encoder: &mut wgpu::CommandEncoder, bytes: u64) {
        if let Some(staging) = &self.staging {
            encoder.copy_buffer_to_buffer(staging, 0, &self.buffer, 0, bytes);
        }
    }
}
