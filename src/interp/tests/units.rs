//! Dimensions: which values have them, how they combine, how they are shown.

use super::helpers::{code, failure, interpreter, number, shows, take_lines, texts, value};
use crate::interp::value::{Value, text};
use crate::lang::Dimension;

#[test]
fn literals_are_read_in_their_unit() {
    assert!((number("27.211386245988 eV") - 1.0).abs() < 1e-14);
    assert!((number("1 angstrom") - 1.8897261246257702).abs() < 1e-14);
    assert!((number("2 angstrom^2") - 2.0 * 1.8897261246257702_f64.powi(2)).abs() < 1e-13);
    assert_eq!(
        texts("1 hartree\n0.08 bohr\n3 bohr^2\n1 kcal/mol"),
        ["1 hartree", "0.08 bohr", "3 bohr^2", "0.00159360143764 hartree"]
    );
}

#[test]
fn memory_is_shown_in_the_unit_that_reads_best() {
    assert_eq!(
        texts("2 * 3 MB\n4 KiB / 2\n1 TiB\n0 * 1 kB\n1500 MB -> MB\n(2 MB)^2"),
        ["6 MB", "2.048 kB", "1.09951162778 TB", "0 byte", "1500 MB", "4000000000000 byte^2"]
    );
}

#[test]
fn a_plain_number_combines_with_any_dimension() {
    assert_eq!(
        texts("1 + 1 hartree\n2 bohr - 1\n1 == 1 hartree\nmax(3, 2 bohr)"),
        ["2 hartree", "1 bohr", "true", "3 bohr"]
    );
}

#[test]
fn two_dimensions_clash_at_both_operands() {
    for script in [
        "let a = 1 hartree; let b = 1 bohr\na + b",
        "let a = 1 hartree; let b = 1 bohr\na < b",
        "let a = 1 hartree; let b = 1 bohr\na >= b",
        "let a = 1 hartree; let b = 1 bohr\na == b",
        "let a = [1 hartree]; let b = [1 bohr]\na - b",
        "let a = 1 hartree; let b = 1 bohr\nmin(a, b)",
        "let a = 1 hartree; let b = 1 bohr\na .. b",
    ] {
        let problem = failure(script);
        assert_eq!(problem.code(), "ksr::units::clash", "{script}");
        let labels: Vec<String> =
            problem.error.labels().expect("labels").filter_map(|l| l.label().map(String::from)).collect();
        assert_eq!(labels.len(), 2, "{script}");
        assert!(labels.contains(&"an energy".into()) && labels.contains(&"a length".into()), "{labels:?}");
    }
}

#[test]
fn products_quotients_powers_and_roots_have_dimensions() {
    assert_eq!(
        texts(
            "let F = 2 hartree / (4 bohr)\nF\nF * 2 bohr\n(3 bohr)^2\nsqrt(9 bohr^2)\n1 / (2 bohr)\n2 hartree / (1 hartree)"
        ),
        ["0.5 hartree/bohr", "1 hartree", "9 bohr^2", "3 bohr", "0.5 1/bohr", "2"]
    );
    assert_eq!(code("let p = 0.3\n(1 bohr)^p"), "ksr::units::power");
    assert_eq!(code("let p = 1 bohr\n2^p"), "ksr::units::not_plain");
}

#[test]
fn transcendental_functions_need_plain_numbers() {
    for f in ["exp", "ln", "sin", "tanh", "atan", "floor"] {
        assert_eq!(code(&format!("let x = 1 bohr\n{f}(x)")), "ksr::units::not_plain", "{f}");
    }
    assert_eq!(shows("abs(-2 bohr)"), "2 bohr");
    assert_eq!(shows("sign(-2 bohr)"), "-1");
}

#[test]
fn conversion_is_for_showing() {
    assert_eq!(
        texts("1 hartree -> eV\n0.5 -> eV\n1 angstrom -> bohr\n[1 hartree, 2 hartree] -> mhartree"),
        ["27.211386246 eV", "13.605693123 eV", "1.88972612463 bohr", "[1000 mhartree, 2000 mhartree]"]
    );
    assert_eq!(shows("let e = 1 hartree -> eV\ne + 1 hartree"), "2 hartree");
    assert_eq!(shows("let e = 1 hartree -> eV\n2 * e"), "54.422772492 eV");
    assert_eq!(shows("1 angstrom^2 -> bohr^2"), "3.57106482609 bohr^2");
    assert_eq!(code("let x = 1 bohr\nx -> eV"), "ksr::units::conversion");
    assert_eq!(code("let x = \"a\"\nx -> eV"), "ksr::types::mismatch");
}

#[test]
fn tables_convert_the_columns_that_fit() {
    let table = "let t = table { R: [1 bohr], E: [1 hartree] }\nlet s = t -> eV\n";
    assert_eq!(shows(&format!("{table}s.E")), "[27.211386246 eV]");
    assert_eq!(shows(&format!("{table}s.R")), "[1 bohr]");
}

#[test]
fn runs_of_values_keep_their_dimension() {
    assert_eq!(
        texts("sum([1 bohr, 2 bohr])\nmean([1 bohr, 3])\nsort([2 bohr, 1 bohr])\n0 bohr .. 1 bohr by 0.5"),
        ["3 bohr", "2 bohr", "[1 bohr, 2 bohr]", "[0 bohr, 0.5 bohr, 1 bohr]"]
    );
    assert_eq!(code("sum([1 bohr, 2 hartree])"), "ksr::units::mixed");
    assert_eq!(code("argmax([1 bohr, 2 hartree])"), "ksr::units::mixed");
}

#[test]
fn fields_are_plain() {
    let grid = "grid line = uniform(points: 11, spacing: 0.1 bohr)\n";
    assert!(matches!(value(&format!("{grid}line.x + 1 bohr")), Value::Field(_)));
    assert_eq!(shows(&format!("{grid}exp(-line.x^2)[5]")), "1");
    assert_eq!(shows(&format!("{grid}line.spacing")), "0.1 bohr");
    let Value::Number(q) = value(&format!("{grid}integral(1 + 0 * line.x)")) else { panic!("a number") };
    assert_eq!((text::number(q.value).as_str(), q.dim), ("1.1", Dimension::PLAIN));
}

#[test]
fn plain_numbers_have_any_power() {
    assert_eq!(texts("2 ^ inf\n0.5 ^ (1 / 0)\n2 ^ 0.3 > 1"), ["inf", "0", "true"]);
}

#[test]
fn lists_in_records_are_converted_where_the_unit_fits() {
    let record = "let r = { R: [1 bohr], E: [1 hartree], n: [1, 2], deep: { E: [[1 hartree]] } } -> eV\n";
    let shown = texts(&format!("{record}r.R\nr.E\nr.n\nr.deep.E"));
    assert_eq!((shown[0].as_str(), shown[2].as_str()), ("[1 bohr]", "[1, 2]"));
    assert!(shown[1].starts_with("[27.211") && shown[3].starts_with("[[27.211"), "{shown:?}");
}

#[test]
fn options_of_a_fixed_dimension_are_checked_before_anything_runs() {
    let setup = "print(\"runs\")\ngrid g = uniform(points: 65, spacing: 0.3)\nsystem he on g { He at 0 }\n\
                 use std.functionals\nuse std.networks\nuse std.losses\n";
    for line in [
        "system a on g { He at 0; electrons: 2 hartree }",
        "system a on g { He at 0; charge: 1 eV }",
        "system a on g { He at 0; unpaired: 2 bohr }",
        "system a on g { He at 2 eV }",
        "system a on g { H at (i * 1 eV) + 0.1 eV for i in 0 .. 1; H at 1 hartree }",
        "system a on g { nucleus(2 hartree) at 0 }",
        "uniform(points: 65 bohr, spacing: 0.3)",
        "uniform(65, 0.3 eV)",
        "uniform(points: 65, spacing: 0.3 bohr * 2 bohr)",
        "linspace(0 .. 1, 3 eV)",
        "snap([1 bohr, 2 eV], g)",
        "at(g.x, x: 1 eV)",
        "with_electrons(he, 2 eV)",
        "linear(0.5 bohr)",
        "solve(he, with: functionals.lda, iterations: 3 bohr)",
        "solve(he, with: functionals.lda) { tolerance: 1e-6 hartree }",
        "train networks.ksr_lda { on: [he], loss: losses.ksr, seeds: [1 bohr] }",
        "train networks.ksr_lda { on: [he], loss: losses.ksr, memory: 3 bohr }",
        "train networks.ksr_lda { on: [he], loss: losses.ksr, scf: { tolerance: 1 hartree } }",
        "adam(rate: 0.1 hartree)",
        "functional f(n) { param a ~ normal(0, 1 bohr); a * n }",
    ] {
        take_lines();
        assert_eq!(code(&format!("{setup}{line}")), "ksr::units::wanted", "{line}");
        assert!(take_lines().is_empty(), "{line}");
    }
    let good = "uniform(65, 0.3 angstrom)\nsnap([1, 2 bohr], g)\nat(g.x, 0.3 nm)\nclamp(1 eV, from: 0 eV)\nsort([1 eV, 2 eV])\n\
                exponential(1 hartree, 0.4)\nuniform(points: 2 eV / (1 eV) + 7, spacing: 1 bohr^2 / (1 bohr))";
    assert_eq!(texts(&format!("{setup}{good}")).len(), 7);
    let told = super::helpers::failure(&format!("{setup}uniform(points: 65 bohr, spacing: 0.3)"));
    assert_eq!(told.to_string(), "`points` of `uniform` must be a whole number, not a length");
}

#[test]
fn names_of_what_does_not_exist_say_what_there_is_instead() {
    use crate::lang::absent::absent;
    let help = |script: &str| {
        let problem = super::helpers::failure(script);
        problem.error.help().map(|help| help.to_string()).unwrap_or_default()
    };
    for (script, part) in [
        ("exx(1)", "`exact_exchange`"),
        ("use std.functionals\nfunctionals.exx", "`exact_exchange`"),
        ("uhf(1)", "hartree_fock"),
        ("zmp(1)", "`invert(reference)`"),
        ("krr(1)", "not part of ksr"),
        ("ccsd(1)", "`exact(system)`"),
        ("let f = pbe", "`std.functionals`"),
        ("range(3)", "`0 .. 2`"),
        ("NaN", "`nan`"),
        ("infinity", "`inf`"),
        ("True", "`true`"),
        ("None", "no empty value"),
        ("average([1])", "`mean`"),
        ("bond(1)", "`use std.analysis`, then `analysis.bond`"),
        ("self_exchange", "`functionals.self_exchange`"),
        ("use std.networks\nnetworks.rnge", ""),
        ("expp(1)", "`exp`"),
    ] {
        assert!(help(script).contains(part), "{script}: {}", help(script));
    }
    assert!(!help("use std.networks\nnetworks.rnge").contains("range"));
    for name in absent() {
        assert!(crate::interp::registry::get(name).is_none(), "{name}");
        let known = interpreter().library.iter().any(|module| module.definitions.contains_key(name));
        assert!(!known || name == "range", "{name}");
    }
}
