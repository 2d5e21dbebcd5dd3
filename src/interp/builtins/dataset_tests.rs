//! Data sets in scripts.

use crate::interp::tests::helpers::{described, interpreter_in, take_lines, take_shown};
use crate::interp::value::text;
use crate::world::Memory;
use std::rc::Rc;

const LINE: &str = "grid line = uniform(points: 121, spacing: 0.2)\nsystem ion(Z, N) on line { nucleus(Z) at 0; electrons: N }\n\
                    system h2(R) on line { H at -R / 2; H at R / 2 }\nuse std.functionals\nuse std.losses\n";

/// What a script shows, run in a world.
fn shown(world: &Rc<Memory>, script: &str) -> Vec<String> {
    take_shown();
    take_lines();
    if let Err(problems) = interpreter_in(world.clone()).run("test.ksr", &format!("{LINE}{script}")) {
        panic!("{script}\n{}", described(&problems));
    }
    take_shown().iter().map(text::value).collect()
}

#[test]
fn references_and_runs_come_back_as_references() {
    let world = Rc::new(Memory::default());
    let script = "let made = [exact(h2(1.6)), solve(ion(3, 3), with: functionals.lsda)]
save(made, \"set\")
let read = dataset(\"set\")
[r.energy for r in read] == [r.energy for r in made]
[max(abs(read[k].density - made[k].density)) for k in 0 .. 1]
max(abs(read[1].density_up - made[1].density_up)) < 1e-15
[r.name for r in read]
[r.charges for r in read]
read[0].locations == made[0].locations
read[0].system.nuclei[1].symbol
[r.electrons for r in read]
[r.unpaired for r in read]
max(abs(read[0].system.potential - h2(1.6).potential))
read[0].grid.spacing
solve(read[0], with: functionals.lda).energy == solve(h2(1.6), with: functionals.lda).energy
len(dataset(\"set\", points: 111)[0].density.values)
exists(\"set\") and exists(\"set/grids.npy\") and not exists(\"other\")";
    let wanted = [
        "true",
        "[0, 0]",
        "true",
        "[h2(1.6), ion(3, 3)]",
        "[[1, 1], [3]]",
        "true",
        "H",
        "[2, 3]",
        "[0, 1]",
        "0",
        "0.2 bohr",
        "true",
        "111",
        "true",
    ];
    assert_eq!(shown(&world, script), wanted);
    let lines = take_lines();
    assert!(lines.len() == 1 && lines[0].starts_with("ksr::data::padded"), "{lines:?}");
}

#[test]
fn training_takes_references_by_their_numbers() {
    let world = Rc::new(Memory::default());
    let script = "functional f(n) { param a = 0.5; -a * n / (1 + n) }
save([exact(ion(1, 1)), exact(ion(2, 2))], \"set\")
let read = dataset(\"set\")
fn trained(systems) = train f { on: systems; loss: losses.final(); optimizer: lbfgs(steps: 2); scf: { iterations: 5 } }
let [one, two] = [trained(read), trained([ion(1, 1), ion(2, 2)])]
one.loss == two.loss
one.parameters.a == two.parameters.a";
    let script =
        script.replace("let [one, two] = [", "let both = [").replace("one.", "both[0].").replace("two.", "both[1].");
    assert_eq!(shown(&world, &script), ["true", "true"]);
}

#[test]
fn another_interaction_is_given_when_reading() {
    let world = Rc::new(Memory::default());
    let script = "system soft(R) on line { interaction: soft_coulomb(softening: 1); H at -R / 2; H at R / 2 }
save(exact(soft(1.6)), \"soft\")
dataset(\"soft\", interaction: soft_coulomb(softening: 1))[0].total_energy == exact(soft(1.6)).total_energy";
    assert_eq!(shown(&world, script), ["true"]);
    let lines = take_lines();
    assert!(lines.len() == 1 && lines[0].starts_with("ksr::data::unsaid"), "{lines:?}");
    shown(&world, "dataset(\"soft\")[0].total_energy;");
    assert!(take_lines()[0].starts_with("ksr::data::potential"));
}

#[test]
fn unknown_members_of_a_data_set_are_not_in_a_loss() {
    let world = Rc::new(Memory::default());
    let script = "save(solve(ion(3, 3), with: functionals.lsda), \"set\")
loss end(run, exact) = (run.energy - exact.energy)^2
end(solve(ion(3, 3), with: functionals.lsda), dataset(\"set\")[0])";
    assert_eq!(shown(&world, script), ["0"]);
}
