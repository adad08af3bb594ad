//! The functions of [`gpu_activations`] in SQL, for Apache DataFusion.
//!
//! ```
//! use datafusion::prelude::SessionContext;
//! use gpu_activations_datafusion::{Options, register};
//!
//! let mut context = SessionContext::new();
//! register(&mut context, &Options::default())?;
//! # Ok::<(), datafusion::error::DataFusionError>(())
//! ```
//!
//! | SQL | what it is |
//! |---|---|
//! | `gelu(x)`, `gelu_derivative(x)`, `gelu_second_derivative(x)` | an elementwise function and its derivatives |
//! | `swish(x, 1.5)`, `swish(x, beta => 1.5)` | with parameters, in the order of the table |
//! | `softmax(list)`, `swiglu(list)` | along each list |
//! | `array_logsumexp(list)`, `array_logmeanexp(list)` | one number for each list |
//! | `logsumexp(x)`, `logmeanexp(x)` | aggregates, also over windows that begin with their partition |
#![deny(unsafe_code)]
#![warn(missing_docs)]

mod aggregate;
mod arguments;
#[cfg(feature = "cli")]
pub mod cli;
mod device;
mod elementwise;
mod lists;
mod options;
mod register;

pub use device::shared_context;
pub use options::{BATCH_ROWS, Device, Options};
pub use register::{aggregates, register, scalars};
