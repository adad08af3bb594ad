//! Composition of WGSL. Only the preparation of modules uses a device.

#[path = "../common/mod.rs"]
mod common;
mod composition;
mod modules;
mod snippets;
