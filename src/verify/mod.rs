//! Comparison of devices with the f64 reference, in units in the last place.

mod along;
mod elementwise;
mod report;

pub use along::{verify_along, verify_axis};
pub use elementwise::{Checkpoint, Quantity, compare, fingerprint, verify, verify_from};
pub use report::{Format, Report};
