//! The Kohn-Sham potential of a density, spin by spin: what non-interacting electrons with that density move in.

mod channel;
mod softness;
mod tails;
#[cfg(test)]
mod tests;

use super::orbitals::Orbitals;
use crate::control::Control;
use crate::model::{Grid, Interaction, both_spins};
use crate::number::brief;
use channel::{Found, Target};
use miette::Diagnostic;
use std::ops::Range;
use thiserror::Error;

pub(crate) use softness::Softness;
pub(crate) use tails::above;

/// A residual, electrons, above which a density is not reproduced.
const LARGEST_RESIDUAL: f64 = 1e-6;
/// A density below this, 1/bohr, is not a rounding error.
const LEAST_DENSITY: f64 = -1e-9;
/// It is an error if the integral of a density differs from the number of electrons by more than this.
const ELECTRONS_ERROR: f64 = 1e-3;
/// A density whose integral is off by less than this, electrons, is as good as one that is not.
const SCALED: f64 = 1e-7;
/// The density where the trusted digits end, relative to the largest, above which it is told: of a density with all digits the potential is
/// continued only where there is next to none.
const TOLD: f64 = 3e-5;

/// So close to the end of the digits, bohr, a potential makes up for what it cannot have outside, and is continued already.
const MARGIN: f64 = 1.5;
/// But no further in than where the density is this many times as large as at that end: in a trap it falls off fast.
const MARGIN_OF_DENSITY: f64 = 100.0;
/// How much of each end, bohr, says how the potential goes on.
const FITTED: f64 = 2.0;

/// A density and what is known about it.
pub(crate) struct Density<'a> {
    pub grid: &'a Grid,
    /// Of each spin, 1/bohr.
    pub spins: [&'a [f64]; 2],
    /// Electrons of each spin.
    pub electrons: [usize; 2],
    /// The external potential, hartree, and the interaction; without them there is no xc potential.
    pub system: Option<(&'a [f64], &'a Interaction)>,
    /// The highest occupied level of each spin, hartree, where it is known.
    pub highest: [Option<f64>; 2],
    /// Whether it has all digits that double precision has, as one that was just calculated: then none is taken for noise.
    pub digits: bool,
}

/// What fixes the constant in a potential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Constant {
    /// The highest occupied level is known.
    Level,
    /// The xc potential (without one the potential) ends at zero far out.
    Wall,
}

/// The Kohn-Sham potential of a density, hartree and bohr.
#[derive(Clone, Debug)]
pub(crate) struct Inversion {
    /// Of each spin.
    pub potential: [Vec<f64>; 2],
    /// The same without external and Hartree potential, if these are known.
    pub xc_potential: Option<[Vec<f64>; 2]>,
    /// Of the orbitals in the potential, 1/bohr.
    pub density: [Vec<f64>; 2],
    /// The occupied levels of each spin and the lowest empty one.
    pub orbital_energies: [Vec<f64>; 2],
    /// T_s: by the variational principle its error is of second order in that of the density.
    pub kinetic_energy: f64,
    /// ∫ |n_v - n| of both spins, electrons.
    pub residual: f64,
    /// What fixes the constant of each spin.
    pub constants: [Constant; 2],
    /// Where the xc potential of each spin goes far out, as the ends of the density tell it, hartree.
    pub far_out: [f64; 2],
    /// The points of each spin at which the density can be trusted.
    pub trusted: [Range<usize>; 2],
    /// Whether both spins have the same density.
    pub restricted: bool,
    /// What there is to tell.
    pub warnings: Vec<InversionWarning>,
}

impl Inversion {
    /// Whether the density is reproduced.
    pub fn converged(&self) -> bool {
        self.residual <= LARGEST_RESIDUAL
    }
}

/// Why a density has no Kohn-Sham potential here.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
#[allow(missing_docs)]
pub(crate) enum InversionError {
    /// A density is nowhere negative.
    ///
    /// What to do: look at the density; far out rounding errors may be set to zero with `max(n, 0)`.
    #[error("the density is negative: {value} per bohr at x = {x:.2} bohr", value = brief(*value))]
    #[diagnostic(code(ksr::invert::negative))]
    Negative { x: f64, value: f64 },
    /// The density has to integrate to the number of electrons, a whole number for each spin.
    ///
    /// What to do: check the density and `electrons:` and `unpaired:`; `n * N / integral(n)` has N electrons.
    #[error("the density of one spin integrates to {found:.6} electrons, not to {wanted}")]
    #[diagnostic(code(ksr::invert::electrons))]
    Electrons { found: f64, wanted: usize },
    /// The number of electrons, by default the integral of the density, is not a whole number, or not that integral.
    ///
    /// What to do: check the density and `electrons:`; `n * N / integral(n)` has N electrons.
    #[error(
        "the density integrates to {found:.6} electrons, {}",
        wanted.map_or("which is not a whole number".into(), |wanted| format!("not to {wanted}"))
    )]
    #[diagnostic(code(ksr::invert::integral), help("`n * N / integral(n)` has N electrons"))]
    Integral { found: f64, wanted: Option<usize> },
    /// The density is not a number somewhere.
    ///
    /// What to do: look for a division by zero where it was made.
    #[error("the density is not finite at x = {x:.2} bohr")]
    #[diagnostic(code(ksr::invert::not_finite))]
    NotFinite { x: f64 },
    /// There is no electron, so no potential.
    ///
    /// What to do: invert a density with electrons.
    #[error("a density without electrons has no potential")]
    #[diagnostic(code(ksr::invert::empty))]
    Empty,
    /// With `--strict`: no potential was found whose lowest orbitals have the density.
    ///
    /// What to do: smooth the density, use a finer grid, or run without `--strict`, where the closest one is given and marked.
    #[error("the density is reproduced only within {residual} electrons", residual = brief(*residual))]
    #[diagnostic(code(ksr::invert::not_reproduced))]
    NotReproduced { residual: f64 },
    /// A grid has no more orbitals than points.
    ///
    /// What to do: check the number of electrons, or use more points.
    #[error("{electrons} electrons of one spin do not fit on {points} points")]
    #[diagnostic(code(ksr::invert::too_many))]
    TooMany { electrons: usize, points: usize },
    /// The orbitals in a potential on the way could not be found.
    ///
    /// What to do: look at the density: where it vanishes between electrons, or jumps, no potential has it.
    #[error("the orbitals in the potential could not be found: {cause}")]
    #[diagnostic(code(ksr::invert::orbitals))]
    Orbitals { cause: String },
    /// The user stopped it.
    ///
    /// What to do: nothing.
    #[error("the inversion was interrupted")]
    #[diagnostic(code(ksr::invert::interrupted))]
    Interrupted,
}

/// What there is to tell about an inversion.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
#[allow(missing_docs)]
pub(crate) enum InversionWarning {
    /// No potential was found whose lowest orbitals have the density within 1e-6 electrons: the closest one is given. A density that is zero or has a kink
    /// between nuclei, or is not that of a ground state, has none on this grid.
    ///
    /// What to do: compare `.density` with the density. Smooth it, or use a finer grid.
    #[error("the density is reproduced only within {residual} electrons", residual = brief(*residual))]
    #[diagnostic(
        code(ksr::invert::not_converged),
        severity(Warning),
        help("compare `.density` with the given density; what is made from it is marked")
    )]
    NotConverged { residual: f64 },
    /// The integral of the density is not quite the number of electrons. It was scaled to that.
    ///
    /// What to do: nothing, if the digits of the density end there. Otherwise look at where it was made.
    #[error("the density of a spin integrates to a number of electrons that is off by {off}: it was scaled", off = brief(*off))]
    #[diagnostic(code(ksr::invert::scaled), severity(Advice))]
    Scaled { off: f64 },
    /// A Kohn-Sham potential has a constant, by which the highest level is minus the ionisation energy. That could not be calculated, and the
    /// constant is the one with which the xc potential ends at about zero, as the tails of the density tell it. The shape of the potential,
    /// T_s and gaps do not depend on it; the levels do, by up to 0.1 hartree in tests.
    ///
    /// What to do: give `ionisation_energy:`, of both spins as `[up, down]`.
    #[error(
        "the constant in the potential, and with it every level, is estimated: the ionisation energy was not calculated ({cause})"
    )]
    #[diagnostic(
        code(ksr::invert::constant),
        severity(Warning),
        help("give `ionisation_energy:`; T_s and gaps do not depend on it")
    )]
    Estimated { cause: String },
    /// With the given ionisation energy the xc potential does not go to zero far out, but to another value.
    ///
    /// What to do: check the ionisation energy and its unit.
    #[error("with this ionisation energy the xc potential goes to {far_out} hartree far out, not to zero", far_out = brief(*far_out))]
    #[diagnostic(
        code(ksr::invert::level),
        severity(Warning),
        help("check the ionisation energy, the lowest one that takes an electron of this spin away, and its unit")
    )]
    Level { far_out: f64 },
    /// Each spin has its own potential, and its own highest level. One ionisation energy fixes one of them: that of the spin with more
    /// electrons.
    ///
    /// What to do: give both ionisation energies, `ionisation_energy: [up, down]`.
    #[error(
        "one ionisation energy fixes the levels of one spin: those of the other have the constant with which its potential ends at about zero"
    )]
    #[diagnostic(code(ksr::invert::one_level), severity(Advice), help("`ionisation_energy: [up, down]` fixes both"))]
    OneLevel,
    /// A field says nothing of the spins: with unpaired electrons each of them got it in proportion, which is right for closed shells and
    /// for electrons of one spin.
    ///
    /// What to do: give the density of the down electrons as `n_down:`, that of the up electrons first.
    #[error("the density of each spin is not known: both got the density in proportion to their electrons")]
    #[diagnostic(
        code(ksr::invert::spins),
        severity(Warning),
        help("`invert(n_up, n_down: n_down)` inverts the density of each spin")
    )]
    Spins,
    /// Far out the density has too few digits to decide the potential: one calculated from them would be noise. There it is continued
    /// instead. It is told where the density is still above 3e-5 of its largest value, as one of few decimals is.
    ///
    /// What to do: nothing, if the tails do not matter. `.reach` is where the density decides; a density with more digits reaches further.
    #[error("far out the density has too few digits to decide the potential: there it is continued, not calculated")]
    #[diagnostic(
        code(ksr::invert::noise),
        severity(Advice),
        help("`.reach` is where the density decides; outside the xc potential follows the Hartree potential to zero")
    )]
    Noise,
}

/// The potential whose lowest orbitals have a density.
///
/// # Errors
/// A density that is negative, not finite or of another number of electrons; orbitals that are not found; an interruption.
pub(crate) fn invert(given: &Density<'_>, control: &dyn Control) -> Result<Inversion, InversionError> {
    let mut off = 0.0f64;
    let mut scaled = [Vec::new(), Vec::new()];
    for (spin, (density, electrons)) in given.spins.iter().zip(given.electrons).enumerate() {
        let found = check(given.grid, density, electrons)?;
        off = off.max((found - electrons as f64).abs());
        let factor = if electrons == 0 { 1.0 } else { electrons as f64 / found };
        scaled[spin] = density.iter().map(|n| n * factor).collect();
    }
    if given.electrons == [0, 0] {
        return Err(InversionError::Empty);
    }
    let given = &Density { spins: [&scaled[0], &scaled[1]], ..*given };
    let total = both_spins(&given.spins.map(<[f64]>::to_vec));
    let hartree = given.system.map(|(_, interaction)| interaction.hartree(given.grid, &total));
    let known: Option<Vec<f64>> = given.system.zip(hartree.as_ref()).map(|((external, _), hartree)| {
        external.iter().zip(hartree).map(|(external, hartree)| external + hartree).collect()
    });
    let around = Around { given, total, hartree, known };
    let restricted = given.electrons[0] == given.electrons[1] && given.spins[0] == given.spins[1];
    let first = around.spin(0, control)?;
    let second = if restricted { first.clone() } else { around.spin(1, control)? };
    // A spin without electrons has the potential of the other one.
    let (up, down) = match (first, second) {
        (Some(up), Some(down)) => (up, down),
        (Some(up), None) => (up.clone(), up.without_electrons()),
        (None, Some(down)) => (down.clone().without_electrons(), down),
        (None, None) => return Err(InversionError::Empty),
    };
    let mut found = around.together([up, down], restricted);
    if off > SCALED {
        found.warnings.push(InversionWarning::Scaled { off });
    }
    Ok(found)
}

/// Checks a density of a spin; gives its integral.
fn check(grid: &Grid, density: &[f64], electrons: usize) -> Result<f64, InversionError> {
    if electrons > grid.points {
        return Err(InversionError::TooMany { electrons, points: grid.points });
    }
    check_values(grid, density)?;
    let found = grid.integrate(density);
    if (found - electrons as f64).abs() > ELECTRONS_ERROR {
        return Err(InversionError::Electrons { found, wanted: electrons });
    }
    Ok(found)
}

/// Densities are finite and not negative.
fn check_values(grid: &Grid, density: &[f64]) -> Result<(), InversionError> {
    if let Some(i) = density.iter().position(|n| !n.is_finite()) {
        return Err(InversionError::NotFinite { x: grid.x(i) });
    }
    let least = (0..density.len()).min_by(|a, b| density[*a].total_cmp(&density[*b]));
    match least.filter(|i| density[*i] < LEAST_DENSITY) {
        Some(i) => Err(InversionError::Negative { x: grid.x(i), value: density[i] }),
        None => Ok(()),
    }
}

/// The electrons of a density, 1/bohr: its integral, which is a whole number, and the one that is wanted.
///
/// # Errors
/// A density that is not finite, negative, or of another number of electrons.
pub(crate) fn whole_electrons(grid: &Grid, density: &[f64], wanted: Option<usize>) -> Result<usize, InversionError> {
    check_values(grid, density)?;
    let found = grid.integrate(density);
    let electrons = wanted.unwrap_or(found.round().max(0.0) as usize);
    // Of several electrons each spin may be off by as much.
    if (found - electrons as f64).abs() > 2.0 * ELECTRONS_ERROR {
        return Err(InversionError::Integral { found, wanted });
    }
    Ok(electrons)
}

/// One spin.
#[derive(Clone)]
struct Spin {
    found: Found,
    /// Σ e_k - ∫ v n, hartree; of the orbitals, where these do not have the density.
    kinetic: f64,
    constant: Constant,
    /// Where the xc potential goes far out, hartree.
    far_out: f64,
    trusted: Range<usize>,
    electrons: usize,
}

impl Spin {
    fn without_electrons(self) -> Self {
        let Orbitals { energies, vectors } = self.found.orbitals;
        let orbitals = Orbitals { energies: energies.into_iter().take(1).collect(), vectors };
        let density = vec![0.0; self.found.density.len()];
        let found = Found { orbitals, density, residual: 0.0, potential: self.found.potential };
        Spin { found, kinetic: 0.0, electrons: 0, ..self }
    }
}

/// A density with the potentials that are known.
struct Around<'a> {
    given: &'a Density<'a>,
    /// The density of both spins.
    total: Vec<f64>,
    hartree: Option<Vec<f64>>,
    /// External and Hartree potential together.
    known: Option<Vec<f64>>,
}

impl Around<'_> {
    /// The potential of one spin; none without electrons.
    fn spin(&self, spin: usize, control: &dyn Control) -> Result<Option<Spin>, InversionError> {
        let Density { grid, spins, electrons, highest, .. } = self.given;
        let (density, count) = (spins[spin], electrons[spin]);
        if count == 0 {
            return Ok(None);
        }
        let around = self.known.as_ref().map(|known| (&*self.total, &**known));
        let trusted = match self.given.digits {
            true => tails::seen(density),
            false => tails::trusted(grid, density, count, around),
        };
        let all = (electrons[0] + electrons[1]) as f64;
        let shape = |known: &Vec<f64>, hartree: &Vec<f64>| -> Vec<f64> {
            known.iter().zip(hartree).map(|(known, hartree)| known - hartree / all).collect()
        };
        let tail = match (&self.known, &self.hartree) {
            (Some(known), Some(hartree)) => shape(known, hartree),
            _ => vec![0.0; grid.points],
        };
        let target = Target { grid, density, count, inside: trusted.clone(), tail: &tail };
        let found = target.invert(control)?;
        let decided = tails::within(grid, &trusted, density, (MARGIN, MARGIN_OF_DENSITY));
        let top = found.orbitals.energies[count - 1];
        let ends = self.far_out(&found.potential, &decided);
        let at_wall = -0.5 * (ends[0] + ends[1]);
        let (shift, constant) = match highest[spin] {
            Some(level) => (level - top, Constant::Level),
            None => (at_wall, Constant::Wall),
        };
        let [left, right] = ends.map(|end| end + shift);
        let far_out = if left.abs() < right.abs() { left } else { right };
        // Once more, now with the right shape outside.
        let outside = |shift: f64| -> Result<(Found, Vec<f64>), InversionError> {
            let mut potential: Vec<f64> = found.potential.iter().map(|v| v + shift).collect();
            self.continued(&mut potential, &decided);
            let target = Target { inside: decided.clone(), tail: &potential, ..target };
            let found = target.improve(target.found(potential.clone(), Some(&found.orbitals))?, control)?;
            Ok((found, potential))
        };
        let (mut found, mut tail) = outside(shift)?;
        if constant == Constant::Level && found.residual > LARGEST_RESIDUAL {
            // On a small grid the xc potential does not come to follow the Hartree potential to zero.
            let (other, other_tail) = outside(at_wall)?;
            if other.residual < found.residual {
                (found, tail) = (other, other_tail);
            }
        }
        let target = Target { inside: decided.clone(), tail: &tail, ..target };
        let level = found.orbitals.energies[count - 1];
        let off = match highest[spin] {
            Some(highest) => level - highest,
            None => {
                let ends = [0, grid.points - 1];
                ends.iter().map(|i| found.potential[*i] - tail[*i]).sum::<f64>() / 2.0
            }
        };
        found.potential.iter_mut().chain(&mut found.orbitals.energies).for_each(|v| *v -= off);
        let kinetic = if found.residual <= LARGEST_RESIDUAL { target.height(&found) } else { target.moving(&found) };
        Ok(Some(Spin { found, kinetic, constant, far_out, trusted: decided, electrons: count }))
    }

    /// The constant to which the xc potential goes far out on both sides, where it follows the Hartree potential: from a fit of C - c v_H
    /// to the ends of what is decided, with one c for each. Without a known potential its ends.
    fn far_out(&self, v: &[f64], decided: &Range<usize>) -> [f64; 2] {
        let (Some(known), Some(hartree)) = (&self.known, &self.hartree) else {
            return [v[decided.start], v[decided.end - 1]];
        };
        let points = ((FITTED / self.given.grid.spacing) as usize).clamp(2, decided.len().div_ceil(2));
        let sides = [decided.start..decided.start + points, decided.end - points..decided.end];
        // Of each side C is the mean of the potential plus c times that of v_H; the differences from the means give c.
        let mean =
            |range: &Range<usize>, f: &dyn Fn(usize) -> f64| range.clone().map(f).sum::<f64>() / range.len() as f64;
        let xc = |i: usize| v[i] - known[i];
        let constant = |range: &Range<usize>| {
            let (middle, middle_xc) = (mean(range, &|i| hartree[i]), mean(range, &xc));
            let square = mean(range, &|i| (hartree[i] - middle).powi(2));
            let slope = mean(range, &|i| (hartree[i] - middle) * (xc(i) - middle_xc)) / square.max(f64::MIN_POSITIVE);
            // The attraction of at most all electrons, and no repulsion.
            middle_xc - slope.clamp(-1.0, 0.0) * middle
        };
        sides.each_ref().map(constant)
    }

    /// Outside, the xc potential goes to zero like the Hartree potential.
    fn continued(&self, v: &mut [f64], trusted: &Range<usize>) {
        let (Some(known), Some(hartree)) = (&self.known, &self.hartree) else { return };
        let mut side = |edge: usize, outside: Range<usize>| {
            let xc = v[edge] - known[edge];
            // Without repulsion there is nothing to follow.
            let share = |i: usize| if hartree[edge] > 0.0 { hartree[i] / hartree[edge] } else { 1.0 };
            outside.for_each(|i| v[i] = known[i] + xc * share(i));
        };
        side(trusted.start, 0..trusted.start);
        side(trusted.end - 1, trusted.end..known.len());
    }

    fn together(&self, spins: [Spin; 2], restricted: bool) -> Inversion {
        let without = |v: &[f64]| {
            let known = self.known.as_ref()?;
            Some(v.iter().zip(known).map(|(v, known)| v - known).collect::<Vec<f64>>())
        };
        let residual: f64 = spins.iter().map(|spin| spin.found.residual).sum();
        let mut warnings = Vec::new();
        if residual > LARGEST_RESIDUAL {
            warnings.push(InversionWarning::NotConverged { residual });
        }
        let ends = |spin: usize| {
            let Range { start, end } = spins[spin].trusted.clone();
            let n = self.given.spins[spin];
            let largest = n.iter().copied().fold(0.0, f64::max);
            let cut = |at: usize, is_cut: bool| if is_cut { n[at] } else { 0.0 };
            let there = cut(start, start > 0).max(cut(end - 1, end < n.len()));
            (spins[spin].electrons > 0 && there > TOLD * largest).then_some(InversionWarning::Noise)
        };
        warnings.extend(ends(0).or_else(|| if restricted { None } else { ends(1) }));
        Inversion {
            xc_potential: without(&spins[0].found.potential)
                .zip(without(&spins[1].found.potential))
                .map(|(up, down)| [up, down]),
            kinetic_energy: spins.iter().map(|spin| spin.kinetic).sum(),
            residual,
            constants: [0, 1].map(|s| spins[s].constant),
            far_out: [0, 1].map(|s| spins[s].far_out),
            trusted: [0, 1].map(|s: usize| spins[s].trusted.clone()),
            restricted,
            warnings,
            orbital_energies: [0, 1].map(|s| spins[s].found.orbitals.energies.clone()),
            density: [0, 1].map(|s| spins[s].found.density.clone()),
            potential: spins.map(|spin| spin.found.potential),
        }
    }
}
