//! The commands of the REPL and the kinds of `:list`, as data.

/// A command.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// Its name.
    pub name: &'static str,
    /// Its argument.
    pub argument: &'static str,
    /// What it does.
    pub about: &'static str,
}

const fn command(name: &'static str, argument: &'static str, about: &'static str) -> Command {
    Command { name, argument, about }
}

/// All commands.
pub const COMMANDS: &[Command] = &[
    command("help", "[TOPIC]", "overview, or help on a topic"),
    command("doc", "NAME", "explain a name, with examples"),
    command("type", "EXPR", "evaluate, and show only the kind of value"),
    command(
        "list",
        "[KIND]",
        "your names; or all values, functions, systems, functionals, losses, models, modules, builtins, units",
    ),
    command("search", "WORD", "find functions, options and units for a word"),
    command("load", "FILE", "run a script here and keep its definitions"),
    command("reset", "", "forget all definitions"),
    command("quit", "", "leave (also Ctrl-D)"),
];

/// Kinds for `:list`, and the beginnings of the kinds of values that they include.
pub const KINDS: &[(&str, &[&str])] = &[
    (
        "values",
        &[
            "a number",
            "an energy",
            "a length",
            "an amount of memory",
            "a quantity",
            "a Boolean",
            "a string",
            "a list",
            "a record",
            "an interval",
            "a field",
            "a grid",
            "a run",
            "a reference",
            "a table",
            "a figure",
        ],
    ),
    ("functions", &["a function"]),
    ("systems", &["a system"]),
    ("functionals", &["a functional"]),
    ("losses", &["a loss"]),
    ("models", &["a model"]),
    ("modules", &["a module"]),
    ("builtins", &[]),
    ("units", &[]),
];
