//! What functions there are: the tables, parameters with their ranges, names, shapes.

mod axis;
pub(crate) mod definition;
mod elementwise;
mod oracle;

pub use axis::{Axis, AxisFunction, AxisParameter, Gate, Layout};
pub use definition::{Parameter, Range};
pub use elementwise::Activation;
pub(crate) use elementwise::{normalized, unknown_name};
