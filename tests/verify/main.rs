//! Devices within the limits of the catalogue.

mod accuracy;
#[path = "../common/mod.rs"]
mod common;
