//! Completion at the cursor, for the line editor: of commands here, of everything else by the interpreter.

use super::registry::{COMMANDS, KINDS};
use crate::interp::Interpreter;
use crate::interp::assist::complete::Completions;
use crate::interp::assist::topics::HELP_TOPICS;
use rustyline::completion::Pair;

/// The start of the text to replace, and the candidates.
pub fn complete(interpreter: &Interpreter, line: &str, pos: usize) -> (usize, Vec<Pair>) {
    match line.get(..pos).and_then(|before| before.strip_prefix(':')) {
        Some(command) => complete_command(interpreter, command),
        None => pairs(0, interpreter.complete(line, pos)),
    }
}

/// After a colon.
fn complete_command(interpreter: &Interpreter, command: &str) -> (usize, Vec<Pair>) {
    let Some((name, argument)) = command.split_once(' ') else {
        return (1, matching(command, COMMANDS.iter().map(|command| command.name)));
    };
    let start = 1 + command.len() - argument.len();
    match name {
        "load" => pairs(start, interpreter.complete_path(argument)),
        "help" => (start, matching(argument, HELP_TOPICS.iter().map(|topic| topic.name))),
        "list" => (start, matching(argument, KINDS.iter().map(|(name, _)| *name))),
        "doc" | "type" => pairs(start, interpreter.complete(argument, argument.len())),
        _ => (start, Vec::new()),
    }
}

/// The names that begin with a word, sorted.
fn matching<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Vec<Pair> {
    let mut names: Vec<&str> = names.filter(|name| name.starts_with(word)).collect();
    names.sort_unstable();
    names.into_iter().map(|name| pair(name.to_owned())).collect()
}

/// The completions of a text that begins at `start`.
fn pairs(start: usize, completions: Completions) -> (usize, Vec<Pair>) {
    let inserts = completions.candidates.into_iter().map(|candidate| candidate.insert);
    (start + completions.start, inserts.map(pair).collect())
}

fn pair(text: String) -> Pair {
    Pair { display: text.clone(), replacement: text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interp::tests::helpers::interpreter_in;
    use crate::world::Memory;
    use std::rc::Rc;

    #[test]
    fn commands_and_their_arguments_are_completed() {
        let world = Memory::with([("scripts/h2.ksr", "")]);
        let interpreter = interpreter_in(Rc::new(world));
        let offered = |line: &str| {
            let (start, pairs) = complete(&interpreter, line, line.len());
            (start, pairs.into_iter().map(|pair| pair.replacement).collect::<Vec<_>>())
        };
        let cases = [
            (":l", 1, "list load"),
            (":list fu", 6, "functionals functions"),
            (":help un", 6, "units"),
            (":load scripts/", 14, "h2.ksr"),
            (":doc sqr", 5, "sqrt"),
            (":quit x", 6, ""),
            ("sqr", 0, "sqrt"),
        ];
        for (line, start, names) in cases {
            assert_eq!(offered(line), (start, names.split_whitespace().map(str::to_owned).collect()), "{line}");
        }
    }
}
