use super::*;
use crate::lang::Kind;
use crate::lang::parse;
use crate::source::SourceId;
use std::rc::Rc;

fn signature(params: &str) -> Known {
    let mut signature = Signature::default();
    for word in params.split_whitespace() {
        match word {
            "…" => signature.rest = true,
            "{}" => signature.options = true,
            "!" => signature.effect = true,
            "run" => {
                let members = vec!["energy".into(), "density".into()];
                signature.gives = Some(Rc::new(Answer { kind: "a run".into(), members }));
            }
            _ => {
                let (name, optional) = word.strip_suffix('?').map_or((word, false), |name| (name, true));
                let (name, named) = name.strip_suffix(':').map_or((name, false), |name| (name, true));
                let takes: &'static [Kind] = match name {
                    "iterations" | "points" => &[Kind::Number],
                    "symmetric" => &[Kind::Truth],
                    _ => &[],
                };
                signature.params.push(Parameter {
                    name: name.into(),
                    required: !optional,
                    named,
                    takes,
                    entries: Vec::new(),
                });
            }
        }
    }
    Known::Callable(Rc::new(signature))
}

fn names() -> Names {
    let mut names = Names { library: vec!["losses".into(), "functionals".into()], ..Names::default() };
    for (name, params) in [
        ("sqrt", "x"),
        ("exp", "x"),
        ("grad", "field"),
        ("max", "value …"),
        ("print", "value !"),
        ("uniform", "points spacing? wall?"),
        ("solve", "system with:? iterations:? symmetric:? {} run"),
        ("train", "functional on:? loss:? {}"),
        ("normal", "mean width"),
    ] {
        Rc::make_mut(&mut names.globals).insert(name.into(), signature(params));
    }
    for name in ["pi", "H", "He", "none"] {
        Rc::make_mut(&mut names.globals).insert(name.into(), Known::Value);
    }
    let losses = parse(SourceId(1), "loss ksr(run, exact, skip = 10) { skip }\nlet weight = 2").unwrap();
    names.modules.insert("std.losses".into(), definitions(&losses));
    names
}

/// Codes and marked words.
fn errors(text: &str) -> Vec<(String, String)> {
    let program = parse(SourceId(0), text).unwrap_or_else(|e| panic!("{text}\n{e:#?}"));
    let told = check(&program, &names()).into_iter().map(|p| {
        let words = text.get(p.span.start as usize..p.span.end as usize).unwrap_or("?");
        (p.code().trim_start_matches("ksr::").to_owned(), words.to_owned())
    });
    told.collect()
}

#[test]
fn correct_programs_pass() {
    for text in [
        "let x = 1\nlet x = x + 1\nx",
        "fn f(a) = g(a)\nfn g(a) = f(a)\nf(1)",
        "fn f(a, b = a) = a + b\nf(1)\nf(1, 2)\nf(b: 1, a: 2)\n3 |> f\n3 |> f(2)",
        "fn f(x) { fn g(y) = x + y\n let h = fn(z) = g(z)\n h(x) }",
        "functional f(n, w = 3) = w * n\nfunctional g(n) = f(n) + f(w: 2)(n)\nf(w: 2)",
        "functional f(n) = n\nfunctional g(n_up, n_down) = f(n_up, n_down) + n_up |> f(n_down)",
        "functional f(n, w = 3) = n\nfunctional g(a, b) = f(a, b) + f(a, b, 2) + f(a, b, w: 2) + f(a, 2)",
        "grid line = uniform(points: 3)\nsystem h2(R, g = line) on g { H at -R/2 for i in 0 .. 3 if i > R; charge: 1 }\nsolve(h2(1)) { iterations: 3 }",
        "grid line = uniform(points: 3)\nsystem he on line { He at 0; potential(x): x^2; interaction(r): exp(r) }\nhe |> solve(with: sqrt)",
        "use std.losses\nuse std.losses (ksr, weight)\nlosses.ksr(skip: 3)\nksr(skip: weight)",
        "use \"my/lib.txt\"\nuse \"b\"\nlib.a(1) + b.c",
        "use \"my-lib.ksr\" as m\nuse \"2d.ksr\" (f)\nm.a + f(1)",
        "use std.losses as l\nl.ksr\nuse \"other.ksr\"\nother.anything(1, a: 2)",
        "0.5 bohr + 1\n1 eV * 2 bohr + 3\n1 eV / 1 eV + 2 bohr\n2 bohr^2 - (3 bohr)^2\n1 eV -> kcal/mol\n1 -> eV",
        "1 eV < 2 hartree\nsqrt(2 bohr) + 1 eV\n1 eV .. 2 hartree by 0.1",
        "max(1, 2, 3)\n[1, 2] |> max(3)\n\"{pi}\"",
        "let options = { on: 1 }\ntrain(sqrt, options)\ntrain sqrt { on: [] }",
        "functional f(n) { param a = 1\n fn layer(x) { param b[3] ~ normal(0, 1)\n b }\n a + layer(n) }",
        "fn layer(x) { param w = 1\n w * x }",
        "let r = { a: 1 }\nr.a\nlet r = sqrt(2)\nr.b",
        "let r = { a: 1 }\nfn f(x) = r.b\nlet r = { b: 1 }\nf(1)",
        "fn report(x) { print(x)\n x }\nfn all(x) { report(x)\n print(x)\n x }",
        "loss l(run, exact, w = 0.5) { let e = run.energy - exact.energy\n w * e^2 }",
        "[R for R in 0 .. 3 if R > 1]",
        "let f = fn(x) = x\nf(1)\nlet f = 2",
        "fn f(sqrt) = sqrt(1, 2, 3)",
        "functional f(up, down) = up\nfunctional g(na, nb) = na\nfunctional h(rho_alpha, rho_beta) = rho_alpha",
        "functional f(n_up, n_dn) = n_up\nfunctional g(up_n, down_n) = up_n\nfunctional h(n1, n2) = n1",
    ] {
        assert_eq!(errors(text), [], "{text}");
    }
}

#[test]
fn errors_are_found() {
    for (text, code, place) in [
        ("sqtr(2)", "names::unknown", "sqtr"),
        ("[R for R in Rs]", "names::unknown", "Rs"),
        ("fn f(x) = y", "names::unknown", "y"),
        ("\"{nothing}\"", "names::unknown", "nothing"),
        ("1 eV / bohr", "names::unknown", "bohr"),
        ("use std.losses\nlosses.krs", "names::not_in_module", "krs"),
        ("use std.losses (krs)", "names::not_in_module", "krs"),
        ("use std.loses", "names::module", "std.loses"),
        ("use \"my-lib.ksr\"", "names::module", "\"my-lib.ksr\""),
        ("use \"let.ksr\"", "names::module", "\"let.ksr\""),
        ("let r = { a: 1 }\nr.b", "types::no_field", "b"),
        ("{ a: 1, a: 2 }", "names::doubled", "a"),
        ("fn f(a, a) = 1", "names::doubled", "a"),
        ("fn f(a) = 1\nfn f(b) = 2", "names::doubled", "f"),
        ("fn f(a = 1, b) = 2", "names::default_order", "b"),
        ("sqrt(1, 2)", "arity::too_many", "2"),
        ("1 |> sqrt(2)", "arity::too_many", "2"),
        ("sqrt()", "arity::missing", "sqrt()"),
        ("sqrt(y: 2)", "arity::unknown", "y"),
        ("uniform(3, points: 2)", "arity::doubled", "points"),
        ("uniform(points: 3, points: 2)", "arity::doubled", "points"),
        ("train sqrt { optimiser: 1 }", "arity::unknown", "optimiser"),
        ("use std.losses\nlosses.ksr(skipp: 3)", "arity::unknown", "skipp"),
        ("functional f(n, w = 3) = w\nf(weight: 2)", "arity::unknown", "weight"),
        ("functional f(n) = n\nfunctional g(a, b) = f(a, b, a)", "arity::too_many", "a"),
        ("functional f(a, b) = a\nfunctional g(a, b) = f(a, b, a)", "arity::too_many", "a"),
        ("2 (3 + 1)", "types::not_callable", "2 (3 + 1)"),
        ("grid g = uniform(3)\nsystem s on g { H at 0 }\ns(1)", "types::not_callable", "s(1)"),
        ("system s { H at 0 }", "system::no_grid", "system s"),
        ("grid g = uniform(3)\nsystem s on g { H at 0; electron: 2 }", "system::unknown_entry", "electron"),
        ("grid g = uniform(3)\nsystem s on g { H at 0; charge: 2; charge: 1 }", "names::doubled", "charge"),
        (
            "grid g = uniform(3)\nsystem s on g { H at 0; charge: 2; electrons: 1 }",
            "system::electrons_and_charge",
            "electrons",
        ),
        ("grid g = uniform(3)\nsystem s on g { potential(x, y): x }", "system::variables", "potential(x, y)"),
        ("let x = { param a = 1\n a }", "names::param", "param a = 1"),
        ("loss l(run, exact) { param a = 1\n a }", "names::param", "param a = 1"),
        ("functional f(a, b, c) = a", "arity::head", "c"),
        ("functional f(n, a) = a * n", "arity::head", "a"),
        ("functional f(n_down, n_up) = n_up", "arity::head", "n_up"),
        ("functional f(n, m) = n", "arity::head", "m"),
        ("loss l(run) = 1", "arity::head", "loss l(run)"),
        ("0.5 bohr + 1 eV", "units::clash", "1 eV"),
        ("1 eV < 2 bohr", "units::clash", "2 bohr"),
        ("1 eV .. 2 bohr", "units::clash", "2 bohr"),
        ("2 bohr^2 - 3 bohr", "units::clash", "3 bohr"),
        ("1 eV -> bohr", "units::conversion", "bohr"),
        ("functional f(n) = n\nfunctional g(n) { f(n)\n n }", "parse::unused_value", "f(n)"),
    ] {
        assert_eq!(errors(text), [(code.to_owned(), place.to_owned())], "{text}");
    }
}

#[test]
fn all_errors_are_reported_in_order() {
    let told = errors("let a = sqtr(2)\nlet b = 1 eV + 2 bohr\nsqrt(1, 2)\nfn f(x, x) = y");
    let codes: Vec<&str> = told.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(codes, ["names::unknown", "units::clash", "arity::too_many", "names::doubled", "names::unknown"]);
}

#[test]
fn units_get_their_own_help() {
    let program = parse(SourceId(0), "1 eV / bohr").unwrap();
    let help = check(&program, &names())[0].error.help().map(|h| h.to_string());
    assert!(help.is_some_and(|h| h.contains("right after a number")));
}

#[test]
fn members_of_answers_and_kinds_of_literals_are_checked() {
    let h = "system h on uniform(5) { H at 0 }\n";
    let told = |text: &str| errors(&format!("{h}{text}"));
    for right in [
        "solve(h).energy",
        "let r = solve(h, iterations: 3)\nr.density",
        "solve(h, iterations: len, symmetric: true)",
        "let r = solve(h)\nlet r = { foo: 1 }\nr.foo",
        "fn f(solve) = solve(h).foo",
        "fn f() = r.foo\nlet r = solve(h)\nlet r = { foo: 1 }",
    ] {
        let found: Vec<_> = told(right).into_iter().filter(|(code, _)| code != "names::unknown").collect();
        assert_eq!(found, [], "{right}");
    }
    for (wrong, code, word) in [
        ("solve(h).foo", "types::no_field", "foo"),
        ("let r = solve(h)\nr.enrgy", "types::no_field", "enrgy"),
        ("solve(h, iterations: \"a\")", "types::mismatch", "\"a\""),
        ("solve(h) { symmetric: 1 }", "types::mismatch", "1"),
        ("uniform(true)", "types::mismatch", "true"),
    ] {
        assert_eq!(told(wrong), [(code.to_owned(), word.to_owned())], "{wrong}");
    }
}
