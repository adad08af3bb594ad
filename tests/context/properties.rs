//! Properties that hold for any input.

use crate::common::context;
use gpu_activations::{Activation, Element, Function, GpuActivations};
use half::{bf16, f16};
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::LazyLock;

static CONTEXT: LazyLock<GpuActivations> = LazyLock::new(context);

fn activation() -> impl Strategy<Value = Activation> {
    let all: Vec<Activation> = Activation::ALL.iter().flat_map(Activation::samples).collect();
    prop::sample::select(all)
}

/// The bits, so that NaN equals itself and 0 does not equal -0.
fn bits<T: Element>(values: &[T]) -> Vec<u8> {
    bytemuck::cast_slice(values).to_vec()
}

/// A result depends only on its element, not on position, neighbours, length or destination.
fn alone<T: Element>(activation: Activation, x: &[T], dy: &[T], at: usize) -> Result<(), TestCaseError> {
    let y = CONTEXT.forward_slice(activation, x)?;
    let dx = CONTEXT.backward_slice(activation, x, dy)?;
    let split = at % (x.len() + 1);
    let parts = [CONTEXT.forward_slice(activation, &x[..split])?, CONTEXT.forward_slice(activation, &x[split..])?];
    prop_assert_eq!(bits(&parts.concat()), bits(&y));
    let (on_x, on_dy) = (CONTEXT.upload(x)?, CONTEXT.upload(dy)?);
    CONTEXT.backward_in_place(activation, &on_x, &on_dy)?;
    prop_assert_eq!(bits(&CONTEXT.download(&on_dy)?), bits(&dx));
    CONTEXT.forward_in_place(activation, &on_x)?;
    prop_assert_eq!(bits(&CONTEXT.download(&on_x)?), bits(&y));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn results_depend_on_their_element_alone(
        activation in activation(),
        words in vec((any::<u32>(), any::<u32>()), 0..300),
        at in any::<usize>(),
    ) {
        let (x, dy): (Vec<f32>, Vec<f32>) = words.iter().map(|w| (f32::from_bits(w.0), f32::from_bits(w.1))).unzip();
        alone(activation, &x, &dy, at)?;
        let half = |values: &[f32]| values.iter().map(|v| f16::from_bits(v.to_bits() as u16)).collect::<Vec<_>>();
        alone(activation, &half(&x), &half(&dy), at)?;
        let brain = |values: &[f32]| values.iter().map(|v| bf16::from_bits(v.to_bits() as u16)).collect::<Vec<_>>();
        alone(activation, &brain(&x), &brain(&dy), at)?;
    }

    #[test]
    fn copies_to_the_device_and_back_are_exact(words in vec(any::<u32>(), 0..3000)) {
        let f: Vec<f32> = words.iter().map(|&word| f32::from_bits(word)).collect();
        prop_assert_eq!(bits(&CONTEXT.download(&CONTEXT.upload(&f)?)?), bits(&f));
        let h: Vec<f16> = words.iter().map(|&word| f16::from_bits(word as u16)).collect();
        prop_assert_eq!(bits(&CONTEXT.download(&CONTEXT.upload(&h)?)?), bits(&h));
    }

    #[test]
    fn a_parameter_is_what_it_was_set_to_or_refused(activation in activation(), bits in any::<u32>()) {
        let value = f32::from_bits(bits);
        for parameter in activation.parameters() {
            match activation.with(parameter.name, value) {
                Ok(changed) => {
                    let index = activation.parameters().iter().position(|p| p == parameter).unwrap_or_default();
                    prop_assert_eq!(changed.values()[index].to_bits(), bits);
                }
                Err(error) => prop_assert!(error.to_string().contains(parameter.name)),
            }
        }
        prop_assert!(activation.with("no such parameter", value).is_err());
    }

    #[test]
    fn no_text_makes_a_name_panic(name in ".{0,40}") {
        if let Err(error) = name.parse::<Function>() {
            let said = error.to_string();
            let helps = ["nearest", "must have the form", "the libraries are"].iter().any(|help| said.contains(help));
            prop_assert!(helps, "{}", said);
        }
    }
}
