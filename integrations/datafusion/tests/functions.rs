//! Every function through SQL against the crate, bit for bit.

mod session;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Float16Array, Float32Array, Float64Array, Int32Array, RecordBatch,
};
use datafusion::arrow::datatypes::{Float16Type, Float32Type, Float64Type};
use gpu_activations::{Activation, Order};
use gpu_activations_datafusion::{Device, Options, shared_context};
use half::f16;
use session::{column, columns, session, table};
use std::sync::Arc;

/// Numbers of all kinds, among them NaN, infinities and subnormal numbers.
fn numbers() -> Vec<f32> {
    let special = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0, 1e-40, -1e-40, f32::MAX, f32::MIN];
    special.into_iter().chain((0..2000).map(|index| (index as f32 - 1000.0) / 77.0)).collect()
}

fn bits(y: &[f32]) -> Vec<u32> {
    y.iter().map(|y| y.to_bits()).collect()
}

/// `swish`, `(x, 1.5)`.
fn call(activation: &Activation, suffix: &str) -> String {
    let values: String = activation.values().iter().map(|value| format!(", {}", literal(*value))).collect();
    format!("{}{suffix}(x{values})", activation.name())
}

fn literal(value: f32) -> String {
    if value.is_finite() { format!("{:e}", f64::from(value)) } else { format!("CAST('{value}' AS DOUBLE)") }
}

#[tokio::test(flavor = "multi_thread")]
async fn elementwise_functions_agree_with_the_crate() -> anyhow::Result<()> {
    let options = Options { replace: true, ..Options::default() };
    let context = shared_context(&options)?;
    let x = numbers();
    let session = session(&options, table([("x", Arc::new(Float32Array::from(x.clone())) as ArrayRef)]))?;
    for activation in Activation::ALL.iter().flat_map(|activation| activation.samples()) {
        let [f, first, second] = ["", "_derivative", "_second_derivative"].map(|suffix| call(&activation, suffix));
        let query = format!("SELECT {f}, {first}, {second} FROM t");
        let found = columns(&session, &query).await?;
        let wanted = [
            context.forward_slice(activation, &x)?,
            context.derivative_slice(activation, Order::First, &x)?,
            context.derivative_slice(activation, Order::Second, &x)?,
        ];
        for (found, wanted) in found.iter().zip(wanted) {
            assert_eq!(bits(found.as_primitive::<Float32Type>().values()), bits(&wanted), "{query}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_have_defaults_and_names() -> anyhow::Result<()> {
    let options = Options::default();
    let session = session(&options, table([("x", Arc::new(Float32Array::from(numbers())) as ArrayRef)]))?;
    let found =
        columns(&session, "SELECT swish(x, 1.5) AS a, swish(x, beta => 1.5) AS b, swish(x), silu(x) FROM t").await?;
    let values = |index: usize| bits(found[index].as_primitive::<Float32Type>().values());
    assert_eq!(values(0), values(1));
    assert_eq!(values(2), values(3));
    assert_ne!(values(0), values(2));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn halves_stay_halves() -> anyhow::Result<()> {
    let options = Options::default();
    let x: Vec<f16> = numbers().into_iter().map(f16::from_f32).collect();
    let session = session(&options, table([("x", Arc::new(Float16Array::from(x.clone())) as ArrayRef)]))?;
    let found = column(&session, "SELECT gelu(x) FROM t").await?;
    let wanted = shared_context(&options)?.forward_slice(Activation::Gelu, &x)?;
    let bits = |y: &[f16]| y.iter().map(|y| y.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(found.as_primitive::<Float16Type>().values()), bits(&wanted));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn doubles_are_rounded_for_the_device_and_kept_for_the_reference() -> anyhow::Result<()> {
    let x: Vec<f64> = (0..1000).map(|index| f64::from(index) / 70.0 - 7.0).collect();
    let batch = || table([("x", Arc::new(Float64Array::from(x.clone())) as ArrayRef)]);
    let options = Options::default();
    let found = column(&session(&options, batch())?, "SELECT mish(x) FROM t").await?;
    let rounded: Vec<f32> = x.iter().map(|x| *x as f32).collect();
    let wanted = shared_context(&options)?.forward_slice(Activation::Mish, &rounded)?;
    assert_eq!(bits(found.as_primitive::<Float32Type>().values()), bits(&wanted));

    let options = Options { device: Device::Reference, ..Options::default() };
    let found = column(&session(&options, batch())?, "SELECT mish_derivative(x) FROM t").await?;
    let wanted: Vec<f64> = x.iter().map(|x| Activation::Mish.derivative(*x)).collect();
    assert_eq!(found.as_primitive::<Float64Type>().values(), wanted.as_slice());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nulls_stay_nulls() -> anyhow::Result<()> {
    let x = Float32Array::from(vec![Some(1.0), None, Some(-1.0), Some(f32::NAN)]);
    let session = session(&Options::default(), table([("x", Arc::new(x) as ArrayRef)]))?;
    let y = column(&session, "SELECT relu(x) FROM t").await?;
    let y = y.as_primitive::<Float32Type>();
    assert_eq!((y.value(0), y.is_null(1), y.value(2)), (1.0, true, 0.0));
    assert!(y.is_valid(3) && y.value(3).is_nan());
    for query in ["SELECT relu(NULL)", "SELECT softmax(NULL)", "SELECT array_logsumexp(NULL)"] {
        assert!(column(&session, query).await?.is_null(0), "{query}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn integers_and_literals_are_numbers() -> anyhow::Result<()> {
    let session = session(&Options::default(), table([("x", Arc::new(Float32Array::from(vec![1.0])) as ArrayRef)]))?;
    let found = columns(&session, "SELECT relu(3), relu(-2.5), relu(CAST(7 AS DECIMAL(5, 2)))").await?;
    let values: Vec<f32> = found.iter().map(|y| y.as_primitive::<Float32Type>().value(0)).collect();
    assert_eq!(values, [3.0, 0.0, 7.0]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn dictionaries_are_the_numbers_that_they_stand_for() -> anyhow::Result<()> {
    let keys = Int32Array::from(vec![Some(1), None, Some(0), Some(1)]);
    let x = DictionaryArray::new(keys, Arc::new(Float32Array::from(vec![-2.0, 3.0])));
    let session = session(&Options::default(), table([("x", Arc::new(x) as ArrayRef)]))?;
    let y = column(&session, "SELECT relu(x) FROM t").await?;
    assert_eq!(y.as_primitive(), &Float32Array::from(vec![Some(3.0), None, Some(0.0), Some(3.0)]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_batches_give_empty_results() -> anyhow::Result<()> {
    let empty = table([("x", Arc::new(Float32Array::from(Vec::<f32>::new())) as ArrayRef)]);
    let session = session(&Options::default(), empty)?;
    assert_eq!(column(&session, "SELECT gelu(x) FROM t").await?.len(), 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_calls_say_what_is_wrong() -> anyhow::Result<()> {
    let batch: RecordBatch = table([("x", Arc::new(Float32Array::from(vec![1.0])) as ArrayRef)]);
    let session = session(&Options::default(), batch)?;
    for (query, text) in [
        ("SELECT gelu('a')", "gelu takes numbers, not Utf8"),
        ("SELECT gelu()", "gelu takes 1 argument (x), not 0"),
        ("SELECT gelu(x, 1.0) FROM t", "gelu takes 1 argument (x), not 2"),
        ("SELECT swish(x, 'a') FROM t", "beta of swish is a number, not Utf8"),
        ("SELECT swish(x, x) FROM t", "beta of swish must be a constant"),
        ("SELECT swish(x, NULL) FROM t", "beta of swish is a number, not Null"),
        ("SELECT swish(x, CAST(NULL AS DOUBLE)) FROM t", "beta of swish is NULL"),
        ("SELECT elu(x, CAST('NaN' AS DOUBLE)) FROM t", "alpha"),
        ("SELECT swish(x, gamma => 1.0) FROM t", "Unknown parameter name 'gamma'"),
        ("SELECT softmax(x) FROM t", "softmax takes lists of numbers, not Float32"),
        ("SELECT softmax([x], 0.0) FROM t", "temperature"),
        ("SELECT swiglu([x, x, x]) FROM t", "swiglu needs an even division: axis 1 of the shape (1, 3) is 3 long"),
        ("SELECT gleu(x) FROM t", "Invalid function 'gleu'"),
    ] {
        let error = columns(&session, query).await.expect_err(query).to_string();
        assert!(error.contains(text), "{query}: {error}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_datafusion_has_stay_its_own() -> anyhow::Result<()> {
    let batch = || table([("x", Arc::new(Float64Array::from(vec![0.3])) as ArrayRef)]);
    let value = async |options: Options, query: &str| -> anyhow::Result<ArrayRef> {
        column(&session(&options, batch())?, query).await
    };
    let theirs = value(Options::default(), "SELECT tanh(x) FROM t").await?;
    assert!(theirs.as_primitive_opt::<Float64Type>().is_some());
    let ours = value(Options { replace: true, ..Options::default() }, "SELECT tanh(x) FROM t").await?;
    assert!(ours.as_primitive_opt::<Float32Type>().is_some());
    let prefixed = Options { prefix: "gpu_".to_owned(), ..Options::default() };
    let ours = value(prefixed, "SELECT gpu_tanh(x) FROM t").await?;
    assert!(ours.as_primitive_opt::<Float32Type>().is_some());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_adapter_is_an_error_or_the_reference() -> anyhow::Result<()> {
    let batch = || table([("x", Arc::new(Float32Array::from(vec![0.3])) as ArrayRef)]);
    let missing =
        Options { adapter: Some("no such adapter".to_owned()), node: Some("node 7".to_owned()), ..Options::default() };
    let error = column(&session(&missing, batch())?, "SELECT gelu(x) FROM t").await.unwrap_err().to_string();
    assert!(error.contains("node 7: ") && error.contains("no such adapter"), "{error}");
    let otherwise = Options { device: Device::AdapterOrReference, ..missing };
    let y = column(&session(&otherwise, batch())?, "SELECT gelu(x) FROM t").await?;
    let wanted = Activation::Gelu.forward(f64::from(0.3_f32)) as f32;
    assert_eq!(y.as_primitive::<Float32Type>().value(0), wanted);
    Ok(())
}
