//! Slices of the host, of any length, through the device in chunks: while one computes, the next is uploaded.

use crate::context::mismatch;
use crate::device::buffer::padded_bytes;
use crate::device::{READBACK, RESIDENT, Shared, Waiting};
use crate::{Activation, BufferRange, Element, Error, GpuActivations};
use std::sync::Arc;
use wgpu::BufferUsages as Usage;

/// What one chunk takes of the device for each operand; half of it where the host needs memory of its own beside it.
const CHUNK_BYTES: u64 = 8 << 20;

/// The operands of an operation on slices.
struct Slices<'a, T> {
    x: &'a [T],
    dy: Option<&'a [T]>,
}

/// The device's memory for one chunk.
struct Slot {
    x: Input,
    dy: Option<Input>,
    /// Over x where the host cannot read it in place.
    result: wgpu::Buffer,
    /// What the host reads: the result itself, or a copy of it.
    readable: wgpu::Buffer,
}

/// An operand on the device.
struct Input {
    buffer: wgpu::Buffer,
    /// Where the host writes it, if not in its place: `Queue::write_buffer` would allocate such memory at every call.
    staging: Option<wgpu::Buffer>,
}

impl GpuActivations {
    /// `activation(x)` in new memory.
    ///
    /// # Errors
    /// [`Error::ParameterOutOfRange`], [`Error::OutOfMemory`], [`Error::DeviceLost`].
    pub fn forward_slice<T: Element>(&self, activation: Activation, x: &[T]) -> Result<Vec<T>, Error> {
        let mut y = vec![T::zeroed(); x.len()];
        self.forward_slice_into(activation, x, &mut y)?;
        Ok(y)
    }

    /// As [`GpuActivations::forward_slice`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::forward_slice`].
    pub async fn forward_slice_async<T: Element>(&self, activation: Activation, x: &[T]) -> Result<Vec<T>, Error> {
        let mut y = vec![T::zeroed(); x.len()];
        self.forward_slice_into_async(activation, x, &mut y).await?;
        Ok(y)
    }

    /// `activation(x)` in memory that you give.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and as [`GpuActivations::forward_slice`].
    pub fn forward_slice_into<T: Element>(&self, activation: Activation, x: &[T], y: &mut [T]) -> Result<(), Error> {
        self.stream_blocking(activation, Slices { x, dy: None }, y)
    }

    /// As [`GpuActivations::forward_slice_into`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::forward_slice_into`].
    pub async fn forward_slice_into_async<T: Element>(
        &self,
        activation: Activation,
        x: &[T],
        y: &mut [T],
    ) -> Result<(), Error> {
        self.stream(activation, Slices { x, dy: None }, y, Waiting::Yielding).await
    }

    /// `dy * derivative(x)` in new memory.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and as [`GpuActivations::forward_slice`].
    pub fn backward_slice<T: Element>(&self, activation: Activation, x: &[T], dy: &[T]) -> Result<Vec<T>, Error> {
        let mut dx = vec![T::zeroed(); x.len()];
        self.backward_slice_into(activation, x, dy, &mut dx)?;
        Ok(dx)
    }

    /// As [`GpuActivations::backward_slice`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::backward_slice`].
    pub async fn backward_slice_async<T: Element>(
        &self,
        activation: Activation,
        x: &[T],
        dy: &[T],
    ) -> Result<Vec<T>, Error> {
        let mut dx = vec![T::zeroed(); x.len()];
        self.backward_slice_into_async(activation, x, dy, &mut dx).await?;
        Ok(dx)
    }

    /// `dy * derivative(x)` in memory that you give.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and as [`GpuActivations::forward_slice`].
    pub fn backward_slice_into<T: Element>(
        &self,
        activation: Activation,
        x: &[T],
        dy: &[T],
        dx: &mut [T],
    ) -> Result<(), Error> {
        self.stream_blocking(activation, Slices { x, dy: Some(dy) }, dx)
    }

    /// As [`GpuActivations::backward_slice_into`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::backward_slice_into`].
    pub async fn backward_slice_into_async<T: Element>(
        &self,
        activation: Activation,
        x: &[T],
        dy: &[T],
        dx: &mut [T],
    ) -> Result<(), Error> {
        self.stream(activation, Slices { x, dy: Some(dy) }, dx, Waiting::Yielding).await
    }

    fn stream_blocking<T: Element>(
        &self,
        activation: Activation,
        slices: Slices<'_, T>,
        result: &mut [T],
    ) -> Result<(), Error> {
        pollster::block_on(self.stream(activation, slices, result, Waiting::Blocking))
    }

    async fn stream<T: Element>(
        &self,
        activation: Activation,
        slices: Slices<'_, T>,
        result: &mut [T],
        waiting: Waiting,
    ) -> Result<(), Error> {
        activation.validate()?;
        slices.check(result.len())?;
        let chunk_bytes = if self.shared.mappable { CHUNK_BYTES } else { CHUNK_BYTES / 2 };
        let most = self.shared.limits.max_buffer_size.clamp(16, chunk_bytes);
        // A power of two, so that whole vectors of four divide it.
        let chunk = (1 << most.ilog2()) / size_of::<T>();
        let len = slices.x.len();
        let count = len.div_ceil(chunk);
        // A power of two, so that slices of like lengths share the pool's buffers.
        let bytes = padded_bytes::<T>(len.min(chunk).next_power_of_two());
        let slots = (0..count.min(2))
            .map(|_| Slot::new(&self.shared, bytes, slices.dy.is_some()))
            .collect::<Result<Vec<_>, _>>()?;
        let range = |index: usize| index * chunk..len.min((index + 1) * chunk);
        let mut running = None;
        // One turn more than there are chunks, to read the last one back.
        for index in 0..=count {
            let started = match index < count {
                true => Some((index, self.start(activation, &slots[index % 2], slices.part(range(index)))?)),
                false => None,
            };
            if let Some((previous, submission)) = std::mem::replace(&mut running, started) {
                let data = bytemuck::cast_slice_mut(&mut result[range(previous)]);
                self.shared.read(&slots[previous % 2].readable, submission, data, waiting).await?;
            }
        }
        slots.into_iter().for_each(|slot| slot.release(&self.shared));
        Ok(())
    }

    /// Uploads a chunk and queues its computation.
    fn start<T: Element>(
        &self,
        activation: Activation,
        slot: &Slot,
        chunk: Slices<'_, T>,
    ) -> Result<wgpu::SubmissionIndex, Error> {
        let operand = |buffer| BufferRange::<T>::padded(&self.shared, buffer, chunk.x.len());
        slot.x.write(&self.shared, chunk.x)?;
        if let (Some(input), Some(dy)) = (&slot.dy, chunk.dy) {
            input.write(&self.shared, dy)?;
        }
        let bytes = padded_bytes::<T>(chunk.x.len());
        self.shared.submit(|encoder| {
            for input in [Some(&slot.x), slot.dy.as_ref()].into_iter().flatten() {
                if let Some(staging) = &input.staging {
                    encoder.copy_buffer_to_buffer(staging, 0, &input.buffer, 0, bytes);
                }
            }
            let (x, result) = (operand(&slot.x.buffer), operand(&slot.result));
            let mut recording = self.batched(encoder);
            match &slot.dy {
                Some(dy) => recording.backward(activation, x, operand(&dy.buffer), result)?,
                None => recording.forward(activation, x, result)?,
            }
            drop(recording);
            if slot.readable != slot.result {
                encoder.copy_buffer_to_buffer(&slot.result, 0, &slot.readable, 0, bytes);
            }
            Ok(())
        })
    }
}

impl<'a, T> Slices<'a, T> {
    fn check(&self, result: usize) -> Result<(), Error> {
        let (x, name) = (self.x.len(), if self.dy.is_some() { "dx" } else { "y" });
        match self.dy {
            Some(dy) if dy.len() != x => Err(mismatch("dy", dy.len(), "x", x)),
            _ if result != x => Err(mismatch(name, result, "x", x)),
            _ => Ok(()),
        }
    }

    fn part(&self, range: std::ops::Range<usize>) -> Slices<'a, T> {
        Slices { x: &self.x[range.clone()], dy: self.dy.map(|dy| &dy[range]) }
    }
}

impl Slot {
    fn new(shared: &Arc<Shared>, bytes: u64, backward: bool) -> Result<Self, Error> {
        let x = Input::new(shared, bytes)?;
        let dy = if backward { Some(Input::new(shared, bytes)?) } else { None };
        let (result, readable) = if shared.mappable {
            let result = shared.acquire(bytes, Usage::STORAGE | Usage::MAP_READ)?;
            (result.clone(), result)
        } else {
            (x.buffer.clone(), shared.acquire(bytes, READBACK)?)
        };
        Ok(Slot { x, dy, result, readable })
    }

    /// Gives the buffers back, once the device has done with them.
    fn release(self, shared: &Shared) {
        let inputs = [Some(self.x), self.dy].into_iter().flatten();
        let buffers = inputs.flat_map(|input| [Some(input.buffer), input.staging]).chain([Some(self.readable)]);
        buffers.flatten().for_each(|buffer| shared.release(buffer));
    }
}

impl Input {
    fn new(shared: &Shared, bytes: u64) -> Result<Self, Error> {
        let input = |usage| shared.acquire(bytes, usage);
        Ok(match shared.mappable {
            true => Input { buffer: input(Usage::STORAGE | Usage::MAP_WRITE)?, staging: None },
            false => Input { buffer: input(RESIDENT)?, staging: Some(input(Usage::COPY_SRC | Usage::MAP_WRITE)?) },
        })
    }

    fn write<T: Element>(&self, shared: &Shared, data: &[T]) -> Result<(), Error> {
        shared.write(self.staging.as_ref().unwrap_or(&self.buffer), bytemuck::cast_slice(data))
    }
}
