//! Completion at the cursor: commands, paths in strings, modules after `use`, members after a dot, names, keywords, units.

use super::commands::COMMANDS;
use super::topics::TOPICS;
use crate::interp::Interpreter;
use crate::lang::units::UNITS;
use crate::lang::words::RESERVED;
use rustyline::completion::{FilenameCompleter, Pair};

/// The start of the text to replace, and the candidates.
pub fn complete(interpreter: &Interpreter, line: &str, pos: usize) -> (usize, Vec<Pair>) {
    let Some(before) = line.get(..pos) else { return (pos, Vec::new()) };
    if let Some(command) = before.strip_prefix(':') {
        return complete_command(interpreter, command, pos);
    }
    if let Some(quote) = open_quote(before) {
        return path(&before[quote + 1..], quote + 1);
    }
    let start = word_start(before);
    let word = &before[start..];
    let ahead = before[..start].trim_end();
    if ahead.ends_with('.') && !ahead.ends_with("..") {
        return (start, matching(word, interpreter.members(path_before(ahead.trim_end_matches('.')))));
    }
    if ahead == "use" {
        return (start, matching(word, ["std".to_owned()]));
    }
    if ahead.ends_with("->") || ahead.ends_with(|c: char| c.is_ascii_digit()) {
        return (start, matching(word, UNITS.iter().map(|u| u.name.to_owned())));
    }
    let call = call_before(before);
    if let (Some((called, _)), Some(named)) = (call, ahead.strip_suffix(':')) {
        let choices = interpreter.choices(called, path_before(named));
        if !choices.is_empty() {
            return (start, matching(word, choices));
        }
    }
    let options = call.map_or_else(Vec::new, |(called, given)| {
        let given = named(given);
        let new = |p: &String| !given.contains(&p.as_str());
        interpreter.parameters(called).into_iter().filter(new).map(|p| format!("{p}: ")).collect()
    });
    // Where an argument begins and nothing is typed, all known names would hide the relevant ones.
    if word.is_empty() && ahead.ends_with(['(', ',']) && !options.is_empty() {
        return (start, matching(word, options));
    }
    let words = RESERVED.iter().map(|w| (*w).to_owned());
    (start, matching(word, interpreter.names().into_iter().chain(words).chain(options)))
}

/// After a colon.
fn complete_command(interpreter: &Interpreter, command: &str, pos: usize) -> (usize, Vec<Pair>) {
    let Some((name, argument)) = command.split_once(' ') else {
        return (1, matching(command, COMMANDS.iter().map(|c| c.name.to_owned())));
    };
    let start = pos - argument.len();
    match name {
        "load" => path(argument, start),
        "help" => (start, matching(argument, TOPICS.iter().map(|t| t.name.to_owned()))),
        "list" => (start, matching(argument, super::commands::KINDS.iter().map(|k| k.0.to_owned()))),
        "doc" | "type" => {
            let (at, found) = complete(interpreter, argument, argument.len());
            (start + at, found)
        }
        _ => (pos, Vec::new()),
    }
}

/// Files and folders that begin with what is typed.
fn path(typed: &str, start: usize) -> (usize, Vec<Pair>) {
    match FilenameCompleter::new().complete_path(typed, typed.len()) {
        Ok((at, found)) => (start + at, found),
        Err(_) => (start, Vec::new()),
    }
}

/// Candidates that begin with the word, sorted, each once.
fn matching(word: &str, names: impl IntoIterator<Item = String>) -> Vec<Pair> {
    let mut names: Vec<String> = names.into_iter().filter(|n| n.starts_with(word)).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|n| Pair { display: n.clone(), replacement: n }).collect()
}

/// The position of the opening quote of a string that is still open.
fn open_quote(text: &str) -> Option<usize> {
    let mut open = None;
    let mut escaped = false;
    for (index, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if open.is_some() => escaped = true,
            '"' => open = if open.is_some() { None } else { Some(index) },
            '#' if open.is_none() => return None,
            _ => {}
        }
    }
    open
}

fn word_start(text: &str) -> usize {
    let word = |c: char| c == '_' || c.is_alphanumeric();
    text.char_indices().rev().find(|(_, c)| !word(*c)).map_or(0, |(i, c)| i + c.len_utf8())
}

/// The name or dotted names at the end of a text.
fn path_before(text: &str) -> &str {
    let part = |c: char| c == '_' || c == '.' || c.is_alphanumeric();
    let start = text.char_indices().rev().find(|(_, c)| !part(*c)).map_or(0, |(i, c)| i + c.len_utf8());
    &text[start..]
}

/// What is called by the innermost parenthesis still open, and its content so far.
fn call_before(text: &str) -> Option<(&str, &str)> {
    let mut closed = 0;
    for (index, c) in text.char_indices().rev() {
        match c {
            ')' => closed += 1,
            '(' if closed > 0 => closed -= 1,
            '(' => return Some((path_before(&text[..index]), &text[index + 1..])).filter(|(path, _)| !path.is_empty()),
            _ => {}
        }
    }
    None
}

/// The names given to arguments, those of calls inside left out.
fn named(arguments: &str) -> Vec<&str> {
    let (mut depth, mut names) = (0, Vec::new());
    for (index, c) in arguments.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ':' if depth == 0 => names.push(path_before(&arguments[..index])),
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interp::tests::helpers::interpreter;

    #[test]
    fn parameters_are_offered_where_an_argument_begins() {
        let offered = |line: &str| -> Vec<String> {
            complete(&interpreter(), line, line.len()).1.into_iter().map(|pair| pair.display).collect()
        };
        assert_eq!(offered("uniform("), ["from: ", "points: ", "spacing: ", "stencil: ", "to: ", "wall: "]);
        assert_eq!(offered("uniform(points: len([1]), spacing: 2, "), ["from: ", "stencil: ", "to: ", "wall: "]);
        assert_eq!(offered("uniform(wall: "), ["odd", "zero"]);
        assert!(offered("uniform(po").contains(&"points: ".to_owned()));
        // After an operator it may be anything.
        assert!(offered("uniform(points: 2 + ").contains(&"sqrt".to_owned()));
    }

    #[test]
    fn contexts_are_distinguished() {
        assert_eq!(open_quote("save(m, \"h2"), Some(8));
        assert_eq!(open_quote("save(m, \"h2\")"), None);
        assert_eq!(open_quote("a # \"x"), None);
        assert_eq!(word_start("max(cur"), 4);
        assert_eq!(word_start("π + é"), 5);
        assert_eq!(path_before("1 + run.density"), "run.density");
        assert_eq!(call_before("max(solve(h, with: f), uniform(po"), Some(("uniform", "po")));
        assert_eq!(call_before("solve(h) + (x"), None);
    }

    #[test]
    fn candidates_are_sorted_and_unique() {
        let found = matching("s", ["sin", "cos", "sqrt", "sin"].map(str::to_owned));
        assert_eq!(found.iter().map(|p| p.display.as_str()).collect::<Vec<_>>(), ["sin", "sqrt"]);
    }
}
