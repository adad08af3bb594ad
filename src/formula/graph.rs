//! An expression as a graph, in which equal parts are one node, and its derivatives.

use crate::catalog::Activation;
use std::collections::HashMap;

/// The index of a node. Operands come before what uses them.
pub(super) type Id = usize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Unary {
    Negate,
    Not,
    Abs,
    SquareRoot,
    Exponential,
    Logarithm,
    Sine,
    Cosine,
    Floor,
    Sign,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Less,
    LessOrEqual,
    Equal,
    And,
    Or,
}

/// What is taken of a function of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Part {
    Value,
    Derivative,
    SecondDerivative,
    /// The derivative by the parameter of this index.
    Gradient(usize),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Node {
    /// The bits of an f64.
    Constant(u64),
    X,
    /// The parameter of this index.
    Parameter(usize),
    Unary(Unary, Id),
    Binary(Binary, Id, Id),
    Choice {
        condition: Id,
        yes: Id,
        no: Id,
    },
    /// A function of the table, with parameters that are expressions, by their indices.
    Call {
        function: Activation,
        parameters: Vec<(usize, Id)>,
        part: Part,
        x: Id,
    },
}

/// What a derivative is taken by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum By {
    X,
    Parameter(usize),
}

#[derive(Debug, Default)]
pub(super) struct Graph {
    nodes: Vec<Node>,
    known: HashMap<Node, Id>,
}

impl Unary {
    /// The value in f64. Conditions are 0 and 1.
    pub(super) fn of(self, a: f64) -> f64 {
        match self {
            Unary::Negate => -a,
            Unary::Not => 1.0 - a,
            Unary::Abs => a.abs(),
            Unary::SquareRoot => a.sqrt(),
            Unary::Exponential => a.exp(),
            Unary::Logarithm => a.ln(),
            Unary::Sine => a.sin(),
            Unary::Cosine => a.cos(),
            Unary::Floor => a.floor(),
            Unary::Sign => {
                if a == 0.0 {
                    0.0
                } else {
                    a.signum()
                }
            }
        }
    }
}

impl Binary {
    /// The value in f64. Conditions are 0 and 1.
    pub(super) fn of(self, a: f64, b: f64) -> f64 {
        match self {
            Binary::Add => a + b,
            Binary::Subtract => a - b,
            Binary::Multiply => a * b,
            Binary::Divide => a / b,
            Binary::Power => a.powf(b),
            Binary::Less => f64::from(u8::from(a < b)),
            Binary::LessOrEqual => f64::from(u8::from(a <= b)),
            Binary::Equal => f64::from(u8::from(a == b)),
            Binary::And => a * b,
            Binary::Or => a.max(b),
        }
    }

    fn is_condition(self) -> bool {
        !matches!(self, Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Divide | Binary::Power)
    }
}

impl Graph {
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn node(&self, id: Id) -> &Node {
        &self.nodes[id]
    }

    pub(super) fn add(&mut self, node: Node) -> Id {
        if let Some(&id) = self.known.get(&node) {
            return id;
        }
        self.nodes.push(node.clone());
        self.known.insert(node, self.nodes.len() - 1);
        self.nodes.len() - 1
    }

    pub(super) fn constant(&mut self, value: f64) -> Id {
        self.add(Node::Constant(value.to_bits()))
    }

    pub(super) fn value_of(&self, id: Id) -> Option<f64> {
        match self.nodes[id] {
            Node::Constant(bits) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    /// An operation, computed at once if its operand is constant.
    pub(super) fn unary(&mut self, operation: Unary, a: Id) -> Id {
        match self.value_of(a) {
            // A condition stays one, so that it is not taken for a number.
            Some(value) if operation != Unary::Not => self.constant(operation.of(value)),
            _ => self.add(Node::Unary(operation, a)),
        }
    }

    pub(super) fn binary(&mut self, operation: Binary, a: Id, b: Id) -> Id {
        match (self.value_of(a), self.value_of(b)) {
            (Some(left), Some(right)) if !operation.is_condition() => self.constant(operation.of(left, right)),
            _ => self.add(Node::Binary(operation, a, b)),
        }
    }

    pub(super) fn choice(&mut self, condition: Id, yes: Id, no: Id) -> Id {
        if yes == no { yes } else { self.add(Node::Choice { condition, yes, no }) }
    }

    /// Whether a node is a condition and no number.
    pub(super) fn is_condition(&self, id: Id) -> bool {
        match &self.nodes[id] {
            Node::Binary(operation, ..) => operation.is_condition(),
            Node::Unary(operation, _) => *operation == Unary::Not,
            _ => false,
        }
    }

    /// A power whose exponent is a small integer is a chain of products.
    pub(super) fn power(&mut self, base: Id, exponent: Id) -> Id {
        match self.value_of(exponent) {
            Some(0.5) => self.unary(Unary::SquareRoot, base),
            Some(n) if n.fract() == 0.0 && (1.0..=64.0).contains(&n.abs()) => {
                let chain = self.chain(base, n.abs() as u32);
                if n > 0.0 {
                    return chain;
                }
                let one = self.constant(1.0);
                self.binary(Binary::Divide, one, chain)
            }
            _ => self.binary(Binary::Power, base, exponent),
        }
    }

    fn chain(&mut self, base: Id, exponent: u32) -> Id {
        if exponent == 1 {
            return base;
        }
        let half = self.chain(base, exponent / 2);
        let square = self.binary(Binary::Multiply, half, half);
        if exponent.is_multiple_of(2) { square } else { self.binary(Binary::Multiply, square, base) }
    }

    /// The operands of a node, in order.
    pub(super) fn operands(node: &Node) -> Vec<Id> {
        match node {
            Node::Constant(_) | Node::X | Node::Parameter(_) => Vec::new(),
            Node::Unary(_, a) => vec![*a],
            Node::Binary(_, a, b) => vec![*a, *b],
            Node::Choice { condition, yes, no } => vec![*condition, *yes, *no],
            Node::Call { parameters, x, .. } => parameters.iter().map(|(_, id)| *id).chain([*x]).collect(),
        }
    }

    /// Which nodes a result needs.
    pub(super) fn needed(&self, result: Id) -> Vec<bool> {
        let mut needed = vec![false; result + 1];
        needed[result] = true;
        for id in (0..=result).rev().filter(|&id| self.nodes[id] != Node::X) {
            if needed[id] {
                Graph::operands(&self.nodes[id]).into_iter().for_each(|operand| needed[operand] = true);
            }
        }
        needed
    }

    pub(super) fn depends_on_x(&self, id: Id) -> bool {
        let needed = self.needed(id);
        (0..=id).any(|id| needed[id] && self.nodes[id] == Node::X)
    }

    /// The derivative of a result, with shared parts. Where a comparison decides, it is that of the branch taken.
    pub(super) fn derivative(&mut self, result: Id, by: By) -> Id {
        let needed = self.needed(result);
        let zero = self.constant(0.0);
        let mut slopes = vec![zero; result + 1];
        for id in (0..=result).filter(|&id| needed[id]) {
            slopes[id] = self.slope(id, by, &slopes);
        }
        slopes[result]
    }

    /// The derivative of a node, from those of its operands.
    fn slope(&mut self, id: Id, by: By, slopes: &[Id]) -> Id {
        let zero = self.constant(0.0);
        match self.nodes[id].clone() {
            Node::Constant(_) => zero,
            Node::X => self.constant(f64::from(u8::from(by == By::X))),
            Node::Parameter(index) => self.constant(f64::from(u8::from(by == By::Parameter(index)))),
            Node::Unary(operation, a) => self.slope_of_unary(id, operation, a, slopes[a]),
            Node::Binary(operation, a, b) => self.slope_of_binary(id, operation, (a, slopes[a]), (b, slopes[b])),
            Node::Choice { condition, yes, no } => self.choice(condition, slopes[yes], slopes[no]),
            Node::Call { function, parameters, part, x } => {
                let call = |part| Node::Call { function, parameters: parameters.clone(), part, x };
                let mut sum = zero;
                if slopes[x] != zero {
                    // A formula calls values alone, and two derivatives are taken of it.
                    let next = if part == Part::Value { Part::Derivative } else { Part::SecondDerivative };
                    let slope = self.add(call(next));
                    sum = self.times(slope, slopes[x]);
                }
                for &(index, parameter) in parameters.iter().filter(|(_, parameter)| slopes[*parameter] != zero) {
                    let gradient = self.add(call(Part::Gradient(index)));
                    let term = self.times(gradient, slopes[parameter]);
                    sum = self.plus(sum, term);
                }
                sum
            }
        }
    }

    fn slope_of_unary(&mut self, id: Id, operation: Unary, a: Id, slope: Id) -> Id {
        let zero = self.constant(0.0);
        if slope == zero {
            return zero;
        }
        match operation {
            Unary::Negate => self.unary(Unary::Negate, slope),
            Unary::Not | Unary::Floor | Unary::Sign => zero,
            Unary::Abs => {
                let sign = self.unary(Unary::Sign, a);
                self.times(sign, slope)
            }
            Unary::SquareRoot => {
                let double = self.binary(Binary::Add, id, id);
                self.binary(Binary::Divide, slope, double)
            }
            Unary::Exponential => self.times(id, slope),
            Unary::Logarithm => self.binary(Binary::Divide, slope, a),
            Unary::Sine => {
                let cosine = self.unary(Unary::Cosine, a);
                self.times(cosine, slope)
            }
            Unary::Cosine => {
                let sine = self.unary(Unary::Sine, a);
                let product = self.times(sine, slope);
                self.unary(Unary::Negate, product)
            }
        }
    }

    fn slope_of_binary(&mut self, id: Id, operation: Binary, (a, of_a): (Id, Id), (b, of_b): (Id, Id)) -> Id {
        let zero = self.constant(0.0);
        match operation {
            Binary::Add => self.plus(of_a, of_b),
            Binary::Subtract => self.minus(of_a, of_b),
            Binary::Multiply => {
                let (left, right) = (self.times(of_a, b), self.times(a, of_b));
                self.plus(left, right)
            }
            Binary::Divide => {
                let correction = self.times(id, of_b);
                let numerator = self.minus(of_a, correction);
                if numerator == zero { zero } else { self.binary(Binary::Divide, numerator, b) }
            }
            Binary::Power => {
                let mut sum = zero;
                if of_a != zero {
                    let one = self.constant(1.0);
                    let less = self.binary(Binary::Subtract, b, one);
                    let power = self.power(a, less);
                    let slope = self.times(b, power);
                    sum = self.times(slope, of_a);
                }
                if of_b != zero {
                    let logarithm = self.unary(Unary::Logarithm, a);
                    let slope = self.times(id, logarithm);
                    let term = self.times(slope, of_b);
                    sum = self.plus(sum, term);
                }
                sum
            }
            _ => zero,
        }
    }

    /// A product in a derivative: a slope of 0 leaves no term, as its operand does not depend on what the derivative is by.
    fn times(&mut self, a: Id, b: Id) -> Id {
        match (self.value_of(a), self.value_of(b)) {
            (Some(0.0), _) | (_, Some(0.0)) => self.constant(0.0),
            (Some(1.0), _) => b,
            (_, Some(1.0)) => a,
            _ => self.binary(Binary::Multiply, a, b),
        }
    }

    fn plus(&mut self, a: Id, b: Id) -> Id {
        match (self.value_of(a), self.value_of(b)) {
            (Some(0.0), _) => b,
            (_, Some(0.0)) => a,
            _ => self.binary(Binary::Add, a, b),
        }
    }

    fn minus(&mut self, a: Id, b: Id) -> Id {
        match (self.value_of(a), self.value_of(b)) {
            (_, Some(0.0)) => a,
            (Some(0.0), _) => self.unary(Unary::Negate, b),
            _ => self.binary(Binary::Subtract, a, b),
        }
    }
}
