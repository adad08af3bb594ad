use crate::shader::{Access, Kernel};

/// A part of a buffer, bound at a number of group 0.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BoundRange<'a> {
    pub number: u32,
    pub access: Access,
    pub buffer: &'a wgpu::Buffer,
    pub offset: u64,
    /// The bytes; to the end of the buffer if none.
    pub size: Option<wgpu::BufferSize>,
}

impl<'a> BoundRange<'a> {
    pub(crate) fn whole(number: u32, access: Access, buffer: &'a wgpu::Buffer) -> Self {
        BoundRange { number, access, buffer, offset: 0, size: None }
    }
}

/// One dispatch as plain data.
#[derive(Debug, Clone)]
pub(crate) struct Command<'a> {
    pub label: &'static str,
    pub kernel: Kernel,
    pub entry_point: &'static str,
    pub bindings: Vec<BoundRange<'a>>,
    pub uniform: Vec<u8>,
    pub workgroups: u64,
}

/// A command that outlives its operands, to find it again.
#[derive(Debug)]
pub(crate) struct OwnedCommand {
    label: &'static str,
    kernel: Kernel,
    entry_point: &'static str,
    bindings: Vec<(BoundPart, wgpu::Buffer)>,
    uniform: Vec<u8>,
    workgroups: u64,
}

/// Number, access, offset and size of a [`BoundRange`].
type BoundPart = (u32, Access, u64, Option<wgpu::BufferSize>);

impl BoundRange<'_> {
    fn part(&self) -> BoundPart {
        (self.number, self.access, self.offset, self.size)
    }
}

impl Command<'_> {
    pub(crate) fn to_owned(&self) -> OwnedCommand {
        OwnedCommand {
            label: self.label,
            kernel: self.kernel.clone(),
            entry_point: self.entry_point,
            bindings: self.bindings.iter().map(|bound| (bound.part(), bound.buffer.clone())).collect(),
            uniform: self.uniform.clone(),
            workgroups: self.workgroups,
        }
    }
}

impl PartialEq<Command<'_>> for OwnedCommand {
    fn eq(&self, other: &Command<'_>) -> bool {
        let same_bindings = self.bindings.len() == other.bindings.len()
            && self
                .bindings
                .iter()
                .zip(&other.bindings)
                .all(|((part, buffer), bound)| buffer == bound.buffer && *part == bound.part());
        // Buffers first, because they are what differs most often.
        same_bindings
            && self.uniform == other.uniform
            && self.workgroups == other.workgroups
            && self.entry_point == other.entry_point
            && self.label == other.label
            && self.kernel == other.kernel
    }
}
