//! Operators, elementary functions, reductions and indexing of symbols. Fields combine point by point and channel by
//! channel; a symbolic vector (an array without a grid) combines with lists as a list does.

use crate::graph::{Binary, GridMap, Shape, Unary};
use crate::interp::call::mismatch;
use crate::interp::error::{TraceError, TypesError, fail};
use crate::interp::value::{Operand, Quantity, Symbol, Trace, Value};
use crate::problem::Result;
use crate::source::Span;
use std::rc::Rc;

/// The trace of the first symbol among values.
pub fn trace_of<'a>(values: impl IntoIterator<Item = &'a Value>) -> Option<Rc<Trace>> {
    values.into_iter().find_map(|v| match v {
        Value::Symbol(s) => Some(s.trace().clone()),
        _ => None,
    })
}

/// An elementwise function of a symbol.
pub fn unary(op: Unary, x: &Symbol, span: Span) -> Value {
    let node = x.trace().add(|g| g.unary(op, x.node(), span));
    x.trace().value(node)
}

/// An elementwise function of two values, one of them a symbol. `None`: neither is, or one is a list that combines
/// element by element. Comparisons give 1 where they hold, 0 elsewhere.
///
/// # Errors
/// A value that cannot be in a graph, a shape mismatch.
pub fn binary(op: Binary, a: Operand<'_>, b: Operand<'_>, place: Span) -> Result<Option<Value>> {
    let Some(trace) = trace_of([a.value, b.value]) else { return Ok(None) };
    if by_element(a.value, b.value) || by_element(b.value, a.value) {
        return Ok(None);
    }
    let (Some(left), Some(right)) = (trace.node_of(a.value, a.span)?, trace.node_of(b.value, b.span)?) else {
        let operator = op.name().into();
        let (left, right) = (a.value.kind(), b.value.kind());
        let (left_span, right_span) = (a.span, b.span);
        return fail(TypesError::Operands { operator, left, right, help: None, left_span, right_span }, place);
    };
    trace.try_add(place, |g| g.binary(op, left, right, place)).map(Some)
}

/// The largest (`Binary::Max`) or smallest (`Binary::Min`) of more than two values, one of them a symbol, so that equal ones share
/// the slope. `None`: they combine in pairs.
///
/// # Errors
/// A shape mismatch.
pub fn extreme(op: Binary, values: &[Operand<'_>], place: Span) -> Result<Option<Value>> {
    let Some(trace) = trace_of(values.iter().map(|v| v.value)) else { return Ok(None) };
    let mut nodes = Vec::with_capacity(values.len());
    for x in values {
        match (x.value, values.len()) {
            (Value::Symbol(_) | Value::Number(_) | Value::Field(_), 3..) => {
                nodes.extend(trace.node_of(x.value, x.span)?)
            }
            _ => return Ok(None),
        }
    }
    trace.try_add(place, |g| g.extreme(op, &nodes, place)).map(Some)
}

/// Whether a list combines with a symbol element by element: with a field or number, but not with a vector.
fn by_element(list: &Value, symbol: &Value) -> bool {
    match (list, symbol) {
        (Value::List(_), Value::Symbol(s)) => s.shape().grid.is_some() || s.shape().channels == 1,
        _ => false,
    }
}

/// `where(condition, a, b)`, if one of the three is a symbol.
///
/// # Errors
/// A part that cannot be in a graph, a shape mismatch.
pub fn select(condition: Operand<'_>, a: Operand<'_>, b: Operand<'_>, place: Span) -> Result<Option<Value>> {
    let Some(trace) = trace_of([condition.value, a.value, b.value]) else { return Ok(None) };
    if let Value::Bool(_) = condition.value {
        return Ok(None);
    }
    let mut nodes = Vec::with_capacity(3);
    for (part, what) in [(condition, "the condition of `where`"), (a, "a part of `where`"), (b, "a part of `where`")] {
        match trace.node_of(part.value, part.span)? {
            Some(node) => nodes.push(node),
            None => return mismatch(what, "a field or number", part.value, None, part.span),
        }
    }
    trace.try_add(place, |g| g.select(nodes[0], nodes[1], nodes[2], place)).map(Some)
}

/// How to reduce many values to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Reduce {
    Sum,
    Mean,
    Max,
    Min,
}

/// `sum`, `mean`, `max`, `min` of a symbol: over grid points, one value per channel; for a vector, over its entries.
///
/// # Errors
/// None for valid shapes; the place is for the graph.
pub fn reduce(how: Reduce, x: &Symbol, span: Span) -> Result<Value> {
    let node = x.node();
    let on_grid = x.shape().grid.is_some();
    x.trace().try_add(span, |g| match (how, on_grid) {
        (Reduce::Sum, true) => g.sum_grid(node, span),
        (Reduce::Mean, true) => g.mean_grid(node, span),
        (Reduce::Max, true) => g.max_grid(node, span),
        (Reduce::Min, true) => g.min_grid(node, span),
        (Reduce::Sum, false) => Ok(g.sum_channels(node, span)),
        (Reduce::Mean, false) => Ok(g.mean_channels(node, span)),
        (Reduce::Max, false) => g.extreme_channels(Binary::Max, node, span),
        (Reduce::Min, false) => g.extreme_channels(Binary::Min, node, span),
    })
}

/// `n[256]`, the value at a grid point; `b[2]`, an entry of a vector; slices with both ends.
///
/// # Errors
/// An index that is not a whole number, or outside.
pub fn index(x: &Symbol, index: Operand<'_>) -> Result<Value> {
    match index.value {
        Value::Number(q) => entry(x, whole(q, index)?, index.span),
        Value::Interval(from, to) => slice(x, whole(from, index)?, whole(to, index)?, index.span),
        Value::List(items) => {
            let one = |v: &Value| self::index(x, Operand::new(v, index.span));
            items.iter().map(one).collect::<Result<Vec<_>>>().map(Value::list)
        }
        Value::Symbol(_) => fail(
            TraceError::Condition {
                what: "an index".into(),
                help: "an index is a plain whole number",
                span: index.span,
            },
            index.span,
        ),
        other => mismatch("an index", "a whole number", other, None, index.span),
    }
}

fn whole(q: &Quantity, index: Operand<'_>) -> Result<i64> {
    if q.dim.is_plain() && q.value == q.value.round() && q.value.abs() < 1e9 {
        return Ok(q.value as i64);
    }
    mismatch("an index", "a plain whole number", &Value::Number(q.clone()), None, index.span)
}

fn entry(x: &Symbol, k: i64, span: Span) -> Result<Value> {
    let node = x.node();
    match x.shape().grid {
        Some(_) => x.trace().try_add(span, |g| g.map(GridMap::Point(k), node, span)),
        None => x.trace().try_add(span, |g| g.channel(node, k, span)),
    }
}

fn slice(x: &Symbol, from: i64, to: i64, span: Span) -> Result<Value> {
    let Shape { grid, channels } = x.shape();
    if grid.is_none() {
        let end = |k: i64| if k < 0 { k + channels as i64 } else { k };
        let ends = (end(from).max(0) as usize, (end(to) + 1).max(0) as usize);
        return x.trace().try_add(span, |g| g.channels(x.node(), ends.0, ends.1, span));
    }
    if from.signum().min(0) != to.signum().min(0) || from > to || to - from > 10_000 {
        return fail(TraceError::Slice { from, to, span }, span);
    }
    (from..=to).map(|k| entry(x, k, span)).collect::<Result<Vec<_>>>().map(Value::list)
}
