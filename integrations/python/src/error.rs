//! Errors as Python raises them.

use gpu_activations::Error;
use pyo3::PyErr;
use pyo3::exceptions::PyValueError;

pyo3::import_exception!(gpu_activations._errors, DeviceError);
pyo3::import_exception!(gpu_activations._errors, DeviceMemoryError);

/// What the device could not do is a `DeviceError`, and what it was asked wrongly a `ValueError`.
pub fn raised(error: Error) -> PyErr {
    let text = error.to_string();
    match error {
        Error::NoAdapter { .. }
        | Error::Refused { .. }
        | Error::DeviceLost { .. }
        | Error::BufferTooLarge { .. }
        | Error::BindingTooLarge { .. } => DeviceError::new_err(text),
        Error::OutOfMemory { .. } => DeviceMemoryError::new_err(text),
        _ => PyValueError::new_err(text),
    }
}
