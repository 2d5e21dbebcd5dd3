//! Random inputs for everything that reads what others wrote: none may panic, whatever else happens with it.
//!
//! `cargo test --release --test fuzz` tries a few thousand inputs of each kind. `KSR_FUZZ=250000` sets how many, `KSR_FUZZ_SEED=7`
//! where to begin, and a failure names the seed of its input and shows it. If `KSR_FUZZ` is set, the seed that is being tried is in
//! `target/tmp/fuzz/`, for an input that aborts the process or never ends; `KSR_FUZZ_SHOW=1` shows every input before it is tried.
//! Finds become tests of the code at fault.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout)] // a test may fail, and say what it did

#[path = "fuzz/arrays.rs"]
mod arrays;
#[path = "fuzz/mutate.rs"]
mod mutate;
#[path = "fuzz/scripts.rs"]
mod scripts;

use ksr::interp::on_large_stack;
use mutate::Dice;
use std::io::{Seek, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Inputs of each kind, unless `KSR_FUZZ` says otherwise.
const INPUTS: u64 = 2000;

/// Tries inputs made by `make` from numbered seeds.
fn attack(target: &str, share: u64, make: impl Fn(&mut Dice) -> Vec<u8> + Send, run: impl Fn(&[u8]) + Send) {
    on_large_stack(|| attack_here(target, share, make, run)).expect("no panic");
}

/// One thread for all inputs: it parses the standard library once.
fn attack_here(target: &str, share: u64, make: impl Fn(&mut Dice) -> Vec<u8>, run: impl Fn(&[u8])) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (asked, first) = (number("KSR_FUZZ"), number("KSR_FUZZ_SEED").unwrap_or(1));
    let mut noted = asked.map(|_| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::File::create(folder.join(target)).expect("a file for the seed")
    });
    let inputs = asked.unwrap_or(INPUTS / share);
    for seed in first..first + inputs {
        if let Some(file) = &mut noted {
            file.rewind().and_then(|()| write!(file, "{seed:20}")).expect("the seed is kept");
        }
        let input = make(&mut Dice::new(seed));
        if std::env::var_os("KSR_FUZZ_SHOW").is_some() {
            println!("{target}, seed {seed}:\n{}", String::from_utf8_lossy(&input));
        }
        if catch_unwind(AssertUnwindSafe(|| run(&input))).is_err() {
            panic!("{target}, seed {seed}:\n{}", String::from_utf8_lossy(&input));
        }
    }
    println!("{target}: {inputs} inputs from seed {first}");
}

#[test]
fn texts_are_read_checked_and_laid_out() {
    let corpus = mutate::shorter(&mutate::corpus(), 3000);
    attack("texts", 1, |dice| mutate::script(dice, &corpus), scripts::read);
}

#[test]
fn scripts_are_run_within_their_budget() {
    let corpus = mutate::quick(&mutate::corpus());
    attack("scripts", 4, |dice| mutate::script(dice, &corpus), scripts::run);
}

#[test]
fn model_files_are_used() {
    let corpus = vec![scripts::saved_model()];
    attack("models", 4, |dice| mutate::script(dice, &corpus), scripts::use_model);
}

#[test]
fn entries_of_the_repl_follow_each_other() {
    let corpus = mutate::quick(&mutate::corpus());
    attack("entries", 4, |dice| mutate::script(dice, &corpus), scripts::enter);
}

#[test]
fn arrays_and_archives_are_read() {
    let corpus = arrays::corpus();
    attack("arrays", 1, |dice| arrays::mutated(dice, &corpus), arrays::read);
}
