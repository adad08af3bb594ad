//! Pipelines and parameter buffers, each made once and kept.

use crate::device::Shared;
use crate::shader::{Binding, Shader, Storage};
use crate::{Activation, Error};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

/// Forward or backward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Pass {
    Forward,
    Backward,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub activation: &'static str,
    pub storage: Storage,
    pub binding: Binding,
    pub pass: Pass,
    pub tail: bool,
}

type Compiled = OnceLock<Result<wgpu::ComputePipeline, Error>>;

#[derive(Debug, Default)]
pub(crate) struct Cache {
    // One OnceLock an entry, so that a compilation does not block other keys.
    pipelines: Mutex<HashMap<Key, Arc<Compiled>>>,
    calls: Mutex<HashMap<Vec<u32>, wgpu::Buffer>>,
}

/// Beyond this many sets of parameter values the cache of them starts anew.
const MOST_CALLS: usize = 4096;

/// The bindings of one form: (number, read-only).
fn operands(binding: Binding, pass: Pass) -> Vec<(u32, bool)> {
    let x = (0, binding == Binding::Separate);
    let dy = (1, binding == Binding::Separate);
    let mut operands = vec![(2, false)];
    if binding != Binding::OverX {
        operands.push(x);
    }
    if pass == Pass::Backward && binding != Binding::OverDy {
        operands.push(dy);
    }
    operands
}

fn layout(device: &wgpu::Device, key: Key) -> wgpu::BindGroupLayout {
    let entry = |binding, ty| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None },
        count: None,
    };
    let mut entries: Vec<_> = operands(key.binding, key.pass)
        .into_iter()
        .map(|(binding, read_only)| entry(binding, wgpu::BufferBindingType::Storage { read_only }))
        .collect();
    entries.push(entry(3, wgpu::BufferBindingType::Uniform));
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(key.activation), entries: &entries })
}

#[expect(
    unsafe_code,
    reason = "bounds checks cost a sixth of relu's throughput on SwiftShader, though nothing on lavapipe"
)]
fn module(device: &wgpu::Device, activation: &Activation, shader: &Shader) -> wgpu::ShaderModule {
    let descriptor = wgpu::ShaderModuleDescriptor {
        label: Some(activation.name()),
        source: wgpu::ShaderSource::Wgsl(shader.source().into()),
    };
    // SAFETY: the text is this crate's own. `forward` and `backward` index below arrayLength(&result) and the tails
    // below arrayLength(&result_words); x and dy are bound with the same length as the result. The one loop, in `reduce_far`, ends after four
    // turns, and its index is bounded by the table's last.
    unsafe { device.create_shader_module_trusted(descriptor, wgpu::ShaderRuntimeChecks::unchecked()) }
}

impl Shared {
    pub(crate) fn pipeline(&self, activation: &Activation, key: Key) -> Result<wgpu::ComputePipeline, Error> {
        let entry = Arc::clone(lock(&self.cache.pipelines).entry(key).or_default());
        let outcome = entry.get_or_init(|| self.compile(activation, key)).clone();
        if outcome.as_ref().is_err_and(|error| !matches!(error, Error::Shader { .. })) {
            // What has failed for want of memory may succeed later.
            lock(&self.cache.pipelines).remove(&key);
        }
        outcome
    }

    fn compile(&self, activation: &Activation, key: Key) -> Result<wgpu::ComputePipeline, Error> {
        let shader = Shader::elementwise(activation, key.storage, key.binding);
        let mut compiled = None;
        let outcome = self.checked(|| {
            let module = compiled.insert(module(&self.device, activation, &shader));
            Ok(create_pipeline(&self.device, module, key))
        });
        let (Err(error), Some(module)) = (&outcome, compiled) else { return outcome };
        let messages = pollster::block_on(module.get_compilation_info()).messages;
        let found = messages.into_iter().find(|message| message.message_type == wgpu::CompilationMessageType::Error);
        let Some(message) = found else { return Err(error.clone()) };
        let place = message.location.and_then(|location| shader.locate(location.line_number));
        let (file, line) = place.unwrap_or((activation.name(), 0));
        Err(Error::Shader { file: file.to_owned(), line, message: message.message })
    }

    /// The uniform buffer `Call` of the shaders. It is never written again, so a recording may refer to it for ever.
    pub(crate) fn call(&self, activation: &Activation, tail_elements: u32) -> Result<wgpu::Buffer, Error> {
        let mut words = vec![0, tail_elements, 0, 0];
        words.extend(activation.values().iter().map(|value| value.to_bits()));
        words.resize(words.len().next_multiple_of(4).max(8), 0);
        let mut calls = lock(&self.cache.calls);
        if calls.len() >= MOST_CALLS {
            calls.clear();
        }
        if let Some(buffer) = calls.get(&words) {
            return Ok(buffer.clone());
        }
        let buffer = self.checked(|| {
            let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("parameters"),
                size: words.len() as u64 * 4,
                usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            });
            // It takes effect before the next submission, the caller's included.
            self.queue.write_buffer(&buffer, 0, bytemuck::cast_slice(&words));
            Ok(buffer)
        })?;
        calls.insert(words, buffer.clone());
        Ok(buffer)
    }
}

fn create_pipeline(device: &wgpu::Device, module: &wgpu::ShaderModule, key: Key) -> wgpu::ComputePipeline {
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(key.activation),
        bind_group_layouts: &[Some(&layout(device, key))],
        immediate_size: 0,
    });
    let entry_point = match (key.pass, key.tail) {
        (Pass::Forward, false) => "forward",
        (Pass::Backward, false) => "backward",
        (Pass::Forward, true) => "forward_tail",
        (Pass::Backward, true) => "backward_tail",
    };
    device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(key.activation),
        layout: Some(&layout),
        module,
        entry_point: Some(entry_point),
        compilation_options: wgpu::PipelineCompilationOptions {
            zero_initialize_workgroup_memory: false,
            ..Default::default()
        },
        cache: None,
    })
}

/// Locks whatever a panic elsewhere left behind: every value here is whole between statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
