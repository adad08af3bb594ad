//! Neural-network activation functions and their gradients as WGSL compute shaders, through [`wgpu`].
//!
//! [`GpuActivations`] is the context: an adapter's device, or [one of yours](GpuActivations::from_device). [`Activation`]
//! names an elementwise function with its parameters, [`AxisFunction`] one along an axis, and [`Function`] either of them,
//! also read from text. Elements are `f32`, `half::f16` or `half::bf16`; arithmetic is f32. Every function is also there in
//! f64 on the CPU: [`Activation::forward`], [`Activation::derivative`], [`AxisFunction::forward`] and
//! [`AxisFunction::backward`].
//!
//! # Which call do I want
//!
//! | data | elementwise | along an axis | gated, of two arrays | parameters from buffers |
//! |---|---|---|---|---|
//! | slice | new: [`forward_slice`], [`backward_slice`]; into: [`forward_slice_into`], [`backward_slice_into`] | new: [`forward_along_slice`], [`backward_along_slice`]; into: [`forward_along_slice_into`], [`backward_along_slice_into`] | upload first | upload first |
//! | buffer | new: [`forward`], [`backward`]; into: [`forward_into`], [`backward_into`]; in place: [`forward_in_place`], [`backward_in_place`] | new: [`forward_along`], [`backward_along`], [`backward_along_from_output`]; into: [`forward_along_into`], [`backward_along_into`], [`backward_along_from_output_into`]; in place: [`forward_along_in_place`], [`backward_along_in_place`] | new: [`forward_gated`], [`backward_gated`]; into: [`forward_gated_into`], [`backward_gated_into`]; never in place | new: [`forward_with`], [`backward_with`], [`parameter_gradient`]; into: [`forward_with_into`], [`backward_with_into`], which may be in place |
//! | range, in an encoder or pass of yours | record: [`Recording::forward`], [`Recording::backward`] | record: [`Recording::forward_along`], [`Recording::backward_along`], [`Recording::backward_along_from_output`] | record: [`Recording::forward_gated`], [`Recording::backward_gated`] | record: [`Recording::forward_with`], [`Recording::backward_with`], [`Recording::parameter_gradient`] |
//!
//! - A [`Recording`] comes from [`record`] for an encoder of yours, from [`record_in_pass`] for a compute pass of yours, and
//!   from [`batch`] for many operations in one submission. It writes into the result that you give, which may be an input
//!   where the method says so.
//! - Operands of a recording are a [`GpuBuffer`], a part of one ([`GpuBuffer::slice`]), a [`BufferRange`], a `wgpu::Buffer` or a
//!   `wgpu::BufferSlice`.
//! - Methods on slices, constructors and [`download`](GpuActivations::download) have [async forms](GpuActivations#async-forms).
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `vulkan`, `metal`, `dx12`, `gles` | a backend of wgpu; all four are on by default |
//! | `webgpu` | wgpu's backend in [browsers](#browsers) |
//! | `serde` | `Serialize` and `Deserialize`, as text, for [`Activation`], [`AxisFunction`] and [`Function`] |
//! | `plot` | the module `plot`: pictures of functions |
//! | `verify` | the module `verify`: devices against the f64 reference |
//! | `bench` | the module `bench`: throughput beside a copy kernel |
//! | `cli`, `full` | the command line `gpu-activations`, without and with the three above |
//!
//! # Browsers
//!
//! On `wasm32-unknown-unknown` with the feature `webgpu` the crate runs on a browser's WebGPU, with the same WGSL and bounds.
//! Nothing may block there, so only [async forms](GpuActivations#async-forms) wait; forms that block, files of pipelines, and
//! the features `plot`, `bench` and `cli` are absent. Checks of the host's own, such as those of lengths and parameters, fail
//! at once. What the device refuses is the error of the next call that waits.
//!
//! # Example
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
//!
//! [`forward_slice`]: GpuActivations::forward_slice
//! [`backward_slice`]: GpuActivations::backward_slice
//! [`forward_slice_into`]: GpuActivations::forward_slice_into
//! [`backward_slice_into`]: GpuActivations::backward_slice_into
//! [`forward_along_slice`]: GpuActivations::forward_along_slice
//! [`backward_along_slice`]: GpuActivations::backward_along_slice
//! [`forward_along_slice_into`]: GpuActivations::forward_along_slice_into
//! [`backward_along_slice_into`]: GpuActivations::backward_along_slice_into
//! [`forward`]: GpuActivations::forward
//! [`backward`]: GpuActivations::backward
//! [`forward_into`]: GpuActivations::forward_into
//! [`backward_into`]: GpuActivations::backward_into
//! [`forward_in_place`]: GpuActivations::forward_in_place
//! [`backward_in_place`]: GpuActivations::backward_in_place
//! [`forward_along`]: GpuActivations::forward_along
//! [`backward_along`]: GpuActivations::backward_along
//! [`backward_along_from_output`]: GpuActivations::backward_along_from_output
//! [`forward_along_into`]: GpuActivations::forward_along_into
//! [`backward_along_into`]: GpuActivations::backward_along_into
//! [`backward_along_from_output_into`]: GpuActivations::backward_along_from_output_into
//! [`forward_along_in_place`]: GpuActivations::forward_along_in_place
//! [`backward_along_in_place`]: GpuActivations::backward_along_in_place
//! [`forward_gated`]: GpuActivations::forward_gated
//! [`backward_gated`]: GpuActivations::backward_gated
//! [`forward_gated_into`]: GpuActivations::forward_gated_into
//! [`backward_gated_into`]: GpuActivations::backward_gated_into
//! [`forward_with`]: GpuActivations::forward_with
//! [`backward_with`]: GpuActivations::backward_with
//! [`forward_with_into`]: GpuActivations::forward_with_into
//! [`backward_with_into`]: GpuActivations::backward_with_into
//! [`parameter_gradient`]: GpuActivations::parameter_gradient
//! [`record`]: GpuActivations::record
//! [`record_in_pass`]: GpuActivations::record_in_pass
//! [`batch`]: GpuActivations::batch
#![deny(unsafe_code)]
#![warn(missing_docs)]
#![cfg_attr(
    target_arch = "wasm32",
    allow(dead_code, unused_imports, reason = "threads and files use them, which a browser does not have")
)]

#[cfg(all(target_arch = "wasm32", any(feature = "bench", feature = "cli", feature = "plot")))]
compile_error!("the features bench, cli and plot need threads and files, which WebAssembly in a browser does not have");

#[cfg(feature = "bench")]
pub mod bench;
mod catalog;
mod context;
mod device;
mod error;
mod formula;
mod ops;
#[cfg(feature = "plot")]
pub mod plot;
mod reference;
pub mod shader;
#[cfg(feature = "verify")]
pub mod verify;

pub use catalog::{
    Accuracy, Activation, Axis, AxisFunction, Broadcast, Custom, Function, Gate, Layout, LibraryName, Order,
    ParameterInfo, Range, Value,
};
pub use context::{Builder, GpuActivations, Memory};
pub use device::{Arithmetic, BufferRange, GpuBuffer, PlannedBinding, PlannedDispatch, Survey, adapters, survey};
pub use error::Error;
#[doc(hidden)]
pub use error::counted;
pub use ops::{DoubleBackward, GateGradients, GatedDoubleBackward, Mask, ParameterBuffers, Recording, Sinks};
pub use shader::{Direction, Element, Scalar};
pub use wgpu;

/// How work along an axis is spread, for comparison and measurement.
pub mod tuning {
    pub use crate::ops::Strategy;
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
