//! Elementwise operations.

use crate::catalog::{Activation, Function};
use crate::device::{AdapterTraits, BufferRange, Command, Dispatch};
use crate::error::{Error, check_lengths};
use crate::ops::check::{LARGEST_ALIGNMENT, LARGEST_BINDING, aliasing_of, check_range};
use crate::ops::parameters::ParameterBuffers;
use crate::ops::recording::Recording;
use crate::shader::{Access, Aliasing, Element, ElementwiseKernel, Kernel, LaunchShape, Math, numbers};

/// The operands of an operation, x first and the result last.
struct Operands<'r, T: Element> {
    x: BufferRange<'r, T>,
    dy: Option<BufferRange<'r, T>>,
    result: BufferRange<'r, T>,
    result_name: &'static str,
}

impl Recording<'_, '_> {
    /// Records `y = activation(x)`. `y` may be `x`, or lie beside it in the same buffer.
    ///
    /// ```
    /// use gpu_activations::Activation;
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let x = context.upload(&[-2.0_f32, 0.5])?;
    /// let (h, y) = (context.allocate::<f32>(2)?, context.allocate::<f32>(2)?);
    /// context.batch(|recording| {
    ///     recording.forward(Activation::Relu, &x, &h)?;
    ///     recording.forward(Activation::Softsign, &h, &y)
    /// })?;
    /// assert_eq!(context.download(&y)?, [0.0, 1.0 / 3.0]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// Nothing is recorded after an error:
    ///
    /// - [`Error::ParameterOutOfRange`], [`Error::LengthMismatch`];
    /// - [`Error::Misaligned`], [`Error::OutOfBounds`], [`Error::Overlap`];
    /// - [`Error::MissingUsage`], [`Error::ForeignBuffer`];
    /// - [`Error::Refused`], [`Error::DeviceLost`].
    pub fn forward<'r, T: Element>(
        &mut self,
        function: impl Into<Function>,
        x: impl Into<BufferRange<'r, T>>,
        y: impl Into<BufferRange<'r, T>>,
    ) -> Result<(), Error> {
        self.forward_with(function, &ParameterBuffers::new(), x, y)
    }

    /// Records `dx = dy * derivative(x)`. `dx` may be `x` or `dy`, or lie beside both in the same buffer.
    ///
    /// # Errors
    /// Those of [`Recording::forward`].
    pub fn backward<'r, T: Element>(
        &mut self,
        function: impl Into<Function>,
        x: impl Into<BufferRange<'r, T>>,
        dy: impl Into<BufferRange<'r, T>>,
        dx: impl Into<BufferRange<'r, T>>,
    ) -> Result<(), Error> {
        self.backward_with(function, &ParameterBuffers::new(), x, dy, dx)
    }

    /// Records as [`Recording::forward`] does, with parameters from buffers or drawn at random.
    ///
    /// # Errors
    /// - Those of [`Recording::forward`];
    /// - [`Error::UnknownParameter`], [`Error::NotLearnable`], [`Error::GivenTwice`];
    /// - [`Error::ChannelMismatch`], [`Error::ChannelsDiffer`];
    /// - [`Error::NotRandom`], [`Error::NotWithSeed`];
    /// - [`Error::BindingTooLarge`];
    /// - [`Error::SharedBuffer`] if a parameter lies in the result's buffer, or in an input's buffer while the result
    ///   lies over or beside an input.
    pub fn forward_with<'r, T: Element>(
        &mut self,
        function: impl Into<Function>,
        parameters: &ParameterBuffers<'_>,
        x: impl Into<BufferRange<'r, T>>,
        y: impl Into<BufferRange<'r, T>>,
    ) -> Result<(), Error> {
        let operands = Operands { x: x.into(), dy: None, result: y.into(), result_name: "y" };
        self.elementwise(&function.into(), parameters, &operands)
    }

    /// Records as [`Recording::backward`] does, with parameters from buffers or drawn at random.
    ///
    /// # Errors
    /// Those of [`Recording::forward_with`].
    pub fn backward_with<'r, T: Element>(
        &mut self,
        function: impl Into<Function>,
        parameters: &ParameterBuffers<'_>,
        x: impl Into<BufferRange<'r, T>>,
        dy: impl Into<BufferRange<'r, T>>,
        dx: impl Into<BufferRange<'r, T>>,
    ) -> Result<(), Error> {
        let operands = Operands { x: x.into(), dy: Some(dy.into()), result: dx.into(), result_name: "dx" };
        self.elementwise(&function.into(), parameters, &operands)
    }

    fn elementwise<T: Element>(
        &mut self,
        function: &Function,
        parameters: &ParameterBuffers<'_>,
        operands: &Operands<'_, T>,
    ) -> Result<(), Error> {
        let activation = function.elementwise()?;
        activation.validate()?;
        operands.check(self)?;
        parameters.check(&activation, operands.x.elements)?;
        let aliasing = operands.aliasing()?;
        // Inputs in the result's buffer are bound for writing, and so are inputs beside them.
        let inputs =
            operands.named().filter(|(name, _)| aliasing != Aliasing::Separate || *name == operands.result_name);
        let writable: Vec<_> = inputs.map(|(name, range)| (name, range.buffer)).collect();
        let addend = operands.dy.is_none().then(|| parameters.addend_under(operands.result)).flatten();
        parameters.check_buffers(self, &activation, operands.dy.is_none(), addend, &writable)?;
        if operands.x.elements == 0 {
            return Ok(());
        }
        let kernel = Kernel::Elementwise(ElementwiseKernel {
            definition: activation.definition(),
            math: Math::of(T::STORAGE, self.accuracy),
            storage: T::STORAGE,
            aliasing,
            parameters: parameters.form(&activation, addend)?,
            launch: self.device.traits.launch,
        });
        let operation = Operation { recording: self, activation, parameters, operands, aliasing, addend, kernel };
        // Everything that can fail comes before the first command.
        let dispatches = operation.dispatches()?;
        self.run(&dispatches);
        Ok(())
    }
}

/// An operation with checked operands.
struct Operation<'a, 'r, 'pass, T: Element> {
    recording: &'a Recording<'r, 'pass>,
    activation: Activation,
    parameters: &'a ParameterBuffers<'a>,
    operands: &'a Operands<'a, T>,
    aliasing: Aliasing,
    /// The index of the parameter under the result.
    addend: Option<usize>,
    kernel: Kernel,
}

impl<T: Element> Operation<'_, '_, '_, T> {
    /// The whole vectors, binding by binding, and the rest after the last one.
    fn dispatches(&self) -> Result<Vec<Dispatch>, Error> {
        let element = size_of::<T>() as u64;
        let vector = 4 * element;
        let padded = self.operands.named().all(|(_, range)| range.padded);
        let elements = self.operands.x.elements;
        let body = if padded { elements.next_multiple_of(4) } else { elements - elements % 4 };
        let most = self.most_bytes(vector)?;
        let launch = self.recording.device.traits.launch;
        let mut dispatches = Vec::new();
        let mut start = 0;
        while start < body * element {
            let bytes = (body * element - start).min(most);
            dispatches.push(self.dispatch((start, bytes), 0, launch.workgroups(bytes / vector))?);
            start += bytes;
        }
        let tail = elements.saturating_sub(body);
        if tail > 0 {
            // The last aligned offset before the tail.
            let start = body * element / LARGEST_ALIGNMENT * LARGEST_ALIGNMENT;
            let bytes = (elements * element).next_multiple_of(4) - start;
            dispatches.push(self.dispatch((start, bytes), tail as u32, 1)?);
        }
        Ok(dispatches)
    }

    /// The most bytes of a dispatch, a multiple of the alignment.
    fn most_bytes(&self, vector: u64) -> Result<u64, Error> {
        let AdapterTraits { limits, launch, .. } = &self.recording.device.traits;
        let groups = u64::from(limits.max_compute_workgroups_per_dimension).pow(2);
        let LaunchShape { workgroup, vectors } = *launch;
        let dispatched = groups.saturating_mul(u64::from(workgroup) * u64::from(vectors) * vector);
        let most = limits.max_storage_buffer_binding_size.min(LARGEST_BINDING).min(dispatched);
        // A parameter's element may be larger than x's.
        let most = if self.parameters.has_one_per_element() { most / 4 * vector / 4 } else { most };
        let most = most / LARGEST_ALIGNMENT * LARGEST_ALIGNMENT;
        if most == 0 || limits.max_compute_invocations_per_workgroup < workgroup {
            let reason = format!(
                "its limits allow bindings of {} bytes, {} workgroups per dimension and {} invocations per workgroup; \
                 {LARGEST_ALIGNMENT}, 1 and {workgroup} are needed",
                limits.max_storage_buffer_binding_size,
                limits.max_compute_workgroups_per_dimension,
                limits.max_compute_invocations_per_workgroup
            );
            return Err(Error::Refused { reason });
        }
        Ok(most)
    }

    fn dispatch(&self, (start, bytes): (u64, u64), tail: u32, workgroups: u64) -> Result<Dispatch, Error> {
        let is_forward = self.operands.dy.is_none();
        let entry_point = match (is_forward, tail > 0) {
            (true, false) => "forward",
            (false, false) => "backward",
            (true, true) => "forward_tail",
            (false, true) => "backward_tail",
        };
        let inputs = if self.aliasing == Aliasing::Separate { Access::Read } else { Access::Write };
        let mut bindings = vec![self.operands.result.bound(numbers::RESULT, Access::Write, start, bytes)];
        if self.aliasing != Aliasing::OverX {
            bindings.push(self.operands.x.bound(numbers::X, inputs, start, bytes));
        }
        if let (Some(dy), true) = (self.operands.dy, self.aliasing != Aliasing::OverDy) {
            bindings.push(dy.bound(numbers::DY, inputs, start, bytes));
        }
        let first = start / size_of::<T>() as u64;
        bindings.extend(self.parameters.bound(is_forward, self.addend, first, bytes / size_of::<T>() as u64));
        self.recording.dispatch(Command {
            label: self.activation.name(),
            kernel: self.kernel.clone(),
            entry_point,
            bindings,
            uniform: self.parameters.uniform(&self.activation, first, tail),
            workgroups,
        })
    }
}

impl<T: Element> Operands<'_, T> {
    fn named(&self) -> impl Iterator<Item = (&'static str, BufferRange<'_, T>)> {
        let named = [("x", Some(self.x)), ("dy", self.dy), (self.result_name, Some(self.result))];
        named.into_iter().filter_map(|(name, range)| Some((name, range?)))
    }

    fn check(&self, recording: &Recording<'_, '_>) -> Result<(), Error> {
        for (operand, range) in self.named() {
            check_range(recording, operand, range)?;
            check_lengths(operand, range.elements, "x", self.x.elements)?;
        }
        Ok(())
    }

    fn aliasing(&self) -> Result<Aliasing, Error> {
        aliasing_of(("x", self.x), self.dy.map(|dy| ("dy", dy)), (self.result_name, self.result))
    }
}
