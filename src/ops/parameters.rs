//! Parameters that lie in buffers, or are drawn, instead of being one number of the activation.

use crate::catalog::normalized;
use crate::device::Shared;
use crate::device::pipeline::{Access, Bound, Dispatch};
use crate::ops::rowwise::{Reduction, Values, span};
use crate::ops::{check_apart, check_range, most_bytes};
use crate::shader::{Binding, Part, activation_parts, part};
use crate::{Activation, Axis, BufferRange, Element, Error, GpuActivations, GpuBuffer, Parameter, Recording};
use std::borrow::Cow;
use std::fmt::Write as _;

/// Where the parameters of an activation come from, where not from its own values.
///
/// A learnable parameter may be one value, one for each channel of an axis, or one for each element, in f32 whatever
/// the type of x. The values on the device cannot be checked against the parameter's range.
///
/// Every activation has three more, which are not among [`Activation::parameters`] and are fused into its kernel, so
/// that they cost no pass over memory of their own: `y = output_factor·activation(x + input_bias) + output_addend`,
/// where those that are not given are left out. The sum `x + input_bias` is rounded to f32. Backward is by x:
/// `dx = dy·output_factor·derivative(x + input_bias)`; their own gradients are those of
/// [`Recording::parameter_gradient`].
///
/// ```
/// use gpu_activations::{Activation, Axis, GpuActivations, Parameters};
///
/// let context = GpuActivations::new()?;
/// let x = context.upload(&[1.0_f32, 2.0, -3.0, 4.0, -5.0, -6.0])?;
/// let bias = context.upload(&[0.5_f32, 0.0, 1.0])?;
/// let up = context.upload(&[2.0_f32; 6])?;
/// let columns = Axis::last(&[2, 3])?;
/// let parameters = Parameters::new().per_channel("input_bias", &bias, &columns).per_element("output_factor", &up);
/// let y = context.forward_with(Activation::Relu {}, &parameters, &x)?;
/// assert_eq!(context.download(&y)?, [3.0, 4.0, 0.0, 9.0, 0.0, 0.0]);
/// let gradient = context.parameter_gradient(Activation::Relu {}, &parameters, "input_bias", &x, &x)?;
/// assert_eq!(context.download(&gradient)?, [10.0, 4.0, 0.0]);
/// # Ok::<(), gpu_activations::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Parameters<'a> {
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
    fn is_read_backward(&self) -> bool {
        self.name != "output_addend"
    }
}

/// Who has a value of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sharing {
    One,
    Channel(Axis),
    Element,
}

impl<'a> Parameters<'a> {
    /// The activation's own values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a parameter from a buffer of one element.
    pub fn one(self, name: impl Into<Cow<'a, str>>, value: impl Into<BufferRange<'a, f32>>) -> Self {
        self.tensor(name.into(), value.into(), Sharing::One)
    }

    /// Takes a parameter from a buffer of as many elements as the axis of x is long.
    pub fn per_channel(
        self,
        name: impl Into<Cow<'a, str>>,
        values: impl Into<BufferRange<'a, f32>>,
        axis: &Axis,
    ) -> Self {
        self.tensor(name.into(), values.into(), Sharing::Channel(axis.clone()))
    }

    /// Takes a parameter from a buffer of as many elements as x.
    pub fn per_element(self, name: impl Into<Cow<'a, str>>, values: impl Into<BufferRange<'a, f32>>) -> Self {
        self.tensor(name.into(), values.into(), Sharing::Element)
    }

    /// Draws rrelu's slope for each element, as in training: uniform in [lower, upper), from Philox4x32-10 with the
    /// seed as key and the element's index as counter. The same seed gives the same slopes, backward too.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    fn tensor(mut self, name: Cow<'a, str>, values: BufferRange<'a, f32>, sharing: Sharing) -> Self {
        self.tensors.push(Tensor { name: canonical(name), values, sharing });
        self
    }

    /// Checks the buffers that values come from, those of `writable` being bound for writing meanwhile.
    pub(crate) fn check_buffers(
        &self,
        recording: &Recording<'_, '_>,
        activation: &Activation,
        forward: bool,
        writable: &[(&'static str, &wgpu::Buffer)],
    ) -> Result<(), Error> {
        for tensor in &self.tensors {
            let name = named(activation, &tensor.name)?;
            check_range(recording, name, tensor.values)?;
            for (operand, buffer) in writable.iter().filter(|_| forward || tensor.is_read_backward()) {
                check_apart(name, tensor.values.buffer, operand, buffer)?;
            }
            let (bytes, limit) = (4 * tensor.values.elements, recording.shared.limits.max_storage_buffer_binding_size);
            // Values of elements are bound in pieces, as the elements are.
            if bytes > limit && tensor.sharing != Sharing::Element {
                return Err(Error::TooLarge { bytes, limit });
            }
        }
        Ok(())
    }

    /// Checks that the values of all elements fit into one binding, as sums over all of them need it.
    fn check_whole(&self, shared: &Shared) -> Result<(), Error> {
        let limit = most_bytes(&shared.limits)?;
        let bytes = self.tensors.iter().map(|tensor| 4 * tensor.values.elements).max().unwrap_or(0);
        if bytes > limit { Err(Error::TooLarge { bytes, limit }) } else { Ok(()) }
    }

    /// Whether a piece of the operands may take this many bytes of a parameter for each of its elements.
    pub(crate) fn has_one_per_element(&self) -> bool {
        self.tensors.iter().any(|tensor| tensor.sharing == Sharing::Element)
    }

    /// Checks names, and lengths against those of an x of `elements`.
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
            if self.tensors[..index].iter().any(|other| other.name == *name) {
                return Err(Error::GivenTwice { function, parameter });
            }
            match sharing {
                Sharing::Channel(axis) if axis.length() as u64 != values.elements => {
                    let (axis, shape) = (axis.index(), axis.shape().to_vec());
                    return Err(Error::ChannelMismatch { parameter, values: values.elements, axis, shape });
                }
                Sharing::Channel(axis) => {
                    if axis.elements() as u64 != elements {
                        return Err(Error::LengthMismatch {
                            left: "the shape",
                            left_length: axis.elements() as u64,
                            right: "x",
                            right_length: elements,
                        });
                    }
                    if let Some(other) = self.channels().filter(|other| *other != axis) {
                        let (left, right) = (axis.shape().to_vec(), other.shape().to_vec());
                        let axes = (axis.index(), other.index());
                        return Err(Error::ChannelsDiffer { left, left_axis: axes.0, right, right_axis: axes.1 });
                    }
                }
                Sharing::One | Sharing::Element => {
                    let needed = if *sharing == Sharing::One { 1 } else { elements };
                    if values.elements != needed {
                        return Err(Error::LengthMismatch {
                            left: parameter,
                            left_length: values.elements,
                            right: if *sharing == Sharing::One { "one value" } else { "x" },
                            right_length: needed,
                        });
                    }
                }
            }
        }
        Ok(())
    }

    /// The axis whose channels have values of their own.
    pub(crate) fn channels(&self) -> Option<&Axis> {
        self.tensors.iter().find_map(|tensor| match &tensor.sharing {
            Sharing::Channel(axis) => Some(axis),
            Sharing::One | Sharing::Element => None,
        })
    }

    /// Who shares a value of this parameter.
    pub(crate) fn sharing(&self, parameter: &str) -> Sharing {
        let wanted = canonical(parameter.into());
        let found = self.tensors.iter().find(|tensor| tensor.name == wanted);
        found.map_or(Sharing::One, |tensor| tensor.sharing.clone())
    }

    /// The value of a parameter at a `Site`, where it comes from a buffer.
    fn value_at(&self, name: &str) -> Option<String> {
        let tensor = self.tensors.iter().find(|tensor| tensor.name == name)?;
        let at = match tensor.sharing {
            Sharing::One => "0u".to_owned(),
            Sharing::Channel(_) => "site.channel".to_owned(),
            // An invocation's last vector may go on beyond x.
            Sharing::Element => format!("min(site.element, arrayLength(&{name}_values) - 1u)"),
        };
        Some(format!("{name}_values[{at}]"))
    }

    /// What depends on a `Site`: `parameters_at`, from buffers where there are any, and what is fused before and after
    /// the activation.
    pub(crate) fn accessors(&self, activation: &Activation) -> [Part; 2] {
        let mut text = String::new();
        for (index, Tensor { name, .. }) in self.tensors.iter().enumerate() {
            let number = FIRST_BINDING + index as u32;
            // Writing to a String cannot fail.
            let _ = writeln!(text, "@group(0) @binding({number}) var<storage, read> {name}_values: array<f32>;");
        }
        let field = |parameter: &Parameter| {
            let name = parameter.name;
            self.value_at(name).unwrap_or_else(|| format!("call.params.{name}"))
        };
        let fields: Vec<String> = activation.parameters().iter().map(field).collect();
        let input = self.value_at("input_bias").map_or("x".to_owned(), |bias| format!("biased(x, {bias})"));
        let factor = self.value_at("output_factor");
        let scaled = factor.as_ref().map_or("value".to_owned(), |factor| format!("value * {factor}"));
        let gradient = match &factor {
            None => "dy * slope".to_owned(),
            Some(factor) => format!("product_of_three(dy, slope, {factor})"),
        };
        let output = self.value_at("output_addend").map_or(scaled.clone(), |addend| format!("{scaled} + {addend}"));
        let functions = [
            ("parameters_at(site: Site) -> Params", format!("Params({})", fields.join(", "))),
            ("input_at(x: f32, site: Site) -> f32", input),
            ("gradient_at(dy: f32, slope: f32, site: Site) -> f32", gradient),
            ("output_at(value: f32, site: Site) -> f32", output),
        ];
        for (head, result) in functions {
            let _ = write!(text, "\nfn {head} {{\n    return {result};\n}}\n");
        }
        [part!("parameters/biased.wgsl"), Part { file: "(parameters of the call)", text: Cow::Owned(text) }]
    }

    /// The parts that give an elementwise kernel its parameters.
    pub(crate) fn parts(&self, activation: &Activation) -> Vec<Part> {
        if self.seed.is_some() {
            vec![part!("random.wgsl"), part!("parameters/drawn.wgsl")]
        } else if self.tensors.is_empty() {
            vec![part!("parameters/constant.wgsl")]
        } else {
            let mut parts = vec![part!("parameters/buffers.wgsl"), self.succession()];
            parts.extend(self.accessors(activation));
            parts
        }
    }

    /// `next` of a `Site`, in the cheapest form for vectors of four, which begin at multiples of four.
    fn succession(&self) -> Part {
        match self.channels() {
            None => part!("parameters/channel_of_all.wgsl"),
            Some(axis) if axis.inner().is_multiple_of(4) => part!("parameters/channel_of_all.wgsl"),
            Some(axis) if axis.inner() == 1 && axis.length().is_multiple_of(4) => {
                part!("parameters/channel_of_neighbour.wgsl")
            }
            Some(_) => part!("parameters/channel_of_any.wgsl"),
        }
    }

    /// The bindings for `elements` from the element `first` of the operands on.
    pub(crate) fn bound(&self, forward: bool, first: u64, elements: u64) -> impl Iterator<Item = Bound<'a>> {
        let used = move |(_, tensor): &(usize, &Tensor<'a>)| forward || tensor.is_read_backward();
        self.tensors.iter().enumerate().filter(used).map(move |(index, tensor)| {
            let number = FIRST_BINDING + index as u32;
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

    /// The words of the elementwise kernels' `Call` for bindings that begin at the element `first` of the operands.
    pub(crate) fn call(&self, activation: &Activation, first: u64, tail_elements: u32) -> Vec<u32> {
        let (channels, channel_length) = self.channel_lengths();
        let (length, count) = (u64::from(channel_length), u64::from(channels));
        let seed = self.seed.unwrap_or(0);
        let place = match self.channels() {
            Some(_) => [(first / length % count) as u32, (first % length) as u32],
            None => [0, 0],
        };
        let number = if self.seed.is_some() { first } else { 0 };
        let mut words = vec![tail_elements, number as u32, (number >> 32) as u32];
        words.extend([channels, channel_length]);
        words.extend(place);
        words.extend([0, seed as u32, (seed >> 32) as u32, 0, 0]);
        words.extend(activation.values().iter().map(|value| value.to_bits()));
        words.resize(words.len().max(16), 0);
        words
    }

    /// How many channels there are, and how many elements in succession have the same; without channels as if one had all.
    pub(crate) fn channel_lengths(&self) -> (u32, u32) {
        let all = u32::MAX / 2;
        self.channels().map_or((1, all), |axis| (axis.length().max(1) as u32, axis.inner().max(1) as u32))
    }
}

impl Recording<'_, '_> {
    /// Records the gradient of a learnable parameter, or of one that is fused: dy times the derivative of the result by it,
    /// summed over the elements that share a value of it. It has as many f32 as the parameter has values, one where it
    /// comes from no buffer. Sums carry their rounding errors along, and their order is fixed: the same operands give the
    /// same bits.
    ///
    /// # Errors
    /// As [`Recording::forward_with`]; [`Error::SharedBuffer`] where the gradient lies in the buffer of an operand;
    /// [`Error::NotWithSeed`]; [`Error::TooLarge`] where a sum over elements needs more values than a binding holds;
    /// [`Error::TooManyElements`].
    pub fn parameter_gradient<'r, T: Element>(
        &mut self,
        activation: Activation,
        parameters: &Parameters<'r>,
        parameter: &str,
        x: impl Into<BufferRange<'r, T>>,
        dy: impl Into<BufferRange<'r, T>>,
        gradient: impl Into<BufferRange<'r, f32>>,
    ) -> Result<(), Error> {
        let (x, dy, gradient) = (x.into(), dy.into(), gradient.into());
        activation.validate()?;
        parameters.check(&activation, x.elements)?;
        let parameter = named(&activation, parameter)?;
        if parameters.seed.is_some() {
            return Err(Error::NotWithSeed { function: activation.name(), parameter });
        }
        let sharing = parameters.sharing(parameter);
        let expected = match &sharing {
            Sharing::One => 1,
            Sharing::Channel(axis) => axis.length() as u64,
            Sharing::Element => x.elements,
        };
        for (left, left_length, right, right_length) in
            [("dy", dy.elements, "x", x.elements), ("the gradient", gradient.elements, parameter, expected)]
        {
            if left_length != right_length {
                return Err(Error::LengthMismatch { left, left_length, right, right_length });
            }
        }
        check_range(self, "x", x)?;
        check_range(self, "dy", dy)?;
        check_range(self, "the gradient", gradient)?;
        check_apart("x", x.buffer, "the gradient", gradient.buffer)?;
        check_apart("dy", dy.buffer, "the gradient", gradient.buffer)?;
        parameters.check_buffers(self, &activation, false, &[("the gradient", gradient.buffer)])?;
        let elements = usize::try_from(x.elements).unwrap_or(usize::MAX);
        Axis::new(&[elements], 0)?;
        if gradient.elements == 0 {
            return Ok(());
        }
        let term = term(parameters, parameter);
        if sharing == Sharing::Element {
            let each = || each(self.shared, &activation, parameters, term, x, dy, gradient);
            let dispatches = self.shared.checked(each)?;
            self.run(&dispatches);
            return Ok(());
        }
        parameters.check_whole(self.shared)?;
        let shape = Shape::of(parameters.channels(), elements as u64, expected);
        let mut statistics = activation_parts(&activation);
        statistics.push(term);
        statistics.extend([part!("rowwise/directions/backward.wgsl"), part!("parameters/gradient_statistics.wgsl")]);
        statistics.extend(parameters.accessors(&activation));
        let (all_channels, channel_length) = parameters.channel_lengths();
        let reduction = Reduction {
            shared: self.shared,
            label: activation.name(),
            strategy: self.strategy,
            outer: shape.outer,
            length: shape.length,
            inner: shape.inner,
            x,
            dy: Some(dy),
            reduced_dy: false,
            mask: None,
            binding: Binding::Separate,
            statistics,
            shuffled: part!("parameters/gradient_shuffled.wgsl"),
            rounds: 1,
            statistics_bytes: 8,
            values: Values {
                channels: all_channels,
                channel_length: if shape.inner == 1 { 1 } else { channel_length },
                params: activation.values(),
                ..Values::default()
            },
            bound: parameters.bound(false, 0, x.elements).collect(),
            first_element: 0,
        };
        let prepared = self.shared.checked(|| reduction.summed(expected, gradient))?;
        self.run(&prepared.dispatches);
        self.scratch.extend(prepared.scratch);
        Ok(())
    }
}

/// What every activation has besides its own parameters.
const FUSED: [&str; 3] = ["input_bias", "output_factor", "output_addend"];

/// A name as the parameter's own activation spells it, found as [`Activation::with`] finds it; an unknown one as it is.
fn canonical(name: Cow<'_, str>) -> Cow<'_, str> {
    let known = || Activation::ALL.iter().flat_map(Activation::parameters).map(|known| known.name).chain(FUSED);
    if known().any(|known| known == name) {
        return name;
    }
    let wanted = normalized(&name);
    known().find(|known| normalized(known) == wanted).map_or(name, Cow::Borrowed)
}

/// The name of a parameter that may come from a buffer.
fn named(activation: &Activation, name: &str) -> Result<&'static str, Error> {
    let function = activation.name();
    let canonical = canonical(name.into());
    if let Some(fused) = FUSED.into_iter().find(|fused| *fused == canonical) {
        return Ok(fused);
    }
    match activation.parameters().iter().find(|known| known.name == canonical) {
        Some(known) if known.learnable => Ok(known.name),
        Some(known) => Err(Error::NotLearnable { function, parameter: known.name }),
        None => {
            let known = activation.parameters().iter().map(|known| known.name).chain(FUSED).collect();
            Err(Error::UnknownParameter { function, parameter: name.to_owned(), known })
        }
    }
}

/// `term`, dy times the derivative of an element's result by a parameter, with its rounding error.
fn term(parameters: &Parameters<'_>, parameter: &str) -> Part {
    let derivative = match parameter {
        "input_bias" => "let value = derivative(z, params);\n    let k = 0;".to_owned(),
        "output_factor" => "let value = activation(z, params);\n    let k = 0;".to_owned(),
        "output_addend" => "let value = 1.0;\n    let k = 0;".to_owned(),
        own => format!(
            "let gradient = parameter_gradient(z, params);\n    let value = gradient.by.{own};\n    let k = gradient.k;"
        ),
    };
    let is_of_output = ["output_factor", "output_addend"].contains(&parameter);
    let product = match parameters.value_at("output_factor").filter(|_| !is_of_output) {
        Some(factor) => format!("product_of_three_scaled(dy, value, {factor}, k)"),
        None => "product_scaled(dy, value, k)".to_owned(),
    };
    let text = format!(
        "fn term(dy: f32, x: f32, site: Site) -> vec2<f32> {{\n    let z = input_at(x, site);\n    \
         let params = parameters_at(site);\n    {derivative}\n    let product = {product};\n    \
         return vec2<f32>(not_a_number_unless(!is_nan(z) && !is_nan(dy), product.x), product.y);\n}}\n"
    );
    Part { file: "(parameter of the call)", text: Cow::Owned(text) }
}

/// The gradients of a parameter of which each element has a value.
fn each<T: Element>(
    shared: &Shared,
    activation: &Activation,
    parameters: &Parameters<'_>,
    term: Part,
    x: BufferRange<'_, T>,
    dy: BufferRange<'_, T>,
    gradient: BufferRange<'_, f32>,
) -> Result<Vec<Dispatch>, Error> {
    let mut parts = activation_parts(activation);
    parts.extend([part!("math.wgsl"), term, T::STORAGE.part(), part!("elementwise/uniform.wgsl")]);
    parts.extend(parameters.parts(activation));
    parts.extend([
        Binding::Separate.part(),
        part!("memory/elements.wgsl"),
        part!("parameters/gradient_per_element.wgsl"),
    ]);
    // Whole 256 bytes of any type.
    let most = most_bytes(&shared.limits)? / 4 / 128 * 128;
    let mut dispatches = Vec::new();
    let mut first = 0;
    while first < x.elements {
        let elements = most.min(x.elements - first);
        let mut bound = vec![
            span(x, 0, Access::Read, first, elements).0,
            span(dy, 1, Access::Read, first, elements).0,
            span(gradient, 2, Access::Write, first, elements).0,
        ];
        bound.extend(parameters.bound(false, first, elements));
        let call = parameters.call(activation, first, elements as u32);
        let workgroups = elements.div_ceil(64);
        dispatches.push(shared.dispatch(activation.name(), &parts, "gradient", &bound, call, workgroups)?);
        first += elements;
    }
    Ok(dispatches)
}

/// How an array is seen for sums by channel: rows along the last axes where those are long, else along the first ones.
struct Shape {
    outer: u64,
    length: u64,
    inner: u64,
}

impl Shape {
    /// Of nothing, there are `sums` empty rows.
    fn of(channels: Option<&Axis>, elements: u64, sums: u64) -> Shape {
        match channels {
            _ if elements == 0 => Shape { outer: sums, length: 0, inner: 1 },
            Some(axis) => {
                let (outer, channels, inner) = (axis.outer() as u64, axis.length() as u64, axis.inner() as u64);
                if inner >= 256 || outer == 1 && inner > 1 {
                    Shape { outer: outer * channels, length: inner, inner: 1 }
                } else {
                    Shape { outer: 1, length: outer, inner: channels * inner }
                }
            }
            None => Shape { outer: 1, length: elements, inner: 1 },
        }
    }
}

/// The bindings of parameters begin after those of the kernels.
const FIRST_BINDING: u32 = 8;

impl GpuActivations {
    /// `activation(x)` in a new buffer, parameters coming from buffers or being drawn.
    ///
    /// # Errors
    /// As [`Recording::forward_with`].
    pub fn forward_with<T: Element>(
        &self,
        activation: Activation,
        parameters: &Parameters<'_>,
        x: &GpuBuffer<T>,
    ) -> Result<GpuBuffer<T>, Error> {
        let y = self.allocate(x.len())?;
        self.batch(|recording| recording.forward_with(activation, parameters, x.operand(), y.operand()))?;
        Ok(y)
    }

    /// `dy * derivative(x)` in a new buffer, parameters coming from buffers or being drawn.
    ///
    /// # Errors
    /// As [`Recording::forward_with`].
    pub fn backward_with<T: Element>(
        &self,
        activation: Activation,
        parameters: &Parameters<'_>,
        x: &GpuBuffer<T>,
        dy: &GpuBuffer<T>,
    ) -> Result<GpuBuffer<T>, Error> {
        let dx = self.allocate(x.len())?;
        self.batch(|recording| {
            recording.backward_with(activation, parameters, x.operand(), dy.operand(), dx.operand())
        })?;
        Ok(dx)
    }

    /// The gradient of a learnable parameter in a new buffer.
    ///
    /// # Errors
    /// As [`Recording::parameter_gradient`].
    pub fn parameter_gradient<T: Element>(
        &self,
        activation: Activation,
        parameters: &Parameters<'_>,
        parameter: &str,
        x: &GpuBuffer<T>,
        dy: &GpuBuffer<T>,
    ) -> Result<GpuBuffer<f32>, Error> {
        let len = match parameters.sharing(parameter) {
            Sharing::One => 1,
            Sharing::Channel(axis) => axis.length(),
            Sharing::Element => x.len(),
        };
        let gradient = self.allocate(len)?;
        self.batch(|recording| {
            let (x, dy, gradient) = (x.operand(), dy.operand(), gradient.operand());
            recording.parameter_gradient(activation, parameters, parameter, x, dy, gradient)
        })?;
        Ok(gradient)
    }
}
