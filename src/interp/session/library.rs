//! The standard library: written in ksr, read once a session.

use crate::lang::ast::Program;
use crate::lang::check::{Module, definitions};
use crate::lang::parse;
use crate::source::{SourceId, Sources};
use std::rc::Rc;

/// The standard library, shipped in the binary.
pub(crate) const STANDARD: &[(&str, &str)] = &[
    ("atoms", include_str!("../../../stdlib/atoms.ksr")),
    ("interactions", include_str!("../../../stdlib/interactions.ksr")),
    ("functionals", include_str!("../../../stdlib/functionals.ksr")),
    ("networks", include_str!("../../../stdlib/networks.ksr")),
    ("losses", include_str!("../../../stdlib/losses.ksr")),
    ("molecules", include_str!("../../../stdlib/molecules.ksr")),
    ("analysis", include_str!("../../../stdlib/analysis.ksr")),
    ("models", include_str!("../../../stdlib/models.ksr")),
];

/// Standard modules whose names are known without `use`.
pub(crate) const PRELUDE: &[&str] = &["interactions", "atoms"];

/// The names of the standard modules.
pub fn standard_modules() -> impl Iterator<Item = &'static str> {
    STANDARD.iter().map(|(name, _)| *name)
}

/// A module of it, read.
pub(crate) struct Standard {
    /// `losses`.
    pub name: &'static str,
    /// `std.losses`.
    pub key: String,
    pub source: SourceId,
    pub program: Rc<Program>,
    /// What the checker knows of it.
    pub definitions: Module,
}

/// Reads all modules of it.
pub(crate) fn library(sources: &mut Sources) -> Vec<Standard> {
    let read = |(name, text): &(&'static str, &str)| {
        let key = format!("std.{name}");
        let source = sources.add(&key, *text);
        // Tests see to it that every one can be read.
        let program = parse(source, text).ok()?;
        let definitions = definitions(&program);
        Some(Standard { name, key, source, program: Rc::new(program), definitions })
    };
    STANDARD.iter().filter_map(read).collect()
}
