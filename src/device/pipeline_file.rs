//! Compiled pipelines in a file, for a program's next run.

use crate::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The driver's cache of pipelines, and its file.
#[derive(Debug)]
pub(crate) struct PipelineFile {
    pub cache: wgpu::PipelineCache,
    path: PathBuf,
}

impl PipelineFile {
    /// Returns none if the device has no such cache.
    #[expect(unsafe_code, reason = "compiling is what a first call waits for, and wgpu calls this unsafe")]
    pub(crate) fn open(device: &wgpu::Device, directory: &Path) -> Option<PipelineFile> {
        let has_cache = device.features().contains(wgpu::Features::PIPELINE_CACHE);
        let name = wgpu::util::pipeline_cache_key(&device.adapter_info()).filter(|_| has_cache)?;
        let path = directory.join(name);
        let data = std::fs::read(&path).ok();
        let descriptor =
            wgpu::PipelineCacheDescriptor { label: Some("activations"), data: data.as_deref(), fallback: true };
        // SAFETY: `save_pipelines` writes the file from the cache's own data and moves it into place whole. wgpu
        // compares its header with adapter and driver, and starts empty if they differ. The documentation of
        // `Builder::pipeline_directory` forbids others to write to the directory.
        let cache = unsafe { device.create_pipeline_cache(&descriptor) };
        Some(PipelineFile { cache, path })
    }

    /// Writes the pipelines to the file.
    pub(crate) fn save(&self) -> Result<(), Error> {
        self.write().map_err(|error| Error::PipelineFile { path: self.path.clone(), reason: error.to_string() })
    }

    fn write(&self) -> std::io::Result<()> {
        let Some(data) = self.cache.get_data() else { return Ok(()) };
        if let Some(directory) = self.path.parent() {
            std::fs::create_dir_all(directory)?;
        }
        // Several programs and threads may save at once; each moves a whole file into place.
        static SAVED: AtomicU64 = AtomicU64::new(0);
        let number = SAVED.fetch_add(1, Ordering::Relaxed);
        let new = self.path.with_extension(format!("{}-{number}.new", std::process::id()));
        let write = || {
            let mut file = std::fs::File::create(&new)?;
            file.write_all(&data)?;
            // Not even a power failure leaves a partial file under the name.
            file.sync_all()?;
            std::fs::rename(&new, &self.path)
        };
        let outcome = write();
        if outcome.is_err() {
            // The first failure is the one to report.
            let _ = std::fs::remove_file(&new);
        }
        outcome
    }
}
