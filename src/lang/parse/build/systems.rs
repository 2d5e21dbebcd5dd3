//! Systems.

use super::{Builder, hole, hole_ident, parts};
use crate::lang::ast::{FnDef, ParamDecl, SystemDef, SystemEntry};
use crate::lang::parse::grammar::Rule;
use crate::source::Span;
use pest::iterators::Pair;
use std::rc::Rc;

impl<'i> Builder<'i> {
    /// `system h2(R) on line { … }`.
    pub(super) fn system(&self, pair: Pair<'i, Rule>) -> SystemDef {
        let whole = self.span(&pair);
        let mut system = SystemDef {
            name: hole_ident(whole),
            params: None,
            grid: None,
            entries: Vec::new(),
            span: Span { end: whole.start, ..whole },
        };
        self.inside(true, || {
            for part in parts(pair) {
                let span = self.span(&part);
                match part.as_rule() {
                    Rule::name => system.name = self.ident(&part),
                    Rule::params => system.params = Some(self.params(part)),
                    Rule::head => system.grid = Some(self.expr(part)),
                    _ => {
                        system.entries.push(self.system_entry(part));
                        continue;
                    }
                }
                system.span = system.span.to(span);
            }
        });
        system
    }

    fn system_entry(&self, pair: Pair<'i, Rule>) -> SystemEntry {
        match pair.as_rule() {
            Rule::entry => {
                let (name, value) = self.entry(pair);
                SystemEntry::Option { name, value }
            }
            Rule::function_entry => SystemEntry::Function { function: Rc::new(self.function_entry(pair)) },
            _ => self.nucleus(pair),
        }
    }

    /// `potential(x): expr`.
    fn function_entry(&self, pair: Pair<'i, Rule>) -> FnDef {
        let whole = self.span(&pair);
        let mut function = FnDef { name: hole_ident(whole), params: Vec::new(), body: hole(whole), span: whole };
        for part in parts(pair) {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::word => {
                    function.name = self.ident(&part);
                    function.span = span;
                }
                Rule::names => {
                    function.span = function.span.to(span);
                    let names = parts(part).map(|name| ParamDecl { name: self.ident(&name), default: None });
                    function.params = names.collect();
                }
                _ => function.body = self.expr(part),
            }
        }
        function
    }

    /// `H at R/2`.
    fn nucleus(&self, pair: Pair<'i, Rule>) -> SystemEntry {
        let span = self.span(&pair);
        let (mut element, mut at, mut each) = (None, None, None);
        for part in parts(pair) {
            match part.as_rule() {
                Rule::element => element = Some(self.expr(part)),
                Rule::each => each = Some(self.each(part)),
                _ => at = Some(self.expr(part)),
            }
        }
        let or_hole = |expr: Option<_>| expr.unwrap_or_else(|| hole(span));
        SystemEntry::Nucleus { element: or_hole(element), at: or_hole(at), each, span }
    }
}
