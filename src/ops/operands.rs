use crate::catalog::{AlongLengths, Axis, AxisFunction};
use crate::device::BufferRange;
use crate::error::Error;
use crate::ops::check::{check_apart, check_range};
use crate::ops::mask::Mask;
use crate::ops::recording::Recording;
use crate::ops::sinks::Sinks;
use crate::shader::{AlongPass, Element};

/// The operands of a function along an axis: its inputs in order, and the result.
#[derive(Clone, Copy)]
pub(crate) struct AlongOperands<'a, T: Element> {
    pub pass: AlongPass,
    /// x, or y if the gradient is computed from y.
    pub x: BufferRange<'a, T>,
    /// dy of a gradient.
    pub dy: Option<BufferRange<'a, T>>,
    /// v of a double backward pass.
    pub v: Option<BufferRange<'a, T>>,
    pub mask: Option<Mask<'a>>,
    pub sinks: Option<&'a Sinks<'a>>,
    pub result: BufferRange<'a, T>,
    /// The index of the first element within the whole array, for random numbers.
    pub first_element: u32,
}

impl<'a, T: Element> AlongOperands<'a, T> {
    pub(crate) fn forward(x: BufferRange<'a, T>, mask: Option<Mask<'a>>, y: BufferRange<'a, T>) -> Self {
        AlongOperands { pass: AlongPass::Forward, x, dy: None, v: None, mask, sinks: None, result: y, first_element: 0 }
    }

    pub(crate) fn input_name(&self) -> &'static str {
        if self.pass == AlongPass::BackwardFromOutput { "y" } else { "x" }
    }

    pub(crate) fn result_name(&self) -> &'static str {
        match self.pass {
            AlongPass::Forward => "y",
            AlongPass::Tangent => "ddy",
            AlongPass::Backward
            | AlongPass::BackwardFromOutput
            | AlongPass::DoubleBackward
            | AlongPass::SinkGradient => "dx",
        }
    }

    /// The inputs besides x and the mask, by name.
    pub(crate) fn gradients(&self) -> impl Iterator<Item = (&'static str, BufferRange<'a, T>)> + use<'a, T> {
        [("dy", self.dy), ("v", self.v)].into_iter().filter_map(|(name, range)| Some((name, range?)))
    }

    pub(crate) fn check(
        &self,
        recording: &Recording<'_, '_>,
        function: &AxisFunction,
        axis: &Axis,
    ) -> Result<(), Error> {
        if self.pass == AlongPass::BackwardFromOutput && !function.has_backward_from_output() {
            return Err(Error::NotFromOutput { function: function.name() });
        }
        let is_like_y = matches!(self.pass, AlongPass::Forward | AlongPass::Tangent);
        let lengths = AlongLengths {
            input: (self.input_name(), self.x.elements),
            dy: self.dy.map(|dy| dy.elements),
            v: self.v.map(|v| v.elements),
            // A mask may repeat, and checks its own length.
            mask: self.mask.map(|_| axis.elements() as u64),
            result: Some((self.result_name(), self.result.elements, is_like_y)),
        };
        function.check_lengths(axis, &lengths)?;
        check_range(recording, self.input_name(), self.x)?;
        for (name, range) in self.gradients() {
            check_range(recording, name, range)?;
        }
        check_range(recording, self.result_name(), self.result)?;
        if let Some(mask) = self.mask {
            let is_whole = mask.runs(axis)?.is_empty();
            check_range(recording, "mask", mask.bytes)?;
            let limit = recording.device.traits.limits.max_storage_buffer_binding_size;
            if !is_whole && mask.bytes.elements > limit {
                return Err(Error::BindingTooLarge { bytes: mask.bytes.elements, limit });
            }
            self.check_alone("mask", mask.bytes.buffer)?;
        }
        if let Some(sinks) = self.sinks {
            if !function.takes_sink() {
                return Err(Error::NoSink { function: function.name() });
            }
            sinks.channels(axis)?;
            check_range(recording, "sinks", sinks.values)?;
            let (bytes, limit) =
                (4 * sinks.values.elements, recording.device.traits.limits.max_storage_buffer_binding_size);
            if bytes > limit {
                return Err(Error::BindingTooLarge { bytes, limit });
            }
            self.check_alone("sinks", sinks.values.buffer)?;
        }
        Ok(())
    }

    /// The buffers of the inputs and the result, except those of mask and sinks.
    fn arrays(&self) -> impl Iterator<Item = (&'static str, &'a wgpu::Buffer)> + use<'a, T> {
        let given = self.gradients().map(|(name, range)| (name, range.buffer));
        let result = (self.pass != AlongPass::SinkGradient).then_some((self.result_name(), self.result.buffer));
        [(self.input_name(), self.x.buffer)].into_iter().chain(given).chain(result)
    }

    /// The buffers of all operands.
    pub(crate) fn buffers(&self) -> impl Iterator<Item = (&'static str, &'a wgpu::Buffer)> + use<'a, T> {
        let mask = self.mask.map(|mask| ("mask", mask.bytes.buffer));
        let sinks = self.sinks.map(|sinks| ("sinks", sinks.values.buffer));
        self.arrays().chain(mask).chain(sinks)
    }

    /// Checks that an operand lies in another buffer than the arrays.
    fn check_alone(&self, name: &'static str, buffer: &wgpu::Buffer) -> Result<(), Error> {
        self.arrays().try_for_each(|(other, of_other)| check_apart(name, buffer, other, of_other))
    }

    /// Checks that the result lies in a buffer of its own: a group's results depend on entries that others overwrite.
    pub(crate) fn check_all_apart(&self) -> Result<(), Error> {
        check_apart(self.input_name(), self.x.buffer, self.result_name(), self.result.buffer)?;
        self.gradients()
            .try_for_each(|(name, range)| check_apart(name, range.buffer, self.result_name(), self.result.buffer))
    }
}
