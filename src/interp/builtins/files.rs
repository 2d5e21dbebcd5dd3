//! Printing and saving.

mod replace;
#[cfg(test)]
mod replace_tests;
mod table;

use super::datasets::{self, FILES};
use crate::data;
use crate::interp::Interpreter;
use crate::interp::call::{Args, Builtin, Style, example, function, required, shown};
use crate::interp::error::{Advice, RunError, fail};
use crate::interp::value::{Field, KernelFunction, Value, text};
use crate::interp::verbs::written_machine;
use crate::lang::Kind;
use crate::problem::{Problem, Result, reason};
use replace::{Objection, objection};
use std::path::Path;

pub(crate) const ALL: &[Builtin] = &[
    function(
        "print",
        &[required("first", &[Kind::Any])],
        &[Kind::Nothing],
        "prints values, separated by spaces",
        &["write", "output", "show"],
        &[shown("print(\"R =\", 1.4 bohr)")],
        |interp, args| {
            let first = text::value(&args.arg("first")?.value);
            let rest = args.rest.iter().map(|a| text::value(&a.value));
            let line = std::iter::once(first).chain(rest).collect::<Vec<_>>().join(" ");
            interp.host.print(&line);
            Ok(Value::Nothing)
        },
    )
    .with(Style::Rest("others"))
    .acting(),
    function(
        "exists",
        &[required("path", &[Kind::Text])],
        &[Kind::Truth],
        "whether there is a file or folder with that path, relative to the script",
        &["file", "folder", "there", "path"],
        &[example("exists(\"no/such/file.npz\")", "false")],
        |interp, args| {
            let path = args.text("path")?;
            Ok(Value::Bool(
                !path.is_empty() && {
                    let full = interp.path(&path, interp.module_at(args.span));
                    interp.world.kind(&full).is_some()
                },
            ))
        },
    ),
    function(
        "save",
        &[required("value", &[Kind::Any]), required("path", &[Kind::Text])],
        &[Kind::Nothing],
        "writes a table (`.csv`, `.json`), field or list of numbers (`.npy`), figure (`.svg`, `.png`), model (`.ksr`) or machine of `ridge` (`.json`) to a \
         file, a list of references or runs to a folder that `dataset` reads; the path is relative to the script. It replaces \
         what ksr has written as the same kind of file, models only if nobody has edited them since; only the script itself may call it",
        &["write", "export", "file", "csv", "npy", "svg", "dataset"],
        &[],
        save,
    )
    .acting(),
];

/// Says what an array has no room for.
fn forgets(interp: &mut Interpreter, args: &Args, value: &Value) {
    let span = args.span_of("value");
    let spreads = |value: &Value| match value {
        Value::List(items) => items.iter().any(|item| matches!(item, Value::Number(q) if q.trust.spread().is_some())),
        _ => false,
    };
    let message = match () {
        () if !value.converged() => "it comes from calculations that did not converge, for which an array has no mark",
        () if spreads(value) => "its spreads are not saved: an array has no room for them; a table has",
        () => return,
    };
    interp.warn_with(Problem::new(Advice::Note { message: message.to_owned(), span }, span), false);
}

fn save(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let path = args.path("path")?;
    let full = interp.path(&path, interp.module_at(args.span));
    let extension = full.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    let value = args.arg("value")?.value.clone();
    let bare = full.file_name().and_then(|name| name.to_str()?.strip_prefix('.')).filter(|name| FILES.contains(name));
    if let Some(bare) = bare {
        let help = Some(format!("put a name before it: `\"name.{bare}\"`"));
        return args.wrong(args.span_of("path"), format!("`{path}` is only an extension"), help);
    }
    if datasets::holds_samples(&value) {
        return datasets::save(interp, args, &value, &full);
    }
    if extension.is_empty() {
        datasets::refuse(args, &value)?;
    }
    if !extension.is_empty() && path.ends_with(std::path::is_separator) {
        return args.wrong(args.span_of("path"), format!("`{path}` is the name of a folder, not of a file"), None);
    }
    if let Value::Table(table) = &value {
        interp.afford(table::bytes(table), "this file", args.span)?;
    }
    let bytes = match (&value, extension.as_str()) {
        (Value::Table(table), "csv") => Ok(table::csv(table).into_bytes()),
        (Value::Table(table), "json") => Ok(table::json(table).into_bytes()),
        (Value::Field(field), "npy") => field_bytes(&full, field),
        (Value::List(_) | Value::Interval(..), "npy") => {
            let numbers: Vec<f64> = super::reduce::quantities(interp, args, "value")?.iter().map(|q| q.value).collect();
            npy_bytes(&full, &[numbers.len()], &numbers)
        }
        (Value::Model(_) | Value::Functional(_), "ksr") => {
            Ok(interp.saved_text(&value, &full, args.span)?.into_bytes())
        }
        (Value::Machine(machine), "json") => {
            let kernel = match &machine.kernel {
                KernelFunction::Known(profile) => profile.name().to_owned(),
                KernelFunction::Own(closure) => interp.function_text(&Value::Function(closure.clone()), args.span)?,
            };
            match written_machine(machine, kernel) {
                Ok(text) => Ok(text.into_bytes()),
                Err(reason) => return args.wrong(args.span_of("value"), reason, None),
            }
        }
        (Value::Figure(figure), "svg" | "png") => interp.host.draw(figure, &full),
        (other, _) => {
            let message = match extensions(other) {
                Some(known) => format!("{} is saved as {known}, not as `{path}`", other.kind()),
                None => {
                    return args.wrong(args.span_of("value"), format!("{} cannot be saved", other.kind()), None);
                }
            };
            return args.wrong(args.span_of("path"), message, None);
        }
    };
    if extension == "npy" && bytes.is_ok() {
        forgets(interp, args, &value);
    }
    if let Some(Objection { reason, help }) = objection(interp, &full, &extension) {
        let span = args.span_of("path");
        return fail(RunError::NotReplaced { path: path.to_string(), reason, help, span }, span);
    }
    let written = bytes.and_then(|bytes| {
        interp.world.write(&full, &bytes).map_err(|error| reason(&error, "write"))?;
        if matches!(value, Value::Table(_) | Value::Machine(_)) {
            interp.ledger.note(&*interp.world, &full, &bytes);
        }
        Ok(())
    });
    match written {
        Ok(()) => Ok(Value::Nothing),
        Err(reason) => {
            let span = args.span_of("path");
            fail(RunError::File { verb: "write", path: path.to_string(), reason, span }, span)
        }
    }
}

fn extensions(value: &Value) -> Option<&'static str> {
    match value {
        Value::Table(_) => Some("`.csv` or `.json`"),
        Value::Field(_) | Value::List(_) | Value::Interval(..) => Some("`.npy`"),
        Value::Figure(_) => Some("`.svg` or `.png`"),
        Value::Model(_) | Value::Functional(_) => Some("`.ksr`"),
        Value::Machine(_) => Some("`.json`"),
        Value::Nothing
        | Value::Number(_)
        | Value::Bool(_)
        | Value::Str(_)
        | Value::Record(_)
        | Value::Grid(_)
        | Value::Interaction(_)
        | Value::System(_)
        | Value::Run(_)
        | Value::Reference(_)
        | Value::Mixing(_)
        | Value::ExactFunctional
        | Value::Corrected(_)
        | Value::Kernel(_)
        | Value::Basis(_)
        | Value::Function(_)
        | Value::Builtin(_)
        | Value::SystemMaker(_)
        | Value::Module(_)
        | Value::Symbol(_)
        | Value::Optimizer(_)
        | Value::Loss(_) => None,
    }
}

fn npy_bytes(path: &Path, shape: &[usize], data: &[f64]) -> std::result::Result<Vec<u8>, String> {
    data::npy_bytes(path, shape, data).map(data::marked_array).map_err(|error| error.to_string())
}

/// Writes `[points]`, or `[channels, points]` with channels outermost, as users see them.
fn field_bytes(path: &Path, field: &Field) -> std::result::Result<Vec<u8>, String> {
    let data: Vec<f64> = (0..field.channels).flat_map(|c| field.channel(c)).collect();
    let shape = [field.channels, field.grid.points];
    npy_bytes(path, if field.channels == 1 { &shape[1..] } else { &shape }, &data)
}
