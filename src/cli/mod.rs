//! The command line: one file per command.

mod args;
mod bars;
mod bench;
mod check;
mod disk;
mod explain;
mod fmt;
mod host;
mod interrupt;
mod output;
mod render;
mod repl;
mod run;
mod session;
mod slurm;
mod together;

pub use args::{BenchOptions, Cli, Command, Device, RunOptions, Setup, TogetherOptions};
pub use disk::Disk;
pub use host::Terminal;
pub use render::graphical;
pub use repl::COMMANDS;

use crate::problem::hidden;
use clap::Parser;

/// The script has an error or failed.
const FAILED: u8 = 1;
/// The command line is wrong.
const USAGE: u8 = 2;
/// The time of `--max-time` is over.
const OUT_OF_TIME: u8 = 124;

/// Runs the command line and gives the exit status: 0 success, 1 the script has an error or failed, 2 the command line is
/// wrong, 124 out of time, 130 interrupted, 129 and 143 ended by SIGHUP and SIGTERM, 141 the reader of standard output has closed it.
pub fn main() -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // For clap, help and version are "errors" with status 0.
            let printed = if std::env::args_os().any(|argument| argument.to_string_lossy().contains(hidden)) {
                output::error_line(error.render().to_string().trim_end());
                Ok(())
            } else {
                error.print()
            };
            let script = std::env::args().nth(1).filter(|first| first.ends_with(".ksr"));
            if let (Some(script), clap::error::ErrorKind::InvalidSubcommand) = (script, error.kind()) {
                output::error_line(&format!("\n  a script is run by `ksr run {script}`"));
            }
            return match printed {
                _ if error.use_stderr() => USAGE,
                Err(closed) if closed.kind() == std::io::ErrorKind::BrokenPipe => output::CLOSED,
                _ => 0,
            };
        }
    };
    match crate::interp::on_large_stack(|| dispatch(cli)) {
        Ok(status) => status,
        Err(error) => {
            output::error_line(&error.to_string());
            FAILED
        }
    }
}

fn dispatch(cli: Cli) -> u8 {
    let options = match &cli.command {
        Some(Command::Run { options, .. } | Command::Repl { options }) => options,
        _ => &cli.options,
    };
    if options.device == Device::Cuda && !cfg!(feature = "cuda") {
        output::error_line(
            "error: this ksr was built without CUDA; build it with `--features cuda`, or leave out `--device cuda`",
        );
        return USAGE;
    }
    match cli.command {
        Some(Command::Run { file, set, options, shared }) => run::file(&file, set, &options, &shared),
        Some(Command::Slurm { file, tasks, cpus, time, store, set }) => {
            slurm::script(&file, &slurm::Job { tasks, cpus, time: &time, store: store.as_deref(), set: &set })
        }
        Some(Command::Status { store, json }) => together::status(&store, json),
        Some(Command::Clean { store, all }) => together::clean(&store, all),
        Some(Command::Check { file, json }) => check::file(&file, json),
        Some(Command::Fmt { paths, check }) => fmt::paths(&paths, check),
        Some(Command::Bench { options }) => bench::start(&options),
        Some(Command::Explain { code }) => explain::code(&code),
        Some(Command::Repl { options }) => repl::start(&options),
        None if cli.eval.is_empty() => repl::start(&cli.options),
        None => run::expressions(&cli.eval, &cli.options),
    }
}
