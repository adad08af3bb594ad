//! What formulas mean, and what errors say.

use gpu_activations::{Activation, Error, Function};

fn formula(text: &str) -> Activation {
    Function::from_formula(text)
        .and_then(|function| function.elementwise())
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn value(text: &str, x: f64) -> f64 {
    formula(text).forward(x)
}

#[test]
fn operators_have_the_usual_ranks() {
    for (text, expected) in [
        ("1 + 2 * 3", 7.0),
        ("8 / 4 / 2", 1.0),
        ("8 - 4 - 2", 2.0),
        ("2^3^2", 512.0),
        ("-x^2", -9.0),
        ("−x²", -9.0),
        ("x**2", 9.0),
        ("pow(x, 3)", 27.0),
        ("2^-x", 0.125),
        ("-2*-x", 6.0),
        ("|x - 5|·2", 4.0),
        ("√(x + 1)", 2.0),
        ("x > 0 ? 1 : 2", 1.0),
        ("x < 0 ? 1 : x < 3 ? 2 : 4", 4.0),
        ("0 < x < 4 ? 1 : 0", 1.0),
        ("x > 4 || x == 3 ? 1 : 0", 1.0),
        ("x > 4 && x == 3 ? 1 : 0", 0.0),
        ("!(x > 4) ? 1 : 0", 1.0),
        ("x ≠ 3 ? 1 : 0", 0.0),
        ("min(x, 2, 1)", 1.0),
        ("max(x, 5)", 5.0),
        ("clamp(x, -1, 2)", 2.0),
        ("floor(-x / 2)", -2.0),
        ("sign(-x)", -1.0),
        ("abs(-x) + sqrt(x*x)", 6.0),
        ("leaky_relu(-x, negative_slope=0.5)", -1.5),
        ("ln(exp(x))", 3.0),
        (".5e1 + 1E0", 6.0),
        ("2*pi - 2*π", 0.0),
        ("sin²(x) + cos(x)^2", 1.0),
    ] {
        let found = value(text, 3.0);
        assert!((found - expected).abs() < 1e-15 * expected.abs().max(1.0), "{text}: {found}, not {expected}");
    }
}

#[test]
fn a_kink_has_the_value_of_the_branch_that_is_taken() {
    for (text, slope) in [
        ("max(x, 0)", 0.0),
        ("max(0, x)", 1.0),
        ("min(x, 0)", 0.0),
        ("x >= 0 ? x : 0", 1.0),
        ("|x|", 0.0),
        ("clamp(x, 0, 1)", 0.0),
        ("floor(x)", 0.0),
    ] {
        assert_eq!(formula(text).derivative(0.0), slope, "{text}");
    }
    assert_eq!(formula("x > 1.5 ? x : 2 < x ? 3 : 0").kinks(), [1.5, 2.0]);
}

#[test]
fn arithmetic_at_the_ends_is_that_of_ieee() {
    assert!(value("x * sigmoid(x)", f64::NEG_INFINITY).is_nan());
    assert_eq!(value("silu(x)", f64::NEG_INFINITY), 0.0);
    assert_eq!(value("1/0", 1.0), f64::INFINITY);
    assert_eq!(value("x/0", -1.0), f64::NEG_INFINITY);
    assert!(value("0/0", 1.0).is_nan());
    assert!(value("0 * x", f64::INFINITY).is_nan());
    assert!(value("ln(x)", -1.0).is_nan());
}

#[test]
fn parameters_have_defaults_or_must_be_given() {
    let swish = formula("x*sigmoid(beta*x); beta = 1.5");
    assert_eq!(swish.value("beta"), Some(1.5));
    assert_eq!(formula("a + b*x; a = -1, b = 2;").forward(3.0), 5.0);
    let given = Function::from_formula_with("a*x", &[("a", 4.0)]);
    assert_eq!(given.and_then(|f| f.elementwise()).map(|f| f.forward(2.0)), Ok(8.0));
    let missing = Function::from_formula("a*x").map_err(|error| error.to_string());
    assert_eq!(
        missing,
        Err("the formula's parameter a has no value; write `; a = VALUE` after the expression, or give one".to_owned())
    );
    let unknown = Function::from_formula_with("a*x", &[("a", 1.0), ("b", 2.0)]);
    assert!(matches!(unknown, Err(Error::UnknownParameter { .. })), "{unknown:?}");
    let infinite = Function::from_formula_with("a*x", &[("a", f32::INFINITY)]);
    assert!(matches!(infinite, Err(Error::ParameterOutOfRange { .. })), "{infinite:?}");
    let invalid = Function::from_formula("softplus(x, beta=b); b = -1");
    assert!(matches!(invalid, Err(Error::ParameterOutOfRange { .. })), "{invalid:?}");
}

#[test]
fn an_error_names_the_column_what_was_found_and_what_could_stand_there() {
    for (text, expected) in [
        ("", "column 1 of the formula: found the end, expected a number, x, a parameter, a function or \"(\""),
        ("x +", "column 4 of the formula: found the end, expected a number, x, a parameter, a function or \"(\""),
        ("x x", "column 3 of the formula: found the name \"x\", expected an operator or the end"),
        ("2x", "column 2 of the formula: found the name \"x\", expected an operator or the end"),
        ("(x", "column 3 of the formula: found the end, expected an operator or \")\""),
        (
            "−x $ 2",
            "column 4 of the formula: found the character '$', expected a number, a name, an operator or a parenthesis",
        ),
        (
            "x * sigmod(x)",
            "column 5 of the formula: found the name \"sigmod\", expected a function; the nearest are sigmoid, sign, sin",
        ),
        (
            "x * sigmoid",
            "column 5 of the formula: found the function \"sigmoid\", expected its argument; write sigmoid(x)",
        ),
        (
            "softmax(x)",
            "column 1 of the formula: found the name \"softmax\", expected a function; the nearest are softcap, softplus, softsign",
        ),
        ("x > 0", "column 1 of the formula: found a comparison, expected a number; write `condition ? a : b`"),
        ("x ? 1 : 2", "column 1 of the formula: found a number, expected a comparison, such as x > 0"),
        (
            "x > 0 ? 1",
            "column 10 of the formula: found the end, expected \":\" and the value for where the condition does not hold",
        ),
        ("sqrt(x, 2)", "column 1 of the formula: found sqrt with 2 arguments, expected 1 argument"),
        (
            "silu(x, 2)",
            "column 1 of the formula: found silu with 2 arguments, expected 1 argument; parameters have names, as in silu(x)",
        ),
        (
            "elu(x, beta=2)",
            "column 8 of the formula: found the name \"beta\", expected a parameter of elu, which has alpha",
        ),
        ("elu(x, alpha=x)", "column 8 of the formula: found x for alpha, expected an expression without x"),
        (
            "elu(x, alpha=1, alpha=2)",
            "column 17 of the formula: found a second value for alpha, expected each parameter once",
        ),
        ("a*x; b = 1", "column 6 of the formula: found the name \"b\", expected a parameter of the expression: a"),
        ("a*x; a = 1, a = 2", "column 13 of the formula: found a second value for a, expected each parameter once"),
        ("a*x; a = b", "column 10 of the formula: found the name \"b\", expected a number"),
        (
            "fn * x; fn = 1",
            "column 1 of the formula: found the name \"fn\", expected another name for the parameter: this one is reserved in WGSL, or begins or ends with _",
        ),
        (
            "Beta*x + beta; Beta = 1, beta = 2",
            "column 10 of the formula: found the name \"beta\", expected another name: \"Beta\" differs from it only in case or _",
        ),
        (
            "seed * x; seed = 1",
            "column 1 of the formula: found the name \"seed\", expected another name for the parameter: this one is taken by another operand",
        ),
        ("1.2.3", "column 4 of the formula: found the number 0.3, expected an operator or the end"),
    ] {
        let found = Function::from_formula(text).map_err(|error| error.to_string());
        assert_eq!(found, Err(expected.to_owned()), "{text}");
    }
}

#[test]
fn size_and_nesting_are_bounded() {
    let nested = format!("{}x{}", "(".repeat(50_000), ")".repeat(50_000));
    let signs = format!("{}x", "-".repeat(50_000));
    let powers = format!("x{}", "^x".repeat(20_000));
    let terms = (0..5000).map(|i| format!("{i}*x")).collect::<Vec<_>>().join(" + ");
    let names = (0..17).map(|i| format!("p{i}")).collect::<Vec<_>>().join(" + ");
    let long = " ".repeat(100_000);
    let calls = (0..100).map(|i| format!("{i}*tanh({i}*x)")).collect::<Vec<_>>().join(" + ");
    for text in [calls, nested, signs, powers, terms, names, long] {
        let found = Function::from_formula(&text);
        assert!(matches!(found, Err(Error::FormulaTooLarge { .. })), "{:.30}: {found:?}", text);
    }
}

#[test]
fn no_text_makes_it_panic() {
    let words = [
        "x", "a", "(", ")", "+", "-", "*", "/", "^", "?", ":", ",", ";", "=", "<", ">=", "|", "||", "!", "√", "²", "1",
        "1e", ".", "0", "sigmoid(", "elu(", "alpha=", "min(", "sin", "tan(", "Φ(", "beta", "1e400", "custom(", "wgsl(",
        "é", "\n", "torch:",
    ];
    let mut random = fastrand::Rng::with_seed(18);
    let mut read = 0;
    for _ in 0..20_000 {
        let text: String = (0..random.usize(1..12)).map(|_| *random.choice(&words).unwrap()).collect();
        match Function::from_formula(&text) {
            Ok(function) => {
                read += 1;
                let again: Result<Function, _> = function.to_string().parse();
                assert_eq!(again.as_ref(), Ok(&function), "{text}");
            }
            Err(error) => assert!(!error.to_string().contains('\n'), "{text}: {error}"),
        }
    }
    assert!(read > 100, "{read}");
}

#[test]
fn it_is_written_as_text_and_read_back() {
    for text in ["custom(x * sigmoid(beta * x); beta = 1.5)", "custom(max(x, 0))"] {
        let function: Function = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(function.to_string(), text);
        let unit: Function =
            format!("gated(activation={text}, gate=first)").parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(unit.to_string(), format!("gated(activation={text}, gate=first)"));
    }
    let steeper = formula("a*x; a = 1").with("a", 2.0);
    assert_eq!(steeper.as_ref().map(ToString::to_string), Ok("custom(a*x; a = 2)".to_owned()));
    assert_eq!(steeper, Ok(formula("a*x; a = 2")));
    assert_ne!(formula("x"), formula("x + 1"));
    let bare = "custom".parse::<Function>().map_err(|error| error.to_string());
    assert_eq!(bare, Err("custom: it needs a formula, as in custom(x * sigmoid(x))".to_owned()));
}

/// The table's formulas that are in another notation, or whose parameters are named like functions.
const OTHER_NOTATION: [&str; 9] =
    ["hard_tanh", "clip", "clipped_gelu", "generalized_relu", "threshold", "step", "shrink", "sparse_plus", "log_cosh"];

#[test]
fn formulas_of_the_table_are_what_the_table_computes() {
    for activation in Activation::ALL {
        let mut values: Vec<(&str, f32)> =
            activation.parameters().iter().map(|p| p.name).zip(activation.values()).collect();
        if activation.name() == "selu" {
            values.extend([("lambda", 1.050_701), ("alpha", 1.673_263_2)]);
        }
        let read = Function::from_formula_with(activation.formula(), &values).and_then(|f| f.elementwise());
        if OTHER_NOTATION.contains(&activation.name()) {
            assert!(read.is_err(), "{} can be read", activation.name());
            continue;
        }
        let read = read.unwrap_or_else(|error| panic!("{}: {error}", activation.name()));
        for x in [-3.3, -1.7, -0.6, -0.2, 0.1, 0.7, 1.3, 2.9, 7.0] {
            let pairs = [
                (activation.forward(x), read.forward(x), 1e-9),
                (activation.derivative(x), read.derivative(x), 1e-7),
                (activation.second_derivative(x), read.second_derivative(x), 1e-5),
            ];
            for (expected, found, tolerance) in pairs {
                // selu's constants have 8 digits here.
                let tolerance = if activation.name() == "selu" { 1e-6 } else { tolerance };
                let difference = (expected - found).abs();
                assert!(
                    difference <= tolerance * expected.abs().max(0.1),
                    "{} at {x}: {found}, not {expected}",
                    activation.name()
                );
            }
        }
    }
}
