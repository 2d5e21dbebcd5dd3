//! Times and memory.

use super::{Bench, Halt};
use crate::control::{Control, Event};
use std::time::Instant;

/// Work that takes less time than this, seconds, is repeated within one measurement.
const SHORTEST: f64 = 2e-3;

/// If the median exceeds the fastest time by more than this, in per cent, the machine is busy with something else.
const NOTED_SPREAD_PERCENT: f64 = 30.0;

/// A piece of work.
pub type Work<'a> = &'a mut dyn FnMut() -> Result<(), Halt>;

/// Times of equal work, seconds, ascending; at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct Times(Vec<f64>);

impl Times {
    fn new(mut seconds: Vec<f64>) -> Self {
        seconds.sort_by(f64::total_cmp);
        Self(seconds)
    }

    /// The middle time, or the mean of the two in the middle.
    pub fn median(&self) -> f64 {
        let (half, odd) = (self.0.len() / 2, self.0.len() % 2 == 1);
        if odd { self.0[half] } else { 0.5 * (self.0[half - 1] + self.0[half]) }
    }

    /// The shortest.
    pub fn fastest(&self) -> f64 {
        self.0[0]
    }

    /// The difference between the longest and the shortest, in per cent of the median.
    pub fn spread(&self) -> f64 {
        100.0 * (self.0[self.0.len() - 1] - self.0[0]) / self.median()
    }
}

/// A note, if something else is running on this machine.
pub fn busy<'a>(all: impl IntoIterator<Item = &'a Times>) -> Option<String> {
    // Compares medians, not the slowest times: one outlier among many says little.
    let slowed = |times: &Times| 100.0 * (times.median() / times.fastest() - 1.0);
    let worst = all.into_iter().map(slowed).fold(0.0, f64::max);
    (worst > NOTED_SPREAD_PERCENT)
        .then(|| "The machine is busy, so the times are too long and scatter. Measure again when it is idle.".into())
}

/// Times pieces of work alternately, so that any other load on the machine affects all of them, each after a warm-up
/// run that does not count.
pub fn in_turns(bench: &Bench, what: &str, work: &mut [Work<'_>]) -> Result<Vec<Times>, Halt> {
    let total = (bench.repetitions + 1) * work.len();
    let mut counts = vec![1; work.len()];
    let mut times = vec![Vec::with_capacity(bench.repetitions); work.len()];
    for turn in 0..=bench.repetitions {
        for (k, work) in work.iter_mut().enumerate() {
            bench.go_on()?;
            let begun = Instant::now();
            for _ in 0..counts[k] {
                work()?;
            }
            let seconds = begun.elapsed().as_secs_f64() / f64::from(counts[k]);
            match turn {
                0 => counts[k] = (SHORTEST / seconds).ceil().clamp(1.0, 1e5) as u32,
                _ => times[k].push(seconds),
            }
            bench.host.report(Event::Work { what: what.to_owned(), done: turn * counts.len() + k + 1, total });
        }
    }
    Ok(times.into_iter().map(Times::new).collect())
}

/// Resets the peak memory of this process; false if that is not possible.
pub fn forget_peak() -> bool {
    // See proc_pid_clear_refs(5).
    cfg!(target_os = "linux") && std::fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// The peak memory of this process, megabytes; see `proc_pid_status`(5).
pub fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024.0 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_spreads() {
        let times = Times::new(vec![3.0, 1.0, 2.0]);
        assert_eq!((times.median(), times.fastest(), times.spread()), (2.0, 1.0, 100.0));
        assert!(busy([&times]).is_some() && busy([&Times::new(vec![1.0, 1.1])]).is_none());
        assert_eq!(Times::new(vec![4.0, 1.0, 2.0, 2.5]).median(), 2.25);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn memory_is_seen() {
        let large = vec![1u8; 300_000_000];
        assert!(std::hint::black_box(&large).contains(&1));
        assert!(peak().unwrap() > 300.0);
    }
}
