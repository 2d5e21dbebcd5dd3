//! Intervals, their lists of values, comprehensions.

use crate::interp::Interpreter;
use crate::interp::arith::agree;
use crate::interp::call::{mismatch, quantity};
use crate::interp::error::{RunError, fail};
use crate::interp::session::short_enough;
use crate::interp::value::scope::Scope;
use crate::interp::value::{List, Operand, Quantity, Value, text};
use crate::lang::ast::{Each, Expr};
use crate::problem::Result;
use crate::source::Span;
use std::rc::Rc;

/// What a number takes in a list and while it is made, bytes.
const EACH: u64 = (size_of::<Value>() + size_of::<f64>()) as u64;

impl Interpreter {
    /// `a .. b`, `a .. b by c`.
    pub(crate) fn range(&mut self, from: &Expr, to: &Expr, by: Option<&Expr>, scope: &Scope) -> Result<Value> {
        let end = |s: &mut Self, e: &Expr, what: &str| {
            let value = s.eval(e, scope)?;
            quantity(Operand::new(&value, e.span), what)
        };
        let a = end(self, from, "the start of an interval")?;
        let b = end(self, to, "the end of an interval")?;
        let dim = agree("..", (a.dim, from.span), (b.dim, to.span), from.span.to(to.span))?;
        let (a, b) = (Quantity { dim, ..a }, Quantity { dim, ..b });
        let Some(by) = by else { return Ok(Value::Interval(a, b)) };
        let step = end(self, by, "the step of an interval")?;
        let dim = agree("by", (dim, from.span.to(to.span)), (step.dim, by.span), from.span.to(by.span))?;
        self.stepped(&a, &b, step.value, by.span)
            .map(|values| Value::list(values.into_iter().map(|v| Value::Number(Quantity::of(v, dim))).collect()))
    }

    /// The values of an interval with whole numbers as ends, both included; none if the end is before the start.
    ///
    /// # Errors
    /// An end is not a whole number.
    pub(crate) fn listed(&mut self, from: &Quantity, to: &Quantity, span: Span) -> Result<Value> {
        if !from.is_whole() || !to.is_whole() {
            let interval = text::value(&Value::Interval(from.clone(), to.clone()));
            return fail(RunError::Interval { interval, span }, span);
        }
        let values = if to.value < from.value { Vec::new() } else { self.stepped(from, to, 1.0, span)? };
        Ok(Value::vector(&values, from.dim))
    }

    /// The elements of a list or listed interval; the rows of a table, records.
    ///
    /// # Errors
    /// None of these; an interval with other ends than whole numbers.
    pub fn elements(&mut self, x: Operand<'_>, what: &str) -> Result<Rc<List>> {
        match x.value {
            Value::List(items) => Ok(items.clone()),
            Value::Interval(from, to) => match self.listed(from, to, x.span)? {
                Value::List(items) => Ok(items),
                _ => Ok(Rc::default()),
            },
            Value::Table(table) => {
                let (rows, columns) = (table.rows(), table.columns.len());
                self.afford((rows * (columns + 1)) as u64 * EACH, "this list of rows", x.span)?;
                Ok(Rc::new((0..rows).map(|row| table.row(row)).collect()))
            }
            other => mismatch(what, "a list", other, None, x.span),
        }
    }

    /// `[body for name in values if condition for other in others]`: one list, of the values of the first loop the elements of the second.
    pub(crate) fn comprehension(&mut self, body: &Expr, each: &[Each], scope: &Scope) -> Result<Value> {
        let mut values = Vec::new();
        self.nested(each, scope, &mut |s, scope| {
            values.push(s.eval(body, scope)?);
            Ok(())
        })?;
        Ok(Value::list(values))
    }

    /// Runs `body` in loops, the first outermost.
    fn nested(
        &mut self,
        each: &[Each],
        scope: &Scope,
        body: &mut dyn FnMut(&mut Self, &Scope) -> Result<()>,
    ) -> Result<()> {
        match each.split_first() {
            Some((first, rest)) => self.each(first, scope, |s, scope| s.nested(rest, scope, body)).map(drop),
            None => body(self, scope),
        }
    }

    /// Runs `body` for every value of a loop that passes its filter.
    pub(crate) fn each<T>(
        &mut self,
        each: &Each,
        scope: &Scope,
        mut body: impl FnMut(&mut Self, &Scope) -> Result<T>,
    ) -> Result<Vec<T>> {
        let values = self.eval(&each.values, scope)?;
        let values = self.elements(Operand::new(&values, each.values.span), "what `for` iterates over")?;
        let mut results = Vec::new();
        for value in values.iter() {
            self.check_interrupt(each.values.span)?;
            let mut scope = scope.clone();
            scope.define(each.name.name.clone(), each.name.span, value.clone());
            let keep = match &each.condition {
                Some(condition) => self.condition(condition, &scope, "the filter after `if`")?,
                None => true,
            };
            if keep {
                results.push(body(self, &scope)?);
            }
        }
        Ok(results)
    }

    /// a + k step, up to b within 1e-9 steps.
    fn stepped(&mut self, a: &Quantity, b: &Quantity, step: f64, span: Span) -> Result<Vec<f64>> {
        let steps = (b.value - a.value) / step;
        if !steps.is_finite() || steps < -1e-9 {
            let (from, to) = (text::quantity(a), text::quantity(b));
            return fail(RunError::Step { step: text::number(step), from, to, span }, span);
        }
        let count = (steps + 1e-9).floor() + 1.0;
        short_enough(count, span)?;
        self.afford(count as u64 * EACH, "this list", span)?;
        Ok((0..count as usize).map(|k| a.value + k as f64 * step).collect())
    }
}
