//! Operations on groups of entries: gated units, maxout, crelu.

use crate::catalog::{Activation, Axis, AxisFunction, Gate, GateLimits, Groups, Operands, Source};
use crate::device::{BoundRange, BufferRange, Command, Dispatch};
use crate::error::Error;
use crate::ops::check::{LARGEST_ALIGNMENT, most_bytes, span};
use crate::ops::operands::AlongOperands;
use crate::ops::recording::Recording;
use crate::shader::{
    Access, AlongPass, Element, Fours, GroupwiseKernel, GroupwiseUniform, Kernel, Math, numbers, with_parameters,
};
use std::ops::Range;

/// An input. It uses the positions from `offset` on of rows that lie `stride` elements apart.
#[derive(Clone, Copy)]
pub(crate) struct Input<'a, T: Element> {
    /// The number of its binding.
    pub number: u32,
    pub range: BufferRange<'a, T>,
    pub stride: u64,
    pub offset: u64,
    /// The distance from a position to the end of its group in the same input.
    pub reach: u64,
}

/// An operation on an array (rows, pieces, length), or (rows, length).
pub(crate) struct Grouped<'a, T: Element> {
    pub label: &'static str,
    pub part: Source,
    /// The part that computes both results of a group together, if there are two.
    pub pairs: Option<Source>,
    /// Whether it is a double backward pass.
    pub twice: bool,
    /// The activation of a gate.
    pub activation: Option<Activation>,
    pub entry_point: &'static str,
    pub rows: u64,
    pub length: u64,
    /// The pieces of a group, and how many of them are in the result.
    pub pieces: u64,
    pub result_pieces: u64,
    pub gate_is_first: bool,
    pub limits: GateLimits,
    pub inputs: Vec<Input<'a, T>>,
    pub result: BufferRange<'a, T>,
}

/// Several rows, or the positions of one piece of the result in one row.
struct Window {
    rows: Range<u64>,
    positions: Range<u64>,
    piece: Option<u64>,
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
    let twice = matches!(pass, AlongPass::Tangent | AlongPass::DoubleBackward);
    let result_pieces = if dy.is_some() { inputs } else { outputs };
    let grouped = Grouped {
        label: function.name(),
        part,
        pairs: (result_pieces == 2 && !twice).then_some(pairs),
        twice,
        activation: function.activation(),
        entry_point: pass.of_groups(),
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

    pub(crate) fn dispatches(&self, recording: &Recording<'_, '_>) -> Result<Vec<Dispatch>, Error> {
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
