//! Compiles the kernels of a discrete GPU with the Vulkan driver at hand, and names each on stderr, where the driver may
//! print its machine code. `cargo xtask instructions` counts that.
//!
//! The driver need not be able to run anything: operations are prepared on wgpu's backend that does nothing, and the
//! composed modules are compiled as wgpu compiles them.

use anyhow::{Context, Result, anyhow, ensure};
use ash::vk;
use gpu_activations::{Accuracy, Axis, DoubleBackward, Element, Error, Function, GpuActivations, wgpu};
use half::{bf16, f16};
use naga::back::spv;
use naga::valid::{Capabilities, ShaderStages, SubgroupOperationSet, ValidationFlags, Validator};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The array that functions along an axis work on.
const ROWS: [usize; 2] = [4096, 1024];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    Forward,
    Backward,
    DoubleBackward,
}

impl Pass {
    const ALL: [Pass; 3] = [Pass::Forward, Pass::Backward, Pass::DoubleBackward];

    fn name(self) -> &'static str {
        match self {
            Pass::Forward => "forward",
            Pass::Backward => "backward",
            Pass::DoubleBackward => "double_backward",
        }
    }

    fn is_of(self, function: &Function) -> bool {
        self != Pass::DoubleBackward || function.along().map_or(true, |along| along.has_double_backward())
    }
}

/// A kernel of an operation.
struct Kernel {
    text: String,
    entry_point: &'static str,
    /// Each binding of group 0, and whether it is a uniform.
    bindings: Vec<(u32, bool)>,
    elements: u64,
}

fn main() -> Result<()> {
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    for name in &asked {
        ensure!(Function::all().any(|(known, _)| known == name), "there is no function `{name}`");
    }
    let driver = Driver::new()?;
    for (name, function) in
        Function::all().filter(|(name, _)| asked.is_empty() || asked.iter().any(|asked| asked == name))
    {
        // A context of its own, because functions that share a kernel are compiled once in a context.
        let planner = Planner::new()?;
        for &accuracy in accuracies(&function) {
            planner.compile::<f32>(&driver, name, &function, accuracy)?;
        }
        planner.compile::<f16>(&driver, name, &function, Accuracy::Highest)?;
        planner.compile::<bf16>(&driver, name, &function, Accuracy::Highest)?;
    }
    Ok(())
}

/// The accuracies in f32 that a function has kernels for.
fn accuracies(function: &Function) -> &'static [Accuracy] {
    let has_levels = ["elementwise", "gated"].contains(&function.family());
    if has_levels { &Accuracy::ALL } else { &[Accuracy::Highest] }
}

/// A context that runs nothing, and keeps the modules that it would compile.
struct Planner {
    context: GpuActivations,
    kernels: Arc<Mutex<Vec<Kernel>>>,
}

impl Planner {
    /// For a discrete GPU with subgroups of 32 lanes.
    fn new() -> Result<Planner> {
        let noop = wgpu::NoopBackendOptions {
            enable: true,
            device_type: Some(wgpu::DeviceType::DiscreteGpu),
            subgroup_min_size: Some(32),
            subgroup_max_size: Some(32),
            ..Default::default()
        };
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = wgpu::Backends::NOOP;
        descriptor.backend_options.noop = noop;
        let adapter = pollster::block_on(wgpu::Instance::new(descriptor).request_adapter(&Default::default()))?;
        let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor {
            required_features: wgpu::Features::SUBGROUP | wgpu::Features::SHADER_F16,
            required_limits: adapter.limits(),
            ..Default::default()
        }))?;
        let kernels = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&kernels);
        let context = GpuActivations::from_device_rewriting(device, queue, move |module| {
            kept.lock().expect("no thread panicked").push(Kernel {
                text: module.text.to_owned(),
                entry_point: module.entry_point,
                bindings: module.bindings.iter().map(|&(number, written)| (number, written.is_none())).collect(),
                elements: module.elements,
            });
            module.text.to_owned()
        });
        context.assume_gpu_arithmetic();
        Ok(Planner { context, kernels })
    }

    /// Compiles the kernels of a function's passes.
    fn compile<T: Element>(&self, driver: &Driver, name: &str, function: &Function, accuracy: Accuracy) -> Result<()> {
        for pass in Pass::ALL.into_iter().filter(|pass| pass.is_of(function)) {
            self.prepare::<T>(function, pass, accuracy)?;
            let mut earlier = Vec::new();
            for kernel in self.kernels.lock().expect("no thread panicked").drain(..) {
                let Kernel { entry_point, elements, .. } = kernel;
                // Both results of a double backward pass may come from entry points of one name.
                let again = if earlier.contains(&entry_point) { "_again" } else { "" };
                earlier.push(entry_point);
                let (storage, pass) = (T::STORAGE.name(), pass.name());
                eprintln!("\n@kernel {name} {pass} {storage} {accuracy} {entry_point}{again} {elements}");
                let took = driver.compile(&kernel)?;
                eprintln!("\n@done {}", took.as_micros());
            }
        }
        Ok(())
    }

    fn prepare<T: Element>(&self, function: &Function, pass: Pass, accuracy: Accuracy) -> Result<(), Error> {
        let context = self.context.with_accuracy(accuracy);
        let axis = Axis::last(&ROWS)?;
        let elements = match function.along() {
            Ok(along) => along.output_shape(&axis)?.iter().product(),
            Err(_) => axis.elements(),
        };
        let (x, dx) = (context.allocate::<T>(axis.elements())?, context.allocate::<T>(axis.elements())?);
        let (y, dy) = (context.allocate::<T>(elements)?, context.allocate::<T>(elements)?);
        let (v, ddy) = (context.allocate::<T>(axis.elements())?, context.allocate::<T>(elements)?);
        let double =
            DoubleBackward { x: (&x).into(), dy: (&dy).into(), v: (&v).into(), dx: (&dx).into(), ddy: (&ddy).into() };
        context.prepare(|recording| match (function.along(), pass) {
            (Ok(along), Pass::Forward) => recording.forward_along(along, &axis, None, &x, &y),
            (Ok(along), Pass::Backward) => recording.backward_along(along, &axis, None, &x, &dy, &dx),
            (Ok(along), Pass::DoubleBackward) => recording.double_backward_along(along, &axis, None, double),
            (Err(_), Pass::Forward) => recording.forward(function.clone(), &x, &y),
            (Err(_), Pass::Backward) => recording.backward(function.clone(), &x, &dy, &dx),
            (Err(_), Pass::DoubleBackward) => recording.double_backward(function.clone(), double),
        })
    }
}

/// A device of the first Vulkan adapter. It lives until the process ends.
struct Driver {
    device: ash::Device,
    // Vulkan's library, which the device calls.
    _entry: ash::Entry,
}

impl Driver {
    fn new() -> Result<Driver> {
        // SAFETY: Vulkan's loader is a library without side conditions.
        let entry = unsafe { ash::Entry::load() }.context("Vulkan's loader is missing")?;
        let application = vk::ApplicationInfo::default().api_version(vk::API_VERSION_1_2);
        let create = vk::InstanceCreateInfo::default().application_info(&application);
        // SAFETY: every structure lives until the call returns.
        let instance = unsafe { entry.create_instance(&create, None) }.context("Vulkan does not start")?;
        // SAFETY: the instance is never destroyed.
        let adapters = unsafe { instance.enumerate_physical_devices() }?;
        let &adapter = adapters.first().context("there is no Vulkan adapter")?;
        // SAFETY: the adapter is the instance's.
        let properties = unsafe { instance.get_physical_device_properties(adapter) };
        let name = properties.device_name_as_c_str()?.to_string_lossy().into_owned();
        let version = properties.driver_version;
        let [major, minor, patch] =
            [vk::api_version_major(version), vk::api_version_minor(version), vk::api_version_patch(version)];
        eprintln!("\n@adapter {major}.{minor}.{patch} {name}");
        let queues = [vk::DeviceQueueCreateInfo::default().queue_priorities(&[1.0])];
        // What wgpu asks for that changes the code of a compute shader.
        let features = vk::PhysicalDeviceFeatures::default().robust_buffer_access(true);
        let mut of_1_2 = vk::PhysicalDeviceVulkan12Features::default().shader_float16(true);
        let create = vk::DeviceCreateInfo::default().queue_create_infos(&queues).enabled_features(&features);
        let create = create.push_next(&mut of_1_2);
        // SAFETY: as for the instance.
        let device = unsafe { instance.create_device(adapter, &create, None) }.context("there is no device")?;
        Ok(Driver { device, _entry: entry })
    }

    /// Creates the pipeline of a kernel, and returns the time that the driver took.
    fn compile(&self, kernel: &Kernel) -> Result<Duration> {
        let words = spirv(kernel)?;
        let bindings: Vec<_> =
            kernel.bindings.iter().map(|&(number, is_uniform)| binding(number, is_uniform)).collect();
        let group = vk::DescriptorSetLayoutCreateInfo::default().bindings(&bindings);
        let name = std::ffi::CString::new(kernel.entry_point)?;
        // SAFETY: naga has validated the module, the layout has every binding of it, and what is destroyed is used no more.
        unsafe {
            let groups = [self.device.create_descriptor_set_layout(&group, None)?];
            let layout = vk::PipelineLayoutCreateInfo::default().set_layouts(&groups);
            let layout = self.device.create_pipeline_layout(&layout, None)?;
            let module = self.device.create_shader_module(&vk::ShaderModuleCreateInfo::default().code(&words), None)?;
            let stage = vk::PipelineShaderStageCreateInfo::default().stage(vk::ShaderStageFlags::COMPUTE);
            let stage = stage.module(module).name(&name);
            let pipeline = [vk::ComputePipelineCreateInfo::default().stage(stage).layout(layout)];
            let begin = Instant::now();
            let created = self.device.create_compute_pipelines(vk::PipelineCache::null(), &pipeline, None);
            let took = begin.elapsed();
            let pipelines = created.map_err(|(_, error)| anyhow!("{}: {error}", kernel.entry_point))?;
            pipelines.into_iter().for_each(|pipeline| self.device.destroy_pipeline(pipeline, None));
            self.device.destroy_shader_module(module, None);
            self.device.destroy_pipeline_layout(layout, None);
            self.device.destroy_descriptor_set_layout(groups[0], None);
            Ok(took)
        }
    }
}

fn binding(number: u32, is_uniform: bool) -> vk::DescriptorSetLayoutBinding<'static> {
    let kind = if is_uniform { vk::DescriptorType::UNIFORM_BUFFER } else { vk::DescriptorType::STORAGE_BUFFER };
    let binding = vk::DescriptorSetLayoutBinding::default().binding(number).descriptor_count(1);
    binding.descriptor_type(kind).stage_flags(vk::ShaderStageFlags::COMPUTE)
}

/// The module as wgpu hands it to a driver, where it is trusted.
fn spirv(kernel: &Kernel) -> Result<Vec<u32>> {
    let module = naga::front::wgsl::parse_str(&kernel.text)?;
    let info = Validator::new(
        ValidationFlags::all(),
        Capabilities::SUBGROUP | Capabilities::SHADER_FLOAT16 | Capabilities::SHADER_FLOAT16_IN_FLOAT32,
    )
    .subgroup_stages(ShaderStages::COMPUTE)
    .subgroup_operations(SubgroupOperationSet::all())
    .validate(&module)?;
    let options = spv::Options {
        lang_version: (1, 3),
        flags: spv::WriterFlags::empty(),
        bounds_check_policies: naga::proc::BoundsCheckPolicies {
            index: naga::proc::BoundsCheckPolicy::Unchecked,
            buffer: naga::proc::BoundsCheckPolicy::Unchecked,
            image_load: naga::proc::BoundsCheckPolicy::Unchecked,
            binding_array: naga::proc::BoundsCheckPolicy::Unchecked,
        },
        zero_initialize_workgroup_memory: spv::ZeroInitializeWorkgroupMemoryMode::None,
        force_loop_bounding: false,
        emit_int_div_checks: false,
        ..Default::default()
    };
    let entry =
        spv::PipelineOptions { shader_stage: naga::ShaderStage::Compute, entry_point: kernel.entry_point.to_owned() };
    let words = spv::write_vec(&module, &info, &options, Some(&entry))?;
    ensure!(!words.is_empty(), "{}: no SPIR-V", kernel.entry_point);
    Ok(words)
}
