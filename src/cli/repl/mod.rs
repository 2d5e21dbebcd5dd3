//! `ksr` alone: type expressions and see their values.

mod commands;
mod complete;
mod helper;
mod highlight;
mod registry;

pub use registry::COMMANDS;

use super::args::RunOptions;
use super::host::Terminal;
use super::session::Ended;
use super::{FAILED, interrupt, output, session};
use crate::interp::Interpreter;
use helper::{ReplHelper, goes_on};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{ColorMode, CompletionType, Config, Editor};
use std::cell::RefCell;
use std::io::{BufRead, IsTerminal};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::rc::Rc;

/// The number of presses of Ctrl-C that end the process during a calculation: the first asks it to stop, the second may be
/// impatience, the third is meant.
const PRESSES: usize = 3;
/// Lines of history kept.
const HISTORY: usize = 5000;

type LineEditor = Editor<ReplHelper, FileHistory>;

/// Entries are evaluated in one interpreter, which keeps their definitions.
struct Session {
    host: Rc<Terminal>,
    options: RunOptions,
    interpreter: Rc<RefCell<Interpreter>>,
}

/// What to do after an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Read,
    Quit,
}

/// Reads and evaluates entries until the end of input.
pub fn start(options: &RunOptions) -> u8 {
    interrupt::listen(PRESSES, options.json);
    let mut session = Session::new(options);
    if std::io::stdin().is_terminal() { typed(&mut session) } else { piped(&mut session) }
}

/// Reads entries with the line editor.
fn typed(session: &mut Session) -> u8 {
    let mut editor = match editor(session) {
        Ok(editor) => editor,
        Err(error) => {
            output::error_line(&format!("the line editor cannot start: {error}"));
            return FAILED;
        }
    };
    let history = history_file();
    if let Some(file) = &history {
        // There is no history the first time.
        let _ = editor.load_history(file);
    }
    greet();
    loop {
        match interrupt::waiting(|| editor.readline("ksr> ")) {
            Ok(entry) => {
                // Empty lines are not added.
                let _ = editor.add_history_entry(entry.as_str());
                if let Some(file) = &history {
                    // If this fails, only the history is lost.
                    let _ = editor.append_history(file);
                }
                if session.take(&entry) == Next::Quit {
                    return 0;
                }
            }
            Err(ReadlineError::Interrupted | ReadlineError::Signal(_)) => {}
            Err(ReadlineError::Eof) => return 0,
            Err(ReadlineError::Io(error)) if error.kind() == std::io::ErrorKind::InvalidData => {
                output::error_line("a byte is not UTF-8 text: this line is not run, nor what was typed after it");
            }
            Err(error) => {
                output::error_line(&format!("cannot read the next line: {error}"));
                return FAILED;
            }
        }
    }
}

/// Reads entries from a pipe or file, without prompt and history.
fn piped(session: &mut Session) -> u8 {
    let mut entry = String::new();
    let mut input = std::io::stdin().lock();
    for number in 1.. {
        let mut line = Vec::new();
        match interrupt::waiting(|| input.read_until(b'\n', &mut line)) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => {
                output::error_line(&format!("cannot read the next line: {error}"));
                return FAILED;
            }
        }
        match String::from_utf8(line) {
            Ok(line) => {
                let line = line.strip_suffix('\n').unwrap_or(&line);
                entry.push_str(line.strip_suffix('\r').unwrap_or(line));
            }
            Err(_) => {
                let begun = if entry.is_empty() { "" } else { ", nor is the entry that it continues" };
                output::error_line(&format!("line {number} is not UTF-8 text: it is not run{begun}"));
                entry.clear();
                continue;
            }
        }
        if goes_on(&entry) {
            entry.push('\n');
        } else if session.take(&std::mem::take(&mut entry)) == Next::Quit {
            return 0;
        }
    }
    session.take(&entry);
    interrupt::ending().unwrap_or(0)
}

fn greet() {
    output::line(&format!("ksr {}: electrons in one dimension, and functionals that learn", env!("CARGO_PKG_VERSION")));
    output::line("  :help gives an overview, :doc NAME explains a name, :load FILE runs a script, :quit leaves\n");
}

/// The file of earlier entries, in `KSR_DATA_DIR` or the platform's folder for data; its folder is made.
fn history_file() -> Option<PathBuf> {
    let folder = match std::env::var_os("KSR_DATA_DIR") {
        Some(folder) if !folder.is_empty() => PathBuf::from(folder),
        _ => directories::ProjectDirs::from("", "", "ksr")?.data_dir().to_path_buf(),
    };
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history.txt"))
}

fn editor(session: &Session) -> rustyline::Result<LineEditor> {
    let colour = if output::stdout_colour() { ColorMode::Enabled } else { ColorMode::Disabled };
    let config = Config::builder()
        .max_history_size(HISTORY)?
        .history_ignore_dups(true)?
        .history_ignore_space(true)
        .completion_type(CompletionType::List)
        .color_mode(colour)
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(ReplHelper::new(Rc::clone(&session.interpreter))));
    Ok(editor)
}

impl Session {
    fn new(options: &RunOptions) -> Self {
        let host = Rc::new(Terminal::new(options.json, options.quiet, true));
        let interpreter = session::interpreter(Rc::clone(&host), options, Vec::new(), PathBuf::from("."));
        Self { host, options: options.clone(), interpreter: Rc::new(RefCell::new(interpreter)) }
    }

    /// Runs a command or an entry. No error ends the session.
    fn take(&mut self, entry: &str) -> Next {
        if entry.trim().is_empty() {
            return Next::Read;
        }
        interrupt::reset();
        let done = catch_unwind(AssertUnwindSafe(|| match entry.trim().strip_prefix(':') {
            Some(command) => self.command(command),
            None => {
                self.evaluate(entry);
                Next::Read
            }
        }));
        self.host.finish();
        done.unwrap_or_else(|_| {
            output::error_line("this was an error inside ksr itself; please report it. The session continues");
            Next::Read
        })
    }

    fn evaluate(&self, entry: &str) {
        let ended = session::entry(&mut self.interpreter.borrow_mut(), entry);
        self.tell(&ended);
    }

    /// Shows how an evaluation ended.
    fn tell(&self, ended: &Ended) {
        match ended {
            Ended::Done => {}
            Ended::Failed(problems) => self.host.problems(problems, self.interpreter.borrow().sources()),
            Ended::Interrupted => drop(self.host.interrupted_note()),
        }
    }
}
