//! Values on one line.

use super::number;
use super::width::{columns, shorten};
use crate::interp::value::{Field, Value, shared};
use crate::ks::Run;
use crate::lang::Dimension;
use crate::lang::ast::signature;
use crate::model::{Grid, Interaction, Wall};
use crate::number::counted;
use crate::problem::visible;
use std::borrow::Cow;

/// Entries of a list shown before it is abbreviated.
const LIST: usize = 10;

/// A value on one line.
pub fn inline(value: &Value) -> String {
    match value {
        Value::Number(q) => number::quantity(q),
        Value::Bool(b) => b.to_string(),
        Value::Str(s) => visible(s),
        Value::List(items) => list_text(items),
        Value::Record(record) => {
            let entries: Vec<String> = record.entries.iter().map(|(n, v)| format!("{n}: {}", nested(v))).collect();
            if entries.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", entries.join(", ")) }
        }
        Value::Interval(a, b) => format!("{} .. {}", number::quantity(a), number::quantity(b)),
        Value::Field(field) => field_head(field),
        Value::Grid(grid) => grid_text(grid),
        Value::Interaction(interaction) => interaction_text(interaction),
        Value::System(system) => system.label.clone(),
        Value::Run(run) => inline_run(run),
        Value::Reference(reference) => format!("reference for {}", reference.system.label),
        Value::Table(table) => format!("table of {}", counted(table.columns.len(), "column")),
        Value::Figure(figure) => format!("figure of {}", counted(figure.series.len(), "curve")),
        Value::Mixing(mixing) => mixing.text(number::plain),
        Value::Nothing => String::new(),
        Value::Function(function) => signature(&function.def.name.name, &function.def.params),
        Value::SystemMaker(maker) => signature(&maker.def.name.name, maker.def.params.as_deref().unwrap_or(&[])),
        Value::Builtin(builtin) => builtin.signature(),
        Value::Module(module) => format!("module {}", module.name),
        Value::Functional(f) => format!("functional {}", f.label()),
        Value::Model(m) => format!("model {}", m.name),
        Value::Corrected(corrected) => corrected.text(),
        Value::ExactFunctional => crate::exact::functional::NAME.to_owned(),
        Value::Machine(machine) => format!("machine from {} to {}", machine.input.words(), machine.output.words()),
        Value::Kernel(kernel) => kernel.text(),
        Value::Basis(basis) => basis.text(),
        Value::Loss(loss) => format!("loss {}", signature(loss.name(), &loss.closure.def.params)),
        Value::Optimizer(optimizer) => format!("optimizer of {}", counted(optimizer.steps(), "step")),
        Value::Symbol(symbol) => symbol.shape().to_string(),
    }
}

/// A value inside a list or record: strings in quotes.
pub fn nested(value: &Value) -> String {
    match value {
        Value::Str(s) => format!("{s:?}"),
        Value::Nothing => "nothing".to_owned(),
        _ => inline(value),
    }
}

/// `[0.4, 0.56, …, 6] bohr (36 numbers)`: a shared unit appears once.
fn list_text(items: &[Value]) -> String {
    let items = &*readable(items);
    let unit = common_unit(items);
    let unit_known = unit.is_some();
    let entry = |value: &Value| match (value, &unit) {
        (Value::Number(q), Some(_)) => format!("{}{}", number::bare(q), number::mark(q)),
        _ => nested(value),
    };
    let mut entries: Vec<String> = if items.len() <= LIST {
        items.iter().map(entry).collect()
    } else {
        let head = items.iter().take(LIST / 2).map(entry);
        let tail = items.iter().skip(items.len() - LIST / 2 + 1).map(entry);
        head.chain(["…".to_owned()]).chain(tail).collect()
    };
    let long = entries.iter().map(|e| columns(e)).sum::<usize>() > 300;
    if long {
        entries = entries.iter().map(|e| shorten(e, 60)).collect();
    }
    let mut text = format!("[{}]", entries.join(", "));
    if let Some(unit) = unit.filter(|u| !u.is_empty()) {
        text.push_str(&format!(" {unit}"));
    }
    if items.len() > LIST {
        text.push_str(&format!(" ({} values)", items.len()));
    }
    if unit_known && items.iter().any(unconverged) {
        text.push_str(&format!(" (* {})", number::UNCONVERGED));
    }
    text
}

/// Whether a number comes from a calculation that did not converge.
pub fn unconverged(value: &Value) -> bool {
    matches!(value, Value::Number(q) if q.trust.unconverged())
}

pub fn field_head(field: &Field) -> String {
    let grid = &field.grid;
    let channels = if field.channels == 1 { String::new() } else { format!(" of {} channels", field.channels) };
    let [from, to] = [grid.x(0), grid.end()].map(|x| number::digits(x, 5));
    let text = format!("field{channels} on {}, {from} .. {to} bohr", counted(grid.points, "point"));
    if field.unconverged { format!("{text} ({})", number::UNCONVERGED) } else { text }
}

pub fn inline_run(run: &Run) -> String {
    format!("run of {} on {}", run.functional, run.system.label)
}

pub fn grid_text(grid: &Grid) -> String {
    let [from, to, spacing] = [grid.x(0), grid.end(), grid.spacing].map(|x| number::digits(x, 6));
    let mut text = format!("{}, {from} .. {to} bohr, spacing {spacing} bohr", counted(grid.points, "point"));
    if grid.stencil != 5 {
        text.push_str(&format!(", stencil {}", grid.stencil));
    }
    if grid.wall == Wall::Odd {
        text.push_str(", odd walls");
    }
    text
}

pub fn interaction_text(interaction: &Interaction) -> String {
    match interaction {
        Interaction::None => "none".to_owned(),
        Interaction::Exponential { amplitude, kappa } => {
            format!("{} exp(-|r| / {}) hartree", number::plain(*amplitude), number::plain(1.0 / kappa))
        }
        Interaction::Sampled { name, .. } => name.clone(),
    }
}

/// The same values, with memory in the unit that suits the largest amount, unless the user chose a unit.
pub fn readable(values: &[Value]) -> Cow<'_, [Value]> {
    let bytes = |value: &Value| match value {
        Value::Number(q) if q.dim == Dimension::MEMORY => Some(q.value.abs()),
        _ => None,
    };
    let Some(largest) = values.iter().filter_map(bytes).reduce(f64::max) else { return values.into() };
    let better = |value: &Value| match value {
        Value::Number(q) => Value::Number(q.readable(largest)),
        other => other.clone(),
    };
    values.iter().map(better).collect()
}

/// The unit that all numbers of a column share (empty for plain ones); `nothing` is skipped. `None` if the units differ or there
/// are other values among them.
pub fn common_unit(values: &[Value]) -> Option<String> {
    let unit = |v: &Value| match v {
        Value::Number(q) => Some(q.unit_text()),
        _ => None,
    };
    shared(values.iter().filter(|v| !matches!(v, Value::Nothing)), unit)
}
