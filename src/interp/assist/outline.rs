//! The definitions of a text, with or without errors.

use crate::interp::session::defined_name;
use crate::lang::ast::{ExprKind, StmtKind};
use crate::lang::partial;
use crate::source::{SourceId, Span};
use std::ops::Range;

/// A definition in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlineEntry {
    /// Its name.
    pub name: String,
    /// What it is, in words: `a function`.
    pub kind: &'static str,
    /// The bytes of its name.
    pub at: Range<usize>,
    /// The bytes of all of it.
    pub range: Range<usize>,
    /// Its `##` lines.
    pub docs: Option<String>,
}

/// The definitions of a text, in order. Those that cannot be read are left out.
pub fn symbols(text: &str) -> Vec<OutlineEntry> {
    let bytes = |span: Span| span.start as usize..span.end as usize;
    let symbol = |statement: &crate::lang::ast::Stmt| {
        let name = defined_name(&statement.kind)?;
        Some(OutlineEntry {
            name: name.name.to_string(),
            kind: kind(&statement.kind),
            at: bytes(name.span),
            range: bytes(statement.span),
            docs: statement.docs.as_deref().map(str::to_owned),
        })
    };
    partial(SourceId::default(), text).program.statements.iter().filter_map(symbol).collect()
}

fn kind(statement: &StmtKind) -> &'static str {
    match statement {
        StmtKind::Let { value, .. } if matches!(&*value.kind, ExprKind::Lambda(_)) => "a function",
        StmtKind::Let { .. } => "a value",
        StmtKind::Grid { .. } => "a grid",
        StmtKind::Fn(_) => "a function",
        StmtKind::Loss(_) => "a loss",
        StmtKind::Functional(_) => "a functional",
        StmtKind::System(def) if def.params.is_some() => "a system with parameters",
        StmtKind::System(_) => "a system",
        StmtKind::Use(_) => "a module",
        StmtKind::Param(_) => "a parameter",
        StmtKind::Expr { .. } => "an expression",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interp::assist::examples;

    #[test]
    fn definitions_are_listed_beside_errors() {
        let text = "## Twice.\nfn twice(x) = 2 * x\nlet a = )\nsystem h2(R) on line { H at R }\nlet π2 = 6.28";
        let found = symbols(text);
        let listed: Vec<(&str, &str)> = found.iter().map(|s| (s.name.as_str(), s.kind)).collect();
        assert_eq!(listed, [("twice", "a function"), ("h2", "a system with parameters"), ("π2", "a value")]);
        assert_eq!(found[0].docs.as_deref(), Some("Twice."));
        assert!(found.iter().all(|s| text[s.at.clone()] == s.name && text[s.range.clone()].contains(&s.name)));
        assert_eq!(&text[found[2].range.clone()], "let π2 = 6.28");
    }

    #[test]
    fn every_example_has_definitions() {
        for (name, text) in examples() {
            assert!(!symbols(&text).is_empty(), "{name}");
        }
    }
}
