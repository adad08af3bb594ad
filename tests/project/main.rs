//! The project itself: layers, generated files, examples.

#[path = "../common/mod.rs"]
mod common;
mod examples;
mod generated;
mod layers;
