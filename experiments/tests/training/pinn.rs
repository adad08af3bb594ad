use crate::lab;
use experiments::pinn::{Session, points, train};
use experiments::plan::Plan;
use experiments::study::pinn;
use gpu_activations::Activation;
use std::f64::consts::PI;

/// The step of central differences, and the most that the gradient may differ from them, as a share of its largest entry.
const STEP: f64 = 1e-5;
const TOLERANCE: f64 = 2e-6;

fn plan(unit: &str) -> Plan {
    Plan { rates: vec![0.02], ..pinn(&unit.parse().unwrap()) }
}

/// The energy of a network in f64.
fn energy(activation: Activation, count: usize, [w, b, a]: &[Vec<f64>; 3]) -> f64 {
    let density = |x: f64| {
        let units = w.iter().zip(b).zip(a);
        let n: f64 = units.clone().map(|((w, b), a)| a * activation.forward(w * x + b)).sum();
        let dn: f64 = units.map(|((w, b), a)| a * w * activation.derivative(w * x + b)).sum();
        let (u, du) = (x * (PI - x) * n, (PI - 2.0 * x) * n + x * (PI - x) * dn);
        0.5 * du * du - u * x.sin()
    };
    points(count).into_iter().map(density).sum::<f64>() * PI / count as f64
}

#[test]
fn the_gradient_of_the_energy_is_that_of_differences() {
    for activation in [Activation::Tanh, Activation::Silu] {
        let plan = plan(activation.name());
        let session = Session::new(&plan, lab()).unwrap();
        let commands = lab().recorded(|pass| session.record_gradient(pass)).unwrap();
        lab().run([commands]).unwrap();
        let download = |buffer| lab().activations.download(buffer).unwrap();
        let (weights, gradient) = (download(&session.weights), download(&session.gradient));
        for number in 0..plan.seeds.len() {
            let (weights, found) = (session.of_network(&weights, number), session.of_network(&gradient, number));
            let expected_energy = energy(activation, plan.batch, &weights);
            assert!((f64::from(session.losses().unwrap()[number]) - expected_energy).abs() < 1e-6, "{activation}");
            let largest = found.iter().flatten().fold(0.0, |largest: f64, slope| largest.max(slope.abs()));
            for (list, slopes) in found.iter().enumerate() {
                for (index, slope) in slopes.iter().enumerate() {
                    let moved = |by: f64| {
                        let mut weights = weights.clone();
                        weights[list][index] += by;
                        energy(activation, plan.batch, &weights)
                    };
                    let difference = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
                    assert!((slope - difference).abs() <= TOLERANCE * largest, "{activation}: {slope}, {difference}");
                }
            }
        }
    }
}

#[test]
fn the_equation_is_solved() {
    for network in train(&plan("tanh"), lab(), || ()).unwrap().networks {
        let [_, error] = network.errors.unwrap();
        assert!(error.unwrap() < 0.01, "{error:?}");
    }
}
