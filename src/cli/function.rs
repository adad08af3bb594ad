//! The arguments that speak of functions: NAME, `-p` and `--param-grad`.

use crate::{Failure, usage};
use anyhow::anyhow;
use gpu_activations::{Activation, AxisFunction, Error};
use std::path::PathBuf;

#[derive(Clone, Copy)]
pub enum Function {
    Elementwise(Activation),
    Along(AxisFunction),
}

impl Function {
    pub fn named(name: &str) -> Result<Function, Failure> {
        // An axis function's error names the nearest of both kinds.
        let elementwise = name.parse().map(Function::Elementwise);
        elementwise.or_else(|_: Error| name.parse().map(Function::Along)).map_err(|error: Error| usage(error))
    }

    pub fn elementwise(&self) -> Result<Activation, Failure> {
        match self {
            Function::Elementwise(activation) => Ok(*activation),
            Function::Along(function) => {
                Err(usage(anyhow!("{function} works along an axis; an elementwise function is needed here")))
            }
        }
    }

    pub fn name(&self) -> &'static str {
        match self {
            Function::Elementwise(activation) => activation.name(),
            Function::Along(function) => function.name(),
        }
    }
}

/// A function with what `-p` says of it.
pub struct Configured {
    pub function: Function,
    /// The seed of rrelu in training.
    pub seed: Option<u64>,
    pub mask: Option<PathBuf>,
    /// Parameters from files.
    pub files: Vec<(&'static str, PathBuf)>,
}

/// A key as all its spellings have it.
fn spelling(key: &str) -> String {
    key.to_lowercase().replace(['_', '-'], "")
}

/// The function of this name with parameters from the command line.
pub fn configured(name: &str, parameters: &[String]) -> Result<Configured, Failure> {
    let mut configured = Configured { function: Function::named(name)?, seed: None, mask: None, files: Vec::new() };
    let pair = |parameter: &'_ String| {
        let pair = parameter.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
        pair.ok_or_else(|| usage(anyhow!("-p {parameter} is not of the form KEY=VALUE")))
    };
    let mut pairs = parameters.iter().map(pair).collect::<Result<Vec<_>, _>>()?;
    // A gated unit's activation decides which other parameters there are.
    pairs.sort_by_key(|(key, _)| spelling(key) != "activation");
    let mut seen: Vec<String> = Vec::new();
    for (key, value) in &pairs {
        if ["axis", "dim"].contains(&spelling(key).as_str()) {
            return Err(usage(anyhow!(
                "{name} has no parameter {key:?}; the axis is --axis {value}, an option of forward, backward and bench"
            )));
        }
        if seen.contains(&spelling(key)) {
            return Err(usage(anyhow!("the parameter {key} is given twice")));
        }
        seen.push(spelling(key));
        match &mut configured.function {
            Function::Along(function) => match value.strip_prefix('@') {
                Some(path) if spelling(key) == "mask" => {
                    if !function.takes_mask() {
                        return Err(usage(Error::NotMaskable { function: function.name() }));
                    }
                    configured.mask = Some(path.into());
                }
                None if spelling(key) == "mask" => {
                    return Err(usage(anyhow!("-p {key}={value}: a mask is a file, {key}=@FILE.npy")));
                }
                // `gated` may become any unit here.
                _ => *function = function.with(key, value).map_err(usage)?,
            },
            Function::Elementwise(Activation::Rrelu { .. }) if spelling(key) == "seed" => {
                let seed = value
                    .parse()
                    .map_err(|_| usage(anyhow!("rrelu: seed is {value}, but must be an integer from 0 to 2^64 - 1")))?;
                configured.seed = Some(seed);
            }
            Function::Elementwise(activation) => match value.strip_prefix('@') {
                Some(path) => configured.files.push((learnable(activation, key)?, path.into())),
                None => *activation = with_number(activation, key, value)?,
            },
        }
    }
    // Ranges are checked last, because one may depend on another parameter.
    match &configured.function {
        Function::Elementwise(activation) => activation.validate(),
        Function::Along(function) => function.validate(),
    }
    .map_err(usage)?;
    Ok(configured)
}

fn with_number(activation: &Activation, key: &str, value: &str) -> Result<Activation, Failure> {
    let number = value.parse::<f32>().map_err(|_| usage(anyhow!("-p {key}={value}: {value:?} is not a number")));
    // An unknown parameter is the better message where both are wrong.
    let activation = activation.with(key, *number.as_ref().unwrap_or(&0.0)).map_err(usage)?;
    number.map(|_| activation)
}

/// The canonical name of a parameter that may come from a file and has a gradient.
fn learnable(activation: &Activation, key: &str) -> Result<&'static str, Failure> {
    // This gives the error of an unknown name.
    activation.with(key, 0.0).map_err(usage)?;
    let known = activation.parameters().iter().find(|parameter| spelling(parameter.name) == spelling(key));
    match known {
        Some(parameter) if parameter.learnable => Ok(parameter.name),
        known => {
            let parameter = known.map_or("", |parameter| parameter.name);
            Err(usage(Error::NotLearnable { function: activation.name(), parameter }))
        }
    }
}

/// The parameter and the file that an option `--param-grad KEY=FILE` names.
pub fn gradient(function: &Function, option: &str) -> Result<(&'static str, PathBuf), Failure> {
    let malformed = || usage(anyhow!("--param-grad {option} is not of the form KEY=FILE.npy"));
    let (key, path) = option.split_once('=').ok_or_else(malformed)?;
    match function {
        Function::Elementwise(activation) => Ok((learnable(activation, key)?, path.into())),
        Function::Along(function) => {
            Err(usage(anyhow!("{function} has no learnable parameter; --param-grad {option}")))
        }
    }
}

/// The functions of these names at their defaults, all functions if none is named, or one function as `-p` says, with
/// numbers and words alone.
#[cfg(any(feature = "bench", feature = "plot", feature = "verify"))]
pub fn chosen(names: &[String], parameters: &[String]) -> Result<Vec<Function>, Failure> {
    match (names, parameters) {
        ([], []) => {
            let elementwise = Activation::ALL.iter().copied().map(Function::Elementwise);
            // `gated` is left out, because it is `glu` at its defaults.
            let along = AxisFunction::ALL.iter().filter(|(name, function)| *name == function.name());
            Ok(elementwise.chain(along.map(|(_, function)| Function::Along(*function))).collect())
        }
        (names, []) => names.iter().map(|name| Function::named(name)).collect(),
        ([name], parameters) => match configured(name, parameters)? {
            Configured { function, seed: None, mask: None, files } if files.is_empty() => Ok(vec![function]),
            _ => {
                Err(usage(anyhow!("{name} works here only with numbers or words as parameters, no files and no seed")))
            }
        },
        (names, _) => Err(usage(anyhow!("-p needs exactly one function, {} are named", names.len()))),
    }
}
