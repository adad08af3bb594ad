//! The f64 reference against the formulas of the table, evaluated with as many digits as they need.

mod formula;
mod value;

use formula::{Formula, Scope};
use gpu_activations::Activation;
use std::f32::consts::{FRAC_PI_2, FRAC_PI_4, PI};
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use value::{Ball, Dual, Number, magnitude};

/// The binary logarithm of the allowed relative error.
const ALLOWED: i32 = -45;

/// The number of random numbers of each of three kinds for every function, besides the chosen ones.
const RANDOM: usize = 2000;

#[derive(Debug, Clone, Copy)]
enum Pass {
    Forward,
    Derivative,
    SecondDerivative,
    Gradient(&'static str),
}

impl fmt::Display for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pass::Forward => f.write_str("forward"),
            Pass::Derivative => f.write_str("derivative"),
            Pass::SecondDerivative => f.write_str("second derivative"),
            Pass::Gradient(parameter) => write!(f, "gradient of {parameter}"),
        }
    }
}

/// One function of x: a direction of an activation with its parameters.
#[derive(Debug)]
struct Case {
    activation: Activation,
    pass: Pass,
    formula: Formula,
}

/// The parameter that sine and snake multiply x by, rounding the product to f32 as the shader does. That product is
/// part of their contract, so the formula is proven for it.
fn rounding(activation: &Activation) -> Option<(&'static str, f32)> {
    match *activation {
        Activation::Sine { omega } => Some(("omega", omega)),
        Activation::Snake { alpha } | Activation::SnakeBeta { alpha, .. } => Some(("alpha", alpha)),
        _ => None,
    }
}

impl Case {
    fn new(activation: Activation, pass: Pass) -> Case {
        // These two are evaluated as a whole, because no number holds their exponential of a large x.
        let mut text = activation.formula().replace("ln(1 + exp(", "softplus((").replace("ln(cosh(", "log_cosh((");
        if let Some((parameter, _)) = rounding(&activation) {
            text = text.replace(&format!("{parameter}·x"), "rounded");
            assert!(text.contains("rounded"), "{text} has no product to round");
        }
        Case { activation, pass, formula: Formula::parse(&text) }
    }

    fn of(activation: Activation) -> Vec<Case> {
        let learnable = activation.parameters().iter().filter(|p| p.learnable).map(|p| Pass::Gradient(p.name));
        let passes = [Pass::Forward, Pass::Derivative, Pass::SecondDerivative].into_iter().chain(learnable);
        passes.map(|pass| Case::new(activation, pass)).collect()
    }

    fn reference(&self, x: f64) -> f64 {
        match self.pass {
            Pass::Forward => self.activation.forward(x),
            Pass::Derivative => self.activation.derivative(x),
            Pass::SecondDerivative => self.activation.second_derivative(x),
            Pass::Gradient(parameter) => self.activation.parameter_gradient(parameter, x),
        }
    }

    /// The formula at x + shift, None if this precision does not suffice.
    fn evaluate(&self, x: f32, shift: f64, precision: usize) -> Option<Ball> {
        let exact = |value: f64| Ball::exact(value, precision);
        let by = match self.pass {
            Pass::Forward => None,
            Pass::Derivative | Pass::SecondDerivative => Some("x"),
            Pass::Gradient(parameter) => Some(parameter),
        };
        // No curvature of the variables asks for none of the result.
        let zero = matches!(self.pass, Pass::SecondDerivative).then(|| exact(0.0));
        let named = |name: &'static str, value: Ball| {
            let slope = exact(if by == Some(name) { 1.0 } else { 0.0 });
            (name, Dual { value, slope, curvature: zero.clone() })
        };
        let argument = &exact(x.into()) + &exact(shift);
        let parameters = self.activation.parameters().iter().zip(self.activation.values());
        let mut names: Vec<_> = parameters.map(|(p, value)| named(p.name, exact(value.into()))).collect();
        names.push(named("x", argument.clone()));
        if let Some((parameter, rate)) = rounding(&self.activation) {
            let product = f64::from(rate) * f64::from(x);
            let is_rounded = product.abs() >= f64::from(f32::MIN_POSITIVE);
            let product = if is_rounded { f64::from(product as f32) } else { product };
            let value = &exact(product) + &(&exact(rate.into()) * &exact(shift));
            let slope = match by {
                Some("x") => exact(rate.into()),
                Some(name) if name == parameter => argument,
                _ => exact(0.0),
            };
            names.push(("rounded", Dual { value, slope, curvature: zero.clone() }));
        }
        if let Activation::Selu = self.activation {
            let digits = [("λ", "1.0507009873554804934193349852946"), ("α", "1.6732632423543772848170429916717")];
            for (name, digits) in digits {
                let scope = Scope { precision, names: &[] };
                names.push((name, Formula::parse(digits).evaluate(&scope)?));
            }
        }
        let result = self.formula.evaluate(&Scope { precision, names: &names })?;
        let ball = match self.pass {
            Pass::Forward => result.value,
            Pass::SecondDerivative => result.curvature.expect("was asked for"),
            Pass::Derivative | Pass::Gradient(_) => result.slope,
        };
        ball.is_settled().then_some(ball)
    }

    fn value(&self, x: f32, shift: f64) -> Option<Number> {
        (7..13).find_map(|doubling| self.evaluate(x, shift, 1 << doubling)).map(|ball| ball.middle)
    }

    /// The expected value at x, and the binary logarithm of the reference's relative error if it exceeds the allowed
    /// one.
    fn error(&self, x: f32) -> Option<(String, f64)> {
        let got = self.reference(x.into());
        // The second derivative of softsign jumps at 0, from 2 to -2, although its first has no kink; its row says 0.
        if matches!((self.activation, self.pass), (Activation::Softsign, Pass::SecondDerivative)) && x == 0.0 {
            return (got != 0.0).then(|| ("0".to_owned(), f64::INFINITY));
        }
        let is_derivative = matches!(self.pass, Pass::Derivative | Pass::SecondDerivative);
        let is_kink = is_derivative && self.activation.kinks().contains(&f64::from(x));
        let shifts: &[f64] = if is_kink {
            // At a kink the derivative is the formula's, or that of either side, as the row says.
            &[0.0, -1e-30, 1e-30]
        } else if self.value(x, 0.0).is_some() {
            &[0.0]
        } else {
            // 0/0 stands for its limit.
            &[1e-60]
        };
        let mut errors = Vec::new();
        for &shift in shifts {
            let settled = |shift| {
                let value = self.value(x, shift);
                value.unwrap_or_else(|| {
                    panic!("4096 bits do not suffice for {:?} {} at {x:e}", self.activation, self.pass)
                })
            };
            let expected = settled(shift);
            let mut error = relative_error(&expected, got, &expected);
            if error > f64::from(ALLOWED) {
                // The terms cancel near a root away from 0, so the error is relative to the values around it.
                let reach = f64::from(x).abs().min(1.0) / 4.0;
                let around = [-reach, reach].map(settled);
                let least = around.into_iter().min_by(|a, b| magnitude(a).total_cmp(&magnitude(b))).expect("two");
                if magnitude(&least) >= magnitude(&expected) + 2.0 {
                    error = relative_error(&expected, got, &least);
                }
            }
            errors.push((expected.to_f64().value().to_string(), error));
        }
        errors.into_iter().min_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, error)| *error > f64::from(ALLOWED))
    }
}

/// The binary logarithm of the error relative to `scale`, which counts as at least the least f32. A value beyond f32
/// may be any number beyond it.
fn relative_error(expected: &Number, got: f64, scale: &Number) -> f64 {
    let rounded = expected.to_f64().value();
    if (rounded as f32).is_infinite() {
        return if got as f32 == rounded as f32 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    if !got.is_finite() {
        return f64::INFINITY;
    }
    let context = expected.context();
    let got = Number::try_from(got).expect("finite");
    let difference = context.sub(got.repr(), expected.repr()).expect("finite").value();
    let least = Number::try_from(f64::from(f32::from_bits(1))).expect("finite");
    let scale = if magnitude(scale) < magnitude(&least) { &least } else { scale };
    let quotient = context.div(difference.repr(), scale.repr()).expect("above 0").value();
    quotient.to_f64().value().abs().log2()
}

/// Inputs for the reference: near kinks, limits and roots, at powers of two, and at random.
fn points(activation: &Activation) -> Vec<f32> {
    let kinks = activation.kinks();
    let near = |kink: f64| {
        let nearest = kink as f32;
        let relative = [1e-3, -1e-3, 1e-7, -1e-7].map(|share| (kink * (1.0 + share)) as f32);
        [&[nearest, nearest.next_up(), nearest.next_down()], &relative[..]].concat()
    };
    let mut points: Vec<f32> = kinks.into_iter().flat_map(near).chain([0.0, -0.0, f32::MAX, f32::MIN]).collect();
    let powers = (-149..=127).map(|exponent| 2f64.powi(exponent) as f32);
    points.extend(powers.flat_map(|power| [power, -power]));
    // Inputs where e^x, tanh, Φ and their products leave f32 or reach their limits, and roots of functions and
    // derivatives.
    let limits = [
        88.7,
        88.8,
        87.3,
        87.4,
        103.9,
        104.0,
        103.3,
        44.0,
        52.0,
        17.0,
        16.6,
        9.0,
        9.2,
        8.3,
        13.0,
        14.2,
        14.4,
        10.0,
        4.5,
        1.2785,
        0.7518,
        0.7525,
        1.1925,
        0.4367,
        1.5937,
        4.4934,
        7.7253,
        FRAC_PI_4,
        FRAC_PI_2,
        3.0 * FRAC_PI_4,
        PI,
    ];
    let rates = activation.values().into_iter().filter(|value| value.is_finite() && *value != 0.0);
    for rate in rates.chain([1.0]) {
        points.extend(limits.iter().flat_map(|limit| [limit / rate, -limit / rate]));
    }
    // A linear congruential generator; its high bits are random.
    let mut state = 1u64;
    let mut random = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 32) as u32
    };
    for _ in 0..RANDOM {
        points.push(f32::from_bits(random()));
        let share = f64::from(random()) / f64::from(u32::MAX);
        points.push((40.0 * share - 20.0) as f32);
        let sign = if random() & 1 == 0 { 1.0 } else { -1.0 };
        points.push((sign * (20.0 * share - 12.0).exp2()) as f32);
    }
    // An overflow in the product of sine and snake has no sine.
    points.retain(|x| x.is_finite() && rounding(activation).is_none_or(|(_, rate)| (rate * x).is_finite()));
    points
}

/// Does this for every item, on all cores.
fn in_parallel<T: Sync>(items: &[T], action: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    action(item);
                }
            });
        }
    });
}

#[test]
fn the_reference_is_its_formula() {
    let cases: Vec<Case> = Activation::ALL.iter().flat_map(Activation::samples).flat_map(Case::of).collect();
    let failures = Mutex::new(Vec::new());
    in_parallel(&cases, |case| {
        let points = points(&case.activation);
        let wrong = points.iter().filter_map(|&x| case.error(x).map(|(expected, error)| (x, expected, error)));
        let wrong: Vec<_> = wrong.collect();
        if let Some((x, expected, error)) = wrong.iter().max_by(|a, b| a.2.total_cmp(&b.2)) {
            let (activation, pass, got) = (case.activation, case.pass, case.reference((*x).into()));
            failures.lock().expect("no panic").push(format!(
                "{activation:?} {pass} at {x:e}: expected {expected}, got {got}, an error of 2^{error:.1}; {} of {} wrong",
                wrong.len(),
                points.len()
            ));
        }
    });
    let mut failures = failures.into_inner().expect("no panic");
    failures.sort();
    assert!(
        failures.is_empty(),
        "{} passes are less accurate than 2^{ALLOWED}:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn an_error_above_what_is_allowed_is_seen() {
    let case = Case::new(Activation::Sigmoid, Pass::Forward);
    let expected = case.value(-3.0, 0.0).unwrap();
    let error = |share: f64| relative_error(&expected, case.reference(-3.0) * (1.0 + share), &expected);
    assert!(error(0.0) < f64::from(ALLOWED));
    assert!(error(2f64.powi(ALLOWED + 1)) > f64::from(ALLOWED));
    assert_eq!(error(f64::NAN), f64::INFINITY);
}

#[test]
fn formulas_are_read_as_written() {
    let names = [("x", Dual::constant(Ball::exact(-3.0, 128))), ("b", Dual::constant(Ball::exact(2.0, 128)))];
    let value = |text: &str| {
        let result = Formula::parse(text).evaluate(&Scope { precision: 128, names: &names }).unwrap();
        result.value.middle.to_f64().value()
    };
    assert_eq!(value("1 − b − x²·b/6"), -4.0);
    assert_eq!(value("−x² + |x|·√(b + 7)"), 0.0);
    assert_eq!(value("b·(x > 0 ? 1 : max(x, −2.5))"), -5.0);
    assert_eq!(value("x ≥ b: 1; x < 0 < b ≤ 2: sign(x); else 3"), -1.0);
    assert_eq!(value("x ≥ b: 1; x > 0: 2; else clamp(x³, x, b)"), -3.0);
    assert_eq!(value("ln(exp(b)) + tanh²(0)"), 2.0);
    assert_eq!(value("Φ(−1)"), 0.158_655_253_931_457_05);
}
