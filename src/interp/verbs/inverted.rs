//! The inverted density of a reference: the exact Kohn-Sham potential and what follows from it, found once and kept for the session.

use super::invert::{Given, record};
use crate::data::ContentKey;
use crate::exact::{self, Reference};
use crate::interp::Interpreter;
use crate::interp::error::{Placed, RunError, fail};
use crate::interp::value::{Field, Quantity, Trust, Value};
use crate::ks::{Density, Inversion, InversionError, InversionWarning, invert};
use crate::model::{Grid, Interaction, System, Wall};
use crate::problem::{Problem, Result};
use crate::source::Span;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// What is kept of all references together, bytes; when it is more, all are found again.
const KEPT: usize = 256 << 20;

/// Fields that are kept of each reference.
const FIELDS: usize = 10;

/// The members of a reference that need its inverted density, and what they are.
pub(crate) const INVERTED: &[(&str, &str)] = &[
    (
        "potential",
        "the exact Kohn-Sham potential, in which non-interacting electrons have its density, found as `invert` does it (with \
         unpaired electrons, `.up` and `.down`)",
    ),
    ("xc_potential", "its exchange-correlation part: the exact v_xc (with unpaired electrons, `.up` and `.down`)"),
    (
        "xc_energy",
        "the exact exchange-correlation energy: the energy without T_s, the Hartree energy and that in the external potential",
    ),
    ("non_interacting_kinetic_energy", "T_s: the kinetic energy of non-interacting electrons with its density"),
    (
        "kinetic_potential",
        "the derivative of T_s with respect to the density: the highest occupied level minus the exact Kohn-Sham potential (with unpaired \
         electrons, `.up` and `.down`)",
    ),
];

/// The density of a reference and its potential.
pub(crate) struct Inverted {
    pub given: Given,
    pub found: Inversion,
}

impl Inverted {
    /// One of [`INVERTED`]: an entry of what `invert` gives.
    fn member(&self, name: &str) -> Option<Value> {
        let entry = if name == "non_interacting_kinetic_energy" { "kinetic_energy" } else { name };
        if entry == "kinetic_potential" {
            return Some(self.kinetic_potential());
        }
        match record(&self.given, &self.found) {
            Value::Record(all) => all.get(entry).cloned(),
            _ => None,
        }
    }

    /// The highest occupied level minus the Kohn-Sham potential.
    fn kinetic_potential(&self) -> Value {
        let Self { given, found } = self;
        let converged = found.converged() && !given.trust.unconverged();
        let [up, down] = [0, 1].map(|s: usize| {
            let level =
                found.orbital_energies[s].get(given.electrons[s].saturating_sub(1)).copied().unwrap_or(f64::NAN);
            let values = found.potential[s].iter().map(|v| level - v).collect();
            Value::Field(Rc::new(Field::simple(given.grid.clone(), values).doubted(!converged)))
        });
        if found.restricted { up } else { Value::record([("up", up), ("down", down)]) }
    }
}

/// One of [`INVERTED`] for electrons that do not interact: they are in the external potential.
fn bare(of: &Reference, name: &str) -> Value {
    let System { grid, potential, .. } = &*of.system;
    let doubt = !of.converged();
    let energy = |x: f64| Value::Number(Quantity::energy(x).trusted(Trust::of(!doubt, None)));
    let field = |values: Vec<f64>| Value::Field(Rc::new(Field::simple(grid.clone(), values).doubted(doubt)));
    let spins = |values: [Vec<f64>; 2]| match values.map(field) {
        [one, _] if of.system.closed_shell() => one,
        [up, down] => Value::record([("up", up), ("down", down)]),
    };
    match name {
        "xc_energy" => energy(0.0),
        "non_interacting_kinetic_energy" => energy(of.energy - of.system.external_energy(&of.density)),
        "xc_potential" => spins([vec![0.0; grid.points], vec![0.0; grid.points]]),
        "kinetic_potential" => {
            let levels = crate::ks::highest_levels(&of.system);
            spins(levels.map(|level| potential.iter().map(|v| level - v).collect()))
        }
        _ => spins([potential.to_vec(), potential.to_vec()]),
    }
}

impl Interpreter {
    /// A member of a reference that needs its inverted density; `None`: it is no such member. Energies do not need the levels.
    ///
    /// # Errors
    /// As [`Interpreter::inverted`].
    pub(crate) fn inverted_member(&mut self, of: &Arc<Reference>, name: &str, span: Span) -> Result<Option<Value>> {
        if !INVERTED.iter().any(|(known, _)| *known == name) {
            return Ok(None);
        }
        if of.system.interaction == Interaction::None {
            return Ok(Some(bare(of, name)));
        }
        let potential = name.ends_with("potential");
        let inverted = self.inverted(of, potential, span)?;
        self.tell_inverted(&inverted, potential, span)?;
        Ok(inverted.member(name))
    }

    /// The inverted density of a reference, found once; `levels`: with the constant that its ionisation energies fix.
    ///
    /// # Errors
    /// It has only the total density of an open shell; its density has no potential on this grid; an interruption.
    pub(crate) fn inverted(&mut self, of: &Arc<Reference>, levels: bool, span: Span) -> Result<Rc<Inverted>> {
        let key = key(of, levels);
        let known = self.inverted.get(&key).cloned();
        let inverted = match known {
            Some(known) => known,
            None => {
                let given = self.of_reference(of, [levels; 2], span)?;
                let found = self.invert_given(&given, span)?;
                let size = |grid: &Grid| 8 * FIELDS * grid.points;
                let kept: usize = self.inverted.values().map(|one| size(&one.given.grid)).sum();
                if kept + size(&given.grid) > KEPT {
                    self.inverted = BTreeMap::new();
                }
                let inverted = Rc::new(Inverted { given, found });
                self.inverted.insert(key, inverted.clone());
                inverted
            }
        };
        Ok(inverted)
    }

    /// What there is to tell about an inversion; `potential`: also about its constant, and about where the density has no digits, from which no
    /// energy comes.
    ///
    /// # Errors
    /// With `--strict`, a density that is not reproduced.
    pub(crate) fn tell_inverted(&mut self, inverted: &Inverted, potential: bool, span: Span) -> Result<()> {
        let Inverted { given, found } = inverted;
        if self.options.strict && !found.converged() {
            let error = InversionError::NotReproduced { residual: found.residual };
            return fail(Placed::new(error, span, "this density"), span);
        }
        let of_potential = |warning: &InversionWarning| {
            use InversionWarning::{Estimated, Level, Noise, OneLevel};
            matches!(warning, Noise | Level { .. } | OneLevel | Estimated { .. })
        };
        for warning in found.warnings.iter().chain(&given.notes).filter(|warning| potential || !of_potential(warning)) {
            let once = matches!(warning, InversionWarning::Noise | InversionWarning::Spins);
            self.warn_with(Problem::new(Placed::new(warning.clone(), span, "this density"), span), once);
        }
        Ok(())
    }

    /// Inverts a density.
    ///
    /// # Errors
    /// It has no potential on its grid; an interruption.
    pub(super) fn invert_given(&mut self, given: &Given, span: Span) -> Result<Inversion> {
        let Given { grid, spins, electrons, system, highest, .. } = given;
        self.afford(8 * 60 * grid.points as u64, "this inversion", span)?;
        let (grid, spins, electrons) = (grid.clone(), spins.clone(), *electrons);
        let (system, highest) = (system.clone(), *highest);
        let found = self.unless_stopped(span, move |control| {
            let known = system.as_ref().map(|system| (&*system.potential, &system.interaction));
            let density = Density {
                grid: &grid,
                spins: [&spins[0], &spins[1]],
                electrons,
                system: known,
                highest,
                digits: false,
            };
            invert(&density, control)
        })?;
        self.check_interrupt(span)?;
        found.or_else(|error| match error {
            InversionError::Interrupted => fail(RunError::Interrupted { span }, span),
            error => fail(Placed::new(error, span, "this density"), span),
        })
    }

    /// The density of a reference, and what is known with it; `levels`: of which spins the highest level is wanted.
    ///
    /// # Errors
    /// It has only the total density of an open shell; an interruption.
    pub(super) fn of_reference(&mut self, reference: &Arc<Reference>, levels: [bool; 2], span: Span) -> Result<Given> {
        let system = reference.system.clone();
        let (up, down) = system.spins();
        let spins = self.spins_of(reference, span)?;
        let (mut highest, mut notes) = ([None; 2], Vec::new());
        if levels[0] {
            highest[0] = self.highest(reference, [up - 1, down], &mut notes, span)?;
        }
        highest[1] = match down {
            0 => None,
            _ if up == down && levels[0] => highest[0],
            _ if levels[1] => self.highest(reference, [up, down - 1], &mut notes, span)?,
            _ => None,
        };
        Ok(Given {
            grid: system.grid.clone(),
            spins,
            electrons: [up, down],
            energy: Some(reference.energy),
            highest,
            system: Some(system),
            trust: Trust::of(reference.converged(), None),
            notes,
        })
    }

    /// The highest level of a spin, hartree: what is left of the energy without that of the electrons that stay, `ion`, in their lowest state.
    /// A note, and none, where that is not found.
    fn highest(
        &mut self,
        of: &Reference,
        ion: [usize; 2],
        notes: &mut Vec<InversionWarning>,
        span: Span,
    ) -> Result<Option<f64>> {
        let electrons = ion[0] + ion[1];
        if electrons == 0 {
            return Ok(Some(of.energy));
        }
        let label = format!("{}, ionised", of.system.label);
        let ion = Arc::new(System { label, electrons, unpaired: ion[0].abs_diff(ion[1]), ..(*of.system).clone() });
        match self.try_exactly(&ion, &exact::Options::of(&ion), span)? {
            Ok(ion) => Ok(Some(of.energy - ion.energy)),
            Err(error) => {
                let note = InversionWarning::Estimated { cause: error.to_string() };
                if !notes.contains(&note) {
                    notes.push(note);
                }
                Ok(None)
            }
        }
    }

    /// The density of each spin of a reference; for a closed shell they are equal to the last bit.
    ///
    /// # Errors
    /// It has only the total density of an open shell.
    pub(crate) fn spins_of(&self, reference: &Reference, span: Span) -> Result<[Vec<f64>; 2]> {
        let system = &reference.system;
        let (up, down) = system.spins();
        if !reference.spins() && up != down && down > 0 {
            let message = format!("`{}` has only the total density of an open shell", system.label);
            let help = Some("`exact(r.system)` has the density of each spin".into());
            return fail(RunError::Value { message, help, span }, span);
        }
        let total = || reference.total_density();
        Ok(match (up == down, reference.spins()) {
            (true, _) => [total(), total()].map(|n| n.iter().map(|n| 0.5 * n).collect()),
            (false, true) => reference.density.clone(),
            // The total density of one electron is that of its spin.
            (false, false) => [total(), vec![0.0; system.grid.points]],
        })
    }
}

/// What the inverted density of a reference depends on.
fn key(reference: &Reference, levels: bool) -> String {
    let System { grid, potential, interaction, electrons, unpaired, .. } = &*reference.system;
    let Grid { points, spacing, start, stencil, wall } = **grid;
    let wall = u64::from(wall == Wall::Odd);
    ContentKey::new("inversion")
        .integers(&[points as u64, stencil as u64, wall, *electrons as u64, *unpaired as u64])
        .integers(&[reference.spins().into(), reference.converged().into(), levels.into()])
        .numbers(&[spacing, start, reference.energy])
        .numbers(potential)
        .numbers(&interaction.kernel(grid))
        .numbers(&reference.density[0])
        .numbers(&reference.density[1])
        .finish()
}
