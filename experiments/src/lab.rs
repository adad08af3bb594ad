//! The device, and this package's own kernels.

use anyhow::{Context, Result, bail, ensure};
use gpu_activations::{BufferRange, GpuActivations, GpuBuffer, Scalar, wgpu};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A kernel of `shaders/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kernel {
    Adam,
    Advance,
    Alive,
    Correct,
    CrossEntropy,
    Gather,
    Likelihood,
    Forward,
    ByInputs,
    ByWeights,
    PinnEnergy,
    PinnGradient,
    PinnProducts,
    PinnTotal,
    Sgd,
    Sign,
    SquaredError,
}

/// The entry point of each kernel, and its text.
const SOURCES: [(Kernel, &str, &str); 17] = [
    (Kernel::Adam, "adam", include_str!("../shaders/adam.wgsl")),
    (Kernel::Advance, "advance", include_str!("../shaders/advance.wgsl")),
    (Kernel::Alive, "alive", include_str!("../shaders/alive.wgsl")),
    (Kernel::Correct, "correct", include_str!("../shaders/correct.wgsl")),
    (Kernel::CrossEntropy, "cross_entropy", include_str!("../shaders/cross_entropy.wgsl")),
    (Kernel::Gather, "gather", include_str!("../shaders/gather.wgsl")),
    (Kernel::Likelihood, "likelihood", include_str!("../shaders/likelihood.wgsl")),
    (Kernel::Forward, "forward", include_str!("../shaders/product.wgsl")),
    (Kernel::ByInputs, "by_inputs", include_str!("../shaders/product.wgsl")),
    (Kernel::ByWeights, "by_weights", include_str!("../shaders/product.wgsl")),
    (Kernel::PinnEnergy, "pinn_energy", include_str!("../shaders/pinn_energy.wgsl")),
    (Kernel::PinnGradient, "pinn_gradient", include_str!("../shaders/pinn_gradient.wgsl")),
    (Kernel::PinnProducts, "pinn_products", include_str!("../shaders/pinn_products.wgsl")),
    (Kernel::PinnTotal, "pinn_total", include_str!("../shaders/pinn_total.wgsl")),
    (Kernel::Sgd, "sgd", include_str!("../shaders/sgd.wgsl")),
    (Kernel::Sign, "sign_by_class", include_str!("../shaders/sign.wgsl")),
    (Kernel::SquaredError, "squared_error", include_str!("../shaders/squared_error.wgsl")),
];

/// A device with the crate's activations and this package's pipelines. Its clones share them.
#[derive(Clone)]
pub struct Lab {
    pub activations: GpuActivations,
    pipelines: Arc<HashMap<Kernel, wgpu::ComputePipeline>>,
    /// What the device has complained of since it was last asked.
    complaint: Arc<Mutex<Option<String>>>,
}

/// Words of 32 bits on the device, as bytes: the crate's buffers know no other integers.
pub type Words = GpuBuffer<u8>;

/// A dispatch with its bindings, to be recorded any number of times.
pub struct Launch {
    pipeline: wgpu::ComputePipeline,
    group: wgpu::BindGroup,
    workgroups: [u32; 3],
}

impl Lab {
    /// On the device of a context.
    pub fn on(activations: GpuActivations) -> Lab {
        let of_source = |(kernel, name, text)| (kernel, pipeline(activations.device(), name, text));
        let pipelines = Arc::new(SOURCES.into_iter().map(of_source).collect());
        Lab { activations, pipelines, complaint: Arc::default() }
    }

    /// Takes the best adapter, or the best one in whose name and backend all words of `WGPU_ADAPTER_NAME` occur.
    #[cfg(feature = "study")]
    pub fn open() -> Result<Lab> {
        let wanted = std::env::var("WGPU_ADAPTER_NAME").unwrap_or_default().to_lowercase();
        let survey = pollster::block_on(gpu_activations::survey())?;
        let names: Vec<String> = survey.usable.iter().map(|adapter| shown(&adapter.get_info())).collect();
        let fits = |name: &String| wanted.split_whitespace().all(|word| name.to_lowercase().contains(word));
        let Some(index) = names.iter().position(fits) else {
            let found = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            bail!("no adapter for compute shaders fits WGPU_ADAPTER_NAME={wanted:?}; there is {found}");
        };
        let adapter = &survey.usable[index];
        let descriptor = wgpu::DeviceDescriptor { required_limits: adapter.limits(), ..Default::default() };
        let (device, queue) = pollster::block_on(adapter.request_device(&descriptor))
            .with_context(|| format!("{} gives no device", names[index]))?;
        let complaint = Arc::new(Mutex::new(None));
        let heard = Arc::clone(&complaint);
        device.on_uncaptured_error(Arc::new(move |error| {
            heard.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error.to_string());
        }));
        let activations = GpuActivations::from_device(device, queue);
        activations.probe().with_context(|| format!("{} does not work", names[index]))?;
        let lab = Lab { complaint, ..Lab::on(activations) };
        lab.check()?;
        Ok(lab)
    }

    /// The adapter as "name on backend".
    pub fn adapter(&self) -> String {
        shown(&self.activations.adapter_info())
    }

    /// The adapter's driver, with its version.
    pub fn driver(&self) -> String {
        let info = self.activations.adapter_info();
        format!("{} {}", info.driver, info.driver_info)
    }

    fn device(&self) -> &wgpu::Device {
        self.activations.device()
    }

    /// Prepares a kernel. The settings are its uniform, if any, and lie before the buffers.
    pub fn launch(
        &self,
        kernel: Kernel,
        settings: &[u32],
        buffers: &[wgpu::BufferBinding<'_>],
        workgroups: [usize; 3],
    ) -> Launch {
        let uniform = (!settings.is_empty()).then(|| self.uniform(settings));
        let uniform = uniform.iter().map(wgpu::Buffer::as_entire_binding);
        let buffers = buffers.iter().cloned().map(wgpu::BindingResource::Buffer);
        let entry = |(binding, resource)| wgpu::BindGroupEntry { binding, resource };
        let entries: Vec<_> = (0..).zip(uniform.chain(buffers)).map(entry).collect();
        let pipeline = self.pipelines[&kernel].clone();
        let layout = pipeline.get_bind_group_layout(0);
        let descriptor = wgpu::BindGroupDescriptor { label: None, layout: &layout, entries: &entries };
        Launch {
            group: self.device().create_bind_group(&descriptor),
            pipeline,
            workgroups: workgroups.map(|n| n as u32),
        }
    }

    fn uniform(&self, words: &[u32]) -> wgpu::Buffer {
        let bytes: &[u8] = bytemuck::cast_slice(words);
        let buffer = self.device().create_buffer(&wgpu::BufferDescriptor {
            label: Some("settings"),
            size: (bytes.len() as u64).next_multiple_of(16),
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        self.activations.queue().write_buffer(&buffer, 0, bytes);
        buffer
    }

    pub fn upload_words(&self, words: &[u32]) -> Result<Words> {
        Ok(self.activations.upload(bytemuck::cast_slice(words))?)
    }

    #[cfg(feature = "study")]
    pub fn download_words(&self, words: &Words) -> Result<Vec<u32>> {
        Ok(bytemuck::pod_collect_to_vec(&self.activations.download(words)?))
    }

    /// Records one submission's commands in a compute pass.
    pub fn recorded(
        &self,
        record: impl FnOnce(&mut wgpu::ComputePass<'_>) -> Result<()>,
    ) -> Result<wgpu::CommandBuffer> {
        let mut encoder = self.device().create_command_encoder(&Default::default());
        record(&mut encoder.begin_compute_pass(&Default::default()))?;
        Ok(encoder.finish())
    }

    /// Submits, and waits for the device.
    #[cfg(feature = "study")]
    pub fn run(&self, commands: impl IntoIterator<Item = wgpu::CommandBuffer>) -> Result<()> {
        self.activations.queue().submit(commands);
        self.device().poll(wgpu::PollType::wait_indefinitely())?;
        self.check()
    }

    /// Fails if the device has complained.
    #[cfg(feature = "study")]
    fn check(&self) -> Result<()> {
        let complaint = self.complaint.lock().unwrap_or_else(PoisonError::into_inner).take();
        ensure!(complaint.is_none(), "{}: {}", self.adapter(), complaint.unwrap_or_default());
        Ok(())
    }
}

impl Launch {
    pub fn record(&self, pass: &mut wgpu::ComputePass<'_>) {
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.group, &[]);
        let [x, y, z] = self.workgroups;
        pass.dispatch_workgroups(x, y, z);
    }
}

/// A whole buffer, bound.
pub fn whole<T: Scalar>(buffer: &GpuBuffer<T>) -> wgpu::BufferBinding<'_> {
    range(&BufferRange::<T>::new(buffer.raw(), 0, buffer.len() as u64))
}

/// A range, bound.
pub fn range<'a, T: Scalar>(range: &BufferRange<'a, T>) -> wgpu::BufferBinding<'a> {
    let size = wgpu::BufferSize::new(range.len() * size_of::<T>() as u64);
    wgpu::BufferBinding { buffer: range.buffer(), offset: range.offset(), size }
}

fn shown(info: &wgpu::AdapterInfo) -> String {
    format!("{} on {}", info.name, info.backend.to_str())
}

fn pipeline(device: &wgpu::Device, entry_point: &str, text: &str) -> wgpu::ComputePipeline {
    let source = wgpu::ShaderSource::Wgsl(text.into());
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(entry_point), source });
    device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(entry_point),
        layout: None,
        module: &module,
        entry_point: Some(entry_point),
        compilation_options: Default::default(),
        cache: None,
    })
}
