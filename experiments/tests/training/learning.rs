use crate::{data, lab, plan};
use experiments::data::Task;
use experiments::optimizer::Optimizer;
use experiments::plan::Plan;
use experiments::training::Trained;

fn train(plan: &Plan) -> Vec<Trained> {
    plan.train(lab(), &data(plan.task), || ()).unwrap().networks
}

#[test]
fn a_training_repeats_bit_for_bit() {
    for unit in ["relu", "swish learned"] {
        let plan = plan(Task::Digits, unit);
        assert_eq!(train(&plan), train(&plan), "{unit}");
    }
}

#[test]
fn digits_are_learned_by_either_optimizer() {
    let adam = Plan { hidden: vec![32, 32], epochs: 15, ..plan(Task::Digits, "relu") };
    let sgd = Plan { optimizer: Optimizer::Sgd { momentum: 0.9 }, rates: vec![0.1], ..adam.clone() };
    for plan in [adam, sgd] {
        for network in train(&plan) {
            assert!(
                network.test[plan.epochs - 1] > 0.9,
                "{:?}, seed {}: {:?}",
                plan.optimizer,
                network.seed,
                network.test
            );
        }
    }
}

#[test]
fn a_curve_is_learned() {
    let plan = Plan { hidden: vec![32, 32], rates: vec![0.01], epochs: 100, ..plan(Task::Curve, "tanh") };
    for network in train(&plan) {
        let [_, error] = network.errors.unwrap();
        assert!(error.unwrap() < 0.1, "{error:?}");
    }
}

#[test]
fn the_units_of_a_step_are_dead_and_its_gradient_is_0() {
    let network = &train(&plan(Task::Digits, "step"))[0];
    assert_eq!(network.dead, [1.0, 1.0]);
    assert_eq!(network.gradient_norms[..2], [Some(0.0), Some(0.0)]);
    assert!(network.gradient_norms[2].unwrap() > 0.0);
}

#[test]
fn another_batch_than_the_data_has_is_refused() {
    let plan = Plan { batch: 2000, ..plan(Task::Digits, "relu") };
    let error = plan.train(lab(), &data(Task::Digits), || ()).unwrap_err();
    assert_eq!(error.to_string(), "batches of 2000 from 1152 examples");
}
