use crate::session;
use anyhow::{Context, Result};
use ballista_core::registry::BallistaFunctionRegistry;
use ballista_core::utils::default_config_producer;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use clap::Args;
use gpu_activations::Error;
use gpu_activations_datafusion::cli::Functions;
use gpu_activations_datafusion::{Device, Options, shared_context};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Args)]
pub struct Arguments {
    /// The scheduler.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:50050", value_parser = address)]
    scheduler: (String, u16),
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    bind: IpAddr,
    /// How others reach this machine; the address to listen on unless given.
    #[arg(long)]
    host: Option<String>,
    /// From here others fetch results.
    #[arg(long, default_value_t = 50051)]
    port: u16,
    /// Partitions that are computed side by side. One device serves them all.
    #[arg(long, value_name = "COUNT", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..))]
    slots: u16,
    /// Where results of partitions lie until others have fetched them.
    #[arg(long, value_name = "FOLDER")]
    work: Option<PathBuf>,
    #[command(flatten)]
    functions: Functions,
}

/// Reads `HOST:PORT`.
pub fn address(text: &str) -> Result<(String, u16), String> {
    let (host, port) = text.rsplit_once(':').ok_or("HOST:PORT is wanted")?;
    Ok((host.to_owned(), port.parse().map_err(|error| format!("{port}: {error}"))?))
}

pub async fn run(arguments: Arguments) -> Result<()> {
    let Arguments { bind, port, slots, .. } = arguments;
    let host = arguments.host.unwrap_or_else(|| bind.to_string());
    let node = format!("executor {host}:{port}");
    let options = Options { node: Some(node.clone()), ..Options::from(&arguments.functions) };
    let registry = BallistaFunctionRegistry::from(&session::state(default_config_producer(), &options)?);
    announce(&node, options).await?;
    let (scheduler_host, scheduler_port) = arguments.scheduler;
    let config = ExecutorProcessConfig {
        bind_host: bind.to_string(),
        external_host: Some(host),
        port,
        scheduler_host,
        scheduler_port,
        scheduler_connect_timeout_seconds: 60,
        task_scheduling_policy: session::POLICY,
        vcores: slots.into(),
        work_dir: arguments.work.map(|folder| folder.to_string_lossy().into_owned()),
        override_function_registry: Some(Arc::new(registry)),
        ..ExecutorProcessConfig::default()
    };
    start_executor_process(Arc::new(config)).await.context("the executor has ended")
}

/// Says on what this executor computes. Making the context takes long, so it is made before the first task.
async fn announce(node: &str, options: Options) -> Result<()> {
    if options.device == Device::Reference {
        eprintln!("{node} computes by the reference");
        return Ok(());
    }
    let may_use_reference = options.device == Device::AdapterOrReference;
    match tokio::task::spawn_blocking(move || shared_context(&options)).await? {
        Ok(context) => eprintln!("{node} computes on {}", context.adapter_info().name),
        Err(error @ Error::NoAdapter { .. }) if may_use_reference => {
            eprintln!("{node} computes by the reference: {error}")
        }
        Err(error) => eprintln!("{node}: {error}"),
    }
    Ok(())
}
