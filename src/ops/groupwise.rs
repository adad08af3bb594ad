//! Operations on groups of entries: gated units, maxout, crelu.

use crate::catalog::{Activation, Axis, AxisFunction, Function, Gate, GateLimits, Groups, Operands, Source, source};
use crate::device::{BoundRange, BufferRange, Command, Dispatch};
use crate::error::{Error, check_lengths};
use crate::ops::check::{LARGEST_ALIGNMENT, check_apart, check_range, most_bytes, span};
use crate::ops::operands::AlongOperands;
use crate::ops::recording::Recording;
use crate::shader::{
    Access, AlongPass, Element, Fours, GroupwiseKernel, GroupwiseUniform, Kernel, Math, numbers, with_parameters,
};
use std::ops::Range;

/// An input. It uses the positions from `offset` on of rows that lie `stride` elements apart.
#[derive(Clone, Copy)]
struct Input<'a, T: Element> {
    /// The number of its binding.
    number: u32,
    range: BufferRange<'a, T>,
    stride: u64,
    offset: u64,
    /// The distance from a position to the end of its group in the same input.
    reach: u64,
}

/// An operation on an array (rows, pieces, length), or (rows, length).
struct Grouped<'a, T: Element> {
    label: &'static str,
    part: Source,
    /// The part that computes both results of a group together, if there are two.
    pairs: Option<Source>,
    /// Whether it is a double backward pass.
    twice: bool,
    /// The activation of a gate.
    activation: Option<Activation>,
    entry_point: &'static str,
    rows: u64,
    length: u64,
    /// The pieces of a group, and how many of them are in the result.
    pieces: u64,
    result_pieces: u64,
    gate_is_first: bool,
    limits: GateLimits,
    inputs: Vec<Input<'a, T>>,
    result: BufferRange<'a, T>,
}

/// Several rows, or the positions of one piece of the result in one row.
struct Window {
    rows: Range<u64>,
    positions: Range<u64>,
    piece: Option<u64>,
}

/// The destinations of the gradients of a gated unit with two arrays.
#[derive(Debug, Clone, Copy)]
pub struct GateGradients<'a, T: Element> {
    /// dvalue.
    pub value: BufferRange<'a, T>,
    /// dgate.
    pub gate: BufferRange<'a, T>,
}

impl Recording<'_, '_> {
    /// Records `y = value·activation(gate)` of two arrays.
    ///
    /// # Errors
    /// - Those of [`Recording::forward`];
    /// - [`Error::SharedBuffer`] if y lies in the buffer of an input;
    /// - [`Error::TooManyElements`].
    pub fn forward_gated<'r, T: Element>(
        &mut self,
        activation: impl Into<Function>,
        value: impl Into<BufferRange<'r, T>>,
        gate: impl Into<BufferRange<'r, T>>,
        y: impl Into<BufferRange<'r, T>>,
    ) -> Result<(), Error> {
        let operands = [("value", numbers::X, value.into()), ("gate", numbers::SECOND_INPUT, gate.into())];
        let dispatches = self.gate_of_two(&activation.into(), "forward", &operands, ("y", y.into()))?;
        self.run(&dispatches);
        Ok(())
    }

    /// Records the gradients `dvalue = dy·activation(gate)` and `dgate = dy·value·activation′(gate)` of two arrays.
    ///
    /// # Errors
    /// Those of [`Recording::forward_gated`].
    pub fn backward_gated<'r, T: Element>(
        &mut self,
        activation: impl Into<Function>,
        value: impl Into<BufferRange<'r, T>>,
        gate: impl Into<BufferRange<'r, T>>,
        dy: impl Into<BufferRange<'r, T>>,
        gradients: GateGradients<'r, T>,
    ) -> Result<(), Error> {
        let activation = activation.into();
        let (value, gate, dy) = (value.into(), gate.into(), dy.into());
        let (dvalue, dgate) = (gradients.value, gradients.gate);
        check_apart("dvalue", dvalue.buffer, "dgate", dgate.buffer)?;
        // dgate still needs the value after dvalue is written.
        check_apart("value", value.buffer, "dvalue", dvalue.buffer)?;
        let gate = ("gate", numbers::SECOND_INPUT, gate);
        // dvalue is what the unit makes of dy instead of the value.
        let operands = [("dy", numbers::X, dy), gate];
        let of_value = self.gate_of_two(&activation, "forward", &operands, ("dvalue", dvalue))?;
        let operands = [("value", numbers::X, value), gate, ("dy", numbers::DY, dy)];
        let of_gate = self.gate_of_two(&activation, "backward_gate", &operands, ("dgate", dgate))?;
        self.run(&of_value);
        self.run(&of_gate);
        Ok(())
    }

    /// Prepares one result of a gated unit of two arrays, from operands with their names and bindings.
    fn gate_of_two<'r, T: Element>(
        &self,
        activation: &Function,
        entry_point: &'static str,
        operands: &[(&'static str, u32, BufferRange<'r, T>)],
        (result_name, result): (&'static str, BufferRange<'r, T>),
    ) -> Result<Vec<Dispatch>, Error> {
        let activation = activation.elementwise()?;
        activation.validate()?;
        check_range(self, result_name, result)?;
        let mut inputs = Vec::new();
        for &(name, number, range) in operands {
            check_range(self, name, range)?;
            check_lengths(name, range.elements, result_name, result.elements)?;
            check_apart(name, range.buffer, result_name, result.buffer)?;
            inputs.push(Input { number, range, stride: range.elements, offset: 0, reach: 0 });
        }
        Axis::new(&[usize::try_from(result.elements).unwrap_or(usize::MAX)], 0)?;
        if result.elements == 0 {
            return Ok(Vec::new());
        }
        let grouped = Grouped {
            label: "gated",
            part: source!("groupwise/gated.wgsl"),
            pairs: None,
            twice: false,
            activation: Some(activation),
            entry_point,
            rows: 1,
            length: result.elements,
            pieces: 1,
            result_pieces: 1,
            gate_is_first: false,
            limits: GateLimits::default(),
            inputs,
            result,
        };
        grouped.dispatches(self)
    }
}

/// Prepares a function along an axis whose results come from groups of entries.
pub(crate) fn grouped<T: Element>(
    recording: &Recording<'_, '_>,
    function: &AxisFunction,
    axis: &Axis,
    (part, pairs, read): (Source, Source, Operands),
    operands: &AlongOperands<'_, T>,
) -> Result<Vec<Dispatch>, Error> {
    let AlongOperands { pass, x, dy, v, result, .. } = *operands;
    let (outer, length, inner) = (axis.outer() as u64, axis.length() as u64, axis.inner() as u64);
    let Groups { inputs, outputs, successive } = function.groups();
    let (inputs, outputs) = (inputs as u64, outputs as u64);
    let groups = length / inputs;
    let (rows, length) = if successive { (outer * groups, inner) } else { (outer, groups * inner) };
    let input = |number, range, stride, offset| Input { number, range, stride, offset, reach: 0 };
    let (x_stride, dy_stride) = (inputs * length, outputs * length);
    let gate_is_first = function.gate() == Gate::First;
    let mut all = match read {
        Operands::Gated => {
            let (value, gate) = if gate_is_first { (length, 0) } else { (0, length) };
            let halves = |range, of_value, of_gate| {
                [input(of_value, range, x_stride, value), input(of_gate, range, x_stride, gate)]
            };
            let tangents = v.map(|v| halves(v, numbers::TANGENT, numbers::SECOND_TANGENT));
            halves(x, numbers::X, numbers::SECOND_INPUT).into_iter().chain(tangents.into_iter().flatten()).collect()
        }
        Operands::Group => vec![Input { reach: (inputs - 1) * length, ..input(numbers::X, x, x_stride, 0) }],
        Operands::Entry => vec![input(numbers::X, x, x_stride, 0)],
    };
    if let Some(dy) = dy {
        all.push(input(numbers::DY, dy, dy_stride, 0));
        if read == Operands::Entry {
            all.push(input(numbers::SECOND_INPUT, dy, dy_stride, length));
        }
    }
    let (entry_point, twice) = match pass {
        AlongPass::Forward => ("forward", false),
        AlongPass::Backward | AlongPass::BackwardFromOutput | AlongPass::SinkGradient => ("backward", false),
        AlongPass::Tangent => ("tangent", true),
        AlongPass::DoubleBackward => ("double_backward", true),
    };
    let result_pieces = if dy.is_some() { inputs } else { outputs };
    let grouped = Grouped {
        label: function.name(),
        part,
        pairs: (result_pieces == 2 && !twice).then_some(pairs),
        twice,
        activation: function.activation(),
        entry_point,
        rows,
        length,
        pieces: inputs.max(outputs),
        result_pieces,
        gate_is_first,
        limits: function.gate_limits(),
        inputs: all,
        result,
    };
    grouped.dispatches(recording)
}

/// Invocations of a workgroup, each of which computes four elements.
const WORKGROUP: u64 = 256;

impl<T: Element> Grouped<'_, T> {
    const ELEMENT: u64 = size_of::<T>() as u64;

    fn dispatches(&self, recording: &Recording<'_, '_>) -> Result<Vec<Dispatch>, Error> {
        let windows = self.windows(most_bytes(&recording.device.traits.limits)?)?;
        windows.into_iter().map(|window| self.dispatch(recording, window)).collect()
    }

    /// Whether an invocation computes both results of four groups.
    fn takes_pairs(&self, window: &Window) -> bool {
        self.pairs.is_some() && self.fours() != Fours::Words && window.piece.is_none()
    }

    fn fours(&self) -> Fours {
        match self.length {
            _ if self.twice => Fours::Words,
            length if length.is_multiple_of(4) => Fours::Vectors,
            1 if self.pieces == 2 && self.rows.is_multiple_of(4) => Fours::Interleaved,
            _ => Fours::Words,
        }
    }

    /// Windows that fit into bindings: whole groups, or parts of one piece.
    fn windows(&self, most: u64) -> Result<Vec<Window>, Error> {
        let group = self.pieces * self.length * Self::ELEMENT;
        let mut windows = Vec::new();
        if group <= most {
            let rows = most / group;
            // Each window begins with a whole vector.
            let rows = if rows > 4 { rows / 4 * 4 } else { rows };
            for start in (0..self.rows).step_by(rows as usize) {
                let rows = start..(start + rows).min(self.rows);
                windows.push(Window { rows, positions: 0..self.length, piece: None });
            }
            return Ok(windows);
        }
        if self.inputs.iter().any(|input| input.reach > 0) {
            return Err(Error::BindingTooLarge { bytes: group, limit: most });
        }
        let most_positions = most / LARGEST_ALIGNMENT * LARGEST_ALIGNMENT / Self::ELEMENT;
        for row in 0..self.rows {
            for piece in 0..self.result_pieces {
                for start in (0..self.length).step_by(most_positions as usize) {
                    let positions = start..(start + most_positions).min(self.length);
                    windows.push(Window { rows: row..row + 1, positions, piece: Some(piece) });
                }
            }
        }
        Ok(windows)
    }

    fn dispatch(&self, recording: &Recording<'_, '_>, window: Window) -> Result<Dispatch, Error> {
        let pairs = self.takes_pairs(&window);
        let Window { rows, positions, piece } = window;
        let (begin, elements) = match piece {
            None => (
                rows.start * self.result_pieces * self.length,
                (rows.end - rows.start) * self.result_pieces * self.length,
            ),
            Some(piece) => (
                (rows.start * self.result_pieces + piece) * self.length + positions.start,
                positions.end - positions.start,
            ),
        };
        let (result, first) = span(self.result, numbers::RESULT, Access::Write, begin, elements);
        let mut bindings = vec![result];
        // The elements that invocations count: results, or pairs of them.
        let each = if pairs { 2 } else { 1 };
        let elements = elements / each;
        let mut uniform = GroupwiseUniform {
            first: first as u32,
            elements: elements as u32,
            begin: (begin / each) as u32,
            length: self.length as u32,
            pieces: self.pieces as u32,
            gate_is_first: self.gate_is_first.into(),
            limit: self.limits.limit,
            value_addend: self.limits.value_addend,
            ..GroupwiseUniform::default()
        };
        for input in &self.inputs {
            let start = rows.start * input.stride + input.offset + positions.start;
            let end = match self.fours() {
                // Both elements of a group are read.
                Fours::Interleaved => rows.end * input.stride,
                _ => (rows.end - 1) * input.stride + input.offset + positions.end + input.reach,
            };
            let (bound, first): (BoundRange<'_>, u64) =
                span(input.range, input.number, Access::Read, start, end - start);
            bindings.push(bound);
            // v lies as x does.
            let (base, stride) = match input.number {
                numbers::X | numbers::TANGENT => (&mut uniform.x_base, &mut uniform.x_stride),
                numbers::SECOND_INPUT | numbers::SECOND_TANGENT => {
                    (&mut uniform.second_base, &mut uniform.second_stride)
                }
                _ => (&mut uniform.dy_base, &mut uniform.dy_stride),
            };
            *base = (first + input.offset).wrapping_sub(start) as u32;
            *stride = input.stride as u32;
        }
        let params = self.activation.map_or_else(Vec::new, |activation| activation.values());
        recording.dispatch(Command {
            label: self.label,
            kernel: Kernel::Groupwise(GroupwiseKernel {
                source: self.part,
                pairs: self.pairs.filter(|_| pairs),
                twice: self.twice,
                activation: self.activation.map(|activation| activation.definition()),
                limited: self.limits != GateLimits::default(),
                math: Math::of(T::STORAGE, recording.accuracy),
                storage: T::STORAGE,
                fours: self.fours(),
            }),
            entry_point: if pairs { "pairs" } else { self.entry_point },
            bindings,
            uniform: with_parameters(uniform, &params),
            // The first four elements may be incomplete.
            workgroups: (elements + 4).div_ceil(4 * WORKGROUP),
        })
    }
}
