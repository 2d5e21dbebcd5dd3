//! Explains the options in blocks: of a training, of a Kohn-Sham calculation, of a system.

use crate::interp::call::Param;
use crate::interp::eval::SYSTEM_ENTRIES;
use crate::interp::registry;
use crate::interp::value::scf;

/// What the options of a Kohn-Sham calculation belong to.
pub(super) const OF_SCF: &str = "`solve` and of `scf:` in `train`";
/// What the entries of a system belong to.
pub(super) const OF_SYSTEM: &str = "a `system`";

/// The entries of one kind of block.
#[derive(Clone, Debug)]
pub struct Entries {
    /// What they belong to: `train`.
    pub of: String,
    /// Their declarations.
    pub entries: Vec<&'static Param>,
    /// Whether their defaults are the same everywhere.
    same_everywhere: bool,
}

/// For every block: the documented parameters of the functions that take one, and the entries of systems.
pub fn entries() -> Vec<Entries> {
    let scf = scf::PARAMS.iter().collect();
    let scf = Entries { of: OF_SCF.into(), entries: scf, same_everywhere: false };
    let of_builtin = registry::all().filter_map(|builtin| {
        let own = |p: &&Param| !p.about.is_empty() && scf::PARAMS.iter().all(|option| option.name != p.name);
        let entries: Vec<&Param> = builtin.params.iter().filter(own).collect();
        (!entries.is_empty()).then(|| Entries { of: format!("`{}`", builtin.name), entries, same_everywhere: true })
    });
    let system = Entries { of: OF_SYSTEM.into(), entries: SYSTEM_ENTRIES.iter().collect(), same_everywhere: false };
    [scf].into_iter().chain(of_builtin).chain([system]).collect()
}

impl Entries {
    /// The name, what it is an option of, and its default.
    pub fn head(&self, entry: &Param) -> String {
        match entry.default.filter(|_| self.same_everywhere) {
            Some(default) => format!("{}: option of {}, default `{}`", entry.name, self.of, default.text()),
            None => format!("{}: option of {}", entry.name, self.of),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interp::call::Style;
    use crate::interp::tests::helpers::interpreter;

    #[test]
    fn every_entry_of_a_block_is_explained() {
        let known: Vec<&str> = entries().iter().flat_map(|of| of.entries.iter().map(|entry| entry.name)).collect();
        for builtin in registry::all().filter(|builtin| builtin.style == Style::Options) {
            // The first one is the subject of the block.
            for param in builtin.params.iter().skip(1).filter(|param| param.name != "with") {
                assert!(known.contains(&param.name) && !param.about.is_empty(), "{} of {}", param.name, builtin.name);
            }
        }
        assert!(SYSTEM_ENTRIES.iter().all(|entry| known.contains(&entry.name) && !entry.about.is_empty()));
    }

    #[test]
    fn every_entry_of_the_language_page_is_explained() {
        let page = include_str!("../../../docs/language.md");
        let rows =
            page.lines().skip_while(|line| *line != "| entry | meaning |").filter(|line| line.starts_with("| `"));
        let cells = rows.filter_map(|row| row.split(" | ").next());
        let entry = |code: &'static str| code.split_once(':').and_then(|(entry, _)| entry.split('(').next());
        let named: Vec<&str> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).filter_map(entry).collect();
        assert!(named.len() > 15, "{named:?}");
        let interpreter = interpreter();
        for name in named {
            let doc = interpreter.doc(name).unwrap_or_default();
            assert!(
                format!("{}\n{}", doc.signature, doc.text).contains(&format!("{name}: option of ")),
                "{name}: {doc:?}"
            );
        }
    }

    #[test]
    fn defaults_are_shown_and_options_are_found_by_search() {
        let doc = interpreter().doc("memory").unwrap_or_default();
        assert_eq!(doc.signature, "memory: option of `train`, default `automatic`");
        assert!(interpreter().search("seeds").iter().any(|doc| doc.name == "seeds:"));
    }
}
