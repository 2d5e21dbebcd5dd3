//! `ksr explain CODE`: from the collection of errors that the tests keep.

use super::{USAGE, output};

/// One section a code: scripts and the messages they give, or the message as the program has it.
const ERRORS: &str = include_str!("../../docs/errors.md");

/// Shows the section of a code; `parse::unexpected` means `ksr::parse::unexpected`.
pub fn code(wanted: &str) -> u8 {
    let wanted = wanted.trim();
    let full = if wanted.starts_with("ksr::") { wanted.to_owned() } else { format!("ksr::{wanted}") };
    if let Some(section) = section(ERRORS, &full) {
        output::line(section.trim());
        return 0;
    }
    let codes = ERRORS.lines().filter_map(heading);
    let near = codes.map(|c| (strsim::jaro_winkler(c, &full), c)).max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = near.filter(|n| n.0 > 0.85).map_or(String::new(), |n| format!("; did you mean `{}`?", n.1));
    output::error_line(&format!("error: no error has the code `{full}`{hint}"));
    USAGE
}

/// The code of a heading line.
fn heading(line: &str) -> Option<&str> {
    line.strip_prefix("## `")?.strip_suffix('`')
}

/// From the heading of a code to the next heading.
fn section<'a>(text: &'a str, code: &str) -> Option<&'a str> {
    let start = text.find(&format!("\n## `{code}`\n"))? + 1;
    let end = text[start + 3..].find("\n## `").map_or(text.len(), |i| start + 3 + i);
    text.get(start..end)
}

#[cfg(test)]
mod tests {
    use super::section;

    #[test]
    fn a_section_ends_at_the_next_heading() {
        let text = "# Errors\n\n## `ksr::a::b`\n\none\n\n## `ksr::c::d`\n\ntwo\n";
        assert_eq!(section(text, "ksr::a::b"), Some("## `ksr::a::b`\n\none\n"));
        assert_eq!(section(text, "ksr::c::d"), Some("## `ksr::c::d`\n\ntwo\n"));
        assert_eq!(section(text, "ksr::c"), None);
    }
}
