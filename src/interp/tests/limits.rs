//! What a script may take: how deep, how many, how much.

use super::helpers::{code, failure, interpreter_in, shows};
use crate::interp::{Interpreter, Options, ScriptEnding};
use crate::world::Memory;
use std::rc::Rc;

#[test]
fn values_nested_very_deeply_are_refused_where_they_are_made() {
    for script in [
        "fold(0 .. 1000000, fn(a, k) = [a], 1)",
        "fold(0 .. 1000000, fn(a, k) = { inner: a }, 1)",
        "fold(0 .. 1000000, fn(a, k) = [k, { inner: [a] }], 1)",
        "fold(0 .. 1000000, fn(a, k) = table { x: [a] }, 1)",
        "fold(0 .. 1000000, fn(a, k) = [a for k in 0 .. 0], 1)",
        "fold(0 .. 1000000, fn(a, k) = map([a], fn(x) = [x]), 1)",
        "fold([[1] for k in 0 .. 2000], zip, [1])",
        "fold(0 .. 1000000, fn(a, k) = record([\"inner\"], [a]), 1)",
    ] {
        let problem = failure(script);
        assert_eq!(problem.code(), "ksr::run::nested", "{script}");
        assert_eq!(problem.to_string(), "values are nested more than 1000 levels deep");
    }
    assert_eq!(shows("len(fold(0 .. 998, fn(a, k) = [a], 1))"), "1");
    assert_eq!(shows("len(fold(0 .. 50000, fn(a, k) = if k / 2 == round(k / 2) then [a] else a[0], [1]))"), "1");
}

#[test]
fn the_elements_of_inner_lists_count() {
    // A list that is twice in another takes no memory, but what is written of it does.
    for script in [
        "fold(0 .. 60, fn(a, k) = [a, a], 1)",
        "fold(0 .. 60, fn(a, k) = { left: a, right: a }, 1)",
        "fn f(s, k) = if k == 0 then s else f(join(s, s), k - 1)\nf([1], 30)",
        "[0 .. 999999 by 1 for k in 0 .. 11]",
    ] {
        assert_eq!(code(script), "ksr::run::too_long", "{script}");
    }
    assert_eq!(shows("len(\"{fold(0 .. 9, fn(a, k) = [a, a], 1)}\")"), "5116");
}

#[test]
fn long_chains_of_functions_are_dropped() {
    assert_eq!(shows("let f = fold(0 .. 300000, fn(g, k) = fn(x) = g(x) + 1, fn(x) = x)\n1 + 1"), "2");
    assert_eq!(
        shows("let f = fold(0 .. 300000, fn(g, k) = { call: fn(x) = g.call(x) }, { call: fn(x) = x })\n1 + 1"),
        "2"
    );
    assert_eq!(shows("fold(0 .. 20, fn(g, k) = fn(x) = g(x) + 1, fn(x) = x)(0)"), "21");
}

#[test]
fn an_interpreter_may_have_less_memory() {
    let run = |script: &str| {
        let options = Options { max_memory: Some(20_000_000), ..Options::default() };
        let mut interpreter = Interpreter::new(Rc::new(super::helpers::Collector), Rc::new(Memory::default()), options);
        interpreter.run("test.ksr", script).map_err(|problems| problems[0].to_string())
    };
    let message = run("let a = linspace(0 .. 1, 500000)\nreverse(a)").expect_err("too much");
    assert!(message.contains("needs") || message.contains("has taken"), "{message}");
    let mut whole = interpreter_in(Rc::new(Memory::default()));
    assert_eq!(whole.run("test.ksr", "let a = linspace(0 .. 1, 500000)\nreverse(a);").ok(), Some(ScriptEnding::Done));
}
