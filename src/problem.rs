//! The type that carries every error and warning. The stages define enums (`thiserror` + `miette::Diagnostic`, named fields,
//! spans as `#[label]`, a `code(ksr::stage::what)`, help); a [`Problem`] adds the place and the calls that led there.

use crate::source::Span;
use miette::Diagnostic;

/// A call that led to a problem, in the same or another source: `in this use of `ksr_global``.
#[derive(Clone, Debug)]
pub struct Via {
    /// The place.
    pub span: Span,
    /// What happens there, lower case, no full stop.
    pub note: String,
}

/// One error, warning or note (see [`Diagnostic::severity`]), with its place.
#[derive(Debug)]
pub struct Problem {
    /// The value of a stage's enum: message, code, labels (all in the source of `span`), help.
    pub error: Box<dyn Diagnostic + Send + Sync>,
    /// The primary place; problems are sorted by it.
    pub span: Span,
    /// Calls and uses that led there, innermost first.
    pub via: Vec<Via>,
}

impl Problem {
    /// A problem at a place.
    pub fn new(error: impl Diagnostic + Send + Sync + 'static, span: Span) -> Self {
        Self { error: Box::new(error), span, via: Vec::new() }
    }

    /// The same, reached through `span`.
    pub fn via(mut self, span: Span, note: impl Into<String>) -> Self {
        self.via.push(Via { span, note: note.into() });
        self
    }

    /// The code, `ksr::stage::what`.
    pub fn code(&self) -> String {
        self.error.code().map(|c| c.to_string()).unwrap_or_default()
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

/// A result whose error is one located problem.
pub type Result<T, E = Box<Problem>> = std::result::Result<T, E>;

impl<T> From<Problem> for Result<T> {
    fn from(problem: Problem) -> Self {
        Err(Box::new(problem))
    }
}

/// Whether a character is not seen but has an effect: it controls the terminal, changes the direction of the text, or has no
/// width. The joiners within emoji and scripts are not among them.
pub fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Makes a string of unknown origin safe to show on one line: [`hidden`] characters are escaped, as `\u{1b}` or `\n`.
pub fn visible(text: &str) -> String {
    escaped(text, hidden)
}

/// As [`visible`], but lines and tabs are kept.
pub fn visible_lines(text: &str) -> String {
    escaped(text, |c| hidden(c) && c != '\n' && c != '\t')
}

fn escaped(text: &str, hidden: impl Fn(char) -> bool) -> String {
    if !text.contains(&hidden) {
        return text.to_owned();
    }
    text.chars().flat_map(|c| if hidden(c) { c.escape_default().collect() } else { vec![c] }).collect()
}

/// Why a file could not be opened; `doing` is `read` or `write`.
pub fn reason(error: &std::io::Error, doing: &str) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound if doing == "write" => "there is no such folder".into(),
        std::io::ErrorKind::NotFound => "there is no such file".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        std::io::ErrorKind::IsADirectory => "it is a folder".into(),
        _ => {
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or(&text);
            let mut letters = text.chars();
            letters.next().map_or(String::new(), |first| first.to_lowercase().chain(letters).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(visible("He\u{1b}[31m+\n\u{9b}2J"), "He\\u{1b}[31m+\\n\\u{9b}2J");
        assert_eq!(visible("a\u{202e}b\u{200b}"), "a\\u{202e}b\\u{200b}");
        assert_eq!(visible("👩\u{200d}🔬 A\u{30a}"), "👩\u{200d}🔬 A\u{30a}");
        assert_eq!(visible_lines("a\n\tb\r\u{7}"), "a\n\tb\\r\\u{7}");
        assert_eq!(visible("Be³⁺ αβ \\ \"x\""), "Be³⁺ αβ \\ \"x\"");
    }
}
