//! Memory of the device.

use crate::error::raised;
use crate::pass::{elements, elements_mut};
use gpu_activations::{Element, Error, GpuActivations, GpuBuffer};
use half::{bf16, f16};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

/// Elements on the device, of the type that numpy calls so.
#[pyclass(frozen)]
pub struct Buffer {
    pub elements: Elements,
}

pub enum Elements {
    F32(GpuBuffer<f32>),
    F16(GpuBuffer<f16>),
    Bf16(GpuBuffer<bf16>),
    /// Of a mask.
    U8(GpuBuffer<u8>),
}

/// A type of elements.
pub trait Kind: Element {
    fn buffer(elements: &Elements) -> Option<&GpuBuffer<Self>>;
    fn elements(buffer: GpuBuffer<Self>) -> Elements;
}

macro_rules! kinds {
    ($($kind:ty, $variant:ident;)*) => {
        $(impl Kind for $kind {
            fn buffer(elements: &Elements) -> Option<&GpuBuffer<Self>> {
                if let Elements::$variant(buffer) = elements { Some(buffer) } else { None }
            }

            fn elements(buffer: GpuBuffer<Self>) -> Elements {
                Elements::$variant(buffer)
            }
        })*
    };
}
kinds! { f32, F32; f16, F16; bf16, Bf16; }

/// Calls a generic function with the type that numpy calls so.
macro_rules! of_kind {
    ($kind:expr, $function:ident($($argument:expr),* $(,)?)) => {
        match $kind {
            "float32" => $function::<f32>($($argument),*),
            "float16" => $function::<half::f16>($($argument),*),
            "bfloat16" => $function::<half::bf16>($($argument),*),
            other => Err($crate::buffer::unknown_kind(other)),
        }
    };
}
pub(crate) use of_kind;

pub fn unknown_kind(kind: &str) -> PyErr {
    PyTypeError::new_err(format!("there are no elements of type {kind}"))
}

impl Buffer {
    pub fn upload(context: &GpuActivations, kind: &str, bytes: &[u8]) -> PyResult<Buffer> {
        let elements = if kind == "uint8" {
            Elements::U8(context.upload(bytes).map_err(raised)?)
        } else {
            of_kind!(kind, uploaded(context, bytes))?
        };
        Ok(Buffer { elements })
    }

    pub fn download(&self, context: &GpuActivations, bytes: &mut [u8]) -> PyResult<()> {
        let outcome = match &self.elements {
            Elements::F32(buffer) => context.download_into(buffer, elements_mut(bytes)?),
            Elements::F16(buffer) => context.download_into(buffer, elements_mut(bytes)?),
            Elements::Bf16(buffer) => context.download_into(buffer, elements_mut(bytes)?),
            Elements::U8(buffer) => context.download_into(buffer, bytes),
        };
        outcome.map_err(raised)
    }

    /// The elements, of the type that is expected.
    pub fn of<T: Kind>(&self) -> PyResult<&GpuBuffer<T>> {
        T::buffer(&self.elements).ok_or_else(|| PyTypeError::new_err("the arrays have different types"))
    }

    pub fn mask(&self) -> PyResult<&GpuBuffer<u8>> {
        let Elements::U8(bytes) = &self.elements else { return Err(PyTypeError::new_err("a mask is of bytes")) };
        Ok(bytes)
    }

    pub fn new<T: Kind>(buffer: Result<GpuBuffer<T>, Error>) -> PyResult<Buffer> {
        Ok(Buffer { elements: T::elements(buffer.map_err(raised)?) })
    }
}

fn uploaded<T: Kind>(context: &GpuActivations, bytes: &[u8]) -> PyResult<Elements> {
    Ok(T::elements(context.upload(elements::<T>(bytes)?).map_err(raised)?))
}
