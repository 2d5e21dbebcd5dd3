//! Where a model comes from: what its file says about the training, and what is noticed later.

use crate::interp::tests::helpers::{described, failure, interpreter_in, take_lines, take_shown};
use crate::interp::value::text;
use crate::lang::format::format;
use crate::source::SourceId;
use crate::world::{Memory, World};
use std::path::Path;
use std::rc::Rc;

const HEAD: &str = "grid g = uniform(points: 65, spacing: 0.25)\ngrid fine = uniform(points: 129, spacing: 0.125)\n\
                    system h on g { H at 0 }\nsystem soft on g { He at 0; interaction: soft_coulomb() }\n\
                    system usual on fine { H at 0; interaction(r): exponential()(r) }\n\
                    functional f(n) { param a = 0.5 in 0 .. 2; param w[2] ~ normal(0, 0.1); -a * n + w[0] * w[1] * n }\n\
                    loss mine(run, exact, weight = 1) {\n  # Of the energy alone.\n  \
                    weight * (run.total_energy - exact.total_energy)^2\n}\n";
const TRAIN: &str = "let m = train f { on: [h]; loss: mine(weight: 2); scf: { iterations: 3 }\noptimizer: lbfgs(steps: 1) }\n\
                     save(m, \"m.ksr\")\n";

/// What a script shows, and its warnings.
fn run(world: &Rc<Memory>, script: &str) -> (Vec<String>, Vec<String>) {
    take_shown();
    take_lines();
    if let Err(problems) = interpreter_in(world.clone()).run("test.ksr", &format!("{HEAD}{script}")) {
        panic!("{script}\n{}", described(&problems));
    }
    (take_shown().iter().map(text::value).collect(), take_lines())
}

fn trained() -> Rc<Memory> {
    let world = Rc::new(Memory::default());
    run(&world, TRAIN);
    world
}

#[test]
fn a_file_says_how_its_model_was_trained() {
    let world = trained();
    let file = world.read_text(Path::new("m.ksr")).expect("a model");
    for line in [
        "# trained on h\n",
        "# on 65 points with spacing 0.25 bohr; interaction exponential\n",
        "# loss mine(weight: 2)\n# loss mine(run, exact, weight = 1) {\n#   # Of the energy alone.\n",
        "      name:    \"exponential\"\n      values:  [1.071295, ",
        "      spacing: 0.25 bohr\n",
        "    \"on 65 points with spacing 0.25 bohr; interaction exponential\",\n",
        "  hash: \"",
    ] {
        assert!(file.contains(line), "{line}\n{file}");
    }
    assert_eq!(format(SourceId::default(), &file).expect("a text"), file);
    let (shown, warnings) = run(
        &world,
        "use \"m.ksr\"\nlen(m.origin)\nm.origin[1]\nm.parameters == load(\"m.ksr\").parameters\n\
         let next = train trainable(m) { on: [h]; loss: mine(); scf: { iterations: 3 }; optimizer: lbfgs(steps: 1) }\n\
         next.origin[-1]\nsave(next, \"next.ksr\")",
    );
    assert_eq!((shown[0].as_str(), shown[2].as_str(), warnings.len()), ("4", "true", 0), "{warnings:?}");
    assert_eq!(shown[1], "on 65 points with spacing 0.25 bohr; interaction exponential");
    let hash =
        file.lines().find_map(|line| line.trim().strip_prefix("hash: \"")).expect("a hash").trim_end_matches("\",");
    assert_eq!(shown[3], format!("begun with the parameters of `m`, hash {hash}"));
    let next = world.read_text(Path::new("next.ksr")).expect("a model");
    assert!(next.contains(&format!("# begun with the parameters of `m`, hash {hash}\n")), "{next}");
}

#[test]
fn edited_and_older_files_are_loaded_and_wrong_numbers_are_refused() {
    let world = trained();
    let file = world.read_text(Path::new("m.ksr")).expect("a model");
    let line = file.lines().find(|line| line.trim().starts_with("w: [")).expect("weights").to_owned();
    let load = |text: String| {
        assert_ne!(text, file);
        world.put("m.ksr", text);
        take_lines();
        let ended = interpreter_in(world.clone()).run("test.ksr", "load(\"m.ksr\").parameters.w;");
        (ended.err().map(|problems| problems[0].to_string()), take_lines())
    };
    let edited = load(file.replace(&line, "    w: [0.1, 0.2]"));
    assert_eq!(edited.0, None);
    assert_eq!(edited.1, ["ksr::model::edited: `m.ksr` has been edited since it was saved"]);
    // Any other edit is noticed, too.
    let steeper = load(file.replace("-a * n", "-2 * a * n"));
    assert_eq!((steeper.0, steeper.1.len()), (None, 1));
    let unmarked = file.replace("# Content", "#").replace(&line, "    w: [0.1, 0.2]");
    let edited = load(unmarked);
    assert_eq!(edited.1, ["ksr::model::edited: the parameters of `m` are not those that were saved"]);
    let (head, rest) = file.split_once("  hash:").expect("a hash");
    let rest = rest.split_once("  scf:").expect("options").1;
    let older = format!("{head}  scf:{rest}").replace("# Content", "#");
    assert_eq!(load(older), (None, Vec::new()));
    for (given, why) in [
        ("[]", "`f` needs 2 numbers for `w`, but 0 are given"),
        ("[1]", "`f` needs 2 numbers for `w`, but 1 is given"),
        ("[1, 2, 3]", "`f` needs 2 numbers for `w`, but 3 are given"),
        ("\"a\"", "`f` needs 2 numbers for `w`, but it is given a string"),
        ("[1, nan]", "`w` of `f` is nan"),
        ("[-inf, 1]", "`w` of `f` is -inf"),
    ] {
        let found = load(file.replace(&line, &format!("    w: {given}")));
        assert_eq!(found.0.as_deref(), Some(why), "{given}");
    }
    assert_eq!(load(file.replace(&line, "")).0.as_deref(), Some("`f` needs 2 numbers for `w`, but none is given"));
    let unbounded = failure(&format!("{HEAD}model(f, parameters: {{ w: [1, 2] }}, unbounded: {{ a: inf }})"));
    assert_eq!(unbounded.to_string(), "`a` of `f` is inf");
}

#[test]
fn another_interaction_than_that_of_the_training_is_a_warning_by_whatever_way() {
    let world = trained();
    let warned = |script: &str| {
        let lines = run(&world, &format!("use \"m.ksr\"\nlet n = exp(-g.x^2)\n{script}")).1;
        lines.into_iter().filter(|line| line.starts_with("ksr::model::trained_with")).collect::<Vec<_>>()
    };
    let found = warned("solve(soft, with: m);");
    assert_eq!(
        found,
        [
            "ksr::model::trained_with: `m` was trained with the interaction `exponential`, but that of `soft` is soft_coulomb()"
        ]
    );
    for other in [
        "solve(soft, with: trainable(m));",
        "functional g2(n) = 0.5 * m(n)\nsolve(soft, with: g2);",
        "functional g2(n) = trainable(m)(n)\nsolve(soft, with: g2);",
        "energy(m, n, interaction: exponential(amplitude: 0.5));",
        "potential(m, n, interaction: none);",
        "functional g2(n) { param b = 1; b * m(n) }\n\
         train g2 { on: [soft]; loss: mine(); scf: { iterations: 2 }; optimizer: lbfgs(steps: 1) };",
    ] {
        assert_eq!(warned(other).len(), 1, "{other}");
    }
    for same in [
        "solve(h, with: m);",
        // The same interaction, as a function and on another grid.
        "solve(usual, with: m);",
        "energy(m, n);",
        "solve(soft, with: f);",
        "train trainable(m) { on: [soft]; loss: mine(); scf: { iterations: 2 }; optimizer: lbfgs(steps: 1) };",
    ] {
        assert_eq!(warned(same), [""; 0], "{same}");
    }
    // The head of a functional names a family.
    let made_for = |head: &str, system: &str| {
        let lines = run(&world, &format!("functional q(n) for {head} = -0.1 * n\nsolve({system}, with: q);")).1;
        lines.iter().filter(|line| line.starts_with("ksr::functional::made_for")).count()
    };
    let counts = [
        made_for("soft_coulomb", "soft"),
        made_for("soft_coulomb", "h"),
        made_for("exponential", "soft"),
        made_for("exponential", "usual"),
        made_for("exponential", "h"),
    ];
    assert_eq!(counts, [0, 1, 1, 0, 0]);
}

#[test]
fn another_spacing_matters_to_models_that_count_points() {
    let warned = |body: &str, script: &str| {
        let text = format!(
            "system close on fine {{ H at 0 }}\nfunctional q(n) {{\n  {body}\n}}\n\
             let m = train q {{ on: [h]; loss: mine(); scf: {{ iterations: 2 }}; optimizer: lbfgs(steps: 1) }}\n\
             save(m, \"spaced.ksr\")\n{script}"
        );
        let lines = run(&Rc::new(Memory::default()), &text).1;
        lines.into_iter().filter(|line| line.starts_with("ksr::model::trained_on")).collect::<Vec<_>>()
    };
    let counting = "let c = n |> conv(1, width: 3)\n  -n * c^2";
    for use_it in ["solve(close, with: m);", "solve(close, with: load(\"spaced.ksr\"));", "energy(m, exp(-fine.x^2));"]
    {
        let found = warned(counting, use_it);
        assert_eq!(found.len(), 1, "{use_it}");
        assert!(
            found[0].contains("trained on grids with spacing 0.25 bohr") && found[0].contains("here it is 0.12"),
            "{found:?}"
        );
    }
    assert_eq!(warned(counting, "solve(h, with: m);"), [""; 0]);
    assert_eq!(warned("param a = 0.3\n  -a * n", "solve(close, with: m);"), [""; 0]);
    assert_eq!(warned("let c = n |> dense(1)\n  -n * c^2", "solve(close, with: m);"), [""; 0]);
}
