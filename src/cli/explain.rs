//! `ksr explain CODE`: shows the section for a code in the page of errors, which the tests keep up to date.

use super::{USAGE, output};

/// One section for each code: why it occurs, what to do, an example.
const ERRORS: &str = include_str!("../../docs/errors.md");

/// Shows the section of a code; `parse::unexpected` means `ksr::parse::unexpected`.
pub fn code(wanted: &str) -> u8 {
    let wanted = wanted.trim();
    let full = if wanted.starts_with("ksr::") { wanted.to_owned() } else { format!("ksr::{wanted}") };
    if let Some(section) = section(ERRORS, &full) {
        output::line(&fitted(section.trim(), output::width()));
        return 0;
    }
    // The last part of a code suffices if no other code ends in it.
    let codes = || ERRORS.lines().filter_map(heading);
    let ends: Vec<&str> = codes().filter(|c| c.ends_with(&format!("::{wanted}"))).collect();
    if let [only] = ends[..] {
        return code(only);
    }
    if !ends.is_empty() {
        output::error_line(&format!("error: `{wanted}` is short for several codes: {}", ends.join(", ")));
        return USAGE;
    }
    let near = codes().map(|c| (strsim::jaro_winkler(c, &full), c)).max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = near.filter(|n| n.0 > 0.85).map_or(String::new(), |n| format!("; did you mean `{}`?", n.1));
    output::error_line(&format!("error: there is no error code `{full}`{hint}"));
    USAGE
}

/// A section with its prose wrapped to fit the terminal; scripts and messages are left as they are.
fn fitted(section: &str, width: usize) -> String {
    let mut fenced = false;
    let line = |line: &str| {
        let fence = line.starts_with("```");
        fenced ^= fence;
        if fence || fenced { line.to_owned() } else { output::wrapped(line, width) }
    };
    section.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The code of a heading line.
fn heading(line: &str) -> Option<&str> {
    line.strip_prefix("### `")?.strip_suffix('`')
}

/// From the heading of a code to the next heading.
fn section<'a>(text: &'a str, code: &str) -> Option<&'a str> {
    let start = text.find(&format!("\n### `{code}`\n"))? + 1;
    let after = &text[start..];
    let end = ["\n### `", "\n## `"].iter().filter_map(|next| after.find(next)).min().map_or(after.len(), |i| i + 1);
    after.get(..end)
}

#[cfg(test)]
mod tests {
    use super::{fitted, section};

    #[test]
    fn a_section_ends_at_the_next_heading() {
        let text = "# Errors\n\n## `a`: one\n\n### `ksr::a::b`\n\none\n\n### `ksr::a::c`\n\ntwo\n\n## `d`: four\n\n### `ksr::d::e`\n\nx\n";
        assert_eq!(section(text, "ksr::a::b"), Some("### `ksr::a::b`\n\none\n\n"));
        assert_eq!(section(text, "ksr::a::c"), Some("### `ksr::a::c`\n\ntwo\n\n"));
        assert_eq!(section(text, "ksr::d::e"), Some("### `ksr::d::e`\n\nx\n"));
        assert_eq!(section(text, "ksr::a"), None);
    }

    #[test]
    fn prose_is_wrapped_and_code_is_not() {
        let text = "one two three\n\n```ksr\nlet a = 1 + 2\n```";
        assert_eq!(fitted(text, 8), "one two\nthree\n\n```ksr\nlet a = 1 + 2\n```");
    }
}
