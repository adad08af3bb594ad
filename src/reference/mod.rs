//! The f64 reference of what is no formula of one element: functions along an axis, and random numbers.

mod along;
mod random;
