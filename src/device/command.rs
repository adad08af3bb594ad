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
