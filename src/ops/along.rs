//! Operations along an axis: checks of operands, and the uniforms for kernels.

use crate::catalog::{Axis, AxisFunction, Function, Kernels, RowKernels, RowScalars};
use crate::device::BufferRange;
use crate::error::Error;
use crate::ops::check::aliasing_of;
use crate::ops::elementwise::DoubleBackward;
use crate::ops::groupwise::grouped;
use crate::ops::mask::Mask;
use crate::ops::operands::AlongOperands;
use crate::ops::recording::Recording;
use crate::ops::rowwise::{Prepared, Rows, Rowwise, RowwiseOperands};
use crate::ops::sinks::Sinks;
use crate::shader::{Access, Aliasing, AlongPass, Element, RowStatistics, RowwiseUniform, numbers};

impl Recording<'_, '_> {
    /// Records `y = function(x)` along an axis of x, in C order. y has the function's
    /// [`output_shape`](AxisFunction::output_shape). `y` may be `x` if that is x's shape and the function is not gated,
    /// maxout or crelu. A [`Mask`] leaves elements out.
    ///
    /// # Errors
    /// - Those of [`Recording::forward`];
    /// - [`Error::InvalidValue`], [`Error::IndivisibleAxis`];
    /// - [`Error::NotMaskable`], and for masks that repeat [`Error::NotBroadcast`], [`Error::MaskTooScattered`];
    /// - [`Error::SharedBuffer`];
    /// - [`Error::BindingTooLarge`] if one entry of all inner axes, or a mask that repeats, exceeds a binding.
    pub fn forward_along<'r, T: Element>(
        &mut self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<Mask<'r>>,
        x: impl Into<BufferRange<'r, T>>,
        y: impl Into<BufferRange<'r, T>>,
    ) -> Result<(), Error> {
        self.along(&function.into(), axis, &AlongOperands::forward(x.into(), mask, y.into()))
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
        mask: Option<Mask<'r>>,
        x: impl Into<BufferRange<'r, T>>,
        dy: impl Into<BufferRange<'r, T>>,
        dx: impl Into<BufferRange<'r, T>>,
    ) -> Result<(), Error> {
        let forward = AlongOperands::forward(x.into(), mask, dx.into());
        let operands = AlongOperands { pass: AlongPass::Backward, dy: Some(dy.into()), ..forward };
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
        mask: Option<Mask<'r>>,
        y: impl Into<BufferRange<'r, T>>,
        dy: impl Into<BufferRange<'r, T>>,
        dx: impl Into<BufferRange<'r, T>>,
    ) -> Result<(), Error> {
        let forward = AlongOperands::forward(y.into(), mask, dx.into());
        let operands = AlongOperands { pass: AlongPass::BackwardFromOutput, dy: Some(dy.into()), ..forward };
        self.along(&function.into(), axis, &operands)
    }

    /// Records the gradient of [`Recording::backward_along`], whose dx has the gradient v, for the functions that
    /// [have one](AxisFunction::has_double_backward): dx of x's shape, and ddy of y's. With y the shares of softmax, s = Σ y·dy
    /// and t = Σ y·v:
    ///
    /// | function | ddy | dx |
    /// |---|---|---|
    /// | softmax, quiet_softmax | y·(v − t)/T | y·((dy − s)·(v − t) − Σ y·dy·v + s·t)/T² |
    /// | softmin | −y·(v − t)/T | the same |
    /// | log_softmax | (v − t)/T | −y·(v − t)·Σ dy/T² |
    /// | gated | v₁·f(gate) + v₂·value·f′(gate) | value: v₂·dy·f′(gate); gate: v₁·dy·f′(gate) + v₂·dy·value·f″(gate) |
    ///
    /// v₁ and v₂ are the parts of v that belong to value and gate. Beyond a limit of the unit, terms are 0.
    ///
    /// ```
    /// use gpu_activations::{Axis, AxisFunction, DoubleBackward};
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let softmax: AxisFunction = "softmax".parse()?;
    /// let axis = Axis::last(&[1, 2])?;
    /// let [x, dy, v] = [[0.0_f32, 0.0], [1.0, 0.0], [4.0, 0.0]].map(|data| context.upload(&data));
    /// let (x, dy, v) = (x?, dy?, v?);
    /// let (dx, ddy) = (context.allocate::<f32>(2)?, context.allocate::<f32>(2)?);
    /// let operands = DoubleBackward { x: (&x).into(), dy: (&dy).into(), v: (&v).into(), dx: (&dx).into(), ddy: (&ddy).into() };
    /// context.batch(|recording| recording.double_backward_along(&softmax, &axis, None, operands))?;
    /// assert_eq!((context.download(&dx)?, context.download(&ddy)?), (vec![0.0, 0.0], vec![1.0, -1.0]));
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// - Those of [`Recording::forward_along`];
    /// - [`Error::NoDoubleBackward`] for other functions;
    /// - [`Error::SharedBuffer`] if dx or ddy lies in the buffer of another operand;
    /// - [`Error::NotDeclared`] for a gate of WGSL text without a second derivative.
    pub fn double_backward_along<T: Element>(
        &mut self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<Mask<'_>>,
        operands: DoubleBackward<'_, T>,
    ) -> Result<(), Error> {
        let function = function.into();
        let along = function.along()?;
        along.check_double_backward()?;
        if let Some(activation) = along.activation() {
            activation.check_second_derivative()?;
        }
        operands.check_apart()?;
        let DoubleBackward { x, dy, v, dx, ddy } = operands;
        let of_x = AlongOperands {
            pass: AlongPass::DoubleBackward,
            dy: Some(dy),
            v: Some(v),
            ..AlongOperands::forward(x, mask, dx)
        };
        let of_dy = AlongOperands { pass: AlongPass::Tangent, dy: None, result: ddy, ..of_x };
        // Both are checked before either is recorded.
        let both = [self.prepared(along, axis, &of_x)?, self.prepared(along, axis, &of_dy)?];
        for prepared in both {
            self.run(&prepared.dispatches);
            self.scratch.extend(prepared.scratch);
        }
        Ok(())
    }

    pub(crate) fn along<T: Element>(
        &mut self,
        function: &Function,
        axis: &Axis,
        operands: &AlongOperands<'_, T>,
    ) -> Result<(), Error> {
        let prepared = self.prepared(function.along()?, axis, operands)?;
        self.run(&prepared.dispatches);
        self.scratch.extend(prepared.scratch);
        Ok(())
    }

    /// Checks the operands, and prepares the dispatches of one result.
    fn prepared<T: Element>(
        &self,
        function: &AxisFunction,
        axis: &Axis,
        operands: &AlongOperands<'_, T>,
    ) -> Result<Prepared, Error> {
        operands.check(self, function, axis)?;
        if operands.result.elements == 0 {
            return Ok(Prepared::default());
        }
        self.device.checked(|| match &function.definition().kernels {
            Kernels::Rowwise(kernels) => rowwise(self, function, axis, kernels, operands),
            Kernels::Groupwise { part, pairs, operands: read } => {
                operands.check_all_apart()?;
                let prepared = grouped(self, function, axis, (*part, *pairs, *read), operands)?;
                Ok(Prepared { dispatches: prepared, scratch: Vec::new() })
            }
        })
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
    // The gradient by dy has the form of a gradient, with v instead of dy.
    let dy = if operands.pass == AlongPass::Tangent { operands.v } else { operands.dy };
    let aliasing = aliasing_of(
        (operands.input_name(), operands.x),
        dy.map(|dy| ("dy", dy)),
        (operands.result_name(), operands.result),
    )?;
    let rowwise = planned(recording, function, axis, kernels, operands, aliasing)?;
    match operands.pass {
        AlongPass::Forward if kernels.reduces => rowwise.reduced(operands.result),
        _ => rowwise.elementwise(operands.result),
    }
}

/// Plans the work by statistics of rows.
pub(crate) fn planned<'a, T: Element>(
    recording: &Recording<'a, '_>,
    function: &AxisFunction,
    axis: &Axis,
    kernels: &'static RowKernels,
    operands: &AlongOperands<'a, T>,
    aliasing: Aliasing,
) -> Result<Rowwise<'a, T>, Error> {
    let (pass, sinks) = (operands.pass, operands.sinks);
    let counted = function.scalars().is_mean && operands.mask.is_some() && pass == AlongPass::Forward;
    let (tempered, sink) = (function.is_tempered(), sinks.is_some());
    let statistics = RowStatistics::Function { kernels, pass, tempered, counted, sink };
    let (dy, v) = if pass == AlongPass::Tangent { (operands.v, None) } else { (operands.dy, operands.v) };
    let rows = Rows {
        outer: axis.outer() as u64,
        length: axis.length() as u64,
        inner: axis.inner() as u64,
        element_bytes: size_of::<T>() as u64,
        rounds: if pass == AlongPass::BackwardFromOutput { kernels.rounds.min(2) } else { kernels.rounds },
        statistics_bytes: statistics.bytes(),
    };
    let bound = |sinks: &Sinks<'a>| {
        let bytes = 4 * sinks.values.elements;
        sinks.values.bound(numbers::SINKS, Access::Read, 0, bytes)
    };
    let mask = operands.mask.map(|mask| Ok::<_, Error>((mask.bytes, mask.runs(axis)?))).transpose()?;
    let read = RowwiseOperands {
        x: operands.x,
        dy,
        v,
        mask,
        reduced_dy: kernels.reduces,
        aliasing,
        parameters: sinks.map(bound).into_iter().collect(),
        first_element: operands.first_element,
    };
    let (channels, channel_length) = sinks.map_or(Ok((1, 1)), |sinks| sinks.channels(axis))?;
    let uniform = RowwiseUniform {
        channels: channels.max(1) as u32,
        channel_length: channel_length.max(1) as u32,
        ..uniform_of(function.scalars(), axis)
    };
    Rowwise::new(recording, function.name(), rows, statistics, read, (uniform, Vec::new()))
}
