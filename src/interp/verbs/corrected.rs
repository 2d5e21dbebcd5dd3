//! `corrected(f, by: …)`: a functional and what is added to its energies.

use super::solve::kohn_sham;
use super::task::Task;
use crate::interp::Interpreter;
use crate::interp::call::{Args, Builtin, DefaultValue, function, mismatch, named, not_functional, required, shown};
use crate::interp::error::{TraceError, fail};
use crate::interp::value::{Corrected, Field, Form, Solved, Value};
use crate::ks::Run;
use crate::lang::{Dimension, Kind};
use crate::problem::Result;
use crate::source::Span;
use std::rc::Rc;

pub(crate) const CORRECTED: &[Builtin] = &[function(
    "corrected",
    &[
        required("functional", &[Kind::Functional, Kind::Model]),
        required("by", &[Kind::Machine, Kind::Function])
            .about("an energy as a function of the density: a machine that has learned from densities, or a function"),
        named("inside", &[Kind::Truth], DefaultValue::Truth(false)).about(
            "whether it acts inside the calculation, too, through its derivative; otherwise it is added afterwards",
        ),
    ],
    &[Kind::Corrected, Kind::Functional],
    "a functional with a correction, for `with:` of `solve`: E = E_f[n_f] + Δ[n_f] with the density n_f of the functional (M. Bogojeski et al., \
     Nat. Commun. 11, 5223 (2020)), told as `.correction` of the run; or, `inside: true`, the functional E_f + Δ itself, whose density is \
     another one",
    &["delta learning", "delta-dft", "machine learning", "correction"],
    &[shown(
        "use std.functionals\ngrid g = uniform(points: 129, spacing: 0.2)\nsystem he(Z) on g { nucleus(Z) at 0; electrons: 2 }\n\
         let known = [he(1.6), he(2), he(2.4)]\nlet runs = [solve(s, with: functionals.lda) for s in known]\n\
         let delta = ridge([r.density for r in runs], [exact(r.system).energy - r.energy for r in runs], kernel: gaussian(width: 2))\n\
         solve(he(1.8), with: corrected(functionals.lda, by: delta)).energy - exact(he(1.8)).energy",
    )],
    corrected,
)];

/// The module of the library with the functionals that are corrected inside.
const MODULE: &str = "corrections";

fn corrected(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let base = args.arg("functional")?.clone();
    let ready = interp.ready(args.operand("functional")?, &args.what("functional"))?;
    interp.check_kinetic(&ready, base.span)?;
    if !ready.traced.compiled.kind.has_energy() {
        return fail(TraceError::NoEnergy { functional: ready.name, span: base.span }, base.span);
    }
    let by = args.arg("by")?.value.clone();
    if !matches!(by, Value::Machine(_) | Value::Function(_) | Value::Builtin(_)) {
        let help = Some("for example a machine, or `fn(n) = energy(f, n)`".into());
        return args.mismatch("by", "a machine or a function of the density", help);
    }
    if let Value::Machine(machine) = &by {
        let wanted = matches!(&machine.output, Form::Number(dim) if dim.agree(Dimension::ENERGY).is_some());
        if !wanted || !matches!(machine.input, Form::Field(_)) {
            let message = format!(
                "a correction is an energy of a density, but this machine goes from {} to {}",
                machine.input.words(),
                machine.output.words()
            );
            return args.wrong(args.span_of("by"), message, Some("learn energies from densities".into()));
        }
    }
    if !args.truth("inside")? {
        return Ok(Value::Corrected(Rc::new(Corrected { base: base.value, by })));
    }
    let spins = ready.functional.densities().count() == 2;
    let name = if spins { "of_spin_densities" } else { "of_total_density" };
    let made_of = interp.standard_value(MODULE, name, args.span)?;
    let Some(Value::Functional(made_of)) = made_of else {
        return not_functional("the corrected functional", &Value::Nothing, args.span);
    };
    let functional = Rc::new(made_of.with_options(vec![("base".into(), base.value), ("added".into(), by)]));
    interp.traced(&functional, args.span)?;
    Ok(Value::Functional(functional))
}

/// `solve(system, with: corrected(f, by: …))`.
pub(super) fn task(interp: &mut Interpreter, args: &Args, corrected: &Rc<Corrected>, together: u64) -> Result<Task> {
    let corrected = corrected.clone();
    let task = kohn_sham(interp, args, &corrected.base, together)?;
    Ok(task.then(move |interp, args, found| {
        let span = args.span_of("with");
        let run = interp.corrected_run(found.run, &corrected, span)?;
        let members = found.members.into_iter().map(|member| interp.corrected_run(member, &corrected, span));
        let members = members.collect::<Result<Vec<_>>>()?;
        Ok(Solved { run, with: Value::Corrected(corrected), members, ..found })
    }))
}

impl Interpreter {
    /// A run with the correction at its density.
    fn corrected_run(&mut self, run: Run, corrected: &Corrected, span: Span) -> Result<Run> {
        let grid = run.system.grid.clone();
        let density = Field::simple(grid.clone(), run.total_density());
        if let Value::Machine(machine) = &corrected.by {
            let labels = (&*run.system.label, &*corrected.base_name());
            self.check_near(std::slice::from_ref(machine), (&density.data, &grid), labels, span);
        }
        let value = self.apply(&corrected.by, vec![Value::Field(Rc::new(density))], span)?;
        let correction = match &value {
            Value::Number(q) if q.dim.is_plain() || q.dim.agree(Dimension::ENERGY).is_some() => q.value,
            other => return mismatch("the correction", "an energy", other, None, span),
        };
        let functional = format!("corrected {}", run.functional);
        Ok(Run { energy: run.energy + correction, correction: Some(correction), functional, ..run })
    }
}

#[cfg(test)]
mod tests {
    use crate::interp::tests::helpers::{code, number};

    const HEAD: &str = "use std.functionals\nuse std.analysis\nuse std.kinetic\ngrid g = uniform(points: 129, spacing: 0.2)\n\
        system he(Z) on g { nucleus(Z) at 0; electrons: 2 }\nsystem li on g { Li at 0 }\n\
        let runs = [solve(he(Z), with: functionals.lda) for Z in [1.6, 2, 2.4]]\n\
        let delta = ridge([r.density for r in runs], [exact(r.system).energy - r.energy for r in runs], kernel: gaussian(width: 2))\n";

    #[test]
    fn a_correction_is_added_to_the_energy_and_told() {
        let run = format!("{HEAD}let s = solve(he(1.8), with: corrected(functionals.lda, by: delta))\n");
        assert!(
            number(&format!("{run}s.energy - s.correction - solve(he(1.8), with: functionals.lda).energy")).abs()
                < 1e-12
        );
        assert!(number(&format!("{run}s.correction - delta(s.density)")).abs() < 1e-15);
        assert!(number(&format!("{run}s.energy - exact(he(1.8)).energy")).abs() < 5e-4);
        assert_eq!(code(&format!("{HEAD}runs[0].correction")), "ksr::types::no_field");
        let by_hand = format!(
            "{HEAD}solve(li, with: corrected(functionals.lsda, by: fn(n) = 0.1 * integral(n) * (1 hartree))).correction"
        );
        assert!((number(&by_hand) - 0.3).abs() < 1e-9);
    }

    /// Inside, it is part of the energy and of the potential.
    #[test]
    fn inside_it_is_a_functional() {
        let head = format!(
            "{HEAD}let f = corrected(functionals.lda, by: delta, inside: true)\nlet n = runs[1].density\nlet d = n * g.x^2 * exp(-g.x^2)\n"
        );
        assert!(number(&format!("{head}energy(f, n) - energy(functionals.lda, n) - delta(n)")).abs() < 1e-12);
        let slope = format!(
            "{head}(energy(f, n + 0.001 * d) - energy(f, n - 0.001 * d)) / 0.002 - integral(potential(f, n) * d) * (1 hartree)"
        );
        assert!(number(&slope).abs() < 1e-6);
        assert!(number(&format!("{head}solve(he(2), with: f).residual")) < 1e-8);
    }

    /// Both parts of an error add up, with orbitals and without.
    #[test]
    fn errors_are_split() {
        for run in [
            "solve(he(2), with: functionals.lda)",
            "solve(he(2), kinetic: kinetic.gradient_expansion, with: functionals.lda)",
        ] {
            let e = format!("{HEAD}let r = exact(he(2))\nlet s = {run}\nlet e = analysis.split_errors(s, r)\n");
            assert!(number(&format!("{e}e.total - (s.energy - r.energy)")).abs() < 1e-12);
            assert!(number(&format!("{e}e.functional_driven + e.density_driven - e.total")).abs() < 1e-12);
            // The density minimises the energy of its own functional.
            assert!(number(&format!("{e}e.density_driven")) < 0.0);
        }
    }

    #[test]
    fn what_is_no_correction_is_refused() {
        for (call, wanted) in [
            ("corrected(functionals.lda, by: ridge([1, 2], [1, 2], kernel: gaussian(width: 1)))", "ksr::run::value"),
            ("solve(he(2), with: corrected(functionals.lda, by: fn(n) = n))", "ksr::types::mismatch"),
            ("corrected(kinetic.thomas_fermi, by: delta)", "ksr::functional::kinetic"),
            ("energy(corrected(functionals.lda, by: delta), g.x)", "ksr::types::functional"),
        ] {
            assert_eq!(code(&format!("{HEAD}{call}")), wanted, "{call}");
        }
    }
}
