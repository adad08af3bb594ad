//! THE TABLE of functions along an axis. A new function is one row here, its part in `shaders/rowwise/functions` or
//! `shaders/groupwise`, and its reference in `src/reference/along.rs`.

use crate::catalog::axis::Axis;
use crate::catalog::elementwise::Activation;
use crate::catalog::names::normalized;
use crate::catalog::parameter::{ParameterInfo, Range, Value};
use crate::catalog::source::{Source, source};
use crate::error::{Error, check_lengths};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

/// A function of either kind, with the values of its parameters.
///
/// It is written as its name and the parameters that differ from their defaults: `gelu`,
/// `leaky_relu(negative_slope=0.2)`, `softmax(temperature=0.5)`, `gated(activation=swish, beta=1.5, gate=first)`.
/// [`FromStr`](std::str::FromStr) reads that form. Case, `_` and `-` do not matter in names. The activation of a gated
/// unit comes before that activation's parameters.
///
/// ```
/// use gpu_activations::{Activation, Function};
///
/// let function: Function = "leaky_relu(negative_slope=0.2)".parse()?;
/// assert_eq!(function, Activation::LeakyRelu { negative_slope: 0.2 }.into());
/// assert_eq!(function.to_string(), "leaky_relu(negative_slope=0.2)");
/// # Ok::<(), gpu_activations::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Function {
    /// A function of each element on its own.
    Elementwise(Activation),
    /// A function along an axis.
    Along(AxisFunction),
}

impl Function {
    /// Returns the elementwise function.
    ///
    /// # Errors
    /// [`Error::OtherKind`] for a function along an axis.
    pub fn elementwise(&self) -> Result<Activation, Error> {
        match self {
            Function::Elementwise(activation) => Ok(*activation),
            Function::Along(function) => Err(Error::OtherKind { function: function.name(), along_axis: true }),
        }
    }

    /// Returns the function along an axis.
    ///
    /// # Errors
    /// [`Error::OtherKind`] for an elementwise function.
    pub fn along(&self) -> Result<&AxisFunction, Error> {
        match self {
            Function::Elementwise(activation) => {
                Err(Error::OtherKind { function: activation.name(), along_axis: false })
            }
            Function::Along(function) => Ok(function),
        }
    }
}

impl From<Activation> for Function {
    fn from(activation: Activation) -> Function {
        Function::Elementwise(activation)
    }
}

impl From<&Activation> for Function {
    fn from(activation: &Activation) -> Function {
        (*activation).into()
    }
}

impl From<AxisFunction> for Function {
    fn from(function: AxisFunction) -> Function {
        Function::Along(function)
    }
}

impl From<&AxisFunction> for Function {
    fn from(function: &AxisFunction) -> Function {
        function.clone().into()
    }
}

impl From<&Function> for Function {
    fn from(function: &Function) -> Function {
        function.clone()
    }
}

/// The half of a gated unit's axis that goes through the activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Gate {
    /// The second, as in `torch.nn.functional.glu`.
    #[default]
    Second,
    /// The first, as in Llama's gate-then-up projections.
    First,
}

/// What a gated unit does to its halves first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct GateLimits {
    /// The most of the gate, and of the value's size.
    pub limit: f32,
    pub value_addend: f32,
}

impl Default for GateLimits {
    fn default() -> GateLimits {
        GateLimits { limit: f32::INFINITY, value_addend: 0.0 }
    }
}

/// The lengths of the operands of a call along an axis. The input is x or y, the result y or dx.
pub(crate) struct AlongLengths {
    pub input: (&'static str, u64),
    pub dy: Option<u64>,
    /// Of x's length.
    pub v: Option<u64>,
    pub mask: Option<u64>,
    /// The result by its name, and whether it has y's length instead of x's.
    pub result: Option<(&'static str, u64, bool)>,
}

/// The order of a gated unit's two halves along the axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Layout {
    /// One half after the other.
    #[default]
    Halves,
    /// Entries of the halves in turn.
    Interleaved,
}

/// A row of the table, without parameter values.
#[derive(Debug)]
pub(crate) struct AxisDefinition {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub formula: &'static str,
    pub family: &'static str,
    pub parameters: &'static [ParameterInfo],
    pub takes_mask: bool,
    pub kernels: Kernels,
    /// The largest error in f32, forward and backward, in units in the last place. For a gated unit it is added to the
    /// bound of its activation.
    #[cfg_attr(not(feature = "verify"), expect(dead_code, reason = "only `verify` reads bounds"))]
    pub limit: f64,
    #[cfg_attr(not(feature = "verify"), expect(dead_code, reason = "only `verify` reads bounds"))]
    pub terms: Terms,
}

/// Names are unique in the table.
impl PartialEq for AxisDefinition {
    fn eq(&self, other: &AxisDefinition) -> bool {
        self.name == other.name
    }
}

impl Eq for AxisDefinition {}

impl Hash for AxisDefinition {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// The kind of computation.
#[derive(Debug)]
pub(crate) enum Kernels {
    /// Results from the statistics of each row.
    Rowwise(RowKernels),
    /// Results from groups of entries, each on its own.
    Groupwise {
        part: Source,
        /// The part that computes both results of a group together where there are two.
        pairs: Source,
        operands: Operands,
    },
}

/// The parts of rowwise kernels.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct RowKernels {
    /// The function, its statistics, and the parts that these consist of.
    pub parts: &'static [Source],
    /// The part that moves statistics between the lanes of a subgroup.
    pub shuffled: Source,
    /// The most rounds over all entries before any result; with y given, at most two.
    pub rounds: u32,
    /// Whether the axis gets length 1.
    pub reduces: bool,
}

impl RowKernels {
    /// Whether scores have noise, whose computation is long.
    pub(crate) fn draws(&self) -> bool {
        self.parts.iter().any(|part| part.file == "random.wgsl")
    }
}

/// The inputs of a groupwise kernel for each result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operands {
    /// Both entries of a group, and the activation's parameters.
    Gated,
    /// All entries of a group.
    Group,
    /// One entry; both for a gradient.
    Entry,
}

/// The division of an axis into groups, with the entries of x and of y in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Groups {
    pub inputs: usize,
    pub outputs: usize,
    /// Whether the entries of a group are successive. Otherwise the axis has as many equal parts as a group has
    /// entries.
    pub successive: bool,
}

/// The terms whose difference is the result, and in whose units its error counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Terms {
    /// Nothing cancels.
    Nothing,
    /// Gradient: a share's product with dy, and its product with the row's mean.
    Shares,
    /// Gradient: dy, and a share's product with the row's sum.
    LogShares,
    /// Result: the row's largest number, and a logarithm.
    Logarithm,
    /// Result: an entry, and the threshold. Gradient: dy, and its mean on the support.
    Projection,
    /// The roots of a gate's activation.
    Gate,
}

/// The function's numbers for rowwise kernels, besides its text.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct RowScalars {
    pub temperature: Option<f32>,
    pub seed: u64,
    pub hard: bool,
    /// Whether the logarithm of the number of entries is subtracted.
    pub is_mean: bool,
}

/// A field of a variant, as text.
trait Field: Sized {
    fn parsed(text: &str) -> Option<Self>;
    fn shown(&self) -> String;
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl Field for $number {
            fn parsed(text: &str) -> Option<Self> {
                text.parse().ok()
            }
            fn shown(&self) -> String {
                self.to_string()
            }
        })*
    };
}
numbers!(f32, u64, usize, bool);

impl Field for Gate {
    fn parsed(text: &str) -> Option<Self> {
        [("first", Gate::First), ("second", Gate::Second)]
            .into_iter()
            .find_map(|(word, gate)| (word == text).then_some(gate))
    }
    fn shown(&self) -> String {
        if *self == Gate::First { "first" } else { "second" }.to_owned()
    }
}

impl Field for Layout {
    fn parsed(text: &str) -> Option<Self> {
        let words = [("halves", Layout::Halves), ("interleaved", Layout::Interleaved)];
        words.into_iter().find_map(|(word, layout)| (word == text).then_some(layout))
    }
    fn shown(&self) -> String {
        if *self == Layout::Halves { "halves" } else { "interleaved" }.to_owned()
    }
}

/// Written as the name alone, because its parameters are fields of their own; a function of one's own is written whole.
impl Field for Arc<Function> {
    fn parsed(text: &str) -> Option<Self> {
        text.parse().ok().map(Arc::new)
    }
    fn shown(&self) -> String {
        match **self {
            Function::Elementwise(Activation::Custom(_)) => self.to_string(),
            _ => self.name().to_owned(),
        }
    }
}

/// Builds `AxisFunction` and everything derived from the table.
macro_rules! along {
    ($(
        $(#[$doc:meta])*
        $name:ident $variant:ident
        $({ $($(#[$field_doc:meta])* $field:ident: $type:ty = $default:expr, $value:expr, $range:expr;)* })?
        $(aliases [$($alias:literal),*],)?
        formula $formula:literal,
        family $family:literal,
        mask $mask:literal,
        from_output $from_output:expr,
        kernels $kernels:expr,
        groups $groups:expr,
        scalars $scalars:expr,
        $(samples [$({ $($sample_field:ident: $sample:expr),* }),* $(,)?],)?
        limit $limit:literal in $terms:expr;
    )*) => {
        /// A function along one axis of an array. A row is the entries whose indices agree except along the axis.
        ///
        /// NaN in x or dy gives NaN in every result that depends on it. In the softmax family that is the whole row,
        /// unless a mask leaves the entry out. An entry of dy has no part in the gradient if it is
        ///
        /// - behind a mask,
        /// - off the support of sparsemax or entmax15,
        /// - not at the maximum of maxout, or
        /// - a gradient of hardmax.
        ///
        /// An infinite dy gives infinities or NaN.
        ///
        /// A gradient is finite and correct if the sum of its terms' magnitudes, written as in the formula, is an f32.
        ///
        /// Two functions are equal if they are the same and the bits of their parameters agree.
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub enum AxisFunction {
            $(
                $(#[$doc])*
                #[cfg_attr(doc, doc = concat!(
                    "\n\n",
                    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/pictures/", stringify!($name), ".svg")),
                ))]
                $variant $({ $($(#[$field_doc])* $field: $type),* })?,
            )*
        }

        /// Returns the functions at their defaults, in the order of the table.
        fn defaults() -> Vec<AxisFunction> {
            vec![$(AxisFunction::$variant { $($($field: $default),*)? }),*]
        }

        impl AxisFunction {
            pub(crate) fn definition(&self) -> &'static AxisDefinition {
                match self {
                    $(AxisFunction::$variant { .. } => const { &AxisDefinition {
                        name: stringify!($name),
                        aliases: &[$($($alias),*)?],
                        formula: $formula,
                        family: $family,
                        parameters: &[$($(ParameterInfo::new(stringify!($field), $value, $range)),*)?],
                        takes_mask: $mask,
                        kernels: $kernels,
                        limit: $limit,
                        terms: $terms,
                    } },)*
                }
            }

            /// The values of the parameters in the table, as text.
            fn fields(&self) -> Vec<(&'static str, String)> {
                match self {
                    $(AxisFunction::$variant { $($($field),*)? } => vec![$($((stringify!($field), $field.shown())),*)?],)*
                }
            }

            /// Sets a parameter of the table by name. Returns none if the text is not a value of its type.
            fn set(&mut self, parameter: &str, text: &str) -> Option<()> {
                match self {
                    $(AxisFunction::$variant { $($($field),*)? } => match parameter {
                        $($(stringify!($field) => *$field = Field::parsed(text)?,)*)?
                        _ => return None,
                    },)*
                }
                Some(())
            }

            /// The defaults of the row, and the other values that tests try.
            fn row_samples(&self) -> Vec<AxisFunction> {
                match self {
                    $(AxisFunction::$variant { .. } => vec![
                        AxisFunction::$variant { $($($field: $default),*)? },
                        $($(AxisFunction::$variant { $($sample_field: $sample),* },)*)?
                    ],)*
                }
            }

            /// Whether the gradient can be computed from y instead of x.
            #[must_use]
            pub fn has_backward_from_output(&self) -> bool {
                match self {
                    $(AxisFunction::$variant { $($($field),*)? } => {
                        $($(let _ = $field;)*)?
                        $from_output
                    })*
                }
            }

            /// The division of the axis for results from groups of entries.
            pub(crate) fn groups(&self) -> Groups {
                match self {
                    $(AxisFunction::$variant { $($($field),*)? } => {
                        $($(let _ = $field;)*)?
                        $groups
                    })*
                }
            }

            pub(crate) fn scalars(&self) -> RowScalars {
                match self {
                    $(AxisFunction::$variant { $($($field),*)? } => {
                        $($(let _ = $field;)*)?
                        $scalars
                    })*
                }
            }
        }
    };
}

/// Placeholder for rowwise functions, which have no groups.
const ROWS: Groups = Groups { inputs: 1, outputs: 1, successive: false };

const NO_SCALARS: RowScalars = RowScalars { temperature: None, seed: 0, hard: false, is_mean: false };

const fn at_temperature(temperature: f32) -> RowScalars {
    RowScalars { temperature: Some(temperature), ..NO_SCALARS }
}

/// Kernels by the statistics of exponentials, in two rounds: the largest score, then the sums in that scale.
const fn exponentials(parts: &'static [Source], rounds: u32, reduces: bool) -> Kernels {
    Kernels::Rowwise(RowKernels { parts, shuffled: source!("rowwise/exponentials_shuffled.wgsl"), rounds, reduces })
}

/// Kernels by a threshold that Newton's iteration finds.
const fn projections(parts: &'static [Source]) -> Kernels {
    let shuffled = source!("rowwise/projections_shuffled.wgsl");
    Kernels::Rowwise(RowKernels { parts, shuffled, rounds: 64, reduces: false })
}

const PLAIN: Source = source!("rowwise/scores/plain.wgsl");
const NO_REMAINDER: Source = source!("rowwise/scores/remainder_none.wgsl");
const SOFTMAX: Source = source!("rowwise/functions/softmax.wgsl");
const ONE: Source = source!("rowwise/scores/temperature_one.wgsl");
const WEIGHTS: Source = source!("rowwise/weights.wgsl");
const WEIGHTED: Source = source!("rowwise/scores/weighted.wgsl");
const EXPONENTIALS: Source = source!("rowwise/exponentials.wgsl");
const PROJECTIONS: Source = source!("rowwise/projections.wgsl");

const TEMPERATURE: Value = Value::Number(1.0);

along! {
    /// The exponentials e^(x/T) as shares of their sum (Bridle 1990); takes a mask. A row of −∞ only, or fully masked,
    /// gives zeros; PyTorch and JAX give NaN. +∞ gives NaN, as in both.
    ///
    /// Forward: `y = exp((x − m)/T)/Σ exp((x − m)/T)`, where m is the row's maximum. Backward: `y·(dy − Σ y·dy)/T`.
    softmax Softmax {
        /// T, finite and above 0.
        temperature: f32 = 1.0, TEMPERATURE, Range::AboveZero;
    }
    formula "exp(x/T)/Σ exp(x/T)",
    family "softmax",
    mask true,
    from_output true,
    kernels exponentials(&[PLAIN, NO_REMAINDER, SOFTMAX, ONE, WEIGHTS, WEIGHTED, EXPONENTIALS], 2, false),
    groups ROWS,
    scalars at_temperature(*temperature),
    samples [{ temperature: 0.3 }, { temperature: 7.0 }],
    limit 4.0 in Terms::Shares;

    /// The logarithm of softmax; takes a mask. Masked entries and rows of −∞ only give −∞.
    ///
    /// Forward: `(x − m)/T − ln Σ exp((x − m)/T)`. Backward: `(dy − exp(y)·Σ dy)/T`.
    ///
    /// Cross entropy is −y at the true class. Its gradient by y is −1 there and 0 elsewhere, so `backward` gives softmax minus
    /// the one-hot target; y alone is enough for it:
    ///
    /// ```
    /// use gpu_activations::{Axis, AxisFunction, GpuActivations};
    ///
    /// let context = GpuActivations::new()?;
    /// // Two examples of three classes; the true ones are 2 and 0.
    /// let (axis, classes) = (Axis::last(&[2, 3])?, [2, 0]);
    /// let x = context.upload(&[1.0_f32, 2.0, 3.0, 0.0, 0.0, 0.0])?;
    /// let log_softmax = AxisFunction::LogSoftmax { temperature: 1.0 };
    /// let y = context.forward_along(&log_softmax, &axis, None, &x)?;
    /// let values = context.download(&y)?;
    /// let loss = -(values[2] + values[3]) / 2.0;
    /// assert!((loss - 0.753_109_1).abs() < 1e-6);
    ///
    /// // The mean over the examples.
    /// let mut dy = [0.0_f32; 6];
    /// classes.iter().enumerate().for_each(|(example, class)| dy[3 * example + class] = -0.5);
    /// let dx = context.backward_along_from_output(&log_softmax, &axis, None, &y, &context.upload(&dy)?)?;
    /// let third = 1.0 / 3.0;
    /// let expected = [0.090_030_57, 0.244_728_48, 0.665_240_94 - 1.0, third - 1.0, third, third].map(|d| d / 2.0);
    /// assert!(context.download(&dx)?.iter().zip(expected).all(|(dx, expected)| (dx - expected).abs() < 1e-7));
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    log_softmax LogSoftmax {
        /// T, finite and above 0.
        temperature: f32 = 1.0, TEMPERATURE, Range::AboveZero;
    }
    formula "x/T − ln Σ exp(x/T)",
    family "softmax",
    mask true,
    from_output true,
    kernels exponentials(&[PLAIN, NO_REMAINDER, source!("rowwise/functions/log_softmax.wgsl"), ONE, WEIGHTS, WEIGHTED, EXPONENTIALS], 2, false),
    groups ROWS,
    scalars at_temperature(*temperature),
    samples [{ temperature: 0.3 }, { temperature: 7.0 }],
    limit 4.0 in Terms::LogShares;

    /// Softmax of −x; takes a mask.
    ///
    /// Forward: `exp(−x/T)/Σ exp(−x/T)`. Backward: `−y·(dy − Σ y·dy)/T`.
    softmin Softmin {
        /// T, finite and above 0.
        temperature: f32 = 1.0, TEMPERATURE, Range::AboveZero;
    }
    formula "exp(−x/T)/Σ exp(−x/T)",
    family "softmax",
    mask true,
    from_output true,
    kernels exponentials(&[source!("rowwise/scores/negated.wgsl"), NO_REMAINDER, SOFTMAX, ONE, WEIGHTS, WEIGHTED, EXPONENTIALS], 2, false),
    groups ROWS,
    scalars at_temperature(*temperature),
    samples [{ temperature: 0.3 }],
    limit 4.0 in Terms::Shares;

    /// Softmax with an additional entry of 0, which takes the rest of the share (Miller 2023, "softmax1"); takes a mask.
    ///
    /// Forward: `exp((x − m)/T)/(exp(−m/T) + Σ exp((x − m)/T))`, m = max(0, max x). Backward: `y·(dy − Σ y·dy)/T`.
    quiet_softmax QuietSoftmax {
        /// T, finite and above 0.
        temperature: f32 = 1.0, TEMPERATURE, Range::AboveZero;
    }
    aliases ["softmax1", "softmax_one"],
    formula "exp(x/T)/(1 + Σ exp(x/T))",
    family "softmax",
    mask true,
    from_output true,
    kernels exponentials(&[PLAIN, source!("rowwise/scores/remainder_zero.wgsl"), SOFTMAX, ONE, WEIGHTS, WEIGHTED, EXPONENTIALS], 2, false),
    groups ROWS,
    scalars at_temperature(*temperature),
    samples [{ temperature: 0.3 }, { temperature: 7.0 }],
    limit 4.0 in Terms::Shares;

    /// 1 at the first maximum and 0 elsewhere, as in ONNX; takes a mask. A row of −∞ only, or fully masked, has its maximum
    /// at its first entry. The gradient is 0. The temperature changes nothing: it is there as in the rest of the family.
    hardmax Hardmax {
        /// T, finite and above 0.
        temperature: f32 = 1.0, TEMPERATURE, Range::AboveZero;
    }
    formula "1 at the first maximum, else 0",
    family "softmax",
    mask true,
    from_output false,
    kernels exponentials(&[PLAIN, NO_REMAINDER, source!("rowwise/functions/hardmax.wgsl"), ONE, WEIGHTS, WEIGHTED, EXPONENTIALS], 1, false),
    groups ROWS,
    // No kernel needs the temperature.
    scalars NO_SCALARS,
    samples [{ temperature: 0.3 }],
    limit 0.0 in Terms::Nothing;

    /// The Euclidean projection of x/T onto the simplex (Martins & Astudillo 2016); takes a mask. +∞ gives NaN.
    ///
    /// Forward: `max(x/T − τ, 0)`, with τ such that the row sums to 1. Backward, on the support: dy minus its mean over
    /// the support, divided by T; 0 elsewhere.
    sparsemax Sparsemax {
        /// T, finite and above 0.
        temperature: f32 = 1.0, TEMPERATURE, Range::AboveZero;
    }
    formula "max(x/T − τ, 0), τ such that Σ = 1",
    family "softmax",
    mask true,
    from_output true,
    kernels projections(&[source!("rowwise/functions/sparsemax.wgsl"), ONE, PROJECTIONS]),
    groups ROWS,
    scalars at_temperature(*temperature),
    samples [{ temperature: 0.3 }, { temperature: 7.0 }],
    limit 1.0 in Terms::Projection;

    /// Entmax with α = 1.5, between softmax and sparsemax (Peters, Niculae & Martins 2019); takes a mask. +∞ gives NaN.
    ///
    /// Forward: `max(x/(2T) − τ, 0)²`, with τ such that the row sums to 1. Backward, on the support:
    /// `s·(dy − Σ s·dy/Σ s)/T` with s = √y; 0 elsewhere.
    entmax15 Entmax15 {
        /// T, finite and above 0.
        temperature: f32 = 1.0, TEMPERATURE, Range::AboveZero;
    }
    formula "max(x/(2T) − τ, 0)², τ such that Σ = 1",
    family "softmax",
    mask true,
    from_output true,
    kernels projections(&[source!("rowwise/functions/entmax15.wgsl"), ONE, PROJECTIONS]),
    groups ROWS,
    scalars at_temperature(*temperature),
    samples [{ temperature: 0.3 }, { temperature: 7.0 }],
    // Half a unit is the rounding of the result.
    limit 0.6 in Terms::Projection;

    /// Softmax of x plus noise, a differentiable sample of the categorical distribution (Jang, Gu & Poole 2017); takes a mask.
    ///
    /// Forward: `softmax((x + G)/τ)` with G = −ln(−ln U). U is from Philox4x32-10 with the seed as key and the
    /// element's index as counter, the same on every adapter. Backward: softmax's gradient of the soft sample, even if
    /// the sample is hard.
    gumbel_softmax GumbelSoftmax {
        /// τ, finite and above 0.
        tau: f32 = 1.0, TEMPERATURE, Range::AboveZero;
        /// Whether the largest entry becomes 1 and the others 0.
        hard: bool = false, Value::Flag(false), Range::Choice(&["true", "false"]);
        /// The seed of the noise.
        seed: u64 = 0, Value::Integer(0), Range::Integer(0, u64::MAX);
    }
    formula "softmax((x + G)/τ), G = −ln(−ln U)",
    family "softmax",
    mask true,
    from_output !hard,
    kernels exponentials(
        &[source!("random.wgsl"), source!("rowwise/scores/gumbel.wgsl"), NO_REMAINDER, SOFTMAX, ONE, WEIGHTS, WEIGHTED, EXPONENTIALS],
        2,
        false,
    ),
    groups ROWS,
    scalars RowScalars { hard: *hard, seed: *seed, ..at_temperature(*tau) },
    samples [{ tau: 0.7, hard: false, seed: 1 << 40 | 5 }, { tau: 1.0, hard: true, seed: 9 }],
    limit 4.0 in Terms::Shares;

    /// `T·ln Σ exp(x/T)`; the axis gets length 1; takes a mask. +∞ gives +∞, and a row without entries gives −∞.
    ///
    /// Backward: `exp((x − y)/T)·dy`, which is dy times softmax at that temperature.
    logsumexp LogSumExp {
        /// T, finite and above 0.
        temperature: f32 = 1.0, TEMPERATURE, Range::AboveZero;
    }
    formula "T·ln Σ exp(x/T)",
    family "softmax",
    mask true,
    from_output false,
    kernels exponentials(&[PLAIN, NO_REMAINDER, source!("rowwise/functions/logsumexp.wgsl"), ONE, WEIGHTS, WEIGHTED, EXPONENTIALS], 2, true),
    groups ROWS,
    scalars at_temperature(*temperature),
    samples [{ temperature: 0.3 }, { temperature: 7.0 }],
    limit 4.0 in Terms::Logarithm;

    /// `T·ln(Σ exp(x/T)/n)` of the n entries of a row; the axis gets length 1; takes a mask, and n counts what it keeps.
    /// A fully masked row gives −∞. An axis of length 0 gives NaN, the logarithm of 0/0.
    ///
    /// Backward: `exp((x − y)/T)·dy/n`, which is dy times softmax at that temperature.
    logmeanexp LogMeanExp {
        /// T, finite and above 0.
        temperature: f32 = 1.0, TEMPERATURE, Range::AboveZero;
    }
    formula "T·ln(Σ exp(x/T)/n)",
    family "softmax",
    mask true,
    from_output false,
    kernels exponentials(&[PLAIN, NO_REMAINDER, source!("rowwise/functions/logsumexp.wgsl"), ONE, WEIGHTS, WEIGHTED, EXPONENTIALS], 2, true),
    groups ROWS,
    scalars RowScalars { is_mean: true, ..at_temperature(*temperature) },
    samples [{ temperature: 0.3 }, { temperature: 7.0 }],
    limit 4.0 in Terms::Logarithm;

    /// `value·activation(gate)`, where value and gate are halves of the axis (Dauphin et al. 2017; Shazeer 2020). The
    /// name is `glu` with sigmoid, `swiglu` with silu, `geglu` with gelu, `reglu` with relu, `bilinear` with identity,
    /// else `gated`.
    ///
    /// With a limit L and an addend a it is `(clamp(value, −L, L) + a)·activation(min(gate, L))`. `swiglu_oai` is the unit of
    /// gpt-oss (OpenAI 2025): swish with beta 1.702, limit 7, addend 1; that model has the gate first and interleaved.
    ///
    /// Backward: `dvalue = dy·activation(gate)`, `dgate = dy·value·activation′(gate)`, and 0 beyond a limit.
    gated Gated {
        /// The activation of the gate, an elementwise function.
        activation: Arc<Function> = Arc::new(Activation::Sigmoid.into()), Value::Word("sigmoid"), Range::Function;
        /// The half that is the gate.
        gate: Gate = Gate::Second, Value::Word("second"), Range::Choice(&["first", "second"]);
        /// The order of the halves.
        layout: Layout = Layout::Halves, Value::Word("halves"), Range::Choice(&["halves", "interleaved"]);
        /// The most of the gate, and of the value's size; infinity limits nothing.
        limit: f32 = f32::INFINITY, NO_LIMIT, Range::NonNegativeOrInfinite;
        /// Added to the value, finite.
        value_addend: f32 = 0.0, NO_ADDEND, Range::Finite;
    }
    formula "value·activation(gate)",
    family "gated",
    mask false,
    from_output false,
    kernels Kernels::Groupwise {
        part: source!("groupwise/gated.wgsl"),
        pairs: source!("groupwise/gated_pairs.wgsl"),
        operands: Operands::Gated,
    },
    groups Groups { inputs: 2, outputs: 1, successive: *layout == Layout::Interleaved },
    scalars NO_SCALARS,
    // Two products: a result of the activation, whose units may be half of those before, and the product before it.
    samples [
        { activation: Arc::new(Activation::Elu { alpha: 0.7 }.into()), gate: Gate::First, layout: Layout::Halves, limit: 2.0, value_addend: 0.0 },
        { activation: Arc::new(Activation::Elu { alpha: 0.7 }.into()), gate: Gate::First, layout: Layout::Interleaved, limit: f32::INFINITY, value_addend: -0.5 },
        { activation: Arc::new(Activation::Elu { alpha: 0.7 }.into()), gate: Gate::Second, layout: Layout::Halves, limit: f32::INFINITY, value_addend: 0.0 },
        { activation: Arc::new(Activation::Elu { alpha: 0.7 }.into()), gate: Gate::Second, layout: Layout::Interleaved, limit: 3.0, value_addend: 1.0 },
    ],
    limit 1.25 in Terms::Gate;

    /// The maximum of each group of `pieces` successive entries (Goodfellow et al. 2013). The gradient goes to the
    /// first maximum.
    maxout Maxout {
        /// Entries of a group, from 1 to 65 535, the most turns of a loop on llvmpipe. The axis' length must be a
        /// multiple of it.
        pieces: usize = 2, Value::Integer(2), Range::Integer(1, 65_535);
    }
    formula "the maximum of each group of `pieces` entries",
    family "maxout",
    mask false,
    from_output false,
    kernels Kernels::Groupwise {
        part: source!("groupwise/maxout.wgsl"),
        pairs: source!("groupwise/maxout_pairs.wgsl"),
        operands: Operands::Group,
    },
    groups Groups { inputs: *pieces, outputs: 1, successive: true },
    scalars NO_SCALARS,
    samples [{ pieces: 1 }, { pieces: 3 }, { pieces: 6 }],
    limit 0.0 in Terms::Nothing;

    /// relu(x) followed along the axis by relu(−x) (Shang et al. 2016).
    ///
    /// Backward: `dy₁` for x > 0, `−dy₂` for x < 0, 0 at 0.
    crelu Crelu
    formula "relu(x) and relu(−x), one after the other",
    family "crelu",
    mask false,
    from_output false,
    kernels Kernels::Groupwise {
        part: source!("groupwise/crelu.wgsl"),
        pairs: source!("groupwise/crelu_pairs.wgsl"),
        operands: Operands::Entry,
    },
    groups Groups { inputs: 1, outputs: 2, successive: false },
    scalars NO_SCALARS,
    limit 0.0 in Terms::Nothing;
}

/// A gated unit with its own name.
struct NamedUnit {
    name: &'static str,
    formula: &'static str,
    activation: Activation,
    limits: GateLimits,
    parameters: [ParameterInfo; 5],
}

const NO_LIMIT: Value = Value::Number(f32::INFINITY);
const NO_ADDEND: Value = Value::Number(0.0);

const fn unit(name: &'static str, formula: &'static str, activation: Activation, of: &'static str) -> NamedUnit {
    limited(name, formula, activation, of, GateLimits { limit: f32::INFINITY, value_addend: 0.0 })
}

const fn limited(
    name: &'static str,
    formula: &'static str,
    activation: Activation,
    of: &'static str,
    limits: GateLimits,
) -> NamedUnit {
    let parameters = [
        ParameterInfo::new("activation", Value::Word(of), Range::Function),
        ParameterInfo::new("gate", Value::Word("second"), Range::Choice(&["first", "second"])),
        ParameterInfo::new("layout", Value::Word("halves"), Range::Choice(&["halves", "interleaved"])),
        ParameterInfo::new("limit", Value::Number(limits.limit), Range::NonNegativeOrInfinite),
        ParameterInfo::new("value_addend", Value::Number(limits.value_addend), Range::Finite),
    ];
    NamedUnit { name, formula, activation, limits, parameters }
}

static NAMED_UNITS: [NamedUnit; 6] = [
    unit("glu", "value·σ(gate)", Activation::Sigmoid, "sigmoid"),
    unit("swiglu", "value·silu(gate)", Activation::Silu, "silu"),
    unit("geglu", "value·gelu(gate)", Activation::Gelu, "gelu"),
    unit("reglu", "value·relu(gate)", Activation::Relu, "relu"),
    unit("bilinear", "value·gate", Activation::Identity, "identity"),
    limited(
        "swiglu_oai",
        "(clamp(value, −limit, limit) + value_addend)·swish(min(gate, limit))",
        Activation::Swish { beta: 1.702 },
        "swish(beta=1.702)",
        GateLimits { limit: 7.0, value_addend: 1.0 },
    ),
];

impl GateLimits {
    /// The unit of halves in succession, whose gate is the second.
    fn unit(self, activation: Function) -> AxisFunction {
        let GateLimits { limit, value_addend } = self;
        let (activation, gate, layout) = (Arc::new(activation), Gate::Second, Layout::Halves);
        AxisFunction::Gated { activation, gate, layout, limit, value_addend }
    }
}

impl NamedUnit {
    fn function(&self) -> AxisFunction {
        self.limits.unit(self.activation.into())
    }
}

/// Every name, with its function at its defaults.
static ALL: LazyLock<Vec<(&'static str, AxisFunction)>> = LazyLock::new(|| {
    let named = |function: AxisFunction| {
        let units: &[NamedUnit] = if function.unit().is_some() { &NAMED_UNITS } else { &[] };
        let units = units.iter().map(|unit| (unit.name, unit.function()));
        units.chain([(function.definition().name, function)]).collect::<Vec<_>>()
    };
    defaults().into_iter().flat_map(named).collect()
});

impl AxisFunction {
    /// Every function by name, at its defaults, in the order of the table. `gated` without parameters has the
    /// activation sigmoid, so it equals `glu`.
    #[must_use]
    pub fn all() -> &'static [(&'static str, AxisFunction)] {
        &ALL
    }

    /// Returns the gated unit `value·activation(gate)` whose gate is the second half of the axis. The activation must
    /// be elementwise; [`AxisFunction::validate`] checks that.
    ///
    /// ```
    /// use gpu_activations::{Activation, Axis, AxisFunction};
    /// let swiglu = AxisFunction::gated(Activation::Silu);
    /// assert_eq!(swiglu.output_shape(&Axis::last(&[3, 8])?)?, [3, 4]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    #[must_use]
    pub fn gated(activation: impl Into<Function>) -> AxisFunction {
        GateLimits::default().unit(activation.into())
    }

    /// Returns the named unit that equals this gated unit.
    fn unit(&self) -> Option<&'static NamedUnit> {
        let AxisFunction::Gated { activation, .. } = self else { return None };
        let Function::Elementwise(activation) = **activation else { return None };
        // A limit of one's own leaves a unit its name, unless the limit belongs to the name.
        let is_named = |unit: &&NamedUnit| {
            unit.activation == activation && (unit.limits == GateLimits::default() || unit.limits == self.gate_limits())
        };
        NAMED_UNITS.iter().find(is_named)
    }

    /// The activation of a gated unit.
    pub(crate) fn activation(&self) -> Option<Activation> {
        let AxisFunction::Gated { activation, .. } = self else { return None };
        activation.elementwise().ok()
    }

    /// Returns this function at its defaults and at other values of its parameters that tests try. A gated unit with a
    /// name of its own has its defaults alone, except `glu`, which is `gated` at its defaults.
    #[must_use]
    pub fn samples(&self) -> Vec<AxisFunction> {
        let samples = self.row_samples();
        let default = AxisFunction::all().iter().find(|(name, _)| *name == self.name()).map(|(_, function)| function);
        match default {
            Some(default) if samples.first() != Some(default) => vec![default.clone()],
            _ => samples,
        }
    }

    /// The half that is the gate, for a gated unit.
    pub(crate) fn gate(&self) -> Gate {
        let AxisFunction::Gated { gate, .. } = self else { return Gate::default() };
        *gate
    }

    /// What a gated unit does to its halves first.
    pub(crate) fn gate_limits(&self) -> GateLimits {
        let AxisFunction::Gated { limit, value_addend, .. } = *self else { return GateLimits::default() };
        GateLimits { limit, value_addend }
    }

    /// Whether a gated unit has a limit, or adds to its value.
    pub(crate) fn is_limited(&self) -> bool {
        self.gate_limits() != GateLimits::default()
    }

    /// The canonical name, in `snake_case`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.unit().map_or(self.definition().name, |unit| unit.name)
    }

    /// Other names that find it.
    #[must_use]
    pub fn aliases(&self) -> &'static [&'static str] {
        self.definition().aliases
    }

    /// The formula in plain text.
    #[must_use]
    pub fn formula(&self) -> &'static str {
        self.unit().map_or(self.definition().formula, |unit| unit.formula)
    }

    /// The family: `softmax`, `gated`, `maxout` or `crelu`.
    #[must_use]
    pub fn family(&self) -> &'static str {
        self.definition().family
    }

    /// The parameters that can be set by name, without those of a gated unit's activation.
    #[must_use]
    pub fn parameters(&self) -> &'static [ParameterInfo] {
        self.unit().map_or(self.definition().parameters, |unit| &unit.parameters)
    }

    /// The names and values of the parameters, in the form that [`AxisFunction::with`] reads. Those of a gated unit's
    /// activation are included.
    #[must_use]
    pub fn values(&self) -> Vec<(&'static str, String)> {
        // A function of one's own is written with its parameters.
        let activation = self.activation().filter(|activation| !matches!(activation, Activation::Custom(_)));
        let Some(activation) = activation else { return self.fields() };
        let names = activation.parameters().iter().map(|parameter| parameter.name);
        let of_activation = names.zip(activation.values().into_iter().map(|value| value.to_string()));
        let mut fields = self.fields();
        // The activation comes first, because it decides which parameters follow.
        fields.splice(1..1, of_activation);
        fields
    }

    /// Sets a parameter by name, from text. Case, `_` and `-` do not matter in the name. The parameters of a gated
    /// unit's activation are set in the same way, after the activation itself. Their ranges may depend on each other,
    /// so [`AxisFunction::validate`] checks them.
    ///
    /// # Errors
    /// - [`Error::UnknownParameter`] or [`Error::InvalidValue`];
    /// - [`Error::UnknownName`] or [`Error::OtherKind`] for a gate's activation.
    pub fn with(mut self, parameter: &str, value: &str) -> Result<AxisFunction, Error> {
        let function = self.name();
        let wanted = normalized(parameter);
        let invalid = |parameter, valid| Error::InvalidValue { function, parameter, value: value.to_owned(), valid };
        if let AxisFunction::Gated { activation: of_gate, .. } = &mut self
            && let Ok(activation) = of_gate.elementwise()
            && let Some(known) = activation.parameters().iter().find(|known| normalized(known.name) == wanted)
        {
            let number = value.parse().map_err(|_| invalid(known.name, "a number".to_owned()))?;
            *of_gate = Arc::new(activation.with(known.name, number)?.into());
            return Ok(self);
        }
        let Some(known) = self.parameters().iter().find(|known| normalized(known.name) == wanted) else {
            let known = self.values().into_iter().map(|(name, _)| name).collect();
            let advice =
                if ["axis", "dim"].contains(&wanted.as_str()) { "; the axis is an `Axis`, given with x" } else { "" };
            return Err(Error::UnknownParameter { function, parameter: parameter.to_owned(), known, advice });
        };
        if known.range == Range::Function {
            let activation: Function = value.parse()?;
            activation.elementwise()?;
        }
        self.set(known.name, value).ok_or_else(|| invalid(known.name, known.range.to_string()))?;
        if self.activation().is_none() {
            self.validate()?;
        }
        Ok(self)
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// - [`Error::InvalidValue`];
    /// - [`Error::ParameterOutOfRange`] for parameters of a gate's activation;
    /// - [`Error::OtherKind`] if that activation is not elementwise.
    pub fn validate(&self) -> Result<(), Error> {
        if let AxisFunction::Gated { activation, .. } = self {
            activation.elementwise()?.validate()?;
        }
        for (known, (_, value)) in self.definition().parameters.iter().zip(self.fields()) {
            let is_valid = match known.range {
                Range::Integer(least, most) => value.parse().is_ok_and(|value| (least..=most).contains(&value)),
                // The type allows no invalid value.
                Range::Choice(_) | Range::Function => true,
                range => value.parse().is_ok_and(|value| range.contains(value, |_| f32::MIN)),
            };
            if !is_valid {
                let (function, parameter, valid) = (self.name(), known.name, known.range.to_string());
                return Err(Error::InvalidValue { function, parameter, value, valid });
            }
        }
        Ok(())
    }

    /// Whether it takes a mask of one byte for each element; 0 leaves the element out.
    #[must_use]
    pub fn takes_mask(&self) -> bool {
        self.definition().takes_mask
    }

    /// The number of elements of y.
    pub(crate) fn output_len(&self, axis: &Axis) -> Result<usize, Error> {
        Ok(self.output_shape(axis)?.iter().product())
    }

    /// Checks the operands of a call against the shape, and returns the number of elements of y.
    pub(crate) fn check_lengths(&self, axis: &Axis, lengths: &AlongLengths) -> Result<usize, Error> {
        let AlongLengths { input: (input, input_len), dy, v, mask, result } = *lengths;
        let output = self.output_len(axis)?;
        if mask.is_some() && !self.takes_mask() {
            return Err(Error::NotMaskable { function: self.name() });
        }
        let (x, y) = (axis.elements() as u64, output as u64);
        let given = [(input, Some(input_len), x), ("dy", dy, y), ("v", v, x), ("mask", mask, x)];
        let result = result.map(|(name, length, is_like_y)| (name, Some(length), if is_like_y { y } else { x }));
        let all = given.into_iter().chain(result);
        for (name, length, expected) in all {
            length.map_or(Ok(()), |length| check_lengths(name, length, "the shape", expected))?;
        }
        Ok(output)
    }

    /// Whether it takes a sink: softmax and log_softmax do.
    #[must_use]
    pub fn takes_sink(&self) -> bool {
        matches!(self, AxisFunction::Softmax { .. } | AxisFunction::LogSoftmax { .. })
    }

    /// Whether it has a double backward pass, the gradient of its gradient: softmax, softmin, quiet_softmax, log_softmax and
    /// gated units do.
    #[must_use]
    pub fn has_double_backward(&self) -> bool {
        matches!(
            self,
            AxisFunction::Softmax { .. }
                | AxisFunction::Softmin { .. }
                | AxisFunction::QuietSoftmax { .. }
                | AxisFunction::LogSoftmax { .. }
                | AxisFunction::Gated { .. }
        )
    }

    pub(crate) fn check_double_backward(&self) -> Result<(), Error> {
        let function = self.name();
        if self.has_double_backward() { Ok(()) } else { Err(Error::NoDoubleBackward { function }) }
    }

    /// Whether the axis gets length 1.
    pub(crate) fn reduces(&self) -> bool {
        matches!(self.definition().kernels, Kernels::Rowwise(RowKernels { reduces: true, .. }))
    }

    /// Whether scores are divided by a temperature other than 1.
    pub(crate) fn is_tempered(&self) -> bool {
        self.scalars().temperature.is_some_and(|temperature| temperature != 1.0)
    }

    /// The shape of the result.
    ///
    /// # Errors
    /// - [`Error::IndivisibleAxis`] if the axis cannot be halved or grouped;
    /// - [`Error::TooManyElements`];
    /// - those of [`AxisFunction::validate`].
    pub fn output_shape(&self, axis: &Axis) -> Result<Vec<usize>, Error> {
        self.validate()?;
        let Groups { inputs, outputs, .. } = self.groups();
        let length = axis.length();
        if !length.is_multiple_of(inputs) {
            let (function, shape) = (self.name(), axis.shape().to_vec());
            return Err(Error::IndivisibleAxis { function, shape, axis: axis.index(), length, divisor: inputs });
        }
        if self.reduces() {
            return Ok(axis.with_length(1));
        }
        let shape = axis.with_length((length / inputs).saturating_mul(outputs));
        Axis::new(&shape, axis.index() as isize)?;
        Ok(shape)
    }
}

impl PartialEq for AxisFunction {
    fn eq(&self, other: &AxisFunction) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other) && self.values() == other.values()
    }
}

impl Eq for AxisFunction {}

impl Hash for AxisFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        self.values().hash(state);
    }
}
