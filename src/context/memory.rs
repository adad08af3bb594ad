use crate::context::handle::GpuActivations;
use crate::device::lock;
use std::sync::atomic::Ordering;

/// What a context holds on the device, in bytes; drivers add to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Memory {
    /// In the [`GpuBuffer`](crate::GpuBuffer)s that there are.
    pub buffers: u64,
    /// Freed and kept for reuse, at most [`Builder::pool_limit`](crate::Builder::pool_limit).
    pub pooled: u64,
    /// In the parameters of past calls, kept for the next ones with the same values.
    pub parameters: u64,
    /// How many pipelines there are.
    pub pipelines: usize,
}

impl GpuActivations {
    /// Returns what this context and its clones hold.
    ///
    /// ```
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let x = context.allocate::<f32>(1 << 10)?;
    /// assert!(context.memory().buffers >= 4096);
    /// # drop(x);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    #[must_use]
    pub fn memory(&self) -> Memory {
        let pooled = lock(&self.device.pool).bytes();
        let (pipelines, parameters) = self.device.cache.held();
        Memory { buffers: self.device.in_use.load(Ordering::Relaxed), pooled, parameters, pipelines }
    }

    /// Gives the memory that is kept for reuse back to the device. Buffers, and what recordings refer to, stay.
    pub fn release_memory(&self) {
        lock(&self.device.pool).clear();
        self.device.cache.forget_uniforms();
    }
}
