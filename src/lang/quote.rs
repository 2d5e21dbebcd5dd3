//! Texts as strings of the language.

/// A text as a string: in quotes, with special characters escaped.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// A text as it stands between the quotes of a string.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '"' | '\\' => escaped.extend(['\\', letter]),
            '{' | '}' => escaped.extend([letter, letter]),
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push_str("\\t"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// The inverse of [`escaped`]; what that never writes stays as it is.
pub fn unescaped(text: &str) -> String {
    let mut unescaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (letter, length) = match rest.get(..2) {
            Some("\\\"") => ('"', 2),
            Some("\\\\") => ('\\', 2),
            Some("\\n") => ('\n', 2),
            Some("\\t") => ('\t', 2),
            Some("{{") => ('{', 2),
            Some("}}") => ('}', 2),
            _ => (first, first.len_utf8()),
        };
        unescaped.push(letter);
        rest = &rest[length..];
    }
    unescaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_survives() {
        for text in ["", "a{\"b\\}", "\\n", "\n\t\\\\t", "{{ä}}", "ψ²", "ends in \\"] {
            assert_eq!(unescaped(&escaped(text)), text);
        }
        assert_eq!(quoted("a\"{1}\n"), "\"a\\\"{{1}}\\n\"");
    }
}
