//! Functions from WGSL text of a user's own.

use crate::catalog::{Activation, Body, Custom, Definition, Function, MOST_PARAMETERS, ParameterInfo, Range, Value};
use crate::error::Error;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The functions made so far, by text and defaults.
static KNOWN: Mutex<Option<HashMap<String, Custom>>> = Mutex::new(None);

impl Function {
    /// Makes an elementwise function from WGSL text, in the form of a file in `shaders/activations`. Every declaration
    /// begins a line. There are
    ///
    /// - `fn activation(x: f32, params: Params) -> f32` and `fn derivative(x: f32, params: Params) -> f32`;
    /// - `struct Params { … }` with a field for each parameter, in their order; without parameters it is there already;
    /// - `fn gradient_by_NAME(x: f32, params: Params) -> Gradient` for each parameter that is learnable, where
    ///   `Gradient(value, k)` is value·2^k;
    /// - perhaps `fn second_derivative(x: f32, params: Params) -> Scaled`, where `Scaled(vec2<f32>(value, 0.0), k)` is
    ///   value·2^k; without it second derivatives are refused.
    ///
    /// NaN in x is carried around these functions. They may call what the table's functions call, at the accuracy of the
    /// context: `exp_of`, `ln_of`, `sin_of`, `cos_of`, `power_of` and the rest of `shaders/formula.wgsl` and `shaders/math`.
    /// The text runs with bounds checks. It has no f64 reference, so [`Activation::forward`] and its kin give NaN, and
    /// `verify` refuses it. Like a formula it stays in memory until the program ends.
    ///
    /// ```
    /// use gpu_activations::Function;
    /// let text = "
    /// struct Params {
    ///     steepness: f32,
    /// }
    ///
    /// fn activation(x: f32, params: Params) -> f32 {
    ///     return ln_of(1.0 + abs(params.steepness * x));
    /// }
    ///
    /// fn derivative(x: f32, params: Params) -> f32 {
    ///     return params.steepness * sign(params.steepness * x) / (1.0 + abs(params.steepness * x));
    /// }
    /// ";
    /// let function = Function::from_wgsl(text, &[("steepness", 2.0)])?;
    /// let context = gpu_activations::GpuActivations::new()?;
    /// assert_eq!(context.forward_slice(function, &[0.0_f32])?, [0.0]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotDeclared`], [`Error::FormulaTooLarge`], [`Error::ParameterOutOfRange`]. What the compiler finds comes with
    /// the first operation, as [`Error::Shader`] with line and column of the text.
    pub fn from_wgsl(text: &str, parameters: &[(&str, f32)]) -> Result<Function, Error> {
        for (function, what) in [
            ("activation", "the text has no line that begins with `fn activation(`"),
            ("derivative", "the text has no line that begins with `fn derivative(`"),
        ] {
            if !declares(text, function) {
                return Err(Error::NotDeclared { function: "wgsl", what });
            }
        }
        if parameters.len() > MOST_PARAMETERS {
            return Err(Error::FormulaTooLarge { what: "parameters", limit: MOST_PARAMETERS });
        }
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = known.get_or_insert_default().entry(format!("{parameters:?}; {text}"));
        let activation = Activation::Custom(*entry.or_insert_with(|| new(text, parameters)));
        activation.validate()?;
        Ok(activation.into())
    }
}

fn declares(text: &str, function: &str) -> bool {
    text.lines().any(|line| line.starts_with(&format!("fn {function}(")))
}

fn new(text: &str, parameters: &[(&str, f32)]) -> Custom {
    let info = |(name, default): &(&str, f32)| ParameterInfo {
        learnable: declares(text, &format!("gradient_by_{name}")),
        ..ParameterInfo::new(String::leak((*name).to_owned()), Value::Number(*default), Range::Finite)
    };
    let parameters: Vec<_> = parameters.iter().map(info).collect();
    let definition = Definition {
        name: "wgsl",
        aliases: &[],
        formula: text.to_owned().leak(),
        parameters: parameters.leak(),
        body: Body::Own(text.to_owned()),
    };
    Custom::new(Box::leak(Box::new(definition)), None)
}
