//! Arrays whose memory a thread reuses. Memory freed by one iteration or evaluation is ready for the next: almost none
//! is allocated, cleared or returned to the operating system in the training loop.
//!
//! A thread keeps at most an eighth more than it has had in use at once, until it switches to another grid
//! ([`turn_to`]) or ends. On devices other than the host, cotangents are stored there, and the stock is for everything
//! else.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// Shorter arrays come from the allocator, which is as fast.
const SHORTEST_KEPT: usize = 128;

/// How many times longer than requested an array may be.
const LONGEST_RATIO: usize = 2;

thread_local! {
    static STOCK: RefCell<Stock> = const { RefCell::new(Stock { points: 0, spare: BTreeMap::new(), kept: 0, out: 0, most: 0 }) };
}

/// A thread's unused arrays. `kept + out` is at most the limit.
struct Stock {
    /// Points of the current grid.
    points: usize,
    /// Unused arrays by their capacity; last in, first out.
    spare: BTreeMap<usize, Vec<Vec<f64>>>,
    /// Total capacity of the unused arrays.
    kept: usize,
    /// Capacity in use.
    out: usize,
    /// Most in use so far.
    most: usize,
}

impl Stock {
    /// The maximum capacity to keep: slightly more than was in use, as the shapes of alternating systems do not fit
    /// exactly.
    fn limit(&self) -> usize {
        self.most + self.most / 8
    }

    /// An array with room for that length or somewhat more: an open shell's arrays also serve a closed shell.
    fn take(&mut self, length: usize) -> Option<Vec<f64>> {
        let found = self.spare.range_mut(length..=LONGEST_RATIO * length).find_map(|(_, arrays)| arrays.pop())?;
        self.kept -= found.capacity();
        Some(found)
    }

    /// Counts numbers as in use; unused arrays are freed to make room for them.
    fn lend(&mut self, length: usize) {
        self.out += length;
        self.most = self.most.max(self.out);
        while self.kept + self.out > self.limit() {
            let largest = self.spare.values_mut().max_by_key(|arrays| arrays.iter().map(Vec::capacity).sum::<usize>());
            let Some(array) = largest.and_then(Vec::pop) else { return };
            self.kept -= array.capacity();
        }
    }

    fn give(&mut self, array: Vec<f64>) {
        // Not below zero: an array lent by another thread may be dropped here.
        self.out = self.out.saturating_sub(array.capacity());
        if self.kept + self.out + array.capacity() <= self.limit() {
            self.kept += array.capacity();
            self.spare.entry(array.capacity()).or_default().push(array);
        }
    }
}

/// Runs `f` on the stock of this thread; `None` while the thread is ending.
fn stock<R>(f: impl FnOnce(&mut Stock) -> R) -> Option<R> {
    STOCK.try_with(|stock| stock.try_borrow_mut().ok().map(|mut stock| f(&mut stock))).ok().flatten()
}

/// Tells the stock that this thread continues with a grid of `points` points: arrays for other grids are freed.
pub fn turn_to(points: usize) {
    stock(|stock| {
        if stock.points != points {
            *stock = Stock { points, spare: BTreeMap::new(), kept: 0, out: stock.out, most: stock.out };
        }
    });
}

/// An array of fixed length, to be written. Its memory goes back to the stock of the thread that drops it.
#[derive(Default)]
pub struct Buffer {
    /// At least as long; numbers beyond the length have no meaning.
    array: Vec<f64>,
    length: usize,
}

impl Buffer {
    /// Arbitrary numbers: all of them must be written.
    pub fn any(length: usize) -> Self {
        // So that reading before writing makes a test fail.
        let fresh = if cfg!(test) { f64::NAN } else { 0.0 };
        let found = if length < SHORTEST_KEPT { None } else { stock(|stock| stock.take(length)).flatten() };
        let mut array = found.unwrap_or_else(|| vec![fresh; length]);
        if cfg!(test) {
            array.fill(fresh);
        }
        array.resize(array.len().max(length), fresh);
        let mut buffer = Self::from(array);
        buffer.length = length;
        buffer
    }

    /// One number repeated.
    pub fn filled(length: usize, value: f64) -> Self {
        let mut buffer = Self::any(length);
        buffer.fill(value);
        buffer
    }

    /// Its numbers, whose memory (possibly more than needed) now belongs to the caller.
    pub fn into_vec(mut self) -> Vec<f64> {
        let mut array = std::mem::take(&mut self.array);
        if array.capacity() >= SHORTEST_KEPT {
            stock(|stock| stock.out = stock.out.saturating_sub(array.capacity()));
        }
        array.truncate(self.length);
        array
    }
}

impl From<Vec<f64>> for Buffer {
    fn from(array: Vec<f64>) -> Self {
        if array.capacity() >= SHORTEST_KEPT {
            stock(|stock| stock.lend(array.capacity()));
        }
        Self { length: array.len(), array }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.array.capacity() >= SHORTEST_KEPT {
            let array = std::mem::take(&mut self.array);
            stock(|stock| stock.give(array));
        }
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self[..].fmt(f)
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Self {
        let mut own = Self::any(self.length);
        own.copy_from_slice(self);
        own
    }
}

impl PartialEq for Buffer {
    fn eq(&self, other: &Self) -> bool {
        self[..] == other[..]
    }
}

impl Deref for Buffer {
    type Target = [f64];
    fn deref(&self) -> &[f64] {
        &self.array[..self.length]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f64] {
        &mut self.array[..self.length]
    }
}

/// An array that has been written. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Numbers(Arc<Buffer>);

impl Deref for Numbers {
    type Target = [f64];
    fn deref(&self) -> &[f64] {
        &self.0
    }
}

impl From<Buffer> for Numbers {
    fn from(buffer: Buffer) -> Self {
        Self(buffer.into())
    }
}

impl From<Vec<f64>> for Numbers {
    fn from(numbers: Vec<f64>) -> Self {
        Buffer::from(numbers).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a test in a thread with its own stock.
    fn alone(test: fn()) {
        std::thread::spawn(test).join().unwrap();
    }

    /// Kept, out, most.
    fn kept() -> [usize; 3] {
        stock(|stock| [stock.kept, stock.out, stock.most]).unwrap()
    }

    #[test]
    fn no_more_is_kept_than_was_in_use() {
        alone(|| {
            drop(Buffer::any(1000));
            assert_eq!(kept(), [1000, 0, 1000]);
            // It does not fit, and the limit is 1125.
            let short = Buffer::any(300);
            assert_eq!(kept(), [0, 300, 1000]);
            let numbers = Numbers::from(short);
            let again = numbers.clone();
            drop(numbers);
            assert_eq!(kept(), [0, 300, 1000]);
            drop(again);
            let two = [Buffer::any(300), Buffer::any(800)];
            assert_eq!(kept(), [0, 1100, 1100]);
            drop(two);
            assert_eq!(kept(), [1100, 0, 1100]);
            std::thread::spawn(|| drop(Buffer::from(vec![1.0; 200]))).join().unwrap();
            assert_eq!(kept(), [1100, 0, 1100]);
            // Arrays from another thread are kept if there is room.
            let foreign = || std::thread::spawn(|| Numbers::from(vec![1.0; 130])).join().unwrap();
            drop([foreign(), foreign(), foreign()]);
            assert_eq!(kept(), [1230, 0, 1100]);
            let own = Buffer::any(300);
            turn_to(129);
            assert_eq!(kept(), [0, own.array.capacity(), own.array.capacity()]);
            drop(own);
            turn_to(129);
            assert!(kept()[0] >= 300);
        });
    }

    #[test]
    fn memory_is_reused() {
        alone(|| {
            let first = Buffer::filled(700, 2.0);
            let place = first.as_ptr();
            drop(first);
            // Some of it may stay unused.
            for length in [350, 700, 500] {
                let mut again = Buffer::any(length);
                again.fill(3.0);
                assert_eq!((again.as_ptr(), again.len()), (place, length));
            }
            // Numbers taken out belong to the caller.
            assert_eq!(Buffer::filled(600, 4.0).into_vec(), vec![4.0; 600]);
            assert_eq!(kept(), [0, 0, 700]);
            // Much longer arrays are not used.
            drop(Buffer::any(700));
            drop(Buffer::any(340));
            assert_eq!(kept(), [340, 0, 700]);
        });
    }

    #[test]
    fn short_arrays_come_from_the_allocator() {
        alone(|| {
            let (short, empty) = (Buffer::filled(SHORTEST_KEPT - 1, 1.0), Buffer::default());
            assert_eq!((short.len(), empty.len()), (SHORTEST_KEPT - 1, 0));
            drop((short, empty));
            assert_eq!(kept(), [0; 3]);
        });
    }
}
