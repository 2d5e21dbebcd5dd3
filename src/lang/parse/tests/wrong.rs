//! Invalid texts: every mistake has its code and place, several are reported at once, and nothing panics or hangs.

use super::*;
use proptest::prelude::*;

/// Codes (without `ksr::parse::`) and marked words of all errors.
fn errors(text: &str) -> Vec<(String, String)> {
    let problems = parse(SourceId(0), text).err().unwrap_or_else(|| panic!("no error in {text}"));
    let told = problems.iter().map(|p| {
        let words = text.get(p.span.start as usize..p.span.end as usize).unwrap_or("?");
        (p.code().trim_start_matches("ksr::parse::").to_owned(), words.to_owned())
    });
    told.collect()
}

#[test]
fn a_head_without_its_brace_is_reported_where_it_ends_and_hides_nothing() {
    for (text, words) in [
        ("train f\n1\n2", "f"),
        ("let y = 1\ntrain f\n\n{ on: 3 }\ny", "f"),
        ("system s on g\n{ H at 0 }\ns", "g"),
        ("fn f(x) {\n  train x\n  3\n}\nf(1)", "x"),
    ] {
        assert_eq!(errors(text), [("unexpected".to_owned(), words.to_owned())], "{text}");
    }
}

#[test]
fn a_unit_after_a_value_is_to_be_multiplied() {
    for text in ["R bohr", "sqrt(2) bohr", "[1, 2] kcal/mol", "f(R bohr)", "system w on g { potential(x): x eV }"] {
        let problems = parse(SourceId(0), text).err().unwrap_or_default();
        let help = problems.first().and_then(|p| p.error.help().map(|help| help.to_string())).unwrap_or_default();
        assert!(help.contains("* (1 ") && problems.len() == 1, "{text}: {help}");
    }
}

#[test]
fn each_mistake_has_its_code_and_place() {
    for (text, code, place) in [
        ("let x = 1 +", "expected_value", "+"),
        ("let x = 1 +\nlet y = 2", "expected_value", "+"),
        ("print(\"abc)\nlet x = 2", "unterminated_string", "\"abc)"),
        ("let s = “abc”", "foreign", "“abc”"),
        ("a + * b", "expected_value", "*"),
        ("f(a,, b)", "expected_value", ","),
        ("let = 3", "needs_name", "="),
        ("let loss = 3", "reserved", "loss"),
        ("1 + let", "reserved", "let"),
        ("x = 3", "equals", "="),
        ("if a = b then 1 else 2", "equals", "="),
        ("f(x = 2)", "equals", "="),
        ("(1 + 2\nlet z = 3", "never_closed", "("),
        ("f(1]", "mismatched", "]"),
        ("f(1))", "never_opened", ")"),
        ("let s = \"abc", "unterminated_string", "\"abc"),
        ("\"a {b\"", "unterminated_string", "\"a {b\""),
        ("\"a \\q\"", "escape", "\\q"),
        ("\"{}\"", "empty_interpolation", "{}"),
        ("1.", "number", "1."),
        ("1.e5", "number", "1.e5"),
        (".5 + 2", "number", ".5"),
        ("1e400", "number_too_large", "1e400"),
        ("0.5 bohrs", "unknown_unit", "bohrs"),
        ("x -> foo", "unknown_unit", "foo"),
        ("2 bohr^n", "unit_power", "n"),
        ("2 bohr^0.5", "unit_power", "0.5"),
        ("1 bohr^2000", "unit_power", "2000"),
        ("f(1,\n \"see (abc)\n)\nlet x = 2", "unterminated_string", "\"see (abc)"),
        ("f(1,\n [\"abc])\nlet x = 2", "unterminated_string", "\"abc])"),
        ("2 R", "missing_operator", "R"),
        ("[1 2]", "missing_separator", "2"),
        ("f(a\nb)", "missing_separator", "b"),
        ("a < b < c", "chained_comparison", "<"),
        ("1 .. 2 .. 3", "chained_interval", ".."),
        ("3 by 2", "by", "by"),
        ("x -> eV + 1", "after_conversion", "+"),
        ("f { a: 1 }", "trailing_record", "{ a: 1 }"),
        ("{ a\n -b }", "unused_value", "a"),
        ("{ let a = 1 }", "no_value", "let a = 1"),
        ("if a then b", "incomplete_if", "b"),
        ("if a { b }", "incomplete_if", "{"),
        ("use losses", "module", "losses"),
        ("{ use std.losses\n a }", "use_in_block", "use std.losses"),
        ("@spin functional f(n) = n", "attribute", "@spin"),
        ("functional f(n) { param a = 1 = 2\n a }", "twice", "= 2"),
        ("def f(x) = 3", "foreign", "def"),
        ("a ** 2", "foreign", "**"),
        ("'abc'", "foreign", "'abc'"),
        ("functinal f(n) = n", "unknown_keyword", "functinal"),
        ("a\n+ b", "no_statement", "+"),
        ("x − 3", "character", "−"),
        ("a\u{a0}+ b", "character", "\u{a0}"),
        ("system h2 on line { H -R/2 }", "unexpected", "-"),
        ("fn f x = 2", "unexpected", "x"),
    ] {
        assert_eq!(errors(text), [(code.to_owned(), place.to_owned())], "{text}");
    }
}

#[test]
fn one_wrong_statement_does_not_hide_the_next() {
    let text = "let a = 1 +\nlet b = 2\nx = 3\nsystem s on line {\n H at\n H 0\n charge: 1\n}\nlet c = 'x'\nlet d = (1\nlet e = )";
    let codes: Vec<String> = errors(text).into_iter().map(|(code, _)| code).collect();
    assert!(codes.len() >= 6, "{codes:?}");
    let places = parse(SourceId(0), text).unwrap_err();
    assert!(places.windows(2).all(|w| w[0].span.start <= w[1].span.start));
}

/// The first lines of the statements that are read.
fn kept(text: &str) -> Vec<String> {
    let first = |s: &crate::lang::ast::Stmt| text[s.span.start as usize..].lines().next().unwrap_or("").to_owned();
    partial(SourceId(0), text).program.statements.iter().map(first).collect()
}

#[test]
fn what_is_right_is_read_beside_what_is_wrong() {
    assert_eq!(kept("let a = 1\nlet b = a.\nlet c = 3"), ["let a = 1", "let c = 3"]);
    assert_eq!(kept("let a = 1\nlet g = uniform("), ["let a = 1"]);
    assert_eq!(kept("let a = 1\nlet g = uniform(points: 3\nlet b = 2"), ["let a = 1", "let b = 2"]);
    assert_eq!(kept("fn f(x) {\n  let y = x +\n  2 * x\n}\nlet c = \"3"), ["fn f(x) {"]);
    let fallen = "fn f(x) {\n  let y = x + * 2\n  2 * x\n}";
    let program = partial(SourceId(0), fallen).program;
    let crate::lang::ast::StmtKind::Fn(def) = &program.statements[0].kind else { panic!("a function") };
    let crate::lang::ast::ExprKind::Block(body) = &*def.body.kind else { panic!("a block") };
    assert_eq!(body.len(), 1);
    // What only the tree shows to be wrong stays in it.
    assert_eq!(kept("let a = 1 < 2 < 3\nlet b = 2").len(), 2);
}

#[test]
fn after_many_errors_the_rest_is_not_read() {
    let text = format!("let a = 1\nfn f(x) {{\n{}}}\nlet z = 2", "let b = )\n".repeat(30));
    assert_eq!(partial(SourceId(0), &text).problems.len(), MAX_ERRORS);
    assert_eq!(kept(&text), ["let a = 1"]);
    let text = format!("let a = 1\n{}let z = 2", "x = 1\n".repeat(30));
    assert_eq!(kept(&text), ["let a = 1"]);
    let text = format!("let a = 1\nlet b = {}\nlet c = 3", "(".repeat(5000));
    assert_eq!(kept(&text), ["let a = 1"]);
}

#[test]
fn no_message_speaks_of_the_grammar() {
    let grammar = include_str!("../../../../grammar/ksr.pest");
    let rules: Vec<&str> = grammar.lines().filter_map(|l| l.split_once(" = ").map(|(name, _)| name.trim())).collect();
    for text in [
        "a +",
        "f(",
        "let",
        "let a",
        "system",
        "system s",
        "system s on",
        "fn",
        "fn f",
        "fn f(",
        "use",
        "train",
        "train f",
        "table",
        "param",
        "param a =",
        "if",
        "if a",
        "if a then",
        "[a for",
        "[a for b",
        "[a for b in",
        "@",
        "a.",
        "a ->",
        "{ a: }",
    ] {
        for problem in parse(SourceId(0), text).unwrap_err() {
            let told = format!("{} {}", problem.error, problem.error.help().map(|h| h.to_string()).unwrap_or_default());
            for rule in rules.iter().filter(|rule| rule.contains('_')) {
                assert!(!told.contains(rule), "{text}: {told}");
            }
        }
    }
}

const SCRIPT: &str = "## Doc\nuse std.losses\ngrid line = uniform(points: 513, spacing: 0.08 bohr)\n\
    system h2(R, g = line) on g {\n  H at -R / 2; H at R/2 for i in 0 .. 3\n  potential(x): -x^2 |> f { a: 1 }\n}\n\
    @spin_dependent functional net(n, width = 16) for exponential {\n  param a[2] = 1.0 in 0 .. 2\n  concat(n, abs(grad(n)) / 2)\n\
    \x20   |> dense(width) |> silu\n}\nlet m = train net(width: 3) {\n  on: [h2(1.28), h2(3.84)], loss: losses.ksr(skip: 10)\n}\n\
    let t = table { R: Rs, e: [if R > 1 and not b then f(R) else 2 for R in Rs if R != 3] }\n\
    max(abs(t.a - \"{R} {{}} \\n\")) -> kcal/mol; # why\nfn(x) = { let y = x[-1]\n y * 2^-1 }";

#[test]
fn every_beginning_of_a_script_is_parsed_or_refused() {
    for end in (0..SCRIPT.len()).filter(|&i| SCRIPT.is_char_boundary(i)) {
        assert!(partial(SourceId(0), &SCRIPT[..end]).program.statements.len() <= 8);
        let _ = parse_entry(SourceId(0), &SCRIPT[..end]);
    }
}

fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "\"",
        "\\",
        "'",
        "#",
        "##",
        "\n",
        ";",
        ",",
        ":",
        "=",
        "==",
        "->",
        "|>",
        "..",
        ".",
        "-",
        "^",
        "@",
        "~",
        "*",
        "<",
        "if ",
        "then ",
        "else ",
        "for ",
        "in ",
        "by ",
        "let ",
        "fn ",
        "train ",
        "table ",
        "system ",
        "on ",
        "at ",
        "not ",
        "param ",
        "use ",
        "1",
        "0.5",
        "1e9",
        " eV",
        " kcal/mol",
        "x",
        "ρ",
        "é",
        "−",
        "\u{a0}",
        "\r\n",
        "\u{301}",
        "🙂",
        "{a:",
        "f(",
        "true",
        " ",
    ])
}

fn holds(text: &str) -> bool {
    let told = match parse(SourceId(0), text) {
        Ok(_) => return true,
        Err(problems) => problems,
    };
    let inside = |p: &Problem| {
        let (start, end) = (p.span.start as usize, p.span.end as usize);
        start <= end && end <= text.len() && text.is_char_boundary(start) && text.is_char_boundary(end)
    };
    !told.is_empty() && told.len() <= MAX_ERRORS && told.iter().all(inside)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn random_texts_are_read_or_refused(pieces in prop::collection::vec(piece(), 0..60)) {
        prop_assert!(holds(&pieces.concat()));
    }

    #[test]
    fn changed_scripts_are_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, piece()), 1..5),
    ) {
        let mut text = SCRIPT.to_owned();
        for (place, cut, insert) in changes {
            let start = text.floor_char_boundary(place.index(text.len() + 1));
            let end = text.floor_char_boundary((start + cut).min(text.len())).max(start);
            text.replace_range(start..end, insert);
        }
        prop_assert!(holds(&text), "{}", text);
        let _ = parse_entry(SourceId(0), &text);
    }
}

#[test]
fn habits_get_one_error_with_advice_that_works() {
    for (text, code, advice) in [
        ("let a = if c { 1 } else { 2 }", "incomplete_if", "if c then a else b"),
        ("if c { 1 }\n1", "incomplete_if", "if c then a else b"),
        ("if f(x) > 2 { x = 1 } else { y }", "incomplete_if", "if c then a else b"),
        ("let r = { \"a\": 1 }", "unexpected", "without quotes: `a: …`"),
        ("let r = { \"a b\": 1 }", "unexpected", "without quotes: `a_b: …`"),
        ("let r = { \"a\" = 1 }", "equals", "without quotes: `a: …`"),
        ("let r = { a = 1 }", "equals", "in a record an entry is written `a: …`"),
        ("train f(on: [h2], loss: l).loss", "unexpected", "the settings of `train` go in braces"),
        ("let m = train m.f(k: 2)(on: 1)", "unexpected", "the settings of `train` go in braces"),
        ("train f(on: 1)", "unexpected", "the settings of `train` go in braces"),
        ("train f(k: 2)", "unexpected", "write `train f { on: […] }`"),
        ("h2.grid 3", "missing_operator", ""),
    ] {
        let problems = parse(SourceId(0), text).err().unwrap_or_else(|| panic!("no error in {text}"));
        let help = problems[0].error.help().map(|help| help.to_string()).unwrap_or_default();
        assert_eq!(problems[0].code(), format!("ksr::parse::{code}"), "{text}");
        assert!(help.contains(advice) && problems.len() == 1, "{text}: {help}, {}", problems.len());
    }
}
