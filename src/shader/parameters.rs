//! Text for the parameters of an element, and for what is fused before and after its function.

use crate::catalog::{Body, Definition, Source, source};
use crate::shader::binding::numbers::FIRST_PARAMETER;
use crate::shader::compose::{Part, parts};
use crate::shader::items::{items, renamed};
use crate::shader::math::Math;
use std::fmt::Write as _;

/// The parameters that every activation has besides its own.
pub(crate) const FUSED: [&str; 4] = ["input_factor", "input_bias", "output_factor", "output_addend"];

/// The elements that share a value of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Granularity {
    Tensor,
    Channel,
    Element,
}

/// The way from the last element's channel to the next one's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Succession {
    /// All elements of a vector have one channel.
    Same,
    /// Each element has the channel after its neighbour's.
    Neighbour,
    /// Any channel may follow.
    Any,
}

/// The source of a parameter's values.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ParameterSource {
    pub name: &'static str,
    pub granularity: Granularity,
    /// Whether the result overwrites the values.
    pub under_result: bool,
}

/// The sources of a kernel's parameters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum ParameterForm {
    /// One value of each, in the uniform.
    Constant,
    /// A random value for each element.
    Drawn,
    /// Some from buffers, in the order of their bindings.
    Buffers { sources: Vec<ParameterSource>, succession: Succession },
}

/// The parts of a function, with `Params` if it has none of its own.
///
/// An activation may have another form where nothing is compensated: `activation_plain`, `derivative_plain` or
/// `second_derivative_plain` then takes the name. Without a `second_derivative` it has straight pieces.
pub(crate) fn function_parts(definition: &'static Definition, math: Math) -> Vec<Part> {
    let mut all = match &definition.body {
        Body::File(source) => {
            let mut all = vec![file_part(*source, math)];
            all.extend(definition.is_flat().then(|| source!("elementwise/flat.wgsl").into()));
            all
        }
        Body::Formula { text, called } => {
            let mut all: Vec<Part> = called.iter().map(|called| called_part(called, math)).collect();
            all.extend(parts![source!("formula.wgsl"), Part::made("(the formula)", text.clone())]);
            all
        }
        Body::Own(text) => parts![source!("formula.wgsl"), Part::made(YOUR_TEXT, text.clone())].into(),
    };
    if definition.parameters.is_empty() {
        all.push(source!("parameters/none.wgsl").into());
    }
    all
}

/// The part that a user's WGSL is.
pub(crate) const YOUR_TEXT: &str = "(your text)";

/// A function of the table that a formula calls: every name of it begins with `call_` and its own.
fn called_part(definition: &'static Definition, math: Math) -> Part {
    let text: String = function_parts(definition, math).iter().map(|part| part.text.as_ref()).collect();
    let items = items(&text);
    let declared = |word: &str| items.iter().any(|(name, _)| *name == word);
    let prefixed = |word: &str| declared(word).then(|| format!("call_{}_{word}", definition.name));
    let all = items.iter().map(|(_, item)| renamed(item, prefixed)).collect::<Vec<_>>();
    Part::made("(a function that the formula calls)", all.join("\n"))
}

fn file_part(source: Source, math: Math) -> Part {
    let mut part = Part::from(source);
    for name in ["activation", "derivative", "second_derivative"] {
        let plain = format!("{name}_plain");
        if !part.text.contains(&format!("fn {plain}(")) {
            continue;
        }
        let unused = if math.is_compensated() { &plain } else { name };
        let text = without(&part.text, unused);
        part.text = renamed(&text, |word| (word == plain).then(|| name.to_owned())).into();
    }
    part
}

/// The text with empty lines in place of a function, so that other lines keep their numbers.
fn without(text: &str, function: &str) -> String {
    let head = format!("fn {function}(");
    let mut inside = false;
    let mut kept = String::new();
    for line in text.lines() {
        inside |= line.starts_with(&head);
        kept.extend([if inside { "" } else { line }, "\n"]);
        inside &= line != "}";
    }
    kept
}

impl ParameterForm {
    fn sources(&self) -> &[ParameterSource] {
        match self {
            ParameterForm::Constant | ParameterForm::Drawn => &[],
            ParameterForm::Buffers { sources, .. } => sources,
        }
    }

    /// Whether the result overwrites an addend.
    pub(crate) fn is_over_addend(&self) -> bool {
        self.sources().iter().any(|source| source.under_result)
    }

    /// The parts that give an elementwise kernel its parameters.
    pub(crate) fn parts(&self, definition: &Definition) -> Vec<Part> {
        match self {
            ParameterForm::Constant => parts![source!("parameters/constant.wgsl")].into(),
            ParameterForm::Drawn => parts![source!("random.wgsl"), source!("parameters/drawn.wgsl")].into(),
            ParameterForm::Buffers { succession, .. } => {
                let succession = match succession {
                    Succession::Same => source!("parameters/channel_of_all.wgsl"),
                    Succession::Neighbour => source!("parameters/channel_of_neighbour.wgsl"),
                    Succession::Any => source!("parameters/channel_of_any.wgsl"),
                };
                let mut all: Vec<Part> =
                    parts![source!("memory/quotient.wgsl"), source!("parameters/buffers.wgsl"), succession].into();
                all.extend(self.accessors(definition));
                all
            }
        }
    }

    /// The value of a parameter at a location, if it comes from a buffer.
    fn value_at(&self, name: &str) -> Option<String> {
        let source = self.sources().iter().find(|source| source.name == name)?;
        if source.under_result {
            return Some("before".to_owned());
        }
        let at = match source.granularity {
            Granularity::Tensor => "0u".to_owned(),
            Granularity::Channel => "location.channel".to_owned(),
            // An invocation's last vector may extend beyond x.
            Granularity::Element => format!("min(location.element, arrayLength(&{name}_values) - 1u)"),
        };
        Some(format!("{name}_values[{at}]"))
    }

    /// The functions of a location: `parameters_at`, from buffers if there are any, and the fused terms before and
    /// after the activation.
    pub(crate) fn accessors(&self, definition: &Definition) -> [Part; 2] {
        let mut text = String::new();
        for (index, ParameterSource { name, .. }) in
            self.sources().iter().enumerate().filter(|(_, source)| !source.under_result)
        {
            let number = FIRST_PARAMETER + index as u32;
            // Writing to a String cannot fail.
            let _ = writeln!(text, "@group(0) @binding({number}) var<storage, read> {name}_values: array<f32>;");
        }
        let field = |name: &str| self.value_at(name).unwrap_or_else(|| format!("uniforms.params.{name}"));
        let fields: Vec<String> = definition.parameters.iter().map(|parameter| field(parameter.name)).collect();
        let (input_factor, factor) = (self.value_at("input_factor"), self.value_at("output_factor"));
        let multiplied = input_factor.as_ref().map_or("x".to_owned(), |factor| format!("multiplied(x, {factor})"));
        let input =
            self.value_at("input_bias").map_or(multiplied.clone(), |bias| format!("biased({multiplied}, {bias})"));
        let scaled = factor.as_ref().map_or("value".to_owned(), |factor| format!("value * {factor}"));
        let gradient = match (&input_factor, &factor) {
            (None, None) => "dy * slope".to_owned(),
            (Some(factor), None) | (None, Some(factor)) => format!("product_of_three(dy, slope, {factor})"),
            (Some(first), Some(second)) => format!("product_of_four(dy, slope, {first}, {second})"),
        };
        // The factor of the input comes once for each order of the derivative.
        let factors = input_factor.iter().chain(&input_factor).chain(&factor);
        let curvature = factors
            .fold("vanished(curvature)".to_owned(), |product, factor| format!("scaled_times({product}, {factor})"));
        let curvature = format!("product_with_scaled(dy, v, {curvature})");
        let output = self.value_at("output_addend").map_or(scaled.clone(), |addend| format!("{scaled} + {addend}"));
        let functions = [
            ("parameters_at(location: Location) -> Params", format!("Params({})", fields.join(", "))),
            ("input_at(x: f32, location: Location) -> f32", input),
            ("gradient_at(dy: f32, slope: f32, location: Location) -> f32", gradient),
            ("curvature_at(dy: f32, v: f32, curvature: Scaled, location: Location) -> f32", curvature),
            ("output_at(value: f32, before: f32, location: Location) -> f32", output),
        ];
        for (head, result) in functions {
            let _ = write!(text, "\nfn {head} {{\n    return {result};\n}}\n");
        }
        [source!("parameters/biased.wgsl").into(), Part::made("(parameters of the call)", text)]
    }

    /// The function `term`: dy times the derivative of an element's result by a parameter, with its rounding error.
    pub(crate) fn term(&self, parameter: &str) -> Part {
        let derivative = match parameter {
            "input_factor" | "input_bias" => "let value = derivative(z, params);\n    let k = 0;".to_owned(),
            "output_factor" => "let value = activation(z, params);\n    let k = 0;".to_owned(),
            "output_addend" => "let value = 1.0;\n    let k = 0;".to_owned(),
            own => format!(
                "let gradient = gradient_by_{own}(z, params);\n    let value = gradient.value;\n    \
                 let k = gradient.k;"
            ),
        };
        let is_of_output = ["output_factor", "output_addend"].contains(&parameter);
        let factor = self.value_at("output_factor").filter(|_| !is_of_output);
        let product = match (factor, parameter == "input_factor") {
            (None, false) => "product_scaled(dy, value, k)".to_owned(),
            (Some(factor), false) => format!("product_of_three_scaled(dy, value, {factor}, k)"),
            (None, true) => "product_of_three_scaled(dy, value, x, k)".to_owned(),
            (Some(factor), true) => format!("product_of_four_scaled(dy, value, {factor}, x)"),
        };
        let text = format!(
            "fn term(dy: f32, x: f32, location: Location) -> vec2<f32> {{\n    let z = input_at(x, location);\n    \
             let params = parameters_at(location);\n    {derivative}\n    let product = {product};\n    \
             return vec2<f32>(not_a_number_unless(!is_nan(z) && !is_nan(dy), product.x), product.y);\n}}\n"
        );
        Part::made("(parameter of the call)", text)
    }
}
