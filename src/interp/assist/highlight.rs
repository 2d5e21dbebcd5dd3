//! What the pieces of a text are, for their colours, and the partners of brackets.

use crate::lang::words::is_reserved;
use crate::lang::{Token, TokenKind, tokens, units};
use std::ops::Range;

/// What a piece of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Names, operators, brackets, spaces.
    Plain,
    /// A reserved word.
    Keyword,
    /// A number without its unit.
    Number,
    /// A unit, after a number or `->`.
    Unit,
    /// A string, without the values in it.
    Text,
    /// A comment.
    Comment,
    /// A comment that documents what follows: `##`.
    Documentation,
}

/// A piece of a text and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassSpan {
    /// Its bytes.
    pub range: Range<usize>,
    /// What it is.
    pub class: Class,
}

/// All of a text, right or wrong, piece by piece.
pub fn spans(text: &str) -> Vec<ClassSpan> {
    let tokens = tokens(text);
    let mut painter = Painter { text, at: 0, spans: Vec::new() };
    for (i, token) in tokens.iter().enumerate() {
        // Part of a unit such as `kcal/mol`.
        if token.end <= painter.at {
            continue;
        }
        painter.between(token.start);
        let (class, end) = class(text, &tokens, i);
        painter.paint(end, class);
    }
    painter.between(text.len());
    painter.spans
}

struct Painter<'a> {
    text: &'a str,
    /// The end of the last piece.
    at: usize,
    spans: Vec<ClassSpan>,
}

impl Painter<'_> {
    fn paint(&mut self, end: usize, class: Class) {
        if end > self.at {
            self.spans.push(ClassSpan { range: self.at..end, class });
            self.at = end;
        }
    }

    /// Spaces and comments up to a position.
    fn between(&mut self, end: usize) {
        while let Some(hash) = self.text.get(self.at..end).and_then(|rest| rest.find('#')) {
            let start = self.at + hash;
            self.paint(start, Class::Plain);
            let comment = self.text.get(start..end).unwrap_or_default();
            let length = comment.find(['\n', '\r']).unwrap_or(comment.len());
            let class = if comment.starts_with("##") { Class::Documentation } else { Class::Comment };
            self.paint(start + length, class);
        }
        self.paint(end, Class::Plain);
    }
}

/// The class of a token, and where its piece ends.
fn class(text: &str, tokens: &[Token], i: usize) -> (Class, usize) {
    let token = tokens[i];
    let words = |i: usize| tokens.get(i).and_then(|t| text.get(t.start..t.end)).unwrap_or_default();
    let before = i.checked_sub(1).map(|i| (tokens[i].kind, words(i)));
    let class = match token.kind {
        TokenKind::Number => Class::Number,
        TokenKind::Text => Class::Text,
        TokenKind::Word if matches!(before, Some((TokenKind::Number, _) | (_, "->"))) => {
            match text.get(token.start..).and_then(units::at_start) {
                Some(unit) => return (Class::Unit, token.start + unit.len()),
                None => word_class(words(i), words(i + 1), before),
            }
        }
        TokenKind::Word => word_class(words(i), words(i + 1), before),
        TokenKind::Sign | TokenKind::Open | TokenKind::Close | TokenKind::Separator | TokenKind::Newline => {
            Class::Plain
        }
    };
    (class, token.end)
}

/// Reserved words may name options and members.
fn word_class(word: &str, next: &str, before: Option<(TokenKind, &str)>) -> Class {
    let member = before.is_some_and(|(_, sign)| sign == ".");
    let kind = match word {
        "kinetic" | "potential" => next == "functional",
        "total" => ["functional", "kinetic"].contains(&next),
        _ => false,
    };
    let keyword = is_reserved(word) && next != ":" || kind;
    if keyword && !member { Class::Keyword } else { Class::Plain }
}

/// The positions of the bracket at, or just before, the cursor and of its partner: opening, closing.
pub fn partner(text: &str, cursor: usize) -> Option<(usize, usize)> {
    let mut open: Vec<Token> = Vec::new();
    for token in tokens(text) {
        match token.kind {
            TokenKind::Open => open.push(token),
            TokenKind::Close => {
                let fits = |open: &Token| {
                    let pair = (text.get(open.start..open.end), text.get(token.start..token.end));
                    matches!(pair, (Some("("), Some(")")) | (Some("["), Some("]")) | (Some("{"), Some("}")))
                };
                let Some(first) = open.pop_if(|open| fits(open)) else { continue };
                if [first.start, first.end, token.start, token.end].contains(&cursor) {
                    return Some((first.start, token.start));
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interp::assist::examples;

    fn classes(text: &str) -> Vec<(&str, Class)> {
        let coloured = |span: &ClassSpan| span.class != Class::Plain;
        spans(text).into_iter().filter(coloured).map(|s| (&text[s.range], s.class)).collect()
    }

    #[test]
    fn spans_make_up_the_text() {
        let hard =
            ["let a = [1 .. 2.5e3] # π", "print(\"α \\\" {x}\") + \"open", "", "ψ² ↔ #", "a // b # c\r\n## d\r# e"];
        let deep = "(".repeat(2000) + "# a\n1";
        let examples = examples();
        let examples = examples.iter().map(|(_, text)| text.as_str());
        for text in hard.into_iter().chain([deep.as_str()]).chain(examples) {
            let spans = spans(text);
            assert_eq!(spans.iter().map(|s| &text[s.range.clone()]).collect::<String>(), text);
            assert!(spans.iter().all(|s| !s.range.is_empty()));
        }
    }

    #[test]
    fn pieces_are_what_they_are() {
        let text = "## Half.\nlet a = 0.5 kcal/mol # half\ntrain f { loss: losses.loss }\n\"a{b}c\" -> eV";
        let wanted = [
            ("## Half.", Class::Documentation),
            ("let", Class::Keyword),
            ("0.5", Class::Number),
            ("kcal/mol", Class::Unit),
            ("# half", Class::Comment),
            ("train", Class::Keyword),
            ("\"a", Class::Text),
            ("c\"", Class::Text),
            ("eV", Class::Unit),
        ];
        assert_eq!(classes(text), wanted);
        // Not units: a name, and a word that only begins like one.
        assert_eq!(classes("eV + 2 eVs"), [("2", Class::Number)]);
        assert_eq!(classes("kinetic functional"), [("kinetic", Class::Keyword), ("functional", Class::Keyword)]);
        assert_eq!(classes("potential functional"), [("potential", Class::Keyword), ("functional", Class::Keyword)]);
    }

    #[test]
    fn brackets_find_their_partners_outside_strings() {
        assert_eq!(partner("f(a, \")\", [1])", 14), Some((1, 13)));
        assert_eq!(partner("f(a, [1])", 8), Some((5, 7)));
        assert_eq!(partner("f(a", 1), None);
        assert_eq!(partner("(]", 0), None);
        assert_eq!(partner("# (\n) (\n1)", 6), Some((6, 9)));
    }
}
