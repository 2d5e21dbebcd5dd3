//! Figures: curves of tables, fields and lists. Data are kept in atomic units until all curves are known; each axis has one unit.

mod data;

use crate::interp::Interpreter;
use crate::interp::call::{Args, Builtin, DefaultValue, Style, function, mismatch, named, required, shown};
use crate::interp::error::Advice;
use crate::interp::value::{Figure, Operand, Quantity, Series, ShownUnit, Value};
use crate::lang::Dimension;
use crate::lang::Kind;
use crate::number::counted;
use crate::problem::{Problem, Result};
use crate::source::Span;
use std::rc::Rc;

pub(crate) const ALL: &[Builtin] = &[function(
    "plot",
    &[
        required("first", &[Kind::Table, Kind::Field, Kind::List, Kind::Figure]),
        named("x", &[Kind::Text, Kind::List], DefaultValue::Absent("the first column")),
        named("y", &[Kind::Text, Kind::List], DefaultValue::Absent("the other columns")),
        named("title", &[Kind::Text], DefaultValue::Absent("none")),
        named("x_label", &[Kind::Text], DefaultValue::Absent("from the data")),
        named("y_label", &[Kind::Text], DefaultValue::Absent("from the data")),
        named("labels", &[Kind::Text, Kind::List], DefaultValue::Absent("from the data")),
        named("x_range", &[Kind::Interval], DefaultValue::Absent("that of the data")),
        named("y_range", &[Kind::Interval], DefaultValue::Absent("that of the data")),
        named("band", &[Kind::Interval, Kind::List], DefaultValue::Absent("none")),
    ], &[Kind::Figure],
    "a figure: columns of a table (`x:` and `y:` are names or lists of them), one or more fields, or a list of abscissae and \
     lists of ordinates; drawn in the REPL, otherwise saved with `save`. A list of curves, or a column of lists, is an \
     ensemble: thin lines with one entry in the legend. `band:` shades an interval of the ordinate, or several in a list",
    &["figure", "graph", "draw", "chart", "curve", "ensemble", "axis", "chemical accuracy"],
    &[
        shown("plot(table { R: [1, 2], E: [0.5, 0.25] }, x: \"R\", y: \"E\", title: \"H2\")"),
        shown("let g = uniform(points: 65, spacing: 0.2)\nplot(exp(-g.x^2), g.x^2 / 2, labels: [\"n\", \"v\"])"),
        shown("plot([0, 1, 2], [0, 1, 4], title: \"squares\")"),
        shown("plot([1, 2], [[0.5, 2], [0.1, -1]] * (1 mhartree), band: -1.6 mhartree .. 1.6 mhartree, y_range: -5 .. 5)"),
    ],
    plot,
)
.with(Style::Rest("others"))];

/// The unit of the numbers on an axis.
#[derive(Clone, Debug, PartialEq)]
struct Measure {
    dim: Dimension,
    unit: Option<ShownUnit>,
    /// For a finished figure, whose numbers are kept: its label.
    words: Option<String>,
}

impl Measure {
    const PLAIN: Measure = Measure { dim: Dimension::PLAIN, unit: None, words: None };

    fn of(q: &Quantity) -> Self {
        Measure { dim: q.dim, unit: q.unit, words: None }
    }

    /// The unit, or the label of a finished figure.
    fn text(&self) -> String {
        let unit = Quantity { unit: self.unit, ..Quantity::of(1.0, self.dim) };
        self.words.clone().unwrap_or_else(|| unit.unit_text())
    }

    /// A number of the axis.
    fn shown(&self, value: f64) -> f64 {
        self.unit.map_or(value, |u| value / u.factor)
    }
}

/// A curve and the unit of its y values; its numbers are in atomic units.
struct Curve {
    series: Series,
    measure: Measure,
}

/// The curves, and the name and unit of x; the x values are as shown.
struct Data {
    x_name: String,
    x: Measure,
    curves: Vec<Curve>,
}

fn plot(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let Data { x_name, x, mut curves } = data::gather(interp, args)?;
    relabel(interp, args, &mut curves)?;
    if !matches!(args.arg("first")?.value, Value::Figure(_)) {
        tell_gaps(interp, &curves, args.span_of("first"));
    }
    let y = common(&curves);
    for curve in &mut curves {
        let measure = y.as_ref().unwrap_or(&curve.measure);
        curve.series.y.iter_mut().for_each(|v| *v = measure.shown(*v));
        curve.series.spread.iter_mut().for_each(|v| *v = measure.shown(*v).abs());
    }
    let y = y.unwrap_or(Measure::PLAIN);
    let alone = curves.iter().all(|c| c.series.curve == 0);
    let y_label = match (args.opt_text("y_label")?, curves.first()) {
        (Some(label), _) => label.to_string(),
        (None, Some(only)) if alone => labelled(&only.series.name, &y.text()),
        _ => y.text(),
    };
    let x_label = args.opt_text("x_label")?.map_or_else(|| labelled(&x_name, &x.text()), |l| l.to_string());
    let mut figure = Figure {
        title: args.opt_text("title")?.map(|t| t.to_string()),
        x_label,
        y_label,
        x_range: range(args, "x_range", &x)?,
        y_range: range(args, "y_range", &y)?,
        bands: bands(interp, args, &y)?,
        series: curves.into_iter().map(|c| c.series).collect(),
    };
    if let Value::Figure(first) = &args.arg("first")?.value {
        figure.bands.extend(&first.bands);
        figure.x_range = figure.x_range.or(first.x_range);
        figure.y_range = figure.y_range.or(first.y_range);
        figure.title = figure.title.or(first.title.clone());
    }
    refuse_long_texts(&figure, args)?;
    Ok(Value::Figure(Rc::new(figure)))
}

/// The most characters of a text in a figure: longer ones would not fit, and take long to draw.
const LONGEST_TEXT: usize = 500;

fn refuse_long_texts(figure: &Figure, args: &Args) -> Result<()> {
    let names = figure.series.iter().map(|series| (&series.name, "labels"));
    let texts = figure.title.iter().map(|title| (title, "title"));
    let texts = texts.chain([(&figure.x_label, "x_label"), (&figure.y_label, "y_label")]).chain(names);
    for (text, parameter) in texts {
        let length = text.chars().count();
        if length > LONGEST_TEXT {
            let message = format!("a text of {length} characters does not fit into a figure");
            let place = args.get(parameter).map_or(args.span, |arg| arg.span);
            return args.wrong(
                place,
                message,
                Some(format!("texts in figures have at most {LONGEST_TEXT} characters")),
            );
        }
    }
    Ok(())
}

/// Tells which points cannot be drawn, as they are not finite.
fn tell_gaps(interp: &mut Interpreter, curves: &[Curve], span: Span) {
    const NAMED: usize = 4;
    let gaps =
        |c: &Curve| c.series.x.iter().zip(&c.series.y).filter(|(x, y)| !(x.is_finite() && y.is_finite())).count();
    let mut found: Vec<(&str, usize, usize)> = Vec::new();
    for curve in curves {
        let (gaps, all, name) = (gaps(curve), curve.series.x.len(), curve.series.name.as_str());
        match found.last_mut() {
            Some((last, missing, of)) if *last == name => (*missing, *of) = (*missing + gaps, *of + all),
            _ => found.push((name, gaps, all)),
        }
    }
    found.retain(|(_, gaps, _)| *gaps > 0);
    let words = |(name, gaps, all): &(&str, usize, usize)| {
        let of = if name.is_empty() { String::new() } else { format!(" of `{name}`") };
        format!("{gaps} of {}{of}", counted(*all, "point"))
    };
    let named: Vec<String> = found.iter().take(NAMED).map(words).collect();
    let more = found.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(", and some of {}", counted(more, "more curve")) };
    let verb = if matches!(found[..], [(_, 1, _)]) { "is not finite and is" } else { "are not finite and are" };
    if !found.is_empty() {
        let message = format!("{}{more} {verb} left out of the figure", named.join(", "));
        interp.warn_with(Problem::new(Advice::Note { message, span }, span), false);
    }
}

fn labelled(name: &str, unit: &str) -> String {
    match (name.is_empty(), unit.is_empty()) {
        (_, true) => name.to_string(),
        (true, false) => unit.to_string(),
        (false, false) => format!("{name} ({unit})"),
    }
}

/// The common unit of all curves: the one they share, otherwise the atomic unit; `None` if their dimensions differ.
fn common(curves: &[Curve]) -> Option<Measure> {
    let first = &curves.first()?.measure;
    if curves.iter().all(|c| c.measure == *first) {
        return Some(first.clone());
    }
    let same = curves.iter().all(|c| c.measure.words.is_none() && c.measure.dim == first.dim);
    same.then(|| Measure { unit: None, ..first.clone() })
}

/// An interval on an axis: plain ends are in the unit of the axis, others are converted.
fn on_axis(
    args: &Args,
    interval: (&Quantity, &Quantity),
    axis: &Measure,
    span: Span,
    parameter: &str,
) -> Result<(f64, f64)> {
    let one = |q: &Quantity| {
        if q.dim.is_plain() || axis.words.is_some() {
            return Ok(q.shown());
        }
        if q.dim == axis.dim {
            return Ok(axis.shown(q.value));
        }
        let (what, found, shown) = (args.what(parameter), q.dim.words(), axis.dim.words());
        let help = Some("plain numbers are in the unit of the axis".to_string());
        args.wrong(span, format!("{what} is {found}, but the axis shows {shown}"), help)
    };
    let (from, to) = (one(interval.0)?, one(interval.1)?);
    if !(from.is_finite() && to.is_finite()) {
        return args.wrong(span, format!("{} needs finite ends", args.what(parameter)), None);
    }
    Ok((from, to))
}

fn range(args: &Args, parameter: &str, axis: &Measure) -> Result<Option<(f64, f64)>> {
    if !args.has(parameter) {
        return Ok(None);
    }
    let (span, (from, to)) = (args.span_of(parameter), args.interval(parameter)?);
    let (from, to) = on_axis(args, (&from, &to), axis, span, parameter)?;
    if from == to {
        return args.wrong(span, format!("{} needs two different ends", args.what(parameter)), None);
    }
    if from > to {
        let help = Some("an axis runs from its smaller to its larger end: exchange the two".to_string());
        return args.wrong(span, format!("{} begins at its larger end", args.what(parameter)), help);
    }
    Ok(Some((from, to)))
}

/// `a .. b`, or a list of intervals.
fn bands(interp: &mut Interpreter, args: &Args, axis: &Measure) -> Result<Vec<(f64, f64)>> {
    let Some(given) = args.get("band") else { return Ok(Vec::new()) };
    let items = match &given.value {
        Value::Interval(..) => Rc::new(vec![given.value.clone()].into()),
        other => interp.elements(Operand::new(other, given.span), &args.what("band"))?,
    };
    let one = |v: &Value| match v {
        Value::Interval(from, to) => {
            on_axis(args, (from, to), axis, given.span, "band").map(|(from, to)| (from.min(to), from.max(to)))
        }
        other => mismatch(&args.what("band"), "an interval `a .. b`, or a list of them", other, None, given.span),
    };
    items.iter().map(one).collect()
}

/// New names in the legend, one per entry.
fn relabel(interp: &mut Interpreter, args: &Args, curves: &mut [Curve]) -> Result<()> {
    let Some(labels) = data::names(interp, args, "labels")? else { return Ok(()) };
    let count = curves.iter().map(|c| c.series.curve + 1).max().unwrap_or(0);
    if labels.len() != count {
        let does = if labels.len() == 1 { "does" } else { "do" };
        let (labels, curves) = (counted(labels.len(), "label"), counted(count, "curve"));
        let message = format!("{labels} {does} not match {curves}");
        return args.wrong(args.span_of("labels"), message, None);
    }
    for curve in curves {
        curve.series.name = labels[curve.series.curve].to_string();
    }
    Ok(())
}
