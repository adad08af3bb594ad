//! Operations along an axis: checks of operands, and the uniforms for kernels.

use crate::catalog::{Axis, AxisFunction, Function, Kernels, RowKernels, RowScalars};
use crate::device::BufferRange;
use crate::error::Error;
use crate::ops::check::aliasing_of;
use crate::ops::groupwise::grouped;
use crate::ops::operands::AlongOperands;
use crate::ops::recording::Recording;
use crate::ops::rowwise::{Prepared, Rows, Rowwise, RowwiseOperands};
use crate::shader::{Direction, Element, RowStatistics, RowwiseUniform};

impl Recording<'_, '_> {
    /// Records `y = function(x)` along an axis of x, in C order. y has the function's
    /// [`output_shape`](AxisFunction::output_shape). `y` may be `x` if that is x's shape and the function is not gated,
    /// maxout or crelu. The mask has the shape of x; 0 leaves an element out.
    ///
    /// # Errors
    /// - Those of [`Recording::forward`];
    /// - [`Error::InvalidValue`], [`Error::IndivisibleAxis`], [`Error::NotMaskable`];
    /// - [`Error::SharedBuffer`];
    /// - [`Error::BindingTooLarge`] if one entry of all inner axes exceeds a binding.
    pub fn forward_along<'r, T: Element>(
        &mut self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<BufferRange<'r, u8>>,
        x: impl Into<BufferRange<'r, T>>,
        y: impl Into<BufferRange<'r, T>>,
    ) -> Result<(), Error> {
        let (x, result) = (x.into(), y.into());
        let operands = AlongOperands { x, from_output: false, dy: None, mask, result, first_element: 0 };
        self.along(&function.into(), axis, &operands)
    }

    /// Records dx, the gradient by x, from x and dy. dy has the shape of y. `dx` may be `x` or `dy` if that is x's
    /// shape and the function is not gated, maxout or crelu.
    ///
    /// # Errors
    /// Those of [`Recording::forward_along`].
    pub fn backward_along<'r, T: Element>(
        &mut self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<BufferRange<'r, u8>>,
        x: impl Into<BufferRange<'r, T>>,
        dy: impl Into<BufferRange<'r, T>>,
        dx: impl Into<BufferRange<'r, T>>,
    ) -> Result<(), Error> {
        let (x, dy, result) = (x.into(), Some(dy.into()), dx.into());
        let operands = AlongOperands { x, from_output: false, dy, mask, result, first_element: 0 };
        self.along(&function.into(), axis, &operands)
    }

    /// Records dx from y and dy, for the functions that [allow it](AxisFunction::has_backward_from_output).
    ///
    /// # Errors
    /// [`Error::NotFromOutput`], and those of [`Recording::forward_along`].
    pub fn backward_along_from_output<'r, T: Element>(
        &mut self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<BufferRange<'r, u8>>,
        y: impl Into<BufferRange<'r, T>>,
        dy: impl Into<BufferRange<'r, T>>,
        dx: impl Into<BufferRange<'r, T>>,
    ) -> Result<(), Error> {
        let (x, dy, result) = (y.into(), Some(dy.into()), dx.into());
        let operands = AlongOperands { x, from_output: true, dy, mask, result, first_element: 0 };
        self.along(&function.into(), axis, &operands)
    }

    pub(crate) fn along<T: Element>(
        &mut self,
        function: &Function,
        axis: &Axis,
        operands: &AlongOperands<'_, T>,
    ) -> Result<(), Error> {
        let function = function.along()?;
        operands.check(self, function, axis)?;
        if operands.result.elements == 0 {
            return Ok(());
        }
        let prepared = self.device.checked(|| match &function.definition().kernels {
            Kernels::Rowwise(kernels) => rowwise(self, function, axis, kernels, operands),
            Kernels::Groupwise { part, pairs, operands: read } => {
                operands.check_all_apart()?;
                let prepared = grouped(self, function, axis, (*part, *pairs, *read), operands)?;
                Ok(Prepared { dispatches: prepared, scratch: Vec::new() })
            }
        })?;
        self.run(&prepared.dispatches);
        self.scratch.extend(prepared.scratch);
        Ok(())
    }
}

/// A number as the unevaluated sum of two f32.
fn in_two_parts(value: f64) -> [f32; 2] {
    let high = value as f32;
    [high, (value - f64::from(high)) as f32]
}

/// A normal number above 0 as the product of a number from 1/2 to 1 and a power of two. The exponent comes second.
fn scaled(value: f64) -> (f64, i32) {
    let exponent = (value.to_bits() >> 52) as i32 - 1022;
    (value * 2f64.powi(-exponent), exponent)
}

/// The uniform for a function.
fn uniform_of(scalars: RowScalars, axis: &Axis) -> RowwiseUniform {
    let RowScalars { temperature, seed, hard, is_mean } = scalars;
    let (inverse_temperature, temperature_exponent) = scaled(1.0 / f64::from(temperature.unwrap_or(1.0)));
    RowwiseUniform {
        seed: [seed as u32, (seed >> 32) as u32],
        hard: hard.into(),
        inverse_temperature: in_two_parts(inverse_temperature),
        temperature_exponent,
        temperature: temperature.unwrap_or(1.0),
        subtracted: if is_mean { in_two_parts((axis.length() as f64).ln()) } else { [0.0; 2] },
        ..RowwiseUniform::default()
    }
}

/// Prepares a function that works by statistics of its rows.
fn rowwise<T: Element>(
    recording: &Recording<'_, '_>,
    function: &AxisFunction,
    axis: &Axis,
    kernels: &'static RowKernels,
    operands: &AlongOperands<'_, T>,
) -> Result<Prepared, Error> {
    let direction = if operands.dy.is_some() { Direction::Backward } else { Direction::Forward };
    let (from_output, tempered) = (operands.from_output, function.is_tempered());
    let statistics = RowStatistics::Function { kernels, direction, from_output, tempered };
    let rows = Rows {
        outer: axis.outer() as u64,
        length: axis.length() as u64,
        inner: axis.inner() as u64,
        element_bytes: size_of::<T>() as u64,
        rounds: if operands.from_output { kernels.rounds.min(2) } else { kernels.rounds },
        statistics_bytes: statistics.bytes(),
    };
    let read = RowwiseOperands {
        x: operands.x,
        dy: operands.dy,
        mask: operands.mask,
        reduced_dy: kernels.reduces,
        aliasing: aliasing_of(
            (operands.input_name(), operands.x),
            operands.dy.map(|dy| ("dy", dy)),
            (operands.result_name(), operands.result),
        )?,
        parameters: Vec::new(),
        first_element: operands.first_element,
    };
    let uniform = (uniform_of(function.scalars(), axis), Vec::new());
    let rowwise = Rowwise::new(recording, function.name(), rows, statistics, read, uniform)?;
    match direction {
        Direction::Forward if kernels.reduces => rowwise.reduced(operands.result),
        Direction::Forward | Direction::Backward => rowwise.elementwise(operands.result),
    }
}
