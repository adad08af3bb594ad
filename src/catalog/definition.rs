//! What a row of the table is made of, and the macro that turns rows into the enum `Activation`.

use std::fmt;

/// The values that a parameter may take. None may be NaN.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Range {
    /// Any finite number.
    Finite,
    /// Finite or −∞.
    FiniteOrBelow,
    /// Finite, above 0 and a normal number, because adapters may take the others for 0.
    Positive,
    /// Finite and at least 0.
    NonNegative,
    /// Finite, not 0 and a normal number, because adapters may take the others for 0.
    NonZero,
    /// Finite and at least the value of another parameter of the same activation.
    AtLeast(&'static str),
    /// At least the value of another parameter of the same activation, infinity included.
    AtLeastOrInfinite(&'static str),
}

impl Range {
    /// The smallest and largest value, those of `activation` being given for its other parameters. Both are valid;
    /// [`Range::NonZero`] leaves some out in between.
    pub fn bounds(&self, activation: &crate::Activation) -> (f32, f32) {
        let value_of = |other: &str| {
            let named = activation.parameters().iter().zip(activation.values()).find(|(p, _)| p.name == other);
            named.map_or(f32::MIN, |(_, value)| value)
        };
        match self {
            Range::Finite | Range::NonZero => (f32::MIN, f32::MAX),
            Range::FiniteOrBelow => (f32::NEG_INFINITY, f32::MAX),
            Range::Positive => (f32::MIN_POSITIVE, f32::MAX),
            Range::NonNegative => (0.0, f32::MAX),
            Range::AtLeast(other) => (value_of(other), f32::MAX),
            Range::AtLeastOrInfinite(other) => (value_of(other), f32::INFINITY),
        }
    }

    /// Whether a parameter of `activation` may have this value.
    pub(crate) fn contains(&self, value: f32, activation: &crate::Activation) -> bool {
        let (least, most) = self.bounds(activation);
        (least..=most).contains(&value) && (*self != Range::NonZero || value.is_normal())
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Range::Finite => f.write_str("finite"),
            Range::FiniteOrBelow => f.write_str("finite or -inf"),
            Range::Positive => f.write_str("finite and at least 2^-126"),
            Range::NonNegative => f.write_str("finite and at least 0"),
            Range::NonZero => f.write_str("finite and at least 2^-126 in size"),
            Range::AtLeast(other) => write!(f, "finite and at least {other}"),
            Range::AtLeastOrInfinite(other) => write!(f, "at least {other}, or inf"),
        }
    }
}

/// A parameter of an activation, as the table states it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Parameter {
    /// Its name, in `snake_case`.
    pub name: &'static str,
    /// Its value where none is given.
    pub default: f32,
    /// The values it may take.
    pub range: Range,
    /// Whether its gradient is defined.
    pub learnable: bool,
}

pub(crate) const fn constant(name: &'static str, default: f32, range: Range) -> Parameter {
    Parameter { name, default, range, learnable: false }
}

pub(crate) const fn learnable(name: &'static str, default: f32, range: Range) -> Parameter {
    Parameter { name, default, range, learnable: true }
}

/// One row of the table, without the values of its parameters.
pub(crate) struct Definition {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub formula: &'static str,
    pub parameters: &'static [Parameter],
    pub shader: crate::shader::Part,
}

/// Builds `Activation` and everything that follows from a row: see `catalog.rs` for the form of one.
macro_rules! catalog {
    ($(
        $(#[$doc:meta])*
        $name:ident $variant:ident {
            $($(#[$field_doc:meta])* $field:ident = $kind:ident($default:expr, $range:expr),)*
        }
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
        /// to f32 first: NaN in x or dy gives NaN, and an infinite dy gives an infinity, or NaN where f′(x) is 0. At a kink the derivative is PyTorch's, because
        /// most models that are ported come from there; where other libraries differ, the variant says so. In the
        /// pictures, a dot marks the value at a kink.
        #[derive(Debug, Clone, Copy, PartialEq)]
        #[non_exhaustive]
        pub enum Activation {
            $(
                $(#[$doc])*
                #[doc = concat!("\n\nForward: `", $formula, "`.\n")]
                #[cfg_attr(doc, doc = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/pictures/", stringify!($name), ".svg")))]
                $variant { $($(#[$field_doc])* $field: f32),* },
            )*
        }

        impl Activation {
            /// Every activation, at its defaults, in the order of the table.
            pub const ALL: &'static [Activation] = &[$(Activation::$variant { $($field: $default),* }),*];

            pub(crate) fn definition(&self) -> &'static Definition {
                match self {
                    $(Activation::$variant { .. } => const { &Definition {
                        name: stringify!($name),
                        aliases: &[$($($alias),*)?],
                        formula: $formula,
                        parameters: &[$($kind(stringify!($field), $default, $range)),*],
                        shader: $crate::shader::part!("activations/", stringify!($name), ".wgsl"),
                    } },)*
                }
            }

            /// The values of its parameters, in the order of [`Activation::parameters`].
            pub fn values(&self) -> Vec<f32> {
                match *self {
                    $(Activation::$variant { $($field),* } => vec![$($field),*],)*
                }
            }

            fn values_mut(&mut self) -> Vec<&mut f32> {
                match self {
                    $(Activation::$variant { $($field),* } => vec![$($field),*],)*
                }
            }

            /// Where the formula changes: the derivative jumps there, or bends.
            pub fn kinks(&self) -> Vec<f64> {
                match *self {
                    $(Activation::$variant { $($field),* } => {
                        $(let $field = f64::from($field);)*
                        let _ = ($($field,)*);
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
                    $(Activation::$variant { $($field),* } => {
                        $(let $field = f64::from($field);)*
                        let _ = ($($field,)*);
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
                    $(Activation::$variant { $($field),* } => {
                        $(let $field = f64::from($field);)*
                        let _ = ($($field,)*);
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
                    $(Activation::$variant { $($field),* } => {
                        $(let $field = f64::from($field);)*
                        let _ = ($($field,)*);
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
                        Activation::$variant { $($field: $default),* },
                        $($(Activation::$variant { $($sample_field: $sample),* },)*)?
                    ],)*
                }
            }

            /// This function at its defaults and at other values of its parameters that a picture compares.
            #[cfg(feature = "plot")]
            pub(crate) fn pictured(&self) -> Vec<Activation> {
                match self {
                    $(Activation::$variant { .. } => vec![
                        Activation::$variant { $($field: $default),* },
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
                    $(Activation::$variant { $($field),* } => {
                        $(let $field = f64::from($field);)*
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
                    $(Activation::$variant { $($field),* } => {
                        $(let $field = f64::from($field);)*
                        let _ = ($($field,)*);
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
                    $(Activation::$variant { $($field),* } => {
                        $(let $field = f64::from($field);)*
                        let _ = ($($field,)*);
                        let $dx = x;
                        $derivative
                    })*
                }
            }
        }
    };
}
pub(crate) use catalog;
