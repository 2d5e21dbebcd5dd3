//! The system's allocator, counting bytes: a file that includes this gets it as its global allocator.
#![allow(dead_code, reason = "each test uses one of the counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The fewest bytes of a large allocation: several channels on a grid of 513 points need more.
const LARGE: usize = 8_000;
/// Total bytes of large allocations.
static LARGE_BYTES: AtomicUsize = AtomicUsize::new(0);
/// Bytes in use.
static LIVE: AtomicUsize = AtomicUsize::new(0);
/// The most bytes in use at once.
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: passes every call on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() >= LARGE {
            LARGE_BYTES.fetch_add(layout.size(), Relaxed);
        }
        let live = LIVE.fetch_add(layout.size(), Relaxed) + layout.size();
        PEAK.fetch_max(live, Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes of all allocations of several kilobytes so far, whether still in use or not.
pub fn large_bytes() -> usize {
    LARGE_BYTES.load(Relaxed)
}

/// Bytes in use now.
pub fn live() -> usize {
    LIVE.load(Relaxed)
}

/// The most bytes in use at once so far.
pub fn peak() -> usize {
    PEAK.load(Relaxed)
}
