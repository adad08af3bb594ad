//! What schedulers and executors know.

use ballista_core::utils::default_session_builder;
use datafusion::common::Result;
use datafusion::execution::SessionState;
use datafusion::prelude::SessionConfig;
use gpu_activations_datafusion::{Options, register};

/// A session of Ballista with the functions.
pub fn state(config: SessionConfig, options: &Options) -> Result<SessionState> {
    let mut state = default_session_builder(config)?;
    register(&mut state, options)?;
    Ok(state)
}
