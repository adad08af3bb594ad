use crate::catalog::{AlongLengths, Axis, AxisFunction};
use crate::device::BufferRange;
use crate::error::Error;
use crate::ops::check::{check_apart, check_range};
use crate::ops::recording::Recording;
use crate::shader::Element;

/// The operands of a function along an axis: its inputs in order, and the result.
pub(crate) struct AlongOperands<'a, T: Element> {
    /// x, or y if the gradient is computed from y.
    pub x: BufferRange<'a, T>,
    /// Whether `x` is y.
    pub from_output: bool,
    /// dy of a gradient.
    pub dy: Option<BufferRange<'a, T>>,
    pub mask: Option<BufferRange<'a, u8>>,
    pub result: BufferRange<'a, T>,
    /// The index of the first element within the whole array, for random numbers.
    pub first_element: u32,
}

impl<T: Element> AlongOperands<'_, T> {
    pub(crate) fn input_name(&self) -> &'static str {
        if self.from_output { "y" } else { "x" }
    }

    pub(crate) fn result_name(&self) -> &'static str {
        if self.dy.is_some() { "dx" } else { "y" }
    }

    pub(crate) fn check(
        &self,
        recording: &Recording<'_, '_>,
        function: &AxisFunction,
        axis: &Axis,
    ) -> Result<(), Error> {
        if self.from_output && !function.has_backward_from_output() {
            return Err(Error::NotFromOutput { function: function.name() });
        }
        let lengths = AlongLengths {
            input: (self.input_name(), self.x.elements),
            dy: self.dy.map(|dy| dy.elements),
            mask: self.mask.map(|mask| mask.elements),
            result: Some(self.result.elements),
        };
        function.check_lengths(axis, &lengths)?;
        check_range(recording, self.input_name(), self.x)?;
        if let Some(dy) = self.dy {
            check_range(recording, "dy", dy)?;
        }
        check_range(recording, self.result_name(), self.result)?;
        if let Some(mask) = self.mask {
            check_range(recording, "mask", mask)?;
            check_apart("mask", mask.buffer, self.result_name(), self.result.buffer)?;
            check_apart("mask", mask.buffer, self.input_name(), self.x.buffer)?;
            if let Some(dy) = self.dy {
                check_apart("mask", mask.buffer, "dy", dy.buffer)?;
            }
        }
        Ok(())
    }

    /// Checks that the result lies in a buffer of its own: a group's results depend on entries that others overwrite.
    pub(crate) fn check_all_apart(&self) -> Result<(), Error> {
        check_apart(self.input_name(), self.x.buffer, self.result_name(), self.result.buffer)?;
        self.dy.map_or(Ok(()), |dy| check_apart("dy", dy.buffer, self.result_name(), self.result.buffer))
    }
}
