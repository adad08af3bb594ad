//! Pipelines and uniform buffers, each created once and kept.

use crate::device::lock::lock;
#[cfg(not(target_arch = "wasm32"))]
use crate::device::pipeline_file::PipelineFile;
use crate::error::Error;
use crate::shader::{Access, ComposedModule, Kernel};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

/// The key of a pipeline: what its module is composed for, the entry point, and the bindings of that entry point.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub label: &'static str,
    pub kernel: Kernel,
    pub entry_point: &'static str,
    pub bindings: Vec<(u32, Access)>,
}

/// A pipeline, and the layout of its bind group: to ask wgpu for the layout takes longer than to keep it.
#[derive(Debug, Clone)]
pub(crate) struct Pipeline {
    pub compute: wgpu::ComputePipeline,
    pub group: wgpu::BindGroupLayout,
}

pub(crate) type Compiled = OnceLock<Result<Pipeline, Error>>;

#[derive(Debug, Default)]
pub(crate) struct Cache {
    // One OnceLock for each entry, so that a compilation does not block other keys.
    pub pipelines: Mutex<HashMap<Key, Arc<Compiled>>>,
    pub uniforms: Mutex<HashMap<Vec<u8>, wgpu::Buffer>>,
    /// Pipelines of earlier runs.
    #[cfg(not(target_arch = "wasm32"))]
    pub file: Option<PipelineFile>,
    /// A test's change to each module before it is compiled.
    pub rewriter: Option<Rewriter>,
}

/// Takes a module before compilation, and returns the text to compile instead.
type Rewrite = dyn Fn(&ComposedModule<'_>) -> String + Send + Sync;

pub(crate) struct Rewriter(pub Box<Rewrite>);

impl std::fmt::Debug for Rewriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rewriter")
    }
}

impl Cache {
    /// The number of pipelines, and the bytes of uniforms.
    pub(crate) fn held(&self) -> (usize, u64) {
        let uniforms = lock(&self.uniforms).values().map(wgpu::Buffer::size).sum();
        (lock(&self.pipelines).len(), uniforms)
    }

    /// The driver's cache of pipelines.
    pub(crate) fn of_driver(&self) -> Option<&wgpu::PipelineCache> {
        #[cfg(not(target_arch = "wasm32"))]
        let known = self.file.as_ref().map(|file| &file.cache);
        #[cfg(target_arch = "wasm32")]
        let known = None;
        known
    }

    /// Drops all pipelines: modules may have another form now.
    pub(crate) fn forget_pipelines(&self) {
        lock(&self.pipelines).clear();
    }

    pub(crate) fn forget_uniforms(&self) {
        lock(&self.uniforms).clear();
    }
}
