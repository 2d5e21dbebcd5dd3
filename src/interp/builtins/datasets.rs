//! Data sets: folders of arrays, read as references, written from references and runs.

use super::grids::WALL;
use crate::data::{read_layout, write_layout};
use crate::exact::dataset::{Choice, Dataset, Failed, Sample, SaveError, layout};
use crate::interp::Interpreter;
use crate::interp::call::{Args, Builtin, DefaultValue, function, named, required};
use crate::interp::error::{Placed, RunError, TraceError, fail};
use crate::interp::value::Value;
use crate::lang::Kind;
use crate::model::{Interaction, Wall};
use crate::problem::{Problem, Result, visible};
use crate::source::Span;
use crate::world::PathKind;
use miette::Diagnostic;
use std::path::Path;
use std::sync::Arc;

pub(crate) const ALL: &[Builtin] = &[function(
    "dataset",
    &[
        required("path", &[Kind::Text]),
        named("points", &[Kind::Whole], DefaultValue::Absent("all")),
        named("stencil", &[Kind::Whole], DefaultValue::Number(5.0)),
        named("wall", &[WALL], DefaultValue::Word("zero")),
        named(
            "interaction",
            &[Kind::Interaction, Kind::Function],
            DefaultValue::Value("exponential()", || Value::Interaction(Interaction::BAKER)),
        ),
    ],
    &[Kind::List],
    "the references of a folder in the layout of Li et al. (2021) and Kalita et al. (2022): `.npy` arrays of \
     densities, energies, nuclei, electrons, checked against each other; `points:` keeps that many in the middle; the \
     other options specify what the files do not. `save` writes such a folder",
    &["data", "reference", "npy", "published", "dmrg", "load", "read"],
    &[],
    dataset,
)];

/// The label of the path.
const SET: &str = "this data set";

/// The extensions of files, which are not folders.
pub(super) const FILES: [&str; 8] = ["npy", "npz", "csv", "json", "ksr", "svg", "png", "txt"];

fn dataset(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let (path, span) = (args.path("path")?, args.span_of("path"));
    let folder = interp.path(&path, interp.module_at(args.span));
    let choice = choice(args)?;
    let set = folder.file_name().map_or_else(|| "data".into(), |name| name.to_string_lossy().into_owned());
    // Its arrays as they are read, and the numbers in them.
    let entries = interp.world.list(&folder).unwrap_or_default();
    let arrays = entries.iter().filter(|entry| entry.kind == PathKind::File && entry.name.ends_with(".npy"));
    let size = arrays.map(|entry| interp.world.size(&folder.join(&entry.name)).unwrap_or(0)).sum::<u64>();
    interp.afford(size.saturating_mul(2), SET, span)?;
    let found = read_layout(&*interp.world, &folder).or_else(|error| failed(error, span, SET))?;
    let (option, label) = if args.has("points") { (args.span_of("points"), "these points") } else { (span, SET) };
    let mut found = Dataset::new(&set, found, &choice).or_else(|error| failed(error, option, label))?;
    let given = args.get("interaction").map(|a| (a.value.clone(), a.span));
    let interaction = match &given {
        Some((value, span)) => interp.interaction(value, *span, found.grid())?,
        None => Interaction::BAKER,
    };
    let mut references = Vec::with_capacity(found.len());
    for index in 0..found.len() {
        let mut w = |r: f64| match &given {
            Some((f, span)) => interp.sample(f, r, *span, "the interaction"),
            None => Ok(0.0),
        };
        let (reference, notes) = match found.reference(index, &interaction, &mut w) {
            Ok(made) => made,
            Err(Failed::Interaction(problem)) => return Err(problem),
            Err(Failed::Data(error)) => return failed(error, span, SET),
        };
        for note in notes {
            interp.warn_at(Placed::new(note, span, "in this data set"), span);
        }
        references.push(Value::Reference(Arc::new(reference)));
    }
    for warning in found.warnings() {
        interp.warn_with(Problem::new(Placed::new(warning, span, SET), span), false);
    }
    Ok(Value::list(references))
}

fn choice(args: &Args) -> Result<Choice> {
    let points = args.has("points").then(|| args.whole("points")).transpose()?;
    let wall = match args.opt_text("wall")?.as_deref() {
        None | Some("zero") => Wall::Zero,
        Some("odd") => Wall::Odd,
        Some(_) => return args.wrong(args.span_of("wall"), "`wall` of `dataset` must be `zero` or `odd`", None),
    };
    Ok(Choice { points, stencil: args.whole("stencil")?, wall })
}

fn failed<T>(error: impl Diagnostic + Send + Sync + 'static, span: Span, label: &str) -> Result<T> {
    fail(Placed::new(error, span, label), span)
}

/// Whether a value is a reference or run, or a list that begins with one.
pub(super) fn holds_samples(value: &Value) -> bool {
    match value {
        Value::Reference(_) | Value::Run(_) => true,
        Value::List(items) => matches!(items.first(), Some(Value::Reference(_) | Value::Run(_))),
        _ => false,
    }
}

/// Rejects values that look like a data set but are not: an empty list, or systems without answers.
pub(super) fn refuse(args: &Args, value: &Value) -> Result<()> {
    let span = args.span_of("value");
    let system = |value: &Value| matches!(value, Value::System(_) | Value::SystemMaker(_));
    match value {
        Value::List(items) if items.is_empty() => failed(SaveError::Empty, span, "to be saved"),
        Value::List(items) if !items.iter().any(system) => Ok(()),
        Value::List(_) => {
            let help = "`save([exact(s) for s in list], \"mine\")`, or with `solve(s, with: f)`";
            args.wrong(span, "a data set contains references and runs, but these are systems", Some(help.into()))
        }
        value if system(value) => {
            let help = "`save([exact(s)], \"mine\")`, or with `solve(s, with: f)`";
            args.wrong(span, "a data set contains references and runs, but this is a system", Some(help.into()))
        }
        _ => Ok(()),
    }
}

/// Writes references and runs to a folder.
pub(super) fn save(interp: &mut Interpreter, args: &Args, value: &Value, folder: &Path) -> Result<Value> {
    let span = args.span_of("path");
    let ending = folder.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    if FILES.contains(&&*ending) {
        let message = "references and runs are saved as a folder of arrays";
        return args.wrong(
            span,
            message,
            Some("give a name without an extension, as in `save(list, \"mine\")`".into()),
        );
    }
    if Path::new(&*args.text("path")?).file_name().is_none() {
        return args.wrong(span, "this is not the name of a folder", Some("as in `save(list, \"mine\")`".into()));
    }
    let items = match value {
        Value::List(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    let inside = interp.world.list(folder).unwrap_or_default();
    if let Some(used) = inside.iter().find(|entry| interp.is_used(&folder.join(&entry.name))) {
        let reason = format!("the script uses `{}` in it", visible(&used.name));
        let (path, help) = (args.text("path")?.to_string(), "save under another name");
        return fail(RunError::NotReplaced { path, reason, help, span }, span);
    }
    let samples = items.iter().map(|item| sample(args, item)).collect::<Result<Vec<_>>>()?;
    let (arrays, notes) = layout(&samples).or_else(|error| failed(error, args.span_of("value"), "to be saved"))?;
    write_layout(&*interp.world, folder, &arrays, interp.options.force)
        .or_else(|error| failed(error, span, "to be written"))?;
    for note in notes {
        interp.warn_with(Problem::new(Placed::new(note, span, "saved here"), span), true);
    }
    Ok(Value::Nothing)
}

fn sample<'a>(args: &Args, item: &'a Value) -> Result<Sample<'a>> {
    match item {
        Value::Reference(r) => Ok(Sample {
            system: &r.system,
            energy: r.energy,
            density: &r.density,
            spins: r.spins(),
            distance: r.distance(),
            converged: r.converged(),
        }),
        Value::Run(r) if !r.has_energy => {
            let (functional, span) = (r.functional.clone(), args.span_of("value"));
            fail(TraceError::NoEnergy { functional, span }, span)
        }
        Value::Run(r) => {
            let distance = r.system.distance();
            let converged = r.trusted();
            Ok(Sample { system: &r.system, energy: r.energy, density: &r.density, spins: true, distance, converged })
        }
        other => {
            let help =
                Some("the results of `exact(system)` and `solve(system, with: f)` can be saved like this".into());
            crate::interp::call::mismatch(
                "an element of a data set",
                "a reference or run",
                other,
                help,
                args.span_of("value"),
            )
        }
    }
}
