//! Progress of an exact solution.

use crate::control::Event;

/// How far the error has decreased on a logarithmic scale, in per cent.
pub(super) struct Progress {
    label: String,
    wanted: f64,
    first: Option<f64>,
}

impl Progress {
    /// For the system with that name, down to that error, hartree.
    pub(super) fn new(label: String, wanted: f64) -> Self {
        Self { label, wanted, first: None }
    }

    /// The event to report at a given error.
    pub(super) fn at(&mut self, error: f64) -> Event {
        let first = *self.first.get_or_insert(error);
        let way = if first > self.wanted { (first / error).ln() / (first / self.wanted).ln() } else { 1.0 };
        Event::Work { what: format!("exact {}", self.label), done: (100.0 * way.clamp(0.0, 1.0)) as usize, total: 100 }
    }
}
