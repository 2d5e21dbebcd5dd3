//! Scripts run in the process of the test: the values they show are kept, and a warning is a failure.
#![allow(dead_code, clippy::panic)]

use ksr::cli::Disk;
use ksr::control::{Control, Event};
use ksr::functional::Compiled;
use ksr::interp::session::host::{Host, Shown};
use ksr::interp::value::{Figure, Value};
use ksr::interp::{Interpreter, Options};
use ksr::problem::Problem;
use ksr::source::{Sources, Span};
use ksr::train::Plan;
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

thread_local! {
    static SHOWN: RefCell<Vec<Value>> = const { RefCell::new(Vec::new()) };
}

struct Keeper;

impl Control for Keeper {
    fn report(&self, _: Event) {}
    fn interrupted(&self) -> bool {
        false
    }
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

impl Host for Keeper {
    fn show(&self, shown: &Shown<'_>) {
        SHOWN.with_borrow_mut(|values| values.push(shown.value.clone()));
    }
    fn print(&self, _: &str) {}
    fn warn(&self, problem: Problem, _: &Sources) {
        // A note is not about the calculation that is tested, and functionals with made-up parameters need not bind their electrons.
        let note = problem.error.severity() == Some(miette::Severity::Advice);
        assert!(note || problem.code() == "ksr::ks::unbound", "{problem}");
    }
    fn draw(&self, _: &Figure, _: &Path) -> Result<Vec<u8>, String> {
        Ok(Vec::new())
    }
}

/// The values that a script shows, one per statement.
pub fn shown(script: &str) -> Vec<Value> {
    run(script).1
}

fn run(script: &str) -> (Interpreter, Vec<Value>) {
    let mut interpreter = Interpreter::new(Rc::new(Keeper), Rc::new(Disk), Options::default());
    if let Err(problems) = interpreter.run("test.ksr", script) {
        panic!("{}", problems.iter().map(|p| format!("{} {p}\n", p.code())).collect::<String>());
    }
    (interpreter, SHOWN.take())
}

/// The training runs in a script.
pub fn plans(script: &str) -> Vec<Plan> {
    let mut interpreter = Interpreter::new(Rc::new(Keeper), Rc::new(Disk), Options::default());
    match interpreter.plans("test.ksr", script) {
        Ok((_, plans)) => plans,
        Err(problems) => panic!("{problems:?}"),
    }
}

/// The functional or model that a script shows last, and its parameters.
pub fn compiled(script: &str) -> (Arc<Compiled>, Vec<f64>) {
    let (mut interpreter, mut values) = run(script);
    let value = values.pop().unwrap_or_else(|| panic!("nothing is shown by {script}"));
    interpreter.compiled(&value, Span::default()).unwrap_or_else(|problem| panic!("{problem}"))
}

/// A number, or the numbers of a list.
pub fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Number(q) => vec![q.value],
        Value::List(items) => items.iter().flat_map(numbers).collect(),
        other => panic!("{other:?}"),
    }
}
