//! Shows results: tables in the style of the language, or one JSON object per table.

use super::Bench;
use crate::cli::host::style;
use crate::cli::output;
use crate::interp::Value;
use crate::interp::value::{Quantity, ShownUnit, Table};
use crate::report;
use serde_json::{Map, Value as Json};
use std::rc::Rc;

/// A column of a table.
pub struct Column {
    pub name: &'static str,
    /// Empty for words and plain numbers.
    pub unit: &'static &'static str,
    pub cells: Cells,
}

pub enum Cells {
    Words(Vec<String>),
    Numbers(Vec<f64>),
}

impl Column {
    pub fn words(name: &'static str, words: Vec<String>) -> Self {
        Self { name, unit: &"", cells: Cells::Words(words) }
    }

    pub fn numbers(name: &'static str, unit: &'static &'static str, numbers: Vec<f64>) -> Self {
        Self { name, unit, cells: Cells::Numbers(numbers) }
    }

    /// Per cent and megabytes are rounded to integers, plain numbers to two digits, others to three; with `exactly` nothing is
    /// rounded.
    fn values(&self, exactly: bool) -> Vec<Value> {
        let shown = |x: f64| match *self.unit {
            _ if exactly => x,
            "%" | "MB" => x.round(),
            "" => rounded(x, 2),
            _ => rounded(x, 3),
        };
        let unit = (!self.unit.is_empty()).then_some(ShownUnit { name: self.unit, power: 1, factor: 1.0 });
        match &self.cells {
            Cells::Words(words) => words.iter().map(Value::text).collect(),
            Cells::Numbers(numbers) => {
                numbers.iter().map(|x| Value::Number(Quantity { unit, ..Quantity::plain(shown(*x)) })).collect()
            }
        }
    }
}

impl Bench {
    /// Shows a table with notes below it; as JSON, its columns under its name and `more`, which the notes say in words.
    pub fn show(&self, name: &str, columns: &[Column], notes: &[String], more: &[(&str, Json)]) {
        self.host.finish();
        let table = |exactly: bool| {
            let column = |c: &Column| (Rc::from(c.name), Rc::new(c.values(exactly).into()));
            Value::Table(Rc::new(Table { columns: columns.iter().map(column).collect() }))
        };
        if !self.json {
            let text = report::text(&table(false), &style(false));
            let notes: String = notes.iter().map(|note| format!("\n  {note}")).collect();
            return output::styled_line(&format!("{text}{notes}\n"));
        }
        let mut object = Map::new();
        object.insert("type".into(), "table".into());
        object.insert("name".into(), name.into());
        let units = columns.iter().filter(|c| !c.unit.is_empty()).map(|c| (c.name.to_owned(), (*c.unit).into()));
        object.insert("units".into(), Json::Object(units.collect()));
        if let Some((_, value)) = report::json(&table(true)) {
            object.insert("value".into(), value);
        }
        object.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        output::line(&report::json_line(&Json::Object(object)));
    }
}

/// Rounds to the given number of significant digits; whole numbers are kept.
fn rounded(x: f64, digits: i32) -> f64 {
    if x == 0.0 || x.fract() == 0.0 || !x.is_finite() {
        return x;
    }
    // A power of ten below 1 is not exact; dividing by its inverse rounds better.
    let decimals = digits - 1 - x.abs().log10().floor() as i32;
    let scale = 10f64.powi(decimals.abs());
    if decimals >= 0 { (x * scale).round() / scale } else { (x / scale).round() * scale }
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn a_few_digits_are_kept() {
        let three = |x| rounded(x, 3);
        assert_eq!([12.3456, 0.0123456, 1234.56, 513.0, 0.0].map(three), [12.3, 0.0123, 1230.0, 513.0, 0.0]);
        assert_eq!((rounded(459.6, 2), rounded(2.768, 2)), (460.0, 2.8));
    }
}
