//! Composition of WGSL, without a device but where modules are prepared on one.

#[path = "../common/mod.rs"]
mod common;
mod composition;
mod modules;
mod snippets;
