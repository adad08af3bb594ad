//! The device.

use crate::functions::object;
use crate::options::Options;
use gpu_activations::{Axis, Error, Function, GpuActivations, ParameterBuffers};
use js_sys::{Float32Array, Object, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

/// The options of a pass over x.
const OF_PASS: [&str; 6] = ["parameters", "shape", "axis", "mask", "accuracy", "seed"];

#[wasm_bindgen]
pub struct Gpu {
    context: GpuActivations,
}

/// What the elements of an array are to a function.
enum Place {
    /// Each for itself, with the seed of rrelu in training.
    Each {
        seed: Option<u64>,
    },
    Along {
        axis: Axis,
        mask: Option<Vec<u8>>,
    },
}

/// An operation, apart from its arrays. It holds the context itself, so that the caller may free his.
struct Call {
    context: GpuActivations,
    function: Function,
    place: Place,
}

fn promised(result: impl Future<Output = Result<JsValue, Error>> + 'static) -> Promise {
    future_to_promise(async { result.await.map_err(|error| JsError::from(error).into()) })
}

fn array(values: &[f32]) -> JsValue {
    Float32Array::from(values).into()
}

#[wasm_bindgen]
impl Gpu {
    pub async fn create(options: JsValue) -> Result<Gpu, JsError> {
        let options = Options::of("create", options, &["accuracy"])?;
        let accuracy = options.accuracy()?.unwrap_or_default();
        Ok(Gpu { context: GpuActivations::builder().accuracy(accuracy).build_async().await? })
    }

    #[wasm_bindgen(getter)]
    pub fn adapter(&self) -> Object {
        let info = self.context.adapter_info();
        object([
            ("name", info.name.into()),
            ("isSoftware", (info.device_type == gpu_activations::wgpu::DeviceType::Cpu).into()),
        ])
    }

    pub fn forward(&self, name: &str, x: Vec<f32>, options: JsValue) -> Result<Promise, JsError> {
        let call = self.call("forward", name, x.len(), options)?;
        Ok(promised(async move { Ok(array(&call.forward(&x).await?)) }))
    }

    pub fn backward(&self, name: &str, x: Vec<f32>, dy: Vec<f32>, options: JsValue) -> Result<Promise, JsError> {
        let call = self.call("backward", name, x.len(), options)?;
        Ok(promised(async move { Ok(array(&call.backward(&x, &dy).await?)) }))
    }

    pub fn derivative(&self, name: &str, x: Vec<f32>, options: JsValue) -> Result<Promise, JsError> {
        let options = Options::of("derivative", options, &["parameters", "order", "accuracy"])?;
        let (context, function, order) = (self.context(&options)?, options.function(name)?, options.order()?);
        Ok(promised(async move { Ok(array(&context.derivative_slice_async(function, order, &x).await?)) }))
    }

    #[wasm_bindgen(js_name = doubleBackward)]
    pub fn double_backward(
        &self,
        name: &str,
        x: Vec<f32>,
        dy: Vec<f32>,
        v: Vec<f32>,
        options: JsValue,
    ) -> Result<Promise, JsError> {
        let call = self.call("doubleBackward", name, x.len(), options)?;
        Ok(promised(async move {
            let (dx, ddy) = call.double_backward(&x, &dy, &v).await?;
            Ok(object([("dx", array(&dx)), ("ddy", array(&ddy))]).into())
        }))
    }

    /// Gives the device back to the browser; what runs on it fails.
    pub fn destroy(self) {
        self.context.device().destroy();
    }
}

impl Gpu {
    /// The context at the accuracy that the options ask for.
    pub fn context(&self, options: &Options) -> Result<GpuActivations, JsError> {
        let accuracy = options.accuracy()?.unwrap_or(self.context.accuracy());
        Ok(self.context.with_accuracy(accuracy))
    }

    fn call(&self, call: &str, name: &str, len: usize, options: JsValue) -> Result<Call, JsError> {
        let options = Options::of(call, options, &OF_PASS)?;
        let (context, function) = (self.context(&options)?, options.function(name)?);
        let shape = options.shape()?.unwrap_or_else(|| vec![len]);
        let elements = shape.iter().try_fold(1_usize, |product, size| product.checked_mul(*size));
        if elements != Some(len) {
            let message = format!("the shape {shape:?} is not that of x, which has {len} elements");
            return Err(JsError::new(&message));
        }
        let place = if function.along().is_ok() {
            none_of(&options, &["seed"], &format!("{name} works along an axis"))?;
            Place::Along { axis: Axis::new(&shape, options.axis()?)?, mask: options.mask()? }
        } else {
            none_of(&options, &["axis", "mask"], &format!("{name} works element by element"))?;
            Place::Each { seed: options.seed()? }
        };
        Ok(Call { context, function, place })
    }
}

/// Refuses options that have no meaning here.
pub fn none_of(options: &Options, keys: &[&str], reason: &str) -> Result<(), JsError> {
    match keys.iter().find(|key| options.get(key).is_some()) {
        Some(key) => Err(JsError::new(&format!("{reason}, and has no option {key:?}"))),
        None => Ok(()),
    }
}

impl Call {
    async fn forward(self, x: &[f32]) -> Result<Vec<f32>, Error> {
        let Call { context, function, place } = self;
        match place {
            Place::Along { axis, mask } => context.forward_along_slice_async(function, &axis, mask.as_deref(), x).await,
            Place::Each { seed: None } => context.forward_slice_async(function, x).await,
            Place::Each { seed: Some(seed) } => {
                let x = context.upload(x)?;
                let y = context.forward_with(function, &ParameterBuffers::new().seed(seed), &x)?;
                context.download_async(&y).await
            }
        }
    }

    async fn backward(self, x: &[f32], dy: &[f32]) -> Result<Vec<f32>, Error> {
        let Call { context, function, place } = self;
        match place {
            Place::Along { axis, mask } => {
                context.backward_along_slice_async(function, &axis, mask.as_deref(), x, dy).await
            }
            Place::Each { seed: None } => context.backward_slice_async(function, x, dy).await,
            Place::Each { seed: Some(seed) } => {
                let (x, dy) = (context.upload(x)?, context.upload(dy)?);
                let dx = context.backward_with(function, &ParameterBuffers::new().seed(seed), &x, &dy)?;
                context.download_async(&dx).await
            }
        }
    }

    async fn double_backward(self, x: &[f32], dy: &[f32], v: &[f32]) -> Result<(Vec<f32>, Vec<f32>), Error> {
        let Call { context, function, place } = self;
        match place {
            Place::Along { axis, mask } => {
                context.double_backward_along_slice_async(function, &axis, mask.as_deref(), x, dy, v).await
            }
            Place::Each { seed: None } => context.double_backward_slice_async(function, x, dy, v).await,
            Place::Each { seed: Some(seed) } => {
                let (x, dy, v) = (context.upload(x)?, context.upload(dy)?, context.upload(v)?);
                let parameters = ParameterBuffers::new().seed(seed);
                let (dx, ddy) = context.double_backward_with(function, &parameters, &x, &dy, &v)?;
                Ok((context.download_async(&dx).await?, context.download_async(&ddy).await?))
            }
        }
    }
}
