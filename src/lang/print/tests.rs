//! `parse(print(tree)) == tree`, places apart: for written texts and for generated trees.

use crate::lang::ast::*;
use crate::lang::{parse, print};
use crate::source::{SourceId, Span};
use proptest::prelude::*;
use std::rc::Rc;

/// A tree without its places.
fn placeless(program: &Program) -> String {
    let text = format!("{program:?}");
    let mut rest = text.as_str();
    let mut out = String::new();
    while let Some(start) = rest.find("Span {") {
        out.push_str(&rest[..start]);
        // `Span { source: SourceId(0), start: 1, end: 2 }`
        let end = rest[start..].find('}').map_or(rest.len(), |i| start + i + 1);
        rest = &rest[end..];
    }
    out + rest
}

fn parsed(text: &str) -> Program {
    match parse(SourceId(0), text) {
        Ok(program) => program,
        Err(problems) => panic!("{problems:#?}\nin\n{text}"),
    }
}

fn round_trip(text: &str) {
    let tree = parsed(text);
    let printed = print::program(&tree);
    let again = parsed(&printed);
    assert_eq!(placeless(&tree), placeless(&again), "{printed}");
    assert_eq!(print::program(&again), printed, "printing is idempotent");
}

#[test]
fn written_texts_come_back() {
    for text in [
        "let a = -x^2 + 2^-1 - (a - b) - (-c)^2",
        "let a = (a < b) == (c and not d or e)",
        "let a = not (a and b)\nlet b = (not a) == b\nlet c = 2 * (not d)",
        "x |> f(1) |> g { a: 1 } -> kcal/mol;",
        "let r = (1 .. 2 by 0.5)[0] * (3 bohr)^2 + 3 bohr^2",
        "let l = [if a then b else c for a in 0 .. 3 if a > 1]",
        "let f = fn(x) = fn(y) { let z = x; z + y }",
        "let s = \"a {{b}} {c}\\n\\t\\\"\\\\ { {a: 1}.a } {f(\"x\")}\"",
        "(if a then b else c) + 1\n(a |> f) |> (fn(x) = x)",
        "(a -> eV) * 2\n(-a)[0]\n(a + b).c(d)[1](e)",
        "let m = train f(width: 3) { on: [h2(1)], grid: { a: 1 } }\nlet t = table { R: Rs }\ntrain(f, o)\ntable(r)",
        "@spin_dependent kinetic functional t(a, b, c = 2) for exponential = a",
        "## Doc\n##   of two lines\n##\nfunctional f(n) {\n  ## inner\n  param a[2, 3] ~ normal(0, 1)\n  param b = 1 in 0 .. 2\n  a\n}",
        "system s(R, g = line) on grids(g).x { H at -R/2 for i in 0 .. 3 if i > 1; nucleus(2) at 0; charge: 1 }",
        "system s on (a + b) { potential(x): { let y = x; y }; interaction: none }",
        "system s on line { }",
        "use std.losses\nuse \"a b.ksr\" (f, g)\nuse \"c.ksr\" as d\nuse \"c.ksr\" (f) as g",
        "loss l(run, exact, w = 0.5) { sum(run.energies) }\ngrid line = uniform(points: 3)",
        "let a = 1e300 + 1e-300 + 0.1 + 123456789 + 1e15 + 1e22 + 5e-324",
        "{ let a = 1\n a }\n[]\n{}\n[1, [2], { a: [] }]",
    ] {
        round_trip(text);
    }
}

#[test]
fn the_library_and_the_examples_come_back() {
    for folder in ["stdlib", "examples"] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let Ok(files) = std::fs::read_dir(&folder) else { continue };
        for file in files.flatten().filter(|f| f.path().extension().is_some_and(|e| e == "ksr")) {
            round_trip(&std::fs::read_to_string(file.path()).unwrap());
        }
    }
}

#[test]
fn long_pipes_and_records_are_broken() {
    let text = "let net = concat(n_up, n_down, abs(grad(n_up + n_down)) / 2) |> dense(width) |> silu |> dense(width) |> silu |> dense(1)";
    let printed = print::program(&parsed(text));
    assert!(printed.lines().all(|l| l.len() <= 100), "{printed}");
    assert!(printed.lines().count() > 3, "{printed}");
    round_trip(text);
}

fn span() -> Span {
    Span::default()
}

fn ident(name: &str) -> Ident {
    Ident { name: Rc::from(name), span: span() }
}

fn make(kind: ExprKind) -> Expr {
    Expr { kind: Rc::new(kind), span: span() }
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "R", "n_up", "rho", "at", "kinetic", "ε", "_x", "f1"])
}

fn any_word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "grid", "on", "loss", "for", "if", "at", "let", "true"])
}

fn unit() -> impl Strategy<Value = UnitExpr> {
    (prop::sample::select(crate::lang::units::names().collect::<Vec<_>>()), prop::sample::select(vec![1, 2, -1, 3]))
        .prop_map(|(name, power)| UnitExpr { name: name.into(), power, span: span() })
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        (0u32..20).prop_map(f64::from),
        0.0..1e3,
        any::<f64>().prop_map(f64::abs).prop_filter("finite", |v| v.is_finite())
    ]
}

fn leaf() -> impl Strategy<Value = Expr> {
    prop_oneof![
        number().prop_map(|v| make(ExprKind::Number(v))),
        (0.0..1e3, unit()).prop_map(|(value, unit)| make(ExprKind::Quantity { value, unit })),
        name().prop_map(|n| make(ExprKind::Name(n.into()))),
        any::<bool>().prop_map(|b| make(ExprKind::Bool(b))),
        "[ -~]{1,8}".prop_map(|s| make(ExprKind::Str(vec![StrPart::Text(s.into())]))),
        Just(make(ExprKind::Str(Vec::new()))),
    ]
}

fn operators() -> impl Strategy<Value = BinaryOp> {
    use BinaryOp::*;
    prop::sample::select(vec![
        Add,
        Sub,
        Mul,
        Div,
        Pow,
        Equal,
        NotEqual,
        Less,
        LessEqual,
        Greater,
        GreaterEqual,
        And,
        Or,
    ])
}

fn function(body: impl Strategy<Value = Expr>) -> impl Strategy<Value = FnDef> {
    (prop::collection::vec(name(), 0..3), body).prop_map(|(names, body)| FnDef {
        name: ident("fn"),
        params: names.into_iter().map(|n| ParamDecl { name: ident(n), default: None }).collect(),
        body,
        span: span(),
    })
}

fn statement(kind: StmtKind) -> Stmt {
    Stmt { kind, span: span(), docs: None }
}

/// A block: some `let`s, with or without a doc line, and a value.
fn block(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = Expr> {
    (prop::collection::vec((name(), inner.clone(), any::<bool>()), 0..2), inner).prop_map(|(lets, value)| {
        let mut statements: Vec<Stmt> = Vec::new();
        for (n, value, documented) in lets {
            let docs = documented.then(|| Rc::from("what it is"));
            statements.push(Stmt { docs, ..statement(StmtKind::Let { name: ident(n), value }) });
        }
        statements.push(statement(StmtKind::Expr { value, shown: true }));
        make(ExprKind::Block(statements))
    })
}

fn expression() -> impl Strategy<Value = Expr> {
    leaf().prop_recursive(5, 48, 4, |inner| {
        let inner = inner.boxed();
        let i = || inner.clone();
        let record = || {
            prop::collection::vec((any_word(), i()), 0..3)
                .prop_map(|entries| make(ExprKind::Record(entries.into_iter().map(|(n, v)| (ident(n), v)).collect())))
        };
        let args = || {
            let arg = (prop::option::of(any_word()), i());
            let plain = prop::collection::vec(arg, 0..3);
            (plain, prop::option::of(record())).prop_map(|(plain, trailing)| {
                let mut args: Vec<Arg> = plain
                    .into_iter()
                    .map(|(name, value)| Arg { name: name.map(ident), value, trailing: false })
                    .collect();
                args.extend(trailing.map(|value| Arg { name: None, value, trailing: true }));
                args
            })
        };
        let each = || {
            (name(), i(), prop::option::of(i())).prop_map(|(n, values, condition)| Each {
                name: ident(n),
                values,
                condition,
            })
        };
        prop_oneof![
            (operators(), i(), i()).prop_map(|(op, left, right)| make(ExprKind::Binary {
                op,
                op_span: span(),
                left,
                right
            })),
            i().prop_map(|value| make(ExprKind::Unary { op: UnaryOp::Neg, value })),
            i().prop_map(|value| make(ExprKind::Unary { op: UnaryOp::Not, value })),
            (i(), i(), prop::option::of(i())).prop_map(|(from, to, by)| make(ExprKind::Range { from, to, by })),
            (i(), i()).prop_map(|(value, into)| make(ExprKind::Pipe { value, into })),
            (i(), unit()).prop_map(|(value, unit)| make(ExprKind::Convert { value, unit })),
            (i(), i(), i()).prop_map(|(condition, then, otherwise)| make(ExprKind::If { condition, then, otherwise })),
            (i(), args()).prop_map(|(callee, args)| make(ExprKind::Call { callee, args })),
            (i(), args()).prop_map(|(value, args)| {
                make(ExprKind::Call {
                    callee: make(ExprKind::Name("train".into())),
                    args: {
                        let mut all = vec![Arg { name: None, value, trailing: false }];
                        all.extend(args);
                        all
                    },
                })
            }),
            record().prop_map(|value| {
                let callee = make(ExprKind::Name("table".into()));
                make(ExprKind::Call { callee, args: vec![Arg { name: None, value, trailing: true }] })
            }),
            (i(), i()).prop_map(|(value, index)| make(ExprKind::Index { value, index })),
            (i(), any_word()).prop_map(|(value, n)| make(ExprKind::Field { value, name: ident(n) })),
            prop::collection::vec(i(), 0..3).prop_map(|values| make(ExprKind::List(values))),
            (i(), each()).prop_map(|(body, each)| make(ExprKind::Comprehension { body, each })),
            record(),
            block(i()),
            function(i()).prop_map(|f| make(ExprKind::Lambda(Rc::new(f)))),
            i().prop_map(|value| make(ExprKind::Str(vec![StrPart::Text("v = ".into()), StrPart::Value(value)]))),
        ]
    })
}

/// Whether a documented block stands inside a string, where all is on one line and doc lines have no place.
fn documents_in_strings(program: &Program) -> bool {
    let text = format!("{program:?}");
    text.contains("Value(Expr") && text.contains("what it is")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn generated_trees_come_back(value in expression(), shown in any::<bool>()) {
        let program = Program {
            statements: vec![
                statement(StmtKind::Let { name: ident("a"), value: value.clone() }),
                statement(StmtKind::Expr { value: value.clone(), shown }),
                statement(StmtKind::System(Rc::new(SystemDef {
                    name: ident("s"),
                    params: None,
                    grid: Some(make(ExprKind::Name("line".into()))),
                    entries: vec![SystemEntry::Option { name: ident("charge"), value: make(ExprKind::Number(1.0)) }],
                    span: span(),
                }))),
            ],
        };
        prop_assume!(!documents_in_strings(&program));
        let printed = print::program(&program);
        let again = parse(SourceId(0), &printed);
        prop_assert!(again.is_ok(), "{again:#?}\n{printed}");
        prop_assert_eq!(placeless(&program), placeless(&again.unwrap()), "{}", printed);
    }
}
