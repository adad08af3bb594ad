//! The f64 reference against published values, identities and differences.

use approx::assert_relative_eq;
use gpu_activations::{Activation, Error};

#[test]
fn published_values() {
    // Abramowitz & Stegun, tables 4.4, 4.15 and 26.1.
    let at_one = [
        ("sigmoid", 0.731_058_578_630_004_9),
        ("tanh", 0.761_594_155_955_764_9),
        ("gelu", 0.841_344_746_068_542_9),
        ("softplus", 1.313_261_687_518_222_8),
    ];
    for (name, value) in at_one {
        let activation: Activation = name.parse().unwrap();
        assert_relative_eq!(activation.forward(1.0), value, max_relative = 1e-15);
    }
}

#[test]
fn derivatives_match_differences() {
    for activation in Activation::ALL {
        for step in -400..400 {
            let x = (f64::from(step) + 0.37) / 40.0;
            let h = 1e-3;
            if activation.kinks().iter().any(|k| (k - x).abs() <= 3.0 * h) {
                continue;
            }
            let f = |i: f64| activation.forward(x + i * h);
            let difference = (45.0 * (f(1.0) - f(-1.0)) - 9.0 * (f(2.0) - f(-2.0)) + f(3.0) - f(-3.0)) / (60.0 * h);
            let derivative = activation.derivative(x);
            assert!(
                (difference - derivative).abs() <= 1e-10 * (1.0 + derivative.abs()),
                "{} at {x}: the row's derivative is {derivative}, its forward differs by {difference}",
                activation.name()
            );
        }
    }
}

#[test]
fn infinities_give_limits_and_nan_stays() {
    for activation in Activation::ALL {
        for x in [f64::INFINITY, f64::NEG_INFINITY] {
            // What oscillates has no limit.
            let limits = (activation.name() != "sine", !["sine", "snake"].contains(&activation.name()));
            assert_eq!(!activation.forward(x).is_nan(), limits.0, "{} at {x}", activation.name());
            assert_eq!(!activation.derivative(x).is_nan(), limits.1, "{}′ at {x}", activation.name());
        }
        assert!(activation.forward(f64::NAN).is_nan());
        assert!(activation.derivative(f64::NAN).is_nan());
    }
}

#[test]
fn names_are_found_in_any_spelling() {
    for (spelling, name) in [("LeakyReLU", "leaky_relu"), ("hard-sigmoid", "hard_sigmoid"), ("LINEAR", "identity")] {
        assert_eq!(spelling.parse::<Activation>().unwrap().name(), name);
    }
    let error = "sigmod".parse::<Activation>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no activation named \"sigmod\"; the nearest are sigmoid, log_sigmoid, silu"
    );
}

#[test]
fn parameters_are_checked() {
    let softplus: Activation = "softplus".parse().unwrap();
    let error = softplus.with("beta", 0.0).unwrap().validate().unwrap_err();
    assert_eq!(error.to_string(), "softplus: beta is 0, but must be finite and above 0");
    assert!(matches!(softplus.with("gamma", 1.0), Err(Error::UnknownParameter { .. })));
    let relu: Activation = "generalized_relu".parse().unwrap();
    assert!(relu.validate().is_ok());
    assert!(relu.with("max_value", -1.0).unwrap().validate().is_err());
    assert!(relu.with("threshold", f32::NAN).unwrap().validate().is_err());
}
