//! Scalar functions along each list of a column.

use crate::arguments::{check_parameter_types, configured, constants, number_type, result_type};
use crate::device::{Processor, execution_error, processor};
use crate::elementwise::narrowed;
use crate::options::Options;
use datafusion::arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, GenericListArray, OffsetSizeTrait, PrimitiveArray,
};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float16Type, Float32Type, Float64Type};
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use gpu_activations::{Axis, AxisFunction, Error};
use half::f16;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// A function along an axis; a list is a row. Lists of one length pass through the device together.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Along {
    name: String,
    function: AxisFunction,
    options: Options,
    signature: Signature,
}

impl Along {
    /// `name` is that of the table. A function that gives one number for a list is called like DataFusion's `array_sum`,
    /// because the plain name is that of the aggregate.
    pub(crate) fn new(name: &str, function: &AxisFunction, options: &Options) -> Result<Along> {
        let array = if reduces(function) { "array_" } else { "" };
        let parameters = function.parameters().iter().map(|parameter| parameter.name);
        let names = std::iter::once("list").chain(parameters).collect();
        // Its noise depends on where an entry lies among the lists of its length.
        let draws = matches!(function, AxisFunction::GumbelSoftmax { .. });
        let volatility = if draws { Volatility::Volatile } else { Volatility::Immutable };
        let signature = Signature::user_defined(volatility).with_parameter_names(names)?;
        let name = format!("{}{array}{name}", options.prefix);
        Ok(Along { name, function: function.clone(), options: options.clone(), signature })
    }

    fn with_parameters<'a>(&self, given: impl IntoIterator<Item = &'a ScalarValue>) -> Result<AxisFunction> {
        let function = configured(&self.function.clone().into(), given)?;
        Ok(function.along().unwrap_or(&self.function).clone())
    }

    fn compute(&self, function: &AxisFunction, lists: &ArrayRef, result: &DataType) -> Result<ArrayRef> {
        match lists.data_type() {
            DataType::List(_) => self.compute_lists(function, lists.as_list::<i32>(), result),
            DataType::LargeList(_) => self.compute_lists(function, lists.as_list::<i64>(), result),
            other => exec_err!("{} takes lists, not {other}", self.name),
        }
    }

    fn compute_lists<O: OffsetSizeTrait>(
        &self,
        function: &AxisFunction,
        lists: &GenericListArray<O>,
        result: &DataType,
    ) -> Result<ArrayRef> {
        let number = match result {
            DataType::List(field) | DataType::LargeList(field) => field.data_type(),
            number => number,
        };
        let values = &within(lists);
        let failed = |error: Error| execution_error(&self.options, None, error);
        match (processor(&self.options)?, number) {
            (Processor::Device(context), DataType::Float32) => {
                self.by_length::<Float32Type, O>(function, lists, &narrowed(values)?, |axis, mask, x| {
                    let y = context.forward_along_slice(function, axis, mask, x);
                    y.map_err(|error| execution_error(&self.options, Some(&context), error))
                })
            }
            (Processor::Device(context), DataType::Float16) => {
                self.by_length::<Float16Type, O>(function, lists, values, |axis, mask, x| {
                    let y = context.forward_along_slice(function, axis, mask, x);
                    y.map_err(|error| execution_error(&self.options, Some(&context), error))
                })
            }
            (Processor::Reference, DataType::Float32) => {
                self.by_length::<Float32Type, O>(function, lists, &narrowed(values)?, |axis, mask, x| {
                    reference(function, axis, mask, x, f64::from, |y| y as f32).map_err(failed)
                })
            }
            (Processor::Reference, DataType::Float16) => {
                self.by_length::<Float16Type, O>(function, lists, values, |axis, mask, x| {
                    reference(function, axis, mask, x, f64::from, f16::from_f64).map_err(failed)
                })
            }
            (Processor::Reference, DataType::Float64) => {
                self.by_length::<Float64Type, O>(function, lists, values, |axis, mask, x| {
                    reference(function, axis, mask, x, |x| x, |y| y).map_err(failed)
                })
            }
            (_, other) => exec_err!("{} was planned for {other}, which this node does not compute", self.name),
        }
    }

    /// Computes every list. Entries that are NULL are masked, and stay NULL where y has x's shape.
    fn by_length<T: ArrowPrimitiveType, O: OffsetSizeTrait>(
        &self,
        function: &AxisFunction,
        lists: &GenericListArray<O>,
        values: &ArrayRef,
        compute: impl Fn(&Axis, Option<&[u8]>, &[T::Native]) -> Computed<T>,
    ) -> Result<ArrayRef> {
        let values = values.as_primitive::<T>();
        let rows = Rows::of(lists);
        if !function.takes_mask() && rows.present().any(|row| has_nulls(values, &row)) {
            return exec_err!("{} takes no lists with NULL in them", self.name);
        }
        let failed = |error: Error| execution_error(&self.options, None, error);
        let length = |row: Option<&Range<usize>>| row.map_or(Ok(0), |row| output_length(function, row.len()));
        let lengths = rows.all().map(length).collect::<std::result::Result<Vec<usize>, _>>().map_err(&failed)?;
        let Some(offsets) = offsets_of::<O>(lengths) else {
            return exec_err!(
                "{} gives more numbers in a batch than the offsets of its lists hold; take smaller batches",
                self.name
            );
        };
        let y = numbers(values, &rows, &offsets, compute, failed)?;
        if reduces(function) {
            return Ok(Arc::new(spread::<T, O>(&y, &offsets, lists.nulls())));
        }
        let entries = function.takes_mask().then(|| kept_nulls(values, &rows)).flatten();
        let item = Arc::new(Field::new_list_field(T::DATA_TYPE, true));
        let y = PrimitiveArray::<T>::new(y.into(), entries);
        Ok(Arc::new(GenericListArray::<O>::new(item, offsets, Arc::new(y), lists.nulls().cloned())))
    }
}

/// Offsets of lists of these lengths, if they fit.
fn offsets_of<O: OffsetSizeTrait>(lengths: Vec<usize>) -> Option<OffsetBuffer<O>> {
    let total = lengths.iter().try_fold(0_usize, |total, length| total.checked_add(*length))?;
    O::from_usize(total).map(|_| OffsetBuffer::from_lengths(lengths))
}

type Computed<T> = Result<Vec<<T as ArrowPrimitiveType>::Native>>;

/// The results of all rows, each where the offsets say. Rows of one length are computed together.
fn numbers<T: ArrowPrimitiveType, O: OffsetSizeTrait>(
    values: &PrimitiveArray<T>,
    rows: &Rows,
    offsets: &OffsetBuffer<O>,
    compute: impl Fn(&Axis, Option<&[u8]>, &[T::Native]) -> Computed<T>,
    failed: impl Fn(Error) -> DataFusionError,
) -> Computed<T> {
    let mut y = vec![T::Native::default(); offsets.last().map_or(0, |last| last.as_usize())];
    for (length, group) in rows.of_each_length() {
        let axis = Axis::last(&[group.len(), length]).map_err(&failed)?;
        let x: Vec<T::Native> = group.iter().flat_map(|(_, row)| &values.values()[row.clone()]).copied().collect();
        let mask = group.iter().any(|(_, row)| has_nulls(values, row)).then(|| mask_of(values, &group));
        let computed = compute(&axis, mask.as_deref(), &x)?;
        let output = computed.len() / group.len();
        for (place, (index, _)) in group.iter().enumerate() {
            let start = offsets[*index].as_usize();
            y[start..start + output].copy_from_slice(&computed[place * output..][..output]);
        }
    }
    Ok(y)
}

/// The numbers of the lists, without those of other lists that share the array.
fn within<O: OffsetSizeTrait>(lists: &GenericListArray<O>) -> ArrayRef {
    let [first, last] =
        [lists.offsets().first(), lists.offsets().last()].map(|bound| bound.map_or(0, |o| o.as_usize()));
    lists.values().slice(first, last - first)
}

/// The lists of a batch as ranges of the numbers within; none where a list is NULL.
struct Rows(Vec<Option<Range<usize>>>);

impl Rows {
    fn of<O: OffsetSizeTrait>(lists: &GenericListArray<O>) -> Rows {
        let first = lists.offsets()[0].as_usize();
        let range = |bounds: &[O]| bounds[0].as_usize() - first..bounds[1].as_usize() - first;
        let ranges = lists.offsets().windows(2).map(range).enumerate();
        Rows(ranges.map(|(index, range)| lists.is_valid(index).then_some(range)).collect())
    }

    fn all(&self) -> impl Iterator<Item = Option<&Range<usize>>> {
        self.0.iter().map(Option::as_ref)
    }

    fn present(&self) -> impl Iterator<Item = Range<usize>> {
        self.0.iter().flatten().cloned()
    }

    /// The rows of each length with their indices.
    fn of_each_length(&self) -> BTreeMap<usize, Vec<(usize, Range<usize>)>> {
        let mut groups = BTreeMap::<usize, Vec<_>>::new();
        for (index, row) in self.0.iter().enumerate() {
            if let Some(row) = row {
                groups.entry(row.len()).or_default().push((index, row.clone()));
            }
        }
        groups
    }
}

fn has_nulls<T: ArrowPrimitiveType>(values: &PrimitiveArray<T>, row: &Range<usize>) -> bool {
    values.nulls().is_some_and(|nulls| nulls.slice(row.start, row.len()).null_count() > 0)
}

/// 1 for each entry that is there.
fn mask_of<T: ArrowPrimitiveType>(values: &PrimitiveArray<T>, group: &[(usize, Range<usize>)]) -> Vec<u8> {
    group.iter().flat_map(|(_, row)| row.clone()).map(|entry| u8::from(values.is_valid(entry))).collect()
}

/// The nulls among the entries, in the order of the rows.
fn kept_nulls<T: ArrowPrimitiveType>(values: &PrimitiveArray<T>, rows: &Rows) -> Option<NullBuffer> {
    values.nulls().map(|nulls| rows.present().flatten().map(|entry| nulls.is_valid(entry)).collect())
}

/// One number for each list, from those of the lists that are there.
fn spread<T: ArrowPrimitiveType, O: OffsetSizeTrait>(
    y: &[T::Native],
    offsets: &OffsetBuffer<O>,
    nulls: Option<&NullBuffer>,
) -> PrimitiveArray<T> {
    let number = |bounds: &[O]| y[bounds[0].as_usize()..bounds[1].as_usize()].first().copied().unwrap_or_default();
    let numbers: Vec<T::Native> = offsets.windows(2).map(number).collect();
    PrimitiveArray::new(numbers.into(), nulls.cloned())
}

/// Whether the axis becomes 1 long, whatever its length.
fn reduces(function: &AxisFunction) -> bool {
    matches!(function, AxisFunction::LogSumExp { .. } | AxisFunction::LogMeanExp { .. })
}

fn output_length(function: &AxisFunction, length: usize) -> std::result::Result<usize, Error> {
    Ok(function.output_shape(&Axis::last(&[1, length])?)?[1])
}

fn reference<T: Copy>(
    function: &AxisFunction,
    axis: &Axis,
    mask: Option<&[u8]>,
    x: &[T],
    widened: impl Fn(T) -> f64,
    rounded: impl Fn(f64) -> T,
) -> std::result::Result<Vec<T>, Error> {
    let x: Vec<f64> = x.iter().map(|&x| widened(x)).collect();
    let mask = mask.map(|mask| mask.iter().map(|&keeps| keeps != 0).collect::<Vec<_>>());
    Ok(function.forward(axis, mask.as_deref(), &x)?.into_iter().map(rounded).collect())
}

impl ScalarUDFImpl for Along {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        check_parameter_types(&self.name, "a list", self.function.parameters(), given)?;
        let item = |field: &FieldRef| -> Result<FieldRef> {
            Ok(Arc::new(Field::new_list_field(number_type(&self.name, field.data_type())?, true)))
        };
        let list = match &given[0] {
            DataType::List(field) | DataType::FixedSizeList(field, _) => DataType::List(item(field)?),
            DataType::LargeList(field) => DataType::LargeList(item(field)?),
            DataType::Null => DataType::new_list(DataType::Float32, true),
            other => return plan_err!("{} takes lists of numbers, not {other}", self.name),
        };
        Ok(std::iter::once(list).chain(given[1..].iter().cloned()).collect())
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        let result = |field: &FieldRef| result_type(field.data_type(), &self.options);
        let item = |field| Arc::new(Field::new_list_field(result(field), true));
        Ok(match &given[0] {
            DataType::List(field) | DataType::LargeList(field) if reduces(&self.function) => result(field),
            DataType::List(field) => DataType::List(item(field)),
            DataType::LargeList(field) => DataType::LargeList(item(field)),
            other => return plan_err!("{} takes lists of numbers, not {other}", self.name),
        })
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        self.with_parameters(arguments.scalar_arguments.iter().skip(1).map_while(|given| *given))?;
        let given = [arguments.arg_fields[0].data_type().clone()];
        Ok(Arc::new(Field::new(&self.name, self.return_type(&given)?, true)))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constants = constants(&self.name, &self.function.clone().into(), &arguments.args[1..])?;
        let function = self.with_parameters(constants)?;
        let result = arguments.return_type();
        match &arguments.args[0] {
            ColumnarValue::Array(lists) => Ok(ColumnarValue::Array(self.compute(&function, lists, result)?)),
            ColumnarValue::Scalar(list) => {
                let y = self.compute(&function, &list.to_array()?, result)?;
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&y, 0)?))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_that_do_not_fit_are_none() {
        let lengths = vec![1 << 30, (1 << 30) - 1];
        assert_eq!(offsets_of::<i32>(lengths.clone()).unwrap().last(), Some(&i32::MAX));
        let beyond = [lengths, vec![1]].concat();
        assert!(offsets_of::<i32>(beyond.clone()).is_none());
        assert!(offsets_of::<i64>(beyond).is_some());
        assert!(offsets_of::<i64>(vec![usize::MAX, 1]).is_none());
    }
}
