//! The one list of the functions and constants of the language.

use super::builtins::{
    checks, datasets, figures, files, grids, lists, math, random, records, reduce, search, systems, tables,
};
use super::call::Builtin;
use super::{trace, verbs};

/// A topic of the reference and its builtins.
#[derive(Clone, Copy, Debug)]
pub struct Topic {
    /// Its title.
    pub name: &'static str,
    /// Its builtins.
    pub builtins: &'static [Builtin],
}

/// All topics, in the order of the reference.
pub static TOPICS: &[Topic] = &[
    Topic { name: "mathematics", builtins: math::ALL },
    Topic { name: "sums and extremes", builtins: reduce::ALL },
    Topic { name: "lists", builtins: lists::ALL },
    Topic { name: "random numbers", builtins: random::ALL },
    Topic { name: "records and kinds", builtins: records::ALL },
    Topic { name: "grids", builtins: grids::ALL },
    Topic { name: "fields", builtins: trace::FIELDS },
    Topic { name: "systems", builtins: systems::ALL },
    Topic { name: "layers", builtins: trace::LAYERS },
    Topic { name: "functionals", builtins: verbs::FUNCTIONALS },
    Topic { name: "kernels", builtins: verbs::KERNEL },
    Topic { name: "solving", builtins: verbs::ANSWERS },
    Topic { name: "exact answers", builtins: verbs::EXACT },
    Topic { name: "the exact functional", builtins: verbs::EXACT_FUNCTIONAL },
    Topic { name: "inversion", builtins: verbs::INVERSION },
    Topic { name: "training", builtins: verbs::TRAINING },
    Topic { name: "models", builtins: verbs::MODELS },
    Topic { name: "learning from data", builtins: verbs::MACHINES },
    Topic { name: "corrections", builtins: verbs::CORRECTED },
    Topic { name: "committees", builtins: verbs::COMMITTEES },
    Topic { name: "trust", builtins: verbs::TRUST },
    Topic { name: "mixing", builtins: verbs::MIXING },
    Topic { name: "optimizers", builtins: verbs::OPTIMIZERS },
    Topic { name: "tables", builtins: tables::ALL },
    Topic { name: "figures", builtins: figures::ALL },
    Topic { name: "data sets", builtins: datasets::ALL },
    Topic { name: "files and printing", builtins: files::ALL },
    Topic { name: "checks", builtins: checks::ALL },
    Topic { name: "minima and roots", builtins: search::ALL },
];

/// All builtins.
pub fn all() -> impl Iterator<Item = &'static Builtin> {
    TOPICS.iter().flat_map(|t| t.builtins.iter())
}

/// The builtin of a name.
pub fn get(name: &str) -> Option<&'static Builtin> {
    all().find(|b| b.name == name)
}
