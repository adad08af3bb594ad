//! What works along one axis by statistics of each row: the softmax family, and gradients of parameters.

mod plan;
mod stages;

pub(crate) use plan::Rows;
pub use plan::Strategy;
pub(crate) use stages::{Prepared, Rowwise, RowwiseOperands};
