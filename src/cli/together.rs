//! `ksr run --together STORE`: which process this is, and what it does for the others; `ksr status` and `ksr clean`.

use super::{FAILED, USAGE, interrupt, output};
use crate::data::ContentKey;
use crate::report::progress::duration;
use crate::together::{self, BEAT, Leader, StoreError, Together, Who};
use serde_json::json;
use std::env;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The variables in which engines write the number of a process: Open MPI, MPICH and others with PMI, Slurm, whose own number all
/// processes have that another engine starts in its jobs.
const RANKS: [&str; 4] = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"];

/// The shortest beat.
const SHORTEST: Duration = Duration::from_millis(10);

/// This process among the others.
pub struct Joined {
    /// The others.
    pub together: Arc<Together>,
    /// Whether it shows values, saves and draws.
    pub first: bool,
    /// A key of the script and its settings.
    script: String,
}

/// Joins the processes that share a folder, with a script and its settings. Says which process shows, unless it is to be `quiet`.
pub fn join(
    (folder, beat): (&Path, Option<Duration>),
    (text, set): (&str, &[(String, String)]),
    quiet: bool,
    json: bool,
) -> Result<Joined, StoreError> {
    let key = ContentKey::new("script").text(text);
    let script = set.iter().fold(key, |key, (name, value)| key.text(name).text(value)).finish();
    let who = who();
    let rank = who.rank;
    let together = Arc::new(Together::join(folder, who, &build()?, beat.unwrap_or(BEAT).max(SHORTEST))?);
    let first = match rank {
        Some(0) => {
            together.lead(&script);
            true
        }
        Some(_) => false,
        // Without numbers, the first to come; if it has died, the next.
        None => match together.lead_if_first(&script, &wait) {
            Leader::Own => true,
            Leader::Other(name) => {
                if let Some(name) = name.filter(|_| !quiet) {
                    output::notice("note", &format!("{name} shows and saves; this process helps it"), json);
                }
                false
            }
            Leader::Gone(_) | Leader::None => false,
        },
    };
    Ok(Joined { together, first, script })
}

/// Sleeps; false if the user asked to stop.
fn wait(time: Duration) -> bool {
    std::thread::sleep(time);
    !interrupt::pressed()
}

/// The end of a process. Says that nobody has shown anything, if so; `ended`: whether the script has, well or with an error.
pub fn part(joined: &Joined, ended: bool, json: bool) {
    let Joined { together, first, script } = joined;
    if !together.is_there() {
        let message = "the store has been removed while it was used: its results are lost";
        return output::notice("warning", message, json);
    }
    if *first {
        if ended {
            together.note_shown(script);
        }
        return;
    }
    if !ended {
        return;
    }
    let again = "run the script again with the same store: what is in it is not calculated again";
    let message = match together.leader(script, &wait) {
        Leader::Gone(name) => format!("{name}, which was to show and save, gives no sign of life: {again}"),
        // In a store that cannot be written, nobody can say so.
        Leader::None if together.is_well() => {
            format!("no process has shown and saved: the first one has ended early, or has not begun; {again}")
        }
        _ => return,
    };
    output::notice("warning", &message, json);
}

/// A number that the environment has.
fn number(name: &str) -> Option<usize> {
    env::var(name).ok()?.trim().parse().ok()
}

/// The number of this process: of all of a job, or of all of an array of jobs.
fn rank() -> Option<usize> {
    let tasks = number("SLURM_STEP_NUM_TASKS").or_else(|| number("SLURM_NTASKS"));
    let own = RANKS[..3].iter().copied().find_map(number).or_else(|| {
        // A task that is alone in its step, or a batch script, has number 0.
        number(RANKS[3]).filter(|_| tasks != Some(1))
    });
    if env::var_os("SLURM_ARRAY_TASK_ID").is_none() {
        return own;
    }
    // Every task of an array has a number 0 of its own.
    let (task, first) = (number("SLURM_ARRAY_TASK_ID")?, number("SLURM_ARRAY_TASK_MIN")?);
    task.checked_sub(first)?.checked_mul(tasks.unwrap_or(1).max(1))?.checked_add(own.unwrap_or(0))
}

fn who() -> Who {
    let text = |path: &str| fs::read_to_string(path).map(|text| text.trim().to_owned()).ok().filter(|t| !t.is_empty());
    let host = text("/proc/sys/kernel/hostname").or_else(|| env::var("HOSTNAME").ok());
    let space = fs::read_link("/proc/self/ns/pid").map(|link| link.display().to_string()).unwrap_or_default();
    let boot = text("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let space = if space.is_empty() || boot.is_empty() { String::new() } else { format!("{boot} {space}") };
    Who { host: host.unwrap_or_else(|| "computer".into()), pid: std::process::id(), space, rank: rank() }
}

/// A hash of this program.
fn build() -> Result<String, StoreError> {
    let bytes = env::current_exe().and_then(fs::read);
    let bytes = bytes.map_err(|error| StoreError::Program { reason: crate::problem::reason(&error, "read") })?;
    Ok(ContentKey::new("program").bytes(&bytes).finish())
}

/// Says why a store cannot be joined.
pub fn refuse(error: &StoreError, json: bool) -> u8 {
    output::notice("error", &error.to_string(), json);
    USAGE
}

/// `ksr status STORE`.
pub fn status(folder: &Path, json: bool) -> u8 {
    let found = match together::status(folder, &who()) {
        Ok(found) => found,
        Err(error) => return refuse(&error, json),
    };
    let left = |seconds: f64| duration(Duration::from_secs_f64(seconds));
    if json {
        let lists = found.lists.iter().map(|l| {
            json!({ "what": l.what, "units": l.total, "done": l.done, "failed": l.failed, "claimed": l.claimed, "seconds_left": l.left })
        });
        let workers = found.workers.iter().map(|w| {
            let by = w.who.as_ref().map(Who::text);
            json!({ "what": w.what, "by": by, "silent_seconds": w.silent.as_secs_f64(), "dead": w.dead })
        });
        let by = found.by.iter().map(|(who, units, seconds)| json!({ "by": who, "units": units, "seconds": seconds }));
        let (lists, workers): (Vec<_>, Vec<_>) = (lists.collect(), workers.collect());
        output::line(
            &json!({ "begun": found.begun, "present": found.present, "lists": lists, "single": found.single, "claims": workers, "processes": by.collect::<Vec<_>>() })
                .to_string(),
        );
        return 0;
    }
    output::line(&format!("begun by {}", found.begun));
    let present = found.present;
    output::line(&match present {
        0 => "no process is at work".to_owned(),
        1 => "1 process is at work".to_owned(),
        many => format!("{many} processes are at work"),
    });
    for list in &found.lists {
        let failed = if list.failed > 0 { format!(", {} failed", list.failed) } else { String::new() };
        let busy = if list.claimed > 0 { format!(", {} claimed", list.claimed) } else { String::new() };
        let rest = list.left.map_or(String::new(), |seconds| format!(", about {} left", left(seconds)));
        output::line(&format!("{}: {} of {} done{busy}{failed}{rest}", list.what, list.done, list.total));
    }
    if found.single > 0 {
        output::line(&format!("{} done outside lists", found.single));
    }
    for worker in found.workers.iter() {
        let by = worker.who.as_ref().map_or_else(|| "somebody".to_owned(), Who::text);
        let dead = if worker.dead { ": no sign of life" } else { "" };
        output::line(&format!("  {} by {by}, last sign {} ago{dead}", worker.what, left(worker.silent.as_secs_f64())));
    }
    for (who, units, seconds) in &found.by {
        output::line(&format!("  {who} has done {units} in {}", left(*seconds)));
    }
    0
}

/// `ksr clean STORE`.
pub fn clean(folder: &Path, all: bool) -> u8 {
    match together::clean(folder, &who(), all) {
        Ok(_) if all => output::line("the store is removed"),
        Ok(0) => output::line("nothing was left behind"),
        Ok(1) => output::line("1 file that a process left behind is removed"),
        Ok(removed) => output::line(&format!("{removed} files that processes left behind are removed")),
        Err(error) => {
            output::notice("error", &error.to_string(), false);
            return if matches!(error, StoreError::Missing { .. }) { USAGE } else { FAILED };
        }
    }
    0
}
