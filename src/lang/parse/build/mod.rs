//! From pest's pairs to the syntax tree. Errors that the grammar cannot express (chained comparisons, unused values, …) are found
//! here.

mod expressions;
mod literals;
mod operations;
mod statements;
mod systems;

use super::error::ParseError;
use super::grammar::Rule;
use crate::lang::ast::{Expr, ExprKind, Ident, Program};
use crate::lang::words::canonical;
use crate::source::{SourceId, Span};
use pest::iterators::Pair;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Builds the tree of one text and collects errors.
pub(super) struct Builder<'i> {
    source: SourceId,
    text: &'i str,
    errors: RefCell<Vec<ParseError>>,
    in_system: Cell<bool>,
}

impl<'i> Builder<'i> {
    /// A builder for the text `source`.
    pub(super) fn new(source: SourceId, text: &'i str) -> Self {
        Self { source, text, errors: RefCell::default(), in_system: Cell::new(false) }
    }

    /// The tree for a `program` pair, and the errors found in it.
    pub(super) fn program(self, pair: Pair<'i, Rule>) -> (Program, Vec<ParseError>) {
        let statements = self.statements(pair, false);
        (Program { statements }, self.errors.into_inner())
    }

    fn error(&self, error: ParseError) {
        self.errors.borrow_mut().push(error);
    }

    /// The span of a pair, without trailing spaces and comments.
    fn span(&self, pair: &Pair<'i, Rule>) -> Span {
        let start = pair.as_span().start();
        let mut last = pair.clone();
        while last.as_rule() != Rule::string
            && let Some(inner) = last.clone().into_inner().next_back()
        {
            last = inner;
        }
        self.place(start, last.as_span().end())
    }

    fn place(&self, start: usize, end: usize) -> Span {
        Span { source: self.source, start: start as u32, end: end as u32 }
    }

    /// The text of a span.
    fn words(&self, span: Span) -> &'i str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// A name, of a value or of an option.
    fn ident(&self, pair: &Pair<'i, Rule>) -> Ident {
        let ident = Ident { name: canonical(pair.as_str()).into(), span: self.span(pair) };
        if pair.as_rule() == Rule::name {
            self.refuse_at(&ident.name, ident.span);
        }
        ident
    }

    /// Reports `at` as a name inside a system.
    fn refuse_at(&self, name: &str, span: Span) {
        if self.in_system.get() && name == "at" {
            let help = "inside a `system`, `at` places a nucleus; take the value of a field outside it".into();
            self.error(ParseError::Reserved { word: name.into(), span, help });
        }
    }

    /// Runs `build` with `at` reserved or not.
    fn inside<T>(&self, system: bool, build: impl FnOnce() -> T) -> T {
        let before = self.in_system.replace(system);
        let built = build();
        self.in_system.set(before);
        built
    }
}

/// The children of a pair, without keywords and punctuation.
fn parts<'i>(pair: Pair<'i, Rule>) -> impl Iterator<Item = Pair<'i, Rule>> {
    pair.into_inner().filter(|part| !is_frame(part.as_rule()))
}

/// Keywords and punctuation, which the tree does not keep.
fn is_frame(rule: Rule) -> bool {
    use Rule::*;
    matches!(
        rule,
        kw_and
            | kw_as
            | kw_at
            | kw_by
            | kw_else
            | kw_fn
            | kw_for
            | kw_functional
            | kw_grid
            | kw_if
            | kw_in
            | kw_kinetic
            | kw_let
            | kw_loss
            | kw_not
            | kw_on
            | kw_or
            | kw_param
            | kw_potential
            | kw_system
            | kw_table
            | kw_then
            | kw_total
            | kw_train
            | kw_use
            | equals_sign
            | colon_sign
            | comma
            | dot
            | arrow
            | close_paren
            | close_bracket
            | close_brace
            | no_brace
            | EOI
    )
}

/// A placeholder for a missing part; the grammar ensures that it is never used.
fn hole(span: Span) -> Expr {
    Expr { kind: Rc::new(ExprKind::Record(Vec::new())), span }
}

fn hole_ident(span: Span) -> Ident {
    Ident { name: Rc::from(""), span }
}
