//! Marks by which ksr recognises, later, that nobody has changed what it wrote: a line in a text, a list of files in a folder.

use super::ContentKey;
use super::header::{self, Header, LENGTH};

/// How the line with the hash of a text begins.
const LINE: &str = "# Content ";
/// How it ends, behind the hash.
const MEANING: &str = ": `save` replaces this file only while nobody has edited it.";
/// The kind of these hashes.
const KIND: &str = "text 1";

/// The second line of a figure that ksr has drawn as SVG.
pub const DRAWN: &str = "<metadata>ksr</metadata>";

/// The keyword and text by which a figure that ksr has drawn as PNG says so, among its first bytes.
pub const PAINTED: (&str, &str) = ("Software", "ksr");
/// The chunk of a PNG with these: its length, type and content.
const PAINTED_CHUNK: &[u8] = b"\0\0\0\x0ctEXtSoftware\0ksr";

/// Whether the first bytes of a file are those of a PNG figure that says that ksr has drawn it.
pub fn is_painted(start: &[u8]) -> bool {
    start.starts_with(b"\x89PNG\r\n\x1a\n") && start.windows(PAINTED_CHUNK.len()).any(|bytes| bytes == PAINTED_CHUNK)
}

/// The spaces that ksr writes into the header of an array in addition to those of other programs, which write fewer than 100.
const SPACES: usize = 128;

/// The bytes of a `.npy` file of version 1, with more spaces at the end of its header than other programs write: readers skip them.
pub fn marked_array(mut bytes: Vec<u8>) -> Vec<u8> {
    let Ok(header) = Header::read(&bytes) else { return bytes };
    let Some(longer) = header.text_of_version_1(&bytes).and_then(|text| u16::try_from(text.len() + SPACES).ok()) else {
        return bytes;
    };
    let end = header.length - 1;
    bytes[LENGTH].copy_from_slice(&longer.to_le_bytes());
    bytes.splice(end..end, [b' '; SPACES]);
    bytes
}

/// Whether the first bytes of a file, [`ARRAY_START`] of them, are those that [`marked_array`] makes.
pub fn is_marked_array(start: &[u8]) -> bool {
    let header = Header::read(start);
    let text = header.ok().and_then(|header| header.text_of_version_1(start)?.strip_suffix(b"\n"));
    text.is_some_and(|text| text.iter().rev().take_while(|byte| **byte == b' ').count() >= SPACES)
}

/// As many bytes of an array as [`is_marked_array`] looks at.
pub const ARRAY_START: u64 = header::LONGEST as u64;

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
    format!("{first}\n{LINE}{}{MEANING}\n{rest}", hash(&text))
}

/// Whether a text is as [`marked_text`] made it. Ends of lines do not matter.
pub fn mark(text: &str) -> Mark {
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().unwrap_or_default();
    let Some(line) = lines.next().and_then(|line| line.strip_prefix(LINE)) else { return Mark::Absent };
    let said = line.trim_end_matches(['\r', '\n']).strip_suffix(MEANING);
    let rest: String = std::iter::once(first).chain(lines).collect();
    if said == Some(hash(&rest).as_str()) { Mark::Whole } else { Mark::Broken }
}

fn hash(text: &str) -> String {
    ContentKey::new(KIND).text(&text.replace("\r\n", "\n")).finish()
}

/// The file of a data set that names its other files, with their hashes.
pub const LIST: &str = "saved_by_ksr.txt";

/// Its first line.
const HEAD: &str = "A data set saved by ksr. `save` replaces this folder only while nobody has changed a file in it.";

/// Whether a text is one that [`list`] gives for some files, with nothing else in it.
pub fn is_list(text: &str) -> bool {
    let mut lines = text.lines();
    let of_file = |line: &str| {
        line.split_once("  ").is_some_and(|(hash, _)| hash.len() == 32 && hash.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    lines.next() == Some(HEAD) && lines.all(of_file)
}

/// The content of [`LIST`] for files given as name and content.
pub fn list(files: &[(String, Vec<u8>)]) -> String {
    let line = |(name, bytes): &(String, Vec<u8>)| format!("{}  {name}\n", content(bytes));
    format!("{HEAD}\n") + &files.iter().map(line).collect::<String>()
}

/// The hash of a file in a list, if it is there.
pub fn listed<'l>(list: &'l str, name: &str) -> Option<&'l str> {
    list.lines().find_map(|line| line.split_once("  ").filter(|(_, listed)| *listed == name).map(|(hash, _)| hash))
}

/// The hash of a file.
pub fn content(bytes: &[u8]) -> String {
    content_key().bytes(bytes).finish()
}

/// The hash of a file before its content.
pub(super) fn content_key() -> ContentKey {
    ContentKey::new("file 1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_edit_breaks_the_mark() {
        let text = marked_text("# A model.\n\nlet a = 1\nlet b = 2\n");
        assert!(text.starts_with("# A model.\n# Content ") && text.ends_with("\n\nlet a = 1\nlet b = 2\n"), "{text}");
        assert_eq!((mark(&text), mark(&text.replace('\n', "\r\n"))), (Mark::Whole, Mark::Whole));
        let remark = text.replace("edited it.", "edited it. My best one.");
        for edited in
            [text.replace("= 2", "= 3"), text.replace("A model", "My model"), format!("{text}let c = 3\n"), remark]
        {
            assert_eq!(mark(&edited), Mark::Broken, "{edited}");
        }
        assert_eq!((mark("let a = 1\n"), mark(""), mark(&marked_text(""))), (Mark::Absent, Mark::Absent, Mark::Whole));
        // Only the second line is the mark.
        let quoting = marked_text(&format!("# A model.\n# It was made from:\n{text}"));
        assert_eq!((mark(&quoting), mark(&format!("# Mine.\n{text}"))), (Mark::Whole, Mark::Absent));
    }

    #[test]
    fn arrays_are_known_by_their_spaces() {
        use crate::data::{npy_bytes, read_npy};
        let path = std::path::Path::new("a.npy");
        for shape in [&[3][..], &[], &[1, 3, 1]] {
            let plain = npy_bytes(path, shape, &vec![0.5; shape.iter().product()]).unwrap();
            let marked = marked_array(plain.clone());
            assert_eq!((is_marked_array(&plain), is_marked_array(&marked), marked.len() % 8), (false, true, 0));
            let read = |bytes: Vec<u8>| read_npy(&crate::world::Memory::with([("a.npy", bytes)]), path).unwrap();
            assert_eq!(read(plain), read(marked));
        }
        // The header that numpy 2 writes, with room for a longer shape.
        let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }}{}\n", " ".repeat(60));
        let mut foreign = b"\x93NUMPY\x01\x00".to_vec();
        foreign.extend((header.len() as u16).to_le_bytes());
        foreign.extend(header.bytes());
        assert!(!is_marked_array(&foreign));
        for broken in [&b""[..], b"\x93NUMPY\x01\x00", b"\x93NUMPY\x01\x00\xff\xff", b"\x93NUMPY\x01\x00\0\0"] {
            assert_eq!((is_marked_array(broken), marked_array(broken.to_vec())), (false, broken.to_vec()));
        }
    }

    #[test]
    fn files_are_found_in_a_list() {
        let text = list(&[("a.npy".into(), b"1".to_vec()), ("b.npy".into(), b"2".to_vec())]);
        assert_eq!((listed(&text, "b.npy"), listed(&text, "c.npy")), (Some(&*content(b"2")), None));
        assert_eq!((is_list(&text), is_list(&format!("{text}My notes.\n")), is_list("notes\n")), (true, false, false));
    }
}
