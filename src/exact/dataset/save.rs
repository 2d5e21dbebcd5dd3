//! Saves references and runs as a data set.

use crate::data::Layout;
use crate::model::{Grid, Interaction, System, Wall, both_spins};
use crate::number::counted;
use miette::Diagnostic;
use thiserror::Error;

/// The part of a reference or run that a data set keeps.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// The system.
    pub system: &'a System,
    /// Electronic energy, hartree.
    pub energy: f64,
    /// Density of each spin, 1/bohr.
    pub density: &'a [Vec<f64>; 2],
    /// Whether the spin densities are known separately.
    pub spins: bool,
    /// The distance given by a data set, otherwise that between the first two nuclei, bohr.
    pub distance: Option<f64>,
    /// Whether it comes from a calculation that converged.
    pub converged: bool,
}

/// Why samples do not make one data set.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
#[allow(missing_docs)]
pub enum SaveError {
    /// The list to be saved is empty.
    ///
    /// What to do: give at least one reference or run.
    #[error("there is nothing to save: the list is empty")]
    #[diagnostic(code(ksr::data::empty))]
    Empty,
    /// A data set has one grid for all its systems.
    ///
    /// What to do: save the systems of each grid in a separate folder.
    #[error("a data set has one grid, but `{label}` and `{first}` are on different grids")]
    #[diagnostic(code(ksr::data::mixed_grids), help("save the systems of each grid in a separate folder"))]
    Grids { first: String, label: String },
    /// A data set has one interaction for all its systems.
    ///
    /// What to do: save the systems with each interaction in a separate folder.
    #[error("a data set has one interaction, but those of `{label}` and `{first}` differ")]
    #[diagnostic(
        code(ksr::data::mixed_interactions),
        help("save the systems with each interaction in a separate folder")
    )]
    Interactions { first: String, label: String },
}

/// What the files do not contain as one might expect.
#[derive(Clone, Debug, PartialEq, Error, Diagnostic)]
#[allow(missing_docs)]
pub enum SaveNote {
    /// The systems have different numbers of nuclei. Shorter rows are padded with charge 0, which means no nucleus.
    ///
    /// What to do: nothing: `dataset` reads it back as it was. Other programs must leave out nuclei of charge 0.
    #[error("the systems have {least} to {most} nuclei: shorter rows are padded with charge 0 at position 0")]
    #[diagnostic(severity(Advice), code(ksr::data::padded))]
    Padded { least: usize, most: usize },
    /// The layout has no place for this property of the systems, so a reader would assume the default.
    ///
    /// What to do: give it when you read the folder, as the help line shows.
    #[error("a data set does not record {what}")]
    #[diagnostic(
        severity(Advice),
        code(ksr::data::unsaid),
        help("specify it when reading: `dataset(\"…\", {option})`")
    )]
    Unsaid { what: &'static str, option: String },
    /// Spin densities are saved only if they are known for all systems of the data set.
    ///
    /// What to do: nothing, if the spins do not matter; otherwise save the systems with known spin densities in a
    /// separate folder.
    #[error("the spin densities are left out: those of `{label}` are not known")]
    #[diagnostic(severity(Advice), code(ksr::data::no_spin))]
    NoSpin { label: String },
    /// Some of the runs did not converge. `converged.npy` says which, and what is read back is marked.
    ///
    /// What to do: as for a run that did not converge, or leave these runs out.
    #[error("{count} of {} did not converge, among them that of `{label}`", counted(*total, "run"))]
    #[diagnostic(
        severity(Warning),
        code(ksr::data::unconverged),
        help("`converged.npy` says which; leave them out, or solve them to convergence")
    )]
    Unconverged { count: usize, total: usize, label: String },
}

/// The arrays for some samples, in their order.
///
/// # Errors
/// No samples, or some on different grids or with different interactions.
pub fn layout(samples: &[Sample]) -> Result<(Layout, Vec<SaveNote>), SaveError> {
    let Some(first) = samples.first() else { return Err(SaveError::Empty) };
    let names = |other: &Sample| (first.system.label.clone(), other.system.label.clone());
    if let Some((first, label)) = samples.iter().find(|s| s.system.grid != first.system.grid).map(names) {
        return Err(SaveError::Grids { first, label });
    }
    if let Some((first, label)) = samples.iter().find(|s| s.system.interaction != first.system.interaction).map(names) {
        return Err(SaveError::Interactions { first, label });
    }
    let mut notes = unsaid(&first.system.grid, &first.system.interaction);
    let counts = samples.iter().map(|s| s.system.nuclei.len());
    let (least, most) = counts.fold((usize::MAX, 0), |(least, most), n| (least.min(n), most.max(n)));
    if least < most {
        notes.push(SaveNote::Padded { least, most });
    }
    let nuclei = |of: fn(&crate::model::Nucleus) -> f64| {
        samples.iter().map(|s| s.system.nuclei.iter().map(of).collect()).collect::<Vec<Vec<f64>>>()
    };
    let (count, total) = (samples.iter().filter(|s| !s.converged).count(), samples.len());
    if let Some(one) = samples.iter().find(|s| !s.converged) {
        notes.push(SaveNote::Unconverged { count, total, label: one.system.label.clone() });
    }
    let distances: Option<Vec<f64>> = samples.iter().map(|s| s.distance).collect();
    let layout = Layout {
        grid: first.system.grid.xs(),
        grid_single: false,
        densities: samples.iter().map(|s| both_spins(s.density)).collect(),
        spin_densities: spin_densities(samples, &mut notes),
        energies: samples.iter().map(|s| s.energy).collect(),
        charges: nuclei(|n| n.charge),
        locations: nuclei(|n| n.position),
        electrons: samples.iter().map(|s| s.system.electrons as f64).collect(),
        unpaired: Some(samples.iter().map(|s| s.system.unpaired as f64).collect()),
        potentials: Some(samples.iter().map(|s| s.system.potential.to_vec()).collect()),
        potentials_single: false,
        distances,
        converged: (count > 0).then(|| samples.iter().map(|s| f64::from(u8::from(s.converged))).collect()),
        names: Some(samples.iter().map(|s| s.system.label.clone()).collect()),
    };
    Ok((layout, notes))
}

/// What the user has to specify when reading.
fn unsaid(grid: &Grid, interaction: &Interaction) -> Vec<SaveNote> {
    let mut notes = Vec::new();
    if *interaction != Interaction::BAKER {
        notes
            .push(SaveNote::Unsaid { what: "which interaction it was computed with", option: "interaction: w".into() });
    }
    if grid.stencil != 5 {
        let option = format!("stencil: {}", grid.stencil);
        notes.push(SaveNote::Unsaid { what: "which stencil it was computed with", option });
    }
    if grid.wall == Wall::Odd {
        notes.push(SaveNote::Unsaid { what: "that its walls are odd", option: "wall: odd".into() });
    }
    notes
}

/// Up minus down, if it is known for all systems and does not follow from the density for some; given by the larger of the two spin
/// densities, so that reading restores it.
fn spin_densities(samples: &[Sample], notes: &mut Vec<SaveNote>) -> Option<Vec<Vec<f64>>> {
    let partly = |s: &&Sample| s.system.unpaired > 0 && s.system.unpaired < s.system.electrons;
    let unknown = samples.iter().filter(partly).find(|s| !s.spins);
    if let Some(unknown) = unknown {
        if samples.iter().filter(partly).any(|s| s.spins) {
            notes.push(SaveNote::NoSpin { label: unknown.system.label.clone() });
        }
        return None;
    }
    samples.iter().find(partly)?;
    let difference = |(up, down): (&f64, &f64)| {
        let n = up + down;
        if up >= down { 2.0 * up - n } else { n - 2.0 * down }
    };
    Some(samples.iter().map(|s| s.density[0].iter().zip(&s.density[1]).map(difference).collect()).collect())
}
