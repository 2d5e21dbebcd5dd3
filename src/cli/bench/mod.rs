//! `ksr bench`: what a loss with its gradient costs on this machine.

mod baselines;
mod measure;
mod plans;
mod scaling;
mod setups;
mod show;

use super::args::BenchOptions;
use super::host::Terminal;
use super::{FAILED, USAGE, interrupt, output};
use crate::control::Control;
use std::rc::Rc;

/// What all measurements share.
struct Bench {
    host: Rc<Terminal>,
    /// How many times everything is measured.
    repetitions: usize,
    json: bool,
}

/// Why there is no measurement.
#[derive(Debug)]
enum Halt {
    /// Ctrl-C.
    Interrupted,
    /// An error that has been shown already.
    Shown,
    /// An error, as a sentence.
    Failed(String),
}

impl Halt {
    fn failed(error: impl std::fmt::Display) -> Self {
        Halt::Failed(error.to_string())
    }
}

impl Bench {
    /// Stops if the user has interrupted it.
    fn go_on(&self) -> Result<(), Halt> {
        if self.host.interrupted() { Err(Halt::Interrupted) } else { Ok(()) }
    }
}

/// Measures and shows tables.
pub fn start(options: &BenchOptions) -> u8 {
    if let Some(folder) = &options.plot
        && let Err(error) = std::fs::create_dir_all(folder)
    {
        let reason = crate::problem::reason(&error, "write");
        output::notice("error", &format!("cannot make the folder `{}`: {reason}", folder.display()), options.json);
        return USAGE;
    }
    interrupt::listen(2, options.json);
    let bench = Bench {
        host: Rc::new(Terminal::new(options.json, options.quiet, false)),
        repetitions: usize::from(options.repetitions),
        json: options.json,
    };
    let ended = match options.scaling {
        true => scaling::run(&bench, options.plot.as_deref()),
        false => setups::run(&bench, &options.setups),
    };
    bench.host.finish();
    match ended {
        Ok(()) => 0,
        Err(Halt::Interrupted) => bench.host.interrupted_note(),
        Err(Halt::Shown) => FAILED,
        Err(Halt::Failed(message)) => {
            output::notice("error", &message, options.json);
            FAILED
        }
    }
}
