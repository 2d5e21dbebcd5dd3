//! Dimensions of literals: finds clashes that occur for any values.

use super::error::CheckError;
use super::walk::Checker;
use crate::lang::ast::{BinaryOp, Expr, ExprKind, UnaryOp, UnitExpr};
use crate::lang::units::{Dimension, find, names};
use crate::source::Span;

/// Powers of energy, length and memory; a plain number has none, and combines with all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Powers {
    energy: i64,
    length: i64,
    memory: i64,
}

impl Powers {
    fn of(unit: &UnitExpr) -> Option<Powers> {
        let power = i64::from(unit.power);
        Some(match find(&unit.name)?.dimension {
            Dimension::Energy => Powers { energy: power, ..Powers::default() },
            Dimension::Length => Powers { length: power, ..Powers::default() },
            Dimension::Memory => Powers { memory: power, ..Powers::default() },
        })
    }

    fn is_plain(self) -> bool {
        self == Powers::default()
    }

    fn times(self, other: Powers, sign: i64) -> Powers {
        Powers {
            energy: self.energy + sign * other.energy,
            length: self.length + sign * other.length,
            memory: self.memory + sign * other.memory,
        }
    }

    /// `an energy`, `a length^2`, `an energy * length^-1`.
    fn in_words(self) -> String {
        let factor = |name: &str, power: i64| match power {
            0 => None,
            1 => Some(name.to_owned()),
            _ => Some(format!("{name}^{power}")),
        };
        let factors = [factor("energy", self.energy), factor("length", self.length), factor("memory", self.memory)];
        let factors: Vec<String> = factors.into_iter().flatten().collect();
        match factors.first() {
            None => "a plain number".into(),
            Some(_) if self == (Powers { memory: 1, ..Powers::default() }) => "an amount of memory".into(),
            Some(first) => format!("{} {}", if first.starts_with('e') { "an" } else { "a" }, factors.join(" * ")),
        }
    }
}

impl Checker<'_> {
    /// The dimension that an expression certainly has; reports clashes of its two sides (but not of its parts, which the
    /// walk visits separately).
    pub(super) fn dimension(&mut self, expr: &Expr, report: bool) -> Option<Powers> {
        match &*expr.kind {
            ExprKind::Number(_) => Some(Powers::default()),
            ExprKind::Quantity { unit, .. } => Powers::of(unit),
            ExprKind::Unary { op: UnaryOp::Neg, value } => self.dimension(value, false),
            ExprKind::Binary { op, left, right, .. } => self.binary_dimension(*op, left, right, report),
            ExprKind::Convert { value, unit } => {
                let (value_powers, unit_powers) = (self.dimension(value, false), Powers::of(unit)?);
                if let Some(powers) = value_powers.filter(|p| report && !p.is_plain() && *p != unit_powers) {
                    self.conversion(powers, value.span, unit, unit_powers);
                }
                Some(unit_powers)
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

    fn binary_dimension(&mut self, op: BinaryOp, left: &Expr, right: &Expr, report: bool) -> Option<Powers> {
        use BinaryOp::*;
        match op {
            Add => self.same(left, right, "added", report),
            Sub => self.same(left, right, "subtracted", report),
            Mul => Some(self.dimension(left, false)?.times(self.dimension(right, false)?, 1)),
            Div => Some(self.dimension(left, false)?.times(self.dimension(right, false)?, -1)),
            Pow => {
                let (base, power) = (self.dimension(left, false)?, integer(right)?);
                Some(Powers {
                    energy: base.energy.checked_mul(power)?,
                    length: base.length.checked_mul(power)?,
                    memory: base.memory.checked_mul(power)?,
                })
            }
            Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual => {
                self.same(left, right, "compared", report);
                None
            }
            And | Or => None,
        }
    }

    /// Two sides that must agree.
    fn same(&mut self, left: &Expr, right: &Expr, done: &str, report: bool) -> Option<Powers> {
        let (a, b) = (self.dimension(left, false)?, self.dimension(right, false)?);
        if a.is_plain() || a == b {
            return Some(b);
        }
        if b.is_plain() {
            return Some(a);
        }
        if report {
            self.clash(a, b, done, left.span, right.span);
        }
        None
    }

    fn clash(&mut self, left: Powers, right: Powers, done: &str, left_span: Span, span: Span) {
        let help = if left == right {
            "bring both to one dimension".into()
        } else {
            format!("{} and {} are different things; is one of the units wrong?", left.in_words(), right.in_words())
        };
        let (left, right, done) = (left.in_words(), right.in_words(), done.to_owned());
        self.error(CheckError::UnitClash { left, right, done, left_span, span, help });
    }

    fn conversion(&mut self, powers: Powers, value_span: Span, unit: &UnitExpr, measures: Powers) {
        let fits = |name: &&str| {
            let one = UnitExpr { name: (*name).into(), power: unit.power, span: unit.span };
            Powers::of(&one) == Some(powers)
        };
        let fitting: Vec<&str> = names().filter(fits).take(6).collect();
        let help = match fitting.as_slice() {
            [] => "convert a part of it, or divide by a unit".into(),
            units => format!("units of the same kind: {}", units.join(", ")),
        };
        let written = if unit.power == 1 { unit.name.to_string() } else { format!("{}^{}", unit.name, unit.power) };
        let (value, measures) = (powers.in_words(), measures.in_words());
        self.error(CheckError::Conversion { value, unit: written, measures, value_span, span: unit.span, help });
    }
}

/// A whole-number literal.
fn integer(expr: &Expr) -> Option<i64> {
    match &*expr.kind {
        ExprKind::Number(value) if value.fract() == 0.0 && value.abs() < 100.0 => Some(*value as i64),
        ExprKind::Unary { op: UnaryOp::Neg, value } => integer(value).map(|v| -v),
        _ => None,
    }
}
