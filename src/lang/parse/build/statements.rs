//! Statements and definitions.

use super::{Builder, hole, hole_ident, parts};
use crate::functional::FunctionalKind;
use crate::lang::ast::{Expr, FnDef, FunctionalDef, Ident, Param, Stmt, StmtKind, Use, UsePath};
use crate::lang::parse::error::ParseError;
use crate::lang::parse::grammar::Rule;
use crate::source::Span;
use pest::iterators::Pair;
use std::rc::Rc;

impl<'i> Builder<'i> {
    /// The statements of a text or block.
    pub(super) fn statements(&self, pair: Pair<'i, Rule>, in_block: bool) -> Vec<Stmt> {
        let mut statements: Vec<Stmt> = Vec::new();
        for part in parts(pair) {
            if part.as_rule() == Rule::silent {
                if let Some(Stmt { kind: StmtKind::Expr { shown, .. }, .. }) = statements.last_mut() {
                    *shown = false;
                }
                continue;
            }
            if part.as_rule() == Rule::use_statement && in_block {
                self.error(ParseError::UseInBlock { span: self.span(&part) });
            }
            statements.push(self.statement(part));
        }
        statements
    }

    fn statement(&self, pair: Pair<'i, Rule>) -> Stmt {
        let span = self.span(&pair);
        let docs = self.docs_above(span.start as usize);
        let kind = match pair.as_rule() {
            Rule::let_statement => {
                let (name, value) = self.binding(pair);
                StmtKind::Let { name, value }
            }
            Rule::grid_statement => {
                let (name, value) = self.binding(pair);
                StmtKind::Grid { name, value }
            }
            Rule::fn_statement => StmtKind::Fn(Rc::new(self.definition(pair))),
            Rule::loss_statement => StmtKind::Loss(Rc::new(self.definition(pair))),
            Rule::functional_statement => StmtKind::Functional(Rc::new(self.functional(pair))),
            Rule::system_statement => StmtKind::System(Rc::new(self.system(pair))),
            Rule::use_statement => StmtKind::Use(self.use_statement(pair)),
            Rule::param_statement => StmtKind::Param(self.param(pair)),
            _ => {
                let value = parts(pair).next().map_or_else(|| hole(span), |value| self.expr(value));
                StmtKind::Expr { value, shown: true }
            }
        };
        Stmt { kind, span, docs }
    }

    /// The `##` lines directly above a statement, joined.
    fn docs_above(&self, start: usize) -> Option<Rc<str>> {
        let above = self.text.get(..start).unwrap_or("");
        let above = above.strip_prefix('\u{feff}').unwrap_or(above);
        let (above, same_line) = split_last_line(above);
        if !same_line.trim().is_empty() {
            return None;
        }
        let mut docs: Vec<&str> = Vec::new();
        let mut rest = above;
        while let Some(text) = rest {
            let (above, line) = split_last_line(text);
            let Some(doc) = line.trim_start().strip_prefix("##") else { break };
            docs.push(doc.strip_prefix(' ').unwrap_or(doc).trim_end());
            rest = above;
        }
        docs.reverse();
        (!docs.is_empty()).then(|| Rc::from(docs.join("\n")))
    }

    fn binding(&self, pair: Pair<'i, Rule>) -> (Ident, Expr) {
        let span = self.span(&pair);
        let mut binding = parts(pair);
        let name = binding.next().map_or_else(|| hole_ident(span), |n| self.ident(&n));
        (name, binding.next().map_or_else(|| hole(span), |value| self.expr(value)))
    }

    fn definition(&self, pair: Pair<'i, Rule>) -> FnDef {
        self.function(pair, None)
    }

    fn functional(&self, pair: Pair<'i, Rule>) -> FunctionalDef {
        let mut spin_dependent: Option<Span> = None;
        let mut made_for = None;
        let mut kind = FunctionalKind::Xc;
        let mut total: Option<Span> = None;
        for part in pair.clone().into_inner() {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::attribute => {
                    let name = parts(part).next().map_or("", |word| word.as_str());
                    if name != "spin_dependent" {
                        self.error(ParseError::Attribute { name: name.into(), span });
                    } else if let Some(first) = spin_dependent.replace(span) {
                        self.error(ParseError::Twice { what: "`@spin_dependent`".into(), first, span });
                    }
                }
                Rule::kw_total => total = Some(span),
                Rule::kw_kinetic => kind = FunctionalKind::Kinetic,
                Rule::kw_potential => kind = FunctionalKind::Potential,
                Rule::made_for => made_for = parts(part).next().map(|name| self.ident(&name)),
                _ => {}
            }
        }
        if let (FunctionalKind::Potential, Some(span)) = (kind, spin_dependent) {
            self.error(ParseError::SpinDependentPotential { span });
        }
        if let (FunctionalKind::Potential, Some(span)) = (kind, total) {
            self.error(ParseError::TotalPotential { span });
        }
        FunctionalDef {
            spin_dependent: spin_dependent.is_some(),
            kind,
            total: total.is_some(),
            function: self.definition(pair),
            made_for,
        }
    }

    fn use_statement(&self, pair: Pair<'i, Rule>) -> Use {
        let span = self.span(&pair);
        let mut used = Use { path: UsePath::Std(Vec::new()), names: None, alias: None };
        for part in parts(pair) {
            let part_span = self.span(&part);
            match part.as_rule() {
                Rule::string => match self.plain_string(part) {
                    Some(path) => used.path = UsePath::File { path, span: part_span },
                    None => {
                        let help = "a path is plain text, without `{ }`".into();
                        self.error(ParseError::Module { span: part_span, help });
                    }
                },
                Rule::module_path => used.path = UsePath::Std(self.module_path(part)),
                Rule::names => used.names = Some(parts(part).map(|name| self.ident(&name)).collect()),
                _ => used.alias = Some(self.ident(&part)),
            }
        }
        if let (Some(names), Some(alias)) = (&used.names, &used.alias)
            && names.len() != 1
        {
            let names: Vec<&str> = names.iter().map(|n| &*n.name).collect();
            let help =
                format!("`as {}` names a whole module; `({})` imports names from it", alias.name, names.join(", "));
            self.error(ParseError::Module { span, help });
        }
        used
    }

    fn module_path(&self, pair: Pair<'i, Rule>) -> Vec<Ident> {
        let span = self.span(&pair);
        let path: Vec<Ident> = parts(pair).map(|word| self.ident(&word)).collect();
        let words: Vec<&str> = path.iter().map(|word| &*word.name).collect();
        if words.len() != 2 || words[0] != "std" {
            let last = words.last().copied().unwrap_or("functionals");
            let help = if last == "std" {
                "name a module of the library, such as `use std.functionals`".into()
            } else {
                format!("write `use std.{last}` for a module of the library, `use \"{last}.ksr\"` for a file")
            };
            self.error(ParseError::Module { span, help });
        }
        path
    }

    fn param(&self, pair: Pair<'i, Rule>) -> Param {
        let span = self.span(&pair);
        let mut param = Param { name: hole_ident(span), shape: Vec::new(), value: None, drawn: None, bounds: None };
        for part in parts(pair) {
            let (rule, span) = (part.as_rule(), self.span(&part));
            match rule {
                Rule::name => param.name = self.ident(&part),
                Rule::shape => param.shape = parts(part).map(|size| self.expr(size)).collect(),
                _ => {
                    let value = parts(part).next().map_or_else(|| hole(span), |v| self.expr(v));
                    let (slot, what) = match rule {
                        Rule::param_value => (&mut param.value, "the initial value (`=`)"),
                        Rule::param_draw => (&mut param.drawn, "the distribution (`~`)"),
                        _ => (&mut param.bounds, "the interval (`in`)"),
                    };
                    if let Some(first) = slot.replace(value) {
                        self.error(ParseError::Twice { what: what.into(), first: first.span, span });
                    }
                }
            }
        }
        param
    }
}

/// The text above the last line, if there is any, and the last line.
fn split_last_line(text: &str) -> (Option<&str>, &str) {
    match text.rsplit_once(['\n', '\r']) {
        Some((above, line)) if text[above.len()..].starts_with('\n') => {
            (Some(above.strip_suffix('\r').unwrap_or(above)), line)
        }
        Some((above, line)) => (Some(above), line),
        None => (None, text),
    }
}
