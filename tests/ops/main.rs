//! Operations on a device: elementwise, along an axis, of groups, with parameters from buffers.

mod along;
mod along_edges;
mod broadcast;
#[path = "../common/mod.rs"]
mod common;
mod derivatives;
mod derivatives_along;
mod errors;
mod extremes;
mod forms;
mod fused;
mod gated;
mod learnable;
mod magnitudes;
mod sinks;
