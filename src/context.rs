use crate::buffer::padded_bytes;
use crate::pipeline::{Cache, lock};
use crate::recording::Target;
use crate::{Activation, Element, Error, GpuBuffer, Recording, adapter};
use std::sync::{Arc, Mutex};

/// Where activations run: a device, its queue, and what is kept between calls. Cheap to clone; threads may share it.
#[derive(Debug, Clone)]
pub struct GpuActivations {
    pub(crate) shared: Arc<Shared>,
}

/// How a context is made.
#[derive(Debug, Clone)]
pub struct Builder {
    adapter: Option<String>,
    pool_limit: u64,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    pub limits: wgpu::Limits,
    pub cache: Cache,
    pool: Mutex<Vec<wgpu::Buffer>>,
    pool_limit: u64,
    /// Why the device was lost, once it was.
    lost: Arc<Mutex<Option<String>>>,
}

impl Builder {
    /// Takes the best adapter whose name contains this text, whatever the case.
    pub fn adapter(mut self, name: impl Into<String>) -> Self {
        self.adapter = Some(name.into());
        self
    }

    /// Keeps at most this many bytes of freed device memory for reuse; 64 MiB unless told.
    pub fn pool_limit(mut self, bytes: u64) -> Self {
        self.pool_limit = bytes;
        self
    }

    /// Makes the context.
    ///
    /// # Errors
    /// [`Error::NoAdapter`], [`Error::DeviceLost`].
    pub async fn build_async(self) -> Result<GpuActivations, Error> {
        let adapter = adapter::choose(self.adapter.as_deref()).await?;
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("gpu-activations"),
            required_limits: adapter.limits(),
            ..Default::default()
        };
        let (device, queue) = adapter
            .request_device(&descriptor)
            .await
            .map_err(|error| Error::DeviceLost { reason: error.to_string() })?;
        let context = GpuActivations::with_pool_limit(device, queue, self.pool_limit);
        let lost = Arc::clone(&context.shared.lost);
        context.shared.device.set_device_lost_callback(move |_, reason| *lock(&lost) = Some(reason));
        let lost = Arc::clone(&context.shared.lost);
        context.shared.device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            lock(&lost).get_or_insert(error.to_string());
        }));
        Ok(context)
    }

    /// Makes the context, waiting for it.
    ///
    /// # Errors
    /// As [`Builder::build_async`].
    pub fn build(self) -> Result<GpuActivations, Error> {
        pollster::block_on(self.build_async())
    }
}

impl GpuActivations {
    /// A context on the best adapter, or on that named by `WGPU_ADAPTER_NAME`.
    ///
    /// # Errors
    /// [`Error::NoAdapter`], [`Error::DeviceLost`].
    pub fn new() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// As [`GpuActivations::new`], without waiting.
    ///
    /// # Errors
    /// As [`GpuActivations::new`].
    pub async fn new_async() -> Result<Self, Error> {
        Self::builder().build_async().await
    }

    /// Chooses adapter and limits.
    pub fn builder() -> Builder {
        Builder { adapter: None, pool_limit: 64 << 20 }
    }

    /// A context on a device of yours. Its callbacks are left as they are.
    pub fn from_device(device: wgpu::Device, queue: wgpu::Queue) -> Self {
        Self::with_pool_limit(device, queue, 64 << 20)
    }

    fn with_pool_limit(device: wgpu::Device, queue: wgpu::Queue, pool_limit: u64) -> Self {
        let limits = device.limits();
        let (cache, pool, lost) = Default::default();
        GpuActivations { shared: Arc::new(Shared { device, queue, limits, cache, pool, pool_limit, lost }) }
    }

    /// The device.
    pub fn device(&self) -> &wgpu::Device {
        &self.shared.device
    }

    /// The queue.
    pub fn queue(&self) -> &wgpu::Queue {
        &self.shared.queue
    }

    /// What the adapter says of itself.
    pub fn adapter_info(&self) -> wgpu::AdapterInfo {
        self.shared.device.adapter_info()
    }

    /// Device memory for `len` elements, of any content.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::OutOfMemory`], [`Error::DeviceLost`].
    pub fn allocate<T: Element>(&self, len: usize) -> Result<GpuBuffer<T>, Error> {
        GpuBuffer::new(&self.shared, len)
    }

    /// Copies a slice to the device.
    ///
    /// # Errors
    /// As [`GpuActivations::allocate`].
    pub fn upload<T: Element>(&self, data: &[T]) -> Result<GpuBuffer<T>, Error> {
        let buffer = self.allocate(data.len())?;
        self.shared.write(buffer.operand().buffer, bytemuck::cast_slice(data))?;
        Ok(buffer)
    }

    /// Copies a buffer to new memory of the host.
    ///
    /// # Errors
    /// [`Error::ForeignBuffer`], [`Error::OutOfMemory`], [`Error::DeviceLost`].
    pub fn download<T: Element>(&self, buffer: &GpuBuffer<T>) -> Result<Vec<T>, Error> {
        let mut data = vec![T::zeroed(); buffer.len()];
        self.download_into(buffer, &mut data)?;
        Ok(data)
    }

    /// Copies a buffer to a slice of its length.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and as [`GpuActivations::download`].
    pub fn download_into<T: Element>(&self, buffer: &GpuBuffer<T>, data: &mut [T]) -> Result<(), Error> {
        self.own("buffer", buffer)?;
        if buffer.len() != data.len() {
            return Err(mismatch("data", data.len(), "buffer", buffer.len()));
        }
        if data.is_empty() {
            return Ok(());
        }
        let staging = self.shared.create_buffer(
            padded_bytes::<T>(data.len()),
            wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        )?;
        let mut encoder = self.encoder();
        encoder.copy_buffer_to_buffer(buffer.operand().buffer, 0, &staging, 0, padded_bytes::<T>(data.len()));
        let submission = self.shared.submit(encoder)?;
        self.shared.read(&staging, submission, bytemuck::cast_slice_mut(data))
    }

    /// `activation(x)` in a new buffer.
    ///
    /// # Errors
    /// [`Error::ParameterOutOfRange`], [`Error::ForeignBuffer`], [`Error::OutOfMemory`], [`Error::DeviceLost`].
    pub fn forward<T: Element>(&self, activation: Activation, x: &GpuBuffer<T>) -> Result<GpuBuffer<T>, Error> {
        let y = self.allocate(x.len())?;
        self.forward_into(activation, x, &y)?;
        Ok(y)
    }

    /// `activation(x)` in a buffer that you give, which may be `x` itself.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and as [`GpuActivations::forward`].
    pub fn forward_into<T: Element>(
        &self,
        activation: Activation,
        x: &GpuBuffer<T>,
        y: &GpuBuffer<T>,
    ) -> Result<(), Error> {
        self.own("x", x)?;
        self.own("y", y)?;
        self.batch(|recording| recording.forward(activation, x.operand(), y.operand()))
    }

    /// `dy * derivative(x)` in a new buffer.
    ///
    /// # Errors
    /// As [`GpuActivations::forward_into`].
    pub fn backward<T: Element>(
        &self,
        activation: Activation,
        x: &GpuBuffer<T>,
        dy: &GpuBuffer<T>,
    ) -> Result<GpuBuffer<T>, Error> {
        let dx = self.allocate(x.len())?;
        self.backward_into(activation, x, dy, &dx)?;
        Ok(dx)
    }

    /// `dy * derivative(x)` in a buffer that you give, which may be `x` or `dy` itself.
    ///
    /// # Errors
    /// As [`GpuActivations::forward_into`].
    pub fn backward_into<T: Element>(
        &self,
        activation: Activation,
        x: &GpuBuffer<T>,
        dy: &GpuBuffer<T>,
        dx: &GpuBuffer<T>,
    ) -> Result<(), Error> {
        for (operand, buffer) in [("x", x), ("dy", dy), ("dx", dx)] {
            self.own(operand, buffer)?;
        }
        self.batch(|recording| recording.backward(activation, x.operand(), dy.operand(), dx.operand()))
    }

    /// Records any number of operations and submits them at once.
    ///
    /// # Errors
    /// What the closure returns; nothing has run then.
    pub fn batch(&self, record: impl FnOnce(&mut Recording<'_, '_>) -> Result<(), Error>) -> Result<(), Error> {
        let mut encoder = self.encoder();
        record(&mut self.record(&mut encoder))?;
        self.shared.submit(encoder)?;
        Ok(())
    }

    /// Records into an encoder of yours, in a compute pass of its own. You submit it.
    pub fn record<'a>(&'a self, encoder: &'a mut wgpu::CommandEncoder) -> Recording<'a, 'a> {
        let descriptor = wgpu::ComputePassDescriptor { label: Some("activations"), timestamp_writes: None };
        Recording { shared: &self.shared, pass: Target::Own(Box::new(encoder.begin_compute_pass(&descriptor))) }
    }

    /// Records into a compute pass of yours, whose pipeline and bind group 0 are changed. You submit it.
    pub fn record_in_pass<'a, 'pass>(&'a self, pass: &'a mut wgpu::ComputePass<'pass>) -> Recording<'a, 'pass> {
        Recording { shared: &self.shared, pass: Target::Callers(pass) }
    }

    pub(crate) fn encoder(&self) -> wgpu::CommandEncoder {
        self.shared.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("activations") })
    }

    fn own<T: Element>(&self, operand: &'static str, buffer: &GpuBuffer<T>) -> Result<(), Error> {
        if Arc::ptr_eq(buffer.owner(), &self.shared) { Ok(()) } else { Err(Error::ForeignBuffer { operand }) }
    }
}

pub(crate) fn mismatch(left: &'static str, left_length: usize, right: &'static str, right_length: usize) -> Error {
    Error::LengthMismatch { left, left_length: left_length as u64, right, right_length: right_length as u64 }
}

impl Shared {
    /// A storage buffer from the pool, or a new one.
    pub(crate) fn acquire(&self, bytes: u64) -> Result<wgpu::Buffer, Error> {
        let mut pool = lock(&self.pool);
        if let Some(index) = pool.iter().position(|buffer| buffer.size() == bytes) {
            return Ok(pool.swap_remove(index));
        }
        drop(pool);
        use wgpu::BufferUsages as Usage;
        self.create_buffer(bytes, Usage::STORAGE | Usage::COPY_SRC | Usage::COPY_DST)
    }

    pub(crate) fn release(&self, buffer: wgpu::Buffer) {
        let mut pool = lock(&self.pool);
        let held: u64 = pool.iter().map(wgpu::Buffer::size).sum();
        if held.saturating_add(buffer.size()) <= self.pool_limit {
            pool.push(buffer);
        }
    }

    pub(crate) fn create_buffer(&self, bytes: u64, usage: wgpu::BufferUsages) -> Result<wgpu::Buffer, Error> {
        if bytes > self.limits.max_buffer_size {
            return Err(Error::TooLarge { bytes, limit: self.limits.max_buffer_size });
        }
        self.alive()?;
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let other = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("activations"),
            size: bytes,
            usage,
            mapped_at_creation: false,
        });
        let other = other.pop();
        let memory = memory.pop();
        if pollster::block_on(memory).is_some() {
            return Err(Error::OutOfMemory { bytes });
        }
        match pollster::block_on(other) {
            Some(error) => Err(Error::DeviceLost { reason: error.to_string() }),
            None => Ok(buffer),
        }
    }

    /// Copies to a buffer, whose size has room for whole words.
    pub(crate) fn write(&self, buffer: &wgpu::Buffer, bytes: &[u8]) -> Result<(), Error> {
        self.alive()?;
        let whole = bytes.len() / 4 * 4;
        // In pieces, because each is allocated as staging memory.
        for (index, piece) in bytes[..whole].chunks(8 << 20).enumerate() {
            self.queue.write_buffer(buffer, (index * (8 << 20)) as u64, piece);
        }
        if whole < bytes.len() {
            let mut word = [0; 4];
            word[..bytes.len() - whole].copy_from_slice(&bytes[whole..]);
            self.queue.write_buffer(buffer, whole as u64, &word);
        }
        self.alive()
    }

    pub(crate) fn submit(&self, encoder: wgpu::CommandEncoder) -> Result<wgpu::SubmissionIndex, Error> {
        self.alive()?;
        let scope = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let submission = self.queue.submit([encoder.finish()]);
        let popped = scope.pop();
        match pollster::block_on(popped) {
            Some(error) => Err(Error::DeviceLost { reason: error.to_string() }),
            None => Ok(submission),
        }
    }

    /// Maps what a submission copied to a staging buffer and copies it to the host.
    pub(crate) fn read(
        &self,
        staging: &wgpu::Buffer,
        submission: wgpu::SubmissionIndex,
        data: &mut [u8],
    ) -> Result<(), Error> {
        let (sender, receiver) = futures_intrusive::channel::shared::oneshot_channel();
        staging.map_async(wgpu::MapMode::Read, .., move |result| {
            // Nobody receives where the wait has failed.
            let _ = sender.send(result);
        });
        self.wait(submission)?;
        let lost = |reason: String| Error::DeviceLost { reason };
        match pollster::block_on(receiver.receive()) {
            Some(Ok(())) => {}
            Some(Err(error)) => return Err(lost(error.to_string())),
            None => return Err(lost("its buffers cannot be read".to_owned())),
        }
        let view = staging.get_mapped_range(..).map_err(|error| lost(error.to_string()))?;
        data.copy_from_slice(&view[..data.len()]);
        drop(view);
        staging.unmap();
        Ok(())
    }

    /// The only place that polls, because `Device::poll` may panic on a lost device.
    fn wait(&self, submission: wgpu::SubmissionIndex) -> Result<(), Error> {
        let poll = wgpu::PollType::Wait { submission_index: Some(submission), timeout: None };
        let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.device.poll(poll)));
        match polled {
            Ok(Ok(_)) => self.alive(),
            Ok(Err(error)) => Err(Error::DeviceLost { reason: error.to_string() }),
            Err(_) => Err(Error::DeviceLost { reason: "the driver failed while waiting".to_owned() }),
        }
    }

    fn alive(&self) -> Result<(), Error> {
        match &*lock(&self.lost) {
            Some(reason) => Err(Error::DeviceLost { reason: reason.clone() }),
            None => Ok(()),
        }
    }
}
