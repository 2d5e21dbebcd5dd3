//! The standard library: written in ksr, parsed once per thread.

use crate::lang::ast::Program;
use crate::lang::check::{Module, definitions};
use crate::lang::parse;
use crate::source::{SourceId, Sources};
use std::cell::OnceCell;
use std::rc::Rc;

/// The standard library, shipped in the binary.
pub(crate) const STANDARD: &[(&str, &str)] = &[
    ("atoms", include_str!("../../../stdlib/atoms.ksr")),
    ("interactions", include_str!("../../../stdlib/interactions.ksr")),
    ("functionals", include_str!("../../../stdlib/functionals.ksr")),
    ("networks", include_str!("../../../stdlib/networks.ksr")),
    ("losses", include_str!("../../../stdlib/losses.ksr")),
    ("molecules", include_str!("../../../stdlib/molecules.ksr")),
    ("wells", include_str!("../../../stdlib/wells.ksr")),
    ("corrections", include_str!("../../../stdlib/corrections.ksr")),
    ("kinetic", include_str!("../../../stdlib/kinetic.ksr")),
    ("analysis", include_str!("../../../stdlib/analysis.ksr")),
    ("models", include_str!("../../../stdlib/models.ksr")),
    ("committees", include_str!("../../../stdlib/committees.ksr")),
    ("methods", include_str!("../../../stdlib/methods.ksr")),
];

/// Standard modules whose definitions are known without `use`.
pub(crate) const PRELUDE: &[&str] = &["interactions", "atoms", "methods"];

/// The names of the standard modules.
pub fn standard_modules() -> impl Iterator<Item = &'static str> {
    STANDARD.iter().map(|(name, _)| *name)
}

/// A parsed module of the library.
#[derive(Clone)]
pub(crate) struct Standard {
    /// `losses`.
    pub name: &'static str,
    /// `std.losses`.
    pub key: String,
    pub source: SourceId,
    pub program: Rc<Program>,
    /// What the checker knows about it.
    pub definitions: Module,
}

thread_local! {
    /// The library as the first interpreter of this thread has parsed it.
    static PARSED: OnceCell<Vec<Standard>> = const { OnceCell::new() };
}

/// All modules of the library, parsed once per thread; their texts become the first of `sources`, which are empty.
pub(crate) fn library(sources: &mut Sources) -> Vec<Standard> {
    let texts: Vec<_> = STANDARD.iter().map(|(name, text)| sources.add(format!("std.{name}"), *text)).collect();
    let parse = || STANDARD.iter().zip(texts).filter_map(|((name, text), source)| read(name, text, source)).collect();
    PARSED.with(|parsed| parsed.get_or_init(parse).clone())
}

fn read(name: &'static str, text: &str, source: SourceId) -> Option<Standard> {
    // Tests ensure that every one can be parsed.
    let program = parse(source, text).ok()?;
    let definitions = definitions(&program);
    Some(Standard { name, key: format!("std.{name}"), source, program: Rc::new(program), definitions })
}
