//! Functions, their table, and the reference in f64: what needs no device.

use crate::error::raised;
use crate::pass::{read, unknown, written};
use gpu_activations::{Activation, Axis, Error, LibraryName, ParameterInfo, Range, Value};
use numpy::{PyReadonlyArray1, PyReadwriteArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

/// A function with the values of its parameters.
#[pyclass(frozen)]
pub struct Function {
    pub function: gpu_activations::Function,
    /// The library whose names the parameters have.
    library: Option<LibraryName>,
}

#[pymethods]
impl Function {
    /// The function of this name, or of a formula where the name is custom, with parameters as text. The parameters in
    /// `arrays` get their values later.
    #[new]
    fn new(
        name: &str,
        mut parameters: Vec<(String, String)>,
        arrays: Vec<String>,
        formula: Option<&str>,
    ) -> PyResult<Function> {
        let library = name.split('(').next().filter(|name| name.contains(':')).map(LibraryName::find);
        let library = library.transpose().map_err(raised)?;
        // What has no default needs a number in an array's place.
        let needs = |key: &String| library.as_ref().is_some_and(|library| needs(library, key));
        let without_default = arrays.into_iter().filter(|key| formula.is_some() || needs(key));
        parameters.extend(without_default.map(|key| (key, "1".to_owned())));
        let function = match formula {
            Some(formula) if name == "custom" => of_formula(formula, &parameters)?,
            Some(_) => {
                return Err(PyValueError::new_err(format!("a formula is for custom alone; {name} has its own")));
            }
            None if library.is_some() => {
                in_the_name(name, &parameters).and_then(|text| text.parse()).map_err(raised)?
            }
            None => {
                let named: gpu_activations::Function = name.parse().map_err(raised)?;
                let parameters: Vec<_> = parameters.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
                named.with_all(&parameters).map_err(raised)?
            }
        };
        Ok(Function { function, library })
    }

    #[getter]
    fn name(&self) -> &'static str {
        self.function.name()
    }

    /// A parameter's name in the catalogue, from the library's. A name that is not the library's stays as it is.
    fn parameter(&self, name: &str) -> String {
        let found = self.library.as_ref().and_then(|library| library.parameter(name).ok());
        found.unwrap_or(name).to_owned()
    }

    #[getter]
    fn is_along(&self) -> bool {
        self.function.along().is_ok()
    }

    #[getter]
    fn takes_mask(&self) -> bool {
        takes_mask(&self.function)
    }

    #[getter]
    fn takes_sink(&self) -> bool {
        takes_sink(&self.function)
    }

    fn __str__(&self) -> String {
        self.function.to_string()
    }

    /// The shape of y.
    fn output_shape(&self, shape: Vec<usize>, axis: isize) -> PyResult<Vec<usize>> {
        let axis = Axis::new(&shape, axis).map_err(raised)?;
        self.function.along().and_then(|function| function.output_shape(&axis)).map_err(raised)
    }

    /// Computes in f64 on the CPU.
    fn reference(
        &self,
        py: Python<'_>,
        pass: &str,
        inputs: Vec<PyReadonlyArray1<'_, f64>>,
        mut results: Vec<PyReadwriteArray1<'_, f64>>,
    ) -> PyResult<()> {
        let activation = self.function.elementwise().map_err(raised)?;
        let (inputs, mut results) = (read(&inputs)?, written(&mut results)?);
        py.detach(|| of_elements(activation, pass, &inputs, &mut results))
    }

    /// Computes along an axis in f64 on the CPU.
    #[expect(clippy::too_many_arguments, reason = "each is an operand")]
    fn reference_along(
        &self,
        py: Python<'_>,
        pass: &str,
        shape: Vec<usize>,
        axis: isize,
        mask: Option<PyReadonlyArray1<'_, bool>>,
        inputs: Vec<PyReadonlyArray1<'_, f64>>,
        mut results: Vec<PyReadwriteArray1<'_, f64>>,
    ) -> PyResult<()> {
        let function = self.function.along().map_err(raised)?;
        let axis = Axis::new(&shape, axis).map_err(raised)?;
        let mask = mask.as_ref().map(|mask| mask.as_slice()).transpose()?;
        let (inputs, mut results) = (read(&inputs)?, written(&mut results)?);
        py.detach(|| {
            let computed = match (pass, &inputs[..]) {
                ("forward", [x]) => function.forward(&axis, mask, x).map(|y| vec![y]),
                ("backward", [x, dy]) => function.backward(&axis, mask, x, dy).map(|dx| vec![dx]),
                ("double_backward", [x, dy, v]) => {
                    function.double_backward(&axis, mask, x, dy, v).map(|(dx, ddy)| vec![dx, ddy])
                }
                _ => return Err(unknown(pass)),
            };
            for (result, computed) in results.iter_mut().zip(computed.map_err(raised)?) {
                result.copy_from_slice(&computed);
            }
            Ok(())
        })
    }
}

fn of_elements(activation: Activation, pass: &str, inputs: &[&[f64]], results: &mut [&mut [f64]]) -> PyResult<()> {
    match (pass, inputs, results) {
        ("forward", [x], [y]) => each(x, y, |x| activation.forward(x)),
        ("derivative", [x], [result]) => each(x, result, |x| activation.derivative(x)),
        ("second_derivative", [x], [result]) => each(x, result, |x| activation.second_derivative(x)),
        ("backward", [x, dy], [dx]) => {
            each(x, dx, |x| activation.derivative(x));
            dx.iter_mut().zip(*dy).for_each(|(dx, dy)| *dx *= dy);
        }
        ("double_backward", [x, dy, v], [dx, ddy]) => {
            each(x, dx, |x| activation.second_derivative(x));
            dx.iter_mut().zip(dy.iter().zip(*v)).for_each(|(dx, (dy, v))| *dx *= dy * v);
            each(x, ddy, |x| activation.derivative(x));
            ddy.iter_mut().zip(*v).for_each(|(ddy, v)| *ddy *= v);
        }
        _ => return Err(unknown(pass)),
    }
    Ok(())
}

fn each(x: &[f64], results: &mut [f64], of: impl Fn(f64) -> f64) {
    results.iter_mut().zip(x).for_each(|(result, &x)| *result = of(x));
}

fn of_formula(formula: &str, parameters: &[(String, String)]) -> PyResult<gpu_activations::Function> {
    let number = |(key, value): &'_ (String, String)| match value.parse() {
        Ok(number) => Ok((key.clone(), number)),
        Err(_) => Err(PyValueError::new_err(format!("custom: {key} is {value}, but must be a number"))),
    };
    let numbers = parameters.iter().map(number).collect::<PyResult<Vec<(String, f32)>>>()?;
    let numbers: Vec<(&str, f32)> = numbers.iter().map(|(key, value)| (key.as_str(), *value)).collect();
    gpu_activations::Function::from_formula_with(formula, &numbers).map_err(raised)
}

/// Whether the library has no default for this parameter.
fn needs(library: &LibraryName, parameter: &str) -> bool {
    library.needed().iter().any(|needed| library.parameter(needed) == library.parameter(parameter))
}

/// A name of another library with its parameters, which have that library's names.
fn in_the_name(text: &str, parameters: &[(String, String)]) -> Result<String, Error> {
    let malformed = || Error::MalformedFunction { text: text.to_owned() };
    let (name, within) = match text.split_once('(') {
        None => (text, ""),
        Some((name, within)) => (name, within.trim_end().strip_suffix(')').ok_or_else(malformed)?),
    };
    let given = parameters.iter().map(|(key, value)| format!("{key}={value}"));
    let all: Vec<String> =
        Some(within.to_owned()).filter(|within| !within.is_empty()).into_iter().chain(given).collect();
    Ok(format!("{name}({})", all.join(", ")))
}

fn takes_mask(function: &gpu_activations::Function) -> bool {
    function.along().is_ok_and(|function| function.takes_mask())
}

fn takes_sink(function: &gpu_activations::Function) -> bool {
    function.along().is_ok_and(|function| function.takes_sink())
}

/// Every function of the catalogue: a dictionary for each.
#[pyfunction]
pub fn table(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let rows = PyList::empty(py);
    for (name, function) in gpu_activations::Function::all() {
        let row = PyDict::new(py);
        row.set_item("name", name)?;
        row.set_item("aliases", function.aliases())?;
        row.set_item("formula", function.formula())?;
        row.set_item("family", function.family())?;
        row.set_item("along", function.along().is_ok())?;
        row.set_item("mask", takes_mask(&function))?;
        row.set_item("sink", takes_sink(&function))?;
        row.set_item("double_backward", function.along().map_or(true, |along| along.has_double_backward()))?;
        let parameters = function.parameters().iter().map(|known| parameter(py, &function, known));
        row.set_item("parameters", parameters.collect::<PyResult<Vec<_>>>()?)?;
        rows.append(row)?;
    }
    Ok(rows)
}

/// A number as it is written in the table: 0.1, not the f32 next to it.
fn short(number: f32) -> f64 {
    number.to_string().parse().unwrap_or(number.into())
}

fn parameter<'py>(
    py: Python<'py>,
    function: &gpu_activations::Function,
    known: &ParameterInfo,
) -> PyResult<Bound<'py, PyDict>> {
    let value_of = |other: &str| function.elementwise().ok().and_then(|a| a.value(other)).unwrap_or(f32::MIN);
    let row = PyDict::new(py);
    row.set_item("name", known.name)?;
    match known.default {
        Value::Number(number) => row.set_item("default", short(number))?,
        Value::Integer(integer) => row.set_item("default", integer)?,
        Value::Flag(flag) => row.set_item("default", flag)?,
        other => row.set_item("default", other.to_string())?,
    }
    row.set_item("default_text", known.default.to_string())?;
    row.set_item("range", known.range.to_string())?;
    // An integer has no f32 of its own.
    let bound = |bound: f64| if matches!(known.range, Range::Integer(..)) { bound } else { short(bound as f32) };
    let bounds = known.range.bounds(value_of);
    row.set_item("min", bounds.map(|(min, _)| bound(min)))?;
    row.set_item("max", bounds.map(|(_, max)| bound(max)))?;
    row.set_item("learnable", known.learnable)?;
    Ok(row)
}
