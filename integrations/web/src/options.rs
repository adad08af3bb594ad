//! Options as JavaScript gives them: an object whose keys are checked.

use gpu_activations::{Accuracy, Function, Order};
use js_sys::{Array, BigInt, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A value as JavaScript writes it.
    #[wasm_bindgen(js_name = String)]
    fn text_of(value: &JsValue) -> String;
}

/// The options of a call.
pub struct Options(JsValue);

impl Options {
    /// The options of a call that takes those of these names.
    pub fn of(call: &str, given: JsValue, known: &[&str]) -> Result<Options, JsError> {
        if given.is_undefined() {
            return Ok(Options(given));
        }
        let Some(object) = given.dyn_ref::<Object>() else {
            return Err(wrong("the options", "an object", &given));
        };
        for key in Object::keys(object).iter() {
            let key = text_of(&key);
            if !known.contains(&key.as_str()) {
                return Err(JsError::new(&format!("{call} has no option {key:?}; it has {}", known.join(", "))));
            }
        }
        Ok(Options(given))
    }

    /// The value of an option, if it is given.
    pub fn get(&self, key: &str) -> Option<JsValue> {
        let value = Reflect::get(&self.0, &key.into()).ok()?;
        (!value.is_undefined()).then_some(value)
    }

    pub fn number(&self, key: &str) -> Result<Option<f64>, JsError> {
        self.get(key).map(|value| value.as_f64().ok_or_else(|| wrong(key, "a number", &value))).transpose()
    }

    /// A function with the option `parameters`.
    pub fn function(&self, name: &str) -> Result<Function, JsError> {
        let function: Function = name.parse()?;
        let parameters = self.get("parameters").map_or(Ok(Vec::new()), |given| of_object("parameters", &given))?;
        let parameters: Vec<_> = parameters.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        Ok(function.with_all(&parameters)?)
    }

    pub fn accuracy(&self) -> Result<Option<Accuracy>, JsError> {
        let Some(given) = self.get("accuracy") else { return Ok(None) };
        match given.as_string().as_deref() {
            Some("highest") => Ok(Some(Accuracy::Highest)),
            Some("fast") => Ok(Some(Accuracy::Fast)),
            _ => Err(wrong("accuracy", "\"highest\" or \"fast\"", &given)),
        }
    }

    /// The order of a derivative; the first unless told.
    pub fn order(&self) -> Result<Order, JsError> {
        match self.number("order")? {
            None | Some(1.0) => Ok(Order::First),
            Some(2.0) => Ok(Order::Second),
            Some(other) => Err(JsError::new(&format!("order is {other}, but must be 1 or 2"))),
        }
    }

    /// The order where 0 stands for the function itself, which is what there is unless told.
    pub fn order_or_value(&self) -> Result<Option<Order>, JsError> {
        match self.number("order")? {
            None | Some(0.0) => Ok(None),
            Some(1.0) => Ok(Some(Order::First)),
            Some(2.0) => Ok(Some(Order::Second)),
            Some(other) => Err(JsError::new(&format!("order is {other}, but must be 0, 1 or 2"))),
        }
    }

    pub fn shape(&self) -> Result<Option<Vec<usize>>, JsError> {
        self.sizes("shape")
    }

    /// An array of sizes.
    pub fn sizes(&self, key: &str) -> Result<Option<Vec<usize>>, JsError> {
        let Some(given) = self.get(key) else { return Ok(None) };
        let array = given.dyn_ref::<Array>().ok_or_else(|| wrong(key, "an array", &given))?;
        let size = |size: JsValue| {
            let number = whole(&size).and_then(|size| usize::try_from(size as i64).ok());
            number.ok_or_else(|| wrong(&format!("each of {key}"), "a whole number from 0 to 2^32 - 1", &size))
        };
        array.iter().map(size).collect::<Result<_, _>>().map(Some)
    }

    /// The last axis unless told.
    pub fn axis(&self) -> Result<isize, JsError> {
        let Some(given) = self.get("axis") else { return Ok(-1) };
        whole(&given).map(|axis| axis as isize).ok_or_else(|| wrong("axis", "a whole number", &given))
    }

    pub fn mask(&self) -> Result<Option<Vec<u8>>, JsError> {
        let Some(given) = self.get("mask") else { return Ok(None) };
        let bytes = given.dyn_ref::<Uint8Array>().ok_or_else(|| wrong("mask", "a Uint8Array", &given))?;
        Ok(Some(bytes.to_vec()))
    }

    pub fn flag(&self, key: &str) -> Result<bool, JsError> {
        let Some(given) = self.get(key) else { return Ok(false) };
        given.as_bool().ok_or_else(|| wrong(key, "true or false", &given))
    }

    pub fn seed(&self) -> Result<Option<u64>, JsError> {
        let Some(given) = self.get("seed") else { return Ok(None) };
        let number = whole(&given).filter(|&seed| seed >= 0.0).map(|seed| seed as u64);
        let integer = given.dyn_ref::<BigInt>().and_then(|seed| u64::try_from(seed.clone()).ok());
        let seeds = "a whole number from 0 to 2^64 - 1, beyond 2^53 a BigInt";
        number.or(integer).map(Some).ok_or_else(|| wrong("seed", seeds, &given))
    }
}

/// The pairs of an object, with numbers, words and flags as text.
fn of_object(what: &str, given: &JsValue) -> Result<Vec<(String, String)>, JsError> {
    let object = given.dyn_ref::<Object>().ok_or_else(|| wrong(what, "an object", given))?;
    let pair = |pair: JsValue| {
        let pair = Array::from(&pair);
        let (key, value) = (text_of(&pair.get(0)), pair.get(1));
        let is_plain = value.as_f64().is_some() || value.as_bool().is_some() || value.is_string() || value.is_bigint();
        if !is_plain {
            return Err(wrong(&format!("the parameter {key}"), "a number, a word or a flag", &value));
        }
        Ok((key, text_of(&value)))
    };
    Object::entries(object).iter().map(pair).collect()
}

/// Numbers for a formula's parameters.
pub fn numbers(given: JsValue) -> Result<Vec<(String, f32)>, JsError> {
    if given.is_undefined() {
        return Ok(Vec::new());
    }
    let number = |(key, text): (String, String)| match text.parse() {
        Ok(number) => Ok((key, number)),
        Err(_) => Err(JsError::new(&format!("the parameter {key} is {text:?}, but must be a number"))),
    };
    of_object("parameters", &given)?.into_iter().map(number).collect()
}

fn whole(value: &JsValue) -> Option<f64> {
    value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0)
}

pub fn wrong(what: &str, wanted: &str, given: &JsValue) -> JsError {
    JsError::new(&format!("{what} must be {wanted}, not {}", shown(given)))
}

/// A value as messages show it.
pub fn shown(value: &JsValue) -> String {
    let of_object = |key: &str, of: &JsValue| Reflect::get(of, &key.into()).unwrap_or(JsValue::UNDEFINED);
    match value.as_string() {
        Some(text) => format!("{text:?}"),
        None if value.is_object() => {
            format!("of type {}", text_of(&of_object("name", &of_object("constructor", value))))
        }
        None => text_of(value),
    }
}
