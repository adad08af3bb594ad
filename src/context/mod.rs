//! `GpuActivations`, what a user calls.

mod along;
mod arithmetic;
mod builder;
mod elementwise;
mod gated;
mod gpu_activations;
mod memory;
mod parameters;
mod slices;
mod transfer;

pub use builder::Builder;
pub use gpu_activations::GpuActivations;
pub use memory::Memory;
