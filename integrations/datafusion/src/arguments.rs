//! The arguments of a function: x or a list, then parameters in the order of the table.

use crate::options::{Device, Options};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, plan_datafusion_err, plan_err};
use datafusion::logical_expr::ColumnarValue;
use gpu_activations::{Function, ParameterInfo, Value};

/// The type as which numbers reach a function called `name`.
pub(crate) fn number_type(name: &str, given: &DataType) -> Result<DataType> {
    match given {
        DataType::Float16 | DataType::Float32 | DataType::Float64 => Ok(given.clone()),
        DataType::Null => Ok(DataType::Float32),
        DataType::Dictionary(_, values) => number_type(name, values),
        other if other.is_numeric() => Ok(DataType::Float64),
        other => plan_err!("{name} takes numbers, not {other}"),
    }
}

/// The type of results for numbers of this type.
pub(crate) fn result_type(number: &DataType, options: &Options) -> DataType {
    match number {
        DataType::Float64 if options.device != Device::Reference => DataType::Float32,
        other => other.clone(),
    }
}

/// Checks how many arguments there are, and the types of those after the first. They stay as they are, so that literals
/// stay literals.
pub(crate) fn check_parameter_types(
    name: &str,
    first: &str,
    parameters: &[ParameterInfo],
    given: &[DataType],
) -> Result<()> {
    let most = parameters.len() + 1;
    if given.is_empty() || given.len() > most {
        let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name).collect();
        let list = [&[first], names.as_slice()].concat().join(", ");
        let counts = if most == 1 { "1 argument".to_owned() } else { format!("1 to {most} arguments") };
        return plan_err!("{name} takes {counts} ({list}), not {}", given.len());
    }
    for (parameter, given) in parameters.iter().zip(&given[1..]) {
        let (fits, wanted) = match parameter.default {
            Value::Number(_) => (given.is_numeric(), "a number"),
            Value::Integer(_) => (given.is_integer(), "an integer"),
            Value::Flag(_) => (*given == DataType::Boolean, "a boolean"),
            _ => (given.is_string(), "a text"),
        };
        if !fits {
            return plan_err!("{} of {name} is {wanted}, not {given}", parameter.name);
        }
    }
    Ok(())
}

/// The function with the parameters given, in the order of the table.
pub(crate) fn configured<'a>(
    function: &Function,
    given: impl IntoIterator<Item = &'a ScalarValue>,
) -> Result<Function> {
    let plan = |error: gpu_activations::Error| plan_datafusion_err!("{error}");
    let set = |function: Function, (parameter, value): (&ParameterInfo, &ScalarValue)| {
        if value.is_null() {
            return plan_err!("{} of {} is NULL, but must be a constant with a value", parameter.name, function.name());
        }
        function.with(parameter.name, &text_of(parameter, value)).map_err(plan)
    };
    let function = function.parameters().iter().zip(given).try_fold(function.clone(), set)?;
    function.validate().map_err(plan)?;
    Ok(function)
}

/// A parameter's value in the form that the crate reads.
fn text_of(parameter: &ParameterInfo, value: &ScalarValue) -> String {
    match (parameter.default, value.cast_to(&DataType::Float64)) {
        (Value::Number(_), Ok(ScalarValue::Float64(Some(number)))) => (number as f32).to_string(),
        _ => value.to_string(),
    }
}

/// The values of parameters, which are constants.
pub(crate) fn constants<'a>(
    name: &str,
    function: &Function,
    given: &'a [ColumnarValue],
) -> Result<Vec<&'a ScalarValue>> {
    let constant = |(given, parameter): (&'a ColumnarValue, &ParameterInfo)| match given {
        ColumnarValue::Scalar(value) => Ok(value),
        ColumnarValue::Array(_) => plan_err!("{} of {name} must be a constant", parameter.name),
    };
    given.iter().zip(function.parameters()).map(constant).collect()
}
