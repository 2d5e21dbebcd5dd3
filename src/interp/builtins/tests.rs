//! Every example of every builtin runs and gives the stated result.

use crate::interp::eval::SYSTEM_ENTRIES;
use crate::interp::registry::all;
use crate::interp::tests::helpers::{code, described, interpreter, number, take_shown, texts, value};
use crate::interp::value::{Value, equal, text};

/// Builtins whose examples would write files or train.
const NEED_FILES_OR_TIME: &[&str] = &["dataset", "save", "load", "train", "trainable", "committee", "mean_parameters"];

/// Whether values are equal, numbers to within rounding.
fn close(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => (x.value - y.value).abs() <= 1e-12 * (1.0 + y.value.abs()),
        (Value::List(x), Value::List(y)) => x.len() == y.len() && x.iter().zip(y.iter()).all(|(x, y)| close(x, y)),
        _ => equal(a, b) == Some(true),
    }
}

#[test]
fn examples_run_and_give_the_stated_results() {
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
fn defaults_are_shown_as_they_are_used() {
    let entries = SYSTEM_ENTRIES.iter().map(|entry| ("system", entry));
    let params = all().flat_map(|b| b.params.iter().map(|param| (b.name, param)));
    let mut evaluated = 0;
    for (of, param) in params.chain(entries) {
        let Some(default) = param.default else { continue };
        let Some(used) = default.value() else { continue };
        let shown = value(&default.text());
        let same = equal(&shown, &used).unwrap_or_else(|| format!("{shown:?}") == format!("{used:?}"));
        assert!(same, "`{}` of `{of}`: `{}` is {shown:?}, not {used:?}", param.name, default.text());
        assert!(param.takes.iter().any(|kind| used.is(*kind)), "`{}` of `{of}`", param.name);
        evaluated += 1;
    }
    assert!(evaluated > 30, "{evaluated}");
}

/// Defaults that depend on other arguments.
#[test]
fn absent_defaults_do_what_they_say() {
    let setup = "use std.functionals\nlet g = uniform(points: 101, spacing: 0.1)\nlet n = exp(-g.x^2)\n";
    let halves = format!("{setup}energy(functionals.lsda, n) == energy(functionals.lsda, n / 2, n / 2)");
    assert!(matches!(value(&halves), Value::Bool(true)));
    assert!(matches!(value("fold([5, 2], fn(a, b) = a - b) == fold([2], fn(a, b) = a - b, 5)"), Value::Bool(true)));
    assert!(matches!(
        value("uniform(points: 9, spacing: 1) == uniform(points: 9, spacing: 1, stencil: 5, wall: zero)"),
        Value::Bool(true)
    ));
}

#[test]
fn kinds_are_described_in_words() {
    let kinds = |name: &str| all().find(|b| b.name == name).map(|b| b.kinds()).unwrap_or_default();
    assert_eq!(
        kinds("uniform"),
        "`points`: a whole number; `spacing`, `from`, `to`: a length; `stencil`: a whole number; `wall`: `zero` or `odd`; \
         returns a grid"
    );
    assert_eq!(kinds("print"), "");
    assert_eq!(kinds("pi"), "");
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

#[test]
fn logarithms_of_powers_are_whole() {
    let lists = "[log10(10^k) - k for k in -20 .. 22] |> max\n[log2(2^k) - k for k in -1000 .. 1000] |> max";
    assert_eq!(texts(lists), ["0", "0"]);
    for k in -307..309 {
        assert_eq!(number(&format!("log10(1e{k})")), f64::from(k), "{k}");
    }
    let field = "let g = uniform(points: 9, spacing: 0.3)\nlog10(1000 + 0 * g.x)[3]\nlog2(8 + 0 * g.x)[3]";
    assert_eq!(texts(field), ["3", "3"]);
}

#[test]
fn a_jump_or_a_pole_is_no_root() {
    for f in ["1 / x", "1 / (x - 0.1)^3", "where(x > 0.2, 3, -2)", "tan(x + pi / 2 - 0.1)"] {
        assert_eq!(code(&format!("root(fn(x) = {f}, -1 .. 1)")), "ksr::run::jump", "{f}");
    }
    for (f, x) in [("tanh(1e6 * (x - 0.3))", 0.3), ("(x - 0.5)^3", 0.5), ("x", 0.0), ("1e-200 * (x - 0.25)", 0.25)] {
        let found = number(&format!("root(fn(x) = {f}, -1 .. 1)"));
        assert!((found - x).abs() < 1e-4, "{f}: {found}");
    }
}

#[test]
fn a_jump_however_small_and_a_pole_at_an_end_are_no_root() {
    for (f, interval) in [
        ("1 / x", "-1 .. 0"),
        ("1 / x", "0 .. 1 by 1"),
        ("if x > 0.3 then inf else -1", "0 .. 1"),
        ("if x > 2.9 then 5 else 1e-3 * sign(x - 1)", "0 .. 3"),
        ("floor(x) - 0.5", "0 .. 3"),
        ("tan(x)", "1 .. 2"),
        ("1 / (x - 0.3)^2 * sign(x - 0.3)", "0 .. 1"),
    ] {
        let interval = interval.trim_end_matches(" by 1");
        let at = |x: &str| interval.replace("0 .. 1", x);
        let interval = if f == "1 / x" && interval == "0 .. 1" { at("-1e-9 .. 1") } else { interval.to_owned() };
        assert_eq!(code(&format!("root(fn(x) = {f}, {interval})")), "ksr::run::jump", "{f}");
    }
    for (f, interval, x) in [
        ("ln(x)", "0 .. 3", 1.0),
        ("ln(x / (1 - x))", "0 .. 1", 0.5),
        ("sign(x) * abs(x)^(1/30)", "-1 .. 8", 0.0),
        ("exp(100 * x) - 1", "-1 .. 5", 0.0),
        ("(x - 0.5)^3 - 1e-14", "0 .. 1", 0.5),
        ("x^3 - 3 * x^2 + 3 * x - 1", "0 .. 3", 1.0),
        ("x - 2", "3 .. 0", 2.0),
    ] {
        let found = number(&format!("root(fn(x) = {f}, {interval})"));
        assert!((found - x).abs() < 3e-5, "{f}: {found}");
        let rough = number(&format!("root(fn(x) = {f}, {interval}, tolerance: 1e-2)"));
        assert!((rough - x).abs() < 3e-2, "{f}: {rough}");
    }
    for wrong in ["root(fn(x) = x - 0.5, 0 .. 1, tolerance: inf)", "minimum(fn(x) = -1 / x^2, -1 .. 1)"] {
        assert_eq!(code(wrong), "ksr::run::value", "{wrong}");
    }
    assert_eq!(code("minimum(fn(x) = x + nan, 0 .. 1)"), "ksr::run::value");
}

#[test]
fn reversed_or_infinite_bounds_are_refused() {
    let grid = "let g = uniform(points: 9, spacing: 1)\n";
    for call in [
        "clamp(5, from: 3, to: 1)",
        "clamp(5 bohr, from: 3 bohr, to: 1 angstrom)",
        "clamp([1, 2], from: [0, 3], to: 2)",
        "clamp(g.x, from: g.x, to: 0)",
        "linspace(0 .. inf, 3)",
        "linspace(nan .. 1, 3)",
        "linspace(-inf .. inf, 3)",
        "linspace(0 .. 1, inf)",
        "uniform(from: 1, to: 0, spacing: 0.1)",
        "uniform(from: 1, to: 1, spacing: 0.1)",
        "uniform(from: nan, to: 1, points: 11)",
        "uniform(from: 0, to: 1, spacing: -0.1)",
        "uniform(from: 0, to: 1, spacing: 0)",
        "uniform(points: 11, spacing: inf)",
        "uniform(points: nan, spacing: 1)",
        "snap(nan, g)",
        "snap([0, inf], g)",
        "sort([3, \"a\"])",
        "sort([1 bohr, 1 eV])",
    ] {
        assert_eq!(code(&format!("{grid}{call}")), "ksr::run::value", "{call}");
    }
    let good = "clamp(5, from: 1, to: 3)\nclamp(g.x, from: -1, to: abs(g.x))[0]\nclamp(2, from: 2, to: 2)\n\
                linspace(1 .. 0, 3)\nlinspace(-1e308 .. 1e308, 3)";
    assert_eq!(texts(&format!("{grid}{good}")), ["3", "-1", "2", "[1, 0.5, 0]", "[-1e308, 0, 1e308]"]);
}

#[test]
fn sums_do_not_overflow_on_the_way() {
    let grid = "let g = uniform(points: 65, spacing: 0.3)\nlet f = (1 + 0 * g.x) * 1e308\n";
    let even = number(&format!("{grid}integral(g.x * 1e307) / 1e307"));
    assert!(even.abs() < 1e-12, "{even}");
    let area = number(&format!("{grid}integral(f / 30) / 1e308"));
    assert!((area - 65.0 * 0.3 / 30.0).abs() < 1e-12, "{area}");
    for (call, wanted) in [
        ("mean(f)", 1e308),
        ("mean([1e308, 1e308])", 1e308),
        ("sum([1e308, 1e308, -1e308, -1e308])", 0.0),
        ("sum([1e308, 1e308])", f64::INFINITY),
        ("sum([1, -inf])", f64::NEG_INFINITY),
        ("integral(concat(f / 30, g.x))[0]", 6.5e307),
    ] {
        let found = number(&format!("{grid}{call}"));
        assert!(found == wanted || (found / wanted - 1.0).abs() < 1e-12, "{call}: {found}");
    }
    assert_eq!(texts("is_nan(mean([nan, 1]))\nis_nan(sum([inf, -inf]))"), ["true", "true"]);
}

#[test]
fn comparisons_compare() {
    let told = |script: &str| crate::interp::tests::helpers::failure(script).to_string();
    let grid = "let g = uniform(points: 9, spacing: 1)\n";
    assert_eq!(told(&format!("{grid}g == 1")), "`==` does not compare a grid with a number");
    assert_eq!(told("1 + \"a\""), "`+` does not combine a number with a string");
    assert_eq!(told("let a = 1 bohr\nlet b = 1 eV\na < b"), "`<` cannot compare a length with an energy");
    assert_eq!(told("sort([3, \"a\"])"), "`sort` cannot order a number and a string");
    assert_eq!(told("sort([[1], [2]])"), "`sort` cannot order a list and another");
}

/// Rows of a table are records; parts of a table are tables.
#[test]
fn tables_have_rows() {
    let t = "let t = table { R: [3, 1, 2] * (1 bohr), E: [5, 7, 6], name: [\"c\", \"a\", \"b\"] }\n";
    for (expression, wanted) in [
        ("[row.R + 0 bohr for row in t if row.E > 5]", "[1 bohr, 2 bohr]"),
        ("sort(t, by: \"R\").E", "[7, 6, 5]"),
        ("sort(t, by: \"name\", reverse: true).name", "[c, b, a]"),
        ("sort(t, by: fn(row) = -row.E).R", "[1 bohr, 2 bohr, 3 bohr]"),
        ("filter(t, fn(row) = row.E < 7).name", "[c, b]"),
        ("filter(fn(row) = false, t).E", "[]"),
        ("t[t.R > 1 bohr].E", "[5, 6]"),
        ("t.E[t.R > 1 bohr]", "[5, 6]"),
        ("map(t, fn(row) = row.E)", "[5, 7, 6]"),
        ("[[a, b] for a in 1 .. 2 for b in 0 .. a if b > 0]", "[[1, 1], [2, 1], [2, 2]]"),
        ("[x for r in [[1, 2], [3]] for x in r]", "[1, 2, 3]"),
    ] {
        assert_eq!(texts(&format!("{t}{expression}")), [wanted], "{expression}");
    }
    for (expression, wanted) in [
        ("t[[true, false]]", "ksr::run::value"),
        ("sort(t, by: \"Q\")", "ksr::types::no_field"),
        ("sort([1, 2], by: \"R\")", "ksr::run::value"),
        ("sort(t)", "ksr::run::value"),
        ("[a for a in b for b in [1]]", "ksr::names::unknown"),
    ] {
        assert_eq!(code(&format!("{t}{expression}")), wanted, "{expression}");
    }
}
