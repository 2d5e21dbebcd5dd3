//! What sharing work costs: claims of units that take no time, by one process and by several; and 1000 units on 256 processes, units that
//! only sleep, against the time that they would take without any cost.
//!
//! `cargo bench --bench together`; `-- PROCESSES UNITS SECONDS` for another run of the second kind.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

use ksr::control::{Control, Event};
use ksr::together::{BEAT, Outcome, Queue, Together, Turn, Unit, Who};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// The clock of this process.
struct Clock(Instant);

impl Control for Clock {
    fn report(&self, event: Event) {
        eprintln!("{event:?}");
    }
    fn interrupted(&self) -> bool {
        false
    }
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// One process: does its share of the units, each of which takes so many seconds and writes a small result.
fn take_part(store: &Path, rank: usize, units: usize, seconds: f64) {
    let space = String::new();
    let who = Who { host: "bench".into(), pid: std::process::id(), space, rank: Some(rank) };
    let together = Together::join(store, who, "bench", BEAT).unwrap();
    let clock = Clock(Instant::now());
    let unit = |k: usize| Unit {
        key: format!("{k:032x}"),
        what: format!("unit {k}"),
        result: store.join(format!("runs/{k}")),
    };
    let queue = Queue::new(Some(&together), "units", (0..units).map(unit).collect());
    while let Some((k, turn)) = queue.next(&clock) {
        if matches!(turn, Turn::Mine(_)) {
            std::thread::sleep(Duration::from_secs_f64(seconds));
            ksr::data::write_whole(&store.join(format!("runs/{k}")), b"result").unwrap();
        }
        turn.finish(Outcome::Shared, &clock);
    }
}

/// The time that so many processes take for so many units, from the start of the first to the end of the last.
fn measured(processes: usize, units: usize, seconds: f64) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let program = std::env::current_exe().unwrap();
    let begun = Instant::now();
    let start = |rank: usize| {
        let arguments = ["take-part".to_owned(), rank.to_string(), units.to_string(), seconds.to_string()];
        Command::new(&program).args(arguments).arg(&store).spawn().unwrap()
    };
    let all: Vec<Child> = (0..processes).map(start).collect();
    for mut child in all {
        assert!(child.wait().unwrap().success());
    }
    begun.elapsed().as_secs_f64()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let number = |k: usize| arguments.get(k).and_then(|text| text.parse::<f64>().ok());
    if arguments.first().is_some_and(|first| first == "take-part") {
        let [rank, units, seconds] = [1, 2, 3].map(|k| number(k).unwrap());
        return take_part(Path::new(&arguments[4]), rank as usize, units as usize, seconds);
    }
    let told = |processes: usize, units: usize, seconds: f64| {
        let time = measured(processes, units, seconds);
        let ideal = units.div_ceil(processes) as f64 * seconds;
        println!(
            "{processes:4} processes, {units:5} units of {seconds:5.2} s: {time:7.2} s, without cost {ideal:7.2} s, {:6.0} units/s",
            units as f64 / time
        );
    };
    match [number(0), number(1), number(2)] {
        [Some(processes), Some(units), Some(seconds)] => told(processes as usize, units as usize, seconds),
        _ => {
            told(1, 2000, 0.0);
            told(2, 2000, 0.0);
            told(8, 2000, 0.0);
            told(256, 1000, 1.0);
            told(256, 1000, 10.0);
        }
    }
}
