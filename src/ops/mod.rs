//! Operations: checks of operands, plans of the work, and commands for the device as plain data.

mod along;
mod check;
mod elementwise;
mod gated;
mod groupwise;
mod mask;
mod operands;
mod parameters;
mod recording;
mod rowwise;
mod sinks;
mod with_sinks;

#[cfg(feature = "bench")]
pub(crate) use check::LARGEST_BINDING;
pub use elementwise::DoubleBackward;
pub use gated::{GateGradients, GatedDoubleBackward};
pub use mask::Mask;
pub(crate) use operands::AlongOperands;
pub use parameters::ParameterBuffers;
pub use recording::Recording;
pub(crate) use recording::Target;
pub use rowwise::Strategy;
pub use sinks::Sinks;
