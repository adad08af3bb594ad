//! Every function, direction and storage on the device, within the limits of its row.

use crate::common::context;
use gpu_activations::verify::{Format, Quantity, verify, verify_along};
use gpu_activations::{Accuracy, Activation, AxisFunction, Direction};
use half::{bf16, f16};

/// One in this many f32 is tried. The number is prime, so that all significands occur.
const STEP: u32 = 4093;

fn holds<T: Format>(accuracy: Accuracy) {
    let context = context().with_accuracy(accuracy);
    let mut failures = Vec::new();
    for activation in Activation::ALL.iter().flat_map(Activation::samples) {
        let mut quantities = vec![
            (Quantity::Forward, "activation"),
            (Quantity::Backward, "derivative"),
            (Quantity::SecondDerivative, "second_derivative"),
        ];
        let learnable = activation.parameters().iter().filter(|parameter| parameter.learnable);
        quantities.extend(learnable.map(|p| (Quantity::ParameterGradient(p.name), "parameter_gradient")));
        for (quantity, function) in quantities {
            let report = verify::<T>(&context, activation, quantity, STEP, |_| ()).unwrap();
            if report.failed > 0 {
                failures.push(format!(
                    "{activation:?}, {quantity:?}: `{function}` in shaders/activations/{}.wgsl differs from its row in src/catalog/elementwise.rs \
                     by {:.3} ULP at {:e}; the row's limit allows {:.3}; {} of {} inputs are beyond it",
                    activation.name(),
                    report.worst_ulp,
                    report.worst_input,
                    report.limit_ulp,
                    report.failed,
                    report.count,
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn f32_within_limits() {
    holds::<f32>(Accuracy::Highest);
}

#[test]
fn f32_within_fast_limits() {
    holds::<f32>(Accuracy::Fast);
}

#[test]
fn fast_limits_are_at_most_four_and_eight_units() {
    for activation in Activation::ALL {
        let (forward, derivative) = activation.fast_limits();
        let most = match activation {
            // Of all floats 122 exceed 4 units, by at most 0.74.
            Activation::Gelu | Activation::ClippedGelu { .. } => (4.9, 8.0),
            // The error of tanh, up to 3.1 units, doubles where beta takes half of the value away.
            Activation::DynamicTanh { .. } => (6.5, 8.0),
            _ => (4.0, 8.0),
        };
        assert!(forward <= most.0 && derivative <= most.1, "{activation:?}: {forward} {derivative}");
        let highest = activation.limits();
        assert!(forward >= highest.0 && derivative >= highest.1, "{activation:?}: {highest:?}");
    }
}

#[test]
fn f16_within_limits() {
    holds::<f16>(Accuracy::Highest);
}

#[test]
fn bf16_within_limits() {
    holds::<bf16>(Accuracy::Highest);
}

/// The gradient of a gate is a product of three, two of whose factors have errors by then.
#[test]
fn gated_units_within_limits_over_all_shapes_and_gradients() {
    for (name, accuracy) in ["glu", "swiglu", "geglu"].into_iter().flat_map(|name| Accuracy::ALL.map(|a| (name, a))) {
        let function: AxisFunction = name.parse().unwrap();
        let context = context().with_accuracy(accuracy);
        let report = verify_along::<f32>(&context, function, Direction::Backward, |_| ()).unwrap();
        assert_eq!(report.failed, 0, "{name}, {accuracy}: {report:?}");
    }
}
