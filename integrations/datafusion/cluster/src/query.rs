use crate::executor::address;
use crate::session;
use anyhow::Result;
use ballista::prelude::{SessionConfigExt, SessionContextExt};
use clap::Args;
use datafusion::prelude::{SessionConfig, SessionContext};
use gpu_activations_datafusion::Options;
use gpu_activations_datafusion::cli::{Functions, Query};

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
    let config = query.configure(SessionConfig::new_with_ballista());
    let state = session::state(config, &Options::from(&functions))?;
    let session = SessionContext::remote_with_state(&format!("df://{host}:{port}"), state).await?;
    query.run(&session).await
}
