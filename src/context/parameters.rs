use crate::catalog::{Function, Order};
use crate::context::handle::GpuActivations;
use crate::device::GpuBuffer;
use crate::error::Error;
use crate::ops::{DoubleBackward, ParameterBuffers};
use crate::shader::Element;

impl GpuActivations {
    /// Computes `function(x)` in a new buffer, parameters coming from buffers or being drawn.
    ///
    /// ```
    /// use gpu_activations::{Activation, Axis, ParameterBuffers};
    /// let context = gpu_activations::GpuActivations::new()?;
    /// // A slope for each of two channels.
    /// let axis = Axis::last(&[1, 2])?;
    /// let slopes = context.upload(&[0.25_f32, 0.5])?;
    /// let parameters = ParameterBuffers::new().per_channel("alpha", &slopes, &axis);
    /// let x = context.upload(&[-1.0_f32, -1.0])?;
    /// let y = context.forward_with(Activation::Prelu { alpha: 0.25 }, &parameters, &x)?;
    /// assert_eq!(context.download(&y)?, [-0.25, -0.5]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`crate::Recording::forward_with`].
    pub fn forward_with<T: Element>(
        &self,
        function: impl Into<Function>,
        parameters: &ParameterBuffers<'_>,
        x: &GpuBuffer<T>,
    ) -> Result<GpuBuffer<T>, Error> {
        let y = self.allocate(x.len())?;
        self.forward_with_into(function, parameters, x, &y)?;
        Ok(y)
    }

    /// Computes `function(x)` in a buffer that you give, parameters coming from buffers or being drawn. The buffer may be
    /// `x` itself, or in f32 that of an `output_addend` for each element.
    ///
    /// # Errors
    /// As [`crate::Recording::forward_with`].
    pub fn forward_with_into<T: Element>(
        &self,
        function: impl Into<Function>,
        parameters: &ParameterBuffers<'_>,
        x: &GpuBuffer<T>,
        y: &GpuBuffer<T>,
    ) -> Result<(), Error> {
        self.batch(|recording| recording.forward_with(function, parameters, x, y))
    }

    /// Computes `dy * derivative(x)` in a new buffer, parameters coming from buffers or being drawn.
    ///
    /// # Errors
    /// As [`crate::Recording::forward_with`].
    pub fn backward_with<T: Element>(
        &self,
        function: impl Into<Function>,
        parameters: &ParameterBuffers<'_>,
        x: &GpuBuffer<T>,
        dy: &GpuBuffer<T>,
    ) -> Result<GpuBuffer<T>, Error> {
        let dx = self.allocate(x.len())?;
        self.backward_with_into(function, parameters, x, dy, &dx)?;
        Ok(dx)
    }

    /// Computes `dy * derivative(x)` in a buffer that you give, which may be `x` or `dy` itself, parameters coming from
    /// buffers or being drawn.
    ///
    /// # Errors
    /// As [`crate::Recording::forward_with`].
    pub fn backward_with_into<T: Element>(
        &self,
        function: impl Into<Function>,
        parameters: &ParameterBuffers<'_>,
        x: &GpuBuffer<T>,
        dy: &GpuBuffer<T>,
        dx: &GpuBuffer<T>,
    ) -> Result<(), Error> {
        self.batch(|recording| recording.backward_with(function, parameters, x, dy, dx))
    }

    /// Computes `f′(x)` or `f″(x)` in a new buffer, parameters coming from buffers or being drawn.
    ///
    /// # Errors
    /// As [`crate::Recording::derivative_with`].
    pub fn derivative_with<T: Element>(
        &self,
        function: impl Into<Function>,
        order: Order,
        parameters: &ParameterBuffers<'_>,
        x: &GpuBuffer<T>,
    ) -> Result<GpuBuffer<T>, Error> {
        let result = self.allocate(x.len())?;
        self.batch(|recording| recording.derivative_with(function, order, parameters, x.operand(), result.operand()))?;
        Ok(result)
    }

    /// Computes `dx = f″(x)·dy·v` and `ddy = f′(x)·v` in new buffers, in this order, parameters coming from buffers or being
    /// drawn.
    ///
    /// # Errors
    /// As [`crate::Recording::double_backward_with`].
    pub fn double_backward_with<T: Element>(
        &self,
        function: impl Into<Function>,
        parameters: &ParameterBuffers<'_>,
        x: &GpuBuffer<T>,
        dy: &GpuBuffer<T>,
        v: &GpuBuffer<T>,
    ) -> Result<(GpuBuffer<T>, GpuBuffer<T>), Error> {
        let (dx, ddy) = (self.allocate(x.len())?, self.allocate(x.len())?);
        let [x, dy, v] = [x, dy, v].map(GpuBuffer::operand);
        let operands = DoubleBackward { x, dy, v, dx: dx.operand(), ddy: ddy.operand() };
        self.batch(|recording| recording.double_backward_with(function, parameters, operands))?;
        Ok((dx, ddy))
    }

    /// Computes the gradient of a learnable parameter, or of one that is fused, in a new buffer.
    ///
    /// ```
    /// use gpu_activations::{Activation, Axis, GpuActivations, ParameterBuffers};
    ///
    /// let context = GpuActivations::new()?;
    /// let channels = Axis::new(&[2, 2], 1)?;
    /// let alpha = context.upload(&[0.1_f32, 0.2])?;
    /// let parameters = ParameterBuffers::new().per_channel("alpha", &alpha, &channels);
    /// let x = context.upload(&[-1.0_f32, 5.0, -3.0, -7.0])?;
    /// let dy = context.upload(&[1.0_f32; 4])?;
    /// let prelu = Activation::Prelu { alpha: 0.25 };
    /// let gradient = context.parameter_gradient(prelu, &parameters, "alpha", &x, &dy)?;
    /// assert_eq!(context.download(&gradient)?, [-4.0, -7.0]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`crate::Recording::parameter_gradient`].
    pub fn parameter_gradient<T: Element>(
        &self,
        function: impl Into<Function>,
        parameters: &ParameterBuffers<'_>,
        parameter: &str,
        x: &GpuBuffer<T>,
        dy: &GpuBuffer<T>,
    ) -> Result<GpuBuffer<f32>, Error> {
        let gradient = self.allocate(parameters.gradient_len(parameter, x.len()))?;
        self.batch(|recording| {
            let (x, dy, gradient) = (x.operand(), dy.operand(), gradient.operand());
            recording.parameter_gradient(function, parameters, parameter, x, dy, gradient)
        })?;
        Ok(gradient)
    }
}
