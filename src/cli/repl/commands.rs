//! Commands of the REPL, which begin with a colon.

use super::registry::{COMMANDS, KINDS};
use super::{Next, Session};
use crate::cli::session::Ended;
use crate::cli::{output, run, session};
use crate::interp::assist::topics::{HELP_TOPICS, HelpTopic};
use crate::interp::registry;
use crate::lang::units::UNITS;
use crate::report::width;
use std::path::{Path, PathBuf};
use std::rc::Rc;

impl Session {
    /// Runs the command after a colon.
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
                let fresh = session::interpreter(Rc::clone(&self.host), &self.options, Vec::new(), PathBuf::from("."));
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
        match HELP_TOPICS.iter().find(|t| t.name == name) {
            Some(topic) => show_topic(topic),
            None => self.doc(name),
        }
    }

    /// Shows the documentation of a name: of the session, the language or a module, or a unit.
    fn doc(&self, name: &str) {
        let interpreter = self.interpreter.borrow();
        match interpreter.doc(name) {
            Some(doc) => output::line(&doc.plain_text()),
            None => {
                output::error_line(&format!("the name `{name}` is not defined; {}", interpreter.nearest_name(name)))
            }
        }
    }

    fn search(&self, word: &str) {
        let docs = self.interpreter.borrow().search(word);
        let lower = word.to_lowercase();
        let units = UNITS.iter().filter(|u| u.about.contains(&lower) || u.name.to_lowercase().contains(&lower));
        let found: Vec<(&str, &str)> =
            docs.iter().map(|d| (d.name.as_str(), d.text.as_str())).chain(units.map(|u| (u.name, u.about))).collect();
        if found.is_empty() {
            output::line(&format!("nothing found for `{word}`"));
        }
        columns(found);
    }

    fn list(&self, wanted: &str) {
        match KINDS.iter().find(|(name, _)| *name == wanted || name.strip_suffix('s') == Some(wanted)) {
            Some(("builtins", _)) => columns(registry::all().map(|b| (b.name, b.summary))),
            Some(("units", _)) => columns(UNITS.iter().map(|u| (u.name, u.about))),
            Some((_, kinds)) => self.list_own(|kind| kinds.iter().any(|k| kind.starts_with(k))),
            _ if wanted.is_empty() => self.list_own(|_| true),
            _ => {
                let kinds: Vec<&str> = KINDS.iter().map(|k| k.0).collect();
                output::error_line(&format!("`:list` takes {}", kinds.join(", ")));
            }
        }
    }

    fn list_own(&self, belongs: impl Fn(&str) -> bool) {
        let listed = self.interpreter.borrow().list();
        let lines: Vec<_> =
            listed.iter().filter(|l| belongs(&l.kind)).map(|l| (l, format!("{}: {}", l.kind, l.value))).collect();
        if lines.is_empty() {
            output::line("none yet");
        }
        columns(lines.iter().map(|(listed, about)| (listed.name.as_str(), about.as_str())));
    }

    fn kind_of(&self, expression: &str) {
        let kind = self.interpreter.borrow_mut().type_of(expression);
        match kind {
            Ok(kind) => output::line(&kind),
            Err(problems) => self.tell(&Ended::Failed(problems)),
        }
    }

    fn load(&self, path: &str) {
        match run::read(Path::new(path)) {
            Ok((name, text)) => {
                let ended = session::load(&mut self.interpreter.borrow_mut(), &name, &text);
                self.tell(&ended);
            }
            Err(message) => output::notice("error", &message, false),
        }
    }
}

fn usage(name: &str) -> String {
    COMMANDS.iter().find(|c| c.name == name).map_or(String::new(), |c| format!("{} {}", c.name, c.argument))
}

fn unknown(name: &str) {
    let near = crate::lang::nearest::nearest(name, COMMANDS.iter().map(|c| c.name));
    let hint = near.map_or("`:help` lists them".to_owned(), |n| format!("did you mean `:{n}`?"));
    output::error_line(&format!("there is no command `:{name}`; {hint}"));
}

fn help() {
    output::line("Type an expression to see its value, or a definition. Commands:\n");
    columns(COMMANDS.iter().map(|c| (c.name, c.about)));
    output::line("\nTopics, as in `:help units`:\n");
    columns(HELP_TOPICS.iter().map(|t| (t.name, t.about)));
    output::line(
        "\nTab completes names, members after a dot, units and paths. Ctrl-C stops a calculation or clears the line.",
    );
}

fn show_topic(topic: &HelpTopic) {
    output::line(&format!("{}: {}\n", topic.name, topic.about));
    output::line(&output::wrapped(topic.text, output::width().min(100)));
    if !topic.examples.is_empty() {
        output::line("\nTry:");
        for example in topic.examples {
            output::line(&format!("  {example}"));
        }
    }
}

/// Prints two aligned columns; the second is cut off at the end of the line.
fn columns<'a>(entries: impl IntoIterator<Item = (&'a str, &'a str)>) {
    let entries: Vec<(&str, &str)> = entries.into_iter().collect();
    let width = entries.iter().map(|(name, _)| width::columns(name)).max().unwrap_or(0);
    let room = output::width().saturating_sub(width + 4).max(8);
    for (name, about) in entries {
        let about = about.lines().next().unwrap_or_default();
        let cut = width::shorten(about, room);
        output::line(format!("  {}  {cut}", width::left(name, width)).trim_end());
    }
}
