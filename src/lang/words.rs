//! The reserved words, for completion and highlighting. The grammar is decisive; a test compares them.

use pest::unicode::{XID_CONTINUE, XID_START};

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
    fn the_list_is_that_of_the_grammar() {
        let grammar = include_str!("../../grammar/ksr.pest");
        let rule = grammar.split("\nreserved = ").nth(1).unwrap().split('}').next().unwrap();
        let words: Vec<&str> = rule.split('"').skip(1).step_by(2).collect();
        assert_eq!(words, super::RESERVED);
    }
}
