//! The choice of an adapter by its name.

use gpu_activations::wgpu::AdapterInfo;
use gpu_activations::{Error, GpuActivations};

/// A context on the adapter that these words name, or on the best one.
pub fn context(adapter: Option<&str>) -> Result<GpuActivations, Error> {
    let mut builder = GpuActivations::builder();
    if let Some(adapter) = adapter {
        builder = builder.adapter(adapter);
    }
    builder.build()
}

/// An adapter as `--adapter` may name it.
pub fn shown(info: &AdapterInfo) -> String {
    format!("{} on {}", info.name, info.backend.to_str())
}
