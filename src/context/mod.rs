//! `GpuActivations`, what a user calls.

mod arithmetic;
mod memory;
mod slices;

pub use arithmetic::Arithmetic;
pub use memory::Memory;

use crate::device::adapter;
use crate::device::buffer::padded_bytes;
use crate::device::pipeline::Rewriter;
use crate::device::pipeline_file::PipelineFile;
use crate::device::{READBACK, Shared, Waiting};
use crate::ops::Target;
use crate::shader::element::Scalar;
use crate::{Activation, Element, Error, GpuBuffer, Recording, Strategy};
use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;

/// Where activations run: a device, its queue, and what is kept between calls. Cheap to clone; threads may share it.
///
/// # Async forms
///
/// Methods whose names end in `_async` wait for the device without blocking the thread that polls them: another thread
/// waits, and wakes the task. What they do themselves takes place on the polling thread: they compile pipelines that are
/// new, record, submit, and copy between the host's memory and the device's. A driver may do more in that time; lavapipe
/// and other software adapters keep a poll busy for milliseconds. Where that matters, call them on a thread of their own,
/// and call [`GpuActivations::prepare`] first.
#[derive(Debug, Clone)]
pub struct GpuActivations {
    pub(crate) shared: Arc<Shared>,
    pub(crate) strategy: Strategy,
}

/// Freed device memory kept for reuse, in bytes.
const POOL_LIMIT: u64 = 64 << 20;

/// How a context is made.
#[derive(Debug, Clone)]
pub struct Builder {
    adapter: Option<String>,
    device_of: Option<wgpu::Adapter>,
    pool_limit: u64,
    pipeline_folder: Option<PathBuf>,
}

impl Builder {
    /// Takes the best adapter in whose name and backend, as in "llvmpipe (LLVM 15.0.6, 256 bits) on vulkan", all words of
    /// this text occur, whatever the case: "llvmpipe", "llvmpipe on gl", "on vulkan". A word after "on", if it is the last,
    /// must occur in the backend. Without it, `WGPU_ADAPTER_NAME` is read in the same way, and if that is not set either,
    /// the best adapter is taken that gives a device that works.
    pub fn adapter(mut self, name: impl Into<String>) -> Self {
        self.adapter = Some(name.into());
        self
    }

    /// Takes this adapter, one of those that [`survey`](crate::survey) finds; there may be several of one name.
    /// No name is read then, and whether the adapter suffices shows when the context is made.
    pub fn on(mut self, adapter: wgpu::Adapter) -> Self {
        self.device_of = Some(adapter);
        self
    }

    /// Keeps at most this many bytes of freed device memory for reuse; 64 MiB unless told.
    pub fn pool_limit(mut self, bytes: u64) -> Self {
        self.pool_limit = bytes;
        self
    }

    /// Begins with the pipelines that [`GpuActivations::save_pipelines`] has written to this folder for the adapter, which
    /// then need not be compiled again. Give a folder that nobody else writes to: drivers trust what they find there.
    /// It has an effect on Vulkan alone; a file that does not fit is ignored.
    pub fn pipeline_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.pipeline_folder = Some(folder.into());
        self
    }

    /// Makes the context.
    ///
    /// # Errors
    /// [`Error::NoAdapter`]; [`Error::UnknownBackend`]; [`Error::Refused`] where the adapter gives no device; [`Error::OutOfMemory`],
    /// [`Error::DeviceLost`].
    pub async fn build_async(self) -> Result<GpuActivations, Error> {
        let candidates = match &self.device_of {
            Some(adapter) => vec![adapter.clone()],
            None => adapter::candidates(self.adapter.as_deref()).await?,
        };
        let builder = &self;
        adapter::first_working(candidates, |adapter| async move { builder.build_on(&adapter).await }).await
    }

    async fn build_on(&self, adapter: &wgpu::Adapter) -> Result<GpuActivations, Error> {
        let mut required_features = adapter.features() & (wgpu::Features::SUBGROUP | wgpu::Features::TIMESTAMP_QUERY);
        if matches!(adapter.get_info().device_type, wgpu::DeviceType::Cpu | wgpu::DeviceType::IntegratedGpu) {
            required_features |= adapter.features() & wgpu::Features::MAPPABLE_PRIMARY_BUFFERS;
        }
        if self.pipeline_folder.is_some() {
            required_features |= adapter.features() & wgpu::Features::PIPELINE_CACHE;
        }
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("gpu-activations"),
            required_features,
            required_limits: adapter.limits(),
            ..Default::default()
        };
        let (device, queue) =
            adapter.request_device(&descriptor).await.map_err(|error| Error::Refused { reason: error.to_string() })?;
        let mut shared = Shared::new(device, queue, self.pool_limit);
        shared.notice_loss();
        shared.try_out()?;
        if let Some(folder) = &self.pipeline_folder {
            shared.cache.file = shared.checked(|| Ok(PipelineFile::open(&shared.device, folder)))?;
        }
        Ok(GpuActivations { shared: Arc::new(shared), strategy: Strategy::Automatic })
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
    /// As [`Builder::build_async`].
    pub fn new() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// As [`GpuActivations::new`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::new`].
    pub async fn new_async() -> Result<Self, Error> {
        Self::builder().build_async().await
    }

    /// Chooses the adapter, and what is kept.
    pub fn builder() -> Builder {
        Builder { adapter: None, device_of: None, pool_limit: POOL_LIMIT, pipeline_folder: None }
    }

    /// A context on a device of yours. Its callbacks are left as they are, and its limits say how large buffers, bindings
    /// and dispatches may be. No feature is needed; with [`wgpu::Features::SUBGROUP`] functions along an axis are faster,
    /// and with [`wgpu::Features::MAPPABLE_PRIMARY_BUFFERS`] slices are, on CPUs and integrated GPUs.
    pub fn from_device(device: wgpu::Device, queue: wgpu::Queue) -> Self {
        GpuActivations { shared: Arc::new(Shared::new(device, queue, POOL_LIMIT)), strategy: Strategy::Automatic }
    }

    /// As [`GpuActivations::from_device`], each module being compiled as `rewrite` returns it, which is given its text and
    /// the entry point that is compiled. For tests: of what other compilers may make of a module, and of the text itself.
    #[doc(hidden)]
    pub fn from_device_rewriting(
        device: wgpu::Device,
        queue: wgpu::Queue,
        rewrite: impl Fn(&str, &str) -> String + Send + Sync + 'static,
    ) -> Self {
        let mut shared = Shared::new(device, queue, POOL_LIMIT);
        shared.cache.rewriter = Some(Rewriter(Box::new(rewrite)));
        GpuActivations { shared: Arc::new(shared), strategy: Strategy::Automatic }
    }

    /// Lets the next so many attempts to create a buffer fail, as if the device had no memory left. For tests: not every
    /// driver reports that.
    #[doc(hidden)]
    pub fn fail_allocations(&self, attempts: u32) {
        self.shared.failures.store(attempts, std::sync::atomic::Ordering::Relaxed);
    }

    /// The same context, with another way to work along an axis: to compare or to measure them.
    pub fn with_strategy(&self, strategy: Strategy) -> Self {
        GpuActivations { strategy, ..self.clone() }
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
    pub fn allocate<T: Scalar>(&self, len: usize) -> Result<GpuBuffer<T>, Error> {
        GpuBuffer::new(&self.shared, len)
    }

    /// Copies a slice to the device.
    ///
    /// # Errors
    /// As [`GpuActivations::allocate`].
    pub fn upload<T: Scalar>(&self, data: &[T]) -> Result<GpuBuffer<T>, Error> {
        let buffer = self.allocate(data.len())?;
        self.shared.write(buffer.operand().buffer, bytemuck::cast_slice(data))?;
        Ok(buffer)
    }

    /// Copies a buffer to new memory of the host.
    ///
    /// # Errors
    /// [`Error::ForeignBuffer`], [`Error::OutOfMemory`], [`Error::DeviceLost`].
    pub fn download<T: Scalar>(&self, buffer: &GpuBuffer<T>) -> Result<Vec<T>, Error> {
        let mut data = vec![T::zeroed(); buffer.len()];
        self.download_into(buffer, &mut data)?;
        Ok(data)
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

    /// Copies a buffer to a slice of its length.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and as [`GpuActivations::download`].
    pub fn download_into<T: Scalar>(&self, buffer: &GpuBuffer<T>, data: &mut [T]) -> Result<(), Error> {
        pollster::block_on(self.read_back(buffer, data, Waiting::Blocking))
    }

    /// As [`GpuActivations::download_into`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::download_into`].
    pub async fn download_into_async<T: Scalar>(&self, buffer: &GpuBuffer<T>, data: &mut [T]) -> Result<(), Error> {
        self.read_back(buffer, data, Waiting::Yielding).await
    }

    pub(crate) async fn read_back<T: Scalar>(
        &self,
        buffer: &GpuBuffer<T>,
        data: &mut [T],
        waiting: Waiting,
    ) -> Result<(), Error> {
        let operand = buffer.operand();
        if !operand.owner.is_some_and(|owner| std::ptr::eq(owner, &*self.shared)) {
            return Err(Error::ForeignBuffer { operand: "buffer" });
        }
        if buffer.len() != data.len() {
            return Err(mismatch("data", data.len(), "buffer", buffer.len()));
        }
        if data.is_empty() {
            return Ok(());
        }
        let bytes = padded_bytes::<T>(data.len());
        let staging = self.shared.acquire(bytes, READBACK)?;
        let submission = self.shared.submit(|encoder| {
            encoder.copy_buffer_to_buffer(operand.buffer, 0, &staging, 0, bytes);
            Ok(())
        })?;
        self.shared.read(&staging, submission, bytemuck::cast_slice_mut(data), waiting).await?;
        self.shared.release(staging);
        Ok(())
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
        self.batch(|recording| recording.forward(activation, x.operand(), y.operand()))
    }

    /// `activation(x)` over x.
    ///
    /// # Errors
    /// As [`GpuActivations::forward`].
    pub fn forward_in_place<T: Element>(&self, activation: Activation, x: &GpuBuffer<T>) -> Result<(), Error> {
        self.forward_into(activation, x, x)
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
        self.batch(|recording| recording.backward(activation, x.operand(), dy.operand(), dx.operand()))
    }

    /// `dy * derivative(x)` over dy.
    ///
    /// # Errors
    /// As [`GpuActivations::forward_into`].
    pub fn backward_in_place<T: Element>(
        &self,
        activation: Activation,
        x: &GpuBuffer<T>,
        dy: &GpuBuffer<T>,
    ) -> Result<(), Error> {
        self.backward_into(activation, x, dy, dy)
    }

    /// Records any number of operations and submits them at once.
    ///
    /// # Errors
    /// What the closure returns, [`Error::OutOfMemory`], [`Error::Refused`], [`Error::DeviceLost`]; nothing has run then.
    pub fn batch(&self, record: impl FnOnce(&mut Recording<'_, '_>) -> Result<(), Error>) -> Result<(), Error> {
        self.batch_then(record, |_| ()).map(|_| ())
    }

    /// As [`GpuActivations::batch`], with further commands in the same submission.
    pub(crate) fn batch_then(
        &self,
        record: impl FnOnce(&mut Recording<'_, '_>) -> Result<(), Error>,
        then: impl FnOnce(&mut wgpu::CommandEncoder),
    ) -> Result<wgpu::SubmissionIndex, Error> {
        let (mut scratch, mut used) = (Vec::new(), None);
        let submission = self.shared.submit(|encoder| {
            let mut recording = self.batched(encoder);
            record(&mut recording)?;
            scratch = std::mem::take(&mut recording.scratch);
            // Kept until the commands are submitted.
            used = recording.batch.take();
            drop(recording);
            then(encoder);
            Ok(())
        })?;
        drop(used);
        scratch.into_iter().for_each(|buffer| self.shared.release(buffer));
        Ok(submission)
    }

    /// Builds the pipelines that operations need, and keeps them, but runs nothing: so that the first call is as fast as
    /// the next.
    ///
    /// ```
    /// use gpu_activations::{Activation, GpuActivations};
    ///
    /// let context = GpuActivations::new()?;
    /// let x = context.allocate::<f32>(1 << 20)?;
    /// context.prepare(|recording| {
    ///     recording.forward(Activation::Gelu {}, &x, &x)?;
    ///     recording.forward(Activation::Silu {}, &x, &x)
    /// })?;
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// What the closure returns, [`Error::OutOfMemory`], [`Error::Refused`], [`Error::DeviceLost`].
    pub fn prepare(&self, record: impl FnOnce(&mut Recording<'_, '_>) -> Result<(), Error>) -> Result<(), Error> {
        self.shared.checked(|| {
            let mut encoder = self.device().create_command_encoder(&Default::default());
            let mut recording = self.batched(&mut encoder);
            let outcome = record(&mut recording);
            std::mem::take(&mut recording.scratch).into_iter().for_each(|buffer| self.shared.release(buffer));
            outcome
        })
    }

    /// Records into an encoder of yours, in a compute pass of its own. You submit it.
    pub fn record<'a>(&'a self, encoder: &'a mut wgpu::CommandEncoder) -> Recording<'a, 'a> {
        Recording { batch: None, ..self.batched(encoder) }
    }

    /// Records into an encoder that this context submits.
    pub(crate) fn batched<'a>(&'a self, encoder: &'a mut wgpu::CommandEncoder) -> Recording<'a, 'a> {
        let descriptor = wgpu::ComputePassDescriptor { label: Some("activations"), timestamp_writes: None };
        let target = Target::Own(Box::new(encoder.begin_compute_pass(&descriptor)));
        Recording { batch: Some(RefCell::default()), ..self.recording(target) }
    }

    /// Records into a compute pass of yours, whose pipeline and bind group 0 are changed. You submit it.
    pub fn record_in_pass<'a, 'pass>(&'a self, pass: &'a mut wgpu::ComputePass<'pass>) -> Recording<'a, 'pass> {
        self.recording(Target::Callers(pass))
    }

    pub(crate) fn recording<'a, 'pass>(&'a self, pass: Target<'a, 'pass>) -> Recording<'a, 'pass> {
        Recording { shared: &self.shared, strategy: self.strategy, pass, scratch: Vec::new(), batch: None }
    }
}

pub(crate) fn mismatch(left: &'static str, left_length: usize, right: &'static str, right_length: usize) -> Error {
    Error::LengthMismatch { left, left_length: left_length as u64, right, right_length: right_length as u64 }
}
