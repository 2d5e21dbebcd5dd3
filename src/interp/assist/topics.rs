//! Short introductions with entries to try, for `:help` and notebooks. A test runs every entry.

/// A topic.
#[derive(Clone, Copy, Debug)]
pub struct HelpTopic {
    /// `systems`.
    pub name: &'static str,
    /// What it is about, in a few words.
    pub about: &'static str,
    /// A few sentences.
    pub text: &'static str,
    /// Entries to try, in order, in one session.
    pub examples: &'static [&'static str],
}

/// All topics, in the order in which a newcomer needs them.
pub const HELP_TOPICS: &[HelpTopic] = &[
    HelpTopic {
        name: "basics",
        about: "numbers, names, lists, functions",
        text: "`let` binds a name, `fn` defines a function. `a .. b by c` is a list of numbers, and arithmetic works on \
               lists element by element. `x |> f(a)` is `f(x, a)`. `ans` is the last value shown; a `;` at the end of a \
               line hides its value.",
        examples: &["let Rs = 1 .. 3 by 0.5", "fn morse(R) = (1 - exp(-(R - 1.6)))^2", "morse(Rs)", "Rs |> max"],
    },
    HelpTopic {
        name: "units",
        about: "hartree and bohr internally, any unit for input and output",
        text: "A unit right after a number belongs to it. ksr works in Hartree atomic units; `->` converts for \
               display. A plain number combines with any unit; a length cannot be added to an energy.",
        examples: &["0.74 angstrom", "1.4 bohr -> angstrom", "1 hartree -> kcal/mol"],
    },
    HelpTopic {
        name: "systems",
        about: "nuclei or a potential on a grid",
        text: "Everything lives on a `grid`. A `system` has nuclei (`H at 0`), or a `potential(x):` of any form, \
               and `electrons:` or `charge:`, `unpaired:`, `interaction:`. With parameters it is called like a function.",
        examples: &[
            "grid line = uniform(points: 513, spacing: 0.08)",
            "system h2(R) on line { H at snap(-R / 2, line); H at snap(-R / 2, line) + R }",
            "h2(1.6)",
        ],
    },
    HelpTopic {
        name: "functionals",
        about: "the energy per electron, as a formula or as a network",
        text: "Write the energy per electron as a function of the density; ksr derives the potential. The standard library has published \
               ones: `use std.functionals`, `use std.networks`. `describe(f)` shows what a functional consists of.",
        examples: &[
            "functional my_lda(n) = -0.6 * n / (1 + n)",
            "grid line = uniform(points: 201, spacing: 0.1)",
            "energy(my_lda, exp(-line.x^2))",
            "describe(my_lda)",
        ],
    },
    HelpTopic {
        name: "solving",
        about: "Kohn-Sham and exact answers",
        text: "`solve(system, with: functional)` runs the Kohn-Sham iterations and returns a run with `.total_energy`, \
               `.density` and more (Tab after the dot lists them). `exact(system)` solves the interacting problem itself.",
        examples: &[
            "use std.functionals",
            "grid line = uniform(points: 257, spacing: 0.1)",
            "system he on line { He at 0 }",
            "let run = solve(he, with: functionals.lda)",
            "run.total_energy",
            "exact(he).total_energy",
        ],
    },
    HelpTopic {
        name: "training",
        about: "learning a functional through the Kohn-Sham equations",
        text: "`train f { on: [systems], loss: … }` returns a model that can be used like a functional. Ctrl-C keeps the \
               best so far. Trainings are cached on disk and resumed; `save(model, \"name.ksr\")` writes a readable \
               script.",
        examples: &[],
    },
    HelpTopic {
        name: "output",
        about: "tables, plots, files",
        text: "`table { a: …, b: … }` puts lists side by side, `plot` draws them (here in the terminal), and `save` writes \
               `.csv`, `.json`, `.npy`, `.svg`, `.png` or `.ksr` according to the extension.",
        examples: &[
            "let t = table { x: 0 .. 20; square: [k^2 for k in 0 .. 20] }",
            "t",
            "plot(t, x: \"x\", y: [\"square\"])",
        ],
    },
];
