//! What needs no device: the table, formulas, the reference and texts in WGSL.

use crate::gpu::none_of;
use crate::options::{Options, numbers};
use gpu_activations::shader::{Aliasing, Shader, ShaderOptions, Storage};
use gpu_activations::verify::{Quantity, compare as compared};
use gpu_activations::{Accuracy, Activation, Direction, Function, Order, ParameterInfo, Value};
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;

/// An object of these entries.
pub fn object<const N: usize>(entries: [(&str, JsValue); N]) -> Object {
    let object = Object::new();
    for (key, value) in entries {
        // An object that was just made takes every key.
        let _ = Reflect::set(&object, &key.into(), &value);
    }
    object
}

fn words(words: &[&str]) -> JsValue {
    words.iter().map(|&word| JsValue::from(word)).collect::<Array>().into()
}

/// A number of the table as it is written there: 0.1, not the f32 next to it.
fn short(number: f32) -> f64 {
    number.to_string().parse().unwrap_or(number.into())
}

fn parameter(function: &Function, parameter: &ParameterInfo) -> JsValue {
    let default = match parameter.default {
        Value::Number(number) => short(number).into(),
        Value::Integer(integer) => (integer as f64).into(),
        Value::Flag(flag) => flag.into(),
        other => JsValue::from(other.to_string()),
    };
    let value_of = |other: &str| function.elementwise().ok().and_then(|a| a.value(other)).unwrap_or(f32::MIN);
    let bounds = parameter.range.bounds(value_of);
    let bound = |bound: Option<f64>| {
        let finite = bound.filter(|bound| bound.abs() < f64::from(f32::MAX));
        finite.map_or(JsValue::NULL, JsValue::from)
    };
    object([
        ("name", parameter.name.into()),
        ("default", default),
        ("min", bound(bounds.map(|(min, _)| min))),
        ("max", bound(bounds.map(|(_, max)| max))),
        ("learnable", parameter.learnable.into()),
    ])
    .into()
}

fn parameters(function: &Function) -> JsValue {
    function.parameters().iter().map(|known| parameter(function, known)).collect::<Array>().into()
}

/// All functions of the table.
#[wasm_bindgen]
pub fn list() -> Array {
    let row = |(name, function): (&str, Function)| -> JsValue {
        let along = function.along();
        object([
            ("name", name.into()),
            ("aliases", words(function.aliases())),
            ("formula", function.formula().into()),
            ("family", function.family().into()),
            ("along", along.is_ok().into()),
            ("mask", along.is_ok_and(|function| function.takes_mask()).into()),
            ("parameters", parameters(&function)),
        ])
        .into()
    };
    Function::all().map(row).collect()
}

/// The text of a formula as a function, with the values of its parameters.
#[wasm_bindgen]
pub fn custom(formula: &str, parameters: JsValue) -> Result<String, JsError> {
    let given = numbers(parameters)?;
    let given: Vec<(&str, f32)> = given.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    Ok(Function::from_formula_with(formula, &given)?.to_string())
}

/// What the table says of the parameters of a function.
#[wasm_bindgen]
pub fn parameters_of(name: &str) -> Result<JsValue, JsError> {
    Ok(parameters(&name.parse()?))
}

/// The function, or a derivative, in f64.
#[wasm_bindgen]
pub fn reference(name: &str, mut x: Vec<f64>, options: JsValue) -> Result<Vec<f64>, JsError> {
    let options = Options::of("reference", options, &["parameters", "order"])?;
    let activation = options.function(name)?.elementwise()?;
    let order = options.order_or_value()?;
    for x in &mut x {
        *x = match order {
            None => activation.forward(*x),
            Some(Order::First) => activation.derivative(*x),
            Some(_) => activation.second_derivative(*x),
        };
    }
    Ok(x)
}

/// The errors of results.
#[wasm_bindgen]
pub fn compare(name: &str, x: &[f32], results: &[f32], options: JsValue) -> Result<Object, JsError> {
    let options = Options::of("compare", options, &["parameters", "order", "accuracy"])?;
    let activation = options.function(name)?.elementwise()?;
    let quantity = match options.order_or_value()? {
        None => Quantity::Forward,
        Some(Order::First) => Quantity::Backward,
        Some(_) => Quantity::SecondDerivative,
    };
    let accuracy = options.accuracy()?.unwrap_or_default();
    let report = compared::<f32>(activation, quantity, accuracy, x, results)?;
    Ok(object([
        ("worstUlp", report.worst_ulp.into()),
        ("worstInput", report.worst_input.into()),
        ("limitUlp", report.limit_ulp.into()),
        ("count", (report.count as f64).into()),
        ("failed", (report.failed as f64).into()),
    ]))
}

fn shader_options(accuracy: Option<Accuracy>) -> ShaderOptions {
    let mut options = ShaderOptions::default();
    options.accuracy = accuracy.unwrap_or_default();
    options
}

/// WGSL to include in a shader.
#[wasm_bindgen]
pub fn snippet(name: &str, prefix: &str, options: JsValue) -> Result<String, JsError> {
    let options = Options::of("snippet", options, &["parameters", "accuracy"])?;
    let activation: Activation = options.function(name)?.elementwise()?;
    Ok(activation.snippet_with(prefix, shader_options(options.accuracy()?))?)
}

/// The module of a pass.
#[wasm_bindgen]
pub fn shader(name: &str, options: JsValue) -> Result<String, JsError> {
    let options = Options::of("shader", options, &["pass", "order", "parameters", "accuracy"])?;
    let function = options.function(name)?;
    let pass = Pass::of(&options)?;
    if pass != Pass::Derivative {
        none_of(&options, &["order"], "this pass is no derivative")?;
    }
    let of_accuracy = shader_options(options.accuracy()?);
    let shader = match (function.elementwise(), function.along()) {
        (Ok(activation), _) => match pass {
            Pass::Forward | Pass::Backward => {
                Shader::elementwise_with(&activation, Storage::F32, Aliasing::Separate, of_accuracy)
            }
            Pass::Derivative => Shader::derivative(&activation, options.order()?, Storage::F32, of_accuracy)?,
            Pass::DoubleBackward => Shader::double_backward(&activation, Storage::F32, of_accuracy)?,
        },
        (_, Ok(along)) => match pass {
            Pass::Forward => Shader::along_with(along, Storage::F32, Direction::Forward, of_accuracy).0,
            Pass::Backward => Shader::along_with(along, Storage::F32, Direction::Backward, of_accuracy).0,
            Pass::DoubleBackward => Shader::double_backward_along(along, Storage::F32, of_accuracy)?.0,
            // This gives the error.
            Pass::Derivative => return Err(function.elementwise().map_or_else(JsError::from, |_| JsError::new(""))),
        },
        (Err(error), Err(_)) => return Err(error.into()),
    };
    Ok(shader.source().to_owned())
}

/// A pass, as the option `pass` names it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    Forward,
    Backward,
    Derivative,
    DoubleBackward,
}

impl Pass {
    pub fn of(options: &Options) -> Result<Pass, JsError> {
        let Some(given) = options.get("pass") else { return Ok(Pass::Forward) };
        match given.as_string().as_deref() {
            Some("forward") => Ok(Pass::Forward),
            Some("backward") => Ok(Pass::Backward),
            Some("derivative") => Ok(Pass::Derivative),
            Some("doubleBackward") => Ok(Pass::DoubleBackward),
            _ => Err(JsError::new(&format!(
                "pass is {}, but must be \"forward\", \"backward\", \"derivative\" or \"doubleBackward\"",
                crate::options::shown(&given)
            ))),
        }
    }
}
