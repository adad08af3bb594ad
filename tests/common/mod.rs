//! What several tests use.

use gpu_activations::{GpuActivations, wgpu};

/// A context on the best adapter. A test without one fails.
pub fn context() -> GpuActivations {
    GpuActivations::new().expect("tests need an adapter; `cargo xtask test` installs one where it can")
}

#[allow(dead_code, reason = "not every test needs limits of its own")]
/// A device of the caller's with limits below the adapter's.
pub fn device_with(limits: impl Fn(&mut wgpu::Limits)) -> (wgpu::Device, wgpu::Queue) {
    let adapter = pollster::block_on(gpu_activations::adapters()).remove(0);
    let mut required_limits = adapter.limits();
    limits(&mut required_limits);
    let descriptor = wgpu::DeviceDescriptor { required_limits, ..Default::default() };
    pollster::block_on(adapter.request_device(&descriptor)).unwrap()
}
