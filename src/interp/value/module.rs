//! Modules: the script, used files, the standard library.

use super::scope::Binding;
use crate::source::SourceId;
use std::path::PathBuf;
use std::rc::Rc;

/// A text's definitions.
#[derive(Debug)]
pub struct Module {
    /// What identifies it: the canonical path of a file, `std.losses`.
    pub key: String,
    /// Its text.
    pub source: SourceId,
    /// Folder to which its paths are relative.
    pub base: PathBuf,
    /// Definitions in order; of a name defined twice the later one counts.
    pub bindings: Vec<Rc<Binding>>,
    /// What its `use`s bring: visible in its own text, but no part of it for others.
    pub brought: Vec<Rc<Binding>>,
    /// Whether it is still being read: used again, it is a cycle.
    pub loading: bool,
}

impl Module {
    /// The last definition of a name.
    pub fn get(&self, name: &str) -> Option<&Rc<Binding>> {
        self.bindings.iter().rev().find(|b| &*b.name == name)
    }

    /// What a name stands for in the module's own text.
    pub fn within(&self, name: &str) -> Option<&Rc<Binding>> {
        self.get(name).or_else(|| self.brought.iter().rev().find(|b| &*b.name == name))
    }
}
