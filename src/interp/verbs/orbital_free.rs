//! `solve(system, kinetic: …)`: calculations without orbitals.

use super::fits::Met;
use super::scf;
use super::solve::{BROKEN_SPIN, functional_key, only, settled, start_of};
use super::task::{Runs, Task, key_of};
use crate::control::Control;
use crate::functional::FunctionalKind;
use crate::interp::Interpreter;
use crate::interp::call::{Args, Argument};
use crate::interp::error::{TraceError, fail};
use crate::interp::trace::Ready;
use crate::interp::value::{FieldBasis, Solved, Value};
use crate::ks::{self, Projection, Run};
use crate::model::{Interaction, System};
use crate::problem::Result;
use crate::source::Span;
use std::sync::Arc;

/// Options of `solve` that say nothing to a calculation without orbitals, and why.
const WITHOUT_MEANING: [(&str, &str); 3] = [
    ("mixing", "the energy is minimised, and no densities are mixed"),
    ("symmetric", "the density of a system that is its own mirror image stays symmetric by itself"),
    ("remedies", "every step lowers the energy, and there is nothing else to try"),
];

/// `solve(system, kinetic: …)`.
pub(super) fn task(interp: &mut Interpreter, args: &Args, system: &Arc<System>, together: u64) -> Result<Task> {
    let span = args.span;
    scf::refuse(args, &WITHOUT_MEANING, "has no meaning without orbitals")?;
    if matches!(args.get("start").map(|arg| &arg.value), Some(Value::Str(word)) if **word == *BROKEN_SPIN) {
        let message = format!("`start: {BROKEN_SPIN}` mixes orbitals, and there are none");
        return args.wrong(args.span_of("start"), message, Some("start from a run with another functional".into()));
    }
    let kinetic = interp.part(args, system, "kinetic")?;
    let Some(kinetic) = kinetic else { return args.mismatch("kinetic", "a kinetic functional", None) };
    if kinetic.traced.compiled.kind != FunctionalKind::Kinetic {
        let (functional, place) = (kinetic.name, args.span_of("kinetic"));
        return fail(TraceError::NotKinetic { functional, span: place }, place);
    }
    let xc = interp.part(args, system, "with")?;
    match &xc {
        None if system.interaction != Interaction::None => {
            let message = "electrons that interact need a functional of exchange and correlation, `with:`";
            let help = "for the Hartree energy alone, `with: functionals.hartree_only`";
            return args.wrong(span, message, Some(help.into()));
        }
        Some(xc) => interp.check_kinetic(xc, args.span_of("with"))?,
        None => {}
    }
    let projection = interp.projection(args, system, [Some(&kinetic), xc.as_ref()])?;
    let options = scf::from_args(args, None)?;
    let start = if args.has("start") { Some(start_of(args, system)?) } else { None };
    let parts: Vec<&Ready> = [Some(&kinetic), xc.as_ref()].into_iter().flatten().collect();
    let points = system.grid.points;
    let tapes: usize = parts.iter().map(|part| part.traced.compiled.tape_bytes(points, 2)[1]).sum();
    let bytes = tapes as u64 + 8 * (points * options.iterations) as u64;
    interp.afford(together.saturating_mul(bytes), "this calculation", span)?;
    let functional = match &xc {
        Some(xc) => format!("{} and {}", kinetic.name, xc.name),
        None => kinetic.name.clone(),
    };
    let (device, of) = (interp.options.device, system.clone());
    let data = |ready: &Ready| (ready.traced.compiled.clone(), ready.parameters.to_vec());
    let (own, other) = (data(&kinetic), xc.as_ref().map(data));
    let key = interp.shared_key(|| {
        let key = key_of("density", device, system, &options, start.as_ref());
        let key = [Some(&kinetic), xc.as_ref()].into_iter().flatten().fold(key, functional_key);
        match &projection {
            None => key,
            Some(of) => key.numbers(of.samples.flat()).integers(&[of.neighbours as u64, of.dimensions as u64]),
        }
    });
    let solved = system.clone();
    let work = move |control: &dyn Control| -> Runs {
        let other = other.as_ref().map(|(compiled, parameters)| (compiled, &parameters[..]));
        let parts = ((&own.0, &own.1[..]), other);
        let run = ks::orbital_free::solve(device, &of, parts, projection.as_ref(), &options, start.as_ref(), control)?;
        Ok(vec![Run { functional, ..run }])
    };
    Ok(Task::new(key, solved, work, move |interp, args, runs| {
        let run = only(settled(interp, args, runs)?, args)?;
        for part in [Some(&kinetic), xc.as_ref()].into_iter().flatten() {
            let labels = (&*run.system.label, &*part.name);
            interp.check_near(&part.traced.machines, (&run.total_density(), &run.system.grid), labels, args.span);
        }
        let with = if xc.is_some() { args.arg("with")?.value.clone() } else { Value::Nothing };
        let solved = Solved { kinetic: args.arg("kinetic")?.value.clone(), ..Solved::new(run, with) };
        Ok(match xc {
            Some(xc) => {
                let arrays = xc.traced.compiled.graph.params.as_slice().into();
                Solved { arrays, parameters: xc.parameters, ..solved }
            }
            None => solved,
        })
    }))
}

impl Interpreter {
    /// A functional of the call that suits the system, if it is given.
    fn part(&mut self, args: &Args, system: &System, name: &str) -> Result<Option<Ready>> {
        let Some(Argument { span, .. }) = args.get(name) else { return Ok(None) };
        let span = *span;
        let ready = self.ready(args.operand(name)?, &format!("`{name}`"))?;
        self.check_grid(&ready, &system.grid, span)?;
        self.check_interaction(&ready, Met::in_system(system), span);
        self.check_density_only(&ready, span)?;
        if !ready.traced.compiled.kind.has_energy() {
            return fail(TraceError::NoEnergy { functional: ready.name, span }, span);
        }
        Ok(Some(ready))
    }

    /// The argument `projected:`, if it is given and suits the system.
    fn projection(
        &mut self,
        args: &Args,
        system: &System,
        functionals: [Option<&Ready>; 2],
    ) -> Result<Option<Projection>> {
        let Some(given) = args.get("projected") else { return Ok(None) };
        let span: Span = given.span;
        let Value::Basis(FieldBasis::Near(projection)) = &given.value else {
            let help = Some("for example `projected: principal(densities, neighbours: 30, dimensions: 5)`".into());
            return args.mismatch("projected", "principal components of samples", help);
        };
        if *projection.grid != *system.grid {
            let help = Some("make both on one grid".into());
            return args.wrong(span, "the samples are on another grid than the system", help);
        }
        let spins = functionals.into_iter().flatten().any(|f| f.functional.densities().count() == 2);
        if spins && !system.closed_shell() && system.spins().1 > 0 {
            let message = "samples are densities of all electrons, but here each spin has its own density";
            return args.wrong(
                span,
                message,
                Some("use functionals of the total density, `kinetic functional t(n)`".into()),
            );
        }
        if let Some((index, electrons)) = projection.odd(system) {
            let message = format!(
                "sample {index} has {} electrons, but `{}` has {}",
                crate::number::brief(electrons),
                system.label,
                system.electrons
            );
            return args.wrong(span, message, Some("all samples have the electrons of the system".into()));
        }
        Ok(Some((**projection).clone()))
    }
}
