use crate::context::handle::GpuActivations;
use crate::device::{GpuBuffer, READBACK, Waiting};
use crate::error::{Error, check_lengths};
use crate::shader::Scalar;
use std::ops::Range;

impl GpuActivations {
    /// Allocates device memory for `len` elements, of any content.
    ///
    /// # Errors
    /// [`Error::BufferTooLarge`], [`Error::OutOfMemory`], [`Error::DeviceLost`].
    pub fn allocate<T: Scalar>(&self, len: usize) -> Result<GpuBuffer<T>, Error> {
        GpuBuffer::new(&self.device, len)
    }

    /// Copies a slice to the device.
    ///
    /// ```
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let x = context.upload(&[1.0_f32, 2.0])?;
    /// assert_eq!(context.download(&x)?, [1.0, 2.0]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`GpuActivations::allocate`].
    pub fn upload<T: Scalar>(&self, data: &[T]) -> Result<GpuBuffer<T>, Error> {
        let buffer = self.allocate(data.len())?;
        self.device.write(buffer.operand().buffer, bytemuck::cast_slice(data))?;
        Ok(buffer)
    }

    /// Copies a slice to a buffer of its length. Operations that were submitted before see what was there.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::ForeignBuffer`], [`Error::OutOfMemory`], [`Error::DeviceLost`].
    pub fn upload_into<T: Scalar>(&self, data: &[T], buffer: &GpuBuffer<T>) -> Result<(), Error> {
        buffer.operand().check_owner("buffer", &self.device)?;
        check_lengths("data", data.len() as u64, "buffer", buffer.len() as u64)?;
        self.device.write(buffer.operand().buffer, bytemuck::cast_slice(data))
    }

    /// As [`GpuActivations::download`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::download`].
    pub async fn download_async<T: Scalar>(&self, buffer: &GpuBuffer<T>) -> Result<Vec<T>, Error> {
        let mut data = vec![T::zeroed(); buffer.len()];
        self.download_into_async(buffer, &mut data).await?;
        Ok(data)
    }

    /// As [`GpuActivations::download_into`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::download_into`].
    pub async fn download_into_async<T: Scalar>(&self, buffer: &GpuBuffer<T>, data: &mut [T]) -> Result<(), Error> {
        self.read_back(buffer, data, Waiting::Yielding).await
    }

    /// As [`GpuActivations::download_range`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::download_range`].
    pub async fn download_range_async<T: Scalar>(
        &self,
        buffer: &GpuBuffer<T>,
        elements: Range<usize>,
    ) -> Result<Vec<T>, Error> {
        self.new_range(buffer, elements, Waiting::Yielding).await
    }

    pub(super) async fn new_range<T: Scalar>(
        &self,
        buffer: &GpuBuffer<T>,
        elements: Range<usize>,
        waiting: Waiting,
    ) -> Result<Vec<T>, Error> {
        let len = buffer.slice(elements.clone())?.len() as usize;
        let mut data = vec![T::zeroed(); len];
        self.read_range(buffer, elements.start, &mut data, waiting).await?;
        Ok(data)
    }

    pub(super) async fn read_back<T: Scalar>(
        &self,
        buffer: &GpuBuffer<T>,
        data: &mut [T],
        waiting: Waiting,
    ) -> Result<(), Error> {
        check_lengths("data", data.len() as u64, "buffer", buffer.len() as u64)?;
        self.read_range(buffer, 0, data, waiting).await
    }

    async fn read_range<T: Scalar>(
        &self,
        buffer: &GpuBuffer<T>,
        first: usize,
        data: &mut [T],
        waiting: Waiting,
    ) -> Result<(), Error> {
        buffer.operand().check_owner("buffer", &self.device)?;
        if data.is_empty() {
            return Ok(());
        }
        // Copies take whole words; what precedes the first element in its word is dropped here.
        let from = (first * size_of::<T>()) as u64 / 4 * 4;
        let skipped = first * size_of::<T>() - from as usize;
        let bytes = (skipped + size_of_val(data)).next_multiple_of(16);
        let copied = (bytes as u64).min(buffer.operand().buffer.size() - from);
        let staging = self.device.acquire(bytes as u64, READBACK)?;
        let submission = self.device.submit(|encoder| {
            encoder.copy_buffer_to_buffer(buffer.operand().buffer, from, &staging, 0, copied);
            Ok(())
        })?;
        let to = bytemuck::cast_slice_mut(data);
        self.device.read(&staging, submission, skipped, to, waiting).await?;
        self.device.release(staging);
        Ok(())
    }
}
