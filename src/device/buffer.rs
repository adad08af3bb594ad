use crate::device::command::BoundRange;
use crate::device::core::{Device, RESIDENT};
use crate::error::Error;
use crate::shader::{Access, Scalar};
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Elements in device memory. A drop keeps the memory for reuse, unless a recording may still refer to it.
#[derive(Debug)]
pub struct GpuBuffer<T: Scalar> {
    raw: wgpu::Buffer,
    len: usize,
    device: Arc<Device>,
    use_elsewhere: Arc<Use>,
    element: PhantomData<T>,
}

/// Users of a buffer's memory in commands that are not submitted yet. Until then the memory must not be reused.
#[derive(Debug, Default)]
pub(crate) struct Use {
    /// A caller who submits at any time.
    exposed: AtomicBool,
    /// Batches in recording.
    batches: AtomicUsize,
}

/// A batch in recording, until it is dropped.
#[derive(Debug)]
pub(crate) struct InBatch(Arc<Use>);

impl Drop for InBatch {
    fn drop(&mut self) {
        self.0.batches.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The bytes of `elements` of `T`, rounded up to whole vectors of four f32.
pub(crate) fn padded_bytes<T: Scalar>(elements: usize) -> u64 {
    let bytes = (elements as u64).saturating_mul(size_of::<T>() as u64);
    bytes.checked_next_multiple_of(16).unwrap_or(u64::MAX).max(16)
}

impl<T: Scalar> GpuBuffer<T> {
    pub(crate) fn new(device: &Arc<Device>, len: usize) -> Result<Self, Error> {
        let raw = device.acquire(padded_bytes::<T>(len), RESIDENT)?;
        device.in_use.fetch_add(raw.size(), Ordering::Relaxed);
        let use_elsewhere = Arc::default();
        Ok(GpuBuffer { raw, len, device: Arc::clone(device), use_elsewhere, element: PhantomData })
    }

    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The underlying buffer, for your own bindings and copies. It has usages `STORAGE`, `COPY_SRC` and `COPY_DST` and
    /// may be larger than the elements.
    #[must_use]
    pub fn raw(&self) -> &wgpu::Buffer {
        self.use_elsewhere.exposed.store(true, Ordering::Relaxed);
        &self.raw
    }

    /// A range of its elements, as in [`BufferRange::slice`].
    ///
    /// # Errors
    /// [`Error::OutOfBounds`].
    pub fn slice(&self, elements: Range<usize>) -> Result<BufferRange<'_, T>, Error> {
        self.operand().slice(elements.start as u64..elements.end as u64)
    }

    pub(crate) fn operand(&self) -> BufferRange<'_, T> {
        BufferRange {
            use_elsewhere: Some(&self.use_elsewhere),
            ..BufferRange::padded(&self.device, &self.raw, self.len)
        }
    }
}

impl<T: Scalar> Drop for GpuBuffer<T> {
    fn drop(&mut self) {
        self.device.in_use.fetch_sub(self.raw.size(), Ordering::Relaxed);
        let Use { exposed, batches } = &*self.use_elsewhere;
        if !exposed.load(Ordering::Relaxed) && batches.load(Ordering::Relaxed) == 0 {
            self.device.release(self.raw.clone());
        }
    }
}

/// Elements within a `wgpu::Buffer`. No byte outside the range is changed.
///
/// ```
/// use gpu_activations::{Activation, GpuActivations};
///
/// let context = GpuActivations::new()?;
/// let buffer = context.upload(&[-1.0_f32; 200])?;
/// // 128 f32 are 512 bytes, a multiple of every alignment.
/// let second = buffer.slice(128..200)?;
/// context.batch(|recording| recording.forward(Activation::Relu, second, second))?;
/// assert_eq!(context.download_range(&buffer, 127..129)?, [-1.0, 0.0]);
/// # Ok::<(), gpu_activations::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct BufferRange<'a, T: Scalar> {
    pub(crate) buffer: &'a wgpu::Buffer,
    pub(crate) offset: u64,
    pub(crate) elements: u64,
    /// The context that created the buffer.
    pub(crate) owner: Option<&'a Device>,
    /// Whether the buffer extends to the next whole vector without other data.
    pub(crate) padded: bool,
    /// The use of that context's buffer.
    use_elsewhere: Option<&'a Arc<Use>>,
    element: PhantomData<T>,
}

impl<'a, T: Scalar> BufferRange<'a, T> {
    /// A range of `elements` of `T` from byte `offset` on. The offset must be a multiple of the adapter's
    /// `min_storage_buffer_offset_alignment`. The buffer needs the usage `STORAGE`, and must belong to the context's
    /// device. A buffer of another device of the same `wgpu::Instance` is refused; one of another instance is not
    /// noticed.
    #[must_use]
    pub fn new(buffer: &'a wgpu::Buffer, offset: u64, elements: u64) -> Self {
        BufferRange { buffer, offset, elements, owner: None, padded: false, use_elsewhere: None, element: PhantomData }
    }

    /// The first `len` elements of a buffer that has room for whole vectors.
    pub(crate) fn padded(owner: &'a Device, buffer: &'a wgpu::Buffer, len: usize) -> Self {
        BufferRange { owner: Some(owner), padded: true, ..BufferRange::new(buffer, 0, len as u64) }
    }

    /// The buffer.
    #[must_use]
    pub fn buffer(&self) -> &'a wgpu::Buffer {
        self.expose();
        self.buffer
    }

    /// The offset of the range in bytes.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.elements
    }

    /// Whether there are no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.elements == 0
    }

    /// A part of the range. Its first element must lie at a multiple of the adapter's
    /// `min_storage_buffer_offset_alignment` bytes, which is checked where the range is used.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`].
    pub fn slice(self, elements: Range<u64>) -> Result<Self, Error> {
        let element = size_of::<T>() as u64;
        if elements.start > elements.end || elements.end > self.elements {
            let (end, size) = (elements.end.max(elements.start), self.elements);
            let in_bytes = |elements: u64| elements.saturating_mul(element);
            return Err(Error::OutOfBounds { operand: "a part", end: in_bytes(end), size: in_bytes(size) });
        }
        let padded = self.padded && elements.end == self.elements;
        // A range beyond all buffers stays one, which is refused where it is used.
        let offset = self.offset.saturating_add(elements.start.saturating_mul(element));
        Ok(BufferRange { offset, elements: elements.end - elements.start, padded, ..self })
    }

    /// Checks that a buffer of a context is this device's.
    pub(crate) fn check_owner(&self, operand: &'static str, device: &Device) -> Result<(), Error> {
        let is_foreign = self.owner.is_some_and(|owner| !std::ptr::eq(owner, device));
        if is_foreign { Err(Error::ForeignBuffer { operand }) } else { Ok(()) }
    }

    /// Excludes the memory from reuse for good, because a caller may submit a command later that refers to it.
    pub(crate) fn expose(&self) {
        if let Some(Use { exposed, .. }) = self.use_elsewhere.map(|used| &**used) {
            exposed.store(true, Ordering::Relaxed);
        }
    }

    /// Excludes the memory from reuse until the batch is submitted.
    pub(crate) fn in_batch(&self) -> Option<InBatch> {
        let used = self.use_elsewhere?;
        used.batches.fetch_add(1, Ordering::Relaxed);
        Some(InBatch(Arc::clone(used)))
    }

    /// `bytes` of the range from byte `start` on, bound at a number of group 0.
    pub(crate) fn bound(self, number: u32, access: Access, start: u64, bytes: u64) -> BoundRange<'a> {
        let (buffer, offset, size) = (self.buffer, self.offset + start, wgpu::BufferSize::new(bytes));
        BoundRange { number, access, buffer, offset, size }
    }

    /// The end of the range in whole 32-bit words; `u64::MAX` if that overflows.
    pub(crate) fn word_end(&self) -> u64 {
        let bytes = self.elements.checked_mul(size_of::<T>() as u64);
        let end = bytes.and_then(|bytes| bytes.checked_add(self.offset));
        end.and_then(|end| end.checked_next_multiple_of(4)).unwrap_or(u64::MAX)
    }
}

impl<'a, T: Scalar> From<&'a GpuBuffer<T>> for BufferRange<'a, T> {
    fn from(buffer: &'a GpuBuffer<T>) -> Self {
        buffer.operand()
    }
}

/// The whole buffer, with as many elements as fit.
impl<'a, T: Scalar> From<&'a wgpu::Buffer> for BufferRange<'a, T> {
    fn from(buffer: &'a wgpu::Buffer) -> Self {
        BufferRange::new(buffer, 0, buffer.size() / size_of::<T>() as u64)
    }
}

/// The slice, with as many elements as fit.
impl<'a, T: Scalar> From<wgpu::BufferSlice<'a>> for BufferRange<'a, T> {
    fn from(slice: wgpu::BufferSlice<'a>) -> Self {
        BufferRange::new(slice.buffer(), slice.offset(), slice.size() / size_of::<T>() as u64)
    }
}
