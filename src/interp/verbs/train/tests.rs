//! Losses, training runs and calculations in scripts.

use crate::interp::tests::helpers::{Collector, code, failure, number, shows, take_lines, take_shown, texts};
use crate::interp::{Interpreter, Options};
use crate::world::Memory;
use std::rc::Rc;

const HEAD: &str = "use std.losses\nuse std.functionals\ngrid g = uniform(points: 65, spacing: 0.25)\n\
                    system h on g { H at 0 }\nsystem h2(R) on g { H at -R / 2; H at R / 2 }\n\
                    functional f(n) {\n  param a = 0.5\n  param b = 1.0 in 0 .. 3\n  -a * n / (1 + b * n)\n}\n";

fn script(text: &str) -> String {
    format!("{HEAD}{text}")
}

#[test]
fn a_traced_loss_is_the_loss_of_the_finished_run() {
    for loss in [
        "losses.ksr(skip: 2, density_weight: 3)",
        "losses.energy_only(skip: 1)",
        "losses.density_only()",
        "losses.final()",
        "mine(weight: 2)",
    ] {
        let text = script(&format!(
            "loss mine(run, exact, weight = 1) {{\n  let levels = sum(run.orbital_energies)\n  weight * levels^2 + run.residual + run.xc_energy^2\n}}\n\
             let scf = {{ iterations: 4, mixing: linear(0.5) }}\nlet wanted = {loss}\nlet s = h2(1.5)\n\
             let trained = train f {{ on: [s]; loss: wanted; scf: scf; optimizer: lbfgs(steps: 0) }}\n\
             let run = solve(s, with: f, iterations: 4, mixing: linear(0.5))\ntrained.loss\nwanted(run, exact(s))"
        ));
        let values = crate::interp::tests::helpers::values(&text);
        let [a, b] = [0, 1].map(|i| match &values[i] {
            crate::interp::Value::Number(q) => q.value,
            other => panic!("{other:?}"),
        });
        assert!((a - b).abs() <= 1e-10 * a.abs(), "{loss}: {a} {b}");
    }
}

#[test]
fn trainings_are_planned_without_running() {
    let text = script(
        "train f { on: [h]; loss: losses.final(); optimizer: lbfgs(steps: 1e9) }\n\
         train f { on: [h, h2(1.5)]; loss: losses.final(); scf: { iterations: 6, mixing: linear(0.4) }; seeds: 3 }",
    );
    let mut interpreter = crate::interp::tests::helpers::interpreter();
    let (outcome, plans) = interpreter.plans("test.ksr", &text).unwrap();
    assert_eq!((outcome, plans.len()), (crate::interp::ScriptEnding::Done, 2));
    assert_eq!((plans[1].cases.len(), plans[1].scf.iterations, &plans[1].seeds[..]), (2, 6, &[3][..]));
    assert!(crate::train::evaluate(crate::tensor::Device::Cpu, &plans[1], &plans[1].functional.initial(3)).is_ok());
    // Afterwards training runs again.
    interpreter
        .load("more.ksr", "let m = train f { on: [h]; loss: losses.final(); optimizer: lbfgs(steps: 1) }\nm.name")
        .unwrap();
    assert_eq!(take_shown().len(), 1);
}

#[test]
fn a_model_carries_its_training() {
    take_lines();
    let text = script(
        "let m = train f { on: [h2(1.5)]; validate: [h2(2)]; loss: losses.final(); scf: { iterations: 6, mixing: linear(0.4) }\n\
         optimizer: lbfgs(steps: 5); seeds: [3, 4] }\n\
         len(m.seeds.seed)\nm.scf.iterations\nsolve(h2(1.5), with: m, remedies: false).iterations\nsolve(h2(1.5), with: m, iterations: 3).iterations\n\
         m.loss < 1\nm.parameters.b > 0 and m.parameters.b < 3\nlen(m.history.loss)\nm.name",
    );
    assert_eq!(texts(&text), ["1", "6", "6", "3", "true", "true", "6", "f"]);
    // Every seed starts `f` from the same parameters.
    let lines = take_lines();
    assert!(lines.iter().any(|line| line.contains("one seed is enough")), "{lines:?}");
}

/// The history of a training run with an entry, kept in a folder.
fn validated(entry: &str, cache: &std::path::Path) -> String {
    let options = Options { cache: Some(cache.into()), ..Options::default() };
    let mut interpreter = Interpreter::new(Rc::new(Collector), Rc::new(Memory::default()), options);
    take_shown();
    let text = script(&format!(
        "let m = train f {{ on: [h2(1.5)]; validate: [h2(2)]; loss: losses.final(); {entry}\n\
         scf: {{ iterations: 5, mixing: linear(0.4) }}; optimizer: lbfgs(steps: 5) }}\n\
         [m.history.step, m.history.validation_loss, m.parameters.a, m.parameters.b]"
    ));
    interpreter.run("test.ksr", &text).unwrap();
    format!("{:?}", take_shown().pop())
}

#[test]
fn a_result_depends_on_how_often_it_is_validated_but_not_on_checkpoints() {
    let folder = || tempfile::tempdir().unwrap();
    let files = |place: &std::path::Path| std::fs::read_dir(place.join("training")).unwrap().count();
    let (one, two) = (folder(), folder());
    let often = validated("checkpoint: 1", one.path());
    assert_eq!(often, validated("checkpoint: 4", two.path()));
    // A result cached for one is reused for the other.
    assert_eq!((validated("checkpoint: 4", one.path()), files(one.path())), (often.clone(), 1));
    let every = validated("validate_every: 2", one.path());
    assert_ne!(every, often);
    assert_eq!(files(one.path()), 2);
    assert_eq!(every, validated("checkpoint: 3; validate_every: 2", two.path()));
}

#[test]
fn validation_can_have_its_own_loss() {
    let trained = |entry: &str| {
        format!(
            "let m = train f {{ on: [h2(1.5)]; validate: [h2(2)]; loss: losses.final(); {entry}\n\
             scf: {{ iterations: 5, mixing: linear(0.4) }}; optimizer: lbfgs(steps: 3) }}\n"
        )
    };
    let own = trained("validate_with: losses.energy_only(skip: 4)");
    let found = texts(&script(&format!(
        "{own}let run = solve(h2(2), with: m, remedies: false)\n\
         abs(m.validation_loss / ((run.energies[4] - exact(h2(2)).energy)^2 / 2) - 1) < 1e-9\n\
         let same = losses.final()(solve(h2(1.5), with: m, remedies: false), exact(h2(1.5)))\nabs(m.loss / same - 1) < 1e-9"
    )));
    assert_eq!(found, ["true", "true"]);
    let lone = "train f { on: [h]; loss: losses.final(); validate_with: losses.final() }";
    assert_eq!(code(&script(lone)), "ksr::run::value");
}

/// A functional whose seeds differ, trained with three of them.
const ENSEMBLE: &str = "functional drawn(n) {\n  param c[2] ~ normal(0, 0.3)\n  -(0.5 + c[0]) * n / (1 + c[1]^2 * n)\n}\n\
                        let m = train drawn { on: [h2(1.5)]; validate: [h2(2)]; loss: losses.final(); seeds: 0 .. 2\n\
                        scf: { iterations: 5, mixing: linear(0.4) }; optimizer: lbfgs(steps: 3) }\n";

#[test]
fn the_members_of_a_model_are_models_of_every_seed() {
    let found = texts(&script(&format!(
        "{ENSEMBLE}len(m.members)\n[k.seed for k in m.members]\n\
         max(abs([k.loss for k in m.members] - m.seeds.loss))\n\
         let curve = [solve(h2(1.5), with: k).total_energy for k in m.members]\n\
         min([k.validation_loss for k in m.members]) == m.validation_loss\n\
         let best = [k for k in m.members if k.seed == m.seed][0]\n\
         solve(h2(1.5), with: m).energy == solve(h2(1.5), with: best).energy\n\
         curve[0] != curve[1]\nlen(best.history.step)\nsum(best.parameters.c) == sum(m.parameters.c)"
    )));
    assert_eq!(found, ["3", "[0, 1, 2]", "0", "true", "true", "true", "4", "true"]);
    let help = |text: &str| {
        let problem = crate::interp::tests::helpers::failure(&script(&format!("{ENSEMBLE}{text}")));
        problem.error.help().map(|h| h.to_string()).unwrap_or_default()
    };
    assert!(help("m.members[0].seeds").contains("one seed"));
    assert!(help("m.members[0].members").contains("one seed"));
}

#[test]
fn losses_at_steps_without_validation_are_nothing() {
    let found = texts(&script(&format!("{ENSEMBLE}m.history.validation_loss[1]\nm.history.validation_loss[3] > 0")));
    assert_eq!(found, ["true"], "nothing is not shown");
    let curves = script(&format!("{ENSEMBLE}plot(m.history, x: \"step\", y: [\"loss\", \"validation_loss\"])"));
    match crate::interp::tests::helpers::value(&curves) {
        crate::interp::Value::Figure(f) => {
            assert_eq!(
                f.series.iter().map(|s| s.x.clone()).collect::<Vec<_>>(),
                [vec![0.0, 1.0, 2.0, 3.0], vec![0.0, 3.0]]
            );
        }
        other => panic!("{other:?}"),
    }
    let plain = script("let m = train f { on: [h]; loss: losses.final(); optimizer: lbfgs(steps: 1) }\n");
    assert_eq!(code(&format!("{plain}m.seeds.validation_loss")), "ksr::types::no_field");
    assert_eq!(code(&format!("{plain}m.history.validation_loss")), "ksr::types::no_field");
}

#[test]
fn a_training_that_never_moves_warns() {
    let warnings = |body: &str, optimizer: &str| {
        take_lines();
        texts(&script(&format!(
            "functional u(n) {{\n  param a = 0.7\n  {body}\n}}\nlet m = train u {{ on: [h2(1.5)]; loss: losses.final()\n\
             scf: {{ iterations: 4, mixing: linear(0.4) }}; optimizer: {optimizer} }}\nm.seeds.outcome[0]"
        )));
        take_lines().into_iter().filter(|l| l.starts_with("ksr::train::unmoved")).count()
    };
    assert_eq!(warnings("-0.5 * n + 0 * a", "lbfgs(steps: 5)"), 1);
    assert_eq!(warnings("-a * n", "lbfgs(steps: 5)"), 0);
    assert_eq!(warnings("-0.5 * n + 0 * a", "adam(steps: 3)"), 1);
    assert_eq!(warnings("-a * n / (1 + a)", "adam(steps: 3, rate: 1e7)"), 1);
    assert_eq!(warnings("-a * n", "adam(steps: 3, rate: 1e-3)"), 0);
    assert_eq!(warnings("-a * n", "adam(steps: 0)"), 0);
    // A gradient below a tolerance that was requested is no surprise.
    assert_eq!(warnings("-a * n", "lbfgs(steps: 5, tolerance: 1e6)"), 0);
}

#[test]
fn a_loss_that_is_not_a_number_names_its_operation() {
    let text = script(
        "loss broken(run, exact) = sqrt(exact.energy - run.energies[-1] - 100)\n\
         train f { on: [h2(1.5)]; loss: broken; scf: { iterations: 3, mixing: linear(0.4) } }",
    );
    let message = crate::interp::tests::helpers::failure(&text).to_string();
    assert!(message.contains("`sqrt` in the loss") && message.contains("iteration 2"), "{message}");
}

#[test]
fn another_mixing_resets_the_iterations_of_a_model() {
    let text = |solve: &str| {
        script(&format!(
            "let m = train f {{ on: [h2(1.5)]; loss: losses.final(); optimizer: lbfgs(steps: 1)\n\
             scf: {{ iterations: 6, mixing: linear(0.4) }} }}\nlet run = {solve}\n"
        ))
    };
    let diis = text("solve(h2(1.5), with: m, mixing: diis())");
    assert_eq!(texts(&format!("{diis}run.converged\nrun.residual < 1e-8")), ["true", "true"]);
    assert_eq!(texts(&format!("{}run.iterations", text("solve(h2(1.5), with: m, mixing: linear(0.3))"))), ["6"]);
    let few = text("solve(h2(1.5), with: m, mixing: diis(), iterations: 2)");
    assert_eq!(texts(&format!("{few}run.iterations")), ["2"]);
}

#[test]
fn training_continues_from_a_model() {
    let text = script(
        "let once = fn(f, steps) = train f { on: [h2(1.5)]; loss: losses.final(); scf: { iterations: 5, mixing: linear(0.4) }; \
         optimizer: adam(steps: steps, rate: 0.01) }\n\
         let first = once(f, 4)\nlet more = once(first, 0)\nabs(more.loss / first.loss - 1) < 1e-6\nonce(first, 4).loss < first.loss\n\
         functional both(n) = trainable(first)(n) + f(n)\ndescribe(both).parameters",
    );
    assert_eq!(texts(&text), ["true", "true", "4"]);
}

#[test]
fn a_model_without_a_history_starts_from_its_parameters() {
    let text = script(
        "let given = model(f, parameters: { a: 0.9, b: 0.1 })\n\
         let m = train given { on: [h2(1.5)]; loss: losses.final(); optimizer: lbfgs(steps: 0); seeds: 0 .. 3 }\n\
         m.parameters.a\nlen(m.seeds.seed)",
    );
    assert_eq!(texts(&text), ["0.9", "1"]);
}

#[test]
fn a_loss_is_on_the_grid_of_its_systems() {
    let text = script(
        "grid other = uniform(points: 65, spacing: 0.3)\nloss dip(run, exact) = integral(other.x^2 * run.density)\n\
         train f { on: [h2(1.5)]; loss: dip; optimizer: lbfgs(steps: 0) }",
    );
    assert_eq!(code(&text), "ksr::functional::other_grid");
}

#[test]
fn options_of_a_calculation_change_only_themselves() {
    let solve = |options: &str| number(&script(&format!("solve(h2(1.5), with: functionals.lda{options}).iterations")));
    assert_eq!(solve(", mixing: linear(0.5, decay: 0.9)"), 30.0);
    assert_eq!(solve(", mixing: linear(0.5), iterations: 7"), 7.0);
    assert!(solve("") < 40.0);
    assert_eq!(shows(&script("solve(h2(1.5), with: functionals.lda).converged")), "true");
    take_lines();
    solve(", iterations: 2");
    assert!(take_lines().iter().any(|l| l.starts_with("ksr::ks::not_converged")));
}

#[test]
fn impossible_options_are_refused_where_they_are_written() {
    for given in ["{ tolerance: -1 }", "{ iterations: 0 }", "{ mixing: linear(0.5), tolerance: nan }"] {
        let model = failure(&script(&format!("model(functionals.lda, parameters: {{}}, scf: {given})")));
        assert!(model.code() == "ksr::ks::option" || model.code() == "ksr::run::value", "{given}: {model}");
    }
    let alone = failure(&script("train f { on: h, loss: losses.energy_only, validate_every: 2 }"));
    assert!(alone.to_string().contains("no systems to validate with"), "{alone}");
    let judge = failure(&script("train f { on: h, loss: losses.energy_only, validate: h, validate_with: 3 }"));
    assert!(judge.to_string().contains("`validate_with` must be a loss"), "{judge}");
}

#[test]
fn a_more_accurate_answer_is_by_the_same_method() {
    let by = |asked: &str| {
        shows(&script(&format!("let r = exact(h2(1.5), method: \"determinants\", accuracy: 1e-4)\n{asked}.method")))
    };
    assert_eq!(by("exact(r, accuracy: 1e-8)"), "determinants");
    assert_eq!(by("exact(r, accuracy: 1e-8, method: \"two_electrons\")"), "two_electrons");
    assert_eq!(by("exact(r, accuracy: 1e-8, method: \"automatic\")"), "two_electrons");
}

#[test]
fn a_functional_for_another_interaction_is_a_warning_once_per_place() {
    take_lines();
    number(&script(
        "system s(R) on g { H at -R / 2; H at R / 2; interaction: exponential(amplitude: 0.5) }\n\
         let e = [solve(s(R), with: functionals.lda).total_energy for R in [1, 2, 3]]\nlen(e)",
    ));
    let warnings: Vec<String> =
        take_lines().into_iter().filter(|l| l.starts_with("ksr::functional::made_for")).collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
}

#[test]
fn losses_take_options_and_refuse_wrong_ones() {
    assert_eq!(shows(&script("losses.ksr(skip: 3)(solve(h, with: functionals.lda), exact(h)) > 0")), "true");
    assert_eq!(code(&script("losses.ksr(skp: 3)")), "ksr::arity::unknown");
    assert_eq!(code(&script("losses.ksr(skip: -1)(solve(h, with: functionals.lda), exact(h))")), "ksr::run::assertion");
    assert_eq!(code(&script("losses.ksr(solve(h, with: functionals.lda))")), "ksr::loss::half");
    assert_eq!(code(&script("train f { on: [h]; loss: fn(run, exact) = 1 }")), "ksr::types::mismatch");
    let seeds = failure(&script("train f { on: [h]; loss: losses.final(); seeds: \"a\" }")).error.to_string();
    assert!(seeds.contains("a seed or a list of seeds, not a string"), "{seeds}");
}

#[test]
fn memory_and_gradient_are_options() {
    let script = |options: &str| {
        let options = format!("on: h, loss: losses.ksr(), optimizer: lbfgs(steps: 2), {options}");
        script(&format!("(train f {{ {options} }}).loss"))
    };
    let usual = number(&script("seeds: 0"));
    for options in ["memory: 1 byte", "memory: 2 GB", "memory: automatic", "memory: inf", "gradient: unrolled"] {
        assert_eq!(number(&script(options)), usual, "{options}");
    }
    let converged = number(&script("gradient: implicit"));
    assert!(converged.is_finite() && converged != usual, "{converged}");
    assert_eq!(code(&script("memory: -1 GB")), "ksr::run::value");
    assert_eq!(code(&script("memory: 2 bohr")), "ksr::units::wanted");
    for wrong in ["memory: 2", "memory: true", "gradient: 1"] {
        assert_eq!(code(&script(wrong)), "ksr::types::mismatch", "{wrong}");
    }
    let decays = "gradient: implicit, scf: { mixing: linear(0.5, decay: 0.9) }";
    assert_eq!(code(&script(decays)), "ksr::ks::option");
    assert_eq!(code(&script("gradient: implicit, scf: { tolerance: 1e-3 }")), "ksr::ks::option");
}

#[test]
fn trainings_of_one_kind_continue_from_those_of_the_other() {
    let by = |options: &str| format!("on: h, loss: losses.ksr(), optimizer: lbfgs(steps: 2), {options}");
    let both = |first: &str, second: &str| {
        let (first, second) = (by(first), by(second));
        number(&script(&format!("let m = train f {{ {first} }}\n(train trainable(m) {{ {second} }}).loss")))
    };
    assert!(both("gradient: implicit", "gradient: unrolled").is_finite());
    assert!(both("gradient: unrolled", "gradient: implicit").is_finite());
    // Linear mixing converges too, in more iterations than its default.
    let with = |mixing: &str| {
        let options = by(&format!("gradient: implicit, scf: {{ mixing: {mixing} }}"));
        number(&script(&format!("(train f {{ {options} }}).loss")))
    };
    let (linear, diis) = (with("linear(0.5)"), with("diis()"));
    assert!((linear / diis - 1.0).abs() < 1e-6, "{linear} {diis}");
    assert_eq!(code(&script("describe(f, on: h, iterations: 1e14)")), "ksr::run::value");
    assert_eq!(code(&script("describe(f, on: h, iterations: 0)")), "ksr::run::value");
}

#[test]
fn the_operations_of_an_evaluation_are_counted_for_given_systems() {
    let flop = |systems: &str, what: &str| number(&script(&format!("describe(f, on: {systems}).flop.{what}")));
    for what in ["energy", "with_potential", "backward"] {
        assert_eq!(flop("[h, h2(1.5)]", what), flop("h", what) + flop("h2(1.5)", what), "{what}");
    }
    assert!(flop("h", "with_potential") > flop("h", "energy") && flop("h", "energy") > 65.0);
    assert_eq!(code(&script("describe(f).flop")), "ksr::types::no_field");
}

#[test]
fn only_densities_that_lean_by_themselves_are_lopsided() {
    let told = |system: &str, body: &str| {
        take_lines();
        let text = format!(
            "use std.losses\ngrid g = uniform(points: 129, spacing: 0.2)\n\
             system h2(R) on g {{ H at snap(-R / 2, g); H at snap(-R / 2, g) + R }}\nsystem he on g {{ He at 0 }}\n\
             functional f(n_up, n_down) {{\n  param a = 0.7\n  let n = n_up + n_down\n  {body}\n}}\n\
             train f {{ on: [{system}]; loss: losses.ksr(skip: 2); optimizer: lbfgs(steps: 0)\n\
             scf: {{ iterations: 12, mixing: linear(0.5, decay: 0.9) }} }};"
        );
        crate::interp::tests::helpers::interpreter().run("test.ksr", &text).unwrap_or_else(|e| panic!("{e:?}"));
        take_lines().iter().any(|line| line.starts_with("ksr::train::lopsided"))
    };
    let spins = "-a * n / (0.3 + n) - 0.1 * a^2 * grad(n_up)^2 / (0.1 + n^2) - 0.2 * a * (n_up - n_down)^2 / (0.1 + n)";
    assert!(told("h2(8)", spins));
    // One that tells left from right leans every density to the same side.
    for body in ["-a * n * (1 + 0.3 * tanh(g.x))", "-a * n - 0.2 * a * grad(n)"] {
        assert!(!told("he", body), "{body}");
    }
}

#[test]
fn parameters_that_begin_at_a_bound_are_told() {
    let told = |start: &str| {
        take_lines();
        let text = script(&format!(
            "train model(f, parameters: {{ a: 0.5, b: {start} }}) {{ on: [h]; loss: losses.final(); optimizer: lbfgs(steps: 1)\n\
             scf: {{ iterations: 2 }} }};"
        ));
        crate::interp::tests::helpers::interpreter().run("test.ksr", &text).unwrap_or_else(|e| panic!("{e:?}"));
        take_lines().into_iter().filter(|line| line.contains("close to a bound")).count()
    };
    assert_eq!(["3", "0", "2.999999", "1", "2.99"].map(told), [1, 1, 1, 0, 0]);
}

#[test]
fn an_option_of_a_loss_that_is_nan_is_refused() {
    let problem = failure(&script("losses.final(energy_weight: nan)"));
    assert_eq!(problem.to_string(), "the option `energy_weight` of `final` is nan");
}

#[test]
fn a_loss_of_one_system_says_that_it_got_a_group() {
    let text = script("train f { on: [[h, h2(2)]]; loss: losses.final(); optimizer: lbfgs(steps: 1) }");
    let problem = failure(&text);
    assert!(problem.via.iter().any(|via| via.note.contains("groups in `on:`")), "{:?}", problem.via);
}

#[test]
fn validation_losses_that_are_not_finite_are_told() {
    // `be` has densities above 1, `h` has none.
    let head = "use std.losses\ngrid g = uniform(points: 65, spacing: 0.3)\nsystem h on g { H at 0 }\nsystem be on g { Be at 0 }\n\
                functional f(n) { param a ~ normal(0.5, 0.1); -a * n * sqrt(1.0 - n) }\n\
                let scf = { iterations: 4, mixing: linear(0.4) }\n";
    let told = |validate: &str, shown: &str| {
        take_lines();
        let text = format!(
            "{head}let m = train(f, on: [h], validate: [{validate}], loss: losses.final(), scf: scf, optimizer: lbfgs(steps: 3), \
             validate_every: 2, seeds: 0 .. 1)\n{shown}"
        );
        let found = crate::interp::tests::helpers::interpreter().run("test.ksr", &text);
        let shown = take_shown();
        let text = |value: &crate::interp::Value| match value {
            crate::interp::Value::Model(model) => model.origin.join("\n"),
            other => crate::interp::value::text::value(other),
        };
        let shown = shown.iter().map(text).collect::<Vec<_>>();
        let problem = found.err().map(|mut problems| problems.remove(0));
        (shown, problem, take_lines().into_iter().filter(|line| line.contains("validation loss")).collect::<Vec<_>>())
    };
    let (shown, _, lines) = told("be", "m.seeds.outcome\nm");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].starts_with("ksr::train::unjudged") && lines[0].contains("no validation loss of `f` is finite"),
        "{lines:?}"
    );
    assert!(shown[1].contains("chosen by the training loss, as no validation loss was finite: be"), "{}", shown[1]);
    let (_, problem, _) = told("be", "m.validation_loss");
    let help = problem.and_then(|problem| problem.error.help().map(|help| help.to_string())).unwrap();
    assert_eq!(help, "no validation loss was finite, so the training loss chose its parameters");
    let (shown, problem, lines) = told("h", "m.validation_loss > 0");
    assert!(problem.is_none() && lines.is_empty() && shown == ["true"], "{lines:?}");
}

#[test]
fn too_many_iterations_are_told_before_losses_are_traced() {
    let many = |text: &str| {
        let text = script(&format!("{text}, loss: losses.ksr(), optimizer: lbfgs(steps: 2))"));
        crate::interp::tests::helpers::failure(&text).to_string()
    };
    let wanted = "must be at most 10000 in training, not 100000000";
    assert!(many("train(f, on: [h], scf: { iterations: 100000000 }").contains(wanted));
    let own = "let m = model(f, parameters: { a: 0.4, b: 1 }, scf: { iterations: 100000000, mixing: linear(0.5) })\ntrain(m, on: [h]";
    assert!(many(own).contains(wanted));
    let more = script("solve(h, with: f, iterations: 2e9)");
    assert!(
        crate::interp::tests::helpers::failure(&more)
            .to_string()
            .contains("must be at most 1000000000, not 2000000000")
    );
}

#[test]
fn seeds_and_steps_have_limits_that_are_named() {
    let refused = |option: &str| {
        let text = script(&format!("train(f, on: [h], validate: [h], loss: losses.final(), {option})"));
        crate::interp::tests::helpers::failure(&text).to_string()
    };
    assert!(refused("validate_every: 1e30").ends_with("must be below 1e15, not 1e30"));
    assert!(refused("checkpoint: inf").ends_with("must be below 1e15, not inf"));
    assert!(refused("seeds: [1, 1e16]").ends_with("a seed must be below 9e15, not 1e16"));
    assert!(refused("seeds: [1 bohr]").contains("length"), "{}", refused("seeds: [1 bohr]"));
}
