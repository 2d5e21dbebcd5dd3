//! `invert(…)`: the Kohn-Sham potential of a density.

use crate::interp::Interpreter;
use crate::interp::call::{Args, Builtin, DefaultValue, Style, function, optional, required, shown};
use crate::interp::error::Placed;
use crate::interp::value::{Field, Quantity, Trust, Value};
use crate::ks::{Constant, Inversion, InversionWarning};
use crate::lang::{Dimension, Kind};
use crate::model::{Grid, System, Wall};
use crate::number::brief;
use crate::problem::{Problem, Result};
use std::rc::Rc;
use std::sync::Arc;

pub(crate) const INVERSION: &[Builtin] = &[function(
    "invert",
    &[
        required("of", &[Kind::Reference, Kind::Run, Kind::Field]),
        optional("ionisation_energy", &[Kind::Measured(Dimension::ENERGY)], DefaultValue::Absent("if it is known")).about(
            "minus the highest occupied level, which fixes the constant in the potential; for one and two electrons it is \
             calculated, and a run has it",
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
    /// Whether both spins got what is known of their sum.
    pub shared: bool,
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
    if let (Value::Reference(reference), false) = (&args.arg("of")?.value, args.has("ionisation_energy")) {
        let inverted = interp.inverted(reference, place)?;
        interp.tell_inverted(&inverted.found, true, place)?;
        return Ok(record(&inverted.given, &inverted.found));
    }
    let mut given = given(interp, args)?;
    if args.has("ionisation_energy") {
        let energy = args.dimensioned("ionisation_energy", Dimension::ENERGY)?;
        if !energy.is_finite() {
            return args.wrong(args.span_of("ionisation_energy"), "an ionisation energy is finite", None);
        }
        let held = given.system.as_ref().filter(|system| system.grid.wall == Wall::Zero).and_then(|system| {
            let v = &system.potential;
            // Where the potential goes to zero a level of zero is the limit; a trap holds electrons with levels above it.
            Some(v.first()?.min(*v.last()?).max(0.0))
        });
        if let Some(held) = held.filter(|held| -energy > *held) {
            let message = format!(
                "with an ionisation energy of {} hartree the highest level would be {} hartree, above what the potential far out can hold \
                 ({})",
                brief(energy),
                brief(-energy),
                brief(held)
            );
            let help =
                "it is the energy needed to remove an electron: positive where the potential goes to zero far out";
            return args.wrong(args.span_of("ionisation_energy"), message, Some(help.into()));
        }
        // That of the spin whose electron is removed first: of more electrons, or of both.
        let [up, down] = given.electrons;
        given.highest = [Some(-energy), (up == down).then_some(-energy)];
    }
    let found = interp.invert_given(&given, place)?;
    if given.shared {
        interp.warn_with(Problem::new(Placed::new(InversionWarning::Spins, place, "this density"), place), false);
    }
    interp.tell_inverted(&found, true, place)?;
    Ok(record(&given, &found))
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
fn given(interp: &mut Interpreter, args: &Args) -> Result<Given> {
    let arg = args.arg("of")?;
    match &arg.value {
        Value::Field(field) => of_field(args, field),
        Value::Reference(reference) => interp.of_reference(reference, arg.span),
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
                shared: false,
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
    let integral = field.grid.integrate(&field.data);
    let whole = |integral: f64| integral.round().max(0.0) as usize;
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
        return Ok(Given {
            grid: field.grid.clone(),
            spins: [field.data.clone(), down.data.clone()],
            electrons: [whole(integral), whole(down.grid.integrate(&down.data))],
            system: None,
            energy: None,
            highest: [None, None],
            trust: Trust::of(!field.unconverged && !down.unconverged, None),
            shared: false,
        });
    }
    let mut electrons = if args.has("electrons") { args.whole("electrons")? } else { whole(integral) };
    if electrons == 0 && field.data.iter().any(|n| *n < 0.0) {
        // What is wrong with it is not that it is empty.
        electrons = 1;
    }
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
        shared: up != down && down > 0,
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
