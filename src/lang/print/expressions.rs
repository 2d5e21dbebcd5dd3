//! Expressions, with the parentheses that precedence asks for and no others.

use super::{Printer, WIDTH};
use crate::lang::ast::{Arg, BinaryOp, Each, Expr, ExprKind, FnDef, Ident, ParamDecl, StrPart, UnaryOp, UnitExpr};

/// How tightly an expression holds together, loosest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// `if`, `fn`.
    Loosest,
    Convert,
    Pipe,
    Or,
    And,
    Not,
    Compare,
    Step,
    Range,
    Sum,
    Product,
    Negative,
    Power,
    /// A name, a literal, a call, anything in brackets.
    Closed,
}

fn level(expr: &Expr) -> Level {
    match &*expr.kind {
        ExprKind::If { .. } | ExprKind::Lambda(_) => Level::Loosest,
        ExprKind::Convert { .. } => Level::Convert,
        ExprKind::Pipe { .. } => Level::Pipe,
        ExprKind::Range { by: Some(_), .. } => Level::Step,
        ExprKind::Range { by: None, .. } => Level::Range,
        ExprKind::Unary { op: UnaryOp::Not, .. } => Level::Not,
        ExprKind::Unary { op: UnaryOp::Neg, .. } => Level::Negative,
        ExprKind::Binary { op, .. } => binary(*op).0,
        _ => Level::Closed,
    }
}

/// Level and sign of an operator.
fn binary(op: BinaryOp) -> (Level, &'static str) {
    match op {
        BinaryOp::Or => (Level::Or, "or"),
        BinaryOp::And => (Level::And, "and"),
        BinaryOp::Equal => (Level::Compare, "=="),
        BinaryOp::NotEqual => (Level::Compare, "!="),
        BinaryOp::Less => (Level::Compare, "<"),
        BinaryOp::LessEqual => (Level::Compare, "<="),
        BinaryOp::Greater => (Level::Compare, ">"),
        BinaryOp::GreaterEqual => (Level::Compare, ">="),
        BinaryOp::Add => (Level::Sum, "+"),
        BinaryOp::Sub => (Level::Sum, "-"),
        BinaryOp::Mul => (Level::Product, "*"),
        BinaryOp::Div => (Level::Product, "/"),
        BinaryOp::Pow => (Level::Power, "^"),
    }
}

/// The next tighter level.
fn above(level: Level) -> Level {
    match level {
        Level::Loosest => Level::Convert,
        Level::Convert => Level::Pipe,
        Level::Pipe => Level::Or,
        Level::Or => Level::And,
        Level::And => Level::Not,
        Level::Not => Level::Compare,
        Level::Compare => Level::Step,
        Level::Step => Level::Range,
        Level::Range => Level::Sum,
        Level::Sum => Level::Product,
        Level::Product => Level::Negative,
        Level::Negative => Level::Power,
        Level::Power | Level::Closed => Level::Closed,
    }
}

/// The shortest text of a number that reads back as the same bits.
/// `name.field.field`: what a record may follow without parentheses.
fn is_path(expr: &Expr) -> bool {
    match &*expr.kind {
        ExprKind::Name(_) => true,
        ExprKind::Field { value, .. } => is_path(value),
        _ => false,
    }
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 { format!("{value}") } else { format!("{value:?}") }
}

pub(super) fn unit(unit: &UnitExpr) -> String {
    if unit.power == 1 { unit.name.to_string() } else { format!("{}^{}", unit.name, unit.power) }
}

impl Printer {
    pub(super) fn expr(self, expr: &Expr) -> String {
        self.at_least(expr, Level::Loosest)
    }

    /// In parentheses unless it holds together as tightly as `least`.
    pub(super) fn at_least(self, expr: &Expr, least: Level) -> String {
        let text = self.bare(expr);
        if level(expr) < least { format!("({text})") } else { text }
    }

    fn bare(self, expr: &Expr) -> String {
        match &*expr.kind {
            ExprKind::Number(value) => number(*value),
            ExprKind::Quantity { value, unit: u } => format!("{} {}", number(*value), unit(u)),
            ExprKind::Str(parts) => self.string(parts),
            ExprKind::Bool(value) => value.to_string(),
            ExprKind::Name(name) => name.to_string(),
            ExprKind::List(values) => format!("[{}]", self.listed(values.iter())),
            ExprKind::Comprehension { body, each } => format!("[{} {}]", self.expr(body), self.each(each)),
            ExprKind::Record(entries) => self.record(entries),
            ExprKind::Block(statements) => self.block(statements),
            ExprKind::Range { from, to, by } => {
                let ends = format!("{} .. {}", self.at_least(from, Level::Sum), self.at_least(to, Level::Sum));
                by.as_ref().map_or(ends.clone(), |by| format!("{ends} by {}", self.at_least(by, Level::Sum)))
            }
            ExprKind::Unary { op: UnaryOp::Neg, value } => format!("-{}", self.at_least(value, Level::Negative)),
            ExprKind::Unary { op: UnaryOp::Not, value } => format!("not {}", self.at_least(value, Level::Not)),
            ExprKind::Binary { op, left, right, .. } => self.operation(*op, left, right),
            ExprKind::Pipe { value, into } => self.pipe(value, into),
            ExprKind::Convert { value, unit: u } => format!("{} -> {}", self.at_least(value, Level::Convert), unit(u)),
            ExprKind::If { condition, then, otherwise } => {
                format!("if {} then {} else {}", self.expr(condition), self.expr(then), self.expr(otherwise))
            }
            ExprKind::Call { callee, args } => self.call(callee, args),
            ExprKind::Index { value, index } => format!("{}[{}]", self.called(value), self.expr(index)),
            ExprKind::Field { value, name } => format!("{}.{}", self.called(value), name.name),
            ExprKind::Lambda(function) => format!("fn{}", self.head_and_body(function)),
        }
    }

    fn operation(self, op: BinaryOp, left: &Expr, right: &Expr) -> String {
        let (level, sign) = binary(op);
        if op == BinaryOp::Pow {
            let left = match &*left.kind {
                // A `^` after a unit would belong to the unit.
                ExprKind::Quantity { .. } => format!("({})", self.bare(left)),
                _ => self.at_least(left, Level::Closed),
            };
            return format!("{left}^{}", self.at_least(right, Level::Negative));
        }
        let left_level = if level == Level::Compare { above(level) } else { level };
        format!("{} {sign} {}", self.at_least(left, left_level), self.at_least(right, above(level)))
    }

    /// On one line, or a step a line.
    fn pipe(self, value: &Expr, into: &Expr) -> String {
        let line = format!("{} |> {}", self.at_least(value, Level::Pipe), self.at_least(into, Level::Or));
        if self.inline || line.lines().all(|l| l.len() + 2 * self.depth <= WIDTH) {
            return line;
        }
        let deeper = self.deeper();
        let mut steps = vec![deeper.at_least(into, Level::Or)];
        let mut first = value;
        while let ExprKind::Pipe { value, into } = &*first.kind {
            steps.push(deeper.at_least(into, Level::Or));
            first = value;
        }
        let mut text = self.at_least(first, Level::Pipe);
        for step in steps.iter().rev() {
            text.push_str(&format!("\n{}|> {step}", deeper.indent()));
        }
        text
    }

    /// What stands before `(`, `[` or `.`.
    fn called(self, value: &Expr) -> String {
        match &*value.kind {
            // `2.x` is no number, and after a unit a bracket reads badly.
            ExprKind::Number(_) | ExprKind::Quantity { .. } => format!("({})", self.bare(value)),
            _ => self.at_least(value, Level::Closed),
        }
    }

    fn call(self, callee: &Expr, args: &[Arg]) -> String {
        let (trailing, plain) = match args.split_last() {
            Some((last, before)) if last.trailing => (Some(self.expr(&last.value)), before),
            _ => (None, args),
        };
        let keyword = match &*callee.kind {
            ExprKind::Name(name) if matches!(&**name, "train" | "table") => Some(&**name),
            _ => None,
        };
        match (keyword, plain, &trailing) {
            (Some("table"), [], Some(record)) => return format!("table {record}"),
            (Some("train"), [Arg { name: None, value, .. }], Some(record)) if is_path(value) => {
                return format!("train {} {record}", self.expr(value));
            }
            _ => {}
        }
        let arguments: Vec<String> = plain.iter().map(|arg| self.argument(arg)).collect();
        let record = trailing.map_or(String::new(), |record| format!(" {record}"));
        format!("{}({}){record}", self.called(callee), arguments.join(", "))
    }

    fn argument(self, arg: &Arg) -> String {
        let name = arg.name.as_ref().map_or(String::new(), |name| format!("{}: ", name.name));
        format!("{name}{}", self.expr(&arg.value))
    }

    fn listed<'e>(self, values: impl Iterator<Item = &'e Expr>) -> String {
        values.map(|value| self.expr(value)).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn each(self, each: &Each) -> String {
        let condition = each.condition.as_ref().map_or(String::new(), |c| format!(" if {}", self.expr(c)));
        format!("for {} in {}{condition}", each.name.name, self.expr(&each.values))
    }

    fn record(self, entries: &[(Ident, Expr)]) -> String {
        let entry = |p: Printer| entries.iter().map(move |(name, value)| format!("{}: {}", name.name, p.expr(value)));
        let short: Vec<String> = entry(self).collect();
        let width: usize = short.iter().map(|e| e.len() + 2).sum();
        let broken = width + 2 * self.depth > WIDTH - 20 || short.iter().any(|e| e.contains('\n'));
        if broken && !self.inline {
            return self.braces(&entry(self.deeper()).collect::<Vec<_>>(), ", ", true);
        }
        self.braces(&short, ", ", false)
    }

    fn string(self, parts: &[StrPart]) -> String {
        let mut text = String::from("\"");
        for part in parts {
            match part {
                StrPart::Text(letters) => letters.chars().for_each(|letter| match letter {
                    '"' => text.push_str("\\\""),
                    '\\' => text.push_str("\\\\"),
                    '\n' => text.push_str("\\n"),
                    '\t' => text.push_str("\\t"),
                    '{' => text.push_str("{{"),
                    '}' => text.push_str("}}"),
                    _ => text.push(letter),
                }),
                StrPart::Value(value) => {
                    let value = Printer { inline: true, ..self }.expr(value);
                    // `{{` would be a brace.
                    let space = if value.starts_with('{') { " " } else { "" };
                    text.push_str(&format!("{{{space}{value}{space}}}"));
                }
            }
        }
        text.push('"');
        text
    }

    /// `(a, b = 2) = body`, `(a, b = 2) { … }`.
    pub(super) fn head_and_body(self, function: &FnDef) -> String {
        format!("{}{}", self.params(&function.params), self.body(&function.body))
    }

    pub(super) fn params(self, params: &[ParamDecl]) -> String {
        let written = params.iter().map(|p| match &p.default {
            Some(default) => format!("{} = {}", p.name.name, self.expr(default)),
            None => p.name.name.to_string(),
        });
        format!("({})", written.collect::<Vec<_>>().join(", "))
    }

    pub(super) fn body(self, body: &Expr) -> String {
        match &*body.kind {
            ExprKind::Block(_) => format!(" {}", self.expr(body)),
            _ => format!(" = {}", self.expr(body)),
        }
    }
}
