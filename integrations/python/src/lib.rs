//! The part of the Python package that is in Rust: contiguous arrays in, contiguous arrays out. What users see is in Python.

mod buffer;
mod context;
mod error;
mod function;
mod pass;

#[pyo3::pymodule]
mod _gpu_activations {
    #[pymodule_export]
    use crate::buffer::Buffer;
    #[pymodule_export]
    use crate::context::{Context, devices};
    #[pymodule_export]
    use crate::function::{Function, table};
}
