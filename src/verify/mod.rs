//! Comparison of devices with the f64 reference, in units in the last place.

#[cfg(not(target_arch = "wasm32"))]
mod along;
mod compare;
#[cfg(not(target_arch = "wasm32"))]
mod elementwise;
mod report;

#[cfg(not(target_arch = "wasm32"))]
pub use along::{verify_along, verify_axis};
pub use compare::{Quantity, compare};
#[cfg(not(target_arch = "wasm32"))]
pub use elementwise::{Checkpoint, fingerprint, verify, verify_from};
pub use report::{Format, Report};
