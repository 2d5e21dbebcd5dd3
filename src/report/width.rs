//! How many columns a text takes in a terminal.

use unicode_width::UnicodeWidthStr;

/// The columns of a text on one line: wide letters and emoji take two, combining marks none.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// The text with spaces after it up to `width` columns.
pub fn left(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

/// The text with spaces before it up to `width` columns.
pub fn right(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(columns(text))))
}

/// A text cut to at most `width` columns, with `…` at its end if anything is left out.
pub fn shorten(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut end = 0;
    for (at, letter) in text.char_indices() {
        let next = at + letter.len_utf8();
        if columns(&text[..next]) + 1 > width {
            break;
        }
        end = next;
    }
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_letters_take_two_columns_and_marks_none() {
        assert_eq!(["水素", "A\u{30a}", "👍", "H₂", ""].map(columns), [4, 1, 2, 2, 0]);
        assert_eq!((left("水", 4), right("e\u{301}", 3)), ("水  ".into(), "  e\u{301}".into()));
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(
            ["水素分子", "abcdef", "abcde", "A\u{30a}bcdef"].map(|t| shorten(t, 5)),
            ["水素…", "abcd…", "abcde", "A\u{30a}bcd…"]
        );
    }
}
