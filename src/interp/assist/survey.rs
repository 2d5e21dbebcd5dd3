//! Information about a session: names for completion, documentation, types.

use super::entries::entries;
use crate::interp::call::Param;
use crate::interp::eval::documented_members;
use crate::interp::session::{Interpreter, Standard, defined_name, standard_modules};
use crate::interp::value::scope::{Binding, Readiness, Thunk};
use crate::interp::value::{Value, text};
use crate::interp::{call, registry};
use crate::lang::Kind;
use crate::lang::ast::{ParamDecl, StmtKind};
use crate::lang::kinds::either;
use crate::lang::nearest::nearest;
use crate::lang::{Entry, parse_entry, units};
use crate::problem::{Problem, Result};
use std::collections::BTreeSet;
use std::rc::Rc;

/// What `:doc` shows for a name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Doc {
    /// The name.
    pub name: String,
    /// How it is called, or what it is.
    pub signature: String,
    /// Its documentation.
    pub text: String,
    /// Pieces of ksr with their results.
    pub examples: Vec<(String, Option<String>)>,
}

/// A definition of the session.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// What it is: `a number`, `a system with parameters`.
    pub kind: String,
    /// Its value in short form.
    pub value: String,
}

impl Interpreter {
    /// All names that can be used in an expression now, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: BTreeSet<String> = self.visible(&self.scope).iter().map(|n| n.to_string()).collect();
        for module in &self.modules {
            if module.key == "std.atoms" || module.key == "std.interactions" {
                names.extend(module.bindings.iter().map(|b| b.name.to_string()));
            }
        }
        names.into_iter().collect()
    }

    /// The names that may follow the dot of `path`, itself a name or names joined by dots; nothing is evaluated.
    pub fn members(&self, path: &str) -> Vec<String> {
        if path == "std" {
            return standard_modules().map(String::from).collect();
        }
        self.known_value(path).map(|v| self.member_names(&v)).unwrap_or_default()
    }

    /// The parameter names of a callable name, for completion.
    pub fn parameters(&self, path: &str) -> Vec<String> {
        if let Some(builtin) = registry::get(path) {
            return builtin.params.iter().map(|p| p.name.to_string()).collect();
        }
        let names = |params: &[ParamDecl]| params.iter().map(|p| p.name.name.to_string()).collect();
        match self.known_value(path) {
            Some(Value::Function(closure)) => names(&closure.def.params),
            Some(Value::SystemMaker(maker)) => names(maker.def.params.as_deref().unwrap_or_default()),
            _ => Vec::new(),
        }
    }

    /// The words that a parameter of a builtin takes, if it takes nothing else.
    pub fn choices(&self, path: &str, parameter: &str) -> Vec<String> {
        let param = registry::get(path).and_then(|b| b.params.iter().find(|p| p.name == parameter));
        match param.map(|p| p.takes) {
            Some([Kind::Word(words)]) => words.iter().map(|word| (*word).to_owned()).collect(),
            _ => Vec::new(),
        }
    }

    /// The definitions of the session, the latest of each name, in order of definition.
    pub fn list(&self) -> Vec<Listed> {
        let mut seen = BTreeSet::new();
        let mut list: Vec<Listed> = Vec::new();
        for binding in self.scope.bindings() {
            let name = binding.name.to_string();
            if let Some(value) = binding.value()
                && seen.insert(name.clone())
            {
                list.push(Listed { name, kind: value.kind(), value: text::value(&value) });
            }
        }
        list.reverse();
        list
    }

    /// The documentation of a name: of a definition, a builtin, a module's definition (`functionals.lda`), a unit, an option
    /// (`seeds`) or a member (`run.gap`).
    pub fn doc(&self, path: &str) -> Option<Doc> {
        let (head, rest) = path.split_once('.').map_or((path, None), |(h, r)| (h, Some(r)));
        match rest {
            None => self
                .scope
                .get(head)
                .cloned()
                .or_else(|| self.prelude_binding(head))
                .map(|b| binding_doc(&b))
                .or_else(|| builtin_doc(head).map(with_entry))
                .or_else(|| unit_doc(head))
                .or_else(|| entry_doc(head))
                .or_else(|| library_doc(&self.library, None, head)),
            Some(name) => self
                .module_binding(head, name)
                .map(|b| binding_doc(&b))
                .or_else(|| member_doc(head, name))
                .or_else(|| library_doc(&self.library, Some(head), name)),
        }
    }

    /// Builtins and options whose name, summary or search words contain a word.
    pub fn search(&self, word: &str) -> Vec<Doc> {
        let word = word.to_lowercase();
        let hit = |b: &&call::Builtin| {
            b.name.contains(&word)
                || b.summary.to_lowercase().contains(&word)
                || b.words.iter().any(|w| w.to_lowercase().contains(&word))
        };
        let entries = entry_docs().filter(|doc| format!("{} {}", doc.name, doc.text).to_lowercase().contains(&word));
        registry::all().filter(hit).filter_map(|b| builtin_doc(b.name)).chain(entries).collect()
    }

    /// The kind of an expression's value, in words: `an energy`, `a list of 5 lengths`. The expression is evaluated, but
    /// definitions in it are not kept.
    ///
    /// # Errors
    /// Those of the expression.
    pub fn type_of(&mut self, text: &str) -> Result<String, Vec<Problem>> {
        let source = self.sources.add("<type>", text);
        let program = match parse_entry(source, text) {
            Entry::Complete(program) => program,
            Entry::Incomplete => return Ok(String::new()),
            Entry::Wrong(problems) => return Err(problems),
        };
        let mut scope = self.scope.clone();
        let mut kind = "a definition".to_string();
        for statement in &program.statements {
            let wrong = |p: Box<Problem>| vec![*p];
            match &statement.kind {
                StmtKind::Expr { value, .. } => kind = text::kind(&self.eval(value, &scope).map_err(wrong)?),
                StmtKind::Use(_) | StmtKind::Param(_) => {}
                _ => {
                    let made = self.define(statement, &scope).map_err(wrong)?;
                    scope.bind(made);
                }
            }
        }
        Ok(kind)
    }

    /// A suggestion for a misspelt name.
    pub fn nearest_name(&self, name: &str) -> String {
        let names = self.names();
        let near = nearest(name, names.iter().map(String::as_str));
        near.map_or_else(|| format!("`:search {name}` looks for a word"), |near| format!("did you mean `{near}`?"))
    }

    fn known_value(&self, path: &str) -> Option<Value> {
        let mut parts = path.split('.');
        let head = parts.next()?;
        let mut value = match self.scope.get(head).cloned().or_else(|| self.prelude_binding(head)) {
            Some(binding) => binding.value()?,
            None => registry::get(head)?.value(),
        };
        for part in parts {
            value = match &value {
                Value::Record(record) => record.get(part)?.clone(),
                Value::Module(module) => self.module(module.id)?.get(part)?.value()?,
                _ => return None,
            };
        }
        Some(value)
    }

    fn prelude_binding(&self, name: &str) -> Option<Rc<Binding>> {
        let prelude = self.modules.iter().filter(|m| m.key == "std.atoms" || m.key == "std.interactions");
        prelude.filter_map(|m| m.get(name)).next().cloned()
    }

    fn module_binding(&self, module: &str, name: &str) -> Option<Rc<Binding>> {
        match self.scope.get(module)?.value()? {
            Value::Module(module) => self.module(module.id)?.get(name).cloned(),
            _ => None,
        }
    }
}

fn binding_doc(binding: &Binding) -> Doc {
    let name = binding.name.to_string();
    let signature = match &*binding.state.borrow() {
        Readiness::Ready(value) => value_signature(&name, value),
        Readiness::Lazy(Thunk::Definition(statement, _)) => statement_signature(&statement.kind, &name),
        Readiness::Lazy(Thunk::Expr(..)) | Readiness::Forcing => name.clone(),
    };
    let text = binding.docs.as_deref().unwrap_or_default().to_string();
    Doc { name, signature, text, examples: Vec::new() }
}

fn value_signature(name: &str, value: &Value) -> String {
    match value {
        Value::Function(closure) => called(name, &closure.def.params),
        Value::SystemMaker(maker) => called(name, maker.def.params.as_deref().unwrap_or_default()),
        other => format!("{name}: {}", text::kind(other)),
    }
}

fn statement_signature(statement: &StmtKind, name: &str) -> String {
    match statement {
        StmtKind::Fn(def) | StmtKind::Loss(def) => called(name, &def.params),
        StmtKind::Functional(def) => called(name, &def.function.params),
        StmtKind::System(def) => def.params.as_ref().map_or(name.to_string(), |p| called(name, p)),
        _ => name.to_string(),
    }
}

/// `f(a, b = …)`.
fn called(name: &str, params: &[ParamDecl]) -> String {
    let written = |p: &ParamDecl| match &p.default {
        Some(_) => format!("{} = …", p.name.name),
        None => p.name.name.to_string(),
    };
    format!("{name}({})", params.iter().map(written).collect::<Vec<_>>().join(", "))
}

fn builtin_doc(name: &str) -> Option<Doc> {
    let builtin = registry::get(name)?;
    let examples = builtin.examples.iter().map(|e| (e.code.to_string(), e.gives.map(String::from))).collect();
    let text = [builtin.summary.to_owned(), builtin.kinds()].into_iter().filter(|line| !line.is_empty());
    let text = text.collect::<Vec<_>>().join("\n");
    Some(Doc { name: name.into(), signature: builtin.signature(), text, examples })
}

/// Adds the meaning of an option with the same name.
fn with_entry(mut doc: Doc) -> Doc {
    if let Some(entry) = entry_doc(&doc.name) {
        doc.text = format!("{}\n{}: {}", doc.text, entry.signature, entry.text);
    }
    doc
}

fn entry_doc(name: &str) -> Option<Doc> {
    entry_docs().find(|doc| doc.name.strip_suffix(':') == Some(name))
}

/// The documentation of every option, under `seeds:`.
fn entry_docs() -> impl Iterator<Item = Doc> {
    entries().into_iter().flat_map(|of| {
        let doc = |entry: &&Param| Doc {
            name: format!("{}:", entry.name),
            signature: of.head(entry),
            text: format!("{}\n{}", entry.about, either(entry.takes)),
            examples: Vec::new(),
        };
        of.entries.iter().map(doc).collect::<Vec<_>>()
    })
}

/// A definition in the standard library that has not been imported: of one module, or of the first that has it.
fn library_doc(library: &[Standard], module: Option<&str>, name: &str) -> Option<Doc> {
    let of = |Standard { name: m, program, .. }: &Standard| {
        let statement = program.statements.iter().find(|s| defined_name(&s.kind).is_some_and(|n| &*n.name == name))?;
        let path = format!("{m}.{name}");
        let docs = statement.docs.as_deref()?;
        let text = format!("{docs}\nFirst: `use std.{m}`");
        Some(Doc { signature: statement_signature(&statement.kind, &path), name: path, text, examples: Vec::new() })
    };
    library.iter().filter(|m| module.is_none_or(|wanted| wanted == m.name)).find_map(of)
}

fn unit_doc(name: &str) -> Option<Doc> {
    let unit = units::find(name)?;
    let signature = format!("1 {name} = {} {}", text::number(unit.factor), unit.dimension.unit());
    Some(Doc { name: name.into(), signature, text: unit.about.into(), examples: Vec::new() })
}

fn member_doc(kind: &str, name: &str) -> Option<Doc> {
    let (_, members) = documented_members().into_iter().find(|(k, _)| k.noun() == kind)?;
    let (_, about) = members.into_iter().find(|(n, _)| *n == name)?;
    let path = format!("{kind}.{name}");
    Some(Doc { name: path.clone(), signature: path, text: about.into(), examples: Vec::new() })
}
