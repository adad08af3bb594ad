//! WGSL text of a user's own.

use crate::common::context;
use gpu_activations::{Activation, Axis, AxisFunction, Error, Function, Order, ParameterBuffers};
use half::f16;

const SOFTSIGN: &str = "
struct Params {
    steepness: f32,
}

fn denominator(x: f32, params: Params) -> f32 {
    return 1.0 + abs(params.steepness * x);
}

fn activation(x: f32, params: Params) -> f32 {
    return x / denominator(x, params);
}

fn derivative(x: f32, params: Params) -> f32 {
    let d = denominator(x, params);
    return 1.0 / (d * d);
}

fn gradient_by_steepness(x: f32, params: Params) -> Gradient {
    let d = denominator(x, params);
    return Gradient(-x * abs(x) / (d * d), 0);
}
";

fn softsign() -> Activation {
    Function::from_wgsl(SOFTSIGN, &[("steepness", 2.0)]).and_then(|function| function.elementwise()).unwrap()
}

#[test]
fn it_computes_value_derivative_and_gradient() {
    let context = context();
    let x = [-1.5_f32, 0.0, 1.0, f32::NAN];
    let y = context.forward_slice(softsign(), &x).unwrap();
    assert_eq!(y[..3], [-0.375, 0.0, 1.0 / 3.0]);
    assert!(y[3].is_nan());
    let dx = context.backward_slice(softsign(), &x[..3], &[16.0_f32, 2.0, 9.0]).unwrap();
    assert_eq!(dx, [1.0, 2.0, 1.0]);
    let (x, dy) = (context.upload(&x[..3]).unwrap(), context.upload(&[1.0_f32; 3]).unwrap());
    let parameters = ParameterBuffers::new();
    let gradient = context.parameter_gradient(softsign(), &parameters, "steepness", &x, &dy).unwrap();
    let found = context.download(&gradient).unwrap()[0];
    assert!((f64::from(found) - (2.25 / 16.0 - 1.0 / 9.0)).abs() < 1e-6, "{found}");
    let y = context.forward_slice(softsign(), &[f16::ONE]).unwrap();
    assert_eq!(y, [f16::from_f32(1.0 / 3.0)]);
    let unit = AxisFunction::gated(softsign());
    let y = context.forward_along_slice(&unit, &Axis::last(&[2]).unwrap(), None, &[3.0_f32, 1.0]).unwrap();
    assert_eq!(y, [1.0]);
}

#[test]
fn what_the_compiler_finds_has_line_and_column_of_the_text() {
    let text = "fn activation(x: f32, params: Params) -> f32 {\n    return x * tree;\n}\n\nfn derivative(x: f32, params: Params) -> f32 {\n    return 1.0;\n}\n";
    let function = Function::from_wgsl(text, &[]).unwrap();
    match context().forward_slice(function, &[1.0_f32]) {
        Err(Error::Shader { file, line, column, message }) => {
            assert_eq!((file.as_str(), line, column), ("(your text)", 2, 16), "{message}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_it_lacks_is_refused_by_name() {
    let said = |outcome: Result<(), Error>| outcome.unwrap_err().to_string();
    let missing = Function::from_wgsl("fn activation(x: f32, params: Params) -> f32 {\n    return x;\n}\n", &[]);
    assert_eq!(said(missing.map(drop)), "wgsl: the text has no line that begins with `fn derivative(`");
    let context = context();
    let x = context.upload(&[1.0_f32]).unwrap();
    let second = context.derivative(softsign(), Order::Second, &x).map(drop);
    assert_eq!(said(second), "wgsl: the text has no line that begins with `fn second_derivative(`");
    let plain = SOFTSIGN.replace("fn gradient_by_steepness", "fn other");
    let plain = Function::from_wgsl(&plain, &[("steepness", 2.0)]).unwrap();
    let gradient = context.parameter_gradient(plain, &ParameterBuffers::new(), "steepness", &x, &x).map(drop);
    assert_eq!(said(gradient), "wgsl: steepness is not learnable");
    #[cfg(feature = "verify")]
    {
        use gpu_activations::verify::{Quantity, verify};
        let verified = verify::<f32>(&context, softsign(), Quantity::Forward, 1 << 20, |_| ()).map(drop);
        assert_eq!(said(verified), "wgsl: WGSL text has no f64 reference");
    }
}

#[test]
fn it_is_written_as_text_and_read_back() {
    let function: Function = softsign().into();
    let text = function.to_string();
    assert!(text.starts_with("wgsl(steepness = 2; \nstruct Params {"), "{text}");
    assert_eq!(text.parse(), Ok(function));
}

#[test]
fn a_snippet_has_it() {
    let snippet = softsign().snippet("own").unwrap();
    assert!(snippet.contains("fn own_activation(x: f32, params: own_Params) -> f32"), "{snippet}");
    assert!(snippet.contains("fn own_denominator("), "{snippet}");
}
