//! Composition of WGSL from parts. It needs no device.

mod binding;
mod compose;
mod element;
mod elementwise;
#[cfg(feature = "verify")]
mod fingerprint;
mod form;
mod groupwise;
mod items;
mod kernel;
mod launch;
mod math;
mod modules;
mod options;
mod parameters;
mod rowwise;
mod snippet;
mod storage;
mod uniform;

pub(crate) use binding::{Access, numbers};
pub use compose::Shader;
pub use element::{Element, Scalar};
pub(crate) use elementwise::{ElementwiseKernel, GradientKernel, Pass};
pub(crate) use form::{DeviceForm, Guards, Packing, Unpacking};
pub(crate) use groupwise::{Fours, GroupwiseKernel};
pub(crate) use kernel::Kernel;
pub(crate) use launch::LaunchShape;
pub(crate) use math::Math;
pub use options::ShaderOptions;
pub(crate) use parameters::{FUSED, Granularity, ParameterForm, ParameterSource, Succession};
pub(crate) use rowwise::{
    AlongPass, Held, MOST_MASK_RUNS, Masking, Orientation, RowStatistics, RowwiseKernel, Stage, Team, Turns,
};
pub use storage::{Aliasing, Direction, Storage};
#[cfg(feature = "bench")]
pub(crate) use uniform::CopyUniform;
pub(crate) use uniform::{ElementwiseUniform, GroupwiseUniform, RowwiseUniform, with_parameters};
#[doc(hidden)]
pub use {binding::VARIABLES, kernel::ComposedModule, uniform::Member};
