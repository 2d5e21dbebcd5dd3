//! Whether an entry is finished.

use crate::lang::{Entry, parse_entry};
use crate::source::SourceId;

/// Whether an entry needs another line: the parser could go on, or it ends in a `##` line, which is followed by what it
/// documents.
pub fn needs_more_lines(entry: &str) -> bool {
    entry.lines().last().is_some_and(|line| line.trim_start().starts_with("##"))
        || matches!(parse_entry(SourceId::default(), entry), Entry::Incomplete)
}

#[cfg(test)]
mod tests {
    use super::needs_more_lines;

    #[test]
    fn the_parser_decides_what_continues() {
        for unfinished in ["max(1,", "fn f(x) {", "functional f(n) {\n  n", "[1, 2", "1 +", "## Doubles."] {
            assert!(needs_more_lines(unfinished), "{unfinished}");
        }
        for finished in ["1 + 1", "let a = )", "fn f(x) = x", "max(1, 2)", "", "# note"] {
            assert!(!needs_more_lines(finished), "{finished}");
        }
    }
}
