//! Commands of the REPL: a colon and a word.

use super::topics::{TOPICS, Topic};
use super::{Next, Session};
use crate::cli::{output, run, session};
use crate::interp::builtins::{self, Builtin};
use crate::interp::scope::Binding;
use crate::interp::{Value, text};
use crate::lang::units::{UNITS, find as find_unit};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// A command.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// Its word.
    pub name: &'static str,
    /// What follows it.
    pub argument: &'static str,
    /// What it does.
    pub about: &'static str,
}

const fn command(name: &'static str, argument: &'static str, about: &'static str) -> Command {
    Command { name, argument, about }
}

/// All commands.
pub const COMMANDS: &[Command] = &[
    command("help", "[TOPIC]", "what there is; or about a topic"),
    command("doc", "NAME", "what a name means, with examples"),
    command("type", "EXPR", "evaluate, and say only what kind of value it is"),
    command("list", "[KIND]", "your names; or all values, functions, systems, functionals, models, modules, builtins, units"),
    command("search", "WORD", "functions, units and names that have to do with a word"),
    command("load", "FILE", "run a script here and keep its definitions"),
    command("reset", "", "forget all definitions"),
    command("quit", "", "leave (Ctrl-D does too)"),
];

type Belongs = fn(&Value) -> bool;

/// Kinds of `:list`, and which values they hold; `None`: not values of the session.
pub const KINDS: &[(&str, Option<Belongs>)] = &[
    ("values", Some(|v| !matches!(kind(v), "function" | "system" | "functional" | "model" | "module"))),
    ("functions", Some(|v| kind(v) == "function")),
    ("systems", Some(|v| kind(v) == "system")),
    ("functionals", Some(|v| kind(v) == "functional")),
    ("models", Some(|v| kind(v) == "model")),
    ("modules", Some(|v| kind(v) == "module")),
    ("builtins", None),
    ("units", None),
];

/// The word of `:list` for a value.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::System(_) | Value::SystemMaker(_) => "system",
        Value::Function(_) | Value::Builtin(_) => "function",
        Value::Module(_) => "module",
        _ => "value",
    }
}

impl Session {
    /// Does what follows a colon.
    pub(super) fn command(&mut self, line: &str) -> Next {
        let line = line.trim();
        let (name, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let argument = argument.trim();
        match (name, argument) {
            ("quit" | "q" | "exit", _) => return Next::Quit,
            ("help" | "h" | "", "") => help(),
            ("help" | "h", topic) => self.help_topic(topic),
            ("list", kind) => self.list(kind),
            ("reset", _) => {
                let fresh = session::interpreter(Rc::clone(&self.host), &self.options, PathBuf::from("."));
                self.interpreter.replace(fresh);
            }
            ("doc" | "type" | "search" | "load", "") => output::error_line(&format!("write it as `:{}`", usage(name))),
            ("doc", name) => self.doc(name),
            ("type", expression) => self.kind_of(expression),
            ("search", word) => self.search(word),
            ("load", path) => self.load(path.trim_matches('"')),
            _ => unknown(name),
        }
        Next::Read
    }

    fn help_topic(&self, name: &str) {
        match TOPICS.iter().find(|t| t.name == name) {
            Some(topic) => show_topic(topic),
            None => self.doc(name),
        }
    }

    /// A name of the session, of the language, or a unit.
    fn doc(&self, name: &str) {
        let interpreter = self.interpreter.borrow();
        if let Some(binding) = session::bindings(&interpreter).into_iter().find(|b| &*b.name == name) {
            output::line(&describe(&binding));
        } else if let Some(builtin) = builtins::get(name) {
            output::line(&document(builtin));
        } else if let Some(unit) = find_unit(name) {
            output::line(&format!("{}: {}", unit.name, unit.about));
        } else {
            let known: Vec<String> = self.known().into_iter().map(|(n, _)| n).collect();
            let near = crate::interp::error::nearest(name, known.iter().map(String::as_str));
            let hint = near.map_or(String::new(), |n| format!("; did you mean `{n}`?"));
            output::error_line(&format!("nothing is called `{name}`{hint}"));
        }
    }

    /// Names and a sentence each: the session's own, the language's, units.
    fn known(&self) -> Vec<(String, String)> {
        let interpreter = self.interpreter.borrow();
        let own = session::bindings(&interpreter)
            .into_iter()
            .map(|b| (b.name.to_string(), b.docs.as_deref().unwrap_or("yours").to_owned()));
        let given = builtins::all().map(|b| (b.name.to_owned(), b.summary.to_owned()));
        let units = UNITS.iter().map(|u| (u.name.to_owned(), format!("unit: {}", u.about)));
        own.chain(given).chain(units).collect()
    }

    fn search(&self, word: &str) {
        let word = word.to_lowercase();
        let tagged = |name: &str| builtins::get(name).is_some_and(|b| b.words.iter().any(|w| w.contains(word.as_str())));
        let hit = |(name, about): &(String, String)| {
            name.to_lowercase().contains(&word) || about.to_lowercase().contains(&word) || tagged(name)
        };
        let found: Vec<(String, String)> = self.known().into_iter().filter(hit).collect();
        if found.is_empty() {
            output::line(&format!("nothing found for `{word}`"));
        }
        columns(found.iter().map(|(n, a)| (n.as_str(), a.as_str())));
    }

    fn list(&self, wanted: &str) {
        match KINDS.iter().find(|(name, _)| *name == wanted || name.strip_suffix('s') == Some(wanted)) {
            Some(("builtins", _)) => columns(builtins::all().map(|b| (b.name, b.summary))),
            Some(("units", _)) => columns(UNITS.iter().map(|u| (u.name, u.about))),
            Some((_, Some(belongs))) => self.list_own(*belongs),
            _ if wanted.is_empty() => self.list_own(|_| true),
            _ => {
                let kinds: Vec<&str> = KINDS.iter().map(|k| k.0).collect();
                output::error_line(&format!("`:list` knows {}", kinds.join(", ")));
            }
        }
    }

    fn list_own(&self, belongs: impl Fn(&Value) -> bool) {
        let bindings = session::bindings(&self.interpreter.borrow());
        let lines: Vec<(String, String)> = bindings
            .iter()
            .filter_map(|b| b.value().filter(|v| belongs(v)).map(|v| (b.name.to_string(), crate::report::inline(&v))))
            .collect();
        if lines.is_empty() {
            output::line("none yet");
        }
        columns(lines.iter().map(|(n, v)| (n.as_str(), v.as_str())));
    }

    fn kind_of(&self, expression: &str) {
        let value = session::value(&mut self.interpreter.borrow_mut(), expression);
        match value {
            Ok(value) => output::line(&kind_text(&value)),
            Err(ended) => self.tell(&ended),
        }
    }

    fn load(&self, path: &str) {
        match run::read(Path::new(path)) {
            Ok((name, text)) => {
                let ended = session::run(&mut self.interpreter.borrow_mut(), &name, &text);
                self.tell(&ended);
            }
            Err(message) => output::error_line(&message),
        }
    }
}

/// `an energy, in hartree`; `a list of 36 values`.
fn kind_text(value: &Value) -> String {
    match value {
        Value::Number(q) if !q.dim.is_plain() => format!("{}, in {}", value.kind(), q.unit_text()),
        Value::List(items) => format!("a list of {} values", items.len()),
        Value::Field(field) => format!("a field of {} channels on {}", field.channels, text::grid(&field.grid)),
        _ => value.kind(),
    }
}

fn usage(name: &str) -> String {
    COMMANDS.iter().find(|c| c.name == name).map_or(String::new(), |c| format!("{} {}", c.name, c.argument))
}

fn unknown(name: &str) {
    let near = crate::interp::error::nearest(name, COMMANDS.iter().map(|c| c.name));
    let hint = near.map_or("`:help` lists them".to_owned(), |n| format!("did you mean `:{n}`?"));
    output::error_line(&format!("there is no command `:{name}`; {hint}"));
}

fn help() {
    output::line("Type an expression to see its value, a definition to keep it. Commands:\n");
    columns(COMMANDS.iter().map(|c| (c.name, c.about)));
    output::line("\nTopics, as in `:help units`:\n");
    columns(TOPICS.iter().map(|t| (t.name, t.about)));
    output::line("\nTab completes names, members after a dot, units and paths. Ctrl-C stops a calculation or clears the line.");
}

fn show_topic(topic: &Topic) {
    output::line(&format!("{}: {}\n", topic.name, topic.about));
    output::line(&wrapped(topic.text, output::width().min(100)));
    if !topic.examples.is_empty() {
        output::line("\nTry:");
        for example in topic.examples {
            output::line(&format!("  {example}"));
        }
    }
}

/// Words in lines of at most `width` columns.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let Some(line) = lines.last_mut() else { continue };
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + word.chars().count() < width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join("\n")
}

/// Two aligned columns; the second is cut at the end of the line.
fn columns<'a>(entries: impl IntoIterator<Item = (&'a str, &'a str)>) {
    let entries: Vec<(&str, &str)> = entries.into_iter().collect();
    let width = entries.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let room = output::width().saturating_sub(width + 4).max(20);
    for (name, about) in entries {
        let about = about.lines().next().unwrap_or_default();
        let cut: String = if about.chars().count() > room {
            about.chars().take(room - 1).chain(['…']).collect()
        } else {
            about.to_owned()
        };
        output::line(format!("  {name:<width$}  {cut}").trim_end());
    }
}

/// A definition of the session: its comment, what it is.
fn describe(binding: &Binding) -> String {
    let value = binding.value();
    let what = value.as_ref().map_or("not evaluated yet".to_owned(), Value::kind);
    let mut text = format!("{}: {what}", binding.name);
    if let Some(docs) = &binding.docs {
        text.push_str(&format!("\n{docs}"));
    }
    if let Some(value) = value {
        let short = crate::report::inline(&value);
        if !short.is_empty() {
            text.push_str(&format!("\n  {short}"));
        }
    }
    text
}

/// A function of the language: signature, sentence, examples.
fn document(builtin: &Builtin) -> String {
    let mut text = format!("{}\n{}", builtin.signature(), builtin.summary);
    for example in builtin.examples {
        let gives = example.gives.map_or(String::new(), |g| format!("   # {g}"));
        text.push_str(&format!("\n  {}{gives}", example.code.replace('\n', "\n  ")));
    }
    text
}
