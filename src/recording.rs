use crate::device::Shared;
use crate::pipeline::{Key, Pass};
use crate::shader::Binding;
use crate::{Activation, BufferRange, Element, Error};

/// Records activations into a compute pass; whoever owns the encoder submits it.
///
/// Whatever a recording refers to may be dropped before it is submitted.
#[derive(Debug)]
pub struct Recording<'a, 'pass> {
    pub(crate) shared: &'a Shared,
    pub(crate) pass: Target<'a, 'pass>,
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
        self.record(activation, &Operands { x: x.into(), dy: None, result: y.into(), result_name: "y" })
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
        self.record(activation, &Operands { x: x.into(), dy: Some(dy.into()), result: dx.into(), result_name: "dx" })
    }

    fn record<T: Element>(&mut self, activation: Activation, operands: &Operands<'_, T>) -> Result<(), Error> {
        activation.validate()?;
        operands.check(self.shared)?;
        if operands.x.elements == 0 {
            return Ok(());
        }
        let call = Call { shared: self.shared, activation, operands, binding: operands.binding()? };
        // Everything that can fail comes before the first command.
        let dispatches = self.shared.checked(|| call.dispatches())?;
        let pass = match &mut self.pass {
            Target::Own(pass) => &mut **pass,
            Target::Callers(pass) => pass,
        };
        for dispatch in dispatches {
            pass.set_pipeline(&dispatch.pipeline);
            pass.set_bind_group(0, &dispatch.group, &[]);
            pass.dispatch_workgroups(dispatch.columns, dispatch.rows, 1);
        }
        Ok(())
    }
}

/// One command, ready to be recorded.
struct Dispatch {
    pipeline: wgpu::ComputePipeline,
    group: wgpu::BindGroup,
    columns: u32,
    rows: u32,
}

/// One operation whose operands have been checked.
struct Call<'a, T: Element> {
    shared: &'a Shared,
    activation: Activation,
    operands: &'a Operands<'a, T>,
    binding: Binding,
}

/// Invocations of a workgroup, as `WORKGROUP` in `shaders/kernels`.
const WORKGROUP: u64 = 256;
/// The largest alignment that any adapter demands of an offset.
const LARGEST_ALIGNMENT: u64 = 256;
/// Bytes of one binding at most: wgpu's Metal backend tells shaders no length beyond 32 bits.
const LARGEST_BINDING: u64 = 1 << 30;

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
            dispatches.push(self.dispatch((start, bytes), 0, (bytes / vector).div_ceil(WORKGROUP))?);
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
        let dispatched = groups.saturating_mul(WORKGROUP * vector);
        let most = limits.max_storage_buffer_binding_size.min(LARGEST_BINDING).min(dispatched);
        let most = most / LARGEST_ALIGNMENT * LARGEST_ALIGNMENT;
        if most == 0 || limits.max_compute_invocations_per_workgroup < WORKGROUP as u32 {
            let reason = format!(
                "its limits allow bindings of {} bytes, {} workgroups per dimension and {} invocations per workgroup; \
                 {LARGEST_ALIGNMENT}, 1 and {WORKGROUP} are needed",
                limits.max_storage_buffer_binding_size,
                limits.max_compute_workgroups_per_dimension,
                limits.max_compute_invocations_per_workgroup
            );
            return Err(Error::Refused { reason });
        }
        Ok(most)
    }

    fn dispatch(&self, (start, bytes): (u64, u64), tail: u32, workgroups: u64) -> Result<Dispatch, Error> {
        let pass = if self.operands.dy.is_some() { Pass::Backward } else { Pass::Forward };
        let (activation, binding) = (self.activation.name(), self.binding);
        let key = Key { activation, storage: T::STORAGE, binding, pass, tail: tail > 0 };
        let pipeline = self.shared.pipeline(&self.activation, key)?;
        let call = self.shared.call(&self.activation, tail)?;
        let mut entries = vec![
            self.operands.result.binding(2, start, bytes),
            wgpu::BindGroupEntry { binding: 3, resource: call.as_entire_binding() },
        ];
        if binding != Binding::OverX {
            entries.push(self.operands.x.binding(0, start, bytes));
        }
        if let (Some(dy), true) = (self.operands.dy, binding != Binding::OverDy) {
            entries.push(dy.binding(1, start, bytes));
        }
        let group = self.shared.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(activation),
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        let columns = workgroups.min(self.shared.limits.max_compute_workgroups_per_dimension.into());
        let rows = workgroups.div_ceil(columns) as u32;
        Ok(Dispatch { pipeline, group, columns: columns as u32, rows })
    }
}

impl<T: Element> Operands<'_, T> {
    fn named(&self) -> impl Iterator<Item = (&'static str, BufferRange<'_, T>)> {
        let named = [("x", Some(self.x)), ("dy", self.dy), (self.result_name, Some(self.result))];
        named.into_iter().filter_map(|(name, range)| Some((name, range?)))
    }

    fn check(&self, shared: &Shared) -> Result<(), Error> {
        for (operand, range) in self.named() {
            if range.owner.is_some_and(|owner| !std::ptr::eq(owner, shared)) {
                return Err(Error::ForeignBuffer { operand });
            }
            if range.elements != self.x.elements {
                return Err(Error::LengthMismatch {
                    left: operand,
                    left_length: range.elements,
                    right: "x",
                    right_length: self.x.elements,
                });
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
        }
        Ok(())
    }

    fn binding(&self) -> Result<Binding, Error> {
        let to_x = relation(self.x, self.result);
        let to_dy = self.dy.map_or(Relation::OtherBuffer, |dy| relation(dy, self.result));
        let between = self.dy.map_or(Relation::OtherBuffer, |dy| relation(dy, self.x));
        let overlap = |left, a: BufferRange<'_, T>, right, b: BufferRange<'_, T>, in_place| Error::Overlap {
            left,
            left_start: a.offset,
            left_end: a.word_end(),
            right,
            right_start: b.offset,
            right_end: b.word_end(),
            in_place,
        };
        if to_x == Relation::Overlapping {
            return Err(overlap("x", self.x, self.result_name, self.result, true));
        }
        if let (Relation::Overlapping, Some(dy)) = (to_dy, self.dy) {
            return Err(overlap("dy", dy, self.result_name, self.result, true));
        }
        let binding = match (to_x, to_dy) {
            (Relation::Same, _) => Binding::OverX,
            (_, Relation::Same) => Binding::OverDy,
            (Relation::OtherBuffer, Relation::OtherBuffer) => Binding::Separate,
            _ => Binding::Shared,
        };
        // WebGPU forbids two writable bindings of the same bytes, and every form but one binds x and dy so.
        let aliased = matches!(between, Relation::Same | Relation::Overlapping);
        match self.dy {
            Some(dy) if aliased && binding != Binding::Separate => Err(overlap("x", self.x, "dy", dy, false)),
            _ => Ok(binding),
        }
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
