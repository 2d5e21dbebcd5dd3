//! Statements and definitions.

use super::Printer;
use super::expressions::Level;
use crate::lang::ast::{Expr, ExprKind, FunctionalDef, Param, Stmt, StmtKind, SystemDef, SystemEntry, Use, UsePath};

impl Printer {
    pub(super) fn statement(self, statement: &Stmt) -> String {
        let text = match &statement.kind {
            StmtKind::Let { name, value } => format!("let {} = {}", name.name, self.expr(value)),
            StmtKind::Grid { name, value } => format!("grid {} = {}", name.name, self.expr(value)),
            StmtKind::Fn(f) => format!("fn {}{}", f.name.name, self.head_and_body(f)),
            StmtKind::Loss(f) => format!("loss {}{}", f.name.name, self.head_and_body(f)),
            StmtKind::Functional(functional) => self.functional(functional),
            StmtKind::System(system) => self.system(system),
            StmtKind::Use(used) => self.used(used),
            StmtKind::Param(param) => self.param(param),
            StmtKind::Expr { value, shown } => {
                // `let`, `fn name`, … cannot begin an expression, so nothing needs parentheses here.
                format!("{}{}", self.expr(value), if *shown { "" } else { ";" })
            }
        };
        match &statement.docs {
            Some(docs) if !self.inline => {
                let lines = docs.split('\n').map(|line| format!("## {line}").trim_end().to_owned());
                let indent = format!("\n{}", self.indent());
                format!("{}{indent}{text}", lines.collect::<Vec<_>>().join(&indent))
            }
            _ => text,
        }
    }

    pub(super) fn block(self, statements: &[Stmt]) -> String {
        let deeper = if self.inline { self } else { self.deeper() };
        let lines: Vec<String> = statements.iter().map(|s| deeper.statement(s)).collect();
        self.braces(&lines, "; ", true)
    }

    fn functional(self, functional: &FunctionalDef) -> String {
        let function = &functional.function;
        let attribute = if functional.spin_dependent { "@spin_dependent " } else { "" };
        let kinetic = if functional.kinetic { "kinetic " } else { "" };
        let made_for = functional.made_for.as_ref().map_or(String::new(), |name| format!(" for {}", name.name));
        let (params, body) = (self.params(&function.params), self.body(&function.body));
        format!("{attribute}{kinetic}functional {}{params}{made_for}{body}", function.name.name)
    }

    fn system(self, system: &SystemDef) -> String {
        let params = system.params.as_ref().map_or(String::new(), |params| self.params(params));
        let grid = system.grid.as_ref().map_or(String::new(), |grid| format!(" on {}", self.head(grid)));
        let deeper = if self.inline { self } else { self.deeper() };
        let entries: Vec<String> = system.entries.iter().map(|entry| deeper.entry(entry)).collect();
        let broken = entries.len() > 2 || entries.iter().any(|e| e.contains('\n') || e.len() > 40);
        let entries = if entries.is_empty() { "{ }".into() } else { self.braces(&entries, "; ", broken) };
        format!("system {}{params}{grid} {entries}", system.name.name)
    }

    fn entry(self, entry: &SystemEntry) -> String {
        match entry {
            SystemEntry::Nucleus { element, at, each, .. } => {
                let each = each.as_ref().map_or(String::new(), |each| format!(" {}", self.each(each)));
                format!("{} at {}{each}", self.head(element), self.expr(at))
            }
            SystemEntry::Option { name, value } => format!("{}: {}", name.name, self.expr(value)),
            SystemEntry::Function { function } => {
                format!("{}{}: {}", function.name.name, self.params(&function.params), self.expr(&function.body))
            }
        }
    }

    /// An expression before a `{` that does not belong to it.
    fn head(self, expr: &Expr) -> String {
        let simple = match &*expr.kind {
            ExprKind::Name(name) => !matches!(&**name, "train" | "table"),
            ExprKind::Call { callee, args } => {
                matches!(&*callee.kind, ExprKind::Name(name) if !matches!(&**name, "train" | "table"))
                    && args.iter().all(|arg| !arg.trailing)
            }
            ExprKind::Field { value, .. } => matches!(&*value.kind, ExprKind::Name(_)),
            _ => false,
        };
        if simple { self.at_least(expr, Level::Closed) } else { format!("({})", self.expr(expr)) }
    }

    fn used(self, used: &Use) -> String {
        let path = match &used.path {
            UsePath::Std(path) => path.iter().map(|p| p.name.to_string()).collect::<Vec<_>>().join("."),
            UsePath::File { path, .. } => self.path(path),
        };
        let names = used.names.as_ref().map_or(String::new(), |names| {
            format!(" ({})", names.iter().map(|n| n.name.to_string()).collect::<Vec<_>>().join(", "))
        });
        let alias = used.alias.as_ref().map_or(String::new(), |alias| format!(" as {}", alias.name));
        format!("use {path}{names}{alias}")
    }

    fn path(self, path: &std::rc::Rc<str>) -> String {
        let text = crate::lang::ast::StrPart::Text(path.clone());
        let span = Default::default();
        self.expr(&Expr { kind: std::rc::Rc::new(ExprKind::Str(vec![text])), span })
    }

    fn param(self, param: &Param) -> String {
        let shape: Vec<String> = param.shape.iter().map(|size| self.expr(size)).collect();
        let shape = if shape.is_empty() { String::new() } else { format!("[{}]", shape.join(", ")) };
        let part = |sign: &str, value: &Option<Expr>| {
            value.as_ref().map_or(String::new(), |value| format!(" {sign} {}", self.expr(value)))
        };
        let (value, drawn, bounds) = (part("=", &param.value), part("~", &param.drawn), part("in", &param.bounds));
        format!("param {}{shape}{value}{drawn}{bounds}", param.name.name)
    }
}
