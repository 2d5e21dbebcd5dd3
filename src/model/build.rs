//! From what the user wrote to a [`System`], with all physical checks.

use super::cusp::cusp_error;
use super::{Grid, GridError, Interaction, Nucleus, System};
use crate::number::{counted, not_finite, shortest};
use crate::problem::visible;
use miette::Diagnostic;
use std::sync::Arc;
use thiserror::Error;

/// A nucleus between grid points gets a note if the error of its cusp exceeds this, hartree.
const NOTED_CUSP_ERROR: f64 = 1e-6;

/// What a system is made of. Counts are as the user wrote them, not yet checked to be whole numbers.
#[derive(Clone, Debug)]
pub struct Parts {
    /// Its name: as the user wrote it, `h2(1.28)`, or named it, `H2`.
    pub label: String,
    /// The grid.
    pub grid: Arc<Grid>,
    /// Between electrons and with nuclei.
    pub interaction: Interaction,
    /// The nuclei.
    pub nuclei: Vec<Nucleus>,
    /// `potential:`, sampled, hartree.
    pub potential: Option<Vec<f64>>,
    /// `electrons:`.
    pub electrons: Option<f64>,
    /// `charge:`; without it and `electrons:` the system is neutral.
    pub charge: Option<f64>,
    /// `unpaired:`; by default 0 for an even number of electrons, 1 for an odd number.
    pub unpaired: Option<f64>,
}

/// The part of a system to which an error or note belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The grid.
    Grid,
    /// The nucleus with that index.
    Nucleus(usize),
    /// `potential:`.
    Potential,
    /// `interaction:`.
    Interaction,
    /// `electrons:`.
    Electrons,
    /// `charge:`.
    Charge,
    /// `unpaired:`.
    Unpaired,
    /// No single part.
    Whole,
}

/// Why a system is impossible.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
#[allow(missing_docs)]
pub enum SystemError {
    /// The grid itself is wrong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Grid(GridError),
    /// A nucleus is beyond the first or last point of the grid, where no electron can be.
    ///
    /// What to do: check the distance, or use a longer grid (more `points:`). Leave about 10 bohr on both sides of a
    /// molecule.
    #[error("`{symbol}` at {position:.4} bohr is outside the grid, which extends from {start} to {end} bohr")]
    #[diagnostic(code(ksr::system::outside_grid), help("move the nucleus, or use a longer grid (more points)"))]
    OutsideGrid { index: usize, symbol: String, position: f64, start: f64, end: f64 },
    /// The position of a nucleus is not a number, usually because a calculation before it went wrong.
    ///
    /// What to do: show the numbers that it is calculated from.
    #[error("the position of `{symbol}` is {}", not_finite(*position))]
    #[diagnostic(code(ksr::system::position), help("show the numbers that it is calculated from"))]
    Position { index: usize, symbol: String, position: f64 },
    /// A nucleus attracts electrons, so its charge must be positive.
    ///
    /// What to do: write anything that repels electrons as `potential(x): …`.
    #[error("a nucleus needs a positive charge, not {}", shortest(*charge))]
    #[diagnostic(code(ksr::system::nuclear_charge), help("write a repulsive potential as `potential(x): …`"))]
    NuclearCharge { index: usize, charge: f64 },
    /// The attraction of a nucleus is the interaction with opposite sign. With `interaction: none` there is no
    /// attraction, and the nucleus would have no effect.
    ///
    /// What to do: leave out `interaction: none`, or write the attraction as `potential(x): …`.
    #[error("with `interaction: none` a nucleus does not attract electrons")]
    #[diagnostic(
        code(ksr::system::nuclei_without_interaction),
        help("drop `interaction: none`, or write the attraction as `potential(x): …`")
    )]
    NucleiWithoutInteraction { index: usize },
    /// The interaction is infinite or undefined at a distance that occurs on the grid. In one dimension even two
    /// electrons at the same place must have a finite energy.
    ///
    /// What to do: soften it, as in `1 / sqrt(r^2 + 1)`.
    #[error("the interaction `{name}` is {} at a distance of {r} bohr", shortest(*value))]
    #[diagnostic(
        code(ksr::system::interaction_not_finite),
        help("it must be finite at every distance, including 0: soften it, as in `1 / sqrt(r^2 + 1)`")
    )]
    InteractionNotFinite { name: String, r: f64, value: f64 },
    /// The interaction was sampled for a grid of a different length.
    ///
    /// What to do: give it as a function of the distance: `interaction(r): …`.
    #[error("the interaction `{name}` is known at {}, but the grid has {points} points", counted(*given, "distance"))]
    #[diagnostic(code(ksr::system::interaction_length))]
    InteractionLength { name: String, given: usize, points: usize },
    /// The field given as `potential:` has a different number of points from the grid of the system.
    ///
    /// What to do: make the field from the `.x` of the grid that the system is on, or write `potential(x): …`.
    #[error("the potential has {values}, but the grid has {points} points", values = counted(*given, "value"))]
    #[diagnostic(
        code(ksr::system::potential_length),
        help("a field used as `potential:` must be on the system's own grid")
    )]
    PotentialLength { given: usize, points: usize },
    /// The potential is infinite or undefined at a point of the grid.
    ///
    /// What to do: soften it, as in `-1 / sqrt(x^2 + 1)`; write a hard wall as the end of the grid with `wall: odd`.
    #[error("the potential is {} at x = {x} bohr", shortest(*value))]
    #[diagnostic(
        code(ksr::system::potential_not_finite),
        help("a potential must be finite at every point of the grid")
    )]
    PotentialNotFinite { x: f64, value: f64 },
    /// Both `electrons:` and `charge:`.
    #[error("a system takes either `electrons:` or `charge:`, not both")]
    #[diagnostic(code(ksr::system::electrons_and_charge), help("drop one of them"))]
    ElectronsAndCharge,
    /// The number of electrons is not a whole number, or is zero or negative.
    ///
    /// What to do: give a whole number of at least 1.
    #[error("a system cannot have {} electrons", shortest(*electrons))]
    #[diagnostic(code(ksr::system::electrons), help("`electrons:` must be a whole number, at least 1"))]
    Electrons { electrons: f64 },
    /// The nuclear charges minus the charge of the system do not give a positive whole number of electrons.
    ///
    /// What to do: check `charge:`, or give the number of electrons with `electrons:`.
    #[error("a total nuclear charge of {} and a charge of {} leave {} electrons", shortest(*nuclear), shortest(*charge), shortest(*electrons))]
    #[diagnostic(
        code(ksr::system::charge),
        help("a system needs a whole number of electrons, at least 1: set it with `electrons:`")
    )]
    Charge { nuclear: f64, charge: f64, electrons: f64 },
    /// Without nuclei there is no default for the number of electrons.
    ///
    /// What to do: add `electrons:`.
    #[error("a system without nuclei must say how many electrons it has")]
    #[diagnostic(code(ksr::system::no_electrons), help("add `electrons: 2`"))]
    NoElectrons,
    /// `unpaired:` is the number of up electrons minus that of down electrons: even for an even number of electrons, odd
    /// for an odd one, and at most the number of electrons.
    ///
    /// What to do: choose one of the values that the help line gives.
    #[error("{electrons} {} cannot have {} unpaired", electrons_noun(*electrons), shortest(*unpaired))]
    #[diagnostic(code(ksr::system::unpaired), help("`unpaired:` (up minus down) can be {possible}"))]
    Unpaired { electrons: usize, unpaired: f64, possible: String },
    /// There is room for at most one electron of each spin per grid point, and there are more.
    ///
    /// What to do: use more grid points or fewer electrons.
    #[error("{electrons} electrons of one spin do not fit on {points} grid points")]
    #[diagnostic(code(ksr::system::too_many_electrons), help("each point has room for one electron of each spin"))]
    TooManyElectrons { electrons: usize, points: usize },
}

impl SystemError {
    /// The part that the user has to correct.
    pub fn part(&self) -> Part {
        match *self {
            Self::Grid(_) => Part::Grid,
            Self::OutsideGrid { index, .. } => Part::Nucleus(index),
            Self::NuclearCharge { index, .. } | Self::Position { index, .. } => Part::Nucleus(index),
            Self::NucleiWithoutInteraction { index } => Part::Nucleus(index),
            Self::InteractionNotFinite { .. } | Self::InteractionLength { .. } => Part::Interaction,
            Self::PotentialLength { .. } | Self::PotentialNotFinite { .. } => Part::Potential,
            Self::ElectronsAndCharge | Self::Charge { .. } => Part::Charge,
            Self::Electrons { .. } | Self::TooManyElectrons { .. } => Part::Electrons,
            Self::NoElectrons => Part::Whole,
            Self::Unpaired { .. } => Part::Unpaired,
        }
    }
}

/// What a user should know about a valid system.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
#[allow(missing_docs)]
pub enum SystemNote {
    /// The potential of a nucleus has a cusp, which a grid samples best if it is on a grid point. This nucleus is between two points,
    /// which changes energies by about the amount in the note.
    ///
    /// What to do: place nuclei with `snap(…)`, at least when you compare energies at several distances; or use a
    /// smaller spacing.
    #[error(
        "`{symbol}` at {position:.4} bohr is between grid points: the energy of one electron there is off by {:.2} millihartree",
        1e3 * error
    )]
    #[diagnostic(
        severity(Advice),
        code(ksr::system::between_points),
        help("the nearest point is at {nearest:.4} bohr, which `snap(…)` finds; reported once per location")
    )]
    BetweenPoints { index: usize, symbol: String, position: f64, nearest: f64, error: f64 },
}

impl SystemNote {
    /// The part that the note is about.
    pub fn part(&self) -> Part {
        match *self {
            Self::BetweenPoints { index, .. } => Part::Nucleus(index),
        }
    }
}

/// A failure to build: of the system, or of the user's w.
#[derive(Clone, Debug, PartialEq)]
pub enum BuildError<E> {
    /// The system is wrong.
    System(SystemError),
    /// `w` failed.
    Interaction(E),
}

impl<E> From<SystemError> for BuildError<E> {
    fn from(error: SystemError) -> Self {
        BuildError::System(error)
    }
}

impl System {
    /// Checks the parts and puts them together: v = sum of -Z w(x - X) over the nuclei, plus `potential:`; E_nn = sum over
    /// pairs of Z_a Z_b w(X_a - X_b). `w` gives the interaction, hartree, at any distance, bohr; it is called only for
    /// [`Interaction::Sampled`].
    pub fn build<E>(
        parts: Parts,
        w: &mut dyn FnMut(f64) -> Result<f64, E>,
    ) -> Result<(System, Vec<SystemNote>), BuildError<E>> {
        parts.grid.validate().map_err(SystemError::Grid)?;
        check_interaction(&parts)?;
        check_nuclei(&parts)?;
        let electrons = electrons(&parts)?;
        fits(electrons, electrons % 2, &parts.grid)?;
        let unpaired = unpaired_of(parts.unpaired, electrons)?;
        fits(electrons, unpaired, &parts.grid)?;
        let mut pair = Pair { interaction: &parts.interaction, w };
        let mut potential = given_potential(&parts)?;
        let mut notes = Vec::new();
        for (index, nucleus) in parts.nuclei.iter().enumerate() {
            let attraction = pair.attraction(&parts.grid, nucleus.charge, nucleus.position)?;
            potential.iter_mut().zip(&attraction).for_each(|(v, a)| *v += a);
            notes.extend(note(&mut pair, &parts.grid, index, nucleus, &attraction)?);
        }
        let nuclear_repulsion = pair.repulsion(&parts.nuclei)?;
        let Parts { label, grid, interaction, nuclei, .. } = parts;
        let (label, potential) = (visible(&label), potential.into());
        Ok((System { label, grid, interaction, nuclei, potential, nuclear_repulsion, electrons, unpaired }, notes))
    }
}

impl System {
    /// The same system with a different number of electrons. `unpaired` defaults to 0 for an even number, 1 for an odd
    /// number; `name` to the old name and what has changed: `he with 1 electron`, `h2 with 2 unpaired`.
    ///
    /// # Errors
    /// `electrons` is not a positive whole number or does not fit on the grid; `unpaired` is impossible.
    pub fn with_electrons(
        &self,
        name: Option<String>,
        electrons: f64,
        unpaired: Option<f64>,
    ) -> Result<System, SystemError> {
        let count = whole(electrons).filter(|&n| n > 0).ok_or(SystemError::Electrons { electrons })?;
        let unpaired = unpaired_of(unpaired, count)?;
        fits(count, unpaired, &self.grid)?;
        let label = name.map_or_else(|| self.label_with(count, unpaired), |name| visible(&name));
        Ok(System { label, electrons: count, unpaired, ..self.clone() })
    }

    /// Its name with a different number of electrons, in place of the number that the name may already contain.
    fn label_with(&self, electrons: usize, unpaired: usize) -> String {
        if (electrons, unpaired) == (self.electrons, self.unpaired) {
            return self.label.clone();
        }
        let said = [in_words(self.electrons, self.unpaired), format!("{} unpaired", self.unpaired)];
        match said.iter().find_map(|said| self.label.strip_suffix(said)?.strip_suffix(" with ")) {
            None if electrons == self.electrons => format!("{} with {unpaired} unpaired", self.label),
            own => format!("{} with {}", own.unwrap_or(&self.label), in_words(electrons, unpaired)),
        }
    }
}

/// `3 electrons`; `4 electrons, 2 unpaired` where `unpaired` is not the default.
fn in_words(electrons: usize, unpaired: usize) -> String {
    let count = format!("{electrons} {}", electrons_noun(electrons));
    if unpaired == electrons % 2 { count } else { format!("{count}, {unpaired} unpaired") }
}

fn electrons_noun(count: usize) -> &'static str {
    if count == 1 { "electron" } else { "electrons" }
}

/// Checks that the electrons of each spin fit on the grid.
fn fits(electrons: usize, unpaired: usize, grid: &Grid) -> Result<(), SystemError> {
    let most = (electrons + unpaired) / 2;
    if most > grid.points {
        return Err(SystemError::TooManyElectrons { electrons: most, points: grid.points });
    }
    Ok(())
}

/// w at any distance: closed where it can be, otherwise the user's.
struct Pair<'a, E> {
    interaction: &'a Interaction,
    w: &'a mut dyn FnMut(f64) -> Result<f64, E>,
}

impl<E> Pair<'_, E> {
    fn at(&mut self, r: f64) -> Result<f64, BuildError<E>> {
        let value = match self.interaction.at(r) {
            Some(value) => value,
            None => (self.w)(r.abs()).map_err(BuildError::Interaction)?,
        };
        if value.is_finite() {
            return Ok(value);
        }
        Err(SystemError::InteractionNotFinite { name: name(self.interaction), r: r.abs(), value }.into())
    }

    /// -Z w(x_i - X), hartree.
    fn attraction(&mut self, grid: &Grid, charge: f64, position: f64) -> Result<Vec<f64>, BuildError<E>> {
        (0..grid.points).map(|i| Ok(-charge * self.at(grid.x(i) - position)?)).collect()
    }

    /// E_nn, hartree.
    fn repulsion(&mut self, nuclei: &[Nucleus]) -> Result<f64, BuildError<E>> {
        let mut sum = 0.0;
        for (i, a) in nuclei.iter().enumerate() {
            for b in &nuclei[..i] {
                sum += a.charge * b.charge * self.at(a.position - b.position)?;
            }
        }
        Ok(sum)
    }
}

fn name(interaction: &Interaction) -> String {
    match interaction {
        Interaction::None => "none".into(),
        Interaction::Exponential { .. } => "exponential".into(),
        Interaction::Sampled { name, .. } => name.clone(),
    }
}

fn check_interaction(parts: &Parts) -> Result<(), SystemError> {
    let Interaction::Sampled { name, kernel } = &parts.interaction else {
        return Ok(());
    };
    let points = parts.grid.points;
    if kernel.len() != points {
        return Err(SystemError::InteractionLength { name: name.clone(), given: kernel.len(), points });
    }
    match kernel.iter().position(|w| !w.is_finite()) {
        Some(k) => Err(SystemError::InteractionNotFinite {
            name: name.clone(),
            r: k as f64 * parts.grid.spacing,
            value: kernel[k],
        }),
        None => Ok(()),
    }
}

fn check_nuclei(parts: &Parts) -> Result<(), SystemError> {
    let grid = &parts.grid;
    for (index, nucleus) in parts.nuclei.iter().enumerate() {
        if parts.interaction == Interaction::None {
            return Err(SystemError::NucleiWithoutInteraction { index });
        }
        if !(nucleus.charge > 0.0 && nucleus.charge.is_finite()) {
            return Err(SystemError::NuclearCharge { index, charge: nucleus.charge });
        }
        let (symbol, position) = (nucleus.symbol.clone(), nucleus.position);
        if !position.is_finite() {
            return Err(SystemError::Position { index, symbol, position });
        }
        if !grid.contains(position) {
            return Err(SystemError::OutsideGrid { index, symbol, position, start: grid.start, end: grid.end() });
        }
    }
    Ok(())
}

/// A count within rounding of a whole number.
fn whole(number: f64) -> Option<usize> {
    let count = number.round();
    ((number - count).abs() < 1e-9 && (0.0..1e9).contains(&count)).then_some(count as usize)
}

fn electrons(parts: &Parts) -> Result<usize, SystemError> {
    match (parts.electrons, parts.charge) {
        (Some(_), Some(_)) => Err(SystemError::ElectronsAndCharge),
        (Some(electrons), None) => whole(electrons).filter(|&n| n > 0).ok_or(SystemError::Electrons { electrons }),
        (None, None) if parts.nuclei.is_empty() => Err(SystemError::NoElectrons),
        (None, charge) => {
            let (nuclear, charge) = (parts.nuclei.iter().map(|n| n.charge).sum::<f64>(), charge.unwrap_or(0.0));
            let electrons = nuclear - charge;
            whole(electrons).filter(|&n| n > 0).ok_or(SystemError::Charge { nuclear, charge, electrons })
        }
    }
}

fn unpaired_of(given: Option<f64>, electrons: usize) -> Result<usize, SystemError> {
    let Some(unpaired) = given else {
        return Ok(electrons % 2);
    };
    let fits = |&u: &usize| u <= electrons && (electrons - u).is_multiple_of(2);
    whole(unpaired).filter(fits).ok_or_else(|| SystemError::Unpaired {
        electrons,
        unpaired,
        possible: possible(electrons),
    })
}

/// `0, 2 or 4`.
fn possible(electrons: usize) -> String {
    let least = electrons % 2;
    if electrons / 2 + 1 > 4 {
        return format!("{least}, {}, … or {electrons}", least + 2);
    }
    let all: Vec<String> = (least..=electrons).step_by(2).map(|u| u.to_string()).collect();
    match &all[..] {
        [before @ .., last] if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => all.concat(),
    }
}

fn given_potential(parts: &Parts) -> Result<Vec<f64>, SystemError> {
    let points = parts.grid.points;
    let Some(potential) = &parts.potential else {
        return Ok(vec![0.0; points]);
    };
    if potential.len() != points {
        return Err(SystemError::PotentialLength { given: potential.len(), points });
    }
    match potential.iter().position(|v| !v.is_finite()) {
        Some(i) => Err(SystemError::PotentialNotFinite { x: parts.grid.x(i), value: potential[i] }),
        None => Ok(potential.clone()),
    }
}

/// The note on a nucleus between grid points, if the error of its cusp matters.
fn note<E>(
    pair: &mut Pair<'_, E>,
    grid: &Grid,
    index: usize,
    nucleus: &Nucleus,
    attraction: &[f64],
) -> Result<Option<SystemNote>, BuildError<E>> {
    if grid.point_at(nucleus.position).is_some() {
        return Ok(None);
    }
    let nearest = grid.snap(nucleus.position);
    let error = cusp_error(grid, attraction, &pair.attraction(grid, nucleus.charge, nearest)?);
    let (symbol, position) = (nucleus.symbol.clone(), nucleus.position);
    Ok((error.abs() > NOTED_CUSP_ERROR).then_some(SystemNote::BetweenPoints {
        index,
        symbol,
        position,
        nearest,
        error,
    }))
}

#[cfg(test)]
#[path = "build_tests.rs"]
mod tests;
