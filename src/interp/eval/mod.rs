//! The evaluator, one file per topic.

mod block;
mod call;
mod index;
mod member;
mod names;
mod operators;
mod sequence;
mod strings;
mod system;
mod units;

pub(crate) use block::binding;
pub use member::documented_members;
pub(crate) use system::SYSTEM_ENTRIES;

use super::Interpreter;
use super::call::truth;
use super::error::{RunError, fail};
use super::value::scope::Scope;
use super::value::{Closure, Operand, Record, Value};
use crate::graph::Unary;
use crate::lang::ast::{Expr, ExprKind, UnaryOp};
use crate::problem::Result;
use std::rc::Rc;

/// The deepest nesting of calls.
pub const MAX_CALLS: usize = 1000;

/// The maximum number of expressions being evaluated at once, in all calls together; protects the stack of
/// [`super::on_large_stack`].
const MAX_DEPTH: usize = 50_000;

impl Interpreter {
    /// The value of an expression.
    ///
    /// # Errors
    /// Any error inside, at its place, with the calls that led there.
    pub fn eval(&mut self, expr: &Expr, scope: &Scope) -> Result<Value> {
        self.depth += 1;
        let value = if self.depth > MAX_DEPTH {
            let name = "a function here".to_string();
            fail(RunError::Recursion { limit: MAX_CALLS, name, span: expr.span }, expr.span)
        } else {
            self.eval_kind(expr, scope)
        };
        self.depth -= 1;
        let value = value?;
        self.weigh(&value, expr.span)?;
        Ok(value)
    }

    fn eval_kind(&mut self, expr: &Expr, scope: &Scope) -> Result<Value> {
        match &*expr.kind {
            ExprKind::Number(value) => Ok(Value::plain(*value)),
            ExprKind::Quantity { value, unit } => self.literal(*value, unit),
            ExprKind::Str(parts) => self.string(parts, scope),
            ExprKind::Bool(value) => Ok(Value::Bool(*value)),
            ExprKind::Name(name) => self.name(name, expr.span, scope),
            ExprKind::List(items) => {
                items.iter().map(|item| self.eval(item, scope)).collect::<Result<Vec<_>>>().map(Value::list)
            }
            ExprKind::Comprehension { body, each } => self.comprehension(body, each, scope),
            ExprKind::Record(entries) => {
                let value = |(name, value): &(crate::lang::ast::Ident, Expr)| {
                    self.eval(value, scope).map(|value| (name.name.clone(), value))
                };
                let entries = entries.iter().map(value).collect::<Result<Vec<_>>>()?;
                Ok(Value::Record(Rc::new(Record::new(entries))))
            }
            ExprKind::Block(statements) => self.block(statements, scope),
            ExprKind::Range { from, to, by } => self.range(from, to, by.as_ref(), scope),
            ExprKind::Unary { op, value } => self.eval_unary(*op, value, scope),
            ExprKind::Binary { op, left, right, .. } => self.eval_binary(*op, left, right, scope),
            ExprKind::Pipe { value, into } => self.pipe(value, into, scope),
            ExprKind::Convert { value, unit } => {
                let converted = self.eval(value, scope)?;
                self.convert(&converted, value.span, unit)
            }
            ExprKind::If { condition, then, otherwise } => {
                if self.condition(condition, scope, "the condition of `if`")? {
                    self.eval(then, scope)
                } else {
                    self.eval(otherwise, scope)
                }
            }
            ExprKind::Call { callee, args } => self.eval_call(callee, args, expr.span, scope),
            ExprKind::Index { value, index } => self.eval_index(value, index, scope),
            ExprKind::Field { value, name } => {
                let whole = self.eval(value, scope)?;
                self.member(Operand::new(&whole, value.span), name)
            }
            ExprKind::Lambda(def) => {
                let closure = Closure { def: def.clone(), scope: scope.clone(), named: false };
                Ok(Value::Function(Rc::new(closure)))
            }
        }
    }

    fn eval_unary(&mut self, op: UnaryOp, value: &Expr, scope: &Scope) -> Result<Value> {
        let inner = self.eval(value, scope)?;
        match op {
            UnaryOp::Neg => self.unary(Unary::Neg, Operand::new(&inner, value.span)),
            UnaryOp::Not => self.not(Operand::new(&inner, value.span)),
        }
    }

    /// A Boolean, for `if`, filters and `and`.
    pub(crate) fn condition(&mut self, expr: &Expr, scope: &Scope, what: &str) -> Result<bool> {
        let value = self.eval(expr, scope)?;
        truth(Operand::new(&value, expr.span), what)
    }
}
