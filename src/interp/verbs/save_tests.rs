//! Saved models come back bit for bit, with everything they use, and published parameters are found in archives.

use crate::interp::ScriptEnding;
use crate::interp::tests::helpers::{described, interpreter_in, take_lines, take_shown};
use crate::interp::value::{Value, text};
use crate::world::{Memory, World};
use std::path::Path;
use std::rc::Rc;

/// Runs a script in a world; what it shows, as bits of numbers and short strings.
fn run(world: &Rc<Memory>, script: &str) -> Vec<String> {
    take_shown();
    match interpreter_in(world.clone()).run("test.ksr", script) {
        Ok(ScriptEnding::Done) => {}
        Ok(ScriptEnding::Interrupted) => panic!("interrupted"),
        Err(problems) => panic!("{script}\n{}", described(&problems)),
    }
    let shown = |v: &Value| match v {
        Value::Number(q) => format!("{:x}", q.value.to_bits()),
        other => text::value(other),
    };
    take_shown().iter().map(shown).collect()
}

const HEAD: &str =
    "grid g = uniform(points: 65, spacing: 0.2)\nlet n = 0.6 * exp(-(g.x - 0.3)^2) + 0.2 * exp(-g.x^2 / 4)\n";

#[test]
fn a_saved_model_is_ksr_and_comes_back_bit_for_bit() {
    let world = Rc::new(Memory::default());
    world.put("mine.ksr", "let kappa = 0.3\nfn scaled(x) = kappa * x\nfunctional local(n) = -scaled(n)\n");
    let script = format!(
        "{HEAD}use std.functionals\nuse std.networks\nuse \"mine.ksr\"\n\
         let kappa = 1 / 7\nlet sizes = {{ wide: 4, deep: [1, 2] }}\n\
         # A word of the language, redefined.\nfn silu(x) = x / (1 + exp(-kappa * x))\n\
         fn scaled(x, factor = kappa) = factor * x\n\
         ## A mixture.\nfunctional f(n, factor = 0.1) {{\n  let exchange = scaled(n)  # hides a name\n  param a = 0.7 in 0 .. 2\n\
         \u{20}   param b[3] ~ normal(0, 0.1)\n  functionals.exchange(n) + factor * (n |> dense(sizes.wide) |> silu |> dense(1)) +\n\
         \u{20}   mine.local(n) * a + sum(b) * exchange + networks.ksr_lda(n, filters: 3)\n}}\n\
         energy(init(f(factor: 0.3), seed: 5), n)\nsave(init(f(factor: 0.3), seed: 5), \"saved_f.ksr\")\n"
    );
    let first = run(&world, &script);
    let text = world.read_text(Path::new("saved_f.ksr")).unwrap();
    let again =
        run(&world, &format!("{HEAD}use \"saved_f.ksr\"\nenergy(saved_f, n)\nenergy(load(\"saved_f.ksr\"), n)"));
    assert_eq!(again, [first[0].as_str(), first[0].as_str()], "{text}");
    for part in ["## A mixture.", "# hides a name", "let saved = model(", "factor: 0.3"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    // What comes back can be saved again, and used in a body, frozen or not.
    let more = format!(
        "{HEAD}use \"saved_f.ksr\"\nsave(saved_f, \"again.ksr\")\nfunctional h(n) = saved_f(n) + 0 * n\n\
         functional t(n) = trainable(saved_f)(n) + 0 * n\nenergy(h, n)\nenergy(t, n)\ndescribe(h).parameters\n\
         describe(t).parameters\nsave(h, \"h.ksr\")"
    );
    let found = run(&world, &more);
    let number = |bits: &str| f64::from_bits(u64::from_str_radix(bits, 16).unwrap());
    assert!((number(&found[0]) - number(&first[0])).abs() < 1e-14);
    assert!((number(&found[1]) - number(&first[0])).abs() < 1e-14);
    assert_eq!((number(&found[2]), number(&found[3])), (0.0, 36.0));
    let last = run(&world, &format!("{HEAD}use \"again.ksr\"\nuse \"h.ksr\"\nenergy(again, n)\nenergy(h, n)"));
    assert_eq!(last, [first[0].clone(), found[0].clone()]);
}

#[test]
fn the_members_of_a_used_model_are_those_of_a_model() {
    let world = Rc::new(Memory::default());
    let script = format!("{HEAD}functional f(n) {{ param a = 0.7\n -a * n }}\nsave(f, \"m.ksr\")\n");
    run(&world, &script);
    let found = run(
        &world,
        "use \"m.ksr\"\nuse \"m.ksr\" as other\nfn of(x) = m.parameters\nm.parameters\nother.parameters\nof(1)",
    );
    assert_eq!((found.len(), &found[0], &found[0]), (3, &found[1], &found[2]));
    // Names imported from the file are still checked.
    let problems = interpreter_in(world.clone()).run("t.ksr", "use \"m.ksr\" (nothing)");
    assert_eq!(problems.unwrap_err()[0].code(), "ksr::names::not_in_module");
}

#[test]
fn labels_of_several_lines_stay_in_their_comments() {
    let world = Rc::new(Memory::default());
    let script = "functional f(n) { param a = 1; -a * n }\n\
                  let m = model(f, parameters: { a: 2 }, origin: [\"fitted to h2(fn(x) {{\\n  x\\n}})\"])\n\
                  save(m, \"m.ksr\")";
    run(&world, script);
    let text = world.read_text(Path::new("m.ksr")).unwrap();
    assert!(text.contains("# fitted to h2(fn(x) {\n#   x\n# })\n"), "{text}");
    assert_eq!(run(&world, "load(\"m.ksr\").parameters.a == 2"), ["true"], "{text}");
    let long = crate::interp::tests::helpers::value(
        "grid g = uniform(points: 65, spacing: 0.2)\nsystem s(v) on g { potential: v; electrons: 2 }\n\
         s(fn(x) {\n  x\n})",
    );
    let Value::System(system) = long else { panic!("a system") };
    assert_eq!(system.label, "s(fn(x) { x })");
}

#[test]
fn paths_are_relative_to_the_script_with_the_call() {
    let world = Rc::new(Memory::default());
    let text = "functional f(n) { param a = 1; -a * n }\nfn kept() = model(f, parameters: { a: 3 })\n\
                fn again() = load(\"m.ksr\")\nlet read = load(\"m.ksr\").parameters.a\n";
    world.put("inner/lib.ksr", text);
    let script = "use \"inner/lib.ksr\"\nsave(lib.kept(), \"inner/m.ksr\")\nlib.again().parameters.a == 3\nlib.read == 3\n\
                  load(\"inner/m.ksr\").parameters.a == 3\nsave(lib.again(), \"outer.ksr\")";
    assert_eq!(run(&world, script), ["true"; 3]);
    let there = ["inner/m.ksr", "outer.ksr", "m.ksr"].map(|path| world.kind(Path::new(path)).is_some());
    assert_eq!(there, [true, true, false]);
}

#[test]
fn a_model_from_a_file_says_what_it_does_not_know() {
    let head = "functional f(n) { param a = 1; -a * n }\nlet m = model(f, parameters: { a: 2 }, training: \
                { loss: 0.1, seed: 4, step: 7 })\n";
    assert_eq!(crate::interp::tests::helpers::shows(&format!("{head}m.loss + m.seed")), "4.1");
    let reasons = [
        ("seeds", "no table"),
        ("history", "a file keeps"),
        ("members", "a file keeps"),
        ("validation_loss", "without"),
    ];
    for (member, why) in reasons {
        let problem = crate::interp::tests::helpers::failure(&format!("{head}m.{member}"));
        let help = problem.error.help().map(|h| h.to_string()).unwrap_or_default();
        assert!(problem.code() == "ksr::types::no_field" && help.contains(why), "{}: {help}", problem.code());
    }
}

#[test]
fn the_table_of_seeds_comes_back_with_a_saved_model() {
    let world = Rc::new(Memory::default());
    let script = "use std.losses\ngrid g = uniform(points: 65, spacing: 0.25)\nsystem h2(R) on g { H at -R / 2; H at R / 2 }\n\
                  # ln of what is negative for some seeds.\n\
                  functional f(n) {\n  param c ~ normal(0, 0.3)\n  -0.5 * n + 0.01 * ln(c)\n}\n\
                  let m = train f { on: [h2(1.5)]; validate: [h2(2)]; loss: losses.final(); seeds: 0 .. 5\n\
                  scf: { iterations: 4, mixing: linear(0.4) }; optimizer: lbfgs(steps: 2) }\n\
                  save(m, \"m.ksr\")\nlen(m.members)\n";
    let shown = "for_seeds.seed\nfor_seeds.step\nfor_seeds.loss[0]\nfor_seeds.validation_loss[0]\nfor_seeds.evaluations\n\
                 for_seeds.outcome\nm.loss\nm.seed";
    let first = run(&world, &format!("{script}{}", shown.replace("for_seeds", "m.seeds")));
    assert!(first[0] != format!("{:x}", 6.0f64.to_bits()), "a seed failed");
    let again = run(&world, &format!("use \"m.ksr\"\n{}", shown.replace("for_seeds", "m.seeds")));
    assert_eq!(again, first[1..]);
    assert!(first[6].contains("is not finite") && first[6].contains("finished"), "{}", first[6]);
}

#[test]
fn members_that_a_body_uses_are_saved_with_it() {
    let world = Rc::new(Memory::default());
    let script = format!(
        "{HEAD}use std.losses\nsystem h2(R) on g {{ H at -R / 2; H at R / 2 }}\n\
         functional f(n) {{ param a ~ normal(1, 0.1) in 0 .. 2; -a * n / (0.4 + n) }}\n\
         let m = train f {{ on: [h2(1.6)]; loss: losses.final(); seeds: 0 .. 1; scf: {{ iterations: 4 }}\n\
         optimizer: lbfgs(steps: 1) }}\n\
         functional mean(n) = sum([k(n) for k in m.members]) / len(m.members)\nsave(mean, \"mean.ksr\")\n\
         fn average(k, n) = sum([one(n) for one in k.members]) / 2\nfunctional hidden(n) = average(m, n)\n"
    );
    let first = run(&world, &format!("{script}energy(mean, n)"));
    let again = run(&world, &format!("{HEAD}use \"mean.ksr\"\nenergy(mean, n)"));
    assert_eq!(first, again);
    let refused = interpreter_in(world.clone()).run("t.ksr", &format!("{script}save(hidden, \"h.ksr\")"));
    let problem = &refused.unwrap_err()[0];
    let help = problem.error.help().map(|help| help.to_string()).unwrap_or_default();
    assert!(problem.error.to_string().contains("`average` uses the members") && help.contains("let parts"), "{help}");
    assert_eq!(world.kind(Path::new("h.ksr")), None);
}

#[test]
fn parameters_are_values_and_every_name_is_known() {
    let head = "functional f(n) { param a = 1; param b = 0.9 in 0.5 .. 2; -a * b * n }\n";
    let shown = |text: &str| crate::interp::tests::helpers::shows(&format!("{head}{text}"));
    assert_eq!(shown("model(f, parameters: { a: 0.7, b: 1.3 }).parameters"), "{ a: 0.7, b: 1.3 }");
    assert_eq!(shown("model(f, parameters: { a: 1, b: 2 }).parameters"), "{ a: 1, b: 2 }");
    assert_eq!(shown("model(f, parameters: { a: 1 }, unbounded: { b: 0 }).parameters"), "{ a: 1, b: 1.25 }");
    let wrong = [
        ("parameters: { a: 1, b: 2.5 }", "must be between 0.5 and 2"),
        ("parameters: { a: 1, b: 1, c: 1 }", "no parameter `c`"),
        ("parameters: { a: 1, b: 1, conv0: { weight: 1 } }", "no parameter `conv0.weight`"),
        ("parameters: { b: 1 }, unbounded: { a: 1 }", "no bounded parameter `a`"),
        ("parameters: { a: 1, b: 1 }, unbounded: { b: 1 }", "both as a value and as"),
        ("parameters: { a: 1 }", "needs one number for `b`"),
    ];
    for (given, why) in wrong {
        let problem = crate::interp::tests::helpers::failure(&format!("{head}model(f, {given})"));
        assert!(problem.error.to_string().contains(why), "{given}: {}", problem.error);
    }
}

#[test]
fn values_without_a_text_form_cannot_be_saved() {
    let world = Rc::new(Memory::default());
    let script = format!("{HEAD}functional f(n) = n * g.x\nlet w = g.x\nfunctional h(n) = n * w\nsave(f, \"f.ksr\")\n");
    run(&world, &script);
    let problems = interpreter_in(world.clone()).run("t.ksr", &format!("{script}save(h, \"h.ksr\")"));
    assert!(problems.unwrap_err()[0].to_string().contains("`w` is a field"));
}

#[test]
fn arrays_are_matched_by_name_or_in_order() {
    use ndarray::{arr1, arr2, arr3};
    let world = Rc::new(Memory::default());
    let write = |name: &str, named: bool| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        let mut archive = ndarray_npy::NpzWriter::new(&mut bytes);
        let (first, second) = if named { ("conv1.weight", "conv0.weight") } else { ("a", "b") };
        let (wide, last) = (arr2(&[[1.0, 2.0]]), arr3(&[[[3.0], [4.0]]]));
        if named {
            archive.add_array(first, &last).unwrap();
            archive.add_array(second, &wide).unwrap();
            archive.add_array("extra", &arr1(&[0.0])).unwrap();
        } else {
            archive.add_array(first, &wide).unwrap();
            archive.add_array(second, &last).unwrap();
        }
        archive.add_array("flat", &arr1(&[0.0; 4])).unwrap();
        archive.finish().unwrap();
        world.put(name, bytes.into_inner());
    };
    write("named.npz", true);
    write("ordered.npz", false);
    let script = format!(
        "{HEAD}functional f(n) = n |> dense(2) |> dense(1)\nfunctional wanted(n) = 11 * n\nlet e = energy(wanted, n)\n"
    );
    take_lines();
    let shown = run(
        &world,
        &format!(
            "{script}abs(energy(load(f, \"named.npz\"), n) / e - 1) < 1e-14\nabs(energy(load(f, \"ordered.npz\"), n) / e - 1) < 1e-14\nload(f, \"named.npz\").parameters.conv0.weight"
        ),
    );
    assert_eq!(shown, ["true", "true", "[[[1, 2]]]"]);
    let warnings = take_lines();
    assert!(warnings[0].starts_with("ksr::model::surplus: `extra`"), "{warnings:?}");
    assert_eq!(warnings.len(), 2);
}

#[test]
fn a_model_and_what_is_loaded_of_it_have_a_mean() {
    let world = Rc::new(Memory::default());
    let script = "functional f(n) { param a = 0.5 in 0 .. 1; param b = 2; -a * n - b * n^2 }\n\
                  let m = model(f, parameters: { a: 0.25, b: 3 })\nsave(m, \"m.ksr\")\n\
                  let other = model(f, parameters: { a: 0.25, b: 5 })\n\
                  let mean = mean_parameters([other, load(\"m.ksr\")])\n[mean.parameters.b, mean_parameters([m, load(\"m.ksr\")]).parameters.b]";
    assert_eq!(run(&world, script), ["[4, 3]"]);
}
