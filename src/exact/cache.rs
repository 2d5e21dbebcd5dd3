//! Answers cached on disk under a hash of the problem.
//!
//! A file holds 64-bit words, little-endian: the problem, then the answer (energy, error, the requested accuracy,
//! densities, pair density, occupations), numbers bit by bit; and at its end a hash of all that, as text. A file that is damaged or
//! answers another problem is ignored. The accuracy is not part of the problem: an answer is reused if it is accurate enough, or if no
//! higher accuracy is requested than when it was calculated.

#![allow(clippy::disallowed_methods, reason = "answers are in a separate cache, outside a script's world")]

use super::{ExactError, Options, Origin, PairDensity, Reference, automatic, solve};
use crate::control::Control;
use crate::data::{ContentKey, keep, recall, sealed, unsealed};
use crate::model::{System, Wall};
use crate::number::brief;
use miette::Diagnostic;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// Version of solver and files: raise it whenever answers change, as they do when another method becomes the automatic
/// one.
const VERSION: u64 = 4;

/// The kind of keys and seals.
const KIND: &str = "exact";

/// Stored as the number of functions where the pair density is unknown.
const NO_PAIRS: f64 = -1.0;

/// What a user should know about an answer.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
#[allow(missing_docs)]
pub enum CacheWarning {
    /// Exact answers are cached on disk, and the cache folder cannot be written. The answer itself is correct.
    ///
    /// What to do: set `KSR_CACHE_DIR` to a writable folder, or ignore it: the answer is then recalculated next time.
    #[error("the exact answer for `{label}` could not be cached: {reason}")]
    #[diagnostic(
        severity(Warning),
        code(ksr::exact::cache_unwritable),
        help("it will be recalculated; set KSR_CACHE_DIR to a writable folder")
    )]
    Unwritable { label: String, reason: String },
    /// The file in which the answer was cached is damaged or truncated. The answer is recalculated.
    ///
    /// What to do: nothing; if it happens often, check the disk.
    #[error("the cached exact answer for `{label}` is damaged and will be recalculated ({})", path.display())]
    #[diagnostic(severity(Warning), code(ksr::exact::cache_damaged))]
    Damaged { label: String, path: PathBuf },
    /// `time_limit:` ended the calculation before it had reached the requested accuracy. The error of the
    /// answer is estimated in `.error`.
    ///
    /// What to do: allow more time, or ask for less accuracy.
    #[error(
        "the exact answer for `{label}` has an error of {} hartree, more than {}: the time limit was reached",
        brief(*error),
        brief(*accuracy)
    )]
    #[diagnostic(severity(Warning), code(ksr::exact::time_limit), help("allow more time, or ask for less accuracy"))]
    TimeLimit { label: String, error: f64, accuracy: f64 },
    /// The calculation stopped improving before it reached the requested accuracy: rounding, or the number of
    /// orbitals that fit in memory, is the limit.
    ///
    /// What to do: ask for less accuracy with `accuracy:`, and use the estimate in `.error`.
    #[error(
        "the exact answer for `{label}` has an error of {} hartree, more than {}: it no longer improves",
        brief(*error),
        brief(*accuracy)
    )]
    #[diagnostic(
        severity(Warning),
        code(ksr::exact::rough),
        help(
            "ask for less accuracy with `accuracy:`; `.error` is the estimated error. More orbitals do not help or do not fit in \
             memory, or rounding is the limit"
        )
    )]
    Rough { label: String, error: f64, accuracy: f64 },
}

/// As [`solve`], but the answer is taken from `folder` if it is cached there, and otherwise cached there unless time
/// ran out.
pub fn cached(
    system: &Arc<System>,
    options: &Options,
    folder: Option<&Path>,
    control: &dyn Control,
) -> Result<(Reference, Vec<CacheWarning>), ExactError> {
    let path = folder.map(|folder| folder.join(format!("{}.exact", key(&question(system, options)))));
    cached_at(system, options, path.as_deref(), false, control)
}

/// The same with the file of the answer itself; `cut`: an answer that time cut short is cached, too, since others are to have the same.
pub fn cached_at(
    system: &Arc<System>,
    options: &Options,
    path: Option<&Path>,
    cut: bool,
    control: &dyn Control,
) -> Result<(Reference, Vec<CacheWarning>), ExactError> {
    options.check()?;
    let label = || system.label.clone();
    let question = question(system, options);
    let (mut warnings, mut kept) = (Vec::new(), None);
    if let Some(path) = path {
        match recall(path).map(|bytes| read(&bytes, &question, system, options)) {
            Ok(Some((reference, asked))) if reference.error.min(asked) <= options.accuracy => {
                warnings.extend(rough(&reference, options, cut));
                return Ok((reference, warnings));
            }
            // Not accurate enough, but time may run out before there is a better one.
            Ok(Some((reference, _))) => kept = Some(reference),
            Ok(None) => warnings.push(CacheWarning::Damaged { label: label(), path: path.to_path_buf() }),
            Err(error) if matches!(error.kind(), ErrorKind::FileTooLarge | ErrorKind::InvalidInput) => {
                warnings.push(CacheWarning::Damaged { label: label(), path: path.to_path_buf() });
            }
            // Not cached yet; a more serious error will show when writing.
            Err(_) => {}
        }
    }
    let found = solve(system, options, control)?;
    let reference = kept.filter(|kept| kept.error < found.error).unwrap_or(found);
    let rough = rough(&reference, options, true);
    let short = matches!(rough, Some(CacheWarning::TimeLimit { .. }));
    warnings.extend(rough);
    // With more time the answer may be better.
    if let Some(path) = path.filter(|_| cut || !short)
        && let Err(reason) = keep(path, &written(&reference, options.accuracy, &question))
    {
        warnings.push(CacheWarning::Unwritable { label: label(), reason });
    }
    Ok((reference, warnings))
}

/// The key of an answer as a unit of work: here an answer of another accuracy, or found in less time, is another one.
pub fn unit_key(system: &System, options: &Options) -> String {
    let question = key(&question(system, options));
    let time = options.time_limit.map_or(f64::INFINITY, |limit| limit.as_secs_f64());
    ContentKey::new("exact answer").text(&question).numbers(&[options.accuracy, time]).finish()
}

/// A warning that the answer is less accurate than requested; `timed`: because time may have run out, if it was limited.
fn rough(reference: &Reference, options: &Options, timed: bool) -> Option<CacheWarning> {
    let (label, error, accuracy) = (reference.system.label.clone(), reference.error, options.accuracy);
    (error > accuracy).then_some(match options.time_limit {
        Some(_) if timed => CacheWarning::TimeLimit { label, error, accuracy },
        _ => CacheWarning::Rough { label, error, accuracy },
    })
}

/// Everything that the answer depends on except the accuracy, and nothing else. A method that would be chosen anyway is not named, so
/// that its answers are reused whether it was requested or not.
fn question(system: &System, options: &Options) -> Vec<u64> {
    let grid = &system.grid;
    let wall = match grid.wall {
        Wall::Zero => 0,
        Wall::Odd => 1,
    };
    let mut words =
        vec![VERSION, grid.points as u64, grid.stencil as u64, wall, system.electrons as u64, system.unpaired as u64];
    put(&mut words, &[grid.spacing, grid.start]);
    put(&mut words, &system.potential);
    put(&mut words, &system.interaction.kernel(grid));
    if let Some(method) = options.method.filter(|method| *method != automatic(system)) {
        words.extend(method.name().bytes().map(u64::from));
    }
    words
}

fn put(words: &mut Vec<u64>, numbers: &[f64]) {
    words.extend(numbers.iter().map(|x| x.to_bits()));
}

fn key(words: &[u64]) -> String {
    words.iter().fold(ContentKey::new(KIND), |key, word| key.integer(*word)).finish()
}

/// The content of a file.
fn written(reference: &Reference, asked: f64, question: &[u64]) -> Vec<u8> {
    let mut words = question.to_vec();
    let rank = reference.pairs.as_ref().map_or(NO_PAIRS, |pairs| pairs.weights.len() as f64);
    put(&mut words, &[reference.energy, reference.error, asked, rank]);
    put(&mut words, &reference.density[0]);
    put(&mut words, &reference.density[1]);
    if let Some(pairs) = &reference.pairs {
        put(&mut words, &pairs.weights);
        pairs.functions.iter().for_each(|function| put(&mut words, function));
    }
    // The rest of the file: none where the method gives none.
    put(&mut words, reference.occupations.as_deref().unwrap_or_default());
    sealed(KIND, words.iter().flat_map(|word| word.to_le_bytes()).collect())
}

/// The answer in a file and the requested accuracy, if the file is intact and for this problem.
fn read(bytes: &[u8], question: &[u64], system: &Arc<System>, options: &Options) -> Option<(Reference, f64)> {
    let (words, []) = unsealed(KIND, bytes)?.as_chunks::<8>() else { return None };
    let words: Vec<u64> = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
    let answer: Vec<f64> = words.strip_prefix(question)?.iter().map(|word| f64::from_bits(*word)).collect();
    let (scalars, arrays) = answer.split_at_checked(4)?;
    let points = system.grid.points;
    let (up, rest) = arrays.split_at_checked(points)?;
    let (down, rest) = rest.split_at_checked(points)?;
    let rank = scalars[3].max(0.0) as usize;
    let (weights, rest) = rest.split_at_checked(rank)?;
    let (functions, occupations) = rest.split_at_checked(rank.checked_mul(points)?)?;
    let functions = functions.chunks_exact(points).map(<[f64]>::to_vec).collect();
    let pairs = PairDensity { weights: weights.to_vec(), functions };
    let reference = Reference {
        system: system.clone(),
        energy: scalars[0],
        density: [up.to_vec(), down.to_vec()],
        occupations: (!occupations.is_empty()).then(|| occupations.to_vec()),
        pairs: (scalars[3] != NO_PAIRS).then_some(pairs),
        error: scalars[1],
        origin: Origin::Solved(options.method_for(system)),
    };
    Some((reference, scalars[2]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{Event, Quiet};
    use crate::exact::named;
    use crate::model::{Grid, Interaction};
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    fn well(depth: f64) -> Arc<System> {
        let grid = Arc::new(Grid::centred(61, 0.25));
        let potential = grid.xs().iter().map(|x| -depth * (-x * x).exp()).collect();
        let (interaction, nuclei) = (Interaction::BAKER, vec![]);
        Arc::new(System {
            label: "well".into(),
            grid,
            interaction,
            nuclei,
            potential,
            nuclear_repulsion: 0.0,
            electrons: 2,
            unpaired: 0,
        })
    }

    fn ask(system: &Arc<System>, folder: &Path) -> (Reference, Vec<CacheWarning>) {
        cached(system, &Options::default(), Some(folder), &Quiet).expect("an answer")
    }

    fn same(a: &Reference, b: &Reference) -> bool {
        (a.energy.to_bits(), a.error.to_bits()) == (b.energy.to_bits(), b.error.to_bits())
            && a.density == b.density
            && a.occupations == b.occupations
            && a.pairs == b.pairs
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        std::fs::read_dir(folder).expect("a folder").map(|f| f.expect("an entry").path()).collect()
    }

    #[test]
    fn answers_come_back_bit_by_bit() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("not/yet/there");
        let (first, warnings) = ask(&well(3.0), &place);
        assert!(warnings.is_empty());
        let kept = files(&place);
        assert_eq!(kept.len(), 1);
        // The label is not part of the problem.
        let renamed = Arc::new(System { label: "another".into(), ..(*well(3.0)).clone() });
        let (second, _) = ask(&renamed, &place);
        assert!(same(&first, &second));
        assert_eq!(second.system.label, "another");
        assert_eq!(files(&place), kept);
        ask(&well(3.0000001), &place);
        assert_eq!(files(&place).len(), 2);
    }

    #[test]
    fn an_answer_is_reused_if_less_accuracy_is_asked_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let ask = |accuracy: f64| {
            let options = Options { accuracy, ..Options::default() };
            cached(&well(3.0), &options, Some(folder.path()), &Quiet).expect("an answer").0
        };
        let rough = ask(1e-4);
        assert!(rough.error > 1e-11);
        let fine = ask(1e-11);
        assert!(fine.error <= 1e-11 && fine.energy < rough.energy);
        assert_eq!(files(folder.path()).len(), 1);
        for accuracy in [1e-4, 1e-9, 1e-11] {
            assert!(same(&ask(accuracy), &fine));
        }
        // More than can be reached: tried once, it is not tried again.
        assert!(same(&ask(1e-30), &ask(1e-20)));
    }

    #[test]
    fn a_method_that_is_asked_for_has_its_own_answers() {
        let folder = tempfile::tempdir().expect("a folder");
        let by = |name: &str| {
            let options = Options { accuracy: 1e-6, method: named(name), ..Options::default() };
            cached(&well(3.0), &options, Some(folder.path()), &Quiet).expect("an answer").0
        };
        let (default, _) = ask(&well(3.0), folder.path());
        // The one that would be chosen anyway.
        assert!(same(&by("two_electrons"), &default));
        assert_eq!(files(folder.path()).len(), 1);
        let other = by("determinants");
        assert!(other.energy > default.energy && other.energy - default.energy < 1e-6);
        assert_eq!(files(folder.path()).len(), 2);
        assert!(same(&by("determinants"), &other));
        assert_eq!(
            [default, by("two_electrons"), by("determinants")].map(|r| r.method().map(|m| m.name())),
            [Some("two_electrons"), Some("two_electrons"), Some("determinants")]
        );
        assert_eq!(files(folder.path()).len(), 2);
    }

    #[test]
    fn what_a_method_does_not_give_stays_unknown() {
        let (system, options) = (well(3.0), Options::default());
        let whole = solve(&system, &options, &Quiet).expect("an answer");
        let question = question(&system, &options);
        for (occupations, pairs) in [(true, true), (true, false), (false, true), (false, false)] {
            let part = Reference {
                occupations: whole.occupations.clone().filter(|_| occupations),
                pairs: whole.pairs.clone().filter(|_| pairs),
                ..whole.clone()
            };
            let (back, asked) = read(&written(&part, 1e-9, &question), &question, &system, &options).expect("a file");
            assert!(same(&part, &back) && asked == 1e-9);
        }
    }

    #[test]
    fn numbers_in_messages_are_short() {
        let warning = CacheWarning::Rough { label: "a".into(), error: 1.2345678e-7, accuracy: 1e-9 };
        assert_eq!(
            warning.to_string(),
            "the exact answer for `a` has an error of 1.2e-7 hartree, more than 1e-9: it no longer improves"
        );
    }

    #[test]
    fn answers_worse_than_asked_for_say_so_every_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let alone = Arc::new(System { electrons: 1, unpaired: 1, ..(*well(3.0)).clone() });
        let ask = |time_limit: Option<Duration>| {
            let options = Options { accuracy: 1e-30, time_limit, method: None };
            cached(&alone, &options, Some(folder.path()), &Quiet).expect("an answer").1
        };
        // Cut short, it is not cached.
        assert!(matches!(ask(Some(Duration::ZERO))[..], [CacheWarning::TimeLimit { .. }]));
        assert!(files(folder.path()).is_empty());
        assert!(matches!(ask(None)[..], [CacheWarning::Rough { .. }]));
        assert_eq!(files(folder.path()).len(), 1);
        assert!(matches!(ask(None)[..], [CacheWarning::Rough { .. }]));
    }

    /// A clock that advances by a second whenever it is read.
    #[derive(Default)]
    struct Slow(AtomicU64);

    impl Control for Slow {
        fn report(&self, _: Event) {}
        fn interrupted(&self) -> bool {
            false
        }
        fn elapsed(&self) -> Duration {
            Duration::from_secs(self.0.fetch_add(1, Ordering::Relaxed))
        }
    }

    #[test]
    fn out_of_time_the_answer_is_no_worse_than_the_cached_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let (kept, _) = ask(&well(3.0), folder.path());
        let options = Options { accuracy: 1e-30, time_limit: Some(Duration::ZERO), method: None };
        assert!(solve(&well(3.0), &options, &Slow::default()).expect("an answer").error > kept.error);
        let (found, warnings) = cached(&well(3.0), &options, Some(folder.path()), &Slow::default()).expect("an answer");
        assert!(same(&found, &kept) && matches!(warnings[..], [CacheWarning::TimeLimit { .. }]));
    }

    #[test]
    fn damaged_files_are_made_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let (first, _) = ask(&well(3.0), folder.path());
        let file = files(folder.path()).remove(0);
        let whole = std::fs::read(&file).expect("bytes");
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        for damage in [&flipped[..], &whole[..whole.len() - 8], &whole[..5], &[]] {
            std::fs::write(&file, damage).expect("written");
            let (again, warnings) = ask(&well(3.0), folder.path());
            assert!(matches!(warnings[..], [CacheWarning::Damaged { .. }]));
            assert!(same(&first, &again));
            assert_eq!(std::fs::read(&file).expect("bytes"), whole);
        }
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_a_warning() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        std::fs::write(&file, "no folder").expect("written");
        let (_, warnings) = ask(&well(3.0), &file);
        assert!(matches!(warnings[..], [CacheWarning::Unwritable { .. }]), "{warnings:?}");
    }
}
