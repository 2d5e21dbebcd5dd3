//! Every example of every builtin runs and gives what it says.

use crate::interp::call::equal;
use crate::interp::registry::all;
use crate::interp::tests::helpers::{described, interpreter, take_shown, value};
use crate::interp::value::{Value, text};

/// Builtins whose examples would write files or train.
const NEED_FILES_OR_TIME: &[&str] = &["dataset", "save", "load", "train", "trainable"];

/// Equal as a whole, numbers to rounding.
fn close(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => (x.value - y.value).abs() <= 1e-12 * (1.0 + y.value.abs()),
        (Value::List(x), Value::List(y)) => x.len() == y.len() && x.iter().zip(y.iter()).all(|(x, y)| close(x, y)),
        _ => equal(a, b) == Some(true),
    }
}

#[test]
fn examples_run_and_give_what_they_say() {
    for builtin in all() {
        for example in builtin.examples {
            take_shown();
            let mut session = interpreter();
            if let Err(problems) = session.run(builtin.name, example.code) {
                panic!("{}: {}\n{}", builtin.name, example.code, described(&problems));
            }
            let Some(gives) = example.gives else { continue };
            let found = take_shown().pop().unwrap_or(Value::Nothing);
            let wanted = value(gives);
            let (f, w) = (text::value(&found), text::value(&wanted));
            assert!(close(&found, &wanted), "{}: {} gives {f}, not {w}", builtin.name, example.code);
        }
    }
}

#[test]
fn names_are_unique_and_records_complete() {
    let mut names: Vec<&str> = all().map(|b| b.name).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    for builtin in all() {
        assert!(!builtin.summary.ends_with('.'), "{}", builtin.name);
        assert!(!builtin.words.is_empty(), "{}", builtin.name);
        assert!(!builtin.examples.is_empty() || NEED_FILES_OR_TIME.contains(&builtin.name), "{}", builtin.name);
    }
}

#[test]
fn signatures_read_as_calls() {
    let signature = |name: &str| all().find(|b| b.name == name).map(|b| b.signature()).unwrap_or_default();
    assert_eq!(signature("snap"), "snap(x, grid)");
    assert_eq!(signature("max"), "max(x, others …)");
    assert_eq!(signature("pi"), "pi");
    assert_eq!(signature("sort"), "sort(list, by = none, reverse = false)");
}
