use crate::catalog::definition::Definition;
use std::fmt;

/// The most parameters of a function of a user's own.
pub(crate) const MOST_PARAMETERS: usize = 16;

/// A function of one's own, with the values of its parameters. [`Function::from_formula`](crate::Function::from_formula) and
/// [`Function::from_wgsl`](crate::Function::from_wgsl) make one.
#[derive(Clone, Copy)]
pub struct Custom {
    definition: &'static Definition,
    /// None for WGSL text.
    reference: Option<&'static dyn Reference>,
    values: [f32; MOST_PARAMETERS],
}

/// What a reference computes of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Value,
    Derivative,
    SecondDerivative,
    /// The derivative by the parameter of this index.
    Gradient(usize),
}

/// The f64 reference of a function of a user's own.
pub(crate) trait Reference: Sync {
    fn at(&self, wanted: Wanted, values: &[f32], x: f64) -> f64;

    /// The values of x at which a comparison with x changes.
    fn kinks(&self, values: &[f32]) -> Vec<f64>;

    /// Checks what depends on the parameters' values.
    fn validate(&self, values: &[f32]) -> Result<(), crate::error::Error>;
}

impl Custom {
    /// At the defaults of the definition, which has at most [`MOST_PARAMETERS`].
    pub(crate) fn new(definition: &'static Definition, reference: Option<&'static dyn Reference>) -> Custom {
        let mut values = [0.0; MOST_PARAMETERS];
        for (value, parameter) in values.iter_mut().zip(definition.parameters) {
            if let crate::catalog::Value::Number(default) = parameter.default {
                *value = default;
            }
        }
        Custom { definition, reference, values }
    }

    pub(crate) fn definition(&self) -> &'static Definition {
        self.definition
    }

    pub(crate) fn values(&self) -> &[f32] {
        &self.values[..self.definition.parameters.len()]
    }

    pub(crate) fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values[..self.definition.parameters.len()]
    }

    pub(crate) fn has_reference(&self) -> bool {
        self.reference.is_some()
    }

    /// NaN without a reference.
    pub(crate) fn at(&self, wanted: Wanted, x: f64) -> f64 {
        self.reference.map_or(f64::NAN, |reference| reference.at(wanted, self.values(), x))
    }

    /// NaN for a parameter that it does not have.
    pub(crate) fn gradient(&self, parameter: &str, x: f64) -> f64 {
        let index = self.definition.parameters.iter().position(|known| known.name == parameter);
        index.map_or(f64::NAN, |index| self.at(Wanted::Gradient(index), x))
    }

    pub(crate) fn kinks(&self) -> Vec<f64> {
        self.reference.map_or_else(Vec::new, |reference| reference.kinks(self.values()))
    }

    pub(crate) fn validate(&self) -> Result<(), crate::error::Error> {
        self.reference.map_or(Ok(()), |reference| reference.validate(self.values()))
    }
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Custom").field("text", &self.definition.formula).field("values", &self.values()).finish()
    }
}
