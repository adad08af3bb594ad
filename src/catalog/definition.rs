//! The declaration of an elementwise function, and the macro that makes the enum `Activation` from the table.

use crate::catalog::parameter::ParameterInfo;
use crate::catalog::source::Source;
use std::hash::{Hash, Hasher};

/// A row of the table, without parameter values.
#[derive(Debug)]
pub(crate) struct Definition {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub formula: &'static str,
    pub parameters: &'static [ParameterInfo],
    pub body: Body,
}

/// The WGSL of a function.
#[derive(Debug)]
pub(crate) enum Body {
    /// A file of this crate.
    File(Source),
    /// Text made from a formula, which calls functions of the table.
    Formula { text: String, called: Vec<&'static Definition> },
    /// A user's text.
    Own(String),
}

impl Definition {
    /// Whether its text is this crate's own.
    pub(crate) fn is_trusted(&self) -> bool {
        !matches!(self.body, Body::Own(_))
    }

    /// Whether the second derivative is 0 throughout, so that no text computes it.
    pub(crate) fn is_flat(&self) -> bool {
        matches!(&self.body, Body::File(source) if !source.text.contains("fn second_derivative("))
    }

    /// Whether a user's text declares this function; every other text does.
    pub(crate) fn declares(&self, function: &str) -> bool {
        match &self.body {
            Body::Own(text) => text.lines().any(|line| line.starts_with(&format!("fn {function}("))),
            Body::File(_) | Body::Formula { .. } => true,
        }
    }
}

/// Names are unique in the table. Functions of a user's own have one name, and differ in their text.
impl PartialEq for Definition {
    fn eq(&self, other: &Definition) -> bool {
        self.name == other.name && (std::ptr::eq(self, other) || self.formula == other.formula)
    }
}

impl Eq for Definition {}

impl Hash for Definition {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        if !matches!(self.body, Body::File(_)) {
            self.formula.hash(state);
        }
    }
}

/// Builds `Activation` and everything derived from the table. `elementwise.rs` shows the form of a row.
macro_rules! catalog {
    ($(
        $(#[$doc:meta])*
        $name:ident $variant:ident
        $({ $($(#[$field_doc:meta])* $field:ident = $kind:ident($default:expr, $range:expr),)* })?
        $(aliases [$($alias:literal),*],)?
        formula $formula:literal,
        $(kinks [$($kink:expr),*],)?
        limits $forward_limit:literal, $derivative_limit:literal,
        $(fast $fast_forward_limit:literal, $fast_derivative_limit:literal,)?
        $(roots |$root_x:ident| $forward_term:expr, |$root_dx:ident| $derivative_term:expr,)?
        $(samples [$({ $($sample_field:ident: $sample:expr),* }),*],)?
        $(pictured [$({ $($pictured_field:ident: $pictured:expr),* }),*],)?
        forward |$x:ident| $forward:expr,
        derivative |$dx:ident| $derivative:expr
        $(, second within $second_limit:literal, $fast_second_limit:literal
            $(of |$root_ddx:ident| $second_term:expr,)? |$ddx:ident| $second:expr)?
        $(, gradient $learned:ident within $gradient_limit:literal
            $(of |$root_learned:ident| $gradient_term:expr,)? |$learned_x:ident| $gradient:expr)*;
    )*) => {
        /// An activation function with the values of its parameters.
        ///
        /// NaN gives NaN, and infinities give the limit of the formula. A gradient is `dx = dy·f′(x)`, where f′(x) is
        /// first rounded to f32. NaN in x or dy gives NaN. An infinite dy gives an infinity, or NaN if f′(x) is 0.
        ///
        /// At a kink the derivative is PyTorch's, because most ported models come from there. Each variant names the
        /// libraries that differ. In the pictures a dot marks the value at a kink.
        ///
        /// Two activations are equal if they are the same function and the bits of their parameters agree.
        #[derive(Debug, Clone, Copy)]
        #[non_exhaustive]
        pub enum Activation {
            $(
                $(#[$doc])*
                #[doc = concat!("\n\nForward: `", $formula, "`.\n")]
                #[cfg_attr(doc, doc = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/pictures/", stringify!($name), ".svg")))]
                $variant $({ $($(#[$field_doc])* $field: f32),* })?,
            )*
            /// A function of one's own, from a formula or from WGSL text.
            Custom(Custom),
        }

        impl Activation {
            /// Every activation, at its defaults, in the order of the table.
            pub const ALL: &'static [Activation] = &[$(Activation::$variant { $($($field: $default),*)? }),*];

            pub(crate) fn definition(&self) -> &'static Definition {
                match self {
                    $(Activation::$variant { .. } => const { &Definition {
                        name: stringify!($name),
                        aliases: &[$($($alias),*)?],
                        formula: $formula,
                        parameters: &[$($($kind(stringify!($field), $default, $range)),*)?],
                        body: Body::File($crate::catalog::source!("activations/", stringify!($name), ".wgsl")),
                    } },)*
                    Activation::Custom(custom) => custom.definition(),
                }
            }

            /// The values of the parameters, in the order of [`Activation::parameters`].
            #[must_use]
            pub fn values(&self) -> Vec<f32> {
                match *self {
                    $(Activation::$variant { $($($field),*)? } => vec![$($($field),*)?],)*
                    Activation::Custom(ref custom) => custom.values().to_vec(),
                }
            }

            fn values_mut(&mut self) -> Vec<&mut f32> {
                match self {
                    $(Activation::$variant { $($($field),*)? } => vec![$($($field),*)?],)*
                    Activation::Custom(custom) => custom.values_mut().iter_mut().collect(),
                }
            }

            /// The values of x at which the formula changes. The derivative jumps or bends there.
            #[must_use]
            pub fn kinks(&self) -> Vec<f64> {
                match *self {
                    $(Activation::$variant { $($($field),*)? } => {
                        $($(let $field = f64::from($field);)*)?
                        let _ = ($($($field,)*)?);
                        vec![$($($kink),*)?]
                    })*
                    Activation::Custom(ref custom) => custom.kinks(),
                }
            }

            /// The largest errors allowed in f32, of the value and of the derivative, in units in the last place. Functions of
            /// one's own have no bound: both are infinite.
            pub const fn limits(&self) -> (f64, f64) {
                match self {
                    $(Activation::$variant { .. } => ($forward_limit, $derivative_limit),)*
                    Activation::Custom(_) => (f64::INFINITY, f64::INFINITY),
                }
            }

            /// The same as [`Activation::limits`], for [`Accuracy::Fast`](crate::Accuracy::Fast). They are equal for
            /// functions that it does not change.
            pub const fn fast_limits(&self) -> (f64, f64) {
                match self {
                    $(Activation::$variant { .. } => {
                        let _limits = ($forward_limit, $derivative_limit);
                        $(let _limits = ($fast_forward_limit, $fast_derivative_limit);)?
                        _limits
                    })*
                    Activation::Custom(_) => (f64::INFINITY, f64::INFINITY),
                }
            }

            /// The largest errors allowed in f32 in the second derivative, at the highest accuracy and at
            /// [`Accuracy::Fast`](crate::Accuracy::Fast).
            pub const fn second_limits(&self) -> (f64, f64) {
                match self {
                    $(Activation::$variant { .. } => {
                        let _limits = (0.0, 0.0);
                        $(let _limits = ($second_limit, $fast_second_limit);)?
                        _limits
                    })*
                    Activation::Custom(_) => (f64::INFINITY, f64::INFINITY),
                }
            }

            /// The largest errors that an accuracy allows in f32.
            #[cfg(feature = "verify")]
            pub(crate) fn limits_of(&self, accuracy: Accuracy) -> (f64, f64) {
                match accuracy {
                    Accuracy::Highest => self.limits(),
                    Accuracy::Fast => self.fast_limits(),
                }
            }

            /// The largest error that an accuracy allows in f32 in the second derivative.
            #[cfg(feature = "verify")]
            pub(crate) fn second_limit_of(&self, accuracy: Accuracy) -> f64 {
                match accuracy {
                    Accuracy::Highest => self.second_limits().0,
                    Accuracy::Fast => self.second_limits().1,
                }
            }

            /// The largest error allowed in f32 in the derivative by a learnable parameter, in units in the last place.
            /// It is 0 for a parameter that is not learnable.
            #[must_use]
            pub fn gradient_limit(&self, parameter: &str) -> f64 {
                match self {
                    $(Activation::$variant { .. } => match parameter {
                        $(stringify!($learned) => $gradient_limit,)*
                        _ => 0.0,
                    },)*
                    Activation::Custom(_) => f64::INFINITY,
                }
            }

            /// The same as `forward_term`, for the derivative by a parameter.
            #[cfg(feature = "verify")]
            pub(crate) fn gradient_term(&self, parameter: &str, x: f64) -> f64 {
                match *self {
                    $(Activation::$variant { $($($field),*)? } => {
                        $($(let $field = f64::from($field);)*)?
                        let _ = ($($($field,)*)?);
                        match parameter {
                            $(stringify!($learned) => 0.0 $(+ {
                                let $root_learned = x;
                                $gradient_term
                            })?,)*
                            _ => 0.0,
                        }
                    })*
                    Activation::Custom(_) => 0.0,
                }
            }

            /// The largest term of the function near a root away from 0, where the error is relative to that term; else
            /// 0.
            #[cfg(feature = "verify")]
            pub(crate) fn forward_term(&self, x: f64) -> f64 {
                match *self {
                    $(Activation::$variant { $($($field),*)? } => {
                        $($(let $field = f64::from($field);)*)?
                        let _ = ($($($field,)*)?);
                        0.0 $(+ {
                            let $root_x = x;
                            $forward_term
                        })?
                    })*
                    Activation::Custom(_) => 0.0,
                }
            }

            /// The same as `forward_term`, for the derivative.
            #[cfg(feature = "verify")]
            pub(crate) fn derivative_term(&self, x: f64) -> f64 {
                match *self {
                    $(Activation::$variant { $($($field),*)? } => {
                        $($(let $field = f64::from($field);)*)?
                        let _ = ($($($field,)*)?);
                        0.0 $(+ {
                            let $root_dx = x;
                            $derivative_term
                        })?
                    })*
                    Activation::Custom(_) => 0.0,
                }
            }

            /// The same as `forward_term`, for the second derivative.
            #[cfg(feature = "verify")]
            pub(crate) fn second_derivative_term(&self, x: f64) -> f64 {
                match *self {
                    $(Activation::$variant { $($($field),*)? } => {
                        $($(let $field = f64::from($field);)*)?
                        let _ = ($($($field,)*)?);
                        0.0 $($(+ {
                            let $root_ddx = x;
                            $second_term
                        })?)?
                    })*
                    Activation::Custom(_) => 0.0,
                }
            }

            /// This function at its defaults, and at other parameter values for tests.
            #[must_use]
            pub fn samples(&self) -> Vec<Activation> {
                match self {
                    $(Activation::$variant { .. } => vec![
                        Activation::$variant { $($($field: $default),*)? },
                        $($(Activation::$variant { $($sample_field: $sample),* },)*)?
                    ],)*
                    Activation::Custom(custom) => vec![Activation::Custom(*custom)],
                }
            }

            /// This function at its defaults, and at other parameter values for its picture.
            #[cfg(feature = "plot")]
            pub(crate) fn pictured(&self) -> Vec<Activation> {
                match self {
                    $(Activation::$variant { .. } => vec![
                        Activation::$variant { $($($field: $default),*)? },
                        $($(Activation::$variant { $($pictured_field: $pictured),* },)*)?
                    ],)*
                    Activation::Custom(custom) => vec![Activation::Custom(*custom)],
                }
            }

            /// The reference: the function in f64, with the f32 parameters widened.
            ///
            /// ```
            /// use gpu_activations::Activation;
            /// assert_eq!(Activation::Sigmoid.forward(0.0), 0.5);
            /// ```
            #[must_use]
            pub fn forward(&self, x: f64) -> f64 {
                if x.is_nan() {
                    return x;
                }
                match *self {
                    $(Activation::$variant { $($($field),*)? } => {
                        $($(let $field = f64::from($field);)*)?
                        let $x = x;
                        $forward
                    })*
                    Activation::Custom(ref custom) => custom.at(Wanted::Value, x),
                }
            }

            /// The reference: the derivative by a learnable parameter, in f64. It is NaN for a parameter that is not
            /// learnable.
            #[must_use]
            pub fn parameter_gradient(&self, parameter: &str, x: f64) -> f64 {
                if x.is_nan() {
                    return x;
                }
                match *self {
                    $(Activation::$variant { $($($field),*)? } => {
                        $($(let $field = f64::from($field);)*)?
                        let _ = ($($($field,)*)?);
                        match parameter {
                            $(stringify!($learned) => {
                                let $learned_x = x;
                                $gradient
                            })*
                            _ => f64::NAN,
                        }
                    })*
                    Activation::Custom(ref custom) => custom.gradient(parameter, x),
                }
            }

            /// The reference: the derivative in f64, with the f32 parameters widened.
            ///
            /// ```
            /// use gpu_activations::Activation;
            /// assert_eq!(Activation::Sigmoid.derivative(0.0), 0.25);
            /// ```
            #[must_use]
            pub fn derivative(&self, x: f64) -> f64 {
                if x.is_nan() {
                    return x;
                }
                match *self {
                    $(Activation::$variant { $($($field),*)? } => {
                        $($(let $field = f64::from($field);)*)?
                        let _ = ($($($field,)*)?);
                        let $dx = x;
                        $derivative
                    })*
                    Activation::Custom(ref custom) => custom.at(Wanted::Derivative, x),
                }
            }

            /// Checks that WGSL text of one's own has a second derivative, as every other function has.
            pub(crate) fn check_second_derivative(&self) -> Result<(), Error> {
                if self.definition().declares("second_derivative") {
                    return Ok(());
                }
                let what = "the text has no line that begins with `fn second_derivative(`";
                Err(Error::NotDeclared { function: self.name(), what })
            }

            /// The reference: the second derivative in f64, with the f32 parameters widened. It is 0 where the function is
            /// a line. At a kink it is that of the side whose first derivative is taken there, or 0.
            ///
            /// ```
            /// use gpu_activations::Activation;
            /// assert_eq!(Activation::ReluSquared.second_derivative(3.0), 2.0);
            /// ```
            #[must_use]
            pub fn second_derivative(&self, x: f64) -> f64 {
                if x.is_nan() {
                    return x;
                }
                match *self {
                    $(Activation::$variant { $($($field),*)? } => {
                        $($(let $field = f64::from($field);)*)?
                        let _ = ($($($field,)*)?);
                        0.0 $(+ {
                            let $ddx = x;
                            $second
                        })?
                    })*
                    Activation::Custom(ref custom) => custom.at(Wanted::SecondDerivative, x),
                }
            }
        }
    };
}
pub(crate) use catalog;
