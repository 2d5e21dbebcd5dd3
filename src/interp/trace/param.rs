//! `param` statements: the shape, the bounds and the initial values of a functional's own parameters.

use crate::graph::Init;
use crate::interp::Interpreter;
use crate::interp::call::mismatch;
use crate::interp::error::{TraceError, fail};
use crate::interp::value::params::{Name, Request};
use crate::interp::value::scope::Scope;
use crate::interp::value::{Value, text};
use crate::lang::ast::{Expr, ExprKind, Param};
use crate::number::counted;
use crate::problem::Result;
use crate::source::Span;

impl Interpreter {
    /// `param a[8] = 1.0 in 0 .. 2`.
    ///
    /// # Errors
    /// Outside a body; a shape, initial value or bounds that make no sense.
    pub(crate) fn param(&mut self, param: &Param, scope: &mut Scope) -> Result<()> {
        let span = param.name.span;
        let Some(trace) = self.traces.last().cloned() else {
            return fail(TraceError::ParamOutside { span }, span);
        };
        let shape = param.shape.iter().map(|e| self.extent(e, scope)).collect::<Result<Vec<usize>>>()?;
        let bounds = param.bounds.as_ref().map(|e| self.bounds(e, scope)).transpose()?;
        if let Err(error) = crate::graph::size("param", &shape) {
            return fail(TraceError::shape(&error, span), span);
        }
        let init = self.start(param, &shape, bounds, scope)?;
        let name = Name::User(param.name.name.clone());
        let node = trace.param(Request { name, shape: shape.clone(), init, bounds, span })?;
        let value = match shape[..] {
            [rows, columns] => {
                let row = |r: usize| trace.try_add(span, |g| g.channels(node, r * columns, (r + 1) * columns, span));
                Value::list((0..rows).map(row).collect::<Result<Vec<_>>>()?)
            }
            _ => trace.value(node),
        };
        scope.define(param.name.name.clone(), span, value);
        Ok(())
    }

    fn extent(&mut self, expr: &Expr, scope: &Scope) -> Result<usize> {
        let value = self.eval(expr, scope)?;
        match value {
            Value::Number(q) if q.dim.is_plain() && q.value >= 1.0 && q.value == q.value.round() && q.value < 1e8 => {
                Ok(q.value as usize)
            }
            other => mismatch("the length of a parameter", "a positive whole number", &other, None, expr.span),
        }
    }

    fn bounds(&mut self, expr: &Expr, scope: &Scope) -> Result<(f64, f64)> {
        let value = self.eval(expr, scope)?;
        match value {
            Value::Interval(a, b) if a.value.is_finite() && b.value.is_finite() && a.value < b.value => {
                Ok((a.value, b.value))
            }
            Value::Interval(..) => {
                let message = format!("a parameter cannot have the bounds {}", text::value(&value));
                let help = Some("bounds must be finite, the lower one first: `in 0 .. 2`".into());
                fail(TraceError::Param { message, help, span: expr.span }, expr.span)
            }
            other => mismatch("the bounds of a parameter", "an interval `a .. b`", &other, None, expr.span),
        }
    }

    fn start(&mut self, param: &Param, shape: &[usize], bounds: Option<(f64, f64)>, scope: &Scope) -> Result<Init> {
        if let Some(drawn) = &param.drawn {
            if let Some(error) = not_a_distribution(drawn, bounds) {
                return fail(error, drawn.span);
            }
            let value = self.eval(drawn, scope)?;
            let entry = |name: &str| match &value {
                Value::Record(record) => match record.get(name) {
                    Some(Value::Number(q)) => Some(q.value),
                    _ => None,
                },
                _ => None,
            };
            return match (entry("mean"), entry("deviation")) {
                (Some(mean), Some(deviation)) if mean.is_finite() && deviation >= 0.0 && deviation.is_finite() => {
                    match bounds.filter(|(a, b)| !(*a < mean && mean < *b)) {
                        Some(bounds) => outside(mean, bounds, drawn.span),
                        None => Ok(Init::Normal { mean, deviation }),
                    }
                }
                (Some(mean), Some(deviation)) => {
                    let (mean, deviation) = (text::number(mean), text::number(deviation));
                    let message =
                        format!("a normal distribution cannot have the mean {mean} and the deviation {deviation}");
                    let help = Some("both must be finite, the deviation not negative".into());
                    fail(TraceError::Param { message, help, span: drawn.span }, drawn.span)
                }
                _ => mismatch("the distribution of a parameter", "`normal(mean, deviation)`", &value, None, drawn.span),
            };
        }
        let Some(expr) = &param.value else {
            return Ok(Init::Values(vec![bounds.map_or(0.0, |(a, b)| 0.5 * (a + b))]));
        };
        let value = self.eval(expr, scope)?;
        let mut values = Vec::new();
        if !flat(&value, &mut values) || values.is_empty() {
            return mismatch(
                "the initial value of a parameter",
                "a number or a list of numbers",
                &value,
                None,
                expr.span,
            );
        }
        let len: usize = shape.iter().product();
        if values.len() != 1 && values.len() != len {
            let message = format!("{} for {}", counted(values.len(), "initial value"), counted(len, "number"));
            let help = Some("give one value for all, or one for each".into());
            return fail(TraceError::Param { message, help, span: expr.span }, expr.span);
        }
        if let Some(x) = values.iter().find(|x| !x.is_finite()) {
            let message = format!("the initial value of a parameter cannot be {}", text::number(*x));
            let help = Some("training needs a finite start".into());
            return fail(TraceError::Param { message, help, span: expr.span }, expr.span);
        }
        if let Some((a, b)) = bounds
            && let Some(x) = values.iter().find(|x| !(a < **x && **x < b))
        {
            return outside(*x, (a, b), expr.span);
        }
        Ok(Init::Values(values))
    }
}

/// The error for `param a ~ uniform(0, 1)`: that `uniform` is a grid.
fn not_a_distribution(drawn: &Expr, bounds: Option<(f64, f64)>) -> Option<TraceError> {
    let ExprKind::Call { callee, .. } = &*drawn.kind else { return None };
    if !matches!(&*callee.kind, ExprKind::Name(name) if &**name == "uniform") {
        return None;
    }
    let message = "initial values are drawn from `normal(mean, deviation)`; `uniform` makes a grid".into();
    let help = match bounds {
        Some((a, b)) => {
            let (middle, width, a, b) = (0.5 * (a + b), b - a, text::number(a), text::number(b));
            let (middle, width) = (text::number(middle), text::number(width));
            format!(
                "a wide normal distribution within bounds is nearly uniform: `~ normal({middle}, {width}) in {a} .. {b}`"
            )
        }
        None => "a wide normal distribution within bounds is nearly uniform: `~ normal(0.5, 1) in 0 .. 1`".into(),
    };
    Some(TraceError::Param { message, help: Some(help), span: drawn.span })
}

/// The error for an initial value, or the mean of a drawn one, outside the bounds.
fn outside(start: f64, (a, b): (f64, f64), span: Span) -> Result<Init> {
    let (start, a, b) = (text::number(start), text::number(a), text::number(b));
    let message = format!("the initial value {start} is not between {a} and {b}");
    let help = Some("the initial value of a bounded parameter must be inside its bounds".into());
    fail(TraceError::Param { message, help, span }, span)
}

/// Collects the numbers of a (nested) list in order; false if there is anything else.
pub(crate) fn flat(value: &Value, into: &mut Vec<f64>) -> bool {
    match value {
        Value::Number(q) => {
            into.push(q.value);
            true
        }
        Value::List(items) => items.iter().all(|v| flat(v, into)),
        _ => false,
    }
}
