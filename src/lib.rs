//! Neural-network activation functions and their gradients as WGSL compute shaders.
//!
//! ```
//! use gpu_activations::Activation;
//!
//! let gelu: Activation = "gelu".parse()?;
//! assert!((gelu.forward(1.0) - 0.841_344_746_068_542_9).abs() < 1e-15);
//!
//! let context = gpu_activations::GpuActivations::new()?;
//! let y = context.forward_slice(gelu, &[-1.0_f32, 0.0, 1.0])?;
//! assert_eq!(y[1], 0.0);
//! # Ok::<(), gpu_activations::Error>(())
//! ```
#![deny(unsafe_code)]
#![warn(missing_docs)]

#[cfg(feature = "bench")]
pub mod bench;
mod catalog;
mod context;
mod device;
mod error;
mod ops;
#[cfg(feature = "plot")]
pub mod plot;
mod reference;
pub mod shader;
#[cfg(feature = "verify")]
pub mod verify;

pub use catalog::{Activation, Axis, AxisFunction, Function, Gate, Layout, ParameterInfo, Range, Value};
pub use context::{Builder, GpuActivations, Memory};
pub use device::{Arithmetic, BufferRange, GpuBuffer, Survey, adapters, survey};
pub use error::Error;
#[doc(hidden)]
pub use error::counted;
pub use ops::{GateGradients, ParameterBuffers, Recording, Strategy};
pub use shader::{Direction, Element, Scalar};
pub use wgpu;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
