//! The functions: tables, parameters with their ranges, names and shapes.

mod accuracy;
mod along;
mod axis;
mod broadcast;
mod custom;
mod definition;
mod elementwise;
mod function;
mod libraries;
mod names;
mod oracle;
mod order;
mod parameter;
mod source;

pub use accuracy::Accuracy;
pub(crate) use along::AlongLengths;
#[cfg(feature = "verify")]
pub(crate) use along::Terms;
pub use along::{AxisFunction, Function, Gate, Layout};
pub(crate) use along::{GateLimits, Groups, Kernels, Operands, RowKernels, RowScalars};
pub use axis::Axis;
pub use broadcast::Broadcast;
pub(crate) use broadcast::Run;
pub use custom::Custom;
pub(crate) use custom::{MOST_PARAMETERS, Reference, Wanted};
pub(crate) use definition::{Body, Definition};
pub use elementwise::Activation;
pub use libraries::LibraryName;
pub(crate) use names::{nearest, normalized};
pub use order::Order;
pub use parameter::{ParameterInfo, Range, Value};
pub(crate) use source::{Source, source};
