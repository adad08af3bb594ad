//! What several tests use.

use gpu_activations::GpuActivations;

/// A context on the best adapter. A test without one fails.
pub fn context() -> GpuActivations {
    GpuActivations::new().expect("tests need an adapter; `cargo xtask test` installs one where it can")
}
