//! Values as JSON: numbers round-trip, what is not finite is a string.

use super::number;
use super::table::common_unit;
use crate::exact::Reference;
use crate::interp::host::Shown;
use crate::interp::value::{Field, Quantity, Table, Value};
use crate::ks::{Run, Stop};
use crate::model::{Grid, System, Wall};
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
    if let Value::Table(table) = shown.value {
        record.insert("units".into(), units(table));
    }
    record.insert("value".into(), value);
    Some(record.into())
}

/// Type and bare value; `None` for what has no JSON (a figure, nothing).
pub fn json(value: &Value) -> Option<(&'static str, Json)> {
    Some(match value {
        Value::Number(q) if unit(value).is_none() => ("number", number(q.shown())),
        Value::Number(q) => ("quantity", number(q.shown())),
        Value::Bool(b) => ("bool", (*b).into()),
        Value::Str(s) => ("string", (**s).into()),
        Value::List(items) => ("list", items.iter().map(bare).collect::<Vec<_>>().into()),
        Value::Record(record) => {
            let entries: Map<String, Json> =
                record.entries.iter().map(|(name, value)| (name.to_string(), bare(value))).collect();
            ("record", entries.into())
        }
        Value::Interval(a, b) => ("interval", vec![number(a.shown()), number(b.shown())].into()),
        Value::Field(field) => ("field", field_json(field)),
        Value::Grid(grid) => ("grid", grid_json(grid)),
        Value::System(system) => ("system", system_json(system)),
        Value::Run(run) => ("run", run_json(run)),
        Value::Reference(reference) => ("reference", reference_json(reference)),
        Value::Table(table) => {
            let column = |values: &[Value]| values.iter().map(bare).collect::<Vec<_>>().into();
            let columns: Map<String, Json> =
                table.columns.iter().map(|(name, values)| (name.to_string(), column(values))).collect();
            ("table", columns.into())
        }
        Value::Figure(_) | Value::Nothing => return None,
        Value::Interaction(_) => ("interaction", super::text::inline(value).into()),
        Value::Mixing(_) => ("mixing", super::text::inline(value).into()),
        Value::Functional(f) => ("functional", object_of(f.summary())),
        Value::Model(m) => ("model", object_of(m.summary())),
        Value::Loss(_) => ("loss", super::text::inline(value).into()),
        Value::Optimizer(_) => ("optimizer", super::text::inline(value).into()),
        Value::Symbol(_) => return None,
        Value::Module(_) => ("module", super::text::inline(value).into()),
        Value::SystemMaker(_) | Value::Function(_) | Value::Builtin(_) => {
            ("function", super::text::inline(value).into())
        }
    })
}

fn object_of(entries: Vec<(&'static str, Value)>) -> Json {
    let entries: Map<String, Json> = entries.iter().map(|(name, value)| (name.to_string(), bare(value))).collect();
    entries.into()
}

/// Inside lists, records and tables.
fn bare(value: &Value) -> Json {
    json(value).map_or(Json::Null, |(_, value)| value)
}

/// The unit of a quantity, or of a list or interval of quantities that share one.
fn unit(value: &Value) -> Option<String> {
    let unit = |q: &Quantity| Some(q.unit_text()).filter(|u| !u.is_empty());
    match value {
        Value::Number(q) => unit(q),
        Value::Interval(a, b) => unit(a).or_else(|| unit(b)),
        Value::List(items) => common_unit(items).filter(|u| !u.is_empty()),
        _ => None,
    }
}

/// Unit of every column of quantities.
fn units(table: &Table) -> Json {
    let column = |(name, values): &(std::rc::Rc<str>, std::rc::Rc<Vec<Value>>)| {
        let unit = common_unit(values).filter(|u| !u.is_empty())?;
        Some((name.to_string(), Json::from(unit)))
    };
    table.columns.iter().filter_map(column).collect::<Map<_, _>>().into()
}

/// A number; `"nan"`, `"inf"`, `"-inf"` where JSON has none. Whole numbers keep a point: `2.0`.
fn number(x: f64) -> Json {
    serde_json::Number::from_f64(x).map_or_else(|| number::not_finite(x).into(), Json::Number)
}

fn numbers(values: &[f64]) -> Json {
    values.iter().map(|x| number(*x)).collect::<Vec<_>>().into()
}

/// An array; channels outermost if several.
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
        "label": system.label,
        "electrons": system.electrons,
        "unpaired": system.unpaired,
        "nuclear_repulsion": number(system.nuclear_repulsion),
    })
}

fn run_json(run: &Run) -> Json {
    let stop = match run.stop {
        Stop::Converged => "converged",
        Stop::Fixed => "fixed",
        Stop::Exhausted => "exhausted",
        Stop::Interrupted => "interrupted",
    };
    let [up, down] = &run.orbital_energies;
    let orbital_energies =
        if run.system.closed_shell() { numbers(up) } else { vec![numbers(up), numbers(down)].into() };
    object!({
        "system": run.system.label,
        "functional": run.functional,
        "total_energy": number(run.energy + run.system.nuclear_repulsion),
        "energy": number(run.energy),
        "kinetic_energy": number(run.kinetic_energy),
        "hartree_energy": number(run.hartree_energy),
        "xc_energy": number(run.xc_energy),
        "external_energy": number(run.external_energy),
        "orbital_energies": orbital_energies,
        "gap": run.gap.map(number),
        "converged": run.stop == Stop::Converged,
        "stop": stop,
        "iterations": run.iterations,
        "residual": number(run.residual),
    })
}

fn reference_json(reference: &Reference) -> Json {
    object!({
        "system": reference.system.label,
        "total_energy": number(reference.energy + reference.system.nuclear_repulsion),
        "energy": number(reference.energy),
        "error": number(reference.error),
        "occupations": numbers(&reference.occupations),
    })
}
