//! Functions along lists against the crate, bit for bit.

mod session;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, FixedSizeListArray, Float64Array, LargeListArray, ListArray};
use datafusion::arrow::datatypes::{DataType, Float16Type, Float32Type, Float64Type};
use gpu_activations::{Axis, AxisFunction};
use gpu_activations_datafusion::{Device, Options, shared_context};
use half::f16;
use session::{column, columns, session, table};
use std::sync::Arc;

type Row = Option<Vec<Option<f32>>>;

fn lists(rows: Vec<Row>) -> ArrayRef {
    Arc::new(ListArray::from_iter_primitive::<Float32Type, _, _>(rows))
}

/// `rows` lists of `length` numbers.
fn even(rows: usize, length: usize) -> (Vec<f32>, ArrayRef) {
    let x: Vec<f32> = (0..rows * length).map(|index| (index * 37 % 101) as f32 / 13.0 - 3.0).collect();
    let lists = lists(x.chunks(length).map(|row| Some(row.iter().copied().map(Some).collect())).collect());
    (x, lists)
}

fn numbers(y: &ArrayRef) -> Vec<u32> {
    let numbers = y.as_list_opt::<i32>().map_or(y, |lists| lists.values());
    numbers.as_primitive::<Float32Type>().values().iter().map(|y| y.to_bits()).collect()
}

fn bits(y: &[f32]) -> Vec<u32> {
    y.iter().map(|y| y.to_bits()).collect()
}

/// `softmax(x, 0.3)`.
fn call(name: &str, function: &AxisFunction) -> String {
    let array = if matches!(function, AxisFunction::LogSumExp { .. } | AxisFunction::LogMeanExp { .. }) {
        "array_"
    } else {
        ""
    };
    let known = function.parameters().iter().map(|parameter| parameter.name);
    let values = function.values();
    let value = |name| match function {
        AxisFunction::Gated { activation, .. } if name == "activation" => Some(activation.to_string()),
        _ => values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()),
    };
    let literal = |value: String| match value.parse::<f64>() {
        Ok(number) if number.is_finite() => value,
        Ok(_) => format!("CAST('{value}' AS DOUBLE)"),
        Err(_) if ["true", "false"].contains(&value.as_str()) => value,
        Err(_) => format!("'{value}'"),
    };
    let values: String = known.filter_map(value).map(|value| format!(", {}", literal(value))).collect();
    format!("{array}{name}(x{values})")
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_along_an_axis_agree_with_the_crate() -> anyhow::Result<()> {
    let options = Options::default();
    let context = shared_context(&options)?;
    // The table's batches have two lists each, and lie in one array.
    let (x, batch) = even(6, 12);
    let session = session(&options, table([("x", batch)]))?;
    for (name, default) in AxisFunction::all() {
        for function in default.samples() {
            let query = format!("SELECT {} FROM t", call(name, &function));
            let found = column(&session, &query).await?;
            let mut wanted = Vec::new();
            for batch in x.chunks(2 * 12) {
                wanted.extend(context.forward_along_slice(&function, &Axis::last(&[2, 12])?, None, batch)?);
            }
            assert_eq!(numbers(&found), bits(&wanted), "{query}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn gated_units_take_words() -> anyhow::Result<()> {
    let (_, batch) = even(3, 4);
    let session = session(&Options::default(), table([("x", batch)]))?;
    let found =
        columns(&session, "SELECT swiglu(x), gated(x, 'silu') AS a, gated(x, activation => 'silu') AS b FROM t")
            .await?;
    assert_eq!(numbers(&found[0]), numbers(&found[1]));
    assert_eq!(numbers(&found[0]), numbers(&found[2]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn ragged_lists_keep_their_lengths_and_nulls() -> anyhow::Result<()> {
    let rows = vec![
        Some(vec![Some(0.0), Some(0.0)]),
        None,
        Some(vec![]),
        Some(vec![Some(1.0)]),
        Some(vec![Some(0.0), None, Some(0.0)]),
        Some(vec![Some(f32::NAN), Some(1.0)]),
    ];
    let session = session(&Options::default(), table([("x", lists(rows))]))?;
    let found = column(&session, "SELECT softmax(x) FROM t").await?;
    let found = found.as_list::<i32>();
    let row = |index: usize| {
        let row = found.value(index);
        row.as_primitive::<Float32Type>().iter().collect::<Vec<_>>()
    };
    assert_eq!(row(0), [Some(0.5), Some(0.5)]);
    assert!(found.is_null(1) && found.is_valid(2));
    assert_eq!(row(2), []);
    assert_eq!(row(3), [Some(1.0)]);
    assert_eq!(row(4), [Some(0.5), None, Some(0.5)]);
    assert!(row(5).iter().all(|y| y.is_some_and(f32::is_nan)));

    let sums = column(&session, "SELECT array_logsumexp(x) FROM t").await?;
    let sums = sums.as_primitive::<Float32Type>();
    assert!(sums.is_null(1));
    assert_eq!(sums.value(2), f32::NEG_INFINITY);
    assert_eq!((sums.value(0), sums.value(4)), (std::f32::consts::LN_2, std::f32::consts::LN_2));

    let error = column(&session, "SELECT glu(x) FROM t WHERE cardinality(x) = 3").await.unwrap_err().to_string();
    assert!(error.contains("glu takes no lists with NULL in them"), "{error}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_every_kind_are_taken() -> anyhow::Result<()> {
    let half = |x: f32| Some(f16::from_f32(x));
    let halves = ListArray::from_iter_primitive::<Float16Type, _, _>([Some([half(1.0), half(1.0)])]);
    let large = LargeListArray::from_iter_primitive::<Float32Type, _, _>([Some([Some(1.0), Some(1.0)])]);
    let fixed = FixedSizeListArray::from_iter_primitive::<Float64Type, _, _>([Some([Some(1.0), Some(1.0)])], 2);
    let batch =
        table([("halves", Arc::new(halves) as ArrayRef), ("large", Arc::new(large)), ("fixed", Arc::new(fixed))]);
    let query = "SELECT softmax(halves), softmax(large), softmax(fixed), softmax([1, 1]) FROM t";

    let found = columns(&session(&Options::default(), batch.clone())?, query).await?;
    assert_eq!(found[0].as_list::<i32>().values().as_primitive::<Float16Type>().value(0), f16::from_f32(0.5));
    assert_eq!(found[1].as_list::<i64>().values().as_primitive::<Float32Type>().value(0), 0.5);
    assert_eq!(found[2].as_list::<i32>().values().as_primitive::<Float32Type>().value(0), 0.5);
    assert_eq!(found[3].as_list::<i32>().values().data_type(), &DataType::Float32);

    let reference = Options { device: Device::Reference, ..Options::default() };
    let found = columns(&session(&reference, batch)?, query).await?;
    assert_eq!(found[2].as_list::<i32>().values().as_ref(), &Float64Array::from(vec![0.5, 0.5]) as &dyn Array);
    Ok(())
}
