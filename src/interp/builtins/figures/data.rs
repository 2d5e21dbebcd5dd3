//! The curves of a figure, from tables, fields, lists and other figures.

use super::{Curve, Data, Measure};
use crate::interp::Interpreter;
use crate::interp::call::{Args, Argument, mismatch, quantity};
use crate::interp::error::suggestion;
use crate::interp::value::text::UNCONVERGED;
use crate::interp::value::{Field, Operand, Quantity, Series, Table, Value};
use crate::lang::Dimension;
use crate::number::counted;
use crate::problem::Result;
use crate::source::Span;
use std::rc::Rc;

/// The lines of the arguments of `plot`.
pub(super) fn gather(interp: &mut Interpreter, args: &Args) -> Result<Data> {
    let first = args.arg("first")?;
    let all: Vec<&Argument> = std::iter::once(first).chain(&args.rest).collect();
    match &first.value {
        Value::Table(table) => from_table(interp, args, table),
        Value::Figure(_) => from_figures(&all),
        Value::Field(_) => from_fields(interp, &all),
        Value::List(items) if matches!(items.first(), Some(Value::Field(_))) => from_fields(interp, &all),
        Value::List(_) | Value::Interval(..) => from_lists(interp, args, &all),
        _ => args.mismatch("first", "a table, field or list", None),
    }
}

/// Numbers in atomic units, which of them come from calculations that did not converge, and their spreads (both empty: none).
struct Numbers {
    values: Vec<f64>,
    unconverged: Vec<bool>,
    spread: Vec<f64>,
}

/// The numbers of a list, and their unit: the one they share, otherwise the atomic unit.
fn numbers(items: &[Value], what: &str, span: Span) -> Result<(Numbers, Measure)> {
    let number = |v: &Value| quantity(Operand::new(v, span), what);
    let quantities = items.iter().map(number).collect::<Result<Vec<Quantity>>>()?;
    let measure = quantities.first().map_or(Measure::PLAIN, Measure::of);
    let same = quantities.iter().all(|q| Measure::of(q) == measure);
    let alike = quantities.iter().all(|q| q.dim == measure.dim);
    let measure = match (same, alike) {
        (true, _) => measure,
        (false, true) => Measure { unit: None, ..measure },
        (false, false) => Measure::PLAIN,
    };
    let mut unconverged: Vec<bool> = quantities.iter().map(|q| q.trust.unconverged()).collect();
    if !unconverged.contains(&true) {
        unconverged.clear();
    }
    let mut spread = Vec::new();
    if quantities.iter().any(|q| q.trust.spread().is_some()) {
        spread = quantities.iter().map(|q| q.trust.spread().unwrap_or(0.0)).collect();
    }
    Ok((Numbers { values: quantities.iter().map(|q| q.value).collect(), unconverged, spread }, measure))
}

/// Values of x, as they are shown, and which of them come from calculations that did not converge (empty: none).
fn abscissae(items: &[Value], what: &str, span: Span) -> Result<(Vec<f64>, Measure, Vec<bool>)> {
    let (values, measure) = numbers(items, what, span)?;
    Ok((values.values.iter().map(|v| measure.shown(*v)).collect(), measure, values.unconverged))
}

/// The points of a curve that come from calculations that did not converge, by x or by y.
fn either(x: &[bool], y: Vec<bool>) -> Vec<bool> {
    match (x, y.as_slice()) {
        ([], _) => y,
        (x, []) => x.to_vec(),
        (x, _) => x.iter().zip(&y).map(|(x, y)| *x || *y).collect(),
    }
}

/// The names in `"a"` or `["a", "b"]`.
pub(super) fn names(interp: &mut Interpreter, args: &Args, parameter: &str) -> Result<Option<Vec<Rc<str>>>> {
    let Some(given) = args.get(parameter) else { return Ok(None) };
    if let Value::Str(name) = &given.value {
        return Ok(Some(vec![name.clone()]));
    }
    let what = args.what(parameter);
    let items = interp.elements(Operand::new(&given.value, given.span), &what)?;
    let name = |v: &Value| match v {
        Value::Str(name) => Ok(name.clone()),
        other => mismatch(&format!("every element of {what}"), "a name in quotes", other, None, given.span),
    };
    items.iter().map(name).collect::<Result<Vec<_>>>().map(Some)
}

/// The cells of a column.
fn column<'a>(args: &Args, table: &'a Table, name: &str, parameter: &str) -> Result<&'a [Value]> {
    let span = args.span_of(parameter);
    match table.get(name) {
        Some(items) => Ok(items),
        None => {
            let known: Vec<&str> = table.columns.iter().map(|(n, _)| &**n).collect();
            args.wrong(span, format!("the table has no column `{name}`"), Some(suggestion(name, &known, "columns")))
        }
    }
}

fn from_table(interp: &mut Interpreter, args: &Args, table: &Table) -> Result<Data> {
    let columns: Vec<Rc<str>> = table.columns.iter().map(|(n, _)| n.clone()).collect();
    let x_name = match (args.opt_text("x")?, columns.first()) {
        (Some(name), _) => name,
        (None, Some(first)) => first.clone(),
        (None, None) => return args.wrong(args.span_of("first"), "the table has no columns", None),
    };
    let y_names = names(interp, args, "y")?;
    let y_names = y_names.unwrap_or_else(|| columns.into_iter().filter(|n| *n != x_name).collect());
    let (x_what, x_span) = (format!("every cell of the column `{x_name}`"), args.span_of("x"));
    let xs = column(args, table, &x_name, "x")?;
    let x_measure = abscissae(xs, &x_what, x_span)?.1;
    let mut curves = Vec::with_capacity(y_names.len());
    for (curve, name) in y_names.iter().enumerate() {
        let (what, span) = (format!("every cell of the column `{name}`"), args.span_of("y"));
        let cells = column(args, table, name, "y")?;
        let members = members(args, cells, span)?;
        let thin = members.is_some();
        for ys in members.unwrap_or_else(|| vec![cells.to_vec()]) {
            // A curve goes through the values that were computed.
            let known = || xs.iter().zip(&ys).filter(|(_, y)| !matches!(y, Value::Nothing));
            let [x, y] =
                [known().map(|(x, _)| x.clone()).collect::<Vec<_>>(), known().map(|(_, y)| y.clone()).collect()];
            let (x, _, doubts) = abscissae(&x, &x_what, x_span)?;
            let (Numbers { values: y, unconverged, spread }, measure) = numbers(&y, &what, span)?;
            let unconverged = either(&doubts, unconverged);
            curves.push(Curve {
                series: Series { name: name.to_string(), curve, thin, x, y, unconverged, spread },
                measure,
            });
        }
    }
    Ok(Data { x_name: x_name.to_string(), x: x_measure, curves })
}

/// The y values of every member, if the cells of a column are lists: one member per position in the lists.
fn members(args: &Args, cells: &[Value], span: Span) -> Result<Option<Vec<Vec<Value>>>> {
    let Some(Value::List(first)) = cells.first() else { return Ok(None) };
    let mut members = vec![Vec::with_capacity(cells.len()); first.len()];
    for cell in cells {
        match cell {
            Value::List(items) if items.len() == members.len() => {
                members.iter_mut().zip(items.iter()).for_each(|(member, v)| member.push(v.clone()));
            }
            _ => {
                return args.wrong(span, "the lists in a column must have equal lengths, one curve per position", None);
            }
        }
    }
    Ok(Some(members))
}

fn from_fields(interp: &Interpreter, all: &[&Argument]) -> Result<Data> {
    let mut curves: Vec<Curve> = Vec::new();
    for arg in all {
        let written = interp.sources().text(arg.span).to_string();
        let next = curves.last().map_or(0, |c| c.series.curve + 1);
        match &arg.value {
            Value::Field(field) => curves.extend((0..field.channels).map(|c| channel_curve(field, c, next, &written))),
            Value::List(items) => {
                for item in items.iter() {
                    let Value::Field(field) = item else { return not_a_field(item, arg.span) };
                    let mut line = channel_curve(field, 0, 0, &written);
                    line.series = Series { name: written.clone(), curve: next, thin: true, ..line.series };
                    curves.push(line);
                }
            }
            other => return not_a_field(other, arg.span),
        }
    }
    let x = Measure { dim: Dimension::LENGTH, ..Measure::PLAIN };
    Ok(Data { x_name: "x".into(), x, curves })
}

fn not_a_field<T>(value: &Value, span: Span) -> Result<T> {
    mismatch("the plotted value with a field", "a field", value, None, span)
}

fn channel_curve(field: &Field, channel: usize, next: usize, written: &str) -> Curve {
    let mut name = if field.channels == 1 { written.to_string() } else { format!("{written} [{channel}]") };
    if field.unconverged {
        name = format!("{name} ({UNCONVERGED})");
    }
    let (x, y) = (field.grid.xs(), field.channel(channel));
    let series = Series { name, curve: next + channel, x, y, ..Series::default() };
    Curve { series, measure: Measure::PLAIN }
}

fn from_figures(all: &[&Argument]) -> Result<Data> {
    let mut curves: Vec<Curve> = Vec::new();
    let mut x_name = String::new();
    for arg in all {
        let Value::Figure(figure) = &arg.value else {
            return mismatch("the plotted value with a figure", "a figure", &arg.value, None, arg.span);
        };
        if curves.is_empty() {
            x_name = figure.x_label.clone();
        }
        let next = curves.iter().map(|c| c.series.curve + 1).max().unwrap_or(0);
        let measure = Measure { words: Some(figure.y_label.clone()), ..Measure::PLAIN };
        curves.extend(figure.series.iter().map(|s| {
            let series = Series { curve: next + s.curve, ..s.clone() };
            Curve { series, measure: measure.clone() }
        }));
    }
    let x = Measure { words: Some(String::new()), ..Measure::PLAIN };
    Ok(Data { x_name, x, curves })
}

fn from_lists(interp: &mut Interpreter, args: &Args, all: &[&Argument]) -> Result<Data> {
    let (what, each) = ("the plotted value", "every plotted value");
    let (first, rest) = (all[0], &all[1..]);
    let head = interp.elements(Operand::new(&first.value, first.span), what)?;
    let written = |i: &Interpreter, a: &Argument| {
        let text = i.sources().text(a.span);
        if text.starts_with('[') { String::new() } else { text.to_string() }
    };
    if rest.is_empty() {
        let (Numbers { values: y, unconverged, spread }, measure) = numbers(&head, each, first.span)?;
        let x = (0..y.len()).map(|i| i as f64).collect();
        let series = Series { name: written(interp, first), x, y, unconverged, spread, ..Series::default() };
        return Ok(Data { x_name: String::new(), x: Measure::PLAIN, curves: vec![Curve { series, measure }] });
    }
    let (x, x_measure, doubts) = abscissae(&head, each, first.span)?;
    let mut curves = Vec::with_capacity(rest.len());
    for (curve, arg) in rest.iter().enumerate() {
        let items = interp.elements(Operand::new(&arg.value, arg.span), what)?;
        let thin = matches!(items.first(), Some(Value::List(_)));
        let lines = if thin { items.to_vec() } else { vec![arg.value.clone()] };
        for line in lines {
            let items = interp.elements(Operand::new(&line, arg.span), what)?;
            let (Numbers { values: y, unconverged, spread }, measure) = numbers(&items, each, arg.span)?;
            if y.len() != x.len() {
                let does = if y.len() == 1 { "does" } else { "do" };
                let (ys, xs) = (counted(y.len(), "y value"), counted(x.len(), "x value"));
                let message = format!("{ys} {does} not match {xs}");
                return args.wrong(arg.span, message, None);
            }
            let unconverged = either(&doubts, unconverged);
            let series = Series { name: written(interp, arg), curve, thin, x: x.clone(), y, unconverged, spread };
            curves.push(Curve { series, measure });
        }
    }
    Ok(Data { x_name: written(interp, first), x: x_measure, curves })
}
