use crate::catalog::Accuracy;
use crate::context::handle::{GpuActivations, POOL_LIMIT};
use crate::device::{Device, Waiting, candidates, first_working};
use crate::error::Error;

/// How a context is made.
#[derive(Debug, Clone)]
#[must_use]
pub struct Builder {
    adapter: Option<String>,
    device_of: Option<wgpu::Adapter>,
    pool_limit: u64,
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) pipeline_directory: Option<std::path::PathBuf>,
    accuracy: Accuracy,
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

    /// The accuracy of operations on f32; [`Accuracy::Highest`] unless told.
    pub fn accuracy(mut self, accuracy: Accuracy) -> Self {
        self.accuracy = accuracy;
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
            None => candidates(self.adapter.as_deref()).await?,
        };
        let builder = &self;
        first_working(candidates, |adapter| async move { builder.build_on(&adapter).await }).await
    }

    async fn build_on(&self, adapter: &wgpu::Adapter) -> Result<GpuActivations, Error> {
        let wanted = wgpu::Features::SUBGROUP | wgpu::Features::TIMESTAMP_QUERY | wgpu::Features::SHADER_F16;
        let mut required_features = adapter.features() & wanted;
        if matches!(adapter.get_info().device_type, wgpu::DeviceType::Cpu | wgpu::DeviceType::IntegratedGpu) {
            required_features |= adapter.features() & wgpu::Features::MAPPABLE_PRIMARY_BUFFERS;
        }
        #[cfg(not(target_arch = "wasm32"))]
        if self.pipeline_directory.is_some() {
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
        let device = Device::new(device, queue, self.pool_limit);
        device.notice_loss();
        #[cfg(not(target_arch = "wasm32"))]
        let device = device.with_pipelines_of(self.pipeline_directory.as_deref())?;
        let context = GpuActivations::of(device).with_accuracy(self.accuracy);
        // This also shows whether the device works: an adapter may give one that is lost at its first use.
        context.probe_waiting(Waiting::Yielding).await?;
        Ok(context)
    }
}

impl GpuActivations {
    /// As [`GpuActivations::new`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::new`].
    pub async fn new_async() -> Result<Self, Error> {
        Self::builder().build_async().await
    }

    /// Returns a builder, which chooses the adapter and what is kept.
    ///
    /// ```
    /// let context = gpu_activations::GpuActivations::builder().pool_limit(16 << 20).build()?;
    /// assert!(!context.adapter_info().name.is_empty());
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    pub fn builder() -> Builder {
        Builder {
            adapter: None,
            device_of: None,
            pool_limit: POOL_LIMIT,
            #[cfg(not(target_arch = "wasm32"))]
            pipeline_directory: None,
            accuracy: Accuracy::default(),
        }
    }
}
