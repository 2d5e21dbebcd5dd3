//! What the checker is told: builtins, the standard library, used files, what the session has defined.

use crate::interp::call::{Builtin, Run, Style};
use crate::interp::eval::documented_members;
use crate::interp::session::{MAIN, PRELUDE, Standard, standard_modules};
use crate::interp::value::Value;
use crate::interp::verbs::holds_model;
use crate::interp::{Interpreter, call, registry};
use crate::lang::ast::{Program, StmtKind, UsePath};
use crate::lang::check::{Answer, Kind, Known, Names, Parameter, SESSION, Signature, check, definitions};
use crate::lang::parse;
use crate::problem::Problem;
use crate::source::SourceId;
use std::rc::Rc;

/// Builtins that are called for what they do, not for their value.
const EFFECTS: &[&str] = &["print", "save", "assert", "assert_eq"];

/// Builtins whose calls give a value of one kind, with its name among the documented members.
const ANSWERS: &[(&str, &str)] =
    &[("solve", "run"), ("exact", "reference"), ("uniform", "grid"), ("with_electrons", "system")];

impl Interpreter {
    /// Reads and checks a script without evaluating anything.
    ///
    /// # Errors
    /// All errors of the text, sorted by place.
    pub fn check_script(&mut self, name: &str, text: &str) -> Result<(), Vec<Problem>> {
        let source = self.sources.add(name, text);
        let program = parse(source, text)?;
        self.check(&program)
    }

    /// Names, calls, systems and units that can be seen to be wrong before anything is evaluated.
    pub(crate) fn check(&self, program: &Program) -> Result<(), Vec<Problem>> {
        let problems = check(program, &self.known(program));
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    fn known(&self, program: &Program) -> Names {
        let mut names = Names { library: standard_modules().map(String::from).collect(), ..Names::default() };
        for builtin in registry::all() {
            names.globals.insert(Rc::from(builtin.name), builtin_known(builtin));
        }
        for Standard { name, key, definitions, .. } in &self.library {
            if PRELUDE.contains(name) {
                names.globals.extend(definitions.clone());
            }
            names.modules.insert(key.clone(), definitions.clone());
        }
        self.used_files(program, &mut names);
        self.session(&mut names);
        names
    }

    /// The definitions of the files a program uses; of one that cannot be read nothing is said here.
    fn used_files(&self, program: &Program, names: &mut Names) {
        for statement in &program.statements {
            if let StmtKind::Use(used) = &statement.kind
                && let UsePath::File { path, .. } = &used.path
                && let Ok(text) = self.world.read_text(&self.path(path, MAIN))
                && let Ok(file) = parse(SourceId::default(), &text)
            {
                names.modules.insert(path.to_string(), definitions(&file));
                if holds_model(&file) {
                    names.models.insert(path.to_string());
                }
            }
        }
    }

    /// What earlier entries have defined; the latest of each name.
    fn session(&self, names: &mut Names) {
        let mut seen: Vec<Rc<str>> = Vec::new();
        for binding in self.scope.bindings() {
            if seen.contains(&binding.name) {
                continue;
            }
            seen.push(binding.name.clone());
            let known = match binding.value() {
                Some(Value::Module(module)) => {
                    let path: Rc<str> = Rc::from(format!("{SESSION}{}", binding.name));
                    let inside = self.module(module.id).into_iter().flat_map(|m| &m.bindings);
                    names.modules.insert(path.to_string(), inside.map(|b| (b.name.clone(), Known::Value)).collect());
                    Known::Module(path)
                }
                Some(value) => value_known(&value),
                None => Known::Value,
            };
            names.globals.insert(binding.name.clone(), known);
        }
    }
}

fn value_known(value: &Value) -> Known {
    let callable = |signature| Known::Callable(Rc::new(signature));
    match value {
        Value::Function(closure) => callable(Signature { effect: true, ..Signature::of(&closure.def.params, true) }),
        Value::SystemMaker(maker) => callable(Signature::of(maker.def.params.as_deref().unwrap_or_default(), true)),
        Value::Functional(functional) => callable(Signature::functional(&functional.def.function.params)),
        Value::Loss(loss) => callable(Signature::of(&loss.closure.def.params, false)),
        Value::Builtin(builtin) => builtin_known(builtin),
        Value::Record(record) => Known::Record(record.entries.iter().map(|(n, _)| n.clone()).collect()),
        Value::System(_) => Known::System,
        _ => Known::Value,
    }
}

fn builtin_known(builtin: &Builtin) -> Known {
    if let Run::Constant(_) = builtin.run {
        return Known::Value;
    }
    let parameter = |p: &call::Param| Parameter {
        name: Rc::from(p.name),
        required: p.default.is_none(),
        named: p.named,
        kind: p.default.filter(|_| !MANY.contains(&p.name)).and_then(kind),
    };
    Known::Callable(Rc::new(Signature {
        params: builtin.params.iter().map(parameter).collect(),
        rest: matches!(builtin.style, Style::Rest(_)),
        options: builtin.style == Style::Options,
        open: false,
        effect: EFFECTS.contains(&builtin.name),
        both_spins: false,
        gives: answer(builtin),
    }))
}

/// Parameters with a single number as their default that take lists too.
const MANY: &[&str] = &["seeds"];

/// The kind of a parameter, from its default as it is written.
fn kind(default: &str) -> Option<Kind> {
    match default {
        "true" | "false" => Some(Kind::Truth),
        _ if default.starts_with(|c: char| c.is_ascii_digit()) || default == "inf" => Some(Kind::Number),
        _ => None,
    }
}

/// What a builtin gives, where it has members and is always the same.
fn answer(builtin: &Builtin) -> Option<Rc<Answer>> {
    let kind = ANSWERS.iter().find(|(name, _)| *name == builtin.name).map(|(_, kind)| *kind)?;
    let (_, members) = documented_members().into_iter().find(|(known, _)| *known == kind)?;
    let members = members.into_iter().map(|(name, _)| Rc::from(name)).collect();
    Some(Rc::new(Answer { kind: format!("a {kind}"), members }))
}
