//! What a call computes: a pass by its name, with as many inputs and results as it has.

use crate::error::raised;
use gpu_activations::{Axis, Element, Function, GpuActivations, Order};
use numpy::{BorrowError, PyArray1, PyArrayMethods, PyReadonlyArray1, PyReadwriteArray1};
use pyo3::exceptions::PyValueError;
use pyo3::{Bound, PyErr, PyResult};

/// Where a function along an axis works.
pub struct Rows<'a> {
    pub axis: Axis,
    pub mask: Option<&'a [u8]>,
}

/// Computes with slices of the host, which pass through the device in batches.
pub fn on_slices<T: Element>(
    context: &GpuActivations,
    function: &Function,
    rows: Option<Rows<'_>>,
    pass: &str,
    inputs: &[&[u8]],
    results: &mut [&mut [u8]],
) -> PyResult<()> {
    let inputs = inputs.iter().map(|&bytes| elements(bytes)).collect::<PyResult<Vec<&[T]>>>()?;
    let mut results = results.iter_mut().map(|bytes| elements_mut(bytes)).collect::<PyResult<Vec<&mut [T]>>>()?;
    let outcome = match (rows, pass, &inputs[..], &mut results[..]) {
        (None, "forward", [x], [y]) => context.forward_slice_into(function, x, y),
        (None, "backward", [x, dy], [dx]) => context.backward_slice_into(function, x, dy, dx),
        (None, "derivative", [x], [result]) => context.derivative_slice_into(function, Order::First, x, result),
        (None, "second_derivative", [x], [result]) => context.derivative_slice_into(function, Order::Second, x, result),
        (None, "double_backward", [x, dy, v], [dx, ddy]) => {
            context.double_backward_slice_into(function, x, dy, v, dx, ddy)
        }
        (Some(Rows { axis, mask }), "forward", [x], [y]) => {
            context.forward_along_slice_into(function, &axis, mask, x, y)
        }
        (Some(Rows { axis, mask }), "backward", [x, dy], [dx]) => {
            context.backward_along_slice_into(function, &axis, mask, x, dy, dx)
        }
        (Some(Rows { axis, mask }), "double_backward", [x, dy, v], [dx, ddy]) => {
            context.double_backward_along_slice_into(function, &axis, mask, x, dy, v, dx, ddy)
        }
        _ => return Err(unknown(pass)),
    };
    outcome.map_err(raised)
}

/// The error of a pass that there is not, which the Python part never asks for.
pub fn unknown(pass: &str) -> PyErr {
    PyValueError::new_err(format!("there is no pass {pass} with these operands"))
}

/// Bytes as the elements that they are. Those of no element may lie anywhere.
pub fn elements<T: Element>(bytes: &[u8]) -> PyResult<&[T]> {
    if bytes.is_empty() { Ok(&[]) } else { bytemuck::try_cast_slice(bytes).map_err(misaligned) }
}

pub fn elements_mut<T: Element>(bytes: &mut [u8]) -> PyResult<&mut [T]> {
    if bytes.is_empty() { Ok(&mut []) } else { bytemuck::try_cast_slice_mut(bytes).map_err(misaligned) }
}

fn misaligned(error: bytemuck::PodCastError) -> PyErr {
    PyValueError::new_err(format!("an array does not lie in memory as its type asks for: {error}"))
}

/// Arrays to be read, which no other call writes meanwhile.
pub fn readable<'py>(arrays: &[Bound<'py, PyArray1<u8>>]) -> PyResult<Vec<PyReadonlyArray1<'py, u8>>> {
    arrays.iter().map(|array| array.try_readonly().map_err(in_use)).collect()
}

/// Arrays to be written, which no other call reads or writes meanwhile.
pub fn writable<'py>(arrays: &[Bound<'py, PyArray1<u8>>]) -> PyResult<Vec<PyReadwriteArray1<'py, u8>>> {
    arrays.iter().map(|array| array.try_readwrite().map_err(in_use)).collect()
}

fn in_use(_: BorrowError) -> PyErr {
    PyValueError::new_err("an array is in use by a call on another thread, and one of the two calls writes to it")
}

/// The memory of arrays that are read.
pub fn read<'a, T: numpy::Element>(arrays: &'a [PyReadonlyArray1<'_, T>]) -> PyResult<Vec<&'a [T]>> {
    arrays.iter().map(|array| Ok(array.as_slice()?)).collect()
}

/// The memory of arrays that are written.
pub fn written<'a, T: numpy::Element>(arrays: &'a mut [PyReadwriteArray1<'_, T>]) -> PyResult<Vec<&'a mut [T]>> {
    arrays.iter_mut().map(|array| Ok(array.as_slice_mut()?)).collect()
}
