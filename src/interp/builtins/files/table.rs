//! Tables as CSV and JSON. Numbers round-trip; a column's unit is in its header.

use crate::interp::value::{Quantity, Table, Value, shared, text};
use crate::number::{json as json_number, shortest};
use serde_json::{Map, Value as Json};

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

/// A header line `R (bohr),E (hartree)` and one line per row.
pub(super) fn csv(table: &Table) -> String {
    let units: Vec<String> = table.columns.iter().map(|(_, c)| unit(c)).collect();
    let header = |((name, _), unit): (&(std::rc::Rc<str>, _), &String)| {
        quoted(&if unit.is_empty() { name.to_string() } else { format!("{name} ({unit})") })
    };
    let mut lines = vec![table.columns.iter().zip(&units).map(header).collect::<Vec<_>>().join(",")];
    for row in 0..table.rows() {
        let cell = |((_, column), unit): (&(_, std::rc::Rc<crate::interp::value::List>), &String)| match &column[row] {
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
