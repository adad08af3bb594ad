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

mod adapter;
mod along;
mod arithmetic;
mod axis;
mod buffer;
mod catalog;
mod context;
mod definition;
mod device;
mod element;
mod error;
mod gate;
mod grouped;
mod learnable;
mod memory;
mod pipeline;
mod pipeline_file;
#[cfg(feature = "plot")]
pub mod plot;
mod recording;
mod reduction;
mod reference;
pub mod shader;
mod shape;
mod snippet;
mod stream;
#[cfg(feature = "bench")]
pub mod throughput;
#[cfg(feature = "verify")]
pub mod verify;

pub use adapter::{Survey, adapters, survey};
pub use arithmetic::Arithmetic;
pub use axis::{Axis, AxisFunction, AxisParameter, Gate, Layout};
pub use buffer::{BufferRange, GpuBuffer};
pub use catalog::Activation;
pub use context::{Builder, GpuActivations};
pub use definition::{Parameter, Range};
pub use element::{Element, Scalar};
pub use error::Error;
#[doc(hidden)]
pub use error::counted;
pub use learnable::Parameters;
pub use memory::Memory;
pub use recording::Recording;
pub use reduction::Strategy;
pub use wgpu;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
