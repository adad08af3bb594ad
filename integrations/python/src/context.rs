//! The device.

use crate::buffer::{Buffer, Kind, of_kind};
use crate::error::{DeviceError, raised};
use crate::function::Function;
use crate::pass::{Rows, on_slices, read, readable, unknown, writable, written};
use gpu_activations::wgpu::Features;
use gpu_activations::{
    Accuracy, Axis, Error, GateGradients, GpuActivations, GpuBuffer, Mask, Order, ParameterBuffers, Sinks,
};
use numpy::{PyArray1, PyReadonlyArray1, PyReadwriteArray1};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

#[pyclass(frozen)]
pub struct Context {
    context: GpuActivations,
    /// Whose the device is. A process that was forked has none of the driver's threads.
    process: u32,
}

impl Drop for Context {
    fn drop(&mut self) {
        if self.here().is_err() {
            // So the device is never given back.
            std::mem::forget(self.context.clone());
        }
    }
}

impl Context {
    /// The context, in the process that made it.
    fn here(&self) -> PyResult<&GpuActivations> {
        if self.process == std::process::id() {
            return Ok(&self.context);
        }
        let text = "the context was made before this process was forked; make another one, or start processes by spawn";
        Err(DeviceError::new_err(text))
    }
}

/// A parameter's name, its values, and their shape.
type Parameter = (String, Py<Buffer>, Vec<usize>);

/// The sinks, and the axis along which there is one for each index, if there is such an axis and not one for each row.
type Sink = (Py<Buffer>, Option<isize>);

#[pymethods]
impl Context {
    #[new]
    fn new(py: Python<'_>, adapter: Option<String>, accuracy: &str) -> PyResult<Context> {
        let accuracy: Accuracy = accuracy.parse().map_err(raised)?;
        let mut builder = GpuActivations::builder().accuracy(accuracy);
        if let Some(adapter) = adapter {
            builder = builder.adapter(adapter);
        }
        let context = py.detach(|| builder.build()).map_err(raised)?;
        Ok(Context { context, process: std::process::id() })
    }

    /// The adapter's name and its backend.
    fn adapter(&self) -> (String, &'static str) {
        let info = self.context.adapter_info();
        (info.name, info.backend.to_str())
    }

    fn memory<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let memory = self.context.memory();
        let row = PyDict::new(py);
        row.set_item("buffers", memory.buffers)?;
        row.set_item("pooled", memory.pooled)?;
        row.set_item("parameters", memory.parameters)?;
        row.set_item("pipelines", memory.pipelines)?;
        Ok(row)
    }

    fn release_memory(&self) -> PyResult<()> {
        self.here()?.release_memory();
        Ok(())
    }

    /// Loses the device. For tests.
    fn destroy(&self) {
        self.context.device().destroy();
    }

    /// Lets the next attempts to take memory fail. For tests.
    fn fail_allocations(&self, attempts: u32) {
        self.context.fail_allocations(attempts);
    }

    /// Computes from arrays to arrays; along an axis where a shape is given.
    #[expect(clippy::too_many_arguments, reason = "each is an operand")]
    #[pyo3(signature = (function, pass, kind, inputs, results, shape=None, axis=-1, mask=None))]
    fn compute(
        &self,
        py: Python<'_>,
        function: &Bound<'_, Function>,
        pass: &str,
        kind: &str,
        inputs: Vec<Bound<'_, PyArray1<u8>>>,
        results: Vec<Bound<'_, PyArray1<u8>>>,
        shape: Option<Vec<usize>>,
        axis: isize,
        mask: Option<PyReadonlyArray1<'_, u8>>,
    ) -> PyResult<()> {
        let (context, function) = (self.here()?, &function.get().function);
        let mask = mask.as_ref().map(|mask| mask.as_slice()).transpose()?;
        let axis = shape.map(|shape| Axis::new(&shape, axis)).transpose().map_err(raised)?;
        let rows = axis.map(|axis| Rows { axis, mask });
        let (inputs, mut results) = (readable(&inputs)?, writable(&results)?);
        let (inputs, mut results) = (read(&inputs)?, written(&mut results)?);
        py.detach(|| of_kind!(kind, on_slices(context, function, rows, pass, &inputs, &mut results)))
    }

    fn upload(&self, py: Python<'_>, kind: &str, bytes: PyReadonlyArray1<'_, u8>) -> PyResult<Buffer> {
        let (context, bytes) = (self.here()?, bytes.as_slice()?);
        py.detach(|| Buffer::upload(context, kind, bytes))
    }

    fn download(
        &self,
        py: Python<'_>,
        buffer: &Bound<'_, Buffer>,
        mut bytes: PyReadwriteArray1<'_, u8>,
    ) -> PyResult<()> {
        let (context, buffer, bytes) = (self.here()?, buffer.get(), bytes.as_slice_mut()?);
        py.detach(|| buffer.download(context, bytes))
    }

    /// Computes each element from buffers to new buffers, with parameters that repeat over the shape of x.
    #[expect(clippy::too_many_arguments, reason = "each is an operand")]
    fn elementwise(
        &self,
        py: Python<'_>,
        function: &Bound<'_, Function>,
        pass: &str,
        kind: &str,
        inputs: Vec<Py<Buffer>>,
        shape: Vec<usize>,
        parameters: Vec<Parameter>,
        seed: Option<u64>,
    ) -> PyResult<Vec<Buffer>> {
        let (context, function) = (self.here()?, &function.get().function);
        let inputs: Vec<&Buffer> = inputs.iter().map(Py::get).collect();
        py.detach(|| {
            let parameters = parameter_buffers(&parameters, &shape, seed)?;
            of_kind!(kind, of_elements(context, function, &parameters, pass, &inputs))
        })
    }

    /// The gradient of a parameter, by which values there are of it.
    #[expect(clippy::too_many_arguments, reason = "each is an operand")]
    fn parameter_gradient(
        &self,
        py: Python<'_>,
        function: &Bound<'_, Function>,
        parameter: &str,
        kind: &str,
        x: &Bound<'_, Buffer>,
        dy: &Bound<'_, Buffer>,
        shape: Vec<usize>,
        parameters: Vec<Parameter>,
        seed: Option<u64>,
    ) -> PyResult<Buffer> {
        let (context, function, x, dy) = (self.here()?, &function.get().function, x.get(), dy.get());
        py.detach(|| {
            let parameters = parameter_buffers(&parameters, &shape, seed)?;
            of_kind!(kind, gradient(context, function, &parameters, parameter, x, dy))
        })
    }

    /// Computes along an axis from buffers to new buffers. The mask comes with its shape.
    #[expect(clippy::too_many_arguments, reason = "each is an operand")]
    fn along(
        &self,
        py: Python<'_>,
        function: &Bound<'_, Function>,
        pass: &str,
        kind: &str,
        inputs: Vec<Py<Buffer>>,
        shape: Vec<usize>,
        axis: isize,
        mask: Option<(Py<Buffer>, Vec<usize>)>,
        sink: Option<Sink>,
    ) -> PyResult<Vec<Buffer>> {
        let (context, function) = (self.here()?, &function.get().function);
        let inputs: Vec<&Buffer> = inputs.iter().map(Py::get).collect();
        py.detach(|| {
            let axis = Axis::new(&shape, axis).map_err(raised)?;
            let mask = mask.as_ref().map(|(bytes, shape)| Ok::<_, PyErr>(Mask::broadcast(bytes.get().mask()?, shape)));
            let (mask, sinks) = (mask.transpose()?, sink.as_ref().map(|sink| sinks(sink, &shape)).transpose()?);
            of_kind!(kind, of_rows(context, function, &axis, mask, sinks.as_ref(), pass, &inputs))
        })
    }

    /// Computes a gated unit of two arrays from buffers to new buffers.
    fn gated(
        &self,
        py: Python<'_>,
        function: &Bound<'_, Function>,
        pass: &str,
        kind: &str,
        inputs: Vec<Py<Buffer>>,
    ) -> PyResult<Vec<Buffer>> {
        let (context, function) = (self.here()?, &function.get().function);
        let inputs: Vec<&Buffer> = inputs.iter().map(Py::get).collect();
        py.detach(|| of_kind!(kind, of_two(context, function, pass, &inputs)))
    }
}

fn parameter_buffers<'a>(
    parameters: &'a [Parameter],
    shape: &[usize],
    seed: Option<u64>,
) -> PyResult<ParameterBuffers<'a>> {
    let none = seed.map_or_else(ParameterBuffers::new, |seed| ParameterBuffers::new().seed(seed));
    parameters.iter().try_fold(none, |all, (name, values, own)| {
        all.broadcast(name.as_str(), values.get().of::<f32>()?, own, shape).map_err(raised)
    })
}

fn sinks<'a>((values, axis): &'a Sink, shape: &[usize]) -> PyResult<Sinks<'a>> {
    let values: &GpuBuffer<f32> = values.get().of()?;
    Ok(match axis {
        None if values.len() == 1 => Sinks::per_tensor(values),
        None => Sinks::per_row(values),
        Some(axis) => Sinks::per_channel(values, &Axis::new(shape, *axis).map_err(raised)?),
    })
}

fn typed<'a, T: Kind>(inputs: &[&'a Buffer]) -> PyResult<Vec<&'a GpuBuffer<T>>> {
    inputs.iter().map(|input| input.of()).collect()
}

fn one<T: Kind>(result: Result<GpuBuffer<T>, Error>) -> PyResult<Vec<Buffer>> {
    Ok(vec![Buffer::new(result)?])
}

fn two<T: Kind>(results: Result<(GpuBuffer<T>, GpuBuffer<T>), Error>) -> PyResult<Vec<Buffer>> {
    let (first, second) = results.map_err(raised)?;
    Ok(vec![Buffer::new(Ok(first))?, Buffer::new(Ok(second))?])
}

fn of_elements<T: Kind>(
    context: &GpuActivations,
    function: &gpu_activations::Function,
    parameters: &ParameterBuffers<'_>,
    pass: &str,
    inputs: &[&Buffer],
) -> PyResult<Vec<Buffer>> {
    match (pass, &typed::<T>(inputs)?[..]) {
        ("forward", [x]) => one(context.forward_with(function, parameters, x)),
        ("backward", [x, dy]) => one(context.backward_with(function, parameters, x, dy)),
        ("derivative", [x]) => one(context.derivative_with(function, Order::First, parameters, x)),
        ("second_derivative", [x]) => one(context.derivative_with(function, Order::Second, parameters, x)),
        ("double_backward", [x, dy, v]) => two(context.double_backward_with(function, parameters, x, dy, v)),
        _ => Err(unknown(pass)),
    }
}

fn gradient<T: Kind>(
    context: &GpuActivations,
    function: &gpu_activations::Function,
    parameters: &ParameterBuffers<'_>,
    parameter: &str,
    x: &Buffer,
    dy: &Buffer,
) -> PyResult<Buffer> {
    Buffer::new(context.parameter_gradient(function, parameters, parameter, x.of::<T>()?, dy.of::<T>()?))
}

fn of_rows<T: Kind>(
    context: &GpuActivations,
    function: &gpu_activations::Function,
    axis: &Axis,
    mask: Option<Mask<'_>>,
    sinks: Option<&Sinks<'_>>,
    pass: &str,
    inputs: &[&Buffer],
) -> PyResult<Vec<Buffer>> {
    match (pass, &typed::<T>(inputs)?[..], sinks) {
        ("forward", [x], None) => one(context.forward_along(function, axis, mask, x)),
        ("backward", [x, dy], None) => one(context.backward_along(function, axis, mask, x, dy)),
        ("double_backward", [x, dy, v], None) => two(context.double_backward_along(function, axis, mask, x, dy, v)),
        ("forward", [x], Some(sinks)) => one(context.forward_along_with_sinks(function, axis, mask, sinks, x)),
        ("backward", [x, dy], Some(sinks)) => {
            one(context.backward_along_with_sinks(function, axis, mask, sinks, x, dy))
        }
        ("sink_gradient", [x, dy], Some(sinks)) => one(context.sink_gradient(function, axis, mask, sinks, x, dy)),
        _ => Err(unknown(pass)),
    }
}

fn of_two<T: Kind>(
    context: &GpuActivations,
    function: &gpu_activations::Function,
    pass: &str,
    inputs: &[&Buffer],
) -> PyResult<Vec<Buffer>> {
    match (pass, &typed::<T>(inputs)?[..]) {
        ("forward", [value, gate]) => one(context.forward_gated(function, value, gate)),
        ("backward", [value, gate, dy]) => two(context.backward_gated(function, value, gate, dy)),
        ("double_backward", [value, gate, dy, of_value, of_gate]) => {
            let v = GateGradients { value: (*of_value).into(), gate: (*of_gate).into() };
            let results = context.double_backward_gated(function, value, gate, dy, v).map_err(raised)?;
            [results.0, results.1, results.2].into_iter().map(|result| Buffer::new(Ok(result))).collect()
        }
        _ => Err(unknown(pass)),
    }
}

/// A dictionary for each adapter that can be used, and the names of the others, each with the reason.
type Devices<'py> = (Bound<'py, PyList>, Vec<(String, String)>);

/// The adapters of this machine.
#[pyfunction]
pub fn devices(py: Python<'_>) -> PyResult<Devices<'_>> {
    let survey = py.detach(|| pollster::block_on(gpu_activations::survey())).map_err(raised)?;
    let shown = |info: &gpu_activations::wgpu::AdapterInfo| format!("{} on {}", info.name, info.backend.to_str());
    let mut unusable: Vec<_> = survey.unusable.iter().map(|(info, reason)| (shown(info), reason.clone())).collect();
    let usable = PyList::empty(py);
    for adapter in survey.usable {
        let info = adapter.get_info();
        // An adapter may give a device that is lost when it computes.
        let tried = py.detach(|| {
            let context = GpuActivations::builder().on(adapter).build()?;
            let arithmetic = context.probe()?;
            Ok::<_, Error>((context, arithmetic))
        });
        match tried {
            Ok((context, arithmetic)) => usable.append(device(py, &context, &arithmetic)?)?,
            Err(error) => unusable.push((shown(&info), error.to_string())),
        }
    }
    Ok((usable, unusable))
}

fn device<'py>(
    py: Python<'py>,
    context: &GpuActivations,
    arithmetic: &gpu_activations::Arithmetic,
) -> PyResult<Bound<'py, PyDict>> {
    let (info, limits) = (context.adapter_info(), context.device().limits());
    let row = PyDict::new(py);
    row.set_item("adapter", &info.name)?;
    row.set_item("backend", info.backend.to_str())?;
    row.set_item("kind", format!("{:?}", info.device_type))?;
    row.set_item("driver", format!("{} {}", info.driver, info.driver_info).trim())?;
    row.set_item("storage", ["f32", "f16", "bf16"])?;
    row.set_item("subgroups", context.device().features().contains(Features::SUBGROUP))?;
    row.set_item("max_buffer_size", limits.max_buffer_size)?;
    row.set_item("max_storage_buffer_binding_size", limits.max_storage_buffer_binding_size)?;
    row.set_item("min_storage_buffer_offset_alignment", limits.min_storage_buffer_offset_alignment)?;
    let choices = PyDict::new(py);
    choices.set_item("fuses_fma", arithmetic.fuses_fma)?;
    choices.set_item("contracts", arithmetic.contracts)?;
    choices.set_item("reassociates", arithmetic.reassociates)?;
    choices.set_item("keeps_subnormal_results", arithmetic.keeps_subnormal_results)?;
    choices.set_item("keeps_subnormal_operands", arithmetic.keeps_subnormal_operands)?;
    choices.set_item("divides_exactly", arithmetic.divides_exactly)?;
    choices.set_item("unpacks_f16", arithmetic.unpacks_f16)?;
    choices.set_item("packs_f16", arithmetic.packs_f16)?;
    choices.set_item("converts_f16", arithmetic.converts_f16)?;
    row.set_item("arithmetic", choices)?;
    Ok(row)
}
