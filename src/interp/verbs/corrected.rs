//! `corrected(f, by: …)`: a functional and what is added to its energies.

use super::solve::solved;
use crate::interp::Interpreter;
use crate::interp::call::{Args, Builtin, DefaultValue, function, mismatch, required, shown};
use crate::interp::call::{named, not_functional};
use crate::interp::value::{Corrected, Field, Solved, Value};
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
        let error = crate::interp::error::TraceError::NoEnergy { functional: ready.name, span: base.span };
        return crate::interp::error::fail(error, base.span);
    }
    let by = args.arg("by")?.value.clone();
    if let Value::Machine(machine) = &by {
        let wanted = matches!(&machine.output, crate::interp::value::Form::Number(dim) if dim.agree(Dimension::ENERGY).is_some());
        if !wanted || !matches!(machine.input, crate::interp::value::Form::Field(_)) {
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
pub(super) fn solve(interp: &mut Interpreter, args: &Args, corrected: &Rc<Corrected>) -> Result<Value> {
    let span = args.span_of("with");
    let found = solved(interp, args, &corrected.base)?;
    let run = interp.corrected_run(found.run, corrected, span)?;
    let members = found.members.into_iter().map(|member| interp.corrected_run(member, corrected, span));
    let members = members.collect::<Result<Vec<_>>>()?;
    let with = Value::Corrected(corrected.clone());
    Ok(Value::Run(Rc::new(Solved { run, with, members, ..found })))
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
