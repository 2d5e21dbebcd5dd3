//! The memory of the tapes in training: the forecast, the memory used, and that a budget does not change a single bit.
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
use ksr::train::{Budget, Forecast, Plan, evaluate};

fn one_thread(plan: Plan, memory: Budget) -> Plan {
    Plan { threads: Some(1), memory, ..plan }
}

#[test]
fn a_budget_is_kept_and_does_not_change_a_bit() {
    let plans = [setups::ions(&[(3.0, 3.0)], 60), setups::b(), setups::long_mixing()];
    for (i, plan) in plans.into_iter().enumerate() {
        let params = plan.functional.initial(3);
        let with = |memory| evaluate(Device::Cpu, &one_thread(plan.clone(), memory), &params).unwrap();
        let forecast = Forecast::new(&one_thread(plan.clone(), Budget::Unlimited));
        let start = counting::live();
        let few = with(Budget::Bytes(forecast.least()));
        let low = counting::peak().saturating_sub(start) as u64;
        assert_eq!(few, with(Budget::Bytes(forecast.all() / 2)));
        assert_eq!(few, with(Budget::Unlimited));
        let high = counting::peak().saturating_sub(start) as u64;
        // Only the memory of the first plan is known: later ones reuse what that has left.
        if i == 0 {
            assert!(low < 5 * forecast.least() + 10_000_000, "{low} {forecast:?}");
            let ratio = high as f64 / forecast.all() as f64;
            assert!((0.75..1.25).contains(&ratio), "{ratio} {high} {low}");
        }
    }
}
