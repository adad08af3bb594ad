use crate::catalog::{Function, Order};
use crate::context::handle::GpuActivations;
use crate::device::GpuBuffer;
use crate::error::Error;
use crate::ops::DoubleBackward;
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

    /// Computes `f′(x)` or `f″(x)` in a new buffer.
    ///
    /// ```
    /// use gpu_activations::{Activation, Order};
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let x = context.upload(&[-2.0_f32, 3.0])?;
    /// let slope = context.derivative(Activation::ReluSquared, Order::First, &x)?;
    /// let curvature = context.derivative(Activation::ReluSquared, Order::Second, &x)?;
    /// assert_eq!(context.download(&slope)?, [0.0, 6.0]);
    /// assert_eq!(context.download(&curvature)?, [0.0, 2.0]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`GpuActivations::forward`].
    pub fn derivative<T: Element>(
        &self,
        function: impl Into<Function>,
        order: Order,
        x: &GpuBuffer<T>,
    ) -> Result<GpuBuffer<T>, Error> {
        let result = self.allocate(x.len())?;
        self.derivative_into(function, order, x, &result)?;
        Ok(result)
    }

    /// Computes `f′(x)` or `f″(x)` in a buffer that you give, which may be `x` itself.
    ///
    /// # Errors
    /// As [`GpuActivations::forward_into`].
    pub fn derivative_into<T: Element>(
        &self,
        function: impl Into<Function>,
        order: Order,
        x: &GpuBuffer<T>,
        result: &GpuBuffer<T>,
    ) -> Result<(), Error> {
        self.batch(|recording| recording.derivative(function, order, x.operand(), result.operand()))
    }

    /// Computes `dx = f″(x)·dy·v` and `ddy = f′(x)·v` in new buffers, in this order: the gradient of
    /// [`GpuActivations::backward`], whose result has the gradient v.
    ///
    /// ```
    /// use gpu_activations::Activation;
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let (x, dy, v) = (context.upload(&[3.0_f32])?, context.upload(&[0.5_f32])?, context.upload(&[10.0_f32])?);
    /// let (dx, ddy) = context.double_backward(Activation::ReluSquared, &x, &dy, &v)?;
    /// assert_eq!((context.download(&dx)?, context.download(&ddy)?), (vec![10.0], vec![60.0]));
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`GpuActivations::forward_into`].
    pub fn double_backward<T: Element>(
        &self,
        function: impl Into<Function>,
        x: &GpuBuffer<T>,
        dy: &GpuBuffer<T>,
        v: &GpuBuffer<T>,
    ) -> Result<(GpuBuffer<T>, GpuBuffer<T>), Error> {
        let (dx, ddy) = (self.allocate(x.len())?, self.allocate(x.len())?);
        let [x, dy, v] = [x, dy, v].map(GpuBuffer::operand);
        let operands = DoubleBackward { x, dy, v, dx: dx.operand(), ddy: ddy.operand() };
        self.batch(|recording| recording.double_backward(function, operands))?;
        Ok((dx, ddy))
    }
}
