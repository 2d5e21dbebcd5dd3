//! The training loop allocates almost no arrays: an evaluation reuses those of earlier ones.
#![allow(unsafe_code, reason = "an allocator is unsafe by its trait")]
#![allow(clippy::unwrap_used)]

#[path = "helpers/functionals.rs"]
mod functionals;
#[path = "helpers/keeper.rs"]
mod keeper;
#[path = "helpers/setups.rs"]
mod setups;
#[path = "helpers/training.rs"]
mod training;

use ksr::tensor::Device;
use ksr::train::{Plan, with_evaluation};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Total bytes of large allocations.
static BYTES: AtomicUsize = AtomicUsize::new(0);
/// The minimum size, in bytes, of a large allocation: several channels on a grid of 513 points need more.
const LARGE: usize = 8_000;

/// The system's allocator, counting.
struct Counting;

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() >= LARGE {
            BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        }
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_warm_evaluation_allocates_almost_no_arrays() {
    for plan in [setups::a(), setups::b(), setups::c(15), setups::c(40)] {
        let (plan, params) = (Plan { threads: Some(1), ..plan.clone() }, plan.functional.initial(0));
        let spent = with_evaluation(Device::Cpu, &plan, |evaluate| {
            [(); 6].map(|()| {
                let before = BYTES.load(Ordering::Relaxed);
                evaluate(&params).unwrap();
                BYTES.load(Ordering::Relaxed) - before
            })
        });
        let [first, .., last] = spent.unwrap();
        assert!(first > 10_000_000 && last < first / 12, "{first} bytes at first, {last} at last");
    }
}
