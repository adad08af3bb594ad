//! The state that a context's clones share: the device, memory and waiting.

use crate::device::arithmetic::Arithmetic;
use crate::device::cache::Cache;
#[cfg(not(target_arch = "wasm32"))]
use crate::device::copy::copy_to_device;
use crate::device::copy::copy_to_host;
use crate::device::gate::{Closed, DEVICES};
use crate::device::lock::lock;
#[cfg(not(target_arch = "wasm32"))]
use crate::device::pipeline_file::PipelineFile;
use crate::device::pool::Pool;
use crate::device::traits::AdapterTraits;
use crate::error::Error;
use crate::shader::{DeviceForm, Packing, Unpacking};
use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use wgpu::BufferUsages as Usage;

/// Usages of a buffer that holds elements.
pub(crate) const RESIDENT: Usage = Usage::STORAGE.union(Usage::COPY_SRC).union(Usage::COPY_DST);
/// Usages of a buffer for results on their way to the host.
pub(crate) const READBACK: Usage = Usage::MAP_READ.union(Usage::COPY_DST);

/// A device with its queue, and the objects kept for it.
pub(crate) struct Device {
    pub wgpu: wgpu::Device,
    pub queue: wgpu::Queue,
    pub traits: AdapterTraits,
    pub cache: Cache,
    /// The device's arithmetic, once it has been probed.
    pub arithmetic: OnceLock<Arithmetic>,
    /// Bytes of the buffers in users' hands.
    pub in_use: AtomicU64,
    pub pool: Mutex<Pool>,
    /// The reason of the device's loss, once it is lost.
    lost: Arc<Mutex<Option<String>>>,
    /// The number of next buffers that fail as if memory were exhausted: for tests.
    pub failures: AtomicU32,
    /// Whether dispatches become plain data, and run nothing.
    pub plans: bool,
    /// What the device has not answered yet.
    #[cfg(target_arch = "wasm32")]
    reports: Mutex<Vec<Report>>,
    // The last field: the gate opens only after the fields before it are dropped.
    closed: Option<Closed<'static>>,
}

impl Drop for Device {
    fn drop(&mut self) {
        // A planner's device lives on in the context.
        if self.traits.destroys_alone && !self.plans {
            self.closed = DEVICES.close();
        }
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device").field("adapter", &self.wgpu.adapter_info().name).finish_non_exhaustive()
    }
}

/// The errors that are caught. On internal ones wgpu panics in a browser; what is invalid after one is caught there.
#[cfg(not(target_arch = "wasm32"))]
const FILTERS: &[wgpu::ErrorFilter] =
    &[wgpu::ErrorFilter::OutOfMemory, wgpu::ErrorFilter::Validation, wgpu::ErrorFilter::Internal];
#[cfg(target_arch = "wasm32")]
const FILTERS: &[wgpu::ErrorFilter] = &[wgpu::ErrorFilter::OutOfMemory, wgpu::ErrorFilter::Validation];

/// Bytes written to the queue at once.
const WRITE_BYTES: usize = 8 << 20;

/// The way to wait for the device.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Waiting {
    /// On this thread.
    #[cfg(not(target_arch = "wasm32"))]
    Blocking,
    /// On a separate thread, so that the caller's can continue; in a browser, for its events.
    Yielding,
}

/// An error that will be reported, if there is one.
#[cfg(target_arch = "wasm32")]
type Report = std::pin::Pin<Box<dyn Future<Output = Option<Error>> + Send>>;

fn refusal(error: wgpu::Error) -> Error {
    match error {
        wgpu::Error::OutOfMemory { .. } => Error::OutOfMemory { bytes: 0 },
        error => Error::Refused { reason: error.to_string() },
    }
}

fn lost(reason: impl ToString) -> Error {
    Error::DeviceLost { reason: reason.to_string() }
}

type Mapping = futures_intrusive::channel::shared::OneshotReceiver<Result<(), wgpu::BufferAsyncError>>;

impl Device {
    pub(crate) fn new(device: wgpu::Device, queue: wgpu::Queue, pool_limit: u64) -> Self {
        let traits = AdapterTraits::of(&device);
        let (cache, arithmetic, in_use, lost, failures) = Default::default();
        let pool = Mutex::new(Pool::new(pool_limit));
        Device {
            wgpu: device,
            queue,
            traits,
            cache,
            arithmetic,
            in_use,
            pool,
            lost,
            failures,
            plans: false,
            #[cfg(target_arch = "wasm32")]
            reports: Mutex::default(),
            closed: None,
        }
    }

    /// What modules may rely on, as far as the device has been probed.
    pub(crate) fn form(&self) -> DeviceForm {
        let portable = DeviceForm { guards: self.traits.guards, ..DeviceForm::PORTABLE };
        let Some(arithmetic) = self.arithmetic.get() else { return portable };
        let packing = match arithmetic {
            Arithmetic { packs_f16: true, .. } => Packing::Builtin,
            Arithmetic { converts_f16: true, .. } => Packing::Type,
            _ => Packing::Integers,
        };
        let unpacking = if arithmetic.unpacks_f16 { Unpacking::Builtin } else { Unpacking::Integers };
        DeviceForm { fuses_fma: arithmetic.fuses_fma, unpacking, packing, ..portable }
    }

    /// The same device under other limits, for plans. Of subgroups a plan needs to know that the device has the feature.
    pub(crate) fn planner(&self, limits: wgpu::Limits) -> Device {
        let mut planner = Device::new(self.wgpu.clone(), self.queue.clone(), 0);
        planner.traits = AdapterTraits { limits, subgroups: false, ..self.traits.clone() };
        planner.arithmetic = self.arithmetic.clone();
        planner.plans = true;
        planner
    }

    /// Begins with the pipelines in the file of this directory.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn with_pipelines_of(mut self, directory: Option<&std::path::Path>) -> Result<Self, Error> {
        if let Some(directory) = directory {
            self.cache.file = self.checked(|| Ok(PipelineFile::open(&self.wgpu, directory)))?;
        }
        Ok(self)
    }

    /// Sets the device's callbacks, which only its creator may do.
    pub(crate) fn notice_loss(&self) {
        let lost = Arc::clone(&self.lost);
        self.wgpu.set_device_lost_callback(move |_, reason| *lock(&lost) = Some(reason));
        // Only a user's own calls of the device get here; a browser's, and its internal errors, are on its console.
        #[cfg(not(target_arch = "wasm32"))]
        self.wgpu.on_uncaptured_error(Arc::new(|error: wgpu::Error| log::error!("{error}")));
    }

    /// A buffer from the pool, or a new one.
    pub(crate) fn acquire(&self, bytes: u64, usage: Usage) -> Result<wgpu::Buffer, Error> {
        let pooled = lock(&self.pool).take(bytes, usage);
        pooled.map_or_else(|| self.create_buffer(bytes, usage), Ok)
    }

    pub(crate) fn release(&self, buffer: wgpu::Buffer) {
        lock(&self.pool).put(buffer);
    }

    fn create_buffer(&self, bytes: u64, usage: Usage) -> Result<wgpu::Buffer, Error> {
        if bytes > self.traits.limits.max_buffer_size {
            return Err(Error::BufferTooLarge { bytes, limit: self.traits.limits.max_buffer_size });
        }
        let descriptor =
            wgpu::BufferDescriptor { label: Some("activations"), size: bytes, usage, mapped_at_creation: false };
        let fails =
            || self.failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        let create = || {
            if fails() {
                return Err(Error::OutOfMemory { bytes });
            }
            self.checked(|| Ok(self.at_work(|| self.wgpu.create_buffer(&descriptor))))
        };
        let outcome = create().or_else(|error| {
            if !matches!(error, Error::OutOfMemory { .. }) {
                return Err(error);
            }
            lock(&self.pool).clear();
            create()
        });
        outcome.map_err(|error| match error {
            Error::OutOfMemory { .. } => Error::OutOfMemory { bytes },
            other => other,
        })
    }

    /// Calls the driver, in a short piece of work that calls no user code.
    pub(crate) fn at_work<R>(&self, work: impl FnOnce() -> R) -> R {
        if self.traits.destroys_alone { DEVICES.work(work) } else { work() }
    }

    /// Runs work on the device, and returns as an error what wgpu would report elsewhere. In a browser the device answers
    /// later, and the next call that waits returns the error.
    pub(crate) fn checked<R>(&self, work: impl FnOnce() -> Result<R, Error>) -> Result<R, Error> {
        self.alive()?;
        let scopes: Vec<_> = FILTERS.iter().map(|filter| self.wgpu.push_error_scope(*filter)).collect();
        let outcome = work();
        // Scopes are popped in reverse order.
        let reports: Vec<_> = scopes.into_iter().rev().map(|scope| scope.pop()).collect();
        self.heed(reports)?;
        outcome
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn heed(&self, reports: Vec<impl Future<Output = Option<wgpu::Error>>>) -> Result<(), Error> {
        let reported = reports.into_iter().filter_map(pollster::block_on).last();
        reported.map_or(Ok(()), |error| {
            let is_lost = !matches!(error, wgpu::Error::OutOfMemory { .. }) && self.is_lost();
            Err(if is_lost { lost(error) } else { refusal(error) })
        })
    }

    #[cfg(target_arch = "wasm32")]
    fn heed(&self, reports: Vec<impl Future<Output = Option<wgpu::Error>> + Send + 'static>) -> Result<(), Error> {
        reports.into_iter().for_each(|report| self.report(async { report.await.map(refusal) }));
        Ok(())
    }

    /// Keeps what will be reported for the next call that waits.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn report(&self, report: impl Future<Output = Option<Error>> + Send + 'static) {
        lock(&self.reports).push(Box::pin(report));
    }

    /// Waits for all reports, and returns the first error.
    #[cfg(target_arch = "wasm32")]
    async fn settled(&self) -> Result<(), Error> {
        let reports = std::mem::take(&mut *lock(&self.reports));
        let mut first = None;
        for report in reports {
            let reported = report.await;
            first = first.or(reported);
        }
        self.alive()?;
        let Some(error) = first else { return Ok(()) };
        // Any of what was created since the last wait may be invalid.
        self.cache.forget_pipelines();
        self.cache.forget_uniforms();
        lock(&self.pool).clear();
        Err(error)
    }

    /// Whether even the smallest buffer cannot be written. A caller's device has none of our callbacks to report loss.
    #[cfg(not(target_arch = "wasm32"))]
    fn is_lost(&self) -> bool {
        let memory = self.wgpu.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let validation = self.wgpu.push_error_scope(wgpu::ErrorFilter::Validation);
        let descriptor = wgpu::BufferDescriptor { label: None, size: 4, usage: RESIDENT, mapped_at_creation: false };
        self.at_work(|| self.queue.write_buffer(&self.wgpu.create_buffer(&descriptor), 0, &[0; 4]));
        let refused = pollster::block_on(validation.pop()).is_some();
        // A device without memory is not lost.
        pollster::block_on(memory.pop()).is_none() && refused
    }

    /// Copies to a buffer. It has room for whole words; if it is mappable, no running submission uses it.
    pub(crate) fn write(&self, buffer: &wgpu::Buffer, bytes: &[u8]) -> Result<(), Error> {
        #[cfg(not(target_arch = "wasm32"))]
        if buffer.usage().contains(Usage::MAP_WRITE) {
            return self.write_mapped(buffer, bytes);
        }
        self.write_at(buffer, 0, bytes)
    }

    /// Copies to a buffer with room for whole words, from a multiple of four bytes on.
    pub(crate) fn write_at(&self, buffer: &wgpu::Buffer, offset: u64, bytes: &[u8]) -> Result<(), Error> {
        let (words, rest) = bytes.split_at(bytes.len() / 4 * 4);
        self.checked(|| {
            // Each chunk is submitted, because it occupies staging memory until it is copied.
            for (index, chunk) in words.chunks(WRITE_BYTES).enumerate() {
                self.at_work(|| {
                    self.queue.write_buffer(buffer, offset + (index * WRITE_BYTES) as u64, chunk);
                    if chunk.len() == WRITE_BYTES {
                        self.queue.submit([]);
                    }
                });
            }
            if !rest.is_empty() {
                let mut word = [0; 4];
                word[..rest.len()].copy_from_slice(rest);
                self.at_work(|| self.queue.write_buffer(buffer, offset + words.len() as u64, &word));
            }
            Ok(())
        })
    }

    /// Submits what `record` records.
    pub(crate) fn submit(
        &self,
        record: impl FnOnce(&mut wgpu::CommandEncoder) -> Result<(), Error>,
    ) -> Result<wgpu::SubmissionIndex, Error> {
        self.checked(|| {
            let descriptor = wgpu::CommandEncoderDescriptor { label: Some("activations") };
            let mut encoder = self.wgpu.create_command_encoder(&descriptor);
            record(&mut encoder)?;
            Ok(self.at_work(|| self.queue.submit([encoder.finish()])))
        })
    }

    fn map(&self, buffer: &wgpu::Buffer, mode: wgpu::MapMode) -> Result<Mapping, Error> {
        let (sender, receiver) = futures_intrusive::channel::shared::oneshot_channel();
        self.checked(|| {
            buffer.map_async(mode, .., move |result| {
                // There is no receiver if the wait has failed.
                let _ = sender.send(result);
            });
            Ok(receiver)
        })
    }

    async fn mapped(mapping: Mapping) -> Result<(), Error> {
        match mapping.receive().await {
            Some(Ok(())) => Ok(()),
            Some(Err(error)) => Err(lost(error)),
            None => Err(lost("its buffers cannot be mapped")),
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn write_mapped(&self, buffer: &wgpu::Buffer, bytes: &[u8]) -> Result<(), Error> {
        let mapping = self.map(buffer, wgpu::MapMode::Write)?;
        self.poll(wgpu::PollType::Poll)?;
        pollster::block_on(Self::mapped(mapping))?;
        let mut view = buffer.get_mapped_range_mut(..bytes.len().next_multiple_of(4) as u64).map_err(lost)?;
        copy_to_device(view.slice(..bytes.len()), bytes, self.traits.copying());
        drop(view);
        buffer.unmap();
        Ok(())
    }

    /// Waits for a submission, maps a buffer that it wrote, and copies it to the host from byte `skipped` on.
    pub(crate) async fn read(
        self: &Arc<Self>,
        buffer: &wgpu::Buffer,
        submission: wgpu::SubmissionIndex,
        skipped: usize,
        data: &mut [u8],
        waiting: Waiting,
    ) -> Result<(), Error> {
        let mapping = self.map(buffer, wgpu::MapMode::Read)?;
        self.wait(submission, waiting).await?;
        Self::mapped(mapping).await?;
        let view = buffer.get_mapped_range(..).map_err(lost)?;
        copy_to_host(data, &view[skipped..skipped + data.len()], self.traits.copying());
        drop(view);
        buffer.unmap();
        Ok(())
    }

    /// A browser has no submission that one can wait for, but it maps no buffer before the device has done with it.
    #[cfg(target_arch = "wasm32")]
    async fn wait(&self, _: wgpu::SubmissionIndex, Waiting::Yielding: Waiting) -> Result<(), Error> {
        self.settled().await
    }

    #[cfg(not(target_arch = "wasm32"))]
    async fn wait(self: &Arc<Self>, submission: wgpu::SubmissionIndex, waiting: Waiting) -> Result<(), Error> {
        let until = wgpu::PollType::Wait { submission_index: Some(submission), timeout: None };
        if let Waiting::Blocking = waiting {
            return self.poll(until);
        }
        let (sender, receiver) = futures_intrusive::channel::shared::oneshot_channel();
        let (device, polled) = (Arc::clone(self), until.clone());
        let thread = std::thread::Builder::new().name("gpu-activations".to_owned()).spawn(move || {
            // There is no receiver if the future was dropped.
            let _ = sender.send(device.poll(polled));
        });
        match (thread, receiver) {
            (Ok(_), receiver) => receiver.receive().await.unwrap_or_else(|| Err(lost("nobody waits for it"))),
            (Err(_), _) => self.poll(until),
        }
    }

    /// The only function that polls, because `Device::poll` may panic on a lost device.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn poll(&self, until: wgpu::PollType) -> Result<(), Error> {
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.wgpu.poll(until))) {
            Ok(Ok(_)) => self.alive(),
            Ok(Err(error)) => Err(lost(error)),
            Err(_) => Err(lost("the driver failed while waiting")),
        }
    }

    fn alive(&self) -> Result<(), Error> {
        match &*lock(&self.lost) {
            Some(reason) => Err(Error::DeviceLost { reason: reason.clone() }),
            None => Ok(()),
        }
    }
}
