//! What a browser does not have: waiting on the calling thread, and files.

use crate::catalog::{Axis, Function, Order};
use crate::context::builder::Builder;
use crate::context::handle::GpuActivations;
use crate::context::slices::{Inputs, Task};
use crate::device::{Arithmetic, GpuBuffer, Waiting};
use crate::error::Error;
use crate::shader::{Element, Scalar};
use std::ops::Range;
use std::path::PathBuf;

impl Builder {
    /// Begins with the pipelines that [`GpuActivations::save_pipelines`] has written to this directory for the adapter.
    /// They need not be compiled again. Give a directory that nobody else writes to: drivers trust what they find there.
    /// It has an effect on Vulkan alone; a file that does not fit is ignored.
    pub fn pipeline_directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.pipeline_directory = Some(directory.into());
        self
    }

    /// Makes the context, waiting for it.
    ///
    /// # Errors
    /// As [`Builder::build_async`].
    pub fn build(self) -> Result<GpuActivations, Error> {
        pollster::block_on(self.build_async())
    }
}

impl GpuActivations {
    /// A context on the best adapter, or on that named by `WGPU_ADAPTER_NAME`.
    ///
    /// # Errors
    /// As [`Builder::build_async`].
    pub fn new() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// Writes the pipelines built so far to the directory of [`Builder::pipeline_directory`], if one was given and the adapter
    /// has a cache of them.
    ///
    /// # Errors
    /// [`Error::PipelineFile`].
    pub fn save_pipelines(&self) -> Result<(), Error> {
        self.device.cache.file.as_ref().map_or(Ok(()), |file| file.save())
    }

    /// Finds out how the device computes, if that is not known yet, by a kernel that is submitted and waited for.
    ///
    /// Operations that are recorded afterwards use what was found: on a device that fuses `fma` they take fewer
    /// instructions, and their results may differ in the last place from earlier ones. The builder probes before anything
    /// else.
    ///
    /// ```
    /// let context = gpu_activations::GpuActivations::new()?;
    /// // Whether one rounding is enough for a product and a sum.
    /// let fuses = context.probe()?.fuses_fma;
    /// assert_eq!(context.arithmetic().map(|known| known.fuses_fma), Some(fuses));
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfMemory`], [`Error::Refused`], [`Error::DeviceLost`].
    pub fn probe(&self) -> Result<Arithmetic, Error> {
        pollster::block_on(self.probe_waiting(Waiting::Blocking))
    }

    /// Copies a buffer to new memory of the host.
    ///
    /// # Errors
    /// [`Error::ForeignBuffer`], [`Error::OutOfMemory`], [`Error::DeviceLost`].
    pub fn download<T: Scalar>(&self, buffer: &GpuBuffer<T>) -> Result<Vec<T>, Error> {
        let mut data = vec![T::zeroed(); buffer.len()];
        self.download_into(buffer, &mut data)?;
        Ok(data)
    }

    /// Copies a buffer to a slice of its length.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and as [`GpuActivations::download`].
    pub fn download_into<T: Scalar>(&self, buffer: &GpuBuffer<T>, data: &mut [T]) -> Result<(), Error> {
        pollster::block_on(self.read_back(buffer, data, Waiting::Blocking))
    }

    /// Copies some elements of a buffer to new memory of the host.
    ///
    /// ```
    /// use gpu_activations::{GpuActivations};
    ///
    /// let context = GpuActivations::new()?;
    /// let buffer = context.allocate::<f32>(4)?;
    /// context.upload_into(&[1.0, 2.0, 3.0, 4.0], &buffer)?;
    /// assert_eq!(context.download_range(&buffer, 1..3)?, [2.0, 3.0]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfBounds`], and as [`GpuActivations::download`].
    pub fn download_range<T: Scalar>(&self, buffer: &GpuBuffer<T>, elements: Range<usize>) -> Result<Vec<T>, Error> {
        pollster::block_on(self.new_range(buffer, elements, Waiting::Blocking))
    }

    /// Computes `function(x)` in new memory.
    ///
    /// ```
    /// use gpu_activations::{Activation, GpuActivations};
    ///
    /// let context = GpuActivations::new()?;
    /// assert_eq!(context.forward_slice(Activation::Relu, &[-1.0_f32, 2.0])?, [0.0, 2.0]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::ParameterOutOfRange`], [`Error::OutOfMemory`], [`Error::DeviceLost`].
    pub fn forward_slice<T: Element>(&self, function: impl Into<Function>, x: &[T]) -> Result<Vec<T>, Error> {
        let mut y = vec![T::zeroed(); x.len()];
        self.forward_slice_into(function, x, &mut y)?;
        Ok(y)
    }

    /// Computes `function(x)` in memory that you give.
    ///
    /// ```
    /// use gpu_activations::Activation;
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let mut y = [0.0_f32; 2];
    /// context.forward_slice_into(Activation::Relu, &[-2.0, 0.5], &mut y)?;
    /// assert_eq!(y, [0.0, 0.5]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and as [`GpuActivations::forward_slice`].
    pub fn forward_slice_into<T: Element>(
        &self,
        function: impl Into<Function>,
        x: &[T],
        y: &mut [T],
    ) -> Result<(), Error> {
        pollster::block_on(self.stream_elements(Task::of(function), Inputs::of(x), &mut [("y", y)], Waiting::Blocking))
    }

    /// Computes `dy * derivative(x)` in new memory.
    ///
    /// ```
    /// use gpu_activations::Activation;
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let dx = context.backward_slice(Activation::Relu, &[-2.0_f32, 0.5], &[3.0, 3.0])?;
    /// assert_eq!(dx, [0.0, 3.0]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and as [`GpuActivations::forward_slice`].
    pub fn backward_slice<T: Element>(
        &self,
        function: impl Into<Function>,
        x: &[T],
        dy: &[T],
    ) -> Result<Vec<T>, Error> {
        let mut dx = vec![T::zeroed(); x.len()];
        self.backward_slice_into(function, x, dy, &mut dx)?;
        Ok(dx)
    }

    /// Computes `dy * derivative(x)` in memory that you give.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and as [`GpuActivations::forward_slice`].
    pub fn backward_slice_into<T: Element>(
        &self,
        function: impl Into<Function>,
        x: &[T],
        dy: &[T],
        dx: &mut [T],
    ) -> Result<(), Error> {
        pollster::block_on(self.stream_elements(
            Task::of(function),
            Inputs { dy: Some(dy), ..Inputs::of(x) },
            &mut [("dx", dx)],
            Waiting::Blocking,
        ))
    }

    /// Computes `f′(x)` or `f″(x)` in new memory.
    ///
    /// ```
    /// use gpu_activations::{Activation, Order};
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let curvature = context.derivative_slice(Activation::ReluSquared, Order::Second, &[-2.0_f32, 0.5])?;
    /// assert_eq!(curvature, [0.0, 2.0]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`GpuActivations::forward_slice`].
    pub fn derivative_slice<T: Element>(
        &self,
        function: impl Into<Function>,
        order: Order,
        x: &[T],
    ) -> Result<Vec<T>, Error> {
        let mut result = vec![T::zeroed(); x.len()];
        self.derivative_slice_into(function, order, x, &mut result)?;
        Ok(result)
    }

    /// Computes `f′(x)` or `f″(x)` in memory that you give.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and as [`GpuActivations::forward_slice`].
    pub fn derivative_slice_into<T: Element>(
        &self,
        function: impl Into<Function>,
        order: Order,
        x: &[T],
        result: &mut [T],
    ) -> Result<(), Error> {
        pollster::block_on(self.derivatives(function, order, x, result, Waiting::Blocking))
    }

    /// Computes `dx = f″(x)·dy·v` and `ddy = f′(x)·v` in new memory, in this order: the gradient of
    /// [`GpuActivations::backward_slice`], whose result has the gradient v.
    ///
    /// ```
    /// use gpu_activations::Activation;
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let (dx, ddy) = context.double_backward_slice(Activation::ReluSquared, &[3.0_f32], &[0.5], &[10.0])?;
    /// assert_eq!((dx, ddy), (vec![10.0], vec![60.0]));
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and as [`GpuActivations::forward_slice`].
    pub fn double_backward_slice<T: Element>(
        &self,
        function: impl Into<Function>,
        x: &[T],
        dy: &[T],
        v: &[T],
    ) -> Result<(Vec<T>, Vec<T>), Error> {
        let (mut dx, mut ddy) = (vec![T::zeroed(); x.len()], vec![T::zeroed(); x.len()]);
        self.double_backward_slice_into(function, x, dy, v, &mut dx, &mut ddy)?;
        Ok((dx, ddy))
    }

    /// Computes `dx = f″(x)·dy·v` and `ddy = f′(x)·v` in memory that you give.
    ///
    /// # Errors
    /// As [`GpuActivations::double_backward_slice`].
    pub fn double_backward_slice_into<T: Element>(
        &self,
        function: impl Into<Function>,
        x: &[T],
        dy: &[T],
        v: &[T],
        dx: &mut [T],
        ddy: &mut [T],
    ) -> Result<(), Error> {
        let inputs = Inputs { dy: Some(dy), v: Some(v), ..Inputs::of(x) };
        let results = &mut [("dx", dx), ("ddy", ddy)];
        pollster::block_on(self.stream_elements(Task::of(function), inputs, results, Waiting::Blocking))
    }

    /// Computes `function(x)` along an axis, in new memory.
    ///
    /// ```
    /// use gpu_activations::{Axis, AxisFunction, GpuActivations};
    ///
    /// let context = GpuActivations::new()?;
    /// let maxout = AxisFunction::Maxout { pieces: 2 };
    /// let y = context.forward_along_slice(maxout, &Axis::last(&[4])?, None, &[1.0_f32, 5.0, 3.0, 2.0])?;
    /// assert_eq!(y, [5.0, 3.0]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Recording::forward_along`](crate::Recording::forward_along).
    pub fn forward_along_slice<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<&[u8]>,
        x: &[T],
    ) -> Result<Vec<T>, Error> {
        pollster::block_on(self.new_rows(function.into(), axis, Inputs::along(x, None, mask), Waiting::Blocking))
    }

    /// Computes `function(x)` along an axis, in memory that you give.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and as [`GpuActivations::forward_along_slice`].
    pub fn forward_along_slice_into<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<&[u8]>,
        x: &[T],
        y: &mut [T],
    ) -> Result<(), Error> {
        pollster::block_on(self.stream_rows(
            &function.into(),
            axis,
            Inputs::along(x, None, mask),
            &mut [y],
            Waiting::Blocking,
        ))
    }

    /// Computes dx from x and dy, in new memory.
    ///
    /// ```
    /// use gpu_activations::{Axis, AxisFunction};
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let softmax: AxisFunction = "softmax".parse()?;
    /// let axis = Axis::last(&[1, 2])?;
    /// let dx = context.backward_along_slice(&softmax, &axis, None, &[0.0_f32, 0.0], &[1.0, 0.0])?;
    /// assert_eq!(dx, [0.25, -0.25]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Recording::backward_along`](crate::Recording::backward_along).
    pub fn backward_along_slice<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<&[u8]>,
        x: &[T],
        dy: &[T],
    ) -> Result<Vec<T>, Error> {
        pollster::block_on(self.new_rows(function.into(), axis, Inputs::along(x, Some(dy), mask), Waiting::Blocking))
    }

    /// Computes dx from x and dy, in memory that you give.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and as [`GpuActivations::backward_along_slice`].
    pub fn backward_along_slice_into<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<&[u8]>,
        x: &[T],
        dy: &[T],
        dx: &mut [T],
    ) -> Result<(), Error> {
        pollster::block_on(self.stream_rows(
            &function.into(),
            axis,
            Inputs::along(x, Some(dy), mask),
            &mut [dx],
            Waiting::Blocking,
        ))
    }

    /// Computes dx and ddy in new memory, in this order: the gradient of [`GpuActivations::backward_along_slice`], whose
    /// result has the gradient v. See [`Recording::double_backward_along`](crate::Recording::double_backward_along).
    ///
    /// ```
    /// use gpu_activations::{Axis, AxisFunction};
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let softmax: AxisFunction = "softmax".parse()?;
    /// let axis = Axis::last(&[1, 2])?;
    /// let (dx, ddy) = context.double_backward_along_slice(&softmax, &axis, None, &[0.0_f32, 0.0], &[1.0, 0.0], &[4.0, 0.0])?;
    /// assert_eq!((dx, ddy), (vec![0.0, 0.0], vec![1.0, -1.0]));
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoDoubleBackward`], and as [`Recording::forward_along`](crate::Recording::forward_along).
    pub fn double_backward_along_slice<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<&[u8]>,
        x: &[T],
        dy: &[T],
        v: &[T],
    ) -> Result<(Vec<T>, Vec<T>), Error> {
        let (mut dx, mut ddy) = (vec![T::zeroed(); x.len()], vec![T::zeroed(); dy.len()]);
        self.double_backward_along_slice_into(function, axis, mask, x, dy, v, &mut dx, &mut ddy)?;
        Ok((dx, ddy))
    }

    /// Computes dx and ddy in memory that you give.
    ///
    /// # Errors
    /// As [`GpuActivations::double_backward_along_slice`].
    #[expect(clippy::too_many_arguments, reason = "each is an operand")]
    pub fn double_backward_along_slice_into<T: Element>(
        &self,
        function: impl Into<Function>,
        axis: &Axis,
        mask: Option<&[u8]>,
        x: &[T],
        dy: &[T],
        v: &[T],
        dx: &mut [T],
        ddy: &mut [T],
    ) -> Result<(), Error> {
        let inputs = Inputs { v: Some(v), ..Inputs::along(x, Some(dy), mask) };
        pollster::block_on(self.stream_rows(&function.into(), axis, inputs, &mut [dx, ddy], Waiting::Blocking))
    }
}
