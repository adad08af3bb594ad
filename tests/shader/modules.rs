//! Every form of every module. Operations of each kind are prepared, and the composed texts are validated as WGSL.
//!
//! `cargo xtask dawn` sets the directory `MODULES`, where these tests write the input of another compiler.

use crate::common::STRATEGIES;
use gpu_activations::shader::{Aliasing, ComposedModule, Member, Shader, ShaderOptions, Storage, VARIABLES};
use gpu_activations::tuning::Strategy;
use gpu_activations::{
    Accuracy, Activation, Axis, AxisFunction, BufferRange, Direction, DoubleBackward, Element, Error, Function,
    GateGradients, GatedDoubleBackward, GpuActivations, GpuBuffer, Mask, Order, ParameterBuffers, Recording, Sinks,
    wgpu,
};
use half::{bf16, f16};
use naga::valid::{Capabilities, ValidationFlags, Validator};
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Modules by their text, each named after its first composition.
#[derive(Default)]
struct Modules {
    names: BTreeMap<String, String>,
    /// The number of texts with the same name.
    alike: BTreeMap<String, usize>,
    /// The module in preparation.
    now: String,
    /// The host's bindings for an entry point of a text.
    bound: BTreeMap<(String, &'static str), Host>,
}

/// The host's bindings: numbers, each with whether it may be written or none for a uniform, and the uniform's fields.
#[derive(Clone)]
struct Host {
    bindings: Vec<(u32, Option<bool>)>,
    uniform: &'static [Member],
    statistics_bytes: Option<u64>,
}

impl Modules {
    fn add(&mut self, text: &str, entry_point: &str) {
        if !self.names.contains_key(text) {
            let name = format!("{}_{entry_point}", self.now);
            let alike = self.alike.entry(name.clone()).or_default();
            *alike += 1;
            let name = if *alike == 1 { name } else { format!("{name}.{alike}") };
            self.names.insert(text.to_owned(), name);
        }
    }

    /// Returns the layout as the host binds it.
    fn add_composed(&mut self, module: &ComposedModule<'_>) {
        self.add(module.text, module.entry_point);
        let (uniform, statistics_bytes) = (module.uniform, module.statistics_bytes);
        let host = Host { bindings: module.bindings.clone(), uniform, statistics_bytes };
        self.bound.entry((module.text.to_owned(), module.entry_point)).or_insert(host);
    }

    /// Returns texts with another value of each constant, for other adapters or lengths: those for f32 without a mask,
    /// because the type and the mask change none.
    fn varied(&self) -> BTreeMap<String, String> {
        let mut all = self.names.clone();
        for (constant, values) in [
            ("GUARDED: bool", ["false", "true"]),
            ("LARGER_TEAMS: bool", ["false", "true"]),
            ("VECTORS: u32", ["1u", "8u"]),
        ] {
            let [first, second] = values.map(|value| format!("const {constant} = {value};"));
            for (text, name) in self.names.iter().filter(|(_, name)| !name.contains("f16") && !name.contains("masked"))
            {
                for (from, to) in [(&first, &second), (&second, &first)] {
                    if text.contains(from) {
                        all.entry(text.replace(from, to)).or_insert(format!("{name}.{to}"));
                    }
                }
            }
        }
        all
    }
}

/// A context whose modules are kept, and compiled as if they were empty, which takes no time.
struct Collector {
    context: GpuActivations,
    modules: Arc<Mutex<Modules>>,
}

/// The location of the result.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Separate,
    OverX,
    OverDy,
    Shared,
}

const PLACES: [Place; 4] = [Place::Separate, Place::OverX, Place::OverDy, Place::Shared];

/// The operands of one operation.
struct Operands<T: Element> {
    x: GpuBuffer<T>,
    dy: GpuBuffer<T>,
    result: GpuBuffer<T>,
    /// A buffer with room for x and, from the middle on, for a result.
    both: wgpu::Buffer,
    place: Place,
}

impl<T: Element> Operands<T> {
    fn new(context: &GpuActivations, [x, dy, result]: [usize; 3], place: Place) -> Self {
        let both = context.device().create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: 2 * Self::MIDDLE,
            usage: wgpu::BufferUsages::STORAGE,
            mapped_at_creation: false,
        });
        let [x, dy, result] = [x, dy, result].map(|len| context.allocate(len).unwrap());
        Operands { x, dy, result, both, place }
    }

    const MIDDLE: u64 = 1 << 20;

    fn x(&self) -> BufferRange<'_, T> {
        match self.place {
            Place::Shared => BufferRange::new(&self.both, 0, self.x.len() as u64),
            _ => (&self.x).into(),
        }
    }

    fn result(&self) -> BufferRange<'_, T> {
        match self.place {
            Place::Separate => (&self.result).into(),
            Place::OverX => (&self.x).into(),
            Place::OverDy => (&self.dy).into(),
            Place::Shared => BufferRange::new(&self.both, Self::MIDDLE, self.result.len() as u64),
        }
    }
}

fn storage<T: Element>() -> &'static str {
    std::any::type_name::<T>().rsplit("::").next().unwrap_or_default()
}

/// The adapter's features that the modules depend on.
fn device() -> (wgpu::Device, wgpu::Queue) {
    let adapter = pollster::block_on(gpu_activations::adapters()).remove(0);
    let descriptor = wgpu::DeviceDescriptor {
        required_features: adapter.features() & (wgpu::Features::SUBGROUP | wgpu::Features::SHADER_F16),
        required_limits: adapter.limits(),
        ..Default::default()
    };
    pollster::block_on(adapter.request_device(&descriptor)).unwrap()
}

/// The table's functions, and a formula with every building block.
fn functions() -> Vec<Activation> {
    let blocks = "x > a && !(x < b) ? ln(1 + x^2)*sin(x) - cos(x)/exp(x) : pow(|x|, b) + swish(x, beta=a) + floor(x)*sign(x) \
                  + sqrt(x*x + 1)*mish(x) + 1/0; a = 0.5, b = 1.5";
    let formula = Function::from_formula(blocks).and_then(|function| function.elementwise()).unwrap();
    Activation::ALL.iter().copied().chain([formula]).collect()
}

impl Collector {
    fn new() -> Self {
        let (device, queue) = device();
        let modules = Arc::new(Mutex::new(Modules::default()));
        let seen = Arc::clone(&modules);
        let context = GpuActivations::from_device_rewriting(device, queue, move |module| {
            seen.lock().unwrap().add_composed(module);
            format!("@compute @workgroup_size(1) fn {}() {{}}", module.entry_point)
        });
        Collector { context, modules }
    }

    /// Prepares one operation, or none if the function does not allow it.
    fn prepare(
        &self,
        context: &GpuActivations,
        what: &str,
        record: impl FnOnce(&mut Recording<'_, '_>) -> Result<(), Error>,
    ) {
        self.modules.lock().unwrap().now = what.to_lowercase().replace([' ', '"'], "_");
        match context.prepare(record) {
            Ok(())
            | Err(Error::SharedBuffer { .. } | Error::NotFromOutput { .. } | Error::NotMaskable { .. })
            | Err(Error::LengthMismatch { .. } | Error::IndivisibleAxis { .. }) => {}
            Err(error) => panic!("{what}: {error}"),
        }
    }

    fn elementwise<T: Element>(&self) {
        let context = &self.context;
        for activation in functions() {
            for place in PLACES {
                let what = format!("{} {} {place:?}", activation.name(), storage::<T>());
                let on = Operands::<T>::new(context, [6; 3], place);
                if place != Place::OverDy {
                    self.prepare(context, &what, |r| r.forward(activation, on.x(), on.result()));
                }
                self.prepare(context, &what, |r| r.backward(activation, on.x(), &on.dy, on.result()));
                if place != Place::OverDy {
                    self.derivatives(activation, &ParameterBuffers::new(), &what, &on);
                }
            }
            let what = format!("{} {}", activation.name(), storage::<T>());
            self.double_backward::<T>(activation, &ParameterBuffers::new(), &what, 6);
        }
        let (rrelu, seed) = (Activation::Rrelu { lower: 0.1, upper: 0.3 }, ParameterBuffers::new().seed(1));
        for place in [Place::Separate, Place::OverX, Place::Shared] {
            let what = format!("rrelu seed {} {place:?}", storage::<T>());
            let on = Operands::<T>::new(context, [6; 3], place);
            self.prepare(context, &what, |r| r.forward_with(rrelu, &seed, on.x(), on.result()));
            self.prepare(context, &what, |r| r.backward_with(rrelu, &seed, on.x(), &on.dy, on.result()));
        }
    }

    fn derivatives<T: Element>(
        &self,
        activation: Activation,
        parameters: &ParameterBuffers<'_>,
        what: &str,
        on: &Operands<T>,
    ) {
        for order in Order::ALL {
            let what = format!("{order:?} derivative of {what}");
            self.prepare(&self.context, &what, |r| {
                r.derivative_with(activation, order, parameters, on.x(), on.result())
            });
        }
    }

    fn double_backward<T: Element>(
        &self,
        activation: Activation,
        parameters: &ParameterBuffers<'_>,
        what: &str,
        len: usize,
    ) {
        let [x, dy, v, dx, ddy] = [(); 5].map(|()| self.context.allocate::<T>(len).unwrap());
        let operands =
            DoubleBackward { x: (&x).into(), dy: (&dy).into(), v: (&v).into(), dx: (&dx).into(), ddy: (&ddy).into() };
        self.prepare(&self.context, &format!("double backward of {what}"), |r| {
            r.double_backward_with(activation, parameters, operands)
        });
    }

    /// Parameters from buffers, alone and together, and their gradients.
    fn learnable<T: Element>(&self) {
        for activation in functions() {
            let own = activation.parameters().iter().filter(|parameter| parameter.learnable);
            let own: Vec<&str> = own.map(|parameter| parameter.name).collect();
            let with = |fused: &[&'static str]| [&own[..], fused].concat();
            let names = with(&["input_factor", "input_bias", "output_factor", "output_addend"]);
            // Sums bind at most eight storage buffers, four of them for operands and statistics.
            let together: Vec<_> = match own.len() {
                0 | 1 => vec![names.clone()],
                2 => [["input_factor", "input_bias"], ["input_factor", "output_factor"]].map(|pair| with(&pair)).into(),
                _ => ["input_factor", "input_bias", "output_factor"].map(|one| with(&[one, "output_addend"])).into(),
            };
            let alone = names.iter().map(|&name| vec![name]);
            // The names of parameters in the text do not depend on the function, so one function has every form.
            let is_thorough = activation.name() == "prelu";
            let sets: Vec<_> = together.into_iter().chain(alone.filter(|_| is_thorough)).collect();
            let shapes = [[5, 3, 1], [5, 8, 1], [2, 4, 8], [3, 5, 300], [3, 5, 301], [90, 3, 256]];
            let shapes = if is_thorough { &shapes[..] } else { &shapes[..1] };
            for (set, shape) in sets.iter().flat_map(|set| shapes.iter().map(move |shape| (set, *shape))) {
                for per in ["one", "channel", "element"].iter().filter(|per| is_thorough || **per != "one") {
                    self.with_buffers::<T>(activation, set, shape, per, is_thorough);
                }
            }
        }
    }

    fn with_buffers<T: Element>(
        &self,
        activation: Activation,
        set: &[&str],
        shape: [usize; 3],
        per: &str,
        thorough: bool,
    ) {
        let axis = Axis::new(&shape, 1).unwrap();
        let len = axis.elements();
        let values = self.context.allocate::<f32>(len).unwrap();
        let count = match per {
            "one" => 1,
            "channel" => axis.length(),
            _ => len,
        };
        let range = BufferRange::new(values.raw(), 0, count as u64);
        let with = |names: &[&str]| {
            let given = names.iter().map(|&name| name.to_owned());
            given.fold(ParameterBuffers::new(), |parameters, name| match per {
                "one" => parameters.per_tensor(name, range),
                "channel" => parameters.per_channel(name, range, &axis),
                _ => parameters.per_element(name, range),
            })
        };
        let parameters = with(set);
        let places = if thorough { &PLACES[..] } else { &PLACES[..1] };
        let described = format!("{} {} {per} {}", activation.name(), set.join("-"), storage::<T>());
        for &place in places {
            let what = format!("{described} {place:?} {}", shape.map(|length| length.to_string()).join("x"));
            let on = Operands::<T>::new(&self.context, [len; 3], place);
            if place != Place::OverDy {
                let record = |r: &mut Recording<'_, '_>| r.forward_with(activation, &parameters, on.x(), on.result());
                self.prepare(&self.context, &what, record);
            }
            let record =
                |r: &mut Recording<'_, '_>| r.backward_with(activation, &parameters, on.x(), &on.dy, on.result());
            self.prepare(&self.context, &what, record);
        }
        let on = Operands::<T>::new(&self.context, [len; 3], Place::Separate);
        if thorough {
            self.derivatives(activation, &parameters, &described, &on);
            // Five storage buffers are for operands, and three of eight are left; the addend has no part in it.
            let bound: Vec<&str> = set.iter().copied().filter(|name| *name != "output_addend").collect();
            let left_out = |out: usize| [&bound[..out], &bound[out + 1..]].concat();
            let sets = if bound.len() > 3 { (1..bound.len()).map(left_out).collect() } else { vec![bound.clone()] };
            for set in sets {
                let described = format!("{} {} {per} {}", activation.name(), set.join("-"), storage::<T>());
                self.double_backward::<T>(activation, &with(&set), &described, len);
            }
        }
        let gradient = self.context.allocate::<f32>(count).unwrap();
        let strategies = match thorough {
            true => &STRATEGIES[..],
            false if size_of::<T>() == 4 => &STRATEGIES[..1],
            false => &[],
        };
        for &strategy in strategies {
            let context = self.context.with_strategy(strategy);
            for name in set {
                let what = format!("d{name} of {described} {strategy:?}");
                self.prepare(&context, &what, |r| {
                    r.parameter_gradient(activation, &parameters, name, on.x(), &on.dy, &gradient)
                });
            }
        }
    }

    fn along<T: Element>(&self) {
        let samples = AxisFunction::all().iter().filter(|(_, function)| function.family() == "softmax");
        let samples: Vec<_> = samples.flat_map(|(name, f)| f.samples().into_iter().map(move |f| (*name, f))).collect();
        // Text that is the same for every type and location is combined only with the commonest of the others.
        let is_f32 = storage::<T>() == "f32";
        for (name, function) in AxisFunction::all().iter().chain(samples.iter().filter(|_| is_f32)) {
            // Rows in registers and others; lengths that are multiples of four and others; another axis; a row with so
            // many chunks that a workgroup combines them.
            let shapes: [(&[usize], isize); 11] = [
                (&[3, 4], 1),
                (&[3, 5], 1),
                (&[4, 6], 1),
                (&[3, 8], 1),
                (&[3, 16], 1),
                (&[3, 32], 1),
                (&[2, 2000], 1),
                (&[3, 2002], 1),
                (&[6, 4], 0),
                (&[6, 5], 0),
                (&[1, 1 << 23], 1),
            ];
            for (shape, index) in
                shapes.into_iter().filter(|(shape, _)| is_f32 || ![8, 16, 32, 2002, 1 << 23].contains(&shape[1]))
            {
                let axis = Axis::new(shape, index).unwrap();
                let strategies = if is_f32 { &STRATEGIES[..] } else { &STRATEGIES[..2] };
                for &strategy in strategies {
                    self.along_axis::<T>(name, function, &axis, strategy, Place::Separate);
                }
                for strategy in STRATEGIES[..2].iter().filter(|_| [5, 2000].contains(&shape[1])) {
                    for place in &PLACES[1..] {
                        self.along_axis::<T>(name, function, &axis, *strategy, *place);
                    }
                }
            }
        }
    }

    fn along_axis<T: Element>(
        &self,
        name: &str,
        function: &AxisFunction,
        axis: &Axis,
        strategy: Strategy,
        place: Place,
    ) {
        let Ok(output) = function.output_shape(axis) else { return };
        let context = self.context.with_strategy(strategy);
        let (len, output) = (axis.elements(), output.iter().product());
        let mask = context.allocate::<u8>(len).unwrap();
        let forward = Operands::<T>::new(&context, [len, 1, output], place);
        let backward = Operands::<T>::new(&context, [len, output, len], place);
        let is_alone = place == Place::Separate && storage::<T>() == "f32";
        for masked in [false, true].into_iter().filter(|masked| !masked || function.takes_mask() && is_alone) {
            let mask = masked.then(|| (&mask).into());
            let kept = if masked { "masked " } else { "" };
            let what = format!("{name} {kept}{} {place:?} {strategy:?} {:?}", storage::<T>(), axis.shape());
            let what = what.replace(", ", "x").replace(['[', ']'], "");
            if place != Place::OverDy {
                let record =
                    |r: &mut Recording<'_, '_>| r.forward_along(function, axis, mask, forward.x(), forward.result());
                self.prepare(&context, &what, record);
            }
            let (x, dy, dx) = (backward.x(), &backward.dy, backward.result());
            let from_x = format!("{what} backward");
            self.prepare(&context, &from_x, |r| r.backward_along(function, axis, mask, x, dy, dx));
            let from_y = format!("{what} from output");
            self.prepare(&context, &from_y, |r| r.backward_along_from_output(function, axis, mask, x, dy, dx));
            if function.takes_sink() && is_alone {
                let sink = context.allocate::<f32>(1).unwrap();
                let (sinks, with) = (Sinks::per_tensor(&sink), format!("{what} with sinks"));
                let (forward_x, y) = (forward.x(), forward.result());
                self.prepare(&context, &with, |r| {
                    r.forward_along_with_sinks(function, axis, mask, &sinks, forward_x, y)
                });
                let backward = format!("{with} backward");
                self.prepare(&context, &backward, |r| {
                    r.backward_along_with_sinks(function, axis, mask, &sinks, x, dy, dx)
                });
                let gradient = context.allocate::<f32>(1).unwrap();
                let of_sink = format!("{with} gradient");
                self.prepare(&context, &of_sink, |r| r.sink_gradient(function, axis, mask, &sinks, x, dy, &gradient));
            }
            if function.has_double_backward() && place == Place::Separate {
                let (v, ddy) = (context.allocate::<T>(len).unwrap(), context.allocate::<T>(output).unwrap());
                let operands = DoubleBackward { x, dy: dy.into(), v: (&v).into(), dx, ddy: (&ddy).into() };
                let twice = format!("{what} double backward");
                self.prepare(&context, &twice, |r| r.double_backward_along(function, axis, mask, operands));
            }
        }
    }

    /// A mask that lies or repeats along one to eight runs of axes.
    fn repeated_masks(&self) {
        let softmax: AxisFunction = "softmax".parse().unwrap();
        let axis = Axis::last(&[2; 8]).unwrap();
        let [x, y, dy, dx] = [(); 4].map(|()| self.context.allocate::<f32>(axis.elements()).unwrap());
        for runs in 1..=8 {
            // Every second axis, the last one or the one before it first.
            let shape: Vec<usize> = (0..(runs - 1).max(1)).rev().map(|axis| 2 - (axis + runs) % 2).collect();
            let bytes = self.context.allocate::<u8>(shape.iter().product()).unwrap();
            let (mask, what) = (Some(Mask::broadcast(&bytes, &shape)), format!("softmax mask of {runs} runs"));
            self.prepare(&self.context, &what, |r| r.forward_along(&softmax, &axis, mask, &x, &y));
            let backward = format!("{what} backward");
            self.prepare(&self.context, &backward, |r| r.backward_along(&softmax, &axis, mask, &x, &dy, &dx));
        }
    }

    /// Gates through every activation, for one array and for two.
    fn gated<T: Element>(&self) {
        for activation in Activation::ALL {
            let function: AxisFunction = "gated".parse().unwrap();
            let function = function.with("activation", activation.name()).unwrap();
            for length in [8, 6] {
                let name = format!("gated by {}", activation.name());
                let axis = Axis::last(&[3, length]).unwrap();
                self.along_axis::<T>(&name, &function, &axis, Strategy::Automatic, Place::Separate);
            }
            let [value, gate, dy, y, dvalue, dgate] = [(); 6].map(|()| self.context.allocate::<T>(6).unwrap());
            let [v1, v2, ddy] = [(); 3].map(|()| self.context.allocate::<T>(6).unwrap());
            let what = format!("two gated by {} {}", activation.name(), storage::<T>());
            let gradients = GateGradients { value: (&dvalue).into(), gate: (&dgate).into() };
            let v = GateGradients { value: (&v1).into(), gate: (&v2).into() };
            let (value, gate, dy, ddy) = ((&value).into(), (&gate).into(), (&dy).into(), (&ddy).into());
            self.prepare(&self.context, &what, |r| {
                r.forward_gated(*activation, value, gate, &y)?;
                r.backward_gated(*activation, value, gate, dy, gradients)
            });
            let operands = GatedDoubleBackward { value, gate, dy, v, gradients, ddy };
            let twice = format!("{what} double backward");
            self.prepare(&self.context, &twice, |r| r.double_backward_gated(*activation, operands));
        }
    }

    fn all_of<T: Element>(&self) {
        for accuracy in Accuracy::ALL {
            let context = self.context.with_accuracy(accuracy);
            let collector = Collector { context, modules: Arc::clone(&self.modules) };
            collector.elementwise::<T>();
            collector.gated::<T>();
        }
        self.learnable::<T>();
        self.along::<T>();
    }

    /// Modules composed without a device, or for measurements.
    fn others(&self) {
        let _ = self.context.probe().unwrap();
        let mut modules = self.modules.lock().unwrap();
        for activation in Activation::ALL {
            modules.now = format!("{}_snippet", activation.name());
            modules.add(&around(&activation.snippet("its").unwrap()), "kernel");
            for storage in [Storage::F32, Storage::F16, Storage::Bf16] {
                modules.now = format!("{}_{storage:?}_printed", activation.name()).to_lowercase();
                for aliasing in [Aliasing::Separate, Aliasing::OverX, Aliasing::OverDy, Aliasing::SameBuffer] {
                    modules.add(Shader::elementwise(activation, storage, aliasing).source(), "forward");
                }
                for accuracy in Accuracy::ALL {
                    let mut options = ShaderOptions::default();
                    (options.accuracy, options.fused, options.native_f16) = (accuracy, true, true);
                    modules.now = format!("{}_{storage:?}_{accuracy}_native", activation.name()).to_lowercase();
                    let shader = Shader::elementwise_with(activation, storage, Aliasing::Separate, options);
                    modules.add(shader.source(), "forward");
                    let shader = Shader::derivative(activation, Order::Second, storage, options).unwrap();
                    modules.add(shader.source(), "derivatives");
                }
            }
        }
        for (name, function) in AxisFunction::all() {
            for storage in [Storage::F32, Storage::F16, Storage::Bf16] {
                modules.now = format!("{name}_{storage:?}_printed").to_lowercase();
                for direction in Direction::ALL {
                    let (shader, entry_point) = Shader::along(function, storage, direction);
                    modules.add(shader.source(), entry_point);
                }
                match Shader::double_backward_along(function, storage, ShaderOptions::default()) {
                    Ok((shader, entry_point)) => modules.add(shader.source(), entry_point),
                    Err(error) => assert!(!function.has_double_backward(), "{error}"),
                }
            }
        }
        modules.now = "copy".to_owned();
        let shape = "const WORKGROUP: u32 = 256u;\nconst VECTORS: u32 = 8u;\n";
        modules.add(&format!("{shape}{}", include_str!("../../shaders/probes/copy.wgsl")), "forward");
    }
}

/// A foreign shader that calls the functions of a snippet.
fn around(snippet: &str) -> String {
    let params = if snippet.contains("struct its_Params") { "its_Params" } else { "u32" };
    format!(
        "{snippet}
@group(0) @binding(0) var<storage, read_write> values: array<f32>;
@group(0) @binding(1) var<storage, read> params: array<{params}>;

@compute @workgroup_size(64)
fn kernel(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {{
    its_zero = workgroups.z - 1u;
    let slopes = its_derivative(values[id.x], params[0]) + its_second_derivative(values[id.x], params[0]);
    values[id.x] = its_activation(values[id.x], params[0]) * slopes;
}}
"
    )
}

/// Validates texts as WGSL, on all cores.
fn validate(modules: &BTreeMap<String, String>) {
    let modules: Vec<_> = modules.iter().collect();
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    std::thread::scope(|scope| {
        for piece in modules.chunks(modules.len().div_ceil(cores).max(1)) {
            scope.spawn(move || piece.iter().for_each(|(text, name)| validate_one(text, name)));
        }
    });
}

/// What modules may need of a device.
fn capabilities() -> Capabilities {
    Capabilities::SUBGROUP | Capabilities::SHADER_FLOAT16 | Capabilities::SHADER_FLOAT16_IN_FLOAT32
}

fn validate_one(text: &str, name: &str) {
    let module =
        naga::front::wgsl::parse_str(text).unwrap_or_else(|error| panic!("{name}: {}", error.emit_to_string(text)));
    Validator::new(ValidationFlags::all(), capabilities())
        .subgroup_stages(naga::valid::ShaderStages::COMPUTE)
        .subgroup_operations(naga::valid::SubgroupOperationSet::all())
        .validate(&module)
        .unwrap_or_else(|error| panic!("{name}: {}", error.emit_to_string(text)));
}

/// Checks the host's bindings for an entry point against the declarations in the text. Unchecked modules depend on
/// this.
fn check_bindings(text: &str, entry_point: &str, host: &Host) -> Result<(), String> {
    let module = naga::front::wgsl::parse_str(text).map_err(|error| error.emit_to_string(text))?;
    let info = Validator::new(ValidationFlags::all(), capabilities())
        .subgroup_stages(naga::valid::ShaderStages::COMPUTE)
        .subgroup_operations(naga::valid::SubgroupOperationSet::all())
        .validate(&module)
        .map_err(|error| error.emit_to_string(text))?;
    let index = module.entry_points.iter().position(|known| known.name == entry_point);
    let used = info.get_entry_point(index.ok_or("the entry point is missing")?);
    for (_, variable) in module.global_variables.iter().filter(|(handle, _)| !used[*handle].is_empty()) {
        let Some(binding) = &variable.binding else { continue };
        let (number, name) = (binding.binding, variable.name.as_deref().unwrap_or_default());
        let known = VARIABLES.iter().any(|(known, names)| *known == number && names.contains(&name));
        let is_parameter = number >= 8 && name.ends_with("_values");
        if binding.group != 0 || !known && !is_parameter {
            return Err(format!("{name} is bound to {number} of group {}", binding.group));
        }
        let expected = match variable.space {
            naga::AddressSpace::Storage { access } => Some(access.contains(naga::StorageAccess::STORE)),
            naga::AddressSpace::Uniform => None,
            space => return Err(format!("{name} lies in {space:?}")),
        };
        if !host.bindings.contains(&(number, expected)) {
            return Err(format!("{name} at {number} may be written: {expected:?}; the host has {:?}", host.bindings));
        }
        if ["partials", "statistics", "whole_statistics"].contains(&name) {
            let naga::TypeInner::Array { stride, .. } = module.types[variable.ty].inner else {
                return Err(format!("{name} is no array"));
            };
            if host.statistics_bytes != Some(stride.into()) {
                return Err(format!("{name} has {stride} bytes a row, the host {:?}", host.statistics_bytes));
            }
        }
        if expected.is_none() {
            check_uniform(&module, variable.ty, host.uniform).map_err(|wrong| format!("{name}: {wrong}"))?;
        }
    }
    Ok(())
}

/// Checks the fields of a uniform against those of the host's struct.
fn check_uniform(module: &naga::Module, ty: naga::Handle<naga::Type>, host: &[Member]) -> Result<(), String> {
    let naga::TypeInner::Struct { members, .. } = &module.types[ty].inner else {
        return Err("it is no struct".to_owned());
    };
    let size = |ty: naga::Handle<naga::Type>| module.types[ty].inner.size(module.to_ctx()) as usize;
    let declared = members.iter().map(|member| {
        let name = member.name.as_deref().unwrap_or_default();
        (name, member.offset as usize, size(member.ty))
    });
    let declared: Vec<_> = declared.collect();
    let (fields, params): (Vec<_>, Vec<_>) = declared.into_iter().partition(|(name, ..)| *name != "params");
    let written = host.iter().filter(|member| !member.name.starts_with('_'));
    let written: Vec<_> = written.map(|member| (member.name, member.offset, member.size)).collect();
    if fields != written {
        return Err(format!("the shader has {fields:?}, the host {written:?}"));
    }
    let end = host.iter().map(|member| member.offset + member.size).max().unwrap_or(0);
    match params.as_slice() {
        [] => Ok(()),
        [(_, offset, _)] if *offset == end.next_multiple_of(16) => Ok(()),
        others => Err(format!("the parameters are {others:?}, the host has them after {end} bytes")),
    }
}

/// The directory for the input of another compiler.
fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("MODULES")?);
    std::fs::create_dir_all(&folder).unwrap();
    Some(folder)
}

/// The files in the directory of shaders and below it.
fn shaders(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { shaders(&path, found) } else { found.push(path) }
    }
}

#[test]
fn every_module_is_valid() {
    let collector = Collector::new();
    collector.all_of::<f32>();
    collector.all_of::<f16>();
    collector.all_of::<bf16>();
    collector.repeated_masks();
    collector.others();
    let modules = std::mem::take(&mut *collector.modules.lock().unwrap());
    validate(&modules.names);
    assert!(modules.bound.len() > 1000, "{} entry points", modules.bound.len());
    for ((text, entry_point), host) in &modules.bound {
        check_bindings(text, entry_point, host).unwrap_or_else(|wrong| panic!("{}: {wrong}", modules.names[text]));
    }
    let lines: HashSet<&str> = modules.names.keys().flat_map(|text| text.lines()).collect();
    let mut files = Vec::new();
    shaders(&Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders"), &mut files);
    // Names in snippets have a prefix. Only a probe chooses the builtin; tests of f16 run it on lavapipe.
    let is_prefixed = |file: &Path| file.parent().is_some_and(|folder| folder.ends_with("snippet"));
    files.retain(|file| !is_prefixed(file) && !file.ends_with("memory/f16_pack_builtin.wgsl"));
    if !collector.context.device().features().contains(wgpu::Features::SUBGROUP) {
        files.retain(|file| {
            !file.to_string_lossy().ends_with("shuffled.wgsl")
                && !file.ends_with("rowwise/teams/subgroup.wgsl")
                && !file.ends_with("rowwise/teams/workgroup_of_subgroups.wgsl")
        });
    }
    if !collector.context.device().features().contains(wgpu::Features::SHADER_F16) {
        files.retain(|file| !file.ends_with("probes/f16.wgsl"));
    }
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        // What has a plain form takes the name of the other.
        let missing = text.lines().find(|line| !lines.contains(line.replace("_plain(", "(").as_str()));
        assert_eq!(missing, None, "{} is in no module that this test prepares", file.display());
    }
    if let Some(folder) = folder() {
        let folder = folder.join("modules");
        std::fs::create_dir_all(&folder).unwrap();
        for (text, name) in modules.varied() {
            let name = name.replace(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c), "_");
            std::fs::write(folder.join(format!("{name}.wgsl")), text).unwrap();
        }
    }
}

/// Numbers of every size and both signs, special values, and numbers around branches of functions.
fn inputs(activation: &Activation) -> Vec<f32> {
    let places = [0.25, 0.4, 0.5, 0.6, 1.0, 3.0, 8.0, 9.0, 15.0, 17.0, 18.0, 20.0, 87.3, 88.7, 103.9, 104.0, 4096.0];
    let specials = [f32::INFINITY, f32::MAX, f32::MIN_POSITIVE, f32::from_bits(1), 0.0];
    let kinks = activation.kinks().into_iter().map(|kink| kink as f32);
    let about = |place: f32| (0..8).map(move |i| f32::from_bits(place.to_bits().wrapping_add(i).wrapping_sub(4)));
    let of_every_size = (0..=u32::MAX / 1_048_573).map(|i| f32::from_bits(i * 1_048_573));
    let places = places.into_iter().chain(specials).chain(kinks);
    of_every_size.chain(places.flat_map(|place| about(place).chain(about(-place)))).collect()
}

/// For every function: the module, its uniform, and the results for some inputs.
#[test]
#[ignore = "`cargo xtask dawn` runs it, and compares"]
fn results_are_written() {
    let folder = folder().expect("MODULES names a folder").join("functions");
    std::fs::create_dir_all(&folder).unwrap();
    let (device, queue) = device();
    let last = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&last);
    let context = GpuActivations::from_device_rewriting(device, queue, move |module| {
        module.text.clone_into(&mut seen.lock().unwrap());
        module.text.to_owned()
    });
    for activation in Activation::ALL {
        // Whole vectors, so that one dispatch is enough.
        let mut x = inputs(activation);
        x.truncate(x.len() / 4 * 4);
        let (on_x, on_dy) = (context.upload(&x).unwrap(), context.upload(&vec![1.0; x.len()]).unwrap());
        let y = context.download(&context.forward(*activation, &on_x).unwrap()).unwrap();
        let dx = context.download(&context.backward(*activation, &on_x, &on_dy).unwrap()).unwrap();
        // Before the parameters, only one field is read then: the number of elements in the tail.
        let mut uniform = vec![0.0; 12];
        uniform.extend(activation.values());
        uniform.resize(uniform.len().next_multiple_of(4).max(16), 0.0);
        let write = |kind: &str, bytes: &[u8]| {
            std::fs::write(folder.join(format!("{}.{kind}", activation.name())), bytes).unwrap();
        };
        write("wgsl", last.lock().unwrap().as_bytes());
        for (kind, values) in [("uniform", &uniform), ("x", &x), ("forward", &y), ("backward", &dx)] {
            write(kind, bytemuck::cast_slice(values));
        }
    }
}
