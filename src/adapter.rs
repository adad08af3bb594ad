//! Which adapter to use.

use crate::Error;

fn instance() -> Option<wgpu::Instance> {
    let any = cfg!(any(feature = "vulkan", feature = "metal", feature = "dx12", feature = "gles"));
    // Instance::new panics without a backend.
    any.then(|| wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env()))
}

/// Lower is better: hardware before software, and of one kind GL last, because it has the fewest features.
fn rank(info: &wgpu::AdapterInfo, low_power: bool) -> (u8, bool) {
    let kind = match info.device_type {
        wgpu::DeviceType::DiscreteGpu => u8::from(low_power),
        wgpu::DeviceType::IntegratedGpu => u8::from(!low_power),
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    };
    (kind, info.backend == wgpu::Backend::Gl)
}

/// The adapters that can run compute shaders, the best first. `WGPU_BACKEND` restricts them to its backends, and
/// `WGPU_POWER_PREF=low` puts integrated before discrete ones.
pub async fn adapters() -> Vec<wgpu::Adapter> {
    let Some(instance) = instance() else { return Vec::new() };
    let mut adapters = instance.enumerate_adapters(wgpu::Backends::all()).await;
    adapters.retain(|adapter| {
        let flags = adapter.get_downlevel_capabilities().flags;
        flags.contains(wgpu::DownlevelFlags::COMPUTE_SHADERS)
            && adapter.limits().max_storage_buffers_per_shader_stage >= 3
            && adapter.limits().max_compute_invocations_per_workgroup >= 256
    });
    let low_power = wgpu::PowerPreference::from_env() == Some(wgpu::PowerPreference::LowPower);
    adapters.sort_by_key(|adapter| rank(&adapter.get_info(), low_power));
    adapters
}

/// The best adapter whose name, or "name on backend", contains `name`, or `WGPU_ADAPTER_NAME` where none is given, whatever the case.
pub(crate) async fn choose(name: Option<&str>) -> Result<wgpu::Adapter, Error> {
    let wanted = name.map(str::to_owned).or_else(|| std::env::var("WGPU_ADAPTER_NAME").ok());
    let pattern = wanted.as_deref().unwrap_or_default().to_lowercase();
    let mut found = Vec::new();
    for adapter in adapters().await {
        let info = adapter.get_info();
        let shown = format!("{} on {}", info.name, info.backend.to_str());
        if shown.to_lowercase().contains(&pattern) {
            return Ok(adapter);
        }
        found.push(shown);
    }
    let backend = std::env::var("WGPU_BACKEND").ok();
    Err(Error::NoAdapter { wanted, found, backend })
}
