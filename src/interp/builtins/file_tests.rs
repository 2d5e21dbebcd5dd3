//! Saving, asserting and plotting, beyond what examples can show.

use crate::interp::tests::helpers::{code, described, failure, interpreter_in, number, take_lines, value};
use crate::interp::value::Value;
use crate::world::{Memory, ReadOnly, World};
use std::path::Path;
use std::rc::Rc;

fn run_in(world: &Rc<Memory>, script: &str) {
    if let Err(problems) = interpreter_in(world.clone()).run("test.ksr", script) {
        panic!("{script}\n{}", described(&problems));
    }
}

#[test]
fn tables_fields_and_figures_are_saved_next_to_the_script() {
    let world = Rc::new(Memory::default());
    let script =
        "let t = table { R: [1 bohr, 2 bohr], E: [1 hartree, 0.1 hartree] -> eV, note: [\"a,b\", \"c\"], x: [1, inf] }
save(t, \"t.csv\")
t |> save(\"t.json\")
grid g = uniform(points: 5, spacing: 0.5)
save(g.x, \"x.npy\")
save(concat(g.x, g.x^2), \"two.npy\")
plot(t, y: \"E\") |> save(\"t.svg\")";
    run_in(&world, script);
    let read = |name: &str| world.read_text(Path::new(name)).expect("a file");
    let csv = read("t.csv");
    assert_eq!(csv.lines().next(), Some("R (bohr),E (eV),note,x"));
    let last: Vec<&str> = csv.lines().nth(2).unwrap_or_default().split(',').collect();
    assert_eq!((last[0], last[2], last[3]), ("2", "c", "inf"));
    assert!(last[1].parse::<f64>().is_ok_and(|e| (e - 2.7211386245988).abs() < 1e-13));
    assert!(csv.contains("\"a,b\""));
    let json: serde_json::Value = serde_json::from_str(&read("t.json")).expect("JSON");
    assert_eq!(json["units"]["E"], "eV");
    assert_eq!(json["columns"]["R"][1], 2);
    assert_eq!(json["columns"]["x"][1], "inf");
    let x = crate::data::read_npy(&*world, Path::new("x.npy")).expect("npy");
    assert_eq!((x.shape, x.data), (vec![5], vec![-1.0, -0.5, 0.0, 0.5, 1.0]));
    let two = crate::data::read_npy(&*world, Path::new("two.npy")).expect("npy");
    assert_eq!((two.shape, two.data[5]), (vec![2, 5], 1.0));
    assert_eq!(read("t.svg"), "1 curves");
}

#[test]
fn whole_numbers_of_a_saved_table_have_no_point() {
    let world = Rc::new(Memory::default());
    let script = "save(table { a: [1, 2^53, 2^62], b: [1, 2.5, 3], c: [0, -0, 1], d: [1, inf, 2], e: [1, 1e20, 3] }, \"t.json\")";
    run_in(&world, script);
    let text = world.read_text(Path::new("t.json")).expect("a file");
    let plain: String = text.split_whitespace().collect();
    for column in [
        "\"a\":[1,9007199254740992,4.611686018427388e+18]",
        "\"b\":[1,2.5,3]",
        "\"c\":[0,-0.0,1]",
        "\"d\":[1,\"inf\",2]",
        "\"e\":[1,1e+20,3]",
    ] {
        assert!(plain.contains(column), "{column}\n{text}");
    }
}

#[test]
fn what_somebody_else_sent_reads_and_does_not_write() {
    let memory = Rc::new(Memory::with([("set/notes.txt", "mine"), ("lib.ksr", "let a = 3")]));
    let run = |script: &str| interpreter_in(Rc::new(ReadOnly(memory.clone()))).run("test.ksr", script);
    run("use \"lib.ksr\"\nassert_eq(lib.a, 3)\nassert(exists(\"set\"))").expect("reads");
    let grid = "grid g = uniform(points: 121, spacing: 0.2)\nsystem h on g { H at 0 }\nfunctional f(n) = n\n";
    for value in ["table { a: [1] }, \"t.csv\"", "[1, 2], \"x.npy\"", "plot([1, 2], [1, 2]), \"p.svg\"", "f, \"f.ksr\""]
    {
        let problem = run(&format!("{grid}save({value})")).expect_err("refused").remove(0);
        assert_eq!(problem.code(), "ksr::run::file");
        assert!(problem.to_string().ends_with("files can be read here, but not written"), "{problem}");
    }
    let problem = run(&format!("{grid}save([exact(h)], \"new\")")).expect_err("refused").remove(0);
    assert_eq!(problem.to_string(), "the folder cannot be written: files can be read here, but not written");
    assert_eq!(memory.list(Path::new("")).expect("listed").len(), 2);
}

#[test]
fn what_cannot_be_saved_is_refused() {
    assert_eq!(code("save(3, \"x.csv\")"), "ksr::run::value");
    assert_eq!(code("save([1, 2], \"x.csv\")"), "ksr::run::value");
    assert_eq!(code("save(table { a: [1] }, \"no/such/folder/x.csv\")"), "ksr::run::file");
}

#[test]
fn assertions_show_both_values_in_the_unit_of_the_tolerance() {
    let problem = failure("assert_eq(1 hartree, 1.001 hartree, 0.1 kcal/mol)");
    assert_eq!(problem.code(), "ksr::run::not_equal");
    let message = problem.to_string();
    assert!(message.contains("627.509474063 kcal/mol") && message.contains("0.1 kcal/mol"), "{message}");
    assert_eq!(code("assert_eq([1, 2], [1, 3], 0.5)"), "ksr::run::not_equal");
    assert_eq!(code("assert_eq([1, 2], [1])"), "ksr::types::lengths");
    assert_eq!(code("assert_eq(nan, nan, 1)"), "ksr::run::not_equal");
    assert_eq!(code("assert_eq(1 hartree, 1, 1 bohr)"), "ksr::units::clash");
    assert_eq!(code("assert_eq(\"a\", \"b\")"), "ksr::run::different");
    assert_eq!(code("assert(1 > 2)"), "ksr::run::assertion");
    assert!(matches!(value("assert_eq([[1, 2], [3]], [[1, 2.1], [3]], 0.2)"), Value::Nothing));
}

#[test]
fn assertions_compare_both_ways_and_channel_by_channel() {
    let holds = ["1, [1, 1]", "[1, 1], 1", "0 .. 3, [0, 1, 2, 3]", "[0, 1, 2, 3], 0 .. 3", "0.5 .. 2, 0.5 .. 2"];
    for pair in holds {
        assert!(matches!(value(&format!("assert_eq({pair})")), Value::Nothing), "{pair}");
    }
    assert_eq!(code("assert_eq(1, [1, 2])"), "ksr::run::not_equal");
    assert_eq!(code("assert_eq(0.5 .. 2, 0.5 .. 3)"), "ksr::run::not_equal");
    let grid = "grid g = uniform(points: 5, spacing: 0.5)\nlet two = concat(g.x, g.x)\n";
    assert!(matches!(value(&format!("{grid}assert_eq(0, 0 * g.x)\nassert_eq(two, two)")), Value::Nothing));
    assert_eq!(code(&format!("{grid}assert_eq(two, g.x)")), "ksr::types::channels");
    let problem = failure(&format!("{grid}assert_eq(two, concat(g.x, where(g.x > 0.9, 9, g.x)))"));
    let help = problem.error.help().map(|h| h.to_string()).unwrap_or_default();
    assert!(help.contains("index 4 of channel 1"), "{help}");
}

#[test]
fn minima_and_roots_are_found_to_rounding() {
    let morse = "fn morse(R) = 0.17 hartree * (1 - exp(-1.2 * (R - 1.6)))^2\n";
    assert!((number(&format!("{morse}minimum(morse, 0.5 .. 6).x")) - 1.6).abs() < 1e-6);
    // Two wells: the lower one is not where golden sections alone would go.
    assert!((number("minimum(fn(x) = x^4 - 8 * x^2 + x, -4 .. 4).x") + 2.0308).abs() < 1e-3);
    assert_eq!(number("minimum(fn(x) = x, 1 .. 3).x"), 1.0);
    assert!((number("root(cos, 1 .. 2)") - std::f64::consts::FRAC_PI_2).abs() < 1e-12);
    assert!((number("root(fn(x) = x^9, -1 .. 2)")).abs() < 1e-1);
    assert!((number("root(fn(R) = 1 / R - 0.5, 0.1 bohr .. 50 bohr)") - 2.0).abs() < 1e-10);
    assert_eq!(code("root(fn(x) = x^2 + 1, -1 .. 1)"), "ksr::run::no_root");
}

#[test]
fn figures_have_labels_from_the_data() {
    let Value::Figure(figure) =
        value("plot(table { R: [1 bohr, 2 bohr], a: [1 eV, 2 eV] -> eV, b: [3 eV, 4 eV] -> eV }, title: \"t\")")
    else {
        panic!("a figure");
    };
    assert_eq!((figure.x_label.as_str(), figure.y_label.as_str()), ("R (bohr)", "eV"));
    assert_eq!(figure.series.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert!((figure.series[0].y[1] - 2.0).abs() < 1e-12);
    let fields = "grid g = uniform(points: 5, spacing: 1)\nlet n = exp(-g.x^2)\nplot(n, g.x)";
    let Value::Figure(figure) = value(fields) else { panic!("a figure") };
    assert_eq!(figure.series.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["n", "g.x"]);
}

#[test]
fn ensembles_share_a_curve_and_axes_one_unit() {
    let figure = |script: &str| match value(script) {
        Value::Figure(figure) => figure,
        other => panic!("{}", other.kind()),
    };
    let table = "let t = table { R: [1, 2], exact: [1, 2] * (1 mhartree), seeds: [[1, 2, 3], [4, 5, 6]] * (1 mhartree) -> mhartree }\n";
    let options = "x: \"R\", y: [\"exact\", \"seeds\"], labels: [\"DMRG\", \"30 seeds\"], band: -1.6 mhartree .. 1.6 mhartree, y_range: -10 .. 10";
    let drawn = figure(&format!("{table}plot(t, {options})"));
    let curves: Vec<(usize, bool, &str)> = drawn.series.iter().map(|s| (s.curve, s.thin, s.name.as_str())).collect();
    assert_eq!(curves, [(0, false, "DMRG"), (1, true, "30 seeds"), (1, true, "30 seeds"), (1, true, "30 seeds")]);
    // One column is shown in hartree, the other in millihartree: the axis takes hartree.
    assert_eq!(drawn.y_label, "hartree");
    assert!((drawn.series[3].y[1] - 6e-3).abs() < 1e-15 && (drawn.bands[0].1 - 1.6e-3).abs() < 1e-15);
    assert_eq!(drawn.y_range, Some((-10.0, 10.0)));
    // A band in the unit of the axis, and plain.
    let shown = figure("plot([1, 2], [[1, 2], [3, 4]] * (1 eV) -> eV, band: [-1 .. 1, 2 eV .. 3 eV])");
    assert_eq!((shown.y_label.as_str(), shown.series.len(), shown.bands[0]), ("eV", 2, (-1.0, 1.0)));
    assert!((shown.bands[1].0 - 2.0).abs() < 1e-12 && (shown.series[1].y[0] - 3.0).abs() < 1e-12);
    let fields = "grid g = uniform(points: 5, spacing: 1)\nplot(g.x, [k * g.x for k in 1 .. 3], x_label: \"place\")";
    let fields = figure(fields);
    assert_eq!(fields.series.iter().map(|s| s.curve).collect::<Vec<_>>(), [0, 1, 1, 1]);
    assert_eq!(fields.x_label, "place");
    // Figures on top of each other keep their bands and names.
    let both = "let a = plot([1, 2], [1, 2], title: \"t\", band: 0 .. 1)\nplot(a, plot([1, 2], [[3, 4], [5, 6]]))";
    let both = figure(both);
    assert_eq!(both.series.iter().map(|s| s.curve).collect::<Vec<_>>(), [0, 1, 1]);
    assert_eq!((both.title.as_deref(), both.bands.as_slice()), (Some("t"), [(0.0, 1.0)].as_slice()));
    assert_eq!(code("plot(table { R: [1, 2], E: [[1, 2], [3]] })"), "ksr::run::value");
    assert_eq!(code("plot([1, 2], [1 eV, 2 eV], band: 1 bohr .. 2 bohr)"), "ksr::run::value");
    assert_eq!(code("plot([1, 2], [1, 2], y_range: 1 .. 1)"), "ksr::run::value");
}

#[test]
fn printing_goes_to_the_host() {
    take_lines();
    value("print(\"R =\", 1.4 bohr, [1, 2])");
    assert_eq!(take_lines(), ["R = 1.4 bohr [1, 2]"]);
}
