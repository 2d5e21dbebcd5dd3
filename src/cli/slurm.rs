//! `ksr slurm FILE`: a job script for a cluster.

use super::{USAGE, output};
use std::path::Path;

/// What a job asks for.
pub struct Job<'a> {
    pub tasks: u32,
    pub cpus: u32,
    pub time: &'a str,
    pub store: Option<&'a Path>,
    pub set: &'a [(String, String)],
}

/// Seconds before the limit at which the processes are told to end: a training writes its checkpoint then.
const WARNING: u32 = 120;

/// Prints the script.
pub fn script(file: &Path, job: &Job<'_>) -> u8 {
    if !file.is_file() {
        output::notice("error", &format!("there is no script `{}`", file.display()), false);
        return USAGE;
    }
    let name = file.file_stem().map_or_else(|| "ksr".to_owned(), |stem| stem.to_string_lossy().into_owned());
    let store = job.store.map_or_else(|| format!("{name}.store"), |store| store.display().to_string());
    let (label, quoted_store, quoted_file) = (plain(&name), quoted(&store), quoted(&file.display().to_string()));
    let set: String =
        job.set.iter().map(|(name, value)| format!(" --set {}", quoted(&format!("{name}={value}")))).collect();
    let Job { tasks, cpus, time, .. } = job;
    output::line(&format!(
        "#!/bin/bash
#SBATCH --job-name={label}
#SBATCH --ntasks={tasks}
#SBATCH --cpus-per-task={cpus}
#SBATCH --time={time}
#SBATCH --output={label}-%j.out
#SBATCH --open-mode=append
# {WARNING} seconds before the limit the processes are told to end, and write their checkpoints.
#SBATCH --signal=TERM@{WARNING}
# If a node fails, the others go on; the job may begin again, and loses nothing.
#SBATCH --no-kill
#SBATCH --requeue

export RAYON_NUM_THREADS={cpus}
srun --ntasks={tasks} --kill-on-bad-exit=0 ksr run --together {quoted_store} {quoted_file}{set}
status=$?
# 143: ended by that signal. The job goes on where it was.
if [ $status -eq 143 ]; then
  scontrol requeue \"$SLURM_JOB_ID\"
fi
exit $status"
    ));
    0
}

/// A name of letters, digits and `-_.`.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect()
}

/// A word for a shell.
fn quoted(text: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "-_./=".contains(c);
    if !text.is_empty() && text.chars().all(safe) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// A limit of time as Slurm writes it: `90` (minutes), `2:00:00`, `1-12`, `1-12:30:00`.
pub fn time(text: &str) -> Result<String, String> {
    let (days, clock) = match text.split_once('-') {
        Some((days, clock)) => (Some(days), clock),
        None => (None, text),
    };
    let number = |part: &str| !part.is_empty() && part.len() < 6 && part.chars().all(|c| c.is_ascii_digit());
    let parts: Vec<&str> = clock.split(':').collect();
    if days.is_none_or(number) && parts.len() <= 3 && parts.iter().all(|part| number(part)) {
        return Ok(text.to_owned());
    }
    Err("write it as Slurm does: minutes, `2:00:00`, or days and hours, `1-12`".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_words() {
        assert!(["90", "2:00:00", "10:00", "1-12", "1-12:30:00"].iter().all(|text| time(text).is_ok()));
        assert!(["", "2h", "1-", "-1", "1:2:3:4", "a"].iter().all(|text| time(text).is_err()));
        assert_eq!((quoted("a/b-c.ksr"), quoted("it's x")), ("a/b-c.ksr".into(), "'it'\\''s x'".into()));
        assert_eq!(plain("a b;c"), "a_b_c");
    }
}
