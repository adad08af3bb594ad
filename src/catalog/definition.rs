//! What a row of the elementwise table is made of, and the macro that turns rows into the enum `Activation`.

use crate::catalog::{ParameterInfo, Source};
use std::hash::{Hash, Hasher};

/// One row of the table, without the values of its parameters.
#[derive(Debug)]
pub(crate) struct Definition {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub formula: &'static str,
    pub parameters: &'static [ParameterInfo],
    pub source: Source,
}

/// Names are unique in the table.
impl PartialEq for Definition {
    fn eq(&self, other: &Definition) -> bool {
        self.name == other.name
    }
}

impl Eq for Definition {}

impl Hash for Definition {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// Builds `Activation` and everything that follows from a row: see `elementwise.rs` for the form of one.
macro_rules! catalog {
    ($(
        $(#[$doc:meta])*
        $name:ident $variant:ident
        $({ $($(#[$field_doc:meta])* $field:ident = $kind:ident($default:expr, $range:expr),)* })?
        $(aliases [$($alias:literal),*],)?
        formula $formula:literal,
        $(kinks [$($kink:expr),*],)?
        limits $forward_limit:literal, $derivative_limit:literal,
        $(roots |$root_x:ident| $forward_term:expr, |$root_dx:ident| $derivative_term:expr,)?
        $(samples [$({ $($sample_field:ident: $sample:expr),* }),*],)?
        $(pictured [$({ $($pictured_field:ident: $pictured:expr),* }),*],)?
        forward |$x:ident| $forward:expr,
        derivative |$dx:ident| $derivative:expr
        $(, gradient $learned:ident within $gradient_limit:literal
            $(of |$root_learned:ident| $gradient_term:expr,)? |$learned_x:ident| $gradient:expr)*;
    )*) => {
        /// An activation function with the values of its parameters.
        ///
        /// NaN gives NaN, and infinities give the limit of the formula. A gradient is `dx = dy·f′(x)`, f′(x) being rounded
        /// to f32 first: NaN in x or dy gives NaN, and an infinite dy gives an infinity, or NaN where f′(x) is 0.
        ///
        /// At a kink the derivative is PyTorch's, because most models that are ported come from there; where other
        /// libraries differ, the variant says so. In the pictures, a dot marks the value at a kink.
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
                        source: $crate::catalog::source!("activations/", stringify!($name), ".wgsl"),
                    } },)*
                }
            }

            /// The values of its parameters, in the order of [`Activation::parameters`].
            pub fn values(&self) -> Vec<f32> {
                match *self {
                    $(Activation::$variant { $($($field),*)? } => vec![$($($field),*)?],)*
                }
            }

            fn values_mut(&mut self) -> Vec<&mut f32> {
                match self {
                    $(Activation::$variant { $($($field),*)? } => vec![$($($field),*)?],)*
                }
            }

            /// Where the formula changes: the derivative jumps there, or bends.
            pub fn kinks(&self) -> Vec<f64> {
                match *self {
                    $(Activation::$variant { $($($field),*)? } => {
                        $($(let $field = f64::from($field);)*)?
                        let _ = ($($($field,)*)?);
                        vec![$($($kink),*)?]
                    })*
                }
            }

            /// The largest errors allowed in f32, forward and derivative, in units in the last place.
            pub const fn limits(&self) -> (f64, f64) {
                match self {
                    $(Activation::$variant { .. } => ($forward_limit, $derivative_limit),)*
                }
            }

            /// The largest error allowed in f32 in the derivative by one of its learnable parameters, in units in the last
            /// place; 0 for a parameter that is not learnable.
            pub fn gradient_limit(&self, parameter: &str) -> f64 {
                match self {
                    $(Activation::$variant { .. } => match parameter {
                        $(stringify!($learned) => $gradient_limit,)*
                        _ => 0.0,
                    },)*
                }
            }

            /// As `forward_term`, of the derivative by a parameter.
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
                }
            }

            /// The largest term of the function near a root away from 0, where the error is relative to it; else 0.
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
                }
            }

            /// As `forward_term`, of the derivative.
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
                }
            }

            /// This function at its defaults and at other values of its parameters that tests try.
            pub fn samples(&self) -> Vec<Activation> {
                match self {
                    $(Activation::$variant { .. } => vec![
                        Activation::$variant { $($($field: $default),*)? },
                        $($(Activation::$variant { $($sample_field: $sample),* },)*)?
                    ],)*
                }
            }

            /// This function at its defaults and at other values of its parameters that a picture compares.
            #[cfg(feature = "plot")]
            pub(crate) fn pictured(&self) -> Vec<Activation> {
                match self {
                    $(Activation::$variant { .. } => vec![
                        Activation::$variant { $($($field: $default),*)? },
                        $($(Activation::$variant { $($pictured_field: $pictured),* },)*)?
                    ],)*
                }
            }

            /// The reference: the function in f64, its parameters the f32 values widened.
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
                }
            }

            /// The reference: the derivative of the function by one of its learnable parameters, in f64; NaN for a
            /// parameter that is not learnable.
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
                }
            }

            /// The reference: the derivative in f64, its parameters the f32 values widened.
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
                }
            }
        }
    };
}
pub(crate) use catalog;
