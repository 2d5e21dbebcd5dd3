//! The documentation of what is at a position.

use super::before::{Before, Owner, Whole};
use super::doc::{Doc, builtin_doc, entry_docs, unit_doc};
use super::draft::DraftText;
use super::entries::{OF_SCF, OF_SYSTEM};
use super::highlight::{Class, spans};
use super::locals::begins_with_local;
use crate::interp::Interpreter;
use crate::lang::kinds::either;
use crate::lang::words::is_reserved;
use crate::lang::{Token, TokenKind, tokens};
use std::ops::Range;

impl Interpreter {
    /// The documentation of the name, option, member or unit at a position of a text, and the bytes of that word. A word ends
    /// after its last letter, so that the position may be there.
    pub fn hover(&self, text: &str, cursor: usize) -> Option<(Range<usize>, Doc)> {
        let at = text.floor_char_boundary(cursor);
        let touched = |range: &Range<usize>| range.start <= at && at <= range.end;
        if let Some(unit) = spans(text).into_iter().find(|s| s.class == Class::Unit && touched(&s.range)) {
            return Some((unit.range.clone(), unit_doc(&text[unit.range])?));
        }
        let tokens = tokens(text);
        let i = tokens.iter().position(|t| t.kind == TokenKind::Word && touched(&(t.start..t.end)))?;
        let doc = self.word_doc(text, &tokens, i)?;
        Some((tokens[i].start..tokens[i].end, doc))
    }

    fn word_doc(&self, text: &str, tokens: &[Token], i: usize) -> Option<Doc> {
        let word = text.get(tokens[i].start..tokens[i].end)?;
        let is = |i: Option<usize>, sign: &str| {
            i.and_then(|i| tokens.get(i)).is_some_and(|token| text.get(token.start..token.end) == Some(sign))
        };
        let before = Before { text, list: &tokens[..i] };
        let draft = DraftText::new(self, text);
        if is(Some(i + 1), ":") {
            return option_doc(&draft, before.owner(before.opening()?)?, word);
        }
        if is(i.checked_sub(1), ".") {
            let whole = before.whole()?;
            if let Whole::Path(path) = whole
                && begins_with_local(path, text, before.list)
            {
                return None;
            }
            return draft.member_doc(whole, word).or_else(|| match whole {
                Whole::Path(path) => draft.doc(&format!("{path}.{word}")),
                Whole::Call(_) => None,
            });
        }
        if is_reserved(word) {
            return builtin_doc(word);
        }
        if begins_with_local(word, text, &tokens[..=i]) {
            return None;
        }
        draft.doc(word)
    }
}

/// The documentation of an option of a call or block.
fn option_doc(draft: &DraftText<'_>, owner: Owner<'_>, name: &str) -> Option<Doc> {
    let param = draft.option(owner, name)?;
    let of = match owner {
        Owner::Call(path) => format!("`{path}`"),
        Owner::System => OF_SYSTEM.into(),
        Owner::Scf => OF_SCF.into(),
        Owner::Head | Owner::Import(_) => return None,
    };
    let explained = entry_docs().find(|doc| doc.signature.starts_with(&format!("{name}: option of {of}")));
    Some(explained.unwrap_or_else(|| {
        Doc {
            name: format!("{name}:"),
            signature: format!("{name}: option of {of}"),
            text: [param.about, &either(param.takes)]
                .into_iter()
                .filter(|line| !line.is_empty())
                .collect::<Vec<_>>()
                .join("\n"),
            examples: Vec::new(),
        }
    }))
}

#[cfg(test)]
mod tests {
    use crate::interp::assist::examples;
    use crate::interp::tests::helpers::interpreter;

    const TEXT: &str = "use std.functionals\ngrid line = uniform(points: 9, spacing: 0.1 bohr)\n\
                        ## Twice as much.\nfn twice(sum) = 2 * sum\nsystem he on line { He at 0; charge: 0 }\n\
                        let run = solve(he, with: functionals.lda, iterations: 9)\n\
                        run.total_energy -> kcal/mol\nexact(he, method: \"automatic\").density # sqrt\n\"{twice(1)} sqrt\"";

    /// The word and the signature of what the first occurrence of a piece ends with.
    fn at(piece: &str) -> Option<(&'static str, String)> {
        let end = TEXT.find(piece).unwrap() + piece.len();
        interpreter().hover(TEXT, end).map(|(range, doc)| (&TEXT[range], doc.signature))
    }

    #[test]
    fn words_are_explained_where_they_are() {
        let cases = [
            ("uniform", "uniform", "uniform("),
            ("points", "points", "points: option of `uniform`"),
            ("0.1 bohr", "bohr", "1 bohr"),
            ("fn twice", "twice", "twice(sum)"),
            ("\"{twi", "twice", "twice(sum)"),
            ("{ He", "He", "He"),
            ("charge", "charge", "charge: option of a `system`"),
            ("functionals.lda", "lda", "functionals.lda("),
            ("iterations", "iterations", "iterations: option of `solve`"),
            ("let run", "run", "run"),
            ("run.total_energy", "total_energy", "run.total_energy"),
            ("kcal/m", "kcal/mol", "1 kcal/mol"),
            ("method", "method", "method: option of `exact`"),
            (").density", "density", "reference.density"),
        ];
        for (piece, word, signature) in cases {
            let (found, doc) = at(piece).unwrap_or_else(|| panic!("{piece}"));
            assert!(found == word && doc.starts_with(signature), "{piece}: {found} {doc}");
        }
        for nothing in ["# sqrt", "} sqrt", "twice(sum", "2 * sum", "let", "use std"] {
            assert_eq!(at(nothing), None, "{nothing}");
        }
        let (_, doc) = interpreter().hover(TEXT, TEXT.find("twice").unwrap()).unwrap();
        assert_eq!(doc.plain_text(), "twice(sum)\nTwice as much.");
    }

    #[test]
    fn any_position_of_any_text_is_answered() {
        let session = interpreter();
        for (name, text) in examples() {
            let stride = text.len() / 40 + 1;
            for cursor in (0..text.len() + stride).step_by(stride) {
                if let Some((range, doc)) = session.hover(&text, cursor) {
                    assert!(range.contains(&cursor.min(range.end - 1)) && !doc.signature.is_empty(), "{name} {cursor}");
                }
            }
        }
    }

    #[test]
    fn a_parameter_hides_a_name_of_the_session() {
        let mut session = interpreter();
        session.eval_entry("grid run = uniform(points: 9, spacing: 0.1)").unwrap();
        let (used, hidden) = ("run.spacing", "loss l(run, exact) = run.spacing");
        assert!(session.hover(used, used.len()).is_some());
        assert_eq!(session.hover(hidden, hidden.len()), None);
        assert!(session.complete("loss l(run, exact) = run.", 25).candidates.is_empty());
        assert!(!session.complete("run.", 4).candidates.is_empty());
    }
}
