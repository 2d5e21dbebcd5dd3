//! Explains the place where the grammar gave up in terms of what the user was probably writing.

mod definitions;
mod habits;
mod values;

use super::error::ParseError;
use super::grammar::Rule;
use super::scan::{Scan, Token, TokenKind, begins_statement, ends_value};
use crate::lang::words::is_reserved;
use crate::source::{SourceId, Span};

/// Where the grammar gave up, and its surroundings.
pub(super) struct Here<'a> {
    source: SourceId,
    text: &'a str,
    tokens: &'a [Token],
    /// Index of the first token at or after the place; `tokens.len()` at the end of the text.
    index: usize,
    /// Index of the first token of the statement or entry.
    first: usize,
    /// What the grammar could have taken there.
    expected: &'a [Rule],
    /// Indices of the enclosing brackets, outermost first.
    open: Vec<usize>,
}

/// What may continue a statement on the next line.
const CONTINUING: &[Rule] =
    &[Rule::pipe, Rule::times, Rule::divide, Rule::kw_and, Rule::kw_or, Rule::arrow, Rule::kw_then, Rule::kw_else];

/// What is wrong at byte `at`, where the grammar could have taken one of `expected`.
pub(super) fn explain(source: SourceId, text: &str, scan: &Scan, at: usize, expected: &[Rule]) -> ParseError {
    let here = Here::new(source, text, scan, at, expected);
    here.if_with_braces()
        .or_else(|| here.foreign_word())
        .or_else(|| here.definition())
        .or_else(|| here.equals())
        .or_else(|| here.unfinished())
        .or_else(|| here.beginning())
        .or_else(|| here.after_value())
        .unwrap_or_else(|| here.unexpected("an operator or the end of the line", None))
}

impl<'a> Here<'a> {
    fn new(source: SourceId, text: &'a str, scan: &'a Scan, at: usize, expected: &'a [Rule]) -> Self {
        let tokens = &scan.tokens;
        let mut index = tokens.partition_point(|t| t.end <= at);
        // A definition on the next line cannot be the missing value: the line before has ended. So has one that only what
        // continues lines could save.
        let mut at = at;
        let unfinished = !expected.is_empty() && expected.iter().all(|rule| CONTINUING.contains(rule));
        if unfinished || tokens.get(index).is_some_and(|t| begins_statement(text, *t)) {
            while index > 0 && tokens[index - 1].kind == TokenKind::Newline {
                index -= 1;
                at = tokens[index].start;
            }
        }
        let region = scan.region(at);
        // At a newline that ends nothing (in parentheses), the place is the token after it.
        while tokens.get(index).is_some_and(|t| t.kind == TokenKind::Newline && t.start >= at)
            && region.end > tokens[index].end
        {
            index += 1;
        }
        let first =
            tokens.iter().position(|t| t.start >= region.start && t.kind != TokenKind::Newline).unwrap_or(index);
        let mut open = Vec::new();
        for (i, token) in tokens[..index].iter().enumerate() {
            match token.kind {
                TokenKind::Open => open.push(i),
                TokenKind::Close => drop(open.pop()),
                _ => {}
            }
        }
        Here { source, text, tokens, index, first, expected, open }
    }

    fn words(&self, token: Token) -> &'a str {
        self.text.get(token.start..token.end).unwrap_or("")
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span { source: self.source, start: start as u32, end: end as u32 }
    }

    fn span_of(&self, token: Token) -> Span {
        self.span(token.start, token.end)
    }

    /// The token at the place.
    fn at(&self) -> Option<Token> {
        self.tokens.get(self.index).copied()
    }

    fn at_words(&self) -> &'a str {
        self.at().map_or("", |t| self.words(t))
    }

    /// The `n`th token before the place, not counting newlines; 0 is the nearest.
    fn before(&self, n: usize) -> Option<Token> {
        self.tokens[..self.index].iter().rev().filter(|t| t.kind != TokenKind::Newline).nth(n).copied()
    }

    fn before_words(&self, n: usize) -> &'a str {
        self.before(n).map_or("", |t| self.words(t))
    }

    /// The `n`th token from the place on.
    fn ahead(&self, n: usize) -> &'a str {
        self.tokens.get(self.index + n).map_or("", |t| self.words(*t))
    }

    /// Whether the place is the first token of its statement or entry.
    fn at_start(&self) -> bool {
        self.index <= self.first
    }

    /// The first `n` tokens of the statement.
    fn first_words(&self, n: usize) -> &'a str {
        self.tokens.get(self.first + n).map_or("", |t| self.words(*t))
    }

    /// The innermost open bracket, a space at the top.
    fn bracket(&self) -> &'a str {
        self.open.last().map_or(" ", |&i| self.words(self.tokens[i]))
    }

    /// Whether the innermost bracket is that of a call.
    fn in_call(&self) -> bool {
        self.open.last().is_some_and(|&i| {
            let callee = i.checked_sub(1).map(|c| self.tokens[c]);
            self.bracket() == "(" && callee.is_some_and(|c| ends_value(c.kind, self.words(c)))
        })
    }

    /// Whether the innermost bracket is that of a record: its first entry begins with `name:`.
    fn in_record(&self) -> bool {
        self.open.last().is_some_and(|&i| {
            let mut inside = self.tokens[i + 1..].iter().filter(|t| t.kind != TokenKind::Newline);
            let name = inside.next().is_some_and(|t| t.kind == TokenKind::Word);
            self.bracket() == "{" && name && inside.next().is_some_and(|t| self.words(*t) == ":")
        })
    }

    /// Whether the innermost bracket is that of `train f {` or `table {`.
    fn in_settings(&self) -> bool {
        let Some(&open) = self.open.last() else { return false };
        let mut head = self.tokens[..open].iter().rev().take_while(|t| t.kind != TokenKind::Newline);
        self.bracket() == "{" && head.any(|t| matches!(self.words(*t), "train" | "table"))
    }

    /// Whether the innermost bracket is the body of a system.
    fn in_system(&self) -> bool {
        let Some(&open) = self.open.last() else { return false };
        let head = self.tokens[..open].iter().rev().take_while(|t| t.kind != TokenKind::Newline);
        self.bracket() == "{" && head.last().is_some_and(|t| self.words(*t) == "system")
    }

    /// Whether the line ends at the place.
    fn at_line_end(&self) -> bool {
        self.at().is_none_or(|t| t.kind == TokenKind::Newline)
    }

    /// Whether the line ends at the place and the next one begins with `{`.
    fn brace_below(&self) -> bool {
        let next = self.tokens[self.index.min(self.tokens.len())..].iter().find(|t| t.kind != TokenKind::Newline);
        self.at_line_end() && next.is_some_and(|t| self.words(*t) == "{")
    }

    /// What is at the place, for `found …`.
    fn found(&self) -> String {
        match self.at() {
            None => "the end of the input".into(),
            Some(t) if t.kind == TokenKind::Newline => "the end of the line".into(),
            Some(t) if t.kind == TokenKind::Text => "a string".into(),
            Some(t) => format!("`{}`", self.words(t)),
        }
    }

    /// Where the place is shown: the token, or the token before if the line ends.
    fn place(&self) -> Span {
        match self.at().filter(|t| t.kind != TokenKind::Newline).or_else(|| self.before(0)) {
            Some(token) => self.span_of(token),
            None => self.span(self.text.len(), self.text.len()),
        }
    }

    /// The label at the place.
    fn label(&self) -> String {
        match self.at() {
            None => "the input ends after this".into(),
            Some(t) if t.kind == TokenKind::Newline => "the line ends after this".into(),
            _ => format!("found {}", self.found()),
        }
    }

    fn unexpected(&self, expected: &str, help: Option<String>) -> ParseError {
        ParseError::Unexpected {
            expected: expected.into(),
            found: self.found(),
            span: self.place(),
            label: if self.at_line_end() { self.label() } else { "here".into() },
            help,
        }
    }

    fn expected_after(&self, expected: &str, help: Option<String>) -> ParseError {
        let after = self.before_words(0).to_owned();
        ParseError::ExpectedAfter { expected: expected.into(), after, span: self.place(), label: self.label(), help }
    }

    /// A reserved word at the place.
    fn reserved(&self) -> Option<ParseError> {
        let word = self.at().filter(|t| t.kind == TokenKind::Word).map(|t| self.words(t))?;
        if !is_reserved(word) {
            return None;
        }
        let help = format!("choose another name, such as `{word}_`; reserved words can name options and fields only");
        Some(ParseError::Reserved { word: word.into(), span: self.place(), help })
    }
}
