//! Habits from other languages, and misspelt keywords.

use super::{Here, ParseError, TokenKind};
use crate::lang::nearest::nearest;

/// Words that begin statements in other languages, each with message and help.
const FOREIGN: &[(&str, &str, &str)] = &[
    ("def", "functions begin with `fn`", "write `fn name(x) = …`"),
    ("function", "functions begin with `fn`", "write `fn name(x) = …`"),
    ("func", "functions begin with `fn`", "write `fn name(x) = …`"),
    ("lambda", "an anonymous function is written `fn(x) = …`", "write `fn(x) = …`"),
    ("const", "names are bound with `let`", "write `let name = …`"),
    ("var", "names are bound with `let`", "write `let name = …`"),
    ("import", "modules are imported with `use`", "write `use std.functionals` or `use \"file.ksr\"`"),
    ("from", "modules are imported with `use`", "write `use \"file.ksr\" (name)`"),
    ("include", "modules are imported with `use`", "write `use \"file.ksr\"`"),
    ("using", "modules are imported with `use`", "write `use std.functionals`"),
    ("return", "there is no `return`", "the last expression of a block is its value"),
    ("while", "there are no loops", "write a list: `[f(R) for R in Rs]`"),
    ("elif", "there is no `elif`", "write `else if c then a else b`"),
    ("elseif", "there is no `elseif`", "write `else if c then a else b`"),
    ("end", "there is no `end`", "blocks are enclosed in `{ }`"),
    ("molecule", "molecules are systems", "write `system name(R) on line { H at -R/2; H at R/2 }`"),
    ("kinetic", "`kinetic` goes before `functional`", "write `kinetic functional t(n) = …`"),
    ("total", "`total` goes before `functional`", "write `total functional F(n) = …`"),
    ("potential", "`potential` goes before `functional`", "write `potential functional v(n) = …`"),
];

const KEYWORDS: &[&str] =
    &["let", "fn", "functional", "grid", "loss", "param", "system", "table", "train", "use", "if", "for"];

impl Here<'_> {
    /// The statement begins with a word of another language, or with a misspelt keyword.
    pub(super) fn foreign_word(&self) -> Option<ParseError> {
        if self.at_words() == "for" && self.at_start() || self.first_words(0) == "for" && self.bracket() != "[" {
            return Some(self.no_loops());
        }
        let word = self.tokens.get(self.first).filter(|t| t.kind == TokenKind::Word).copied()?;
        // Two adjacent words, the second where the grammar gave up.
        let pair = self.index == self.first + 1
            && matches!(self.at()?.kind, TokenKind::Word | TokenKind::Number | TokenKind::Text);
        if !pair {
            return None;
        }
        let (written, span) = (self.words(word), self.span_of(word));
        if let Some(&(_, message, help)) = FOREIGN.iter().find(|(foreign, ..)| *foreign == written) {
            return Some(ParseError::Foreign { message: message.into(), span, help: help.into() });
        }
        let near =
            nearest(written, KEYWORDS.iter().copied()).filter(|_| self.at().is_some_and(|t| t.kind == TokenKind::Word));
        near.map(|near| ParseError::UnknownKeyword { word: written.into(), nearest: near.into(), span })
    }

    fn no_loops(&self) -> ParseError {
        let token = if self.at_words() == "for" { self.at() } else { self.tokens.get(self.first).copied() };
        let span = token.map_or_else(|| self.place(), |t| self.span_of(t));
        let help = if self.in_system() {
            "write `H at i * R for i in 0 .. 3`: the `for` comes last".into()
        } else {
            "write a list: `[f(R) for R in Rs]`".into()
        };
        ParseError::Foreign { message: "there are no loops".into(), span, help }
    }
}
