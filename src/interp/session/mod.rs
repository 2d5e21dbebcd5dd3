//! The interpreter: its state between statements, and its interface.

mod files;
pub mod host;
mod known;
mod library;
pub(crate) mod limits;
mod modules;
mod program;
mod verdicts;
mod warnings;

pub use host::Host;
pub(crate) use known::KnownNames;
pub use library::standard_modules;
pub(crate) use library::{PRELUDE, Standard};
pub(crate) use limits::short_enough;
pub(crate) use modules::{defined_name, definition};
pub use program::Evaluated;

use crate::data::Ledger;
use crate::exact::CacheWarning;
use crate::interp::value::module::Module;
use crate::interp::value::scope::{ModuleId, Scope};
use crate::interp::value::{Solved, Trace};
use crate::interp::verbs::Inverted;
use crate::model::System;
use crate::source::{SourceId, Sources, Span};
pub use crate::tensor::Device;
use crate::together::Together;
use crate::train::Plan;
use crate::world::World;
use library::library;
use limits::Limits;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use verdicts::Verdict;
use warnings::Told;

/// Options of an interpreter.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `--set name=expression`: right-hand sides that replace those of top-level `let`s.
    pub overrides: Vec<(String, String)>,
    /// Where calculations run.
    pub device: Device,
    /// Show less progress.
    pub quiet: bool,
    /// Train again, ignoring earlier results.
    pub fresh: bool,
    /// The folder for cached references and checkpoints; `None`: nothing is cached.
    pub cache: Option<PathBuf>,
    /// The processes that run the same script; its folder is then the cache.
    pub together: Option<Arc<Together>>,
    /// Whether another process shows and saves.
    pub silent: bool,
    /// The folder that paths in the script are relative to.
    pub base: PathBuf,
    /// The memory that a script may take, bytes, the training of functionals excepted (it has its own limit, `memory:`). `None`: 4 GB.
    pub max_memory: Option<u64>,
    /// The time that a script, or an entry of the REPL, may take; `None`: any.
    pub max_time: Option<Duration>,
    /// Whether `save` may replace files of another kind, and models that have been edited.
    pub force: bool,
    /// Whether a calculation that does not converge is an error.
    pub strict: bool,
}

/// How a successful run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScriptEnding {
    /// All statements are done.
    Done,
    /// The user stopped it.
    Interrupted,
}

/// Evaluates programs, on one thread; see [`crate::interp::on_large_stack`].
pub struct Interpreter {
    pub(in crate::interp) host: Rc<dyn Host>,
    /// The files it may reach.
    pub(in crate::interp) world: Rc<dyn World>,
    /// Its options.
    pub(in crate::interp) options: Options,
    pub(in crate::interp) sources: Sources,
    pub(in crate::interp) modules: Vec<Module>,
    /// The paths of the scripts that were run.
    pub(in crate::interp) scripts: Vec<PathBuf>,
    /// The files that these `use`, noted before their first statement is evaluated.
    pub(in crate::interp) foreseen: Vec<PathBuf>,
    /// The tables saved so far.
    pub(in crate::interp) ledger: Ledger,
    /// The standard library.
    pub(in crate::interp) library: Vec<Standard>,
    /// What the script or REPL has defined so far.
    pub(in crate::interp) scope: Scope,
    /// Entries of the REPL so far.
    pub(in crate::interp) entries: usize,
    /// Depth of nested calls.
    pub(in crate::interp) calls: usize,
    /// The call in the user's text that is being evaluated.
    pub(in crate::interp) users_call: Option<Span>,
    /// Depth of nested expressions.
    pub(in crate::interp) depth: usize,
    /// Graphs of the bodies being evaluated, the innermost last.
    pub(in crate::interp) traces: Vec<Rc<Trace>>,
    /// Depth of nested losses: inside one, members of runs, references, systems and grids are plain numbers.
    pub(in crate::interp) in_loss: usize,
    /// Runs that losses are being evaluated for, the innermost last.
    pub(in crate::interp) judged: Vec<Rc<Solved>>,
    /// The first systems of the losses being evaluated, the innermost last: their interaction and grid are those of the loss.
    pub(in crate::interp) judging: Vec<Arc<System>>,
    /// Training runs that are only planned, in that mode.
    pub(in crate::interp) planned: Option<Vec<Plan>>,
    /// The calculations of the statement.
    pub(in crate::interp) verdicts: Vec<Verdict>,
    /// The warnings so far.
    pub(in crate::interp) told: Vec<Told>,
    /// Warnings about exact answers, each given once.
    pub(in crate::interp) told_of_exact: Vec<CacheWarning>,
    /// With other processes: the best accuracy of an exact answer that has been asked for, by its question.
    pub(in crate::interp) asked: BTreeMap<String, f64>,
    /// The inverted densities of references so far, by content.
    pub(in crate::interp) inverted: BTreeMap<String, Rc<Inverted>>,
    /// What the checker knows.
    pub(in crate::interp) known: KnownNames,
    /// What is left of its limits.
    pub(in crate::interp) limits: Limits,
}

/// The module of the script or REPL.
pub(crate) const MAIN: ModuleId = ModuleId(0);

impl Interpreter {
    /// A new interpreter with the files of a world.
    pub fn new(host: Rc<dyn Host>, world: Rc<dyn World>, options: Options) -> Self {
        let mut sources = Sources::default();
        let library = library(&mut sources);
        let main = Module {
            key: String::new(),
            source: SourceId::default(),
            base: options.base.clone(),
            file: None,
            used: true,
            bindings: Vec::new(),
            brought: Vec::new(),
            loading: true,
        };
        let limits = Limits::new(options.max_memory);
        let ledger = Ledger::new(options.cache.as_deref().filter(|_| !options.silent));
        Self {
            host,
            world,
            options,
            sources,
            modules: vec![main],
            scripts: Vec::new(),
            foreseen: Vec::new(),
            ledger,
            library,
            scope: Scope::new(MAIN),
            entries: 0,
            calls: 0,
            users_call: None,
            depth: 0,
            traces: Vec::new(),
            in_loss: 0,
            judged: Vec::new(),
            judging: Vec::new(),
            planned: None,
            verdicts: Vec::new(),
            told: Vec::new(),
            told_of_exact: Vec::new(),
            asked: BTreeMap::new(),
            inverted: BTreeMap::new(),
            known: KnownNames::default(),
            limits,
        }
    }

    /// All source texts read so far.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The options it was made with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    pub(crate) fn module(&self, id: ModuleId) -> Option<&Module> {
        self.modules.get(id.0 as usize)
    }
}
