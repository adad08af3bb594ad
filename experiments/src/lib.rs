//! Which activation function is good: networks trained on the device with each of them.

pub mod claims;
pub mod data;
pub mod initialization;
pub mod lab;
pub mod loss;
pub mod network;
pub mod optimizer;
pub mod pictures;
pub mod pinn;
pub mod record;
pub mod report;
pub mod statistics;
pub mod study;
pub mod summary;
pub mod training;
pub mod unit;
