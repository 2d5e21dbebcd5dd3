//! The kinds of values that names and calls in a text certainly have, as far as these have members.

use super::draft::DraftText;
use super::known::gives_each;
use crate::interp::eval::documented_members;
use crate::interp::value::Value;
use crate::lang::Kind;
use crate::lang::ast::{Expr, ExprKind, StmtKind};

/// Definitions are followed through at most this many others.
const STEPS: usize = 8;

impl DraftText<'_> {
    /// The kind of the value of a path, if it is one with documented members.
    pub(super) fn kind(&self, path: &str) -> Option<Kind> {
        self.kind_within(path, STEPS)
    }

    fn kind_within(&self, path: &str, steps: usize) -> Option<Kind> {
        if self.is_model(path) {
            return Some(Kind::Model);
        }
        match self.definition(path).map(|statement| &statement.kind) {
            Some(StmtKind::Let { value, .. }) => self.kind_of(value, steps),
            Some(StmtKind::Grid { .. }) => Some(Kind::Grid),
            Some(StmtKind::System(def)) => def.params.is_none().then_some(Kind::System),
            Some(_) => None,
            None => {
                let value = self.interpreter.known_value(path)?;
                documented_members().into_iter().map(|(kind, _)| kind).find(|kind| value.is(*kind))
            }
        }
    }

    /// The kind of what a call of a path gives.
    pub(super) fn result(&self, callee: &str) -> Option<Kind> {
        self.result_within(callee, STEPS)
    }

    fn result_within(&self, callee: &str, steps: usize) -> Option<Kind> {
        match self.definition(callee).map(|statement| &statement.kind) {
            Some(StmtKind::System(_)) => return Some(Kind::System),
            Some(StmtKind::Fn(def)) => return self.kind_of(&def.body, steps),
            Some(_) => return None,
            None => {}
        }
        match self.interpreter.known_value(callee) {
            Some(Value::SystemMaker(_)) => Some(Kind::System),
            Some(Value::Function(closure)) => self.kind_of(&closure.def.body, steps),
            Some(Value::Builtin(builtin)) => match builtin.gives {
                [kind] => Some(*kind),
                _ => gives_each(builtin),
            },
            _ => None,
        }
    }

    fn kind_of(&self, value: &Expr, steps: usize) -> Option<Kind> {
        let steps = steps.checked_sub(1)?;
        match &*value.kind {
            ExprKind::Name(_) | ExprKind::Field { .. } => self.kind_within(&path_of(value)?, steps),
            ExprKind::Call { callee, .. } => self.result_within(&path_of(callee)?, steps),
            ExprKind::Pipe { into, .. } => match &*into.kind {
                ExprKind::Call { callee, .. } => self.result_within(&path_of(callee)?, steps),
                _ => self.result_within(&path_of(into)?, steps),
            },
            ExprKind::Range { .. } => Some(Kind::Interval),
            _ => None,
        }
    }
}

/// A name or names joined by dots.
fn path_of(value: &Expr) -> Option<String> {
    match &*value.kind {
        ExprKind::Name(name) => Some(name.to_string()),
        ExprKind::Field { value, name } => Some(format!("{}.{}", path_of(value)?, name.name)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interp::tests::helpers::interpreter;

    #[test]
    fn kinds_follow_through_definitions_that_end() {
        let session = interpreter();
        let text =
            "let a = b\nlet b = a\nfn f(x) = g(x)\nfn g(x) = exact(x)\nlet r = f(1)\nlet range = 0 .. 1\nlet n = 3";
        let draft = DraftText::new(&session, text);
        let kinds = ["a", "r", "range", "n", "f", "unknown"].map(|name| draft.kind(name));
        assert_eq!(kinds, [None, Some(Kind::Reference), Some(Kind::Interval), None, None, None]);
        assert_eq!([draft.result("f"), draft.result("sqrt")], [Some(Kind::Reference), None]);
    }
}
