//! Functions of a user's own: from a formula, which is read, differentiated, evaluated in f64 and written in WGSL, or from
//! WGSL text.

mod graph;
mod parser;
mod program;
mod token;
mod wgsl;

use crate::catalog::{
    Activation, Body, Custom, Definition, Function, MOST_PARAMETERS, ParameterInfo, Range, Reference, Value, Wanted,
    normalized,
};
use crate::error::Error;
use crate::formula::graph::By;
use crate::formula::parser::{Parsed, parse};
use crate::formula::program::Program;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The most steps of a derivative, and the most of them that are functions such as exp or gelu. Drivers put each where it is
/// called: 60 take llvmpipe seven seconds and a gigabyte, and twice as many four times that.
const MOST_STEPS: usize = 20_000;
const MOST_KERNELS: usize = 80;

impl Function {
    /// Makes an elementwise function from a formula. Its derivatives, the gradients of its parameters, the f64 reference and
    /// the WGSL follow from it, and it goes wherever a function of the table goes.
    ///
    /// - *Operands* are numbers, `x`, `pi` and parameters. A parameter's default follows the expression; one without must
    ///   be given, by [`Function::from_formula_with`].
    /// - *Operators* are `+ − * /`, powers `x^2`, `x**2` or `x²`, comparisons, which may be joined by `&&`, `||` and `!`,
    ///   and `condition ? a : b`. −x² is −(x²).
    /// - *Functions* are min, max, clamp, pow, abs, sqrt, exp, ln, sin, cos, tan, floor, sign, normal_cdf, and every
    ///   elementwise function of the table by its name: `leaky_relu(x, negative_slope=0.2)`. These compute as they do
    ///   alone.
    /// - *Notation* of the table is read, too: `σ`, `Φ`, `π`, `√`, `|x|`, `·`, `≤`.
    ///
    /// At a kink, value and derivative are those of the branch that the comparison takes. max(a, b) is a > b ? a : b, and
    /// the derivative of |x| at 0 is 0. Where the arithmetic gives NaN, as 0·∞ does, so does the function. It has no
    /// stated bound of its error: that promise is the table's alone. Arithmetic is f32, and `verify` measures the error.
    ///
    /// A formula stays in memory until the program ends, once for each text.
    ///
    /// ```
    /// use gpu_activations::Function;
    /// let swish = Function::from_formula("x * sigmoid(beta * x); beta = 1.5")?.elementwise()?;
    /// assert_eq!(swish.derivative(0.0), 0.5);
    /// let context = gpu_activations::GpuActivations::new()?;
    /// let y = context.forward_slice(swish, &[0.0_f32, 100.0])?;
    /// assert_eq!(y, [0.0, 100.0]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// - [`Error::Formula`] with the column, what was found, and what could stand there;
    /// - [`Error::FormulaParameter`] for a parameter without a value;
    /// - [`Error::FormulaTooLarge`];
    /// - [`Error::ParameterOutOfRange`] for parameters of the table's functions.
    pub fn from_formula(text: &str) -> Result<Function, Error> {
        Function::from_formula_with(text, &[])
    }

    /// Makes a function as [`Function::from_formula`] does, with values of parameters.
    ///
    /// ```
    /// use gpu_activations::Function;
    /// let swish = Function::from_formula_with("x * sigmoid(beta * x)", &[("beta", 1.5)])?;
    /// assert_eq!(swish.to_string(), "custom(x * sigmoid(beta * x); beta = 1.5)");
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Function::from_formula`], and [`Error::UnknownParameter`].
    pub fn from_formula_with(text: &str, values: &[(&str, f32)]) -> Result<Function, Error> {
        let mut parsed = parse(text)?;
        for (name, value) in values {
            let known = parsed.parameters.iter_mut().find(|(known, _)| normalized(known) == normalized(name));
            // Those with a default are set below, where an unknown name is an error.
            if let Some((_, default @ None)) = known {
                *default = Some(*value);
            }
        }
        let custom = known_or_new(parsed)?;
        let mut activation = Activation::Custom(custom);
        for (name, value) in values {
            activation = activation.with(name, *value)?;
        }
        activation.validate()?;
        Ok(activation.into())
    }
}

/// The reference of a formula: what it computes, and its derivatives.
#[derive(Debug)]
struct Formula {
    value: Program,
    derivative: Program,
    second_derivative: Program,
    gradients: Vec<Program>,
}

/// The functions made so far, by expression and defaults.
static KNOWN: Mutex<Option<HashMap<String, Custom>>> = Mutex::new(None);

fn known_or_new(parsed: Parsed) -> Result<Custom, Error> {
    let parameters = infos(&parsed.parameters)?;
    let key = format!("{}; {:?}", parsed.expression, parsed.parameters);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_default();
    if let Some(custom) = known.get(&key) {
        return Ok(*custom);
    }
    let names: Vec<String> = parsed.parameters.iter().map(|(name, _)| name.clone()).collect();
    let expression = parsed.expression.clone();
    let formula = Formula::new(parsed)?;
    let (text, called) = (formula.text(&names), formula.called());
    let definition = Definition {
        name: "custom",
        aliases: &[],
        formula: expression.leak(),
        parameters,
        body: Body::Formula { text, called },
    };
    let custom = Custom::new(Box::leak(Box::new(definition)), Some(Box::leak(Box::new(formula))));
    known.insert(key, custom);
    Ok(custom)
}

/// The parameters as the table declares them.
fn infos(parameters: &[(String, Option<f32>)]) -> Result<&'static [ParameterInfo], Error> {
    if parameters.len() > MOST_PARAMETERS {
        return Err(Error::FormulaTooLarge { what: "parameters", limit: MOST_PARAMETERS });
    }
    if let Some((name, _)) = parameters.iter().find(|(_, default)| default.is_none()) {
        return Err(Error::FormulaParameter { parameter: name.clone() });
    }
    let info = |(name, default): &(String, Option<f32>)| ParameterInfo {
        learnable: true,
        ..ParameterInfo::new(name.clone().leak(), Value::Number(default.unwrap_or_default()), Range::Finite)
    };
    Ok(parameters.iter().map(info).collect::<Vec<_>>().leak())
}

impl Formula {
    fn new(parsed: Parsed) -> Result<Formula, Error> {
        let Parsed { mut graph, result, parameters, .. } = parsed;
        let slope = graph.derivative(result, By::X);
        let curvature = graph.derivative(slope, By::X);
        let by_parameter = |index| graph.derivative(result, By::Parameter(index));
        let gradients: Vec<_> = (0..parameters.len()).map(by_parameter).collect();
        let formula = Formula {
            value: Program::new(&graph, result),
            derivative: Program::new(&graph, slope),
            second_derivative: Program::new(&graph, curvature),
            gradients: gradients.into_iter().map(|gradient| Program::new(&graph, gradient)).collect(),
        };
        let longest = formula.programs().map(Program::len).max();
        if longest > Some(MOST_STEPS) {
            return Err(Error::FormulaTooLarge { what: "steps in a derivative", limit: MOST_STEPS });
        }
        if formula.programs().map(Program::kernels).max() > Some(MOST_KERNELS) {
            let what = "calls of functions, or its derivatives have";
            return Err(Error::FormulaTooLarge { what, limit: MOST_KERNELS });
        }
        Ok(formula)
    }

    fn programs(&self) -> impl Iterator<Item = &Program> {
        [&self.value, &self.derivative, &self.second_derivative].into_iter().chain(&self.gradients)
    }

    /// The functions of the table that are needed, each once.
    fn called(&self) -> Vec<&'static Definition> {
        let mut all: Vec<&'static Definition> = Vec::new();
        for definition in self.programs().flat_map(Program::definitions) {
            if !all.contains(&definition) {
                all.push(definition);
            }
        }
        all
    }

    /// The WGSL, in the form of a file in `shaders/activations`.
    fn text(&self, names: &[String]) -> String {
        let mut text = String::new();
        if !names.is_empty() {
            let fields: String = names.iter().map(|name| format!("    {name}: f32,\n")).collect();
            text.push_str(&format!("struct Params {{\n{fields}}}\n\n"));
        }
        let mut function = |name: &str, program: &Program, kind: &str, result: fn(String) -> String| {
            let (steps, value) = program.written(names);
            let result = result(value);
            text.push_str(&format!(
                "fn {name}(x: f32, params: Params) -> {kind} {{\n{steps}    return {result};\n}}\n\n"
            ));
        };
        function("activation", &self.value, "f32", |value| value);
        function("derivative", &self.derivative, "f32", |value| value);
        let scaled = |value| format!("Scaled(vec2<f32>({value}, 0.0), 0)");
        function("second_derivative", &self.second_derivative, "Scaled", scaled);
        for (name, program) in names.iter().zip(&self.gradients) {
            function(&format!("gradient_by_{name}"), program, "Gradient", |value| format!("Gradient({value}, 0)"));
        }
        text
    }
}

impl Reference for Formula {
    fn at(&self, wanted: Wanted, values: &[f32], x: f64) -> f64 {
        match wanted {
            Wanted::Value => self.value.at(values, x),
            Wanted::Derivative => self.derivative.at(values, x),
            Wanted::SecondDerivative => self.second_derivative.at(values, x),
            Wanted::Gradient(index) => self.gradients.get(index).map_or(f64::NAN, |program| program.at(values, x)),
        }
    }

    fn kinks(&self, values: &[f32]) -> Vec<f64> {
        self.value.compared_with_x(values)
    }

    fn validate(&self, values: &[f32]) -> Result<(), Error> {
        self.value.called(values).iter().try_for_each(Activation::validate)
    }
}
