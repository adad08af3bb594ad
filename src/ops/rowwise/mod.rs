//! Work along one axis by statistics of each row: the softmax family, and gradients of parameters.

mod plan;
mod stages;
mod wish;

pub(crate) use plan::Rows;

pub(crate) use stages::{Prepared, Rowwise, RowwiseOperands};
pub use wish::Strategy;
