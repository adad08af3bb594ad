use crate::device::copy::Copying;
use crate::shader::{Guards, LaunchShape};

/// Properties of an adapter that kernels and their launches depend on.
#[derive(Debug, Clone)]
pub(crate) struct AdapterTraits {
    pub limits: wgpu::Limits,
    /// Whether the host accesses storage buffers as fast as its own memory.
    pub mappable: bool,
    pub on_cpu: bool,
    pub guards: Guards,
    pub subgroups: bool,
    /// The least lanes of a subgroup, and whether there may be more.
    pub smallest_subgroup: u32,
    pub subgroups_vary: bool,
    /// The launch shape of elementwise kernels.
    pub launch: LaunchShape,
    /// Whether the driver cannot destroy a device while other threads use theirs.
    pub destroys_alone: bool,
}

/// NVIDIA's PCI vendor number.
const NVIDIA: u32 = 0x10de;

impl AdapterTraits {
    pub(crate) fn of(device: &wgpu::Device) -> AdapterTraits {
        AdapterTraits::of_kind(device, device.adapter_info().device_type)
    }

    /// Those of a device as if its adapter were of another kind.
    pub(crate) fn of_kind(device: &wgpu::Device, kind: wgpu::DeviceType) -> AdapterTraits {
        let info = wgpu::AdapterInfo { device_type: kind, ..device.adapter_info() };
        let features = device.features();
        let is_near = matches!(kind, wgpu::DeviceType::Cpu | wgpu::DeviceType::IntegratedGpu);
        let smallest_subgroup = info.subgroup_min_size.max(1);
        AdapterTraits {
            limits: device.limits(),
            mappable: is_near && features.contains(wgpu::Features::MAPPABLE_PRIMARY_BUFFERS),
            on_cpu: kind == wgpu::DeviceType::Cpu,
            guards: Guards::of(&info),
            // Browsers demand `enable subgroups;`, which naga does not know.
            subgroups: features.contains(wgpu::Features::SUBGROUP) && info.backend != wgpu::Backend::BrowserWebGpu,
            smallest_subgroup,
            subgroups_vary: info.subgroup_max_size > smallest_subgroup,
            launch: LaunchShape::of(&info),
            // NVIDIA's vkDestroyDevice may wait forever for a thread that compiles or submits.
            destroys_alone: info.backend == wgpu::Backend::Vulkan && info.vendor == NVIDIA,
        }
    }

    pub(crate) fn copying(&self) -> Copying {
        if self.on_cpu || cfg!(target_arch = "wasm32") { Copying::OneThread } else { Copying::TwoThreads }
    }
}
