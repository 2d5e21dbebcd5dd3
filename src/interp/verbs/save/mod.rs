//! A model as one readable script: the definitions that its functional uses, from whichever file, as they were written; its
//! parameters bit for bit; its Kohn-Sham options; its origin.
//!
//! Definitions of several modules become definitions of one file: a name that is already taken, or hidden by the language or
//! by a definition's own names, is replaced by a free one at every use.

pub(super) mod literal;
mod names;

use crate::data::marked;
use crate::graph::ParamSpec;
use crate::interp::error::{RunError, fail};
use crate::interp::value::model::{Model, SeedRow, TrainedWith, hash};
use crate::interp::value::params::bounded;
use crate::interp::value::scope::Scope;
use crate::interp::value::{Functional, StartFrom, Value, scf};
use crate::interp::{Interpreter, registry};
use crate::lang::ast::FnDef;
use crate::lang::format::format;
use crate::lang::quoted;
use crate::number::not_finite;
use crate::problem::Result;
use crate::source::{SourceId, Span};
pub(crate) use names::of_program as names_of;
use names::{Used, of_function};
use std::rc::Rc;

/// The name of the model in its file, and the function that makes it.
pub const SAVED: &str = "saved";

/// Definitions gathered so far.
struct Gathered {
    /// In a valid order.
    texts: Vec<String>,
    /// Values that have a name, with it.
    known: Vec<(Known, Rc<str>)>,
    /// Names that are taken.
    taken: Vec<Rc<str>>,
    /// A definition that uses `.members` of a value that it gets or makes.
    asks_members: Option<Rc<str>>,
    /// A gathered model with members, which its text does not keep.
    ensemble: Option<String>,
    /// The `save`.
    span: Span,
}

/// A text as a comment, line by line.
fn comment(text: &str) -> String {
    text.split(['\n', '\r']).filter(|line| !line.trim().is_empty()).map(|line| format!("# {line}\n")).collect()
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
    /// The text of a model's file; `name` will be the name of the model.
    ///
    /// # Errors
    /// Its functional uses something that cannot be written as text: a run, a system, a field.
    pub(crate) fn model_text(&mut self, model: &Model, name: &str, span: Span) -> Result<String> {
        let mut gathered = Gathered { taken: vec![SAVED.into(), "model".into()], ..Gathered::new(span) };
        let call = self.model_call(model, name, &mut gathered)?;
        if let (Some(definition), Some(ensemble)) = (&gathered.asks_members, &gathered.ensemble) {
            let message = format!(
                "this model cannot be saved: `{definition}` uses the members of the model `{ensemble}`, which a file does \
                 not keep"
            );
            let help = "name them outside, `let parts = m.members`, and use `parts` in the body: the value of a name \
                        is saved with the model";
            return fail(RunError::Value { message, help: Some(help.into()), span }, span);
        }
        let mut text = comment(&format!("The model `{name}`, saved by ksr {}.", env!("CARGO_PKG_VERSION")));
        for line in &model.origin {
            text += &comment(line);
        }
        if let Some(training) = &model.training {
            text += &format!("# loss {:e}", training.loss);
            if let Some(validation) = training.validation_loss {
                text += &format!(", validation loss {validation:e}");
            }
            text += &format!(", seed {}, step {}\n", training.seed, training.step);
        }
        text += &comment(&format!("`use \"{name}.ksr\"` gives `{name}`, which can be used like any functional."));
        text += "\n";
        for definition in &gathered.texts {
            text += definition;
            text += "\n\n";
        }
        Ok(format!("{text}let {SAVED} = {call}\n"))
    }

    /// The text of the file at `path` for a model, or for a functional with its initial parameters.
    ///
    /// # Errors
    /// As for [`Self::model_text`]; an error in the body.
    pub(crate) fn saved_text(&mut self, value: &Value, path: &std::path::Path, span: Span) -> Result<String> {
        let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let text = match value {
            Value::Model(model) => self.model_text(model, &name, span)?,
            Value::Functional(f) => {
                let model = self.start_as_model(f, span)?;
                self.model_text(&model, &name, span)?
            }
            other => return crate::interp::call::not_functional("the value to save", other, span),
        };
        let formatted = format(SourceId::default(), &text).unwrap_or(text);
        Ok(marked(&formatted))
    }

    /// `model(f, parameters: …, scf: …)`.
    fn model_call(&mut self, model: &Model, name: &str, gathered: &mut Gathered) -> Result<String> {
        // The functional's own initial values do not matter to a model.
        let functional = self.functional_text(&Rc::new(model.functional.with_start(StartFrom::Seed(0))), gathered)?;
        let mut call = format!("model({functional},\n  name: {},\n", quoted(name));
        let specs = &model.traced.compiled.graph.params;
        if let Some(wrong) = model.parameters.iter().find(|x| !x.is_finite()) {
            let message = format!("this model cannot be saved: one of its parameters is {}", not_finite(*wrong));
            return fail(RunError::Value { message, help: None, span: gathered.span }, gathered.span);
        }
        call += &format!("  parameters: {},\n", parameters(specs, &model.parameters, |spec| spec.bounds.is_none()));
        if specs.iter().any(|spec| spec.bounds.is_some()) {
            call += &format!("  unbounded: {},\n", parameters(specs, &model.parameters, |spec| spec.bounds.is_some()));
        }
        if !model.parameters.is_empty() {
            call += &format!("  hash: {},\n", quoted(&hash(&model.parameters)));
        }
        if !model.interactions.is_empty() {
            let with = |w: &TrainedWith| {
                format!("{{ name: {}, values: {} }}", quoted(&w.name), literal::array(&w.profile, "  "))
            };
            let all: Vec<String> = model.interactions.iter().map(with).collect();
            call += &format!("  interactions: [{}],\n", all.join(", "));
        }
        if let Some(scf) = model.scf.as_ref().and_then(|scf| literal::plain(&scf::record(scf))) {
            call += &format!("  scf: {scf},\n");
        }
        if let Some(training) = &model.training {
            let validation = training
                .validation_loss
                .map_or(String::new(), |v| format!(", validation_loss: {}", literal::number(v)));
            let (loss, seed, step) = (literal::number(training.loss), training.seed, training.step);
            let seeds = seeds(&training.seeds);
            call += &format!("  training: {{ loss: {loss}{validation}, seed: {seed}, step: {step}{seeds} }},\n");
        }
        let origin: Vec<String> = model.origin.iter().map(|entry| format!("    {}", quoted(entry))).collect();
        let origin = if origin.is_empty() { String::new() } else { format!("\n{}\n  ", origin.join(",\n")) };
        Ok(call + &format!("  origin: [{origin}])"))
    }

    /// A functional as an expression; gathers its definition.
    fn functional_text(&mut self, f: &Rc<Functional>, gathered: &mut Gathered) -> Result<String> {
        let name = self.functional_name(f, gathered)?;
        let mut text = name.to_string();
        if !f.options.is_empty() {
            let mut options = Vec::with_capacity(f.options.len());
            for (option, value) in &f.options {
                options.push(format!("{option}: {}", self.value_text(value, option, gathered)?));
            }
            text = format!("{text}({})", options.join(", "));
        }
        match &f.start {
            StartFrom::Seed(0) => Ok(text),
            StartFrom::Seed(seed) => Ok(format!("init({text}, seed: {seed})")),
            StartFrom::Values(_) => {
                let model = self.start_as_model(f, gathered.span)?;
                Ok(format!("trainable({})", self.model_name(&model, f_name(&text), gathered)?))
            }
        }
    }

    /// A functional with given initial values, as a model with these values.
    fn start_as_model(&mut self, f: &Rc<Functional>, span: Span) -> Result<Rc<Model>> {
        let traced = self.traced(f, span)?;
        let parameters = traced.initial(&f.start);
        Ok(Rc::new(Model::untrained(f.clone(), traced, parameters)))
    }

    fn functional_name(&mut self, f: &Rc<Functional>, gathered: &mut Gathered) -> Result<Rc<str>> {
        let def = &f.def;
        let known = Known::Functional(f.clone());
        if let Some(name) = gathered.find(&known) {
            return Ok(name);
        }
        let name = self.new_name(def.function.name.name.clone(), &[], gathered);
        gathered.known.push((known, name.clone()));
        let body = self.definition_text(&def.function, &name, &f.scope, gathered)?;
        let docs = self.docs_of(&def.function);
        let spin = if def.spin_dependent { "@spin_dependent\n" } else { "" };
        let kinetic = if def.kinetic { "kinetic " } else { "" };
        let body = body.trim_start_matches("@spin_dependent").trim_start().trim_start_matches("kinetic").trim_start();
        gathered.texts.push(format!("{docs}{spin}{kinetic}{body}"));
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
        let name = self.new_name(if lambda { called.clone() } else { def.name.name.clone() }, &[], gathered);
        gathered.known.push((known, name.clone()));
        let text = self.definition_text(def, &name, scope, gathered)?;
        let text = if lambda { format!("fn {name}{}", text.trim_start_matches("fn")) } else { text };
        let docs = self.docs_of(def);
        gathered.texts.push(format!("{docs}{text}"));
        Ok(name)
    }

    fn model_name(&mut self, model: &Rc<Model>, called: &str, gathered: &mut Gathered) -> Result<Rc<str>> {
        let known = Known::Model(model.clone());
        if let Some(name) = gathered.find(&known) {
            return Ok(name);
        }
        if !model.members.is_empty() {
            gathered.ensemble.get_or_insert_with(|| model.name.clone());
        }
        let call = self.model_call(model, &model.name, gathered)?;
        let name = self.new_name(called.into(), &[], gathered);
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

    /// The replacement for a used name, if it needs one; gathers its value.
    fn used_text(
        &mut self,
        used: &Used,
        bound: &[Rc<str>],
        scope: &Scope,
        gathered: &mut Gathered,
    ) -> Result<Option<(Span, Rc<str>)>> {
        let local = scope.get(&used.name).is_some()
            || self.module(scope.module()).is_some_and(|m| m.within(&used.name).is_some());
        if !local {
            return Ok(None);
        }
        let mut value = match self.find(&used.name, used.span, scope)? {
            Some(value) => value,
            None => return Ok(None),
        };
        let (mut span, mut called) = (used.span, used.name.clone());
        if let (Value::Module(module), Some((member, whole))) = (&value, &used.member) {
            let binding = self.module(module.id).and_then(|m| m.get(member)).cloned();
            let Some(binding) = binding else { return Ok(None) };
            value = self.force(&binding, *whole)?;
            (span, called) = (*whole, member.clone());
        } else if let (Value::Model(model), Some((member, whole))) = (&value, &used.member)
            && matches!(&**member, "members" | "history")
            && let Some(found) = model.member(member)
        {
            // A value that the file of a model does not keep is gathered itself.
            value = found;
            (span, called) = (*whole, member.clone());
        }
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
        bound: &[Rc<str>],
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
    fn value_text(&mut self, value: &Value, called: &Rc<str>, gathered: &mut Gathered) -> Result<String> {
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
    fn new_name(&mut self, wanted: Rc<str>, bound: &[Rc<str>], gathered: &mut Gathered) -> Rc<str> {
        let mut name = wanted.clone();
        let mut number = 2;
        while self.is_taken(&name, bound, gathered) {
            name = format!("{wanted}_{number}").into();
            number += 1;
        }
        gathered.taken.push(name.clone());
        name
    }

    fn is_taken(&mut self, name: &Rc<str>, bound: &[Rc<str>], gathered: &Gathered) -> bool {
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
    fn new(span: Span) -> Self {
        Self { texts: Vec::new(), known: Vec::new(), taken: Vec::new(), asks_members: None, ensemble: None, span }
    }

    fn find(&self, known: &Known) -> Option<Rc<str>> {
        self.known.iter().find(|(k, _)| k.same(known)).map(|(_, name)| name.clone())
    }
}

fn f_name(text: &str) -> &str {
    text.split('(').next().unwrap_or(text)
}

fn cannot<T>(gathered: &Gathered, reason: String, _: Span) -> Result<T> {
    let span = gathered.span;
    let message = format!("this model cannot be saved: {reason}");
    let help = Some(
        "its functional may use only numbers, lists, functions, functionals and models, which are saved too".into(),
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

/// The table of all seeds, one record per line.
fn seeds(rows: &[SeedRow]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let row = |r: &SeedRow| {
        let validation =
            r.validation_loss.map_or(String::new(), |v| format!(", validation_loss: {}", literal::number(v)));
        let (loss, outcome) = (literal::number(r.loss), quoted(&r.outcome));
        format!(
            "      {{ seed: {}, step: {}, loss: {loss}{validation}, evaluations: {}, outcome: {outcome} }}",
            r.seed, r.step, r.evaluations
        )
    };
    format!(", seeds: [\n{}\n  ]", rows.iter().map(row).collect::<Vec<_>>().join(",\n"))
}

/// The chosen parameters by layer and name, as the optimiser stores them.
fn parameters(specs: &[ParamSpec], flat: &[f64], chosen: impl Fn(&ParamSpec) -> bool) -> String {
    let mut start = 0;
    let mut layers: Vec<(&str, Vec<(&str, String)>)> = Vec::new();
    let mut notes = String::new();
    for spec in specs {
        let values = flat.get(start..start + spec.len()).unwrap_or_default();
        start += spec.len();
        if !chosen(spec) {
            continue;
        }
        let (layer, array) = spec.name.split_once('.').unwrap_or((&spec.name, ""));
        let text = match (&spec.shape[..], values) {
            ([], [x]) => literal::number(*x),
            _ => literal::array(values, "    "),
        };
        if let Some(bounds) = spec.bounds {
            let shown: Vec<String> = values.iter().take(4).map(|&t| literal::number(bounded(bounds, t))).collect();
            notes += &format!("    # {} is between {} and {}: {}\n", spec.name, bounds.0, bounds.1, shown.join(", "));
        }
        match layers.last_mut() {
            Some((last, arrays)) if *last == layer => arrays.push((array, text)),
            _ => layers.push((layer, vec![(array, text)])),
        }
    }
    if layers.is_empty() {
        return "{}".into();
    }
    let line = |(layer, arrays): &(&str, Vec<(&str, String)>)| match arrays.as_slice() {
        [("", text)] => format!("    {layer}: {text}\n"),
        arrays => {
            let arrays: Vec<String> = arrays.iter().map(|(name, text)| format!("{name}: {text}")).collect();
            format!("    {layer}: {{ {} }}\n", arrays.join(", "))
        }
    };
    format!("{{\n{notes}{}  }}", layers.iter().map(line).collect::<String>())
}
