//! Columns that the rows of `verify` and `bench` share: those that say what a row is about.

use crate::output::{json_of, short};
use gpu_activations::{Accuracy, Activation, Function};
use serde_json::{Map, Value, json};

/// Results in 16 bits have one accuracy, which counts as the highest.
pub fn labels(function: &Function, pass: &str, storage: &str, accuracy: Accuracy) -> Map<String, Value> {
    let labels = [
        ("function", json!(function.name())),
        ("parameters", Value::Object(parameters(function))),
        ("pass", json!(pass)),
        ("storage", json!(storage)),
        ("accuracy", json!(accuracy.name())),
    ];
    let mut labels: Map<String, Value> = labels.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
    if let Ok(activation @ Activation::Custom(_)) = function.elementwise() {
        labels.insert("formula".to_owned(), json!(activation.formula()));
    }
    labels
}

pub fn parameters(function: &Function) -> Map<String, Value> {
    match function.elementwise() {
        Ok(activation) => {
            let names = activation.parameters().iter().map(|parameter| parameter.name.to_owned());
            names.zip(activation.values().into_iter().map(short)).collect()
        }
        Err(_) => function.values().into_iter().map(|(name, value)| (name.to_owned(), json_of(&value))).collect(),
    }
}
