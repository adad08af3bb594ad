use crate::catalog::Function;
use crate::context::handle::GpuActivations;
use crate::device::GpuBuffer;
use crate::error::Error;
use crate::shader::Element;

impl GpuActivations {
    /// Computes `function(x)` in a new buffer.
    ///
    /// ```
    /// use gpu_activations::Activation;
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let x = context.upload(&[-2.0_f32, 0.5])?;
    /// let y = context.forward(Activation::Relu, &x)?;
    /// assert_eq!(context.download(&y)?, [0.0, 0.5]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::ParameterOutOfRange`], [`Error::ForeignBuffer`], [`Error::OutOfMemory`], [`Error::DeviceLost`].
    pub fn forward<T: Element>(&self, function: impl Into<Function>, x: &GpuBuffer<T>) -> Result<GpuBuffer<T>, Error> {
        let y = self.allocate(x.len())?;
        self.forward_into(function, x, &y)?;
        Ok(y)
    }

    /// Computes `function(x)` in a buffer that you give, which may be `x` itself.
    ///
    /// ```
    /// use gpu_activations::Activation;
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let (x, y) = (context.upload(&[-2.0_f32, 0.5])?, context.allocate::<f32>(2)?);
    /// context.forward_into(Activation::Relu, &x, &y)?;
    /// assert_eq!(context.download(&y)?, [0.0, 0.5]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and as [`GpuActivations::forward`].
    pub fn forward_into<T: Element>(
        &self,
        function: impl Into<Function>,
        x: &GpuBuffer<T>,
        y: &GpuBuffer<T>,
    ) -> Result<(), Error> {
        self.batch(|recording| recording.forward(function, x.operand(), y.operand()))
    }

    /// Computes `function(x)` over x.
    ///
    /// ```
    /// use gpu_activations::Activation;
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let x = context.upload(&[-2.0_f32, 0.5])?;
    /// context.forward_in_place(Activation::Relu, &x)?;
    /// assert_eq!(context.download(&x)?, [0.0, 0.5]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`GpuActivations::forward`].
    pub fn forward_in_place<T: Element>(&self, function: impl Into<Function>, x: &GpuBuffer<T>) -> Result<(), Error> {
        self.forward_into(function, x, x)
    }

    /// Computes `dy * derivative(x)` in a new buffer.
    ///
    /// ```
    /// use gpu_activations::Activation;
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let (x, dy) = (context.upload(&[-2.0_f32, 0.5])?, context.upload(&[3.0_f32, 3.0])?);
    /// let dx = context.backward(Activation::Relu, &x, &dy)?;
    /// assert_eq!(context.download(&dx)?, [0.0, 3.0]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`GpuActivations::forward_into`].
    pub fn backward<T: Element>(
        &self,
        function: impl Into<Function>,
        x: &GpuBuffer<T>,
        dy: &GpuBuffer<T>,
    ) -> Result<GpuBuffer<T>, Error> {
        let dx = self.allocate(x.len())?;
        self.backward_into(function, x, dy, &dx)?;
        Ok(dx)
    }

    /// Computes `dy * derivative(x)` in a buffer that you give, which may be `x` or `dy` itself.
    ///
    /// # Errors
    /// As [`GpuActivations::forward_into`].
    pub fn backward_into<T: Element>(
        &self,
        function: impl Into<Function>,
        x: &GpuBuffer<T>,
        dy: &GpuBuffer<T>,
        dx: &GpuBuffer<T>,
    ) -> Result<(), Error> {
        self.batch(|recording| recording.backward(function, x.operand(), dy.operand(), dx.operand()))
    }

    /// Computes `dy * derivative(x)` over dy.
    ///
    /// # Errors
    /// As [`GpuActivations::forward_into`].
    pub fn backward_in_place<T: Element>(
        &self,
        function: impl Into<Function>,
        x: &GpuBuffer<T>,
        dy: &GpuBuffer<T>,
    ) -> Result<(), Error> {
        self.backward_into(function, x, dy, dy)
    }
}
