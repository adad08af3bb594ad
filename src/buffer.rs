use crate::Error;
use crate::device::{RESIDENT, Shared};
use crate::element::Scalar;
use crate::pipeline::{Access, Bound};
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Elements in device memory. When dropped, the memory is kept for reuse, unless a recording may still refer to it.
#[derive(Debug)]
pub struct GpuBuffer<T: Scalar> {
    raw: wgpu::Buffer,
    len: usize,
    shared: Arc<Shared>,
    /// Whether a command that has not been submitted may still refer to the memory, so that it must not be reused.
    exposed: AtomicBool,
    element: PhantomData<T>,
}

/// The bytes that hold `elements` of `T` in whole vectors of four f32.
pub(crate) fn padded_bytes<T: Scalar>(elements: usize) -> u64 {
    let bytes = (elements as u64).saturating_mul(size_of::<T>() as u64);
    bytes.checked_next_multiple_of(16).unwrap_or(u64::MAX).max(16)
}

impl<T: Scalar> GpuBuffer<T> {
    pub(crate) fn new(shared: &Arc<Shared>, len: usize) -> Result<Self, Error> {
        let raw = shared.acquire(padded_bytes::<T>(len), RESIDENT)?;
        shared.in_use.fetch_add(raw.size(), Ordering::Relaxed);
        let exposed = AtomicBool::new(false);
        Ok(GpuBuffer { raw, len, shared: Arc::clone(shared), exposed, element: PhantomData })
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The buffer beneath, for bindings and copies of your own. It has usages `STORAGE`, `COPY_SRC` and `COPY_DST` and
    /// may be larger than the elements.
    pub fn raw(&self) -> &wgpu::Buffer {
        self.exposed.store(true, Ordering::Relaxed);
        &self.raw
    }

    /// As an operand of a command that is submitted before this buffer can be dropped.
    pub(crate) fn operand(&self) -> BufferRange<'_, T> {
        BufferRange::padded(&self.shared, &self.raw, self.len)
    }
}

impl<T: Scalar> Drop for GpuBuffer<T> {
    fn drop(&mut self) {
        self.shared.in_use.fetch_sub(self.raw.size(), Ordering::Relaxed);
        if !self.exposed.load(Ordering::Relaxed) {
            self.shared.release(self.raw.clone());
        }
    }
}

/// Elements within a `wgpu::Buffer`. No byte outside the range is changed.
#[derive(Debug, Clone, Copy)]
pub struct BufferRange<'a, T: Scalar> {
    pub(crate) buffer: &'a wgpu::Buffer,
    pub(crate) offset: u64,
    pub(crate) elements: u64,
    /// The context that made the buffer, which then goes on to the next whole vector with nothing else there.
    pub(crate) owner: Option<&'a Shared>,
    element: PhantomData<T>,
}

impl<'a, T: Scalar> BufferRange<'a, T> {
    /// `elements` of `T` from byte `offset` on, which must be a multiple of the adapter's
    /// `min_storage_buffer_offset_alignment`. The buffer needs the usage `STORAGE`, and must belong to the context's
    /// device: one of another device of the same `wgpu::Instance` is refused, one of another instance is not noticed.
    pub fn new(buffer: &'a wgpu::Buffer, offset: u64, elements: u64) -> Self {
        BufferRange { buffer, offset, elements, owner: None, element: PhantomData }
    }

    /// The first `len` elements of a buffer that has room for whole vectors.
    pub(crate) fn padded(owner: &'a Shared, buffer: &'a wgpu::Buffer, len: usize) -> Self {
        BufferRange { buffer, offset: 0, elements: len as u64, owner: Some(owner), element: PhantomData }
    }

    /// `bytes` of the range from its byte `start` on, bound to a number of group 0.
    pub(crate) fn bound(self, number: u32, access: Access, start: u64, bytes: u64) -> Bound<'a> {
        let (buffer, offset, size) = (self.buffer, self.offset + start, wgpu::BufferSize::new(bytes));
        Bound { number, access, buffer, offset, size }
    }

    /// Where the range ends, in whole 32-bit words; `u64::MAX` if that overflows.
    pub(crate) fn word_end(&self) -> u64 {
        let bytes = self.elements.checked_mul(size_of::<T>() as u64);
        let end = bytes.and_then(|bytes| bytes.checked_add(self.offset));
        end.and_then(|end| end.checked_next_multiple_of(4)).unwrap_or(u64::MAX)
    }
}

impl<'a, T: Scalar> From<&'a GpuBuffer<T>> for BufferRange<'a, T> {
    fn from(buffer: &'a GpuBuffer<T>) -> Self {
        buffer.exposed.store(true, Ordering::Relaxed);
        buffer.operand()
    }
}
