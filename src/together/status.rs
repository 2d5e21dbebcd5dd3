//! What is done, worked on and left in a store, and cleaning it.

use super::claim::{Claimed, Finished, claimed, stamp};
use super::lead::{FIRST, PRESENT};
use super::{BEAT, CLAIMS, DONE, FAILED, LISTS, MARKER, PATIENCE, RUNS, StoreError, Who, marker_in};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A training or a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListStatus {
    /// `solve 71 systems`.
    pub what: String,
    /// Its units.
    pub total: usize,
    /// Those that are finished.
    pub done: usize,
    /// Those that failed.
    pub failed: usize,
    /// Those that are being worked on.
    pub claimed: usize,
    /// Seconds until all are done, if those that are being worked on go on and others take as long as those before.
    pub left: Option<f64>,
}

/// A unit that is being worked on.
#[derive(Clone, Debug, PartialEq)]
pub struct Worker {
    /// By whom; none if the claim is only just being made.
    pub who: Option<Who>,
    /// The unit.
    pub what: String,
    /// Time since the last sign of life.
    pub silent: Duration,
    /// Whether it is so long ago that another process will take over.
    pub dead: bool,
}

/// The state of a store.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// By whom it was begun, and with what.
    pub begun: String,
    /// All lists, in the order in which they were begun.
    pub lists: Vec<ListStatus>,
    /// Finished units of no list.
    pub single: usize,
    /// Units that are being worked on.
    pub workers: Vec<Worker>,
    /// Processes that give signs of life.
    pub present: usize,
    /// How many units each process has finished, and in how many seconds.
    pub by: Vec<(String, usize, f64)>,
}

/// The folders of a store.
const ALL: [&str; 8] = [CLAIMS, DONE, FAILED, LISTS, RUNS, "exact", "training", "saved"];
/// How the names of files begin that are there only for a moment.
const PARTS: [&str; 4] = [".dead-", ".probe-", ".begun-by-", ".ksr-"];

fn unusable(folder: &Path, what: &'static str, error: &io::Error) -> StoreError {
    let reason = crate::problem::reason(error, "read");
    StoreError::Unusable { folder: folder.to_path_buf(), what, reason }
}

fn files(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        found.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
    }
    found.sort();
    Ok(found)
}

/// Now, by the clock that gives files their time stamps; where nothing can be written, by that of this computer.
fn now(folder: &Path) -> SystemTime {
    let made = tempfile::Builder::new().prefix(".probe-").tempfile_in(folder).ok();
    let stamp = made.and_then(|file| file.as_file().metadata().ok()?.modified().ok());
    stamp.unwrap_or_else(SystemTime::now)
}

/// The claims of a store.
fn workers(folder: &Path, here: &Who) -> io::Result<Vec<(String, PathBuf, Worker)>> {
    let (claims, now) = (folder.join(CLAIMS), now(folder));
    let mut found = Vec::new();
    for (key, path) in
        files(&claims)?.into_iter().filter(|(name, _)| !name.starts_with('.') || name.starts_with(PRESENT))
    {
        let Some((Some(at), _)) = stamp(&path) else { continue };
        let silent = now.duration_since(at).unwrap_or_default();
        let claimed = claimed(&path);
        let gone = claimed.as_ref().is_some_and(|claimed| claimed.who.is_gone(here));
        // One that is here is at most suspended.
        let here = claimed.as_ref().is_some_and(|claimed| claimed.who.is_there(here));
        let dead = gone || (!here && silent > claimed.as_ref().map_or(BEAT * PATIENCE, Claimed::patience));
        let (who, what) = claimed.map_or((None, String::new()), |Claimed { who, what, .. }| (Some(who), what));
        found.push((key, path, Worker { who, what, silent, dead }));
    }
    Ok(found)
}

/// The state of a store, as a process sees it.
///
/// # Errors
/// It is none, or cannot be read.
pub fn status(folder: &Path, here: &Who) -> Result<Status, StoreError> {
    let marker = marker_in(folder).map_err(|error| unusable(folder, "read", &error))?;
    let Some(marker) = marker else { return Err(StoreError::Missing { folder: folder.to_path_buf() }) };
    let read = || -> io::Result<Status> {
        let (present, workers): (Vec<_>, Vec<_>) = workers(folder, here)?
            .into_iter()
            .filter(|(key, ..)| !key.starts_with(FIRST))
            .partition(|(key, ..)| key.starts_with(PRESENT));
        let present = present.iter().filter(|(.., worker)| !worker.dead).count();
        let (done, failed) = (ended(&folder.join(DONE))?, ended(&folder.join(FAILED))?);
        let mut by: BTreeMap<String, (usize, f64)> = BTreeMap::new();
        for finished in done.values() {
            let sum = by.entry(finished.who.text()).or_default();
            *sum = (sum.0 + 1, sum.1 + finished.seconds);
        }
        let mut lists: Vec<(SystemTime, ListStatus)> = Vec::new();
        let mut listed: Vec<String> = Vec::new();
        for (_, path) in files(&folder.join(LISTS))?.into_iter().filter(|(name, _)| !name.starts_with('.')) {
            let Some((at, list)) = list(&path) else { continue };
            listed.extend(list.units.iter().cloned());
            let finished: Vec<&Finished> = list.units.iter().filter_map(|key| done.get(key)).collect();
            let busy = workers.iter().filter(|(key, ..)| list.units.contains(key) && !done.contains_key(key)).count();
            let rest = list.units.len() - finished.len();
            let each = finished.iter().map(|f| f.seconds).sum::<f64>() / finished.len() as f64;
            let left = (rest > 0 && busy > 0 && !finished.is_empty()).then(|| each * (rest as f64 / busy as f64));
            lists.push((
                at,
                ListStatus {
                    what: list.what,
                    total: list.units.len(),
                    done: finished.len(),
                    failed: list
                        .units
                        .iter()
                        .filter(|key| failed.contains_key(*key) && !done.contains_key(*key))
                        .count(),
                    claimed: busy,
                    left,
                },
            ));
        }
        lists.sort_by_key(|(at, _)| *at);
        listed.sort();
        let single = done.keys().filter(|key| listed.binary_search(key).is_err()).count();
        Ok(Status {
            begun: format!("{}, ksr {}, {}", marker.begun_by, marker.version, marker.bits.instructions),
            lists: lists.into_iter().map(|(_, list)| list).collect(),
            single,
            workers: workers.into_iter().map(|(.., worker)| worker).collect(),
            present,
            by: by.into_iter().map(|(who, (count, seconds))| (who, count, seconds)).collect(),
        })
    };
    read().map_err(|error| unusable(folder, "read", &error))
}

/// The units in a folder, with what is said of them.
fn ended(folder: &Path) -> io::Result<BTreeMap<String, Finished>> {
    let all = files(folder)?.into_iter();
    Ok(all.filter_map(|(key, path)| Some((key, serde_json::from_slice(&fs::read(path).ok()?).ok()?))).collect())
}

/// A noted list.
#[derive(serde::Deserialize)]
struct List {
    what: String,
    units: Vec<String>,
}

fn list(path: &Path) -> Option<(SystemTime, List)> {
    let (at, _) = stamp(path)?;
    Some((at?, serde_json::from_slice(&fs::read(path).ok()?).ok()?))
}

/// Removes what processes that died have left: their claims and unfinished files; with `all` the whole store, unless processes are at
/// work. Gives the number of files and folders removed.
///
/// # Errors
/// It is no store; processes are at work in it; it cannot be written.
pub fn clean(folder: &Path, here: &Who, all: bool) -> Result<usize, StoreError> {
    if marker_in(folder).map_err(|error| unusable(folder, "read", &error))?.is_none() {
        return Err(StoreError::Missing { folder: folder.to_path_buf() });
    }
    let work = || -> io::Result<Option<usize>> {
        let workers = workers(folder, here)?;
        if all && workers.iter().any(|(.., worker)| !worker.dead) {
            return Ok(None);
        }
        let mut removed = 0;
        for (_, path, _) in workers.iter().filter(|(.., worker)| worker.dead) {
            fs::remove_file(path)?;
            removed += 1;
        }
        let now = now(&folder.join(CLAIMS));
        let old = |path: &Path| {
            let at = stamp(path).and_then(|(at, _)| at);
            at.is_some_and(|at| now.duration_since(at).unwrap_or_default() > BEAT * PATIENCE)
        };
        for part in [""].into_iter().chain(ALL) {
            for (name, path) in files(&folder.join(part)).unwrap_or_default() {
                let left = PARTS.iter().any(|start| name.starts_with(start));
                if left && path.is_file() && old(&path) {
                    fs::remove_file(path)?;
                    removed += 1;
                }
            }
        }
        if all {
            for part in ALL {
                match fs::remove_dir_all(folder.join(part)) {
                    Ok(()) => removed += 1,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
            fs::remove_file(folder.join(MARKER))?;
            // What else is there is not ksr's.
            let _ = fs::remove_dir(folder);
        }
        Ok(Some(removed))
    };
    match work() {
        Ok(Some(removed)) => Ok(removed),
        Ok(None) => Err(StoreError::Unusable {
            folder: folder.to_path_buf(),
            what: "clean",
            reason: "processes are at work in it (`ksr status` shows them)".into(),
        }),
        Err(error) => Err(unusable(folder, "clean", &error)),
    }
}
