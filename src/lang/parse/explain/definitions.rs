//! Heads of definitions: names, parameters, `=`.

use super::{Here, ParseError, Rule, TokenKind};
use crate::lang::words::is_reserved;

impl Here<'_> {
    /// Errors in the head of a definition.
    pub(super) fn definition(&self) -> Option<ParseError> {
        self.attribute()
            .or_else(|| self.needs_name())
            .or_else(|| self.parameter())
            .or_else(|| self.head())
            .or_else(|| self.uses())
    }

    /// `@spin_dependent let x = 3`.
    fn attribute(&self) -> Option<ParseError> {
        if self.before_words(1) != "@" || !self.expected.contains(&Rule::kw_functional) {
            return None;
        }
        let expected = format!("`functional` after `@{}`", self.before_words(0));
        Some(self.unexpected(&expected, Some("write `@spin_dependent functional f(n_up, n_down) = …`".into())))
    }

    /// `let = 3`, `let grid = 3`, `for 2 in …`.
    fn needs_name(&self) -> Option<ParseError> {
        let keyword = self.before_words(0);
        let what = match keyword {
            "let" | "grid" | "loss" | "functional" | "system" | "param" | "fn" | "for" | "as" => format!("`{keyword}`"),
            _ => return None,
        };
        let is_keyword = !matches!(self.before_words(1), "." | "(" | ",") || matches!(keyword, "for" | "fn" | "let");
        if !is_keyword || self.at_words() == ":" || keyword == "fn" && self.at_words() == "(" {
            return None;
        }
        let help = match (keyword, self.at().map(|t| t.kind)) {
            ("let", Some(TokenKind::Open)) => Some("a `let` binds one name: `let a = …`".into()),
            ("let", Some(TokenKind::Number)) => Some("a name begins with a letter".into()),
            ("let", _) => Some("write `let name = …`".into()),
            ("grid", _) => Some("write `grid line = uniform(points: 513, spacing: 0.08 bohr)`".into()),
            ("system", _) => Some("write `system h2(R) on line { … }`".into()),
            ("functional", _) => Some("write `functional f(n) = …`".into()),
            ("for", _) => Some("write `[… for R in Rs]`".into()),
            _ => None,
        };
        let label = self.label();
        Some(self.reserved().unwrap_or(ParseError::NeedsName { what, span: self.place(), label, help }))
    }

    /// `fn f(2)`, `fn f(if)`, `fn f(a = )`.
    fn parameter(&self) -> Option<ParseError> {
        if !self.in_head() || !matches!(self.before_words(0), "(" | ",") {
            return None;
        }
        let help = Some("parameters are written `(a, b = 2)`".into());
        let (what, label) = ("a parameter".into(), self.label());
        Some(self.reserved().unwrap_or(ParseError::NeedsName { what, span: self.place(), label, help }))
    }

    /// Whether the innermost bracket holds the parameters of a definition.
    fn in_head(&self) -> bool {
        let Some(&open) = self.open.last() else { return false };
        let word = |back: usize| open.checked_sub(back).map_or("", |i| self.words(self.tokens[i]));
        self.bracket() == "(" && (word(1) == "fn" || matches!(word(2), "fn" | "functional" | "loss" | "system"))
    }

    /// `let x 3`, `functional f = n`, `fn f(x) x^2`.
    fn head(&self) -> Option<ParseError> {
        let (keyword, name) = (self.before_words(1), self.before_words(0));
        let direct =
            self.before(1).is_some() && self.before(0).is_some_and(|t| t.kind == TokenKind::Word && !is_reserved(name));
        if direct && self.at_words() != "=" {
            match keyword {
                "let" | "grid" => {
                    let help = match self.at_words() {
                        "(" => format!("a function is written `fn {name}(…) = …`"),
                        ":" => format!("write `let {name} = …`; there are no type annotations"),
                        "==" => format!("`=` defines: `let {name} = …`"),
                        _ => format!("write `{keyword} {name} = …`"),
                    };
                    return Some(self.unexpected(&format!("`=` after `{keyword} {name}`"), Some(help)));
                }
                "fn" | "loss" | "functional" => return Some(self.no_parameters(keyword, name)),
                "param" => {
                    let help =
                        Some(format!("write `param {name} = 1.0 in 0 .. 2` or `param {name}[8] ~ normal(0, 0.01)`"));
                    return Some(
                        self.unexpected(&format!("`=`, `~`, `in` or the end of the line after `param {name}`"), help),
                    );
                }
                "system" => {
                    let help = Some(format!("write `system {name}(R) on line {{ … }}`"));
                    return Some(self.unexpected(&format!("`on` and `{{` after `system {name}`"), help));
                }
                _ => {}
            }
        }
        if direct && matches!(keyword, "fn" | "loss" | "functional") {
            return Some(self.no_parameters(keyword, name));
        }
        self.missing_body()
    }

    fn no_parameters(&self, keyword: &str, name: &str) -> ParseError {
        let example = match keyword {
            "functional" => format!("write `functional {name}(n) = …`: the density goes in parentheses"),
            "loss" => format!("write `loss {name}(run, exact) {{ … }}`"),
            _ => format!("write `fn {name}(x) = …`; a value is `let {name} = …`"),
        };
        self.unexpected(&format!("the parameters of `{name}` in parentheses"), Some(example))
    }

    /// `fn f(x) x^2`, `system a on line H at 0`.
    fn missing_body(&self) -> Option<ParseError> {
        let keyword = self.first_words(0);
        if self.expected.contains(&Rule::body) && self.at_words() != "=" {
            let head = self.head_words();
            let help = Some(format!("write `{head} = …`, or a `{{ … }}` block"));
            return Some(self.unexpected(&format!("`=` or `{{` after `{head}`"), help));
        }
        let system_head = keyword == "system" && self.open.len() <= usize::from(self.bracket() == "{");
        if system_head && self.bracket() != "{" {
            let help = match self.brace_below() {
                true => "write the `{` on the line of `system`".into(),
                false => "write `system name(R) on line { H at -R/2; H at R/2 }`".into(),
            };
            let help = Some(help);
            let expected = if self.before_words(0) == "on" {
                "the name of a grid after `on`"
            } else {
                "`on` and a grid, then `{`"
            };
            return Some(self.unexpected(expected, help));
        }
        None
    }

    /// The head being written, from its keyword on: `fn f(x)`.
    fn head_words(&self) -> &str {
        let keyword = |t: &&crate::lang::parse::scan::Token| matches!(self.words(**t), "fn" | "functional" | "loss");
        let start = self.tokens[..self.index].iter().rev().find(keyword);
        match (start, self.before(0)) {
            (Some(start), Some(last)) => self.text.get(start.start..last.end).unwrap_or("fn f(x)"),
            _ => "fn f(x)",
        }
    }

    /// `use`, `use std.`.
    fn uses(&self) -> Option<ParseError> {
        if self.first_words(0) != "use" || self.at_start() {
            return None;
        }
        let help = "write `use std.functionals`, `use \"my/lda.ksr\"` or `use \"lda.ksr\" (exchange)`".to_owned();
        let at_module = matches!(self.before_words(0), "use" | ".");
        Some(match at_module {
            true => ParseError::Module { span: self.place(), help },
            false => self.unexpected("the end of the line, `(names)` or `as name`", Some(help)),
        })
    }
}
