//! Names as other libraries mean them.

use gpu_activations::{Axis, AxisFunction, Error, Function, LibraryName};
use std::collections::BTreeSet;

fn read(text: &str) -> Result<String, Error> {
    text.parse().map(|function: Function| function.to_string())
}

#[test]
fn every_name_is_a_function_or_is_refused_with_a_reason() {
    for name in LibraryName::all() {
        let found = LibraryName::find(&name.to_string()).unwrap();
        assert_eq!((found.library(), found.name()), (name.library(), name.name()));
        let Some(reason) = name.refusal() else {
            let function = name.function().unwrap();
            // Those of a gate's activation, too.
            let known: Vec<&str> = function.values().iter().map(|(parameter, _)| *parameter).collect();
            for (there, here) in name.parameters() {
                assert!(here.is_none_or(|here| known.contains(&here)), "{name}: {there} is {here:?}, not of {known:?}");
            }
            continue;
        };
        assert_eq!(name.function(), Err(Error::NotInCatalogue { name: name.to_string(), reason }));
    }
}

/// What differs from library to library, as they document it.
#[test]
fn defaults_and_parameters_are_those_of_the_library() {
    for (text, function) in [
        ("torch:GELU", "gelu"),
        ("torch:GELU(approximate=tanh)", "gelu_tanh"),
        ("torch:gelu(approximate='none')", "gelu"),
        ("jax:gelu", "gelu_tanh"),
        ("jax:gelu(approximate=False)", "gelu"),
        ("keras:gelu", "gelu"),
        ("keras:gelu(approximate=True)", "gelu_tanh"),
        ("onnx:Gelu(approximate=\"tanh\")", "gelu_tanh"),
        ("torch:hardsigmoid", "hard_sigmoid(alpha=0.16666667)"),
        ("jax:hard_sigmoid", "hard_sigmoid(alpha=0.16666667)"),
        ("keras:hard_sigmoid", "hard_sigmoid(alpha=0.16666667)"),
        ("onnx:HardSigmoid", "hard_sigmoid"),
        ("keras:leaky_relu", "leaky_relu(negative_slope=0.2)"),
        ("keras:LeakyReLU", "leaky_relu(negative_slope=0.3)"),
        ("jax:leaky_relu", "leaky_relu"),
        ("torch:LeakyReLU", "leaky_relu"),
        ("onnx:LeakyRelu", "leaky_relu"),
        ("onnx:LeakyRelu(alpha=0.2)", "leaky_relu(negative_slope=0.2)"),
        ("onnx:ThresholdedRelu(alpha=2)", "thresholded_relu(theta=2)"),
        ("torch:Softshrink(lambd=1)", "soft_shrink(lambda=1)"),
        ("keras:soft_shrink(threshold=1)", "soft_shrink(lambda=1)"),
        ("torch:Hardtanh(min_val=-2, max_val=2)", "hard_tanh(min=-2, max=2)"),
        ("onnx:Clip", "clip"),
        ("onnx:Clip(max=6)", "clip(max=6)"),
        ("torch:Softplus(beta=2, threshold=20)", "softplus(beta=2)"),
        ("torch:Threshold(threshold=0.1, value=20)", "threshold(threshold=0.1, value=20)"),
        ("torch:leaky_relu_(negative_slope=0.2)", "leaky_relu(negative_slope=0.2)"),
        ("torch:rrelu(lower=0.25, training=False)", "rrelu(lower=0.25)"),
        ("torch:gumbel_softmax(hard=True)", "gumbel_softmax(hard=true)"),
        ("keras:ReLU(max_value=6)", "generalized_relu(max_value=6)"),
        ("keras:PReLU", "prelu(alpha=0)"),
        ("hf:gelu_python", "gelu"),
        ("hf:gelu_new", "gelu_tanh"),
        ("hf:gelu_fast", "gelu_tanh"),
        ("hf:gelu_accurate", "gelu_tanh"),
        ("hf:gelu_pytorch_tanh", "gelu_tanh"),
        ("hf:gelu_python_tanh", "gelu_tanh"),
        ("hf:gelu_10", "clipped_gelu"),
        ("hf:relu2", "relu_squared"),
        ("hf:swish", "silu"),
        ("hf:xielu(alpha_p_init=1.5)", "xielu(alpha_p=1.5)"),
        ("onnx:Selu(alpha=1.67326319217681884765625, gamma=1.05070102214813232421875)", "selu"),
        ("onnx:SwiGLU(alpha=1.5)", "gated(activation=swish, beta=1.5, gate=first)"),
        ("onnx:Swish(alpha=1.5)", "swish(beta=1.5)"),
        ("TORCH:log-softmax", "log_softmax"),
    ] {
        assert_eq!(read(text).as_deref(), Ok(function), "{text}");
    }
}

/// How exact a library is: relative to the result, and to the larger of |x| and 1, because libraries subtract such terms
/// from each other.
type Exactness = (f64, f64);

const DOUBLE: Exactness = (1e-12, 1e-15);
/// One unit in the last place of f32, and a quarter.
const SINGLE: Exactness = (1.2e-7, 3e-8);

/// ONNX's reference computes erf in f32, and its constants are f32. Hugging Face has ten digits of √(2/π) here.
const LESS_EXACT: [(&str, Exactness); 5] = [
    ("onnx:Erf", SINGLE),
    ("onnx:Gelu", SINGLE),
    ("onnx:HardSwish", SINGLE),
    ("onnx:Selu", SINGLE),
    ("hf:gelu_fast", (1e-10, 1e-15)),
];

fn stored() -> serde_json::Value {
    serde_json::from_str(include_str!("library_values.json")).unwrap()
}

fn name_of(text: &str) -> &str {
    text.split('(').next().unwrap()
}

/// The file has what the libraries compute in float64, at their defaults and at other values of every parameter.
/// `cargo xtask libraries` writes it.
#[test]
fn values_are_those_of_the_libraries() {
    let stored = stored();
    let numbers = |value: &serde_json::Value| -> Vec<f64> {
        value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
    };
    let rows: Vec<Vec<f64>> = stored["x"].as_array().unwrap().iter().map(numbers).collect();
    let (axis, x) = (Axis::last(&[rows.len(), rows[0].len()]).unwrap(), rows.concat());
    for (text, expected) in stored["values"].as_object().unwrap() {
        let function = without_noise(text.parse().unwrap());
        let evaluated = |function: &Function| evaluated(function, &axis, &x);
        let (y, expected, rounding) = (evaluated(&function), numbers(expected), rounding(&function, evaluated));
        assert_eq!(y.len(), expected.len(), "{text}");
        let less_exact = LESS_EXACT.iter().find(|(name, _)| *name == name_of(text));
        let (relative, absolute) = less_exact.map_or(DOUBLE, |(_, exactness)| *exactness);
        for (i, (y, expected)) in y.iter().zip(expected).enumerate() {
            // The threshold of Keras 3.15 is wrong unless all but one are below it (keras-team/keras#23425).
            if text == "keras:sparsemax" && rows[i / axis.length()] != [-20.0, 20.0, 7.25, -7.25] {
                continue;
            }
            let size = if rounding.len() == x.len() { x[i].abs().max(1.0) } else { 1.0 };
            let allowed = relative * expected.abs() + absolute * size + rounding[i];
            assert!((y - expected).abs() <= allowed, "{text} is {function}, which gives {y}, not {expected}");
        }
    }
}

/// gumbel_softmax has no noise in the file.
fn without_noise(function: Function) -> Function {
    match function {
        Function::Along(AxisFunction::GumbelSoftmax { tau, hard: false, .. }) => {
            AxisFunction::Softmax { temperature: tau }.into()
        }
        Function::Along(AxisFunction::GumbelSoftmax { tau, hard: true, .. }) => {
            AxisFunction::Hardmax { temperature: tau }.into()
        }
        other => other,
    }
}

fn evaluated(function: &Function, axis: &Axis, x: &[f64]) -> Vec<f64> {
    match function.elementwise() {
        Ok(activation) => x.iter().map(|x| activation.forward(*x)).collect(),
        Err(_) => function.along().unwrap().forward(axis, None, x).unwrap(),
    }
}

/// By how much results move when parameters are rounded to f32, as 0.01 is: by half a unit in the last place, a quarter
/// of the way between the neighbours.
fn rounding(function: &Function, evaluated: impl Fn(&Function) -> Vec<f64>) -> Vec<f64> {
    let mut sums = vec![0.0; evaluated(function).len()];
    for (parameter, value) in function.values() {
        let Ok(number) = value.parse::<f32>() else { continue };
        if value.parse() == Ok(f64::from(number)) {
            continue;
        }
        let at = |number: f32| evaluated(&function.clone().with(parameter, &number.to_string()).unwrap());
        for ((sum, above), below) in sums.iter_mut().zip(at(number.next_up())).zip(at(number.next_down())) {
            *sum += (above - below).abs() / 4.0;
        }
    }
    sums
}

#[test]
fn values_are_there_for_every_name_and_parameter() {
    let stored = stored();
    let texts: Vec<&str> = stored["values"].as_object().unwrap().keys().map(String::as_str).collect();
    let known: Vec<LibraryName> = LibraryName::all().filter(|name| name.refusal().is_none()).collect();
    let in_table: BTreeSet<String> = known.iter().map(LibraryName::to_string).collect();
    let in_file: BTreeSet<String> = texts.iter().map(|text| name_of(text).to_owned()).collect();
    let only_in_one: Vec<&String> = in_table.symmetric_difference(&in_file).collect();
    assert!(only_in_one.is_empty(), "only in the table, or only in library_values.json: {only_in_one:?}");
    for name in known {
        for (parameter, _) in name.parameters() {
            let sets = |text: &&str| name_of(text) == name.to_string() && text.contains(&format!("{parameter}="));
            assert!(texts.iter().any(sets), "library_values.json has no {name} with {parameter}");
        }
    }
}

#[test]
fn what_a_library_lacks_is_told() {
    for (text, message) in [
        ("hf:elu", "Hugging Face's ACT2FN has no activation named \"elu\"; the nearest are gelu, relu, prelu"),
        ("torch:swish", "PyTorch has no activation named \"swish\"; the nearest are SiLU, silu, Mish"),
        ("torch:bilinear", "torch:bilinear is not in this catalogue: it is a layer with weights, and no gated unit"),
        (
            "numpy:exp",
            "\"numpy:exp\": the libraries are torch, keras, jax, onnx, hf, each followed by a colon and a name",
        ),
        (
            "torch:threshold(value=1)",
            "torch:threshold has no default for threshold; write torch:threshold(threshold=VALUE)",
        ),
        (
            "torch:Softmax(dim=1)",
            "softmax has no parameter \"dim\"; it has none; the axis is an argument of the call, or --axis",
        ),
        ("torch:GELU(approximate=erf)", "gelu: approximate is erf, but must be none or tanh"),
        ("torch:softplus(threshold=1)", "softplus: threshold is 1, but must be from 20 to 88"),
        ("torch:rrelu(training=True)", "rrelu: training is True, but must be false"),
        ("torch:ReLU(inplace=1)", "relu: inplace is 1, but must be true or false"),
        ("onnx:Selu(alpha=1.5)", "selu: alpha is 1.5, but must be 1.6732632"),
        ("onnx:LeakyRelu(negative_slope=1)", "leaky_relu has no parameter \"negative_slope\"; it has alpha"),
        ("onnx:LeakyRelu(alpha=1, Alpha=2)", "onnx:LeakyRelu: Alpha is given twice"),
        ("torch:Hardtanh(min_val=2)", "hard_tanh: max is 1, but must be finite and at least min"),
    ] {
        assert_eq!(read(text).unwrap_err().to_string(), message, "{text}");
    }
}

#[test]
fn plain_names_of_other_libraries_are_found_where_they_mean_one_thing() {
    for (name, function) in [
        ("gelu_pytorch_tanh", "gelu_tanh"),
        ("gelu_fast", "gelu_tanh"),
        ("gelu_accurate", "gelu_tanh"),
        ("gelu_python", "gelu"),
        ("gelu_erf", "gelu"),
        ("squared_relu", "relu_squared"),
        ("softmax1", "quiet_softmax"),
        ("softmax_one", "quiet_softmax"),
        ("sin", "sine"),
        ("h_swish", "hard_swish"),
        ("dyt", "dynamic_tanh"),
        ("gcu", "growing_cosine"),
        ("gelu_10", "clipped_gelu"),
    ] {
        assert_eq!(read(name).as_deref(), Ok(function), "{name}");
    }
    // Its slope is 1/6 where the name is used, and 1/5 here.
    assert!(read("h_sigmoid").is_err());
}
