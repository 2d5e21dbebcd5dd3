//! Files and folders of the world, for completion.

use super::complete::{Candidate, CandidateKind, Completions};
use crate::interp::Interpreter;
use crate::interp::session::MAIN;
use crate::lang::{escaped, unescaped};
use crate::problem::visible;
use crate::world::PathKind;

impl Interpreter {
    /// The files and folders whose paths begin with what is typed.
    pub fn complete_path(&self, typed: &str) -> Completions {
        self.files(typed, str::to_owned, str::to_owned)
    }

    /// The same for the content of a string, in which some characters are written in a special way.
    pub(super) fn complete_path_in_text(&self, typed: &str) -> Completions {
        self.files(typed, escaped, unescaped)
    }

    fn files(&self, typed: &str, written: fn(&str) -> String, read: fn(&str) -> String) -> Completions {
        let start = typed.rfind('/').map_or(0, |slash| slash + 1);
        let (folder, name) = typed.split_at(start);
        let folder = match folder {
            "" => ".".to_owned(),
            folder => read(folder),
        };
        let entries = self.world.list(&self.path(&folder, MAIN)).unwrap_or_default();
        // Hidden files are offered if their dot is typed; names that would do something to the terminal never are.
        let safe = entries.into_iter().filter(|entry| visible(&entry.name) == entry.name);
        let visible = safe.filter(|entry| name.starts_with('.') || !entry.name.starts_with('.'));
        let candidates = visible.map(|entry| match entry.kind {
            PathKind::File | PathKind::Other => {
                Candidate { insert: written(&entry.name), kind: CandidateKind::File, about: None }
            }
            PathKind::Folder => {
                let insert = format!("{}/", written(&entry.name));
                Candidate { insert, kind: CandidateKind::Folder, about: None }
            }
        });
        Completions { start, candidates: candidates.filter(|candidate| candidate.insert.starts_with(name)).collect() }
    }
}

#[cfg(test)]
mod tests {
    use crate::interp::tests::helpers::interpreter_in;
    use crate::world::Memory;
    use std::rc::Rc;

    fn offered(typed: &str) -> (usize, Vec<String>) {
        let files = [
            ("data/ab.npy", ""),
            ("data/a{1}.npy", ""),
            ("data/.hidden", ""),
            ("data/a\u{1b}]0;x\u{7}.npy", ""),
            ("data/a\u{202e}.npy", ""),
            ("ä b/c", ""),
            ("top.ksr", ""),
        ];
        let completions = interpreter_in(Rc::new(Memory::with(files))).complete_path_in_text(typed);
        (completions.start, completions.candidates.into_iter().map(|candidate| candidate.insert).collect())
    }

    #[test]
    fn files_and_folders_of_the_world_are_listed() {
        assert_eq!(offered(""), (0, vec!["data/".into(), "top.ksr".into(), "ä b/".into()]));
        assert_eq!(offered("data/a"), (5, vec!["ab.npy".into(), "a{{1}}.npy".into()]));
        assert_eq!(offered("data/a{{"), (5, vec!["a{{1}}.npy".into()]));
        assert_eq!(offered("data/."), (5, vec![".hidden".into()]));
        assert_eq!(offered("ä b/"), ("ä b/".len(), vec!["c".into()]));
        assert_eq!(offered("no/such").1, Vec::<String>::new());
    }
}
