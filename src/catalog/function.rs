//! Functions of both kinds by name, parsed from text and written as text.

use crate::catalog::along::{AxisFunction, Function};
use crate::catalog::elementwise::Activation;
use crate::catalog::libraries::LibraryName;
use crate::catalog::names::{nearest, normalized};
use crate::catalog::parameter::ParameterInfo;
use crate::error::Error;
use std::fmt;
use std::str::FromStr;

impl Function {
    /// Every function by name, at its defaults, in the order of the tables. The same function comes twice only as
    /// `gated` and `glu`, because `gated` at its defaults is `glu`.
    pub fn all() -> impl Iterator<Item = (&'static str, Function)> {
        let elementwise = Activation::ALL.iter().map(|&activation| (activation.name(), activation.into()));
        elementwise.chain(AxisFunction::all().iter().map(|(name, function)| (*name, function.into())))
    }

    /// The canonical name, in `snake_case`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Function::Elementwise(activation) => activation.name(),
            Function::Along(function) => function.name(),
        }
    }

    /// Other names that find it.
    #[must_use]
    pub fn aliases(&self) -> &'static [&'static str] {
        match self {
            Function::Elementwise(activation) => activation.aliases(),
            Function::Along(function) => function.aliases(),
        }
    }

    /// The formula in plain text.
    #[must_use]
    pub fn formula(&self) -> &'static str {
        match self {
            Function::Elementwise(activation) => activation.formula(),
            Function::Along(function) => function.formula(),
        }
    }

    /// The family: `elementwise`, `softmax`, `gated`, `maxout` or `crelu`.
    #[must_use]
    pub fn family(&self) -> &'static str {
        match self {
            Function::Elementwise(_) => "elementwise",
            Function::Along(function) => function.family(),
        }
    }

    /// The parameters, without those of a gated unit's activation.
    #[must_use]
    pub fn parameters(&self) -> &'static [ParameterInfo] {
        match self {
            Function::Elementwise(activation) => activation.parameters(),
            Function::Along(function) => function.parameters(),
        }
    }

    /// The names and values of the parameters, in the form that [`Function::with`] reads. Those of a gated unit's
    /// activation are included.
    #[must_use]
    pub fn values(&self) -> Vec<(&'static str, String)> {
        match self {
            Function::Elementwise(activation) => {
                let names = activation.parameters().iter().map(|parameter| parameter.name);
                names.zip(activation.values().iter().map(f32::to_string)).collect()
            }
            Function::Along(function) => function.values(),
        }
    }

    /// Sets a parameter by name, from text. Case, `_` and `-` do not matter in the name. Ranges may depend on other
    /// parameters, so [`Function::validate`] checks them, and every operation on a device calls it.
    ///
    /// ```
    /// use gpu_activations::Function;
    /// let function: Function = "leaky_relu".parse()?;
    /// let steeper = function.with("negative_slope", "0.2")?;
    /// assert_eq!(steeper.to_string(), "leaky_relu(negative_slope=0.2)");
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// - [`Error::UnknownParameter`] or [`Error::InvalidValue`];
    /// - [`Error::UnknownName`] or [`Error::OtherKind`] for a gate's activation.
    pub fn with(self, parameter: &str, value: &str) -> Result<Function, Error> {
        match self {
            Function::Elementwise(activation) => {
                let number = value.parse::<f32>();
                // If both are wrong, the unknown parameter makes the better message.
                let changed = activation.with(parameter, *number.as_ref().unwrap_or(&0.0))?;
                let wanted = normalized(parameter);
                let known = activation.parameters().iter().find(|known| normalized(known.name) == wanted);
                number.map(|_| changed.into()).map_err(|_| Error::InvalidValue {
                    function: activation.name(),
                    parameter: known.map_or("", |known| known.name),
                    value: value.to_owned(),
                    valid: "a number".to_owned(),
                })
            }
            Function::Along(function) => Ok(function.with(parameter, value)?.into()),
        }
    }

    /// Sets several parameters as [`Function::with`] does, in any order, and checks their ranges. A gated unit's activation
    /// decides which other parameters the unit has, so it is set first.
    ///
    /// ```
    /// use gpu_activations::Function;
    /// let unit = "gated".parse::<Function>()?.with_all(&[("beta", "1.5"), ("activation", "swish")])?;
    /// assert_eq!(unit.to_string(), "gated(activation=swish, beta=1.5)");
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Function::with`] and [`Function::validate`]; [`Error::GivenTwice`].
    pub fn with_all(self, parameters: &[(&str, &str)]) -> Result<Function, Error> {
        check_given_once(self.name(), parameters)?;
        let (first, others): (Vec<_>, Vec<_>) =
            parameters.iter().partition(|(parameter, _)| normalized(parameter) == "activation");
        let set = |function: Function, (parameter, value): &(&str, &str)| function.with(parameter, value);
        let function = first.into_iter().chain(others).try_fold(self, set)?;
        function.validate()?;
        Ok(function)
    }

    /// Checks the parameters against their ranges.
    ///
    /// # Errors
    /// [`Error::ParameterOutOfRange`], [`Error::InvalidValue`].
    pub fn validate(&self) -> Result<(), Error> {
        match self {
            Function::Elementwise(activation) => activation.validate(),
            Function::Along(function) => function.validate(),
        }
    }

    /// Returns the function with this name or alias, at its defaults.
    fn named(name: &str) -> Result<Function, Error> {
        let wanted = normalized(name);
        let is_wanted = |known: &str| normalized(known) == wanted;
        let found = Function::all()
            .find(|(known, function)| is_wanted(known) || function.aliases().iter().any(|alias| is_wanted(alias)));
        let names = || {
            Function::all().flat_map(|(name, function)| {
                std::iter::once(name).chain(function.aliases().iter().copied()).map(move |known| (known, name))
            })
        };
        found
            .map(|(_, function)| function)
            .ok_or_else(|| Error::UnknownName { name: name.to_owned(), nearest: nearest(name, names()) })
    }

    /// Returns the function that its name alone stands for. `gated` is the name of a unit whose activation has
    /// parameters.
    fn default_of(&self) -> Function {
        Function::named(self.name()).unwrap_or_else(|_| self.clone())
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Function::Elementwise(activation @ Activation::Custom(_)) = self {
            let names = activation.parameters().iter().map(|parameter| parameter.name).zip(activation.values());
            let values = names.map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ");
            return match (activation.has_reference(), activation.formula()) {
                (true, formula) if values.is_empty() => write!(f, "custom({formula})"),
                (true, formula) => write!(f, "custom({formula}; {values})"),
                (false, text) => write!(f, "wgsl({values}; {text})"),
            };
        }
        let defaults = self.default_of().values();
        let differs = |value: &&(&'static str, String)| !defaults.contains(value);
        let values = self.values();
        let shown: Vec<String> = values.iter().filter(differs).map(|(name, value)| format!("{name}={value}")).collect();
        f.write_str(self.name())?;
        if shown.is_empty() { Ok(()) } else { write!(f, "({})", shown.join(", ")) }
    }
}

impl FromStr for Function {
    type Err = Error;

    /// Reads a name and parameters in the form that [`Function`] is written. The name may be that of another library, as
    /// [`LibraryName`] says; then its parameters are that library's, too.
    fn from_str(text: &str) -> Result<Function, Error> {
        let malformed = || Error::MalformedFunction { text: text.to_owned() };
        let (name, parameters) = match text.trim().split_once('(') {
            None => (text.trim(), ""),
            Some((name, rest)) => (name.trim(), rest.strip_suffix(')').ok_or_else(malformed)?),
        };
        match normalized(name).as_str() {
            "custom" if parameters.is_empty() => {
                return Err(Error::NotDeclared { function: "custom", what: NEEDS_FORMULA });
            }
            "custom" => return Function::from_formula(parameters),
            "wgsl" => return from_own_text(parameters).ok_or_else(malformed)?,
            _ => {}
        }
        let pairs = outer_parts(parameters).into_iter().filter(|_| !parameters.trim().is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').map(|(key, value)| (key.trim(), value.trim())));
        let pairs = pairs.collect::<Option<Vec<_>>>().ok_or_else(malformed)?;
        if name.contains(':') {
            check_given_once(name, &pairs)?;
            let function = LibraryName::find(name)?.configured(&pairs)?;
            function.validate()?;
            return Ok(function);
        }
        Function::named(name)?.with_all(&pairs)
    }
}

fn check_given_once(function: &str, parameters: &[(&str, &str)]) -> Result<(), Error> {
    for (index, (parameter, _)) in parameters.iter().enumerate() {
        if parameters[..index].iter().any(|(earlier, _)| normalized(earlier) == normalized(parameter)) {
            return Err(Error::GivenTwice { function: function.to_owned(), parameter: (*parameter).to_owned() });
        }
    }
    Ok(())
}

const NEEDS_FORMULA: &str = "it needs a formula, as in custom(x * sigmoid(x))";

/// Reads what stands in `wgsl(NAME = VALUE, ...; TEXT)`.
fn from_own_text(within: &str) -> Option<Result<Function, Error>> {
    let (parameters, text) = within.split_once(';')?;
    let pairs = parameters.split(',').filter(|pair| !pair.trim().is_empty());
    let pair =
        |pair: &'_ str| Some((pair.split_once('=')?.0.trim().to_owned(), pair.split_once('=')?.1.trim().parse().ok()?));
    let pairs: Vec<(String, f32)> = pairs.map(pair).collect::<Option<_>>()?;
    let pairs: Vec<(&str, f32)> = pairs.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    Some(Function::from_wgsl(text.strip_prefix(' ').unwrap_or(text), &pairs))
}

/// Splits at the commas outside of parentheses.
fn outer_parts(text: &str) -> Vec<&str> {
    let mut depth = 0;
    let outer = |c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    };
    text.split(outer).collect()
}

macro_rules! as_function {
    ($kind:ty, $one:ident) => {
        impl fmt::Display for $kind {
            /// Writes it in the form of [`Function`].
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Function::from(self).fmt(f)
            }
        }

        impl FromStr for $kind {
            type Err = Error;

            /// Reads a name and parameters in the form that [`Function`] is written.
            fn from_str(text: &str) -> Result<Self, Error> {
                Ok(text.parse::<Function>()?.$one()?.clone())
            }
        }
    };
}
as_function!(Activation, elementwise);
as_function!(AxisFunction, along);

#[cfg(feature = "serde")]
mod serialized {
    use super::*;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    macro_rules! as_text {
        ($($kind:ty),*) => {
            $(impl Serialize for $kind {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(self)
                }
            }

            impl<'de> Deserialize<'de> for $kind {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                    text.parse().map_err(D::Error::custom)
                }
            })*
        };
    }
    as_text!(Activation, AxisFunction, Function);
}
