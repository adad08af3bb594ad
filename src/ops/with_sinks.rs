//! Operations with sinks, and the gradient of sinks.

use crate::catalog::{Activation, Axis, AxisFunction, Function, Kernels};
use crate::device::{BufferRange, RESIDENT};
use crate::error::{Error, check_lengths};
use crate::ops::along::planned;
use crate::ops::check::{check_apart, check_range};
use crate::ops::mask::Mask;
use crate::ops::operands::AlongOperands;
use crate::ops::parameters::ParameterBuffers;
use crate::ops::recording::Recording;
use crate::ops::sinks::Sinks;
use crate::shader::{Aliasing, AlongPass, Element};

impl Recording<'_, '_> {
    /// Like [`Recording::forward_along`], with sinks.
    ///
    /// # Errors
    /// - Those of [`Recording::forward_along`];
    /// - [`Error::NoSink`], [`Error::SinkMismatch`], [`Error::SinkAxis`];
    /// - [`Error::SharedBuffer`] if the sinks lie in the buffer of x, dy or the result.
    pub fn forward_along_with_sinks<'r, T: Element>(
        &mut self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<Mask<'r>>,
        sinks: &Sinks<'r>,
        x: impl Into<BufferRange<'r, T>>,
        y: impl Into<BufferRange<'r, T>>,
    ) -> Result<(), Error> {
        let operands = AlongOperands { sinks: Some(sinks), ..AlongOperands::forward(x.into(), mask, y.into()) };
        self.along(&function.into(), axis, &operands)
    }

    /// Like [`Recording::backward_along`], with sinks. Their own gradient is [`Recording::sink_gradient`].
    ///
    /// # Errors
    /// Those of [`Recording::forward_along_with_sinks`].
    #[expect(clippy::too_many_arguments, reason = "each is an operand")]
    pub fn backward_along_with_sinks<'r, T: Element>(
        &mut self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<Mask<'r>>,
        sinks: &Sinks<'r>,
        x: impl Into<BufferRange<'r, T>>,
        dy: impl Into<BufferRange<'r, T>>,
        dx: impl Into<BufferRange<'r, T>>,
    ) -> Result<(), Error> {
        let forward = AlongOperands::forward(x.into(), mask, dx.into());
        let operands = AlongOperands { pass: AlongPass::Backward, dy: Some(dy.into()), sinks: Some(sinks), ..forward };
        self.along(&function.into(), axis, &operands)
    }

    /// Records the gradient of the sinks, as many numbers as there are sinks: for a row of softmax it is `−s·Σ y·dy/T`, with s the
    /// share of the sink, and for log_softmax `−s·Σ dy/T`. Rows that share a sink are summed in a fixed order, with their
    /// rounding errors.
    ///
    /// # Errors
    /// Those of [`Recording::backward_along_with_sinks`].
    #[expect(clippy::too_many_arguments, reason = "each is an operand")]
    pub fn sink_gradient<'r, T: Element>(
        &mut self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<Mask<'r>>,
        sinks: &Sinks<'r>,
        x: impl Into<BufferRange<'r, T>>,
        dy: impl Into<BufferRange<'r, T>>,
        gradient: impl Into<BufferRange<'r, f32>>,
    ) -> Result<(), Error> {
        let (function, gradient, x) = (function.into(), gradient.into(), x.into());
        let function = function.along()?;
        // The result is a number for each row, of a type of its own, so x stands for it in the checks.
        let forward = AlongOperands::forward(x, mask, x);
        let pass = AlongPass::SinkGradient;
        let operands = AlongOperands { pass, dy: Some(dy.into()), sinks: Some(sinks), ..forward };
        operands.check(self, function, axis)?;
        check_range(self, "the gradient", gradient)?;
        check_lengths("the gradient", gradient.elements, "sinks", sinks.values.elements)?;
        for (name, buffer) in operands.buffers() {
            check_apart(name, buffer, "the gradient", gradient.buffer)?;
        }
        let (channels, channel_length) = sinks.channels(axis)?;
        let rows = axis.outer() * axis.inner();
        if channels == rows {
            return self.row_gradients(function, axis, &operands, gradient);
        }
        let of_rows = self.device.acquire((4 * rows as u64).next_multiple_of(16).max(16), RESIDENT)?;
        self.scratch.push(of_rows.clone());
        let of_rows = BufferRange::<f32>::new(&of_rows, 0, rows as u64);
        self.row_gradients(function, axis, &operands, of_rows)?;
        // The gradient of an addend is the sum of dy over what shares it.
        let shared = ParameterBuffers::new();
        let shared = match channels {
            1 => shared.per_tensor("output_addend", sinks.values),
            _ => {
                let rows = Axis::new(&[rows / (channels * channel_length).max(1), channels, channel_length], 1)?;
                shared.per_channel("output_addend", sinks.values, &rows)
            }
        };
        self.parameter_gradient(Activation::Identity, &shared, "output_addend", of_rows, of_rows, gradient)
    }

    /// Records the gradient of each row's sink.
    fn row_gradients<T: Element>(
        &mut self,
        function: &AxisFunction,
        axis: &Axis,
        operands: &AlongOperands<'_, T>,
        gradients: BufferRange<'_, f32>,
    ) -> Result<(), Error> {
        let Kernels::Rowwise(kernels) = &function.definition().kernels else { return Ok(()) };
        if gradients.elements == 0 {
            return Ok(());
        }
        let prepared = self
            .device
            .checked(|| planned(self, function, axis, kernels, operands, Aliasing::Separate)?.reduced(gradients))?;
        self.run(&prepared.dispatches);
        self.scratch.extend(prepared.scratch);
        Ok(())
    }
}
