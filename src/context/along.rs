use crate::catalog::{Axis, Function};
use crate::context::handle::GpuActivations;
use crate::device::GpuBuffer;
use crate::error::Error;
use crate::ops::{DoubleBackward, Mask, Sinks};
use crate::shader::Element;

impl GpuActivations {
    /// Computes `function(x)` along an axis, in a new buffer of the function's
    /// [`output_shape`](crate::AxisFunction::output_shape).
    ///
    /// ```
    /// use gpu_activations::{Axis, AxisFunction, GpuActivations};
    ///
    /// let context = GpuActivations::new()?;
    /// let rows = Axis::last(&[2, 3])?;
    /// let x = context.upload(&[0.0_f32, 0.0, 0.0, 1.0, 2.0, 3.0])?;
    /// let mask = context.upload(&[1_u8, 1, 0, 1, 1, 1])?;
    /// let softmax = AxisFunction::Softmax { temperature: 1.0 };
    /// let y = context.forward_along(softmax, &rows, Some((&mask).into()), &x)?;
    /// assert_eq!(context.download_range(&y, 0..3)?, [0.5, 0.5, 0.0]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Recording::forward_along`](crate::Recording::forward_along).
    pub fn forward_along<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<Mask<'_>>,
        x: &GpuBuffer<T>,
    ) -> Result<GpuBuffer<T>, Error> {
        let function = function.into();
        let y = self.allocate(function.along()?.output_len(axis)?)?;
        self.forward_along_into(function, axis, mask, x, &y)?;
        Ok(y)
    }

    /// Computes `function(x)` along an axis, in a buffer that you give. It may be `x` itself where y has x's shape and the
    /// function is not gated, maxout or crelu.
    ///
    /// # Errors
    /// As [`Recording::forward_along`](crate::Recording::forward_along).
    pub fn forward_along_into<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<Mask<'_>>,
        x: &GpuBuffer<T>,
        y: &GpuBuffer<T>,
    ) -> Result<(), Error> {
        self.batch(|recording| recording.forward_along(function, axis, mask, x, y))
    }

    /// Computes `function(x)` along an axis, over x. See [`GpuActivations::forward_along_into`] for the functions that
    /// allow it.
    ///
    /// # Errors
    /// As [`Recording::forward_along`](crate::Recording::forward_along).
    pub fn forward_along_in_place<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<Mask<'_>>,
        x: &GpuBuffer<T>,
    ) -> Result<(), Error> {
        self.forward_along_into(function, axis, mask, x, x)
    }

    /// Computes dx from x and dy, in a new buffer.
    ///
    /// ```
    /// use gpu_activations::{Axis, AxisFunction};
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let softmax: AxisFunction = "softmax".parse()?;
    /// let axis = Axis::last(&[1, 2])?;
    /// let (x, dy) = (context.upload(&[0.0_f32, 0.0])?, context.upload(&[1.0_f32, 0.0])?);
    /// let dx = context.backward_along(&softmax, &axis, None, &x, &dy)?;
    /// assert_eq!(context.download(&dx)?, [0.25, -0.25]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Recording::backward_along`](crate::Recording::backward_along).
    pub fn backward_along<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<Mask<'_>>,
        x: &GpuBuffer<T>,
        dy: &GpuBuffer<T>,
    ) -> Result<GpuBuffer<T>, Error> {
        let dx = self.allocate(axis.elements())?;
        self.backward_along_into(function, axis, mask, x, dy, &dx)?;
        Ok(dx)
    }

    /// Computes dx from x and dy, in a buffer that you give. It may be `x` or `dy` itself where y has x's shape and
    /// the function is not gated, maxout or crelu.
    ///
    /// # Errors
    /// As [`Recording::backward_along`](crate::Recording::backward_along).
    pub fn backward_along_into<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<Mask<'_>>,
        x: &GpuBuffer<T>,
        dy: &GpuBuffer<T>,
        dx: &GpuBuffer<T>,
    ) -> Result<(), Error> {
        self.batch(|recording| recording.backward_along(function, axis, mask, x, dy, dx))
    }

    /// Computes dx from x and dy, over dy. See [`GpuActivations::backward_along_into`] for the functions that allow it.
    ///
    /// # Errors
    /// As [`Recording::backward_along`](crate::Recording::backward_along).
    pub fn backward_along_in_place<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<Mask<'_>>,
        x: &GpuBuffer<T>,
        dy: &GpuBuffer<T>,
    ) -> Result<(), Error> {
        self.backward_along_into(function, axis, mask, x, dy, dy)
    }

    /// Computes dx from y and dy, in a new buffer, for the functions that
    /// [allow it](crate::AxisFunction::has_backward_from_output).
    ///
    /// ```
    /// use gpu_activations::{Axis, AxisFunction};
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let softmax: AxisFunction = "softmax".parse()?;
    /// let axis = Axis::last(&[1, 2])?;
    /// let (y, dy) = (context.upload(&[0.5_f32, 0.5])?, context.upload(&[1.0_f32, 0.0])?);
    /// let dx = context.backward_along_from_output(&softmax, &axis, None, &y, &dy)?;
    /// assert_eq!(context.download(&dx)?, [0.25, -0.25]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Recording::backward_along_from_output`](crate::Recording::backward_along_from_output).
    pub fn backward_along_from_output<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<Mask<'_>>,
        y: &GpuBuffer<T>,
        dy: &GpuBuffer<T>,
    ) -> Result<GpuBuffer<T>, Error> {
        let dx = self.allocate(axis.elements())?;
        self.backward_along_from_output_into(function, axis, mask, y, dy, &dx)?;
        Ok(dx)
    }

    /// Computes dx from y and dy, in a buffer that you give, which may be `y` or `dy` itself.
    ///
    /// # Errors
    /// As [`Recording::backward_along_from_output`](crate::Recording::backward_along_from_output).
    pub fn backward_along_from_output_into<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<Mask<'_>>,
        y: &GpuBuffer<T>,
        dy: &GpuBuffer<T>,
        dx: &GpuBuffer<T>,
    ) -> Result<(), Error> {
        self.batch(|recording| recording.backward_along_from_output(function, axis, mask, y, dy, dx))
    }

    /// Computes dx and ddy in new buffers, in this order: the gradient of [`GpuActivations::backward_along`], whose result has
    /// the gradient v. [`Recording::double_backward_along`](crate::Recording::double_backward_along) has the formulas.
    ///
    /// ```
    /// use gpu_activations::{Axis, AxisFunction};
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let glu: AxisFunction = "bilinear".parse()?;
    /// let axis = Axis::last(&[1, 2])?;
    /// let (x, dy, v) = (context.upload(&[3.0_f32, 5.0])?, context.upload(&[2.0_f32])?, context.upload(&[1.0_f32, 10.0])?);
    /// let (dx, ddy) = context.double_backward_along(&glu, &axis, None, &x, &dy, &v)?;
    /// assert_eq!((context.download(&dx)?, context.download(&ddy)?), (vec![20.0, 2.0], vec![35.0]));
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Recording::double_backward_along`](crate::Recording::double_backward_along).
    pub fn double_backward_along<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<Mask<'_>>,
        x: &GpuBuffer<T>,
        dy: &GpuBuffer<T>,
        v: &GpuBuffer<T>,
    ) -> Result<(GpuBuffer<T>, GpuBuffer<T>), Error> {
        let (dx, ddy) = (self.allocate(x.len())?, self.allocate(dy.len())?);
        let operands = DoubleBackward { x: x.into(), dy: dy.into(), v: v.into(), dx: (&dx).into(), ddy: (&ddy).into() };
        self.batch(|recording| recording.double_backward_along(function, axis, mask, operands))?;
        Ok((dx, ddy))
    }
    /// Like [`GpuActivations::forward_along`], with sinks. [`Sinks`] has an example.
    ///
    /// # Errors
    /// As [`Recording::forward_along_with_sinks`](crate::Recording::forward_along_with_sinks).
    pub fn forward_along_with_sinks<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<Mask<'_>>,
        sinks: &Sinks<'_>,
        x: &GpuBuffer<T>,
    ) -> Result<GpuBuffer<T>, Error> {
        let y = self.allocate(x.len())?;
        self.batch(|recording| recording.forward_along_with_sinks(function, axis, mask, sinks, x, &y))?;
        Ok(y)
    }

    /// Like [`GpuActivations::backward_along`], with sinks.
    ///
    /// # Errors
    /// As [`Recording::backward_along_with_sinks`](crate::Recording::backward_along_with_sinks).
    pub fn backward_along_with_sinks<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<Mask<'_>>,
        sinks: &Sinks<'_>,
        x: &GpuBuffer<T>,
        dy: &GpuBuffer<T>,
    ) -> Result<GpuBuffer<T>, Error> {
        let dx = self.allocate(x.len())?;
        self.batch(|recording| recording.backward_along_with_sinks(function, axis, mask, sinks, x, dy, &dx))?;
        Ok(dx)
    }

    /// Computes the gradient of the sinks, in a new buffer of as many numbers as there are sinks.
    ///
    /// ```
    /// use gpu_activations::{Axis, AxisFunction, GpuActivations, Sinks};
    ///
    /// let context = GpuActivations::new()?;
    /// let (x, dy) = (context.upload(&[0.0_f32; 3])?, context.upload(&[1.0_f32, 2.0, 3.0])?);
    /// let sink = context.upload(&[0.0_f32])?;
    /// let softmax = AxisFunction::Softmax { temperature: 1.0 };
    /// let gradient = context.sink_gradient(&softmax, &Axis::last(&[3])?, None, &Sinks::per_tensor(&sink), &x, &dy)?;
    /// // Every share is 1/4, so it is −1/4·(1 + 2 + 3)/4.
    /// assert_eq!(context.download(&gradient)?, [-0.375]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Recording::sink_gradient`](crate::Recording::sink_gradient).
    pub fn sink_gradient<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<Mask<'_>>,
        sinks: &Sinks<'_>,
        x: &GpuBuffer<T>,
        dy: &GpuBuffer<T>,
    ) -> Result<GpuBuffer<f32>, Error> {
        let gradient = self.allocate(sinks.len())?;
        self.batch(|recording| recording.sink_gradient(function, axis, mask, sinks, x, dy, &gradient))?;
        Ok(gradient)
    }
}
