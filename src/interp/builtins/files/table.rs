//! Tables as CSV and JSON. Numbers round-trip; a column's unit is in its header.

use crate::interp::value::{Quantity, Table, Value, shared, text};
use crate::number::shortest;
use serde_json::{Map, Number, Value as Json};

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
            other => quoted(&text::value(other)),
        };
        lines.push(table.columns.iter().zip(&units).map(cell).collect::<Vec<_>>().join(","));
    }
    lines.join("\n") + "\n"
}

/// Whether a number is the same as a 64-bit integer; a negative zero is not.
fn is_integer(x: f64) -> bool {
    const LARGEST: f64 = 9.2e18;
    x == x.trunc() && x.abs() < LARGEST && !(x == 0.0 && x.is_sign_negative())
}

/// `{"columns": {"R": […]}, "units": {"R": "bohr"}}`; a column of whole numbers has integers, any other one floating-point numbers.
pub(super) fn json(table: &Table) -> String {
    let (mut columns, mut units) = (Map::new(), Map::new());
    for (name, column) in &table.columns {
        let unit = unit(column);
        let whole = column.iter().filter_map(quantity).map(|q| number(q, &unit)).all(is_integer);
        let cell = |value: &Value| match value {
            Value::Number(q) => match number(q, &unit) {
                x if whole => Json::Number((x as i64).into()),
                x => Number::from_f64(x).map_or_else(|| Json::String(shortest(x)), Json::Number),
            },
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
