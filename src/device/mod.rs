//! The device: adapters and their traits, memory, pipelines and waiting.

mod adapter;
mod arithmetic;
mod buffer;
mod cache;
mod command;
mod copy;
mod core;
mod execute;
mod gate;
mod lock;
#[cfg(not(target_arch = "wasm32"))]
mod pipeline_file;
mod plan;
mod pool;
mod traits;

pub use adapter::{Survey, adapters, survey};
pub(crate) use adapter::{candidates, first_working};
pub use arithmetic::Arithmetic;
pub use buffer::{BufferRange, GpuBuffer};
pub(crate) use buffer::{InBatch, padded_bytes};
pub(crate) use cache::Rewriter;
pub(crate) use command::{BoundRange, Command, OwnedCommand};
pub(crate) use core::{Device, READBACK, RESIDENT, Waiting};
pub(crate) use execute::{Dispatch, Launch};
pub(crate) use lock::lock;
pub use plan::{PlannedBinding, PlannedDispatch};
pub(crate) use pool::pooled_bytes;
pub(crate) use traits::AdapterTraits;
