//! A scheduler and two executors on this machine's loopback addresses, against one process. `cargo xtask test-cluster` runs
//! it; `--nocapture` shows the times.

mod processes;
mod table;

use datafusion::arrow::array::RecordBatch;
use gpu_activations_datafusion::{Device, Options};
use processes::Cluster;
use std::time::{Duration, Instant};
use table::{FILES, Table};

const QUERY: &str =
    "SELECT id, gelu(x) AS y, swish_derivative(x, 1.5) AS d, x - softsign(x) AS z FROM input ORDER BY id";

#[test]
fn two_executors_give_what_one_process_gives() -> anyhow::Result<()> {
    let table = Table::written()?;
    let (wanted, seconds) = timed(|| table.in_one_process(QUERY, Options::default()))?;
    println!("one process: {seconds:.1} s");
    for executors in 1..=2 {
        let cluster = Cluster::started(&vec![vec![]; executors])?;
        let (found, seconds) = timed(|| table.on_cluster(&cluster, QUERY, &[]))?;
        println!("executors: {executors}: {seconds:.1} s");
        assert_eq!(found, wanted);
    }
    Ok(())
}

#[test]
fn an_executors_death_loses_nothing() -> anyhow::Result<()> {
    let table = Table::written()?;
    let wanted = table.in_one_process(QUERY, Options::default())?;
    // In the middle; near the end; and when the other one fetches its results to sort them.
    for computed in [FILES / 2, FILES * 9 / 10, FILES] {
        let mut cluster = Cluster::started(&[vec![], vec![]])?;
        let begun = Instant::now();
        let (query, output) = table.query(&cluster, QUERY, &[])?;
        while cluster.results() < computed {
            anyhow::ensure!(begun.elapsed() < Duration::from_secs(120), "the executors compute too little");
            std::thread::sleep(Duration::from_millis(10));
        }
        cluster.executors[1].kill()?;
        query.finished()?.expect_success()?;
        println!(
            "one of two executors dies after {computed} of {FILES} partitions: {:.1} s",
            begun.elapsed().as_secs_f64()
        );
        assert_eq!(table::read(&output)?, wanted);
    }
    Ok(())
}

#[test]
fn an_executor_without_an_adapter_is_named() -> anyhow::Result<()> {
    let table = Table::written()?;
    let cluster = Cluster::started(&[vec!["--adapter", "no such adapter"]])?;
    let (query, output) = table.query(&cluster, QUERY, &[])?;
    let said = query.finished()?.expect_failure()?;
    assert!(said.contains(&cluster.executors[0].name), "{said}");
    assert!(said.contains("no such adapter"), "{said}");
    assert!(!output.exists());
    Ok(())
}

#[test]
fn the_reference_is_the_same_everywhere() -> anyhow::Result<()> {
    let table = Table::written()?;
    let options = Options { device: Device::Reference, ..Options::default() };
    let wanted: RecordBatch = table.in_one_process(QUERY, options)?;
    let reference = ["--device", "reference"];
    let cluster = Cluster::started_with(&[vec![], vec![]], &reference)?;
    assert_eq!(table.on_cluster(&cluster, QUERY, &reference)?, wanted);
    Ok(())
}

#[test]
fn aggregates_and_lists_travel() -> anyhow::Result<()> {
    let table = Table::written()?;
    let cluster = Cluster::started(&[vec![], vec![]])?;
    // Sums of f64 in another order give the same f32, but for one case in many millions.
    for query in [
        "SELECT id % 3 AS g, logsumexp(gelu(x)) AS s FROM input WHERE NOT isnan(x) GROUP BY g ORDER BY g",
        "SELECT id, softmax([x, 1 - x, 0.5]) AS y FROM input WHERE id % 1000 = 7 ORDER BY id",
    ] {
        assert_eq!(table.on_cluster(&cluster, query, &[])?, table.in_one_process(query, Options::default())?);
    }
    Ok(())
}

fn timed<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<(T, f64)> {
    let begun = Instant::now();
    Ok((work()?, begun.elapsed().as_secs_f64()))
}
