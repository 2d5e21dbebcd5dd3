//! What the grammar says about the tokens of a text.
//!
//! The first pass of the parser does not know whether a `-` is a sign or an operator, whether a word is reserved where it stands, how
//! far a unit reaches, or what a brace opens. The neighbours of a token do not tell either: there may be a newline or a comment between.

use crate::lang::parse::{Grammar, Rule};
use pest::Parser;
use std::collections::{BTreeMap, BTreeSet};

/// Kinds of pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PieceKind {
    /// A name, an option, a unit, `true`.
    Word,
    /// A reserved word where it is one: options and fields may be named by it.
    Keyword,
    /// A number, with its unit if it has one.
    Number,
    Text,
    /// An infix operator, `=`, `:`, `.`, `@`, `~`.
    Sign,
    /// A `-` before a value.
    Minus,
    Open,
    Close,
    /// `,` and `;`.
    Separator,
    Comment,
    Newline,
}

/// The tokens that are not what they look like.
#[derive(Debug, Default)]
pub(super) struct Roles {
    /// Kind and end of the token that begins at a byte.
    tokens: BTreeMap<usize, (PieceKind, usize)>,
    /// Where the braces are that close records and systems.
    entries_end: BTreeSet<usize>,
}

impl Roles {
    /// The roles in a text that can be parsed.
    pub(super) fn of(text: &str) -> Self {
        let mut roles = Roles::default();
        let pairs = Grammar::parse(Rule::program, text).into_iter();
        for pair in pairs.flat_map(|pairs| pairs.flatten()) {
            let place = pair.as_span();
            let kind = match pair.as_rule() {
                Rule::quantity => PieceKind::Number,
                Rule::string => PieceKind::Text,
                Rule::name | Rule::word | Rule::boolean | Rule::unit => PieceKind::Word,
                Rule::negate => PieceKind::Minus,
                Rule::record | Rule::system_statement => {
                    roles.entries_end.insert(place.end() - 1);
                    continue;
                }
                _ => continue,
            };
            roles.tokens.insert(place.start(), (kind, place.end()));
        }
        roles
    }

    /// Kind and end of the token that begins at a byte, if the grammar has one there.
    pub(super) fn token(&self, start: usize) -> Option<(PieceKind, usize)> {
        self.tokens.get(&start).copied()
    }

    /// Whether a brace closes a record or system.
    pub(super) fn ends_entries(&self, brace: usize) -> bool {
        self.entries_end.contains(&brace)
    }
}
