//! The files that a script uses, directly or through others, as the checker sees them.

use crate::interp::error::RunError;
use crate::interp::registry;
use crate::interp::session::{Interpreter, defined_name};
use crate::interp::verbs::names_of;
use crate::lang::ast::{Program, UsePath};
use crate::lang::parse;
use crate::problem::{Problem, reason};
use crate::source::Span;
use std::path::{Path, PathBuf};

/// A text whose `use`s are followed.
struct Reader {
    program: Program,
    /// The folder that its paths are relative to.
    base: PathBuf,
    /// The `use`s that led to it, innermost first.
    via: Vec<(Span, String)>,
}

impl Interpreter {
    /// What is wrong with the files that a program uses: they cannot be read or parsed, or print or save.
    pub(super) fn check_used(&mut self, program: &Program) -> Vec<Problem> {
        let (mut problems, mut seen) = (Vec::new(), Vec::new());
        let first = Reader { program: program.clone(), base: self.options.base.clone(), via: Vec::new() };
        let mut waiting = vec![first];
        while let Some(reader) = waiting.pop() {
            for (used, _) in names_of(&reader.program).uses {
                let UsePath::File { path, span } = &used.path else { continue };
                let full = reader.base.join(&**path);
                let text = self.world.canonical(&full).and_then(|real| Ok((self.world.read_text(&full)?, real)));
                let (text, real) = match text {
                    Ok(read) => read,
                    Err(error) => {
                        let reason = reason(&error, "read");
                        let error = RunError::File { verb: "read", path: path.to_string(), reason, span: *span };
                        problems.push(led(Problem::new(error, *span), &reader.via));
                        continue;
                    }
                };
                if seen.contains(&real) {
                    continue;
                }
                seen.push(real);
                let mut via = vec![(*span, format!("in `{}`, used here", used.path.stem()))];
                via.extend(reader.via.iter().cloned());
                let source = self.sources.add(full.to_string_lossy(), text.as_str());
                match parse(source, &text) {
                    Ok(program) => {
                        problems.extend(acts(&program).into_iter().map(|problem| led(problem, &via)));
                        let base = full.parent().map(Path::to_path_buf).unwrap_or_default();
                        waiting.push(Reader { program, base, via });
                    }
                    Err(wrong) => problems.extend(wrong.into_iter().map(|problem| led(problem, &via))),
                }
            }
        }
        problems
    }
}

fn led(problem: Problem, via: &[(Span, String)]) -> Problem {
    via.iter().fold(problem, |problem, (span, note)| problem.via(*span, note.clone()))
}

/// Where a text prints or saves.
fn acts(program: &Program) -> Vec<Problem> {
    let defines = |name: &str| {
        program.statements.iter().any(|statement| defined_name(&statement.kind).is_some_and(|own| *own.name == *name))
    };
    let used = names_of(program).used.into_iter().filter(|used| !defines(&used.name));
    let acting = used.filter(|used| registry::get(&used.name).is_some_and(|builtin| builtin.acts));
    acting
        .map(|used| Problem::new(RunError::Acts { function: used.name.to_string(), span: used.span }, used.span))
        .collect()
}
