//! `logsumexp` and `logmeanexp` of a column, on the CPU in f64.

use crate::arguments::{check_parameter_types, configured, number_type};
use crate::options::Options;
use datafusion::arrow::array::{ArrayRef, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type, UInt64Type};
use datafusion::common::{Result, ScalarValue, exec_err, not_impl_err, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, Signature, Volatility};
use datafusion::physical_expr::expressions::Literal;
use gpu_activations::{AxisFunction, Function};
use std::sync::Arc;

/// An aggregate `T·ln Σ exp(x/T)`, or that of the mean.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct LogSum {
    name: String,
    function: AxisFunction,
    signature: Signature,
}

impl LogSum {
    pub(crate) fn new(function: &AxisFunction, options: &Options) -> Result<LogSum> {
        let signature =
            Signature::user_defined(Volatility::Immutable).with_parameter_names(vec!["x", "temperature"])?;
        Ok(LogSum { name: format!("{}{}", options.prefix, function.name()), function: function.clone(), signature })
    }
}

impl AggregateUDFImpl for LogSum {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        check_parameter_types(&self.name, "x", self.function.parameters(), given)?;
        let x = number_type(&self.name, &given[0])?;
        Ok(std::iter::once(x).chain(given[1..].iter().cloned()).collect())
    }

    /// That of x: the sums are in f64 on any node.
    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        Ok(given[0].clone())
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let field =
            |part: &str, data_type| Arc::new(Field::new(format!("{}[{part}]", arguments.name), data_type, false));
        Ok(vec![field("peak", DataType::Float64), field("sum", DataType::Float64), field("count", DataType::UInt64)])
    }

    fn accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        if arguments.is_distinct {
            return not_impl_err!("{}(DISTINCT x)", self.name);
        }
        let given = arguments.exprs.iter().skip(1).map(|given| match given.downcast_ref::<Literal>() {
            Some(literal) => Ok(literal.value()),
            None => plan_err!("temperature of {} must be a constant", self.name),
        });
        let given = given.collect::<Result<Vec<_>>>()?;
        let (temperature, is_mean) = match configured(&self.function.clone().into(), given)? {
            Function::Along(AxisFunction::LogSumExp { temperature }) => (temperature, false),
            Function::Along(AxisFunction::LogMeanExp { temperature }) => (temperature, true),
            other => return exec_err!("{other} is no aggregate"),
        };
        let result = arguments.return_field.data_type().clone();
        Ok(Box::new(Sum { temperature: temperature.into(), is_mean, result, ..Sum::default() }))
    }
}

/// What was seen of a group.
#[derive(Debug)]
struct Sum {
    temperature: f64,
    is_mean: bool,
    result: DataType,
    /// The largest x.
    peak: f64,
    /// Σ exp((x − peak)/T).
    sum: f64,
    count: u64,
}

impl Default for Sum {
    fn default() -> Sum {
        Sum { temperature: 1.0, is_mean: false, result: DataType::Float64, peak: f64::NEG_INFINITY, sum: 0.0, count: 0 }
    }
}

impl Sum {
    /// exp((x − peak)/T), also where both are the same infinity.
    fn share(&self, x: f64, peak: f64) -> f64 {
        if x == peak { 1.0 } else { ((x - peak) / self.temperature).exp() }
    }

    /// Takes another group's part in.
    fn merge(&mut self, peak: f64, sum: f64, count: u64) {
        let higher = self.peak.max(peak);
        self.sum = self.sum * self.share(self.peak, higher) + sum * self.share(peak, higher);
        self.peak = higher;
        self.count += count;
    }
}

impl Accumulator for Sum {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let x = cast(&values[0], &DataType::Float64)?;
        let numbers = || x.as_primitive::<Float64Type>().iter().flatten();
        let peak = numbers().fold(f64::NEG_INFINITY, f64::max);
        // NaN is never the peak, and makes the sum NaN.
        let (sum, count) = numbers().fold((0.0, 0), |(sum, count), x| (sum + self.share(x, peak), count + 1));
        self.merge(peak, sum, count);
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.peak.into(), self.sum.into(), self.count.into()])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let peaks = states[0].as_primitive::<Float64Type>().values();
        let sums = states[1].as_primitive::<Float64Type>().values();
        let counts = states[2].as_primitive::<UInt64Type>().values();
        for ((&peak, &sum), &count) in peaks.iter().zip(sums).zip(counts) {
            self.merge(peak, sum, count);
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        if self.count == 0 {
            return ScalarValue::try_from(&self.result);
        }
        let entries = if self.is_mean { self.count as f64 } else { 1.0 };
        let result = self.peak + self.temperature * (self.sum / entries).ln();
        ScalarValue::from(result).cast_to(&self.result)
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}
