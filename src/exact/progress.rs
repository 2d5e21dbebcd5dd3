//! Progress of an exact solution.

use crate::control::Event;

/// How far the error has decreased on a logarithmic scale, in per cent.
pub(super) struct Progress {
    label: String,
    wanted: f64,
    first: Option<f64>,
    done: Option<usize>,
}

impl Progress {
    /// For the system with that name, down to that error, hartree.
    pub(super) fn new(label: String, wanted: f64) -> Self {
        Self { label, wanted, first: None, done: None }
    }

    /// The event to report at a given error; `None` if there is no progress since the last, as the estimate of the error may rise.
    pub(super) fn at(&mut self, error: f64) -> Option<Event> {
        let first = *self.first.get_or_insert(error);
        let way = if first > self.wanted { (first / error).ln() / (first / self.wanted).ln() } else { 1.0 };
        // All of it only when the error is small enough.
        let most = if error <= self.wanted { 100.0 } else { 99.0 };
        let done = (100.0 * way.clamp(0.0, 1.0)).min(most) as usize;
        if self.done.is_some_and(|before| done <= before) {
            return None;
        }
        self.done = Some(done);
        Some(Event::Work { what: format!("exact {}", self.label), done, total: 100 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_only_grows_and_ends_once() {
        let mut progress = Progress::new("h2".into(), 1e-6);
        let errors = [1e-1, 1e-3, 1e-2, 1e-2, 1.2e-6, 1e-5, 9e-7, 1e-8, f64::NAN];
        let done: Vec<usize> = errors
            .into_iter()
            .filter_map(|error| progress.at(error))
            .map(|event| match event {
                Event::Work { done, .. } => done,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(done, [0, 40, 98, 100]);
        let all: Vec<bool> = [1e-9, 1e-9].map(|error| Progress::new("h".into(), 1e-6).at(error).is_some()).into();
        assert_eq!(all, [true, true]);
    }
}
