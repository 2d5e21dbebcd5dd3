//! Figures: curves of tables, fields and lists.

use super::{Args, Builtin, Style, function, named, required, shown};
use crate::interp::Interpreter;
use crate::interp::arith::Operand;
use crate::interp::error::suggestion;
use crate::interp::eval::{Argument, mismatch};
use crate::interp::value::{Field, Figure, Quantity, Series, Table, Value};
use crate::problem::Result;
use crate::source::Span;
use std::rc::Rc;

pub(super) const ALL: &[Builtin] = &[function(
    "plot",
    &[
        required("first"),
        named("x", "the first column"),
        named("y", "the other columns"),
        named("title", "none"),
        named("x_label", "from the data"),
        named("y_label", "from the data"),
        named("labels", "from the data"),
    ],
    "a figure: columns of a table (`x:` and `y:` are names or lists of them), one or more fields, or a list of abscissae and \
     lists of ordinates; shown when saved",
    &["figure", "graph", "draw", "chart", "curve"],
    &[
        shown("plot(table { R: [1, 2], E: [0.5, 0.25] }, x: \"R\", y: \"E\", title: \"H2\")"),
        shown("let g = uniform(points: 65, spacing: 0.2)\nplot(exp(-g.x^2), g.x^2 / 2, labels: [\"n\", \"v\"])"),
        shown("plot([0, 1, 2], [0, 1, 4], title: \"squares\")"),
    ],
    plot,
)
.with(Style::Rest("others"))];

/// A curve with what its axes measure.
struct Curve {
    series: Series,
    unit: String,
}

fn plot(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let first = args.arg("first")?.clone();
    let (x_label, mut curves) = match &first.value {
        Value::Table(table) => from_table(interp, args, table)?,
        Value::Field(_) => ("x (bohr)".to_string(), from_fields(interp, args, &first)?),
        Value::Figure(figure) => (figure.x_label.clone(), from_figures(args, &first)?),
        Value::List(_) | Value::Interval(..) => from_lists(interp, args, &first)?,
        _ => return args.mismatch("first", "a table, field or list", None),
    };
    relabel(interp, args, &mut curves)?;
    let y_label = match (args.opt_text("y_label")?, curves.split_first()) {
        (Some(label), _) => label.to_string(),
        (None, Some((only, []))) => labelled(&only.series.name, &only.unit),
        (None, Some((first, rest))) if rest.iter().all(|c| c.unit == first.unit) => first.unit.clone(),
        _ => String::new(),
    };
    let x_label = args.opt_text("x_label")?.map_or(x_label, |l| l.to_string());
    let title = args.opt_text("title")?.map(|t| t.to_string());
    let series = curves.into_iter().map(|c| c.series).collect();
    Ok(Value::Figure(Rc::new(Figure { title, x_label, y_label, series })))
}

fn labelled(name: &str, unit: &str) -> String {
    match (name.is_empty(), unit.is_empty()) {
        (_, true) => name.to_string(),
        (true, false) => unit.to_string(),
        (false, false) => format!("{name} ({unit})"),
    }
}

/// The numbers of a list as they are shown, and their unit.
fn numbers(items: &[Value], what: &str, span: Span) -> Result<(Vec<f64>, String)> {
    let number = |v: &Value| crate::interp::eval::quantity(Operand::new(v, span), what);
    let quantities = items.iter().map(number).collect::<Result<Vec<Quantity>>>()?;
    let unit = quantities.first().map(Quantity::unit_text).unwrap_or_default();
    let same = quantities.iter().all(|q| q.unit_text() == unit);
    let value = |q: &Quantity| if same { q.shown() } else { q.value };
    Ok((quantities.iter().map(value).collect(), if same { unit } else { String::new() }))
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

/// The names in `"a"` or `["a", "b"]`.
fn names(interp: &mut Interpreter, args: &Args, parameter: &str) -> Result<Option<Vec<Rc<str>>>> {
    let Some(given) = args.get(parameter) else { return Ok(None) };
    if let Value::Str(name) = &given.value {
        return Ok(Some(vec![name.clone()]));
    }
    let what = args.what(parameter);
    let items = interp.elements(Operand::new(&given.value, given.span), &what)?;
    let name = |v: &Value| match v {
        Value::Str(name) => Ok(name.clone()),
        other => mismatch(&what, "a name in quotes, or a list of them", other, None, given.span),
    };
    items.iter().map(name).collect::<Result<Vec<_>>>().map(Some)
}

fn from_table(interp: &mut Interpreter, args: &Args, table: &Table) -> Result<(String, Vec<Curve>)> {
    let columns: Vec<Rc<str>> = table.columns.iter().map(|(n, _)| n.clone()).collect();
    let x_name = match (args.opt_text("x")?, columns.first()) {
        (Some(name), _) => name,
        (None, Some(first)) => first.clone(),
        (None, None) => return args.wrong(args.span_of("first"), "the table has no columns", None),
    };
    let y_names = names(interp, args, "y")?;
    let y_names = y_names.unwrap_or_else(|| columns.into_iter().filter(|n| *n != x_name).collect());
    let x = column(args, table, &x_name, "x")?;
    let x_unit = numbers(x, &format!("the column `{x_name}`"), args.span_of("x"))?.1;
    let mut curves = Vec::with_capacity(y_names.len());
    for name in y_names {
        let y = column(args, table, &name, "y")?;
        // A curve goes through what was computed.
        let known = || x.iter().zip(y).filter(|(_, y)| !matches!(y, Value::Nothing));
        let [x, y] = [known().map(|(x, _)| x.clone()).collect::<Vec<_>>(), known().map(|(_, y)| y.clone()).collect()];
        let (x, _) = numbers(&x, &format!("the column `{x_name}`"), args.span_of("x"))?;
        let (y, unit) = numbers(&y, &format!("the column `{name}`"), args.span_of("y"))?;
        curves.push(Curve { series: Series { name: name.to_string(), x, y }, unit });
    }
    Ok((labelled(&x_name, &x_unit), curves))
}

fn from_fields(interp: &Interpreter, args: &Args, first: &Argument) -> Result<Vec<Curve>> {
    let mut curves = Vec::new();
    for arg in std::iter::once(first).chain(&args.rest) {
        let Value::Field(field) = &arg.value else {
            return mismatch("what is plotted beside a field", "a field", &arg.value, None, arg.span);
        };
        let written = interp.sources().text(arg.span).to_string();
        curves.extend((0..field.channels).map(|c| channel_curve(field, c, &written)));
    }
    Ok(curves)
}

fn channel_curve(field: &Field, channel: usize, written: &str) -> Curve {
    let name = if field.channels == 1 { written.to_string() } else { format!("{written} [{channel}]") };
    Curve { series: Series { name, x: field.grid.xs(), y: field.channel(channel) }, unit: String::new() }
}

fn from_figures(args: &Args, first: &Argument) -> Result<Vec<Curve>> {
    let mut curves = Vec::new();
    for arg in std::iter::once(first).chain(&args.rest) {
        let Value::Figure(figure) = &arg.value else {
            return mismatch("what is plotted beside a figure", "a figure", &arg.value, None, arg.span);
        };
        curves.extend(figure.series.iter().map(|s| Curve { series: s.clone(), unit: figure.y_label.clone() }));
    }
    Ok(curves)
}

fn from_lists(interp: &mut Interpreter, args: &Args, first: &Argument) -> Result<(String, Vec<Curve>)> {
    let what = "what is plotted";
    let head = interp.elements(Operand::new(&first.value, first.span), what)?;
    let (x, x_unit) = numbers(&head, what, first.span)?;
    let written = |i: &Interpreter, a: &Argument| {
        let text = i.sources().text(a.span);
        if text.starts_with('[') { String::new() } else { text.to_string() }
    };
    if args.rest.is_empty() {
        let indices = (0..x.len()).map(|i| i as f64).collect();
        let series = Series { name: written(interp, first), x: indices, y: x };
        return Ok((String::new(), vec![Curve { series, unit: x_unit }]));
    }
    let mut curves = Vec::with_capacity(args.rest.len());
    for arg in &args.rest {
        let items = interp.elements(Operand::new(&arg.value, arg.span), what)?;
        let (y, unit) = numbers(&items, what, arg.span)?;
        if y.len() != x.len() {
            let message = format!("{} ordinates do not go with {} abscissae", y.len(), x.len());
            return args.wrong(arg.span, message, None);
        }
        curves.push(Curve { series: Series { name: written(interp, arg), x: x.clone(), y }, unit });
    }
    Ok((labelled(&written(interp, first), &x_unit), curves))
}

fn relabel(interp: &mut Interpreter, args: &Args, curves: &mut [Curve]) -> Result<()> {
    let Some(labels) = names(interp, args, "labels")? else { return Ok(()) };
    if labels.len() != curves.len() {
        let message = format!("{} labels do not go with {} curves", labels.len(), curves.len());
        return args.wrong(args.span_of("labels"), message, None);
    }
    for (curve, label) in curves.iter_mut().zip(labels) {
        curve.series.name = label.to_string();
    }
    Ok(())
}
