//! What is recorded.

pub(crate) mod along;
pub(crate) mod groupwise;
pub(crate) mod parameters;
pub(crate) mod rowwise;

use crate::device::Shared;
use crate::device::buffer::InBatch;
use crate::device::pipeline::{Access, Dispatch};
use crate::ops::rowwise::Strategy;
use crate::shader::element::Scalar;
use crate::shader::launch::Shape;
use crate::shader::{Binding, Part, elementwise_parts};
use crate::{Activation, BufferRange, Element, Error, Parameters};
use std::cell::RefCell;

/// Records activations into a compute pass; whoever owns the encoder submits it.
///
/// Whatever a recording refers to may be dropped before it is submitted.
#[derive(Debug)]
pub struct Recording<'a, 'pass> {
    pub(crate) shared: &'a Shared,
    pub(crate) strategy: Strategy,
    pub(crate) pass: Target<'a, 'pass>,
    /// Memory that commands use in between, for whoever submits them to reuse afterwards.
    pub(crate) scratch: Vec<wgpu::Buffer>,
    /// What a batch of the context's own uses until it is submitted; none where the caller submits.
    pub(crate) batch: Option<RefCell<Vec<InBatch>>>,
}

#[derive(Debug)]
pub(crate) enum Target<'a, 'pass> {
    Own(Box<wgpu::ComputePass<'pass>>),
    Callers(&'a mut wgpu::ComputePass<'pass>),
}

/// The operands of one operation, x first and the result last.
struct Operands<'r, T: Element> {
    x: BufferRange<'r, T>,
    dy: Option<BufferRange<'r, T>>,
    result: BufferRange<'r, T>,
    result_name: &'static str,
}

impl Recording<'_, '_> {
    /// Records `y = activation(x)`. `y` may be `x`, or apart from it in the same buffer.
    ///
    /// # Errors
    /// [`Error::ParameterOutOfRange`], [`Error::LengthMismatch`], [`Error::Misaligned`], [`Error::OutOfBounds`],
    /// [`Error::Overlap`], [`Error::MissingUsage`], [`Error::ForeignBuffer`], [`Error::Refused`], [`Error::DeviceLost`];
    /// nothing has been recorded then.
    pub fn forward<'r, T: Element>(
        &mut self,
        activation: Activation,
        x: impl Into<BufferRange<'r, T>>,
        y: impl Into<BufferRange<'r, T>>,
    ) -> Result<(), Error> {
        self.forward_with(activation, &Parameters::new(), x, y)
    }

    /// Records `dx = dy * derivative(x)`. `dx` may be `x` or `dy`, or apart from both in the same buffer.
    ///
    /// # Errors
    /// As [`Recording::forward`].
    pub fn backward<'r, T: Element>(
        &mut self,
        activation: Activation,
        x: impl Into<BufferRange<'r, T>>,
        dy: impl Into<BufferRange<'r, T>>,
        dx: impl Into<BufferRange<'r, T>>,
    ) -> Result<(), Error> {
        self.backward_with(activation, &Parameters::new(), x, dy, dx)
    }

    /// As [`Recording::forward`], parameters coming from buffers or being drawn.
    ///
    /// # Errors
    /// As [`Recording::forward`]; [`Error::UnknownParameter`], [`Error::NotLearnable`], [`Error::GivenTwice`],
    /// [`Error::ChannelMismatch`], [`Error::ChannelsDiffer`], [`Error::NotRandom`], [`Error::NotWithSeed`],
    /// [`Error::TooLarge`]; [`Error::SharedBuffer`] where a parameter lies in the result's buffer, or in that of an input
    /// while the result lies over or beside one.
    pub fn forward_with<'r, T: Element>(
        &mut self,
        activation: Activation,
        parameters: &Parameters<'_>,
        x: impl Into<BufferRange<'r, T>>,
        y: impl Into<BufferRange<'r, T>>,
    ) -> Result<(), Error> {
        let operands = Operands { x: x.into(), dy: None, result: y.into(), result_name: "y" };
        self.elementwise(activation, parameters, &operands)
    }

    /// As [`Recording::backward`], parameters coming from buffers or being drawn.
    ///
    /// # Errors
    /// As [`Recording::forward_with`].
    pub fn backward_with<'r, T: Element>(
        &mut self,
        activation: Activation,
        parameters: &Parameters<'_>,
        x: impl Into<BufferRange<'r, T>>,
        dy: impl Into<BufferRange<'r, T>>,
        dx: impl Into<BufferRange<'r, T>>,
    ) -> Result<(), Error> {
        let operands = Operands { x: x.into(), dy: Some(dy.into()), result: dx.into(), result_name: "dx" };
        self.elementwise(activation, parameters, &operands)
    }

    fn elementwise<T: Element>(
        &mut self,
        activation: Activation,
        parameters: &Parameters<'_>,
        operands: &Operands<'_, T>,
    ) -> Result<(), Error> {
        activation.validate()?;
        operands.check(self)?;
        parameters.check(&activation, operands.x.elements)?;
        let binding = operands.binding()?;
        // Inputs in the result's buffer are bound for writing, and those beside them in the same form.
        let inputs = operands.named().filter(|(name, _)| binding != Binding::Separate || *name == operands.result_name);
        let writable: Vec<_> = inputs.map(|(name, range)| (name, range.buffer)).collect();
        parameters.check_buffers(self, &activation, operands.dy.is_none(), &writable)?;
        if operands.x.elements == 0 {
            return Ok(());
        }
        let parts = elementwise_parts(&activation, T::STORAGE, binding, parameters, self.shared.shape);
        let call = Call { shared: self.shared, activation, parameters, operands, binding, parts };
        // Everything that can fail comes before the first command.
        let dispatches = self.shared.checked(|| call.dispatches())?;
        self.run(&dispatches);
        Ok(())
    }

    /// Records commands.
    pub(crate) fn run(&mut self, dispatches: &[Dispatch]) {
        let pass = match &mut self.pass {
            Target::Own(pass) => &mut **pass,
            Target::Callers(pass) => pass,
        };
        for dispatch in dispatches {
            pass.set_pipeline(&dispatch.pipeline);
            pass.set_bind_group(0, &dispatch.group, &[]);
            pass.dispatch_workgroups(dispatch.columns, dispatch.rows, 1);
        }
    }
}

/// One operation whose operands have been checked.
struct Call<'a, T: Element> {
    shared: &'a Shared,
    activation: Activation,
    parameters: &'a Parameters<'a>,
    operands: &'a Operands<'a, T>,
    binding: Binding,
    parts: Vec<Part>,
}

/// The largest alignment that any adapter demands of an offset.
pub(crate) const LARGEST_ALIGNMENT: u64 = 256;
/// Bytes of one binding at most: wgpu's Metal backend tells shaders no length beyond 32 bits.
pub(crate) const LARGEST_BINDING: u64 = 1 << 30;

impl<T: Element> Call<'_, T> {
    /// The whole vectors, binding by binding, and what is left of the last one.
    fn dispatches(&self) -> Result<Vec<Dispatch>, Error> {
        let element = size_of::<T>() as u64;
        let vector = 4 * element;
        let padded = self.operands.named().all(|(_, range)| range.owner.is_some());
        let elements = self.operands.x.elements;
        let body = if padded { elements.next_multiple_of(4) } else { elements - elements % 4 };
        let most = self.most_bytes(vector)?;
        let mut dispatches = Vec::new();
        let mut start = 0;
        while start < body * element {
            let bytes = (body * element - start).min(most);
            dispatches.push(self.dispatch((start, bytes), 0, self.shared.shape.workgroups(bytes / vector))?);
            start += bytes;
        }
        let tail = elements.saturating_sub(body);
        if tail > 0 {
            // From the last offset before the tail at which a binding may begin.
            let start = body * element / LARGEST_ALIGNMENT * LARGEST_ALIGNMENT;
            let bytes = (elements * element).next_multiple_of(4) - start;
            dispatches.push(self.dispatch((start, bytes), tail as u32, 1)?);
        }
        Ok(dispatches)
    }

    /// How many bytes one dispatch takes at most, whole alignments.
    fn most_bytes(&self, vector: u64) -> Result<u64, Error> {
        let limits = &self.shared.limits;
        let groups = u64::from(limits.max_compute_workgroups_per_dimension).pow(2);
        let Shape { workgroup, vectors } = self.shared.shape;
        let dispatched = groups.saturating_mul(u64::from(workgroup) * u64::from(vectors) * vector);
        let most = limits.max_storage_buffer_binding_size.min(LARGEST_BINDING).min(dispatched);
        // A parameter's element may be larger than x's.
        let most = if self.parameters.has_one_per_element() { most / 4 * vector / 4 } else { most };
        let most = most / LARGEST_ALIGNMENT * LARGEST_ALIGNMENT;
        if most == 0 || limits.max_compute_invocations_per_workgroup < workgroup {
            let reason = format!(
                "its limits allow bindings of {} bytes, {} workgroups per dimension and {} invocations per workgroup; \
                 {LARGEST_ALIGNMENT}, 1 and {workgroup} are needed",
                limits.max_storage_buffer_binding_size,
                limits.max_compute_workgroups_per_dimension,
                limits.max_compute_invocations_per_workgroup
            );
            return Err(Error::Refused { reason });
        }
        Ok(most)
    }

    fn dispatch(&self, (start, bytes): (u64, u64), tail: u32, workgroups: u64) -> Result<Dispatch, Error> {
        let entry_point = match (self.operands.dy.is_some(), tail > 0) {
            (false, false) => "forward",
            (true, false) => "backward",
            (false, true) => "forward_tail",
            (true, true) => "backward_tail",
        };
        let inputs = if self.binding == Binding::Separate { Access::Read } else { Access::Write };
        let mut bound = vec![self.operands.result.bound(2, Access::Write, start, bytes)];
        if self.binding != Binding::OverX {
            bound.push(self.operands.x.bound(0, inputs, start, bytes));
        }
        if let (Some(dy), true) = (self.operands.dy, self.binding != Binding::OverDy) {
            bound.push(dy.bound(1, inputs, start, bytes));
        }
        let first = start / size_of::<T>() as u64;
        let forward = self.operands.dy.is_none();
        bound.extend(self.parameters.bound(forward, first, bytes / size_of::<T>() as u64));
        let call = self.parameters.call(&self.activation, first, tail);
        self.shared.dispatch(self.activation.name(), &self.parts, entry_point, &bound, call, workgroups)
    }
}

/// Bytes of an operand in one binding, with room for what precedes its first element in the same 256.
pub(crate) fn most_bytes(limits: &wgpu::Limits) -> Result<u64, Error> {
    let bytes = limits.max_storage_buffer_binding_size;
    let most = (bytes.min(LARGEST_BINDING) / LARGEST_ALIGNMENT * LARGEST_ALIGNMENT).saturating_sub(LARGEST_ALIGNMENT);
    // As many 16-bit elements as there are f32 in these 512 begin at whole alignments, too.
    if most < 2 * LARGEST_ALIGNMENT {
        let reason = format!("its limits allow bindings of {bytes} bytes; {} are needed", 3 * LARGEST_ALIGNMENT);
        return Err(Error::Refused { reason });
    }
    Ok(most)
}

/// Checks that a range can be bound, and notes that the recording refers to it.
pub(crate) fn check_range<T: Scalar>(
    recording: &Recording<'_, '_>,
    operand: &'static str,
    range: BufferRange<'_, T>,
) -> Result<(), Error> {
    let shared = recording.shared;
    match &recording.batch {
        Some(batch) => batch.borrow_mut().extend(range.in_batch()),
        None => range.expose(),
    }
    if range.owner.is_some_and(|owner| !std::ptr::eq(owner, shared)) {
        return Err(Error::ForeignBuffer { operand });
    }
    let needed = wgpu::BufferUsages::STORAGE;
    if !range.buffer.usage().contains(needed) {
        return Err(Error::MissingUsage { operand, usage: range.buffer.usage(), needed });
    }
    let alignment = shared.limits.min_storage_buffer_offset_alignment;
    if !range.offset.is_multiple_of(alignment.into()) {
        return Err(Error::Misaligned { operand, offset: range.offset, alignment });
    }
    if range.word_end() > range.buffer.size() {
        return Err(Error::OutOfBounds { operand, end: range.word_end(), size: range.buffer.size() });
    }
    Ok(())
}

/// Checks that a buffer that is only read is not the one that is written.
pub(crate) fn check_apart(
    operand: &'static str,
    buffer: &wgpu::Buffer,
    result: &'static str,
    written: &wgpu::Buffer,
) -> Result<(), Error> {
    if buffer == written { Err(Error::SharedBuffer { operand, result }) } else { Ok(()) }
}

impl<T: Element> Operands<'_, T> {
    fn named(&self) -> impl Iterator<Item = (&'static str, BufferRange<'_, T>)> {
        let named = [("x", Some(self.x)), ("dy", self.dy), (self.result_name, Some(self.result))];
        named.into_iter().filter_map(|(name, range)| Some((name, range?)))
    }

    fn check(&self, recording: &Recording<'_, '_>) -> Result<(), Error> {
        for (operand, range) in self.named() {
            check_range(recording, operand, range)?;
            if range.elements != self.x.elements {
                return Err(Error::LengthMismatch {
                    left: operand,
                    left_length: range.elements,
                    right: "x",
                    right_length: self.x.elements,
                });
            }
        }
        Ok(())
    }

    fn binding(&self) -> Result<Binding, Error> {
        binding_of(("x", self.x), self.dy.map(|dy| ("dy", dy)), (self.result_name, self.result))
    }
}

/// An operand and its name for messages.
pub(crate) type Named<'a, T> = (&'static str, BufferRange<'a, T>);

/// How a result that may lie over its inputs lies to them.
pub(crate) fn binding_of<T: Element>(
    x: Named<'_, T>,
    dy: Option<Named<'_, T>>,
    result: Named<'_, T>,
) -> Result<Binding, Error> {
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
    let binding = match (to_x, to_dy) {
        (Relation::Same, _) => Binding::OverX,
        (_, Relation::Same) => Binding::OverDy,
        (Relation::OtherBuffer, Relation::OtherBuffer) => Binding::Separate,
        _ => Binding::Shared,
    };
    // WebGPU forbids two writable bindings of the same bytes, and every form but one binds x and dy so.
    let aliased = matches!(between, Relation::Same | Relation::Overlapping);
    match dy {
        Some(dy) if aliased && binding != Binding::Separate => Err(overlap(x, dy, false)),
        _ => Ok(binding),
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
    } else if a.offset == b.offset && a.elements == b.elements {
        Relation::Same
    } else if a.word_end() <= b.offset || b.word_end() <= a.offset {
        Relation::Apart
    } else {
        Relation::Overlapping
    }
}
