//! Scalar functions of each number on its own.

use crate::arguments::{check_parameter_types, configured, constants, number_type, result_type};
use crate::device::{Processor, execution_error, processor};
use crate::options::Options;
use datafusion::arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float16Type, Float32Type, Float64Type};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use gpu_activations::{Activation, Element, GpuActivations, Order};
use half::f16;
use std::sync::Arc;

/// An elementwise function, or a derivative of it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Elementwise {
    name: String,
    activation: Activation,
    /// None is the function itself.
    order: Option<Order>,
    options: Options,
    signature: Signature,
}

impl Elementwise {
    pub(crate) fn new(activation: Activation, order: Option<Order>, options: &Options) -> Result<Elementwise> {
        let suffix = match order {
            None => "",
            Some(Order::First) => "_derivative",
            Some(Order::Second) => "_second_derivative",
        };
        let name = format!("{}{}{suffix}", options.prefix, activation.name());
        let parameters = activation.parameters().iter().map(|parameter| parameter.name);
        let names = std::iter::once("x").chain(parameters).collect();
        let signature = Signature::user_defined(Volatility::Immutable).with_parameter_names(names)?;
        Ok(Elementwise { name, activation, order, options: options.clone(), signature })
    }

    fn with_parameters<'a>(&self, given: impl IntoIterator<Item = &'a ScalarValue>) -> Result<Activation> {
        let function = configured(&self.activation.into(), given)?;
        Ok(function.elementwise().unwrap_or(self.activation))
    }

    fn compute(&self, activation: Activation, x: &ArrayRef, result: &DataType) -> Result<ArrayRef> {
        match (processor(&self.options)?, result) {
            (Processor::Device(context), DataType::Float32) => {
                self.on_device::<Float32Type>(&context, activation, &*narrowed(x)?)
            }
            (Processor::Device(context), DataType::Float16) => self.on_device::<Float16Type>(&context, activation, x),
            (Processor::Reference, DataType::Float32) => {
                let x = narrowed(x)?;
                let x = x.as_primitive::<Float32Type>();
                Ok(Arc::new(x.unary::<_, Float32Type>(|x| self.reference(activation, x.into()) as f32)))
            }
            (Processor::Reference, DataType::Float16) => {
                let x = x.as_primitive::<Float16Type>();
                Ok(Arc::new(x.unary::<_, Float16Type>(|x| f16::from_f64(self.reference(activation, x.into())))))
            }
            (Processor::Reference, DataType::Float64) => {
                let x = x.as_primitive::<Float64Type>();
                Ok(Arc::new(x.unary::<_, Float64Type>(|x| self.reference(activation, x))))
            }
            (_, other) => exec_err!("{} was planned for {other}, which this node does not compute", self.name),
        }
    }

    fn reference(&self, activation: Activation, x: f64) -> f64 {
        match self.order {
            None => activation.forward(x),
            Some(Order::First) => activation.derivative(x),
            Some(Order::Second) => activation.second_derivative(x),
        }
    }

    /// Numbers under nulls are computed, too, and stay under nulls.
    fn on_device<T: ArrowPrimitiveType<Native: Element>>(
        &self,
        context: &GpuActivations,
        activation: Activation,
        x: &dyn Array,
    ) -> Result<ArrayRef> {
        let x = x.as_primitive::<T>();
        let y = match self.order {
            None => context.forward_slice(activation, x.values()),
            Some(order) => context.derivative_slice(activation, order, x.values()),
        };
        let y = y.map_err(|error| execution_error(&self.options, Some(context), error))?;
        Ok(Arc::new(PrimitiveArray::<T>::new(y.into(), x.nulls().cloned())))
    }
}

/// Float32 of Float64, to nearest; Float32 as it is.
pub(crate) fn narrowed(x: &ArrayRef) -> Result<ArrayRef> {
    Ok(match x.data_type() {
        DataType::Float64 => Arc::new(x.as_primitive::<Float64Type>().unary::<_, Float32Type>(|x| x as f32)),
        _ => cast(x, &DataType::Float32)?,
    })
}

impl ScalarUDFImpl for Elementwise {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        check_parameter_types(&self.name, "x", self.activation.parameters(), given)?;
        let x = number_type(&self.name, &given[0])?;
        Ok(std::iter::once(x).chain(given[1..].iter().cloned()).collect())
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        Ok(result_type(&given[0], &self.options))
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        self.with_parameters(arguments.scalar_arguments.iter().skip(1).map_while(|given| *given))?;
        let number = arguments.arg_fields[0].data_type();
        Ok(Arc::new(Field::new(&self.name, result_type(number, &self.options), true)))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constants = constants(&self.name, &self.activation.into(), &arguments.args[1..])?;
        let activation = self.with_parameters(constants)?;
        let result = arguments.return_type();
        match &arguments.args[0] {
            ColumnarValue::Array(x) => Ok(ColumnarValue::Array(self.compute(activation, x, result)?)),
            ColumnarValue::Scalar(x) => {
                let y = self.compute(activation, &x.to_array()?, result)?;
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&y, 0)?))
            }
        }
    }
}
