mod forms;
mod layouts;
mod meaning;

use super::pieces::pieces;
use super::{FormatError, comments, format};
use crate::source::SourceId;
use proptest::prelude::*;
use std::path::{Path, PathBuf};

fn formatted(text: &str) -> String {
    match format(SourceId(0), text) {
        Ok(formatted) => formatted,
        Err(FormatError::Unreadable(problems)) => panic!("{problems:#?}\nin\n{text}"),
        Err(FormatError::Changed) => panic!("the meaning changes:\n{text}"),
    }
}

/// Checks what a text becomes, and that formatting the result again changes nothing.
fn becomes(text: &str, expected: &str) {
    let once = formatted(text);
    assert_eq!(once, expected);
    assert_eq!(formatted(&once), once, "once more");
}

#[test]
fn spaces() {
    becomes("let  a=-x^2+2 ^ -1 -( a-b )*- c\n", "let a = -x^2 + 2^-1 - (a - b) * -c\n");
    becomes("f ( 1,b :2 ) [ 0 ] . x->kcal/mol ;", "f(1, b: 2)[0].x -> kcal/mol;\n");
    becomes("let r=(0.4..6.0 by.1)\n".replace("by.1", "by 0.1").as_str(), "let r = (0.4 .. 6.0 by 0.1)\n");
    becomes("let v=3bohr^2+(3 bohr) ^2*1e-6hartree", "let v = 3 bohr^2 + (3 bohr)^2 * 1e-6 hartree\n");
    becomes("let x=not(a)and(b)or( fn (y)=[y] [0])", "let x = not (a) and (b) or (fn(y) = [y][0])\n");
    becomes("let a=if(x)then[1]else(2)", "let a = if (x) then [1] else (2)\n");
    becomes("let s=\"a  {b +c}  {{ }} \\\"\"", "let s = \"a  {b +c}  {{ }} \\\"\"\n");
    becomes(
        "@ spin_dependent kinetic functional t( a,b=2 )for exponential=a",
        "@spin_dependent kinetic functional t(a, b = 2) for exponential = a\n",
    );
    becomes(
        "use \"a.ksr\"(f,g)\nuse \"b.ksr\"as h\nuse std.losses(ksr)",
        "use \"a.ksr\" (f, g)\nuse \"b.ksr\" as h\nuse std.losses (ksr)\n",
    );
    becomes("{}\n{ }\nf({a:1})", "{}\n{}\nf({ a: 1 })\n");
    becomes(
        "system s on line{H at(1-2)*R;He at-R;charge:1}",
        "system s on line { H at (1 - 2) * R; He at -R; charge: 1 }\n",
    );
    becomes(
        "functional f(n){param b[8]~normal(0,1)in 0..2\nn}",
        "functional f(n) { param b[8] ~ normal(0, 1) in 0 .. 2\n  n }\n",
    );
    becomes("let n = 1_000 + 0.50 + 1E+3 + 1e6", "let n = 1_000 + 0.50 + 1E+3 + 1e6\n");
    becomes("", "");
    becomes("\n\n# only\n\n\n", "# only\n");
}

#[test]
fn lines() {
    becomes("\u{feff}let a = 1\r\n\r\n\r\n\r\nlet b = 2", "let a = 1\r\n\r\nlet b = 2\r\n");
    becomes("let n = x\n|> f\n      |> g(\n1,\n2)\n", "let n = x\n  |> f\n  |> g(\n    1,\n    2)\n");
    becomes("let a = b +\nc\n-d", "let a = b +\n  c\n-d\n");
    becomes("let a = if b\nthen {\nc\n}\nelse d", "let a = if b\n  then {\n    c\n  }\n  else d\n");
    becomes(
        "table {\nR: 1,\nlong: 2;\n\n\nd : {\nx: 1 }\n}",
        "table {\n  R:    1\n  long: 2\n\n  d: {\n    x: 1 }\n}\n",
    );
    becomes(
        "fn f(x) {\n\n\nlet y = x;\nlet z = y\nprint(z);\n\n}",
        "fn f(x) {\n  let y = x;\n  let z = y\n  print(z);\n}\n",
    );
    becomes("f(g({\na: 1\n}))", "f(g({\n  a: 1\n}))\n");
    becomes("let a = [1,\n2, 3\n]", "let a = [1,\n  2, 3\n]\n");
}

#[test]
fn comments_stay() {
    becomes(
        "#a\nlet b = [ # one\n1, # two\n # three\n2 ]#four\n##  doc\nlet c=1",
        "#a\nlet b = [  # one\n  1,  # two\n  # three\n  2]  #four\n##  doc\nlet c = 1\n",
    );
    becomes("let a = x # end\n# within\n|> f # then\n# last", "let a = x  # end\n  # within\n  |> f  # then\n# last\n");
    becomes(
        "train f {\n  # first\n on: a, # systems\n loss: b # what\n # last\n}",
        "train f {\n  # first\n  on:   a  # systems\n  loss: b  # what\n  # last\n}\n",
    );
    becomes("{ a: \"#no\" } # yes", "{ a: \"#no\" }  # yes\n");
}

#[test]
fn long_lines_are_broken_at_their_outermost_joint() {
    let net = "let net = concat(n_up, n_down, abs(grad(n_up + n_down)) / 2) |> dense(width) |> silu |> dense(width) |> silu |> dense(1) |> negative";
    becomes(
        net,
        "let net = concat(n_up, n_down, abs(grad(n_up + n_down)) / 2)\n  |> dense(width)\n  |> silu\n  |> dense(width)\n  |> silu\n  |> dense(1)\n  |> negative\n",
    );
    let call = format!(
        "let a = solve(h2({0}), with: model, mixing: diis(history: {0}), options: {{ iterations: {0}, tolerance: {0} }})",
        "1.2345678901234567"
    );
    let lines = [
        "let a = solve(",
        "  h2(X),",
        "  with: model,",
        "  mixing: diis(history: X),",
        "  options: { iterations: X, tolerance: X }",
        ")",
        "",
    ];
    becomes(&call, &lines.join("\n").replace('X', "1.2345678901234567"));
    let numbers = (0..60).map(|i| format!("{i}.5")).collect::<Vec<_>>().join(", ");
    let filled = formatted(&format!("let a = [{numbers}]"));
    assert_eq!(filled.lines().count(), 5, "{filled}");
    let block =
        format!("fn f(x) {{ let y = {0}; let z = {0}; y + z; }}", "x + x + x + x + x + x + x + x + x + x + x + x");
    assert_eq!(formatted(&block).lines().collect::<Vec<_>>()[3..], ["  y + z;", "}"]);
    let sum = vec!["a_long_name"; 20].join(" + ");
    for text in [
        format!("let a = {sum}"),
        format!("let a = ({sum})"),
        format!("f(x,{sum}) # {sum}"),
        format!("[{sum} for x in y if x > 1]"),
    ] {
        let once = formatted(&text);
        assert!(once.lines().all(|l| l.split('#').next().is_some_and(|code| code.trim_end().len() <= 120)), "{once}");
        assert_eq!(formatted(&once), once);
    }
}

#[test]
fn syntax_errors_are_reported() {
    assert!(matches!(format(SourceId(0), "let a = (1"), Err(FormatError::Unreadable(_))));
}

/// Every script of the project, and the snippets of its documentation.
fn scripts() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders =
        vec![root.join("stdlib"), root.join("examples"), root.join("tests"), root.join("docs"), root.join("src")];
    let mut scripts = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            let text = || std::fs::read_to_string(&path).unwrap();
            match path.extension().and_then(|e| e.to_str()) {
                _ if path.is_dir() => folders.push(path),
                Some("ksr") => scripts.push((path.clone(), text())),
                Some("md") => {
                    let snippets = text()
                        .split("```ksr")
                        .skip(1)
                        .filter_map(|s| Some(s.split_once('\n')?.1.split("```").next()?.to_string()))
                        .collect::<Vec<_>>();
                    scripts.extend(snippets.into_iter().map(|snippet| (path.clone(), snippet)));
                }
                _ => {}
            }
        }
    }
    scripts
}

#[test]
fn every_script_keeps_its_meaning_and_formatting_again_changes_nothing() {
    let mut read = 0;
    for (path, text) in scripts() {
        match format(SourceId(0), &text) {
            Ok(once) => {
                assert_eq!(formatted(&once), once, "{}", path.display());
                assert!(!once.contains(" \n") && !once.contains("\n\n\n"), "{}:\n{once}", path.display());
                read += 1;
            }
            Err(FormatError::Unreadable(_)) => {}
            Err(FormatError::Changed) => panic!("{} changes its meaning:\n{text}", path.display()),
        }
    }
    assert!(read > 100, "{read}");
}

#[test]
fn the_library_and_the_examples_are_formatted() {
    for (path, text) in scripts() {
        let shipped = ["stdlib", "examples"].iter().any(|folder| path.parent().is_some_and(|p| p.ends_with(folder)));
        if shipped {
            assert!(formatted(&text) == text, "run `ksr fmt {}`", path.display());
        }
    }
}

proptest! {
    /// White space without meaning does not change the result, wherever there are comments.
    #[test]
    fn scripts_whose_spaces_are_stirred(which in 0usize..1000, choices in prop::collection::vec(0u8..12, 400)) {
        let scripts: Vec<_> = scripts().into_iter().filter(|(p, t)| t.len() < 4000 && p.extension().is_some_and(|e| e == "ksr")).collect();
        let (_, text) = &scripts[which % scripts.len()];
        let stirred = stir(text, &choices);
        // Some of it has another meaning, or syntax errors.
        if let Ok(once) = format(SourceId(0), &stirred) {
            prop_assert_eq!(formatted(&once), once.clone());
            prop_assert_eq!(comments(&pieces(&stirred)), comments(&pieces(&once)));
        } else {
            prop_assert!(matches!(format(SourceId(0), &stirred), Err(FormatError::Unreadable(_))), "{}", stirred);
        }
    }
}

/// Spaces become more, none, line ends or comments, as the choices say.
fn stir(text: &str, choices: &[u8]) -> String {
    let mut out = String::new();
    let mut choice = choices.iter().cycle();
    for c in text.chars() {
        match c {
            ' ' | ',' | '(' | ')' | '{' | '}' | '\n' => {
                let space = match choice.next() {
                    Some(0) => "",
                    Some(1) => "   ",
                    Some(2) => "\n",
                    Some(3) => " # stirred\n",
                    Some(4) => "\n\n\n",
                    Some(5) => "\t",
                    _ if c == ' ' => " ",
                    _ => "",
                };
                if c != ' ' {
                    out.push(c);
                }
                out.push_str(space);
            }
            _ => out.push(c),
        }
    }
    out
}
