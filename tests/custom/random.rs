//! Random formulas: their derivatives against numeric ones, and the device against the reference.

use crate::common::context;
use fastrand::Rng;
use gpu_activations::{Activation, Function, Order, ParameterBuffers};

const FORMULAS: usize = 100;
const PARAMETERS: [(&str, f32); 2] = [("a", 0.75), ("b", -1.25)];

/// An expression of about this depth whose values stay moderate, so that rounding errors do.
fn expression(random: &mut Rng, depth: u32) -> String {
    if depth == 0 {
        return match random.u32(0..6) {
            0 => format!("{:.2}", random.f64() * 4.0 - 2.0).replace("-", "0 - ").replace("0 - ", "-"),
            1 => "a".to_owned(),
            2 => "b".to_owned(),
            _ => "x".to_owned(),
        };
    }
    let mut inner = || expression(random, depth - 1);
    let (u, v) = (inner(), inner());
    match random.u32(0..20) {
        0 => format!("(({u}) + ({v}))"),
        1 => format!("(({u}) - ({v}))"),
        2 => format!("tanh({u})*({v})"),
        3 => format!("({u})/(2 + ({v})²)"),
        4 => format!("sigmoid(a*({u}))"),
        5 => format!("sin({u})"),
        6 => format!("cos({u})"),
        7 => format!("exp(-|{u}|)"),
        8 => format!("ln(1 + ({u})^2)"),
        9 => format!("sqrt(1 + ({u})^2)"),
        10 => format!("(({u}) > ({v}) ? tanh({u}) : tanh({v}))"),
        11 => format!("max({u}, {v})"),
        12 => format!("min({u}, clamp({v}, -1, 1))"),
        13 => format!("gelu(sin({u}))"),
        14 => format!("elu({u}, alpha=a)"),
        15 => format!("softplus(tanh({u}))"),
        16 => format!("swish(tanh({u}), beta=b)"),
        17 => format!("(1 + sigmoid({u}))^(1 + sigmoid(b))"),
        18 => format!("erf({u})*b"),
        _ => format!("mish(cos({u}))"),
    }
}

fn formulas() -> impl Iterator<Item = (String, Activation)> {
    let mut random = Rng::with_seed(181);
    (0..FORMULAS).map(move |_| {
        let depth = *random.choice(&[1, 1, 2, 2, 3]).unwrap();
        let text = format!("x*0.5 + a*sin(b*x) + {}", expression(&mut random, depth));
        let function = Function::from_formula_with(&text, &PARAMETERS).and_then(|function| function.elementwise());
        let function = function.unwrap_or_else(|error| panic!("{text}: {error}"));
        (text, function)
    })
}

/// The numeric derivative at a point, unless two steps disagree, as beside a kink.
fn numeric(f: impl Fn(f64) -> f64, step: f64) -> Option<f64> {
    let difference = |h: f64| (8.0 * (f(h) - f(-h)) - (f(2.0 * h) - f(-2.0 * h))) / (12.0 * h);
    let (coarse, fine) = (difference(step), difference(step / 4.0));
    ((coarse - fine).abs() <= 1e-7 * (1.0 + fine.abs())).then_some(fine)
}

/// Points whose neighbours are exact, too.
fn points() -> impl Iterator<Item = f64> {
    (-20..=20).map(|i| f64::from(i) * 0.171_875 + 0.007_812_5)
}

#[test]
fn derivatives_agree_with_numeric_ones() {
    let mut tried = [0; 4];
    for (text, function) in formulas() {
        for x in points() {
            let check = |kind: &str, found: f64, expected: Option<f64>, tried: &mut i32| {
                let Some(expected) = expected else { return };
                let difference = (found - expected).abs();
                assert!(difference <= 1e-6 * (1.0 + expected.abs()), "{text}: {kind} at {x}: {found}, not {expected}");
                *tried += 1;
            };
            let first = numeric(|h| function.forward(x + h), 1.0 / 512.0);
            check("derivative", function.derivative(x), first, &mut tried[0]);
            let second = numeric(|h| function.derivative(x + h), 1.0 / 512.0);
            check("second derivative", function.second_derivative(x), second, &mut tried[1]);
            for (index, (name, value)) in PARAMETERS.into_iter().enumerate() {
                // Both steps leave the parameter an f32.
                let moved = |h: f64| function.with(name, value + h as f32).map_or(f64::NAN, |moved| moved.forward(x));
                let expected = numeric(moved, 1.0 / 512.0).filter(|_| text.contains(name));
                check(name, function.parameter_gradient(name, x), expected, &mut tried[2 + index]);
            }
        }
    }
    // Some points lie beside kinks.
    let all = FORMULAS as i32 * points().count() as i32;
    assert!(tried.iter().all(|&tried| tried > all * 9 / 10), "{tried:?} of {all}");
}

#[test]
fn devices_agree_with_the_reference() {
    let context = context();
    let points: Vec<f32> = points().map(|x| x as f32).collect();
    let x = context.upload(&points).unwrap();
    let ones = context.upload(&vec![1.0_f32; points.len()]).unwrap();
    for (index, (text, function)) in formulas().enumerate() {
        let kinks = [-1, 1].map(|side| f64::from(side) * 1e-5);
        let check = |kind: &str, found: Vec<f32>, reference: &dyn Fn(f64) -> f64| {
            let largest = points.iter().map(|&x| reference(x.into()).abs()).fold(1.0, f64::max);
            for (&x, found) in points.iter().zip(found) {
                // Beside a kink, rounding decides which branch is taken.
                let [left, expected, right] = [kinks[0], 0.0, kinks[1]].map(|off| reference(f64::from(x) + off));
                let (least, most) = (left.min(expected).min(right), left.max(expected).max(right));
                let tolerance = 3e-5 * largest;
                let is_within = (least - tolerance..=most + tolerance).contains(&f64::from(found));
                assert!(is_within, "{text}: {kind} at {x}: {found}, not {expected}");
            }
        };
        let download = |buffer| context.download::<f32>(&buffer).unwrap();
        check("value", download(context.forward(function, &x).unwrap()), &|x| function.forward(x));
        let first = context.derivative(function, Order::First, &x).unwrap();
        check("derivative", download(first), &|x| function.derivative(x));
        let second = context.derivative(function, Order::Second, &x).unwrap();
        check("second derivative", download(second), &|x| function.second_derivative(x));
        // Each formula has both parameters. To compile every gradient would take as long as all the rest.
        {
            let (name, value) = PARAMETERS[index % 2];
            let values = context.upload(&vec![value; points.len()]).unwrap();
            let parameters = ParameterBuffers::new().per_element(name, &values);
            let gradient = context.parameter_gradient(function, &parameters, name, &x, &ones).unwrap();
            check(name, download(gradient), &|x| function.parameter_gradient(name, x));
        }
    }
}
