//! The names of functions in other libraries, with what they mean there.

use crate::catalog::along::Function;
use crate::catalog::names::{nearest, normalized};
use crate::error::Error;
use std::fmt;

/// A name of another library's function.
///
/// It is written as `LIBRARY:NAME`, where the library is `torch` (`torch.nn` and `torch.nn.functional`), `keras`
/// (activations and their layers), `jax` (`jax.nn`), `onnx` (operators), or `hf` (`ACT2FN` of Hugging Face's transformers).
/// Defaults and names of parameters are that library's, and so is the spelling: `keras:leaky_relu` and `keras:LeakyReLU`
/// differ. [`Function`] reads such names, too.
///
/// ```
/// use gpu_activations::{Function, LibraryName};
///
/// let gelu: Function = "torch:GELU(approximate=tanh)".parse()?;
/// assert_eq!(gelu.to_string(), "gelu_tanh");
/// assert_eq!(LibraryName::find("keras:leaky_relu")?.function()?.to_string(), "leaky_relu(negative_slope=0.2)");
/// # Ok::<(), gpu_activations::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct LibraryName {
    library: &'static Library,
    name: &'static str,
    row: &'static Row,
}

/// A library with its table.
struct Library {
    prefix: &'static str,
    /// As messages call it.
    title: &'static str,
    rows: &'static [Row],
}

/// Names with one meaning.
struct Row {
    names: &'static [&'static str],
    meaning: Meaning,
}

enum Meaning {
    /// This function of the catalogue, with the library's parameters.
    Is(&'static str, &'static [Parameter]),
    /// No function of the catalogue, for this reason.
    Refused(&'static str),
}

enum Parameter {
    /// Called so there, and so here.
    Named(&'static str, &'static str),
    /// The same without a default there.
    Needed(&'static str, &'static str),
    /// A word that chooses the function.
    Choice(&'static str, &'static [(&'static str, &'static str)]),
    /// A parameter that changes no result in f32 at these values, the only ones that are taken.
    Ignored(&'static str, Values),
}

enum Values {
    Words(&'static [&'static str]),
    Between(f32, f32),
    Only(f32),
}
use Meaning::{Is, Refused};
use Parameter::{Choice, Ignored, Named, Needed};
use Values::{Between, Only, Words};

const fn row(names: &'static [&'static str], function: &'static str, parameters: &'static [Parameter]) -> Row {
    Row { names, meaning: Is(function, parameters) }
}

const fn refused(names: &'static [&'static str], reason: &'static str) -> Row {
    Row { names, meaning: Refused(reason) }
}

const ALPHA: &[Parameter] = &[Named("alpha", "alpha")];
const SLOPE: &[Parameter] = &[Named("negative_slope", "negative_slope")];
const INPLACE: Parameter = Ignored("inplace", Words(&["true", "false"]));
/// In training the slopes are drawn, for which there are seeds here.
const NO_TRAINING: Parameter = Ignored("training", Words(&["false"]));
/// The logarithm is x in f32 from 20 on; beyond 88 PyTorch's exponential overflows.
const LINEAR_ABOVE: Parameter = Ignored("threshold", Between(20.0, 88.0));
const APPROXIMATE: Parameter = Choice("approximate", &[("none", "gelu"), ("tanh", "gelu_tanh")]);
const APPROXIMATED: &[Parameter] = &[Choice("approximate", &[("false", "gelu"), ("true", "gelu_tanh")])];
/// Hard sigmoid as clamp(x/6 + ½, 0, 1).
const SIXTH: &str = "hard_sigmoid(alpha=0.16666667)";
const NORMALIZES: &str = "it is a normalization, not an activation";

const LIBRARIES: &[Library] = &[
    Library {
        prefix: "torch",
        title: "PyTorch",
        rows: &[
            row(&["ELU", "elu"], "elu", &[Named("alpha", "alpha"), INPLACE]),
            row(&["elu_"], "elu", ALPHA),
            row(&["Hardshrink", "hardshrink"], "hard_shrink", &[Named("lambd", "lambda")]),
            row(&["Hardsigmoid", "hardsigmoid"], SIXTH, &[INPLACE]),
            row(&["Hardtanh", "hardtanh"], "hard_tanh", &[Named("min_val", "min"), Named("max_val", "max"), INPLACE]),
            row(&["hardtanh_"], "hard_tanh", &[Named("min_val", "min"), Named("max_val", "max")]),
            row(&["Hardswish", "hardswish"], "hard_swish", &[INPLACE]),
            row(&["LeakyReLU", "leaky_relu"], "leaky_relu", &[Named("negative_slope", "negative_slope"), INPLACE]),
            row(&["leaky_relu_"], "leaky_relu", SLOPE),
            row(&["LogSigmoid", "logsigmoid"], "log_sigmoid", &[]),
            row(&["PReLU"], "prelu", &[Named("init", "alpha")]),
            row(&["prelu"], "prelu", &[Needed("weight", "alpha")]),
            row(&["ReLU", "relu"], "relu", &[INPLACE]),
            row(&["relu_"], "relu", &[]),
            row(&["ReLU6", "relu6"], "relu6", &[INPLACE]),
            row(&["RReLU"], "rrelu", &[Named("lower", "lower"), Named("upper", "upper"), INPLACE]),
            row(&["rrelu"], "rrelu", &[Named("lower", "lower"), Named("upper", "upper"), NO_TRAINING, INPLACE]),
            row(&["rrelu_"], "rrelu", &[Named("lower", "lower"), Named("upper", "upper"), NO_TRAINING]),
            row(&["SELU", "selu"], "selu", &[INPLACE]),
            row(&["selu_"], "selu", &[]),
            row(&["CELU", "celu"], "celu", &[Named("alpha", "alpha"), INPLACE]),
            row(&["celu_"], "celu", ALPHA),
            row(&["GELU", "gelu"], "gelu", &[APPROXIMATE]),
            row(&["Sigmoid", "sigmoid"], "sigmoid", &[]),
            row(&["SiLU", "silu"], "silu", &[INPLACE]),
            row(&["Mish", "mish"], "mish", &[INPLACE]),
            row(&["Softplus", "softplus"], "softplus", &[Named("beta", "beta"), LINEAR_ABOVE]),
            row(&["Softshrink", "softshrink"], "soft_shrink", &[Named("lambd", "lambda")]),
            row(&["Softsign", "softsign"], "softsign", &[]),
            row(&["Tanh", "tanh"], "tanh", &[]),
            row(&["Tanhshrink", "tanhshrink"], "tanh_shrink", &[]),
            row(
                &["Threshold", "threshold"],
                "threshold",
                &[Needed("threshold", "threshold"), Needed("value", "value"), INPLACE],
            ),
            row(&["threshold_"], "threshold", &[Needed("threshold", "threshold"), Needed("value", "value")]),
            row(&["GLU", "glu"], "glu", &[]),
            row(&["Softmin", "softmin"], "softmin", &[]),
            row(&["Softmax", "softmax"], "softmax", &[]),
            row(&["LogSoftmax", "log_softmax"], "log_softmax", &[]),
            row(&["gumbel_softmax"], "gumbel_softmax", &[Named("tau", "tau"), Named("hard", "hard")]),
            row(&["logsumexp"], "logsumexp", &[]),
            row(&["Identity"], "identity", &[]),
            row(&["clamp", "clip"], "clip", &[Named("min", "min"), Named("max", "max")]),
            row(&["exp"], "exponential", &[]),
            row(&["sin"], "sine", &[]),
            row(&["erf"], "erf", &[]),
            refused(&["Softmax2d"], "it is softmax along the axis of channels: softmax with --axis -3"),
            refused(&["Linear", "linear"], "it is a layer with weights; this catalogue's linear is torch:Identity"),
            refused(&["Bilinear", "bilinear"], "it is a layer with weights, and no gated unit"),
            refused(&["sinc"], "its argument has a factor π; sinc has none"),
            refused(&["MultiheadAttention", "scaled_dot_product_attention"], "it is a layer of several operations"),
            refused(&["AdaptiveLogSoftmaxWithLoss"], "it is a layer with weights and a loss"),
            refused(&["LayerNorm", "layer_norm", "RMSNorm", "rms_norm", "BatchNorm1d", "batch_norm"], NORMALIZES),
        ],
    },
    Library {
        prefix: "keras",
        title: "Keras",
        rows: &[
            row(&["celu"], "celu", ALPHA),
            row(&["elu", "ELU"], "elu", ALPHA),
            row(&["exponential"], "exponential", &[]),
            row(&["gelu"], "gelu", APPROXIMATED),
            row(&["glu"], "glu", &[]),
            row(&["hard_shrink"], "hard_shrink", &[Named("threshold", "lambda")]),
            row(&["hard_sigmoid"], SIXTH, &[]),
            row(&["hard_silu", "hard_swish"], "hard_swish", &[]),
            row(&["hard_tanh"], "hard_tanh", &[]),
            row(&["leaky_relu"], "leaky_relu(negative_slope=0.2)", SLOPE),
            row(&["LeakyReLU"], "leaky_relu(negative_slope=0.3)", SLOPE),
            row(&["linear", "Identity"], "identity", &[]),
            row(&["log_sigmoid"], "log_sigmoid", &[]),
            row(&["log_softmax"], "log_softmax", &[]),
            row(&["mish"], "mish", &[]),
            row(&["PReLU"], "prelu(alpha=0)", &[]),
            row(
                &["relu", "ReLU"],
                "generalized_relu",
                &[
                    Named("negative_slope", "negative_slope"),
                    Named("max_value", "max_value"),
                    Named("threshold", "threshold"),
                ],
            ),
            row(&["relu6"], "relu6", &[]),
            row(&["selu"], "selu", &[]),
            row(&["sigmoid"], "sigmoid", &[]),
            row(&["silu", "swish"], "silu", &[]),
            row(&["softmax", "Softmax"], "softmax", &[]),
            row(&["soft_shrink"], "soft_shrink", &[Named("threshold", "lambda")]),
            row(&["softplus"], "softplus", &[]),
            row(&["softsign"], "softsign", &[]),
            row(&["sparse_plus"], "sparse_plus", &[]),
            row(&["sparse_sigmoid"], "sparse_sigmoid", &[]),
            // As documented. Up to 3.15 the code takes another threshold (keras-team/keras#23425).
            row(&["sparsemax"], "sparsemax", &[]),
            row(&["squareplus"], "squareplus", &[Named("b", "b")]),
            row(&["tanh"], "tanh", &[]),
            row(&["tanh_shrink"], "tanh_shrink", &[]),
            row(&["threshold"], "threshold", &[Needed("threshold", "threshold"), Needed("default_value", "value")]),
            refused(&["Activation"], "it is a layer that applies any activation; name the activation"),
            refused(&["LayerNormalization", "BatchNormalization", "RMSNormalization"], NORMALIZES),
        ],
    },
    Library {
        prefix: "jax",
        title: "jax.nn",
        rows: &[
            row(&["relu"], "relu", &[]),
            row(&["relu6"], "relu6", &[]),
            row(&["sigmoid"], "sigmoid", &[]),
            row(&["softplus"], "softplus", &[]),
            row(&["sparse_plus"], "sparse_plus", &[]),
            row(&["sparse_sigmoid"], "sparse_sigmoid", &[]),
            row(&["soft_sign"], "softsign", &[]),
            row(&["silu", "swish"], "silu", &[]),
            row(&["log_sigmoid"], "log_sigmoid", &[]),
            row(&["leaky_relu"], "leaky_relu", SLOPE),
            row(&["hard_sigmoid"], SIXTH, &[]),
            row(&["hard_silu", "hard_swish"], "hard_swish", &[]),
            row(&["hard_tanh"], "hard_tanh", &[]),
            row(&["tanh"], "tanh", &[]),
            row(&["elu"], "elu", ALPHA),
            row(&["celu"], "celu", ALPHA),
            row(&["selu"], "selu", &[]),
            row(&["gelu"], "gelu_tanh", APPROXIMATED),
            row(&["glu"], "glu", &[]),
            row(&["squareplus"], "squareplus", &[Named("b", "b")]),
            row(&["mish"], "mish", &[]),
            row(&["identity"], "identity", &[]),
            row(&["softmax"], "softmax", &[]),
            row(&["log_softmax"], "log_softmax", &[]),
            row(&["logsumexp"], "logsumexp", &[]),
            row(&["logmeanexp"], "logmeanexp", &[]),
            refused(&["standardize"], NORMALIZES),
            refused(&["one_hot"], "it encodes indices, and activates nothing"),
            refused(&["dot_product_attention", "scaled_dot_general", "scaled_matmul"], "it multiplies matrices"),
            refused(&["log1mexp"], "it is a helper for probabilities, and no activation"),
        ],
    },
    Library {
        prefix: "onnx",
        title: "ONNX",
        rows: &[
            row(&["Celu"], "celu", ALPHA),
            row(&["Clip"], "clip", &[Named("min", "min"), Named("max", "max")]),
            row(&["Elu"], "elu", ALPHA),
            row(&["Erf"], "erf", &[]),
            row(&["Exp"], "exponential", &[]),
            row(&["Gelu"], "gelu", &[APPROXIMATE]),
            row(&["HardSigmoid"], "hard_sigmoid", &[Named("alpha", "alpha"), Named("beta", "beta")]),
            row(&["HardSwish"], "hard_swish", &[]),
            row(&["Hardmax"], "hardmax", &[]),
            row(&["Identity"], "identity", &[]),
            row(&["LeakyRelu"], "leaky_relu", &[Named("alpha", "negative_slope")]),
            row(&["LogSoftmax"], "log_softmax", &[]),
            row(&["Mish"], "mish", &[]),
            row(&["PRelu"], "prelu", &[Needed("slope", "alpha")]),
            row(&["ReduceLogSumExp"], "logsumexp", &[]),
            row(&["Relu"], "relu", &[]),
            row(&["Selu"], "selu", &[Ignored("alpha", Only(1.673_263_2)), Ignored("gamma", Only(1.050_701))]),
            row(&["Shrink"], "shrink", &[Named("lambd", "lambda"), Named("bias", "bias")]),
            row(&["Sigmoid"], "sigmoid", &[]),
            row(&["Sin"], "sine", &[]),
            row(&["Softmax"], "softmax", &[]),
            row(&["Softplus"], "softplus", &[]),
            row(&["Softsign"], "softsign", &[]),
            // Of two arrays, the gate and the value.
            row(&["SwiGLU"], "gated(activation=swish, gate=first)", &[Named("alpha", "beta")]),
            row(&["Swish"], "swish", &[Named("alpha", "beta")]),
            row(&["Tanh"], "tanh", &[]),
            row(&["ThresholdedRelu"], "thresholded_relu", &[Named("alpha", "theta")]),
            refused(
                &[
                    "BatchNormalization",
                    "GroupNormalization",
                    "InstanceNormalization",
                    "LayerNormalization",
                    "LpNormalization",
                    "LRN",
                    "MeanVarianceNormalization",
                    "RMSNormalization",
                ],
                NORMALIZES,
            ),
        ],
    },
    Library {
        prefix: "hf",
        title: "Hugging Face's ACT2FN",
        rows: &[
            row(&["gelu", "gelu_python"], "gelu", &[]),
            row(&["gelu_10"], "clipped_gelu", &[Named("min", "min"), Named("max", "max")]),
            row(&["gelu_accurate", "gelu_fast", "gelu_new", "gelu_python_tanh", "gelu_pytorch_tanh"], "gelu_tanh", &[]),
            row(&["hardswish"], "hard_swish", &[INPLACE]),
            row(&["laplace"], "laplace", &[Named("mu", "mu"), Named("sigma", "sigma")]),
            row(&["leaky_relu"], "leaky_relu", &[Named("negative_slope", "negative_slope"), INPLACE]),
            row(&["linear"], "identity", &[]),
            row(&["mish"], "mish", &[]),
            row(&["prelu"], "prelu", &[Named("init", "alpha")]),
            row(&["quick_gelu"], "quick_gelu", &[]),
            row(&["relu"], "relu", &[INPLACE]),
            row(&["relu2"], "relu_squared", &[]),
            row(&["relu6"], "relu6", &[INPLACE]),
            row(&["sigmoid"], "sigmoid", &[]),
            row(&["silu"], "silu", &[]),
            row(&["swish"], "silu", &[INPLACE]),
            row(&["tanh"], "tanh", &[]),
            row(
                &["xielu"],
                "xielu",
                &[Named("alpha_p_init", "alpha_p"), Named("alpha_n_init", "alpha_n"), Named("beta", "beta")],
            ),
            refused(&["sqrtsoftplus"], "the square root of softplus is no function of this catalogue"),
        ],
    },
];

impl LibraryName {
    /// Every name, library by library.
    pub fn all() -> impl Iterator<Item = LibraryName> {
        LIBRARIES.iter().flat_map(|library| {
            let rows = library.rows.iter();
            rows.flat_map(move |row| row.names.iter().map(move |&name| LibraryName { library, name, row }))
        })
    }

    /// The prefixes of the libraries: `torch`, `keras`, `jax`, `onnx`, `hf`.
    pub fn libraries() -> impl Iterator<Item = &'static str> {
        LIBRARIES.iter().map(|library| library.prefix)
    }

    /// Returns the name that a text such as `keras:leaky_relu` stands for. Case, `_` and `-` do not matter, unless the
    /// library has both spellings.
    ///
    /// # Errors
    /// [`Error::UnknownLibrary`], [`Error::UnknownInLibrary`].
    pub fn find(text: &str) -> Result<LibraryName, Error> {
        let (prefix, name) = text.split_once(':').unwrap_or(("", text));
        let (prefix, name) = (normalized(prefix.trim()), name.trim());
        let known = || LibraryName::all().filter(|known| known.library.prefix == prefix);
        let library = LIBRARIES.iter().find(|library| library.prefix == prefix).ok_or_else(|| {
            Error::UnknownLibrary { text: text.to_owned(), libraries: LibraryName::libraries().collect() }
        })?;
        let wanted = normalized(name);
        known()
            .find(|known| known.name == name)
            .or_else(|| known().find(|known| normalized(known.name) == wanted))
            .ok_or_else(|| Error::UnknownInLibrary {
                library: library.title,
                name: name.to_owned(),
                nearest: nearest(name, known().map(|known| (known.name, known.name))),
            })
    }

    /// The library's prefix.
    #[must_use]
    pub fn library(&self) -> &'static str {
        self.library.prefix
    }

    /// The name as the library spells it, without the prefix.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The reason why no function has this meaning, if there is none.
    #[must_use]
    pub fn refusal(&self) -> Option<&'static str> {
        match self.row.meaning {
            Is(..) => None,
            Refused(reason) => Some(reason),
        }
    }

    /// Returns the function at the library's defaults.
    ///
    /// # Errors
    /// [`Error::NotInCatalogue`] with the reason.
    pub fn function(&self) -> Result<Function, Error> {
        match self.row.meaning {
            Is(function, _) => function.parse(),
            Refused(reason) => Err(Error::NotInCatalogue { name: self.to_string(), reason }),
        }
    }

    /// The library's names of the parameters, each with this catalogue's name; none where it has no counterpart.
    #[must_use]
    pub fn parameters(&self) -> Vec<(&'static str, Option<&'static str>)> {
        let pair = |parameter: &Parameter| match *parameter {
            Named(there, here) | Needed(there, here) => (there, Some(here)),
            Choice(there, _) | Ignored(there, _) => (there, None),
        };
        self.known().iter().map(pair).collect()
    }

    /// The parameters that have no default in the library.
    #[must_use]
    pub fn needed(&self) -> Vec<&'static str> {
        let needed = |parameter: &Parameter| if let Needed(there, _) = *parameter { Some(there) } else { None };
        self.known().iter().filter_map(needed).collect()
    }

    fn known(&self) -> &'static [Parameter] {
        match self.row.meaning {
            Is(_, parameters) => parameters,
            Refused(_) => &[],
        }
    }

    /// Returns this catalogue's name of a parameter, from the library's.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`] for a name that the library does not have, or that names no number here.
    pub fn parameter(&self, there: &str) -> Result<&'static str, Error> {
        let wanted = normalized(there);
        let mut parameters = self.parameters().into_iter();
        let found = parameters.find(|(known, _)| normalized(known) == wanted).and_then(|(_, here)| here);
        match found {
            Some(here) => Ok(here),
            None => Err(self.unknown(there)?),
        }
    }

    /// Returns a function that has this name, with a parameter set by the library's name of it, from text.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`], [`Error::InvalidValue`].
    pub fn with(&self, function: Function, parameter: &str, value: &str) -> Result<Function, Error> {
        let wanted = normalized(parameter);
        let value = value.trim_matches(['\'', '"']);
        let name = |parameter: &Parameter| match *parameter {
            Named(there, _) | Needed(there, _) | Choice(there, _) | Ignored(there, _) => normalized(there),
        };
        match self.known().iter().find(|known| name(known) == wanted) {
            Some(Named(_, here) | Needed(_, here)) => {
                // Python spells its constants so.
                let word = value.to_lowercase();
                function.with(here, if ["true", "false"].contains(&word.as_str()) { &word } else { value })
            }
            Some(Choice(there, choices)) => {
                let chosen = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(value));
                let valid = || choices.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(" or ");
                chosen.map_or_else(|| Err(invalid(&function, there, value, valid())), |(_, function)| function.parse())
            }
            Some(Ignored(_, values)) if values.contains(value) => Ok(function),
            Some(Ignored(there, values)) => Err(invalid(&function, there, value, values.to_string())),
            None => Err(self.unknown(parameter)?),
        }
    }

    /// The error for a parameter that the library does not have.
    fn unknown(&self, parameter: &str) -> Result<Error, Error> {
        Ok(Error::UnknownParameter {
            function: self.function()?.name(),
            parameter: parameter.to_owned(),
            known: self.parameters().into_iter().map(|(there, _)| there).collect(),
            advice: if ["dim", "axis"].contains(&normalized(parameter).as_str()) {
                "; the axis is an argument of the call, or --axis"
            } else {
                ""
            },
        })
    }

    /// Returns the function with parameters by the library's names.
    pub(crate) fn configured(&self, parameters: &[(&str, &str)]) -> Result<Function, Error> {
        let mut function = self.function()?;
        for (key, value) in parameters {
            function = self.with(function, key, value)?;
        }
        let given = |needed: &&str| !parameters.iter().any(|(key, _)| normalized(key) == normalized(needed));
        match self.needed().into_iter().find(given) {
            Some(parameter) => Err(Error::ParameterMissing { name: self.to_string(), parameter }),
            None => Ok(function),
        }
    }
}

fn invalid(function: &Function, parameter: &'static str, value: &str, valid: String) -> Error {
    Error::InvalidValue { function: function.name(), parameter, value: value.to_owned(), valid }
}

impl Values {
    fn contains(&self, value: &str) -> bool {
        let number = value.parse::<f32>();
        match *self {
            Words(words) => words.iter().any(|word| word.eq_ignore_ascii_case(value)),
            Between(least, most) => number.is_ok_and(|number| (least..=most).contains(&number)),
            Only(one) => number == Ok(one),
        }
    }
}

impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Words(words) => f.write_str(&words.join(" or ")),
            Between(least, most) => write!(f, "from {least} to {most}"),
            Only(one) => write!(f, "{one}"),
        }
    }
}

impl fmt::Display for LibraryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.library.prefix, self.name)
    }
}

impl fmt::Debug for LibraryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LibraryName({self})")
    }
}
