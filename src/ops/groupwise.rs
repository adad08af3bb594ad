//! Records functions of groups of entries: gated units, maxout, crelu.

use crate::device::pipeline::{Access, Bound, Dispatch};
use crate::ops::along::{AxisOperands, Pass};
use crate::ops::rowwise::{Prepared, span};
use crate::ops::{LARGEST_ALIGNMENT, check_apart, check_range, most_bytes};
use crate::shader::{Binding, Part, Storage, activation_parts, part};
use crate::{Activation, Axis, AxisFunction, BufferRange, Element, Error, Gate, Layout, Recording};
use std::ops::Range;

/// An input, of whose rows, `stride` elements apart, the places from `offset` on are used.
#[derive(Clone, Copy)]
struct Input<'a, T: Element> {
    /// Its number among the bindings, and among the words of `Call`.
    number: u32,
    range: BufferRange<'a, T>,
    stride: u64,
    offset: u64,
    /// How far beyond a place its group goes on in the same input.
    reach: u64,
}

const X: u32 = 0;
const DY: u32 = 1;
const GATE: u32 = 5;

/// An operation on an array (rows, pieces, length), or (rows, length).
struct Grouped<'a, T: Element> {
    label: &'static str,
    kernel: Vec<Part>,
    entry_point: &'static str,
    rows: u64,
    length: u64,
    /// The groups' pieces, and how many of them the result has.
    pieces: u64,
    result_pieces: u64,
    gate_is_first: bool,
    inputs: Vec<Input<'a, T>>,
    result: BufferRange<'a, T>,
    params: Vec<f32>,
}

/// Some rows, or of one of them the places of one piece of the result.
struct Window {
    rows: Range<u64>,
    places: Range<u64>,
    piece: Option<u64>,
}

impl Recording<'_, '_> {
    /// Records `y = value·activation(gate)` of two arrays.
    ///
    /// # Errors
    /// As [`Recording::forward`]; [`Error::SharedBuffer`] where y lies in the buffer of an input;
    /// [`Error::TooManyElements`].
    pub fn forward_gated<'r, T: Element>(
        &mut self,
        activation: Activation,
        value: impl Into<BufferRange<'r, T>>,
        gate: impl Into<BufferRange<'r, T>>,
        y: impl Into<BufferRange<'r, T>>,
    ) -> Result<(), Error> {
        let operands = [("value", value.into()), ("gate", gate.into())];
        self.gate_of_two(activation, "forward", &operands, ("y", y.into()))
    }

    /// Records the gradients `dvalue = dy·activation(gate)` and `dgate = dy·value·derivative(gate)` of two arrays.
    ///
    /// # Errors
    /// As [`Recording::forward_gated`].
    pub fn backward_gated<'r, T: Element>(
        &mut self,
        activation: Activation,
        value: impl Into<BufferRange<'r, T>>,
        gate: impl Into<BufferRange<'r, T>>,
        dy: impl Into<BufferRange<'r, T>>,
        dvalue: impl Into<BufferRange<'r, T>>,
        dgate: impl Into<BufferRange<'r, T>>,
    ) -> Result<(), Error> {
        let operands = [("value", value.into()), ("gate", gate.into()), ("dy", dy.into())];
        let (dvalue, dgate) = (dvalue.into(), dgate.into());
        check_apart("dvalue", dvalue.buffer, "dgate", dgate.buffer)?;
        self.gate_of_two(activation, "backward_value", &operands[1..], ("dvalue", dvalue))?;
        self.gate_of_two(activation, "backward_gate", &operands, ("dgate", dgate))
    }

    fn gate_of_two<'r, T: Element>(
        &mut self,
        activation: Activation,
        entry_point: &'static str,
        operands: &[(&'static str, BufferRange<'r, T>)],
        (result_name, result): (&'static str, BufferRange<'r, T>),
    ) -> Result<(), Error> {
        activation.validate()?;
        check_range(self, result_name, result)?;
        let mut inputs = Vec::new();
        for &(name, range) in operands {
            check_range(self, name, range)?;
            if range.elements != result.elements {
                let (left_length, right_length) = (range.elements, result.elements);
                return Err(Error::LengthMismatch { left: name, left_length, right: result_name, right_length });
            }
            check_apart(name, range.buffer, result_name, result.buffer)?;
            let number = match name {
                "value" => X,
                "gate" => GATE,
                _ => DY,
            };
            inputs.push(Input { number, range, stride: range.elements, offset: 0, reach: 0 });
        }
        Axis::new(&[usize::try_from(result.elements).unwrap_or(usize::MAX)], 0)?;
        if result.elements == 0 {
            return Ok(());
        }
        let kernel = gated_kernel(&activation);
        let grouped = Grouped {
            label: "gated",
            kernel,
            entry_point,
            rows: 1,
            length: result.elements,
            pieces: 1,
            result_pieces: 1,
            gate_is_first: false,
            inputs,
            result,
            params: activation.values(),
        };
        let dispatches = self.shared.checked(|| grouped.dispatches(self))?;
        self.run(&dispatches);
        Ok(())
    }

    /// A function along an axis whose results come from groups of entries.
    pub(crate) fn grouped<T: Element>(
        &self,
        function: AxisFunction,
        axis: &Axis,
        operands: &AxisOperands<'_, T>,
    ) -> Result<Prepared, Error> {
        let (outer, length, inner) = (axis.outer() as u64, axis.length() as u64, axis.inner() as u64);
        let forward = operands.pass == Pass::Forward;
        check_apart(operands.input_name(), operands.x.buffer, operands.result_name(), operands.result.buffer)?;
        if let Some(dy) = operands.dy {
            check_apart("dy", dy.buffer, operands.result_name(), operands.result.buffer)?;
        }
        let input = |number, range, stride, offset| Input { number, range, stride, offset, reach: 0 };
        let dy = |stride, offset| operands.dy.map(|range| input(DY, range, stride, offset));
        let mut grouped = Grouped {
            label: function.name(),
            kernel: kernel_of(function),
            entry_point: if forward { "forward" } else { "backward" },
            rows: outer,
            length: length * inner,
            pieces: 2,
            result_pieces: 1,
            gate_is_first: false,
            inputs: Vec::new(),
            result: operands.result,
            params: Vec::new(),
        };
        match function {
            AxisFunction::Gated { activation, gate, layout } => {
                (grouped.rows, grouped.length) = match layout {
                    Layout::Halves => (outer, length / 2 * inner),
                    Layout::Interleaved => (outer * (length / 2), inner),
                };
                let (stride, half) = (2 * grouped.length, grouped.length);
                let (value_at, gate_at) = if gate == Gate::First { (half, 0) } else { (0, half) };
                grouped.gate_is_first = gate == Gate::First;
                grouped.params = activation.values();
                grouped.result_pieces = if forward { 1 } else { 2 };
                grouped.inputs = vec![input(X, operands.x, stride, value_at), input(GATE, operands.x, stride, gate_at)];
                grouped.inputs.extend(dy(half, 0));
            }
            AxisFunction::Maxout { pieces } => {
                grouped.pieces = pieces as u64;
                (grouped.rows, grouped.length) = (outer * (length / grouped.pieces), inner);
                grouped.result_pieces = if forward { 1 } else { grouped.pieces };
                let reach = (grouped.pieces - 1) * inner;
                grouped.inputs = vec![Input { reach, ..input(X, operands.x, grouped.pieces * inner, 0) }];
                grouped.inputs.extend(dy(inner, 0));
            }
            _ => {
                let half = grouped.length;
                grouped.result_pieces = if forward { 2 } else { 1 };
                grouped.inputs = vec![input(X, operands.x, half, 0)];
                grouped.inputs.extend(dy(2 * half, 0));
                grouped.inputs.extend(operands.dy.map(|dy| input(GATE, dy, 2 * half, half)));
            }
        }
        Ok(Prepared { dispatches: grouped.dispatches(self)?, scratch: Vec::new() })
    }
}

fn gated_kernel(activation: &Activation) -> Vec<Part> {
    let mut parts = activation_parts(activation);
    parts.push(part!("groupwise/gated.wgsl"));
    parts
}

/// The parts of a function of groups of entries that are its own.
pub(crate) fn kernel_of(function: AxisFunction) -> Vec<Part> {
    match function {
        AxisFunction::Gated { activation, .. } => gated_kernel(&activation),
        AxisFunction::Maxout { .. } => vec![part!("parameters/none.wgsl"), part!("groupwise/maxout.wgsl")],
        _ => vec![part!("parameters/none.wgsl"), part!("groupwise/crelu.wgsl")],
    }
}

/// The parts of a kernel.
pub(crate) fn parts(kernel: &[Part], storage: Storage, vectors: bool) -> Vec<Part> {
    let mut parts = vec![part!("math.wgsl"), part!("groupwise/contract.wgsl"), part!("groupwise/second_input.wgsl")];
    parts.extend([storage.part(), Binding::Separate.part(), part!("memory/elements.wgsl")]);
    parts.extend(match vectors {
        true => [part!("memory/vectors.wgsl"), part!("groupwise/vectors.wgsl")],
        false => [part!("memory/words.wgsl"), part!("groupwise/words.wgsl")],
    });
    parts.extend(kernel.iter().cloned());
    parts
}

impl<T: Element> Grouped<'_, T> {
    const ELEMENT: u64 = size_of::<T>() as u64;

    fn dispatches(&self, recording: &Recording<'_, '_>) -> Result<Vec<Dispatch>, Error> {
        let parts = parts(&self.kernel, T::STORAGE, self.length.is_multiple_of(4));
        let windows = self.windows(most_bytes(&recording.shared.limits)?)?;
        windows.into_iter().map(|window| self.dispatch(recording, &parts, window)).collect()
    }

    /// Windows that fit into bindings: whole groups, or parts of one piece.
    fn windows(&self, most: u64) -> Result<Vec<Window>, Error> {
        let group = self.pieces * self.length * Self::ELEMENT;
        let mut windows = Vec::new();
        if group <= most {
            let rows = most / group;
            for start in (0..self.rows).step_by(rows as usize) {
                let rows = start..(start + rows).min(self.rows);
                windows.push(Window { rows, places: 0..self.length, piece: None });
            }
            return Ok(windows);
        }
        if self.inputs.iter().any(|input| input.reach > 0) {
            return Err(Error::TooLarge { bytes: group, limit: most });
        }
        let places = most / LARGEST_ALIGNMENT * LARGEST_ALIGNMENT / Self::ELEMENT;
        for row in 0..self.rows {
            for piece in 0..self.result_pieces {
                for start in (0..self.length).step_by(places as usize) {
                    let places = start..(start + places).min(self.length);
                    windows.push(Window { rows: row..row + 1, places, piece: Some(piece) });
                }
            }
        }
        Ok(windows)
    }

    fn dispatch(&self, recording: &Recording<'_, '_>, parts: &[Part], window: Window) -> Result<Dispatch, Error> {
        let Window { rows, places, piece } = window;
        let (begin, elements) = match piece {
            None => (
                rows.start * self.result_pieces * self.length,
                (rows.end - rows.start) * self.result_pieces * self.length,
            ),
            Some(piece) => {
                ((rows.start * self.result_pieces + piece) * self.length + places.start, places.end - places.start)
            }
        };
        let (result, first) = span(self.result, 2, Access::Write, begin, elements);
        let mut bound = vec![result];
        let mut words = vec![first as u32, elements as u32, begin as u32, self.length as u32];
        words.extend([self.pieces as u32, self.gate_is_first.into()]);
        let mut bases = [0; 6];
        for input in &self.inputs {
            let start = rows.start * input.stride + input.offset + places.start;
            let end = (rows.end - 1) * input.stride + input.offset + places.end + input.reach;
            let (input_bound, first): (Bound<'_>, u64) =
                span(input.range, input.number, Access::Read, start, end - start);
            bound.push(input_bound);
            let at = match input.number {
                X => 0,
                GATE => 2,
                _ => 4,
            };
            bases[at] = (first + input.offset).wrapping_sub(start) as u32;
            bases[at + 1] = input.stride as u32;
        }
        words.extend(bases);
        words.resize(words.len().next_multiple_of(4), 0);
        words.extend(self.params.iter().map(|value| value.to_bits()));
        words.resize(words.len().max(16), 0);
        let workgroups = (elements + 4).div_ceil(4 * 64);
        recording.shared.dispatch(self.label, parts, self.entry_point, &bound, words, workgroups)
    }
}
