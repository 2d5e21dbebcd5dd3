//! Characters and signs from other languages and from print.

use super::{Scanner, TokenKind};
use crate::lang::parse::error::ParseError;
use pest::unicode::XID_START;

/// Characters that look like one of the language's, with what to write instead and what they are called.
const LOOKALIKES: &[(&str, &str, &str)] = &[
    ("−‐‑‒–—", "-", "a typographic minus sign or dash"),
    ("×·⋅∙", "*", "a multiplication sign"),
    ("÷", "/", "a division sign"),
    ("≤", "<=", "a comparison sign"),
    ("≥", ">=", "a comparison sign"),
    ("≠", "!=", "a comparison sign"),
    ("→⟶", "->", "an arrow"),
    ("”»’", "\"", "a typographic quotation mark"),
    ("…", "..", "an ellipsis"),
    ("²", "^2", "a superscript"),
    ("³", "^3", "a superscript"),
    ("√", "sqrt(…)", "a root sign"),
    ("∞", "inf", "infinity"),
    ("½", "0.5", "a fraction"),
];

/// Other quotation marks, and what may end their strings.
const QUOTES: &[(char, &[char])] =
    &[('\'', &['\'']), ('‘', &['’', '‘']), ('“', &['”', '“', '"']), ('„', &['“', '”']), ('«', &['»'])];

/// Signs of other languages, each with message and help.
const FOREIGN: &[(&str, &str, &str)] = &[
    ("&&", "the operator is the word `and`", "write `a and b`"),
    ("||", "the operator is the word `or`", "write `a or b`"),
    ("**", "powers are written with `^`", "write `x^2`"),
    ("//", "a comment begins with `#`", "write `# …`; division is a single `/`"),
    ("/*", "a comment begins with `#`", "write `# …` on each line"),
    (":=", "names are bound with `let`", "write `let name = …`"),
    ("=>", "`=>` has no meaning in ksr", "an anonymous function is written `fn(x) = …`"),
    ("+=", "values cannot be changed", "bind a new one: `let x = x + …`"),
    ("-=", "values cannot be changed", "bind a new one: `let x = x - …`"),
    ("*=", "values cannot be changed", "bind a new one: `let x = x * …`"),
    ("/=", "values cannot be changed", "bind a new one: `let x = x / …`"),
    ("===", "`==` compares", "write `a == b`"),
    ("~=", "`!=` means not equal", "write `a != b`"),
    ("...", "an interval is written with two dots", "write `a .. b`"),
    ("%", "there is no remainder operator and no percent sign", "write `mod(a, b)` for a remainder, `0.05` for 5 %"),
    ("&", "the operator is the word `and`", "write `a and b`"),
    ("|", "the operator is the word `or`, and an absolute value is `abs(x)`", "write `a or b`, or `abs(x)`"),
    ("!", "the operator is the word `not`", "write `not a`"),
    ("?", "`?` has no meaning in ksr", "a choice is written `if c then a else b`"),
    ("$", "`$` has no meaning in ksr", "in a string, `{R}` inserts a value"),
];

impl Scanner<'_> {
    /// Reports and skips a character or sign that is not of the language; `false` if it is.
    pub(super) fn strange(&mut self, letter: char) -> bool {
        if let Some(ends) = QUOTES.iter().find(|(open, _)| *open == letter).map(|(_, ends)| *ends) {
            return self.other_quotes(letter, ends);
        }
        let rest = self.rest();
        let ours = ["|>", "!=", "->", "=="].iter().any(|sign| rest.starts_with(sign)) && !rest.starts_with("===");
        let found = FOREIGN.iter().find(|(sign, ..)| rest.starts_with(sign)).filter(|_| !ours);
        if let Some(&(sign, message, help)) = found {
            let span = self.span(self.at, self.at + sign.len());
            self.error(ParseError::Foreign { message: message.into(), span, help: help.into() }, self.at);
            if matches!(sign, "//" | "/*") {
                self.at = self.line_end();
            } else {
                self.push(TokenKind::Sign, sign.len());
            }
            return true;
        }
        let known = XID_START(letter) || "_()[]{},;+-*/^=<>:.@~|!#\"".contains(letter) || letter.is_ascii_digit();
        if known {
            return false;
        }
        self.character(letter);
        true
    }

    fn character(&mut self, letter: char) {
        let span = self.span(self.at, self.at + letter.len_utf8());
        let lookalike = LOOKALIKES.iter().find(|(letters, ..)| letters.contains(letter));
        let (name, help) = match lookalike {
            Some((_, instead, name)) => ((*name).to_owned(), Some(format!("write `{instead}`"))),
            None if letter.is_whitespace() => ("a special space".into(), Some("replace it with a plain space".into())),
            None if letter.is_control() => (format!("U+{:04X}", letter as u32), Some("remove it".into())),
            None => (format!("U+{:04X}", letter as u32), None),
        };
        self.error(ParseError::Character { character: letter, name, span, help }, self.at);
        self.push(TokenKind::Sign, letter.len_utf8());
    }

    /// `'text'`, `“text”`.
    fn other_quotes(&mut self, open: char, ends: &[char]) -> bool {
        let line = &self.text[self.at..self.line_end()];
        let inside = &line[open.len_utf8()..];
        let (length, help) = match inside.char_indices().find(|(_, c)| ends.contains(c)) {
            Some((i, end)) => (open.len_utf8() + i + end.len_utf8(), format!("write `\"{}\"`", &inside[..i])),
            None => (open.len_utf8(), "write `\"…\"`".into()),
        };
        let span = self.span(self.at, self.at + length);
        let message = "strings use straight double quotes".into();
        self.error(ParseError::Foreign { message, span, help }, self.at);
        self.push(TokenKind::Text, length);
        true
    }
}
