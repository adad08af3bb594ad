//! gpu-activations and burn, both on the same adapter.

use anyhow::{Context, Result, bail, ensure};
use burn::tensor::wgpu::WgpuBackend;
use burn::tensor::{Device, DeviceKind};
use gpu_activations::{Accuracy, GpuActivations, wgpu};

/// Each library with a device of its own, made as its users make it.
pub struct Libraries {
    pub context: GpuActivations,
    pub burn: Device,
    pub burn_adapter: wgpu::AdapterInfo,
}

impl Libraries {
    /// gpu-activations chooses the adapter, by the environment variables in its documentation, and burn follows.
    pub fn on_one_adapter(accuracy: Accuracy) -> Result<Self> {
        let context = GpuActivations::new()?.with_accuracy(accuracy);
        let (burn, burn_adapter) = burn_on(&context.adapter_info())?;
        Ok(Libraries { context, burn, burn_adapter })
    }

    /// Waits for whatever gpu-activations, or anybody else on its device, has submitted.
    pub fn wait_for_ours(&self) -> Result<()> {
        self.context.device().poll(wgpu::PollType::wait_indefinitely())?;
        Ok(())
    }

    pub fn wait_for_burn(&self) -> Result<()> {
        Ok(self.burn.sync()?)
    }
}

fn burn_on(wanted: &wgpu::AdapterInfo) -> Result<(Device, wgpu::AdapterInfo)> {
    let api = match wanted.backend {
        wgpu::Backend::Vulkan => WgpuBackend::Vulkan,
        wgpu::Backend::Metal => WgpuBackend::Metal,
        wgpu::Backend::Dx12 => WgpuBackend::Dx12,
        wgpu::Backend::Gl => WgpuBackend::Gl,
        backend => bail!("burn cannot be told to use {backend}"),
    };
    // burn names adapters by kind and number only.
    for number in 0.. {
        let kind = match wanted.device_type {
            wgpu::DeviceType::DiscreteGpu => DeviceKind::DiscreteGpu(number),
            wgpu::DeviceType::IntegratedGpu => DeviceKind::IntegratedGpu(number),
            wgpu::DeviceType::VirtualGpu => DeviceKind::VirtualGpu(number),
            wgpu::DeviceType::Cpu => DeviceKind::Cpu,
            wgpu::DeviceType::Other => DeviceKind::DefaultDevice,
        };
        let (device, setup) = Device::wgpu_options()
            .device_kind(kind)
            .graphics_api(api)
            .init_with_setup()
            .with_context(|| format!("burn does not find {} on {}", wanted.name, wanted.backend))?;
        let found = setup.adapter.get_info();
        if is_same(&found, wanted) {
            return Ok((device, found));
        }
        let numbered = !matches!(wanted.device_type, wgpu::DeviceType::Cpu | wgpu::DeviceType::Other);
        ensure!(numbered, "burn uses {} where gpu-activations uses {}", found.name, wanted.name);
    }
    unreachable!("burn has no adapter of every number")
}

fn is_same(a: &wgpu::AdapterInfo, b: &wgpu::AdapterInfo) -> bool {
    let identity = |info: &wgpu::AdapterInfo| {
        (info.name.clone(), info.backend, info.vendor, info.device, info.device_pci_bus_id.clone())
    };
    identity(a) == identity(b)
}

const LOCK_FILE: &str = include_str!("../Cargo.lock");

/// The version of a package that this build has.
pub fn version(package: &str) -> &'static str {
    let entry = |name: &str| {
        let first_line = format!("name = \"{name}\"\n");
        LOCK_FILE.split("[[package]]\n").find(|entry| entry.starts_with(&first_line)).expect("a dependency is locked")
    };
    // Where the lock file has several versions of a package, dependencies name theirs.
    let named = format!("\"{package} ");
    let version = entry(env!("CARGO_PKG_NAME")).lines().find_map(|line| line.trim().strip_prefix(&named));
    let version = version.or_else(|| entry(package).lines().find_map(|line| line.strip_prefix("version = ")));
    version.expect("a package has a version").trim_matches(['"', ','])
}
