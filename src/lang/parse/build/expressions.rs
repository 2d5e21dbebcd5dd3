//! Values: lists, records, blocks, calls, conditionals.

use super::{Builder, hole, hole_ident, parts};
use crate::lang::ast::{Arg, Each, Expr, ExprKind, FnDef, Ident, ParamDecl, Stmt, StmtKind};
use crate::lang::parse::error::ParseError;
use crate::lang::parse::grammar::Rule;
use crate::lang::words::canonical;
use crate::source::Span;
use pest::iterators::Pair;
use std::rc::Rc;

impl<'i> Builder<'i> {
    /// Any expression.
    pub(super) fn expr(&self, pair: Pair<'i, Rule>) -> Expr {
        let span = self.span(&pair);
        let kind = match pair.as_rule() {
            Rule::operation | Rule::head | Rule::element => return self.operation(pair.into_inner()),
            Rule::conditional => self.conditional(pair),
            Rule::lambda => self.lambda(pair),
            _ => return self.primary(pair),
        };
        Expr { kind: Rc::new(kind), span }
    }

    /// An operand.
    pub(super) fn primary(&self, pair: Pair<'i, Rule>) -> Expr {
        let span = self.span(&pair);
        let kind = match pair.as_rule() {
            Rule::quantity => self.quantity(pair),
            Rule::string => ExprKind::Str(self.string(pair)),
            Rule::boolean => ExprKind::Bool(pair.as_str() == "true"),
            Rule::name => {
                self.refuse_at(pair.as_str(), span);
                ExprKind::Name(canonical(pair.as_str()).into())
            }
            Rule::paren => {
                let inner = parts(pair).next().map_or_else(|| hole(span), |e| self.expr(e));
                return Expr { kind: inner.kind, span };
            }
            Rule::list => self.list(pair),
            Rule::record => ExprKind::Record(self.entries(pair)),
            Rule::block => ExprKind::Block(self.inside(false, || self.block(pair))),
            Rule::training => self.training(pair),
            Rule::tabulation => self.tabulation(pair),
            _ => return hole(span),
        };
        Self::literal(kind, span)
    }

    fn conditional(&self, pair: Pair<'i, Rule>) -> ExprKind {
        let span = self.span(&pair);
        let mut values = parts(pair).map(|part| self.expr(part));
        let mut next = || values.next().unwrap_or_else(|| hole(span));
        ExprKind::If { condition: next(), then: next(), otherwise: next() }
    }

    fn lambda(&self, pair: Pair<'i, Rule>) -> ExprKind {
        let start = pair.as_span().start();
        let name = Ident { name: Rc::from("fn"), span: self.place(start, start + 2) };
        ExprKind::Lambda(Rc::new(self.function(pair, Some(name))))
    }

    /// Head and body of anything that can be called: `name(params) body`; the name is given for `fn(x) = …`.
    pub(super) fn function(&self, pair: Pair<'i, Rule>, name: Option<Ident>) -> FnDef {
        let whole = self.span(&pair);
        let head_start = name.as_ref().map(|n| n.span);
        let mut function = FnDef {
            name: name.unwrap_or_else(|| hole_ident(whole)),
            params: Vec::new(),
            body: hole(whole),
            span: head_start.unwrap_or(Span { end: whole.start, ..whole }),
        };
        for part in parts(pair) {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::name => function.name = self.ident(&part),
                Rule::params => {
                    function.span = function.span.to(span);
                    function.params = self.params(part);
                }
                Rule::body => function.body = self.body(part),
                _ => {}
            }
        }
        function
    }

    /// `= expr` or `{ … }`.
    fn body(&self, pair: Pair<'i, Rule>) -> Expr {
        let span = self.span(&pair);
        parts(pair).next().map_or_else(|| hole(span), |body| self.expr(body))
    }

    /// `(a, b = 2)`.
    pub(super) fn params(&self, pair: Pair<'i, Rule>) -> Vec<ParamDecl> {
        let declarations = parts(pair).map(|declaration| {
            let span = self.span(&declaration);
            let mut declared = parts(declaration);
            let name = declared.next().map_or_else(|| hole_ident(span), |n| self.ident(&n));
            ParamDecl { name, default: declared.next().map(|e| self.expr(e)) }
        });
        declarations.collect()
    }

    fn list(&self, pair: Pair<'i, Rule>) -> ExprKind {
        let (mut values, mut each) = (Vec::new(), Vec::new());
        for part in parts(pair) {
            match part.as_rule() {
                Rule::each => each.push(self.each(part)),
                _ => values.push(self.expr(part)),
            }
        }
        match values.pop() {
            Some(body) if !each.is_empty() => ExprKind::Comprehension { body, each },
            last => {
                values.extend(last);
                ExprKind::List(values)
            }
        }
    }

    /// `for R in Rs if R > 1`.
    pub(super) fn each(&self, pair: Pair<'i, Rule>) -> Each {
        let span = self.span(&pair);
        let mut each = parts(pair);
        let name = each.next().map_or_else(|| hole_ident(span), |n| self.ident(&n));
        let values = each.next().map_or_else(|| hole(span), |v| self.expr(v));
        Each { name, values, condition: each.next().map(|c| self.expr(c)) }
    }

    /// `{ a: 1 }`.
    fn entries(&self, pair: Pair<'i, Rule>) -> Vec<(Ident, Expr)> {
        parts(pair).map(|entry| self.entry(entry)).collect()
    }

    /// `a: 1`.
    pub(super) fn entry(&self, pair: Pair<'i, Rule>) -> (Ident, Expr) {
        let span = self.span(&pair);
        let mut entry = parts(pair);
        let name = entry.next().map_or_else(|| hole_ident(span), |n| self.ident(&n));
        (name, entry.next().map_or_else(|| hole(span), |e| self.expr(e)))
    }

    /// The record of a trailing `{ … }`.
    pub(super) fn record_of(&self, pair: Pair<'i, Rule>) -> Expr {
        let span = self.span(&pair);
        parts(pair).next().map_or_else(|| hole(span), |record| self.primary(record))
    }

    /// `(a, b: 2)`.
    pub(super) fn arguments(&self, pair: Pair<'i, Rule>) -> Vec<Arg> {
        let arguments = parts(pair).map(|argument| {
            let span = self.span(&argument);
            let (mut name, mut value) = (None, None);
            for part in parts(argument) {
                match part.as_rule() {
                    Rule::word => name = Some(self.ident(&part)),
                    _ => value = Some(self.expr(part)),
                }
            }
            Arg { name, value: value.unwrap_or_else(|| hole(span)), trailing: false }
        });
        arguments.collect()
    }

    /// `train f { … }` is the call `train(f, { … })`.
    fn training(&self, pair: Pair<'i, Rule>) -> ExprKind {
        self.keyword_call("train", pair)
    }

    /// `table { … }` is the call `table({ … })`.
    fn tabulation(&self, pair: Pair<'i, Rule>) -> ExprKind {
        self.keyword_call("table", pair)
    }

    fn keyword_call(&self, keyword: &str, pair: Pair<'i, Rule>) -> ExprKind {
        let start = pair.as_span().start();
        let callee = Self::literal(ExprKind::Name(keyword.into()), self.place(start, start + keyword.len()));
        let mut args = Vec::new();
        for part in parts(pair) {
            match part.as_rule() {
                Rule::arguments => args.extend(self.arguments(part)),
                Rule::trailing => args.push(Arg { name: None, value: self.record_of(part), trailing: true }),
                _ => args.push(Arg { name: None, value: self.expr(part), trailing: false }),
            }
        }
        ExprKind::Call { callee, args }
    }

    /// The statements of a block. All but the last must have an effect; the last is its value.
    fn block(&self, pair: Pair<'i, Rule>) -> Vec<Stmt> {
        let span = self.span(&pair);
        let statements = self.statements(pair, true);
        let Some((last, before)) = statements.split_last() else {
            let help = "end it with an expression".into();
            self.error(ParseError::NoValue { span, help });
            return statements;
        };
        for (i, statement) in before.iter().enumerate() {
            if let StmtKind::Expr { value, .. } = &statement.kind {
                self.refuse_unused(value, statements.get(i + 1));
            }
        }
        if !matches!(last.kind, StmtKind::Expr { .. }) {
            let help = match &last.kind {
                StmtKind::Let { name, .. } => format!("end it with an expression, such as `{}`", name.name),
                _ => "end it with an expression".into(),
            };
            self.error(ParseError::NoValue { span: last.span, help });
        }
        statements
    }

    /// Reports a value that is not used, unless it may be a call made for its effect.
    fn refuse_unused(&self, value: &Expr, next: Option<&Stmt>) {
        if has_effect(value) {
            return;
        }
        let sign = next.and_then(|n| self.words(n.span).chars().next()).filter(|c| matches!(c, '-' | '(' | '['));
        let help = match sign {
            Some('-') => "the next line begins with `-`: to continue, end this line with the `-` instead".into(),
            Some(c) => {
                format!("the next line begins with `{c}`, a new statement: to continue, end this line with an operator")
            }
            None => "bind it with `let`, remove it, or, to continue, end the line before with the operator".into(),
        };
        self.error(ParseError::UnusedValue { span: value.span, help });
    }
}

/// Whether an expression may be there for its effect: it ends in a call (`print("…")`, `assert(…)`).
fn has_effect(value: &Expr) -> bool {
    match &*value.kind {
        ExprKind::Call { .. } | ExprKind::Pipe { .. } => true,
        ExprKind::If { then, otherwise, .. } => has_effect(then) || has_effect(otherwise),
        ExprKind::Block(statements) => {
            matches!(statements.last(), Some(Stmt { kind: StmtKind::Expr { value, .. }, .. }) if has_effect(value))
        }
        _ => false,
    }
}
