//! The documentation of names.

use super::entries::entries;
use crate::interp::call::Param;
use crate::interp::eval::documented_members;
use crate::interp::registry;
use crate::interp::session::{Interpreter, Standard, definition};
use crate::interp::value::scope::{Binding, Readiness, Thunk};
use crate::interp::value::{Value, text};
use crate::lang::ast::{Stmt, StmtKind, signature};
use crate::lang::kinds::either;
use crate::lang::units;

/// What `:doc` and an editor show for a name.
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

impl Doc {
    /// Signature, text and examples as plain text, one example per line.
    pub fn plain_text(&self) -> String {
        let mut text = self.signature.clone();
        if !self.text.is_empty() {
            text.push_str(&format!("\n{}", self.text));
        }
        for (code, gives) in &self.examples {
            let gives = gives.as_ref().map_or(String::new(), |g| format!("   # {g}"));
            text.push_str(&format!("\n  {}{gives}", code.replace('\n', "\n  ")));
        }
        text
    }
}

impl Interpreter {
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
                .or_else(|| self.prelude_doc(head))
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

    /// The documentation of a definition that needs no `use` and has not been needed yet.
    fn prelude_doc(&self, name: &str) -> Option<Doc> {
        let statement = self.prelude_modules().find_map(|module| definition(&module.program, name))?;
        Some(statement_doc(statement, name))
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
        Value::Function(closure) => signature(name, &closure.def.params),
        Value::SystemMaker(maker) => signature(name, maker.def.params.as_deref().unwrap_or_default()),
        other => format!("{name}: {}", text::kind(other)),
    }
}

/// The documentation of a definition under the name by which it is reached.
pub(super) fn statement_doc(statement: &Stmt, path: &str) -> Doc {
    let text = statement.docs.as_deref().unwrap_or_default().to_owned();
    Doc { name: path.into(), signature: statement_signature(&statement.kind, path), text, examples: Vec::new() }
}

fn statement_signature(statement: &StmtKind, name: &str) -> String {
    match statement {
        StmtKind::Fn(def) | StmtKind::Loss(def) => signature(name, &def.params),
        StmtKind::Functional(def) => signature(name, &def.function.params),
        StmtKind::System(def) => def.params.as_ref().map_or(name.to_string(), |p| signature(name, p)),
        _ => name.to_string(),
    }
}

/// The documentation of a builtin.
pub(super) fn builtin_doc(name: &str) -> Option<Doc> {
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
pub(super) fn entry_docs() -> impl Iterator<Item = Doc> {
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
        let statement = definition(program, name)?;
        let path = format!("{m}.{name}");
        let docs = statement.docs.as_deref()?;
        let text = format!("{docs}\nFirst: `use std.{m}`");
        Some(Doc { signature: statement_signature(&statement.kind, &path), name: path, text, examples: Vec::new() })
    };
    library.iter().filter(|m| module.is_none_or(|wanted| wanted == m.name)).find_map(of)
}

/// The documentation of a unit.
pub(super) fn unit_doc(name: &str) -> Option<Doc> {
    let unit = units::find(name)?;
    let signature = format!("1 {name} = {} {}", text::number(unit.factor), unit.dimension.unit());
    Some(Doc { name: name.into(), signature, text: unit.about.into(), examples: Vec::new() })
}

/// The documentation of a member of a kind of value: `run`, `gap`.
pub(super) fn member_doc(kind: &str, name: &str) -> Option<Doc> {
    let (_, members) = documented_members().into_iter().find(|(k, _)| k.noun() == kind)?;
    let (_, about) = members.into_iter().find(|(n, _)| *n == name)?;
    let path = format!("{kind}.{name}");
    Some(Doc { name: path.clone(), signature: path, text: about.into(), examples: Vec::new() })
}

#[cfg(test)]
mod tests {
    use crate::interp::tests::helpers::interpreter;

    #[test]
    fn documentation_is_plain_text() {
        let doc = interpreter().doc("sqrt").unwrap();
        let text = doc.plain_text();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("sqrt(x)"));
        assert!(lines.any(|line| line.starts_with("  sqrt(") && line.contains("   # ")), "{text}");
    }

    #[test]
    fn names_that_need_no_use_are_documented_as_such() {
        let mut session = interpreter();
        let before = session.doc("H").unwrap();
        assert!(before.signature.starts_with('H') && !before.text.contains("use std"), "{before:?}");
        session.eval_entry("H").unwrap();
        assert_eq!(session.doc("H").unwrap().text, before.text);
        assert!(session.doc("lda").unwrap().text.contains("use std.functionals"));
    }
}
