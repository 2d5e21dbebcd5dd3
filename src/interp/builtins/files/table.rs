//! Tables as CSV and JSON. Numbers round-trip; a column's unit is in its header.

use crate::interp::value::{Quantity, Table, Value, shared, text};
use crate::number::{json as json_number, shortest};
use serde_json::{Map, Value as Json};
use std::rc::Rc;

/// The unit all numbers of a column are shown in; empty if plain or mixed (then atomic units).
fn unit(column: &[Value]) -> String {
    let numbers = column.iter().filter(|value| quantity(value).is_some());
    shared(numbers, |value| quantity(value).map(Quantity::unit_text)).unwrap_or_default()
}

fn quantity(value: &Value) -> Option<&Quantity> {
    match value {
        Value::Number(q) => Some(q),
        _ => None,
    }
}

/// The number of a quantity in its column's unit.
fn number(q: &Quantity, unit: &str) -> f64 {
    if unit.is_empty() { q.value } else { q.shown() }
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_string() }
}

/// About as many bytes as writing a table takes: its lines, and the whole.
pub(super) fn bytes(table: &Table) -> u64 {
    const NUMBER: u64 = 25;
    let cell = |value: &Value| match value {
        // Each of its characters may need two.
        Value::Str(text) => 2 * text.len() as u64,
        other => NUMBER * (1 + other.extent().total),
    };
    2 * table.columns.iter().flat_map(|(_, column)| column.iter()).map(cell).sum::<u64>()
}

/// A title that no column has: the wanted one, or that with a number.
fn free(table: &Table, wanted: &str) -> String {
    let numbered = (2..).map(|k| format!("{wanted}_{k}"));
    std::iter::once(wanted.to_owned()).chain(numbered).find(|title| table.get(title).is_none()).unwrap_or_default()
}

/// The table with what is known about how far its numbers can be trusted in columns of their own: after a column with some that come
/// from calculations that did not converge `E_converged`, after one with spreads `E_spread`.
fn with_doubts(table: &Table) -> Table {
    let mut columns = Vec::with_capacity(table.columns.len());
    for (name, column) in &table.columns {
        columns.push((name.clone(), column.clone()));
        let spread = |value: &Value| quantity(value).and_then(|q| q.trust.spread());
        if column.iter().any(|value| spread(value).is_some()) {
            let cell = |value: &Value| match (quantity(value), spread(value)) {
                (Some(q), Some(spread)) => Value::Number(Quantity { unit: q.unit, ..Quantity::of(spread, q.dim) }),
                _ => Value::Nothing,
            };
            let title = free(table, &format!("{name}_spread")).into();
            columns.push((title, Rc::new(column.iter().map(cell).collect())));
        }
        let converged = |value: &Value| !quantity(value).is_some_and(|q| q.trust.unconverged());
        if !column.iter().all(converged) {
            let title = free(table, &format!("{name}_converged")).into();
            columns.push((title, Rc::new(column.iter().map(|value| Value::Bool(converged(value))).collect())));
        }
    }
    Table { columns }
}

/// A header line `R (bohr),E (hartree)` and one line per row.
pub(super) fn csv(table: &Table) -> String {
    let table = &with_doubts(table);
    let units: Vec<String> = table.columns.iter().map(|(_, c)| unit(c)).collect();
    let header = |((name, _), unit): (&(Rc<str>, _), &String)| {
        quoted(&if unit.is_empty() { name.to_string() } else { format!("{name} ({unit})") })
    };
    let mut lines = vec![table.columns.iter().zip(&units).map(header).collect::<Vec<_>>().join(",")];
    for row in 0..table.rows() {
        let cell = |((_, column), unit): (&(_, Rc<crate::interp::value::List>), &String)| match &column[row] {
            Value::Number(q) => shortest(number(q, unit)),
            other => match text::value(other) {
                // An empty line would not count as a row.
                text if text.is_empty() && table.columns.len() == 1 => "\"\"".to_owned(),
                text => quoted(&text),
            },
        };
        lines.push(table.columns.iter().zip(&units).map(cell).collect::<Vec<_>>().join(","));
    }
    lines.join("\n") + "\n"
}

/// `{"columns": {"R": […]}, "units": {"R": "bohr"}}`; whole numbers have no decimal point.
pub(super) fn json(table: &Table) -> String {
    let table = &with_doubts(table);
    let (mut columns, mut units) = (Map::new(), Map::new());
    for (name, column) in &table.columns {
        let unit = unit(column);
        let cell = |value: &Value| match value {
            Value::Number(q) => json_number(number(q, &unit)),
            Value::Bool(b) => Json::Bool(*b),
            Value::Nothing => Json::Null,
            other => Json::String(text::value(other)),
        };
        columns.insert(name.to_string(), Json::Array(column.iter().map(cell).collect()));
        if !unit.is_empty() {
            units.insert(name.to_string(), Json::String(unit));
        }
    }
    let whole = Json::Object(Map::from_iter([
        ("columns".to_string(), Json::Object(columns)),
        ("units".to_string(), Json::Object(units)),
    ]));
    format!("{whole:#}\n")
}
