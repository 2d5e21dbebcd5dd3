//! What is being written at a position of a text, found from the tokens before it.

use super::before::{Before, Given, NAMING, Owner, Whole};
use crate::lang::{TokenKind, tokens};

/// What is being written.
#[derive(Debug, PartialEq)]
pub(super) struct Context<'t> {
    /// Where the word at the position begins; in a string, where its content begins.
    pub start: usize,
    /// What there is of the word, or of the string.
    pub word: &'t str,
    /// What it will be.
    pub place: Place<'t>,
    /// What the options here belong to.
    pub owner: Option<Owner<'t>>,
    /// The arguments and options already given.
    pub given: Given<'t>,
}

/// What a word will be.
#[derive(Debug, PartialEq)]
pub(super) enum Place<'t> {
    /// A comment, or a new name.
    Nothing,
    /// The content of a string; the option that it is the value of.
    Text(Option<&'t str>),
    /// A name after the dot of this.
    Member(Whole<'t>),
    /// After `use`.
    Module,
    /// A name of this module, in the parentheses of a `use`.
    Import(&'t str),
    /// A unit; after a number another word may follow instead.
    Unit { number: bool },
    /// The beginning of an argument or entry: an option or a value.
    Argument,
    /// The value of an option.
    Value(&'t str),
    /// Any part of an expression, or the beginning of a statement.
    Expression,
}

/// What is being written at a position.
pub(super) fn context(text: &str, cursor: usize) -> Context<'_> {
    let before = &text[..text.floor_char_boundary(cursor)];
    // A letter at the end shows whether a word or a string goes on there.
    let mut list = tokens(&format!("{before}x"));
    let nothing = |place| Context { start: before.len(), word: "", place, owner: None, given: Given::default() };
    let Some(last) = list.pop().filter(|last| last.end > before.len()) else { return nothing(Place::Nothing) };
    let before = Before { text: before, list: &list };
    let open = before.opening();
    let owner = open.and_then(|open| before.owner(open));
    let given = open.map_or_else(Given::default, |open| before.given(open));
    let word = before.text.get(last.start..).unwrap_or_default();
    match last.kind {
        TokenKind::Text => match word.strip_prefix('"') {
            Some(word) => {
                let place = Place::Text(before.option());
                Context { start: last.start + 1, word, place, owner, given }
            }
            // After a value in a string.
            None => nothing(Place::Nothing),
        },
        TokenKind::Word => {
            let place = before.place(word, last.start, open, owner);
            Context { start: last.start, word, place, owner, given }
        }
        _ => nothing(Place::Nothing),
    }
}

impl<'t> Before<'t, '_> {
    /// What the word that begins at `start`, where the text ends, will be.
    fn place(&self, word: &str, start: usize, open: Option<usize>, owner: Option<Owner<'t>>) -> Place<'t> {
        let Some(last) = self.list.len().checked_sub(1) else { return Place::Expression };
        let value = self.list.iter().rposition(|token| token.kind != TokenKind::Newline).unwrap_or(last);
        let same_line = value == last;
        match (self.kind(value), self.words(value)) {
            (_, ".") if same_line => match self.whole() {
                Some(whole) => Place::Member(whole),
                None => Place::Nothing,
            },
            (_, "->") => Place::Unit { number: false },
            (Some(TokenKind::Number), _) if same_line => match word {
                "" if self.list[value].end == start => Place::Nothing,
                _ => Place::Unit { number: true },
            },
            (Some(TokenKind::Word), "use") if same_line => Place::Module,
            (Some(TokenKind::Word), words) if same_line && NAMING.contains(&words) => Place::Nothing,
            (Some(TokenKind::Word), "for") if same_line && open.is_some() => Place::Nothing,
            (kind, words) => {
                let begins = matches!(kind, Some(TokenKind::Open | TokenKind::Separator));
                let begins = begins || !same_line && open.is_some_and(|open| self.words(open) == "{");
                match owner {
                    Some(Owner::Import(module)) if begins => Place::Import(module),
                    Some(Owner::Head) if begins => Place::Nothing,
                    Some(Owner::Call(_) | Owner::System | Owner::Scf) if begins => Place::Argument,
                    Some(_) if words == ":" => self.option().map_or(Place::Expression, Place::Value),
                    _ => Place::Expression,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Context<'_> {
        context(text, text.len())
    }

    #[test]
    fn places_are_told_apart() {
        let cases = [
            ("a # \"x", Place::Nothing),
            ("let cur", Place::Nothing),
            ("[f(R) for R", Place::Nothing),
            ("fn f(a, b", Place::Nothing),
            ("fn f(a, b = c", Place::Expression),
            ("12", Place::Nothing),
            ("12 b", Place::Unit { number: true }),
            ("12b", Place::Unit { number: true }),
            ("let a = 12\nb", Place::Expression),
            ("x1 b", Place::Expression),
            ("2 eV ->\n", Place::Unit { number: false }),
            ("use st", Place::Module),
            ("use std.fu", Place::Member(Whole::Path("std"))),
            ("use std.losses (ks", Place::Import("std.losses")),
            ("1 + run.density.x", Place::Member(Whole::Path("run.density"))),
            ("solve(h, with: f(x)).to", Place::Member(Whole::Call("solve"))),
            ("v[0].x", Place::Nothing),
            ("0 .. x", Place::Expression),
            ("save(m, \"h2", Place::Text(None)),
            ("exact(h, method: \"tw", Place::Text(Some("method"))),
            ("save(m, \"h2\")", Place::Expression),
            ("\"{a} b", Place::Nothing),
            ("\"{a", Place::Expression),
            ("let a = \"open\nlet b = c", Place::Expression),
        ];
        for (text, place) in cases {
            assert_eq!(at(text).place, place, "{text}");
        }
    }

    #[test]
    fn options_belong_to_the_innermost_open_call() {
        let cases = [
            ("max(solve(h, with: f), uniform(po", Place::Argument, Some(Owner::Call("uniform"))),
            ("solve(h) + (x", Place::Expression, None),
            ("f(a, [x", Place::Expression, None),
            ("train f {\n  loss: losses.ksr(1)\n  se", Place::Argument, Some(Owner::Call("train"))),
            ("train f { scf: { it", Place::Argument, Some(Owner::Scf)),
            ("uniform(wall: o", Place::Value("wall"), Some(Owner::Call("uniform"))),
            ("system h(R) on line {\n  H at R; el", Place::Argument, Some(Owner::System)),
            ("fn f(x) {\n  y", Place::Expression, None),
            ("max(1,\nlet a = b", Place::Expression, None),
            ("solve(h) { mi", Place::Argument, Some(Owner::Call("solve"))),
            ("f(\n  # g(\n  x", Place::Argument, Some(Owner::Call("f"))),
        ];
        for (text, place, owner) in cases {
            let context = at(text);
            assert_eq!((context.place, context.owner), (place, owner), "{text}");
        }
        let given = [
            ("uniform(points: len([1], a: 2), wall: odd, ", Given { names: vec!["points", "wall"], positional: 0 }),
            ("solve(he, f(1, 2), ", Given { names: vec![], positional: 2 }),
            ("he |> solve(with: f, ", Given { names: vec!["with"], positional: 1 }),
            ("train f { on: a\n ", Given { names: vec!["on"], positional: 1 }),
            ("solve(he, with: f) { ", Given { names: vec!["with"], positional: 1 }),
        ];
        for (text, given) in given {
            assert_eq!(at(text).given, given, "{text}");
        }
    }

    #[test]
    fn words_begin_where_letters_do() {
        assert_eq!((at("max(cur").start, at("π + é").start, at("").start), (4, 5, 0));
        // In the middle of a character, and after the end.
        assert_eq!((context("π + é", 6).start, context("é", 1).start, context("ab", 100).word), (5, 0, "ab"));
    }
}
