use crate::session;
use anyhow::{Context, Result};
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::{SchedulerConfig, TaskDistributionPolicy};
use ballista_scheduler::scheduler_process::start_server;
use clap::Args;
use gpu_activations_datafusion::Options;
use gpu_activations_datafusion::cli::Functions;
use std::net::IpAddr;
use std::sync::Arc;

#[derive(Args)]
pub struct Arguments {
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    bind: IpAddr,
    /// How others reach this machine; the address to listen on unless given.
    #[arg(long)]
    host: Option<String>,
    /// The port to listen on.
    #[arg(long, default_value_t = 50050)]
    port: u16,
    /// Seconds without a sign of life after which an executor counts as dead. One that is busy gives a sign every five seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(10..))]
    timeout: u64,
    #[command(flatten)]
    functions: Functions,
}

pub async fn run(arguments: Arguments) -> Result<()> {
    let options = Options::from(&arguments.functions);
    let Arguments { bind, host, port, timeout, .. } = arguments;
    let config = SchedulerConfig {
        bind_host: bind.to_string(),
        bind_port: port,
        external_host: host.unwrap_or_else(|| bind.to_string()),
        scheduling_policy: session::POLICY,
        // Each executor has a device of its own, so that all should be busy.
        task_distribution: TaskDistributionPolicy::RoundRobin,
        executor_timeout_seconds: timeout,
        no_executors_grace_period_seconds: timeout,
        expire_dead_executor_interval_seconds: 1,
        override_session_builder: Some(Arc::new(move |config| session::state(config, &options))),
        ..SchedulerConfig::default()
    };
    let cluster = BallistaCluster::new_from_config(&config).await?;
    start_server(cluster, (bind, port).into(), Arc::new(config)).await.context("the scheduler has ended")
}
