//! `GpuActivations`, what a user calls.

mod along;
mod arithmetic;
mod builder;
mod elementwise;
mod gated;
mod handle;
mod memory;
#[cfg(not(target_arch = "wasm32"))]
mod native;
mod parameters;
mod slices;
mod transfer;

pub use builder::Builder;
pub use handle::GpuActivations;
pub use memory::Memory;
