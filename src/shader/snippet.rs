//! Activations as text for other programs' shaders: only what a function needs, with its own prefix.

use crate::catalog::{Activation, source};
use crate::error::Error;
use crate::shader::items::{items, needed, renamed};
use crate::shader::math::Math;
use crate::shader::options::ShaderOptions;
use crate::shader::parameters::function_parts;
use crate::shader::storage::Storage;

/// The names that every snippet offers; it contains everything else only because these need it.
const OFFERED: [&str; 4] = ["zero", "Params", "activation", "derivative"];
/// The name that it offers besides, unless a user's text lacks it.
const SECOND: &str = "second_derivative";

impl Activation {
    /// Returns WGSL to include in a compute shader of your own, such as that of a matrix product or a convolution. It
    /// has
    ///
    /// - a function `{prefix}_activation(x: f32, params: {prefix}_Params) -> f32`,
    /// - a function `{prefix}_derivative` with the same arguments,
    /// - a function `{prefix}_second_derivative` likewise, unless the activation is WGSL text without one, and
    /// - what they need, every name with the prefix.
    ///
    /// `{prefix}_Params` has a field for each parameter, in the order of [`Activation::parameters`]. Without parameters
    /// it is `u32`, and its value does not matter.
    ///
    /// The entry point must set the variable `{prefix}_zero` to a 0 that no compiler knows. It may be an element of a
    /// buffer or, in a dispatch of depth 1, `num_workgroups.z - 1u`. The computation of rounding errors uses it;
    /// otherwise compilers leave them out.
    ///
    /// ```
    /// use gpu_activations::Activation;
    ///
    /// let gelu = Activation::Gelu.snippet("gelu")?;
    /// let shader = format!(
    ///     "{gelu}
    ///     @group(0) @binding(0) var<storage, read_write> values: array<f32>;
    ///
    ///     @compute @workgroup_size(64)
    ///     fn add_and_activate(
    ///         @builtin(global_invocation_id) id: vec3<u32>,
    ///         @builtin(num_workgroups) workgroups: vec3<u32>,
    ///     ) {{
    ///         gelu_zero = workgroups.z - 1u;
    ///         if id.x < arrayLength(&values) {{
    ///             values[id.x] = gelu_activation(values[id.x] + 1.0, 0u);
    ///         }}
    ///     }}"
    /// );
    /// # assert!(shader.contains("fn gelu_activation(x: f32"));
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidValue`] if the prefix is not a word of letters, digits and single underscores.
    pub fn snippet(&self, prefix: &str) -> Result<String, Error> {
        self.snippet_with(prefix, ShaderOptions::default())
    }

    /// As [`Activation::snippet`], for an accuracy and a device.
    ///
    /// # Errors
    /// Those of [`Activation::snippet`].
    pub fn snippet_with(&self, prefix: &str, options: ShaderOptions) -> Result<String, Error> {
        let valid = prefix.starts_with(|first: char| first.is_ascii_alphabetic())
            && prefix.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
            && !prefix.ends_with('_')
            && !prefix.contains("__");
        if !valid {
            return Err(Error::InvalidValue {
                function: self.name(),
                parameter: "prefix",
                value: prefix.to_owned(),
                valid: "a word of letters, digits and single underscores that begins with a letter".to_owned(),
            });
        }
        let mut text = String::new();
        let math = Math::of(Storage::F32, options.accuracy);
        for part in function_parts(self.definition(), math) {
            let of_numbers = |word: &str| match word {
                "activation" | "derivative" | SECOND => Some(format!("{word}_of_number")),
                _ => None,
            };
            text.push_str(&renamed(&part.text, of_numbers));
        }
        math.parts(options.form()).iter().for_each(|part| text.push_str(&part.text));
        text.push_str(source!("snippet/functions.wgsl").text);
        let is_flat = self.definition().is_flat();
        text.push_str(if is_flat { source!("snippet/flat.wgsl") } else { source!("snippet/curved.wgsl") }.text);
        let items = items(&text);
        let second = self.definition().declares(SECOND).then_some(SECOND);
        let needed = needed(&items, OFFERED.into_iter().chain(second));
        let mut snippet = match self.definition().is_trusted() {
            true => format!("// {}: {}\n", self.name(), self.formula().replace('\n', " ")),
            false => String::new(),
        };
        for (_, item) in items.iter().filter(|(name, _)| needed.contains(*name)) {
            let prefixed = |word: &str| items.iter().any(|(name, _)| *name == word).then(|| format!("{prefix}_{word}"));
            snippet.push('\n');
            snippet.push_str(&renamed(item, prefixed));
        }
        Ok(snippet)
    }
}
