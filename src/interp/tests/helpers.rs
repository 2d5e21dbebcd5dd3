//! A host that collects, and short ways to run pieces of ksr in tests.

use crate::control::{Control, Event};
use crate::interp::session::host::{Host, Shown};
use crate::interp::value::{Figure, Value, text};
use crate::interp::{Interpreter, Options, ScriptEnding};
use crate::problem::Problem;
use crate::source::Sources;
use crate::world::{Memory, World};
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

thread_local! {
    // Values are not Send, and a host must be Sync: each test has its own thread.
    static SHOWN: RefCell<Vec<Value>> = const { RefCell::new(Vec::new()) };
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Collects what is shown (see [`take_shown`]), printed and warned of (see [`take_lines`]).
pub(crate) struct Collector;

impl Control for Collector {
    fn report(&self, _: Event) {}
    fn interrupted(&self) -> bool {
        false
    }
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

impl Host for Collector {
    fn show(&self, shown: &Shown<'_>) {
        SHOWN.with_borrow_mut(|s| s.push(shown.value.clone()));
    }
    fn print(&self, text: &str) {
        LINES.with_borrow_mut(|l| l.push(text.to_string()));
    }
    fn warn(&self, problem: Problem, _: &Sources) {
        LINES.with_borrow_mut(|l| l.push(format!("{}: {problem}", problem.code())));
    }
    fn draw(&self, figure: &Figure, _: &Path) -> Result<Vec<u8>, String> {
        Ok(format!("{} curves", figure.series.len()).into_bytes())
    }
}

/// The values shown since the last call.
pub(crate) fn take_shown() -> Vec<Value> {
    SHOWN.take()
}

/// The lines printed and warnings given since the last call; a warning as `code: message`.
pub(crate) fn take_lines() -> Vec<String> {
    LINES.take()
}

/// An interpreter with nothing set.
pub(crate) fn interpreter() -> Interpreter {
    interpreter_in(Rc::new(Memory::default()))
}

/// An interpreter with the files of a world.
pub(crate) fn interpreter_in(world: Rc<dyn World>) -> Interpreter {
    Interpreter::new(Rc::new(Collector), world, Options::default())
}

/// Runs a script; the values it shows.
pub(crate) fn values(script: &str) -> Vec<Value> {
    take_shown();
    match interpreter().run("test.ksr", script) {
        Ok(ScriptEnding::Done) => take_shown(),
        Ok(ScriptEnding::Interrupted) => panic!("interrupted: {script}"),
        Err(problems) => panic!("{script}\n{}", described(&problems)),
    }
}

/// The last value a script shows.
pub(crate) fn value(script: &str) -> Value {
    values(script).pop().unwrap_or(Value::Nothing)
}

/// The values a script shows, as short strings.
pub(crate) fn texts(script: &str) -> Vec<String> {
    values(script).iter().map(text::value).collect()
}

/// The last value a script shows, as a short string.
pub(crate) fn shows(script: &str) -> String {
    text::value(&value(script))
}

/// The number a script shows last.
pub(crate) fn number(script: &str) -> f64 {
    match value(script) {
        Value::Number(q) => q.value,
        other => panic!("{script}: {}", text::value(&other)),
    }
}

/// The code of the error with which a script stops.
pub(crate) fn code(script: &str) -> String {
    failure(script).code()
}

/// The error with which a script stops.
pub(crate) fn failure(script: &str) -> Problem {
    take_shown();
    match interpreter().run("test.ksr", script) {
        Ok(_) => panic!("no error: {script}"),
        Err(mut problems) => problems.remove(0),
    }
}

/// Problems as lines.
pub(crate) fn described(problems: &[Problem]) -> String {
    let line = |p: &Problem| {
        let via: Vec<&str> = p.via.iter().map(|v| v.note.as_str()).collect();
        format!("{}: {p} [{}..{}] {via:?}", p.code(), p.span.start, p.span.end)
    };
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}
