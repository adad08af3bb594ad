//! The f64 reference beyond formulas of one element: functions along an axis, and random numbers.

mod along;
mod random;
