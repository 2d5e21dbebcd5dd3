//! Where a blank, a line end or a separator decides what a text means.

use super::becomes;
use crate::lang::format::{FormatError, format};
use crate::source::SourceId;

#[test]
fn a_unit_may_stand_below_its_arrow() {
    becomes("x -> kcal/mol", "x -> kcal/mol\n");
    becomes("x ->\nkcal/mol", "x ->\n  kcal/mol\n");
    becomes("x->#why\n\nkJ/mol", "x ->  #why\n\n  kJ/mol\n");
    becomes("x#why\n->kcal/mol", "x  #why\n  -> kcal/mol\n");
    becomes("(x\n->\nbohr^-2)", "(x\n    ->\n    bohr^-2)\n");
}

#[test]
fn a_point_after_digits_belongs_to_the_number() {
    becomes("2 .x", "2 .x\n");
    becomes("2  . e5", "2 .e5\n");
    becomes("2bohr^2 .x", "2 bohr^2 .x\n");
    becomes("2bohr .x", "2 bohr.x\n");
    becomes("f(2) .x + y2 .x + \"2\" .x", "f(2).x + y2.x + \"2\".x\n");
    becomes("1 ..2\n1..2\n1.5 ..x.y", "1 .. 2\n1 .. 2\n1.5 .. x.y\n");
    becomes("[2e3,2eV,2e3eV,0 ..2by 1]", "[2e3, 2 eV, 2e3 eV, 0 .. 2 by 1]\n");
}

#[test]
fn a_minus_is_a_sign_or_an_operator() {
    becomes("[a -b, -b, a - -b]", "[a - b, -b, a - -b]\n");
    becomes("(a\n-b)\n-b", "(a\n    - b)\n-b\n");
    becomes("x.then -1", "x.then - 1\n");
    becomes("not-x and-(y)", "not -x and -(y)\n");
    becomes("system s on l { H at -1; He at-(2) }", "system s on l { H at -1; He at -(2) }\n");
    becomes("at -1", "at - 1\n");
}

#[test]
fn documentation_is_found_whatever_ends_its_lines() {
    becomes("## one\r## two\rlet a = 1\r", "## one\n## two\nlet a = 1\n");
    becomes("##one\r\n##two\r\nlet a = 1", "##one\r\n##two\r\nlet a = 1\r\n");
    becomes("\u{feff}## one\nlet a = 1", "## one\nlet a = 1\n");
    becomes(
        "fn f(x) {\r## one\r\rlet y = x\r## two\rlet z = y\rz }",
        "fn f(x) {\n  ## one\n\n  let y = x\n  ## two\n  let z = y\n  z }\n",
    );
}

#[test]
fn names_that_are_reserved_elsewhere() {
    becomes("{ if: 1\nthen: x.by\nor: 2 }", "{ if: 1\n  then: x.by\n  or: 2 }\n");
    becomes("{ system: {\nprint(x);\nx;\n} }", "{ system: {\n  print(x);\n  x;\n} }\n");
    becomes("f(for: at(n, x: 1), on: x.if (1))", "f(for: at(n, x: 1), on: x.if(1))\n");
    let long = "a_long_name_of_a_value.else, a_long_name_of_a_value.then, a_long_name_of_a_value.and + a_long_name_of_a_value.for - x.if";
    becomes(&format!("f({long})"), &format!("f(\n  {}\n)\n", long.replace(", ", ",\n  ")));
}

#[test]
fn separators_of_entries_and_of_statements() {
    becomes("system s {\na: x,\nor(r): r;\n}", "system s {\n  a: x,\n  or(r): r\n}\n");
    becomes("{ a: 1,; # one\nb: 2;;\n}", "{ a: 1  # one\n  b: 2\n}\n");
    becomes(
        "system s(R = {\nprint(R);\nR;\n}) on line + {\nprint(R);\nR;\n} {\nH at 0;\n}",
        "system s(R = {\n  print(R);\n  R;\n}) on line + {\n  print(R);\n  R;\n} {\n  H at 0\n}\n",
    );
    let x = "a_long_name_of_a_value";
    let record = format!("{{ ; a: f({x}), or: {x};; c: {x}, d: {x}, e: {x}, }}");
    becomes(&record, &format!("{{\n  a:  f({x}),\n  or: {x}\n  c:  {x}\n  d:  {x}\n  e:  {x}\n}}\n"));
    let block = format!("{{ f({x});; f({x}); f({x}, {x}, {x}); }}");
    becomes(&block, &format!("{{\n  f({x})\n  f({x})\n  f({x}, {x}, {x});\n}}\n"));
}

#[test]
fn a_loop_begins_a_line_only_inside_brackets() {
    let x = "a_long_name_of_a_density";
    let head = format!("functional f(\n  {x}\n) for exponential");
    becomes(&format!("{head} {{ {x} |> sum; {x} }}"), &format!("{head} {{ {x} |> sum; {x} }}\n"));
    let sum = [x; 4].join(" + ");
    becomes(&format!("{head} = {sum} + {x}"), &format!("{head} = {x} + {x} + {x} +\n  {x} + {x}\n"));
    becomes(&format!("[{sum}\n  for {x} in {sum}]"), &format!("[{sum}\n    for {x} in {sum}]\n"));
}

#[test]
fn only_spaces_and_tabs_are_blanks() {
    for blank in ['\u{a0}', '\u{c}', '\u{b}', '\u{3000}', '\u{2028}', '\u{feff}'] {
        let text = format!("let a ={blank}1");
        assert!(matches!(format(SourceId(0), &text), Err(FormatError::Unreadable(_))), "{blank:?}");
    }
    becomes("\tlet\ta =\t1 \t#\u{a0}b\u{c}c \u{a0}\n", "let a = 1  #\u{a0}b\u{c}c\n");
}

#[test]
fn strings_stay_as_they_are() {
    becomes("\"a{f( \"b  {c+1}{{\" )}  # no\"+\"\t\"", "\"a{f( \"b  {c+1}{{\" )}  # no\" + \"\t\"\n");
    let long = format!("\"{}\"", "word { a + b } ".repeat(20));
    becomes(&long, &format!("{long}\n"));
}
