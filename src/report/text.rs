//! Values as text.

use super::figure::nothing;
use super::inline::{field_head, grid_text, inline, inline_run, interaction_text, nested};
use super::number;
use super::sketch::sketch;
use super::style::Style;
use super::table;
use super::width::{self, shorten};
use crate::exact::Reference;
use crate::interp::value::{Field, Figure, Quantity, Record, Series, Solved, Trust, Value, property};
use crate::ks::{Datum, Property, Run, Stop, Verdict};
use crate::model::{Grid, System};
use crate::number::counted;
use crate::problem::{visible, visible_lines};
use std::rc::Rc;

/// Lines of a field's plot.
const FIELD_HEIGHT: usize = 7;
/// Lines of a figure's plot.
const FIGURE_HEIGHT: usize = 16;

/// A value as shown to users, without a newline at the end; on several lines where that reads better. Empty for a figure,
/// unless the style draws figures.
pub fn text(value: &Value, style: &Style) -> String {
    match value {
        Value::Record(record) => record_text(record, style),
        Value::Field(field) => field_text(field, style),
        Value::Table(table) => table::table(table, style),
        Value::Figure(figure) => figure_text(figure, style),
        other => visible_lines(&plain(other)),
    }
}

/// Values that are never shown in colour.
fn plain(value: &Value) -> String {
    match value {
        Value::Str(s) => s.to_string(),
        Value::Run(run) => run_text(run),
        Value::Reference(reference) => reference_text(reference),
        Value::System(system) => system_text(system),
        Value::Functional(f) => summary_text(&inline(value), &f.summary()),
        Value::Model(m) => summary_text(&inline(value), &m.summary()),
        Value::Machine(m) => summary_text(&inline(value), &m.summary()),
        Value::Nothing
        | Value::Number(_)
        | Value::Bool(_)
        | Value::List(_)
        | Value::Record(_)
        | Value::Field(_)
        | Value::Table(_)
        | Value::Figure(_)
        | Value::Interval(..)
        | Value::Grid(_)
        | Value::Interaction(_)
        | Value::Mixing(_)
        | Value::ExactFunctional
        | Value::Corrected(_)
        | Value::Kernel(_)
        | Value::Basis(_)
        | Value::Function(_)
        | Value::Builtin(_)
        | Value::SystemMaker(_)
        | Value::Module(_)
        | Value::Symbol(_)
        | Value::Optimizer(_)
        | Value::Loss(_) => inline(value),
    }
}

/// On one line if it is short, otherwise one entry per line; its tables and fields are drawn below their names.
fn record_text(record: &Record, style: &Style) -> String {
    let drawn = |v: &Value| matches!(v, Value::Table(_) | Value::Field(_));
    if !record.entries.iter().any(|(_, v)| drawn(v)) {
        let flat = inline(&Value::Record(Rc::new(record.clone())));
        if width::columns(&flat) <= style.width {
            return visible(&flat);
        }
    }
    let plain = record.entries.iter().filter(|(_, v)| !drawn(v));
    let entries: Vec<(&str, String)> = plain.map(|(n, v)| (&**n, nested(v))).collect();
    let mut parts: Vec<String> = Some(listing(&entries)).filter(|l| !l.is_empty()).into_iter().collect();
    for (name, value) in record.entries.iter().filter(|(_, v)| drawn(v)) {
        let inner = Style { width: style.width.saturating_sub(2), ..*style };
        let body = text(value, &inner).replace('\n', "\n  ");
        parts.push(format!("  {}\n  {body}", visible(name)));
    }
    parts.join("\n")
}

/// Names and values in two columns, indented.
pub(super) fn listing(entries: &[(&str, String)]) -> String {
    let width = entries.iter().map(|(name, _)| width::columns(&visible(name))).max().unwrap_or(0);
    let line = |(name, value): &(&str, String)| format!("  {}  {}", width::left(&visible(name), width), visible(value));
    entries.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn field_text(field: &Field, style: &Style) -> String {
    let mut lines = vec![field_head(field)];
    let x = field.grid.xs();
    let channels = field.channels.max(1);
    let series: Vec<Series> = (0..channels)
        .map(|c| {
            let y: Vec<f64> = field.data.iter().skip(c).step_by(channels).copied().collect();
            Series { name: c.to_string(), curve: c, thin: false, x: x.clone(), y, ..Series::default() }
        })
        .collect();
    lines.extend(
        sketch(&series[..channels.min(4)], [None, None], FIELD_HEIGHT, style).into_iter().map(|l| format!("  {l}")),
    );
    for curve in series.iter().take(4) {
        let name = if channels == 1 { String::new() } else { format!("{}: ", curve.name) };
        lines.push(format!("  {name}{}", extrema(&curve.x, &curve.y, &field.grid)));
    }
    if channels > 4 {
        lines.push(format!("  … {}", counted(channels - 4, "more channel")));
    }
    lines.join("\n")
}

/// `min 0 at -20.48, max 0.41 at -0.64, integral 2`.
fn extrema(x: &[f64], y: &[f64], grid: &Grid) -> String {
    let finite = || y.iter().copied().filter(|y| y.is_finite());
    let (Some(min), Some(max)) = (finite().min_by(f64::total_cmp), finite().max_by(f64::total_cmp)) else {
        return "no finite value".to_owned();
    };
    let bad = y.iter().filter(|y| !y.is_finite()).count();
    let shown = |y: f64| number::digits(y, 6);
    // The first point with the same digits: in a symmetric field, rounding would otherwise decide between two places.
    let place = |extremum: f64| {
        let first = x.iter().zip(y).find(|(_, y)| shown(**y) == shown(extremum));
        first.map_or_else(String::new, |(x, _)| number::digits(*x, 5))
    };
    let mut text = format!("min {} at {}, max {} at {}", shown(min), place(min), shown(max), place(max));
    if bad == 0 {
        text.push_str(&format!(", integral {}", number::digits(grid.integrate(y), 6)));
    } else {
        text.push_str(&format!(", {} not finite", counted(bad, "value")));
    }
    text
}

fn figure_text(figure: &Figure, style: &Style) -> String {
    if !style.figures {
        return String::new();
    }
    let mut lines: Vec<String> = figure.title.iter().map(|t| format!("  {}", visible(t))).collect();
    if !figure.y_label.is_empty() {
        lines.push(format!("  {}", visible(&figure.y_label)));
    }
    let plot = sketch(&figure.series, [figure.x_range, figure.y_range], FIGURE_HEIGHT, style);
    if plot.is_empty() {
        lines.push(format!("  {}", nothing(figure)));
    }
    lines.extend(plot.into_iter().map(|l| format!("  {l}")));
    if !figure.x_label.is_empty() {
        lines.push(format!("  {}", width::right(&visible(&figure.x_label), style.width.min(76) / 2)));
    }
    lines.join("\n")
}

fn energy(value: f64) -> String {
    number::quantity(&Quantity::energy(value))
}

fn energies(values: &[f64]) -> String {
    let all: Vec<String> = values.iter().map(|e| number::plain(*e)).collect();
    format!("[{}] hartree", all.join(", "))
}

fn run_text(run: &Solved) -> String {
    let entries: Vec<(String, String)> = Property::all_shown(false)
        .into_iter()
        .filter(|found| found.is_in(run))
        .flat_map(|found| {
            let datum = found.of(run);
            // With its spread, if it is of a committee; whether it converged has a line of its own.
            if let Datum::Energy(Some(_)) = datum
                && let Value::Number(q) = property(found, run)
            {
                return vec![(found.name.to_owned(), format!("{} {}", number::bare(&q), q.unit_text()))];
            }
            lines(found.name, datum, run)
        })
        .collect();
    let entries: Vec<(&str, String)> = entries.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    format!("{}\n{}", inline_run(run), listing(&entries))
}

/// The lines of a property: none, one, or one per spin.
fn lines(name: &str, datum: Datum, run: &Run) -> Vec<(String, String)> {
    let text = match datum {
        Datum::Count(n) => n.to_string(),
        Datum::Energy(None) => return Vec::new(),
        Datum::Energy(Some(value)) => energy(value),
        Datum::Electrons(value) => format!("{} electrons", number::digits(value, 3)),
        Datum::Energies(values) | Datum::Trajectory(values) => energies(&values),
        Datum::Verdict(found) => verdict(&found),
        Datum::Truth(value) => value.to_string(),
        Datum::Text(words) => words,
        Datum::Field(_) => format!("field on {}", counted(run.system.grid.points, "point")),
        Datum::Fields(fields) => {
            format!("{} on {}", counted(fields.len(), "field"), counted(run.system.grid.points, "point"))
        }
        Datum::Spins(both) => {
            let [up, down] = *both;
            if run.restricted {
                return lines(name, up, run);
            }
            return [("up", up), ("down", down)]
                .into_iter()
                .flat_map(|(spin, datum)| lines(&format!("{name} {spin}"), datum, run))
                .collect();
        }
    };
    vec![(name.to_owned(), text)]
}

fn verdict(verdict: &Verdict) -> String {
    let Verdict { converged, stop, iterations, way } = verdict;
    let done = counted(*iterations, "iteration");
    match stop {
        Stop::Interrupted => format!("no, stopped after {done} ({way})"),
        Stop::Fixed if *converged => format!("yes, after {done} ({way})"),
        _ if *converged => format!("yes, in {done} ({way})"),
        _ => format!("no, after {done} ({way})"),
    }
}

fn reference_text(reference: &Reference) -> String {
    let converged = reference.converged();
    let energy = |value: f64| number::quantity(&Quantity::energy(value).trusted(Trust::of(converged, None)));
    let mut entries = vec![
        ("total_energy", energy(reference.energy + reference.system.nuclear_repulsion)),
        ("energy", energy(reference.energy)),
    ];
    match reference.entry() {
        Some(entry) => entries.push(("from", format!("{}[{}]", entry.set, entry.index))),
        None => {
            entries.push(("error", format!("{} hartree", number::digits(reference.error, 2))));
            if let Some(occupations) = &reference.occupations {
                let occupations = occupations.iter().take(6).map(|o| number::digits(*o, 5));
                entries.push(("occupations", format!("[{}]", occupations.collect::<Vec<_>>().join(", "))));
            }
        }
    }
    format!("reference for {}\n{}", reference.system.label, listing(&entries))
}

fn system_text(system: &System) -> String {
    let nuclei = system.nuclei.iter().map(|n| format!("{} at {}", n.symbol, number::digits(n.position, 6)));
    let nuclei: Vec<String> = nuclei.collect();
    let mut entries = vec![("electrons", format!("{}, {} unpaired", system.electrons, system.unpaired))];
    if !nuclei.is_empty() {
        entries.push(("nuclei", shorten(&nuclei.join(", "), 200)));
        entries.push(("nuclear_repulsion", energy(system.nuclear_repulsion)));
    }
    entries.push(("interaction", interaction_text(&system.interaction)));
    entries.push(("grid", grid_text(&system.grid)));
    format!("{}\n{}", system.label, listing(&entries))
}

/// A heading and one line per entry.
fn summary_text(head: &str, entries: &[(&'static str, Value)]) -> String {
    let entries: Vec<(&str, String)> = entries.iter().map(|(name, value)| (*name, inline(value))).collect();
    format!("{head}\n{}", listing(&entries))
}
