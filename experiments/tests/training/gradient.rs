use crate::reference::{self, Parameters};
use crate::{data, lab, plan};
use experiments::data::Task;
use experiments::training::Session;

/// The most that an entry of the gradient may differ from that in f64, as a share of the largest of its kind and layer:
/// some roundings of f32, each 6e-8.
const TOLERANCE: f64 = 2e-6;

#[track_caller]
fn assert_close(found: &[f64], expected: &[f64], what: &str) {
    let largest = expected.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    let worst = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(worst <= TOLERANCE * largest, "{what}: {worst:.1e} off, where the largest entry is {largest:.1e}");
}

/// Compares loss and gradient of the first step of every network with the reference.
fn compare(task: Task, unit: &str) {
    let (data, plan) = (data(task), plan(task, unit));
    let session = Session::new(&plan, lab(), &data).unwrap();
    let network = &session.network;
    let commands = lab().recorded(|pass| session.record_gradient(pass)).unwrap();
    lab().run([commands]).unwrap();
    let weights = lab().activations.download(&network.weights).unwrap();
    let gradient = lab().activations.download(&network.gradient).unwrap();
    let losses = session.losses().unwrap();
    let order = plan.order(data.training);
    for number in 0..network.shape.networks {
        let read =
            |values| network.layers.iter().map(|layer| Parameters::read(network, number, layer, values)).collect();
        let (layers, found): (Vec<Parameters>, Vec<Parameters>) = (read(&weights), read(&gradient));
        let rows = &order[number % plan.seeds.len() * plan.batch..][..plan.batch];
        let (loss, expected) = reference::gradient(&network.shape.unit, &layers, &data, rows);
        assert_close(&[losses[number].into()], &[loss], unit);
        for (layer, (found, expected)) in found.iter().zip(&expected).enumerate() {
            for (found, expected) in found.lists().zip(expected.lists()) {
                assert_close(found, expected, &format!("{unit}, network {number}, layer {layer}"));
            }
        }
    }
}

#[test]
fn the_gradient_of_a_step_is_that_of_f64() {
    for unit in ["relu", "gelu", "tanh", "prelu learned", "xielu learned", "dynamic_tanh learned", "maxout", "swiglu"] {
        compare(Task::Digits, unit);
    }
}

#[test]
fn padding_of_features_and_outputs_changes_nothing() {
    for task in [Task::Spirals, Task::Curve] {
        compare(task, "silu");
    }
}
