//! Electrons that do not interact: one, or any number without interaction.

use super::{ExactError, Origin, Reference};
use crate::ks::hamiltonian::Hamiltonian;
use crate::ks::orbitals::lowest;
use crate::model::System;
use std::sync::Arc;

/// Rounding error of a level, as a fraction of the size of H.
const ROUNDING: f64 = 1e-15;

/// Fills the lowest orbitals of each spin.
pub(super) fn independent(system: &Arc<System>) -> Result<Reference, ExactError> {
    let h = Hamiltonian::new(&system.grid, &system.potential);
    let (up, down) = system.spins();
    let orbitals = lowest(&h, up.max(down), None)?;
    let density = |count: usize| -> Vec<f64> {
        let mut density = vec![0.0; system.grid.points];
        for psi in &orbitals.vectors[..count] {
            density.iter_mut().zip(psi).for_each(|(n, psi)| *n += psi * psi / system.grid.spacing);
        }
        density
    };
    let energy = orbitals.energies[..up].iter().chain(&orbitals.energies[..down]).sum();
    let occupations = (0..up.max(down)).map(|k| if k < up.min(down) { 2.0 } else { 1.0 }).collect();
    let error = ROUNDING * h.scale() * system.electrons as f64;
    let density = [density(up), density(down)];
    Ok(Reference { system: system.clone(), energy, density, occupations, error, origin: Origin::Solved })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Grid, Interaction};

    #[test]
    fn a_box_of_independent_electrons() {
        let grid = Arc::new(Grid::between_walls(0.0, 1.0, 500));
        let system = |electrons: usize, unpaired: usize| {
            Arc::new(System {
                label: "box".into(),
                potential: vec![0.0; grid.points].into(),
                grid: grid.clone(),
                interaction: Interaction::None,
                nuclei: vec![],
                nuclear_repulsion: 0.0,
                electrons,
                unpaired,
            })
        };
        let level = std::f64::consts::PI.powi(2) / 2.0;
        let polarised = independent(&system(3, 3)).expect("an answer");
        assert!((polarised.energy - 14.0 * level).abs() < 1e-5, "{}", polarised.energy);
        assert_eq!(polarised.occupations, [1.0; 3]);
        let paired = independent(&system(3, 1)).expect("an answer");
        assert!((paired.energy - 6.0 * level).abs() < 1e-6);
        assert_eq!(paired.occupations, [2.0, 1.0]);
        assert!((grid.integrate(&paired.density[0]) - 2.0).abs() < 1e-13);
    }
}
