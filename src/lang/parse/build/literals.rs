//! Numbers, units and strings.

use super::{Builder, hole, parts};
use crate::lang::ast::{Expr, ExprKind, StrPart, UnitExpr};
use crate::lang::parse::error::ParseError;
use crate::lang::parse::grammar::Rule;
use crate::source::Span;
use pest::iterators::Pair;
use std::rc::Rc;

impl<'i> Builder<'i> {
    /// `0.08 bohr`, `2`.
    pub(super) fn quantity(&self, pair: Pair<'i, Rule>) -> ExprKind {
        let span = self.span(&pair);
        let (mut value, mut unit) = (0.0, None);
        for part in parts(pair) {
            match part.as_rule() {
                Rule::number => value = self.number(part.as_str(), self.span(&part)),
                _ => unit = Some(self.unit(part)),
            }
        }
        match unit {
            None => ExprKind::Number(value),
            Some(unit) => {
                self.check_scale(value, &unit, span);
                ExprKind::Quantity { value, unit }
            }
        }
    }

    fn number(&self, written: &str, span: Span) -> f64 {
        let value: f64 = written.replace('_', "").parse().unwrap_or(f64::INFINITY);
        if value.is_infinite() {
            self.error(ParseError::NumberTooLarge { number: written.into(), span });
        }
        value
    }

    /// Checks that a quantity stays finite in atomic units.
    fn check_scale(&self, value: f64, unit: &UnitExpr, span: Span) {
        let factor = crate::lang::units::find(&unit.name).map_or(1.0, |u| u.factor.powi(unit.power));
        if value.is_finite() && !(value * factor).is_finite() {
            self.error(ParseError::NumberTooLarge { number: self.words(span).into(), span });
        }
    }

    /// `bohr^2`, `kcal/mol`.
    pub(super) fn unit(&self, pair: Pair<'i, Rule>) -> UnitExpr {
        let span = self.span(&pair);
        let mut unit = UnitExpr { name: Rc::from(""), power: 1, span };
        for part in parts(pair) {
            match part.as_rule() {
                Rule::unit_name => {
                    let written = part.as_str();
                    unit.name = crate::lang::units::find(written).map_or(written, |u| u.name).into();
                }
                _ => match part.as_str().parse() {
                    Ok(power) if (-99..=99).contains(&power) => unit.power = power,
                    _ => self.error(ParseError::UnitPowerLarge { power: part.as_str().into(), span: self.span(&part) }),
                },
            }
        }
        unit
    }

    /// `"h2 {R}"`.
    pub(super) fn string(&self, pair: Pair<'i, Rule>) -> Vec<StrPart> {
        let parts = parts(pair).map(|part| match part.as_rule() {
            Rule::letters => StrPart::Text(self.letters(&part).into()),
            _ => {
                let span = self.span(&part);
                StrPart::Value(parts(part).next().map_or_else(|| hole(span), |value| self.expr(value)))
            }
        });
        parts.collect()
    }

    /// The text of a part of a string, with escapes resolved.
    fn letters(&self, pair: &Pair<'i, Rule>) -> String {
        let mut text = String::new();
        let mut letters = pair.as_str().char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            if letter == '\\' {
                let escaped = letters.next().map_or('\\', |(_, c)| c);
                match escaped {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    '"' | '\\' => text.push(escaped),
                    _ => {
                        let start = pair.as_span().start() + at;
                        let span = self.place(start, start + 1 + escaped.len_utf8());
                        self.error(ParseError::Escape { escape: format!("\\{escaped}"), span });
                    }
                }
                continue;
            }
            if matches!(letter, '{' | '}') {
                letters.next_if(|&(_, next)| next == letter);
            }
            text.push(letter);
        }
        text
    }

    /// A string without interpolation: a path.
    pub(super) fn plain_string(&self, pair: Pair<'i, Rule>) -> Option<Rc<str>> {
        match self.string(pair).as_slice() {
            [] => Some(Rc::from("")),
            [StrPart::Text(text)] => Some(text.clone()),
            _ => None,
        }
    }

    /// A literal expression at a pair.
    pub(super) fn literal(kind: ExprKind, span: Span) -> Expr {
        Expr { kind: Rc::new(kind), span }
    }
}
