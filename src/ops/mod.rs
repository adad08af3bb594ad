//! Operations: checks of operands, plans of the work, and commands for the device as plain data.

mod along;
mod check;
mod elementwise;
mod groupwise;
mod parameters;
mod recording;
mod rowwise;

pub(crate) use along::AlongOperands;
pub(crate) use check::LARGEST_BINDING;
pub use groupwise::GateGradients;
pub use parameters::ParameterBuffers;
pub use recording::Recording;
pub(crate) use recording::Target;
pub use rowwise::Strategy;
