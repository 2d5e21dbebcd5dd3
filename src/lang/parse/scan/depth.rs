//! The nesting depth of a text, measured before anything recurses over it.

use super::{Scanner, Token, TokenKind};
use crate::lang::parse::error::ParseError;

/// The deepest nesting of brackets, `if`s and signs.
pub(super) const NESTING: usize = 256;
/// The greatest height of a tree, from nesting and sequences of operators.
pub(super) const CHAIN: usize = 1000;

/// The current statement, entry or argument.
#[derive(Debug, Default)]
pub(super) struct StatementDepth {
    /// Height of its tree so far.
    pub depth: usize,
    /// Number of `if`, `fn`, `train`: what follows is nested in them.
    words: usize,
    /// Nested `not`s.
    nots: usize,
    /// Nested `^` and leading `-`.
    tights: usize,
}

impl StatementDepth {
    fn nesting(&self) -> usize {
        self.words + self.nots + self.tights
    }
}

impl Scanner<'_> {
    /// Takes a token into account.
    pub(super) fn measure(&mut self, token: Token) {
        let after_value = self.after_value();
        let words = self.words(token);
        let Some(run) = self.frames.last_mut().map(|f| &mut f.run) else { return };
        match (token.kind, words) {
            (TokenKind::Word, "if" | "fn" | "train") => run.words += 1,
            (TokenKind::Word, "not") => run.nots += 1,
            (TokenKind::Word, "and" | "or") => (run.nots, run.tights) = (0, 0),
            (TokenKind::Sign, "|>" | "->") => (run.nots, run.tights) = (0, 0),
            (TokenKind::Sign, "^") => run.tights += 1,
            (TokenKind::Sign, "-") if !after_value => run.tights += 1,
            (TokenKind::Sign, ".") => {}
            (TokenKind::Sign, _) | (TokenKind::Word, "by") => run.tights = 0,
            (TokenKind::Open, _) => {}
            _ => return,
        }
        run.depth += 1;
        let (depth, nests) = (run.depth, matches!(words, "if" | "fn" | "train" | "not" | "^" | "-"));
        if depth > CHAIN {
            let span = self.span(token.start, token.end);
            self.stop(ParseError::TooLong { limit: CHAIN, span });
        }
        if nests {
            self.check_nesting();
        }
    }

    /// Takes into account a closed bracket that contains a tree of height `inner`.
    pub(super) fn absorb(&mut self, inner: usize) {
        if let Some(frame) = self.frames.last_mut() {
            frame.run.depth = frame.run.depth.max(inner + 1);
        }
    }

    pub(super) fn check_nesting(&mut self) {
        let nesting: usize = self.frames.iter().map(|f| 1 + f.run.nesting()).sum::<usize>() - 1;
        if nesting > NESTING {
            let start = self.at.min(self.text.len());
            let start = self.text.floor_char_boundary(start.saturating_sub(1));
            self.stop(ParseError::TooDeep { limit: NESTING, span: self.span(start, start + 1) });
        }
    }
}
