//! `logsumexp` and `logmeanexp` of columns.

mod session;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float32Array, Float64Array, Int32Array};
use datafusion::arrow::datatypes::{Float32Type, Float64Type};
use gpu_activations::{Axis, AxisFunction};
use gpu_activations_datafusion::Options;
use session::{column, columns, session, table};
use std::sync::Arc;

fn reference(function: &AxisFunction, x: &[f64]) -> anyhow::Result<f64> {
    Ok(function.forward(&Axis::last(&[1, x.len()])?, None, x)?[0])
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_over_partitions_are_those_of_the_reference() -> anyhow::Result<()> {
    let x: Vec<f64> = (0..3001).map(|index| f64::from(index * 7919 % 3001) / 3.0 - 500.0).collect();
    let batch = table([("x", Arc::new(Float64Array::from(x.clone())) as ArrayRef)]);
    let session = session(&Options::default(), batch)?;
    for (call, function) in [
        ("logsumexp(x)", AxisFunction::LogSumExp { temperature: 1.0 }),
        ("logsumexp(x, 7.0)", AxisFunction::LogSumExp { temperature: 7.0 }),
        ("logmeanexp(x)", AxisFunction::LogMeanExp { temperature: 1.0 }),
        ("logmeanexp(x, temperature => 0.5)", AxisFunction::LogMeanExp { temperature: 0.5 }),
    ] {
        let found = column(&session, &format!("SELECT {call} FROM t")).await?;
        let (found, wanted) = (found.as_primitive::<Float64Type>().value(0), reference(&function, &x)?);
        assert!((found - wanted).abs() <= 1e-13 * wanted.abs(), "{call}: {found}, not {wanted}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_and_windows_have_sums_of_their_own() -> anyhow::Result<()> {
    let group = Int32Array::from(vec![1, 1, 2, 2, 3]);
    let x = Float32Array::from(vec![Some(0.0), Some(0.0), Some(5.0), None, None]);
    let batch = table([("g", Arc::new(group) as ArrayRef), ("x", Arc::new(x))]);
    let session = session(&Options::default(), batch)?;
    let sums = column(&session, "SELECT logsumexp(x) FROM t GROUP BY g ORDER BY g").await?;
    let sums = sums.as_primitive::<Float32Type>();
    assert_eq!((sums.value(0), sums.value(1), sums.is_null(2)), (std::f32::consts::LN_2, 5.0, true));
    // Softmax within a group.
    let shares = "SELECT exp(x - logsumexp(x) OVER (PARTITION BY g)) FROM t WHERE g = 1";
    let shares = column(&session, shares).await?;
    assert!(shares.as_primitive::<Float32Type>().values().iter().all(|share| (share - 0.5).abs() < 1e-7));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn infinities_and_nan_have_their_meaning() -> anyhow::Result<()> {
    let value = async |x: Vec<f32>| -> anyhow::Result<f32> {
        let session = session(&Options::default(), table([("x", Arc::new(Float32Array::from(x)) as ArrayRef)]))?;
        Ok(column(&session, "SELECT logsumexp(x) FROM t").await?.as_primitive::<Float32Type>().value(0))
    };
    let infinity = f32::INFINITY;
    assert!(value(vec![1.0, f32::NAN, 2.0]).await?.is_nan());
    assert_eq!(value(vec![1.0, infinity, 2.0]).await?, infinity);
    assert_eq!(value(vec![-infinity; 4]).await?, -infinity);
    assert_eq!(value(vec![-infinity, 3.0, -infinity, -infinity]).await?, 3.0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_calls_say_what_is_wrong() -> anyhow::Result<()> {
    let session = session(&Options::default(), table([("x", Arc::new(Float32Array::from(vec![1.0])) as ArrayRef)]))?;
    for (query, text) in [
        ("SELECT logsumexp(x, -1.0) FROM t", "temperature"),
        ("SELECT logsumexp(x, x) FROM t", "temperature of logsumexp must be a constant"),
        ("SELECT logsumexp('a') FROM t", "logsumexp takes numbers"),
        (
            "SELECT logsumexp(x) OVER (ORDER BY x ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t",
            "sliding accumulator",
        ),
    ] {
        let error = columns(&session, query).await.expect_err(query).to_string();
        assert!(error.contains(text), "{query}: {error}");
    }
    Ok(())
}
