//! Gated units whose value and gate are two arrays.

use crate::common::{context, numbers};
use gpu_activations::{
    Activation, Axis, AxisFunction, Error, Function, GateGradients, GatedDoubleBackward, GpuActivations, GpuBuffer,
};
use half::f16;
use std::sync::LazyLock;

static CONTEXT: LazyLock<GpuActivations> = LazyLock::new(context);

fn function(text: &str) -> AxisFunction {
    text.parse().unwrap()
}

#[test]
fn two_arrays_are_gated_as_halves_of_one_are() {
    // With a limit that values exceed, and without; the same unit by its activation.
    let (swiglu, limited) = (function("swiglu"), function("swiglu_oai(limit=2)"));
    for (unit, of_two) in [(&swiglu, Function::from(Activation::Silu)), (&limited, Function::from(&limited))] {
        for len in [1, 5, 256, 1001] {
            let axis = Axis::last(&[2 * len]).unwrap();
            let (x, dy, v) = (numbers::<f16>(2 * len, 7), numbers::<f16>(len, 11), numbers::<f16>(2 * len, 13));
            let upload = |data: &[f16]| CONTEXT.upload(data).unwrap();
            let (value, gate, on_dy) = (upload(&x[..len]), upload(&x[len..]), upload(&dy));
            let y = CONTEXT.forward_gated(of_two.clone(), &value, &gate).unwrap();
            let whole = CONTEXT.forward_along_slice(unit, &axis, None, &x).unwrap();
            assert_eq!(CONTEXT.download(&y).unwrap(), whole, "{of_two} {len}");

            let (dvalue, dgate) = CONTEXT.backward_gated(of_two.clone(), &value, &gate, &on_dy).unwrap();
            let both = [CONTEXT.download(&dvalue).unwrap(), CONTEXT.download(&dgate).unwrap()].concat();
            let whole = CONTEXT.backward_along_slice(unit, &axis, None, &x, &dy).unwrap();
            assert_eq!(both, whole, "{of_two} {len}");

            let (v1, v2) = (upload(&v[..len]), upload(&v[len..]));
            let tangents = GateGradients { value: (&v1).into(), gate: (&v2).into() };
            let (dvalue, dgate, ddy) =
                CONTEXT.double_backward_gated(of_two.clone(), &value, &gate, &on_dy, tangents).unwrap();
            let both = [CONTEXT.download(&dvalue).unwrap(), CONTEXT.download(&dgate).unwrap()].concat();
            let whole = CONTEXT.double_backward_along_slice(unit, &axis, None, &x, &dy, &v).unwrap();
            assert_eq!((both, CONTEXT.download(&ddy).unwrap()), whole, "{of_two} {len}");
        }
    }
}

#[test]
fn results_of_two_arrays_lie_in_buffers_of_their_own() {
    let upload = |data: &[f32]| CONTEXT.upload(data).unwrap();
    let inputs = [(); 5].map(|()| upload(&[1.0, 2.0]));
    let results = [(); 3].map(|()| upload(&[9.0, 9.0]));
    let [value, gate, dy, v1, v2] = &inputs;
    let names = ["value", "gate", "dy", "v of dvalue", "v of dgate"];
    let record = |[dvalue, dgate, ddy]: [&GpuBuffer<f32>; 3]| {
        let v = GateGradients { value: v1.into(), gate: v2.into() };
        let gradients = GateGradients { value: dvalue.into(), gate: dgate.into() };
        let (value, gate, dy, ddy) = (value.into(), gate.into(), dy.into(), ddy.into());
        let operands = GatedDoubleBackward { value, gate, dy, v, gradients, ddy };
        CONTEXT.batch(|recording| recording.double_backward_gated(Activation::Silu, operands))
    };
    for place in 0..3 {
        for (input, name) in inputs.iter().zip(names) {
            let mut places = results.each_ref();
            places[place] = input;
            let result = ["dvalue", "dgate", "ddy"][place];
            assert_eq!(record(places), Err(Error::SharedBuffer { operand: name, result }));
        }
    }
    let same = record([&results[0], &results[1], &results[0]]);
    assert_eq!(same, Err(Error::SharedBuffer { operand: "dvalue", result: "ddy" }));
    // Nothing was written.
    assert!(results.iter().all(|result| CONTEXT.download(result).unwrap() == [9.0, 9.0]));
    let short = upload(&[1.0]);
    let error = record([&results[0], &short, &results[2]]).unwrap_err();
    assert_eq!(error.to_string(), "value has 2 elements, dgate has 1");
    record(results.each_ref()).unwrap();
}

#[test]
fn a_result_over_an_input_is_refused() {
    let [value, gate, dy, other] = [(); 4].map(|()| CONTEXT.upload(&[1.0_f32, 2.0]).unwrap());
    let over = CONTEXT.forward_gated_into(Activation::Mish, &value, &gate, &value);
    assert!(matches!(over, Err(Error::SharedBuffer { operand: "value", result: "y" })), "{over:?}");
    let gradients = GateGradients { value: (&other).into(), gate: (&other).into() };
    let same = CONTEXT.backward_gated_into(Activation::Mish, &value, &gate, &dy, gradients);
    assert!(matches!(same, Err(Error::SharedBuffer { operand: "dvalue", result: "dgate" })), "{same:?}");
}

#[test]
fn the_gradients_of_a_gated_unit_are_written_both_or_not_at_all() {
    let upload = |data: &[f32]| CONTEXT.upload(data).unwrap();
    let (value, gate, dy) = (upload(&[2.0, 3.0]), upload(&[5.0, 7.0]), upload(&[1.0, 1.0]));
    let (dvalue, dgate, short) = (upload(&[9.0, 9.0]), upload(&[9.0, 9.0]), upload(&[9.0]));
    // Each input, as the place of either gradient, and a place that is too short for the second one.
    let inputs = [("value", &value), ("gate", &gate), ("dy", &dy)];
    let mut places: Vec<_> = inputs.iter().flat_map(|&(_, input)| [(input, &dgate), (&dvalue, input)]).collect();
    places.push((&dvalue, &short));
    for (of_value, of_gate) in places {
        let gradients = GateGradients { value: of_value.into(), gate: of_gate.into() };
        let mut encoder = CONTEXT.device().create_command_encoder(&Default::default());
        let outcome = CONTEXT.record(&mut encoder).backward_gated(Activation::Identity, &value, &gate, &dy, gradients);
        assert!(matches!(outcome, Err(Error::SharedBuffer { .. } | Error::LengthMismatch { .. })), "{outcome:?}");
        CONTEXT.queue().submit([encoder.finish()]);
        assert_eq!(CONTEXT.download(&dvalue).unwrap(), [9.0, 9.0]);
    }
    let gradients = GateGradients { value: (&dvalue).into(), gate: (&dgate).into() };
    CONTEXT.backward_gated_into(Activation::Identity, &value, &gate, &dy, gradients).unwrap();
    assert_eq!(CONTEXT.download(&dvalue).unwrap(), [5.0, 7.0]);
    assert_eq!(CONTEXT.download(&dgate).unwrap(), [2.0, 3.0]);
}

/// As PyTorch's clamp does: what a limit clips has no gradient, whatever dy.
#[test]
fn beyond_a_limit_gradients_are_zero_for_an_infinite_dy() {
    let unit = function("swiglu_oai");
    let upload = |data: &[f32]| CONTEXT.upload(data).unwrap();
    let (value, gate, dy) = (upload(&[10.0, 1.0]), upload(&[1.0, 10.0]), upload(&[f32::INFINITY; 2]));
    let (dvalue, dgate) = CONTEXT.backward_gated(&unit, &value, &gate, &dy).unwrap();
    assert_eq!(CONTEXT.download(&dvalue).unwrap(), [0.0, f32::INFINITY]);
    assert_eq!(CONTEXT.download(&dgate).unwrap(), [f32::INFINITY, 0.0]);
    let halves = [10.0, 1.0, 1.0, 10.0];
    let dx =
        CONTEXT.backward_along_slice(&unit, &Axis::last(&[4]).unwrap(), None, &halves, &[f32::INFINITY; 2]).unwrap();
    assert_eq!(dx, [0.0, f32::INFINITY, f32::INFINITY, 0.0]);
    let reference =
        unit.backward(&Axis::last(&[4]).unwrap(), None, &halves.map(f64::from), &[f64::INFINITY; 2]).unwrap();
    assert_eq!(reference, [0.0, f64::INFINITY, f64::INFINITY, 0.0]);
}
