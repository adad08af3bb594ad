//! Functions by name: both kinds together, as text, and as keys of maps.

use gpu_activations::{Activation, AxisFunction, Direction, Error, Function, Gate, Layout, Range};
use std::collections::HashSet;
use std::sync::Arc;

/// Every function at its defaults, and at other values of its parameters.
fn functions() -> Vec<Function> {
    let mut functions: Vec<Function> = Function::all().map(|(_, function)| function).collect();
    functions.extend(Activation::ALL.iter().flat_map(Activation::samples).map(Function::from));
    let swish = Arc::new(Activation::Swish { beta: 1.5 }.into());
    functions.extend(
        [
            AxisFunction::Softmax { temperature: 0.1 },
            AxisFunction::GumbelSoftmax { tau: 1e-30, hard: true, seed: u64::MAX },
            AxisFunction::Maxout { pieces: 5 },
            AxisFunction::Gated {
                activation: swish,
                gate: Gate::First,
                layout: Layout::Interleaved,
                limit: 3.5,
                value_addend: -1.0,
            },
            AxisFunction::gated(Activation::Mish),
        ]
        .map(Function::from),
    );
    functions
}

#[test]
fn every_function_is_read_as_it_is_written() {
    for function in functions() {
        assert_eq!(function.to_string().parse(), Ok(function.clone()), "{function}");
    }
}

#[test]
fn text_shows_the_parameters_that_differ_from_their_defaults() {
    for (function, text) in [
        (Activation::Gelu.into(), "gelu"),
        (Activation::LeakyRelu { negative_slope: 0.2 }.into(), "leaky_relu(negative_slope=0.2)"),
        (AxisFunction::Softmax { temperature: 0.5 }.into(), "softmax(temperature=0.5)"),
        (AxisFunction::Entmax15 { temperature: 0.5 }.into(), "entmax15(temperature=0.5)"),
        (AxisFunction::gated(Activation::Silu).into(), "swiglu"),
        (AxisFunction::gated(Activation::Swish { beta: 1.5 }).into(), "gated(activation=swish, beta=1.5)"),
    ] {
        let function: Function = function;
        assert_eq!(function.to_string(), text);
    }
    let first = AxisFunction::gated(Activation::Silu).with("gate", "first").unwrap();
    assert_eq!(first.to_string(), "swiglu(gate=first)");
}

#[test]
fn names_and_parameters_match_whatever_their_spelling() {
    let expected: Function = Activation::LeakyRelu { negative_slope: 0.2 }.into();
    for text in
        ["leaky_relu(negative_slope=0.2)", "LeakyReLU( NegativeSlope = .2 )", " leaky-relu(negative-slope=2e-1) "]
    {
        assert_eq!(text.parse(), Ok(expected.clone()), "{text}");
    }
    assert_eq!("exp()".parse(), Ok(Function::from(Activation::Exponential)));
    assert_eq!("clamp".parse::<Activation>().map(|clip| clip.name()), Ok("clip"));
    let gated = "gated(activation=swish, beta=1.5, gate=first)".parse::<AxisFunction>().unwrap();
    assert_eq!((gated.name(), gated.values().len()), ("gated", 6));
}

#[test]
fn parameters_may_come_in_any_order() {
    let expected: Function = AxisFunction::gated(Activation::Swish { beta: 1.5 }).into();
    for text in
        ["gated(activation=swish, beta=1.5)", "gated(beta=1.5, activation=swish)", "gated(Beta=1.5, Activation=swish)"]
    {
        assert_eq!(text.parse(), Ok(expected.clone()), "{text}");
    }
    let elu: Function = Activation::Elu { alpha: 1.0 }.into();
    let twice = Error::GivenTwice { function: "elu".to_owned(), parameter: "ALPHA".to_owned() };
    assert_eq!(elu.clone().with_all(&[("alpha", "1"), ("ALPHA", "2")]), Err(twice));
    assert!(matches!(elu.with_all(&[("alpha", "NaN")]), Err(Error::ParameterOutOfRange { .. })));
}

#[test]
fn wrong_text_says_what_is_wrong() {
    let said = |text: &str| text.parse::<Function>().unwrap_err().to_string();
    assert_eq!(said("sigmod"), "there is no function named \"sigmod\"; the nearest are sigmoid, silu, sine");
    assert!(
        said("sftmax(temperature=2)").starts_with("there is no function named \"sftmax\"; the nearest are softmax,")
    );
    let malformed = |text: &str| format!("{text:?} is no function; it must have the form NAME or NAME(KEY=VALUE, ...)");
    for text in ["elu(alpha=1", "elu(alpha)", "elu(1)", "elu(alpha=1))", "elu(alpha=1,)"] {
        let found = said(text);
        assert!(found == malformed(text) || found.contains("must be a number"), "{text}: {found}");
    }
    assert_eq!(said("elu(alpha=1, Alpha=2)"), "elu: Alpha is given twice");
    assert_eq!(said("elu(alpha=one)"), "elu: alpha is one, but must be a number");
    assert_eq!(said("elu(slope=1)"), "elu has no parameter \"slope\"; it has alpha");
    assert_eq!(said("softmax(temperature=0)"), "softmax: temperature is 0, but must be finite and above 0");
    assert_eq!(said("softplus(beta=0)"), "softplus: beta is 0, but must be finite and at least 2^-126");
    assert_eq!(said("maxout(pieces=0)"), "maxout: pieces is 0, but must be an integer from 1 to 65535");
    assert_eq!(said("gated(activation=softmax)"), "softmax works along an axis; it is no elementwise function");
    assert_eq!("softmax".parse::<Activation>().unwrap_err().to_string(), said("gated(activation=softmax)"));
    let other = "gelu".parse::<AxisFunction>().unwrap_err().to_string();
    assert_eq!(other, "gelu works on each element; it is no function along an axis");
    assert!(matches!("".parse::<Function>(), Err(Error::UnknownName { .. })));
}

#[test]
fn functions_are_equal_if_their_bits_are() {
    let elu = |alpha| Function::from(Activation::Elu { alpha });
    assert_eq!(elu(f32::NAN), elu(f32::NAN));
    assert_ne!(elu(0.0), elu(-0.0));
    assert_ne!(Function::from(Activation::Silu), Function::from(Activation::Swish { beta: 1.0 }));
    let all: Vec<Function> = functions();
    let distinct: HashSet<&Function> = all.iter().collect();
    // `gated` is `glu` at its defaults, and samples begin with the defaults.
    assert_eq!(distinct.len(), all.len() - 1 - Activation::ALL.len());
}

#[test]
fn every_default_lies_in_its_range() {
    for (name, function) in Function::all() {
        assert!(function.validate().is_ok(), "{name}");
        for parameter in function.parameters() {
            let with_default = function.clone().with(parameter.name, &parameter.default.to_string());
            assert_eq!(with_default, Ok(function.clone()), "{name}, {parameter:?}");
            assert!(!parameter.learnable || function.elementwise().is_ok(), "{name}, {parameter:?}");
            let has_bounds = parameter.range.bounds(|_| 0.0).is_some();
            assert_eq!(has_bounds, !matches!(parameter.range, Range::Choice(_) | Range::Function), "{parameter:?}");
        }
    }
}

#[test]
fn every_learnable_parameter_has_a_gradient_and_its_bound() {
    for activation in Activation::ALL {
        for parameter in activation.parameters().iter().filter(|parameter| parameter.learnable) {
            let (function, name) = (activation.name(), parameter.name);
            let has_gradient =
                !activation.parameter_gradient(name, -1.5).is_nan() && activation.gradient_limit(name) > 0.0;
            assert!(
                has_gradient,
                "{name} of {function} is learnable; its row needs `gradient {name} within <ULP> |x| ...`"
            );
        }
    }
}

#[test]
fn directions_have_names() {
    assert_eq!(Direction::ALL.map(Direction::name), ["forward", "backward"]);
}

#[cfg(feature = "serde")]
#[test]
fn functions_are_serialized_as_text() {
    for function in functions() {
        let text = serde_json::to_string(&function).unwrap();
        assert_eq!(text, format!("{:?}", function.to_string()));
        assert_eq!(serde_json::from_str::<Function>(&text).unwrap(), function);
    }
    let wrong = serde_json::from_str::<Activation>("\"softmax\"").unwrap_err().to_string();
    assert!(wrong.starts_with("softmax works along an axis"), "{wrong}");
}
