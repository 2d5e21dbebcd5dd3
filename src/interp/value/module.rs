//! Modules: the script, used files, the standard library.

use super::scope::Binding;
use crate::source::SourceId;
use std::path::PathBuf;
use std::rc::Rc;

/// The definitions of a source text.
#[derive(Debug)]
pub struct Module {
    /// What identifies it: the canonical path of a file, `std.losses`.
    pub key: String,
    /// Its text.
    pub source: SourceId,
    /// The folder that its paths are relative to.
    pub base: PathBuf,
    /// Definitions in order; if a name is defined twice, the later definition counts.
    pub bindings: Vec<Rc<Binding>>,
    /// Names imported by its `use`s: visible in its own text, but not to other modules.
    pub brought: Vec<Rc<Binding>>,
    /// Its file; `None` for the script and the standard library.
    pub file: Option<PathBuf>,
    /// Whether a `use` names it, or only `load`.
    pub used: bool,
    /// Whether it is still being parsed: if it is used again, there is a cycle.
    pub loading: bool,
}

impl Module {
    /// The last definition of a name.
    pub fn get(&self, name: &str) -> Option<&Rc<Binding>> {
        self.bindings.iter().rev().find(|b| &*b.name == name)
    }

    /// The meaning of a name in the module's own text.
    pub fn within(&self, name: &str) -> Option<&Rc<Binding>> {
        self.get(name).or_else(|| self.brought.iter().rev().find(|b| &*b.name == name))
    }
}
