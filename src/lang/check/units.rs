//! Dimensions of literals: finds clashes that occur for any values.

use super::error::CheckError;
use super::walk::Checker;
use crate::lang::ast::{BinaryOp, Expr, ExprKind, UnaryOp, UnitExpr};
use crate::lang::kinds::either;
use crate::lang::units::{find, names};
use crate::lang::{Dimension, Kind};
use crate::source::Span;

/// What a unit measures, power included; `None`: there is no such unit.
fn measured(unit: &UnitExpr) -> Option<Dimension> {
    find(&unit.name)?.dimension.power(f64::from(unit.power))
}

impl Checker<'_> {
    /// The dimension that an expression certainly has; reports clashes of its two sides (but not of its parts, which the
    /// walk visits separately).
    pub(super) fn dimension(&mut self, expr: &Expr, report: bool) -> Option<Dimension> {
        match &*expr.kind {
            ExprKind::Number(_) => Some(Dimension::PLAIN),
            ExprKind::Quantity { unit, .. } => measured(unit),
            ExprKind::Unary { op: UnaryOp::Neg, value } => self.dimension(value, false),
            ExprKind::Binary { op, left, right, .. } => self.binary_dimension(*op, left, right, report),
            ExprKind::Convert { value, unit } => {
                let (found, wanted) = (self.dimension(value, false), measured(unit)?);
                if let Some(found) = found.filter(|found| report && !found.is_plain() && *found != wanted) {
                    self.conversion(found, value.span, unit, wanted);
                }
                Some(wanted)
            }
            ExprKind::Range { from, to, by } => {
                let ends = self.same(from, to, "the ends of one interval", report);
                match by {
                    Some(by) => ends.and_then(|_| self.same(to, by, "end and step of one interval", report)),
                    None => ends,
                }
                .and(None)
            }
            _ => None,
        }
    }

    /// Reports a quantity, or an element of a list, of a dimension that is none of those of a parameter.
    pub(super) fn measured(&mut self, what: &str, takes: &[Kind], value: &Expr) {
        if let ExprKind::List(items) = &*value.kind {
            return items.iter().for_each(|item| self.measured(what, takes, item));
        }
        let fits = |found: Dimension| {
            takes.iter().fold(None, |fits: Option<bool>, kind| {
                let this = match kind {
                    Kind::Any | Kind::Quantity => true,
                    Kind::Number | Kind::Whole => found.is_plain(),
                    Kind::Measured(dimension) => found.is_plain() || found == *dimension,
                    _ => return fits,
                };
                Some(this || fits == Some(true))
            })
        };
        let Some(found) = self.dimension(value, false).filter(|found| fits(*found) == Some(false)) else { return };
        let numeric: Vec<Kind> = takes.iter().copied().filter(|kind| kind.is_numeric()).collect();
        let help = numeric.iter().any(|kind| matches!(kind, Kind::Measured(_)));
        let help = help.then(|| "a plain number is taken to be in atomic units".to_owned());
        let (what, wanted, found) = (what.to_owned(), either(&numeric), found.words());
        self.error(CheckError::Wanted { what, wanted, found, span: value.span, help });
    }

    fn binary_dimension(&mut self, op: BinaryOp, left: &Expr, right: &Expr, report: bool) -> Option<Dimension> {
        use BinaryOp::*;
        match op {
            Add => self.same(left, right, "added", report),
            Sub => self.same(left, right, "subtracted", report),
            Mul => Some(self.dimension(left, false)?.times(self.dimension(right, false)?)),
            Div => Some(self.dimension(left, false)?.over(self.dimension(right, false)?)),
            Pow => self.dimension(left, false)?.power(integer(right)?),
            Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual => {
                self.same(left, right, "compared", report);
                None
            }
            And | Or => None,
        }
    }

    /// Two sides that must agree.
    fn same(&mut self, left: &Expr, right: &Expr, done: &str, report: bool) -> Option<Dimension> {
        let (a, b) = (self.dimension(left, false)?, self.dimension(right, false)?);
        let shared = a.agree(b);
        if shared.is_none() && report {
            self.clash(a, b, done, left.span, right.span);
        }
        shared
    }

    fn clash(&mut self, left: Dimension, right: Dimension, done: &str, left_span: Span, span: Span) {
        let help =
            format!("{} and {} have different dimensions; is one of the units wrong?", left.words(), right.words());
        let (left, right, done) = (left.words(), right.words(), done.to_owned());
        self.error(CheckError::UnitClash { left, right, done, left_span, span, help });
    }

    fn conversion(&mut self, found: Dimension, value_span: Span, unit: &UnitExpr, measures: Dimension) {
        let fits = |name: &&str| {
            let one = UnitExpr { name: (*name).into(), power: unit.power, span: unit.span };
            measured(&one) == Some(found)
        };
        let fitting: Vec<&str> = names().filter(fits).take(6).collect();
        let help = match fitting.as_slice() {
            [] => "convert a part of it, or divide by a unit".into(),
            units => format!("units of the same kind: {}", units.join(", ")),
        };
        let written = if unit.power == 1 { unit.name.to_string() } else { format!("{}^{}", unit.name, unit.power) };
        let (value, measures) = (found.words(), measures.words());
        self.error(CheckError::Conversion { value, unit: written, measures, value_span, span: unit.span, help });
    }
}

/// A whole-number literal.
fn integer(expr: &Expr) -> Option<f64> {
    match &*expr.kind {
        ExprKind::Number(value) if value.fract() == 0.0 && value.abs() < 100.0 => Some(*value),
        ExprKind::Unary { op: UnaryOp::Neg, value } => integer(value).map(|v| -v),
        _ => None,
    }
}
