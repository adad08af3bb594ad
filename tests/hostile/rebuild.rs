//! Shared steps of writing a new function from an old one, expression by expression.

use naga::{Block, Expression, Function, Handle, Statement, SwitchCase};

pub trait Rebuilding {
    /// Returns the new expression for an old one.
    fn written(&self, handle: Handle<Expression>) -> Handle<Expression>;
    /// Writes an expression where the old function computes it.
    fn emit_anew(&mut self, handle: Handle<Expression>);
    /// Writes the result of a statement.
    fn result(&mut self, handle: Handle<Expression>) -> Handle<Expression>;
    /// The statements of the block in progress.
    fn statements(&mut self) -> &mut Vec<Statement>;

    fn block(&mut self, block: &Block) -> Block {
        self.block_of(block)
    }

    fn block_of(&mut self, block: &Block) -> Block {
        let outer = std::mem::take(self.statements());
        block.iter().for_each(|statement| self.statement(statement));
        Block::from_vec(std::mem::replace(self.statements(), outer))
    }

    /// Writes a call whose arguments are new already.
    fn call(
        &mut self,
        function: Handle<Function>,
        arguments: Vec<Handle<Expression>>,
        result: Option<Handle<Expression>>,
    ) {
        let result = result.map(|result| self.result(result));
        self.statements().push(Statement::Call { function, arguments, result });
    }

    fn statement(&mut self, statement: &Statement) {
        let mut copy = statement.clone();
        match &mut copy {
            Statement::Emit(range) => {
                range.clone().for_each(|handle| self.emit_anew(handle));
                return;
            }
            Statement::Call { function, arguments, result } => {
                let arguments = arguments.iter().map(|argument| self.written(*argument)).collect();
                self.call(*function, arguments, *result);
                return;
            }
            Statement::Block(block) => *block = self.block(block),
            Statement::If { condition, accept, reject } => {
                *condition = self.written(*condition);
                *accept = self.block(accept);
                *reject = self.block(reject);
            }
            Statement::Switch { selector, cases } => {
                *selector = self.written(*selector);
                for SwitchCase { body, .. } in cases {
                    *body = self.block(body);
                }
            }
            Statement::Loop { body, continuing, break_if } => {
                *body = self.block(body);
                *continuing = self.block(continuing);
                *break_if = break_if.map(|condition| self.written(condition));
            }
            Statement::Return { value } => *value = value.map(|value| self.written(value)),
            Statement::Store { pointer, value } => (*pointer, *value) = (self.written(*pointer), self.written(*value)),
            Statement::SubgroupBallot { result, predicate } => {
                *predicate = predicate.map(|predicate| self.written(predicate));
                *result = self.result(*result);
            }
            Statement::SubgroupGather { mode, argument, result } => {
                use naga::GatherMode::*;
                *argument = self.written(*argument);
                match mode {
                    Broadcast(lane) | Shuffle(lane) | ShuffleDown(lane) | ShuffleUp(lane) | ShuffleXor(lane)
                    | QuadBroadcast(lane) => *lane = self.written(*lane),
                    BroadcastFirst | QuadSwap(_) => (),
                }
                *result = self.result(*result);
            }
            Statement::SubgroupCollectiveOperation { argument, result, .. } => {
                *argument = self.written(*argument);
                *result = self.result(*result);
            }
            Statement::WorkGroupUniformLoad { pointer, result } => {
                *pointer = self.written(*pointer);
                *result = self.result(*result);
            }
            Statement::Break | Statement::Continue | Statement::ControlBarrier(_) | Statement::MemoryBarrier(_) => (),
            other => panic!("no kernel has {other:?}"),
        }
        self.statements().push(copy);
    }
}

/// Returns a copy of an expression with other operands.
pub fn with_operands(
    expression: &Expression,
    mut new: impl FnMut(Handle<Expression>) -> Handle<Expression>,
) -> Expression {
    let mut copy = expression.clone();
    match &mut copy {
        Expression::Literal(_)
        | Expression::Constant(_)
        | Expression::ZeroValue(_)
        | Expression::FunctionArgument(_)
        | Expression::GlobalVariable(_)
        | Expression::LocalVariable(_) => (),
        Expression::Compose { components, .. } => components.iter_mut().for_each(|handle| *handle = new(*handle)),
        Expression::Access { base, index } => (*base, *index) = (new(*base), new(*index)),
        Expression::AccessIndex { base: operand, .. }
        | Expression::Splat { value: operand, .. }
        | Expression::Swizzle { vector: operand, .. }
        | Expression::Load { pointer: operand }
        | Expression::Unary { expr: operand, .. }
        | Expression::Relational { argument: operand, .. }
        | Expression::As { expr: operand, .. }
        | Expression::ArrayLength(operand) => *operand = new(*operand),
        Expression::Binary { left, right, .. } => (*left, *right) = (new(*left), new(*right)),
        Expression::Select { condition, accept, reject } => {
            (*condition, *accept, *reject) = (new(*condition), new(*accept), new(*reject));
        }
        Expression::Math { arg, arg1, arg2, arg3, .. } => {
            *arg = new(*arg);
            for operand in [arg1, arg2, arg3] {
                *operand = operand.map(&mut new);
            }
        }
        other => panic!("no kernel has {other:?}"),
    }
    copy
}
