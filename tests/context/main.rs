//! The context: devices, memory, pipelines, slices.

#[path = "../common/mod.rs"]
mod common;
mod device;
mod kept;
mod plan;
mod properties;
