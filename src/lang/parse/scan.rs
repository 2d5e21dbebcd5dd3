//! A first pass over a text: tokens, brackets, statements, nesting depth.
//!
//! The grammar decides what a text means. This pass finds mistakes that would make it fail far away (brackets and
//! strings that are never closed, meaningless characters), bounds the depth before anything recurses, and finds where
//! statements begin and end, so that one wrong statement does not hide the next.

mod brackets;
mod depth;
mod strange;

pub(super) use brackets::begins_statement;

use super::error::ParseError;
use crate::lang::words::is_reserved;
use crate::source::{SourceId, Span};
use brackets::Frame;
use pest::unicode::{XID_CONTINUE, XID_START};
use std::ops::Range;

/// Kinds of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Names and reserved words.
    Word,
    /// `0.5`.
    Number,
    /// A string, or a piece of one.
    Text,
    /// Operators, `=`, `:`, `.`, `@`, `~`.
    Sign,
    /// `(`, `[`, `{`.
    Open,
    /// `)`, `]`, `}`.
    Close,
    /// `,` and `;`.
    Separator,
    /// The end of a line.
    Newline,
}

/// A token: a range of the text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its first byte.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
}

/// The result of the first pass.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// All tokens, without comments and spaces.
    pub tokens: Vec<Token>,
    /// Statements and entries at every level of braces.
    pub regions: Vec<Range<usize>>,
    /// Errors, each with the range that it makes unreadable.
    pub errors: Vec<(ParseError, Range<usize>)>,
    /// Whether the only bracket errors are those still open at the end.
    pub open_at_end: bool,
}

impl Scan {
    /// The smallest statement or entry around a byte.
    pub(super) fn region(&self, at: usize) -> Range<usize> {
        let around = self.regions.iter().filter(|r| r.start <= at && at <= r.end && r.start < r.end);
        around.min_by_key(|r| r.len()).cloned().unwrap_or(at..at)
    }
}

/// Scans a text.
pub(super) fn scan(source: SourceId, text: &str) -> Scan {
    let mut scanner = Scanner::new(source, text);
    scanner.run();
    scanner.finish()
}

/// Whether a token ends a value, so that an operator may follow.
pub(super) fn ends_value(kind: TokenKind, words: &str) -> bool {
    match kind {
        TokenKind::Number | TokenKind::Text | TokenKind::Close => true,
        TokenKind::Word => !is_reserved(words) || matches!(words, "true" | "false"),
        _ => false,
    }
}

struct Scanner<'a> {
    source: SourceId,
    text: &'a str,
    at: usize,
    scan: Scan,
    frames: Vec<Frame>,
    /// A newline that may end a statement: the next token decides.
    pending_newline: Option<usize>,
    /// The last token that is not a newline.
    last: Option<Token>,
    /// A closed `{` whose `}` is indented less: the likely culprit if another is never closed.
    suspect: Option<usize>,
    /// An unterminated string that begins on this line.
    broken_line: Option<usize>,
    /// The text is nested too deeply to continue.
    stopped: bool,
}

impl<'a> Scanner<'a> {
    fn new(source: SourceId, text: &'a str) -> Self {
        Scanner {
            source,
            text,
            at: 0,
            scan: Scan::default(),
            frames: vec![Frame::top()],
            pending_newline: None,
            last: None,
            suspect: None,
            broken_line: None,
            stopped: false,
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn words(&self, token: Token) -> &'a str {
        self.text.get(token.start..token.end).unwrap_or("")
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span { source: self.source, start: start as u32, end: end as u32 }
    }

    /// The end of the line that `at` is in.
    fn line_end(&self) -> usize {
        self.rest().find(['\n', '\r']).map_or(self.text.len(), |i| self.at + i)
    }

    /// Records an error that makes its statement unreadable.
    fn error(&mut self, error: ParseError, at: usize) {
        self.scan.errors.push((error, at..at));
    }

    /// Records an error that makes the text from this statement on unreadable: it is nested too deeply.
    fn stop(&mut self, error: ParseError) {
        if !self.stopped {
            self.stopped = true;
            let statement = self.frames.first().map_or(0, |f| f.statement);
            self.scan.errors.push((error, statement..self.text.len()));
        }
    }

    fn run(&mut self) {
        if self.rest().starts_with('\u{feff}') {
            self.at = '\u{feff}'.len_utf8();
        }
        while let Some(letter) = self.rest().chars().next().filter(|_| !self.stopped) {
            self.step(letter);
        }
    }

    fn step(&mut self, letter: char) {
        match letter {
            ' ' | '\t' => self.at += 1,
            '\n' | '\r' => self.newline(letter),
            '#' => self.at = self.line_end(),
            '"' => {
                let quote = self.at;
                self.at += 1;
                self.string(quote, quote);
            }
            '0'..='9' => self.number(),
            '.' if self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) => self.leading_point(),
            _ if self.strange(letter) => {}
            '(' | '[' | '{' => self.open(letter),
            ')' | ']' | '}' => self.close(letter),
            ',' | ';' => self.push(TokenKind::Separator, 1),
            _ if letter == '_' || XID_START(letter) => self.word(),
            _ => self.sign(letter),
        }
    }

    fn newline(&mut self, letter: char) {
        let length = if self.rest().starts_with("\r\n") { 2 } else { letter.len_utf8() };
        self.leave_string();
        self.leave_line();
        self.push(TokenKind::Newline, length);
    }

    fn word(&mut self) {
        let length = self.rest().find(|c: char| !XID_CONTINUE(c)).unwrap_or(self.rest().len());
        self.push(TokenKind::Word, length.max(1));
    }

    /// `12_000.5e-3`; errors for `1.`.
    fn number(&mut self) {
        let bytes = self.rest().as_bytes();
        let digits = |from: usize| {
            let tail = bytes.get(from..).unwrap_or(&[]);
            from + tail.iter().take_while(|b| b.is_ascii_digit() || **b == b'_').count()
        };
        let byte = |i: usize| bytes.get(i).copied().unwrap_or(0);
        let mut end = digits(0);
        let mut point = None;
        if byte(end) == b'.' {
            if byte(end + 1).is_ascii_digit() {
                end = digits(end + 1);
            } else if byte(end + 1) != b'.' {
                point = Some(end);
                end += 1;
            }
        }
        let signed = end + 1 + usize::from(matches!(byte(end + 1), b'+' | b'-'));
        if matches!(byte(end), b'e' | b'E') && byte(signed).is_ascii_digit() {
            end = digits(signed);
        }
        if let Some(point) = point {
            let (whole, tail) = (&self.rest()[..point], &self.rest()[point + 1..end]);
            let span = self.span(self.at, self.at + end);
            self.error(ParseError::Digits { better: format!("{whole}.0{tail}"), span }, self.at);
        }
        self.push(TokenKind::Number, end);
    }

    /// `.5`, `a.5`, `1.2.3`.
    fn leading_point(&mut self) {
        let tail = &self.rest()[1..];
        let length = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
        let digits = &tail[..length];
        let span = self.span(self.at, self.at + 1 + length);
        let before = self.scan.tokens.last().copied().filter(|t| t.end == self.at);
        let error = match before {
            Some(t) if t.kind == TokenKind::Number => ParseError::Unexpected {
                expected: "a number with one decimal point".into(),
                found: format!("`{}.{digits}`", self.words(t)),
                span,
                label: "a second decimal point".into(),
                help: None,
            },
            Some(t) if !ends_value(t.kind, self.words(t)) => ParseError::Digits { better: format!("0.{digits}"), span },
            Some(t) => ParseError::Unexpected {
                expected: "the name of a field after `.`".into(),
                found: format!("`{digits}`"),
                span,
                label: "a number".into(),
                help: Some(format!("an element is written `{}[{digits}]`", self.words(t))),
            },
            None => ParseError::Digits { better: format!("0.{digits}"), span },
        };
        self.error(error, self.at);
        self.push(TokenKind::Number, 1 + length);
    }

    fn sign(&mut self, letter: char) {
        const PAIRS: &[&str] = &["|>", "->", "==", "!=", "<=", ">=", ".."];
        let pair = PAIRS.iter().find(|pair| self.rest().starts_with(**pair));
        self.push(TokenKind::Sign, pair.map_or(letter.len_utf8(), |pair| pair.len()));
    }

    /// Scans the rest of the string that begins at `start`; its current piece begins at `piece`.
    fn string(&mut self, start: usize, piece: usize) {
        let mut letters = self.rest().char_indices().peekable();
        while let Some((i, letter)) = letters.next() {
            let next = letters.peek().map(|&(_, c)| c);
            match letter {
                '\n' | '\r' => break,
                '"' => {
                    let length = self.at + i + 1 - piece;
                    self.at = piece;
                    return self.push(TokenKind::Text, length);
                }
                '\\' if !matches!(next, Some('\n' | '\r')) => drop(letters.next()),
                '{' if next == Some('{') => drop(letters.next()),
                '{' => {
                    let length = self.at + i - piece;
                    self.at = piece;
                    if length > 0 {
                        self.push(TokenKind::Text, length);
                    }
                    self.open('{');
                    if let Some(frame) = self.frames.last_mut() {
                        frame.string = Some(start);
                    }
                    if self.rest().trim_start_matches(' ').starts_with('}') {
                        let span = self.span(self.at - 1, self.at + 1);
                        self.error(ParseError::EmptyInterpolation { span }, self.at);
                    }
                    return;
                }
                _ => {}
            }
        }
        // Within an interpolation, the outer string is the unterminated one.
        if self.frames.iter().all(|f| f.string.is_none()) {
            let help = "write `\"` at its end, on the same line; `\\n` in it is a new line";
            self.unterminated(start, help);
        }
        let end = self.line_end();
        self.at = piece;
        self.push(TokenKind::Text, end - piece);
    }

    fn unterminated(&mut self, start: usize, help: &str) {
        let span = self.span(start, self.line_end());
        self.broken_line = Some(start);
        self.error(ParseError::UnterminatedString { span, help: help.into() }, start);
    }

    /// A line ends, which leaves an open string unterminated.
    fn leave_string(&mut self) {
        let open = self.frames.iter().position(|f| f.string.is_some());
        let Some((at, start)) = open.and_then(|i| self.frames[i].string.map(|start| (i, start))) else { return };
        self.unterminated(start, "a `{` in it is never closed: write `}` after the value, or `{{` for a literal brace");
        while self.frames.len() > at {
            self.pop_frame(self.at);
        }
    }

    /// Takes the next `length` bytes as a token.
    fn push(&mut self, kind: TokenKind, length: usize) {
        let token = Token { kind, start: self.at, end: (self.at + length).min(self.text.len()) };
        self.separate(token);
        self.measure(token);
        self.scan.tokens.push(token);
        if kind != TokenKind::Newline {
            self.last = Some(token);
        }
        self.at = token.end;
    }
}
