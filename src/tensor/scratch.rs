//! Working memory that a thread keeps from one operator to the next.

use std::cell::Cell;

thread_local! {
    static KEPT: Cell<Vec<f64>> = const { Cell::new(Vec::new()) };
}

/// Runs a closure with `length` numbers of any value.
pub(super) fn with_scratch<R>(length: usize, f: impl FnOnce(&mut [f64]) -> R) -> R {
    let mut numbers = KEPT.take();
    if numbers.len() < length {
        numbers.resize(length, 0.0);
    }
    let result = f(&mut numbers[..length]);
    KEPT.set(numbers);
    result
}
