//! Operations as plain data, for a device of the page's own.

use crate::functions::{Pass, object};
use crate::gpu::{Gpu, none_of};
use crate::options::{Options, wrong};
use gpu_activations::wgpu::{Buffer, BufferDescriptor, BufferUsages, Limits};
use gpu_activations::{
    Axis, BufferRange, DoubleBackward, Error, Function, GpuActivations, Mask, ParameterBuffers, PlannedBinding,
    PlannedDispatch, Recording,
};
use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

const OPTIONS: [&str; 9] = ["pass", "shape", "parameters", "axis", "mask", "order", "accuracy", "seed", "limits"];

#[wasm_bindgen]
impl Gpu {
    pub fn plan(&self, name: &str, options: JsValue) -> Result<JsValue, JsError> {
        let options = Options::of("plan", options, &OPTIONS)?;
        let context = self.context(&options)?;
        let operation = Operation::of(name, &options, &context)?;
        let planned = context.plan(limits(&options)?, |recording| operation.record(recording))?;
        Ok(Plan::of(&planned, &operation.operands).object().into())
    }
}

/// What is planned.
struct Operation {
    function: Function,
    arrays: Arrays,
    /// Of functions along an axis.
    axis: Option<Axis>,
    parameters: ParameterBuffers<'static>,
    operands: Vec<Operand>,
}

/// Which operands there are, by their places among them.
enum Arrays {
    Forward { x: usize, y: usize },
    Backward { x: usize, dy: usize, dx: usize },
    Derivative { order: gpu_activations::Order, x: usize, result: usize },
    DoubleBackward { x: usize, dy: usize, v: usize, dx: usize, ddy: usize },
}

/// A buffer that stands for one of the page's.
struct Operand {
    name: &'static str,
    elements: u64,
    buffer: Buffer,
}

impl Drop for Operand {
    fn drop(&mut self) {
        self.buffer.destroy();
    }
}

impl Operation {
    fn of(name: &str, options: &Options, context: &GpuActivations) -> Result<Operation, JsError> {
        let (function, pass) = (options.function(name)?, Pass::of(options)?);
        match function.along() {
            Ok(_) => none_of(options, &["seed"], &format!("{name} works along an axis"))?,
            Err(_) if options.flag("mask")? => {
                return Err(JsError::new(&format!("{name} works element by element, and takes no mask")));
            }
            Err(_) => none_of(options, &["axis"], &format!("{name} works element by element"))?,
        }
        if pass != Pass::Derivative {
            none_of(options, &["order"], "this pass is no derivative")?;
        }
        let shape = options.shape()?.ok_or_else(|| JsError::new("plan needs the option \"shape\", that of x"))?;
        let axis = function.along().is_ok().then(|| Axis::new(&shape, options.axis()?).map_err(JsError::from));
        let axis = axis.transpose()?;
        let (x_len, y_len) = match (&axis, function.along()) {
            (Some(axis), Ok(along)) => (axis.elements(), along.output_shape(axis)?.iter().product()),
            _ => {
                let elements = shape.iter().try_fold(1_usize, |product, size| product.checked_mul(*size));
                let elements = elements.ok_or_else(|| JsError::new(&format!("the shape {shape:?} is too large")))?;
                (elements, elements)
            }
        };
        let most = context.device().limits().max_buffer_size;
        if let Some(bytes) = [x_len, y_len].map(|elements| 4 * elements as u64).into_iter().find(|bytes| *bytes > most)
        {
            return Err(Error::BufferTooLarge { bytes, limit: most }.into());
        }
        let mut operands = Vec::new();
        let mut add = |name, elements: usize, bytes: usize| {
            let elements = elements as u64;
            let size = (bytes as u64 * elements.max(1)).next_multiple_of(4);
            let descriptor =
                BufferDescriptor { label: Some(name), size, usage: BufferUsages::STORAGE, mapped_at_creation: false };
            operands.push(Operand { name, elements, buffer: context.device().create_buffer(&descriptor) });
            operands.len() - 1
        };
        let x = add("x", x_len, 4);
        let arrays = match pass {
            Pass::Forward => Arrays::Forward { x, y: add("y", y_len, 4) },
            Pass::Backward => Arrays::Backward { x, dy: add("dy", y_len, 4), dx: add("dx", x_len, 4) },
            Pass::Derivative => Arrays::Derivative { order: options.order()?, x, result: add("result", x_len, 4) },
            Pass::DoubleBackward => Arrays::DoubleBackward {
                x,
                dy: add("dy", y_len, 4),
                v: add("v", x_len, 4),
                dx: add("dx", x_len, 4),
                ddy: add("ddy", y_len, 4),
            },
        };
        if options.flag("mask")? {
            add("mask", x_len, 1);
        }
        let seed = options.seed()?;
        let parameters = seed.map_or_else(ParameterBuffers::new, |seed| ParameterBuffers::new().seed(seed));
        Ok(Operation { function, arrays, axis, parameters, operands })
    }

    fn range(&self, operand: usize) -> BufferRange<'_, f32> {
        let Operand { elements, buffer, .. } = &self.operands[operand];
        BufferRange::new(buffer, 0, *elements)
    }

    fn mask(&self) -> Option<Mask<'_>> {
        let mask = self.operands.iter().find(|operand| operand.name == "mask")?;
        Some(BufferRange::<u8>::new(&mask.buffer, 0, mask.elements).into())
    }

    fn record(&self, recording: &mut Recording<'_, '_>) -> Result<(), Error> {
        let Operation { function, arrays, axis, parameters, .. } = self;
        let range = |operand: &usize| self.range(*operand);
        match (arrays, axis) {
            (Arrays::Forward { x, y }, None) => recording.forward_with(function, parameters, range(x), range(y)),
            (Arrays::Forward { x, y }, Some(axis)) => {
                recording.forward_along(function, axis, self.mask(), range(x), range(y))
            }
            (Arrays::Backward { x, dy, dx }, None) => {
                recording.backward_with(function, parameters, range(x), range(dy), range(dx))
            }
            (Arrays::Backward { x, dy, dx }, Some(axis)) => {
                recording.backward_along(function, axis, self.mask(), range(x), range(dy), range(dx))
            }
            // A function along an axis is refused there.
            (Arrays::Derivative { order, x, result }, _) => {
                recording.derivative_with(function, *order, parameters, range(x), range(result))
            }
            (Arrays::DoubleBackward { x, dy, v, dx, ddy }, axis) => {
                let [x, dy, v, dx, ddy] = [x, dy, v, dx, ddy].map(range);
                let operands = DoubleBackward { x, dy, v, dx, ddy };
                match axis {
                    None => recording.double_backward_with(function, parameters, operands),
                    Some(axis) => recording.double_backward_along(function, axis, self.mask(), operands),
                }
            }
        }
    }
}

/// The limits of the page's device; those that every device has, unless told.
fn limits(options: &Options) -> Result<Limits, JsError> {
    let mut limits = Limits::default();
    let Some(given) = options.get("limits") else { return Ok(limits) };
    if !given.is_object() {
        return Err(wrong("limits", "an object", &given));
    }
    let number = |key: &str| -> Result<Option<f64>, JsError> {
        let limit = Reflect::get(&given, &key.into()).unwrap_or(JsValue::UNDEFINED);
        match limit.as_f64() {
            _ if limit.is_undefined() => Ok(None),
            Some(number) if number >= 0.0 => Ok(Some(number)),
            _ => Err(wrong(key, "a number from 0 on", &limit)),
        }
    };
    let set = |limit: &mut u64, key: &str| -> Result<(), JsError> {
        *limit = number(key)?.map_or(*limit, |number| number as u64);
        Ok(())
    };
    set(&mut limits.max_storage_buffer_binding_size, "maxStorageBufferBindingSize")?;
    set(&mut limits.max_buffer_size, "maxBufferSize")?;
    let set = |limit: &mut u32, key: &str| -> Result<(), JsError> {
        *limit = number(key)?.map_or(*limit, |number| number as u32);
        Ok(())
    };
    set(&mut limits.max_compute_workgroups_per_dimension, "maxComputeWorkgroupsPerDimension")?;
    set(&mut limits.max_compute_invocations_per_workgroup, "maxComputeInvocationsPerWorkgroup")?;
    set(&mut limits.max_compute_workgroup_size_x, "maxComputeWorkgroupSizeX")?;
    set(&mut limits.max_compute_workgroup_storage_size, "maxComputeWorkgroupStorageSize")?;
    set(&mut limits.max_storage_buffers_per_shader_stage, "maxStorageBuffersPerShaderStage")?;
    set(&mut limits.min_storage_buffer_offset_alignment, "minStorageBufferOffsetAlignment")?;
    Ok(limits)
}

/// A plan, as `index.d.ts` describes it, while it is put together.
struct Plan<'a> {
    operands: &'a [Operand],
    modules: Vec<&'a str>,
    scratch: Vec<&'a Buffer>,
    dispatches: Array,
}

impl<'a> Plan<'a> {
    fn of(planned: &'a [PlannedDispatch], operands: &'a [Operand]) -> Plan<'a> {
        let mut plan = Plan { operands, modules: Vec::new(), scratch: Vec::new(), dispatches: Array::new() };
        for dispatch in planned {
            let dispatch = plan.dispatch(dispatch);
            plan.dispatches.push(&dispatch);
        }
        plan
    }

    fn dispatch(&mut self, dispatch: &'a PlannedDispatch) -> Object {
        let [columns, rows] = dispatch.workgroups;
        let bindings = dispatch.bindings.iter().map(|bound| JsValue::from(self.binding(bound))).collect::<Array>();
        let uniform = dispatch.uniform.as_ref().map_or(JsValue::NULL, |(binding, bytes)| {
            let bytes = Uint8Array::from(bytes.as_slice());
            object([("binding", (*binding).into()), ("bytes", bytes.into())]).into()
        });
        object([
            ("module", place(&mut self.modules, dispatch.source.as_str()).into()),
            ("entryPoint", dispatch.entry_point.into()),
            ("bindings", bindings.into()),
            ("uniform", uniform),
            ("workgroups", Array::of3(&columns.into(), &rows.into(), &1.into()).into()),
        ])
    }

    fn binding(&mut self, bound: &'a PlannedBinding) -> Object {
        let operand = self.operands.iter().find(|operand| operand.buffer == bound.buffer);
        let buffer = match operand {
            Some(operand) => operand.name.into(),
            None => JsValue::from(place(&mut self.scratch, &bound.buffer)),
        };
        let kind = if bound.is_written { "storage" } else { "read-only-storage" };
        object([
            ("binding", bound.number.into()),
            ("type", kind.into()),
            ("buffer", buffer),
            ("offset", (bound.offset as f64).into()),
            ("size", (bound.size as f64).into()),
        ])
    }

    fn object(&self) -> Object {
        let operands = Object::new();
        for operand in self.operands {
            let bytes = operand.buffer.size() as f64;
            // An object that was just made takes every key.
            let _ = Reflect::set(&operands, &operand.name.into(), &bytes.into());
        }
        let scratch = self.scratch.iter().map(|buffer| JsValue::from(buffer.size() as f64)).collect::<Array>();
        object([
            ("modules", self.modules.iter().map(|text| JsValue::from(*text)).collect::<Array>().into()),
            ("dispatches", self.dispatches.clone().into()),
            ("operands", operands.into()),
            ("scratch", scratch.into()),
        ])
    }
}

/// The place of something among others, where it is put if it is not there yet.
fn place<T: PartialEq>(all: &mut Vec<T>, one: T) -> u32 {
    let known = all.iter().position(|known| *known == one);
    let place = known.unwrap_or_else(|| {
        all.push(one);
        all.len() - 1
    });
    place as u32
}
