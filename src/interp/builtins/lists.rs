//! Lists: lengths, order, functions over elements.

use super::reduce::quantities;
use crate::graph::Binary;
use crate::interp::Interpreter;
use crate::interp::call::{
    Args, Builtin, DefaultValue, Param, Style, example, function, named, optional, required, truth,
};
use crate::interp::error::{RunError, TypesError, fail};
use crate::interp::session::short_enough;
use crate::interp::value::{List, Operand, Quantity, Value, equal, text};
use crate::lang::Kind;
use crate::lang::ast::Ident;
use crate::problem::Result;
use std::cmp::Ordering;
use std::rc::Rc;

const LIST: &[Param] = &[required("list", &[Kind::List])];
const POINTS: &[Param] = &[required("list", &[Kind::List, Kind::Field])];
/// A list and a function, in either order.
const LIST_AND_F: &[Param] = &[
    required("list", &[Kind::List, Kind::Table, Kind::Function]),
    required("f", &[Kind::Function, Kind::List, Kind::Table]),
];

pub(crate) const ALL: &[Builtin] = &[
    function(
        "len",
        &[required("x", &[Kind::List, Kind::Table, Kind::Field, Kind::Grid, Kind::Text, Kind::Record])],
        &[Kind::Whole],
        "the number of elements of a list, rows of a table, points of a field, characters of a string, entries of a record",
        &["length", "size", "count"],
        &[example("len([4, 5])", "2"), example("len(1 .. 10)", "10")],
        len,
    ),
    function(
        "sort",
        &[
            required("list", &[Kind::List, Kind::Table]),
            named("by", &[Kind::Function, Kind::Text], DefaultValue::Absent("none"))
                .about("a function of an element (of a table, of a row), or the name of a column"),
            named("reverse", &[Kind::Truth], DefaultValue::Truth(false)),
        ],
        &[Kind::List, Kind::Table],
        "a list in ascending order of its values, or of the function `by` of them; the rows of a table in the order of one of its columns",
        &["order", "rank"],
        &[
            example("sort([3, 1, 2])", "[1, 2, 3]"),
            example("sort([-3, 1], by: abs)", "[1, -3]"),
            example("sort([3, 1], reverse: true)", "[3, 1]"),
            example("sort(table { R: [2, 1], E: [5, 6] }, by: \"R\").E", "[6, 5]"),
        ],
        sort,
    ),
    function(
        "reverse",
        LIST,
        &[Kind::List],
        "a list in reverse order",
        &["backwards"],
        &[example("reverse(0 .. 2)", "[2, 1, 0]")],
        |i, a| Ok(Value::list(a.list(i, "list")?.iter().rev().cloned().collect())),
    ),
    function(
        "map",
        LIST_AND_F,
        &[Kind::List],
        "a function applied to every element, like the comprehension `[f(x) for x in list]`",
        &["apply", "each"],
        &[example("map([1, 4], sqrt)", "[1, 2]"), example("[1, 2] |> map(fn(x) = 2 * x)", "[2, 4]")],
        map,
    ),
    function(
        "filter",
        LIST_AND_F,
        &[Kind::List, Kind::Table],
        "the elements for which a function is true, like `[x for x in list if f(x)]`; the rows of a table for which it is, as a table",
        &["select", "where", "mask"],
        &[
            example("filter([1, 2, 3], fn(x) = x > 1)", "[2, 3]"),
            example("filter(table { R: [1, 2], E: [5, 6] }, fn(row) = row.R > 1).E", "[6]"),
        ],
        filter,
    ),
    function(
        "fold",
        &[
            required("list", &[Kind::List, Kind::Function]),
            required("f", &[Kind::Function, Kind::List]),
            optional("start", &[Kind::Any], DefaultValue::Absent("the first element")),
        ],
        &[Kind::Any],
        "the elements combined one after another by f(so_far, element)",
        &["reduce", "accumulate"],
        &[example("fold([1, 2, 3], fn(a, b) = a * 10 + b)", "123"), example("fold([2], fn(a, b) = a + b, 1)", "3")],
        fold,
    ),
    function(
        "zip",
        &[required("a", &[Kind::List]), required("b", &[Kind::List])],
        &[Kind::List],
        "pairs of elements of two lists of equal length",
        &["pair", "combine"],
        &[example("zip([1, 2], [3, 4])", "[[1, 3], [2, 4]]")],
        zip,
    ),
    function(
        "cumulative",
        LIST,
        &[Kind::List],
        "the cumulative sums of the elements",
        &["cumsum", "running sum"],
        &[example("cumulative([1, 2, 3])", "[1, 3, 6]")],
        cumulative,
    ),
    function(
        "differences",
        LIST,
        &[Kind::List],
        "each element minus the previous one",
        &["diff"],
        &[example("differences([1, 4, 9])", "[3, 5]")],
        differences,
    ),
    function(
        "any",
        LIST,
        &[Kind::Truth],
        "whether any element is true",
        &["exists", "or"],
        &[example("any([1, 5] > 3)", "true")],
        |i, a| booleans(i, a).map(|t| Value::Bool(t.contains(&true))),
    ),
    function(
        "all",
        LIST,
        &[Kind::Truth],
        "whether every element is true",
        &["every", "and"],
        &[example("all([1, 5] > 3)", "false")],
        |i, a| booleans(i, a).map(|t| Value::Bool(!t.contains(&false))),
    ),
    function(
        "argmax",
        POINTS,
        &[Kind::Whole],
        "the index of the largest element, the first if several are equal; nan is ignored",
        &["position", "index", "maximum"],
        &[example("argmax([1, 5, 2])", "1")],
        |i, a| extreme_index(i, a, |new, old| new > old),
    ),
    function(
        "argmin",
        POINTS,
        &[Kind::Whole],
        "the index of the smallest element, the first if several are equal; nan is ignored",
        &["position", "index", "minimum"],
        &[example("argmin([3, 1, 2])", "1")],
        |i, a| extreme_index(i, a, |new, old| new < old),
    ),
    function(
        "contains",
        &[required("list", &[Kind::List]), required("x", &[Kind::Any])],
        &[Kind::Truth],
        "whether a list has an element equal to x",
        &["in", "member", "has"],
        &[example("contains([1, 2], 2)", "true")],
        |i, a| {
            let items = a.list(i, "list")?;
            let x = a.arg("x")?;
            Ok(Value::Bool(items.iter().any(|v| equal(v, &x.value) == Some(true))))
        },
    ),
    function(
        "join",
        &[required("first", &[Kind::Any])],
        &[Kind::List],
        "concatenates lists; any other value counts as a list of one element",
        &["append", "concatenate", "push", "vcat"],
        &[example("join([1, 2], [3], 4)", "[1, 2, 3, 4]")],
        join,
    )
    .with(Style::Rest("others")),
    function(
        "linspace",
        &[required("interval", &[Kind::Interval]), required("count", &[Kind::Whole])],
        &[Kind::List],
        "`count` equally spaced values from one end of an interval to the other, both included",
        &["range", "spaced", "sample"],
        &[example("linspace(0 .. 1, 5)", "[0, 0.25, 0.5, 0.75, 1]")],
        linspace,
    ),
];

fn len(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let x = args.operand("x")?;
    let count = match x.value {
        Value::Str(s) => s.chars().count(),
        Value::Record(r) => r.entries.len(),
        Value::Table(t) => t.rows(),
        Value::Field(f) => f.grid.points,
        Value::Grid(g) => g.points,
        Value::List(_) | Value::Interval(..) => interp.elements(x, "x")?.len(),
        _ => return args.mismatch("x", "a list, table, field, string or record", None),
    };
    Ok(Value::plain(count as f64))
}

/// The order of two numbers or two strings; `None`: they have none.
fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => x.dim.agree(y.dim).map(|_| x.value.total_cmp(&y.value)),
        (Value::Str(x), Value::Str(y)) => Some(x.cmp(y)),
        (Value::Bool(x), Value::Bool(y)) => Some(x.cmp(y)),
        _ => None,
    }
}

fn sort(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let items = args.list(interp, "list")?;
    let keys = match args.get("by") {
        Some(by) => match (&by.value, &args.arg("list")?.value) {
            (Value::Str(name), Value::Table(table)) => match table.get(name) {
                Some(column) => column.to_vec(),
                None => return interp.member(args.operand("list")?, &Ident { name: name.clone(), span: by.span }),
            },
            (Value::Str(_), _) => {
                let help = Some("a list of records is ordered by a function: `by: fn(r) = r.R`".into());
                return args.wrong(by.span, "only a table has columns to order it by", help);
            }
            _ => items
                .iter()
                .map(|v| interp.apply(&by.value, vec![v.clone()], by.span))
                .collect::<Result<Vec<Value>>>()?,
        },
        None => items.to_vec(),
    };
    let first = keys.first();
    if let Some(odd) = keys.iter().find(|k| first.and_then(|f| order(f, k)).is_none()) {
        let (span, first) = (args.span_of("list"), first.map(Value::kind).unwrap_or_default());
        let odd = odd.kind();
        let message = if odd == first {
            format!("`sort` cannot order {odd} and another")
        } else {
            format!("`sort` cannot order {first} and {odd}")
        };
        let help = "it orders numbers of one dimension, strings, or anything by a function of it: `sort(list, by: f)`";
        return args.wrong(span, message, Some(help.into()));
    }
    let mut ranked: Vec<usize> = (0..items.len()).collect();
    ranked.sort_by(|a, b| order(&keys[*a], &keys[*b]).unwrap_or(Ordering::Equal));
    if args.truth("reverse")? {
        ranked.reverse();
    }
    Ok(chosen(&args.arg("list")?.value, &items, &ranked))
}

/// Some of the elements of a list, or of the rows of a table, in that order.
fn chosen(of: &Value, items: &List, which: &[usize]) -> Value {
    match of {
        Value::Table(table) => Value::Table(Rc::new(table.only(which))),
        _ => Value::list(which.iter().map(|i| items[*i].clone()).collect()),
    }
}

/// List and function in either order: `map(list, f)` and, as in Julia, `map(f, list)`.
fn list_and_function(interp: &mut Interpreter, args: &Args) -> Result<(Rc<List>, Value)> {
    let (a, b) = (args.arg("list")?, args.arg("f")?);
    let swapped = matches!(a.value, Value::Function(_) | Value::Builtin(_));
    let (list, f) = if swapped { (b, a) } else { (a, b) };
    let what = format!("the list of `{}`", args.name());
    let items = interp.elements(Operand::new(&list.value, list.span), &what)?;
    Ok((items, f.value.clone()))
}

fn map(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let (items, f) = list_and_function(interp, args)?;
    items.iter().map(|v| interp.apply(&f, vec![v.clone()], args.span)).collect::<Result<Vec<_>>>().map(Value::list)
}

fn filter(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let (items, f) = list_and_function(interp, args)?;
    let mut kept = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let keep = interp.apply(&f, vec![item.clone()], args.span)?;
        if truth(Operand::new(&keep, args.span_of("f")), "the result of the function of `filter`")? {
            kept.push(i);
        }
    }
    let table =
        ["list", "f"].into_iter().filter_map(|name| args.get(name)).find(|arg| matches!(arg.value, Value::Table(_)));
    Ok(chosen(table.map_or(&Value::Nothing, |arg| &arg.value), &items, &kept))
}

fn fold(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let (items, f) = list_and_function(interp, args)?;
    let (start, rest) = match (args.get("start"), items.split_first()) {
        (Some(start), _) => (start.value.clone(), &items[..]),
        (None, Some((first, rest))) => (first.clone(), rest),
        (None, None) => {
            let span = args.span_of("list");
            return fail(RunError::Empty { function: "fold".into(), span }, span);
        }
    };
    rest.iter().try_fold(start, |so_far, v| interp.apply(&f, vec![so_far, v.clone()], args.span))
}

/// What a pair in a list takes, bytes: the list with its counts, and three values.
const PAIR: u64 = (size_of::<List>() + 2 * size_of::<usize>() + 3 * size_of::<Value>()) as u64;

fn zip(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let (a, b) = (args.list(interp, "a")?, args.list(interp, "b")?);
    if a.len() != b.len() {
        let (left_span, right_span) = (args.span_of("a"), args.span_of("b"));
        let (left, right) = (a.len(), b.len());
        return fail(TypesError::Lengths { operator: "zip".into(), left, right, left_span, right_span }, args.span);
    }
    short_enough(3.0 * a.len() as f64, args.span)?;
    interp.afford(a.len() as u64 * PAIR, "`zip`", args.span)?;
    Ok(Value::list(a.iter().zip(b.iter()).map(|(x, y)| Value::list(vec![x.clone(), y.clone()])).collect()))
}

fn cumulative(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let items = args.list(interp, "list")?;
    let span = args.span_of("list");
    let mut sums: Vec<Value> = Vec::with_capacity(items.len());
    for item in items.iter() {
        let sum = match sums.last() {
            None => item.clone(),
            Some(sum) => interp.binary(Binary::Add, Operand::new(sum, span), Operand::new(item, span), span)?,
        };
        sums.push(sum);
    }
    Ok(Value::list(sums))
}

fn differences(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let items = args.list(interp, "list")?;
    let span = args.span_of("list");
    let pairs = items.iter().zip(items.iter().skip(1));
    pairs
        .map(|(a, b)| interp.binary(Binary::Sub, Operand::new(b, span), Operand::new(a, span), span))
        .collect::<Result<Vec<_>>>()
        .map(Value::list)
}

fn booleans(interp: &mut Interpreter, args: &Args) -> Result<Vec<bool>> {
    let items = args.list(interp, "list")?;
    let (what, span) = (format!("an element of {}", args.what("list")), args.span_of("list"));
    items.iter().map(|v| truth(Operand::new(v, span), &what)).collect()
}

fn extreme_index(interp: &mut Interpreter, args: &Args, better: fn(f64, f64) -> bool) -> Result<Value> {
    let values: Vec<Quantity> = match &args.arg("list")?.value {
        Value::Field(field) if field.channels == 1 => field.data.iter().map(|&v| Quantity::plain(v)).collect(),
        _ => quantities(interp, args, "list")?,
    };
    let pick = |best: Option<usize>, i: usize| match best {
        Some(b) if !better(values[i].value, values[b].value) => Some(b),
        _ => Some(i),
    };
    let span = args.span_of("list");
    match (0..values.len()).filter(|&i| !values[i].value.is_nan()).fold(None, pick) {
        Some(index) => Ok(Value::plain(index as f64)),
        None if !values.is_empty() => args.wrong(span, "every element is nan", None),
        None => fail(RunError::Empty { function: args.name().into(), span }, span),
    }
}

fn join(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let length = |value: &Value| match value {
        Value::List(items) => items.len(),
        _ => 1,
    };
    let length = std::iter::once(args.arg("first")?).chain(&args.rest).map(|arg| length(&arg.value)).sum::<usize>();
    short_enough(length as f64, args.span)?;
    let mut joined = Vec::with_capacity(length);
    for arg in std::iter::once(args.arg("first")?).chain(&args.rest) {
        match &arg.value {
            Value::List(_) | Value::Interval(..) => {
                joined.extend(interp.elements(Operand::new(&arg.value, arg.span), "a list")?.iter().cloned());
            }
            other => joined.push(other.clone()),
        }
    }
    Ok(Value::list(joined))
}

fn linspace(_: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let ((from, to), count) = (args.interval("interval")?, args.whole("count")?);
    if !(2..=10_000_000).contains(&count) {
        return args.wrong(args.span_of("count"), "`linspace` needs at least 2 and at most 1e7 values", None);
    }
    if !from.value.is_finite() || !to.value.is_finite() {
        let interval = text::value(&args.arg("interval")?.value);
        let message = format!("`linspace` needs finite ends, not {interval}");
        return args.wrong(args.span_of("interval"), message, None);
    }
    let steps = (count - 1) as f64;
    let width = to.value - from.value;
    let step = if width.is_finite() { width / steps } else { to.value / steps - from.value / steps };
    let at = |i: usize| if i + 1 == count { to.value } else { from.value + i as f64 * step };
    let number = |i: usize| {
        let part = i as f64 / steps;
        let mixed = |a: f64, b: f64| (1.0 - part) * a + part * b;
        let trust = from.trust.combined(from.value, &to.trust, to.value, mixed);
        Value::Number(Quantity::of(at(i), from.dim).trusted(trust))
    };
    Ok(Value::list((0..count).map(number).collect()))
}
