//! The syntax as docs/language.md describes it, and its errors.

use super::*;
use crate::functional::FunctionalKind;
use crate::lang::ast::*;

mod wrong;

fn statements(text: &str) -> Vec<Stmt> {
    match parse(SourceId(0), text) {
        Ok(program) => program.statements,
        Err(problems) => panic!("{text}\n{problems:#?}"),
    }
}

/// The only statement, an expression, with all its brackets.
fn tree(text: &str) -> String {
    let statements = statements(text);
    assert_eq!(statements.len(), 1, "{text}");
    match &statements[0].kind {
        StmtKind::Expr { value, .. } | StmtKind::Let { value, .. } => show(value),
        other => panic!("{other:?}"),
    }
}

fn show_all<'e>(values: impl IntoIterator<Item = &'e Expr>) -> String {
    values.into_iter().map(show).collect::<Vec<_>>().join(" ")
}

fn show(expr: &Expr) -> String {
    match &*expr.kind {
        ExprKind::Number(value) => value.to_string(),
        ExprKind::Quantity { value, unit } => format!("{value}_{}^{}", unit.name, unit.power),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Name(name) => name.to_string(),
        ExprKind::Str(parts) => {
            let parts = parts.iter().map(|part| match part {
                StrPart::Text(text) => format!("{text:?}"),
                StrPart::Value(value) => show(value),
            });
            format!("(str {})", parts.collect::<Vec<_>>().join(" "))
        }
        ExprKind::List(values) => format!("[{}]", show_all(values)),
        ExprKind::Comprehension { body, each } => {
            let each: Vec<String> = each.iter().map(show_each).collect();
            format!("[{} {}]", show(body), each.join(" "))
        }
        ExprKind::Record(entries) => {
            let entries = entries.iter().map(|(name, value)| format!("{}: {}", name.name, show(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(" "))
        }
        ExprKind::Block(statements) => format!("(do {})", statements.len()),
        ExprKind::Range { from, to, by } => {
            format!("(.. {})", show_all([Some(from), Some(to), by.as_ref()].into_iter().flatten()))
        }
        ExprKind::Unary { op, value } => format!("({op:?} {})", show(value)),
        ExprKind::Binary { op, left, right, .. } => format!("({op:?} {} {})", show(left), show(right)),
        ExprKind::Pipe { value, into } => format!("(|> {} {})", show(value), show(into)),
        ExprKind::Convert { value, unit } => format!("(-> {} {}^{})", show(value), unit.name, unit.power),
        ExprKind::If { condition, then, otherwise } => format!("(if {})", show_all([condition, then, otherwise])),
        ExprKind::Call { callee, args } => {
            let args = args.iter().map(|arg| {
                let name = arg.name.as_ref().map_or(String::new(), |n| format!("{}: ", n.name));
                format!(" {}{name}{}", if arg.trailing { "+" } else { "" }, show(&arg.value))
            });
            format!("({}{})", show(callee), args.collect::<String>())
        }
        ExprKind::Index { value, index } => format!("(at {})", show_all([value, index])),
        ExprKind::Field { value, name } => format!("{}.{}", show(value), name.name),
        ExprKind::Lambda(f) => format!("(fn{} {})", show_params(&f.params), show(&f.body)),
    }
}

fn show_each(each: &Each) -> String {
    let condition = each.condition.as_ref().map_or(String::new(), |c| format!(" if {}", show(c)));
    format!("for {} in {}{condition}", each.name.name, show(&each.values))
}

fn show_params(params: &[ParamDecl]) -> String {
    let params = params.iter().map(|p| match &p.default {
        Some(default) => format!(" {}={}", p.name.name, show(default)),
        None => format!(" {}", p.name.name),
    });
    params.collect()
}

/// Checks texts of one statement against their trees.
fn trees(table: &[(&str, &str)]) {
    for (text, wanted) in table {
        assert_eq!(tree(text), *wanted, "{text}");
    }
}

#[test]
fn newlines_and_semicolons_end_statements() {
    assert_eq!(statements("a\nb; c\n\n;;d\r\ne").len(), 5);
    assert_eq!(statements("").len(), 0);
    assert_eq!(statements("# nothing\n\n").len(), 0);
    assert_eq!(statements("a # one\n# two\nb").len(), 2);
    assert_eq!(statements("\u{feff}a").len(), 1);
}

#[test]
fn newlines_do_not_count_in_parentheses_and_brackets() {
    trees(&[
        ("f(a,\n  b\n)", "(f a b)"),
        ("[1,\n2\n,3,\n]", "[1 2 3]"),
        ("(a\n- b\n+ c)", "(Add (Sub a b) c)"),
        ("(f\n(x))", "(f x)"),
        ("(f\n[0]\n.g)", "(at f 0).g"),
        ("v[\n0\n]", "(at v 0)"),
        ("(a # first\n + # second\n b)", "(Add a b)"),
    ]);
}

#[test]
fn newlines_count_again_in_braces_inside_them() {
    trees(&[
        ("f({\n  let a = b\n  -a\n})", "(f (do 2))"),
        ("[{\na: 1\nb: 2\n}]", "[{a: 1 b: 2}]"),
        ("f({ a: {\n let b = 1\n b\n} })", "(f {a: (do 2)})"),
        ("f(x) {\n a: (1\n + 2)\n b: 2\n}", "(f x +{a: (Add 1 2) b: 2})"),
    ]);
    assert_eq!(statements("system s on line {\n potential(x): {\n let y = x\n y\n }\n charge: 1\n}").len(), 1);
}

#[test]
fn statements_continue_after_operators_and_before_some() {
    for operator in ["+", "-", "*", "/", "^", "|>", "==", "!=", "<", "<=", ">", ">=", "..", "and", "or"] {
        assert_eq!(statements(&format!("a {operator}\n\n  b")).len(), 1, "{operator}");
    }
    for operator in ["|>", "*", "/", "and", "or"] {
        assert_eq!(statements(&format!("a\n  # why\n  {operator} b")).len(), 1, "{operator}");
    }
    trees(&[
        ("a\n  -> eV", "(-> a eV^1)"),
        ("a ->\n eV", "(-> a eV^1)"),
        ("1 .. 2\\\nby 3".replace("\\\nby", " by\n").leak(), "(.. 1 2 3)"),
        ("let x =\n  5", "5"),
        ("if a\n then b\n else c", "(if a b c)"),
        ("if a then\n b\n else\n c", "(if a b c)"),
    ]);
}

#[test]
fn lines_that_begin_with_a_sign_or_bracket_are_new_statements() {
    for (text, count) in [("a\n-b", 2), ("a\n(b)", 2), ("a\n[b]", 2), ("f(a)\n{ b: 1 }", 2), ("a\n{ b }", 2)] {
        assert_eq!(statements(text).len(), count, "{text}");
    }
}

#[test]
fn a_semicolon_at_the_end_of_a_line_silences() {
    let shown = |text: &str| -> Vec<bool> {
        let shown = statements(text).into_iter().map(|s| matches!(s.kind, StmtKind::Expr { shown: true, .. }));
        shown.collect()
    };
    assert_eq!(shown("a;\nb\nc; # quiet\nd; e\nf;"), [false, true, false, true, true, false]);
    assert_eq!(shown("a ;  \nb"), [false, true]);
}

#[test]
fn doc_comments_belong_to_the_item_below() {
    let all =
        statements("## One\n##  two\nlet a = 1\n\n## not this\n\nlet b = 2\n# plain\nlet c = 3 ## behind\nlet d = 4");
    let docs: Vec<Option<&str>> = all.iter().map(|s| s.docs.as_deref()).collect();
    assert_eq!(docs, [Some("One\n two"), None, None, None]);
    let inner = statements("system s on line {\n  ## why\n  H at 0\n}\n## f\n@spin_dependent\nfunctional f(n) = n");
    assert_eq!(inner[1].docs.as_deref(), Some("f"));
}

#[test]
fn definitions() {
    let all = statements(
        "let a = 1\nfn f(a, b = 2) = a\nfn g() { 1 }\ngrid line = uniform(points: 3)\n\
         loss l(run, exact, w = 0.5) { w }\n@spin_dependent\nkinetic functional t(n, width = 3) for exponential = n",
    );
    assert!(matches!(&all[1].kind, StmtKind::Fn(f) if &*f.name.name == "f" && f.params.len() == 2));
    assert!(matches!(&all[2].kind, StmtKind::Fn(f) if f.params.is_empty()));
    assert!(matches!(&all[3].kind, StmtKind::Grid { .. }));
    assert!(matches!(&all[4].kind, StmtKind::Loss(_)));
    let StmtKind::Functional(t) = &all[5].kind else { panic!() };
    assert!(t.spin_dependent && t.kind == FunctionalKind::Kinetic);
    assert_eq!(t.made_for.as_ref().map(|m| &*m.name), Some("exponential"));
    trees(&[("fn(R) = R^2", "(fn R (Pow R 2))"), ("fn(a, b = 1) { a }", "(fn a b=1 (do 1))")]);
}

#[test]
fn numbers() {
    trees(&[
        ("1", "1"),
        ("0.5", "0.5"),
        ("1e-6", "0.000001"),
        ("2.5E+3", "2500"),
        ("100_000", "100000"),
        ("1..2", "(.. 1 2)"),
        ("1.5..2", "(.. 1.5 2)"),
    ]);
}

#[test]
fn strings() {
    trees(&[
        ("\"h2 {R}\"", "(str \"h2 \" R)"),
        ("\"{a}{b}\"", "(str a b)"),
        ("\"\"", "(str )"),
        (r#""a\n\t\"\\""#, r#"(str "a\n\t\"\\")"#),
        ("\"{{x}} {a + 1}\"", "(str \"{x} \" (Add a 1))"),
        ("\"{f(\"{x}\")}\"", "(str (f (str x)))"),
        ("\"{ {a: 1}.a }\"", "(str {a: 1}.a)"),
        ("\"# no comment; (\"", "(str \"# no comment; (\")"),
        ("\"} ρ\"", "(str \"} ρ\")"),
    ]);
}

#[test]
fn records_and_blocks() {
    trees(&[
        ("{}", "{}"),
        ("{ # nothing\n }", "{}"),
        ("{ a: 1, b: 2; c: 3\n d: 4 }", "{a: 1 b: 2 c: 3 d: 4}"),
        ("{\n  a:\n 1\n}", "{a: 1}"),
        ("{ a }", "(do 1)"),
        ("{ let a = 1; a }", "(do 2)"),
        ("{ if: 1, let: 2, on: 3, true: 4, at: 5 }", "{if: 1 let: 2 on: 3 true: 4 at: 5}"),
        ("{ a : 1 }", "{a: 1}"),
    ]);
}

#[test]
fn precedence() {
    trees(&[
        ("if a then b else c |> f", "(if a b (|> c f))"),
        ("a |> f -> eV", "(-> (|> a f) eV^1)"),
        ("a + b -> kcal/mol -> eV", "(-> (-> (Add a b) kcal/mol^1) eV^1)"),
        ("a or b |> f", "(|> (Or a b) f)"),
        ("a or b and not c == d", "(Or a (And b (Not (Equal c d))))"),
        ("a < 1 .. 2 by 3", "(Less a (.. 1 2 3))"),
        ("0 .. N - 1", "(.. 0 (Sub N 1))"),
        ("a - b - c * d / e", "(Sub (Sub a b) (Div (Mul c d) e))"),
        ("-a^2", "(Neg (Pow a 2))"),
        ("2^-1", "(Pow 2 (Neg 1))"),
        ("2^-x^2 * 3", "(Mul (Pow 2 (Neg (Pow x 2))) 3)"),
        ("2^3^4", "(Pow 2 (Pow 3 4))"),
        ("-a * b", "(Mul (Neg a) b)"),
        ("a * -b", "(Mul a (Neg b))"),
        ("- -a", "(Neg (Neg a))"),
        ("-f(x).y[0]", "(Neg (at (f x).y 0))"),
        ("not not a and b", "(And (Not (Not a)) b)"),
        ("a |> f |> g(1)", "(|> (|> a f) (g 1))"),
        ("(a < b) == c", "(Equal (Less a b) c)"),
        ("v[-1]", "(at v (Neg 1))"),
        ("v[10 .. 14]", "(at v (.. 10 14))"),
        ("[f(R) for R in Rs if R > 1]", "[(f R) for R in Rs if (Greater R 1)]"),
        ("[if a then b else c for a in 0 .. 3]", "[(if a b c) for a in (.. 0 3)]"),
        ("x->eV", "(-> x eV^1)"),
        ("x < -1", "(Less x (Neg 1))"),
    ]);
}

#[test]
fn units_bind_to_the_number_before_them() {
    trees(&[
        ("0.08 bohr", "0.08_bohr^1"),
        ("2bohr^2 * 3", "(Mul 2_bohr^2 3)"),
        ("5 kcal/mol / 2", "(Div 5_kcal/mol^1 2)"),
        ("1 eV / bohr", "(Div 1_eV^1 bohr)"),
        ("-2 eV^-1", "(Neg 2_eV^-1)"),
        ("(2 bohr)^n", "(Pow 2_bohr^1 n)"),
        ("1 .. 2 bohr by 0.1 bohr", "(.. 1 2_bohr^1 0.1_bohr^1)"),
        ("1 Å + 1 \u{212b}", "(Add 1_Å^1 1_Å^1)"),
        ("[1 eV for a in b]", "[1_eV^1 for a in b]"),
        ("2 Ha -> mHa^1", "(-> 2_Ha^1 mHa^1)"),
    ]);
    assert_eq!(statements("let bohr = 2\nlet K = bohr\n3\nbohr").len(), 4);
}

#[test]
fn calls_and_trailing_records() {
    trees(&[
        ("f()", "(f)"),
        ("f(a, b: 2, loss: 3,)", "(f a b: 2 loss: 3)"),
        ("f(a) { b: 1 }", "(f a +{b: 1})"),
        ("f() { }", "(f +{})"),
        ("x |> f { a: 1 }", "(|> x (f +{a: 1}))"),
        ("x |> m.f { a: 1 } |> g", "(|> (|> x (m.f +{a: 1})) g)"),
        ("x |> f(1) { a: 1 }", "(|> x (f 1 +{a: 1}))"),
        ("f(a)(b)[c].d", "(at ((f a) b) c).d"),
        ("a.let.at", "a.let.at"),
        ("train f { on: [h2(1)] }", "(train f +{on: [(h2 1)]})"),
        ("train net(width: 3) { on: [] }", "(train (net width: 3) +{on: []})"),
        ("train m.f { }", "(train m.f +{})"),
        ("train(f) { on: [] }", "(train f +{on: []})"),
        ("train(f, o)", "(train f o)"),
        ("(train f { }).loss", "(train f +{}).loss"),
        ("train f { } |> save(\"x\")", "(|> (train f +{}) (save (str \"x\")))"),
        ("table { R: Rs }", "(table +{R: Rs})"),
        ("table { R: Rs } |> plot(x: \"R\")", "(|> (table +{R: Rs}) (plot x: (str \"R\")))"),
        ("table(r)", "(table r)"),
    ]);
}

#[test]
fn reserved_words_name_options_and_fields() {
    for word in crate::lang::words::RESERVED {
        assert_eq!(tree(&format!("f({word}: 1).{word}")), format!("(f {word}: 1).{word}"));
        assert!(parse(SourceId(0), &format!("let {word} = 1")).is_err(), "{word}");
        assert!(parse(SourceId(0), &format!("fn f({word}) = 1")).is_err(), "{word}");
    }
}

#[test]
fn at_is_reserved_in_systems_only() {
    assert_eq!(tree("at(n, x: 1.5)"), "(at n x: 1.5)");
    assert!(parse(SourceId(0), "let at = 2\nfn f(at) = at").is_ok());
    assert!(parse(SourceId(0), "system s on line { H at at }").is_err());
    assert!(parse(SourceId(0), "system s(at) on line { H at 0 }").is_err());
}

#[test]
fn systems() {
    let all = statements(
        "system h2(R, g = line) on g { H at -R/2; H at R/2, charge: 1 }\n\
         system chain(N) on line { H at (i - 1) * R for i in 0 .. N - 1 if i > 0 }\n\
         system ion on grids.line { nucleus(2) at 0\n potential(x): x^2\n interaction: none; on: 3 }\nsystem s {}",
    );
    let systems: Vec<&SystemDef> =
        all.iter().filter_map(|s| if let StmtKind::System(s) = &s.kind { Some(&**s) } else { None }).collect();
    assert_eq!(systems.len(), 4);
    assert_eq!(systems[0].params.as_ref().map(Vec::len), Some(2));
    assert_eq!(systems[0].entries.len(), 3);
    let SystemEntry::Nucleus { element, at, each: Some(each), .. } = &systems[1].entries[0] else { panic!() };
    assert_eq!((show(element), show(at)), ("H".into(), "(Mul (Sub i 1) R)".into()));
    assert_eq!(show_each(each), "for i in (.. 0 (Sub N 1)) if (Greater i 0)");
    assert!(systems[2].params.is_none());
    assert_eq!(systems[2].grid.as_ref().map(show), Some("grids.line".into()));
    assert!(matches!(&systems[2].entries[1], SystemEntry::Function { function } if function.params.len() == 1));
    assert!(systems[3].grid.is_none() && systems[3].entries.is_empty());
}

#[test]
fn modules_and_parameters() {
    let all = statements("use std.losses\nuse \"my/lda.ksr\" (a, b)\nuse \"x.ksr\" as y\nuse \"x.ksr\" (a) as b");
    assert!(matches!(&all[0].kind, StmtKind::Use(Use { path: UsePath::Std(path), .. }) if path.len() == 2));
    assert!(matches!(&all[1].kind, StmtKind::Use(Use { names: Some(names), .. }) if names.len() == 2));
    assert!(matches!(&all[2].kind, StmtKind::Use(Use { alias: Some(alias), .. }) if &*alias.name == "y"));
    let text = "functional f(n) {\n param a = 1.0 in 0 .. 2\n param b[8, 2] ~ normal(0, 0.01)\n param c\n a }";
    let StmtKind::Functional(f) = &statements(text)[0].kind else { panic!() };
    let ExprKind::Block(body) = &*f.function.body.kind else { panic!() };
    assert!(matches!(&body[0].kind, StmtKind::Param(p) if p.value.is_some() && p.bounds.is_some()));
    assert!(matches!(&body[1].kind, StmtKind::Param(p) if p.shape.len() == 2 && p.drawn.is_some()));
}

#[test]
fn spans_are_exact() {
    let text = "let ρ = a + b  # why\nf(x) { a: 1 }  \n(c)";
    let all = statements(text);
    let words = |span: crate::source::Span| &text[span.start as usize..span.end as usize];
    assert_eq!(words(all[0].span), "let ρ = a + b");
    assert_eq!(words(all[1].span), "f(x) { a: 1 }");
    let StmtKind::Expr { value, .. } = &all[2].kind else { panic!() };
    assert_eq!(words(value.span), "(c)");
    let StmtKind::Let { value, name } = &all[0].kind else { panic!() };
    assert_eq!((words(value.span), words(name.span)), ("a + b", "ρ"));
}

#[test]
fn deeply_nested_texts_are_parsed_or_refused() {
    let nest = |open: &str, close: &str, n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{", "}"),
        ("f(", ")"),
        ("- ", ""),
        ("not ", ""),
        ("2^", ""),
        ("if a then ", " else 2"),
        ("fn(x) = ", ""),
        ("a[", "]"),
        ("(a |> f(", "))"),
        ("\"{", "}\""),
    ] {
        let levels = if open.matches(['(', '[']).count() == 2 { 100 } else { 200 };
        assert!(parse(SourceId(0), &nest(open, close, levels)).is_ok(), "{open}");
        let errors = parse(SourceId(0), &nest(open, close, 5000)).unwrap_err();
        assert_eq!(errors.iter().map(|e| e.code()).collect::<Vec<_>>(), ["ksr::parse::too_deep"], "{open}");
    }
    assert!(parse(SourceId(0), &format!("{}1", "1 + ".repeat(900))).is_ok());
    assert_eq!(parse(SourceId(0), &format!("{}1", "1 + ".repeat(5000))).unwrap_err()[0].code(), "ksr::parse::too_deep");
}

#[test]
fn entries_of_the_repl() {
    for text in [
        "f(1,",
        "f(",
        "[1",
        "{ a: 1",
        "a +",
        "let x =",
        "if a then b",
        "if a",
        "system s on line {",
        "x |>",
        "fn f(n) {\n n",
        "if a then",
        "train f {",
        "a and",
        "{",
        "f(x, [1, {",
        "a ->",
        "1 ..",
        "table {\n R: 1,",
        "@spin_dependent",
    ] {
        assert!(matches!(parse_entry(SourceId(0), text), Entry::Incomplete), "{text}");
    }
    for text in ["f(1)", "a", "let x = 1", "", "# only a comment", "{ a }", "if a then b else c", "a;", "let x = 1\n"] {
        assert!(matches!(parse_entry(SourceId(0), text), Entry::Complete(_)), "{text}");
    }
    for text in ["let", "f(1))", "f(]", "a b (", "\"abc", "fn f(x)", "1e400", "let = (", "a < b < c", "use"] {
        assert!(matches!(parse_entry(SourceId(0), text), Entry::Wrong(_)), "{text}");
    }
}
