//! Tree to text: canonical source that parses to the same tree.
//!
//! Comments are not in the tree; `##` lines are, and are written.

mod expressions;
mod statements;
#[cfg(test)]
mod tests;

use super::ast::{Expr, Program, Stmt};

/// Lines longer than this are broken where the language allows it.
const WIDTH: usize = 100;

/// The text of a program, a statement a line.
pub fn program(program: &Program) -> String {
    let mut text = String::new();
    for statement in &program.statements {
        text.push_str(&Printer::default().statement(statement));
        text.push('\n');
    }
    text
}

/// The text of a statement, without a newline at its end.
pub fn statement(statement: &Stmt) -> String {
    Printer::default().statement(statement)
}

/// The text of an expression.
pub fn expr(expr: &Expr) -> String {
    Printer::default().expr(expr)
}

/// Where the text being written stands.
#[derive(Clone, Copy, Default)]
struct Printer {
    /// Steps of indentation.
    depth: usize,
    /// Everything on one line: inside strings.
    inline: bool,
}

impl Printer {
    fn deeper(self) -> Self {
        Printer { depth: self.depth + 1, ..self }
    }

    fn indent(self) -> String {
        "  ".repeat(self.depth)
    }

    /// `{ a; b }`, or each on a line of its own.
    fn braces(self, items: &[String], separator: &str, broken: bool) -> String {
        if items.is_empty() {
            return "{}".into();
        }
        if self.inline || !broken {
            return format!("{{ {} }}", items.join(separator));
        }
        let inner = self.deeper().indent();
        let lines: String = items.iter().map(|item| format!("{inner}{item}\n")).collect();
        format!("{{\n{lines}{}}}", self.indent())
    }
}
