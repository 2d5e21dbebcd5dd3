//! The set-ups from the papers, each compared with the time of the published program.

use super::baselines::{self, Product};
use super::measure::{Times, busy, forget_peak, in_turns, peak};
use super::plans::{operations, plan, with_evaluation};
use super::show::Column;
use super::{Bench, Halt};
use crate::cli::args::Setup;
use serde_json::json;

/// A set-up and what is known of it.
struct Known {
    name: &'static str,
    about: &'static str,
    script: &'static str,
    /// Seconds of the published program.
    seconds: f64,
    /// Its memory, gigabytes.
    gigabytes: f64,
}

/// The published program was timed with the networks in single precision, compiled, on two cores of a Xeon.
const KNOWN: [Known; 3] = [
    Known {
        name: "a",
        about: "H and He, sKSR-global, 10 iterations",
        script: include_str!("a.ksr"),
        seconds: 2.7,
        gigabytes: 2.3,
    },
    Known {
        name: "b",
        about: "H2 at 1.28 and 3.84 bohr, KSR-global, 15 iterations",
        script: include_str!("b.ksr"),
        seconds: 4.0,
        gigabytes: 3.4,
    },
    Known {
        name: "c",
        about: "H, He, Li, Be, Be++, sKSR-global, 15 iterations",
        script: include_str!("c.ksr"),
        seconds: 9.9,
        gigabytes: 6.1,
    },
];

/// The number of evaluations after which memory no longer grows.
const REPEATED: usize = 4;

/// What was measured of a set-up.
struct Measured {
    known: &'static Known,
    serial: Times,
    parallel: Times,
    /// Megabytes, where the system reports them.
    memory: Option<f64>,
    /// Floating-point operations of the functional.
    operations: f64,
}

/// Times the set-ups (all, if none is named), and operators with their baselines.
pub fn run(bench: &Bench, wanted: &[Setup]) -> Result<(), Halt> {
    let asked = |setup: Setup| wanted.is_empty() || wanted.contains(&setup);
    let chosen = [Setup::A, Setup::B, Setup::C].into_iter().zip(&KNOWN).filter(|(setup, _)| asked(*setup));
    let product = baselines::matrix_product(bench)?;
    let measured = chosen.map(|(_, known)| measure(bench, known)).collect::<Result<Vec<_>, _>>()?;
    show(bench, &measured, &product);
    baselines::operators(bench)
}

fn measure(bench: &Bench, known: &'static Known) -> Result<Measured, Halt> {
    let plan = plan(bench, known.name, known.script, &[])?;
    let what = format!("set-up {}", known.name);
    let (times, memory) = with_evaluation(&plan, None, |parallel| {
        // The memory of the exact answers and of other set-ups does not count.
        let forgotten = forget_peak();
        (0..REPEATED).try_for_each(|_| parallel())?;
        let memory = if forgotten { peak() } else { None };
        let times = with_evaluation(&plan, Some(1), |serial| in_turns(bench, &what, &mut [serial, parallel]))?;
        Ok((times, memory))
    })?;
    let [serial, parallel] = <[Times; 2]>::try_from(times).map_err(|_| Halt::failed("a measurement is missing"))?;
    Ok(Measured { known, serial, parallel, memory, operations: operations(&plan).total() as f64 })
}

fn show(bench: &Bench, all: &[Measured], product: &Product) {
    let numbers = |name, unit, of: &dyn Fn(&Measured) -> f64| Column::numbers(name, unit, all.iter().map(of).collect());
    let mut columns = vec![
        Column::words("setup", all.iter().map(|m| m.known.name.to_owned()).collect()),
        numbers("serial", &"ms", &|m| 1e3 * m.serial.median()),
        numbers("spread", &"%", &|m| m.serial.spread()),
        numbers("parallel", &"ms", &|m| 1e3 * m.parallel.median()),
        numbers("its_spread", &"%", &|m| m.parallel.spread()),
    ];
    if all.iter().all(|m| m.memory.is_some()) {
        columns.push(numbers("memory", &"MB", &|m| m.memory.unwrap_or(f64::NAN)));
    }
    columns.push(numbers("published", &"s", &|m| m.known.seconds));
    columns.push(numbers("ratio", &"", &|m| m.known.seconds / m.parallel.median()));
    columns.push(numbers("limit", &"%", &|m| 100.0 * m.operations / m.serial.median() / product.rate));
    let threads = rayon::current_num_threads();
    let mut notes: Vec<String> = all.iter().map(|m| format!("{}: {}", m.known.name, about(m))).collect();
    let (gigaflops, shape, repetitions) = (product.rate / 1e9, product.shape(), bench.repetitions);
    notes.extend([
        format!("One loss and its gradient, on one thread and on {threads}: medians of {repetitions} runs. `spread`:"),
        "slowest minus fastest. `ratio`: the published program's time, on two cores, over the".into(),
        "parallel time. `limit`: the rate of the functional's operations in the serial time,".into(),
        format!("relative to {gigaflops:.1} Gflop/s for matrix products of {shape} on one core."),
    ]);
    notes.extend(busy(all.iter().flat_map(|m| [&m.serial, &m.parallel])));
    let more = [
        ("threads", json!(threads)),
        ("repetitions", json!(repetitions)),
        ("matrix_product", json!({ "shape": shape, "Gflop/s": gigaflops })),
        ("operations", json!(all.iter().map(|m| m.operations).collect::<Vec<_>>())),
        ("about", json!(all.iter().map(|m| m.known.about).collect::<Vec<_>>())),
        ("published_memory_GB", json!(all.iter().map(|m| m.known.gigabytes).collect::<Vec<_>>())),
    ];
    bench.show("setups", &columns, &notes, &more);
}

fn about(m: &Measured) -> String {
    let Known { about, gigabytes, .. } = m.known;
    format!("{about}: {:.2} Gflop; published: {gigabytes} GB", m.operations / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::host::Terminal;
    use crate::ks::Mixing;
    use std::rc::Rc;

    #[test]
    fn the_scripts_are_the_set_ups() {
        let bench = Bench { host: Rc::new(Terminal::new(true, true, false)), repetitions: 1, json: true };
        let expected: [(&[usize], usize, usize); 3] = [(&[1, 2], 10, 1), (&[2, 2], 15, 5), (&[1, 2, 3, 4, 2], 15, 1)];
        for (known, (electrons, iterations, energies)) in KNOWN.iter().zip(expected) {
            let plan = plan(&bench, known.name, known.script, &[]).unwrap();
            assert_eq!(plan.cases.iter().map(|case| case.systems[0].electrons).collect::<Vec<_>>(), electrons);
            assert_eq!(plan.scf.iterations, iterations);
            assert_eq!(plan.scf.mixing, Mixing::Linear { alpha: 0.5, decay: 0.9, history: 1 });
            assert_eq!(plan.scf.symmetric, known.name == "b");
            // Energies and the density at the end.
            assert!(plan.cases.iter().all(|case| case.loss.inputs.len() == energies + 1));
            assert_eq!(plan.functional.parameter_count(), if known.name == "b" { 1568 } else { 1559 });
            with_evaluation(&plan, Some(1), |evaluate| evaluate()).unwrap();
        }
    }
}
