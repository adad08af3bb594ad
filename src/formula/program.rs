//! One result of a graph as a list of steps: evaluated in f64, or written in WGSL.

use crate::catalog::{Activation, Definition};
use crate::formula::graph::{Binary, Graph, Id, Node, Part, Unary};

/// The steps to a result, the last; each uses earlier ones.
#[derive(Debug)]
pub(super) struct Program {
    steps: Vec<Node>,
}

impl Program {
    pub(super) fn new(graph: &Graph, result: Id) -> Program {
        let needed = graph.needed(result);
        let mut numbers = vec![0; needed.len()];
        let mut steps = Vec::new();
        for id in (0..needed.len()).filter(|&id| needed[id]) {
            numbers[id] = steps.len();
            steps.push(renumbered(graph.node(id), &numbers));
        }
        Program { steps }
    }

    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }

    /// The number of steps that are functions of many instructions.
    pub(super) fn kernels(&self) -> usize {
        let is_kernel = |step: &&Node| match step {
            Node::Call { .. } | Node::Binary(Binary::Power, ..) => true,
            Node::Unary(operation, _) => {
                matches!(operation, Unary::Exponential | Unary::Logarithm | Unary::Sine | Unary::Cosine)
            }
            _ => false,
        };
        self.steps.iter().filter(is_kernel).count()
    }

    /// The value in f64.
    pub(super) fn at(&self, parameters: &[f32], x: f64) -> f64 {
        let mut values: Vec<f64> = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let value = match step {
                Node::Constant(bits) => f64::from_bits(*bits),
                Node::X => x,
                Node::Parameter(index) => parameters.get(*index).copied().map_or(f64::NAN, f64::from),
                Node::Unary(operation, a) => operation.of(values[*a]),
                Node::Binary(operation, a, b) => operation.of(values[*a], values[*b]),
                Node::Choice { condition, yes, no } => values[if values[*condition] == 1.0 { *yes } else { *no }],
                Node::Call { function, parameters, part, x } => {
                    let function = called(function, parameters, &values);
                    match part {
                        Part::Value => function.forward(values[*x]),
                        Part::Derivative => function.derivative(values[*x]),
                        Part::SecondDerivative => function.second_derivative(values[*x]),
                        Part::Gradient(index) => {
                            function.parameter_gradient(function.parameters()[*index].name, values[*x])
                        }
                    }
                }
            };
            values.push(value);
        }
        values.last().copied().unwrap_or(f64::NAN)
    }

    /// The functions of the table with the values of their parameters.
    pub(super) fn called(&self, parameters: &[f32]) -> Vec<Activation> {
        let mut values: Vec<f64> = Vec::new();
        let mut all = Vec::new();
        for step in &self.steps {
            // Parameters of functions do not depend on x.
            let of = |id: &Id| values.get(*id).copied().unwrap_or(f64::NAN);
            values.push(match step {
                Node::Constant(bits) => f64::from_bits(*bits),
                Node::X => f64::NAN,
                Node::Parameter(index) => parameters.get(*index).copied().map_or(f64::NAN, f64::from),
                Node::Unary(operation, a) => operation.of(of(a)),
                Node::Binary(operation, a, b) => operation.of(of(a), of(b)),
                Node::Choice { condition, yes, no } => of(if of(condition) == 1.0 { yes } else { no }),
                Node::Call { function, parameters, x, .. } => {
                    let function = called(function, parameters, &values);
                    all.push(function);
                    function.forward(of(x))
                }
            });
        }
        all
    }

    pub(super) fn definitions(&self) -> impl Iterator<Item = &'static Definition> + '_ {
        self.steps.iter().filter_map(|step| match step {
            Node::Call { function, .. } => Some(function.definition()),
            _ => None,
        })
    }

    /// The constants that x is compared with, at these parameters.
    pub(super) fn compared_with_x(&self, parameters: &[f32]) -> Vec<f64> {
        let pairs = self.steps.iter().filter_map(|step| match step {
            Node::Binary(Binary::Less | Binary::LessOrEqual | Binary::Equal, a, b) => Some((*a, *b)),
            _ => None,
        });
        let others = pairs.filter_map(|(a, b)| match (&self.steps[a], &self.steps[b]) {
            (Node::X, Node::Constant(bits)) | (Node::Constant(bits), Node::X) => Some(f64::from_bits(*bits)),
            (Node::X, Node::Parameter(index)) | (Node::Parameter(index), Node::X) => {
                parameters.get(*index).copied().map(f64::from)
            }
            _ => None,
        });
        others.collect()
    }

    /// The steps in WGSL, and the result in terms of them.
    pub(super) fn written(&self, names: &[String]) -> (String, String) {
        let mut text = String::new();
        for (number, step) in self.steps.iter().enumerate() {
            if let Some(expression) = self.expression(step, names) {
                text.push_str(&format!("    let v{number} = {expression};\n"));
            }
        }
        (text, self.operand(self.steps.len() - 1, names))
    }

    /// What stands for a step where it is used.
    fn operand(&self, number: usize, names: &[String]) -> String {
        match &self.steps[number] {
            Node::Constant(bits) => literal(f64::from_bits(*bits)),
            Node::X => "x".to_owned(),
            Node::Parameter(index) => format!("params.{}", names[*index]),
            _ => format!("v{number}"),
        }
    }

    /// None for what needs no step of its own.
    fn expression(&self, step: &Node, names: &[String]) -> Option<String> {
        let operand = |number: &Id| self.operand(*number, names);
        Some(match step {
            Node::Constant(_) | Node::X | Node::Parameter(_) => return None,
            Node::Unary(operation, a) => {
                let a = operand(a);
                match operation {
                    Unary::Negate => format!("-{a}"),
                    Unary::Not => format!("!{a}"),
                    Unary::Abs => format!("abs({a})"),
                    Unary::SquareRoot => format!("sqrt({a})"),
                    Unary::Exponential => format!("exp_of({a})"),
                    Unary::Logarithm => format!("ln_of({a})"),
                    Unary::Sine => format!("sin_of({a})"),
                    Unary::Cosine => format!("cos_of({a})"),
                    Unary::Floor => format!("floor({a})"),
                    Unary::Sign => format!("sign({a})"),
                }
            }
            Node::Binary(operation, a, b) => {
                let (a, b) = (operand(a), operand(b));
                let symbol = match operation {
                    Binary::Power => return Some(format!("power_of({a}, {b})")),
                    Binary::Add => "+",
                    Binary::Subtract => "-",
                    Binary::Multiply => "*",
                    Binary::Divide => "/",
                    Binary::Less => "<",
                    Binary::LessOrEqual => "<=",
                    Binary::Equal => "==",
                    Binary::And => "&&",
                    Binary::Or => "||",
                };
                format!("{a} {symbol} {b}")
            }
            Node::Choice { condition, yes, no } => {
                format!("select({}, {}, {})", operand(no), operand(yes), operand(condition))
            }
            Node::Call { function, parameters, part, x } => {
                let (name, x) = (function.name(), operand(x));
                let given = |index: usize, value: f32| {
                    let found = parameters.iter().find(|(known, _)| *known == index);
                    found.map_or_else(|| literal(value.into()), |(_, id)| operand(id))
                };
                let values = function.values().into_iter().enumerate().map(|(index, value)| given(index, value));
                let values = values.collect::<Vec<_>>().join(", ");
                let params = if values.is_empty() { "0u".to_owned() } else { format!("call_{name}_Params({values})") };
                let call = |part: &str| format!("call_{name}_{part}({x}, {params})");
                let result = match part {
                    Part::Value => call("activation"),
                    Part::Derivative => call("derivative"),
                    Part::SecondDerivative => format!("number_of_scaled({})", call("second_derivative")),
                    Part::Gradient(index) => {
                        let parameter = function.parameters()[*index].name;
                        format!("number_of_gradient({})", call(&format!("gradient_by_{parameter}")))
                    }
                };
                format!("or_nan({x}, {result})")
            }
        })
    }
}

fn renumbered(node: &Node, numbers: &[Id]) -> Node {
    match node {
        Node::Constant(_) | Node::X | Node::Parameter(_) => node.clone(),
        Node::Unary(operation, a) => Node::Unary(*operation, numbers[*a]),
        Node::Binary(operation, a, b) => Node::Binary(*operation, numbers[*a], numbers[*b]),
        Node::Choice { condition, yes, no } => {
            Node::Choice { condition: numbers[*condition], yes: numbers[*yes], no: numbers[*no] }
        }
        Node::Call { function, parameters, part, x } => Node::Call {
            function: *function,
            parameters: parameters.iter().map(|&(index, id)| (index, numbers[id])).collect(),
            part: *part,
            x: numbers[*x],
        },
    }
}

/// A function of the table with the parameters that are expressions.
fn called(function: &Activation, parameters: &[(usize, Id)], values: &[f64]) -> Activation {
    parameters.iter().fold(*function, |function, &(index, id)| {
        let name = function.parameters()[index].name;
        function.with(name, values[id] as f32).unwrap_or(function)
    })
}

/// A number that is exact in f32. Infinity and NaN cannot be literals.
fn literal(value: f64) -> String {
    let value = value as f32;
    match value.is_finite() {
        true if value.is_sign_negative() => format!("({:?})", f64::from(value)),
        true => format!("{:?}", f64::from(value)),
        false => format!("bitcast<f32>({:#010x}u ^ zero)", value.to_bits()),
    }
}
