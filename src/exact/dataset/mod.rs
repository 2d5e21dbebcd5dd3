//! References that others have computed: checks a data set in the published layout and makes a system of every row.

mod grid;
mod name;
mod save;
#[cfg(test)]
mod tests;

pub use save::{Sample, SaveError, SaveNote, layout};

use super::{Entry, Origin, Reference};
use crate::data::Layout;
use crate::model::{
    BuildError, Grid, GridError, Interaction, Nucleus, Part, Parts, System, SystemError, SystemNote, Wall,
};
use crate::number::brief;
use miette::Diagnostic;
use std::sync::Arc;
use thiserror::Error;

/// It is an error if the integral of a density differs from the number of electrons by more than this.
const ELECTRONS_ERROR: f64 = 1e-3;
/// A density below this, 1/bohr, is not a rounding error.
const LEAST_DENSITY: f64 = -1e-6;
/// Likewise, but a warning.
const ELECTRONS_WARNING: f64 = 1e-5;
/// A potential that differs from that of the nuclei by more than this, hartree, is not theirs: positions may be rounded to single
/// precision.
const POTENTIAL_DIFFERENCE: f64 = 1e-5;

/// What the files do not specify.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// Keep only this many points in the middle.
    pub points: Option<usize>,
    /// Points of the second-derivative stencil.
    pub stencil: usize,
    /// The ends of the grid.
    pub wall: Wall,
}

/// Why a data set cannot be used.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
#[allow(missing_docs)]
pub enum DatasetError {
    /// The points in `grids.npy` are not equally spaced, as ksr's grids are.
    ///
    /// What to do: interpolate the data to an equally spaced grid before writing them.
    #[error("`grids.npy` is not equally spaced: the spacing after index {index} is {found} bohr, on average {mean}")]
    #[diagnostic(code(ksr::data::spacing))]
    Spacing { index: usize, found: f64, mean: f64 },
    /// The grid itself is wrong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Grid(GridError),
    /// `points:` keeps the middle of the data set's grid, and asks for more points than it has.
    ///
    /// What to do: leave out `points:`, or ask for no more than there are.
    #[error("the data set has only {present} points, not {wanted}")]
    #[diagnostic(code(ksr::data::points), help("`points:` keeps the middle of the grid"))]
    Points { wanted: usize, present: usize },
    /// With this `points:` part of the density would be cut off, and the number of electrons would be wrong.
    ///
    /// What to do: use more points.
    #[error("`densities.npy` has {electrons:.2e} electrons outside the middle {points} points at index {index}")]
    #[diagnostic(code(ksr::data::cut), help("use more points"))]
    Cut { index: usize, points: usize, electrons: f64 },
    /// The integral of a density does not give the number of electrons, so the grid, the units or the normalisation are
    /// not those of the layout.
    ///
    /// What to do: write densities in electrons per bohr: the spacing times the sum over the points is the number of
    /// electrons.
    #[error("`densities.npy` integrates to {found:.6} at index {index}, but `num_electrons.npy` says {electrons}")]
    #[diagnostic(
        code(ksr::data::electrons),
        help("a density is in electrons per bohr: its sum times the spacing is the number of electrons")
    )]
    Electrons { index: usize, found: f64, electrons: f64 },
    /// A density has negative values, which is impossible.
    ///
    /// What to do: check whether the file holds a density, and in which order its axes are.
    #[error("`densities.npy` is {value:.2e} at x = {x:.2} bohr at index {index}: a density is never negative")]
    #[diagnostic(code(ksr::data::negative))]
    Negative { index: usize, x: f64, value: f64 },
    /// A system without nuclei needs its external potential, and there is no file with it.
    ///
    /// What to do: add `external_potentials.npy` to the folder.
    #[error("the system at index {index} has no nuclei, and there is no `external_potentials.npy`")]
    #[diagnostic(code(ksr::data::no_potential))]
    NoPotential { index: usize },
    /// The numbers for one system of the data set are impossible, such as a nucleus outside the grid or a fractional
    /// number of electrons.
    ///
    /// What to do: correct the file that the message names, at the index given; indices count from 0.
    #[error("`{file}` at index {index}: {error}")]
    #[diagnostic(code(ksr::data::system))]
    System { file: &'static str, index: usize, error: SystemError },
}

/// What a user should know about a data set that can be used; the worst of its systems is named.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
#[allow(missing_docs)]
pub enum DatasetWarning {
    /// The integral of a density differs slightly from the number of electrons, as with low precision. The data set is
    /// used as it is.
    ///
    /// What to do: nothing, if the precision of the data explains it.
    #[error(
        "`densities.npy` of `{set}` integrates to a number of electrons that is off by up to {} (index {index})",
        brief(*off)
    )]
    #[diagnostic(severity(Warning), code(ksr::data::electrons_off))]
    Electrons { set: String, index: usize, off: f64 },
    /// With this `points:` a small part of the density is cut off.
    ///
    /// What to do: use more points if it matters.
    #[error("up to {} electrons of `{set}` lie outside the middle {points} points (index {index})", brief(*off))]
    #[diagnostic(severity(Warning), code(ksr::data::cut_off), help("use more points"))]
    Cut { set: String, index: usize, points: usize, off: f64 },
    /// The potential in the file differs from that of the nuclei with ksr's interaction. The one in the file is used.
    ///
    /// What to do: nothing, if this is intended. If the data were calculated with another interaction, give it:
    /// `dataset("…", interaction: w)`.
    #[error(
        "`external_potentials.npy` of `{set}` is not the potential of the nuclei: it differs by up to {} hartree \
         (index {index}), in {count} of {systems} systems; the one in the file is used",
        brief(*off)
    )]
    #[diagnostic(
        severity(Warning),
        code(ksr::data::potential),
        help("if the data are for an interaction other than the exponential one, give it: `interaction: w`")
    )]
    Potential { set: String, index: usize, off: f64, count: usize, systems: usize },
    /// The spin densities do not integrate to the number of unpaired electrons, and are not used for these systems.
    ///
    /// What to do: check `spin_densities.npy` (up minus down) and `num_unpaired_electrons.npy`.
    #[error(
        "`spin_densities.npy` of `{set}` is off by up to {error} unpaired electrons (index {index}), and is not used there",
        error = brief(*off)
    )]
    #[diagnostic(severity(Warning), code(ksr::data::spin))]
    Spin { set: String, index: usize, off: f64 },
}

/// A data set and its grid; references are made one by one.
#[derive(Debug)]
pub struct Dataset {
    set: String,
    layout: Layout,
    grid: Arc<Grid>,
    /// The points kept, if it was trimmed.
    points: Option<usize>,
    notes: Notes,
}

/// The worst problem of every kind, and how many there are.
#[derive(Debug, Default)]
struct Notes {
    electrons: Worst,
    cut: Worst,
    potential: Worst,
    spin: Worst,
}

#[derive(Debug, Default)]
struct Worst {
    count: usize,
    index: usize,
    off: f64,
}

impl Worst {
    fn note(&mut self, index: usize, off: f64) {
        self.count += 1;
        if off > self.off {
            (self.index, self.off) = (index, off);
        }
    }
}

/// A failure: of the data, or of the user's interaction.
#[derive(Debug)]
pub enum Failed<E> {
    /// The data are wrong.
    Data(DatasetError),
    /// `w` failed.
    Interaction(E),
}

impl<E> From<DatasetError> for Failed<E> {
    fn from(error: DatasetError) -> Self {
        Failed::Data(error)
    }
}

impl Dataset {
    /// Recognises the grid and cuts out its middle, if requested; `set` is the name of the data set.
    ///
    /// # Errors
    /// A grid that is not equally spaced or too small; densities that reach beyond the middle.
    pub fn new(set: &str, mut layout: Layout, choice: &Choice) -> Result<Self, DatasetError> {
        let mut notes = Notes::default();
        let present = layout.grid.len();
        if let Some(points) = choice.points {
            if points > present {
                return Err(DatasetError::Points { wanted: points, present });
            }
            trim(&mut layout, points, &mut notes)?;
        }
        let grid = grid::recognised(&layout.grid, layout.grid_single)?;
        let grid = grid.with_stencil(choice.stencil).with_wall(choice.wall);
        grid.validate().map_err(DatasetError::Grid)?;
        Ok(Self { set: set.into(), layout, grid: Arc::new(grid), points: choice.points, notes })
    }

    /// The grid of all systems.
    pub fn grid(&self) -> &Arc<Grid> {
        &self.grid
    }

    /// How many systems there are.
    pub fn len(&self) -> usize {
        self.layout.energies.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The reference at an index, with notes on its nuclei; `w` is called as in [`System::build`].
    ///
    /// # Errors
    /// A density with the wrong number of electrons, numbers that do not make a system, a failure of `w`.
    pub fn reference<E>(
        &mut self,
        index: usize,
        interaction: &Interaction,
        w: &mut dyn FnMut(f64) -> Result<f64, E>,
    ) -> Result<(Reference, Vec<SystemNote>), Failed<E>> {
        let layout = &self.layout;
        let density = &layout.densities[index];
        if let Some((i, &value)) = density.iter().enumerate().find(|(_, n)| **n < LEAST_DENSITY) {
            return Err(DatasetError::Negative { index, x: self.grid.x(i), value }.into());
        }
        let (found, electrons) = (self.grid.integrate(density), layout.electrons[index]);
        let off = (found - electrons).abs();
        if off > ELECTRONS_ERROR {
            return Err(DatasetError::Electrons { index, found, electrons }.into());
        }
        if off > ELECTRONS_WARNING {
            self.notes.electrons.note(index, off);
        }
        let (system, notes) = self.system(index, interaction, w)?;
        let known = self.spins(index, &system);
        let spins = known.is_some();
        let half = || halved(&self.layout.densities[index]);
        let density = known.unwrap_or_else(|| [half(), half()]);
        let distance = self.layout.distances.as_ref().map(|d| d[index]);
        let converged = self.layout.converged.as_ref().is_none_or(|converged| converged[index] != 0.0);
        let origin = Origin::Data(Entry { set: self.set.clone(), index, distance, spins, converged });
        let energy = self.layout.energies[index];
        let system = Arc::new(system);
        let (occupations, pairs, error) = (None, None, f64::NAN);
        Ok((Reference { system, energy, density, occupations, pairs, error, origin }, notes))
    }

    fn system<E>(
        &mut self,
        index: usize,
        interaction: &Interaction,
        w: &mut dyn FnMut(f64) -> Result<f64, E>,
    ) -> Result<(System, Vec<SystemNote>), Failed<E>> {
        let layout = &self.layout;
        let nuclei: Vec<Nucleus> = layout.charges[index]
            .iter()
            .zip(&layout.locations[index])
            .filter(|(charge, _)| **charge != 0.0)
            .map(|(&charge, &position)| Nucleus { symbol: name::element(charge), charge, position })
            .collect();
        let given = layout.potentials.as_ref().map(|v| v[index].as_slice());
        if nuclei.is_empty() && given.is_none() {
            return Err(DatasetError::NoPotential { index }.into());
        }
        let bare = nuclei.is_empty();
        let parts = Parts {
            label: name::label(&self.set, layout, index),
            grid: self.grid.clone(),
            interaction: interaction.clone(),
            nuclei,
            potential: None,
            electrons: Some(layout.electrons[index]),
            charge: None,
            unpaired: layout.unpaired.as_ref().map(|u| u[index]),
        };
        let (mut system, notes) = System::build(parts, w).map_err(|error| match error {
            BuildError::System(error) => DatasetError::System { file: file(error.part()), index, error }.into(),
            BuildError::Interaction(error) => Failed::Interaction(error),
        })?;
        if let Some(given) = given {
            let off = given.iter().zip(&*system.potential).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            let differs = off > POTENTIAL_DIFFERENCE;
            if differs && !bare {
                self.notes.potential.note(index, off);
            }
            // In single precision, the potential of the nuclei is more accurate.
            if differs || bare || !layout.potentials_single {
                system.potential = given.into();
            }
        }
        Ok((system, notes))
    }

    /// The density of each spin, if it is known: for closed shells, for electrons of one spin, or from `spin_densities`.
    fn spins(&mut self, index: usize, system: &System) -> Option<[Vec<f64>; 2]> {
        let density = &self.layout.densities[index];
        if system.closed_shell() {
            return Some([halved(density), halved(density)]);
        }
        if system.unpaired == system.electrons {
            return Some([density.clone(), vec![0.0; density.len()]]);
        }
        let spin = &self.layout.spin_densities.as_ref()?[index];
        let off = (self.grid.integrate(spin) - system.unpaired as f64).abs();
        if off > ELECTRONS_ERROR {
            self.notes.spin.note(index, off);
            return None;
        }
        // The larger part is halved exactly, and the smaller is the rest, so that their sum has the bits of the density.
        let parts = |(n, m): (&f64, &f64)| {
            let larger = 0.5 * (n + m.abs());
            if *m < 0.0 { (n - larger, larger) } else { (larger, n - larger) }
        };
        let (up, down) = density.iter().zip(spin).map(parts).unzip();
        Some([up, down])
    }

    /// Warnings, after all references have been made.
    pub fn warnings(&self) -> Vec<DatasetWarning> {
        let set = || self.set.clone();
        let Notes { electrons, cut, potential, spin } = &self.notes;
        let mut warnings = Vec::new();
        // Electrons that were cut off are reported below.
        if electrons.off > 2.0 * cut.off {
            warnings.push(DatasetWarning::Electrons { set: set(), index: electrons.index, off: electrons.off });
        }
        if let (1.., Some(points)) = (cut.count, self.points) {
            warnings.push(DatasetWarning::Cut { set: set(), index: cut.index, points, off: cut.off });
        }
        if potential.count > 0 {
            let &Worst { index, off, count } = potential;
            warnings.push(DatasetWarning::Potential { set: set(), index, off, count, systems: self.len() });
        }
        if spin.count > 0 {
            warnings.push(DatasetWarning::Spin { set: set(), index: spin.index, off: spin.off });
        }
        warnings
    }
}

fn halved(density: &[f64]) -> Vec<f64> {
    density.iter().map(|n| 0.5 * n).collect()
}

/// The file that defines a part of a system.
fn file(part: Part) -> &'static str {
    match part {
        Part::Nucleus(_) => "locations.npy and nuclear_charges.npy",
        Part::Potential => "external_potentials.npy",
        Part::Electrons | Part::Charge | Part::Whole => "num_electrons.npy",
        Part::Unpaired => "num_unpaired_electrons.npy",
        Part::Grid | Part::Interaction => "grids.npy",
    }
}

/// Keeps the middle, as the published programs do: if the number of points removed is odd, one more is removed on the right.
fn trim(layout: &mut Layout, points: usize, notes: &mut Notes) -> Result<(), DatasetError> {
    let surplus = layout.grid.len() - points;
    let left = if surplus % 2 == 1 { (surplus - 1) / 2 } else { surplus / 2 };
    let middle = left..left + points;
    let spacing = match layout.grid.as_slice() {
        [first, .., last] => (last - first) / (layout.grid.len() - 1) as f64,
        _ => 0.0,
    };
    for (index, density) in layout.densities.iter().enumerate() {
        let outside = density[..middle.start].iter().chain(&density[middle.end..]);
        let electrons = spacing * outside.map(|n| n.abs()).sum::<f64>();
        if electrons > ELECTRONS_ERROR {
            return Err(DatasetError::Cut { index, points, electrons });
        }
        if electrons > ELECTRONS_WARNING {
            notes.cut.note(index, electrons);
        }
    }
    let cut = |row: &mut Vec<f64>| *row = row[middle.clone()].to_vec();
    cut(&mut layout.grid);
    layout.densities.iter_mut().for_each(cut);
    layout.potentials.iter_mut().flatten().for_each(cut);
    layout.spin_densities.iter_mut().flatten().for_each(cut);
    Ok(())
}
