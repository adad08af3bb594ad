use crate::catalog::Function;
use crate::context::handle::GpuActivations;
use crate::device::GpuBuffer;
use crate::error::Error;
use crate::ops::{GateGradients, GatedDoubleBackward};
use crate::shader::Element;

impl GpuActivations {
    /// Computes `value·activation(gate)` of two arrays, in a new buffer. The function is an activation, or a gated unit with a
    /// limit or an addend of its value, such as swiglu_oai.
    ///
    /// ```
    /// use gpu_activations::{Activation, GpuActivations};
    ///
    /// let context = GpuActivations::new()?;
    /// let value = context.upload(&[2.0_f32, 3.0])?;
    /// let gate = context.upload(&[-1.0_f32, 4.0])?;
    /// let y = context.forward_gated(Activation::Relu, &value, &gate)?;
    /// assert_eq!(context.download(&y)?, [0.0, 12.0]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Recording::forward_gated`](crate::Recording::forward_gated).
    pub fn forward_gated<T: Element>(
        &self,
        function: impl Into<Function>,
        value: &GpuBuffer<T>,
        gate: &GpuBuffer<T>,
    ) -> Result<GpuBuffer<T>, Error> {
        let y = self.allocate(value.len())?;
        self.forward_gated_into(function, value, gate, &y)?;
        Ok(y)
    }

    /// Computes `value·activation(gate)` of two arrays, in a buffer that you give. It must be another than the inputs.
    ///
    /// # Errors
    /// As [`Recording::forward_gated`](crate::Recording::forward_gated).
    pub fn forward_gated_into<T: Element>(
        &self,
        function: impl Into<Function>,
        value: &GpuBuffer<T>,
        gate: &GpuBuffer<T>,
        y: &GpuBuffer<T>,
    ) -> Result<(), Error> {
        self.batch(|recording| recording.forward_gated(function, value, gate, y))
    }

    /// Computes the gradients `dvalue = dy·activation(gate)` and `dgate = dy·value·activation′(gate)` of two arrays, in
    /// new buffers.
    ///
    /// ```
    /// use gpu_activations::Activation;
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let [value, gate, dy] = [2.0_f32, 3.0, 1.0].map(|number| context.upload(&[number]));
    /// let (dvalue, dgate) = context.backward_gated(Activation::Identity, &value?, &gate?, &dy?)?;
    /// assert_eq!((context.download(&dvalue)?, context.download(&dgate)?), (vec![3.0], vec![2.0]));
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Recording::backward_gated`](crate::Recording::backward_gated).
    pub fn backward_gated<T: Element>(
        &self,
        function: impl Into<Function>,
        value: &GpuBuffer<T>,
        gate: &GpuBuffer<T>,
        dy: &GpuBuffer<T>,
    ) -> Result<(GpuBuffer<T>, GpuBuffer<T>), Error> {
        let (dvalue, dgate) = (self.allocate(value.len())?, self.allocate(gate.len())?);
        let gradients = GateGradients { value: dvalue.operand(), gate: dgate.operand() };
        self.backward_gated_into(function, value, gate, dy, gradients)?;
        Ok((dvalue, dgate))
    }

    /// Writes the gradients of [`GpuActivations::backward_gated`] into buffers that you give. Neither may be the other, or an input.
    ///
    /// # Errors
    /// As [`Recording::backward_gated`](crate::Recording::backward_gated).
    pub fn backward_gated_into<T: Element>(
        &self,
        function: impl Into<Function>,
        value: &GpuBuffer<T>,
        gate: &GpuBuffer<T>,
        dy: &GpuBuffer<T>,
        gradients: GateGradients<'_, T>,
    ) -> Result<(), Error> {
        self.batch(|recording| recording.backward_gated(function, value, gate, dy, gradients))
    }

    /// Computes the gradients of [`GpuActivations::backward_gated`] by value, gate and dy, in this order and in new buffers.
    /// `v` has the gradients by dvalue and dgate.
    ///
    /// ```
    /// use gpu_activations::{Activation, GateGradients};
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let [value, gate, dy, v1, v2] = [2.0_f32, 3.0, 1.0, 10.0, 100.0].map(|number| context.upload(&[number]));
    /// let (v1, v2) = (v1?, v2?);
    /// let v = GateGradients { value: (&v1).into(), gate: (&v2).into() };
    /// let (dvalue, dgate, ddy) = context.double_backward_gated(Activation::Identity, &value?, &gate?, &dy?, v)?;
    /// assert_eq!((context.download(&dvalue)?, context.download(&dgate)?), (vec![100.0], vec![10.0]));
    /// assert_eq!(context.download(&ddy)?, [10.0 * 3.0 + 100.0 * 2.0]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Recording::double_backward_gated`](crate::Recording::double_backward_gated).
    #[expect(clippy::type_complexity, reason = "three buffers")]
    pub fn double_backward_gated<T: Element>(
        &self,
        function: impl Into<Function>,
        value: &GpuBuffer<T>,
        gate: &GpuBuffer<T>,
        dy: &GpuBuffer<T>,
        v: GateGradients<'_, T>,
    ) -> Result<(GpuBuffer<T>, GpuBuffer<T>, GpuBuffer<T>), Error> {
        let (dvalue, dgate, ddy) = (self.allocate(value.len())?, self.allocate(gate.len())?, self.allocate(dy.len())?);
        let gradients = GateGradients { value: dvalue.operand(), gate: dgate.operand() };
        let [value, gate, dy] = [value, gate, dy].map(GpuBuffer::operand);
        let operands = GatedDoubleBackward { value, gate, dy, v, gradients, ddy: ddy.operand() };
        self.batch(|recording| recording.double_backward_gated(function, operands))?;
        Ok((dvalue, dgate, ddy))
    }
}
