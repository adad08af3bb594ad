//! Slices of the host, of any length, through the device in chunks: while one computes, the next is uploaded.

use crate::context::mismatch;
use crate::{Activation, Element, Error, GpuActivations, GpuBuffer};

/// What one chunk takes of the device for each operand.
const CHUNK_BYTES: usize = 8 << 20;

struct Slot<T: Element> {
    x: GpuBuffer<T>,
    dy: Option<GpuBuffer<T>>,
    staging: wgpu::Buffer,
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

    /// `activation(x)` in memory that you give.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and as [`GpuActivations::forward_slice`].
    pub fn forward_slice_into<T: Element>(&self, activation: Activation, x: &[T], y: &mut [T]) -> Result<(), Error> {
        if y.len() != x.len() {
            return Err(mismatch("y", y.len(), "x", x.len()));
        }
        self.stream(activation, x, None, y)
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
        if dy.len() != x.len() {
            return Err(mismatch("dy", dy.len(), "x", x.len()));
        }
        if dx.len() != x.len() {
            return Err(mismatch("dx", dx.len(), "x", x.len()));
        }
        self.stream(activation, x, Some(dy), dx)
    }

    fn stream<T: Element>(
        &self,
        activation: Activation,
        x: &[T],
        dy: Option<&[T]>,
        result: &mut [T],
    ) -> Result<(), Error> {
        activation.validate()?;
        let chunk = (CHUNK_BYTES / size_of::<T>()).min(x.len()).max(1);
        let count = x.len().div_ceil(chunk);
        let slots = (0..count.min(2)).map(|_| self.slot(chunk, dy.is_some())).collect::<Result<Vec<_>, _>>()?;
        let range = |index: usize| index * chunk..x.len().min((index + 1) * chunk);
        let mut running = None;
        for index in 0..count {
            let slot = &slots[index % 2];
            let submission = self.start(activation, slot, &x[range(index)], dy.map(|dy| &dy[range(index)]))?;
            if let Some((previous, submission)) = running.replace((index, submission)) {
                let data = bytemuck::cast_slice_mut(&mut result[range(previous)]);
                self.shared.read(&slots[previous % 2].staging, submission, data)?;
            }
        }
        if let Some((last, submission)) = running {
            let data = bytemuck::cast_slice_mut(&mut result[range(last)]);
            self.shared.read(&slots[last % 2].staging, submission, data)?;
        }
        Ok(())
    }

    fn slot<T: Element>(&self, len: usize, backward: bool) -> Result<Slot<T>, Error> {
        let x = self.allocate(len)?;
        let dy = if backward { Some(self.allocate(len)?) } else { None };
        let bytes = x.operand().buffer.size();
        let staging = self.shared.create_buffer(bytes, wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST)?;
        Ok(Slot { x, dy, staging })
    }

    /// Uploads a chunk and queues its computation, in place, and the copy to the slot's staging buffer.
    fn start<T: Element>(
        &self,
        activation: Activation,
        slot: &Slot<T>,
        x: &[T],
        dy: Option<&[T]>,
    ) -> Result<wgpu::SubmissionIndex, Error> {
        let in_x = slot.x.operand();
        self.shared.write(in_x.buffer, bytemuck::cast_slice(x))?;
        if let (Some(slot), Some(dy)) = (&slot.dy, dy) {
            self.shared.write(slot.operand().buffer, bytemuck::cast_slice(dy))?;
        }
        let mut encoder = self.encoder();
        let mut recording = self.record(&mut encoder);
        match &slot.dy {
            Some(dy) => recording.backward(activation, in_x, dy.operand(), in_x)?,
            None => recording.forward(activation, in_x, in_x)?,
        }
        drop(recording);
        encoder.copy_buffer_to_buffer(in_x.buffer, 0, &slot.staging, 0, in_x.buffer.size());
        self.shared.submit(encoder)
    }
}
