//! The functions, and how a session learns them.

use crate::aggregate::LogSum;
use crate::elementwise::Elementwise;
use crate::lists::Along;
use crate::options::Options;
use datafusion::common::Result;
use datafusion::logical_expr::registry::FunctionRegistry;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};
use gpu_activations::{Activation, AxisFunction, Order};
use std::sync::Arc;

/// Registers every function of the catalogue, by its canonical name. A name that is taken keeps its function, unless
/// [`Options::replace`] is set or this crate registered it.
///
/// # Errors
/// What the registry returns.
pub fn register(registry: &mut dyn FunctionRegistry, options: &Options) -> Result<()> {
    for function in scalars(options)? {
        if options.replace || registry.udf(function.name()).map_or(true, |known| is_ours(&known)) {
            registry.register_udf(function)?;
        }
    }
    for function in aggregates(options)? {
        if options.replace || registry.udaf(function.name()).map_or(true, |known| known.inner().is::<LogSum>()) {
            registry.register_udaf(function)?;
        }
    }
    Ok(())
}

fn is_ours(function: &ScalarUDF) -> bool {
    function.inner().is::<Elementwise>() || function.inner().is::<Along>()
}

/// Every scalar function: elementwise ones with their derivatives, and those along lists.
///
/// # Errors
/// None is expected.
pub fn scalars(options: &Options) -> Result<Vec<Arc<ScalarUDF>>> {
    let orders = [None, Some(Order::First), Some(Order::Second)];
    let elementwise = Activation::ALL.iter().flat_map(|&activation| orders.map(|order| (activation, order)));
    let elementwise = elementwise
        .map(|(activation, order)| Ok(ScalarUDF::new_from_impl(Elementwise::new(activation, order, options)?).into()));
    let along = AxisFunction::all()
        .iter()
        .map(|(name, function)| Ok(ScalarUDF::new_from_impl(Along::new(name, function, options)?).into()));
    elementwise.chain(along).collect()
}

/// Every aggregate.
///
/// # Errors
/// None is expected.
pub fn aggregates(options: &Options) -> Result<Vec<Arc<AggregateUDF>>> {
    let functions = [AxisFunction::LogSumExp { temperature: 1.0 }, AxisFunction::LogMeanExp { temperature: 1.0 }];
    functions.iter().map(|function| Ok(AggregateUDF::new_from_impl(LogSum::new(function, options)?).into())).collect()
}
