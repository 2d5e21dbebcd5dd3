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
use std::rc::Rc;

/// A text whose `use`s are followed.
struct Reader {
    program: Program,
    /// The folder that its paths are relative to.
    base: PathBuf,
    /// The files from the script to this one.
    chain: Vec<PathBuf>,
    /// The `use`s that led to it, innermost first.
    via: Vec<(Span, String)>,
}

/// A file that a text uses or loads.
struct Link {
    path: Rc<str>,
    stem: Rc<str>,
    span: Span,
    /// A file that is loaded may not have been saved yet.
    loaded: bool,
}

fn links(program: &Program) -> Vec<Link> {
    let names = names_of(program);
    let uses = names.uses.into_iter().filter_map(|(used, _)| match &used.path {
        UsePath::File { path, span } => {
            Some(Link { path: path.clone(), stem: used.path.stem(), span: *span, loaded: false })
        }
        UsePath::Std(_) => None,
    });
    let loads = names.loads.into_iter().map(|(path, span)| Link { stem: path.clone(), path, span, loaded: true });
    uses.chain(loads).collect()
}

impl Interpreter {
    /// What is wrong with the files that a program uses or loads: they cannot be read or parsed, print or save, or use themselves.
    pub(super) fn check_used(&mut self, name: &str, program: &Program) -> Vec<Problem> {
        let (mut problems, mut seen) = (Vec::new(), Vec::new());
        let chain = self.world.canonical(Path::new(name)).into_iter().collect();
        let first = Reader { program: program.clone(), base: self.options.base.clone(), chain, via: Vec::new() };
        let mut waiting = vec![first];
        while let Some(reader) = waiting.pop() {
            for link in links(&reader.program) {
                let (full, span) = (reader.base.join(&*link.path), link.span);
                let text = self.world.canonical(&full).and_then(|real| Ok((self.world.read_text(&full)?, real)));
                let (text, real) = match text {
                    Ok(read) => read,
                    Err(_) if link.loaded => continue,
                    Err(error) => {
                        let reason = reason(&error, "read");
                        let error = RunError::File { verb: "read", path: link.path.to_string(), reason, span };
                        problems.push(led(Problem::new(error, span), &reader.via));
                        continue;
                    }
                };
                if reader.chain.contains(&real) {
                    let error = RunError::ModuleCycle { module: link.stem.to_string(), span };
                    problems.push(led(Problem::new(error, span), &reader.via));
                    continue;
                }
                if seen.contains(&real) {
                    continue;
                }
                seen.push(real.clone());
                let via = [(span, format!("in `{}`, used here", link.stem))];
                let via: Vec<_> = via.into_iter().chain(reader.via.iter().cloned()).collect();
                let source = self.sources.add(full.to_string_lossy(), text.as_str());
                match parse(source, &text) {
                    Ok(program) => {
                        problems.extend(acts(&program).into_iter().map(|problem| led(problem, &via)));
                        let base = full.parent().map(Path::to_path_buf).unwrap_or_default();
                        let chain = reader.chain.iter().cloned().chain([real]).collect();
                        waiting.push(Reader { program, base, chain, via });
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
