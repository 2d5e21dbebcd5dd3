//! Names of records, and kinds of values.

use crate::interp::Interpreter;
use crate::interp::call::{Args, Builtin, example, function, mismatch, required};
use crate::interp::error::{TypesError, fail};
use crate::interp::value::{Record, Value};
use crate::lang::Kind;
use crate::problem::Result;
use std::rc::Rc;

pub(crate) const ALL: &[Builtin] = &[
    function(
        "kind",
        &[required("x", &[Kind::Any])],
        &[Kind::Text],
        "the type of a value as a string, named as in JSON: `number`, `quantity` (with a unit), `bool`, `string`, `list`, `record`, \
         `table`, `field`, `grid`, `system`, `run`, `reference`, `functional`, `exact_functional`, `model`, `function`, …",
        &["type", "typeof", "isa", "class"],
        &[
            example("kind(2 bohr)", "\"quantity\""),
            example("kind(0 .. 4)", "\"list\""),
            example("kind(exact)", "\"function\""),
        ],
        |_, args| Ok(Value::text(args.arg("x")?.value.type_word())),
    ),
    function(
        "keys",
        &[required("x", &[Kind::Record, Kind::Table])],
        &[Kind::List],
        "the names in a record, or the column names of a table; `x[name]` is the value for a name",
        &["names", "columns", "entries", "fields"],
        &[
            example("keys({ a: 1, b: 2 })", "[\"a\", \"b\"]"),
            example("let r = { a: 1, b: 2 }\n[r[k] for k in keys(r)]", "[1, 2]"),
        ],
        keys,
    ),
    function(
        "record",
        &[required("keys", &[Kind::List]), required("values", &[Kind::List])],
        &[Kind::Record],
        "a record from a list of names and a list of values; the record can also be made into a table",
        &["dictionary", "struct", "names", "columns"],
        &[
            example("record([\"a\", \"b\"], [1, 2]).b", "2"),
            example("table(record([\"n\", \"square\"], [0 .. 2, [0, 1, 4]])).square", "[0, 1, 4]"),
        ],
        record,
    ),
];

fn keys(_: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let names = match &args.arg("x")?.value {
        Value::Record(record) => record.entries.iter().map(|(n, _)| Value::Str(n.clone())).collect(),
        Value::Table(table) => table.columns.iter().map(|(n, _)| Value::Str(n.clone())).collect(),
        _ => return args.mismatch("x", "a record or a table", None),
    };
    Ok(Value::list(names))
}

fn record(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let (names, values) = (args.list(interp, "keys")?, args.list(interp, "values")?);
    if names.len() != values.len() {
        let (left_span, right_span) = (args.span_of("keys"), args.span_of("values"));
        let (left, right) = (names.len(), values.len());
        return fail(TypesError::Lengths { operator: "record".into(), left, right, left_span, right_span }, args.span);
    }
    let mut entries: Vec<(Rc<str>, Value)> = Vec::with_capacity(names.len());
    let mut seen = std::collections::BTreeSet::new();
    for (name, value) in names.iter().zip(values.iter()) {
        let Value::Str(name) = name else {
            return mismatch("a name of `record`", "a string in quotes", name, None, args.span_of("keys"));
        };
        if !seen.insert(name) {
            return args.wrong(args.span_of("keys"), format!("`{name}` occurs twice among the names"), None);
        }
        entries.push((name.clone(), value.clone()));
    }
    Ok(Value::Record(Rc::new(Record::new(entries))))
}
