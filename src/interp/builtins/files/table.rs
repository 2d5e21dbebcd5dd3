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

/// A text as a cell. Quotes also tell it from a number, and a line of a single column from prose.
fn cell(text: &str, alone: bool) -> String {
    let needed = text.contains([',', '"', '\n', '\r'])
        || text.parse::<f64>().is_ok()
        || alone && (text.is_empty() || text.contains(char::is_whitespace));
    if needed { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_string() }
}

/// Whether a text is a table as [`csv`] writes it: a header without numbers, lines of equally many cells, the numbers in them as
/// ksr writes them.
pub(super) fn is_csv(text: &str) -> bool {
    let (mut rows, mut wanted, mut row) = (0, None, Vec::new());
    let (mut now, mut quoted, mut inside) = (String::new(), false, false);
    for c in text.chars() {
        match c {
            '"' if now.is_empty() || quoted => (quoted, inside) = (true, !inside),
            _ if inside => {}
            ',' | '\n' => {
                row.push((std::mem::take(&mut now), std::mem::take(&mut quoted)));
                if c == '\n' {
                    let row = std::mem::take(&mut row);
                    if *wanted.get_or_insert(row.len()) != row.len() || !row_of_ours(&row, rows == 0) {
                        return false;
                    }
                    rows += 1;
                }
            }
            c if quoted || c == '"' || c.is_control() && c != '\t' => return false,
            c => now.push(c),
        }
    }
    rows > 0 && !inside && row.is_empty() && now.is_empty() && !quoted
}

/// Whether these cells, each with whether it is in quotes, are a row of a table as [`csv`] writes it.
fn row_of_ours(row: &[(String, bool)], header: bool) -> bool {
    let alone = row.len() == 1;
    row.iter().filter(|(_, quoted)| !quoted).all(|(text, _)| match text.parse::<f64>() {
        Ok(number) => !header && shortest(number) == *text,
        // The unit of a column is behind a space.
        Err(_) => {
            // The unit of a column is behind a space.
            let text = if header { text.split(" (").next().unwrap_or_default() } else { text };
            cell(text, alone) == text
        }
    })
}

/// A header line `R (bohr),E (hartree)` and one line per row.
pub(super) fn csv(table: &Table) -> String {
    let units: Vec<String> = table.columns.iter().map(|(_, c)| unit(c)).collect();
    let header = |((name, _), unit): (&(std::rc::Rc<str>, _), &String)| {
        cell(&if unit.is_empty() { name.to_string() } else { format!("{name} ({unit})") }, false)
    };
    let mut lines = vec![table.columns.iter().zip(&units).map(header).collect::<Vec<_>>().join(",")];
    for row in 0..table.rows() {
        let written = |((_, column), unit): (&(_, std::rc::Rc<crate::interp::value::List>), &String)| match &column[row]
        {
            Value::Number(q) => shortest(number(q, unit)),
            other => cell(&text::value(other), table.columns.len() == 1),
        };
        lines.push(table.columns.iter().zip(&units).map(written).collect::<Vec<_>>().join(","));
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
