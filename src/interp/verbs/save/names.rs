//! The names that a definition uses but does not bind itself, with their places: a saved model has to include them.

use crate::lang::ast::{
    Each, Expr, ExprKind, FnDef, Param, ParamDecl, Program, Stmt, StmtKind, StrPart, SystemDef, SystemEntry, Use,
};
use crate::source::Span;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A use of an outer name: `kappa`, or the member of one, `functionals.exchange`.
#[derive(Clone, Debug, PartialEq)]
pub struct Used {
    /// The name.
    pub name: Rc<str>,
    /// Its place.
    pub span: Span,
    /// The name after the dot, and the place of the whole expression.
    pub member: Option<(Rc<str>, Span)>,
}

/// The names in a definition or text.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Uses of outer names, in order.
    pub used: Vec<Used>,
    /// All names bound inside.
    pub bound: BTreeSet<Rc<str>>,
    /// Every `use`, and its statement.
    pub uses: Vec<(Use, Span)>,
    /// Every `load("model.ksr")` of one written path, with the place of the path.
    pub loads: Vec<(Rc<str>, Span)>,
    /// Whether `.members` of something other than an outer name is used.
    pub asks_members: bool,
    /// What is bound where the walk is, the innermost last, and how often each name is.
    visible: Vec<Rc<str>>,
    counts: BTreeMap<Rc<str>, usize>,
}

/// The names of a function or functional: parameters are bound in what follows them.
pub fn of_function(def: &FnDef) -> Names {
    let mut names = Names::default();
    names.function(def);
    names
}

/// The names of a whole text.
pub fn of_program(program: &Program) -> Names {
    let mut names = Names::default();
    program.statements.iter().for_each(|statement| names.statement(statement));
    names
}

impl Names {
    fn bind(&mut self, name: &Rc<str>) {
        self.visible.push(name.clone());
        *self.counts.entry(name.clone()).or_default() += 1;
        self.bound.insert(name.clone());
    }

    /// Walks with names that are local to it.
    fn inside(&mut self, walk: impl FnOnce(&mut Self)) {
        let visible = self.visible.len();
        walk(self);
        for name in self.visible.drain(visible..) {
            if let Some(count) = self.counts.get_mut(&name) {
                *count -= 1;
            }
        }
    }

    fn outer(&self, name: &Rc<str>) -> bool {
        self.counts.get(name).is_none_or(|count| *count == 0)
    }

    fn function(&mut self, def: &FnDef) {
        self.inside(|s| {
            s.params(&def.params);
            s.expr(&def.body);
        });
    }

    fn params(&mut self, params: &[ParamDecl]) {
        for param in params {
            if let Some(default) = &param.default {
                self.expr(default);
            }
            self.bind(&param.name.name);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &*expr.kind {
            ExprKind::Number(_) | ExprKind::Quantity { .. } | ExprKind::Bool(_) => {}
            ExprKind::Str(parts) => {
                for part in parts {
                    if let StrPart::Value(value) = part {
                        self.expr(value);
                    }
                }
            }
            ExprKind::Name(name) => {
                if self.outer(name) {
                    self.used.push(Used { name: name.clone(), span: expr.span, member: None });
                }
            }
            ExprKind::List(items) => items.iter().for_each(|item| self.expr(item)),
            ExprKind::Comprehension { body, each } => self.nested(each, body),
            ExprKind::Record(entries) => entries.iter().for_each(|(_, value)| self.expr(value)),
            ExprKind::Block(statements) => self.inside(|s| statements.iter().for_each(|stmt| s.statement(stmt))),
            ExprKind::Range { from, to, by } => {
                [Some(from), Some(to), by.as_ref()].into_iter().flatten().for_each(|e| self.expr(e));
            }
            ExprKind::Unary { value, .. } | ExprKind::Convert { value, .. } => self.expr(value),
            ExprKind::Binary { left, right, .. } => [left, right].into_iter().for_each(|e| self.expr(e)),
            ExprKind::Pipe { value, into } => [value, into].into_iter().for_each(|e| self.expr(e)),
            ExprKind::If { condition, then, otherwise } => {
                [condition, then, otherwise].into_iter().for_each(|e| self.expr(e));
            }
            ExprKind::Call { callee, args } => {
                if let (ExprKind::Name(name), [path]) = (&*callee.kind, args.as_slice())
                    && &**name == "load"
                    && self.outer(name)
                    && let ExprKind::Str(parts) = &*path.value.kind
                    && let [StrPart::Text(text)] = parts.as_slice()
                {
                    self.loads.push((text.clone(), path.value.span));
                }
                self.expr(callee);
                args.iter().for_each(|arg| self.expr(&arg.value));
            }
            ExprKind::Index { value, index } => [value, index].into_iter().for_each(|e| self.expr(e)),
            ExprKind::Field { value, name } => match &*value.kind {
                ExprKind::Name(base) if self.outer(base) => {
                    let member = Some((name.name.clone(), expr.span));
                    self.used.push(Used { name: base.clone(), span: value.span, member });
                }
                _ => {
                    self.asks_members |= &*name.name == "members";
                    self.expr(value);
                }
            },
            ExprKind::Lambda(def) => self.function(def),
        }
    }

    /// Loops, the first outermost.
    fn nested(&mut self, each: &[Each], body: &Expr) {
        match each.split_first() {
            Some((first, rest)) => self.each(first, |s| s.nested(rest, body)),
            None => self.expr(body),
        }
    }

    fn each(&mut self, each: &Each, body: impl FnOnce(&mut Self)) {
        self.expr(&each.values);
        self.inside(|s| {
            s.bind(&each.name.name);
            each.condition.iter().for_each(|condition| s.expr(condition));
            body(s);
        });
    }

    fn statement(&mut self, statement: &Stmt) {
        match &statement.kind {
            StmtKind::Let { name, value } | StmtKind::Grid { name, value } => {
                self.expr(value);
                self.bind(&name.name);
            }
            StmtKind::Fn(def) | StmtKind::Loss(def) => self.named(&def.name.name, def),
            StmtKind::Functional(def) => self.named(&def.function.name.name, &def.function),
            StmtKind::System(def) => {
                self.inside(|s| s.system(def));
                self.bind(&def.name.name);
            }
            StmtKind::Use(used) => {
                self.uses.push((used.clone(), statement.span));
                match (&used.alias, &used.names) {
                    (Some(alias), _) => self.bind(&alias.name),
                    (None, Some(names)) => names.iter().for_each(|name| self.bind(&name.name)),
                    (None, None) => self.bind(&used.path.stem()),
                }
            }
            StmtKind::Param(param) => {
                self.param(param);
                self.bind(&param.name.name);
            }
            StmtKind::Expr { value, .. } => self.expr(value),
        }
    }

    /// Walks a definition, which sees itself.
    fn named(&mut self, name: &Rc<str>, def: &FnDef) {
        self.bind(name);
        self.function(def);
    }

    fn param(&mut self, param: &Param) {
        param.shape.iter().for_each(|e| self.expr(e));
        [&param.value, &param.drawn, &param.bounds].into_iter().flatten().for_each(|e| self.expr(e));
    }

    fn system(&mut self, def: &SystemDef) {
        self.params(def.params.as_deref().unwrap_or_default());
        def.grid.iter().for_each(|grid| self.expr(grid));
        for entry in &def.entries {
            match entry {
                SystemEntry::Nucleus { element, at, each, .. } => {
                    let walk = |s: &mut Self| [element, at].into_iter().for_each(|e| s.expr(e));
                    match each {
                        Some(each) => self.each(each, walk),
                        None => walk(self),
                    }
                }
                SystemEntry::Option { value, .. } => self.expr(value),
                SystemEntry::Function { function } => self.function(function),
            }
        }
    }
}
