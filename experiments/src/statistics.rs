//! Means with their intervals.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// A mean, and half the width of its 95 % interval by Student's t distribution; 0 for a single value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    pub mean: f64,
    pub half: f64,
}

impl Interval {
    /// Of independent values, one at least.
    pub fn of(values: &[f64]) -> Interval {
        let mean = mean(values);
        let freedom = values.len() as f64 - 1.0;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let half = match StudentsT::new(0.0, 1.0, freedom) {
            Ok(distribution) => distribution.inverse_cdf(0.975) * (squares / freedom / values.len() as f64).sqrt(),
            Err(_) => 0.0,
        };
        Interval { mean, half }
    }

    /// Of the differences of values that belong together.
    pub fn of_differences(left: &[f64], right: &[f64]) -> Interval {
        Interval::of(&left.iter().zip(right).map(|(left, right)| left - right).collect::<Vec<_>>())
    }

    pub fn overlaps(self, other: Interval) -> bool {
        (self.mean - other.mean).abs() <= self.half + other.half
    }

    pub fn is_above_0(self) -> bool {
        self.mean - self.half > 0.0
    }
}

pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_that_of_a_table() {
        // t of 4 degrees of freedom is 2.776, and the deviation of 1 to 5 is 1.5811.
        let interval = Interval::of(&[1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(interval.mean, 3.0);
        assert!((interval.half - 2.776_445 * 1.581_139 / 5.0_f64.sqrt()).abs() < 1e-5, "{}", interval.half);
    }

    #[test]
    fn one_value_has_no_width() {
        assert_eq!(Interval::of(&[2.0]), Interval { mean: 2.0, half: 0.0 });
    }
}
