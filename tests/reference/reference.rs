//! The f64 reference against published values, identities and differences.

use approx::assert_relative_eq;
use gpu_activations::{Activation, Axis, AxisFunction, Element, Error};
use half::{bf16, f16};

/// Every function at its defaults, at -3/2 and 3/4, computed from its formula with 40 digits (mpmath 1.3).
#[test]
fn values_from_formulas_with_many_digits() {
    let values = [
        ("identity", -1.5, 0.75),
        ("exponential", 0.22313016014842982, 2.117000016612675),
        ("sigmoid", 0.18242552380635635, 0.679178699175393),
        ("log_sigmoid", -1.7014132779827524, -0.38687100611489994),
        ("hard_sigmoid", 0.19999999552965164, 0.6500000022351742),
        ("tanh", -0.9051482536448664, 0.6351489523872873),
        ("scaled_tanh", -1.306819391264395, 0.7929468245136343),
        ("hard_tanh", -1.0, 0.75),
        ("clip", -1.5, 0.75),
        ("softcap", -1.4987512487363992, 0.7498437890526206),
        ("dynamic_tanh", -0.6351489523872873, 0.35835739835078595),
        ("tanh_shrink", -0.5948517463551336, 0.11485104761271268),
        ("relu", 0.0, 0.75),
        ("relu6", 0.0, 0.75),
        ("relu_squared", 0.0, 0.5625),
        ("star_relu", -0.4472135901451111, 0.055901698768138885),
        ("generalized_relu", 0.0, 0.75),
        ("thresholded_relu", 0.0, 0.0),
        ("threshold", 0.0, 0.75),
        ("leaky_relu", -0.014999999664723873, 0.75),
        ("prelu", -0.375, 0.75),
        ("elu", -0.7768698398515702, 0.75),
        ("selu", -1.3658143533672527, 0.7880257405166103),
        ("celu", -0.7768698398515702, 0.75),
        ("gelu", -0.1002108019032871, 0.5800294857173488),
        ("clipped_gelu", -0.1002108019032871, 0.5800294857173488),
        ("gelu_tanh", -0.10042842301976708, 0.5799605551656203),
        ("quick_gelu", -0.10833780155292343, 0.5863900575346378),
        ("silu", -0.2736382857095345, 0.5093840243815447),
        ("swish", -0.2736382857095345, 0.5093840243815447),
        ("hard_swish", -0.375, 0.46875),
        ("elish", -0.14172088746428285, 0.5093840243815447),
        ("tanh_exp", -0.32924917377017077, 0.7285691795190008),
        ("serf", -0.3363515085255326, 0.669087208701566),
        ("mish", -0.29809974216680674, 0.6100183352182934),
        ("softplus", 0.2014132779827524, 1.1368710061148999),
        ("squareplus", 0.5, 1.4430004681646913),
        ("softsign", -0.6, 0.42857142857142855),
        ("isru", -0.8320502943378437, 0.6),
        ("isrlu", -0.8320502943378437, 0.75),
        ("soft_shrink", -1.0, 0.25),
        ("hard_shrink", -1.5, 0.75),
        ("shrink", -1.5, 0.75),
        ("sparse_plus", 0.0, 0.765625),
        ("sparse_sigmoid", 0.0, 0.875),
        ("step", 0.0, 1.0),
        ("laplace", 2.5588400401870637e-15, 0.5604268791772263),
        ("erf", -0.9661051464753108, 0.7111556336535151),
        ("xielu", -0.17149586326087288, 0.8250000067055225),
        ("snake", -0.5050037516997773, 1.2146313991661486),
        ("snake_beta", -0.5050037516997773, 1.2146313991661486),
        ("sine", -0.9974949866040544, 0.6816387600233341),
        ("sinc", 0.6649966577360363, 0.9088516800311123),
        ("growing_cosine", -0.10610580250155437, 0.5487666516553656),
        ("lisht", 1.3577223804672998, 0.4763617142904655),
        ("log_cosh", 0.8554401710137968, 0.2582660974228071),
        ("bent_identity", -1.0986121811340026, 0.875),
        ("gaussian", 0.10539922456186435, 0.569782824730923),
        ("rrelu", -0.3437500074505806, 0.75),
    ];
    let names: Vec<&str> = values.iter().map(|(name, ..)| *name).collect();
    for activation in Activation::ALL {
        let name = activation.name();
        assert!(names.contains(&name), "{name} needs its values at -3/2 and 3/4, from its formula, in this table");
    }
    for (name, at_minus, at_plus) in values {
        let activation: Activation = name.parse().unwrap();
        assert_relative_eq!(activation.forward(-1.5), at_minus, max_relative = 4e-15, epsilon = 1e-300);
        assert_relative_eq!(activation.forward(0.75), at_plus, max_relative = 4e-15, epsilon = 1e-300);
    }
}

/// Every function along an axis at its defaults, for one row, computed from its formula in Python.
#[test]
fn values_along_an_axis_from_formulas() {
    let x = [0.5, -1.25, 1.0, 0.75];
    let values: &[(&str, &[f64])] = &[
        ("softmax", &[0.24351515306909774, 0.042316588438755874, 0.40148861260281904, 0.31267964588932734]),
        ("log_softmax", &[-1.41257610813248, -3.16257610813248, -0.9125761081324799, -1.16257610813248]),
        ("softmin", &[0.12285111714745407, 0.7069593674870327, 0.07451296912987933, 0.09567654623563412]),
        ("quiet_softmax", &[0.21217677006929023, 0.03687079404351894, 0.3498203539616891, 0.2724403655996795]),
        ("hardmax", &[0.0, 0.0, 1.0, 0.0]),
        ("sparsemax", &[0.08333333333333331, 0.0, 0.5833333333333333, 0.3333333333333333]),
        ("entmax15", &[0.19647727398973067, 0.0, 0.4806060593436027, 0.3229166666666667]),
        ("logsumexp", &[1.91257610813248]),
        ("logmeanexp", &[0.5262817470125893]),
        ("glu", &[0.36552928931500245, -0.8489733739692412]),
        ("swiglu", &[0.36552928931500245, -0.6367300304769309]),
        ("geglu", &[0.42067237303427146, -0.725036857146686]),
        ("reglu", &[0.5, -0.9375]),
        ("bilinear", &[0.5, -0.9375]),
        ("swiglu_oai", &[1.268693653190454, -0.1465975149097545]),
        ("gated", &[0.36552928931500245, -0.8489733739692412]),
        ("maxout", &[0.5, 1.0]),
        ("crelu", &[0.5, 0.0, 1.0, 0.75, 0.0, 1.25, 0.0, 0.0]),
    ];
    let axis = Axis::last(&[4]).unwrap();
    for (name, function) in AxisFunction::all() {
        let y = function.forward(&axis, None, &x).unwrap();
        if *name == "gumbel_softmax" {
            // Its noise is that of Philox, which is tested with published vectors.
            assert_relative_eq!(y.iter().sum::<f64>(), 1.0, max_relative = 1e-14);
            continue;
        }
        let (_, expected) = values
            .iter()
            .find(|(known, _)| known == name)
            .unwrap_or_else(|| panic!("{name} needs its values for this row, from its formula, in this table"));
        assert_eq!(y.len(), expected.len(), "{name}");
        for (y, expected) in y.iter().zip(*expected) {
            assert_relative_eq!(*y, *expected, max_relative = 1e-14, epsilon = 1e-300);
        }
    }
}

#[test]
fn derivatives_match_differences() {
    type Function = fn(&Activation, f64) -> f64;
    let pairs: [(&str, Function, Function); 2] = [
        ("derivative", Activation::forward, Activation::derivative),
        ("second derivative", Activation::derivative, Activation::second_derivative),
    ];
    for (activation, (order, function, derivative)) in
        Activation::ALL.iter().flat_map(|activation| pairs.map(|pair| (activation, pair)))
    {
        for step in -400..400 {
            let x = (f64::from(step) + 0.37) / 40.0;
            let h = 1e-3;
            if activation.kinks().iter().any(|k| (k - x).abs() <= 3.0 * h) {
                continue;
            }
            let f = |i: f64| function(activation, x + i * h);
            let difference = (45.0 * (f(1.0) - f(-1.0)) - 9.0 * (f(2.0) - f(-2.0)) + f(3.0) - f(-3.0)) / (60.0 * h);
            let derivative = derivative(activation, x);
            assert!(
                (difference - derivative).abs() <= 1e-10 * (1.0 + derivative.abs()),
                "{} at {x}: the row's {order} is {derivative}, what it derives differs by {difference}",
                activation.name()
            );
        }
    }
}

/// At larger |x| PyTorch subtracts from 1 and loses digits, up to all of them: sigmoid and silu from 20, tanh from 8,
/// gelu_tanh from 5.5. At 0 it gives elu, celu and selu a second derivative of 0, where this crate takes that of the side
/// whose first derivative it takes.
#[test]
fn second_derivatives_are_those_of_pytorch() {
    let text = include_str!("pytorch_double_backward.json");
    let stored: serde_json::Value = serde_json::from_str(text).unwrap();
    let numbers = |value: &serde_json::Value| -> Vec<f64> {
        value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
    };
    let functions = stored["second_derivatives"].as_object().unwrap();
    assert_eq!(functions.len(), 24);
    for (name, values) in functions {
        let activation: Activation = name.parse().unwrap();
        for (x, expected) in numbers(&stored["x"]).into_iter().zip(numbers(values)) {
            let second = activation.second_derivative(x);
            assert!((second - expected).abs() <= 1e-12 * expected.abs(), "{name} at {x}: {second}, not {expected}");
        }
    }
}

/// Scores of size 1 and 30. Where one share is nearly the whole, PyTorch cancels v − Σ y·v, which leaves the rounding errors of
/// its terms; the reference subtracts first.
#[test]
fn double_backward_along_an_axis_is_that_of_pytorch() {
    let stored: serde_json::Value = serde_json::from_str(include_str!("pytorch_double_backward.json")).unwrap();
    let cases = stored["along"].as_array().unwrap();
    assert_eq!(cases.len(), 24);
    for case in cases {
        let array = |name: &str| -> Vec<f64> { serde_json::from_value(case[name].clone()).unwrap() };
        let shape: Vec<usize> = serde_json::from_value(case["shape"].clone()).unwrap();
        let function: AxisFunction = case["function"].as_str().unwrap().parse().unwrap();
        let axis = Axis::new(&shape, case["axis"].as_i64().unwrap() as isize).unwrap();
        let (dx, ddy) = function.double_backward(&axis, None, &array("x"), &array("dy"), &array("v")).unwrap();
        for (name, ours) in [("dx", dx), ("ddy", ddy)] {
            let theirs = array(name);
            let largest = |numbers: &[f64]| numbers.iter().fold(0.0_f64, |largest, number| largest.max(number.abs()));
            let allowed = 1e-12 * largest(&theirs) + 8.0 * f64::EPSILON * largest(&array("dy")) * largest(&array("v"));
            assert_eq!(ours.len(), theirs.len());
            for (ours, theirs) in ours.iter().zip(&theirs) {
                assert!((ours - theirs).abs() <= allowed, "{name} of {function} along {axis:?}: {ours}, not {theirs}");
            }
        }
    }
}

#[test]
fn infinities_give_limits_and_nan_stays() {
    for activation in Activation::ALL {
        for x in [f64::INFINITY, f64::NEG_INFINITY] {
            // An oscillating function has no limit.
            let oscillates = ["sine", "growing_cosine"].contains(&activation.name());
            let slope_oscillates = oscillates || ["snake", "snake_beta"].contains(&activation.name());
            assert_eq!(activation.forward(x).is_nan(), oscillates, "{} at {x}", activation.name());
            assert_eq!(activation.derivative(x).is_nan(), slope_oscillates, "{}′ at {x}", activation.name());
            assert_eq!(activation.second_derivative(x).is_nan(), slope_oscillates, "{}″ at {x}", activation.name());
        }
        assert!(activation.forward(f64::NAN).is_nan());
        assert!(activation.derivative(f64::NAN).is_nan());
        assert!(activation.second_derivative(f64::NAN).is_nan());
    }
}

#[test]
fn names_are_found_in_any_spelling() {
    for (spelling, name) in [("LeakyReLU", "leaky_relu"), ("hard-sigmoid", "hard_sigmoid"), ("LINEAR", "identity")] {
        assert_eq!(spelling.parse::<Activation>().unwrap().name(), name);
    }
    let error = "sigmod".parse::<Activation>().unwrap_err();
    assert_eq!(error.to_string(), "there is no function named \"sigmod\"; the nearest are sigmoid, silu, sine");
}

#[test]
fn parameters_are_checked() {
    let softplus: Activation = "softplus".parse().unwrap();
    let error = softplus.with("beta", 0.0).unwrap().validate().unwrap_err();
    assert_eq!(error.to_string(), "softplus: beta is 0, but must be finite and at least 2^-126");
    assert!(matches!(softplus.with("gamma", 1.0), Err(Error::UnknownParameter { .. })));
    let relu: Activation = "generalized_relu".parse().unwrap();
    assert!(relu.validate().is_ok());
    assert!(relu.with("max_value", -1.0).unwrap().validate().is_err());
    assert!(relu.with("threshold", f32::NAN).unwrap().validate().is_err());
}

/// Checks that f and g have the same values, forward and derivative.
fn same(f: Activation, g: Activation) {
    for step in -80..=80 {
        let x = f64::from(step) / 8.0;
        assert_relative_eq!(f.forward(x), g.forward(x), max_relative = 1e-14, epsilon = 1e-14);
        assert_relative_eq!(f.derivative(x), g.derivative(x), max_relative = 1e-14, epsilon = 1e-14);
    }
}

/// Checks that g is the derivative of f.
fn derivative_is(f: &str, g: &str) {
    let (f, g): (Activation, Activation) = (f.parse().unwrap(), g.parse().unwrap());
    for step in -80..=80 {
        let x = f64::from(step) / 8.0;
        assert_relative_eq!(f.derivative(x), g.forward(x), max_relative = 1e-14, epsilon = 1e-14);
    }
}

#[test]
fn identities_between_functions() {
    let named = |name: &str| name.parse::<Activation>().unwrap();
    same(named("prelu").with("alpha", 0.0).unwrap(), named("relu"));
    same(named("prelu").with("alpha", 0.01).unwrap(), named("leaky_relu"));
    same(named("swish"), named("silu"));
    same(named("generalized_relu"), named("relu"));
    same(named("celu"), named("elu"));
    same(named("shrink").with("bias", 0.5).unwrap(), named("soft_shrink"));
    same(named("shrink"), named("hard_shrink"));
    derivative_is("sparse_plus", "sparse_sigmoid");
    derivative_is("softplus", "sigmoid");
    derivative_is("log_cosh", "tanh");
    derivative_is("exponential", "exponential");
}

#[test]
fn sixteen_bits_are_rounded_once() {
    let beyond_half = |last: i32| 1.0 + 2f64.powi(last) + 2f64.powi(-40);
    assert_eq!(<f16 as Element>::from_f64(beyond_half(-11)), f16::from_bits(0x3c01));
    assert_eq!(<bf16 as Element>::from_f64(-beyond_half(-8)), bf16::from_bits(0xbf81));
    assert_eq!(<f16 as Element>::from_f64(beyond_half(-11) - 2f64.powi(-39)), f16::ONE);
    assert_eq!(<bf16 as Element>::from_f64(1e300), bf16::INFINITY);
    assert_eq!(<f16 as Element>::from_f64(-1e-300), f16::NEG_ZERO);
    for bits in 0..=u16::MAX {
        let (half, brain) = (f16::from_bits(bits), bf16::from_bits(bits));
        assert!(half.is_nan() || <f16 as Element>::from_f64(half.to_f64()) == half);
        assert!(brain.is_nan() || <bf16 as Element>::from_f64(brain.to_f64()) == brain);
    }
}

/// Checks the gradient of a function along an axis: its product with a direction must be the change along that
/// direction.
#[test]
fn gradients_along_an_axis_match_directional_differences() {
    let axis = Axis::new(&[2, 6, 3], 1).unwrap();
    let number = |i: usize, step: usize| ((i * step) % 101) as f64 / 25.0 - 2.0137;
    let x: Vec<f64> = (0..36).map(|i| number(i, 37)).collect();
    let direction: Vec<f64> = (0..36).map(|i| number(i, 71)).collect();
    let mask: Vec<bool> = (0..36).map(|i| i % 7 != 3).collect();
    let samples = AxisFunction::all().iter().flat_map(|(_, function)| function.samples());
    // A hard sample has the gradient of the soft one.
    let functions = samples.filter(|function| !matches!(function, AxisFunction::GumbelSoftmax { hard: true, .. }));
    for function in functions {
        for mask in [None, Some(&mask[..])] {
            if mask.is_some() && !function.takes_mask() {
                continue;
            }
            let h = 1e-5;
            let moved = |h: f64| -> Vec<f64> { x.iter().zip(&direction).map(|(x, d)| x + h * d).collect() };
            let (above, below) =
                (function.forward(&axis, mask, &moved(h)).unwrap(), function.forward(&axis, mask, &moved(-h)).unwrap());
            let dy: Vec<f64> = (0..above.len()).map(|i| number(i, 53)).collect();
            // The logarithm of 0 stays −∞.
            let differences = above.iter().zip(&below).map(|(a, b)| if a == b { 0.0 } else { (a - b) / (2.0 * h) });
            let difference: f64 = differences.zip(&dy).map(|(difference, dy)| difference * dy).sum();
            let dx = function.backward(&axis, mask, &x, &dy).unwrap();
            let gradient: f64 = dx.iter().zip(&direction).map(|(dx, d)| dx * d).sum();
            assert!(
                (difference - gradient).abs() <= 1e-8 * (1.0 + gradient.abs()),
                "{function:?}: {gradient} along the direction, not {difference}"
            );
        }
    }
}
