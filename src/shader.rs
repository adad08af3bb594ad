//! Composes a shader's text from its parts. Pure: nothing here needs a device.

use crate::Activation;

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

macro_rules! part {
    ($path:literal) => {
        ($path, include_str!(concat!("../shaders/", $path)))
    };
}

/// A composed shader: its text, and which part each line comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Shader {
    source: String,
    parts: Vec<(String, u32)>,
}

impl Shader {
    /// Composes the module of one activation; its entry points are `forward`, `backward`, `forward_tail` and
    /// `backward_tail`.
    pub fn elementwise(activation: &Activation, storage: Storage, binding: Binding) -> Shader {
        let definition = activation.definition();
        let file = format!("activations/{}.wgsl", definition.name);
        let storage = match storage {
            Storage::F32 => part!("storage/f32.wgsl"),
            Storage::F16 => part!("storage/f16.wgsl"),
            Storage::Bf16 => part!("storage/bf16.wgsl"),
        };
        let parameters = match definition.parameters {
            [] => part!("parameters/none.wgsl"),
            _ => part!("parameters/uniform.wgsl"),
        };
        let binding = match binding {
            Binding::Separate => part!("bindings/separate.wgsl"),
            Binding::OverX => part!("bindings/over_x.wgsl"),
            Binding::OverDy => part!("bindings/over_dy.wgsl"),
            Binding::Shared => part!("bindings/shared.wgsl"),
        };
        let parts = [
            (file.as_str(), definition.shader),
            part!("math.wgsl"),
            storage,
            parameters,
            binding,
            part!("kernels/elementwise.wgsl"),
        ];
        let mut shader = Shader { source: String::new(), parts: Vec::new() };
        for (file, text) in parts {
            shader.parts.push((file.to_owned(), text.lines().count() as u32));
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
