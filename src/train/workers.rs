//! A team of threads that work on whole systems. Each runs inside a rayon pool of one thread, so that matrix products stay on that
//! thread and sum in the same order for any size of the team.

use super::TrainError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

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
    /// [`TrainError::Worker`] if a job panicked or a thread died.
    pub fn map<T: Send + 'env>(
        &self,
        count: usize,
        job: impl Fn(usize) -> T + Send + Sync + 'env,
    ) -> Result<Vec<T>, TrainError> {
        let job = Arc::new(job);
        let (sender, results) = channel();
        for i in 0..count {
            let (job, sender) = (job.clone(), sender.clone());
            // A failed send means that there is no longer a receiver.
            let work = Box::new(move || {
                let found = catch_unwind(AssertUnwindSafe(|| job(i)));
                drop(sender.send((i, found.map_err(|_| TrainError::Worker))));
            });
            self.jobs.send(work).map_err(|_| TrainError::Worker)?;
        }
        drop(sender);
        let mut found: Vec<(usize, Result<T, TrainError>)> = results.iter().collect();
        if found.len() < count {
            return Err(TrainError::Worker);
        }
        found.sort_by_key(|(i, _)| *i);
        found.into_iter().map(|(_, value)| value).collect()
    }
}

/// Runs `work` with a team of `threads` threads (at least one), which ends with it.
///
/// # Errors
/// [`TrainError::Worker`] if no thread can be started.
pub(crate) fn with_team<'env, R>(threads: usize, work: impl FnOnce(Team<'env>) -> R) -> Result<R, TrainError> {
    let pools: Result<Vec<_>, _> =
        (0..threads.max(1)).map(|_| rayon::ThreadPoolBuilder::new().num_threads(1).build()).collect();
    let pools = pools.map_err(|_| TrainError::Worker)?;
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
    fn a_job_that_panics_is_an_error_and_the_team_continues() {
        let found = with_team(2, |team| {
            let faulty = team.map(6, |i| if i == 3 { panic!("a test of panics") } else { i });
            (faulty, team.map(6, |i| i))
        });
        let (faulty, sound) = found.unwrap();
        assert_eq!(faulty, Err(TrainError::Worker));
        assert_eq!(sound, Ok((0..6).collect()));
    }
}
