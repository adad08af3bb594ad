//! Pipelines and parameter buffers, each made once and kept.

use crate::Error;
use crate::device::Shared;
use crate::device::pipeline_file::PipelineFile;
use crate::shader::{Part, Shader};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

/// What the shader may do with a binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Access {
    Read,
    Write,
    Uniform,
}

/// A pipeline: the parts of its module, the entry point, and the bindings that this uses.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub label: &'static str,
    pub parts: Vec<Part>,
    pub entry_point: &'static str,
    pub bindings: Vec<(u32, Access)>,
}

/// A part of a buffer under a number of group 0.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound<'a> {
    pub number: u32,
    pub access: Access,
    pub buffer: &'a wgpu::Buffer,
    pub offset: u64,
    /// To the end where none is given.
    pub size: Option<wgpu::BufferSize>,
}

/// One command, ready to be recorded.
#[derive(Debug)]
pub(crate) struct Dispatch {
    pub pipeline: wgpu::ComputePipeline,
    pub group: wgpu::BindGroup,
    pub columns: u32,
    pub rows: u32,
}

type Compiled = OnceLock<Result<wgpu::ComputePipeline, Error>>;

#[derive(Debug, Default)]
pub(crate) struct Cache {
    // One OnceLock an entry, so that a compilation does not block other keys.
    pipelines: Mutex<HashMap<Key, Arc<Compiled>>>,
    calls: Mutex<HashMap<Vec<u32>, wgpu::Buffer>>,
    /// Pipelines of earlier runs.
    pub file: Option<PipelineFile>,
    /// What a test does to each module before it is compiled.
    pub rewriter: Option<Rewriter>,
}

/// Takes the text of a module and the entry point that is compiled, and returns the text to compile in its place.
type Rewrite = dyn Fn(&str, &str) -> String + Send + Sync;

pub(crate) struct Rewriter(pub Box<Rewrite>);

impl std::fmt::Debug for Rewriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rewriter")
    }
}

impl Cache {
    /// How many pipelines there are, and how many bytes of parameters.
    pub(crate) fn held(&self) -> (usize, u64) {
        let parameters = lock(&self.calls).values().map(wgpu::Buffer::size).sum();
        (lock(&self.pipelines).len(), parameters)
    }

    pub(crate) fn forget_parameters(&self) {
        lock(&self.calls).clear();
    }
}

/// Beyond this many sets of parameter values the cache of them starts anew.
const MOST_CALLS: usize = 4096;

/// The number of the uniform buffer `Call` of the shaders.
const CALL: u32 = 3;

fn layout(device: &wgpu::Device, key: &Key) -> wgpu::BindGroupLayout {
    let entry = |&(binding, access): &(u32, Access)| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer {
            ty: match access {
                Access::Read => wgpu::BufferBindingType::Storage { read_only: true },
                Access::Write => wgpu::BufferBindingType::Storage { read_only: false },
                Access::Uniform => wgpu::BufferBindingType::Uniform,
            },
            has_dynamic_offset: false,
            min_binding_size: None,
        },
        count: None,
    };
    let entries: Vec<_> = key.bindings.iter().map(entry).collect();
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(key.label), entries: &entries })
}

#[expect(
    unsafe_code,
    reason = "bounds checks cost a sixth of relu's throughput on SwiftShader, though nothing on lavapipe"
)]
fn trusted_module(device: &wgpu::Device, label: &str, text: &str) -> wgpu::ShaderModule {
    let descriptor = wgpu::ShaderModuleDescriptor { label: Some(label), source: wgpu::ShaderSource::Wgsl(text.into()) };
    // SAFETY: the text is this crate's own. Each entry point returns before it indexes anything where its number is
    // not below a count that the host took from the sizes bound: elements and rows of `Call`, or arrayLength(&result),
    // x and dy being bound with the same length. Loops count up to such a number, or to a constant. Of parameters from
    // buffers an element's index is cut to their length, and a channel is a remainder by the number of channels, which is
    // their length.
    unsafe { device.create_shader_module_trusted(descriptor, wgpu::ShaderRuntimeChecks::unchecked()) }
}

/// A module of a text that somebody else has changed.
fn checked_module(device: &wgpu::Device, label: &str, text: &str) -> wgpu::ShaderModule {
    let source = wgpu::ShaderSource::Wgsl(text.into());
    device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(label), source })
}

impl Shared {
    /// Makes one command of pipeline, bindings, the words of `Call`, and a number of workgroups.
    pub(crate) fn dispatch(
        &self,
        label: &'static str,
        parts: &[Part],
        entry_point: &'static str,
        bound: &[Bound<'_>],
        call: Vec<u32>,
        workgroups: u64,
    ) -> Result<Dispatch, Error> {
        let call = self.call(call)?;
        let mut bindings: Vec<_> = bound.iter().map(|bound| (bound.number, bound.access)).collect();
        bindings.push((CALL, Access::Uniform));
        let pipeline = self.pipeline(Key { label, parts: parts.to_vec(), entry_point, bindings })?;
        let mut entries: Vec<_> = bound
            .iter()
            .map(|bound| wgpu::BindGroupEntry {
                binding: bound.number,
                resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                    buffer: bound.buffer,
                    offset: bound.offset,
                    size: bound.size,
                }),
            })
            .collect();
        entries.push(wgpu::BindGroupEntry { binding: CALL, resource: call.as_entire_binding() });
        let group = self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(label),
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        let most = u64::from(self.limits.max_compute_workgroups_per_dimension);
        let columns = workgroups.clamp(1, most);
        let rows = workgroups.div_ceil(columns);
        if rows > most {
            let reason = format!("{workgroups} workgroups are more than two dimensions of {most} hold");
            return Err(Error::Refused { reason });
        }
        Ok(Dispatch { pipeline, group, columns: columns as u32, rows: rows as u32 })
    }

    fn pipeline(&self, key: Key) -> Result<wgpu::ComputePipeline, Error> {
        let entry = Arc::clone(lock(&self.cache.pipelines).entry(key.clone()).or_default());
        let outcome = entry.get_or_init(|| self.compile(&key)).clone();
        if outcome.as_ref().is_err_and(|error| !matches!(error, Error::Shader { .. })) {
            // What has failed for want of memory may succeed later.
            lock(&self.cache.pipelines).remove(&key);
        }
        outcome
    }

    fn compile(&self, key: &Key) -> Result<wgpu::ComputePipeline, Error> {
        let shader = Shader::compose(&key.parts, self.guards);
        let rewritten = self.cache.rewriter.as_ref().map(|rewriter| (rewriter.0)(shader.source(), key.entry_point));
        let mut compiled = None;
        let outcome = self.checked(|| {
            self.at_work(|| {
                let module = match &rewritten {
                    None => trusted_module(&self.device, key.label, shader.source()),
                    Some(text) => checked_module(&self.device, key.label, text),
                };
                let module = compiled.insert(module);
                Ok(create_pipeline(&self.device, module, key, self.cache.file.as_ref()))
            })
        });
        let (Err(error), Some(module)) = (&outcome, compiled) else { return outcome };
        let messages = pollster::block_on(module.get_compilation_info()).messages;
        let found = messages.into_iter().find(|message| message.message_type == wgpu::CompilationMessageType::Error);
        let Some(message) = found else { return Err(error.clone()) };
        let place = message.location.and_then(|location| shader.locate(location.line_number));
        let (file, line) = place.unwrap_or((key.label, 0));
        Err(Error::Shader { file: file.to_owned(), line, message: message.message })
    }

    /// A uniform buffer of these words. It is never written again, so a recording may refer to it for ever.
    fn call(&self, mut words: Vec<u32>) -> Result<wgpu::Buffer, Error> {
        words.resize(words.len().next_multiple_of(4), 0);
        let mut calls = lock(&self.cache.calls);
        if calls.len() >= MOST_CALLS {
            calls.clear();
        }
        if let Some(buffer) = calls.get(&words) {
            return Ok(buffer.clone());
        }
        let create = || {
            let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("parameters"),
                size: words.len() as u64 * 4,
                usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            });
            // It takes effect before the next submission, the caller's included.
            self.queue.write_buffer(&buffer, 0, bytemuck::cast_slice(&words));
            buffer
        };
        let buffer = self.checked(|| Ok(self.at_work(create)))?;
        calls.insert(words, buffer.clone());
        Ok(buffer)
    }
}

fn create_pipeline(
    device: &wgpu::Device,
    module: &wgpu::ShaderModule,
    key: &Key,
    file: Option<&PipelineFile>,
) -> wgpu::ComputePipeline {
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(key.label),
        bind_group_layouts: &[Some(&layout(device, key))],
        immediate_size: 0,
    });
    device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(key.label),
        layout: Some(&layout),
        module,
        entry_point: Some(key.entry_point),
        compilation_options: wgpu::PipelineCompilationOptions {
            zero_initialize_workgroup_memory: false,
            ..Default::default()
        },
        cache: file.map(|file| &file.cache),
    })
}

/// Locks whatever a panic elsewhere left behind: every value here is whole between statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
