//! Records functions along an axis.

use crate::context::mismatch;
use crate::device::buffer::padded_bytes;
use crate::device::{READBACK, Waiting};
use crate::ops::groupwise;
use crate::ops::rowwise::{Prepared, Reduction, Values, whole_row_parts};
use crate::ops::{binding_of, check_apart, check_range};
use crate::shader::{Guards, Part, Shader, Storage, part};
use crate::{Axis, AxisFunction, BufferRange, Element, Error, GpuActivations, GpuBuffer, Recording};
use std::ops::Range;

/// What is computed from what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    Forward,
    Backward,
    BackwardFromOutput,
}

/// The operands of a function along an axis, in the order of its inputs, and the result.
pub(crate) struct AxisOperands<'a, T: Element> {
    pub pass: Pass,
    /// x, or y where the gradient is computed from it.
    pub x: BufferRange<'a, T>,
    pub dy: Option<BufferRange<'a, T>>,
    pub mask: Option<BufferRange<'a, u8>>,
    pub result: BufferRange<'a, T>,
    /// The number of the first element within the whole array, for random numbers.
    pub first_element: u32,
}

impl Recording<'_, '_> {
    /// Records `y = function(x)` along an axis of x, in C order. y has the function's
    /// [`output_shape`](AxisFunction::output_shape); where that is x's shape, and the function is not gated,
    /// maxout or crelu, `y` may be `x`. The mask has the shape of x, and 0 leaves an element out.
    ///
    /// # Errors
    /// As [`Recording::forward`]; [`Error::InvalidValue`], [`Error::IndivisibleAxis`], [`Error::NotMaskable`],
    /// [`Error::SharedBuffer`]; [`Error::TooLarge`] where one entry of all inner axes exceeds a binding.
    pub fn forward_along<'r, T: Element>(
        &mut self,
        function: AxisFunction,
        axis: &Axis,
        mask: Option<BufferRange<'r, u8>>,
        x: impl Into<BufferRange<'r, T>>,
        y: impl Into<BufferRange<'r, T>>,
    ) -> Result<(), Error> {
        let (x, result) = (x.into(), y.into());
        self.along(function, axis, &AxisOperands { pass: Pass::Forward, x, dy: None, mask, result, first_element: 0 })
    }

    /// Records dx, the gradient by x, from x and dy, which has the shape of y. Where that is x's shape, and the function
    /// is not gated, maxout or crelu, `dx` may be `x` or `dy`.
    ///
    /// # Errors
    /// As [`Recording::forward_along`].
    pub fn backward_along<'r, T: Element>(
        &mut self,
        function: AxisFunction,
        axis: &Axis,
        mask: Option<BufferRange<'r, u8>>,
        x: impl Into<BufferRange<'r, T>>,
        dy: impl Into<BufferRange<'r, T>>,
        dx: impl Into<BufferRange<'r, T>>,
    ) -> Result<(), Error> {
        let (x, dy, result) = (x.into(), Some(dy.into()), dx.into());
        self.along(function, axis, &AxisOperands { pass: Pass::Backward, x, dy, mask, result, first_element: 0 })
    }

    /// Records dx from y and dy, for the functions that [allow it](AxisFunction::has_backward_from_output).
    ///
    /// # Errors
    /// [`Error::NotFromOutput`], and as [`Recording::forward_along`].
    pub fn backward_along_from_output<'r, T: Element>(
        &mut self,
        function: AxisFunction,
        axis: &Axis,
        mask: Option<BufferRange<'r, u8>>,
        y: impl Into<BufferRange<'r, T>>,
        dy: impl Into<BufferRange<'r, T>>,
        dx: impl Into<BufferRange<'r, T>>,
    ) -> Result<(), Error> {
        let (x, dy, result) = (y.into(), Some(dy.into()), dx.into());
        let pass = Pass::BackwardFromOutput;
        self.along(function, axis, &AxisOperands { pass, x, dy, mask, result, first_element: 0 })
    }

    pub(crate) fn along<T: Element>(
        &mut self,
        function: AxisFunction,
        axis: &Axis,
        operands: &AxisOperands<'_, T>,
    ) -> Result<(), Error> {
        let output: usize = function.output_shape(axis)?.iter().product();
        operands.check(self, function, axis.elements() as u64, output as u64)?;
        if operands.result.elements == 0 {
            return Ok(());
        }
        let shared = self.shared;
        let prepared = shared.checked(|| match statistics_of(function) {
            Some(_) => self.reduced(function, axis, operands),
            None => self.grouped(function, axis, operands),
        })?;
        self.run(&prepared.dispatches);
        self.scratch.extend(prepared.scratch);
        Ok(())
    }

    fn reduced<T: Element>(
        &self,
        function: AxisFunction,
        axis: &Axis,
        operands: &AxisOperands<'_, T>,
    ) -> Result<Prepared, Error> {
        let (_, forward_rounds) = statistics_of(function).unwrap_or_default();
        let reduces = is_reducing(function);
        let reduction = Reduction {
            shared: self.shared,
            label: function.name(),
            strategy: self.strategy,
            outer: axis.outer() as u64,
            length: axis.length() as u64,
            inner: axis.inner() as u64,
            x: operands.x,
            dy: operands.dy,
            reduced_dy: reduces,
            mask: operands.mask,
            binding: binding_of(
                (operands.input_name(), operands.x),
                operands.dy.map(|dy| ("dy", dy)),
                (operands.result_name(), operands.result),
            )?,
            statistics: statistics_parts(function, operands.pass),
            shuffled: shuffled_part(function),
            rounds: if operands.pass == Pass::BackwardFromOutput { forward_rounds.min(2) } else { forward_rounds },
            statistics_bytes: 48,
            values: values_of(function, axis),
            bound: Vec::new(),
            first_element: operands.first_element,
        };
        match operands.pass {
            Pass::Forward if reduces => reduction.reduced(operands.result),
            _ => reduction.elementwise(operands.result),
        }
    }
}

/// Whether the axis becomes 1 long.
fn is_reducing(function: AxisFunction) -> bool {
    matches!(function, AxisFunction::LogSumExp {} | AxisFunction::LogMeanExp {})
}

/// The parts of a function that works by statistics of its rows, and how often these go over a row.
fn statistics_of(function: AxisFunction) -> Option<(Vec<Part>, u32)> {
    let (plain, whole) = (part!("rowwise/scores/plain.wgsl"), part!("rowwise/scores/remainder_none.wgsl"));
    let (mut parts, rounds) = match function {
        AxisFunction::Softmax { .. } => (vec![plain, whole, part!("rowwise/functions/softmax.wgsl")], 2),
        AxisFunction::LogSoftmax { .. } => (vec![plain, whole, part!("rowwise/functions/log_softmax.wgsl")], 2),
        AxisFunction::Softmin { .. } => {
            (vec![part!("rowwise/scores/negated.wgsl"), whole, part!("rowwise/functions/softmax.wgsl")], 2)
        }
        AxisFunction::QuietSoftmax {} => {
            (vec![plain, part!("rowwise/scores/remainder_zero.wgsl"), part!("rowwise/functions/softmax.wgsl")], 2)
        }
        AxisFunction::GumbelSoftmax { .. } => {
            let scores = [part!("random.wgsl"), part!("rowwise/scores/gumbel.wgsl")];
            (scores.into_iter().chain([whole, part!("rowwise/functions/softmax.wgsl")]).collect(), 2)
        }
        AxisFunction::Hardmax {} => (vec![plain, whole, part!("rowwise/functions/hardmax.wgsl")], 1),
        AxisFunction::LogSumExp {} | AxisFunction::LogMeanExp {} => {
            (vec![plain, whole, part!("rowwise/functions/logsumexp.wgsl")], 2)
        }
        AxisFunction::Sparsemax {} => return Some((vec![part!("rowwise/functions/sparsemax.wgsl")], 64)),
        AxisFunction::Gated { .. } | AxisFunction::Maxout { .. } | AxisFunction::Crelu {} => return None,
    };
    parts.push(match temperature_of(function) {
        1.0 => part!("rowwise/scores/temperature_one.wgsl"),
        _ => part!("rowwise/scores/temperature_any.wgsl"),
    });
    parts.push(part!("rowwise/exponentials.wgsl"));
    Some((parts, rounds))
}

fn shuffled_part(function: AxisFunction) -> Part {
    match function {
        AxisFunction::Sparsemax {} => part!("rowwise/sparsemax_shuffled.wgsl"),
        _ => part!("rowwise/exponentials_shuffled.wgsl"),
    }
}

/// The parts of a function's statistics in one pass.
fn statistics_parts(function: AxisFunction, pass: Pass) -> Vec<Part> {
    let pass = match pass {
        Pass::Forward => part!("rowwise/directions/forward.wgsl"),
        Pass::Backward if is_reducing(function) => part!("rowwise/directions/backward_of_reduced.wgsl"),
        Pass::Backward => part!("rowwise/directions/backward.wgsl"),
        Pass::BackwardFromOutput => part!("rowwise/directions/backward_from_output.wgsl"),
    };
    let mut parts = vec![part!("parameters/none.wgsl"), part!("rowwise/statistics.wgsl"), pass];
    parts.extend(statistics_of(function).unwrap_or_default().0);
    parts
}

impl Shader {
    /// Composes the module of a function along the last axis in its simplest form, one invocation for each row, and
    /// names the entry point of the pass; where the axis becomes 1 long, that is the statistics of the rows, which
    /// `kernels/finish.wgsl` turns into results in another dispatch.
    pub fn along(function: AxisFunction, storage: Storage, backward: bool) -> (Shader, &'static str) {
        let pass = if backward { Pass::Backward } else { Pass::Forward };
        if statistics_of(function).is_none() {
            let parts = groupwise::parts(&groupwise::kernel_of(function), storage, true);
            return (Shader::compose(&parts, Guards::All), if backward { "backward" } else { "forward" });
        }
        let parts = whole_row_parts(&statistics_parts(function, pass), storage);
        (Shader::compose(&parts, Guards::All), if is_reducing(function) && !backward { "state" } else { "whole" })
    }
}

/// A number as the unevaluated sum of two f32.
fn in_two_parts(value: f64) -> [f32; 2] {
    let high = value as f32;
    [high, (value - f64::from(high)) as f32]
}

/// A normal number above 0 as a product of one from 1/2 to 1 and a power of two, whose exponent comes second.
fn scaled(value: f64) -> (f64, i32) {
    let exponent = (value.to_bits() >> 52) as i32 - 1022;
    (value * 2f64.powi(-exponent), exponent)
}

fn temperature_of(function: AxisFunction) -> f32 {
    match function {
        AxisFunction::Softmax { temperature }
        | AxisFunction::LogSoftmax { temperature }
        | AxisFunction::Softmin { temperature } => temperature,
        AxisFunction::GumbelSoftmax { tau, .. } => tau,
        _ => 1.0,
    }
}

fn values_of(function: AxisFunction, axis: &Axis) -> Values {
    let (seed, hard) = match function {
        AxisFunction::GumbelSoftmax { seed, hard, .. } => (seed, hard),
        _ => (0, false),
    };
    let (inverse_temperature, temperature_exponent) = scaled(1.0 / f64::from(temperature_of(function)));
    Values {
        seed,
        hard,
        inverse_temperature: in_two_parts(inverse_temperature),
        temperature_exponent,
        taken: match function {
            AxisFunction::LogMeanExp {} => in_two_parts((axis.length() as f64).ln()),
            _ => [0.0; 2],
        },
        ..Values::default()
    }
}

impl<T: Element> AxisOperands<'_, T> {
    pub fn input_name(&self) -> &'static str {
        if self.pass == Pass::BackwardFromOutput { "y" } else { "x" }
    }

    pub fn result_name(&self) -> &'static str {
        if self.pass == Pass::Forward { "y" } else { "dx" }
    }

    fn check(&self, recording: &Recording<'_, '_>, function: AxisFunction, x: u64, y: u64) -> Result<(), Error> {
        let name = function.name();
        if self.mask.is_some() && !function.takes_mask() {
            return Err(Error::NotMaskable { function: name });
        }
        if self.pass == Pass::BackwardFromOutput && !function.has_backward_from_output() {
            return Err(Error::NotFromOutput { function: name });
        }
        let length = |left, left_length, right_length| {
            if left_length == right_length {
                return Ok(());
            }
            Err(Error::LengthMismatch { left, left_length, right: "the shape", right_length })
        };
        check_range(recording, self.input_name(), self.x)?;
        length(self.input_name(), self.x.elements, x)?;
        if let Some(dy) = self.dy {
            check_range(recording, "dy", dy)?;
            length("dy", dy.elements, y)?;
        }
        check_range(recording, self.result_name(), self.result)?;
        length(self.result_name(), self.result.elements, if self.pass == Pass::Forward { y } else { x })?;
        if let Some(mask) = self.mask {
            check_range(recording, "mask", mask)?;
            length("mask", mask.elements, x)?;
            check_apart("mask", mask.buffer, self.result_name(), self.result.buffer)?;
            check_apart("mask", mask.buffer, self.input_name(), self.x.buffer)?;
            if let Some(dy) = self.dy {
                check_apart("mask", mask.buffer, "dy", dy.buffer)?;
            }
        }
        Ok(())
    }
}

impl GpuActivations {
    /// `function(x)` along an axis, in a new buffer of the function's [`output_shape`](AxisFunction::output_shape).
    ///
    /// # Errors
    /// As [`Recording::forward_along`].
    pub fn forward_along<T: Element>(
        &self,
        function: AxisFunction,
        axis: &Axis,
        mask: Option<&GpuBuffer<u8>>,
        x: &GpuBuffer<T>,
    ) -> Result<GpuBuffer<T>, Error> {
        let y = self.allocate(function.output_shape(axis)?.iter().product())?;
        let mask = mask.map(GpuBuffer::operand);
        self.batch(|recording| recording.forward_along(function, axis, mask, x.operand(), y.operand()))?;
        Ok(y)
    }

    /// dx, from x and dy, in a new buffer.
    ///
    /// # Errors
    /// As [`Recording::backward_along`].
    pub fn backward_along<T: Element>(
        &self,
        function: AxisFunction,
        axis: &Axis,
        mask: Option<&GpuBuffer<u8>>,
        x: &GpuBuffer<T>,
        dy: &GpuBuffer<T>,
    ) -> Result<GpuBuffer<T>, Error> {
        let dx = self.allocate(axis.elements())?;
        let mask = mask.map(GpuBuffer::operand);
        self.batch(|recording| {
            recording.backward_along(function, axis, mask, x.operand(), dy.operand(), dx.operand())
        })?;
        Ok(dx)
    }

    /// dx, from y and dy, in a new buffer.
    ///
    /// # Errors
    /// As [`Recording::backward_along_from_output`].
    pub fn backward_along_from_output<T: Element>(
        &self,
        function: AxisFunction,
        axis: &Axis,
        mask: Option<&GpuBuffer<u8>>,
        y: &GpuBuffer<T>,
        dy: &GpuBuffer<T>,
    ) -> Result<GpuBuffer<T>, Error> {
        let dx = self.allocate(axis.elements())?;
        let mask = mask.map(GpuBuffer::operand);
        self.batch(|recording| {
            recording.backward_along_from_output(function, axis, mask, y.operand(), dy.operand(), dx.operand())
        })?;
        Ok(dx)
    }

    /// `function(x)` along an axis, in new memory.
    ///
    /// # Errors
    /// As [`Recording::forward_along`].
    pub fn forward_along_slice<T: Element>(
        &self,
        function: AxisFunction,
        axis: &Axis,
        mask: Option<&[u8]>,
        x: &[T],
    ) -> Result<Vec<T>, Error> {
        pollster::block_on(self.slice_along(function, axis, mask, x, None, Waiting::Blocking))
    }

    /// As [`GpuActivations::forward_along_slice`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::forward_along_slice`].
    pub async fn forward_along_slice_async<T: Element>(
        &self,
        function: AxisFunction,
        axis: &Axis,
        mask: Option<&[u8]>,
        x: &[T],
    ) -> Result<Vec<T>, Error> {
        self.slice_along(function, axis, mask, x, None, Waiting::Yielding).await
    }

    /// dx, from x and dy, in new memory.
    ///
    /// # Errors
    /// As [`Recording::backward_along`].
    pub fn backward_along_slice<T: Element>(
        &self,
        function: AxisFunction,
        axis: &Axis,
        mask: Option<&[u8]>,
        x: &[T],
        dy: &[T],
    ) -> Result<Vec<T>, Error> {
        pollster::block_on(self.slice_along(function, axis, mask, x, Some(dy), Waiting::Blocking))
    }

    /// As [`GpuActivations::backward_along_slice`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::backward_along_slice`].
    pub async fn backward_along_slice_async<T: Element>(
        &self,
        function: AxisFunction,
        axis: &Axis,
        mask: Option<&[u8]>,
        x: &[T],
        dy: &[T],
    ) -> Result<Vec<T>, Error> {
        self.slice_along(function, axis, mask, x, Some(dy), Waiting::Yielding).await
    }

    /// Outer entries go through the device in pieces, one computing while the next is uploaded; one entry must fit into a
    /// buffer.
    async fn slice_along<T: Element>(
        &self,
        function: AxisFunction,
        axis: &Axis,
        mask: Option<&[u8]>,
        x: &[T],
        dy: Option<&[T]>,
        waiting: Waiting,
    ) -> Result<Vec<T>, Error> {
        let output: usize = function.output_shape(axis)?.iter().product();
        let lengths = [("x", Some(x.len()), axis.elements()), ("dy", dy.map(<[T]>::len), output)];
        for (left, length, expected) in lengths.into_iter().chain([("mask", mask.map(<[u8]>::len), axis.elements())]) {
            if let Some(length) = length.filter(|&length| length != expected) {
                return Err(mismatch(left, length, "the shape", expected));
            }
        }
        let outer = axis.outer();
        let result_len = if dy.is_some() { x.len() } else { output };
        let mut result = vec![T::zeroed(); result_len];
        if result_len == 0 {
            return Ok(result);
        }
        let (x_block, y_block, result_block) = (x.len() / outer, output / outer, result_len / outer);
        let per_piece = (PIECE_BYTES / (x_block.max(y_block) * size_of::<T>()).max(1)).clamp(1, outer);
        let mut running: Option<Running> = None;
        for first in (0..outer).step_by(per_piece) {
            let count = per_piece.min(outer - first);
            let mut shape = axis.shape().to_vec();
            shape[..axis.index()].fill(1);
            if axis.index() > 0 {
                shape[0] = count;
            }
            let piece = Axis::new(&shape, axis.index() as isize)?;
            let part = |block: usize| first * block..(first + count) * block;
            let on_x = self.upload(&x[part(x_block)])?;
            let on_dy = dy.map(|dy| self.upload(&dy[part(y_block)])).transpose()?;
            let on_mask = mask.map(|mask| self.upload(&mask[part(x_block)])).transpose()?;
            let on_result = self.allocate::<T>(count * result_block)?;
            let readable = self.shared.acquire(padded_bytes::<T>(on_result.len()), READBACK)?;
            let record = |recording: &mut Recording<'_, '_>| {
                let operands = AxisOperands {
                    pass: if on_dy.is_some() { Pass::Backward } else { Pass::Forward },
                    x: on_x.operand(),
                    dy: on_dy.as_ref().map(GpuBuffer::operand),
                    mask: on_mask.as_ref().map(GpuBuffer::operand),
                    result: on_result.operand(),
                    first_element: (first * x_block) as u32,
                };
                recording.along(function, &piece, &operands)
            };
            let submission = self.batch_then(record, |encoder| {
                encoder.copy_buffer_to_buffer(on_result.operand().buffer, 0, &readable, 0, readable.size());
            })?;
            let started = Running { readable, submission, elements: part(result_block) };
            if let Some(previous) = running.replace(started) {
                self.finish_piece(previous, &mut result, waiting).await?;
            }
        }
        if let Some(last) = running {
            self.finish_piece(last, &mut result, waiting).await?;
        }
        Ok(result)
    }

    async fn finish_piece<T: Element>(&self, piece: Running, result: &mut [T], waiting: Waiting) -> Result<(), Error> {
        let data = bytemuck::cast_slice_mut(&mut result[piece.elements]);
        self.shared.read(&piece.readable, piece.submission, data, waiting).await?;
        self.shared.release(piece.readable);
        Ok(())
    }
}

/// A piece on its way.
struct Running {
    /// Where the host reads its result.
    readable: wgpu::Buffer,
    submission: wgpu::SubmissionIndex,
    /// Of the whole result.
    elements: Range<usize>,
}

/// What a piece takes of the device for each operand, where an outer entry has no more.
const PIECE_BYTES: usize = 8 << 20;
