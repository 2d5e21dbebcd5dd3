//! The model as a value: a functional with trained parameters, and what is known about the training.

use super::functional::{Functional, Traced};
use super::params::bounded;
use super::{Record, Table, Value, scf};
use crate::data::ContentKey;
use crate::graph::ParamSpec;
use crate::ks::ScfOptions;
use crate::model::{Grid, Interaction};
use crate::number::counted;
use crate::train::Step;
use std::rc::Rc;

/// A functional with fixed parameters.
#[derive(Debug)]
pub struct Model {
    /// Its name: that of its functional, or the stem of its file.
    pub name: String,
    /// Its functional.
    pub functional: Rc<Functional>,
    /// The functional's graph.
    pub traced: Rc<Traced>,
    /// Flat parameters, as the optimiser stores them.
    pub parameters: Rc<[f64]>,
    /// Kohn-Sham options of its training.
    pub scf: Option<ScfOptions>,
    /// The result of its training; `None`: its parameters were loaded.
    pub training: Option<Training>,
    /// The models of all seeds that have parameters, in the order of the seeds; empty if they are not known.
    pub members: Vec<Rc<Model>>,
    /// The models of the best steps of its seed, best first; empty if only one was kept.
    pub snapshots: Vec<Rc<Model>>,
    /// Where its parameters come from, one sentence per entry.
    pub origin: Vec<String>,
    /// The interactions and grids of the systems it was trained on; empty if they are not known.
    pub interactions: Vec<TrainedWith>,
}

/// An interaction between electrons that a model was trained with, and the grid.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainedWith {
    /// What it is called.
    pub name: String,
    /// Its [`Interaction::profile`], hartree.
    pub profile: [f64; 4],
    /// Grid spacing, bohr; `None` if it is not known.
    pub spacing: Option<f64>,
}

impl TrainedWith {
    /// An interaction as it is on a grid.
    pub fn of(interaction: &Interaction, grid: &Grid) -> Self {
        Self { name: interaction.label(), profile: interaction.profile(grid), spacing: Some(grid.spacing) }
    }

    /// Whether both are the same interaction, up to the interpolation on different grids.
    pub fn is(&self, other: &TrainedWith) -> bool {
        let pairs = || self.profile.iter().zip(&other.profile).filter(|(a, b)| a.is_finite() && b.is_finite());
        let largest = pairs().map(|(a, b)| a.abs().max(b.abs())).fold(0.0, f64::max);
        pairs().all(|(a, b)| (a - b).abs() <= 1e-3 * largest)
    }

    /// Whether the grids have the same spacing, as far as is known.
    pub fn as_fine(&self, other: &TrainedWith) -> bool {
        match (self.spacing, other.spacing) {
            (Some(a), Some(b)) => (a - b).abs() <= 1e-6 * a.abs(),
            _ => true,
        }
    }
}

/// Items in their order, each once.
pub(crate) fn each_once<T: PartialEq>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut all = Vec::new();
    for item in items {
        if !all.contains(&item) {
            all.push(item);
        }
    }
    all
}

/// The hash of flat parameters, as the optimiser stores them.
pub(crate) fn hash(parameters: &[f64]) -> String {
    ContentKey::new("parameters 1").numbers(parameters).finish()
}

/// The result of a training run.
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    /// Loss at the kept parameters.
    pub loss: f64,
    /// Validation loss there.
    pub validation_loss: Option<f64>,
    /// Seed of the kept parameters.
    pub seed: u64,
    /// Their step.
    pub step: usize,
    /// How many of how many calculations, those of validation too, do not converge there in the iterations of the training; `None`:
    /// not known.
    pub unconverged: Option<(usize, usize)>,
    /// Seeds without parameters of the model whose members it began with.
    pub lost: usize,
    /// All seeds; empty if they are not known.
    pub seeds: Vec<SeedRow>,
    /// The steps of the seed of the kept parameters; empty if they are not known.
    pub history: Vec<Step>,
}

/// One seed of a training run.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedRow {
    /// The seed.
    pub seed: u64,
    /// Step of its best parameters.
    pub step: usize,
    /// Loss there; NaN if it failed.
    pub loss: f64,
    /// Validation loss there, if there was any.
    pub validation_loss: Option<f64>,
    /// How many calculations do not converge at its best parameters; `None`: not known.
    pub unconverged: Option<usize>,
    /// Loss-and-gradient evaluations.
    pub evaluations: usize,
    /// `finished`, `flat`, `converged`, `stalled`, or the error.
    pub outcome: String,
}

/// How the line of the origin of a model begins that names its validation systems.
pub(crate) const VALIDATED: &str = "validated on";
/// How it begins if no validation loss was finite.
pub(crate) const UNJUDGED: &str = "chosen by the training loss, as no validation loss was finite:";

/// The line of the origin of a model for whose training nothing was solved.
pub(crate) const UNSOLVED: &str = "scf: none, the functional at the densities of the references, nothing solved";

/// The members of a model.
pub(crate) const MEMBERS: &[(&str, &str)] = &[
    ("functional", "the functional, with its untrained parameters"),
    ("parameters", "its parameters, by layer and name"),
    ("loss", "the loss with these parameters"),
    ("validation_loss", "the loss of the validation systems, if any"),
    ("seed", "the seed that these parameters come from"),
    (
        "members",
        "the models of all seeds that have parameters, in the order of the seeds; a model from a file has none",
    ),
    ("failed", "how many seeds ended without parameters, and so have no member"),
    ("snapshots", "with `snapshots:` in its training the models of the best steps of its seed, best first"),
    (
        "unconverged",
        "how many calculations of the systems trained on and validated with do not converge in the iterations of the training",
    ),
    ("seeds", "a table of all seeds; a member has none"),
    ("history", "a table of the steps of the chosen seed; a model from a file has none"),
    ("scf", "the Kohn-Sham options it was trained with"),
    ("origin", "where its parameters come from: systems, grid, interaction, loss, the model they began with"),
    ("name", "its name"),
];

impl Model {
    /// The names of its known members.
    pub(crate) fn names(&self) -> Vec<String> {
        MEMBERS.iter().filter(|(name, _)| self.member(name).is_some()).map(|(name, _)| name.to_string()).collect()
    }

    /// What can be shown of it in a few lines.
    pub fn summary(&self) -> Vec<(&'static str, Value)> {
        let mut entries = match self.functional.committee().len() {
            0 => vec![
                ("functional", Value::text(self.functional.label())),
                ("parameters", Value::plain(self.parameters.len() as f64)),
            ],
            members => vec![("members", Value::plain(members as f64))],
        };
        if let Some(training) = &self.training {
            entries.push(("loss", Value::plain(training.loss)));
            entries.extend(training.validation_loss.map(|loss| ("validation_loss", Value::plain(loss))));
            entries.push(("seed", Value::plain(training.seed as f64)));
            entries.push(("step", Value::plain(training.step as f64)));
            if let Some((unconverged @ 1.., all)) = training.unconverged {
                entries.push(("unconverged", Value::text(format!("{unconverged} of {}", counted(all, "calculation")))));
            }
        }
        entries.extend(self.scf.as_ref().map(|scf| ("scf", scf::record(scf))));
        entries.extend(self.origin.iter().map(|entry| ("origin", Value::text(first_line(entry)))));
        entries
    }

    /// The value of `model.name`; `None`: there is no such member, or it is not known for this model.
    pub(crate) fn member(&self, name: &str) -> Option<Value> {
        let training = self.training.as_ref();
        Some(match name {
            "functional" => Value::Functional(self.functional.clone()),
            "parameters" => parameters(&self.traced.compiled.graph.params, &self.parameters),
            "loss" => Value::plain(training?.loss),
            "validation_loss" => Value::plain(training?.validation_loss?),
            "seed" => Value::plain(training?.seed as f64),
            "unconverged" => Value::plain(training?.unconverged?.0 as f64),
            "members" if !self.members.is_empty() => {
                Value::list(self.members.iter().cloned().map(Value::Model).collect())
            }
            "failed" if !self.members.is_empty() => {
                let rows = training.map_or(0, |training| training.seeds.len());
                let lost = training.map_or(0, |training| training.lost);
                Value::plain((rows.saturating_sub(self.members.len()) + lost) as f64)
            }
            "snapshots" if !self.snapshots.is_empty() => {
                Value::list(self.snapshots.iter().cloned().map(Value::Model).collect())
            }
            "seeds" => seeds(training.map(|t| &t.seeds).filter(|rows| !rows.is_empty())?),
            "history" => history(training.map(|t| &t.history).filter(|steps| !steps.is_empty())?),
            "scf" => scf::record(self.scf.as_ref()?),
            "origin" if !self.origin.is_empty() => Value::list(self.origin.iter().map(Value::text).collect()),
            "name" => Value::text(&self.name),
            _ => return None,
        })
    }
}

impl Model {
    /// Whether it was trained with validation systems.
    fn validated(&self) -> bool {
        self.origin.iter().any(|line| [VALIDATED, UNJUDGED].iter().any(|start| line.starts_with(start)))
    }

    /// Why a member that models have is not known for this one.
    pub(crate) fn absent(&self, name: &str) -> Option<&'static str> {
        match (name, &self.training) {
            (
                "loss" | "validation_loss" | "seed" | "seeds" | "history" | "members" | "unconverged" | "failed"
                | "snapshots",
                None,
            ) => Some("it was not trained: its parameters were given or come from an archive"),
            ("validation_loss", Some(_)) if self.validated() => {
                Some("no validation loss was finite, so the training loss chose its parameters")
            }
            ("validation_loss", Some(_)) => Some("it was trained without validation systems"),
            ("unconverged" | "scf", Some(_)) if self.origin.iter().any(|line| line == UNSOLVED) => {
                Some("it was trained with `scf: none`: nothing was solved in its training")
            }
            ("unconverged", Some(_)) => Some("its file does not say how many calculations of its training converge"),
            ("snapshots", Some(_)) => Some("only the best step was kept: `snapshots: 5` in its training keeps five"),
            ("seeds" | "members" | "failed", Some(training)) if !training.history.is_empty() => {
                Some("it is the model of one seed: the model returned by `train` has the table and the members")
            }
            ("seeds", Some(_)) => Some("its file has no table of seeds"),
            ("members" | "failed", Some(_)) => Some(
                "a file keeps only the parameters of the chosen seed: run `train` again, which reuses finished seeds",
            ),
            ("history", Some(_)) => Some("a file keeps the table of seeds, but not that of steps"),
            ("origin", _) => Some("nothing is known about where its parameters come from"),
            ("scf", _) => Some("no Kohn-Sham options came with its parameters"),
            _ => None,
        }
    }
}

/// The first line of a text, with a sign that there are more.
fn first_line(text: &str) -> String {
    text.split_once('\n').map_or_else(|| text.to_owned(), |(first, _)| format!("{first} …"))
}

fn table(columns: Vec<(&str, Vec<Value>)>) -> Value {
    let columns = columns.into_iter().map(|(name, values)| (Rc::from(name), Rc::new(values.into()))).collect();
    Value::Table(Rc::new(Table { columns }))
}

/// The table of all seeds; without validation it has no column of validation losses.
fn seeds(rows: &[SeedRow]) -> Value {
    let column = |f: fn(&SeedRow) -> f64| rows.iter().map(|r| Value::plain(f(r))).collect::<Vec<_>>();
    let mut columns =
        vec![("seed", column(|r| r.seed as f64)), ("step", column(|r| r.step as f64)), ("loss", column(|r| r.loss))];
    if rows.iter().any(|r| r.validation_loss.is_some()) {
        columns.push(("validation_loss", column(|r| r.validation_loss.unwrap_or(f64::NAN))));
    }
    if rows.iter().any(|r| r.unconverged.is_some()) {
        columns.push(("unconverged", column(|r| r.unconverged.map_or(f64::NAN, |n| n as f64))));
    }
    columns.push(("evaluations", column(|r| r.evaluations as f64)));
    columns.push(("outcome", rows.iter().map(|r| Value::text(&r.outcome)).collect()));
    table(columns)
}

/// The table of steps; validation losses are `nothing` at steps without validation, and have no column if there is none at all.
fn history(steps: &[Step]) -> Value {
    let column = |f: fn(&Step) -> f64| steps.iter().map(|s| Value::plain(f(s))).collect::<Vec<_>>();
    let mut columns = vec![
        ("step", column(|s| s.step as f64)),
        ("loss", column(|s| s.loss)),
        ("gradient_norm", column(|s| s.gradient_norm)),
    ];
    if steps.iter().any(|s| s.validation.is_some()) {
        let taken = |s: &Step| s.validation.map_or(Value::Nothing, Value::plain);
        columns.push(("validation_loss", steps.iter().map(taken).collect()));
    }
    table(columns)
}

/// Parameters by layer and name, `{ conv0: { weight: … }, a: 1 }`, with arrays as nested lists, and bounded ones as values.
pub(crate) fn parameters(specs: &[ParamSpec], flat: &[f64]) -> Value {
    let mut start = 0;
    let arrays = specs.iter().map(|spec| {
        let raw = flat.get(start..start + spec.len()).unwrap_or_default();
        start += spec.len();
        let values: Vec<f64> = raw.iter().map(|&t| spec.bounds.map_or(t, |b| bounded(b, t))).collect();
        (spec.name.as_str(), nested(&values, &spec.shape))
    });
    nested_record(arrays)
}

/// The values of arrays by layer and name.
pub(crate) fn by_layer(specs: &[ParamSpec], values: Vec<Value>) -> Value {
    nested_record(specs.iter().map(|spec| spec.name.as_str()).zip(values))
}

/// An array as nested lists.
fn nested(values: &[f64], shape: &[usize]) -> Value {
    match shape {
        [] => Value::plain(values.first().copied().unwrap_or(f64::NAN)),
        [_] => Value::list(values.iter().map(|&v| Value::plain(v)).collect()),
        [rows, rest @ ..] => {
            let size = values.len() / (*rows).max(1);
            Value::list(values.chunks(size.max(1)).map(|part| nested(part, rest)).collect())
        }
    }
}

/// Dotted names as records in records.
fn nested_record<'a>(entries: impl Iterator<Item = (&'a str, Value)>) -> Value {
    type Entries = Vec<(Rc<str>, Value)>;
    let mut whole: Vec<(Rc<str>, Entries)> = Vec::new();
    for (name, value) in entries {
        let (layer, array) = name.split_once('.').unwrap_or((name, ""));
        match whole.iter_mut().find(|(n, _)| &**n == layer) {
            Some((_, arrays)) => arrays.push((array.into(), value)),
            None => whole.push((layer.into(), vec![(array.into(), value)])),
        }
    }
    let entry = |(name, mut arrays): (Rc<str>, Vec<(Rc<str>, Value)>)| match arrays.as_slice() {
        [(array, _)] if array.is_empty() => (name, arrays.remove(0).1),
        _ => (name, Value::Record(Rc::new(Record::new(arrays)))),
    };
    Value::Record(Rc::new(Record::new(whole.into_iter().map(entry).collect())))
}
