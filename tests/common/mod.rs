//! Helpers of several tests.

use gpu_activations::tuning::Strategy;
use gpu_activations::{Element, GpuActivations, wgpu};
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

/// Every strategy for work along an axis.
#[allow(dead_code, reason = "only operations along an axis have strategies")]
pub const STRATEGIES: [Strategy; 5] =
    [Strategy::Automatic, Strategy::Split, Strategy::Invocation, Strategy::Subgroup, Strategy::Workgroup];

/// Numbers from -4 to 4 without order; another step gives others.
#[allow(dead_code, reason = "not every test needs them")]
pub fn numbers<T: Element>(len: usize, step: usize) -> Vec<T> {
    (0..len).map(|i| T::from_f64(((i * step) % 1999) as f64 / 250.0 - 4.0)).collect()
}

/// What the reference takes.
#[allow(dead_code, reason = "not every test compares with the reference")]
pub fn widened<T: Element>(values: &[T]) -> Vec<f64> {
    values.iter().map(|value| value.to_f64()).collect()
}
