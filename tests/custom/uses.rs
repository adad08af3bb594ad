//! Where a formula goes: wherever a function of the table goes.

use crate::common::{context, numbers};
use gpu_activations::shader::{Aliasing, Shader, Storage};
use gpu_activations::{
    Accuracy, Activation, Axis, AxisFunction, DoubleBackward, Element, Error, Function, GpuActivations,
    ParameterBuffers,
};
use half::{bf16, f16};

fn formula(text: &str) -> Activation {
    Function::from_formula(text)
        .and_then(|function| function.elementwise())
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Formulas, and what the table has for them.
fn restated() -> Vec<(Activation, Activation)> {
    [
        ("x*sigmoid(x)", Activation::Silu),
        ("x/2*(1 + erf(x/sqrt(2)))", Activation::Gelu),
        ("x*tanh(softplus(x))", Activation::Mish),
        ("x > 0 ? x : alpha*(exp(x) - 1); alpha = 0.7", Activation::Elu { alpha: 0.7 }),
        ("x + sin(alpha*x)^2/alpha; alpha = 1.5", Activation::Snake { alpha: 1.5 }),
        ("relu(x)", Activation::Relu),
        ("leaky_relu(x, negative_slope=s); s = 0.2", Activation::LeakyRelu { negative_slope: 0.2 }),
    ]
    .map(|(text, activation)| (formula(text), activation))
    .into()
}

/// Inputs without order from -6 to 6, and edges where both sides are finite.
fn inputs<T: Element>() -> Vec<T> {
    let mut all: Vec<T> = numbers(4001, 7);
    all.extend([0.0, -0.0, 1e-4, -1e-4, 5.5, -5.5].map(T::from_f64));
    all
}

fn close<T: Element>(name: &str, found: &[T], expected: &[T], tolerance: f64) {
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let (found, expected) = (found.to_f64(), expected.to_f64());
        let difference = (found - expected).abs();
        assert!(difference <= tolerance * expected.abs().max(0.25), "{name}, element {index}: {found}, not {expected}");
    }
}

fn agree<T: Element>(context: &GpuActivations, tolerance: f64) {
    let x = inputs::<T>();
    let dy: Vec<T> = numbers(x.len(), 11);
    for (own, known) in restated() {
        let name = format!("{known} in {:?}", T::STORAGE);
        let pair = [own, known].map(|function| context.forward_slice(function, &x).unwrap());
        close(&name, &pair[0], &pair[1], tolerance);
        let pair = [own, known].map(|function| context.backward_slice(function, &x, &dy).unwrap());
        close(&name, &pair[0], &pair[1], 4.0 * tolerance);
        let in_place = context.upload(&x).unwrap();
        context.forward_in_place(own, &in_place).unwrap();
        let forward = context.forward_slice(own, &x).unwrap();
        assert_eq!(
            bytemuck::cast_slice::<T, u8>(&context.download(&in_place).unwrap()),
            bytemuck::cast_slice::<T, u8>(&forward)
        );
    }
}

#[test]
fn what_restates_the_table_agrees_with_it() {
    let context = context();
    agree::<f32>(&context, 1e-6);
    agree::<f32>(&context.with_accuracy(Accuracy::Fast), 4e-6);
    agree::<f16>(&context, 2.0_f64.powi(-10));
    agree::<bf16>(&context, 2.0_f64.powi(-7));
}

#[test]
fn second_derivatives_and_both_gradients_agree() {
    let context = context();
    let x = inputs::<f32>();
    let (x, v) = (context.upload(&x).unwrap(), context.upload(&numbers::<f32>(x.len(), 13)).unwrap());
    let pairs = restated().into_iter().map(|(own, known)| {
        let run = |function| {
            let (dx, ddy) = (context.allocate::<f32>(x.len()).unwrap(), context.allocate::<f32>(x.len()).unwrap());
            let operands = DoubleBackward {
                x: (&x).into(),
                dy: (&v).into(),
                v: (&v).into(),
                dx: (&dx).into(),
                ddy: (&ddy).into(),
            };
            context.batch(|recording| recording.double_backward(function, operands)).unwrap();
            [dx, ddy].map(|buffer| context.download(&buffer).unwrap())
        };
        (known, run(own), run(known))
    });
    for (known, own, expected) in pairs {
        close(known.name(), &own[0], &expected[0], 2e-4);
        close(known.name(), &own[1], &expected[1], 1e-5);
    }
}

#[test]
fn parameters_come_from_buffers_with_their_gradients() {
    let context = context();
    let (own, known) = (formula("x*sigmoid(steepness*x); steepness = 1"), Activation::Swish { beta: 1.0 });
    let axis = Axis::new(&[50, 3, 4], 1).unwrap();
    let x = context.upload(&numbers::<f32>(600, 7)).unwrap();
    let dy = context.upload(&numbers::<f32>(600, 11)).unwrap();
    let values = context.upload(&[0.5_f32, 1.0, 2.0]).unwrap();
    let bias = context.upload(&[0.25_f32]).unwrap();
    let with =
        |name: &'static str| ParameterBuffers::new().per_channel(name, &values, &axis).per_tensor("input_bias", &bias);
    let forward = |function, name| context.download(&context.forward_with(function, &with(name), &x).unwrap()).unwrap();
    close("forward", &forward(own, "steepness"), &forward(known, "beta"), 1e-6);
    let gradient = |function, name| {
        let gradient = context.parameter_gradient(function, &with(name), name, &x, &dy).unwrap();
        context.download(&gradient).unwrap()
    };
    close("gradient", &gradient(own, "steepness"), &gradient(known, "beta"), 1e-5);
}

/// The names of its parameters are its own, even where the table's differ only in case.
#[test]
fn parameters_are_found_whatever_their_case() {
    let context = context();
    let function = Function::from_formula("Alpha*x; Alpha = 0.5").unwrap();
    let (x, two) = (context.upload(&[3.0_f32]).unwrap(), context.upload(&[2.0_f32]).unwrap());
    for name in ["Alpha", "alpha", "AL_PHA"] {
        let parameters = ParameterBuffers::new().per_tensor(name, &two);
        let y = context.forward_with(function.clone(), &parameters, &x).unwrap();
        let gradient = context.parameter_gradient(function.clone(), &parameters, name, &x, &x).unwrap();
        assert_eq!(
            (context.download(&y).unwrap(), context.download(&gradient).unwrap()),
            (vec![6.0], vec![9.0]),
            "{name}"
        );
    }
    let twice = ParameterBuffers::new().per_tensor("Alpha", &two).per_tensor("alpha", &two);
    let error = context.forward_with(function, &twice, &x).unwrap_err();
    assert!(matches!(error, Error::GivenTwice { .. }), "{error}");
}

#[test]
fn it_gates_a_unit() {
    let context = context();
    let axis = Axis::last(&[40, 16]).unwrap();
    let (x, dy) = (numbers::<f32>(640, 7), numbers::<f32>(320, 11));
    let (own, known) = (AxisFunction::gated(formula("x*sigmoid(x)")), AxisFunction::gated(Activation::Silu));
    let forward = |unit: &AxisFunction| context.forward_along_slice(unit, &axis, None, &x).unwrap();
    close("forward", &forward(&own), &forward(&known), 1e-6);
    let backward = |unit: &AxisFunction| context.backward_along_slice(unit, &axis, None, &x, &dy).unwrap();
    close("backward", &backward(&own), &backward(&known), 1e-5);
}

#[test]
fn equal_formulas_share_a_pipeline() {
    let context = crate::common::own_context();
    let pipelines = || context.memory().pipelines;
    context.forward_slice(formula("x*x + c; c = 1"), &[1.0_f32; 4]).unwrap();
    let before = pipelines();
    let y = context.forward_slice(formula("x*x + c; c = 2"), &[1.0_f32; 4]).unwrap();
    assert_eq!((y, pipelines()), (vec![3.0; 4], before));
    let y = context.forward_slice(formula("x*x - c; c = 2"), &[1.0_f32; 4]).unwrap();
    assert_eq!((y, pipelines()), (vec![-1.0; 4], before + 1));
}

#[test]
fn a_large_formula_compiles() {
    let terms = (0..200).map(|i| format!("{i}/1000*x*|x - {i}|")).collect::<Vec<_>>().join(" + ");
    let function = formula(&terms);
    let y = context().forward_slice(function, &[0.5_f32]).unwrap();
    let expected = function.forward(0.5);
    assert!((f64::from(y[0]) - expected).abs() < 1e-5 * expected.abs(), "{} is not {expected}", y[0]);
}

#[test]
fn constants_that_are_no_literals_reach_the_device() {
    let y = context().forward_slice(formula("x > 0 ? 1/0 : x < 0 ? -1/0 : 0/0"), &[1.0_f32, -1.0, 0.0]).unwrap();
    assert_eq!(y[..2], [f32::INFINITY, f32::NEG_INFINITY]);
    assert!(y[2].is_nan());
}

#[test]
fn blocks_take_every_float() {
    let x =
        [0.0_f32, -0.0, 1e-40, 1e-38, 0.5, 1.0, 2.0, 3e38, -1.0, -2.0, f32::INFINITY, f32::NEG_INFINITY, 88.0, -90.0];
    for text in [
        "ln(x)",
        "exp(x)",
        "pow(x, 0.3125)",
        "pow(x, 3.6875)",
        "pow(x, -1.5)",
        "pow(2, x)",
        "pow(0.5, x)",
        "pow(x, 65)",
        "pow(-2, floor(x))",
        "x^3",
        "sqrt(x)",
        "sin(x)",
        "cos(x)",
        "pow(x, x)",
    ] {
        let function = formula(text);
        let found = context().forward_slice(function, &x).unwrap();
        for (&x, found) in x.iter().zip(found) {
            // An adapter may take a subnormal for 0.
            let expected =
                [function.forward(x.into()), function.forward(if x.is_subnormal() { 0.0 } else { x.into() })];
            let is_right = expected.iter().any(|&expected| {
                let rounded = f64::from(expected as f32);
                rounded.is_nan() && found.is_nan()
                    || rounded == f64::from(found)
                    || (f64::from(found) - expected).abs() <= expected.abs() * 4e-7
                    || rounded.abs() < 1.2e-38 && found.abs() < 1.2e-38
            });
            assert!(is_right, "{text} at {x:e}: {found:e}, not {:e}", expected[0]);
        }
    }
}

#[test]
fn the_module_and_the_snippet_have_only_what_is_needed() {
    let function = formula("x*tanh(softplus(x))");
    let module = Shader::elementwise(&function, Storage::F32, Aliasing::Separate);
    assert!(module.source().contains("call_softplus_activation"));
    let snippet = function.snippet("own").unwrap();
    assert!(snippet.starts_with("// custom: x*tanh(softplus(x))\n"), "{snippet}");
    assert!(snippet.contains("fn own_call_tanh_activation("), "{snippet}");
    assert!(snippet.contains("fn own_second_derivative("), "{snippet}");
    // softplus has the gradient of its parameter, which a snippet does not offer.
    assert!(module.source().contains("gradient_by_beta") && !snippet.contains("gradient_by"), "{snippet}");
}

#[cfg(feature = "serde")]
#[test]
fn serde_writes_and_reads_it() {
    let function: Function = formula("x*sigmoid(beta*x); beta = 1.5").into();
    let text = serde_json::to_string(&function).unwrap();
    assert_eq!(text, "\"custom(x*sigmoid(beta*x); beta = 1.5)\"");
    assert_eq!(serde_json::from_str::<Function>(&text).ok(), Some(function));
}
