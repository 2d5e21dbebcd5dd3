//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// A language for electrons in one dimension and the functionals that describe them.
///
/// Without a command it is a REPL. `ksr run FILE` runs a script.
#[derive(Debug, Parser)]
#[command(
    name = "ksr",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "Exit status: 0 success, 1 the script has an error or failed, 2 the command line is wrong, 124 out of time \
                  (`--max-time`), 130 interrupted (Ctrl-C), 129 and 143 ended by SIGHUP and SIGTERM, 141 the reader of standard \
                  output has closed it (`| head`)."
)]
pub struct Cli {
    /// Evaluate an expression and show its value; can be repeated, and later expressions see earlier ones
    #[arg(short, long = "eval", value_name = "EXPR", allow_hyphen_values = true)]
    pub eval: Vec<String>,
    /// How to run the expressions of `-e`
    #[command(flatten)]
    pub options: RunOptions,
    /// What to do
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a script
    Run {
        /// The script; `-` reads it from standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Replace the right-hand side of the top-level `let NAME`
        #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting)]
        set: Vec<(String, String)>,
        /// How
        #[command(flatten)]
        options: RunOptions,
        /// With others
        #[command(flatten)]
        shared: TogetherOptions,
    },
    /// Print a job script that runs a script on a cluster with Slurm
    Slurm {
        /// The script
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Processes
        #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
        tasks: u32,
        /// Cores of each process
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        cpus: u32,
        /// The limit of time, as Slurm writes it: `2:00:00`, `1-12`
        #[arg(long, value_name = "TIME", default_value = "1:00:00", value_parser = super::slurm::time)]
        time: String,
        /// The folder that the processes share [default: the name of the script, with `.store`]
        #[arg(long, value_name = "STORE")]
        store: Option<PathBuf>,
        /// Replace the right-hand side of the top-level `let NAME`
        #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting)]
        set: Vec<(String, String)>,
    },
    /// Show what the processes of a store have done, are doing, and have left to do
    Status {
        /// The folder of `--together`
        #[arg(value_name = "STORE")]
        store: PathBuf,
        /// As a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Remove what processes that died have left in a store
    Clean {
        /// The folder of `--together`
        #[arg(value_name = "STORE")]
        store: PathBuf,
        /// Remove the whole store, results too
        #[arg(long)]
        all: bool,
    },
    /// Check a script for errors without running it
    Check {
        /// The script; `-` reads it from standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Write errors as JSON lines
        #[arg(long)]
        json: bool,
    },
    /// Format scripts: only white space changes, and comments and line breaks stay
    Fmt {
        /// Scripts, or folders of scripts; `-` reads standard input and writes standard output
        #[arg(value_name = "PATH", required = true)]
        paths: Vec<PathBuf>,
        /// Write nothing; list the scripts that are not formatted, with status 1 if there are any
        #[arg(long)]
        check: bool,
    },
    /// Start the REPL: type expressions and see their values
    Repl {
        /// How
        #[command(flatten)]
        options: RunOptions,
    },
    /// Measure the cost of a loss and its gradient on this machine, and compare it with baselines
    Bench {
        /// What to measure, and how
        #[command(flatten)]
        options: BenchOptions,
    },
    /// Explain an error, with an example
    Explain {
        /// The code shown above an error, such as `ksr::parse::unexpected`
        #[arg(value_name = "CODE")]
        code: String,
    },
}

/// How a script runs.
#[derive(Clone, Debug, Default, Args)]
pub struct RunOptions {
    /// Write values as JSON, one object per line; likewise progress, warnings and errors, on standard error
    #[arg(long)]
    pub json: bool,
    /// Device on which to calculate
    #[arg(long, value_enum, default_value_t)]
    pub device: Device,
    /// Show no progress
    #[arg(long, short)]
    pub quiet: bool,
    /// Train again, ignoring earlier results
    #[arg(long)]
    pub fresh: bool,
    /// The memory that a script may take, as in `16GB`; `inf` is no limit [default: 4GB]
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub max_memory: Option<u64>,
    /// The time that a script may take, as in `90s`, `10min`, `2h` (in the REPL, each entry); then it ends with status 124, after
    /// a training run has written its checkpoint [default: any]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub max_time: Option<Duration>,
    /// End with an error at the first calculation that does not converge
    #[arg(long)]
    pub strict: bool,
    /// Let `save` replace files of another kind and models that have been edited
    #[arg(long)]
    pub force: bool,
}

/// Running a script with many processes.
#[derive(Clone, Debug, Default, Args)]
pub struct TogetherOptions {
    /// Share the work with all processes that run the same script with the same folder STORE
    #[arg(long, value_name = "STORE", conflicts_with = "fresh")]
    pub together: Option<PathBuf>,
    /// How often a process gives a sign of life; after eight of these times without one, others take over its work [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = time, requires = "together")]
    pub beat: Option<Duration>,
}

/// What is measured, and how.
#[derive(Clone, Debug, Args)]
pub struct BenchOptions {
    /// Set-ups to time [default: all]
    #[arg(value_enum, value_name = "SETUP")]
    pub setups: Vec<Setup>,
    /// Instead, measure how the time grows with grid points, systems and iterations
    #[arg(long, conflicts_with = "setups")]
    pub scaling: bool,
    /// Draw the scaling as three SVG figures in a folder
    #[arg(long, value_name = "FOLDER", requires = "scaling", conflicts_with = "setups")]
    pub plot: Option<PathBuf>,
    /// How often to repeat each timing
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub repetitions: u16,
    /// Write tables as JSON, one object per line; likewise progress, on standard error
    #[arg(long)]
    pub json: bool,
    /// Show no progress
    #[arg(long, short)]
    pub quiet: bool,
}

/// A set-up from the papers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Setup {
    /// H and He with sKSR-global
    A,
    /// H2 at two separations with KSR-global
    B,
    /// Five atoms with sKSR-global
    C,
}

/// Device on which to calculate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Device {
    /// The processor
    #[default]
    Cpu,
    /// An NVIDIA card; needs a build with `--features cuda`
    Cuda,
}

/// A positive number and one of these units.
fn measure(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let text = text.trim();
    let end = text.find(|c: char| c.is_alphabetic() && !matches!(c, 'e' | 'E')).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: f64 = number.trim().parse().ok()?;
    let factor = units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit.trim()))?.1;
    Some(number * factor).filter(|found| *found > 0.0 && found.is_finite())
}

/// `16GB`, `500 MB`, `inf`.
fn memory(text: &str) -> Result<u64, String> {
    if text.trim() == "inf" {
        return Ok(u64::MAX);
    }
    let bytes = measure(text, &[("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12)]);
    bytes.map(|bytes| bytes as u64).ok_or_else(|| "write a number with kB, MB, GB or TB, as in `16GB`".into())
}

/// `90`, `90s`, `10min`, `2h`.
fn time(text: &str) -> Result<Duration, String> {
    let seconds = measure(text, &[("", 1.0), ("s", 1.0), ("min", 60.0), ("h", 3600.0)]);
    let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.ok_or_else(|| "write a number of seconds, or one with s, min or h, as in `10min`".into())
}

/// `name=value`.
fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as `name=value`")?;
    let (name, value) = (name.trim(), value.trim());
    let word = |c: char| c == '_' || c.is_alphanumeric();
    if name.is_empty() || !name.chars().all(word) || name.starts_with(|c: char| c.is_numeric()) {
        return Err(format!("`{name}` is not a name"));
    }
    if value.is_empty() {
        return Err(format!("`{name}` needs a value, as in `{name}=2`"));
    }
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn expressions_may_begin_with_a_minus() {
        let cli = Cli::try_parse_from(["ksr", "--json", "-e", "-1", "-e", "- 2 + 3"]).map_err(|e| e.to_string());
        assert_eq!(cli.map(|c| (c.eval, c.options.json)), Ok((vec!["-1".into(), "- 2 + 3".into()], true)));
    }

    #[test]
    fn limits_have_units() {
        assert_eq!(
            ["16GB", "1.5 gb", "500 kB", "inf"].map(memory),
            [Ok(16_000_000_000), Ok(1_500_000_000), Ok(500_000), Ok(u64::MAX)]
        );
        assert!(["", "16", "GB", "-1GB", "nan GB", "1 hour"].iter().all(|text| memory(text).is_err()));
        let seconds = |text| time(text).map(|time| time.as_secs_f64());
        assert_eq!(["90", "90s", "1.5 min", "2h"].map(seconds), [Ok(90.0), Ok(90.0), Ok(90.0), Ok(7200.0)]);
        assert!(["", "0", "s", "-1s", "1e300h", "2 days"].iter().all(|text| time(text).is_err()));
    }

    #[test]
    fn settings_are_names_and_values() {
        assert_eq!(setting("R = 2 bohr"), Ok(("R".into(), "2 bohr".into())));
        assert_eq!(setting("a=b == c"), Ok(("a".into(), "b == c".into())));
        assert!(setting("R").is_err() && setting("2R=1").is_err() && setting("R=").is_err() && setting("=2").is_err());
    }
}
