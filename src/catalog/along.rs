//! THE TABLE of functions along an axis. A new one is one row here, its part in `shaders/rowwise/functions` or
//! `shaders/groupwise`, and its reference in `src/reference/along.rs`.

use crate::catalog::axis::Axis;
use crate::catalog::elementwise::Activation;
use crate::catalog::names::normalized;
use crate::catalog::parameter::{ParameterInfo, Range, Value};
use crate::catalog::source::{Source, source};
use crate::error::Error;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

/// A function of either kind, with the values of its parameters.
///
/// It is written as its name, with the parameters that differ from their defaults: `gelu`,
/// `leaky_relu(negative_slope=0.2)`, `softmax(temperature=0.5)`, `gated(activation=swish, beta=1.5, gate=first)`.
/// [`FromStr`](std::str::FromStr) reads that back: names whatever their case, with `_` and `-` ignored, and the activation of a gated unit
/// before its parameters.
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
    /// A function of each element by itself.
    Elementwise(Activation),
    /// A function along an axis.
    Along(AxisFunction),
}

impl Function {
    /// The elementwise function that this is.
    ///
    /// # Errors
    /// [`Error::OtherKind`].
    pub fn elementwise(&self) -> Result<Activation, Error> {
        match self {
            Function::Elementwise(activation) => Ok(*activation),
            Function::Along(function) => Err(Error::OtherKind { function: function.name(), along_axis: true }),
        }
    }

    /// The function along an axis that this is.
    ///
    /// # Errors
    /// [`Error::OtherKind`].
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

/// Which half of a gated unit's axis goes through the activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Gate {
    /// The second, as in `torch.nn.functional.glu`.
    #[default]
    Second,
    /// The first, as in Llama's gate-then-up projections.
    First,
}

/// How the two halves of a gated unit lie along the axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Layout {
    /// One after the other.
    #[default]
    Halves,
    /// Entry by entry in turn.
    Interleaved,
}

/// A row of the table, without the values of its parameters.
#[derive(Debug)]
pub(crate) struct AxisDefinition {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub formula: &'static str,
    pub family: &'static str,
    pub parameters: &'static [ParameterInfo],
    pub takes_mask: bool,
    pub kernels: Kernels,
    /// The largest error in f32, forward and backward, in units in the last place; of a gated unit what is added to the
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

/// How a function is computed.
#[derive(Debug)]
pub(crate) enum Kernels {
    /// From statistics of each row.
    Rowwise(RowKernels),
    /// From groups of entries, each by itself.
    Groupwise { part: Source, operands: Operands },
}

/// What kernels by statistics of rows are made of.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct RowKernels {
    /// The function, its statistics, and what these are made of.
    pub parts: &'static [Source],
    /// How statistics go from lane to lane of a subgroup.
    pub shuffled: Source,
    /// How often all entries are visited before any result, at most; with y given, at most twice.
    pub rounds: u32,
    /// Whether the axis becomes 1 long.
    pub reduces: bool,
}

/// What a groupwise kernel reads for each result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operands {
    /// Both entries of a group, and the activation's parameters.
    Gated,
    /// All entries of a group.
    Group,
    /// One entry; of a gradient both.
    Entry,
}

/// How an axis is divided into groups, and how many entries of x and of y a group has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Groups {
    pub inputs: usize,
    pub outputs: usize,
    /// Whether the entries of a group are successive. Else the axis has as many equal parts as a group has entries.
    pub successive: bool,
}

/// What a result is the difference of, in whose units its error counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Terms {
    /// Nothing cancels.
    Nothing,
    /// The gradient, of a share's product with dy and that with the row's mean.
    Shares,
    /// The gradient, of dy and a share's product with the row's sum.
    LogShares,
    /// The result, of the row's largest number and a logarithm.
    Logarithm,
    /// The result, of an entry and the threshold; the gradient, of dy and its mean.
    Projection,
    /// The roots of a gate's activation.
    Gate,
}

/// What a row's kernels are told of the function, besides its text.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct RowScalars {
    pub temperature: Option<f32>,
    pub seed: u64,
    pub hard: bool,
    /// Whether the logarithm of the axis' length is subtracted.
    pub is_mean: bool,
}

/// A field of a row, as text.
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

/// The name alone: its parameters stand beside it.
impl Field for Arc<Function> {
    fn parsed(text: &str) -> Option<Self> {
        text.parse().ok().map(Arc::new)
    }
    fn shown(&self) -> String {
        self.name().to_owned()
    }
}

/// Builds `AxisFunction` and everything that follows from a row.
macro_rules! along {
    ($(
        $(#[$doc:meta])*
        $name:ident $variant:ident
        $({ $($(#[$field_doc:meta])* $field:ident: $type:ty = $default:expr, $value:expr, $range:expr;)* })?
        formula $formula:literal,
        family $family:literal,
        mask $mask:literal,
        from_output $from_output:expr,
        kernels $kernels:expr,
        groups $groups:expr,
        scalars $scalars:expr,
        limit $limit:literal in $terms:expr;
    )*) => {
        /// A function along one axis of an array. A row is the entries whose indices agree except along the axis.
        ///
        /// NaN in x or dy gives NaN in every result that depends on it: of the softmax family, where no mask leaves it
        /// out, in its whole row. An entry of dy has no part in a gradient behind a mask, off the support of sparsemax,
        /// beside the maximum of maxout, or of hardmax. An infinite dy gives infinities or NaN.
        ///
        /// A gradient is the finite number wherever the sum of its terms' magnitudes, written as in the formula, is an
        /// f32.
        ///
        /// Two functions are equal if they are the same and the bits of their parameters agree.
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub enum AxisFunction {
            $(
                $(#[$doc])*
                $variant $({ $($(#[$field_doc])* $field: $type),* })?,
            )*
        }

        /// The functions at their defaults, in the order of the table.
        fn defaults() -> Vec<AxisFunction> {
            vec![$(AxisFunction::$variant { $($($field: $default),*)? }),*]
        }

        impl AxisFunction {
            pub(crate) fn definition(&self) -> &'static AxisDefinition {
                match self {
                    $(AxisFunction::$variant { .. } => const { &AxisDefinition {
                        name: stringify!($name),
                        aliases: &[],
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

            /// The values of the table's parameters, as text.
            fn fields(&self) -> Vec<(&'static str, String)> {
                match self {
                    $(AxisFunction::$variant { $($($field),*)? } => vec![$($((stringify!($field), $field.shown())),*)?],)*
                }
            }

            /// Sets a parameter of the table by its name; none where the text is no value of its type.
            fn set(&mut self, parameter: &str, text: &str) -> Option<()> {
                match self {
                    $(AxisFunction::$variant { $($($field),*)? } => match parameter {
                        $($(stringify!($field) => *$field = Field::parsed(text)?,)*)?
                        _ => return None,
                    },)*
                }
                Some(())
            }

            /// Whether the gradient may be computed from y in place of x.
            pub fn has_backward_from_output(&self) -> bool {
                match self {
                    $(AxisFunction::$variant { $($($field),*)? } => {
                        $($(let _ = $field;)*)?
                        $from_output
                    })*
                }
            }

            /// How the axis is divided, where results come from groups of entries.
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

/// Entries of a function that works by rows are no groups.
const ROWS: Groups = Groups { inputs: 1, outputs: 1, successive: false };

const NO_SCALARS: RowScalars = RowScalars { temperature: None, seed: 0, hard: false, is_mean: false };

const fn at_temperature(temperature: f32) -> RowScalars {
    RowScalars { temperature: Some(temperature), ..NO_SCALARS }
}

/// A function by the statistics of exponentials, in two rounds: the largest score, then sums in that scale.
const fn exponentials(parts: &'static [Source], rounds: u32, reduces: bool) -> Kernels {
    Kernels::Rowwise(RowKernels { parts, shuffled: source!("rowwise/exponentials_shuffled.wgsl"), rounds, reduces })
}

const PLAIN: Source = source!("rowwise/scores/plain.wgsl");
const NO_REMAINDER: Source = source!("rowwise/scores/remainder_none.wgsl");
const SOFTMAX: Source = source!("rowwise/functions/softmax.wgsl");
const ONE: Source = source!("rowwise/scores/temperature_one.wgsl");
const EXPONENTIALS: Source = source!("rowwise/exponentials.wgsl");

const TEMPERATURE: Value = Value::Number(1.0);

along! {
    /// The shares e^(x/T) of their sum (Bridle 1990); takes a mask. A row of nothing but −∞, or masked out altogether,
    /// gives zeros, where PyTorch and JAX give NaN; +∞ gives NaN, as there.
    ///
    /// Forward: `y = exp((x − m)/T)/Σ exp((x − m)/T)`, m the row's maximum. Backward: `y·(dy − Σ y·dy)/T`.
    #[cfg_attr(doc, doc = concat!("\n\n", include_str!("../../pictures/softmax.svg")))]
    softmax Softmax {
        /// T, finite and above 0.
        temperature: f32 = 1.0, TEMPERATURE, Range::AboveZero;
    }
    formula "exp(x/T)/Σ exp(x/T)",
    family "softmax",
    mask true,
    from_output true,
    kernels exponentials(&[PLAIN, NO_REMAINDER, SOFTMAX, ONE, EXPONENTIALS], 2, false),
    groups ROWS,
    scalars at_temperature(*temperature),
    limit 4.0 in Terms::Shares;

    /// The logarithm of softmax; takes a mask. Masked entries, and rows of nothing but −∞, give −∞.
    ///
    /// Forward: `(x − m)/T − ln Σ exp((x − m)/T)`. Backward: `(dy − exp(y)·Σ dy)/T`.
    #[cfg_attr(doc, doc = concat!("\n\n", include_str!("../../pictures/log_softmax.svg")))]
    log_softmax LogSoftmax {
        /// T, finite and above 0.
        temperature: f32 = 1.0, TEMPERATURE, Range::AboveZero;
    }
    formula "x/T − ln Σ exp(x/T)",
    family "softmax",
    mask true,
    from_output true,
    kernels exponentials(&[PLAIN, NO_REMAINDER, source!("rowwise/functions/log_softmax.wgsl"), ONE, EXPONENTIALS], 2, false),
    groups ROWS,
    scalars at_temperature(*temperature),
    limit 4.0 in Terms::LogShares;

    /// Softmax of −x; takes a mask.
    ///
    /// Forward: `exp(−x/T)/Σ exp(−x/T)`. Backward: `−y·(dy − Σ y·dy)/T`.
    #[cfg_attr(doc, doc = concat!("\n\n", include_str!("../../pictures/softmin.svg")))]
    softmin Softmin {
        /// T, finite and above 0.
        temperature: f32 = 1.0, TEMPERATURE, Range::AboveZero;
    }
    formula "exp(−x/T)/Σ exp(−x/T)",
    family "softmax",
    mask true,
    from_output true,
    kernels exponentials(&[source!("rowwise/scores/negated.wgsl"), NO_REMAINDER, SOFTMAX, ONE, EXPONENTIALS], 2, false),
    groups ROWS,
    scalars at_temperature(*temperature),
    limit 4.0 in Terms::Shares;

    /// Softmax with one more entry of 0, which takes what the others leave (Miller 2023, "softmax1").
    ///
    /// Forward: `exp(x − m)/(exp(−m) + Σ exp(x − m))`, m = max(0, max x). Backward: `y·(dy − Σ y·dy)`.
    #[cfg_attr(doc, doc = concat!("\n\n", include_str!("../../pictures/quiet_softmax.svg")))]
    quiet_softmax QuietSoftmax
    formula "exp(x)/(1 + Σ exp(x))",
    family "softmax",
    mask false,
    from_output true,
    kernels exponentials(&[PLAIN, source!("rowwise/scores/remainder_zero.wgsl"), SOFTMAX, ONE, EXPONENTIALS], 2, false),
    groups ROWS,
    scalars NO_SCALARS,
    limit 4.0 in Terms::Shares;

    /// 1 at the first maximum, of a row of nothing but −∞ its first entry; 0 elsewhere, as in ONNX. The gradient is 0.
    #[cfg_attr(doc, doc = concat!("\n\n", include_str!("../../pictures/hardmax.svg")))]
    hardmax Hardmax
    formula "1 at the first maximum, else 0",
    family "softmax",
    mask false,
    from_output false,
    kernels exponentials(&[PLAIN, NO_REMAINDER, source!("rowwise/functions/hardmax.wgsl"), ONE, EXPONENTIALS], 1, false),
    groups ROWS,
    scalars NO_SCALARS,
    limit 0.0 in Terms::Nothing;

    /// The Euclidean projection onto the simplex (Martins & Astudillo 2016); +∞ gives NaN.
    ///
    /// Forward: `max(x − τ, 0)`, τ such that the row sums to 1. Backward: dy less its mean over the support, there.
    #[cfg_attr(doc, doc = concat!("\n\n", include_str!("../../pictures/sparsemax.svg")))]
    sparsemax Sparsemax
    formula "max(x − τ, 0), τ such that Σ = 1",
    family "softmax",
    mask false,
    from_output true,
    kernels Kernels::Rowwise(RowKernels {
        parts: &[source!("rowwise/functions/sparsemax.wgsl")],
        shuffled: source!("rowwise/sparsemax_shuffled.wgsl"),
        rounds: 64,
        reduces: false,
    }),
    groups ROWS,
    scalars NO_SCALARS,
    limit 1.0 in Terms::Projection;

    /// Softmax of x plus noise, a differentiable sample of the categorical distribution (Jang, Gu & Poole 2017).
    ///
    /// Forward: `softmax((x + G)/τ)`, G = −ln(−ln U), U from Philox4x32-10 with the seed as key and the element's
    /// index as counter, the same on every adapter. Backward: softmax's of the soft sample, also where the sample is hard.
    #[cfg_attr(doc, doc = concat!("\n\n", include_str!("../../pictures/gumbel_softmax.svg")))]
    gumbel_softmax GumbelSoftmax {
        /// τ, finite and above 0.
        tau: f32 = 1.0, TEMPERATURE, Range::AboveZero;
        /// Whether the largest entry is given as 1 and the others as 0.
        hard: bool = false, Value::Flag(false), Range::Choice(&["true", "false"]);
        /// Which noise.
        seed: u64 = 0, Value::Integer(0), Range::Integer(0, u64::MAX);
    }
    formula "softmax((x + G)/τ), G = −ln(−ln U)",
    family "softmax",
    mask false,
    from_output !hard,
    kernels exponentials(
        &[source!("random.wgsl"), source!("rowwise/scores/gumbel.wgsl"), NO_REMAINDER, SOFTMAX, ONE, EXPONENTIALS],
        2,
        false,
    ),
    groups ROWS,
    scalars RowScalars { hard: *hard, seed: *seed, ..at_temperature(*tau) },
    limit 4.0 in Terms::Shares;

    /// `ln Σ exp(x)`; the axis becomes 1 long. +∞ gives +∞, and no entries at all give −∞.
    ///
    /// Backward: `exp(x − y)·dy`.
    #[cfg_attr(doc, doc = concat!("\n\n", include_str!("../../pictures/logsumexp.svg")))]
    logsumexp LogSumExp
    formula "ln Σ exp(x)",
    family "softmax",
    mask false,
    from_output false,
    kernels exponentials(&[PLAIN, NO_REMAINDER, source!("rowwise/functions/logsumexp.wgsl"), ONE, EXPONENTIALS], 2, true),
    groups ROWS,
    scalars NO_SCALARS,
    limit 4.0 in Terms::Logarithm;

    /// `ln(Σ exp(x)/n)` of the n entries of a row; the axis becomes 1 long. No entries at all give NaN, the logarithm
    /// of 0/0.
    ///
    /// Backward: `exp(x − y)·dy/n`.
    #[cfg_attr(doc, doc = concat!("\n\n", include_str!("../../pictures/logmeanexp.svg")))]
    logmeanexp LogMeanExp
    formula "ln(Σ exp(x)/n)",
    family "softmax",
    mask false,
    from_output false,
    kernels exponentials(&[PLAIN, NO_REMAINDER, source!("rowwise/functions/logsumexp.wgsl"), ONE, EXPONENTIALS], 2, true),
    groups ROWS,
    scalars RowScalars { is_mean: true, ..NO_SCALARS },
    limit 4.0 in Terms::Logarithm;

    /// `value·activation(gate)`, the two being halves of the axis (Dauphin et al. 2017; Shazeer 2020). Named `glu` with
    /// sigmoid, `swiglu` with silu, `geglu` with gelu, `reglu` with relu, `bilinear` with identity, else `gated`.
    ///
    /// Backward: `dvalue = dy·activation(gate)`, `dgate = dy·value·activation′(gate)`.
    #[cfg_attr(doc, doc = concat!("\n\n", include_str!("../../pictures/swiglu.svg")))]
    gated Gated {
        /// What the gate goes through, an elementwise function.
        activation: Arc<Function> = Arc::new(Activation::Sigmoid.into()), Value::Word("sigmoid"), Range::Function;
        /// Which half is the gate.
        gate: Gate = Gate::Second, Value::Word("second"), Range::Choice(&["first", "second"]);
        /// How the halves lie.
        layout: Layout = Layout::Halves, Value::Word("halves"), Range::Choice(&["halves", "interleaved"]);
    }
    formula "value·activation(gate)",
    family "gated",
    mask false,
    from_output false,
    kernels Kernels::Groupwise { part: source!("groupwise/gated.wgsl"), operands: Operands::Gated },
    groups Groups { inputs: 2, outputs: 1, successive: *layout == Layout::Interleaved },
    scalars NO_SCALARS,
    // A product of a result of the activation, whose units may be half of those before, and the product before it.
    limit 1.25 in Terms::Gate;

    /// The maximum of each group of `pieces` successive entries (Goodfellow et al. 2013). The gradient goes to the
    /// first maximum.
    #[cfg_attr(doc, doc = concat!("\n\n", include_str!("../../pictures/maxout.svg")))]
    maxout Maxout {
        /// Entries of a group, from 1 to 65 535, which is as far as llvmpipe counts; the axis' length must be a multiple.
        pieces: usize = 2, Value::Integer(2), Range::Integer(1, 65_535);
    }
    formula "the maximum of each group of `pieces` entries",
    family "maxout",
    mask false,
    from_output false,
    kernels Kernels::Groupwise { part: source!("groupwise/maxout.wgsl"), operands: Operands::Group },
    groups Groups { inputs: *pieces, outputs: 1, successive: true },
    scalars NO_SCALARS,
    limit 0.0 in Terms::Nothing;

    /// relu(x) followed along the axis by relu(−x) (Shang et al. 2016).
    ///
    /// Backward: `dy₁` where x > 0, `−dy₂` where x < 0, 0 at 0.
    #[cfg_attr(doc, doc = concat!("\n\n", include_str!("../../pictures/crelu.svg")))]
    crelu Crelu
    formula "relu(x) and relu(−x), one after the other",
    family "crelu",
    mask false,
    from_output false,
    kernels Kernels::Groupwise { part: source!("groupwise/crelu.wgsl"), operands: Operands::Entry },
    groups Groups { inputs: 1, outputs: 2, successive: false },
    scalars NO_SCALARS,
    limit 0.0 in Terms::Nothing;
}

/// A gated unit that has a name of its own.
struct NamedUnit {
    name: &'static str,
    formula: &'static str,
    activation: Activation,
    parameters: [ParameterInfo; 3],
}

const fn unit(name: &'static str, formula: &'static str, activation: Activation, of: &'static str) -> NamedUnit {
    let parameters = [
        ParameterInfo::new("activation", Value::Word(of), Range::Function),
        ParameterInfo::new("gate", Value::Word("second"), Range::Choice(&["first", "second"])),
        ParameterInfo::new("layout", Value::Word("halves"), Range::Choice(&["halves", "interleaved"])),
    ];
    NamedUnit { name, formula, activation, parameters }
}

static NAMED_UNITS: [NamedUnit; 5] = [
    unit("glu", "value·σ(gate)", Activation::Sigmoid, "sigmoid"),
    unit("swiglu", "value·silu(gate)", Activation::Silu, "silu"),
    unit("geglu", "value·gelu(gate)", Activation::Gelu, "gelu"),
    unit("reglu", "value·relu(gate)", Activation::Relu, "relu"),
    unit("bilinear", "value·gate", Activation::Identity, "identity"),
];

/// Every name, with its function at its defaults.
static ALL: LazyLock<Vec<(&'static str, AxisFunction)>> = LazyLock::new(|| {
    let named = |function: AxisFunction| {
        let units: &[NamedUnit] = if function.unit().is_some() { &NAMED_UNITS } else { &[] };
        let units = units.iter().map(|unit| (unit.name, AxisFunction::gated(unit.activation)));
        units.chain([(function.definition().name, function)]).collect::<Vec<_>>()
    };
    defaults().into_iter().flat_map(named).collect()
});

impl AxisFunction {
    /// Every function by name, at its defaults, in the order of the table. `gated` alone has sigmoid, and with that is
    /// `glu`.
    #[must_use]
    pub fn all() -> &'static [(&'static str, AxisFunction)] {
        &ALL
    }

    /// The gated unit `value·activation(gate)` whose gate is the second half of the axis. The activation must be
    /// elementwise, which [`AxisFunction::validate`] checks.
    pub fn gated(activation: impl Into<Function>) -> AxisFunction {
        AxisFunction::Gated { activation: Arc::new(activation.into()), gate: Gate::Second, layout: Layout::Halves }
    }

    /// The named unit that a gated unit is.
    fn unit(&self) -> Option<&'static NamedUnit> {
        let AxisFunction::Gated { activation, .. } = self else { return None };
        let Function::Elementwise(activation) = **activation else { return None };
        NAMED_UNITS.iter().find(|unit| unit.activation == activation)
    }

    /// The activation of a gated unit.
    pub(crate) fn activation(&self) -> Option<Activation> {
        let AxisFunction::Gated { activation, .. } = self else { return None };
        activation.elementwise().ok()
    }

    /// Which half is the gate, of a gated unit.
    pub(crate) fn gate(&self) -> Gate {
        let AxisFunction::Gated { gate, .. } = self else { return Gate::default() };
        *gate
    }

    /// The canonical name, in `snake_case`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.unit().map_or(self.definition().name, |unit| unit.name)
    }

    /// Other names under which it is found.
    #[must_use]
    pub fn aliases(&self) -> &'static [&'static str] {
        self.definition().aliases
    }

    /// The formula in plain text.
    #[must_use]
    pub fn formula(&self) -> &'static str {
        self.unit().map_or(self.definition().formula, |unit| unit.formula)
    }

    /// Which family it belongs to: `softmax`, `gated`, `maxout` or `crelu`.
    #[must_use]
    pub fn family(&self) -> &'static str {
        self.definition().family
    }

    /// The parameters that may be set by name; those of a gated unit's activation are not among them.
    #[must_use]
    pub fn parameters(&self) -> &'static [ParameterInfo] {
        self.unit().map_or(self.definition().parameters, |unit| &unit.parameters)
    }

    /// The names of its parameters and their values as [`AxisFunction::with`] reads them, those of a gated unit's
    /// activation included.
    #[must_use]
    pub fn values(&self) -> Vec<(&'static str, String)> {
        let Some(activation) = self.activation() else { return self.fields() };
        let names = activation.parameters().iter().map(|parameter| parameter.name);
        let of_activation = names.zip(activation.values().into_iter().map(|value| value.to_string()));
        let mut fields = self.fields();
        // After the activation itself, which decides what they are.
        fields.splice(1..1, of_activation);
        fields
    }

    /// Sets a parameter by name, whatever the case and with `_` and `-` ignored, from text. Those of a gated unit's
    /// activation are set in the same way, after the activation itself; their ranges, which may depend on one another,
    /// are for [`AxisFunction::validate`] to check.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`], [`Error::InvalidValue`]; [`Error::UnknownName`] or [`Error::OtherKind`] for a gate's
    /// activation.
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
    /// [`Error::InvalidValue`]; [`Error::ParameterOutOfRange`] for those of a gate's activation, [`Error::OtherKind`]
    /// where that is no elementwise function.
    pub fn validate(&self) -> Result<(), Error> {
        if let AxisFunction::Gated { activation, .. } = self {
            activation.elementwise()?.validate()?;
        }
        for (known, (_, value)) in self.definition().parameters.iter().zip(self.fields()) {
            let is_valid = match known.range {
                Range::Integer(least, most) => value.parse().is_ok_and(|value| (least..=most).contains(&value)),
                // Whatever the type allows.
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

    /// Whether it takes a mask, of one byte an element, 0 leaving it out.
    #[must_use]
    pub fn takes_mask(&self) -> bool {
        self.definition().takes_mask
    }

    /// Whether the axis becomes 1 long.
    pub(crate) fn reduces(&self) -> bool {
        matches!(self.definition().kernels, Kernels::Rowwise(RowKernels { reduces: true, .. }))
    }

    /// Whether scores are divided by a temperature.
    pub(crate) fn is_tempered(&self) -> bool {
        self.scalars().temperature.is_some_and(|temperature| temperature != 1.0)
    }

    /// The shape of the result.
    ///
    /// # Errors
    /// [`Error::IndivisibleAxis`] where the axis cannot be halved or grouped; [`Error::TooManyElements`];
    /// and as [`AxisFunction::validate`].
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
