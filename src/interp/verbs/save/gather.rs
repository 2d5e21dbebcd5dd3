//! The definitions that a functional uses, from whichever file, gathered under names of one file.

use super::literal;
use super::names::{Used, of_function};
use crate::interp::error::{RunError, fail};
use crate::interp::value::model::Model;
use crate::interp::value::scope::Scope;
use crate::interp::value::{Functional, StartFrom, Value};
use crate::interp::{Interpreter, registry};
use crate::lang::ast::FnDef;
use crate::problem::Result;
use crate::source::Span;
use std::collections::BTreeSet;
use std::rc::Rc;

/// Definitions gathered so far.
pub(super) struct Gathered {
    /// In a valid order.
    pub texts: Vec<String>,
    /// Values that have a name, with it.
    known: Vec<(Known, Rc<str>)>,
    /// Names that are taken.
    taken: Vec<Rc<str>>,
    /// A definition that uses `.members` of a value that it gets or makes.
    pub asks_members: Option<Rc<str>>,
    /// A gathered model with members, which its text does not keep.
    pub ensemble: Option<String>,
    /// The `save`.
    pub span: Span,
}

/// The identity of a definition.
enum Known {
    Function(Rc<FnDef>, Scope),
    Functional(Rc<Functional>),
    Model(Rc<Model>),
    Plain(String),
    Alias(Rc<str>),
}

impl Known {
    fn same(&self, other: &Known) -> bool {
        match (self, other) {
            (Known::Function(a, s), Known::Function(b, t)) => Rc::ptr_eq(a, b) && s.same(t),
            (Known::Functional(a), Known::Functional(b)) => Rc::ptr_eq(&a.def, &b.def) && a.scope.same(&b.scope),
            (Known::Model(a), Known::Model(b)) => Rc::ptr_eq(a, b),
            (Known::Plain(a), Known::Plain(b)) => a == b,
            (Known::Alias(a), Known::Alias(b)) => a == b,
            _ => false,
        }
    }
}

impl Interpreter {
    pub(super) fn functional_name(&mut self, f: &Rc<Functional>, gathered: &mut Gathered) -> Result<Rc<str>> {
        let def = &f.def;
        let known = Known::Functional(f.clone());
        if let Some(name) = gathered.find(&known) {
            return Ok(name);
        }
        let name = self.new_name(def.function.name.name.clone(), &BTreeSet::new(), gathered);
        gathered.known.push((known, name.clone()));
        let body = self.definition_text(&def.function, &name, &f.scope, gathered)?;
        let docs = self.docs_of(&def.function);
        let spin = if def.spin_dependent { "@spin_dependent\n" } else { "" };
        let mut head = String::new();
        let mut body = body.trim_start_matches("@spin_dependent").trim_start();
        for word in def.total.then_some("total").into_iter().chain(def.kind.word()) {
            head.push_str(word);
            head.push(' ');
            body = body.trim_start_matches(word).trim_start();
        }
        gathered.texts.push(format!("{docs}{spin}{head}{body}"));
        Ok(name)
    }

    fn function_name(
        &mut self,
        def: &Rc<FnDef>,
        scope: &Scope,
        called: &Rc<str>,
        gathered: &mut Gathered,
    ) -> Result<Rc<str>> {
        let known = Known::Function(def.clone(), scope.clone());
        if let Some(name) = gathered.find(&known) {
            return Ok(name);
        }
        let lambda = &*def.name.name == "fn";
        let name =
            self.new_name(if lambda { called.clone() } else { def.name.name.clone() }, &BTreeSet::new(), gathered);
        gathered.known.push((known, name.clone()));
        let text = self.definition_text(def, &name, scope, gathered)?;
        let text = if lambda { format!("fn {name}{}", text.trim_start_matches("fn")) } else { text };
        let docs = self.docs_of(def);
        gathered.texts.push(format!("{docs}{text}"));
        Ok(name)
    }

    pub(super) fn model_name(&mut self, model: &Rc<Model>, called: &str, gathered: &mut Gathered) -> Result<Rc<str>> {
        let known = Known::Model(model.clone());
        if let Some(name) = gathered.find(&known) {
            return Ok(name);
        }
        if !model.members.is_empty() {
            gathered.ensemble.get_or_insert_with(|| model.name.clone());
        }
        let call = self.model_call(model, &model.name, gathered)?;
        let name = self.new_name(called.into(), &BTreeSet::new(), gathered);
        gathered.known.push((known, name.clone()));
        gathered.texts.push(format!("let {name} = {call}"));
        Ok(name)
    }

    /// The text of a definition with outer names replaced by those of the file.
    fn definition_text(
        &mut self,
        def: &FnDef,
        name: &Rc<str>,
        scope: &Scope,
        gathered: &mut Gathered,
    ) -> Result<String> {
        let names = of_function(def);
        if let Some((_, span)) = names.uses.first() {
            return cannot(gathered, format!("`{name}` has a `use` inside"), *span);
        }
        if names.asks_members {
            gathered.asks_members.get_or_insert_with(|| name.clone());
        }
        let mut edits: Vec<(Span, Rc<str>)> = Vec::new();
        if def.name.name != *name && &*def.name.name != "fn" {
            edits.push((def.name.span, name.clone()));
        }
        for used in &names.used {
            if used.name == def.name.name && &*def.name.name != "fn" {
                // Itself.
                if used.name != *name {
                    edits.push((used.span, name.clone()));
                }
                continue;
            }
            if let Some(edit) = self.used_text(used, &names.bound, scope, gathered)? {
                edits.push(edit);
            }
        }
        let whole = def.span.to(def.body.span);
        Ok(edited(self.sources.text(whole), whole, &edits))
    }

    /// What a definition uses from outside of it, with its place and name; `None` for what the language brings.
    pub(in crate::interp::verbs) fn outer(
        &mut self,
        used: &Used,
        scope: &Scope,
    ) -> Result<Option<(Span, Rc<str>, Value)>> {
        let local = scope.get(&used.name).is_some()
            || self.module(scope.module()).is_some_and(|m| m.within(&used.name).is_some());
        if !local {
            return Ok(None);
        }
        let Some(value) = self.find(&used.name, used.span, scope)? else { return Ok(None) };
        let found = match (&value, &used.member) {
            (Value::Module(module), Some((member, whole))) => {
                let Some(binding) = self.module(module.id).and_then(|m| m.get(member)).cloned() else {
                    return Ok(None);
                };
                Some((*whole, member.clone(), self.force(&binding, *whole)?))
            }
            // A value that the file of a model does not keep is gathered itself.
            (Value::Model(model), Some((member, whole))) if matches!(&**member, "members" | "history") => {
                model.member(member).map(|found| (*whole, member.clone(), found))
            }
            _ => None,
        };
        Ok(Some(found.unwrap_or_else(|| (used.span, used.name.clone(), value))))
    }

    /// The replacement for a used name, if it needs one; gathers its value.
    fn used_text(
        &mut self,
        used: &Used,
        bound: &BTreeSet<Rc<str>>,
        scope: &Scope,
        gathered: &mut Gathered,
    ) -> Result<Option<(Span, Rc<str>)>> {
        let Some((span, called, value)) = self.outer(used, scope)? else { return Ok(None) };
        let name = match &value {
            Value::Builtin(builtin) => Rc::from(builtin.name),
            value => self.value_name(value, &called, bound, gathered)?,
        };
        let unchanged = name == used.name && span == used.span;
        Ok((!unchanged).then_some((span, name)))
    }

    /// A name in the file for a value, free in a definition that binds `bound`.
    fn value_name(
        &mut self,
        value: &Value,
        called: &Rc<str>,
        bound: &BTreeSet<Rc<str>>,
        gathered: &mut Gathered,
    ) -> Result<Rc<str>> {
        let name = match value {
            Value::Function(closure) => self.function_name(&closure.def, &closure.scope, called, gathered)?,
            Value::Functional(f) if f.options.is_empty() && matches!(f.start, StartFrom::Seed(0)) => {
                self.functional_name(f, gathered)?
            }
            Value::Model(model) => self.model_name(model, called, gathered)?,
            value => {
                let text = self.value_text(value, called, gathered)?;
                // The same value under the same name is the same definition.
                let known = Known::Plain(format!("{called} = {text}"));
                match gathered.find(&known) {
                    Some(name) => name,
                    None => {
                        let name = self.new_name(called.clone(), bound, gathered);
                        gathered.known.push((known, name.clone()));
                        gathered.texts.push(format!("let {name} = {text}"));
                        name
                    }
                }
            }
        };
        if !bound.contains(&name) {
            return Ok(name);
        }
        // The definition binds that name itself: give the value another one.
        let known = Known::Alias(name.clone());
        if let Some(alias) = gathered.find(&known).filter(|alias| !bound.contains(alias)) {
            return Ok(alias);
        }
        let alias = self.new_name(name.clone(), bound, gathered);
        gathered.known.push((known, alias.clone()));
        gathered.texts.push(format!("let {alias} = {name}"));
        Ok(alias)
    }

    /// A value as an expression; gathers the definitions it needs.
    pub(super) fn value_text(&mut self, value: &Value, called: &Rc<str>, gathered: &mut Gathered) -> Result<String> {
        if let Some(text) = literal::plain(value) {
            return Ok(text);
        }
        match value {
            Value::Function(closure) => {
                self.function_name(&closure.def, &closure.scope, called, gathered).map(|n| n.to_string())
            }
            Value::Builtin(builtin) => Ok(builtin.name.into()),
            Value::Functional(f) => self.functional_text(f, gathered),
            Value::Model(model) => self.model_name(model, called, gathered).map(|n| n.to_string()),
            Value::List(items) => {
                let mut texts = Vec::with_capacity(items.len());
                for item in items.iter() {
                    texts.push(self.value_text(item, called, gathered)?);
                }
                Ok(format!("[{}]", texts.join(", ")))
            }
            Value::Record(record) => {
                let mut texts = Vec::with_capacity(record.entries.len());
                for (name, value) in &record.entries {
                    texts.push(format!("{name}: {}", self.value_text(value, name, gathered)?));
                }
                Ok(format!("{{ {} }}", texts.join(", ")))
            }
            other => {
                let reason = format!("`{called}` is {}, which cannot be written as text", other.kind());
                cannot(gathered, reason, gathered.span)
            }
        }
    }

    /// A free name: the wanted one, or that with a number.
    fn new_name(&mut self, wanted: Rc<str>, bound: &BTreeSet<Rc<str>>, gathered: &mut Gathered) -> Rc<str> {
        let mut name = wanted.clone();
        let mut number = 2;
        while self.is_taken(&name, bound, gathered) {
            name = format!("{wanted}_{number}").into();
            number += 1;
        }
        gathered.taken.push(name.clone());
        name
    }

    fn is_taken(&mut self, name: &Rc<str>, bound: &BTreeSet<Rc<str>>, gathered: &Gathered) -> bool {
        gathered.taken.contains(name)
            || bound.contains(name)
            || registry::get(name).is_some()
            || matches!(self.prelude(name, gathered.span), Ok(Some(_)))
    }

    /// The `##` lines of a definition.
    fn docs_of(&self, def: &FnDef) -> String {
        let in_scope = self.scope.bindings();
        let in_modules = self.modules.iter().flat_map(|m| m.bindings.iter());
        let found = in_scope.chain(in_modules).find(|b| b.span == def.name.span).and_then(|b| b.docs.clone());
        found.map_or(String::new(), |docs| docs.lines().map(|line| format!("## {}\n", line.trim())).collect())
    }
}

impl Gathered {
    /// Nothing yet, with names that are taken.
    pub fn new(span: Span, taken: &[&str]) -> Self {
        let taken = taken.iter().map(|name| Rc::from(*name)).collect();
        Self { texts: Vec::new(), known: Vec::new(), taken, asks_members: None, ensemble: None, span }
    }

    fn find(&self, known: &Known) -> Option<Rc<str>> {
        self.known.iter().find(|(k, _)| k.same(known)).map(|(_, name)| name.clone())
    }
}

pub(super) fn f_name(text: &str) -> &str {
    text.split('(').next().unwrap_or(text)
}

fn cannot<T>(gathered: &Gathered, reason: String, _: Span) -> Result<T> {
    let span = gathered.span;
    let message = format!("this cannot be saved: {reason}");
    let help = Some(
        "what is saved may use only numbers, lists, functions, functionals and models, which are saved too".into(),
    );
    fail(RunError::Value { message, help, span }, span)
}

/// A text with parts of it replaced.
fn edited(text: &str, whole: Span, edits: &[(Span, Rc<str>)]) -> String {
    let mut edits: Vec<_> = edits.iter().filter(|(s, _)| s.source == whole.source).collect();
    edits.sort_by_key(|(span, _)| span.start);
    let (mut result, mut done) = (String::new(), 0usize);
    for (span, replacement) in edits {
        let (from, to) =
            (span.start.saturating_sub(whole.start) as usize, span.end.saturating_sub(whole.start) as usize);
        if from < done || to > text.len() {
            continue;
        }
        result += text.get(done..from).unwrap_or_default();
        result += replacement;
        done = to;
    }
    result + text.get(done..).unwrap_or_default()
}
