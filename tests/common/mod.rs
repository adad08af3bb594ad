//! Helpers of several tests.

use gpu_activations::{GpuActivations, wgpu};
use std::sync::LazyLock;

/// The context that tests share, on the best adapter. Sharing keeps a test from destroying a device while another uses
/// its own, which some drivers cannot handle. A test without an adapter fails.
#[allow(dead_code, reason = "not every test shares one")]
pub fn context() -> GpuActivations {
    static SHARED: LazyLock<GpuActivations> = LazyLock::new(own_context);
    SHARED.clone()
}

/// A context for one test, for effects that other tests would notice.
#[allow(dead_code, reason = "not every test needs one of its own")]
pub fn own_context() -> GpuActivations {
    GpuActivations::new().expect("tests need an adapter; `cargo xtask test` installs one where it can")
}

/// A caller's device with limits below the adapter's.
#[allow(dead_code, reason = "not every test needs limits of its own")]
pub fn device_with(limits: impl Fn(&mut wgpu::Limits)) -> (wgpu::Device, wgpu::Queue) {
    let adapter = pollster::block_on(gpu_activations::adapters()).remove(0);
    let mut required_limits = adapter.limits();
    limits(&mut required_limits);
    let descriptor = wgpu::DeviceDescriptor { required_limits, ..Default::default() };
    pollster::block_on(adapter.request_device(&descriptor)).unwrap()
}
