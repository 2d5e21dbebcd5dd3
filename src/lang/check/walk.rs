//! Walks a program, keeping track of the names visible at each place.

use super::error::CheckError;
use super::names::{Known, Names, defines, definitions, imported, known};
use crate::lang::absent::instead;
use crate::lang::ast::{
    Each, Expr, ExprKind, FnDef, Ident, ParamDecl, Program, Stmt, StmtKind, StrPart, SystemDef, SystemEntry,
};
use crate::lang::nearest::did_you_mean;
use crate::lang::{Dimension, Kind, units};
use crate::source::{SourceId, Span};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// What a statement is inside.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Text,
    Block,
    /// The body of a functional, or of a function that one may call.
    Body,
}

/// Walks a program and collects errors.
pub(super) struct Checker<'a> {
    pub(super) names: &'a Names,
    /// All definitions of the text, which bodies may use even before the definition.
    later: BTreeMap<Rc<str>, Known>,
    scopes: Vec<BTreeMap<Rc<str>, Known>>,
    /// Number of enclosing bodies, which run later.
    bodies: usize,
    errors: Vec<CheckError>,
    /// The places of names that are given twice.
    doubled: BTreeSet<(SourceId, u32)>,
    /// How many names unknown ones were compared with.
    compared: usize,
}

/// The largest [`Checker::compared`]: a text with very many unknown names gets suggestions for the first of them.
const MOST_COMPARED: usize = 300_000;

impl<'a> Checker<'a> {
    pub(super) fn new(names: &'a Names, program: &Program) -> Self {
        Checker {
            names,
            later: definitions(program),
            scopes: vec![BTreeMap::new()],
            bodies: 0,
            errors: Vec::new(),
            doubled: BTreeSet::new(),
            compared: 0,
        }
    }

    /// Adds an error. A name given twice is found by two checks: only the first is kept.
    pub(super) fn error(&mut self, error: CheckError) {
        let doubled = matches!(error, CheckError::Doubled { .. } | CheckError::DoubledArgument { .. });
        if !doubled || self.doubled.insert((error.span().source, error.span().start)) {
            self.errors.push(error);
        }
    }

    pub(super) fn error_count(&self) -> usize {
        self.errors.len()
    }

    pub(super) fn program(mut self, program: &Program) -> Vec<CheckError> {
        self.refuse_redefinitions(&program.statements);
        self.statements(&program.statements, Inside::Text);
        self.errors
    }

    fn bind(&mut self, name: &Rc<str>, known: Known) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.clone(), known);
        }
    }

    fn scoped(&mut self, names: impl IntoIterator<Item = Rc<str>>, walk: impl FnOnce(&mut Self)) {
        self.scopes.push(names.into_iter().map(|name| (name, Known::Value)).collect());
        walk(self);
        self.scopes.pop();
    }

    /// The meaning of a name; `None` if it has none.
    fn lookup(&self, name: &str) -> Option<Known> {
        if let Some(known) = self.scopes.iter().rev().find_map(|scope| scope.get(name)) {
            // In a body, a name that is bound again later in the text may have another meaning by then.
            let again = self.bodies > 0 && self.later.get(name).is_some_and(|later| later != known);
            return Some(if again { Known::Value } else { known.clone() });
        }
        if self.later.contains_key(name) {
            return Some(Known::Value);
        }
        self.names.globals.get(name).cloned()
    }

    /// The meaning of an expression, if it is a name, the member of a module or a call whose result is known.
    pub(super) fn what(&mut self, expr: &Expr) -> Option<Known> {
        match &*expr.kind {
            ExprKind::Name(name) => self.lookup(name),
            ExprKind::Field { value, name } => match self.what(value)? {
                Known::Module(path) => self.names.modules.get(&*path)?.get(&*name.name).cloned(),
                _ => None,
            },
            ExprKind::Call { callee, args } => match self.what(callee)? {
                Known::Callable(signature) if signature.system => Some(Known::System),
                // What might be a list might give one.
                Known::Callable(signature)
                    if signature.each && !args.first().is_some_and(|a| self.is_one(&a.value)) =>
                {
                    None
                }
                Known::Callable(signature) => signature.gives.clone().map(Known::Answer),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether an expression is certainly not a list: a system, a run, a reference.
    fn is_one(&mut self, expr: &Expr) -> bool {
        matches!(self.what(expr), Some(Known::System | Known::Answer(_)))
    }

    fn name(&mut self, name: &str, span: Span) {
        if self.lookup(name).is_some() || matches!(name, "train" | "table" | "") {
            return;
        }
        let help = if units::find(name).is_some() {
            Some(format!("`{name}` is a unit; it goes right after a number: `1 {name}`"))
        } else if self.names.library.iter().any(|module| module == name) {
            Some(format!("import the module: `use std.{name}`"))
        } else {
            instead(name)
                .or_else(|| self.in_a_module(name))
                .or_else(|| self.nearest(name))
                .or_else(|| self.names.words.get(name).map(|builtin| format!("did you mean `{builtin}`?")))
        };
        self.error(CheckError::UnknownName { name: name.into(), span, help });
    }

    /// Suggests a visible name.
    fn nearest(&mut self, name: &str) -> Option<String> {
        if self.compared > MOST_COMPARED {
            return None;
        }
        let local = self.scopes.iter().flat_map(BTreeMap::keys);
        let visible = local.chain(self.later.keys()).chain(self.names.globals.keys());
        let visible: Vec<&str> = visible.map(|name| &**name).collect();
        self.compared += visible.len();
        did_you_mean(name, visible)
    }

    /// Suggests a known module that has the name.
    fn in_a_module(&self, name: &str) -> Option<String> {
        let path = self.names.documented.get(name)?;
        let stem = path.strip_prefix("std.")?;
        Some(format!("the library has one: `use {path}`, then `{stem}.{name}`"))
    }

    fn statements(&mut self, statements: &[Stmt], inside: Inside) {
        for (i, statement) in statements.iter().enumerate() {
            self.statement(statement, inside);
            let last = i + 1 == statements.len();
            if let (StmtKind::Expr { value, .. }, false, false) = (&statement.kind, last, inside == Inside::Text) {
                self.refuse_unused_call(value, statements.get(i + 1));
            }
        }
    }

    fn statement(&mut self, statement: &Stmt, inside: Inside) {
        match &statement.kind {
            StmtKind::Let { value, .. } | StmtKind::Grid { value, .. } => self.expr(value, inside),
            StmtKind::Expr { value, .. } => self.expr(value, inside),
            StmtKind::Fn(function) => self.function(function, Some(&function.name), Inside::Body),
            StmtKind::Loss(loss) => {
                self.loss_head(loss);
                self.function(loss, Some(&loss.name), Inside::Block);
            }
            StmtKind::Functional(functional) => {
                self.functional_head(functional);
                self.function(&functional.function, Some(&functional.function.name), Inside::Body);
            }
            StmtKind::System(system) => self.system(system),
            StmtKind::Use(used) => self.check_use(used),
            StmtKind::Param(param) => {
                if inside != Inside::Body {
                    let help = format!("write `let {} = …` for a value that is not trained", param.name.name);
                    self.error(CheckError::Param { span: statement.span, help });
                }
                let parts = param.shape.iter().chain(&param.value).chain(&param.drawn).chain(&param.bounds);
                for part in parts {
                    self.expr(part, inside);
                }
            }
        }
        let of_module = |name: &Rc<str>| match &statement.kind {
            StmtKind::Use(used) => imported(used, name, self.names),
            _ => None,
        };
        let answer = match &statement.kind {
            StmtKind::Let { value, .. } => self.what(value).filter(|known| matches!(known, Known::Answer(_))),
            _ => None,
        };
        let is = |name: &Rc<str>, known| of_module(name).or_else(|| answer.clone()).unwrap_or(known);
        let bound: Vec<_> = defines(statement).into_iter().map(|(name, known)| (is(&name, known), name)).collect();
        for (known, name) in bound {
            self.bind(&name, known);
        }
    }

    /// Reports definitions that would replace another of the same kind in the same text; a `let` may do so.
    fn refuse_redefinitions(&mut self, statements: &[Stmt]) {
        let mut kinds: BTreeMap<&str, Vec<&Ident>> = BTreeMap::new();
        for (kind, name) in statements.iter().filter_map(|statement| unique(&statement.kind)) {
            kinds.entry(kind).or_default().push(name);
        }
        for (kind, names) in kinds {
            self.refuse_doubles(kind, names.into_iter(), "give one of them another name");
        }
    }

    /// Reports names that occur twice.
    pub(super) fn refuse_doubles<'n>(&mut self, what: &str, names: impl Iterator<Item = &'n Ident>, help: &str) {
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        for ident in names {
            match seen.get(&*ident.name) {
                Some(&first) => {
                    let (what, name, span) = (what.to_owned(), ident.name.to_string(), ident.span);
                    self.error(CheckError::Doubled { what, name, first, span, help: help.into() });
                }
                None => drop(seen.insert(&ident.name, ident.span)),
            }
        }
    }

    fn params(&mut self, params: &[ParamDecl]) {
        self.refuse_doubles("parameter", params.iter().map(|p| &p.name), "give one of them another name");
        let mut with_default: Option<&ParamDecl> = None;
        for param in params {
            match (&param.default, with_default) {
                (Some(_), _) => with_default = Some(param),
                (None, Some(before)) => {
                    let (name, before) = (param.name.name.to_string(), before.name.name.to_string());
                    self.error(CheckError::DefaultOrder { name, before, span: param.name.span });
                }
                (None, None) => {}
            }
        }
    }

    /// Checks head and body; the function sees itself, its parameters, and all definitions of the text.
    fn function(&mut self, function: &FnDef, own: Option<&Ident>, body: Inside) {
        self.params(&function.params);
        let names = own.into_iter().chain(function.params.iter().map(|p| &p.name)).map(|name| name.name.clone());
        self.bodies += 1;
        self.scoped(names.collect::<Vec<_>>(), |s| {
            for default in function.params.iter().filter_map(|p| p.default.as_ref()) {
                s.expr(default, Inside::Block);
            }
            s.expr(&function.body, body);
        });
        self.bodies -= 1;
    }

    fn system(&mut self, system: &SystemDef) {
        self.system_entries(system);
        let params = system.params.as_deref().unwrap_or(&[]);
        self.params(params);
        self.bodies += usize::from(system.params.is_some());
        self.scoped(params.iter().map(|p| p.name.name.clone()).collect::<Vec<_>>(), |s| {
            for value in params.iter().filter_map(|p| p.default.as_ref()).chain(&system.grid) {
                s.expr(value, Inside::Block);
            }
            for entry in &system.entries {
                s.entry(entry);
            }
        });
        self.bodies -= usize::from(system.params.is_some());
    }

    fn entry(&mut self, entry: &SystemEntry) {
        match entry {
            SystemEntry::Option { name, value } => {
                let names = self.names;
                if let Some(option) = names.system.iter().find(|option| option.name == name.name) {
                    self.measured(&format!("`{}`", name.name), option.takes, value);
                }
                self.expr(value, Inside::Block);
            }
            SystemEntry::Function { function } => self.function(function, None, Inside::Block),
            SystemEntry::Nucleus { element, at, each, .. } => {
                let walk = |s: &mut Self| {
                    s.element(element);
                    s.measured("the position of a nucleus", &[Kind::Measured(Dimension::LENGTH)], at);
                    s.expr(at, Inside::Block);
                };
                match each {
                    Some(each) => self.each(each, Inside::Block, walk),
                    None => walk(self),
                }
            }
        }
    }

    /// Checks the element before `at`.
    fn element(&mut self, element: &Expr) {
        match &*element.kind {
            ExprKind::Name(name) if self.lookup(name).is_none() => {
                let atoms = ["H", "He", "Li", "Be"].into_iter().filter(|atom| self.names.globals.contains_key(*atom));
                let help = did_you_mean(name, atoms).unwrap_or_else(|| {
                    "the library has H, He, Li and Be; any other nucleus is written `nucleus(Z) at 0`".into()
                });
                self.error(CheckError::UnknownName { name: name.to_string(), span: element.span, help: Some(help) });
            }
            _ => self.expr(element, Inside::Block),
        }
    }

    fn each(&mut self, each: &Each, inside: Inside, walk: impl FnOnce(&mut Self)) {
        self.expr(&each.values, inside);
        self.scoped([each.name.name.clone()], |s| {
            if let Some(condition) = &each.condition {
                s.expr(condition, inside);
            }
            walk(s);
        });
    }

    /// Loops, the first outermost.
    fn nested(&mut self, each: &[Each], inside: Inside, body: &Expr) {
        match each.split_first() {
            Some((first, rest)) => self.each(first, inside, |s| s.nested(rest, inside, body)),
            None => self.expr(body, inside),
        }
    }

    fn expr(&mut self, expr: &Expr, inside: Inside) {
        match &*expr.kind {
            ExprKind::Number(_) | ExprKind::Quantity { .. } | ExprKind::Bool(_) => {}
            ExprKind::Str(parts) => {
                for part in parts {
                    if let StrPart::Value(value) = part {
                        self.expr(value, inside);
                    }
                }
            }
            ExprKind::Name(name) => self.name(name, expr.span),
            ExprKind::List(values) => values.iter().for_each(|value| self.expr(value, inside)),
            ExprKind::Comprehension { body, each } => self.nested(each, inside, body),
            ExprKind::Record(entries) => {
                self.refuse_doubles("entry", entries.iter().map(|(name, _)| name), "keep one of them");
                entries.iter().for_each(|(_, value)| self.expr(value, inside));
            }
            ExprKind::Block(statements) => {
                let inner = if inside == Inside::Text { Inside::Block } else { inside };
                self.scoped([], |s| s.statements(statements, inner));
            }
            ExprKind::Range { from, to, by } => {
                self.dimension(expr, true);
                [Some(from), Some(to), by.as_ref()].into_iter().flatten().for_each(|e| self.expr(e, inside));
            }
            ExprKind::Unary { value, .. } => self.expr(value, inside),
            ExprKind::Binary { left, right, .. } => {
                self.dimension(expr, true);
                self.expr(left, inside);
                self.expr(right, inside);
            }
            ExprKind::Pipe { value, into } => self.pipe(value, into, inside),
            ExprKind::Convert { value, .. } => {
                self.dimension(expr, true);
                self.expr(value, inside);
            }
            ExprKind::If { condition, then, otherwise } => {
                [condition, then, otherwise].into_iter().for_each(|e| self.expr(e, inside));
            }
            ExprKind::Call { callee, args } => {
                self.call(callee, args, None, expr.span);
                self.expr(callee, inside);
                args.iter().for_each(|arg| self.expr(&arg.value, inside));
            }
            ExprKind::Index { value, index } => {
                self.expr(value, inside);
                self.expr(index, inside);
            }
            ExprKind::Field { value, name } => self.field(value, name, inside),
            ExprKind::Lambda(function) => self.function(function, None, Inside::Body),
        }
    }

    fn pipe(&mut self, value: &Expr, into: &Expr, inside: Inside) {
        self.expr(value, inside);
        match &*into.kind {
            ExprKind::Call { callee, args } => {
                self.call(callee, args, Some(value), into.span);
                self.expr(callee, inside);
                args.iter().for_each(|arg| self.expr(&arg.value, inside));
            }
            _ => {
                self.call(into, &[], Some(value), into.span);
                self.expr(into, inside);
            }
        }
    }

    fn field(&mut self, value: &Expr, name: &Ident, inside: Inside) {
        self.expr(value, inside);
        let held = self.what(value).unwrap_or_else(|| known(value));
        match held {
            Known::Module(path) => drop(self.member(&path, &name.name, name.span)),
            Known::Record(entries) => self.expect_member("this record", &entries, name),
            Known::Answer(answer) => self.expect_member(&answer.kind, &answer.members, name),
            _ => {}
        }
    }

    fn expect_member(&mut self, what: &str, members: &[Rc<str>], name: &Ident) {
        if members.contains(&name.name) {
            return;
        }
        let names: Vec<&str> = members.iter().map(|e| &**e).collect();
        let help = did_you_mean(&name.name, names.iter().copied()).unwrap_or_else(|| match names.as_slice() {
            [] => "it is empty".into(),
            names => format!("it has {}", names.join(", ")),
        });
        self.error(CheckError::NoField { what: what.into(), name: name.name.to_string(), span: name.span, help });
    }

    /// Reports a call whose value is not used and that is not made for its effect.
    fn refuse_unused_call(&mut self, value: &Expr, next: Option<&Stmt>) {
        let callee = match &*value.kind {
            ExprKind::Call { callee, .. } => callee,
            ExprKind::Pipe { into, .. } => match &*into.kind {
                ExprKind::Call { callee, .. } => callee,
                _ => into,
            },
            _ => return,
        };
        let Some(Known::Callable(signature)) = self.what(callee) else { return };
        if signature.effect {
            return;
        }
        let negative = next.is_some_and(
            |n| matches!(&n.kind, StmtKind::Expr { value, .. } if matches!(&*value.kind, ExprKind::Unary { .. })),
        );
        let help = if negative {
            "the next line begins with `-`: to continue, end this line with the `-` instead"
        } else {
            "bind it with `let`, remove it, or, to continue, end its line with the operator"
        };
        self.error(CheckError::UnusedValue { span: value.span, help: help.into() });
    }
}

/// The kind and name of a definition that may not be repeated in the same text.
fn unique(statement: &StmtKind) -> Option<(&'static str, &Ident)> {
    match statement {
        StmtKind::Fn(def) => Some(("function", &def.name)),
        StmtKind::Loss(def) => Some(("loss", &def.name)),
        StmtKind::Functional(def) => Some(("functional", &def.function.name)),
        StmtKind::System(def) => Some(("system", &def.name)),
        StmtKind::Grid { name, .. } => Some(("grid", name)),
        StmtKind::Let { .. } | StmtKind::Use(_) | StmtKind::Param(_) | StmtKind::Expr { .. } => None,
    }
}
