//! The arguments that speak of functions: NAME, `-p` and `--param-grad`.

use crate::failure::{Failure, usage};
use anyhow::anyhow;
use clap::Args;
use gpu_activations::{Activation, Error, Function, LibraryName};
use std::path::{Path, PathBuf};

/// The function of this name, which may have parameters as in `leaky_relu(negative_slope=0.2)`.
pub fn named(name: &str) -> Result<Function, Failure> {
    name.parse().map_err(|error: Error| usage(error))
}

/// The option that gives the function `custom`.
#[derive(Args)]
pub struct FormulaOption {
    /// The formula of the function custom, such as "x * sigmoid(beta * x); beta = 1.5", or @FILE that holds it.
    #[arg(long, value_name = "TEXT")]
    formula: Option<String>,
}

impl FormulaOption {
    /// The formula, which only a single function named custom has.
    pub fn of<'a>(&self, names: impl IntoIterator<Item = &'a String>) -> Result<Option<String>, Failure> {
        let names: Vec<&String> = names.into_iter().collect();
        let is_custom = matches!(names.as_slice(), [name] if spelling(name.trim()) == "custom");
        let Some(text) = &self.formula else {
            return match is_custom {
                true => Err(usage(anyhow!("custom needs its formula: --formula 'x * sigmoid(x)'"))),
                false => Ok(None),
            };
        };
        if !is_custom {
            let names = names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
            let named = if names.is_empty() { "none is named".to_owned() } else { format!("{names} has its own") };
            return Err(usage(anyhow!("--formula is for the function custom alone; {named}")));
        }
        let Some(path) = text.strip_prefix('@') else { return Ok(Some(text.clone())) };
        let read = std::fs::read_to_string(path);
        read.map(Some).map_err(|error| usage(anyhow!("--formula {text}: cannot read {path}: {error}")))
    }
}

/// The function of a formula, with the numbers among the parameters. Others are set later, over a placeholder.
fn of_formula(formula: &str, pairs: &[(String, String)]) -> Result<Function, Failure> {
    let number = |(key, value): &'_ (String, String)| (key.clone(), value.parse().unwrap_or(1.0));
    let numbers: Vec<(String, f32)> = pairs.iter().map(number).collect();
    let numbers: Vec<(&str, f32)> = numbers.iter().map(|(key, value)| (key.as_str(), *value)).collect();
    Function::from_formula_with(formula, &numbers).map_err(usage)
}

/// The elementwise function that is needed here.
pub fn elementwise(function: &Function) -> Result<Activation, Failure> {
    let needed = |_| usage(anyhow!("{} works along an axis; an elementwise function is needed here", function.name()));
    function.elementwise().map_err(needed)
}

/// A function with what `-p` says of it.
pub struct Configured {
    pub function: Function,
    /// The library whose names the parameters have.
    library: Option<LibraryName>,
    /// The seed of rrelu in training.
    pub seed: Option<u64>,
    pub mask: Option<PathBuf>,
    pub sink: Option<Sink>,
    /// Parameters from files.
    pub files: Vec<(&'static str, PathBuf)>,
}

/// The sink of softmax.
pub enum Sink {
    Number(f32),
    File(PathBuf),
}

impl Sink {
    pub fn file(&self) -> Option<&Path> {
        if let Sink::File(path) = self { Some(path) } else { None }
    }
}

/// A key as all its spellings have it.
fn spelling(key: &str) -> String {
    key.to_lowercase().replace(['_', '-'], "")
}

/// The function of this name with parameters from the command line.
pub fn configured(name: &str, formula: Option<&str>, parameters: &[String]) -> Result<Configured, Failure> {
    let pair = |parameter: &'_ String| {
        let pair = parameter.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
        pair.ok_or_else(|| usage(anyhow!("-p {parameter} is not of the form KEY=VALUE")))
    };
    let mut pairs = parameters.iter().map(pair).collect::<Result<Vec<_>, _>>()?;
    let library = library_of(name)?;
    let function = match (library, formula) {
        (Some(library), _) => named(&in_the_name(name, library, &mut pairs)?)?,
        (None, Some(formula)) => of_formula(formula, &pairs)?,
        (None, None) => named(name)?,
    };
    let mut configured = Configured { function, library, seed: None, mask: None, sink: None, files: Vec::new() };
    // A gated unit's activation decides which other parameters there are.
    pairs.sort_by_key(|(key, _)| spelling(key) != "activation");
    let mut seen = keys_in(name);
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
        configured.set(key, value)?;
    }
    // Ranges are checked last, because one may depend on another parameter.
    configured.function.validate().map_err(usage)?;
    Ok(configured)
}

/// The library that a name is of.
fn library_of(name: &str) -> Result<Option<LibraryName>, Failure> {
    let name = name.split_once('(').map_or(name, |(name, _)| name);
    let library = |name| LibraryName::find(name).map_err(|error: Error| usage(error));
    name.contains(':').then(|| library(name)).transpose()
}

/// Moves what `-p` says in a library's words into the name, and gives the rest this catalogue's names: files, seeds and masks.
fn in_the_name(text: &str, library: LibraryName, pairs: &mut Vec<(String, String)>) -> Result<String, Failure> {
    let (name, within) = match text.split_once('(') {
        None => (text, ""),
        Some((name, within)) => {
            let malformed = || usage(Error::MalformedFunction { text: text.to_owned() });
            (name, within.trim_end().strip_suffix(')').ok_or_else(malformed)?)
        }
    };
    let mut words: Vec<String> = within.split(',').filter(|word| !word.trim().is_empty()).map(str::to_owned).collect();
    let mut rest = Vec::new();
    for (key, value) in pairs.drain(..) {
        if ["mask", "seed", "sink"].contains(&spelling(&key).as_str()) {
            rest.push((key, value));
        } else if value.starts_with('@') {
            // Where the library has no default, the file stands for it.
            if library.needed().iter().any(|needed| spelling(needed) == spelling(&key)) {
                words.push(format!("{key}=1"));
            }
            rest.push((library.parameter(&key).map_err(usage)?.to_owned(), value));
        } else {
            words.push(format!("{key}={value}"));
        }
    }
    *pairs = rest;
    Ok(format!("{name}({})", words.join(", ")))
}

/// The keys of the parameters that stand in a name.
fn keys_in(name: &str) -> Vec<String> {
    let parameters = name.split_once('(').map_or("", |(_, parameters)| parameters);
    parameters.split(',').filter_map(|pair| pair.split_once('=')).map(|(key, _)| spelling(key.trim())).collect()
}

impl Configured {
    fn set(&mut self, key: &str, value: &str) -> Result<(), Failure> {
        let path = value.strip_prefix('@');
        if spelling(key) == "mask" && self.function.along().is_ok() {
            let path = path.ok_or_else(|| usage(anyhow!("-p {key}={value}: a mask is a file, {key}=@FILE.npy")))?;
            if !self.function.along().is_ok_and(|function| function.takes_mask()) {
                return Err(usage(Error::NotMaskable { function: self.function.name() }));
            }
            self.mask = Some(path.into());
            return Ok(());
        }
        if let ("sink", Ok(function)) = (spelling(key).as_str(), self.function.along()) {
            if !function.takes_sink() {
                return Err(usage(Error::NoSink { function: function.name() }));
            }
            let number = || value.parse().map(Sink::Number);
            let sink = path.map_or_else(number, |path| Ok(Sink::File(path.into())));
            self.sink = Some(
                sink.map_err(|_| usage(anyhow!("-p {key}={value}: {value:?} is neither a number nor @FILE.npy")))?,
            );
            return Ok(());
        }
        let Ok(activation) = self.function.elementwise() else {
            // `gated` may become any unit here.
            self.function = self.function.clone().with(key, value).map_err(usage)?;
            return Ok(());
        };
        if matches!(activation, Activation::Rrelu { .. }) && spelling(key) == "seed" {
            let seed = value
                .parse()
                .map_err(|_| usage(anyhow!("rrelu: seed is {value}, but must be an integer from 0 to 2^64 - 1")))?;
            self.seed = Some(seed);
        } else if let Some(path) = path {
            self.files.push((learnable(&activation, key)?, path.into()));
        } else {
            self.function = with_number(&activation, key, value)?.into();
        }
        Ok(())
    }
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
            let learnable = activation.parameters().iter().filter(|parameter| parameter.learnable);
            let learnable = learnable.map(|parameter| parameter.name).collect();
            Err(usage(Error::NotLearnable { function: activation.name(), parameter, learnable }))
        }
    }
}

/// The parameter and the file that an option `--param-grad KEY=FILE` names.
pub fn gradient(configured: &Configured, option: &str) -> Result<(&'static str, PathBuf), Failure> {
    let Configured { function, library, .. } = configured;
    let malformed = || usage(anyhow!("--param-grad {option} is not of the form KEY=FILE.npy"));
    let (key, path) = option.split_once('=').ok_or_else(malformed)?;
    if let ("sink", Ok(function)) = (spelling(key).as_str(), function.along()) {
        if !function.takes_sink() {
            return Err(usage(Error::NoSink { function: function.name() }));
        }
        let missing =
            || usage(anyhow!("--param-grad {option}: {} has no sink here; -p sink=0.5 gives one", function.name()));
        return configured.sink.as_ref().map(|_| ("sink", path.into())).ok_or_else(missing);
    }
    let along = |_| usage(anyhow!("{} has no learnable parameter; --param-grad {option}", function.name()));
    let activation = function.elementwise().map_err(along)?;
    let key = library.map_or(Ok(key), |library| library.parameter(key)).map_err(usage)?;
    Ok((learnable(&activation, key)?, path.into()))
}

/// The functions of these names at their defaults, all functions if none is named, or one function as `-p` and `--formula`
/// say, with numbers and words alone.
#[cfg(any(feature = "bench", feature = "plot", feature = "verify"))]
pub fn chosen(names: &[String], formula: Option<&str>, parameters: &[String]) -> Result<Vec<Function>, Failure> {
    match (names, parameters) {
        ([], []) => {
            // `gated` is left out, because it is `glu` at its defaults.
            let all = Function::all().filter(|(name, function)| *name == function.name());
            Ok(all.map(|(_, function)| function).collect())
        }
        (names, []) if formula.is_none() => names.iter().map(|name| named(name)).collect(),
        ([name], parameters) => match configured(name, formula, parameters)? {
            Configured { function, seed: None, mask: None, sink: None, files, .. } if files.is_empty() => {
                Ok(vec![function])
            }
            _ => Err(usage(anyhow!("{name} works here without files, seed, mask and sink"))),
        },
        (names, _) => Err(usage(anyhow!("-p needs exactly one function, {} are named", names.len()))),
    }
}

/// Tells whether a function has its parameters' defaults.
#[cfg(any(feature = "plot", feature = "verify"))]
pub fn is_default(function: &Function) -> bool {
    function.name().parse().is_ok_and(|default: Function| default == *function)
}
