use crate::catalog::Accuracy;
use crate::device::{AdapterTraits, Arithmetic, Device, PlannedDispatch, Rewriter};
use crate::error::Error;
use crate::ops::{Recording, Strategy, Target};
use crate::shader::ComposedModule;
use std::cell::RefCell;
use std::sync::Arc;

/// Freed device memory kept for reuse, in bytes.
pub(crate) const POOL_LIMIT: u64 = 64 << 20;

/// A device with its queue, and what is kept between calls: memory, pipelines, parameters. It is cheap to clone, and
/// threads may share it.
///
/// [The front page](crate#which-call-do-i-want) says which method to call.
///
/// # Async forms
///
/// Methods whose names end in `_async` wait for the device without blocking the thread that polls them: another thread
/// waits, and wakes the task. What they do themselves takes place on the polling thread: they compile pipelines that are
/// new, record, submit, and copy between the host's memory and the device's. A driver may do more in that time; lavapipe
/// and other software adapters keep a poll busy for milliseconds. Where that matters, call them on a thread of their own,
/// and call [`GpuActivations::prepare`] first.
///
/// In a browser they are the only ones that wait, and they wait for its events.
#[derive(Debug, Clone)]
pub struct GpuActivations {
    pub(crate) device: Arc<Device>,
    pub(crate) strategy: Strategy,
    pub(crate) accuracy: Accuracy,
}

impl GpuActivations {
    /// A context on a device of yours. Its callbacks are left as they are, and its limits say how large buffers, bindings
    /// and dispatches may be. No feature is needed; with [`wgpu::Features::SUBGROUP`] functions along an axis are faster,
    /// and with [`wgpu::Features::MAPPABLE_PRIMARY_BUFFERS`] slices are, on CPUs and integrated GPUs.
    #[must_use]
    pub fn from_device(device: wgpu::Device, queue: wgpu::Queue) -> Self {
        GpuActivations::of(Device::new(device, queue, POOL_LIMIT))
    }

    /// As [`GpuActivations::from_device`], but compiles each module as `rewrite` returns it. For tests: of what other
    /// compilers may make of a module, and of the text itself.
    #[doc(hidden)]
    pub fn from_device_rewriting(
        device: wgpu::Device,
        queue: wgpu::Queue,
        rewrite: impl Fn(&ComposedModule<'_>) -> String + Send + Sync + 'static,
    ) -> Self {
        let mut state = Device::new(device, queue, POOL_LIMIT);
        state.cache.rewriter = Some(Rewriter(Box::new(rewrite)));
        GpuActivations::of(state)
    }

    pub(crate) fn of(device: Device) -> Self {
        GpuActivations { device: Arc::new(device), strategy: Strategy::default(), accuracy: Accuracy::default() }
    }

    /// As [`GpuActivations::from_device`], but computes as on another kind of adapter. For tests of what GPUs compute.
    #[doc(hidden)]
    pub fn from_device_as(device: wgpu::Device, queue: wgpu::Queue, kind: wgpu::DeviceType) -> Self {
        let mut state = Device::new(device, queue, POOL_LIMIT);
        state.traits = AdapterTraits::of_kind(&state.wgpu, kind);
        GpuActivations::of(state)
    }

    /// Lets the next so many attempts to create a buffer fail, as if the device had no memory left. For tests: not every
    /// driver reports that.
    #[doc(hidden)]
    pub fn fail_allocations(&self, attempts: u32) {
        self.device.failures.store(attempts, std::sync::atomic::Ordering::Relaxed);
    }

    /// Lets modules rely on what GPUs commonly do, as if a probe had shown it. For tests, on devices that run nothing.
    #[doc(hidden)]
    pub fn assume_gpu_arithmetic(&self) {
        // A device that was probed already keeps what was found.
        let _ = self.device.arithmetic.set(Arithmetic::OF_GPUS);
    }

    /// Returns the same context with another way to work along an axis: to compare or to measure them.
    #[must_use]
    pub fn with_strategy(&self, strategy: Strategy) -> Self {
        GpuActivations { strategy, ..self.clone() }
    }

    /// Returns the same context with another accuracy.
    ///
    /// ```
    /// use gpu_activations::{Accuracy, Activation, GpuActivations};
    ///
    /// let context = GpuActivations::new()?;
    /// let y = context.with_accuracy(Accuracy::Fast).forward_slice(Activation::Sigmoid, &[0.0_f32])?;
    /// assert_eq!(y, [0.5]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    #[must_use]
    pub fn with_accuracy(&self, accuracy: Accuracy) -> Self {
        GpuActivations { accuracy, ..self.clone() }
    }

    /// The accuracy of operations on f32.
    #[must_use]
    pub fn accuracy(&self) -> Accuracy {
        self.accuracy
    }

    /// The device.
    #[must_use]
    pub fn device(&self) -> &wgpu::Device {
        &self.device.wgpu
    }

    /// The queue.
    #[must_use]
    pub fn queue(&self) -> &wgpu::Queue {
        &self.device.queue
    }

    /// What the adapter says of itself.
    #[must_use]
    pub fn adapter_info(&self) -> wgpu::AdapterInfo {
        self.device.wgpu.adapter_info()
    }

    /// Records any number of operations and submits them at once.
    ///
    /// ```
    /// use gpu_activations::{Activation, GpuActivations};
    ///
    /// let context = GpuActivations::new()?;
    /// let x = context.upload(&[-1.0_f32, 2.0])?;
    /// context.batch(|recording| {
    ///     recording.forward(Activation::Relu, &x, &x)?;
    ///     recording.forward(Activation::Step { threshold: 1.0 }, &x, &x)
    /// })?;
    /// assert_eq!(context.download(&x)?, [0.0, 1.0]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// What the closure returns, [`Error::OutOfMemory`], [`Error::Refused`], [`Error::DeviceLost`]; nothing has run then.
    pub fn batch(&self, record: impl FnOnce(&mut Recording<'_, '_>) -> Result<(), Error>) -> Result<(), Error> {
        self.batch_between(|_| (), record, |_| ()).map(|_| ())
    }

    /// As [`GpuActivations::batch`], with commands before and after it in the same submission.
    pub(crate) fn batch_between(
        &self,
        before: impl FnOnce(&mut wgpu::CommandEncoder),
        record: impl FnOnce(&mut Recording<'_, '_>) -> Result<(), Error>,
        after: impl FnOnce(&mut wgpu::CommandEncoder),
    ) -> Result<wgpu::SubmissionIndex, Error> {
        let (mut scratch, mut used) = (Vec::new(), None);
        let submission = self.device.submit(|encoder| {
            before(encoder);
            let mut recording = self.batched(encoder);
            record(&mut recording)?;
            scratch = std::mem::take(&mut recording.scratch);
            // Kept until the commands are submitted.
            used = recording.batch.take();
            drop(recording);
            after(encoder);
            Ok(())
        })?;
        drop(used);
        // Only now: whoever takes one of these must submit later.
        scratch.into_iter().for_each(|buffer| self.device.release(buffer));
        Ok(submission)
    }

    /// Builds the pipelines that operations need, and keeps them, but runs nothing. The first call is then as fast as the
    /// next.
    ///
    /// ```
    /// use gpu_activations::{Activation, GpuActivations};
    ///
    /// let context = GpuActivations::new()?;
    /// let x = context.allocate::<f32>(1 << 20)?;
    /// context.prepare(|recording| {
    ///     recording.forward(Activation::Gelu, &x, &x)?;
    ///     recording.forward(Activation::Silu, &x, &x)
    /// })?;
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// What the closure returns, [`Error::OutOfMemory`], [`Error::Refused`], [`Error::DeviceLost`].
    pub fn prepare(&self, record: impl FnOnce(&mut Recording<'_, '_>) -> Result<(), Error>) -> Result<(), Error> {
        self.device.checked(|| {
            let mut encoder = self.device().create_command_encoder(&Default::default());
            let mut recording = self.batched(&mut encoder);
            let outcome = record(&mut recording);
            std::mem::take(&mut recording.scratch).into_iter().for_each(|buffer| self.device.release(buffer));
            outcome
        })
    }

    /// Returns the dispatches of what `record` records as plain data, for a device that other code drives: a
    /// program's own queue, a browser's `GPUDevice`, another language. Nothing runs.
    ///
    /// Operands are `wgpu::Buffer`s of this context's device, which stand for yours. The device that runs the plan is one of
    /// the same adapter, with these limits; it needs no feature.
    ///
    /// ```
    /// use gpu_activations::{Activation, GpuActivations, wgpu};
    ///
    /// let context = GpuActivations::new()?;
    /// let usage = wgpu::BufferUsages::STORAGE;
    /// let descriptor = wgpu::BufferDescriptor { label: None, size: 4096, usage, mapped_at_creation: false };
    /// let [x, y] = [(); 2].map(|_| context.device().create_buffer(&descriptor));
    /// let plan = context.plan(wgpu::Limits::default(), |recording| recording.forward::<f32>(Activation::Gelu, &x, &y))?;
    /// assert_eq!((plan.len(), plan[0].entry_point), (1, "forward"));
    /// assert!(plan[0].bindings.iter().any(|bound| bound.buffer == y && bound.is_written));
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// What the closure returns. [`Error::ForeignBuffer`] for a [`GpuBuffer`](crate::GpuBuffer), which may be used for
    /// something else before the plan runs.
    pub fn plan(
        &self,
        limits: wgpu::Limits,
        record: impl FnOnce(&mut Recording<'_, '_>) -> Result<(), Error>,
    ) -> Result<Vec<PlannedDispatch>, Error> {
        let planner = GpuActivations { device: Arc::new(self.device.planner(limits)), ..self.clone() };
        let mut recording = planner.recording(Target::Plan(Vec::new()));
        record(&mut recording)?;
        let Target::Plan(dispatches) = &recording.pass else { return Ok(Vec::new()) };
        Ok(dispatches.iter().map(|planned| PlannedDispatch::clone(planned)).collect())
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
        Recording {
            device: &self.device,
            strategy: self.strategy,
            accuracy: self.accuracy,
            pass,
            scratch: Vec::new(),
            batch: None,
            recent: RefCell::default(),
            set: None,
        }
    }
}
