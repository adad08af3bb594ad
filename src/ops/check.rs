//! Checks and bindings of operands.

use crate::device::{BoundRange, BufferRange};
use crate::error::Error;
use crate::ops::recording::Recording;
use crate::shader::{Access, Aliasing, Element, Scalar};

/// The largest alignment that any adapter demands of an offset.
pub(crate) const LARGEST_ALIGNMENT: u64 = 256;
/// The most bytes of a binding: wgpu's Metal backend passes shaders no length beyond 32 bits.
pub(crate) const LARGEST_BINDING: u64 = 1 << 30;

/// The most bytes of an operand in one binding, with room for what precedes its first element in the same 256.
pub(crate) fn most_bytes(limits: &wgpu::Limits) -> Result<u64, Error> {
    let bytes = limits.max_storage_buffer_binding_size;
    let most = (bytes.min(LARGEST_BINDING) / LARGEST_ALIGNMENT * LARGEST_ALIGNMENT).saturating_sub(LARGEST_ALIGNMENT);
    // As many 16-bit elements as these 512 bytes hold f32 begin at an aligned offset, too.
    if most < 2 * LARGEST_ALIGNMENT {
        let reason = format!("its limits allow bindings of {bytes} bytes; {} are needed", 3 * LARGEST_ALIGNMENT);
        return Err(Error::Refused { reason });
    }
    Ok(most)
}

/// Binds `elements` of a range from `start` on, beginning at the last aligned offset. Also returns how many elements
/// precede them in the binding.
pub(crate) fn span<'a, T: Scalar>(
    range: BufferRange<'a, T>,
    number: u32,
    access: Access,
    start: u64,
    elements: u64,
) -> (BoundRange<'a>, u64) {
    let element = size_of::<T>() as u64;
    let from = start * element / LARGEST_ALIGNMENT * LARGEST_ALIGNMENT;
    let padded = if range.padded { 16 } else { 4 };
    let to = ((start + elements) * element).next_multiple_of(padded);
    (range.bound(number, access, from, (to - from).max(4)), start - from / element)
}

/// The workgroups of 64 invocations for elements in fours, of which the first may be incomplete.
pub(crate) fn workgroups_for(elements: u64) -> u64 {
    (elements + 4).div_ceil(4 * 64)
}

/// Checks that a range can be bound, and notes that the recording refers to it.
pub(crate) fn check_range<T: Scalar>(
    recording: &Recording<'_, '_>,
    operand: &'static str,
    range: BufferRange<'_, T>,
) -> Result<(), Error> {
    let device = recording.device;
    match &recording.batch {
        Some(batch) => batch.borrow_mut().extend(range.in_batch()),
        None => range.expose(),
    }
    range.check_owner(operand, device)?;
    let needed = wgpu::BufferUsages::STORAGE;
    if !range.buffer.usage().contains(needed) {
        return Err(Error::MissingUsage { operand, usage: range.buffer.usage(), needed });
    }
    let alignment = device.traits.limits.min_storage_buffer_offset_alignment;
    if !range.offset.is_multiple_of(alignment.into()) {
        return Err(Error::Misaligned { operand, offset: range.offset, alignment });
    }
    if range.word_end() > range.buffer.size() {
        return Err(Error::OutOfBounds { operand, end: range.word_end(), size: range.buffer.size() });
    }
    Ok(())
}

/// Checks that a buffer that is only read is not the one written.
pub(crate) fn check_apart(
    operand: &'static str,
    buffer: &wgpu::Buffer,
    result: &'static str,
    written: &wgpu::Buffer,
) -> Result<(), Error> {
    if buffer == written { Err(Error::SharedBuffer { operand, result }) } else { Ok(()) }
}

/// An operand with its name for messages.
pub(crate) type Named<'a, T> = (&'static str, BufferRange<'a, T>);

/// Returns the location of a result relative to its inputs, which it may overwrite.
pub(crate) fn aliasing_of<T: Element>(
    x: Named<'_, T>,
    dy: Option<Named<'_, T>>,
    result: Named<'_, T>,
) -> Result<Aliasing, Error> {
    let to_x = relation(x.1, result.1);
    let to_dy = dy.map_or(Relation::OtherBuffer, |dy| relation(dy.1, result.1));
    let between = dy.map_or(Relation::OtherBuffer, |dy| relation(dy.1, x.1));
    let overlap = |a: Named<'_, T>, b: Named<'_, T>, in_place| Error::Overlap {
        left: a.0,
        left_start: a.1.offset,
        left_end: a.1.word_end(),
        right: b.0,
        right_start: b.1.offset,
        right_end: b.1.word_end(),
        in_place,
    };
    if to_x == Relation::Overlapping {
        return Err(overlap(x, result, true));
    }
    if let (Relation::Overlapping, Some(dy)) = (to_dy, dy) {
        return Err(overlap(dy, result, true));
    }
    let aliasing = match (to_x, to_dy) {
        (Relation::Same, _) => Aliasing::OverX,
        (_, Relation::Same) => Aliasing::OverDy,
        (Relation::OtherBuffer, Relation::OtherBuffer) => Aliasing::Separate,
        _ => Aliasing::SameBuffer,
    };
    // WebGPU forbids two writable bindings of the same bytes, and all forms but one bind x and dy for writing.
    let aliased = matches!(between, Relation::Same | Relation::Overlapping);
    match dy {
        Some(dy) if aliased && aliasing != Aliasing::Separate => Err(overlap(x, dy, false)),
        _ => Ok(aliasing),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Relation {
    OtherBuffer,
    Apart,
    Same,
    Overlapping,
}

fn relation<T: Element>(a: BufferRange<'_, T>, b: BufferRange<'_, T>) -> Relation {
    if a.buffer != b.buffer {
        Relation::OtherBuffer
    } else if is_same(a, b) {
        Relation::Same
    } else if a.word_end() <= b.offset || b.word_end() <= a.offset {
        Relation::Apart
    } else {
        Relation::Overlapping
    }
}

/// Whether two ranges are the same bytes, with elements of one size.
pub(crate) fn is_same<A: Scalar, B: Scalar>(a: BufferRange<'_, A>, b: BufferRange<'_, B>) -> bool {
    let same_bytes = a.offset == b.offset && a.elements == b.elements && size_of::<A>() == size_of::<B>();
    a.buffer == b.buffer && same_bytes
}
