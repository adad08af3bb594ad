//! Every function on compilers that use WGSL's freedom in arithmetic: division by a rounded inverse, sums distributed
//! over factors and divisors, sums of products rounded once, subnormal numbers flushed. No such compiler is available,
//! so each module is rewritten as one would do it. lavapipe, which uses none of these freedoms, then compiles the
//! result.

mod inline;
mod rebuild;
mod rewrite;

use gpu_activations::shader::ComposedModule;
use gpu_activations::tuning::Strategy;
use gpu_activations::verify::{Checkpoint, Format, Quantity, verify, verify_axis, verify_from};
use gpu_activations::{Accuracy, Activation, Axis, AxisFunction, Direction, GpuActivations, wgpu};
use half::{bf16, f16};
use rewrite::{Habits, hardened, rewritten};

/// One in this many f32 is tried. The number is prime, so that all significands occur.
const STEP: u32 = 65_537;

const NONE: Habits = Habits { inverts: false, distributes: false, regroups: false, contracts: false, flushes: false };
const ALL: Habits = Habits { inverts: true, distributes: true, regroups: true, contracts: true, flushes: true };
/// The first finds faults of our own, apart from those that only other compilers cause.
const EACH: [(&str, Habits); 6] = [
    ("taking no liberties", NONE),
    ("inverting", Habits { inverts: true, ..NONE }),
    ("distributing", Habits { distributes: true, ..NONE }),
    ("regrouping", Habits { regroups: true, ..NONE }),
    ("contracting", Habits { contracts: true, ..NONE }),
    ("flushing", Habits { flushes: true, ..NONE }),
];

/// A context whose modules are compiled as `rewrite` returns them, on an adapter that can imitate other compilers.
fn context(rewrite: impl Fn(&ComposedModule<'_>) -> String + Send + Sync + 'static) -> GpuActivations {
    let wide = wgpu::Features::SHADER_F64 | wgpu::Features::SHADER_INT64;
    let adapters = pollster::block_on(gpu_activations::adapters());
    // A GPU's own compiler would use further freedoms.
    let fits = |adapter: &wgpu::Adapter| {
        adapter.get_info().device_type == wgpu::DeviceType::Cpu && adapter.features().contains(wide)
    };
    let adapter = adapters.into_iter().find(fits).expect(
        "sums are fused in f64, which no software adapter here has; lavapipe has it, in Debian's mesa-vulkan-drivers, \
         which `cargo xtask hostile` installs where it can",
    );
    let descriptor = wgpu::DeviceDescriptor {
        required_features: wide | adapter.features() & wgpu::Features::SUBGROUP,
        required_limits: adapter.limits(),
        ..Default::default()
    };
    let (device, queue) = pollster::block_on(adapter.request_device(&descriptor)).unwrap();
    GpuActivations::from_device_rewriting(device, queue, rewrite)
}

fn hostile(habits: Habits) -> GpuActivations {
    context(move |module| rewritten(module.text, module.entry_point, habits))
}

/// A context that has found out what its compiler does, so that it relies on `fma` where that is fused.
fn hostile_and_probed(habits: Habits) -> GpuActivations {
    let context = hostile(habits);
    context.probe().unwrap();
    context
}

fn holds<T: Format>(kinds: &[(&str, Habits)], accuracy: Accuracy) {
    let probed = |(_, habits): &(&str, Habits)| hostile_and_probed(*habits).with_accuracy(accuracy);
    let contexts: Vec<GpuActivations> = kinds.iter().map(probed).collect();
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
            let none = Checkpoint::default();
            let reports = verify_from::<T>(&contexts, activation, quantity, STEP, none, |_| Ok(())).unwrap().reports;
            for ((kind, _), report) in kinds.iter().zip(reports).filter(|(_, report)| report.failed > 0) {
                failures.push(format!(
                    "{activation:?}, {quantity:?}, {kind}: `{function}` in shaders/activations/{}.wgsl differs from its row in \
                     src/catalog/elementwise.rs by {:.3} ULP at {:e}; the row's limit allows {:.3}; {} of {} inputs are beyond it",
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
fn f32_within_limits_whatever_the_compiler_does() {
    holds::<f32>(&[&EACH[..], &[("taking all liberties", ALL)]].concat(), Accuracy::Highest);
}

#[test]
fn fast_f32_within_limits_whatever_the_compiler_does() {
    holds::<f32>(&[&EACH[..], &[("taking all liberties", ALL)]].concat(), Accuracy::Fast);
}

/// The form for devices that round once in `fma`, which is emulated.
#[test]
#[ignore = "takes minutes; run it with -- --ignored --nocapture"]
fn fused_f32_within_limits_on_every_61st_float() {
    let contracting = hostile_and_probed(Habits { contracts: true, ..NONE });
    assert!(contracting.arithmetic().unwrap().fuses_fma);
    let mut failed = 0;
    for name in ["sigmoid", "tanh", "silu", "gelu", "softplus", "mish"] {
        for accuracy in Accuracy::ALL {
            for quantity in [Quantity::Forward, Quantity::Backward] {
                let context = contracting.with_accuracy(accuracy);
                let report = verify::<f32>(&context, name.parse().unwrap(), quantity, 61, |_| ()).unwrap();
                println!(
                    "{name} {quantity:?} {accuracy}: {:.3} of {} ULP at {:e}, {} of {} beyond",
                    report.worst_ulp, report.limit_ulp, report.worst_input, report.failed, report.count
                );
                failed += report.failed;
            }
        }
    }
    assert_eq!(failed, 0);
}

/// What is computed on a device that was not probed.
#[test]
fn f32_within_limits_on_a_compiler_whose_liberties_are_unknown() {
    let context = hostile(ALL);
    assert_eq!(context.arithmetic(), None);
    for accuracy in Accuracy::ALL {
        let context = context.with_accuracy(accuracy);
        for &activation in Activation::ALL {
            for quantity in [Quantity::Forward, Quantity::Backward, Quantity::SecondDerivative] {
                let report = verify::<f32>(&context, activation, quantity, STEP, |_| ()).unwrap();
                assert_eq!(report.failed, 0, "{activation:?}, {quantity:?}, {accuracy}: {report:?}");
            }
        }
    }
}

#[test]
fn f16_within_limits_on_a_compiler_that_takes_all_liberties() {
    holds::<f16>(&[("taking all liberties", ALL)], Accuracy::Highest);
}

#[test]
fn bf16_within_limits_on_a_compiler_that_takes_all_liberties() {
    holds::<bf16>(&[("taking all liberties", ALL)], Accuracy::Highest);
}

/// Rows shared by a subgroup, by a workgroup or by many workgroups, along the last axis and along another.
#[test]
fn functions_along_an_axis_within_limits_on_a_compiler_that_takes_all_liberties() {
    let context = hostile_and_probed(ALL);
    let functions: Vec<AxisFunction> =
        AxisFunction::all().iter().flat_map(|(_, function)| function.samples()).collect();
    let mut failures = Vec::new();
    for strategy in [Strategy::Automatic, Strategy::Workgroup, Strategy::Split] {
        let context = context.with_strategy(strategy);
        // Multiples of 6, because maxout is tried with up to so many pieces.
        for (shape, axis) in [([67, 12, 1], 1), ([2, 1026, 1], 1), ([3, 18, 6], 1)] {
            let axis = Axis::new(&shape, axis).unwrap();
            // Each strategy has its own pipelines. Of functions that share all kernels, one is tried.
            let chosen = |function: &AxisFunction| {
                strategy == Strategy::Automatic || ["softmax", "log_softmax", "sparsemax"].contains(&function.name())
            };
            for function in functions.iter().filter(|function| chosen(function)) {
                for direction in Direction::ALL {
                    let masked = function.takes_mask();
                    let report = verify_axis::<f32>(&context, function, &axis, masked, direction).unwrap();
                    if report.failed > 0 {
                        failures.push(format!("{function:?} along {axis:?}, {direction:?}, {strategy:?}: {report:?}"));
                    }
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Every `step`-th f32.
fn numbers(step: usize) -> Vec<f32> {
    (0..=u32::MAX).step_by(step).map(f32::from_bits).collect()
}

#[test]
fn a_module_that_is_read_and_written_gives_the_same_bits() {
    let contexts = [context(|module| hardened(module.text)), hostile(NONE)];
    let x = numbers(1_000_003);
    for &activation in Activation::ALL {
        let bits = |context: &GpuActivations| {
            let y = context.forward_slice(activation, &x).unwrap();
            let dx = context.backward_slice(activation, &x, &vec![1.0; x.len()]).unwrap();
            y.into_iter().chain(dx).map(f32::to_bits).collect::<Vec<_>>()
        };
        assert!(bits(&contexts[0]) == bits(&contexts[1]), "{activation:?}");
    }
}

#[test]
fn each_liberty_is_taken() {
    let arithmetic = |habits| hostile(habits).probe().unwrap();
    let [tame, wild] = [NONE, ALL].map(arithmetic);
    assert!(!tame.fuses_fma && !tame.contracts && tame.divides_exactly, "{tame:?}");
    assert!(tame.keeps_subnormal_results && tame.keeps_subnormal_operands, "{tame:?}");
    assert!(wild.fuses_fma && wild.contracts && !wild.divides_exactly, "{wild:?}");
    assert!(!wild.keeps_subnormal_results && !wild.keeps_subnormal_operands, "{wild:?}");
}

#[test]
fn a_fused_sum_is_rounded_once() {
    const SUM: &str = "
        fn factor_of(x: f32) -> f32 {
            return bitcast<f32>(((bitcast<u32>(x) * 2654435769u) & 0x80fff000u) + 0x3f000000u);
        }
        fn addend_of(x: f32) -> f32 {
            return bitcast<f32>(((bitcast<u32>(x) * 747796405u) & 0x81c00fffu) | (bitcast<u32>(x) & 0x7e000000u));
        }
        fn activation(x: f32, params: Params) -> f32 {
            return hostile_fused(x, factor_of(x), addend_of(x));
        }";
    let context = context(|module| hardened(&module.text.replace("fn activation(", "fn formerly(")) + SUM);
    let x = numbers(4093);
    let y = context.forward_slice(Activation::Relu, &x).unwrap();
    for (x, y) in x.into_iter().zip(y).filter(|(x, _)| !x.is_nan()) {
        let bits = x.to_bits();
        let factor = f32::from_bits((bits.wrapping_mul(2_654_435_769) & 0x80ff_f000) + 0x3f00_0000);
        let addend = f32::from_bits(bits.wrapping_mul(747_796_405) & 0x81c0_0fff | bits & 0x7e00_0000);
        let expected = x.mul_add(factor, addend);
        assert!(
            y == expected || y.is_nan() && expected.is_nan(),
            "{x:e} * {factor:e} + {addend:e}: {y:e}, not {expected:e}"
        );
    }
}
