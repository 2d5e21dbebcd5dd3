//! The training loop allocates almost no arrays: an evaluation reuses those of earlier ones.
#![allow(unsafe_code, reason = "an allocator is unsafe by its trait")]
#![allow(clippy::unwrap_used)]

#[path = "helpers/counting.rs"]
mod counting;
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

#[test]
fn a_warm_evaluation_allocates_almost_no_arrays() {
    for plan in [setups::a(), setups::b(), setups::c(15), setups::c(40)] {
        let (plan, params) = (Plan { threads: Some(1), ..plan.clone() }, plan.functional.initial(0));
        let spent = with_evaluation(Device::Cpu, &plan, |evaluate| {
            [(); 6].map(|()| {
                let before = counting::large_bytes();
                evaluate(&params).unwrap();
                counting::large_bytes() - before
            })
        });
        let [first, .., last] = spent.unwrap();
        assert!(first > 10_000_000 && last < first / 12, "{first} bytes at first, {last} at last");
    }
}
