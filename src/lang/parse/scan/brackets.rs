//! Brackets, and the statements inside them.

use super::{Scan, Scanner, Token, TokenKind, ends_value};
use crate::lang::parse::error::ParseError;

/// An open bracket, or the text itself.
#[derive(Debug)]
pub(super) struct Frame {
    /// `(`, `[`, `{`; a space for the text itself.
    opener: char,
    /// Its position.
    start: usize,
    /// The string that this interpolation belongs to.
    pub string: Option<usize>,
    /// Where the current statement or entry begins.
    pub statement: usize,
    /// What nests without brackets.
    pub run: super::depth::StatementDepth,
    /// Deepest statement so far.
    pub deepest: usize,
}

impl Frame {
    pub(super) fn top() -> Self {
        Self::new(' ', 0)
    }

    fn new(opener: char, start: usize) -> Self {
        let statement = if opener == ' ' { 0 } else { start + 1 };
        Frame { opener, start, string: None, statement, run: Default::default(), deepest: 0 }
    }

    /// Whether newlines are separators here.
    fn has_statements(&self) -> bool {
        matches!(self.opener, ' ' | '{') && self.string.is_none()
    }
}

fn closer(opener: char) -> char {
    match opener {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}

/// Words that begin a statement and occur nowhere else inside parentheses.
const STATEMENT_WORDS: &[&str] = &["let", "fn", "functional", "grid", "loss", "param", "system", "use"];

/// Whether a line that begins with this token must be a new statement.
pub(in crate::lang::parse) fn begins_statement(text: &str, token: Token) -> bool {
    let words = text.get(token.start..token.end).unwrap_or("");
    if !STATEMENT_WORDS.contains(&words) {
        return false;
    }
    let after = text.get(token.end..).unwrap_or("").trim_start_matches([' ', '\t']);
    !after.starts_with(':') && after.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '"')
}

impl Scanner<'_> {
    pub(super) fn open(&mut self, letter: char) {
        self.push(TokenKind::Open, 1);
        self.frames.push(Frame::new(letter, self.at - 1));
        self.check_nesting();
    }

    pub(super) fn close(&mut self, letter: char) {
        let opener = match letter {
            ')' => '(',
            ']' => '[',
            _ => '{',
        };
        self.pending_newline = None;
        let floor = self.frames.iter().rposition(|f| f.string.is_some()).unwrap_or(1);
        let span = self.span(self.at, self.at + 1);
        let mut string = None;
        match self.frames.iter().rposition(|f| f.opener == opener).filter(|&i| i >= floor.max(1)) {
            Some(own) => {
                while self.frames.len() > own + 1 {
                    self.never_closed_innermost(self.at);
                }
                self.note_indent(own);
                string = self.pop_frame(self.at);
            }
            None => match self.frames.last() {
                Some(frame) if self.frames.len() > floor.max(1) && frame.string.is_none() => {
                    let (opener, opened) = (frame.opener, self.span(frame.start, frame.start + 1));
                    let error = ParseError::Mismatched { opener, closer: closer(opener), found: letter, opened, span };
                    self.error(error, self.at);
                    self.pop_frame(self.at);
                }
                _ => self.error(ParseError::NeverOpened { opener, closer: letter, span }, self.at),
            },
        }
        self.push(TokenKind::Close, 1);
        if let Some(start) = string {
            self.string(start, self.at);
        }
    }

    /// Reports that the innermost bracket is not closed before `end`.
    fn never_closed_innermost(&mut self, end: usize) {
        if let Some(frame) = self.frames.last().filter(|f| f.opener != ' ') {
            let (opener, start) = (frame.opener, frame.start);
            self.never_closed(opener, start);
        }
        self.pop_frame(end);
    }

    fn never_closed(&mut self, opener: char, start: usize) {
        let span = self.span(start, start + 1);
        self.error(ParseError::NeverClosed { opener, closer: closer(opener), span }, start);
    }

    /// Ends a line with an unterminated string, which may contain the brackets that would have closed those of the line.
    pub(super) fn leave_line(&mut self) {
        let Some(start) = self.broken_line.take() else { return };
        let mut inner = 0_usize;
        for letter in self.text.get(start..self.at).unwrap_or("").chars() {
            match letter {
                '(' | '[' => inner += 1,
                ')' | ']' if inner > 0 => inner -= 1,
                ')' | ']' if self.frames.last().is_some_and(|f| f.opener != ' ' && closer(f.opener) == letter) => {
                    self.pop_frame(self.at);
                }
                _ => {}
            }
        }
        let line = self.text[..start].rfind('\n').map_or(0, |i| i + 1);
        while self.frames.last().is_some_and(|f| matches!(f.opener, '(' | '[') && f.start >= line) {
            self.pop_frame(self.at);
        }
    }

    /// Notes a `}` that begins its line further left than the line of its `{`: it probably belongs to an outer one.
    fn note_indent(&mut self, own: usize) {
        let Some(frame) = self.frames.get(own).filter(|frame| frame.opener == '{') else { return };
        let before = self.text[..self.at].trim_end_matches([' ', '\t']);
        let first = before.is_empty() || before.ends_with('\n');
        if !first || self.suspect.is_some() {
            return;
        }
        let close = self.at - before.len();
        let line = &self.text[self.text[..frame.start].rfind('\n').map_or(0, |i| i + 1)..];
        let open = line.len() - line.trim_start_matches([' ', '\t']).len();
        if close < open {
            self.suspect = Some(frame.start);
        }
    }

    /// Leaves the innermost bracket; if that was an interpolation, gives the start of its string.
    pub(super) fn pop_frame(&mut self, end: usize) -> Option<usize> {
        if self.frames.len() < 2 {
            return None;
        }
        let frame = self.frames.pop()?;
        if frame.has_statements() {
            self.scan.regions.push(frame.statement..end);
        }
        self.absorb(frame.deepest.max(frame.run.depth));
        frame.string
    }

    /// Ends the statement before `token` if there is a newline or separator between.
    pub(super) fn separate(&mut self, token: Token) {
        if token.kind == TokenKind::Newline {
            self.pending_newline.get_or_insert(token.start);
            return;
        }
        if let Some(newline) = self.pending_newline.take() {
            self.line_begins(token, newline);
        }
        if token.kind == TokenKind::Separator {
            self.end_statement(token.start, token.end);
        }
    }

    /// Decides, by the first token of a line, whether the statement before it continues.
    fn line_begins(&mut self, token: Token, newline: usize) {
        let words = self.words(token);
        let begins = begins_statement(self.text, token);
        if begins {
            while self.frames.last().is_some_and(|f| matches!(f.opener, '(' | '[')) {
                self.never_closed_innermost(newline);
            }
        }
        let goes_on = matches!(words, "|>" | "->" | "*" | "/" | "and" | "or" | "then" | "else")
            || self.last.is_some_and(|last| self.needs_more(last))
            || self.after_attribute();
        if (begins && !self.after_attribute() || !goes_on) && self.frames.last().is_some_and(Frame::has_statements) {
            self.end_statement(newline, token.start);
        }
    }

    /// Whether a statement continues after a line that ends with this token.
    fn needs_more(&self, last: Token) -> bool {
        let words = self.words(last);
        match last.kind {
            TokenKind::Sign => !matches!(words, "." | "@"),
            TokenKind::Word => matches!(words, "and" | "or" | "by" | "then" | "else"),
            _ => false,
        }
    }

    /// After `@spin_dependent` a definition must follow.
    fn after_attribute(&self) -> bool {
        let mut back = self.scan.tokens.iter().rev().filter(|t| t.kind != TokenKind::Newline);
        back.next().is_some_and(|t| t.kind == TokenKind::Word) && back.next().is_some_and(|t| self.words(*t) == "@")
    }

    fn end_statement(&mut self, end: usize, next: usize) {
        if let Some(frame) = self.frames.last_mut() {
            if frame.has_statements() {
                self.scan.regions.push(frame.statement..end);
                frame.statement = next;
            }
            frame.deepest = frame.deepest.max(frame.run.depth);
            frame.run = Default::default();
        }
    }

    /// Whether the last token ends a value: then a sign is an infix operator.
    pub(super) fn after_value(&self) -> bool {
        self.last.is_some_and(|t| ends_value(t.kind, self.words(t)))
    }

    /// Ends the text: brackets and strings still open are never closed.
    pub(super) fn finish(mut self) -> Scan {
        let end = self.text.len();
        let before = self.scan.errors.len();
        if !self.stopped {
            self.leave_string();
            self.leave_line();
        }
        let first = self.frames.get(1).map(|f| f.start);
        let statement = self.frames.first().map_or(0, |f| f.statement);
        self.scan.open_at_end = !self.stopped && before == 0 && self.scan.errors.is_empty() && first.is_some();
        let innermost = self.frames.last().filter(|f| f.opener != ' ' && !self.stopped).map(|f| (f.opener, f.start));
        if let Some((opener, start)) = innermost {
            match self.suspect.filter(|_| opener == '{') {
                Some(suspect) => self.never_closed('{', suspect),
                None => self.never_closed(opener, start),
            }
            if let Some((_, mask)) = self.scan.errors.last_mut() {
                *mask = statement..end;
            }
        }
        while self.frames.len() > 1 {
            self.pop_frame(end);
        }
        self.scan.regions.push(statement..end);
        self.scan
    }
}
