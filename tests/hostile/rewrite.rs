//! Rewrites a module as a compiler may that uses WGSL's freedom in arithmetic.

use crate::inline;
use crate::rebuild::{Rebuilding, with_operands};
use naga::valid::{Capabilities, FunctionInfo, ValidationFlags, Validator};
use naga::{
    Arena, BinaryOperator as Op, Block, Expression, Function, Handle, Literal, MathFunction, Module, Range, Scalar,
    Span, Statement, TypeInner, UnaryOperator, VectorSize,
};
use std::collections::HashMap;

/// The freedoms in use.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Habits {
    /// a / b becomes a times the rounded 1 / b.
    pub inverts: bool,
    /// (p + q) / c becomes p / c + q / c, and (p + q) * c becomes p * c + q * c, for a constant c.
    pub distributes: bool,
    /// (p * q) * c becomes p * (q * c).
    pub regroups: bool,
    /// a * b + c is rounded once.
    pub contracts: bool,
    /// Subnormal operands and results of arithmetic are zeros.
    pub flushes: bool,
}

/// Returns the compiler's version of a text, as far as an entry point needs it.
pub fn rewritten(text: &str, entry_point: &str, habits: Habits) -> String {
    let mut module = parsed(&hardened(text));
    module.entry_points.retain(|entry| entry.name == entry_point);
    inline::all(&mut module);
    let info = validated(&module);
    let named = |name: &str| module.functions.iter().find(|(_, function)| function.name.as_deref() == Some(name));
    let helpers =
        |name: &str| ["", "_2", "_3", "_4"].map(|size| named(&format!("hostile_{name}{size}")).expect("a helper").0);
    let helpers = Helpers {
        hidden: helpers("hidden"),
        inverse: helpers("inverse"),
        flushed: helpers("flushed"),
        fused: helpers("fused"),
    };
    let mut functions = Vec::new();
    for (handle, function) in module.functions.iter() {
        if !function.name.as_deref().is_some_and(|name| name.starts_with("hostile_")) {
            functions.push((handle, Rewriting::of(&module, function, &info[handle], &helpers, habits)));
        }
    }
    let entries: Vec<Function> = module
        .entry_points
        .iter()
        .enumerate()
        .map(|(index, entry)| Rewriting::of(&module, &entry.function, info.get_entry_point(index), &helpers, habits))
        .collect();
    for (handle, function) in functions {
        module.functions[handle] = function;
    }
    for (entry, function) in module.entry_points.iter_mut().zip(entries) {
        entry.function = function;
    }
    let info = validated(&module);
    let flags = naga::back::wgsl::WriterFlags::empty();
    let text = naga::back::wgsl::write_string(&module, &info, flags).expect("WGSL of a module");
    // The writer omits alignments.
    text.replace("\n    params: ", "\n    @align(16) params: ")
}

/// The text with the helpers, and with the guards for other compilers than Mesa's.
pub fn hardened(text: &str) -> String {
    let zero = if text.contains("var<private> zero: u32;") { "" } else { "var<private> zero: u32;\n" };
    let text = text.replace("const GUARDED: bool = false;", "const GUARDED: bool = true;");
    format!("{}{zero}{text}", include_str!("helpers.wgsl"))
}

fn parsed(text: &str) -> Module {
    naga::front::wgsl::parse_str(text).unwrap_or_else(|error| panic!("{}", error.emit_to_string(text)))
}

fn validated(module: &Module) -> naga::valid::ModuleInfo {
    Validator::new(ValidationFlags::all(), Capabilities::all())
        .validate(module)
        .unwrap_or_else(|error| panic!("{error:?}"))
}

/// Functions of one to four components.
struct Helpers {
    hidden: [Handle<Function>; 4],
    inverse: [Handle<Function>; 4],
    flushed: [Handle<Function>; 4],
    fused: [Handle<Function>; 4],
}

/// An expression in the compiler's view: from the function being read, or its own.
#[derive(Clone, Debug)]
enum Tree {
    Old(Handle<Expression>),
    Binary(Op, Box<Tree>, Box<Tree>),
    Negated(Box<Tree>),
}

impl Tree {
    fn binary(op: Op, left: Tree, right: Tree) -> Tree {
        Tree::Binary(op, Box::new(left), Box::new(right))
    }
}

/// An expression of the new function, and its number of components.
#[derive(Clone, Copy)]
struct Value {
    handle: Handle<Expression>,
    components: usize,
}

struct Rewriting<'a> {
    module: &'a Module,
    old: &'a Function,
    info: &'a FunctionInfo,
    helpers: &'a Helpers,
    habits: Habits,
    expressions: Arena<Expression>,
    /// The statements of the block in progress.
    statements: Vec<Statement>,
    /// The new expressions for the old function's.
    new: HashMap<Handle<Expression>, Handle<Expression>>,
    /// Expressions of the new function, with zeros for subnormal numbers.
    flushed: HashMap<Handle<Expression>, Handle<Expression>>,
}

impl Rebuilding for Rewriting<'_> {
    fn written(&self, handle: Handle<Expression>) -> Handle<Expression> {
        self.new[&handle]
    }

    fn emit_anew(&mut self, handle: Handle<Expression>) {
        let value = self.rewritten(handle);
        self.new.insert(handle, value);
    }

    fn result(&mut self, handle: Handle<Expression>) -> Handle<Expression> {
        let copy = self.expressions.append(self.old.expressions[handle].clone(), Span::UNDEFINED);
        self.new.insert(handle, copy);
        copy
    }

    fn statements(&mut self) -> &mut Vec<Statement> {
        &mut self.statements
    }

    fn block(&mut self, block: &Block) -> Block {
        let flushed = self.flushed.clone();
        let block = self.block_of(block);
        self.flushed = flushed;
        block
    }
}

impl<'a> Rewriting<'a> {
    fn of(
        module: &'a Module,
        old: &'a Function,
        info: &'a FunctionInfo,
        helpers: &'a Helpers,
        habits: Habits,
    ) -> Function {
        let (expressions, statements, new, flushed) = Default::default();
        let mut this = Rewriting { module, old, info, helpers, habits, expressions, statements, new, flushed };
        let mut function = Function { body: Block::new(), ..old.clone() };
        function.named_expressions.clear();
        for (_, variable) in function.local_variables.iter_mut() {
            variable.init = variable.init.map(|init| this.constant(init));
        }
        this.new.clear();
        for (handle, expression) in old.expressions.iter().filter(|(_, expression)| expression.needs_pre_emit()) {
            let copy = this.expressions.append(expression.clone(), Span::UNDEFINED);
            this.new.insert(handle, copy);
        }
        function.body = this.block(&old.body);
        function.expressions = this.expressions;
        function
    }

    /// A copy of an expression that no statement emits.
    fn constant(&mut self, handle: Handle<Expression>) -> Handle<Expression> {
        let expression = with_operands(&self.old.expressions[handle], |operand| self.constant(operand));
        self.expressions.append(expression, Span::UNDEFINED)
    }

    /// An expression of the new function, computed here.
    fn emit(&mut self, expression: Expression) -> Handle<Expression> {
        let handle = self.expressions.append(expression, Span::UNDEFINED);
        self.statements.push(Statement::Emit(Range::new_from_bounds(handle, handle)));
        handle
    }

    fn call(&mut self, helper: [Handle<Function>; 4], components: usize, arguments: Vec<Value>) -> Value {
        let arguments = arguments.into_iter().map(|argument| self.widened(argument, components)).collect();
        let function = helper[components - 1];
        let handle = self.expressions.append(Expression::CallResult(function), Span::UNDEFINED);
        self.statements.push(Statement::Call { function, arguments, result: Some(handle) });
        Value { handle, components }
    }

    /// A scalar as a vector, if the other operands are vectors.
    fn widened(&mut self, value: Value, components: usize) -> Handle<Expression> {
        if value.components == components {
            return value.handle;
        }
        let size = [VectorSize::Bi, VectorSize::Tri, VectorSize::Quad][components - 2];
        self.emit(Expression::Splat { size, value: value.handle })
    }

    /// The number of components of an old expression, if they are f32.
    fn components(&self, handle: Handle<Expression>) -> Option<usize> {
        match *self.info[handle].ty.inner_with(&self.module.types) {
            TypeInner::Scalar(Scalar::F32) => Some(1),
            TypeInner::Vector { size, scalar: Scalar::F32 } => Some(size as usize),
            _ => None,
        }
    }

    /// The new expression for an old one, at the point where it is emitted.
    fn rewritten(&mut self, handle: Handle<Expression>) -> Handle<Expression> {
        let expression = self.old.expressions[handle].clone();
        let components = self.components(handle);
        match expression {
            Expression::Binary { op: Op::Add | Op::Subtract | Op::Multiply | Op::Divide, .. }
            | Expression::Unary { op: UnaryOperator::Negate, .. }
                if components.is_some() =>
            {
                let tree = self.opened(handle);
                self.evaluated(&tree).handle
            }
            // Operands of comparisons may be flushed, too.
            Expression::Binary { op, left, right } if self.components(left).is_some() => {
                let (left, right) = (self.operand(left), self.operand(right));
                self.emit(Expression::Binary { op, left, right })
            }
            Expression::Math { fun: MathFunction::Fma, arg, arg1: Some(b), arg2: Some(c), .. }
                if self.habits.contracts && components.is_some() =>
            {
                let [a, b, c] = [arg, b, c].map(|handle| self.evaluated(&Tree::Old(handle)));
                self.fused(a, b, c).handle
            }
            Expression::Math { arg, .. } if self.components(arg).is_some() => {
                let copy = with_operands(&expression, |handle| self.operand(handle));
                let handle = self.emit(copy);
                match components {
                    Some(components) => self.result_of_arithmetic(Value { handle, components }).handle,
                    None => handle,
                }
            }
            _ => {
                let copy = with_operands(&expression, |handle| self.new[&handle]);
                self.emit(copy)
            }
        }
    }

    /// One level of an expression as sums, products and quotients; unchanged if it is not f32.
    fn opened(&self, handle: Handle<Expression>) -> Tree {
        if self.components(handle).is_none() {
            return Tree::Old(handle);
        }
        match self.old.expressions[handle] {
            Expression::Binary { op: op @ (Op::Add | Op::Subtract | Op::Multiply | Op::Divide), left, right } => {
                Tree::binary(op, Tree::Old(left), Tree::Old(right))
            }
            Expression::Unary { op: UnaryOperator::Negate, expr } => Tree::Negated(Box::new(Tree::Old(expr))),
            // A component of a vector built from components.
            Expression::AccessIndex { base, index } => match &self.old.expressions[base] {
                Expression::Compose { components, .. }
                    if self.components(base) == Some(components.len()) && components.len() > 1 =>
                {
                    self.opened(components[index as usize])
                }
                _ => Tree::Old(handle),
            },
            _ => Tree::Old(handle),
        }
    }

    fn seen(&self, tree: &Tree) -> Tree {
        match tree {
            Tree::Old(handle) => self.opened(*handle),
            other => other.clone(),
        }
    }

    fn is_constant(&self, tree: &Tree) -> bool {
        let Tree::Old(handle) = tree else { return false };
        match &self.old.expressions[*handle] {
            Expression::Literal(_) | Expression::Constant(_) => true,
            Expression::Splat { value, .. } => self.is_constant(&Tree::Old(*value)),
            Expression::Compose { components, .. } => {
                components.iter().all(|component| self.is_constant(&Tree::Old(*component)))
            }
            _ => false,
        }
    }

    /// The factors of a product. The first is negated if the product is.
    fn factors(&mut self, tree: &Tree, negative: bool) -> Option<(Value, Value)> {
        let (left, right) = match self.seen(tree) {
            Tree::Negated(inner) => return self.factors(&inner, !negative),
            Tree::Binary(Op::Multiply, left, right) => (self.evaluated(&left), self.evaluated(&right)),
            Tree::Binary(Op::Divide, left, right) if self.habits.inverts => {
                (self.evaluated(&left), self.inverse(&right))
            }
            _ => return None,
        };
        Some((if negative { self.negated(left) } else { left }, right))
    }

    /// Computes an expression, with all freedoms that apply to its last operation.
    fn evaluated(&mut self, tree: &Tree) -> Value {
        match tree {
            Tree::Old(handle) => Value { handle: self.new[handle], components: self.components(*handle).expect("f32") },
            Tree::Negated(inner) => {
                let value = self.evaluated(inner);
                self.negated(value)
            }
            Tree::Binary(op @ (Op::Multiply | Op::Divide), left, right) => {
                if self.habits.distributes {
                    let sums = [(left, right), (right, left)].into_iter().take(if *op == Op::Divide { 1 } else { 2 });
                    for (sum, constant) in sums.filter(|(_, constant)| self.is_constant(constant)) {
                        if let Tree::Binary(sign @ (Op::Add | Op::Subtract), p, q) = self.seen(sum) {
                            let term = |term: Box<Tree>| Tree::binary(*op, *term, Tree::clone(constant));
                            return self.evaluated(&Tree::binary(sign, term(p), term(q)));
                        }
                    }
                }
                if let (true, Op::Multiply, Tree::Binary(Op::Multiply, p, q)) =
                    (self.habits.regroups, *op, self.seen(left))
                {
                    return self.evaluated(&Tree::binary(*op, *p, Tree::binary(*op, *q, Tree::clone(right))));
                }
                let dividend = self.evaluated(left);
                if *op == Op::Divide && self.habits.inverts {
                    let inverse = self.inverse(right);
                    return self.binary(Op::Multiply, dividend, inverse);
                }
                let divisor = self.evaluated(right);
                self.binary(*op, dividend, divisor)
            }
            Tree::Binary(op, left, right) => {
                if self.habits.contracts {
                    if let Some((a, b)) = self.factors(left, false) {
                        let c = self.evaluated(right);
                        let c = if *op == Op::Subtract { self.negated(c) } else { c };
                        return self.fused(a, b, c);
                    }
                    if let Some((a, b)) = self.factors(right, *op == Op::Subtract) {
                        let c = self.evaluated(left);
                        return self.fused(a, b, c);
                    }
                }
                let [left, right] = [left, right].map(|tree| {
                    let value = self.evaluated(tree);
                    // The underlying compiler would merge the two into one product.
                    match **tree {
                        Tree::Old(_) => value,
                        _ => self.call(self.helpers.hidden, value.components, vec![value]),
                    }
                });
                self.binary(*op, left, right)
            }
        }
    }

    fn inverse(&mut self, tree: &Tree) -> Value {
        let value = self.evaluated(tree);
        let value = self.flushed(value);
        let inverse = self.call(self.helpers.inverse, value.components, vec![value]);
        self.result_of_arithmetic(inverse)
    }

    fn fused(&mut self, a: Value, b: Value, c: Value) -> Value {
        let [a, b, c] = [a, b, c].map(|value| self.flushed(value));
        let components = a.components.max(b.components).max(c.components);
        let sum = self.call(self.helpers.fused, components, vec![a, b, c]);
        self.result_of_arithmetic(sum)
    }

    fn negated(&mut self, value: Value) -> Value {
        let expr = self.flushed(value).handle;
        let handle = self.emit(Expression::Unary { op: UnaryOperator::Negate, expr });
        self.result_of_arithmetic(Value { handle, ..value })
    }

    fn binary(&mut self, op: Op, left: Value, right: Value) -> Value {
        let (left, right) = (self.flushed(left), self.flushed(right));
        let components = left.components.max(right.components);
        let handle = self.emit(Expression::Binary { op, left: left.handle, right: right.handle });
        self.result_of_arithmetic(Value { handle, components })
    }

    /// An operand of arithmetic.
    fn operand(&mut self, handle: Handle<Expression>) -> Handle<Expression> {
        let value = self.evaluated(&Tree::Old(handle));
        self.flushed(value).handle
    }

    fn result_of_arithmetic(&mut self, value: Value) -> Value {
        self.flushed(value)
    }

    /// A value without subnormal numbers, if the compiler flushes them.
    fn flushed(&mut self, value: Value) -> Value {
        let normal = match self.expressions[value.handle] {
            Expression::Literal(Literal::F32(number)) => !number.is_subnormal(),
            _ => false,
        };
        if !self.habits.flushes || normal {
            return value;
        }
        if let Some(&handle) = self.flushed.get(&value.handle) {
            return Value { handle, ..value };
        }
        let flushed = self.call(self.helpers.flushed, value.components, vec![value]);
        self.flushed.insert(value.handle, flushed.handle);
        self.flushed.insert(flushed.handle, flushed.handle);
        flushed
    }
}
