//! Tables as text: header, units, aligned decimal points; long tables are abbreviated in the middle.

use super::inline::{common_unit, inline, readable, unconverged};
use super::number;
use super::style::Style;
use super::width::{columns, left, right, shorten};
use crate::interp::value::{Table, Value};
use crate::problem::visible;

/// The maximum number of rows shown; in longer tables the middle is left out.
const ROWS: usize = 24;
/// The maximum number of decimals in a column.
const DECIMALS: usize = 6;

/// The maximum number of columns of the terminal that a text in a cell takes.
const CELL: usize = 60;

/// The whole table; the last lines say what is left out, if anything is.
pub fn table(table: &Table, style: &Style) -> String {
    if table.columns.is_empty() {
        return "  an empty table".to_owned();
    }
    let rows = table.columns.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
    let shown: Vec<Option<usize>> = if rows <= ROWS {
        (0..rows).map(Some).collect()
    } else {
        (0..ROWS / 2).map(Some).chain([None]).chain((rows - ROWS / 2..rows).map(Some)).collect()
    };
    let columns: Vec<Column> = table.columns.iter().map(|(name, values)| Column::new(name, values, &shown)).collect();
    let mut lines = vec![row(&columns, |c| &c.name)];
    if columns.iter().any(|c| !c.unit.is_empty()) {
        lines.push(row(&columns, |c| &c.unit));
    }
    let rule: usize = columns.iter().map(|c| c.width + 2).sum::<usize>().saturating_sub(2);
    lines.push(format!("  {}", "─".repeat(rule)));
    for index in 0..shown.len() {
        lines.push(row(&columns, |c| c.cells.get(index).map_or("", String::as_str)));
    }
    match rows {
        0 => lines.push("  no rows".to_owned()),
        1..=ROWS => {}
        _ => lines.push(format!("  {rows} rows")),
    }
    match columns.iter().map(|c| c.cut).sum() {
        0 => {}
        1 => lines.push("  one text is cut at `…`".to_owned()),
        n => lines.push(format!("  {n} texts are cut at `…`")),
    }
    if table.columns.iter().any(|(_, values)| common_unit(values).is_some() && values.iter().any(unconverged)) {
        lines.push(format!("  * {}", number::UNCONVERGED));
    }
    if style.colour {
        lines[0] = format!("\u{1b}[1m{}\u{1b}[0m", lines[0]);
    }
    lines.join("\n")
}

fn row<'a>(columns: &'a [Column], text: impl Fn(&'a Column) -> &'a str) -> String {
    let mut line = String::new();
    for column in columns {
        line.push_str("  ");
        line.push_str(&if column.right { right(text(column), column.width) } else { left(text(column), column.width) });
    }
    line.trim_end().to_owned()
}

/// A column's cells as text, all in one unit.
struct Column {
    name: String,
    unit: String,
    cells: Vec<String>,
    right: bool,
    width: usize,
    /// The number of cells that are not shown in full.
    cut: usize,
}

impl Column {
    fn new(name: &str, values: &[Value], shown: &[Option<usize>]) -> Self {
        let values = &*readable(values);
        let unit = common_unit(values);
        let at = |index: usize| values.get(index);
        let picked: Vec<Option<&Value>> = shown.iter().map(|i| i.and_then(at)).collect();
        let cells: Vec<String> = match &unit {
            Some(_) => {
                let numbers: Vec<Cell> = picked.iter().map(|v| v.map_or(Cell::Gap, cell)).collect();
                let spread = |v: &Option<&Value>| matches!(v, Some(Value::Number(q)) if q.spread().is_some());
                let numbers = match picked.iter().any(spread) {
                    true => picked.iter().zip(&numbers).map(|(v, number)| uncertain(*v, number)).collect(),
                    false => aligned(&numbers),
                };
                marked(numbers, &picked)
            }
            None => picked.iter().map(|v| v.map_or("…".to_owned(), |v| visible(&inline(v)))).collect(),
        };
        let cut = cells.iter().filter(|cell| columns(cell) > CELL).count();
        let cells: Vec<String> = cells.iter().map(|cell| shorten(cell, CELL)).collect();
        let right = unit.is_some();
        let unit = unit.unwrap_or_default();
        let name = shorten(&visible(name), CELL);
        let width = cells.iter().chain([&name, &unit]).map(|text| columns(text)).max().unwrap_or(0);
        Self { name, unit, cells, right, width, cut }
    }
}

/// A cell of a column of numbers with spreads.
fn uncertain(value: Option<&Value>, cell: &Cell) -> String {
    match (value, cell) {
        (Some(Value::Number(q)), Cell::Number(_)) => number::bare(q),
        (_, Cell::Gap) => "…".to_owned(),
        _ => String::new(),
    }
}

/// The numbers of a column with their marks; those without one leave room for it.
fn marked(numbers: Vec<String>, values: &[Option<&Value>]) -> Vec<String> {
    let marks: Vec<&str> = values.iter().map(|v| if v.is_some_and(unconverged) { "*" } else { "" }).collect();
    if marks.iter().all(|mark| mark.is_empty()) {
        return numbers;
    }
    numbers.iter().zip(marks).map(|(number, mark)| format!("{number}{mark:1}")).collect()
}

/// A cell of a column of numbers.
#[derive(Clone, Copy)]
enum Cell {
    Number(f64),
    /// No value was computed here.
    Blank,
    /// The middle is left out.
    Gap,
}

/// Numbers with the same number of decimals, so that the decimal points are aligned.
fn aligned(cells: &[Cell]) -> Vec<String> {
    let text = |cell: &Cell| match cell {
        Cell::Number(x) => number::plain(*x),
        Cell::Blank => String::new(),
        Cell::Gap => "…".to_owned(),
    };
    let plain: Vec<String> = cells.iter().map(text).collect();
    if plain.iter().any(|t| t.contains('e')) {
        return plain;
    }
    let decimals = plain.iter().filter_map(|t| t.split_once('.')).map(|(_, d)| d.len()).max().unwrap_or(0);
    let decimals = decimals.min(DECIMALS);
    let even = |(cell, text): (&Cell, String)| match cell {
        Cell::Number(x) if x.is_finite() => without_sign_of_zero(format!("{x:.decimals$}")),
        _ => text,
    };
    cells.iter().zip(plain).map(even).collect()
}

/// `0.00` for `-0.00`.
fn without_sign_of_zero(text: String) -> String {
    if text.contains(|c: char| c.is_ascii_digit() && c != '0') { text } else { text.trim_start_matches('-').to_owned() }
}

fn cell(value: &Value) -> Cell {
    match value {
        Value::Number(q) => Cell::Number(q.shown()),
        _ => Cell::Blank,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interp::value::Quantity;
    use crate::lang::Dimension;
    use std::rc::Rc;

    fn numbers(f: impl Fn(usize) -> Quantity, n: usize) -> Rc<crate::interp::value::List> {
        Rc::new((0..n).map(|i| Value::Number(f(i))).collect())
    }

    #[test]
    fn decimal_points_are_aligned_and_the_middle_is_left_out() {
        let columns = vec![
            (Rc::from("R"), numbers(|i| Quantity::length(0.4 + 0.16 * i as f64), 36)),
            (Rc::from("energy"), numbers(|i| Quantity::energy(-1.0 / (1.0 + i as f64)), 36)),
        ];
        let text = table(&Table { columns }, &Style::plain(80));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "     R     energy");
        assert_eq!(lines[1], "  bohr    hartree");
        assert_eq!(lines[3], "  0.40  -1.000000");
        assert_eq!(lines.last().copied(), Some("  36 rows"));
        assert_eq!(lines.len(), 3 + ROWS + 1 + 1);
    }

    #[test]
    fn memory_stands_in_one_unit() {
        let memory = |bytes: f64| Quantity::of(bytes, Dimension::MEMORY);
        let columns = vec![(Rc::from("needs"), numbers(|i| memory([4e5, 2.5e6][i]), 2))];
        let text = table(&Table { columns }, &Style::plain(80));
        assert_eq!(text.lines().collect::<Vec<_>>(), ["  needs", "     MB", "  ─────", "    0.4", "    2.5"]);
        let gigabyte = Value::Number(memory(1e9));
        assert_eq!(inline(&Value::list(vec![gigabyte.clone(), Value::Number(memory(2e6))])), "[1, 0.002] GB");
        assert_eq!(inline(&gigabyte), "1 GB");
    }

    #[test]
    fn columns_are_as_wide_as_they_look() {
        let texts = |all: &[&str]| Rc::new(all.iter().map(Value::text).collect::<crate::interp::value::List>());
        let columns = vec![
            (Rc::from("名"), texts(&["H2", "水素", "👍A\u{30a}", "x\ny\tz\u{1b}[31m"])),
            (Rc::from("E"), numbers(|i| Quantity::plain([-0.0, 1.5, -0.0, 2.0][i]), 4)),
        ];
        let text = table(&Table { columns }, &Style::plain(80));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 6);
        assert!(lines.iter().all(|line| columns_of(line) == 2 + 17 + 2 + 3), "{text}");
        assert!(lines[2].ends_with(" 0.0") && lines[5].contains("x\\ny\\tz\\u{1b}[31m"), "{text}");
        let long = vec![(Rc::from("t"), texts(&["水".repeat(70).as_str(), "short"]))];
        let text = table(&Table { columns: long }, &Style::plain(80));
        assert!(text.ends_with("  one text is cut at `…`") && text.lines().all(|l| columns_of(l) <= 62), "{text}");
    }

    fn columns_of(line: &str) -> usize {
        super::columns(line)
    }

    #[test]
    fn a_value_that_was_not_computed_is_blank() {
        let (one, two) = (Value::plain(0.125), Value::plain(0.5));
        let columns = vec![
            (Rc::from("loss"), Rc::new(vec![one, Value::Nothing, two].into())),
            (Rc::from("step"), numbers(|i| Quantity::plain(i as f64), 3)),
        ];
        let text = table(&Table { columns }, &Style::plain(80));
        assert_eq!(text.lines().skip(2).collect::<Vec<_>>(), ["  0.125     0", "            1", "  0.500     2"]);
    }
}
