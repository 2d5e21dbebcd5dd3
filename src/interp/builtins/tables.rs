//! Tables: columns of equal length.

use crate::interp::Interpreter;
use crate::interp::call::{Args, Builtin, example, function, required};
use crate::interp::error::{RunError, fail};
use crate::interp::value::{List, Operand, Record, Table, Value};
use crate::lang::Kind;
use crate::problem::Result;
use crate::source::Span;
use std::rc::Rc;

pub(crate) const ALL: &[Builtin] = &[function(
    "table",
    &[required("columns", &[Kind::Record, Kind::List, Kind::Table])],
    &[Kind::Table],
    "columns of equal length under names: `table { R: Rs, E: energies }`; fields become columns, a single value is repeated; \
     a list of records gives one row per record",
    &["data", "columns", "dataframe", "csv"],
    &[
        example("let t = table { x: [1, 2], y: [3, 4], z: 0 }\nt.x * t.y + t.z", "[3, 8]"),
        example("table([{ a: 1 }, { a: 2 }]).a", "[1, 2]"),
        example("len(table { x: 0 .. 4 })", "5"),
        example("table({ a: [1, 2], b: [3, 4] })[1].b", "4"),
    ],
    table,
)];

/// A column before its length is known.
struct Column {
    name: Rc<str>,
    span: Span,
    values: Values,
}

enum Values {
    Many(Rc<List>),
    One(Value),
}

fn table(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let columns = args.arg("columns")?;
    match &columns.value {
        Value::Table(_) => Ok(columns.value.clone()),
        Value::Record(record) => {
            let spans: Vec<Span> = columns.entries.iter().map(|(_, span)| *span).collect();
            from_record(interp, record, &spans, columns.span)
        }
        Value::List(rows) => from_rows(args, rows),
        _ => args.mismatch("columns", "a record of columns", Some("as in `table { R: Rs, E: energies }`".into())),
    }
}

fn from_record(interp: &mut Interpreter, record: &Record, spans: &[Span], whole: Span) -> Result<Value> {
    let mut columns = Vec::with_capacity(record.entries.len());
    for (index, (name, value)) in record.entries.iter().enumerate() {
        let span = spans.get(index).copied().unwrap_or(whole);
        let values = match value {
            Value::List(_) | Value::Interval(..) => {
                Values::Many(interp.elements(Operand::new(value, span), "a column")?)
            }
            Value::Field(field) if field.channels == 1 => match field.numbers(&field.data) {
                Value::List(items) => Values::Many(items),
                other => Values::One(other),
            },
            other => Values::One(other.clone()),
        };
        columns.push(Column { name: name.clone(), span, values });
    }
    even(columns).map(|table| Value::Table(Rc::new(table)))
}

/// Columns of one length; single values are repeated, and give one row if there are no lists.
fn even(columns: Vec<Column>) -> Result<Table> {
    let length = |c: &Column| match &c.values {
        Values::Many(items) => Some(items.len()),
        Values::One(_) => None,
    };
    let first = columns.iter().find_map(|c| length(c).map(|n| (c, n)));
    if let Some((first, n)) = first
        && let Some((other, m)) = columns.iter().find_map(|c| length(c).filter(|&m| m != n).map(|m| (c, m)))
    {
        let error = RunError::Columns {
            first: first.name.to_string(),
            first_length: n,
            second: other.name.to_string(),
            second_length: m,
            first_span: first.span,
            second_span: other.span,
        };
        return fail(error, other.span);
    }
    let rows = first.map_or(1, |(_, n)| n);
    let filled = |values| match values {
        Values::Many(items) => items,
        Values::One(value) => Rc::new(vec![value; rows].into()),
    };
    Ok(Table { columns: columns.into_iter().map(|c| (c.name, filled(c.values))).collect() })
}

/// One row per record; all have the same names.
fn from_rows(args: &Args, rows: &[Value]) -> Result<Value> {
    let mut columns: Vec<(Rc<str>, Vec<Value>)> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let Value::Record(record) = row else {
            return args.mismatch("columns", "a record of columns or a list of records", None);
        };
        if index == 0 {
            columns = record.entries.iter().map(|(n, _)| (n.clone(), Vec::with_capacity(rows.len()))).collect();
        }
        let same = record.entries.len() == columns.len() && columns.iter().all(|(n, _)| record.get(n).is_some());
        if !same {
            let message = format!("row {index} has different names from row 0");
            return args.wrong(args.span_of("columns"), message, None);
        }
        for (name, values) in &mut columns {
            values.extend(record.get(name).cloned());
        }
    }
    let columns = columns.into_iter().map(|(n, v)| (n, Rc::new(v.into()))).collect();
    Ok(Value::Table(Rc::new(Table { columns })))
}
