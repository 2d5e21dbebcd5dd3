//! The tokens before a position: the brackets open there, what they belong to, paths.

use crate::lang::{Token, TokenKind};

/// What is before a dot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Whole<'t> {
    /// A name or names joined by dots.
    Path(&'t str),
    /// A call of that.
    Call(&'t str),
}

/// What options belong to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Owner<'t> {
    /// A call of a path, with parentheses or a block.
    Call(&'t str),
    /// The block of a system.
    System,
    /// The block after `scf:`.
    Scf,
    /// The parameters of a definition.
    Head,
    /// The names imported from a module.
    Import(&'t str),
}

/// The arguments before the one that is being written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Given<'t> {
    /// The names of those with a name.
    pub names: Vec<&'t str>,
    /// The number of the others.
    pub positional: usize,
}

/// Words after which a new name is written.
pub(super) const NAMING: &[&str] = &["let", "grid", "param", "fn", "system", "functional", "loss", "as"];
/// Those that begin the definition of something with parameters.
const HEADS: &[&str] = &["fn", "system", "functional", "loss"];

/// The text before a word, and its tokens.
pub(super) struct Before<'t, 'k> {
    pub text: &'t str,
    pub list: &'k [Token],
}

impl<'t> Before<'t, '_> {
    pub(super) fn words(&self, i: usize) -> &'t str {
        self.list.get(i).and_then(|token| self.text.get(token.start..token.end)).unwrap_or_default()
    }

    pub(super) fn kind(&self, i: usize) -> Option<TokenKind> {
        self.list.get(i).map(|token| token.kind)
    }

    /// What the dot at the end is behind.
    pub(super) fn whole(&self) -> Option<Whole<'t>> {
        let dot = self.list.len().checked_sub(1)?;
        match self.words(dot.checked_sub(1)?) {
            ")" => {
                let open = self.partner(dot - 1)?;
                Some(Whole::Call(self.path(open)?.1))
            }
            _ => Some(Whole::Path(self.path(dot)?.1)),
        }
    }

    /// The name of the option whose value begins at the end.
    pub(super) fn option(&self) -> Option<&'t str> {
        let colon = self.list.len().checked_sub(1).filter(|&i| self.words(i) == ":")?;
        let name = colon.checked_sub(1).filter(|&i| self.kind(i) == Some(TokenKind::Word))?;
        Some(self.words(name))
    }

    /// The innermost bracket that is open at the end.
    pub(super) fn opening(&self) -> Option<usize> {
        self.outer(self.list.len())
    }

    /// The innermost bracket that is open before a token.
    pub(super) fn outer(&self, end: usize) -> Option<usize> {
        let (mut depth, mut left) = (0, false);
        for i in (0..end).rev() {
            match self.kind(i) {
                Some(TokenKind::Close) => depth += 1,
                Some(TokenKind::Open) if depth > 0 => depth -= 1,
                // Never closed: a statement begins after it.
                Some(TokenKind::Open) if left && self.words(i) != "{" => {}
                Some(TokenKind::Open) => return Some(i),
                Some(TokenKind::Newline) => left |= self.begins_statement(i + 1),
                _ => {}
            }
        }
        None
    }

    fn begins_statement(&self, i: usize) -> bool {
        let word = self.words(i);
        (word == "use" || NAMING.contains(&word)) && matches!(self.kind(i + 1), Some(TokenKind::Word | TokenKind::Text))
    }

    /// The bracket that a closing one belongs to.
    fn partner(&self, close: usize) -> Option<usize> {
        let mut depth = 0;
        (0..=close).rev().find(|&i| {
            match self.kind(i) {
                Some(TokenKind::Close) => depth += 1,
                Some(TokenKind::Open) => depth -= 1,
                _ => {}
            }
            depth == 0
        })
    }

    /// The name, or names joined by dots, right before a token, and the position of its first token.
    fn path(&self, end: usize) -> Option<(usize, &'t str)> {
        let ends_at = |i: usize, start: usize| self.list.get(i).is_some_and(|token| token.end == start);
        let mut first = end;
        loop {
            let word = first.checked_sub(1).filter(|&i| self.kind(i) == Some(TokenKind::Word))?;
            if first < end && !ends_at(word, self.list[first].start) {
                return None;
            }
            first = word;
            match first.checked_sub(1) {
                Some(dot) if self.words(dot) == "." && ends_at(dot, self.list[first].start) => first = dot,
                _ => break,
            }
        }
        let (start, end) = (self.list[first].start, self.list[end - 1].end);
        Some((first, self.text.get(start..end)?))
    }

    /// What the options after an opening bracket belong to.
    pub(super) fn owner(&self, open: usize) -> Option<Owner<'t>> {
        match self.words(open) {
            "(" => {
                let (first, path) = self.path(open)?;
                match first.checked_sub(1).map_or("", |i| self.words(i)) {
                    "use" => Some(Owner::Import(path)),
                    before if path == "fn" || HEADS.contains(&before) => Some(Owner::Head),
                    _ => Some(Owner::Call(path)),
                }
            }
            "{" => self.block_owner(open),
            _ => None,
        }
    }

    fn block_owner(&self, open: usize) -> Option<Owner<'t>> {
        let last = open.checked_sub(1)?;
        if self.words(last) == ":" {
            return (last.checked_sub(1).map(|i| self.words(i)) == Some("scf")).then_some(Owner::Scf);
        }
        let mut depth = 0;
        for i in (0..open).rev() {
            match (self.kind(i), self.words(i)) {
                (Some(TokenKind::Close), _) => depth += 1,
                (Some(TokenKind::Open), _) if depth > 0 => depth -= 1,
                _ if depth > 0 => {}
                (Some(TokenKind::Open | TokenKind::Separator | TokenKind::Newline), _) => break,
                (_, "train") => return Some(Owner::Call("train")),
                (_, word) if HEADS.contains(&word) && self.words(i + 1) != ":" => {
                    return (word == "system").then_some(Owner::System);
                }
                _ => {}
            }
        }
        let callee = if self.words(last) == ")" { self.partner(last)? } else { open };
        self.path(callee).map(|(_, path)| Owner::Call(path))
    }

    /// What is given so far to the call or block of an opening bracket.
    pub(super) fn given(&self, open: usize) -> Given<'t> {
        let mut given = self.inside(open, self.list.len());
        match self.words(open) {
            "{" if open.checked_sub(1).is_some_and(|last| self.words(last) == ")") => {
                let earlier = self.partner(open - 1).map(|call| self.inside(call, open - 1)).unwrap_or_default();
                given.names.extend(earlier.names);
                given.positional = earlier.positional;
            }
            // The functional that is trained.
            "{" => given.positional = usize::from(self.block_owner(open) == Some(Owner::Call("train"))),
            _ => {}
        }
        let callee = self.path(open).and_then(|(first, _)| first.checked_sub(1));
        given.positional += usize::from(callee.is_some_and(|before| self.words(before) == "|>"));
        given
    }

    /// What is given between an opening bracket and a token, that of brackets inside left out.
    fn inside(&self, open: usize, end: usize) -> Given<'t> {
        let (mut depth, mut given, mut named) = (0, Given::default(), false);
        for i in open + 1..end {
            match (self.kind(i), self.words(i)) {
                (Some(TokenKind::Open), _) => depth += 1,
                (Some(TokenKind::Close), _) => depth -= 1,
                (_, ":") if depth == 0 => {
                    given.names.push(self.words(i - 1));
                    named = true;
                }
                (_, ",") if depth == 0 => {
                    given.positional += usize::from(!named);
                    named = false;
                }
                _ => {}
            }
        }
        given
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::tokens;

    #[test]
    fn brackets_have_owners_and_dots_have_wholes() {
        let owners = [
            ("std.f(", Some(Owner::Call("std.f"))),
            ("use std.losses (", Some(Owner::Import("std.losses"))),
            ("loss l(", Some(Owner::Head)),
            ("train f { loss: l {", Some(Owner::Call("l"))),
            ("system s(R) on g {", Some(Owner::System)),
            ("functional f(n) {", None),
            ("[", None),
        ];
        for (text, owner) in owners {
            let before = Before { text, list: &tokens(text) };
            assert_eq!(before.opening().and_then(|open| before.owner(open)), owner, "{text}");
        }
        for (text, whole) in [("a.b.", Some(Whole::Path("a.b"))), ("f(g(x)).", Some(Whole::Call("f"))), ("].", None)] {
            assert_eq!(Before { text, list: &tokens(text) }.whole(), whole, "{text}");
        }
    }
}
