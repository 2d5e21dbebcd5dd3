//! What the checker knows: builtins, the standard library, used files, and the definitions of the session.

use crate::interp::call::{Builtin, Meaning, Param, Style};
use crate::interp::eval::{SYSTEM_ENTRIES, documented_members};
use crate::interp::session::{KnownNames, MAIN, PRELUDE, Standard, standard_modules};
use crate::interp::value::scope::Binding;
use crate::interp::value::{Value, scf};
use crate::interp::verbs::holds_model;
use crate::interp::{Interpreter, registry};
use crate::lang::Kind;
use crate::lang::ast::{Program, StmtKind, UsePath};
use crate::lang::check::{Answer, Known, Names, Parameter, SESSION, Signature, check, defines, definitions};
use crate::lang::parse;
use crate::problem::Problem;
use crate::source::SourceId;
use std::rc::Rc;

impl Interpreter {
    /// Parses and checks a script without evaluating anything.
    ///
    /// # Errors
    /// All errors in the text, sorted by place.
    pub fn check_script(&mut self, name: &str, text: &str) -> Result<(), Vec<Problem>> {
        let source = self.sources.add(name, text);
        let program = parse(source, text)?;
        let mut problems = self.check(&program).err().unwrap_or_default();
        problems.extend(self.check_used(name, &program));
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// Finds errors in names, calls, systems and units before anything is evaluated.
    pub(crate) fn check(&mut self, program: &Program) -> Result<(), Vec<Problem>> {
        self.learn();
        let mut names = self.known.names.clone();
        self.used_files(program, &mut names);
        let problems = check(program, &names);
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// What holds in every session: the builtins and the standard library.
    fn language(&self) -> Names {
        let mut names = Names { library: standard_modules().map(String::from).collect(), ..Names::default() };
        let globals = Rc::make_mut(&mut names.globals);
        for builtin in registry::all() {
            globals.insert(Rc::from(builtin.name), builtin_known(builtin));
        }
        for (word, builtin) in registry::all().flat_map(|b| b.words.iter().map(move |word| (*word, b.name))) {
            // A word that several have says too little.
            names.words.entry(word).and_modify(|known| *known = "").or_insert(builtin);
        }
        names.words.retain(|_, builtin| !builtin.is_empty());
        names.system = SYSTEM_ENTRIES.iter().map(parameter).collect();
        for Standard { name, key, definitions, program, .. } in &self.library {
            for (name, _) in program.statements.iter().filter(|s| s.docs.is_some()).flat_map(defines) {
                names.documented.entry(name).or_insert(key.clone());
            }
            if PRELUDE.contains(name) {
                globals.extend(definitions.clone());
            }
            names.modules.insert(key.clone(), definitions.clone());
        }
        names
    }

    /// The definitions of the files that a program uses; files that cannot be read are ignored here.
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

    /// Brings what is known up to date with the definitions of the session: those since the last time, or all of them if a failed
    /// entry has been undone since.
    fn learn(&mut self) {
        let seen = self.known.seen.take();
        let new = seen.as_ref().and_then(|seen| self.scope.since(seen));
        let new: Vec<Rc<Binding>> = new.unwrap_or_else(|| {
            self.known = KnownNames { names: self.language(), ..KnownNames::default() };
            self.scope.bindings().cloned().collect()
        });
        // The value of an imported name may have become known.
        let unready = std::mem::take(&mut self.known.unready);
        let current = |b: &Rc<Binding>| self.scope.get(&b.name).is_some_and(|now| Rc::ptr_eq(now, b));
        let again: Vec<Rc<Binding>> = unready.into_iter().filter(current).collect();
        for binding in again.into_iter().chain(new.into_iter().rev()) {
            self.learn_one(binding);
        }
        self.known.seen = Some(self.scope.clone());
    }

    fn learn_one(&mut self, binding: Rc<Binding>) {
        let known = match binding.value() {
            Some(Value::Module(module)) => {
                let path: Rc<str> = Rc::from(format!("{SESSION}{}", binding.name));
                let inside = self.module(module.id).into_iter().flat_map(|m| &m.bindings);
                let inside = inside.map(|b| (b.name.clone(), Known::Value)).collect();
                self.known.names.modules.insert(path.to_string(), inside);
                Known::Module(path)
            }
            Some(value) => value_known(&value),
            None => Known::Value,
        };
        Rc::make_mut(&mut self.known.names.globals).insert(binding.name.clone(), known);
        if binding.value().is_none() {
            self.known.unready.push(binding);
        }
    }
}

fn value_known(value: &Value) -> Known {
    let callable = |signature| Known::Callable(Rc::new(signature));
    match value {
        Value::Function(closure) => callable(Signature { effect: true, ..Signature::of(&closure.def.params, true) }),
        Value::SystemMaker(maker) => {
            callable(Signature { system: true, ..Signature::of(maker.def.params.as_deref().unwrap_or_default(), true) })
        }
        Value::Functional(functional) => callable(Signature::functional(&functional.def.function.params)),
        Value::Loss(loss) => callable(Signature::of(&loss.closure.def.params, false)),
        Value::Builtin(builtin) => builtin_known(builtin),
        Value::Record(record) => Known::Record(record.entries.iter().map(|(n, _)| n.clone()).collect()),
        Value::System(_) => Known::System,
        Value::Nothing
        | Value::Number(_)
        | Value::Bool(_)
        | Value::Str(_)
        | Value::List(_)
        | Value::Interval(..)
        | Value::Field(_)
        | Value::Grid(_)
        | Value::Interaction(_)
        | Value::Run(_)
        | Value::Reference(_)
        | Value::Table(_)
        | Value::Figure(_)
        | Value::Mixing(_)
        | Value::ExactFunctional
        | Value::Corrected(_)
        | Value::Machine(_)
        | Value::Kernel(_)
        | Value::Basis(_)
        | Value::Module(_)
        | Value::Symbol(_)
        | Value::Model(_)
        | Value::Optimizer(_) => Known::Value,
    }
}

fn builtin_known(builtin: &Builtin) -> Known {
    if let Meaning::Constant(_) | Meaning::Local(_) = builtin.meaning {
        return Known::Value;
    }
    Known::Callable(Rc::new(Signature {
        params: builtin.params.iter().map(parameter).collect(),
        rest: matches!(builtin.style, Style::Rest(_)),
        options: builtin.style == Style::Options,
        open: false,
        effect: builtin.has_effect(),
        both_spins: false,
        gives: answer(builtin),
        each: gives_each(builtin).is_some(),
        system: false,
    }))
}

fn parameter(p: &Param) -> Parameter {
    let entries = if p.name == "scf" { scf::PARAMS.iter().map(parameter).collect() } else { Vec::new() };
    Parameter { name: Rc::from(p.name), required: p.default.is_none(), named: p.named, takes: p.takes, entries }
}

/// The kind of what a builtin gives for each element if it is given a list.
pub(super) fn gives_each(builtin: &Builtin) -> Option<Kind> {
    match (builtin.gives, builtin.params.first()) {
        ([kind, Kind::List], Some(first)) if first.takes.contains(&Kind::List) => Some(*kind),
        _ => None,
    }
}

/// The result of a builtin, if it is always of one kind and that kind has members.
fn answer(builtin: &Builtin) -> Option<Rc<Answer>> {
    let kind = match builtin.gives {
        [kind] => *kind,
        _ => gives_each(builtin)?,
    };
    let (_, members) = documented_members().into_iter().find(|(known, _)| *known == kind)?;
    let members = members.into_iter().map(|(name, _)| Rc::from(name)).collect();
    Some(Rc::new(Answer { kind: kind.words(), members }))
}
