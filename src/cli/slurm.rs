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
const WARNING: u64 = 120;
/// A job of less time would hardly do anything before that, seconds.
const SHORTEST: u64 = 300;

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
# {WARNING} seconds before the limit the job is told, and tells the processes, which write their checkpoints.
#SBATCH --signal=B:TERM@{WARNING}
# If a node fails, the others go on; the job may begin again, and loses nothing.
#SBATCH --no-kill
#SBATCH --requeue

export RAYON_NUM_THREADS={cpus}
srun --ntasks={tasks} --kill-on-bad-exit=0 ksr run --together {quoted_store} {quoted_file}{set} &
step=$!
ending=
trap 'ending=yes; scancel --signal=TERM --quiet \"$SLURM_JOB_ID\"' TERM
while kill -0 $step 2>/dev/null; do
  wait $step
  status=$?
done
# The time was over: the job goes into the queue again, and then on where it was.
if [ -n \"$ending\" ] && [ $status -ne 0 ] && [ \"${{SLURM_RESTART_COUNT:-0}}\" -lt 100 ]; then
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
        let all: Vec<u64> = parts.iter().map(|part| part.parse().unwrap_or(0)).collect();
        // Minutes come first without days, hours with them.
        let seconds = match (days, &all[..]) {
            (None, [minutes]) => 60 * minutes,
            (None, [minutes, seconds]) => 60 * minutes + seconds,
            (Some(_), [hours]) => 3600 * hours,
            (Some(_), [hours, minutes]) => 3600 * hours + 60 * minutes,
            (_, [hours, minutes, seconds]) => 3600 * hours + 60 * minutes + seconds,
            _ => 0,
        };
        let days: u64 = days.and_then(|days| days.parse().ok()).unwrap_or(0);
        if 86400 * days + seconds < SHORTEST {
            return Err(format!(
                "a job takes five minutes or more: {WARNING} seconds before its end the processes are told to end"
            ));
        }
        return Ok(text.to_owned());
    }
    Err("write it as Slurm does: minutes, `2:00:00`, or days and hours, `1-12`".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_words() {
        assert!(["90", "2:00:00", "10:00", "1-12", "1-12:30:00", "1-0"].iter().all(|text| time(text).is_ok()));
        assert!(["", "2h", "1-", "-1", "1:2:3:4", "a", "4", "1:00", "0-0"].iter().all(|text| time(text).is_err()));
        assert_eq!((quoted("a/b-c.ksr"), quoted("it's x")), ("a/b-c.ksr".into(), "'it'\\''s x'".into()));
        assert_eq!(plain("a b;c"), "a_b_c");
    }
}
