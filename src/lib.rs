//! Neural-network activation functions and their gradients as WGSL compute shaders.
//!
//! ```
//! use gpu_activations::Activation;
//!
//! let gelu: Activation = "gelu".parse()?;
//! assert!((gelu.forward(1.0) - 0.841_344_746_068_542_9).abs() < 1e-15);
//! # Ok::<(), gpu_activations::Error>(())
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod catalog;
mod definition;
mod error;
mod reference;
pub mod shader;

pub use catalog::Activation;
pub use definition::{Parameter, Range};
pub use error::Error;
