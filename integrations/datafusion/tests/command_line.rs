//! `gpu-activations-sql`, from Parquet to Parquet.

use anyhow::Result;
use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::{Float32Type, Int64Type};
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use gpu_activations::Activation;
use gpu_activations_datafusion::{Options, shared_context};
use std::fs::File;
use std::path::Path;
use std::process::{Command, Output};

fn run(query: &str, arguments: &[&str]) -> Result<Output> {
    Ok(Command::new(env!("CARGO_BIN_EXE_gpu-activations-sql")).arg(query).args(arguments).output()?)
}

fn read(path: &Path) -> Result<RecordBatch> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let schema = builder.schema().clone();
    Ok(concat_batches(&schema, &builder.build()?.collect::<Result<Vec<_>, _>>()?)?)
}

#[test]
fn rows_pass_through_in_their_order() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let [input, output] = ["in.parquet", "out.parquet"].map(|name| folder.path().join(name));
    let numbers = "SELECT value AS id, CAST(value AS FLOAT) / 1000 AS x FROM generate_series(-50000, 50000)";
    let (input, output) = (input.to_string_lossy(), output.to_string_lossy());
    let made = run(numbers, &["--output", &input])?;
    assert!(made.status.success(), "{made:?}");
    let done =
        run("SELECT id, gelu(x) AS y FROM input", &["--input", &input, "--output", &output, "--batch", "10000"])?;
    assert!(done.status.success(), "{done:?}");
    let (input, output) = (read(Path::new(&*input))?, read(Path::new(&*output))?);
    let id = output.column(0).as_primitive::<Int64Type>();
    assert!(id.values().iter().copied().eq(-50000..=50000));
    let x = input.column(1).as_primitive::<Float32Type>().values();
    let wanted = shared_context(&Options::default())?.forward_slice(Activation::Gelu, x)?;
    assert_eq!(output.column(1).as_primitive::<Float32Type>().values(), wanted.as_slice());
    Ok(())
}

#[cfg(unix)]
#[test]
fn only_a_regular_file_is_replaced() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let socket = folder.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket)?;
    for output in [folder.path(), &socket] {
        let failed = run("SELECT 1 AS one", &["--output", &output.to_string_lossy()])?;
        assert_eq!(failed.status.code(), Some(1));
        let said = String::from_utf8(failed.stderr)?;
        assert!(said.contains("exists and is not a regular file"), "{said}");
    }
    assert!(!socket.is_file());
    Ok(())
}

#[test]
fn a_failure_leaves_no_file() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let output = folder.path().join("out.parquet");
    let output = output.to_string_lossy();
    for (query, arguments, text) in [
        ("SELECT gleu(1.0)", vec![], "Invalid function 'gleu'"),
        ("SELECT gelu(x)", vec![], "No field named x"),
        ("SELECT gelu(1.0)", vec!["--input", "/nowhere/in.parquet"], "cannot read /nowhere/in.parquet"),
        ("SELECT gelu(value) FROM generate_series(1, 9)", vec!["--adapter", "no such adapter"], "no such adapter"),
    ] {
        let failed = run(query, &[&["--output", &output], arguments.as_slice()].concat())?;
        assert_eq!(failed.status.code(), Some(1), "{query}");
        let said = String::from_utf8(failed.stderr)?;
        assert_eq!(said.matches(text).count(), 1, "{said}");
        assert_eq!(folder.path().read_dir()?.count(), 0);
    }
    Ok(())
}
