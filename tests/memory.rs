//! The memory of the tapes in training: the forecast, the memory used, and that a budget does not change a single bit.
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
use ksr::train::{Budget, Forecast, Plan, evaluate};

fn one_thread(plan: Plan, memory: Budget) -> Plan {
    Plan { threads: Some(1), memory, ..plan }
}

/// Peak memory of the process, bytes, where the system reports it.
fn peak() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| 1024 * kilobytes)
}

#[test]
fn a_budget_is_kept_and_does_not_change_a_bit() {
    let plans = [setups::ions(&[(3.0, 3.0)], 60), setups::b(), setups::long_mixing()];
    for (i, plan) in plans.into_iter().enumerate() {
        let params = plan.functional.initial(3);
        let with = |memory| evaluate(Device::Cpu, &one_thread(plan.clone(), memory), &params).unwrap();
        let forecast = Forecast::new(&plan, 1);
        let start = peak();
        let few = with(Budget::Bytes(forecast.least()));
        let between = peak();
        assert_eq!(few, with(Budget::Bytes(forecast.all() / 2)));
        assert_eq!(few, with(Budget::Unlimited));
        let Some(((start, between), end)) = start.zip(between).zip(peak()) else { continue };
        // Only for the first plan is the memory in use before it known: later ones reuse freed memory.
        if i == 0 {
            // The system rounds.
            let (low, high) = (between.saturating_sub(start), end.saturating_sub(start));
            assert!(low < 5 * forecast.least() + 10_000_000, "{low} {forecast:?}");
            let ratio = high as f64 / forecast.all() as f64;
            assert!((0.75..1.25).contains(&ratio), "{ratio} {high}");
        }
    }
}
