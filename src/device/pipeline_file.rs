//! Compiled pipelines in a file, for the next run of a program.

use crate::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The driver's cache of pipelines, and the file that it began with.
#[derive(Debug)]
pub(crate) struct PipelineFile {
    pub cache: wgpu::PipelineCache,
    path: PathBuf,
}

impl PipelineFile {
    /// None where the device has no such cache.
    #[expect(unsafe_code, reason = "compiling is what a first call waits for, and wgpu calls this unsafe")]
    pub(crate) fn open(device: &wgpu::Device, directory: &Path) -> Option<PipelineFile> {
        let has_cache = device.features().contains(wgpu::Features::PIPELINE_CACHE);
        let name = wgpu::util::pipeline_cache_key(&device.adapter_info()).filter(|_| has_cache)?;
        let path = directory.join(name);
        let data = std::fs::read(&path).ok();
        let descriptor =
            wgpu::PipelineCacheDescriptor { label: Some("activations"), data: data.as_deref(), fallback: true };
        // SAFETY: the file is one that `save_pipelines` wrote from the cache's own data, put in its place whole; wgpu
        // compares its header with adapter and driver and begins anew where they differ. Others must not write to the
        // directory, as the documentation of `Builder::pipeline_directory` says.
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
        // Several programs, and threads, may do so at once; each puts a whole file in its place.
        static SAVED: AtomicU64 = AtomicU64::new(0);
        let number = SAVED.fetch_add(1, Ordering::Relaxed);
        let new = self.path.with_extension(format!("{}-{number}.new", std::process::id()));
        let write = || {
            let mut file = std::fs::File::create(&new)?;
            file.write_all(&data)?;
            // So that not even a loss of power leaves half of it under the name.
            file.sync_all()?;
            std::fs::rename(&new, &self.path)
        };
        let outcome = write();
        if outcome.is_err() {
            // The first failure is the one to tell.
            let _ = std::fs::remove_file(&new);
        }
        outcome
    }
}
