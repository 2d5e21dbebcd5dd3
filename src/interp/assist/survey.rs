//! What a session has: its definitions, a search by word, the kinds of expressions.

use super::doc::{Doc, builtin_doc, entry_docs};
use crate::interp::session::Interpreter;
use crate::interp::value::text;
use crate::interp::{call, registry};
use crate::lang::ast::StmtKind;
use crate::lang::nearest::nearest;
use crate::lang::{Entry, parse_entry};
use crate::problem::{Problem, Result};
use std::collections::BTreeSet;

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
}
