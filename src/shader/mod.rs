//! Composes a shader's text from its parts. Pure: nothing here needs a device.

pub(crate) mod element;
pub(crate) mod launch;
mod snippet;

use crate::shader::launch::Shape;
use crate::{Activation, Parameters};
use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};

/// How elements lie in memory. Arithmetic is f32 in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Storage {
    /// IEEE binary32.
    F32,
    /// IEEE binary16, two a word.
    F16,
    /// bfloat16, two a word.
    Bf16,
}

/// Where the result lies in relation to the inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Binding {
    /// In another buffer.
    Separate,
    /// Over x.
    OverX,
    /// Over dy.
    OverDy,
    /// Beside an input in the same buffer.
    Shared,
}

/// One part of a shader: a file of the folder `shaders`, or text made for one composition.
#[derive(Clone)]
pub(crate) struct Part {
    pub file: &'static str,
    pub text: Cow<'static, str>,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file)
    }
}

/// Files differ by name, made text by what it says.
impl PartialEq for Part {
    fn eq(&self, other: &Part) -> bool {
        self.file == other.file
            && match (&self.text, &other.text) {
                (Cow::Owned(a), Cow::Owned(b)) => a == b,
                _ => true,
            }
    }
}

impl Eq for Part {}

impl Hash for Part {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.file.hash(state);
        if let Cow::Owned(text) = &self.text {
            text.hash(state);
        }
    }
}

macro_rules! part {
    ($($path:expr),*) => {
        $crate::shader::Part {
            file: concat!($($path),*),
            text: std::borrow::Cow::Borrowed(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/", $($path),*))),
        }
    };
}
pub(crate) use part;

impl Storage {
    pub(crate) fn part(self) -> Part {
        match self {
            Storage::F32 => part!("memory/f32.wgsl"),
            Storage::F16 => part!("memory/f16.wgsl"),
            Storage::Bf16 => part!("memory/bf16.wgsl"),
        }
    }
}

impl Binding {
    pub(crate) fn part(self) -> Part {
        match self {
            Binding::Separate => part!("memory/separate.wgsl"),
            Binding::OverX => part!("memory/over_x.wgsl"),
            Binding::OverDy => part!("memory/over_dy.wgsl"),
            Binding::Shared => part!("memory/same_buffer.wgsl"),
        }
    }
}

/// The file of an activation, and `Params` where the file has none.
pub(crate) fn activation_parts(activation: &Activation) -> Vec<Part> {
    let definition = activation.definition();
    match definition.parameters {
        [] => vec![definition.shader.clone(), part!("parameters/none.wgsl")],
        _ => vec![definition.shader.clone()],
    }
}

/// The parts of an elementwise kernel.
pub(crate) fn elementwise_parts(
    activation: &Activation,
    storage: Storage,
    binding: Binding,
    parameters: &Parameters<'_>,
    shape: Shape,
) -> Vec<Part> {
    let mut parts = activation_parts(activation);
    parts.extend([shape.part(), part!("math.wgsl"), storage.part(), part!("elementwise/uniform.wgsl")]);
    parts.extend(parameters.parts(activation));
    parts.extend([binding.part(), part!("elementwise/kernels.wgsl")]);
    parts
}

/// Which steps of compensated sums are hidden from the compiler, which might regroup them otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guards {
    /// The sums alone: where Mesa and SwiftShader compile for a CPU, which `verify` has shown to be enough there, and where
    /// the rest would cost six percent of the throughput of functions that compute much.
    Sums,
    /// Each step. Metal compiles with fast arithmetic, and DXC may do so; where memory is the limit, it costs nothing.
    All,
}

impl Guards {
    pub(crate) fn of(info: &wgpu::AdapterInfo) -> Guards {
        let is_known = matches!(info.backend, wgpu::Backend::Vulkan | wgpu::Backend::Gl);
        if is_known && info.device_type == wgpu::DeviceType::Cpu { Guards::Sums } else { Guards::All }
    }

    /// A constant of every module.
    pub(crate) fn part(self) -> Part {
        let text = format!("\nconst GUARDED: bool = {};\n", self == Guards::All);
        Part { file: "(guards of the adapter)", text: text.into() }
    }
}

/// A composed shader: its text, and which part each line comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Shader {
    source: String,
    parts: Vec<(&'static str, u32)>,
}

impl Shader {
    /// Composes the module of one activation; its entry points are `forward`, `backward`, `forward_tail` and
    /// `backward_tail`.
    pub fn elementwise(activation: &Activation, storage: Storage, binding: Binding) -> Shader {
        let parts = elementwise_parts(activation, storage, binding, &Parameters::new(), Shape::PORTABLE);
        Shader::compose(&parts, Guards::All)
    }

    pub(crate) fn compose(parts: &[Part], guards: Guards) -> Shader {
        let mut shader = Shader { source: String::new(), parts: Vec::new() };
        for Part { file, text } in parts.iter().chain([&guards.part()]) {
            shader.parts.push((file, text.lines().count() as u32));
            shader.source.extend(text.lines().flat_map(|line| [line, "\n"]));
        }
        shader
    }

    /// The WGSL text.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The part that a line of the text, counted from 1, comes from, and the line within it.
    pub fn locate(&self, line: u32) -> Option<(&str, u32)> {
        let mut left = line.checked_sub(1)?;
        for (file, lines) in &self.parts {
            if left < *lines {
                return Some((file, left + 1));
            }
            left -= lines;
        }
        None
    }
}
