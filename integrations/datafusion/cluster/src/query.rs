use crate::executor::address;
use anyhow::Result;
use ballista::prelude::{SessionConfigExt, SessionContextExt};
use ballista_core::utils::default_session_builder;
use clap::Args;
use datafusion::prelude::{SessionConfig, SessionContext};
use gpu_activations_datafusion::cli::{Functions, Query};
use gpu_activations_datafusion::{Options, register};

#[derive(Args)]
pub struct Arguments {
    /// The scheduler.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:50050", value_parser = address)]
    scheduler: (String, u16),
    #[command(flatten)]
    query: Query,
    #[command(flatten)]
    functions: Functions,
}

pub async fn run(Arguments { scheduler: (host, port), query, functions }: Arguments) -> Result<()> {
    let state = default_session_builder(query.configure(SessionConfig::new_with_ballista()))?;
    let mut session = SessionContext::remote_with_state(&format!("df://{host}:{port}"), state).await?;
    // Only now: a state that is made remote begins with Ballista's own functions.
    register(&mut session, &Options::from(&functions))?;
    query.run(&session).await
}
