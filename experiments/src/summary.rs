//! What came of a plan at its best rate.

use crate::statistics::{Interval, mean};
use crate::training::{Outcome, Trained};

/// The accuracy that epochs are counted to.
pub const GOAL: f32 = 0.9;

/// The networks of one rate, seed by seed.
pub struct Summary<'a> {
    pub rate: f32,
    pub networks: Vec<&'a Trained>,
}

impl<'a> Summary<'a> {
    /// The networks of every rate, in the order of the plan.
    pub fn by_rate(outcome: &'a Outcome) -> Vec<Self> {
        let mut summaries: Vec<Self> = Vec::new();
        for network in &outcome.networks {
            match summaries.last_mut() {
                Some(summary) if summary.rate == network.rate => summary.networks.push(network),
                _ => summaries.push(Summary { rate: network.rate, networks: vec![network] }),
            }
        }
        summaries
    }

    /// Those of the rate that is best on validation after the last epoch; the first of equals.
    pub fn best(outcome: &'a Outcome) -> Option<Self> {
        Summary::by_rate(outcome).into_iter().reduce(|best, next| if next.merit() > best.merit() { next } else { best })
    }

    /// What rates are chosen by: accuracy on validation, or the negative of the error there.
    pub fn merit(&self) -> f64 {
        let of = |network: &&Trained| match network.errors {
            Some([error, _]) => error.map_or(f64::NEG_INFINITY, |error| -error),
            None => network.validation.last().copied().unwrap_or(0.0).into(),
        };
        mean(&self.networks.iter().map(of).collect::<Vec<_>>())
    }

    /// Whether the last losses of all networks are finite.
    pub fn is_finite(&self) -> bool {
        self.networks.iter().all(|network| network.is_finite())
    }

    /// The accuracy on the test set after the last epoch.
    pub fn accuracies(&self) -> Vec<f64> {
        self.networks.iter().map(|network| network.test.last().copied().unwrap_or(0.0).into()).collect()
    }

    pub fn accuracy(&self) -> Interval {
        Interval::of(&self.accuracies())
    }

    /// The root of the mean squared error on the test set; none where one is not finite.
    pub fn errors(&self) -> Option<Vec<f64>> {
        self.networks.iter().map(|network| network.errors?[1]).collect()
    }

    /// The epochs that each network takes until its accuracy on validation is [`GOAL`]; none where one never is.
    pub fn epochs_to_goal(&self) -> Option<Vec<f64>> {
        let epochs = |network: &&Trained| {
            let first = network.validation.iter().position(|&accuracy| accuracy >= GOAL)?;
            Some((first + 1) as f64)
        };
        self.networks.iter().map(epochs).collect()
    }

    /// The share of dead units among all hidden ones of the networks whose last losses are finite; none without such.
    pub fn dead(&self) -> Option<f64> {
        let finite = self.networks.iter().filter(|network| network.is_finite());
        let shares: Vec<f64> = finite.map(|network| mean(&network.dead)).collect();
        (!shares.is_empty()).then(|| mean(&shares))
    }

    /// The mean over the networks of a list of each; where one is not finite, none.
    pub fn means<T: Copy + Into<f64>>(&self, list: impl Fn(&Trained) -> Vec<Option<T>>) -> Vec<Option<f64>> {
        let lists: Vec<Vec<Option<T>>> = self.networks.iter().map(|network| list(network)).collect();
        let length = lists.iter().map(Vec::len).min().unwrap_or(0);
        let at = |index: usize| {
            let values: Option<Vec<f64>> = lists.iter().map(|list| list[index].map(Into::into)).collect();
            values.map(|values| mean(&values))
        };
        (0..length).map(at).collect()
    }

    /// The loss of each epoch.
    pub fn losses(&self) -> Vec<Option<f64>> {
        self.means(|network| network.losses.clone())
    }

    /// The accuracy on validation after each epoch.
    pub fn validation(&self) -> Vec<Option<f64>> {
        self.means(|network| network.validation.iter().copied().map(Some).collect())
    }

    /// The norm of each layer's gradient at the start.
    pub fn gradient_norms(&self) -> Vec<Option<f64>> {
        self.means(|network| network.gradient_norms.clone())
    }

    /// Mean and variance of each hidden layer's values, before training (0) or after (1).
    pub fn moments(&self, when: usize) -> [Vec<Option<f64>>; 2] {
        [0, 1].map(|moment| self.means(|network| network.moments[when].iter().map(|m| Some((*m)?[moment])).collect()))
    }

    /// The mean of a learned parameter in each hidden layer after training.
    pub fn learned(&self, parameter: &str) -> Vec<Option<f64>> {
        let value = |layer: &Vec<(String, Option<f64>)>| layer.iter().find(|(name, _)| name == parameter)?.1;
        self.means(|network| network.learned.iter().map(value).collect())
    }
}
