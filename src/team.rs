//! A team of threads that work on whole systems. Each runs inside a rayon pool of its own, of one thread unless there are more threads
//! than work, so that matrix products stay there and sum in the same order for any size of the team.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

/// A job panicked, or a thread of the team died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Died;

type Job<'env> = Box<dyn FnOnce() + Send + 'env>;

/// Accepts jobs from any thread.
#[derive(Clone)]
pub(crate) struct Team<'env> {
    jobs: Sender<Job<'env>>,
}

impl<'env> Team<'env> {
    /// `job(i)` for i = 0 .. count, in parallel; results in order.
    ///
    /// # Errors
    /// [`Died`] if a job panicked or a thread died.
    pub fn map<T: Send + 'env>(
        &self,
        count: usize,
        job: impl Fn(usize) -> T + Send + Sync + 'env,
    ) -> Result<Vec<T>, Died> {
        let job = Arc::new(job);
        let (sender, results) = channel();
        for i in 0..count {
            let (job, sender) = (job.clone(), sender.clone());
            // A failed send means that there is no longer a receiver.
            let work = Box::new(move || {
                let found = catch_unwind(AssertUnwindSafe(|| job(i)));
                drop(sender.send((i, found.map_err(|_| Died))));
            });
            self.jobs.send(work).map_err(|_| Died)?;
        }
        drop(sender);
        let mut found: Vec<(usize, Result<T, Died>)> = results.iter().collect();
        if found.len() < count {
            return Err(Died);
        }
        found.sort_by_key(|(i, _)| *i);
        found.into_iter().map(|(_, value)| value).collect()
    }
}

/// Runs `work` with a team of `threads` threads (at least one), which ends with it.
///
/// # Errors
/// [`Died`] if no thread can be started.
pub(crate) fn with_team<'env, R>(threads: usize, work: impl FnOnce(Team<'env>) -> R) -> Result<R, Died> {
    let pools: Result<Vec<_>, _> =
        (0..threads.max(1)).map(|_| rayon::ThreadPoolBuilder::new().num_threads(1).build()).collect();
    let pools = pools.map_err(|_| Died)?;
    let (jobs, queue) = channel::<Job<'env>>();
    let queue = Mutex::new(queue);
    let result = std::thread::scope(|scope| {
        for pool in &pools {
            let queue = &queue;
            scope.spawn(move || pool.install(|| work_off(queue)));
        }
        work(Team { jobs })
    });
    Ok(result)
}

/// Does jobs side by side, as many at a time as there are threads: `next` gives the place of one after another, with what the job is given,
/// until there are none or it is stopped. Results in order, of those jobs that were done.
///
/// # Panics
/// If a job does.
pub(crate) fn side_by_side<T: Send, C, J: FnOnce(C) -> T + Send>(
    jobs: Vec<J>,
    next: &(dyn Fn() -> Option<(usize, C)> + Sync),
) -> Vec<Option<T>> {
    let (count, threads) = (jobs.len(), rayon::current_num_threads());
    let jobs: Vec<Mutex<Option<J>>> = jobs.into_iter().map(|job| Mutex::new(Some(job))).collect();
    let ended: Vec<Mutex<Option<T>>> = (0..count).map(|_| Mutex::new(None)).collect();
    let locked = |mutex: &Mutex<Option<J>>| mutex.lock().unwrap_or_else(PoisonError::into_inner).take();
    let work = || {
        while let Some((k, given)) = next() {
            let Some(job) = jobs.get(k).and_then(locked) else { return };
            let found = job(given);
            *ended[k].lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        }
    };
    let workers = threads.min(count);
    if workers < 2 {
        work();
    } else {
        std::thread::scope(|scope| {
            for worker in 0..workers {
                let own = threads / workers + usize::from(worker < threads % workers);
                let work = &work;
                scope.spawn(move || match rayon::ThreadPoolBuilder::new().num_threads(own).build() {
                    Ok(pool) => pool.install(work),
                    Err(_) => work(),
                });
            }
        });
    }
    ended.into_iter().map(|found| found.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
}

/// The same for jobs that are all done, in whatever order.
pub(crate) fn all_side_by_side<T: Send, J: FnOnce() -> T + Send>(jobs: Vec<J>) -> Vec<T> {
    let (count, turn) = (jobs.len(), AtomicUsize::new(0));
    let next = || Some(turn.fetch_add(1, Ordering::Relaxed)).filter(|k| *k < count).map(|k| (k, ()));
    let jobs = jobs.into_iter().map(|job| |()| job()).collect();
    side_by_side(jobs, &next).into_iter().flatten().collect()
}

/// Runs jobs until the last sender is gone.
fn work_off(queue: &Mutex<Receiver<Job<'_>>>) {
    loop {
        let Ok(receiver) = queue.lock() else { return };
        let Ok(job) = receiver.recv() else { return };
        drop(receiver);
        job();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_for_any_team() {
        for threads in [1, 2, 5] {
            let squares = with_team(threads, |team| team.map(40, |i| (i * i, rayon::current_num_threads()))).unwrap();
            assert!(squares.unwrap().iter().enumerate().all(|(i, (s, serial))| *s == i * i && *serial == 1));
        }
    }

    #[test]
    fn results_side_by_side_come_in_order() {
        for (threads, count) in [(1, 7), (2, 7), (5, 2), (4, 0), (3, 1)] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let jobs = (0..count).map(|k| move || (k * k, rayon::current_num_threads())).collect();
            let found = pool.install(|| all_side_by_side(jobs));
            assert!(found.iter().enumerate().all(|(k, (square, _))| *square == k * k) && found.len() == count);
            // All threads have work.
            let workers = threads.min(count);
            assert!(found.iter().all(|(_, own)| threads / workers <= *own && *own <= threads.div_ceil(workers)));
        }
    }

    #[test]
    fn a_job_that_panics_is_an_error_and_the_team_continues() {
        let found = with_team(2, |team| {
            let faulty = team.map(6, |i| if i == 3 { panic!("a test of panics") } else { i });
            (faulty, team.map(6, |i| i))
        });
        let (faulty, sound) = found.unwrap();
        assert_eq!(faulty, Err(Died));
        assert_eq!(sound, Ok((0..6).collect()));
    }
}
