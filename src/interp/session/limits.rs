//! What a script may take: time, memory, and how large values may be. Memory is asked for before it is allocated.

use super::{Host, Interpreter};
use crate::control::{Control, Event, unless_interrupted};
use crate::interp::error::{RunError, fail};
use crate::interp::value::{MAX_LENGTH, Value, text};
use crate::number::size;
use crate::problem::Result;
use crate::source::Span;
use crate::train::Budget;
use std::time::Duration;

/// The memory that a script may take unless another limit is set, bytes: the same on every computer, so that a script that runs on one
/// runs on another.
const MOST_MEMORY: u64 = 4_000_000_000;

/// Less than this, bytes, is not asked for one by one.
const SMALL: u64 = 1_000_000;

/// After about this much new memory, bytes, the memory of the process is looked at.
const INTERVAL: u64 = 16_000_000;

/// What an evaluated expression takes besides its elements, bytes.
const EACH: u64 = 64;

/// The deepest nesting of values.
pub(crate) const MOST_NESTED: u32 = 1000;

/// What is left of the limits of an interpreter.
#[derive(Debug)]
pub(crate) struct Limits {
    /// Bytes.
    memory: u64,
    /// Memory of the process that does not count: what it had before, and what is kept free after a training run for the next one.
    spared: u64,
    /// Bytes since the memory of the process was looked at.
    since: u64,
    /// The time at which the script has to end.
    until: Option<Duration>,
}

impl Limits {
    /// With a limit in bytes, or the default.
    pub fn new(memory: Option<u64>) -> Self {
        Self { memory: memory.unwrap_or(MOST_MEMORY), spared: resident(), since: 0, until: None }
    }
}

/// The host as long-running work sees it: interrupted also when the time is over.
pub(crate) struct Timed<'a> {
    host: &'a dyn Host,
    until: Option<Duration>,
}

impl Control for Timed<'_> {
    fn report(&self, event: Event) {
        self.host.report(event);
    }
    fn interrupted(&self) -> bool {
        self.host.interrupted() || self.until.is_some_and(|until| self.host.elapsed() > until)
    }
    fn elapsed(&self) -> Duration {
        self.host.elapsed()
    }
}

/// Bytes of the process, where the system tells.
fn resident() -> u64 {
    memory_stats::memory_stats().map_or(0, |found| found.physical_mem as u64)
}

/// Refuses a list of more elements than one may have, those of the lists in it included.
pub(crate) fn short_enough(elements: f64, span: Span) -> Result<()> {
    if elements <= MAX_LENGTH as f64 {
        return Ok(());
    }
    fail(RunError::TooLong { length: text::number(elements), limit: MAX_LENGTH, span }, span)
}

impl Interpreter {
    /// What long-running work reports to and is stopped by.
    pub(crate) fn control(&self) -> Timed<'_> {
        Timed { host: &*self.host, until: self.limits.until }
    }

    /// The time of a script or entry begins.
    pub(in crate::interp) fn begin_time(&mut self) {
        self.limits.until = self.options.max_time.map(|limit| self.host.elapsed().saturating_add(limit));
    }

    /// Stops if the user has interrupted it, or its time is over.
    pub(crate) fn check_interrupt(&self, span: Span) -> Result<()> {
        if self.host.interrupted() {
            return fail(RunError::Interrupted { span }, span);
        }
        match (self.options.max_time, self.limits.until) {
            (Some(limit), Some(until)) if self.host.elapsed() > until => {
                fail(RunError::Time { limit: limit.as_secs_f64(), span }, span)
            }
            _ => Ok(()),
        }
    }

    /// Runs work that may not look at the control for a long time, and gives it up when the user interrupts it or its time is over. Work
    /// that never looks at the control it gets runs on, unheard, to its end.
    pub(crate) fn unless_stopped<T: Send + 'static>(
        &self,
        span: Span,
        work: impl FnOnce(&dyn Control) -> T + Send + 'static,
    ) -> Result<T> {
        let Ok(done) = unless_interrupted(&self.control(), work) else {
            self.check_interrupt(span)?;
            return fail(RunError::Interrupted { span }, span);
        };
        Ok(done)
    }

    /// The same for work that does not look at the control, on a thread of its own only if it may take long.
    pub(crate) fn stoppable<T: Send + 'static>(
        &self,
        long: bool,
        span: Span,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        if long { self.unless_stopped(span, move |_| work()) } else { Ok(work()) }
    }

    /// Refuses what would take more memory than the script may; to be called before it is allocated. `what` begins the message:
    /// "`join`".
    pub(crate) fn afford(&mut self, bytes: u64, what: &str, span: Span) -> Result<()> {
        let limit = self.limits.memory;
        if bytes > limit {
            let message = format!("{what} needs {} of memory, and a script may take {}", size(bytes), size(limit));
            return fail(RunError::Memory { message, span }, span);
        }
        if bytes < SMALL {
            return Ok(());
        }
        let taken = resident().saturating_sub(self.limits.spared);
        if taken.saturating_add(bytes) > limit {
            let (bytes, taken, limit) = (size(bytes), size(taken), size(limit));
            let message = format!(
                "{what} needs {bytes} of memory in addition to the {taken} already taken, and a script may take {limit}"
            );
            return fail(RunError::Memory { message, span }, span);
        }
        Ok(())
    }

    /// Refuses a new value that is too large or too deeply nested, and any if the script has taken too much memory.
    pub(crate) fn weigh(&mut self, value: &Value, span: Span) -> Result<()> {
        let extent = value.extent();
        if extent.depth > MOST_NESTED {
            return fail(RunError::Nested { limit: MOST_NESTED, span }, span);
        }
        short_enough(extent.total as f64, span)?;
        self.limits.since += EACH + value.bytes();
        if self.limits.since < INTERVAL {
            return Ok(());
        }
        self.limits.since = 0;
        let (taken, limit) = (resident().saturating_sub(self.limits.spared), self.limits.memory);
        if taken > limit {
            let message = format!("the script has taken {} of memory, and may take {}", size(taken), size(limit));
            return fail(RunError::Memory { message, span }, span);
        }
        Ok(())
    }

    /// Runs work that has its own limit on memory: what the process keeps of it afterwards does not count.
    pub(crate) fn sparing<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = resident();
        let done = work(self);
        self.limits.spared += resident().saturating_sub(before);
        done
    }

    /// The memory that a training run may take of what it asks for, bytes: no more than half of what is free, or than a script may
    /// take, unless the user has set a limit.
    pub(crate) fn granted(&self, asked: Budget) -> u64 {
        let most = match self.options.max_memory {
            Some(limit) => limit,
            None => Budget::Automatic.bytes().max(MOST_MEMORY),
        };
        asked.bytes().min(most)
    }
}
