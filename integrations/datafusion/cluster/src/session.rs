//! What schedulers and executors know.

use ballista_core::config::TaskSchedulingPolicy;
use ballista_core::extension::SessionConfigExt;
use ballista_core::utils::default_session_builder;
use datafusion::common::Result;
use datafusion::execution::SessionState;
use datafusion::prelude::SessionConfig;
use gpu_activations_datafusion::{Options, register};

/// Executors pull tasks. When the scheduler pushes them, it does not free the slot of a task that failed because another
/// executor died. With few slots the query then hangs.
pub const POLICY: TaskSchedulingPolicy = TaskSchedulingPolicy::PullStaged;

/// A session of Ballista with the functions. Its stages are planned before any of them runs: with Ballista's adaptive planner a
/// query may never end once an executor has died after its stage
/// (<https://github.com/apache/datafusion-ballista/issues/1986>).
pub fn state(config: SessionConfig, options: &Options) -> Result<SessionState> {
    let mut state = default_session_builder(config.with_ballista_adaptive_query_planner(false))?;
    register(&mut state, options)?;
    Ok(state)
}
