//! Which activation function is good: networks trained on the device with each of them.
#![cfg_attr(not(feature = "study"), allow(dead_code, unused_imports, reason = "the experiments use them"))]

#[cfg(feature = "study")]
pub mod claims;
pub mod data;
pub mod initialization;
pub mod lab;
pub mod loss;
pub mod network;
pub mod optimizer;
#[cfg(feature = "study")]
pub mod pictures;
#[cfg(feature = "study")]
pub mod pinn;
pub mod plan;
#[cfg(feature = "study")]
pub mod record;
#[cfg(feature = "study")]
pub mod report;
pub mod session;
#[cfg(feature = "study")]
pub mod statistics;
#[cfg(feature = "study")]
pub mod study;
#[cfg(feature = "study")]
pub mod summary;
#[cfg(feature = "study")]
pub mod training;
pub mod unit;
