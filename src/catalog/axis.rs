//! Functions along one axis of an array: which there are, and what shapes they take.

use crate::{Activation, Error};
use std::fmt;
use std::str::FromStr;

/// The shape of an array in C order, and one of its axes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Axis {
    shape: Vec<usize>,
    index: usize,
}

impl Axis {
    /// An axis of an array of this shape, counted from the end if negative.
    ///
    /// # Errors
    /// [`Error::AxisOutOfRange`]; [`Error::TooManyElements`] from 2³¹ elements on.
    pub fn new(shape: &[usize], axis: isize) -> Result<Axis, Error> {
        let from_end = if axis < 0 { shape.len() as isize } else { 0 };
        let index = usize::try_from(axis.saturating_add(from_end)).ok().filter(|&index| index < shape.len());
        let index = index.ok_or_else(|| Error::AxisOutOfRange { axis, shape: shape.to_vec() })?;
        // As in numpy, a length of 0 does not excuse the others.
        let most = shape.iter().try_fold(1, |product: usize, &length| product.checked_mul(length.max(1)));
        if most.is_none_or(|most| most > Self::MOST_ELEMENTS) {
            return Err(Error::TooManyElements { shape: shape.to_vec(), limit: Self::MOST_ELEMENTS });
        }
        Ok(Axis { shape: shape.to_vec(), index })
    }

    /// The last axis of an array of this shape.
    ///
    /// # Errors
    /// As [`Axis::new`].
    pub fn last(shape: &[usize]) -> Result<Axis, Error> {
        Axis::new(shape, -1)
    }

    /// Shaders count elements in 32 bits, with room for a workgroup beyond the last.
    const MOST_ELEMENTS: usize = i32::MAX as usize;

    /// The shape.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The axis, counted from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The number of elements along the axis.
    pub fn length(&self) -> usize {
        self.shape[self.index]
    }

    /// The number of elements.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// The product of the lengths before the axis.
    pub(crate) fn outer(&self) -> usize {
        self.shape[..self.index].iter().product()
    }

    /// The product of the lengths after the axis.
    pub(crate) fn inner(&self) -> usize {
        self.shape[self.index + 1..].iter().product()
    }

    /// The shape with another length along the axis.
    fn with_length(&self, length: usize) -> Vec<usize> {
        let mut shape = self.shape.clone();
        shape[self.index] = length;
        shape
    }
}

/// Which half of a gated unit's axis goes through the activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gate {
    /// The second, as in `torch.nn.functional.glu`.
    Second,
    /// The first, as in Llama's gate-then-up projections.
    First,
}

/// How the two halves of a gated unit lie along the axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layout {
    /// One after the other.
    Halves,
    /// Entry by entry in turn.
    Interleaved,
}

/// A function along one axis of an array. Rows are the entries that differ in their place along the axis alone.
///
/// NaN in x or dy gives NaN in every result that depends on it: of the softmax family, where no mask leaves it out, in its
/// whole row. An entry of dy has no part in a gradient behind a mask, off the support of sparsemax, beside the maximum of
/// maxout, or of hardmax. An infinite dy gives infinities or NaN.
///
/// A gradient is the finite number wherever the sum of its terms' magnitudes, written as in the formula, is an f32.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum AxisFunction {
    /// The shares e^(x/T) of their sum (Bridle 1990); takes a mask. A row of nothing but −∞, or masked out altogether,
    /// gives zeros, where PyTorch and JAX give NaN; +∞ gives NaN, as there.
    ///
    /// Forward: `y = exp((x − m)/T)/Σ exp((x − m)/T)`, m the row's maximum. Backward: `y·(dy − Σ y·dy)/T`.
    #[cfg_attr(doc, doc = concat!("\n\n", include_str!("../../pictures/softmax.svg")))]
    Softmax {
        /// T, finite and above 0.
        temperature: f32,
    },
    /// The logarithm of softmax; takes a mask. Masked entries, and rows of nothing but −∞, give −∞.
    ///
    /// Forward: `(x − m)/T − ln Σ exp((x − m)/T)`. Backward: `(dy − exp(y)·Σ dy)/T`.
    #[cfg_attr(doc, doc = concat!("\n\n", include_str!("../../pictures/log_softmax.svg")))]
    LogSoftmax {
        /// T, finite and above 0.
        temperature: f32,
    },
    /// Softmax of −x; takes a mask.
    #[cfg_attr(doc, doc = concat!("\n\n", include_str!("../../pictures/softmin.svg")))]
    Softmin {
        /// T, finite and above 0.
        temperature: f32,
    },
    /// Softmax with one more entry of 0, which takes what the others leave (Miller 2023, "softmax1").
    ///
    /// Forward: `exp(x − m)/(exp(−m) + Σ exp(x − m))`, m = max(0, max x). Backward: `y·(dy − Σ y·dy)`.
    #[cfg_attr(doc, doc = concat!("\n\n", include_str!("../../pictures/quiet_softmax.svg")))]
    QuietSoftmax {},
    /// 1 at the first maximum, of a row of nothing but −∞ its first entry; 0 elsewhere, as in ONNX. The gradient is 0.
    #[cfg_attr(doc, doc = concat!("\n\n", include_str!("../../pictures/hardmax.svg")))]
    Hardmax {},
    /// The Euclidean projection onto the simplex (Martins & Astudillo 2016); +∞ gives NaN.
    ///
    /// Forward: `max(x − τ, 0)`, τ such that the row sums to 1. Backward: dy less its mean over the support, there.
    #[cfg_attr(doc, doc = concat!("\n\n", include_str!("../../pictures/sparsemax.svg")))]
    Sparsemax {},
    /// Softmax of x plus noise, a differentiable sample of the categorical distribution (Jang, Gu & Poole 2017).
    ///
    /// Forward: `softmax((x + G)/τ)`, G = −ln(−ln U), U from Philox4x32-10 with the seed as key and the element's
    /// index as counter, the same on every adapter. Backward: softmax's of the soft sample, also where the sample is hard.
    #[cfg_attr(doc, doc = concat!("\n\n", include_str!("../../pictures/gumbel_softmax.svg")))]
    GumbelSoftmax {
        /// τ, finite and above 0.
        tau: f32,
        /// Whether the largest entry is given as 1 and the others as 0.
        hard: bool,
        /// Which noise.
        seed: u64,
    },
    /// `ln Σ exp(x)`; the axis becomes 1 long. +∞ gives +∞, and no entries at all give −∞.
    ///
    /// Backward: `exp(x − y)·dy`.
    #[cfg_attr(doc, doc = concat!("\n\n", include_str!("../../pictures/logsumexp.svg")))]
    LogSumExp {},
    /// `ln(Σ exp(x)/n)` of the n entries of a row; the axis becomes 1 long. No entries at all give NaN, the logarithm of 0/0.
    ///
    /// Backward: `exp(x − y)·dy/n`.
    #[cfg_attr(doc, doc = concat!("\n\n", include_str!("../../pictures/logmeanexp.svg")))]
    LogMeanExp {},
    /// `value·activation(gate)`, the two being halves of the axis (Dauphin et al. 2017; Shazeer 2020). Named `glu` with
    /// sigmoid, `swiglu` with silu, `geglu` with gelu, `reglu` with relu, `bilinear` with identity, else `gated`.
    #[cfg_attr(doc, doc = concat!("\n\n", include_str!("../../pictures/swiglu.svg")))]
    Gated {
        /// What the gate goes through.
        activation: Activation,
        /// Which half is the gate.
        gate: Gate,
        /// How the halves lie.
        layout: Layout,
    },
    /// The maximum of each group of `pieces` successive entries (Goodfellow et al. 2013). The gradient goes to the
    /// first maximum.
    #[cfg_attr(doc, doc = concat!("\n\n", include_str!("../../pictures/maxout.svg")))]
    Maxout {
        /// Entries of a group, from 1 to 65 535, which is as far as llvmpipe counts; the axis' length must be a multiple.
        pieces: usize,
    },
    /// relu(x) followed along the axis by relu(−x) (Shang et al. 2016).
    #[cfg_attr(doc, doc = concat!("\n\n", include_str!("../../pictures/crelu.svg")))]
    Crelu {},
}

/// A parameter of an axis function, as text.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct AxisParameter {
    /// Its name, in `snake_case`.
    pub name: &'static str,
    /// Its value where none is given.
    pub default: &'static str,
    /// The values it may take, in words.
    pub valid: &'static str,
    /// The least and the largest value, where it is a number.
    pub bounds: Option<(f64, f64)>,
}

const fn number(name: &'static str, default: &'static str, valid: &'static str, bounds: (f64, f64)) -> AxisParameter {
    AxisParameter { name, default, valid, bounds: Some(bounds) }
}

const fn choice(name: &'static str, default: &'static str, valid: &'static str) -> AxisParameter {
    AxisParameter { name, default, valid, bounds: None }
}

const fn positive(name: &'static str) -> AxisParameter {
    number(name, "1", "finite and above 0", (0.0, f32::MAX as f64))
}

/// The parameters of a gated unit, of which this is the activation where none is given.
const fn of_a_gate(activation: &'static str) -> [AxisParameter; 3] {
    [
        choice("activation", activation, "an elementwise function"),
        choice("gate", "second", "first or second"),
        choice("layout", "halves", "halves or interleaved"),
    ]
}

const fn gated(activation: Activation) -> AxisFunction {
    AxisFunction::Gated { activation, gate: Gate::Second, layout: Layout::Halves }
}

/// The gated units with names of their own, their activations and their parameters.
const NAMED_GATES: &[(&str, Activation, [AxisParameter; 3])] = &[
    ("glu", Activation::Sigmoid {}, of_a_gate("sigmoid")),
    ("swiglu", Activation::Silu {}, of_a_gate("silu")),
    ("geglu", Activation::Gelu {}, of_a_gate("gelu")),
    ("reglu", Activation::Relu {}, of_a_gate("relu")),
    ("bilinear", Activation::Identity {}, of_a_gate("identity")),
];

impl AxisFunction {
    /// Every function by name, at its defaults. `gated` alone has sigmoid, and with that is `glu`.
    pub const ALL: &'static [(&'static str, AxisFunction)] = &[
        ("softmax", AxisFunction::Softmax { temperature: 1.0 }),
        ("log_softmax", AxisFunction::LogSoftmax { temperature: 1.0 }),
        ("softmin", AxisFunction::Softmin { temperature: 1.0 }),
        ("quiet_softmax", AxisFunction::QuietSoftmax {}),
        ("hardmax", AxisFunction::Hardmax {}),
        ("sparsemax", AxisFunction::Sparsemax {}),
        ("gumbel_softmax", AxisFunction::GumbelSoftmax { tau: 1.0, hard: false, seed: 0 }),
        ("logsumexp", AxisFunction::LogSumExp {}),
        ("logmeanexp", AxisFunction::LogMeanExp {}),
        (NAMED_GATES[0].0, gated(NAMED_GATES[0].1)),
        (NAMED_GATES[1].0, gated(NAMED_GATES[1].1)),
        (NAMED_GATES[2].0, gated(NAMED_GATES[2].1)),
        (NAMED_GATES[3].0, gated(NAMED_GATES[3].1)),
        (NAMED_GATES[4].0, gated(NAMED_GATES[4].1)),
        ("gated", gated(Activation::Sigmoid {})),
        ("maxout", AxisFunction::Maxout { pieces: 2 }),
        ("crelu", AxisFunction::Crelu {}),
    ];

    /// The canonical name, in `snake_case`.
    pub fn name(&self) -> &'static str {
        match self {
            AxisFunction::Softmax { .. } => "softmax",
            AxisFunction::LogSoftmax { .. } => "log_softmax",
            AxisFunction::Softmin { .. } => "softmin",
            AxisFunction::QuietSoftmax {} => "quiet_softmax",
            AxisFunction::Hardmax {} => "hardmax",
            AxisFunction::Sparsemax {} => "sparsemax",
            AxisFunction::GumbelSoftmax { .. } => "gumbel_softmax",
            AxisFunction::LogSumExp {} => "logsumexp",
            AxisFunction::LogMeanExp {} => "logmeanexp",
            AxisFunction::Gated { activation, .. } => {
                NAMED_GATES.iter().find(|(_, named, _)| named == activation).map_or("gated", |(name, ..)| name)
            }
            AxisFunction::Maxout { .. } => "maxout",
            AxisFunction::Crelu {} => "crelu",
        }
    }

    /// The formula in plain text.
    pub fn formula(&self) -> &'static str {
        match self {
            AxisFunction::Softmax { .. } => "exp(x/T)/Σ exp(x/T)",
            AxisFunction::LogSoftmax { .. } => "x/T − ln Σ exp(x/T)",
            AxisFunction::Softmin { .. } => "exp(−x/T)/Σ exp(−x/T)",
            AxisFunction::QuietSoftmax {} => "exp(x)/(1 + Σ exp(x))",
            AxisFunction::Hardmax {} => "1 at the first maximum, else 0",
            AxisFunction::Sparsemax {} => "max(x − τ, 0), τ such that Σ = 1",
            AxisFunction::GumbelSoftmax { .. } => "softmax((x + G)/τ), G = −ln(−ln U)",
            AxisFunction::LogSumExp {} => "ln Σ exp(x)",
            AxisFunction::LogMeanExp {} => "ln(Σ exp(x)/n)",
            AxisFunction::Gated { .. } => match self.name() {
                "glu" => "value·σ(gate)",
                "swiglu" => "value·silu(gate)",
                "geglu" => "value·gelu(gate)",
                "reglu" => "value·relu(gate)",
                "bilinear" => "value·gate",
                _ => "value·activation(gate)",
            },
            AxisFunction::Maxout { .. } => "the maximum of each group of `pieces` entries",
            AxisFunction::Crelu {} => "relu(x) and relu(−x), one after the other",
        }
    }

    /// Which family it belongs to: `softmax`, `gated`, `maxout` or `crelu`.
    pub fn family(&self) -> &'static str {
        match self {
            AxisFunction::Gated { .. } => "gated",
            AxisFunction::Maxout { .. } => "maxout",
            AxisFunction::Crelu {} => "crelu",
            _ => "softmax",
        }
    }

    /// The parameters that may be set by name.
    pub fn parameters(&self) -> &'static [AxisParameter] {
        match self {
            AxisFunction::Softmax { .. } | AxisFunction::LogSoftmax { .. } | AxisFunction::Softmin { .. } => {
                const { &[positive("temperature")] }
            }
            AxisFunction::GumbelSoftmax { .. } => {
                const {
                    &[
                        positive("tau"),
                        choice("hard", "false", "true or false"),
                        number("seed", "0", "an integer from 0 to 2^64 - 1", (0.0, u64::MAX as f64)),
                    ]
                }
            }
            AxisFunction::Gated { .. } => {
                let named = NAMED_GATES.iter().find(|(name, ..)| *name == self.name());
                // `gated` has those of `glu`.
                &named.unwrap_or(&NAMED_GATES[0]).2
            }
            AxisFunction::Maxout { .. } => {
                const { &[number("pieces", "2", "an integer from 1 to 65535", (1.0, 65535.0))] }
            }
            _ => &[],
        }
    }

    /// The names of its parameters and their values as [`AxisFunction::with`] reads them, those of a gated unit's activation
    /// included.
    pub fn values(&self) -> Vec<(&'static str, String)> {
        match *self {
            AxisFunction::Softmax { temperature }
            | AxisFunction::LogSoftmax { temperature }
            | AxisFunction::Softmin { temperature } => vec![("temperature", temperature.to_string())],
            AxisFunction::GumbelSoftmax { tau, hard, seed } => {
                vec![("tau", tau.to_string()), ("hard", hard.to_string()), ("seed", seed.to_string())]
            }
            AxisFunction::Gated { activation, gate, layout } => {
                let gate = if gate == Gate::First { "first" } else { "second" };
                let layout = if layout == Layout::Halves { "halves" } else { "interleaved" };
                let mut values = vec![("activation", activation.name().to_owned())];
                let names = activation.parameters().iter().map(|parameter| parameter.name);
                values.extend(names.zip(activation.values().iter().map(f32::to_string)));
                values.extend([("gate", gate.to_owned()), ("layout", layout.to_owned())]);
                values
            }
            AxisFunction::Maxout { pieces } => vec![("pieces", pieces.to_string())],
            _ => Vec::new(),
        }
    }

    /// Sets a parameter by name, whatever the case and with `_` and `-` ignored, from text. Those of a gated unit's
    /// activation are set in the same way, after the activation itself; their ranges, which may depend on one another, are
    /// for [`AxisFunction::validate`] to check.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`], [`Error::InvalidValue`]; [`Error::UnknownName`] for a gate's activation.
    pub fn with(mut self, parameter: &str, value: &str) -> Result<AxisFunction, Error> {
        let function = self.name();
        let wanted = crate::catalog::normalized(parameter);
        let known = self.parameters();
        let named = |name: &str| crate::catalog::normalized(name) == wanted;
        if let AxisFunction::Gated { activation, .. } = &mut self
            && let Some(of_activation) = activation.parameters().iter().find(|known| named(known.name))
        {
            let value = parse(value).ok_or_else(|| Error::InvalidValue {
                function,
                parameter: of_activation.name,
                value: value.to_owned(),
                valid: "a number",
            })?;
            *activation = activation.with(of_activation.name, value)?;
            return Ok(self);
        }
        let Some(parameter) = known.iter().find(|known| named(known.name)) else {
            let known = self.values().into_iter().map(|(name, _)| name).collect();
            return Err(Error::UnknownParameter { function, parameter: parameter.to_owned(), known });
        };
        let set = match &mut self {
            AxisFunction::Softmax { temperature }
            | AxisFunction::LogSoftmax { temperature }
            | AxisFunction::Softmin { temperature } => parse(value).map(|value| *temperature = value),
            AxisFunction::GumbelSoftmax { tau, hard, seed } => match parameter.name {
                "tau" => parse(value).map(|value| *tau = value),
                "hard" => parse(value).map(|value| *hard = value),
                _ => parse(value).map(|value| *seed = value),
            },
            AxisFunction::Gated { activation, gate, layout } => match parameter.name {
                "activation" => {
                    *activation = value.parse()?;
                    Some(())
                }
                "gate" => [("first", Gate::First), ("second", Gate::Second)]
                    .iter()
                    .find(|(name, _)| *name == value)
                    .map(|(_, value)| *gate = *value),
                _ => [("halves", Layout::Halves), ("interleaved", Layout::Interleaved)]
                    .iter()
                    .find(|(name, _)| *name == value)
                    .map(|(_, value)| *layout = *value),
            },
            AxisFunction::Maxout { pieces } => parse(value).map(|value| *pieces = value),
            _ => None,
        };
        let invalid = || Error::InvalidValue {
            function,
            parameter: parameter.name,
            value: value.to_owned(),
            valid: parameter.valid,
        };
        set.ok_or_else(invalid)?;
        if !matches!(self, AxisFunction::Gated { .. }) {
            self.validate().map_err(|_| invalid())?;
        }
        Ok(self)
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// [`Error::InvalidValue`], and [`Error::ParameterOutOfRange`] for those of a gate's activation.
    pub fn validate(&self) -> Result<(), Error> {
        let (parameter, value, valid) = match *self {
            AxisFunction::Softmax { temperature }
            | AxisFunction::LogSoftmax { temperature }
            | AxisFunction::Softmin { temperature } => {
                ("temperature", temperature.to_string(), temperature > 0.0 && temperature.is_finite())
            }
            AxisFunction::GumbelSoftmax { tau, .. } => ("tau", tau.to_string(), tau > 0.0 && tau.is_finite()),
            AxisFunction::Maxout { pieces } => ("pieces", pieces.to_string(), (1..=65535).contains(&pieces)),
            AxisFunction::Gated { activation, .. } => return activation.validate(),
            _ => return Ok(()),
        };
        if valid {
            return Ok(());
        }
        let known = self.parameters().iter().find(|known| known.name == parameter);
        let valid = known.map_or("", |known| known.valid);
        Err(Error::InvalidValue { function: self.name(), parameter, value, valid })
    }

    /// Whether it takes a mask, of one byte an element, 0 leaving it out.
    pub fn takes_mask(&self) -> bool {
        matches!(self, AxisFunction::Softmax { .. } | AxisFunction::LogSoftmax { .. } | AxisFunction::Softmin { .. })
    }

    /// Whether the gradient may be computed from y in place of x.
    pub fn has_backward_from_output(&self) -> bool {
        match self {
            AxisFunction::GumbelSoftmax { hard, .. } => !hard,
            AxisFunction::QuietSoftmax {} | AxisFunction::Sparsemax {} => true,
            _ => self.takes_mask(),
        }
    }

    /// The shape of the result.
    ///
    /// # Errors
    /// [`Error::IndivisibleAxis`] where the axis cannot be halved or grouped; [`Error::TooManyElements`];
    /// and as [`AxisFunction::validate`].
    pub fn output_shape(&self, axis: &Axis) -> Result<Vec<usize>, Error> {
        self.validate()?;
        let divided = |divisor: usize| {
            if axis.length().is_multiple_of(divisor) {
                return Ok(axis.with_length(axis.length() / divisor));
            }
            let (function, shape) = (self.name(), axis.shape.clone());
            Err(Error::IndivisibleAxis { function, shape, axis: axis.index, length: axis.length(), divisor })
        };
        match *self {
            AxisFunction::LogSumExp {} | AxisFunction::LogMeanExp {} => Ok(axis.with_length(1)),
            AxisFunction::Gated { .. } => divided(2),
            AxisFunction::Maxout { pieces } => divided(pieces),
            AxisFunction::Crelu {} => {
                let shape = axis.with_length(axis.length().saturating_mul(2));
                Axis::new(&shape, axis.index as isize)?;
                Ok(shape)
            }
            _ => Ok(axis.shape.clone()),
        }
    }
}

fn parse<T: FromStr>(value: &str) -> Option<T> {
    value.parse().ok()
}

impl FromStr for AxisFunction {
    type Err = Error;

    /// Finds a function by name, whatever the case and with `_` and `-` ignored, at its defaults.
    fn from_str(name: &str) -> Result<Self, Error> {
        let wanted = crate::catalog::normalized(name);
        let found = AxisFunction::ALL.iter().find(|(known, _)| crate::catalog::normalized(known) == wanted);
        found.map(|&(_, function)| function).ok_or_else(|| crate::catalog::unknown_name(name))
    }
}

impl fmt::Display for AxisFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
