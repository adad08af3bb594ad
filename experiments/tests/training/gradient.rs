use crate::reference::{self, Parameters};
use crate::{data, lab, plan};
use experiments::data::Task;
use experiments::network::{Layer, Network};
use experiments::plan::Plan;
use experiments::session::Session;

/// The most that an entry of the gradient may differ from that in f64, as a share of the largest of its kind and layer:
/// some roundings of f32, each 6e-8.
const TOLERANCE: f64 = 2e-6;

#[track_caller]
fn assert_close(found: &[f64], expected: &[f64], what: &str) {
    let largest = expected.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    let worst = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(worst <= TOLERANCE * largest, "{what}: {worst:.1e} off, where the largest entry is {largest:.1e}");
}

/// What the device computes of the first step.
struct Step {
    weights: Vec<f32>,
    gradient: Vec<f32>,
    losses: Vec<f32>,
}

impl Step {
    fn of(session: &Session) -> Step {
        let commands = lab().recorded(|pass| session.record_gradient(pass)).unwrap();
        lab().run([commands]).unwrap();
        let download = |buffer| lab().activations.download(buffer).unwrap();
        let (weights, gradient) = (download(&session.network.weights), download(&session.network.gradient));
        Step { weights, gradient, losses: session.losses().unwrap() }
    }
}

/// Compares loss and gradient of the first step of every network with the reference.
fn compare(task: Task, unit: &str) {
    let (data, plan) = (data(task), plan(task, unit));
    let session = Session::new(&plan, lab(), &data).unwrap();
    let network = &session.network;
    let step = Step::of(&session);
    let order = plan.order(data.training);
    for number in 0..network.shape.networks {
        let read =
            |values| network.layers.iter().map(|layer| Parameters::read(network, number, layer, values)).collect();
        let (layers, found): (Vec<Parameters>, Vec<Parameters>) = (read(&step.weights), read(&step.gradient));
        let rows = &order[number % plan.seeds.len() * plan.batch..][..plan.batch];
        let (loss, expected) = reference::gradient(&network.shape.unit, &layers, &data, rows);
        assert_close(&[step.losses[number].into()], &[loss], unit);
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

/// The array of a file that `experiments/peers.py` writes.
fn of_torch<T: npyz::Deserialize>(name: &str) -> Vec<T> {
    let path = format!("{}/tests/training/torch/{name}.npy", env!("CARGO_MANIFEST_DIR"));
    npyz::NpyFile::new(&std::fs::read(path).unwrap()[..]).unwrap().into_vec().unwrap()
}

/// Cuts the matrix and the bias of each layer off a list of all.
fn by_layers<'a, T>(layers: &'a [Layer], mut list: &'a [T]) -> impl Iterator<Item = (&'a [T], &'a [T])> {
    layers.iter().map(move |layer| {
        let (inputs, outputs) = (layer.fan_in, layer.trained.end);
        let (weights, rest) = list.split_at(inputs * outputs);
        let (bias, rest) = rest.split_at(outputs);
        list = rest;
        (weights, bias)
    })
}

fn upload(network: &Network, list: &[f32]) {
    let mut values = vec![0.0; network.weights.len()];
    for (layer, (weights, bias)) in network.layers.iter().zip(by_layers(&network.layers, list)) {
        let outputs = layer.trained.end;
        let rows = values[layer.weights.clone()].chunks_mut(layer.outputs);
        rows.zip(weights.chunks(outputs)).for_each(|(row, weights)| row[..outputs].copy_from_slice(weights));
        values[layer.bias.clone()][..outputs].copy_from_slice(bias);
    }
    lab().activations.upload_into(&values, &network.weights).unwrap();
}

#[test]
fn the_gradient_of_a_step_is_that_of_pytorch_in_f64() {
    for unit in ["relu", "gelu", "silu", "elu"] {
        let data = data(Task::Digits);
        let plan = Plan { rates: vec![0.01], seeds: vec![1], batch: data.training, ..plan(Task::Digits, unit) };
        let session = Session::new(&plan, lab(), &data).unwrap();
        let network = &session.network;
        upload(network, &of_torch(&format!("{unit}_weights")));
        let step = Step::of(&session);
        let expected: Vec<f64> = of_torch(&format!("{unit}_gradient"));
        for (layer, (weights, bias)) in network.layers.iter().zip(by_layers(&network.layers, &expected)) {
            let found = Parameters::read(network, 0, layer, &step.gradient);
            assert_close(&found.weights, weights, unit);
            assert_close(&found.bias, bias, unit);
        }
    }
}
