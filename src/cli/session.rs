//! The interpreter as the commands use it.

use super::args::{Device, RunOptions};
use super::disk::Disk;
use super::host::Terminal;
use super::output;
use super::together::Joined;
use crate::interp::{self, Evaluated, Interpreter, Options, ScriptEnding};
use crate::problem::Problem;
use crate::world::{Aside, World};
use std::path::PathBuf;
use std::rc::Rc;

/// How an evaluation ended.
#[derive(Debug)]
pub enum Ended {
    /// Successfully.
    Done,
    /// The script has an error or failed.
    Failed(Vec<Problem>),
    /// Ctrl-C.
    Interrupted,
}

/// An interpreter that shows values in a terminal, with paths relative to `base`. It runs scripts with the expressions of
/// `set` as right-hand sides of their top-level `let`s.
pub fn interpreter(host: Rc<Terminal>, options: &RunOptions, set: Vec<(String, String)>, base: PathBuf) -> Interpreter {
    among(host, options, set, base, None)
}

/// The same as one of several processes.
pub fn among(
    host: Rc<Terminal>,
    options: &RunOptions,
    set: Vec<(String, String)>,
    base: PathBuf,
    joined: Option<&Joined>,
) -> Interpreter {
    let device = match options.device {
        Device::Cpu => interp::Device::Cpu,
        Device::Cuda => interp::Device::Cuda,
    };
    let together = joined.map(|joined| joined.together.clone());
    let cache = match &together {
        Some(together) => Some(together.folder().to_path_buf()),
        None => cache_folder(options.json),
    };
    let silent = joined.is_some_and(|joined| !joined.first);
    let &RunOptions { quiet, fresh, force, strict, max_memory, max_time, .. } = options;
    // What a silent process saves stays with it, where the script may read it again; what is there already is not its concern.
    let (force, disk) = (force || silent, Rc::new(Disk));
    let world: Rc<dyn World> = if silent { Rc::new(Aside::over(disk)) } else { disk };
    let options = Options {
        overrides: set,
        device,
        quiet,
        fresh,
        cache,
        together,
        silent,
        base,
        force,
        strict,
        max_memory,
        max_time,
    };
    Interpreter::new(host, world, options)
}

/// Runs a script.
pub fn run(interpreter: &mut Interpreter, name: &str, text: &str) -> Ended {
    match interpreter.run(name, text) {
        Ok(outcome) => outcome.into(),
        Err(problems) => Ended::Failed(problems),
    }
}

/// Runs a script into the session: its definitions stay.
pub fn load(interpreter: &mut Interpreter, name: &str, text: &str) -> Ended {
    match interpreter.load(name, text) {
        Ok(outcome) => outcome.into(),
        Err(problems) => Ended::Failed(problems),
    }
}

/// Evaluates an entry after those before it. An unfinished entry is an error here: there is no next line.
pub fn entry(interpreter: &mut Interpreter, text: &str) -> Ended {
    match interpreter.eval_entry(text) {
        Ok(Evaluated::Done) => Ended::Done,
        Ok(Evaluated::Interrupted) => Ended::Interrupted,
        // Running it as a script reports the unexpected end and its place.
        Ok(Evaluated::Incomplete) => load(interpreter, "<entry>", text),
        Err(problems) => Ended::Failed(problems),
    }
}

impl From<ScriptEnding> for Ended {
    fn from(outcome: ScriptEnding) -> Self {
        match outcome {
            ScriptEnding::Done => Ended::Done,
            ScriptEnding::Interrupted => Ended::Interrupted,
        }
    }
}

/// `KSR_CACHE_DIR`, or the platform's cache folder; if it cannot be written, warns, and nothing is cached.
fn cache_folder(json: bool) -> Option<PathBuf> {
    let folder = match std::env::var_os("KSR_CACHE_DIR") {
        Some(folder) if !folder.is_empty() => PathBuf::from(folder),
        _ => directories::ProjectDirs::from("", "", "ksr")?.cache_dir().to_path_buf(),
    };
    match writable(&folder) {
        Ok(()) => Some(folder),
        Err(error) => {
            let advice = "references and training runs are not cached; set `KSR_CACHE_DIR` to a writable folder";
            let message = format!("cannot write to the cache `{}` ({error}): {advice}", folder.display());
            output::notice("warning", &message, json);
            None
        }
    }
}

/// Makes the folder and tests it by writing a file.
fn writable(folder: &std::path::Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let probe = folder.join(format!(".probe-{}", std::process::id()));
    std::fs::write(&probe, b"")?;
    std::fs::remove_file(&probe)
}
