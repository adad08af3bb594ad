//! Small networks that are trained on points in the plane.

use crate::functions::object;
use crate::gpu::Gpu;
use crate::options::{Options, wrong};
use experiments::data::{Dataset, EXTENT, SIDE, Targets, Task};
use experiments::initialization::Initialization;
use experiments::lab::{Lab, Launch};
use experiments::loss::Head;
use experiments::network::{Forward, padded};
use experiments::optimizer::Optimizer;
use experiments::plan::Plan;
use experiments::session::Session;
use experiments::unit::Unit;
use js_sys::{Float32Array, Promise};
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

const BATCH: usize = 64;
const EPOCHS: usize = 1000;
const MOST_LAYERS: usize = 8;
const MOST_UNITS: usize = 64;

#[wasm_bindgen]
pub struct Trainer {
    training: Rc<Training>,
}

struct Training {
    session: Session,
    optimizer: Launch,
    /// A pass over the points of the boundary, and one over the test set.
    pictured: Forward,
    tested: Forward,
    /// The minibatches so far.
    step: Cell<usize>,
}

fn failed(error: anyhow::Error) -> JsError {
    JsError::new(&format!("{error:#}"))
}

#[wasm_bindgen]
impl Gpu {
    pub fn trainer(&self, activation: &str, options: JsValue) -> Result<Trainer, JsError> {
        let options = Options::of("Trainer.create", options, &["data", "layers", "rate", "seed"])?;
        // This gives the error of what is no elementwise function.
        activation.parse::<gpu_activations::Function>()?.elementwise()?;
        let unit: Unit = activation.parse().map_err(failed)?;
        let plan = Plan {
            task: task(&options)?,
            initialization: Initialization::of_source(&unit),
            unit: unit.to_string(),
            hidden: layers(&options)?,
            optimizer: Optimizer::Adam,
            rates: vec![rate(&options)?],
            seeds: vec![options.seed()?.unwrap_or(1)],
            batch: BATCH,
            epochs: EPOCHS,
            head: Head::OfTask,
            repeat: 0,
        };
        let lab = Lab::on(self.context(&options)?);
        let training = Training::new(&plan, &lab).map_err(failed)?;
        Ok(Trainer { training: Rc::new(training) })
    }
}

fn task(options: &Options) -> Result<Task, JsError> {
    let given = options.get("data").unwrap_or(JsValue::UNDEFINED);
    match given.as_string().as_deref() {
        Some("moons") => Ok(Task::Moons),
        Some("spirals") => Ok(Task::Spirals),
        Some("xor") => Ok(Task::Xor),
        _ => Err(wrong("data", "\"moons\", \"spirals\" or \"xor\"", &given)),
    }
}

fn rate(options: &Options) -> Result<f32, JsError> {
    let rate = options.number("rate")?.unwrap_or(0.01) as f32;
    if rate > 0.0 && rate.is_finite() {
        return Ok(rate);
    }
    Err(JsError::new(&format!("rate must be a number above 0, not {rate}")))
}

fn layers(options: &Options) -> Result<Vec<usize>, JsError> {
    let layers = options.sizes("layers")?.unwrap_or_else(|| vec![8, 8]);
    let fits = (1..=MOST_LAYERS).contains(&layers.len()) && layers.iter().all(|units| (1..=MOST_UNITS).contains(units));
    if fits {
        return Ok(layers);
    }
    let wanted = format!("1 to {MOST_LAYERS} layers of 4 to {MOST_UNITS} units, not {layers:?}");
    Err(JsError::new(&format!("layers must be {wanted}")))
}

impl Training {
    fn new(plan: &Plan, lab: &Lab) -> anyhow::Result<Training> {
        let data = Dataset::generated(plan.task)?;
        let tested = data.evaluated().end - data.test..data.evaluated().end;
        let session = Session::new(plan, lab, &data)?;
        let (pictured, tested) = (session.pass(data.pictured())?, session.pass(tested)?);
        Ok(Training { optimizer: session.optimizer()?, pictured, tested, session, step: Cell::new(0) })
    }

    fn lab(&self) -> &Lab {
        self.session.lab()
    }

    /// The mean loss of the next minibatches, and how many there are then.
    async fn train(&self, steps: usize) -> anyhow::Result<(usize, f32)> {
        let first = self.step.get();
        let end = first.saturating_add(steps).min(self.session.steps());
        self.step.set(end);
        let step = |_| self.lab().recorded(|pass| self.session.record_step(&self.optimizer, pass));
        let commands = (first..end).map(step).collect::<anyhow::Result<Vec<_>>>()?;
        let context = &self.lab().activations;
        context.queue().submit(commands);
        let losses = context.download_range_async(&self.session.losses, first..end).await?;
        Ok((end, losses.iter().sum::<f32>() / losses.len() as f32))
    }

    /// The probability of class 1 for each row of a pass.
    async fn probabilities(&self, pass: &Forward) -> anyhow::Result<Vec<f32>> {
        let commands = self.lab().recorded(|compute| pass.record(&self.session.network, compute))?;
        let context = &self.lab().activations;
        context.queue().submit([commands]);
        let results = context.download_async(pass.results()).await?;
        Ok(results.chunks(padded(2)).map(|row| row[1].exp()).collect())
    }

    /// The share of the test set that is told right.
    async fn accuracy(&self) -> anyhow::Result<f64> {
        let probabilities = self.probabilities(&self.tested).await?;
        let Targets::Labels { labels, .. } = &self.session.data.targets else { return Ok(f64::NAN) };
        let labels = &labels[self.session.data.evaluated().end - probabilities.len()..];
        let is_right = |(probability, label): &(&f32, &u32)| (**probability > 0.5) == (**label == 1);
        let right = probabilities.iter().zip(labels).filter(is_right).count();
        Ok(right as f64 / probabilities.len() as f64)
    }
}

/// A promise of something that a training gives.
fn promised(result: impl Future<Output = anyhow::Result<JsValue>> + 'static) -> Promise {
    future_to_promise(async { result.await.map_err(|error| failed(error).into()) })
}

#[wasm_bindgen]
impl Trainer {
    #[wasm_bindgen(getter)]
    pub fn points(&self) -> Vec<f32> {
        let data = &self.training.session.data;
        data.inputs[..data.training * data.features].to_vec()
    }

    #[wasm_bindgen(getter)]
    pub fn labels(&self) -> Vec<u8> {
        let data = &self.training.session.data;
        match &data.targets {
            Targets::Labels { labels, .. } => labels[..data.training].iter().map(|&label| label as u8).collect(),
            Targets::Values(_) => Vec::new(),
        }
    }

    #[wasm_bindgen(getter)]
    pub fn extent(&self) -> f32 {
        EXTENT
    }

    #[wasm_bindgen(getter, js_name = mostSteps)]
    pub fn most_steps(&self) -> usize {
        self.training.session.steps()
    }

    pub fn train(&self, steps: usize) -> Promise {
        let training = Rc::clone(&self.training);
        promised(async move {
            let (step, loss) = training.train(steps).await?;
            Ok(object([("step", step.into()), ("loss", loss.into())]).into())
        })
    }

    pub fn boundary(&self) -> Promise {
        let training = Rc::clone(&self.training);
        promised(async move {
            let probabilities = training.probabilities(&training.pictured).await?;
            let probabilities = Float32Array::from(probabilities.as_slice());
            Ok(object([("side", SIDE.into()), ("probabilities", probabilities.into())]).into())
        })
    }

    pub fn accuracy(&self) -> Promise {
        let training = Rc::clone(&self.training);
        promised(async move { Ok(training.accuracy().await?.into()) })
    }
}
