//! THE TABLE. A new activation is one row here and one file of that name in `shaders/activations`.

use crate::Error;
use crate::definition::{Definition, Parameter, Range, catalog, constant, learnable};
use crate::reference;
use std::str::FromStr;

catalog! {
    /// The input unchanged.
    identity Identity {}
    aliases ["linear"],
    formula "x",
    kinks [],
    limits 0.0, 0.0,
    roots [], [],
    samples [],
    forward |x| x,
    derivative |_x| 1.0;

    /// The positive part (Nair & Hinton 2010). The derivative at 0 is 0.
    relu Relu {}
    aliases [],
    formula "max(x, 0)",
    kinks [0.0],
    limits 0.0, 0.0,
    roots [], [],
    samples [],
    forward |x| x.max(0.0),
    derivative |x| if x > 0.0 { 1.0 } else { 0.0 };

    /// `x` above 0 and a fixed share of it below (Maas, Hannun & Ng 2013). The derivative at 0 is the slope;
    /// JAX takes 1. Keras' layer has the slope 0.3 by default, its function 0.2.
    leaky_relu LeakyRelu {
        /// Slope below 0, finite.
        negative_slope = learnable(0.01, Range::Finite),
    }
    aliases [],
    formula "x > 0 ? x : negative_slope·x",
    kinks [0.0],
    limits 0.5, 0.0,
    roots [], [],
    samples [{ negative_slope: 0.2 }, { negative_slope: 0.0 }, { negative_slope: -1.5 }],
    forward |x| if x > 0.0 { x } else { reference::product(negative_slope, x) },
    derivative |x| if x > 0.0 { 1.0 } else { negative_slope };

    /// Keras' `relu` with all its arguments. The derivative is the slope at `threshold` and 0 at `max_value`.
    generalized_relu GeneralizedRelu {
        /// Slope up to the threshold, finite.
        negative_slope = constant(0.0, Range::Finite),
        /// Upper bound, above `threshold`; infinity never clips.
        max_value = constant(f32::INFINITY, Range::Above("threshold")),
        /// Where the identity begins, finite.
        threshold = constant(0.0, Range::Finite),
    }
    aliases [],
    formula "x ≥ max_value: max_value; threshold < x < max_value: x; else negative_slope·(x − threshold)",
    kinks [threshold, max_value],
    limits 1.5, 0.0,
    roots [], [],
    samples [{ negative_slope: 0.1, max_value: 6.0, threshold: 1.0 }, { negative_slope: -0.3, max_value: 2.5, threshold: -1.7 }],
    forward |x| if x > threshold { x.min(max_value) } else { reference::product(negative_slope, x - threshold) },
    derivative |x| if x <= threshold { negative_slope } else if x < max_value || max_value.is_infinite() { 1.0 } else { 0.0 };

    /// A line clipped to [0, 1] (Courbariaux, Bengio & David 2015). The derivative is 0 at both ends.
    /// PyTorch, JAX and Keras 3 have alpha = 1/6.
    hard_sigmoid HardSigmoid {
        /// Slope, above 0.
        alpha = constant(0.2, Range::Positive),
        /// Value at 0, finite.
        beta = constant(0.5, Range::Finite),
    }
    aliases [],
    formula "clamp(alpha·x + beta, 0, 1)",
    kinks [-beta / alpha, (1.0 - beta) / alpha],
    limits 0.6, 0.0,
    roots [(-beta / alpha - 0.25, -beta / alpha + 0.25)], [],
    samples [{ alpha: 0.16666667, beta: 0.5 }, { alpha: 1.7, beta: -0.3 }],
    forward |x| (alpha * x + beta).clamp(0.0, 1.0),
    derivative |x| if alpha * x + beta > 0.0 && alpha * x + beta < 1.0 { alpha } else { 0.0 };

    /// Exponential linear unit (Clevert, Unterthiner & Hochreiter 2016). The derivative at 0 is alpha.
    elu Elu {
        /// The negative of the limit at −∞, finite.
        alpha = learnable(1.0, Range::Finite),
    }
    aliases [],
    formula "x > 0 ? x : alpha·(exp(x) − 1)",
    kinks [0.0],
    limits 1.5, 1.0,
    roots [], [],
    samples [{ alpha: 0.7 }, { alpha: -1.3 }, { alpha: 0.0 }],
    forward |x| if x > 0.0 { x } else { alpha * x.exp_m1() },
    derivative |x| if x > 0.0 { 1.0 } else { alpha * x.exp() };

    /// The logistic function.
    sigmoid Sigmoid {}
    aliases ["logistic"],
    formula "1/(1 + exp(−x))",
    kinks [],
    limits 1.0, 1.0,
    roots [], [],
    samples [],
    forward |x| reference::sigmoid(x),
    derivative |x| reference::sigmoid_derivative(x);

    /// The hyperbolic tangent.
    tanh Tanh {}
    aliases [],
    formula "tanh(x)",
    kinks [],
    limits 1.5, 1.0,
    roots [], [],
    samples [],
    forward |x| x.tanh(),
    derivative |x| 4.0 * reference::sigmoid_derivative(2.0 * x);

    /// Sigmoid linear unit (Elfwing, Uchibe & Doya 2018).
    silu Silu {}
    aliases ["swish1", "swish_1"],
    formula "x·σ(x)",
    kinks [],
    limits 1.0, 1.0,
    roots [], [(-1.53, -1.03)],
    samples [],
    forward |x| reference::swish(1.0, x),
    derivative |x| reference::swish_derivative(x);

    /// Swish (Ramachandran, Zoph & Le 2017); at beta = 1 it is silu.
    swish Swish {
        /// Steepness, finite.
        beta = learnable(1.0, Range::Finite),
    }
    aliases [],
    formula "x·σ(beta·x)",
    kinks [],
    limits 1.0, 1.0,
    roots [], [(-1.2785 / beta - 0.25 / beta.abs(), -1.2785 / beta + 0.25 / beta.abs())],
    samples [{ beta: 1.5 }, { beta: 0.1 }, { beta: 10.0 }, { beta: -0.7 }, { beta: 0.0 }],
    forward |x| reference::swish(beta, x),
    derivative |x| reference::swish_derivative(reference::product(beta, x));

    /// A smooth relu (Dugas et al. 2001). PyTorch turns linear above beta·x = 20; this does not.
    softplus Softplus {
        /// Steepness, above 0.
        beta = learnable(1.0, Range::Positive),
    }
    aliases [],
    formula "ln(1 + exp(beta·x))/beta",
    kinks [],
    limits 1.5, 1.0,
    roots [], [],
    samples [{ beta: 0.3 }, { beta: 7.0 }],
    forward |x| reference::softplus(beta, x),
    derivative |x| reference::sigmoid(beta * x);

    /// Gaussian error linear unit, exact (Hendrycks & Gimpel 2016). JAX means the tanh approximation by this name.
    gelu Gelu {}
    aliases [],
    formula "x·Φ(x)",
    kinks [],
    limits 1.2, 1.4,
    roots [], [(-1.0, -0.5)],
    samples [],
    forward |x| reference::gelu(x),
    derivative |x| reference::gelu_derivative(x);
}

impl Activation {
    /// Its name, in `snake_case`.
    pub fn name(&self) -> &'static str {
        self.definition().name
    }

    /// Other names under which it is found.
    pub fn aliases(&self) -> &'static [&'static str] {
        self.definition().aliases
    }

    /// Its formula.
    pub fn formula(&self) -> &'static str {
        self.definition().formula
    }

    /// Its parameters, in order.
    pub fn parameters(&self) -> &'static [Parameter] {
        self.definition().parameters
    }

    /// This activation with one parameter set by name.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`] and [`Error::ParameterOutOfRange`].
    pub fn with(mut self, parameter: &str, value: f32) -> Result<Self, Error> {
        let known = self.parameters();
        let index = known.iter().position(|p| normalized(p.name) == normalized(parameter)).ok_or_else(|| {
            Error::UnknownParameter {
                function: self.name(),
                parameter: parameter.to_owned(),
                known: known.iter().map(|p| p.name).collect(),
            }
        })?;
        if let Some(slot) = self.values_mut().into_iter().nth(index) {
            *slot = value;
        }
        Ok(self)
    }

    /// Checks every parameter against its range.
    ///
    /// # Errors
    /// [`Error::ParameterOutOfRange`] for the first that lies outside.
    pub fn validate(&self) -> Result<(), Error> {
        let values = self.values();
        for (parameter, &value) in self.parameters().iter().zip(&values) {
            let valid = match parameter.range {
                Range::Finite => value.is_finite(),
                Range::Positive => value.is_finite() && value > 0.0,
                Range::Above(other) => {
                    self.parameters().iter().position(|p| p.name == other).is_some_and(|index| value > values[index])
                }
            };
            if !valid {
                return Err(Error::ParameterOutOfRange {
                    function: self.name(),
                    parameter: parameter.name,
                    value,
                    range: parameter.range.to_string(),
                });
            }
        }
        Ok(())
    }
}

fn normalized(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

impl FromStr for Activation {
    type Err = Error;

    /// Finds an activation by name or alias, whatever the case and with `_` and `-` ignored, at its defaults.
    fn from_str(name: &str) -> Result<Self, Error> {
        fn names(a: &Activation) -> impl Iterator<Item = &'static str> {
            std::iter::once(a.name()).chain(a.aliases().iter().copied())
        }
        let wanted = normalized(name);
        let named = |a: &&Activation| names(a).any(|known| normalized(known) == wanted);
        Activation::ALL.iter().find(named).copied().ok_or_else(|| {
            let distance =
                |a: &&Activation| names(a).map(|known| strsim::damerau_levenshtein(&normalized(known), &wanted)).min();
            let mut all: Vec<_> = Activation::ALL.iter().collect();
            all.sort_by_key(distance);
            Error::UnknownName { name: name.to_owned(), nearest: all.iter().take(3).map(|a| a.name()).collect() }
        })
    }
}
