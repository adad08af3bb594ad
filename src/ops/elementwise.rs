//! Elementwise operations.

use crate::catalog::{Activation, Function, Order};
use crate::device::{AdapterTraits, BufferRange, Command, Dispatch};
use crate::error::{Error, check_lengths};
use crate::ops::check::{LARGEST_ALIGNMENT, LARGEST_BINDING, aliasing_of, check_apart, check_range};
use crate::ops::parameters::ParameterBuffers;
use crate::ops::recording::Recording;
use crate::shader::{Access, Aliasing, Element, ElementwiseKernel, Kernel, LaunchShape, Math, Pass, numbers};

/// The operands of [`Recording::double_backward`], all of one length.
#[derive(Debug, Clone, Copy)]
pub struct DoubleBackward<'r, T: Element> {
    /// The input.
    pub x: BufferRange<'r, T>,
    /// The gradient that `backward` took.
    pub dy: BufferRange<'r, T>,
    /// The gradient by the dx that `backward` gave.
    pub v: BufferRange<'r, T>,
    /// The gradient by x, to be written.
    pub dx: BufferRange<'r, T>,
    /// The gradient by dy, to be written.
    pub ddy: BufferRange<'r, T>,
}

impl<T: Element> DoubleBackward<'_, T> {
    /// Checks that each result lies in a buffer of its own: two results leave no room for a form over or beside each input.
    pub(crate) fn check_apart(&self) -> Result<(), Error> {
        let inputs = [("x", self.x), ("dy", self.dy), ("v", self.v)];
        let results = [("dx", self.dx), ("ddy", self.ddy)];
        for ((operand, range), (name, result)) in
            inputs.into_iter().flat_map(|input| results.map(|result| (input, result)))
        {
            check_apart(operand, range.buffer, name, result.buffer)?;
        }
        check_apart("dx", self.dx.buffer, "ddy", self.ddy.buffer)
    }
}

/// The operands of an operation.
struct Operands<'r, T: Element> {
    pass: Pass,
    x: BufferRange<'r, T>,
    dy: Option<BufferRange<'r, T>>,
    v: Option<BufferRange<'r, T>>,
    result: BufferRange<'r, T>,
    result_name: &'static str,
    ddy: Option<BufferRange<'r, T>>,
}

impl<'r, T: Element> Operands<'r, T> {
    /// Of a pass over x alone.
    fn new(pass: Pass, x: BufferRange<'r, T>, result: BufferRange<'r, T>, result_name: &'static str) -> Self {
        Operands { pass, x, dy: None, v: None, result, result_name, ddy: None }
    }
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
        let operands = Operands::new(Pass::Direct, x.into(), y.into(), "y");
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
        let direct = Operands::new(Pass::Direct, x.into(), dx.into(), "dx");
        self.elementwise(&function.into(), parameters, &Operands { dy: Some(dy.into()), ..direct })
    }

    /// Records `result = f′(x)` or `result = f″(x)`. The result may be `x`, or lie beside it in the same buffer.
    ///
    /// # Errors
    /// Those of [`Recording::forward`].
    pub fn derivative<'r, T: Element>(
        &mut self,
        function: impl Into<Function>,
        order: Order,
        x: impl Into<BufferRange<'r, T>>,
        result: impl Into<BufferRange<'r, T>>,
    ) -> Result<(), Error> {
        self.derivative_with(function, order, &ParameterBuffers::new(), x, result)
    }

    /// Records as [`Recording::derivative`] does, with parameters from buffers or drawn at random. The derivative is that of
    /// the fused function by x: `output_factor·input_factor·f′(input_factor·x + input_bias)`, and
    /// `output_factor·input_factor²·f″(input_factor·x + input_bias)`.
    ///
    /// # Errors
    /// Those of [`Recording::forward_with`].
    pub fn derivative_with<'r, T: Element>(
        &mut self,
        function: impl Into<Function>,
        order: Order,
        parameters: &ParameterBuffers<'_>,
        x: impl Into<BufferRange<'r, T>>,
        result: impl Into<BufferRange<'r, T>>,
    ) -> Result<(), Error> {
        let operands = Operands::new(Pass::Derivative(order), x.into(), result.into(), "the result");
        self.elementwise(&function.into(), parameters, &operands)
    }

    /// Records the gradient of `backward`: `dx = f″(x)·dy·v` and `ddy = f′(x)·v`, where v is the gradient by `backward`'s
    /// result. It is what differentiation in reverse needs twice, for gradient penalties, Hessian–vector products or energies
    /// with u′. dx is 0 where f″ rounds to 0 in f32, for every finite dy and v; it costs two roundings more than f″.
    ///
    /// ```
    /// use gpu_activations::{Activation, DoubleBackward};
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let (x, dy, v) = (context.upload(&[3.0_f32])?, context.upload(&[0.5_f32])?, context.upload(&[10.0_f32])?);
    /// let (dx, ddy) = (context.allocate::<f32>(1)?, context.allocate::<f32>(1)?);
    /// let operands = DoubleBackward { x: (&x).into(), dy: (&dy).into(), v: (&v).into(), dx: (&dx).into(), ddy: (&ddy).into() };
    /// context.batch(|recording| recording.double_backward(Activation::ReluSquared, operands))?;
    /// assert_eq!((context.download(&dx)?, context.download(&ddy)?), (vec![10.0], vec![60.0]));
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// - Those of [`Recording::forward`];
    /// - [`Error::SharedBuffer`] if dx or ddy lies in the buffer of another operand;
    /// - [`Error::NotDeclared`] for WGSL text without a second derivative.
    pub fn double_backward<T: Element>(
        &mut self,
        function: impl Into<Function>,
        operands: DoubleBackward<'_, T>,
    ) -> Result<(), Error> {
        self.double_backward_with(function, &ParameterBuffers::new(), operands)
    }

    /// Records as [`Recording::double_backward`] does, with parameters from buffers or drawn at random.
    ///
    /// # Errors
    /// Those of [`Recording::forward_with`] and [`Recording::double_backward`].
    pub fn double_backward_with<T: Element>(
        &mut self,
        function: impl Into<Function>,
        parameters: &ParameterBuffers<'_>,
        operands: DoubleBackward<'_, T>,
    ) -> Result<(), Error> {
        let DoubleBackward { x, dy, v, dx, ddy } = operands;
        let double = Operands::new(Pass::DoubleBackward, x, dx, "dx");
        let operands = Operands { dy: Some(dy), v: Some(v), ddy: Some(ddy), ..double };
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
        let needs_second = matches!(operands.pass, Pass::Derivative(Order::Second) | Pass::DoubleBackward);
        if needs_second {
            activation.check_second_derivative()?;
        }
        operands.check(self)?;
        parameters.check(&activation, operands.x.elements)?;
        let aliasing = operands.aliasing()?;
        // Inputs in the result's buffer are bound for writing, and so are inputs beside them.
        let is_written = |name: &str| name == operands.result_name || name == "ddy";
        let inputs = operands.named().filter(|(name, _)| aliasing != Aliasing::Separate || is_written(name));
        let writable: Vec<_> = inputs.map(|(name, range)| (name, range.buffer)).collect();
        let addend = operands.is_forward().then(|| parameters.addend_under(operands.result)).flatten();
        parameters.check_buffers(self, &activation, operands.is_forward(), addend, &writable)?;
        if operands.x.elements == 0 {
            return Ok(());
        }
        let kernel = Kernel::Elementwise(ElementwiseKernel {
            pass: operands.pass,
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
        let [whole, rest] = match (self.operands.pass, self.operands.is_forward()) {
            (Pass::Direct, true) => ["forward", "forward_tail"],
            (Pass::Direct, false) => ["backward", "backward_tail"],
            (Pass::Derivative(_), _) => ["derivatives", "derivatives_tail"],
            (Pass::DoubleBackward, _) => ["double_backward", "double_backward_tail"],
        };
        let entry_point = if tail > 0 { rest } else { whole };
        let inputs = if self.aliasing == Aliasing::Separate { Access::Read } else { Access::Write };
        let mut bindings = vec![self.operands.result.bound(numbers::RESULT, Access::Write, start, bytes)];
        if self.aliasing != Aliasing::OverX {
            bindings.push(self.operands.x.bound(numbers::X, inputs, start, bytes));
        }
        if let (Some(dy), true) = (self.operands.dy, self.aliasing != Aliasing::OverDy) {
            bindings.push(dy.bound(numbers::DY, inputs, start, bytes));
        }
        let second_input = self.operands.v.map(|v| v.bound(numbers::SECOND_INPUT, Access::Read, start, bytes));
        let second_result = self.operands.ddy.map(|ddy| ddy.bound(numbers::SECOND_RESULT, Access::Write, start, bytes));
        bindings.extend(second_input.into_iter().chain(second_result));
        let first = start / size_of::<T>() as u64;
        bindings.extend(self.parameters.bound(
            self.operands.is_forward(),
            self.addend,
            first,
            bytes / size_of::<T>() as u64,
        ));
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
    /// Whether the result is y itself.
    fn is_forward(&self) -> bool {
        self.pass == Pass::Direct && self.dy.is_none()
    }

    fn named(&self) -> impl Iterator<Item = (&'static str, BufferRange<'_, T>)> {
        let results = [(self.result_name, Some(self.result)), ("ddy", self.ddy)];
        let named = [("x", Some(self.x)), ("dy", self.dy), ("v", self.v)].into_iter().chain(results);
        named.filter_map(|(name, range)| Some((name, range?)))
    }

    fn check(&self, recording: &Recording<'_, '_>) -> Result<(), Error> {
        for (operand, range) in self.named() {
            check_range(recording, operand, range)?;
            check_lengths(operand, range.elements, "x", self.x.elements)?;
        }
        match (self.dy, self.v, self.ddy) {
            (Some(dy), Some(v), Some(ddy)) => DoubleBackward { x: self.x, dy, v, dx: self.result, ddy }.check_apart(),
            _ => Ok(()),
        }
    }

    fn aliasing(&self) -> Result<Aliasing, Error> {
        aliasing_of(("x", self.x), self.dy.map(|dy| ("dy", dy)), (self.result_name, self.result))
    }
}
