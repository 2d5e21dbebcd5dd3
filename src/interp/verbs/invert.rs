//! `invert(…)`: the Kohn-Sham potential of a density.

use super::inverted::Inverted;
use crate::interp::Interpreter;
use crate::interp::call::{Args, Builtin, DefaultValue, Style, function, optional, required, shown};
use crate::interp::error::{Placed, fail};
use crate::interp::value::{Field, Quantity, Trust, Value};
use crate::ks::{Constant, Inversion, InversionError, InversionWarning, whole_electrons};
use crate::lang::{Dimension, Kind};
use crate::model::{Grid, System, Wall};
use crate::number::brief;
use crate::problem::Result;
use crate::source::Span;
use std::rc::Rc;
use std::sync::Arc;

pub(crate) const INVERSION: &[Builtin] = &[function(
    "invert",
    &[
        required("of", &[Kind::Reference, Kind::Run, Kind::Field]),
        optional(
            "ionisation_energy",
            &[Kind::Measured(Dimension::ENERGY), Kind::List],
            DefaultValue::Absent("if it is known"),
        )
        .about(
            "minus the highest occupied level, which fixes the constant in the potential; of the spin with more electrons, or of \
             both as `[up, down]`. Of a reference it is calculated with `exact` (spin by spin: from the lowest state of those that \
             stay), and a run has it",
        ),
        optional("electrons", &[Kind::Whole], DefaultValue::Absent("the integral")).about("of a field: its number of electrons"),
        optional("n_down", &[Kind::Field], DefaultValue::Absent("the same"))
            .about("of a field: the density of the down electrons; the first one is then that of the up electrons"),
        optional("unpaired", &[Kind::Whole], DefaultValue::Absent("0 or 1")).about(
            "of a field: up minus down electrons; without `n_down:` both spins get the field in proportion, which is right for a closed \
             shell and for electrons of one spin",
        ),
    ],
    &[Kind::Record],
    "the Kohn-Sham potential of the density of a reference, a run or a field: the potential in which the lowest orbitals of \
     non-interacting electrons have that density (Q. Wu, W. Yang, J. Chem. Phys. 118, 2498 (2003), by Newton's method), spin by \
     spin. A record of `potential`, `xc_potential` (without the external and the Hartree potential; not of a field), `density`, \
     `orbital_energies`, `gap`, `kinetic_energy` (T_s), `xc_energy` (the energy without T_s, the Hartree energy and that in the \
     external potential; not of a field), `residual` (∫|n_v - n|, electrons), `converged`, `constant` (what fixes it) and \
     `reach` (where the density has enough digits to decide; outside the xc potential goes to zero like the Hartree potential)",
    &["inversion", "kohn-sham potential", "exact", "wu-yang", "zmp", "xc potential"],
    &[shown(
        "grid g = uniform(points: 257, spacing: 0.1)\nsystem he on g { He at 0 }\nlet i = invert(exact(he))\n\
         i.kinetic_energy\ni.xc_energy\ni.orbital_energies",
    )],
    invert,
)
.with(Style::Options)];

/// It is told if a given ionisation energy takes both ends of the xc potential further from zero than this, hartree: more than the ends of a
/// density are off, and than the steps between atoms.
const FAR_FROM_ZERO: f64 = 0.3;
/// The same in a trap, where the ends of the density are not far out.
const FAR_FROM_ZERO_IN_TRAP: f64 = 1.0;

/// An external potential that ends above this, hartree, is that of a trap.
const HELD: f64 = 0.1;

/// What is inverted.
pub(crate) struct Given {
    pub grid: Arc<Grid>,
    /// The density of each spin, 1/bohr.
    pub spins: [Vec<f64>; 2],
    pub electrons: [usize; 2],
    pub system: Option<Arc<System>>,
    /// The electronic energy, hartree.
    pub energy: Option<f64>,
    /// The highest occupied level of each spin, hartree, where it is known.
    pub highest: [Option<f64>; 2],
    pub trust: Trust,
    /// What there is to tell about what is known.
    pub notes: Vec<InversionWarning>,
}

impl Given {
    /// The energy without T_s, the Hartree energy and that in the external potential, hartree; `None`: it is not known.
    pub fn xc_energy(&self, kinetic: f64) -> Option<f64> {
        let (energy, system) = (self.energy?, self.system.as_ref()?);
        Some(energy - kinetic - system.hartree_energy(&self.spins) - system.external_energy(&self.spins))
    }
}

fn invert(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let place = args.span_of("of");
    only_of_fields(args)?;
    let known = if args.has("ionisation_energy") { Some(energies(interp, args)?) } else { None };
    if let (Value::Reference(reference), None) = (&args.arg("of")?.value, &known) {
        let inverted = interp.inverted(reference, true, place)?;
        interp.tell_inverted(&inverted, true, place)?;
        return Ok(record(&inverted.given, &inverted.found));
    }
    let mut given = given(interp, args, known.as_deref())?;
    if let Some(known) = &known {
        fix(args, &mut given, known)?;
    }
    let found = interp.invert_given(&given, place)?;
    let most = given.system.as_ref().map(|system| match is_trap(system) {
        true => FAR_FROM_ZERO_IN_TRAP,
        false => FAR_FROM_ZERO,
    });
    let off = found.far_out.into_iter().find(|far_out| most.is_some_and(|most| far_out.abs() > most));
    if let Some(far_out) = off.filter(|_| known.is_some()) {
        given.notes.push(InversionWarning::Level { far_out });
    }
    let inverted = Inverted { given, found };
    interp.tell_inverted(&inverted, true, place)?;
    Ok(record(&inverted.given, &inverted.found))
}

/// The given ionisation energies, hartree: one, or those of both spins.
fn energies(interp: &mut Interpreter, args: &Args) -> Result<Vec<f64>> {
    let name = "ionisation_energy";
    let place = args.span_of(name);
    let all = match &args.arg(name)?.value {
        Value::List(_) => {
            let list = args.list(interp, name)?;
            let energy = |value: &Value| match value {
                Value::Number(q) if q.dim.agree(Dimension::ENERGY).is_some() => Some(q.value),
                _ => None,
            };
            let found: Option<Vec<f64>> = list.iter().map(energy).collect();
            match found.filter(|found| found.len() == 2) {
                Some(found) => found,
                None => {
                    let message = format!("`{name}:` is one energy, or those of both spins, `[up, down]`");
                    return args.wrong(place, message, None);
                }
            }
        }
        _ => vec![args.dimensioned(name, Dimension::ENERGY)?],
    };
    if all.iter().any(|energy| !energy.is_finite()) {
        return args.wrong(place, "an ionisation energy is finite", None);
    }
    Ok(all)
}

/// The spins whose level one ionisation energy is: the electron that is removed first is one of more electrons, or of both.
fn of_one([up, down]: [usize; 2]) -> [bool; 2] {
    [up >= down, down >= up]
}

/// The lower end of the external potential, hartree.
fn rim(system: &System) -> f64 {
    let ends = [system.potential.first(), system.potential.last()];
    ends.into_iter().flatten().copied().fold(f64::INFINITY, f64::min)
}

/// Whether the external potential does not go to zero far out, so that there the density says nothing yet of the constant.
fn is_trap(system: &System) -> bool {
    system.grid.wall == Wall::Odd || rim(system) > HELD
}

/// Fixes highest levels.
fn fix(args: &Args, given: &mut Given, known: &[f64]) -> Result<()> {
    let place = args.span_of("ionisation_energy");
    // A trap holds electrons with levels above zero.
    let held = given.system.as_ref().filter(|system| system.grid.wall == Wall::Zero).map(|system| rim(system).max(0.0));
    if let Some((held, energy)) = held.and_then(|held| Some((held, known.iter().find(|energy| -**energy > held)?))) {
        let message = format!(
            "with an ionisation energy of {} hartree the highest level would be {} hartree, above what the potential far out can hold ({})",
            brief(*energy),
            brief(-energy),
            brief(held)
        );
        let help = "it is the energy needed to remove an electron: positive where the potential goes to zero far out";
        return args.wrong(place, message, Some(help.into()));
    }
    let [up, down] = given.electrons;
    let closed = up == down && given.spins[0] == given.spins[1];
    match known {
        [_, _] if up == 0 || down == 0 => {
            return args.wrong(place, "there are electrons of one spin only: give one ionisation energy", None);
        }
        [a, b] if closed && a != b => {
            return args.wrong(place, "both spins have the same potential, and one ionisation energy: give one", None);
        }
        [one] => {
            let of_one = of_one(given.electrons);
            (0..2).filter(|s| of_one[*s]).for_each(|s| given.highest[s] = Some(-one));
        }
        both => given.highest = [0, 1].map(|s| both.get(s).map(|energy| -energy)),
    }
    if (0..2).any(|s| given.electrons[s] > 0 && given.highest[s].is_none()) {
        given.notes.push(InversionWarning::OneLevel);
    }
    Ok(())
}

/// Refuses what only a field needs to be told.
fn only_of_fields(args: &Args) -> Result<()> {
    let given = ["electrons", "unpaired", "n_down"].into_iter().find(|option| args.has(option));
    match (given, &args.arg("of")?.value) {
        (None, _) | (_, Value::Field(_)) => Ok(()),
        (Some(option), _) => {
            let message = format!("the system has its electrons; `{option}:` is for a field");
            args.wrong(args.span_of(option), message, None)
        }
    }
}

/// The density of the argument, and what is known with it.
fn given(interp: &mut Interpreter, args: &Args, known: Option<&[f64]>) -> Result<Given> {
    let arg = args.arg("of")?;
    match &arg.value {
        Value::Field(field) => of_field(args, field),
        Value::Reference(reference) => {
            let (up, down) = reference.system.spins();
            // What is given is not calculated.
            let levels = match known {
                Some([_]) => of_one([up, down]).map(|given| !given),
                Some(_) => [false; 2],
                None => [true; 2],
            };
            interp.of_reference(reference, levels, arg.span)
        }
        Value::Run(run) => {
            let (up, down) = run.system.spins();
            let top = |spin: usize, count: usize| run.orbital_energies[spin].get(count.checked_sub(1)?).copied();
            Ok(Given {
                grid: run.system.grid.clone(),
                spins: run.density.clone(),
                electrons: [up, down],
                energy: run.has_energy.then_some(run.energy),
                highest: [top(0, up), top(1, down)],
                system: Some(run.system.clone()),
                trust: Trust::of(run.trusted(), None),
                notes: Vec::new(),
            })
        }
        _ => args.mismatch("of", "a reference, a run or a field", None),
    }
}

/// A density alone.
fn of_field(args: &Args, field: &Field) -> Result<Given> {
    let span = args.span_of("of");
    if field.channels != 1 {
        return args.wrong(span, "a density has one channel", None);
    }
    if args.has("n_down") {
        let down = args.field("n_down")?;
        let place = args.span_of("n_down");
        if let Some(option) = ["electrons", "unpaired"].iter().find(|option| args.has(option)) {
            let message =
                format!("the electrons of each spin are the integrals of the densities; leave out `{option}:`");
            return args.wrong(args.span_of(option), message, None);
        }
        if *down.grid != *field.grid || down.channels != 1 {
            return args.wrong(place, "the densities of both spins are on one grid and have one channel", None);
        }
        let count = |field: &Field, place: Span| {
            whole_electrons(&field.grid, &field.data, None)
                .or_else(|error| fail(Placed::new(error, place, "this density"), place))
        };
        return Ok(Given {
            grid: field.grid.clone(),
            spins: [field.data.clone(), down.data.clone()],
            electrons: [count(field, span)?, count(&down, place)?],
            system: None,
            energy: None,
            highest: [None, None],
            trust: Trust::of(!field.unconverged && !down.unconverged, None),
            notes: Vec::new(),
        });
    }
    let electrons = of_total(field, args)?;
    let unpaired = if args.has("unpaired") { args.whole("unpaired")? } else { electrons % 2 };
    if unpaired > electrons || (electrons - unpaired) % 2 == 1 {
        let message = format!("{electrons} electrons cannot have {unpaired} unpaired");
        return args.wrong(args.span_of("unpaired"), message, None);
    }
    let (up, down) = ((electrons + unpaired) / 2, (electrons - unpaired) / 2);
    Ok(Given {
        grid: field.grid.clone(),
        spins: in_proportion(&field.data, [up, down]),
        electrons: [up, down],
        system: None,
        energy: None,
        highest: [None, None],
        trust: Trust::of(!field.unconverged, None),
        notes: if up != down && down > 0 { vec![InversionWarning::Spins] } else { Vec::new() },
    })
}

/// The number of electrons of a density: its integral, and that which is given.
fn of_total(field: &Field, args: &Args) -> Result<usize> {
    let given = if args.has("electrons") { Some(args.whole("electrons")?) } else { None };
    whole_electrons(&field.grid, &field.data, given).or_else(|error| {
        let wrong_number = given.is_some() && matches!(error, InversionError::Integral { .. });
        let (name, label) = if wrong_number { ("electrons", "this number") } else { ("of", "this density") };
        let place = args.span_of(name);
        fail(Placed::new(error, place, label), place)
    })
}

/// A density shared out between the spins in proportion to their electrons.
pub(super) fn in_proportion(density: &[f64], electrons: [usize; 2]) -> [Vec<f64>; 2] {
    let all = (electrons[0] + electrons[1]).max(1) as f64;
    electrons.map(|count| density.iter().map(|n| n * count as f64 / all).collect())
}

/// The record of an inversion.
pub(super) fn record(given: &Given, found: &Inversion) -> Value {
    let converged = found.converged() && !given.trust.unconverged();
    let trust = || Trust::of(converged, None);
    let number = |q: Quantity| Value::Number(q.trusted(trust()));
    let field =
        |data: &Vec<f64>| Value::Field(Rc::new(Field::simple(given.grid.clone(), data.clone()).doubted(!converged)));
    let spins = |both: [Value; 2]| match (found.restricted, both) {
        (true, [one, _]) => one,
        (false, [up, down]) => Value::record([("up", up), ("down", down)]),
    };
    let levels = |s: usize| {
        let all = found.orbital_energies[s].iter().map(|e| number(Quantity::energy(*e)));
        Value::list(all.collect())
    };
    // The potentials of the spins have constants of their own, so that only gaps within a spin have a meaning.
    let gap = |s: usize| {
        let (count, levels) = (given.electrons[s], &found.orbital_energies[s]);
        let at = |k: usize| levels.get(k).copied();
        let gap = count.checked_sub(1).and_then(at).zip(at(count)).map_or(f64::NAN, |(top, empty)| empty - top);
        number(Quantity::energy(gap))
    };
    let mut entries: Vec<(&str, Value)> = vec![("potential", spins([0, 1].map(|s| field(&found.potential[s]))))];
    if let Some(xc) = &found.xc_potential {
        entries.push(("xc_potential", spins([0, 1].map(|s| field(&xc[s])))));
    }
    let total: Vec<f64> = found.density[0].iter().zip(&found.density[1]).map(|(up, down)| up + down).collect();
    entries.push(("density", field(&total)));
    entries.push(("orbital_energies", spins([0, 1].map(levels))));
    entries.push(("gap", spins([0, 1].map(gap))));
    entries.push(("kinetic_energy", number(Quantity::energy(found.kinetic_energy))));
    entries.extend(given.xc_energy(found.kinetic_energy).map(|xc| ("xc_energy", number(Quantity::energy(xc)))));
    entries.push(("residual", Value::plain(found.residual)));
    entries.push(("converged", Value::Bool(converged)));
    let constant = |s: usize| match (found.constants[s], &found.xc_potential) {
        _ if given.electrons[s] == 0 => Value::text("that of the other spin"),
        (Constant::Level, _) => Value::text("the highest level is minus the ionisation energy"),
        (Constant::Wall, Some(_)) => Value::text("the xc potential ends at about zero"),
        (Constant::Wall, None) => Value::text("the potential ends at about zero"),
    };
    entries.push(("constant", spins([0, 1].map(constant))));
    let reach = |s: usize| {
        let (start, end) = (found.trusted[s].start, found.trusted[s].end);
        Value::Interval(Quantity::length(given.grid.x(start)), Quantity::length(given.grid.x(end.max(1) - 1)))
    };
    entries.push(("reach", spins([0, 1].map(reach))));
    Value::record(entries)
}
