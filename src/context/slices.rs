//! Slices of the host, of any length, through the device in batches: while one computes, the next is uploaded.

use crate::catalog::{AlongLengths, Axis, Function};
use crate::context::handle::GpuActivations;
use crate::device::{BufferRange, Device, READBACK, RESIDENT, Waiting, padded_bytes, pooled_bytes};
use crate::error::{Error, check_lengths};
use crate::ops::{AlongOperands, Recording};
use crate::shader::{Element, Scalar};
use std::ops::Range;
use std::sync::Arc;
use wgpu::BufferUsages as Usage;

/// What a batch takes of the device for each operand, where an outer entry has no more; half of it where the host needs
/// memory of its own beside it.
const BATCH_BYTES: u64 = 8 << 20;

/// The operands of an operation on slices.
#[derive(Clone, Copy)]
struct AlongSlices<'a, T> {
    x: &'a [T],
    dy: Option<&'a [T]>,
    mask: Option<&'a [u8]>,
}

/// Which elements go through the device at once.
struct Batch {
    /// Of x and the mask.
    x: Range<usize>,
    /// Of dy.
    dy: Range<usize>,
    result: Range<usize>,
    /// Of functions along an axis.
    axis: Option<Axis>,
}

/// The device's memory for one batch.
struct Slot {
    x: Staged,
    dy: Option<Staged>,
    mask: Option<Staged>,
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
    /// Computes `function(x)` in new memory.
    ///
    /// ```
    /// use gpu_activations::{Activation, GpuActivations};
    ///
    /// let context = GpuActivations::new()?;
    /// assert_eq!(context.forward_slice(Activation::Relu, &[-1.0_f32, 2.0])?, [0.0, 2.0]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::ParameterOutOfRange`], [`Error::OutOfMemory`], [`Error::DeviceLost`].
    pub fn forward_slice<T: Element>(&self, function: impl Into<Function>, x: &[T]) -> Result<Vec<T>, Error> {
        let mut y = vec![T::zeroed(); x.len()];
        self.forward_slice_into(function, x, &mut y)?;
        Ok(y)
    }

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

    /// Computes `function(x)` in memory that you give.
    ///
    /// ```
    /// use gpu_activations::Activation;
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let mut y = [0.0_f32; 2];
    /// context.forward_slice_into(Activation::Relu, &[-2.0, 0.5], &mut y)?;
    /// assert_eq!(y, [0.0, 0.5]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and as [`GpuActivations::forward_slice`].
    pub fn forward_slice_into<T: Element>(
        &self,
        function: impl Into<Function>,
        x: &[T],
        y: &mut [T],
    ) -> Result<(), Error> {
        pollster::block_on(self.stream_elements(function.into(), x, None, y, Waiting::Blocking))
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
        self.stream_elements(function.into(), x, None, y, Waiting::Yielding).await
    }

    /// Computes `dy * derivative(x)` in new memory.
    ///
    /// ```
    /// use gpu_activations::Activation;
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let dx = context.backward_slice(Activation::Relu, &[-2.0_f32, 0.5], &[3.0, 3.0])?;
    /// assert_eq!(dx, [0.0, 3.0]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and as [`GpuActivations::forward_slice`].
    pub fn backward_slice<T: Element>(
        &self,
        function: impl Into<Function>,
        x: &[T],
        dy: &[T],
    ) -> Result<Vec<T>, Error> {
        let mut dx = vec![T::zeroed(); x.len()];
        self.backward_slice_into(function, x, dy, &mut dx)?;
        Ok(dx)
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

    /// Computes `dy * derivative(x)` in memory that you give.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and as [`GpuActivations::forward_slice`].
    pub fn backward_slice_into<T: Element>(
        &self,
        function: impl Into<Function>,
        x: &[T],
        dy: &[T],
        dx: &mut [T],
    ) -> Result<(), Error> {
        pollster::block_on(self.stream_elements(function.into(), x, Some(dy), dx, Waiting::Blocking))
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
        self.stream_elements(function.into(), x, Some(dy), dx, Waiting::Yielding).await
    }

    /// Computes `function(x)` along an axis, in new memory.
    ///
    /// ```
    /// use gpu_activations::{Axis, AxisFunction, GpuActivations};
    ///
    /// let context = GpuActivations::new()?;
    /// let maxout = AxisFunction::Maxout { pieces: 2 };
    /// let y = context.forward_along_slice(maxout, &Axis::last(&[4])?, None, &[1.0_f32, 5.0, 3.0, 2.0])?;
    /// assert_eq!(y, [5.0, 3.0]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Recording::forward_along`](crate::Recording::forward_along).
    pub fn forward_along_slice<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<&[u8]>,
        x: &[T],
    ) -> Result<Vec<T>, Error> {
        pollster::block_on(self.new_rows(function.into(), axis, AlongSlices { x, dy: None, mask }, Waiting::Blocking))
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
        self.new_rows(function.into(), axis, AlongSlices { x, dy: None, mask }, Waiting::Yielding).await
    }

    /// Computes `function(x)` along an axis, in memory that you give.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and as [`GpuActivations::forward_along_slice`].
    pub fn forward_along_slice_into<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<&[u8]>,
        x: &[T],
        y: &mut [T],
    ) -> Result<(), Error> {
        pollster::block_on(self.stream_rows(
            &function.into(),
            axis,
            AlongSlices { x, dy: None, mask },
            y,
            Waiting::Blocking,
        ))
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
        self.stream_rows(&function.into(), axis, AlongSlices { x, dy: None, mask }, y, Waiting::Yielding).await
    }

    /// Computes dx from x and dy, in new memory.
    ///
    /// ```
    /// use gpu_activations::{Axis, AxisFunction};
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let softmax: AxisFunction = "softmax".parse()?;
    /// let axis = Axis::last(&[1, 2])?;
    /// let dx = context.backward_along_slice(&softmax, &axis, None, &[0.0_f32, 0.0], &[1.0, 0.0])?;
    /// assert_eq!(dx, [0.25, -0.25]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Recording::backward_along`](crate::Recording::backward_along).
    pub fn backward_along_slice<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<&[u8]>,
        x: &[T],
        dy: &[T],
    ) -> Result<Vec<T>, Error> {
        pollster::block_on(self.new_rows(
            function.into(),
            axis,
            AlongSlices { x, dy: Some(dy), mask },
            Waiting::Blocking,
        ))
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
        self.new_rows(function.into(), axis, AlongSlices { x, dy: Some(dy), mask }, Waiting::Yielding).await
    }

    /// Computes dx from x and dy, in memory that you give.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and as [`GpuActivations::backward_along_slice`].
    pub fn backward_along_slice_into<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<&[u8]>,
        x: &[T],
        dy: &[T],
        dx: &mut [T],
    ) -> Result<(), Error> {
        pollster::block_on(self.stream_rows(
            &function.into(),
            axis,
            AlongSlices { x, dy: Some(dy), mask },
            dx,
            Waiting::Blocking,
        ))
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
        self.stream_rows(&function.into(), axis, AlongSlices { x, dy: Some(dy), mask }, dx, Waiting::Yielding).await
    }

    async fn stream_elements<T: Element>(
        &self,
        function: Function,
        x: &[T],
        dy: Option<&[T]>,
        result: &mut [T],
        waiting: Waiting,
    ) -> Result<(), Error> {
        function.elementwise()?.validate()?;
        let (len, result_name) = (x.len(), if dy.is_some() { "dx" } else { "y" });
        for (name, length) in [("dy", dy.map(<[T]>::len)), (result_name, Some(result.len()))] {
            length.map_or(Ok(()), |length| check_lengths(name, length as u64, "x", len as u64))?;
        }
        let most = self.most_elements::<T>();
        let batch = |first: usize| {
            let elements = first..len.min(first + most);
            Batch { x: elements.clone(), dy: elements.clone(), result: elements, axis: None }
        };
        let batches: Vec<Batch> = (0..len).step_by(most).map(batch).collect();
        self.stream(&function, &batches, AlongSlices { x, dy, mask: None }, result, waiting).await
    }

    async fn new_rows<T: Element>(
        &self,
        function: Function,
        axis: &Axis,
        slices: AlongSlices<'_, T>,
        waiting: Waiting,
    ) -> Result<Vec<T>, Error> {
        let output = function.along()?.output_len(axis)?;
        let mut result = vec![T::zeroed(); if slices.dy.is_some() { slices.x.len() } else { output }];
        self.stream_rows(&function, axis, slices, &mut result, waiting).await?;
        Ok(result)
    }

    async fn stream_rows<T: Element>(
        &self,
        function: &Function,
        axis: &Axis,
        slices: AlongSlices<'_, T>,
        result: &mut [T],
        waiting: Waiting,
    ) -> Result<(), Error> {
        let AlongSlices { x, dy, mask } = slices;
        let lengths = AlongLengths {
            input: ("x", x.len() as u64),
            dy: dy.map(|dy| dy.len() as u64),
            mask: mask.map(|mask| mask.len() as u64),
            result: Some(result.len() as u64),
        };
        let output = function.along()?.check_lengths(axis, &lengths)?;
        if result.is_empty() {
            return Ok(());
        }
        let outer = axis.outer();
        let (x_block, y_block, result_block) = (x.len() / outer, output / outer, result.len() / outer);
        // By the larger of input and output, as in crelu, whose output has twice as many elements.
        let most = self.most_elements::<T>() * x_block.max(1) / x_block.max(y_block).max(1);
        let batches: Vec<Batch> = axis
            .batches(most)
            .map(|(axis, entries)| {
                let of = |block: usize| entries.start * block..entries.end * block;
                Batch { x: of(x_block), dy: of(y_block), result: of(result_block), axis: Some(axis) }
            })
            .collect();
        self.stream(function, &batches, slices, result, waiting).await
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
        function: &Function,
        batches: &[Batch],
        slices: AlongSlices<'_, T>,
        result: &mut [T],
        waiting: Waiting,
    ) -> Result<(), Error> {
        let slots = (0..batches.len().min(2))
            .map(|_| Slot::new::<T>(&self.device, batches, slices))
            .collect::<Result<Vec<_>, _>>()?;
        let mut running = None;
        // One turn more than there are batches, to read the last one back.
        for index in 0..=batches.len() {
            let started = match batches.get(index) {
                Some(batch) => Some((index, self.start(function, &slots[index % 2], batch, slices)?)),
                None => None,
            };
            if let Some((previous, submission)) = std::mem::replace(&mut running, started) {
                let (slot, batch) = (&slots[previous % 2], &batches[previous]);
                let data = bytemuck::cast_slice_mut(&mut result[batch.result.clone()]);
                self.device.read(&slot.readable, submission, 0, data, waiting).await?;
            }
        }
        slots.into_iter().for_each(|slot| slot.release(&self.device));
        Ok(())
    }

    /// Uploads a batch and queues its computation.
    fn start<T: Element>(
        &self,
        function: &Function,
        slot: &Slot,
        batch: &Batch,
        slices: AlongSlices<'_, T>,
    ) -> Result<wgpu::SubmissionIndex, Error> {
        slot.x.write(&self.device, &slices.x[batch.x.clone()])?;
        if let (Some(staged), Some(dy)) = (&slot.dy, slices.dy) {
            staged.write(&self.device, &dy[batch.dy.clone()])?;
        }
        if let (Some(staged), Some(mask)) = (&slot.mask, slices.mask) {
            staged.write(&self.device, &mask[batch.x.clone()])?;
        }
        let (x_len, dy_len, result_len) = (batch.x.len(), batch.dy.len(), batch.result.len());
        let upload = |encoder: &mut wgpu::CommandEncoder| {
            slot.x.copy(encoder, padded_bytes::<T>(x_len));
            slot.dy.iter().for_each(|dy| dy.copy(encoder, padded_bytes::<T>(dy_len)));
            slot.mask.iter().for_each(|mask| mask.copy(encoder, padded_bytes::<u8>(x_len)));
        };
        let compute = |recording: &mut Recording<'_, '_>| {
            let operand = |buffer, len| BufferRange::<T>::padded(&self.device, buffer, len);
            let (x, result) = (operand(&slot.x.buffer, x_len), operand(&slot.result, result_len));
            let dy = slot.dy.as_ref().map(|dy| operand(&dy.buffer, dy_len));
            let mask = slot.mask.as_ref().map(|mask| BufferRange::padded(&self.device, &mask.buffer, x_len));
            match (&batch.axis, dy) {
                (Some(axis), dy) => {
                    let first_element = batch.x.start as u32;
                    let operands = AlongOperands { x, from_output: false, dy, mask, result, first_element };
                    recording.along(function, axis, &operands)
                }
                (None, Some(dy)) => recording.backward(function, x, dy, result),
                (None, None) => recording.forward(function, x, result),
            }
        };
        let download = |encoder: &mut wgpu::CommandEncoder| {
            if slot.readable != slot.result {
                encoder.copy_buffer_to_buffer(&slot.result, 0, &slot.readable, 0, padded_bytes::<T>(result_len));
            }
        };
        self.batch_between(upload, compute, download)
    }
}

impl Slot {
    /// Room for the largest batch.
    fn new<T: Element>(device: &Arc<Device>, batches: &[Batch], slices: AlongSlices<'_, T>) -> Result<Self, Error> {
        let most = |len: fn(&Batch) -> usize| batches.iter().map(len).max().unwrap_or(0);
        let pooled = |bytes| pooled_bytes(bytes, device.traits.limits.max_buffer_size);
        let staged = |bytes| Staged::new(device, pooled(bytes));
        let (x_elements, result_elements) = (most(|batch| batch.x.len()), most(|batch| batch.result.len()));
        let result_bytes = pooled(padded_bytes::<T>(result_elements));
        let x = staged(padded_bytes::<T>(x_elements))?;
        let dy = slices.dy.map(|_| staged(padded_bytes::<T>(most(|batch| batch.dy.len())))).transpose()?;
        let mask = slices.mask.map(|_| staged(padded_bytes::<u8>(x_elements))).transpose()?;
        let is_elementwise = batches.iter().all(|batch| batch.axis.is_none());
        let (result, readable) = if device.traits.mappable {
            let result = device.acquire(result_bytes, Usage::STORAGE | Usage::MAP_READ)?;
            (result.clone(), result)
        } else if is_elementwise {
            (x.buffer.clone(), device.acquire(result_bytes, READBACK)?)
        } else {
            (device.acquire(result_bytes, RESIDENT)?, device.acquire(result_bytes, READBACK)?)
        };
        Ok(Slot { x, dy, mask, result, readable })
    }

    /// Gives the buffers back, once the device has done with them.
    fn release(self, device: &Device) {
        let Slot { x, dy, mask, result, readable } = self;
        let apart = (result != x.buffer && result != readable).then_some(result);
        let inputs = [Some(x), dy, mask].into_iter().flatten();
        let buffers = inputs.flat_map(|input| [Some(input.buffer), input.staging]).chain([Some(readable), apart]);
        buffers.flatten().for_each(|buffer| device.release(buffer));
    }
}

impl Staged {
    fn new(device: &Device, bytes: u64) -> Result<Self, Error> {
        let acquire = |usage| device.acquire(bytes, usage);
        Ok(match device.traits.mappable {
            true => Staged { buffer: acquire(Usage::STORAGE | Usage::MAP_WRITE)?, staging: None },
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
