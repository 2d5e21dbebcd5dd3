//! Values as JSON. Numbers round-trip; those that are not finite become strings.

use crate::exact::Reference;
use crate::interp::session::host::Shown;
use crate::interp::value::{Field, Model, Quantity, Solved, Value, listed_length, shared, spread as run_spread};
use crate::ks::{Datum, Property, Stop};
use crate::model::{Grid, System, Wall};
use crate::number::json as number;
use crate::problem::hidden;
use serde_json::{Map, Value as Json, json as object};

/// One shown value as `{"line", "source", "type", "unit", "value"}`; `None` for what is not shown (a figure).
pub fn record(shown: &Shown<'_>) -> Option<Json> {
    let (kind, value) = json(shown.value)?;
    let mut record = Map::new();
    if let Some(source) = shown.sources.get(shown.span.source) {
        record.insert("line".into(), source.position(shown.span.start as usize).0.into());
    }
    record.insert("source".into(), shown.sources.text(shown.span).trim().into());
    record.insert("type".into(), kind.into());
    if let Some(unit) = unit(shown.value) {
        record.insert("unit".into(), unit.into());
    }
    if let Value::Field(field) = shown.value {
        record.insert("x".into(), numbers(&field.grid.xs()));
    }
    match shown.value {
        Value::Table(table) => {
            let columns = table.columns.iter().map(|(name, values)| (name, shared_unit(values)));
            record.insert("units".into(), units(columns));
        }
        Value::Record(whole) => {
            let entries = whole.entries.iter().map(|(name, value)| (name, unit(value)));
            record.insert("units".into(), units(entries));
        }
        _ => {}
    }
    if let Some(converged) = converged(shown.value) {
        record.insert("converged".into(), converged);
    }
    if let Some(spread) = spread(shown.value, unit(shown.value).is_some(), true) {
        record.insert("spread".into(), spread);
    }
    record.insert("value".into(), value);
    Some(record.into())
}

/// Where a value comes from calculations that did not converge: `false` for a number, a list for a list, and for a table or record
/// what is so marked by name. `None`: nowhere.
fn converged(value: &Value) -> Option<Json> {
    let named = |all: Vec<(&std::rc::Rc<str>, Option<Json>)>| {
        let known = all.into_iter().filter_map(|(name, found)| Some((name.to_string(), found?)));
        let known: Map<String, Json> = known.collect();
        (!known.is_empty()).then(|| known.into())
    };
    match value {
        Value::Number(q) => q.trust.unconverged().then_some(Json::Bool(false)),
        Value::Field(field) => field.unconverged.then_some(Json::Bool(false)),
        Value::List(items) => converged_items(items),
        Value::Record(record) => named(record.entries.iter().map(|(name, value)| (name, converged(value))).collect()),
        Value::Table(table) => {
            named(table.columns.iter().map(|(name, items)| (name, converged_items(items))).collect())
        }
        _ => None,
    }
}

/// The spreads of a value over the members of committees, in the places of the numbers that have one, in their units (`named`) or in
/// atomic ones, as [`part`] has the numbers themselves; `outermost`: in no other value. `null` in the places of others; `None`: there is
/// none.
fn spread(value: &Value, named: bool, outermost: bool) -> Option<Json> {
    let all = |parts: Vec<(&std::rc::Rc<str>, Option<Json>)>| {
        let known: Map<String, Json> =
            parts.into_iter().filter_map(|(name, found)| Some((name.to_string(), found?))).collect();
        (!known.is_empty()).then(|| known.into())
    };
    match value {
        Value::Number(q) => (if named { q.spread() } else { q.trust.spread() }).map(number),
        Value::List(items) => spread_items(items, named),
        Value::Record(record) => {
            let named = |value: &Value| outermost && unit(value).is_some();
            all(record.entries.iter().map(|(name, value)| (name, spread(value, named(value), false))).collect())
        }
        Value::Table(table) => {
            let column = |items: &[Value]| spread_items(items, outermost && shared_unit(items).is_some());
            all(table.columns.iter().map(|(name, items)| (name, column(items))).collect())
        }
        _ => None,
    }
}

fn spread_items(items: &[Value], named: bool) -> Option<Json> {
    let all: Vec<Option<Json>> = items.iter().map(|item| spread(item, named, false)).collect();
    let any = all.iter().any(Option::is_some);
    any.then(|| all.into_iter().map(|found| found.unwrap_or(Json::Null)).collect::<Vec<_>>().into())
}

fn converged_items(items: &[Value]) -> Option<Json> {
    let all: Vec<Option<Json>> = items.iter().map(converged).collect();
    let whole = all.iter().any(Option::is_some);
    whole.then(|| all.into_iter().map(|found| found.unwrap_or(Json::Bool(true))).collect::<Vec<_>>().into())
}

/// Type and value; `None` if there is no JSON for it (a figure, `nothing`). Numbers are in the unit that [`record`] names, or
/// else in atomic units.
pub fn json(value: &Value) -> Option<(&'static str, Json)> {
    let json = match value {
        Value::Number(q) => number(q.shown()),
        Value::Bool(b) => (*b).into(),
        Value::Str(s) => (**s).into(),
        Value::List(items) => list(items, unit(value).is_some()),
        Value::Record(record) => {
            let named = |value: &Value| part(value, unit(value).is_some());
            record.entries.iter().map(|(name, value)| (name.to_string(), named(value))).collect::<Map<_, _>>().into()
        }
        Value::Interval(a, b) => interval(a, b),
        Value::Field(field) => field_json(field),
        Value::Grid(grid) => grid_json(grid),
        Value::System(system) => system_json(system),
        Value::Run(run) => run_json(run),
        Value::Reference(reference) => reference_json(reference),
        Value::Table(table) => {
            let column = |values: &[Value]| list(values, shared_unit(values).is_some());
            table.columns.iter().map(|(name, values)| (name.to_string(), column(values))).collect::<Map<_, _>>().into()
        }
        Value::Functional(f) => object_of(f.summary()),
        Value::Model(m) => model_json(m),
        Value::Machine(m) => object_of(m.summary()),
        Value::Figure(_) | Value::Nothing | Value::Symbol(_) => return None,
        Value::Interaction(_)
        | Value::Mixing(_)
        | Value::ExactFunctional
        | Value::Corrected(_)
        | Value::Kernel(_)
        | Value::Basis(_)
        | Value::Loss(_)
        | Value::Optimizer(_)
        | Value::Module(_)
        | Value::SystemMaker(_)
        | Value::Function(_)
        | Value::Builtin(_) => super::inline::inline(value).into(),
    };
    Some((value.type_word(), json))
}

fn object_of(entries: Vec<(&'static str, Value)>) -> Json {
    let entries: Map<String, Json> =
        entries.iter().map(|(name, value)| (name.to_string(), part(value, false))).collect();
    entries.into()
}

/// As [`object_of`], with the lines of its origin as a list.
fn model_json(model: &Model) -> Json {
    let mut summary = model.summary();
    summary.retain(|(name, _)| *name != "origin");
    if !model.origin.is_empty() {
        summary.push(("origin", Value::list(model.origin.iter().map(Value::text).collect())));
    }
    object_of(summary)
}

/// A value inside a list, record or table: in its unit if the whole names that unit (`named`), otherwise in atomic units.
fn part(value: &Value, named: bool) -> Json {
    match value {
        Value::Number(q) => number(if named { q.shown() } else { q.value }),
        Value::List(items) => list(items, named),
        Value::Interval(a, b) if named => interval(a, b),
        Value::Interval(a, b) => interval(&Quantity { unit: None, ..a.clone() }, &Quantity { unit: None, ..b.clone() }),
        Value::Record(record) => {
            let entries = record.entries.iter().map(|(name, value)| (name.to_string(), part(value, false)));
            entries.collect::<Map<_, _>>().into()
        }
        Value::Table(table) => {
            let columns = table.columns.iter().map(|(name, values)| (name.to_string(), list(values, false)));
            columns.collect::<Map<_, _>>().into()
        }
        other => json(other).map_or(Json::Null, |(_, value)| value),
    }
}

fn list(items: &[Value], named: bool) -> Json {
    items.iter().map(|item| part(item, named)).collect::<Vec<_>>().into()
}

/// A text on one line, in which characters that would control a terminal are escaped; they occur only in strings.
pub fn json_line(json: &Json) -> String {
    let text = json.to_string();
    if !text.contains(hidden) {
        return text;
    }
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        if hidden(letter) {
            letter.encode_utf16(&mut [0; 2]).iter().for_each(|unit| safe.push_str(&format!("\\u{unit:04x}")));
        } else {
            safe.push(letter);
        }
    }
    safe
}

/// The values of an interval that is a list; otherwise both ends, in the unit that [`unit`] names.
fn interval(a: &Quantity, b: &Quantity) -> Json {
    if let Some(length) = listed_length(a, b) {
        let value = |k: usize| Quantity { value: a.value + k as f64, ..a.clone() };
        return (0..length).map(|k| number(value(k).shown())).collect::<Vec<_>>().into();
    }
    let ends = if a.unit_text() == b.unit_text() { [a.shown(), b.shown()] } else { [a.value, b.value] };
    ends.map(number).to_vec().into()
}

/// The unit of a quantity, or of a list or interval of quantities that share one.
fn unit(value: &Value) -> Option<String> {
    unit_text(value).filter(|unit| !unit.is_empty())
}

/// The unit of a list's items, if they share one.
fn shared_unit(items: &[Value]) -> Option<String> {
    shared(items, unit_text).filter(|unit| !unit.is_empty())
}

/// As [`unit`]; empty for plain numbers.
fn unit_text(value: &Value) -> Option<String> {
    match value {
        Value::Number(q) => Some(q.unit_text()),
        Value::Interval(a, b) if a.unit_text() == b.unit_text() => Some(a.unit_text()),
        Value::Interval(a, b) => [a, b].map(|q| q.dim.unit()).into_iter().find(|unit| !unit.is_empty()),
        Value::List(items) => shared_unit(items),
        _ => None,
    }
}

/// The units of the named values that have one.
fn units<'a>(named: impl Iterator<Item = (&'a std::rc::Rc<str>, Option<String>)>) -> Json {
    let known = named.filter_map(|(name, unit)| Some((name.to_string(), Json::from(unit?))));
    known.collect::<Map<_, _>>().into()
}

fn numbers(values: &[f64]) -> Json {
    values.iter().map(|x| number(*x)).collect::<Vec<_>>().into()
}

/// An array; several channels are the outermost axis.
fn field_json(field: &Field) -> Json {
    if field.channels == 1 {
        return numbers(&field.data);
    }
    let channel = |c: usize| field.data.iter().skip(c).step_by(field.channels).map(|x| number(*x)).collect::<Vec<_>>();
    (0..field.channels).map(|c| Json::from(channel(c))).collect::<Vec<_>>().into()
}

fn grid_json(grid: &Grid) -> Json {
    object!({
        "points": grid.points,
        "spacing": number(grid.spacing),
        "from": number(grid.x(0)),
        "to": number(grid.end()),
        "stencil": grid.stencil,
        "wall": match grid.wall { Wall::Zero => "zero", Wall::Odd => "odd" },
    })
}

fn system_json(system: &System) -> Json {
    object!({
        "name": system.label,
        "electrons": system.electrons,
        "unpaired": system.unpaired,
        "nuclear_repulsion": number(system.nuclear_repulsion),
    })
}

fn run_json(run: &Solved) -> Json {
    let mut whole = Map::new();
    whole.insert("system".into(), run.system.label.as_str().into());
    whole.insert("functional".into(), run.functional.as_str().into());
    for property in Property::all_shown(true).into_iter().filter(|property| property.is_in(run)) {
        let datum = property.of(run);
        if let Datum::Verdict(verdict) = datum {
            whole.insert(property.name.into(), verdict.converged.into());
            whole.insert("stop".into(), stop_word(verdict.stop).into());
            continue;
        }
        whole.insert(property.name.into(), datum_json(datum, run.restricted));
    }
    if let Some(spread) = run_spread(run) {
        whole.insert("spread".into(), part(&spread, false));
    }
    whole.into()
}

fn stop_word(stop: Stop) -> &'static str {
    match stop {
        Stop::Converged => "converged",
        Stop::Fixed => "fixed",
        Stop::Exhausted => "exhausted",
        Stop::Interrupted => "interrupted",
    }
}

/// A property of a run; `restricted`: it has the same orbitals for both spins.
fn datum_json(datum: Datum, restricted: bool) -> Json {
    match datum {
        Datum::Count(n) => n.into(),
        Datum::Energy(value) => value.map(number).into(),
        Datum::Electrons(value) => number(value),
        Datum::Energies(values) | Datum::Trajectory(values) | Datum::Field(values) => numbers(&values),
        Datum::Fields(all) => all.iter().map(|values| numbers(values)).collect::<Vec<_>>().into(),
        Datum::Verdict(verdict) => stop_word(verdict.stop).into(),
        Datum::Truth(value) => value.into(),
        Datum::Text(words) => words.into(),
        Datum::Spins(both) => {
            let [up, down] = *both;
            let up = datum_json(up, restricted);
            if restricted { up } else { vec![up, datum_json(down, restricted)].into() }
        }
    }
}

fn reference_json(reference: &Reference) -> Json {
    let total = number(reference.energy + reference.system.nuclear_repulsion);
    match reference.entry() {
        Some(entry) => object!({
            "system": reference.system.label,
            "total_energy": total,
            "energy": number(reference.energy),
            "from": format!("{}[{}]", entry.set, entry.index),
            "converged": entry.converged,
        }),
        None => object!({
            "system": reference.system.label,
            "total_energy": total,
            "energy": number(reference.energy),
            "error": number(reference.error),
            "occupations": reference.occupations.as_deref().map(numbers),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interp::tests::helpers::value;
    use crate::source::{Sources, Span};

    fn shown(script: &str) -> Json {
        let value = value(script);
        record(&Shown { value: &value, span: Span::default(), sources: &Sources::default() }).unwrap_or_default()
    }

    #[test]
    fn units_are_named_or_atomic() {
        let mixed = shown("[1 hartree, 1 hartree -> eV]");
        assert_eq!((&mixed["unit"], &mixed["value"]), (&Json::Null, &object!([1, 1])));
        let shared = shown("[[2 bohr, 4 bohr], [6 bohr]]");
        assert_eq!((&shared["unit"], &shared["value"]), (&object!("bohr"), &object!([[2, 4], [6]])));
        let ends = shown("1 .. (2 bohr -> angstrom)");
        assert_eq!((&ends["unit"], &ends["value"]), (&object!("bohr"), &object!([1, 2])));
        let record = shown("{ E: 27.211386245988 eV -> eV, n: 2, deep: { E: 1 hartree -> eV }, R: [1 bohr] }");
        assert_eq!(record["units"], object!({ "E": "eV", "R": "bohr" }));
        assert_eq!(record["value"], object!({ "E": 27.211386245988, "n": 2, "deep": { "E": 1 }, "R": [1] }));
        let table = shown("table { E: [1 hartree, 1 hartree -> eV], R: [1 bohr, 2 bohr] }");
        assert_eq!(table["units"], object!({ "R": "bohr" }));
        assert_eq!(table["value"]["E"], object!([1, 1]));
    }

    #[test]
    fn whole_ranges_are_lists_however_long() {
        assert_eq!(shown("0 .. 3")["value"], object!([0, 1, 2, 3]));
        assert_eq!(shown("3 .. 0")["value"], object!([]));
        for last in [1_000_000, 1_000_001] {
            let value = shown(&format!("0 .. {last}"));
            assert_eq!((&value["type"], value["value"].as_array().map(Vec::len)), (&object!("list"), Some(last + 1)));
        }
        // As many values as no list can have: only the ends.
        for (script, ends) in [("0 .. 1e12", object!([0, 1e12 as i64])), ("1e300 .. 2e300", object!([1e300, 2e300]))] {
            let value = shown(script);
            assert_eq!((&value["type"], &value["value"]), (&object!("interval"), &ends));
        }
        assert_eq!(shown("0.5 .. 2")["type"], "interval");
    }

    #[test]
    fn hidden_characters_are_escaped() {
        let json = object!({ "a\u{9b}": "\u{1b}[2J\u{202e}\u{e0041}β👍\"" });
        let line = json_line(&json);
        assert_eq!(line, r#"{"a\u009b":"\u001b[2J\u202e\udb40\udc41β👍\""}"#);
        assert_eq!(serde_json::from_str::<Json>(&line).unwrap(), json);
    }

    #[test]
    fn a_model_keeps_all_lines_of_its_origin() {
        let model =
            "functional f(n) { param a = 1; -a * n }\nmodel(f, parameters: { a: 2 }, origin: [\"one\", \"two\"])";
        assert_eq!(shown(model)["value"]["origin"], object!(["one", "two"]));
    }
}
