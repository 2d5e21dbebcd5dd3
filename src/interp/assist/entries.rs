//! What the entries of blocks mean: of a training, of a Kohn-Sham calculation, of a system.

use crate::interp::registry;

/// The entries of one kind of block.
#[derive(Clone, Copy, Debug)]
pub struct Entries {
    /// Whose they are: `train`.
    pub of: &'static str,
    /// The builtin whose parameters they are, with its defaults, if they are so everywhere.
    builtin: Option<&'static str>,
    /// Name and meaning of each.
    pub entries: &'static [(&'static str, &'static str)],
}

/// All of them.
pub const ENTRIES: &[Entries] = &[
    Entries {
        of: "`train`",
        builtin: Some("train"),
        entries: &[
            ("on", "systems or references to train on, at least one"),
            ("validate", "systems or references that choose the parameters kept; otherwise those of `on:` do"),
            ("loss", "what is made small, with its options bound: `losses.ksr(skip: 10)`"),
            ("validate_with", "another loss for `validate:`"),
            ("scf", "options of the Kohn-Sham iterations: `iterations:`, `mixing:`, `tolerance:`, `symmetric:`"),
            ("optimizer", "`lbfgs(…)` or `adam(…)`, with the number of steps"),
            ("seeds", "a seed or a list of them; each draws its own initial parameters, the best wins"),
            ("checkpoint", "steps between checkpoints, and between validations"),
            (
                "memory",
                "what the iterations may keep for the way back, `2 GB`: `automatic` is half of what the computer has free, \
                 `inf` no limit. Iterations that do not fit are done again, with the same bits",
            ),
            (
                "gradient",
                "`unrolled` goes back through every iteration, `implicit` converges the density and takes the gradient \
                 from the equation that it fulfils",
            ),
        ],
    },
    Entries {
        of: "`solve`, and of `scf:` in `train`",
        builtin: None,
        entries: &[
            ("iterations", "Kohn-Sham iterations: at most so many with a tolerance, exactly so many without"),
            ("mixing", "how the next density follows from the ones before: `diis(…)` or `linear(…)`"),
            (
                "tolerance",
                "electrons that may still move, the integral of |n_out - n_in|, in a density that is converged",
            ),
            ("symmetric", "whether densities are mirrored about the middle of the nuclei and averaged"),
        ],
    },
    Entries {
        of: "a `system`",
        builtin: None,
        entries: &[
            ("potential", "an external potential, `potential(x): …` or a field; it adds to that of the nuclei"),
            (
                "interaction",
                "between electrons, and between them and the nuclei, `interaction(r): …`; the exponential one unless given",
            ),
            ("electrons", "how many electrons; as many as make it neutral unless given"),
            ("charge", "the charge left by the electrons, instead of `electrons:`"),
            ("unpaired", "up minus down electrons; the parity of the electrons unless given"),
            ("name", "what it is called in tables and messages"),
        ],
    },
];

impl Entries {
    /// What follows the name: of what it is an entry, and what it is unless given.
    pub fn head(&self, name: &str) -> String {
        let params = self.builtin.and_then(registry::get).map_or(&[][..], |builtin| builtin.params);
        match params.iter().find(|param| param.name == name).and_then(|param| param.default) {
            Some(default) => format!("{name}: of {}, `{default}` unless given", self.of),
            None => format!("{name}: of {}", self.of),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interp::eval::SYSTEM_ENTRIES;
    use crate::interp::tests::helpers::interpreter;
    use std::collections::BTreeSet;

    fn names(index: usize) -> BTreeSet<&'static str> {
        ENTRIES[index].entries.iter().map(|entry| entry.0).collect()
    }

    #[test]
    fn they_are_those_that_blocks_take() {
        let params = |name, operands| {
            registry::get(name).unwrap().params.iter().skip(operands).map(|param| param.name).collect()
        };
        assert_eq!(names(0), params("train", 1));
        assert_eq!(names(1), params("solve", 2));
        assert_eq!(names(2), SYSTEM_ENTRIES.into_iter().collect());
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
            assert!(format!("{}\n{}", doc.signature, doc.text).contains(&format!("{name}: of ")), "{name}: {doc:?}");
        }
    }

    #[test]
    fn a_default_is_told_and_a_word_finds_them() {
        let doc = interpreter().doc("memory").unwrap_or_default();
        assert_eq!(doc.signature, "memory: of `train`, `automatic` unless given");
        assert!(interpreter().search("seeds").iter().any(|doc| doc.name == "seeds:"));
    }
}
