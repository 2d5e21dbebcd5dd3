//! `invert(…)`: the Kohn-Sham potential of a density.

use crate::exact;
use crate::interp::Interpreter;
use crate::interp::call::{Args, Builtin, DefaultValue, Style, function, optional, required, shown};
use crate::interp::error::{Placed, fail};
use crate::interp::value::{Field, Quantity, Trust, Value};
use crate::ks::{Constant, Density, Inversion, InversionError, InversionWarning, invert as inverted};
use crate::lang::{Dimension, Kind};
use crate::model::{Grid, System};
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
        optional("unpaired", &[Kind::Whole], DefaultValue::Absent("0 or 1")).about(
            "of a field: up minus down electrons; both spins get the field in proportion, which is right for a closed shell and for one \
             electron",
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
struct Given {
    grid: Arc<Grid>,
    spins: [Vec<f64>; 2],
    electrons: [usize; 2],
    system: Option<Arc<System>>,
    /// The electronic energy, hartree.
    energy: Option<f64>,
    highest: [Option<f64>; 2],
    trust: Trust,
}

fn invert(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let span = args.span;
    let mut given = given(interp, args)?;
    if args.has("ionisation_energy") {
        let energy = args.dimensioned("ionisation_energy", Dimension::ENERGY)?;
        // That of the spin whose electron is removed first: of more electrons, or of both.
        let [up, down] = given.electrons;
        given.highest = [Some(-energy), (up == down).then_some(-energy)];
    }
    let bytes = 8 * 60 * given.grid.points as u64;
    interp.afford(bytes, "this inversion", span)?;
    let Given { grid, spins, electrons, system, highest, .. } = &given;
    let (grid, spins, electrons, system, highest) = (grid.clone(), spins.clone(), *electrons, system.clone(), *highest);
    let found = interp.unless_stopped(span, move |control| {
        let known = system.as_ref().map(|system| (&*system.potential, &system.interaction));
        let density =
            Density { grid: &grid, spins: [&spins[0], &spins[1]], electrons, system: known, highest, digits: false };
        inverted(&density, control)
    })?;
    let found = match found {
        Ok(found) => found,
        Err(error) => {
            if error == InversionError::Interrupted {
                interp.check_interrupt(span)?;
            }
            let place = args.span_of("of");
            return fail(Placed::new(error, place, "this density"), place);
        }
    };
    interp.check_interrupt(span)?;
    for warning in &found.warnings {
        let place = args.span_of("of");
        let once = *warning == InversionWarning::Noise;
        interp.warn_with(Problem::new(Placed::new(warning.clone(), place, "this density"), place), once);
    }
    Ok(record(&given, &found))
}

/// The density of the argument, and what is known with it.
fn given(interp: &mut Interpreter, args: &Args) -> Result<Given> {
    let arg = args.arg("of")?;
    if let Value::Field(field) = &arg.value {
        return of_field(args, field);
    }
    for option in ["electrons", "unpaired"] {
        if args.has(option) {
            let message = format!("the system has its electrons; `{option}:` is for a field");
            return args.wrong(args.span_of(option), message, None);
        }
    }
    match &arg.value {
        Value::Reference(reference) => {
            let system = reference.system.clone();
            let (up, down) = system.spins();
            if !reference.spins() && up != down && down > 0 {
                let message = format!("`{}` has only the total density of an open shell", system.label);
                let help = Some("`invert(exact(r.system))` has the density of each spin".into());
                return args.wrong(arg.span, message, help);
            }
            // The total density of one electron is that of its spin.
            let spins = match reference.spins() || up == down {
                true => reference.density.clone(),
                false => [reference.total_density(), vec![0.0; system.grid.points]],
            };
            let highest = match system.electrons {
                1 => Some(reference.energy),
                2 => {
                    let cation = Arc::new(System { electrons: 1, unpaired: 1, ..(*system).clone() });
                    let options = exact::Options::of(&cation);
                    let cation = interp.exactly(&cation, &options, args.span)?;
                    Some(reference.energy - cation.energy)
                }
                _ => None,
            };
            let trust = Trust::of(reference.converged(), None);
            Ok(Given {
                grid: system.grid.clone(),
                spins,
                electrons: [up, down],
                energy: Some(reference.energy),
                highest: [highest, highest],
                system: Some(system),
                trust,
            })
        }
        Value::Run(run) => {
            let (up, down) = run.system.spins();
            let top = |spin: usize, count: usize| run.orbital_energies[spin].get(count.checked_sub(1)?).copied();
            Ok(Given {
                grid: run.system.grid.clone(),
                spins: run.density.clone(),
                electrons: [up, down],
                energy: Some(run.energy),
                highest: [top(0, up), top(1, down)],
                system: Some(run.system.clone()),
                trust: Trust::of(run.trusted(), None),
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
    let electrons = if args.has("electrons") { args.whole("electrons")? } else { integral.round().max(0.0) as usize };
    let unpaired = if args.has("unpaired") { args.whole("unpaired")? } else { electrons % 2 };
    if unpaired > electrons || (electrons - unpaired) % 2 == 1 {
        let message = format!("{electrons} electrons cannot have {unpaired} unpaired");
        return args.wrong(args.span_of("unpaired"), message, None);
    }
    let (up, down) = ((electrons + unpaired) / 2, (electrons - unpaired) / 2);
    let share = |count: usize| -> Vec<f64> {
        field.data.iter().map(|n| n * count as f64 / (electrons.max(1)) as f64).collect()
    };
    Ok(Given {
        grid: field.grid.clone(),
        spins: [share(up), share(down)],
        electrons: [up, down],
        system: None,
        energy: None,
        highest: [None, None],
        trust: Trust::of(!field.unconverged, None),
    })
}

fn record(given: &Given, found: &Inversion) -> Value {
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
    let gaps = (0..2).filter_map(|s| {
        let (count, levels) = (given.electrons[s], &found.orbital_energies[s]);
        Some((levels.get(count.checked_sub(1)?).copied()?, levels.get(count).copied()?))
    });
    let gap = gaps.clone().map(|(_, empty)| empty).fold(f64::INFINITY, f64::min)
        - gaps.map(|(top, _)| top).fold(f64::NEG_INFINITY, f64::max);
    let mut entries: Vec<(&str, Value)> = vec![("potential", spins([0, 1].map(|s| field(&found.potential[s]))))];
    if let Some(xc) = &found.xc_potential {
        entries.push(("xc_potential", spins([0, 1].map(|s| field(&xc[s])))));
    }
    let total: Vec<f64> = found.density[0].iter().zip(&found.density[1]).map(|(up, down)| up + down).collect();
    entries.push(("density", field(&total)));
    entries.push(("orbital_energies", spins([0, 1].map(levels))));
    entries.push(("gap", number(Quantity::energy(gap))));
    entries.push(("kinetic_energy", number(Quantity::energy(found.kinetic_energy))));
    if let (Some(energy), Some(system)) = (given.energy, &given.system) {
        let n: Vec<f64> = given.spins[0].iter().zip(&given.spins[1]).map(|(up, down)| up + down).collect();
        let hartree = 0.5 * given.grid.overlap(&n, &system.interaction.hartree(&given.grid, &n));
        let xc = energy - found.kinetic_energy - given.grid.overlap(&n, &system.potential) - hartree;
        entries.push(("xc_energy", number(Quantity::energy(xc))));
    }
    entries.push(("residual", Value::plain(found.residual)));
    entries.push(("converged", Value::Bool(converged)));
    let constant = |s: usize| match (found.constants[s], &found.xc_potential) {
        _ if given.electrons[s] == 0 => Value::text("that of the other spin"),
        (Constant::Level, _) => Value::text("the highest level is minus the ionisation energy"),
        (Constant::Wall, Some(_)) => Value::text("the xc potential ends at zero"),
        (Constant::Wall, None) => Value::text("the potential ends at zero"),
    };
    entries.push(("constant", spins([0, 1].map(constant))));
    let reach = |s: usize| {
        let (start, end) = (found.trusted[s].start, found.trusted[s].end);
        Value::Interval(Quantity::length(given.grid.x(start)), Quantity::length(given.grid.x(end.max(1) - 1)))
    };
    entries.push(("reach", spins([0, 1].map(reach))));
    Value::record(entries)
}
