//! Functions of a user's own: from a formula, and from WGSL text.

#[path = "../common/mod.rs"]
mod common;

mod grammar;
mod random;
mod uses;
mod wgsl;
