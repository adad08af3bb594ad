//! Parameters from buffers or drawn at random, and their gradients.

use crate::catalog::{Activation, Axis, Broadcast, Function, normalized};
use crate::device::{BoundRange, BufferRange, Command, Device, Dispatch};
use crate::error::{Error, check_lengths};
use crate::ops::check::{check_apart, check_range, is_same, most_bytes, span};
use crate::ops::recording::Recording;
use crate::ops::rowwise::{Prepared, Rows, Rowwise, RowwiseOperands};
use crate::shader::{
    Access, Aliasing, Element, ElementwiseUniform, FUSED, GradientKernel, Granularity, Kernel, ParameterForm,
    ParameterSource, RowStatistics, RowwiseUniform, Succession, numbers, with_parameters,
};
use std::borrow::Cow;

/// Parameters of an activation that come from elsewhere than its own values.
///
/// The granularity of a learnable parameter is one value, one for each channel of an axis, or one for each element.
/// Values are f32 for any type of x. On the device they cannot be checked against the parameter's range.
///
/// Every activation has four more parameters, which are not among [`Activation::parameters`]:
/// `y = output_factor·activation(input_factor·x + input_bias) + output_addend`. Those not given are left out. They are
/// fused into the kernel, so they cost no memory traffic of their own. The activation's argument is an f32: product and
/// sum are rounded, unless the device fuses them into one rounding. The backward gradient is by x:
/// `dx = dy·output_factor·input_factor·derivative(input_factor·x + input_bias)`. Their own gradients come from
/// [`Recording::parameter_gradient`]. In f32 the result may overwrite an addend with as many elements: a residual
/// connection in place.
///
/// ```
/// use gpu_activations::{Activation, Axis, GpuActivations, ParameterBuffers};
///
/// let context = GpuActivations::new()?;
/// let x = context.upload(&[1.0_f32, 2.0, -3.0, 4.0, -5.0, -6.0])?;
/// let bias = context.upload(&[0.5_f32, 0.0, 1.0])?;
/// let up = context.upload(&[2.0_f32; 6])?;
/// let columns = Axis::last(&[2, 3])?;
/// let parameters = ParameterBuffers::new().per_channel("input_bias", &bias, &columns).per_element("output_factor", &up);
/// let y = context.forward_with(Activation::Relu, &parameters, &x)?;
/// assert_eq!(context.download(&y)?, [3.0, 4.0, 0.0, 9.0, 0.0, 0.0]);
/// let gradient = context.parameter_gradient(Activation::Relu, &parameters, "input_bias", &x, &x)?;
/// assert_eq!(context.download(&gradient)?, [10.0, 4.0, 0.0]);
/// # Ok::<(), gpu_activations::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct ParameterBuffers<'a> {
    tensors: Vec<Tensor<'a>>,
    seed: Option<u64>,
}

#[derive(Debug, Clone)]
struct Tensor<'a> {
    name: Cow<'a, str>,
    values: BufferRange<'a, f32>,
    sharing: Sharing,
}

impl Tensor<'_> {
    /// Whether kernels of this direction read the values.
    fn is_bound(&self, is_forward: bool) -> bool {
        is_forward || self.name != "output_addend"
    }
}

/// The elements that share a value, and the axis of channels.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Sharing {
    Tensor,
    Channel(Axis),
    Element,
}

impl Sharing {
    fn granularity(&self) -> Granularity {
        match self {
            Sharing::Tensor => Granularity::Tensor,
            Sharing::Channel(_) => Granularity::Channel,
            Sharing::Element => Granularity::Element,
        }
    }
}

impl<'a> ParameterBuffers<'a> {
    /// Takes every parameter from the activation's own values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a parameter from a buffer of one element.
    pub fn per_tensor(self, name: impl Into<Cow<'a, str>>, value: impl Into<BufferRange<'a, f32>>) -> Self {
        self.tensor(name.into(), value.into(), Sharing::Tensor)
    }

    /// Takes a parameter from a buffer with one element for each entry of the axis of x.
    pub fn per_channel(
        self,
        name: impl Into<Cow<'a, str>>,
        values: impl Into<BufferRange<'a, f32>>,
        axis: &Axis,
    ) -> Self {
        self.tensor(name.into(), values.into(), Sharing::Channel(axis.clone()))
    }

    /// Takes a parameter from a buffer with one element for each element of x.
    pub fn per_element(self, name: impl Into<Cow<'a, str>>, values: impl Into<BufferRange<'a, f32>>) -> Self {
        self.tensor(name.into(), values.into(), Sharing::Element)
    }

    /// Takes a parameter from a buffer of the shape `shape`, which numpy's rules repeat over x's shape `onto`: shapes are aligned
    /// at their last axes, and an axis of length 1 repeats. The axes that the buffer has must be adjacent in x, such as those of
    /// (C, 1, 1), or the last ones. A parameter of one element serves an x of any shape.
    ///
    /// ```
    /// use gpu_activations::{Activation, GpuActivations, ParameterBuffers};
    ///
    /// let context = GpuActivations::new()?;
    /// let x = context.upload(&[-1.0_f32; 8])?;
    /// let alpha = context.upload(&[0.5_f32, 0.25])?;
    /// let parameters = ParameterBuffers::new().broadcast("alpha", &alpha, &[2, 1], &[2, 2, 2])?;
    /// let y = context.forward_with(Activation::Prelu { alpha: 0.0 }, &parameters, &x)?;
    /// assert_eq!(context.download(&y)?, [-0.5, -0.5, -0.25, -0.25, -0.5, -0.5, -0.25, -0.25]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotBroadcast`], [`Error::NotAdjacent`], [`Error::TooManyElements`], [`Error::LengthMismatch`].
    pub fn broadcast(
        self,
        name: impl Into<Cow<'a, str>>,
        values: impl Into<BufferRange<'a, f32>>,
        shape: &[usize],
        onto: &[usize],
    ) -> Result<Self, Error> {
        let (name, values) = (name.into(), values.into());
        let broadcast = Broadcast::of(&name, shape, onto)?;
        let all = Axis::checked_elements(onto)?;
        check_lengths("the parameter", values.elements, "its shape", broadcast.elements() as u64)?;
        let sharing = match (broadcast.elements(), broadcast.channels()) {
            (1, _) => Sharing::Tensor,
            (elements, _) if elements == all => Sharing::Element,
            (_, Some(lengths)) => Sharing::Channel(Axis::new(&lengths, 1)?),
            (_, None) => {
                let (shape, onto) = (shape.to_vec(), onto.to_vec());
                return Err(Error::NotAdjacent { parameter: name.into_owned(), shape, onto });
            }
        };
        Ok(self.tensor(name, values, sharing))
    }

    /// Draws rrelu's slope for each element, as in training. It is uniform in [lower, upper), from Philox4x32-10 with
    /// the seed as key and the element's index as counter. The same seed gives the same slopes, also backward.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    fn tensor(mut self, name: Cow<'a, str>, values: BufferRange<'a, f32>, sharing: Sharing) -> Self {
        // The fused parameters are the same in every function, so their names are settled here.
        let name = FUSED.into_iter().find(|fused| is_same_name(fused, &name)).map_or(name, Cow::Borrowed);
        self.tensors.push(Tensor { name, values, sharing });
        self
    }

    /// The index of the addend under a result, if it has a value for each element.
    pub(crate) fn addend_under<T: Element>(&self, result: BufferRange<'_, T>) -> Option<usize> {
        let is_f32 = T::STORAGE == f32::STORAGE;
        self.tensors.iter().position(|tensor| {
            let is_addend = tensor.name == "output_addend" && tensor.sharing == Sharing::Element;
            is_f32 && is_addend && is_same(tensor.values, result)
        })
    }

    /// Checks the buffers of the values. The buffers in `writable` are bound for writing meanwhile; `addend` lies under
    /// the result.
    pub(crate) fn check_buffers(
        &self,
        recording: &Recording<'_, '_>,
        activation: &Activation,
        is_forward: bool,
        addend: Option<usize>,
        writable: &[(&'static str, &wgpu::Buffer)],
    ) -> Result<(), Error> {
        let limit = recording.device.traits.limits.max_storage_buffer_binding_size;
        for (index, tensor) in self.tensors.iter().enumerate() {
            let name = named(activation, &tensor.name)?;
            check_range(recording, name, tensor.values)?;
            let is_bound = tensor.is_bound(is_forward) && addend != Some(index);
            for (operand, buffer) in writable.iter().filter(|_| is_bound) {
                check_apart(name, tensor.values.buffer, operand, buffer)?;
            }
            let bytes = 4 * tensor.values.elements;
            // Values of elements are bound in parts, as the elements are.
            if bytes > limit && tensor.sharing != Sharing::Element {
                return Err(Error::BindingTooLarge { bytes, limit });
            }
        }
        Ok(())
    }

    /// Checks that the values of all elements fit into one binding, which sums over all of them need.
    fn check_whole(&self, device: &Device) -> Result<(), Error> {
        let limit = most_bytes(&device.traits.limits)?;
        let bytes = self.tensors.iter().map(|tensor| 4 * tensor.values.elements).max().unwrap_or(0);
        if bytes > limit { Err(Error::BindingTooLarge { bytes, limit }) } else { Ok(()) }
    }

    /// Whether a parameter has a value for each element.
    pub(crate) fn has_one_per_element(&self) -> bool {
        self.tensors.iter().any(|tensor| tensor.sharing == Sharing::Element)
    }

    /// Checks names, and lengths for an x of `elements`.
    pub(crate) fn check(&self, activation: &Activation, elements: u64) -> Result<(), Error> {
        let function = activation.name();
        if self.seed.is_some() && !matches!(activation, Activation::Rrelu { .. }) {
            return Err(Error::NotRandom { function });
        }
        for (index, Tensor { name, values, sharing }) in self.tensors.iter().enumerate() {
            let parameter = named(activation, name)?;
            if self.seed.is_some() {
                return Err(Error::NotWithSeed { function, parameter });
            }
            if self.tensors[..index].iter().any(|other| is_same_name(&other.name, name)) {
                return Err(Error::GivenTwice { function: function.to_owned(), parameter: parameter.to_owned() });
            }
            match sharing {
                Sharing::Channel(axis) if axis.length() as u64 != values.elements => {
                    let (axis, shape) = (axis.index(), axis.shape().to_vec());
                    return Err(Error::ChannelMismatch { parameter, values: values.elements, axis, shape });
                }
                Sharing::Channel(axis) => {
                    check_lengths("the shape", axis.elements() as u64, "x", elements)?;
                    if let Some(other) = self.channels().filter(|other| !other.has_channels_of(axis)) {
                        let (left, right) = (axis.shape().to_vec(), other.shape().to_vec());
                        let axes = (axis.index(), other.index());
                        return Err(Error::ChannelsDiffer { left, left_axis: axes.0, right, right_axis: axes.1 });
                    }
                }
                Sharing::Tensor => check_lengths(parameter, values.elements, "one value", 1)?,
                Sharing::Element => check_lengths(parameter, values.elements, "x", elements)?,
            }
        }
        Ok(())
    }

    /// The axis whose channels have their own values.
    pub(crate) fn channels(&self) -> Option<&Axis> {
        self.tensors.iter().find_map(|tensor| match &tensor.sharing {
            Sharing::Channel(axis) => Some(axis),
            Sharing::Tensor | Sharing::Element => None,
        })
    }

    /// The number of values of a parameter's gradient, for an x of `x` elements.
    pub(crate) fn gradient_len(&self, parameter: &str, x: usize) -> usize {
        match self.sharing(parameter) {
            None | Some(Sharing::Tensor) => 1,
            Some(Sharing::Channel(axis)) => axis.length(),
            Some(Sharing::Element) => x,
        }
    }

    fn sharing(&self, parameter: &str) -> Option<&Sharing> {
        self.tensors.iter().find(|tensor| is_same_name(&tensor.name, parameter)).map(|tensor| &tensor.sharing)
    }

    /// The form that kernels are composed for.
    pub(crate) fn form(&self, activation: &Activation, addend: Option<usize>) -> Result<ParameterForm, Error> {
        if self.seed.is_some() {
            return Ok(ParameterForm::Drawn);
        }
        if self.tensors.is_empty() {
            return Ok(ParameterForm::Constant);
        }
        let source = |(index, tensor): (usize, &Tensor<'_>)| {
            let (name, granularity) = (named(activation, &tensor.name)?, tensor.sharing.granularity());
            Ok(ParameterSource { name, granularity, under_result: addend == Some(index) })
        };
        let sources = self.tensors.iter().enumerate().map(source).collect::<Result<_, Error>>()?;
        Ok(ParameterForm::Buffers { sources, succession: self.succession() })
    }

    /// The cheapest form for vectors of four, which begin at multiples of four.
    fn succession(&self) -> Succession {
        match self.channels() {
            None => Succession::Same,
            Some(axis) if axis.inner().is_multiple_of(4) => Succession::Same,
            Some(axis) if axis.inner() == 1 && axis.length().is_multiple_of(4) => Succession::Neighbour,
            Some(_) => Succession::Any,
        }
    }

    /// The bindings of `elements` elements from the operands' element `first` on.
    pub(crate) fn bound(
        &self,
        is_forward: bool,
        addend: Option<usize>,
        first: u64,
        elements: u64,
    ) -> impl Iterator<Item = BoundRange<'a>> {
        let is_bound =
            move |(index, tensor): &(usize, &Tensor<'a>)| tensor.is_bound(is_forward) && addend != Some(*index);
        self.tensors.iter().enumerate().filter(is_bound).map(move |(index, tensor)| {
            let number = numbers::FIRST_PARAMETER + index as u32;
            let bytes = 4 * tensor.values.elements;
            match tensor.sharing {
                Sharing::Element => {
                    let start = 4 * first;
                    tensor.values.bound(number, Access::Read, start, (4 * elements).min(bytes - start))
                }
                _ => tensor.values.bound(number, Access::Read, 0, bytes),
            }
        })
    }

    /// The uniform of elementwise kernels for bindings that begin at the operands' element `first`.
    pub(crate) fn uniform(&self, activation: &Activation, first: u64, tail_elements: u32) -> Vec<u8> {
        let (channels, channel_length) = self.channel_lengths();
        let (length, count) = (u64::from(channel_length), u64::from(channels));
        let seed = self.seed.unwrap_or(0);
        let (first_channel, first_within) = match self.channels() {
            Some(_) => ((first / length % count) as u32, (first % length) as u32),
            None => (0, 0),
        };
        // Equal uniforms are one buffer, so the index is set only if it is needed.
        let element = if self.seed.is_some() { first } else { 0 };
        let uniform = ElementwiseUniform {
            tail_elements,
            first_element: element as u32,
            first_element_high: (element >> 32) as u32,
            channels,
            channel_length,
            first_channel,
            first_within,
            seed: [seed as u32, (seed >> 32) as u32],
            ..ElementwiseUniform::default()
        };
        with_parameters(uniform, &activation.values())
    }

    /// The number of channels, and the number of successive elements with the same channel. Without channels, all
    /// elements have one.
    fn channel_lengths(&self) -> (u32, u32) {
        let all = u32::MAX / 2;
        self.channels().map_or((1, all), |axis| (axis.length().max(1) as u32, axis.inner().max(1) as u32))
    }
}

impl Recording<'_, '_> {
    /// Records the gradient of a learnable or fused parameter: dy times the derivative of the result by it, summed over
    /// the elements that share a value. It has one f32 for each value of the parameter, or one if no buffer gives the
    /// parameter. Sums keep their rounding errors and have a fixed order: the same operands give the same bits.
    ///
    /// ```
    /// use gpu_activations::{Activation, ParameterBuffers};
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let slope = context.upload(&[0.25_f32])?;
    /// let parameters = ParameterBuffers::new().per_tensor("alpha", &slope);
    /// let (x, dy) = (context.upload(&[-1.0_f32, 2.0])?, context.upload(&[3.0_f32, 3.0])?);
    /// let gradient = context.allocate::<f32>(1)?;
    /// let prelu = Activation::Prelu { alpha: 0.25 };
    /// context.batch(|recording| recording.parameter_gradient(prelu, &parameters, "alpha", &x, &dy, &gradient))?;
    /// assert_eq!(context.download(&gradient)?, [-3.0]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// - Those of [`Recording::forward_with`];
    /// - [`Error::SharedBuffer`] if the gradient lies in the buffer of an operand;
    /// - [`Error::NotWithSeed`];
    /// - [`Error::BindingTooLarge`] if a sum over elements needs more values than a binding holds;
    /// - [`Error::TooManyElements`].
    pub fn parameter_gradient<'r, T: Element>(
        &mut self,
        function: impl Into<Function>,
        parameters: &ParameterBuffers<'r>,
        parameter: &str,
        x: impl Into<BufferRange<'r, T>>,
        dy: impl Into<BufferRange<'r, T>>,
        gradient: impl Into<BufferRange<'r, f32>>,
    ) -> Result<(), Error> {
        let (x, dy, gradient) = (x.into(), dy.into(), gradient.into());
        let activation = function.into().elementwise()?;
        activation.validate()?;
        parameters.check(&activation, x.elements)?;
        let parameter = named(&activation, parameter)?;
        if parameters.seed.is_some() {
            return Err(Error::NotWithSeed { function: activation.name(), parameter });
        }
        let elements = usize::try_from(x.elements).unwrap_or(usize::MAX);
        let expected = parameters.gradient_len(parameter, elements) as u64;
        check_lengths("dy", dy.elements, "x", x.elements)?;
        check_lengths("the gradient", gradient.elements, parameter, expected)?;
        check_range(self, "x", x)?;
        check_range(self, "dy", dy)?;
        check_range(self, "the gradient", gradient)?;
        check_apart("x", x.buffer, "the gradient", gradient.buffer)?;
        check_apart("dy", dy.buffer, "the gradient", gradient.buffer)?;
        parameters.check_buffers(self, &activation, false, None, &[("the gradient", gradient.buffer)])?;
        Axis::new(&[elements], 0)?;
        if gradient.elements == 0 {
            return Ok(());
        }
        let operands = GradientOperands { activation, parameters, parameter, x, dy, gradient };
        if parameters.sharing(parameter) == Some(&Sharing::Element) {
            let dispatches = operands.each(self)?;
            self.run(&dispatches);
            return Ok(());
        }
        parameters.check_whole(self.device)?;
        let prepared = self.device.checked(|| operands.sums(self))?;
        self.run(&prepared.dispatches);
        self.scratch.extend(prepared.scratch);
        Ok(())
    }
}

/// The checked operands of a parameter's gradient.
struct GradientOperands<'a, T: Element> {
    activation: Activation,
    parameters: &'a ParameterBuffers<'a>,
    parameter: &'static str,
    x: BufferRange<'a, T>,
    dy: BufferRange<'a, T>,
    gradient: BufferRange<'a, f32>,
}

impl<T: Element> GradientOperands<'_, T> {
    /// The gradients of a parameter with a value for each element.
    fn each(&self, recording: &Recording<'_, '_>) -> Result<Vec<Dispatch>, Error> {
        let kernel = Kernel::Gradient(GradientKernel {
            definition: self.activation.definition(),
            parameter: self.parameter,
            storage: T::STORAGE,
            parameters: self.parameters.form(&self.activation, None)?,
        });
        // Whole 256 bytes of any type.
        let most = most_bytes(&recording.device.traits.limits)? / 4 / 128 * 128;
        let mut dispatches = Vec::new();
        let mut first = 0;
        while first < self.x.elements {
            let elements = most.min(self.x.elements - first);
            let mut bindings = vec![
                span(self.x, numbers::X, Access::Read, first, elements).0,
                span(self.dy, numbers::DY, Access::Read, first, elements).0,
                span(self.gradient, numbers::RESULT, Access::Write, first, elements).0,
            ];
            bindings.extend(self.parameters.bound(false, None, first, elements));
            dispatches.push(recording.dispatch(Command {
                label: self.activation.name(),
                kernel: kernel.clone(),
                entry_point: "gradient",
                bindings,
                uniform: self.parameters.uniform(&self.activation, first, elements as u32),
                workgroups: elements.div_ceil(64),
            })?);
            first += elements;
        }
        Ok(dispatches)
    }

    /// The gradients of a parameter whose values are shared.
    fn sums(&self, recording: &Recording<'_, '_>) -> Result<Prepared, Error> {
        let sums = self.gradient.elements;
        let SumShape { outer, length, inner } = SumShape::of(self.parameters.channels(), self.x.elements, sums);
        let (channels, channel_length) = self.parameters.channel_lengths();
        let statistics = RowStatistics::Gradient {
            definition: self.activation.definition(),
            parameter: self.parameter,
            parameters: self.parameters.form(&self.activation, None)?,
        };
        let uniform = RowwiseUniform {
            channels,
            channel_length: if inner == 1 { 1 } else { channel_length },
            ..RowwiseUniform::default()
        };
        let operands = RowwiseOperands {
            x: self.x,
            dy: Some(self.dy),
            v: None,
            mask: None,
            reduced_dy: false,
            aliasing: Aliasing::Separate,
            parameters: self.parameters.bound(false, None, 0, self.x.elements).collect(),
            first_element: 0,
        };
        let (element_bytes, statistics_bytes) = (size_of::<T>() as u64, statistics.bytes());
        let rows = Rows { outer, length, inner, element_bytes, rounds: 1, statistics_bytes };
        let values = self.activation.values();
        Rowwise::new(recording, self.activation.name(), rows, statistics, operands, (uniform, values))?
            .summed(sums, self.gradient)
    }
}

/// Whether two names are of one parameter, as [`Activation::with`] finds it.
fn is_same_name(a: &str, b: &str) -> bool {
    a == b || normalized(a) == normalized(b)
}

/// Returns the name of a parameter that may come from a buffer.
fn named(activation: &Activation, name: &str) -> Result<&'static str, Error> {
    let function = activation.name();
    if let Some(fused) = FUSED.into_iter().find(|fused| is_same_name(fused, name)) {
        return Ok(fused);
    }
    match activation.parameters().iter().find(|known| is_same_name(known.name, name)) {
        Some(known) if known.learnable => Ok(known.name),
        Some(known) => {
            let learnable = activation.parameters().iter().filter(|known| known.learnable).map(|known| known.name);
            Err(Error::NotLearnable { function, parameter: known.name, learnable: learnable.collect() })
        }
        None => {
            let known = activation.parameters().iter().map(|known| known.name).chain(FUSED).collect();
            Err(Error::UnknownParameter { function, parameter: name.to_owned(), known, advice: "" })
        }
    }
}

/// An array's shape for sums by channel: rows along the last axes if those are long, else along the first ones.
struct SumShape {
    outer: u64,
    length: u64,
    inner: u64,
}

impl SumShape {
    /// Without elements, the shape has `sums` empty rows.
    fn of(channels: Option<&Axis>, elements: u64, sums: u64) -> SumShape {
        match channels {
            _ if elements == 0 => SumShape { outer: sums, length: 0, inner: 1 },
            Some(axis) => {
                let (outer, channels, inner) = (axis.outer() as u64, axis.length() as u64, axis.inner() as u64);
                if inner >= 256 || outer == 1 && inner > 1 {
                    SumShape { outer: outer * channels, length: inner, inner: 1 }
                } else {
                    SumShape { outer: 1, length: outer, inner: channels * inner }
                }
            }
            None => SumShape { outer: 1, length: elements, inner: 1 },
        }
    }
}
