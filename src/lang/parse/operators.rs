//! Operator precedence, defined only here.

use super::grammar::Rule;
use crate::lang::ast::BinaryOp;
use pest::pratt_parser::{Assoc, Op, PrattParser};
use std::sync::LazyLock;

/// Loosest first: `->`, `|>`, `or`, `and`, `not`, comparisons, `by`, `..`, `+ -`, `* /`, unary `-`, `^`, and what
/// follows a value (call, index, field, trailing record). `if` and `fn` are looser than all of these and never operands.
pub(super) static PRECEDENCE: LazyLock<PrattParser<Rule>> = LazyLock::new(|| {
    let left = |rule| Op::infix(rule, Assoc::Left);
    PrattParser::new()
        .op(Op::postfix(Rule::conversion))
        .op(left(Rule::pipe))
        .op(left(Rule::kw_or))
        .op(left(Rule::kw_and))
        .op(Op::prefix(Rule::kw_not))
        .op(left(Rule::equal)
            | left(Rule::not_equal)
            | left(Rule::less)
            | left(Rule::less_equal)
            | left(Rule::greater)
            | left(Rule::greater_equal))
        .op(left(Rule::kw_by))
        .op(left(Rule::range))
        .op(left(Rule::plus) | left(Rule::minus))
        .op(left(Rule::times) | left(Rule::divide))
        .op(Op::prefix(Rule::negate))
        .op(Op::infix(Rule::power, Assoc::Right))
        .op(Op::postfix(Rule::arguments)
            | Op::postfix(Rule::index)
            | Op::postfix(Rule::field)
            | Op::postfix(Rule::trailing))
});

/// The operator of a rule that makes an [`ExprKind::Binary`](crate::lang::ast::ExprKind::Binary).
pub(super) fn binary(rule: Rule) -> Option<BinaryOp> {
    Some(match rule {
        Rule::plus => BinaryOp::Add,
        Rule::minus => BinaryOp::Sub,
        Rule::times => BinaryOp::Mul,
        Rule::divide => BinaryOp::Div,
        Rule::power => BinaryOp::Pow,
        Rule::equal => BinaryOp::Equal,
        Rule::not_equal => BinaryOp::NotEqual,
        Rule::less => BinaryOp::Less,
        Rule::less_equal => BinaryOp::LessEqual,
        Rule::greater => BinaryOp::Greater,
        Rule::greater_equal => BinaryOp::GreaterEqual,
        Rule::kw_and => BinaryOp::And,
        Rule::kw_or => BinaryOp::Or,
        _ => return None,
    })
}

/// Whether an operator compares: comparisons cannot be chained.
pub(super) fn compares(op: BinaryOp) -> bool {
    use BinaryOp::*;
    matches!(op, Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual)
}
