//! Gated units whose value and gate are arrays of their own.

use crate::catalog::{Activation, Axis, Function, GateLimits, source};
use crate::device::{BufferRange, Dispatch};
use crate::error::{Error, check_lengths};
use crate::ops::check::{check_apart, check_range};
use crate::ops::groupwise::{Grouped, Input};
use crate::ops::recording::Recording;
use crate::shader::{Element, numbers};

/// Two arrays that belong to value and gate of a gated unit: their gradients, or v of a double backward pass.
#[derive(Debug, Clone, Copy)]
pub struct GateGradients<'a, T: Element> {
    /// dvalue.
    pub value: BufferRange<'a, T>,
    /// dgate.
    pub gate: BufferRange<'a, T>,
}

/// The operands of [`Recording::double_backward_gated`], all of one length.
#[derive(Debug, Clone, Copy)]
pub struct GatedDoubleBackward<'a, T: Element> {
    /// The value.
    pub value: BufferRange<'a, T>,
    /// The gate.
    pub gate: BufferRange<'a, T>,
    /// The gradient that `backward_gated` took.
    pub dy: BufferRange<'a, T>,
    /// The gradients by the dvalue and the dgate that `backward_gated` gave.
    pub v: GateGradients<'a, T>,
    /// The gradients by value and gate, to be written.
    pub gradients: GateGradients<'a, T>,
    /// The gradient by dy, to be written.
    pub ddy: BufferRange<'a, T>,
}

/// A gated unit of two arrays.
struct Unit {
    activation: Activation,
    limits: GateLimits,
}

/// An operand with its name and the number of its binding.
type Operand<'r, T> = (&'static str, u32, BufferRange<'r, T>);

impl Recording<'_, '_> {
    /// Records `y = value·activation(gate)` of two arrays. The function is an activation, or a gated unit such as swiglu_oai.
    /// With a unit, `y = (clamp(value, −limit, limit) + value_addend)·activation(min(gate, limit))`; its `gate` and `layout`
    /// have no meaning, because the call names the arrays.
    ///
    /// # Errors
    /// - Those of [`Recording::forward`];
    /// - [`Error::OtherKind`] for functions along an axis that are no gated units;
    /// - [`Error::SharedBuffer`] if y lies in the buffer of an input;
    /// - [`Error::TooManyElements`].
    pub fn forward_gated<'r, T: Element>(
        &mut self,
        function: impl Into<Function>,
        value: impl Into<BufferRange<'r, T>>,
        gate: impl Into<BufferRange<'r, T>>,
        y: impl Into<BufferRange<'r, T>>,
    ) -> Result<(), Error> {
        let operands = [("value", numbers::X, value.into()), ("gate", numbers::SECOND_INPUT, gate.into())];
        let dispatches = self.gate_of_two(&Unit::new(&function.into())?, "forward", &operands, ("y", y.into()))?;
        self.run(&dispatches);
        Ok(())
    }

    /// Records the gradients `dvalue = dy·activation(gate)` and `dgate = dy·value·activation′(gate)` of two arrays. In a unit with
    /// a limit, value and gate are those after clamping and the addend; dvalue is 0 where the value was beyond ±limit, and dgate
    /// where the gate was above it.
    ///
    /// # Errors
    /// Those of [`Recording::forward_gated`].
    pub fn backward_gated<'r, T: Element>(
        &mut self,
        function: impl Into<Function>,
        value: impl Into<BufferRange<'r, T>>,
        gate: impl Into<BufferRange<'r, T>>,
        dy: impl Into<BufferRange<'r, T>>,
        gradients: GateGradients<'r, T>,
    ) -> Result<(), Error> {
        let unit = Unit::new(&function.into())?;
        check_apart("dvalue", gradients.value.buffer, "dgate", gradients.gate.buffer)?;
        let operands = operands(value.into(), gate.into(), dy.into());
        let of_value = self.gate_of_two(&unit, "backward_value", &operands, ("dvalue", gradients.value))?;
        let of_gate = self.gate_of_two(&unit, "backward_gate", &operands, ("dgate", gradients.gate))?;
        self.run(&of_value);
        self.run(&of_gate);
        Ok(())
    }

    /// Records the gradients of [`Recording::backward_gated`], whose dvalue has the gradient v₁ and dgate v₂. With f the activation
    /// they are
    ///
    /// - by the value: `v₂·dy·f′(gate)`,
    /// - by the gate: `v₁·dy·f′(gate) + v₂·dy·value·f″(gate)`,
    /// - by dy: `v₁·f(gate) + v₂·value·f′(gate)`.
    ///
    /// In a unit with a limit, value and gate are those after clamping and the addend; terms that differentiate what was clamped
    /// are 0.
    ///
    /// # Errors
    /// - Those of [`Recording::backward_gated`];
    /// - [`Error::NotDeclared`] for WGSL text without a second derivative.
    pub fn double_backward_gated<T: Element>(
        &mut self,
        function: impl Into<Function>,
        operands: GatedDoubleBackward<'_, T>,
    ) -> Result<(), Error> {
        let unit = Unit::new(&function.into())?;
        unit.activation.check_second_derivative()?;
        let GatedDoubleBackward { value, gate, dy, v, gradients, ddy } = operands;
        let results = [("dvalue", gradients.value), ("dgate", gradients.gate), ("ddy", ddy)];
        for (index, (name, result)) in results.iter().enumerate() {
            for (other, earlier) in &results[..index] {
                check_apart(other, earlier.buffer, name, result.buffer)?;
            }
        }
        let [value, gate, dy] = self::operands(value, gate, dy);
        let tangents = [("v of dvalue", numbers::TANGENT, v.value), ("v of dgate", numbers::SECOND_TANGENT, v.gate)];
        let operands = [value, gate, dy, tangents[0], tangents[1]];
        let entry_points = ["double_backward_value", "double_backward_gate", "tangent"];
        let prepared = entry_points.into_iter().zip(results);
        let prepared = prepared.map(|(entry_point, result)| self.gate_of_two(&unit, entry_point, &operands, result));
        // All are checked before any is recorded.
        for dispatches in prepared.collect::<Result<Vec<_>, Error>>()? {
            self.run(&dispatches);
        }
        Ok(())
    }

    /// Prepares one result of a gated unit of two arrays.
    fn gate_of_two<'r, T: Element>(
        &self,
        unit: &Unit,
        entry_point: &'static str,
        operands: &[Operand<'r, T>],
        (result_name, result): (&'static str, BufferRange<'r, T>),
    ) -> Result<Vec<Dispatch>, Error> {
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
            twice: operands.iter().any(|&(_, number, _)| number == numbers::TANGENT),
            activation: Some(unit.activation),
            entry_point,
            rows: 1,
            length: result.elements,
            pieces: 1,
            result_pieces: 1,
            gate_is_first: false,
            limits: unit.limits,
            inputs,
            result,
        };
        grouped.dispatches(self)
    }
}

impl Unit {
    /// The unit that a function is, or that it is the activation of.
    fn new(function: &Function) -> Result<Unit, Error> {
        let gated = function.along().ok().and_then(|unit| Some((unit, unit.activation()?)));
        let Some((unit, activation)) = gated else {
            let activation = function.elementwise()?;
            activation.validate()?;
            return Ok(Unit { activation, limits: GateLimits::default() });
        };
        unit.validate()?;
        Ok(Unit { activation, limits: unit.gate_limits() })
    }
}

fn operands<'r, T: Element>(
    value: BufferRange<'r, T>,
    gate: BufferRange<'r, T>,
    dy: BufferRange<'r, T>,
) -> [Operand<'r, T>; 3] {
    [("value", numbers::X, value), ("gate", numbers::SECOND_INPUT, gate), ("dy", numbers::DY, dy)]
}
