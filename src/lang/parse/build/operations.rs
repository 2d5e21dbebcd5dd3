//! Sequences of operators and operands, folded by precedence.

use super::{Builder, hole, hole_ident, parts};
use crate::lang::ast::{Arg, BinaryOp, Expr, ExprKind, UnaryOp};
use crate::lang::parse::error::ParseError;
use crate::lang::parse::grammar::Rule;
use crate::lang::parse::operators::{PRECEDENCE, binary, compares};
use crate::source::Span;
use pest::iterators::{Pair, Pairs};
use std::rc::Rc;

/// An operand whose context is not yet known.
pub(super) struct OpenExpr {
    expr: Expr,
    /// In parentheses: it cannot chain with its neighbours.
    closed: bool,
    /// A record after something that is not a call: allowed only after `|>`.
    bare_record: Option<Span>,
}

impl OpenExpr {
    fn open(kind: ExprKind, span: Span) -> Self {
        OpenExpr { expr: Expr { kind: Rc::new(kind), span }, closed: false, bare_record: None }
    }
}

impl<'i> Builder<'i> {
    /// `a + b * c -> eV`.
    pub(super) fn operation(&self, row: Pairs<'i, Rule>) -> Expr {
        let operand = PRECEDENCE
            .map_primary(|pair| self.operand(pair))
            .map_prefix(|op, value| self.prefix(op, value))
            .map_postfix(|value, op| self.postfix(value, op))
            .map_infix(|left, op, right| self.infix(left, op, right))
            .parse(row);
        self.finished(operand)
    }

    /// Finishes an operand; reports a record that can no longer belong to a call.
    fn finished(&self, operand: OpenExpr) -> Expr {
        if let Some(span) = operand.bare_record {
            let head = match &*operand.expr.kind {
                ExprKind::Call { callee, .. } => self.words(callee.span),
                _ => "f",
            };
            let help = if head.len() <= 40 && !head.contains('\n') {
                format!("write `{head}() {{ … }}` to call `{head}` with it")
            } else {
                "write `f() { … }` to call `f` with it".into()
            };
            self.error(ParseError::TrailingRecord { span, help });
        }
        operand.expr
    }

    fn operand(&self, pair: Pair<'i, Rule>) -> OpenExpr {
        let closed = pair.as_rule() == Rule::paren;
        OpenExpr { expr: self.primary(pair), closed, bare_record: None }
    }

    fn prefix(&self, op: Pair<'i, Rule>, value: OpenExpr) -> OpenExpr {
        let span = self.span(&op).to(value.expr.span);
        let op = if op.as_rule() == Rule::negate { UnaryOp::Neg } else { UnaryOp::Not };
        OpenExpr::open(ExprKind::Unary { op, value: self.finished(value) }, span)
    }

    fn postfix(&self, value: OpenExpr, op: Pair<'i, Rule>) -> OpenExpr {
        let op_span = self.span(&op);
        let span = value.expr.span.to(op_span);
        match op.as_rule() {
            Rule::arguments => {
                let args = self.arguments(op);
                OpenExpr::open(ExprKind::Call { callee: self.finished(value), args }, span)
            }
            Rule::trailing => self.trailing(value, op, span),
            Rule::index => {
                let index = parts(op).next().map_or_else(|| hole(op_span), |i| self.expr(i));
                OpenExpr::open(ExprKind::Index { value: self.finished(value), index }, span)
            }
            Rule::field => {
                let name = parts(op).next().map_or_else(|| hole_ident(op_span), |n| self.ident(&n));
                OpenExpr::open(ExprKind::Field { value: self.finished(value), name }, span)
            }
            _ => {
                let unit = parts(op).next().map(|u| self.unit(u));
                let value = self.finished(value);
                match unit {
                    Some(unit) => OpenExpr::open(ExprKind::Convert { value, unit }, span),
                    None => OpenExpr { expr: value, closed: false, bare_record: None },
                }
            }
        }
    }

    /// `value { a: 1 }`: one more argument of a call, or a call of the value after `|>`.
    fn trailing(&self, value: OpenExpr, op: Pair<'i, Rule>, span: Span) -> OpenExpr {
        let record_span = self.span(&op);
        let record = self.record_of(op);
        let arg = Arg { name: None, value: record, trailing: true };
        if let ExprKind::Call { callee, args } = &*value.expr.kind
            && !value.closed
            && args.last().is_none_or(|last| !last.trailing)
        {
            let mut args = args.clone();
            args.push(arg);
            return OpenExpr::open(ExprKind::Call { callee: callee.clone(), args }, span);
        }
        let callee = self.finished(value);
        let call = ExprKind::Call { callee, args: vec![arg] };
        OpenExpr { bare_record: Some(record_span), ..OpenExpr::open(call, span) }
    }

    fn infix(&self, left: OpenExpr, op: Pair<'i, Rule>, mut right: OpenExpr) -> OpenExpr {
        let (rule, op_span) = (op.as_rule(), self.span(&op));
        let span = left.expr.span.to(right.expr.span);
        if rule == Rule::pipe {
            right.bare_record = None;
            let (value, into) = (self.finished(left), self.finished(right));
            return OpenExpr::open(ExprKind::Pipe { value, into }, span);
        }
        if rule == Rule::range || rule == Rule::kw_by {
            return self.interval(left, rule, op_span, right, span);
        }
        let op = binary(rule).unwrap_or(BinaryOp::Add);
        self.refuse_chain(&left, op, op_span, &right);
        self.refuse_unit_power(&left, op, &right);
        let (left, right) = (self.finished(left), self.finished(right));
        OpenExpr::open(ExprKind::Binary { op, op_span, left, right }, span)
    }

    /// `a .. b`, and `(a .. b) by c`.
    fn interval(&self, left: OpenExpr, rule: Rule, op_span: Span, right: OpenExpr, span: Span) -> OpenExpr {
        let closed = left.closed;
        let (left, right) = (self.finished(left), self.finished(right));
        if rule == Rule::range {
            if let (ExprKind::Range { from, to, .. }, false) = (&*left.kind, closed) {
                let words = |e: &Expr| self.words(e.span);
                let better = format!("{} .. {} by {}", words(from), words(&right), words(to));
                self.error(ParseError::ChainedInterval { better, span: op_span });
            }
            return OpenExpr::open(ExprKind::Range { from: left, to: right, by: None }, span);
        }
        match &*left.kind {
            ExprKind::Range { from, to, by: None } if !closed => {
                let (from, to) = (from.clone(), to.clone());
                OpenExpr::open(ExprKind::Range { from, to, by: Some(right) }, span)
            }
            _ => {
                self.error(ParseError::By { span: op_span });
                OpenExpr { expr: left, closed: false, bare_record: None }
            }
        }
    }

    /// Reports chained comparisons.
    fn refuse_chain(&self, left: &OpenExpr, op: BinaryOp, op_span: Span, right: &OpenExpr) {
        if let ExprKind::Binary { op: first, op_span: first_span, left: a, right: b } = &*left.expr.kind
            && compares(op)
            && compares(*first)
            && !left.closed
        {
            let (a, b, c) = (self.words(a.span), self.words(b.span), self.words(right.expr.span));
            let better = format!("{a} {} {b} and {b} {} {c}", self.words(*first_span), self.words(op_span));
            self.error(ParseError::ChainedComparison { better, span: op_span });
        }
    }

    /// Reports `2 bohr^n`: a `^` after a unit belongs to the unit.
    fn refuse_unit_power(&self, left: &OpenExpr, op: BinaryOp, right: &OpenExpr) {
        if op == BinaryOp::Pow && !left.closed && matches!(&*left.expr.kind, ExprKind::Quantity { .. }) {
            self.error(ParseError::UnitPower { span: right.expr.span });
        }
    }
}
