use crate::catalog::Function;
use crate::context::handle::GpuActivations;
use crate::device::GpuBuffer;
use crate::error::Error;
use crate::ops::ParameterBuffers;
use crate::shader::Element;

impl GpuActivations {
    /// Computes `function(x)` in a new buffer, parameters coming from buffers or being drawn.
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
        self.batch(|recording| recording.forward_with(function, parameters, x.operand(), y.operand()))?;
        Ok(y)
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
        self.batch(|recording| recording.backward_with(function, parameters, x.operand(), dy.operand(), dx.operand()))?;
        Ok(dx)
    }

    /// Computes the gradient of a learnable parameter, or of one that is fused, in a new buffer.
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
