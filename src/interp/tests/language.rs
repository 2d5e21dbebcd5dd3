//! The rules of the language, one by one.

use super::helpers::{code, failure, interpreter, interpreter_in, number, shows, take_lines, texts, value};
use crate::interp::value::Value;
use crate::interp::{Evaluated, on_large_stack};
use crate::world::Memory;

#[test]
fn lets_shadow_and_closures_keep_what_they_saw() {
    assert_eq!(shows("let a = 1\nfn f() = a\nlet a = 2\nf() * 10 + a"), "12");
}

#[test]
fn functions_see_later_definitions_and_themselves() {
    assert_eq!(shows("fn f(x) = g(x) + 1\nfn g(x) = 2 * x\nf(3)"), "7");
    assert_eq!(shows("fn fact(n) = if n < 2 then 1 else n * fact(n - 1)\nfact(10)"), "3628800");
}

#[test]
fn defaults_see_earlier_parameters() {
    assert_eq!(texts("fn f(a, b = 2 * a, c = a + b) = c\nf(1)\nf(1, 5)\nf(1, c: 0)"), ["3", "6", "0"]);
}

#[test]
fn blocks_end_their_definitions_and_have_a_value() {
    assert_eq!(shows("let a = 1\nlet b = {\n  let a = 5\n  a + 1\n}\na + b"), "7");
    assert_eq!(code("let b = {\n  let inner = 5\n  inner\n}\ninner"), "ksr::names::unknown");
}

#[test]
fn lambdas_are_values_and_capture() {
    assert_eq!(shows("fn adder(k) = fn(x) = x + k\nlet f = adder(3)\nf(4)"), "7");
}

#[test]
fn pipes_put_their_value_first() {
    assert_eq!(texts("fn f(x, a = 1) = x - a\n5 |> f\n5 |> f(3)\n5 |> f(a: 2)\n[3, 1] |> max"), ["4", "2", "3", "3"]);
}

#[test]
fn a_block_after_a_call_is_its_last_argument() {
    assert_eq!(shows("fn f(a, r) = a + r.x\nf(1) { x: 2 }"), "3");
}

#[test]
fn arguments_that_do_not_fit() {
    let f = "fn f(first, second = 2) = first\n";
    for (call, wanted) in [
        ("f()", "ksr::arity::missing"),
        ("f(1, 2, 3)", "ksr::arity::too_many"),
        ("f(1, third: 3)", "ksr::arity::unknown"),
        ("f(1, first: 3)", "ksr::arity::doubled"),
        ("let g = f\ng()", "ksr::arity::missing"),
        ("let g = f\ng(1, 2, 3)", "ksr::arity::too_many"),
        ("let g = f\ng(1, secnd: 3)", "ksr::arity::unknown"),
        ("let g = f\ng(1, first: 3)", "ksr::arity::doubled"),
    ] {
        assert_eq!(code(&format!("{f}{call}")), wanted, "{call}");
    }
    let near = failure("fn f(a, second = 2) = a\nlet g = f\ng(1, secnd: 3)");
    assert!(near.error.help().is_some_and(|h| h.to_string().contains("`second`")));
}

#[test]
fn intervals_list_whole_ends_or_steps() {
    assert_eq!(shows("[i for i in 0 .. 3]"), "[0, 1, 2, 3]");
    assert_eq!(shows("[x for x in 0.4 .. 1 by 0.2]"), "[0.4, 0.6, 0.8, 1]");
    assert_eq!(shows("len(0.4 .. 6.0 by 0.16)"), "36");
    assert_eq!(shows("3 .. 1 by -1"), "[3, 2, 1]");
    assert_eq!(shows("[i for i in 3 .. 2]"), "[]");
    assert_eq!(shows("0 .. 1.5"), "0 .. 1.5");
    assert_eq!(shows("(0 .. 2) + 1"), "[1, 2, 3]");
    assert_eq!(code("[i for i in 0 .. 1.5]"), "ksr::run::interval");
    assert_eq!(code("0 .. 1 by 0"), "ksr::run::step");
    assert_eq!(code("0 .. 1 by -1"), "ksr::run::step");
    assert_eq!(code("len(0 .. 1000000000000)"), "ksr::run::too_long");
}

#[test]
fn indices_count_from_zero_and_from_the_end() {
    let v = "let v = [10, 11, 12, 13]\n";
    for (index, wanted) in [
        ("v[0]", "10"),
        ("v[-1]", "13"),
        ("v[1 .. 2]", "[11, 12]"),
        ("v[1 .. -1]", "[11, 12, 13]"),
        ("\"abc\"[-1]", "c"),
    ] {
        assert_eq!(shows(&format!("{v}{index}")), wanted, "{index}");
    }
    for (index, wanted) in [
        ("v[4]", "ksr::run::index"),
        ("v[-5]", "ksr::run::index"),
        ("v[0.5]", "ksr::run::value"),
        ("v[1 bohr]", "ksr::types::mismatch"),
        ("v[2 .. 9]", "ksr::run::index"),
        ("v[true]", "ksr::types::mismatch"),
        ("3[0]", "ksr::types::mismatch"),
    ] {
        assert_eq!(code(&format!("{v}{index}")), wanted, "{index}");
    }
}

#[test]
fn comprehensions_filter_and_nest() {
    assert_eq!(shows("[R * 10 for R in [1, 2, 3] if R > 1]"), "[20, 30]");
    assert_eq!(shows("[[i * j for j in 1 .. i] for i in 1 .. 3]"), "[[1], [2, 4], [3, 6, 9]]");
    assert_eq!(code("[i for i in 3]"), "ksr::types::mismatch");
    assert_eq!(code("[i for i in [1] if i]"), "ksr::types::mismatch");
}

#[test]
fn lists_are_vectors() {
    assert_eq!(shows("[1, 2] + [10, 20]"), "[11, 22]");
    assert_eq!(shows("2 * [1, 2] ^ 2"), "[2, 8]");
    assert_eq!(shows("-[[1], [2, 3]]"), "[[-1], [-2, -3]]");
    assert_eq!(shows("[1, 5] > 2"), "[false, true]");
    assert_eq!(code("[1, 2] + [1, 2, 3]"), "ksr::types::lengths");
    assert_eq!(code("[1, \"a\"] + 1"), "ksr::types::operands");
}

#[test]
fn strings_take_values_in() {
    assert_eq!(shows("let R = 1.4 angstrom\n\"R = {R}, {1 + 1} {[1, 2]}\""), "R = 2.64561657448 bohr, 2 [1, 2]");
    assert_eq!(code("\"a\" + 1"), "ksr::types::operands");
}

#[test]
fn records_have_members() {
    assert_eq!(shows("let r = { a: 1, b: { c: 2 } }\nr.a + r.b.c"), "3");
    assert_eq!(code("let r = { alpha: 1 }\nr.alhpa"), "ksr::types::no_field");
    assert_eq!(code("(1).x"), "ksr::types::no_field");
}

#[test]
fn conditions_are_truth_values() {
    assert_eq!(texts("if 1 < 2 then 3 else 4\nnot true or false\ntrue and 1 == 1"), ["3", "false", "true"]);
    assert_eq!(
        shows("true or undefined_never_asked(1)".replace("undefined_never_asked(1)", "1 / 0 > 0").as_str()),
        "true"
    );
    assert_eq!(code("if 1 then 2 else 3"), "ksr::types::mismatch");
    assert_eq!(code("1 and true"), "ksr::types::mismatch");
}

#[test]
fn equality_is_of_the_whole() {
    assert_eq!(
        texts("[1, 2] == [1, 2]\n[1] == [1, 2]\n\"a\" != \"b\"\n{ a: 1 } == { a: 1 }"),
        ["true", "false", "true", "true"]
    );
    assert_eq!(code("1 == \"a\""), "ksr::types::operands");
}

#[test]
fn only_functions_can_be_called() {
    assert_eq!(code("let x = 3\nx(1)"), "ksr::types::not_callable");
    assert_eq!(code("[1, 2](0)"), "ksr::types::not_callable");
}

#[test]
fn endless_recursion_is_an_error_and_deep_recursion_is_not() {
    let done = on_large_stack(|| {
        assert_eq!(code("fn f(n) = f(n + 1)\nf(0)"), "ksr::run::recursion");
        assert_eq!(code("fn f(n) = [g(n)]\nfn g(n) = f(n)[0] + 1\nf(0)"), "ksr::run::recursion");
        assert_eq!(number("fn f(n) = if n == 0 then 0 else 1 + f(n - 1)\nf(990)"), 990.0);
    });
    assert!(done.is_ok());
}

#[test]
fn deep_nesting_inside_deep_recursion_fits_the_stack() {
    let body = format!("{}f(n - 1){}", "(1 + ".repeat(40), ")".repeat(40));
    let script = format!("fn f(n) = if n == 0 then 0 else {body}\nf(990)");
    assert!(on_large_stack(|| assert_eq!(number(&script), 40.0 * 990.0)).is_ok());
}

#[test]
fn errors_inside_functions_tell_the_way() {
    let problem = failure("fn f(x) = x + 1 bohr\nfn g(x) = f(x)\ng(1 hartree)");
    assert_eq!(problem.code(), "ksr::units::clash");
    let notes: Vec<&str> = problem.via.iter().map(|v| v.note.as_str()).collect();
    assert_eq!(notes, ["in this call of `f`", "in this call of `g`"]);
}

#[test]
fn statements_ending_in_a_semicolon_are_silent() {
    assert_eq!(texts("1\n2;\n3"), ["1", "3"]);
}

#[test]
fn the_repl_keeps_definitions_and_forgets_failed_entries() {
    let mut session = interpreter();
    let mut entry = |text: &str| session.eval_entry(text);
    assert!(matches!(entry("let a = 1"), Ok(Evaluated::Done)));
    assert!(matches!(entry("let b = ["), Ok(Evaluated::Incomplete)));
    assert!(entry("let a = 5; let b = a + \"x\"").is_err());
    assert!(matches!(entry("a + 1"), Ok(Evaluated::Done)));
    assert!(matches!(entry("ans * 10"), Ok(Evaluated::Done)));
    let shown: Vec<String> =
        crate::interp::tests::helpers::take_shown().iter().map(crate::interp::value::text::value).collect();
    assert_eq!(shown, ["2", "20"]);
    assert!(entry("b").is_err());
}

#[test]
fn overrides_replace_top_level_lets() {
    let run = |name: &str, given: &str, script: &str| {
        let mut session = interpreter();
        session.options.overrides = vec![(name.into(), given.into())];
        crate::interp::tests::helpers::take_shown();
        session.run("test.ksr", script).map(|_| {
            crate::interp::tests::helpers::take_shown().iter().map(crate::interp::value::text::value).collect()
        })
    };
    let shown: Vec<String> = run("R", "1 + 1", "let R = 5\nlet S = 2 * R\nS").expect("runs");
    assert_eq!(shown, ["4"]);
    let code = |r: Result<Vec<String>, Vec<crate::problem::Problem>>| r.map_err(|p| p[0].code()).err();
    assert_eq!(code(run("Q", "1", "let R = 5")), Some("ksr::run::set".into()));
    assert_eq!(code(run("R", "1; 2", "let R = 5")), Some("ksr::run::set_value".into()));
}

#[test]
fn the_session_documents_itself() {
    let mut session = interpreter();
    session.eval_entry("## Twice.\nfn twice(x, y = 2) = 2 * x\nlet R = 1 bohr").expect("runs");
    let doc = session.doc("twice").expect("documented");
    assert_eq!((doc.signature.as_str(), doc.text.as_str()), ("twice(x, y = …)", "Twice."));
    assert_eq!(session.type_of("[R, 2 * R]").expect("typed"), "a list of 2 lengths");
    assert!(session.names().contains(&"twice".to_string()) && session.names().contains(&"sqrt".to_string()));
    assert_eq!(session.parameters("twice"), ["x", "y"]);
    assert_eq!(session.list().len(), 2);
    assert!(session.doc("sqrt").is_some_and(|d| !d.examples.is_empty()));
    assert!(session.doc("kcal/mol").is_some());
    assert!(session.search("logarithm").len() >= 3);
}

#[test]
fn used_files_are_evaluated_when_needed() {
    let world = std::rc::Rc::new(Memory::default());
    let write = |name: &str, text: &str| world.put(name, text);
    write(
        "lib.ksr",
        "print(\"never\")\nlet broken = 1 bohr + 1 hartree\nlet a = 3\nfn f(x) = g(x) + a\nfn g(x) = 2 * x\n",
    );
    write("cycle.ksr", "let a = b\nlet b = a\n");
    write("one.ksr", "use \"two.ksr\"\n");
    write("two.ksr", "use \"one.ksr\"\n");
    let run = |script: &str| {
        let mut session = interpreter_in(world.clone());
        crate::interp::tests::helpers::take_shown();
        let outcome = session.run("test.ksr", script);
        outcome.map(|_| {
            crate::interp::tests::helpers::take_shown()
                .last()
                .map(crate::interp::value::text::value)
                .unwrap_or_default()
        })
    };
    take_lines();
    assert_eq!(run("use \"lib.ksr\"\nlib.f(1)").expect("runs"), "5");
    assert_eq!(run("use \"lib.ksr\" (f)\nf(1)").expect("runs"), "5");
    assert_eq!(run("use \"lib.ksr\" as l\nl.a").expect("runs"), "3");
    assert!(take_lines().is_empty());
    let code = |script: &str| run(script).map_err(|p| p[0].code()).err().unwrap_or_default();
    assert_eq!(code("use \"lib.ksr\"\nlib.broken"), "ksr::units::clash");
    assert_eq!(code("use \"lib.ksr\" (ff)"), "ksr::names::not_in_module");
    assert_eq!(code("use \"lib.ksr\"\nlib.nothing"), "ksr::names::not_in_module");
    assert_eq!(code("use \"cycle.ksr\"\ncycle.a"), "ksr::run::cycle");
    assert_eq!(code("use \"one.ksr\""), "ksr::run::module_cycle");
    assert_eq!(code("use \"absent.ksr\""), "ksr::run::file");
    assert_eq!(code("use std.lossess"), "ksr::names::module");
}

#[test]
fn standard_atoms_and_interactions_need_no_use() {
    assert_eq!(shows("Be.charge"), "4");
    assert!((number("soft_coulomb(softening: 2.0)(0)") - 0.5).abs() < 1e-15);
    assert!(matches!(value("use std.atoms\natoms.H"), Value::Record(_)));
}

#[test]
fn listed_intervals_equal_their_lists() {
    assert_eq!(
        texts("(0 .. 3) == [0, 1, 2, 3]\n[0, 1] == (0 .. 3)\n(0 .. 3) != [0, 1, 2, 3]"),
        ["true", "false", "false"]
    );
}

#[test]
fn functions_see_modules_used_after_them() {
    let world = std::rc::Rc::new(Memory::default());
    let write = |name: &str, text: &str| world.put(name, text);
    write("lib.ksr", "fn g(x) = 2 * x\n");
    write("outer.ksr", "fn h(x) = m.g(x) + 1\nuse \"lib.ksr\" as m\n");
    let run = |script: &str| {
        crate::interp::tests::helpers::take_shown();
        let outcome = interpreter_in(world.clone()).run("test.ksr", script);
        outcome.map(|_| {
            crate::interp::tests::helpers::take_shown()
                .iter()
                .map(crate::interp::value::text::value)
                .collect::<Vec<_>>()
        })
    };
    let script = "use \"outer.ksr\"\nfn f(x) = m.g(x)\nuse \"lib.ksr\" as m\nf(1) + outer.h(1)";
    assert_eq!(run(script).map_err(|p| crate::interp::tests::helpers::described(&p)), Ok(vec!["5".into()]));
    // The names that a module imports are not part of it.
    let problems = run("use \"outer.ksr\"\nouter.m.g(1)").expect_err("not a member");
    assert_eq!(problems[0].to_string(), "`outer` has no `.m`");
}

#[test]
fn modules_of_earlier_entries_are_called_by_their_names() {
    let mut session = interpreter();
    session.eval_entry("use std.functionals as fs").expect("runs");
    let problems = session.eval_entry("fs.ldaa").expect_err("no such name");
    assert!(problems[0].to_string().starts_with("`fs` has no `ldaa`"), "{}", problems[0]);
}

#[test]
fn records_and_tables_are_indexed_by_name() {
    assert_eq!(
        texts("let r = { a: 1, b: [2, 3] }\nr[\"b\"]\n[kind(r[k]) for k in keys(r)]\nrecord(keys(r), [4, 5]).a"),
        ["[2, 3]", "[number, list]", "4"]
    );
    assert_eq!(
        texts("let t = table { R: [1, 2], E: [3, 4] }\nt[\"E\"]\nkeys(t)\nt[1][\"E\"]"),
        ["[3, 4]", "[R, E]", "4"]
    );
    assert_eq!(code("{ a: 1 }[\"b\"]"), "ksr::types::no_field");
    assert_eq!(code("{ a: 1 }[0]"), "ksr::types::mismatch");
    assert_eq!(code("record([\"a\", \"a\"], [1, 2])"), "ksr::run::value");
    assert_eq!(code("record([\"a\"], [1, 2])"), "ksr::types::lengths");
}

#[test]
fn kinds_have_the_names_of_json() {
    for (x, kind) in [
        ("1", "number"),
        ("1 eV", "quantity"),
        ("1 .. 3", "list"),
        ("0.5 .. 3", "interval"),
        ("\"a\"", "string"),
        ("exact", "function"),
        ("fn(x) = x", "function"),
        ("none", "interaction"),
        ("table { a: 1 }", "table"),
    ] {
        assert_eq!(shows(&format!("kind({x})")), kind, "{x}");
    }
    assert_eq!(shows("functional f(n) = n\nkind(f)"), "functional");
    assert_eq!(texts("let i = 0.5 .. 2 bohr\ni.from\ni.to"), ["0.5 bohr", "2 bohr"]);
}

#[test]
fn fields_and_numbers_of_lists_do_not_combine() {
    let grid = "grid g = uniform(points: 9, spacing: 1)\n";
    for wrong in ["g.x + [1, 2, 3]", "[1, 2, 3] * g.x", "(0 .. 2) - g.x", "max(g.x, [1, 2, 3])"] {
        assert_eq!(code(&format!("{grid}{wrong}")), "ksr::types::operands", "{wrong}");
    }
    assert_eq!(shows(&format!("{grid}([g.x, 2 * g.x] - g.x)[1][5]")), "1");
}

#[test]
fn nan_is_neither_lost_nor_the_best() {
    for list in ["[1, nan, 3, 2]", "[nan]"] {
        assert_eq!(shows(&format!("is_nan(median({list}))")), "true", "{list}");
    }
    assert_eq!(shows("median([x for x in [1, nan, 3, 2] if not is_nan(x)])"), "2");
    assert_eq!(shows("[argmin([nan, 1]), argmin([2, nan, 1]), argmax([nan, 1, nan, 3])]"), "[1, 2, 3]");
    assert_eq!(code("argmin([nan, nan])"), code("argmax([nan])"));
}
