//! Inlines functions, as compilers do first.

use crate::rebuild::{Rebuilding, with_operands};
use naga::{Arena, Block, Expression, Function, Handle, LocalVariable, Module, Range, Span, Statement};
use std::collections::HashMap;

/// Functions called for each of four elements. Inlined, they would make a kernel large, and their surroundings offer
/// nothing to rewrite.
const APART: [&str; 2] = ["activation", "derivative"];

/// Inlines every function that returns only at its end.
pub fn all(module: &mut Module) {
    let mut done = HashMap::new();
    for (handle, function) in module.functions.iter() {
        done.insert(handle, Inlining::of(&done, function));
    }
    for entry in &mut module.entry_points {
        entry.function = Inlining::of(&done, &entry.function);
    }
    for (handle, function) in done {
        module.functions[handle] = function;
    }
}

/// The statements before the last, and the value if there is one, of a function that can be inlined.
fn plain(function: &Function) -> Option<(&[Statement], Option<Handle<Expression>>)> {
    let name = function.name.as_deref()?;
    let (last, before) = function.body.split_last()?;
    let (before, value) = match last {
        Statement::Return { value } => (before, *value),
        _ => (&function.body[..], None),
    };
    let is_apart = APART.contains(&name) || ["gradient_by_", "hostile_"].iter().any(|prefix| name.starts_with(prefix));
    let fits = !is_apart && !before.iter().any(returns);
    fits.then_some((before, value))
}

fn returns(statement: &Statement) -> bool {
    let within = |block: &Block| block.iter().any(returns);
    match statement {
        Statement::Return { .. } => true,
        Statement::Block(block) => within(block),
        Statement::If { accept, reject, .. } => within(accept) || within(reject),
        Statement::Switch { cases, .. } => cases.iter().any(|case| within(&case.body)),
        Statement::Loop { body, continuing, .. } => within(body) || within(continuing),
        _ => false,
    }
}

struct Inlining<'a> {
    done: &'a HashMap<Handle<Function>, Function>,
    /// The function being read.
    old: &'a Function,
    expressions: Arena<Expression>,
    variables: Arena<LocalVariable>,
    statements: Vec<Statement>,
    new: HashMap<Handle<Expression>, Handle<Expression>>,
}

impl<'a> Inlining<'a> {
    fn of(done: &'a HashMap<Handle<Function>, Function>, old: &'a Function) -> Function {
        let (expressions, variables, statements, new) = Default::default();
        let mut this = Inlining { done, old, expressions, variables, statements, new };
        this.begin(None);
        let body = this.block(&old.body);
        Function {
            body,
            expressions: this.expressions,
            local_variables: this.variables,
            named_expressions: Default::default(),
            ..old.clone()
        }
    }

    /// Writes the variables of the function being read, and expressions without a statement.
    fn begin(&mut self, arguments: Option<&[Handle<Expression>]>) {
        let mut variables = HashMap::new();
        for (handle, variable) in self.old.local_variables.iter() {
            let init = variable.init.map(|init| self.constant(init));
            let copy = LocalVariable { name: None, init, ..variable.clone() };
            variables.insert(handle, self.variables.append(copy, Span::UNDEFINED));
        }
        for (handle, expression) in self.old.expressions.iter().filter(|(_, expression)| expression.needs_pre_emit()) {
            let copy = match (expression, arguments) {
                (Expression::FunctionArgument(index), Some(arguments)) => arguments[*index as usize],
                (Expression::LocalVariable(variable), _) => self.append(Expression::LocalVariable(variables[variable])),
                _ => self.append(expression.clone()),
            };
            self.new.insert(handle, copy);
        }
        // In a loop of the caller, a variable is initialized in each turn.
        for (handle, variable) in self.old.local_variables.iter().filter(|_| arguments.is_some()) {
            let pointer = self.append(Expression::LocalVariable(variables[&handle]));
            let value = match variable.init {
                Some(init) => self.emitted(init),
                None => self.append(Expression::ZeroValue(variable.ty)),
            };
            self.statements.push(Statement::Store { pointer, value });
        }
    }

    fn append(&mut self, expression: Expression) -> Handle<Expression> {
        self.expressions.append(expression, Span::UNDEFINED)
    }

    /// A copy of an expression that no statement emits.
    fn constant(&mut self, handle: Handle<Expression>) -> Handle<Expression> {
        let expression = with_operands(&self.old.expressions[handle], |operand| self.constant(operand));
        self.append(expression)
    }

    /// A copy of a constant, computed here.
    fn emitted(&mut self, handle: Handle<Expression>) -> Handle<Expression> {
        let expression = with_operands(&self.old.expressions[handle], |operand| self.emitted(operand));
        let emits = !expression.needs_pre_emit();
        let handle = self.append(expression);
        if emits {
            self.statements.push(Statement::Emit(Range::new_from_bounds(handle, handle)));
        }
        handle
    }
}

impl Rebuilding for Inlining<'_> {
    fn written(&self, handle: Handle<Expression>) -> Handle<Expression> {
        self.new[&handle]
    }

    fn emit_anew(&mut self, handle: Handle<Expression>) {
        let expression = with_operands(&self.old.expressions[handle], |operand| self.new[&operand]);
        let copy = self.append(expression);
        self.statements.push(Statement::Emit(Range::new_from_bounds(copy, copy)));
        self.new.insert(handle, copy);
    }

    fn result(&mut self, handle: Handle<Expression>) -> Handle<Expression> {
        let copy = self.append(self.old.expressions[handle].clone());
        self.new.insert(handle, copy);
        copy
    }

    fn statements(&mut self) -> &mut Vec<Statement> {
        &mut self.statements
    }

    fn call(
        &mut self,
        function: Handle<Function>,
        arguments: Vec<Handle<Expression>>,
        result: Option<Handle<Expression>>,
    ) {
        let callee = &self.done[&function];
        let Some((statements, value)) = plain(callee) else {
            let result = result.map(|result| self.result(result));
            self.statements.push(Statement::Call { function, arguments, result });
            return;
        };
        let (caller, outer) = (std::mem::replace(&mut self.old, callee), std::mem::take(&mut self.new));
        self.begin(Some(&arguments));
        statements.iter().for_each(|statement| self.statement(statement));
        let value = value.map(|value| self.written(value));
        (self.old, self.new) = (caller, outer);
        if let (Some(result), Some(value)) = (result, value) {
            self.new.insert(result, value);
        }
    }
}
