//! Dispatches as plain data.

use crate::device::command::Command;
use crate::shader::{Access, DeviceForm, numbers};

/// One dispatch as plain data, for a device that other code drives. All its bindings are in group 0.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PlannedDispatch {
    /// What it computes, for debuggers.
    pub label: &'static str,
    /// The module, in WGSL.
    pub source: String,
    /// The function of the module to run.
    pub entry_point: &'static str,
    /// The storage buffers.
    pub bindings: Vec<PlannedBinding>,
    /// The binding and the bytes of the uniform buffer, if there is one.
    pub uniform: Option<(u32, Vec<u8>)>,
    /// The workgroups along x and y.
    pub workgroups: [u32; 2],
}

/// A part of a storage buffer, as a [`PlannedDispatch`] binds it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PlannedBinding {
    /// The number of the binding.
    pub number: u32,
    /// Whether the module may write to it.
    pub is_written: bool,
    /// An operand of the recording, or scratch memory, which stands for memory of yours of its size. Its content at the
    /// beginning does not matter.
    pub buffer: wgpu::Buffer,
    /// The first byte.
    pub offset: u64,
    /// The bytes.
    pub size: u64,
}

impl PlannedDispatch {
    pub(crate) fn new(command: Command<'_>, form: DeviceForm, workgroups: [u32; 2]) -> Self {
        let Command { label, kernel, entry_point, bindings, uniform, .. } = command;
        let bindings = bindings.into_iter().map(|bound| PlannedBinding {
            number: bound.number,
            is_written: bound.access == Access::Write,
            buffer: bound.buffer.clone(),
            offset: bound.offset,
            size: bound.size.map_or(bound.buffer.size() - bound.offset, Into::into),
        });
        PlannedDispatch {
            label,
            source: kernel.compose(form).source().to_owned(),
            entry_point,
            bindings: bindings.collect(),
            uniform: (!uniform.is_empty()).then_some((numbers::UNIFORM, uniform)),
            workgroups,
        }
    }
}
