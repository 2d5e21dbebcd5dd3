//! The reserved words, for completion and highlighting. The grammar is decisive; a test compares them.

use pest::unicode::{XID_CONTINUE, XID_START};
use std::borrow::Cow;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Words that cannot name a value. `at` is reserved inside a system only, and is not listed.
pub const RESERVED: &[&str] = &[
    "and",
    "as",
    "by",
    "else",
    "false",
    "fn",
    "for",
    "functional",
    "grid",
    "if",
    "in",
    "let",
    "loss",
    "not",
    "on",
    "or",
    "param",
    "system",
    "table",
    "then",
    "train",
    "true",
    "use",
];

/// A name as it is compared: letters that Unicode takes for the same are the same (`Å` is one letter, or `A` with a ring above),
/// and so are the micro sign and the Greek letter.
pub fn canonical(name: &str) -> Cow<'_, str> {
    if name.is_ascii() || (is_nfc(name) && !name.contains(MICRO)) {
        return name.into();
    }
    name.nfc().map(|letter| if letter == MICRO { 'μ' } else { letter }).collect::<String>().into()
}

/// The sign of the prefix, which looks like the Greek letter.
const MICRO: char = '\u{b5}';

/// Whether a word is reserved everywhere.
pub fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word)
}

/// Whether a word can name a value.
pub fn is_name(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(|c| c == '_' || XID_START(c)) && letters.all(XID_CONTINUE) && !is_reserved(word)
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_are_words_that_are_not_reserved() {
        for (word, is) in
            [("lib", true), ("_a2", true), ("ä", true), ("", false), ("2a", false), ("a-b", false), ("let", false)]
        {
            assert_eq!(super::is_name(word), is, "{word}");
        }
    }

    #[test]
    fn the_same_letter_has_one_spelling() {
        for (written, name) in [
            ("A\u{30a}", "\u{c5}"),
            ("\u{212b}", "\u{c5}"),
            ("\u{b5}", "\u{3bc}"),
            ("e\u{301}n", "én"),
            ("n_up", "n_up"),
        ] {
            assert_eq!(super::canonical(written), name);
        }
    }

    #[test]
    fn the_list_is_that_of_the_grammar() {
        let grammar = include_str!("../../grammar/ksr.pest");
        let rule = grammar.split("\nreserved = ").nth(1).unwrap().split('}').next().unwrap();
        let words: Vec<&str> = rule.split('"').skip(1).step_by(2).collect();
        assert_eq!(words, super::RESERVED);
    }
}
