//! Marks by which ksr recognises, later, that nobody has changed what it wrote: a line in a text, a list of files in a folder.

use super::ContentKey;

/// How the line with the hash of a text begins.
const LINE: &str = "# Content ";
/// The kind of these hashes.
const KIND: &str = "text 1";

/// The second line of a figure that ksr has drawn as SVG.
pub const DRAWN: &str = "<metadata>ksr</metadata>";

/// What the mark says about a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// There is none.
    Absent,
    /// The text has been changed since.
    Broken,
    /// The text is as it was written.
    Whole,
}

/// A text with the hash of all its lines in a comment below the first one.
pub fn marked_text(text: &str) -> String {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let text = format!("{first}\n{rest}");
    format!("{first}\n{LINE}{}: `save` replaces this file only while nobody has edited it.\n{rest}", hash(&text))
}

/// Whether a text is as [`marked_text`] made it. Ends of lines do not matter.
pub fn mark(text: &str) -> Mark {
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().unwrap_or_default();
    let Some(line) = lines.next().and_then(|line| line.strip_prefix(LINE)) else { return Mark::Absent };
    let said = line.split(':').next().unwrap_or_default();
    let rest: String = std::iter::once(first).chain(lines).collect();
    if hash(&rest) == said { Mark::Whole } else { Mark::Broken }
}

fn hash(text: &str) -> String {
    ContentKey::new(KIND).text(&text.replace("\r\n", "\n")).finish()
}

/// The file of a data set that names its other files, with their hashes.
pub const LIST: &str = "saved_by_ksr.txt";

/// The content of [`LIST`] for files given as name and content.
pub fn list(files: &[(String, Vec<u8>)]) -> String {
    let line = |(name, bytes): &(String, Vec<u8>)| format!("{}  {name}\n", content(bytes));
    let head = "A data set saved by ksr. `save` replaces this folder only while nobody has changed a file in it.\n";
    head.to_owned() + &files.iter().map(line).collect::<String>()
}

/// The hash of a file in a list, if it is there.
pub fn listed<'l>(list: &'l str, name: &str) -> Option<&'l str> {
    list.lines().find_map(|line| line.split_once("  ").filter(|(_, listed)| *listed == name).map(|(hash, _)| hash))
}

/// The hash of a file.
pub fn content(bytes: &[u8]) -> String {
    ContentKey::new("file 1").bytes(bytes).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_edit_breaks_the_mark() {
        let text = marked_text("# A model.\n\nlet a = 1\nlet b = 2\n");
        assert!(text.starts_with("# A model.\n# Content ") && text.ends_with("\n\nlet a = 1\nlet b = 2\n"), "{text}");
        assert_eq!((mark(&text), mark(&text.replace('\n', "\r\n"))), (Mark::Whole, Mark::Whole));
        for edited in [text.replace("= 2", "= 3"), text.replace("A model", "My model"), format!("{text}let c = 3\n")] {
            assert_eq!(mark(&edited), Mark::Broken, "{edited}");
        }
        assert_eq!((mark("let a = 1\n"), mark(""), mark(&marked_text(""))), (Mark::Absent, Mark::Absent, Mark::Whole));
        // Only the second line is the mark.
        let quoting = marked_text(&format!("# A model.\n# It was made from:\n{text}"));
        assert_eq!((mark(&quoting), mark(&format!("# Mine.\n{text}"))), (Mark::Whole, Mark::Absent));
    }

    #[test]
    fn files_are_found_in_a_list() {
        let text = list(&[("a.npy".into(), b"1".to_vec()), ("b.npy".into(), b"2".to_vec())]);
        assert_eq!((listed(&text, "b.npy"), listed(&text, "c.npy")), (Some(&*content(b"2")), None));
    }
}
