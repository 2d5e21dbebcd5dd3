//! What is done with a text: as much as a user and an editor would do.

use ksr::control::{Control, Event};
use ksr::interp::assist::{highlight, outline, unfinished};
use ksr::interp::session::host::Shown;
use ksr::interp::value::Figure;
use ksr::interp::{Host, Interpreter, Options};
use ksr::lang::{format::format, parse};
use ksr::problem::Problem;
use ksr::report::{self, Style};
use ksr::source::{SourceId, Sources};
use ksr::world::{Memory, ReadOnly};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How long a script may run.
const TIME: Duration = Duration::from_millis(100);

/// Shows everything to nobody, and interrupts after a time, if one is given.
struct Judge(Instant, Option<Duration>);

impl Control for Judge {
    fn report(&self, _: Event) {}
    fn interrupted(&self) -> bool {
        self.1.is_some_and(|limit| self.elapsed() > limit)
    }
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

impl Host for Judge {
    fn show(&self, shown: &Shown<'_>) {
        report::text(shown.value, &Style::plain(80));
        report::json_record(shown);
    }
    fn print(&self, _: &str) {}
    fn warn(&self, problem: Problem, _: &Sources) {
        let _ = problem.to_string();
    }
    fn draw(&self, figure: &Figure, path: &Path) -> Result<Vec<u8>, String> {
        report::draw(figure, path)
    }
}

fn interpreter(world: Memory) -> Interpreter {
    let options = Options::default();
    Interpreter::new(Rc::new(Judge(Instant::now(), Some(TIME))), Rc::new(ReadOnly(Rc::new(world))), options)
}

/// Parser, checker, formatter and the editor's questions.
pub fn read(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let partial = parse::partial(SourceId::default(), &text);
    drop(partial);
    if let Ok(laid_out) = format(SourceId::default(), &text) {
        assert_eq!(format(SourceId::default(), &laid_out).ok().as_deref(), Some(laid_out.as_str()), "laid out twice");
    }
    let mut interpreter = interpreter(Memory::default());
    let _ = interpreter.check_script("fuzz.ksr", &text);
    highlight::spans(&text);
    outline::symbols(&text);
    unfinished::needs_more_lines(&text);
    // At one of four places.
    let cursor = text.len() * (text.len() % 4) / 3;
    interpreter.complete(&text, cursor);
    interpreter.hover(&text, cursor);
    highlight::partner(&text, cursor);
}

/// The whole interpreter.
pub fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let _ = interpreter(Memory::with([("a.ksr", "let a = 3\nfn f(x) = x")])).run("fuzz.ksr", &text);
}

/// A model file as another script uses it.
pub fn use_model(input: &[u8]) {
    let text = input.to_vec();
    let world = Memory::default();
    world.put("m.ksr", text);
    let script = "use \"m.ksr\"\nm\ngrid g = uniform(points: 33, spacing: 0.3)\nsystem h on g { H at 0 }\n\
                  energy(m.f, exp(-g.x^2))\nsolve(h, with: m.f, iterations: 3, mixing: linear(0.5))";
    let _ = interpreter(world).run("fuzz.ksr", script);
}

/// Line by line, as in the REPL.
pub fn enter(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut interpreter = interpreter(Memory::default());
    for line in text.split('\n').take(40) {
        let _ = interpreter.eval_entry(line);
        let _ = interpreter.type_of(line);
    }
    interpreter.list();
}

/// A model as `save` writes it.
pub fn saved_model() -> String {
    let world = Rc::new(Memory::default());
    let script = "functional f(n, k = 2) {\n  param a = 0.5 in 0 .. 2\n  param b[3] = [1, 2, 3]\n  -a * n / (k + n) + sum(b) * grad(n)^2\n}\n\
                  save(init(f, seed: 1), \"m.ksr\")";
    let mut interpreter = Interpreter::new(Rc::new(Judge(Instant::now(), None)), world.clone(), Options::default());
    interpreter.run("make.ksr", script).expect("a model");
    ksr::world::World::read_text(&*world, Path::new("m.ksr")).expect("a file")
}
