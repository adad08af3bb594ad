//! Execution of commands: pipelines compiled or from the cache, uniform buffers, bind groups.

use crate::device::cache::{Key, Pipeline};
use crate::device::command::Command;
use crate::device::core::Device;
use crate::device::lock::lock;
use crate::device::plan::PlannedDispatch;
use crate::error::Error;
use crate::shader::{Access, ComposedModule, Shader, numbers};
use std::sync::Arc;

/// A command, ready to record.
#[derive(Debug, Clone)]
pub(crate) enum Dispatch {
    Launch(Launch),
    /// Of a device that only plans.
    Planned(Arc<PlannedDispatch>),
}

/// A command with its objects on the device.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    pub pipeline: wgpu::ComputePipeline,
    pub group: wgpu::BindGroup,
    pub columns: u32,
    pub rows: u32,
}

impl Launch {
    /// Records the dispatch into a pass that was set to another one before.
    pub(crate) fn record(&self, pass: &mut wgpu::ComputePass<'_>, set: &mut Option<Launch>) {
        let set = set.replace(self.clone());
        if set.as_ref().is_none_or(|set| set.pipeline != self.pipeline) {
            pass.set_pipeline(&self.pipeline);
        }
        if set.is_none_or(|set| set.group != self.group) {
            pass.set_bind_group(0, &self.group, &[]);
        }
        pass.dispatch_workgroups(self.columns, self.rows, 1);
    }
}

/// The number of cached uniforms at which the cache is emptied.
const MOST_UNIFORMS: usize = 4096;

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
    // SAFETY: the text is this crate's own. Each entry point returns before any access if its index is not below a
    // count that the host derives from the bound sizes: elements and rows in the uniform, or arrayLength(&result),
    // where x and dy are bound with the same length. Loops count up to such a count or to a constant. An element's
    // index into parameter buffers is limited to their length. A channel is a remainder by the number of channels,
    // which is their length.
    unsafe { device.create_shader_module_trusted(descriptor, wgpu::ShaderRuntimeChecks::unchecked()) }
}

/// What a compiler says, in one line without its excerpt, whose lines are those of the whole module.
fn without_excerpt(message: &str) -> String {
    let said = message.lines().map(str::trim).filter(|line| !line.is_empty() && !line.contains(['│', '┌']));
    said.collect::<Vec<_>>().join(" ")
}

/// A module from text that is not this crate's own: a user's, or what a test has changed.
fn checked_module(device: &wgpu::Device, label: &str, text: &str) -> wgpu::ShaderModule {
    let source = wgpu::ShaderSource::Wgsl(text.into());
    device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(label), source })
}

/// What the compiler has against a module, with its place in the source.
async fn complaint(module: wgpu::ShaderModule, shader: Shader, label: &'static str) -> Option<Error> {
    let messages = module.get_compilation_info().await.messages;
    let message = messages.into_iter().find(|message| message.message_type == wgpu::CompilationMessageType::Error)?;
    let column = message.location.map_or(0, |location| location.line_position);
    let place = message.location.and_then(|location| shader.locate(location.line_number));
    let (file, line) = place.unwrap_or((label, 0));
    Some(Error::Shader { file: file.to_owned(), line, column, message: without_excerpt(&message.message) })
}

impl Device {
    /// Prepares a command.
    pub(crate) fn dispatch(&self, command: Command<'_>) -> Result<Dispatch, Error> {
        let workgroups = command.workgroups;
        let most = u64::from(self.traits.limits.max_compute_workgroups_per_dimension);
        let columns = workgroups.min(most).max(1);
        let rows = workgroups.div_ceil(columns);
        if rows > most {
            let reason = format!("{workgroups} workgroups are more than two dimensions of {most} hold");
            return Err(Error::Refused { reason });
        }
        let (columns, rows) = (columns as u32, rows as u32);
        if self.plans {
            let planned = PlannedDispatch::new(command, self.form(), [columns, rows]);
            return Ok(Dispatch::Planned(Arc::new(planned)));
        }
        let Command { label, kernel, entry_point, bindings, uniform, .. } = command;
        // With room for the uniform.
        let mut layout = Vec::with_capacity(bindings.len() + 1);
        layout.extend(bindings.iter().map(|bound| (bound.number, bound.access)));
        let mut entries = Vec::with_capacity(bindings.len() + 1);
        entries.extend(bindings.iter().map(|bound| wgpu::BindGroupEntry {
            binding: bound.number,
            resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                buffer: bound.buffer,
                offset: bound.offset,
                size: bound.size,
            }),
        }));
        let uniform = if uniform.is_empty() { None } else { Some(self.uniform(uniform)?) };
        if let Some(uniform) = &uniform {
            layout.push((numbers::UNIFORM, Access::Uniform));
            entries.push(wgpu::BindGroupEntry { binding: numbers::UNIFORM, resource: uniform.as_entire_binding() });
        }
        let pipeline = self.pipeline(Key { label, kernel, entry_point, bindings: layout })?;
        let group = self.wgpu.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(label),
            layout: &pipeline.group,
            entries: &entries,
        });
        Ok(Dispatch::Launch(Launch { pipeline: pipeline.compute, group, columns, rows }))
    }

    fn pipeline(&self, key: Key) -> Result<Pipeline, Error> {
        let known = lock(&self.cache.pipelines).get(&key).cloned();
        let entry = known.unwrap_or_else(|| Arc::clone(lock(&self.cache.pipelines).entry(key.clone()).or_default()));
        let outcome = entry.get_or_init(|| self.compile(&key)).clone();
        if outcome.as_ref().is_err_and(|error| !matches!(error, Error::Shader { .. })) {
            // Compilation that failed for lack of memory may succeed later.
            lock(&self.cache.pipelines).remove(&key);
        }
        outcome
    }

    fn compile(&self, key: &Key) -> Result<Pipeline, Error> {
        let shader = key.kernel.compose(self.form());
        let rewritten = self.cache.rewriter.as_ref().map(|rewriter| {
            (rewriter.0)(&ComposedModule::new(shader.source(), key.entry_point, &key.bindings, &key.kernel))
        });
        let mut compiled = None;
        let outcome = self.checked(|| {
            self.at_work(|| {
                let module = match &rewritten {
                    None if key.kernel.is_trusted() => trusted_module(&self.wgpu, key.label, shader.source()),
                    None => checked_module(&self.wgpu, key.label, shader.source()),
                    Some(text) => checked_module(&self.wgpu, key.label, text),
                };
                let module = compiled.insert(module);
                // Before what the scopes report, which does not name the place.
                #[cfg(target_arch = "wasm32")]
                self.report(complaint(module.clone(), shader.clone(), key.label));
                Ok(create_pipeline(&self.wgpu, module, key, self.cache.of_driver()))
            })
        });
        #[cfg(not(target_arch = "wasm32"))]
        if outcome.is_err()
            && let Some(module) = compiled
            && let Some(error) = pollster::block_on(complaint(module, shader, key.label))
        {
            return Err(error);
        }
        outcome
    }

    /// A uniform buffer of these bytes. It is never rewritten, so a recording may refer to it at any time.
    fn uniform(&self, bytes: Vec<u8>) -> Result<wgpu::Buffer, Error> {
        let mut uniforms = lock(&self.cache.uniforms);
        if let Some(buffer) = uniforms.get(&bytes) {
            return Ok(buffer.clone());
        }
        if uniforms.len() >= MOST_UNIFORMS {
            uniforms.clear();
        }
        let create = || {
            let buffer = self.wgpu.create_buffer(&wgpu::BufferDescriptor {
                label: Some("uniform"),
                size: bytes.len() as u64,
                usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            });
            // The write takes effect before the next submission, including the caller's.
            self.queue.write_buffer(&buffer, 0, &bytes);
            buffer
        };
        let buffer = self.checked(|| Ok(self.at_work(create)))?;
        uniforms.insert(bytes, buffer.clone());
        Ok(buffer)
    }
}

fn create_pipeline(
    device: &wgpu::Device,
    module: &wgpu::ShaderModule,
    key: &Key,
    known: Option<&wgpu::PipelineCache>,
) -> Pipeline {
    let group = layout(device, key);
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(key.label),
        bind_group_layouts: &[Some(&group)],
        immediate_size: 0,
    });
    let compute = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(key.label),
        layout: Some(&layout),
        module,
        entry_point: Some(key.entry_point),
        compilation_options: wgpu::PipelineCompilationOptions {
            zero_initialize_workgroup_memory: false,
            ..Default::default()
        },
        cache: known,
    });
    Pipeline { compute, group }
}
