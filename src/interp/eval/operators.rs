//! Operators between expressions: arithmetic, comparisons, logic.

use crate::graph::Binary;
use crate::interp::Interpreter;
use crate::interp::arith::agree;
use crate::interp::call::truth;
use crate::interp::error::{TypesError, fail};
use crate::interp::value::scope::Scope;
use crate::interp::value::{Operand, Value, equal};
use crate::lang::ast::{BinaryOp, Expr};
use crate::problem::Result;
use crate::source::Span;

impl Interpreter {
    pub(crate) fn eval_binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr, scope: &Scope) -> Result<Value> {
        let a = self.eval(left, scope)?;
        if let (BinaryOp::And | BinaryOp::Or, Value::Bool(known)) = (op, &a) {
            let decided = *known == (op == BinaryOp::Or);
            return if decided { Ok(a) } else { self.logic_right(op, right, scope) };
        }
        let b = self.eval(right, scope)?;
        self.operator(op, Operand::new(&a, left.span), Operand::new(&b, right.span), left.span.to(right.span))
    }

    fn logic_right(&mut self, op: BinaryOp, right: &Expr, scope: &Scope) -> Result<Value> {
        let value = self.eval(right, scope)?;
        match value {
            Value::Field(_) => Ok(value),
            _ => truth(Operand::new(&value, right.span), logic_name(op)).map(Value::Bool),
        }
    }

    /// An operator between two values; `whole` is the expression.
    pub(crate) fn operator(&mut self, op: BinaryOp, a: Operand<'_>, b: Operand<'_>, whole: Span) -> Result<Value> {
        match op {
            BinaryOp::Add => self.binary(Binary::Add, a, b, whole),
            BinaryOp::Sub => self.binary(Binary::Sub, a, b, whole),
            BinaryOp::Mul => self.binary(Binary::Mul, a, b, whole),
            BinaryOp::Div => self.binary(Binary::Div, a, b, whole),
            BinaryOp::Pow => self.binary(Binary::Pow, a, b, whole),
            BinaryOp::Less => self.binary(Binary::Less, a, b, whole),
            BinaryOp::LessEqual => self.binary(Binary::LessEq, a, b, whole),
            BinaryOp::Greater | BinaryOp::GreaterEqual => {
                if let (Value::Number(x), Value::Number(y)) = (a.value, b.value) {
                    agree(operator_name(op), (x.dim, a.span), (y.dim, b.span), whole)?;
                }
                self.binary(if op == BinaryOp::Greater { Binary::Less } else { Binary::LessEq }, b, a, whole)
            }
            BinaryOp::Equal => self.equality(a, b, whole),
            BinaryOp::NotEqual => {
                let equal = self.equality(a, b, whole)?;
                self.not(Operand::new(&equal, whole))
            }
            BinaryOp::And => self.logic(Binary::Min, a, b, whole, op),
            BinaryOp::Or => self.logic(Binary::Max, a, b, whole, op),
        }
    }

    /// `and`, `or` of Booleans, or of conditions on fields, which are 1 where they hold.
    fn logic(&mut self, as_number: Binary, a: Operand<'_>, b: Operand<'_>, whole: Span, op: BinaryOp) -> Result<Value> {
        let operand = |x: Operand<'_>| match x.value {
            Value::Bool(t) => Ok(Value::plain(f64::from(u8::from(*t)))),
            Value::Number(_) | Value::Str(_) | Value::List(_) | Value::Record(_) => {
                truth(x, logic_name(op)).map(Value::Bool)
            }
            other => Ok(other.clone()),
        };
        let (x, y) = (operand(a)?, operand(b)?);
        self.binary(as_number, Operand::new(&x, a.span), Operand::new(&y, b.span), whole)
    }

    /// `not` of a Boolean, or of a condition on a field.
    pub(crate) fn not(&mut self, x: Operand<'_>) -> Result<Value> {
        match x.value {
            Value::Bool(t) => Ok(Value::Bool(!t)),
            Value::Number(_) | Value::Str(_) | Value::List(_) | Value::Record(_) => {
                truth(x, "the operand of `not`").map(Value::Bool)
            }
            _ => {
                let one = Value::plain(1.0);
                self.binary(Binary::Sub, Operand::new(&one, x.span), x, x.span)
            }
        }
    }

    /// `==`: point by point if a field is involved, otherwise of the values as a whole.
    fn equality(&mut self, a: Operand<'_>, b: Operand<'_>, whole: Span) -> Result<Value> {
        match (a.value, b.value) {
            (Value::Number(_), Value::Number(_)) => self.binary(Binary::Eq, a, b, whole),
            (Value::Interval(from, to), Value::List(_)) => {
                let listed = self.listed(from, to, a.span)?;
                self.equality(Operand::new(&listed, a.span), b, whole)
            }
            (Value::List(_), Value::Interval(from, to)) => {
                let listed = self.listed(from, to, b.span)?;
                self.equality(a, Operand::new(&listed, b.span), whole)
            }
            (x, y) => match equal(x, y) {
                Some(answer) => Ok(Value::Bool(answer)),
                None if comparable(x) && comparable(y) => {
                    let (left, right) = (x.kind(), y.kind());
                    let (left_span, right_span) = (a.span, b.span);
                    let error =
                        TypesError::Operands { operator: "==".into(), left, right, help: None, left_span, right_span };
                    fail(error, whole)
                }
                None => self.binary(Binary::Eq, a, b, whole),
            },
        }
    }
}

fn operator_name(op: BinaryOp) -> &'static str {
    if op == BinaryOp::Greater { ">" } else { ">=" }
}

fn comparable(value: &Value) -> bool {
    matches!(value, Value::Str(_) | Value::Bool(_) | Value::List(_) | Value::Record(_) | Value::Number(_))
}

fn logic_name(op: BinaryOp) -> &'static str {
    if op == BinaryOp::And { "an operand of `and`" } else { "an operand of `or`" }
}
