//! The files of a session: its scripts, and what these use or will use. `save` never replaces them.

use super::MAIN;
use crate::interp::Interpreter;
use crate::lang::ast::{Program, StmtKind, Use, UsePath};
use crate::lang::parse;
use crate::source::SourceId;
use std::collections::BTreeSet;
use std::path::Path;

impl Interpreter {
    /// What text of the session is in the file at a path, if any: the script, or a file that it uses.
    pub(crate) fn text_in(&self, path: &Path) -> Option<&'static str> {
        let is = |file: &Path| self.world.same(file, path);
        if self.scripts.iter().any(|script| is(script)) {
            return Some("it is the script that is running");
        }
        let mut used = self.modules.iter().filter(|module| module.used).filter_map(|module| module.file.as_deref());
        used.any(is).then_some("the script uses it")
    }

    /// Whether the file at a path is a text of the session, or will be.
    pub(crate) fn is_used(&self, path: &Path) -> bool {
        self.text_in(path).is_some() || self.will_use(path)
    }

    /// Remembers which files a program of the script uses, before it is evaluated.
    pub(super) fn foresee(&mut self, program: &Program) {
        let paths = used_files(program).map(|path| self.path(path, MAIN)).collect::<Vec<_>>();
        self.foreseen.extend(paths);
    }

    /// Whether the script uses the file at a path sooner or later, itself or by another file that it uses.
    pub(crate) fn will_use(&self, path: &Path) -> bool {
        let (mut waiting, mut seen) = (self.foreseen.clone(), BTreeSet::new());
        while let Some(file) = waiting.pop() {
            if self.world.same(&file, path) {
                return true;
            }
            let Ok(real) = self.world.canonical(&file) else { continue };
            if !seen.insert(real) {
                continue;
            }
            let text = self.world.read_text(&file).unwrap_or_default();
            let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
            // What cannot be read is told when it is used.
            let Ok(program) = parse(SourceId::default(), &text) else { continue };
            waiting.extend(used_files(&program).map(|inner| folder.join(inner)));
        }
        false
    }
}

/// The paths of the files that a program uses, as they are written.
fn used_files(program: &Program) -> impl Iterator<Item = &str> {
    program.statements.iter().filter_map(|statement| match &statement.kind {
        StmtKind::Use(Use { path: UsePath::File { path, .. }, .. }) => Some(&**path),
        _ => None,
    })
}
