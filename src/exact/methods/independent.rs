//! Electrons that do not interact: one, or any number without interaction.

use super::{Answer, Method};
use crate::control::{Control, unless_interrupted};
use crate::exact::dense::times;
use crate::exact::field::Field;
use crate::exact::integrals::pairs as products;
use crate::exact::orbitals::mean_field;
use crate::exact::{ExactError, Options, PairDensity};
use crate::ks::hamiltonian::Hamiltonian;
use crate::model::{Interaction, System, both_spins};
use crate::tensor::vector::dot;
use faer::Mat;
use std::sync::Arc;

/// Rounding error of a level, as a fraction of the size of H.
const ROUNDING: f64 = 1e-15;

/// Fills the lowest orbitals of each spin.
#[derive(Debug)]
pub(super) struct Independent;

impl Method for Independent {
    fn name(&self) -> &'static str {
        "independent"
    }

    fn takes(&self) -> &'static str {
        "one electron, or any number without interaction"
    }

    fn suits(&self, system: &System) -> bool {
        system.electrons == 1 || system.interaction == Interaction::None
    }

    /// 1e-9, or what rounding leaves on a fine grid.
    fn accuracy(&self, system: &System) -> f64 {
        let scale = Hamiltonian::new(&system.grid, &system.potential).scale();
        (2.0 * ROUNDING * scale * system.electrons as f64).max(1e-9)
    }

    fn solve(&self, system: &Arc<System>, _: &Options, control: &dyn Control) -> Result<Answer, ExactError> {
        let (label, system) = (system.label.clone(), system.clone());
        unless_interrupted(control, move |_| independent(&system)).map_err(|_| ExactError::Interrupted { label })?
    }
}

fn independent(system: &System) -> Result<Answer, ExactError> {
    let field = Field::new(system);
    let h = &field.hamiltonian;
    let (up, down) = system.spins();
    let orbitals = mean_field(&field, h, up.max(down))?;
    let density = |count: usize| -> Vec<f64> {
        let mut density = vec![0.0; system.grid.points];
        for psi in &orbitals.vectors[..count] {
            density.iter_mut().zip(psi).for_each(|(n, psi)| *n += psi * psi / system.grid.spacing);
        }
        density
    };
    let level = |psi: &Vec<f64>| dot(psi, &h.apply(psi));
    let energy = orbitals.vectors[..up].iter().chain(&orbitals.vectors[..down]).map(level).sum();
    let occupations = Some((0..up.max(down)).map(|k| if k < up.min(down) { 2.0 } else { 1.0 }).collect());
    let density = [density(up), density(down)];
    let error = ROUNDING * h.scale() * system.electrons as f64 + field.evened(system, &both_spins(&density));
    let pairs = Some(pairs(system, &orbitals.vectors, &density)?);
    Ok(Answer { energy, density, occupations, pairs, error })
}

/// n(x) n(y) - sum over spins of |gamma(x, y)|².
fn pairs(system: &System, orbitals: &[Vec<f64>], density: &[Vec<f64>; 2]) -> Result<PairDensity, ExactError> {
    if system.electrons < 2 {
        return Ok(PairDensity::default());
    }
    let (up, down) = system.spins();
    let points = system.grid.points;
    if up * (up + 1) / 2 >= points {
        // With more products than points, P itself is smaller.
        let phi = |count: usize| Mat::from_fn(points, count, |i, k| orbitals[k][i]);
        let gamma = [up, down].map(|count| times(phi(count).as_ref(), phi(count).transpose()));
        let scale = 1.0 / system.grid.spacing;
        let n = |i: usize| density[0][i] + density[1][i];
        let p = Mat::from_fn(points, points, |i, j| {
            n(i) * n(j) - gamma.iter().map(|g| (scale * g[(i, j)]).powi(2)).sum::<f64>()
        });
        return PairDensity::of_matrix(&p, &system.label);
    }
    // The density, and products of orbitals: of both spins, of the up electrons alone.
    let products = products(up);
    let scale = 1.0 / system.grid.spacing;
    let f = Mat::from_fn(system.grid.points, products.len() + 1, |i, k| match products.get(k) {
        Some((p, q)) => scale * orbitals[*p][i] * orbitals[*q][i],
        None => density[0][i] + density[1][i],
    });
    let weight = |k: usize| match products.get(k) {
        Some((p, q)) => {
            let spins = if p.max(q) < &down { 2.0 } else { 1.0 };
            if p == q { -spins } else { -2.0 * spins }
        }
        None => 1.0,
    };
    let d = Mat::from_fn(f.ncols(), f.ncols(), |a, b| if a == b { weight(a) } else { 0.0 });
    PairDensity::of_products(&f, &d, &system.label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Grid, Interaction};

    #[test]
    fn equal_wells_share_an_electron() {
        let well = |x: f64| -2.0 * (-x * x).exp();
        for apart in [4.0, 8.0, 14.0, 20.0] {
            let grid = Arc::new(Grid::centred(301, 0.15));
            let potential = grid.xs().iter().map(|x| well(x - apart) + well(x + apart)).collect();
            let (label, nuclei, nuclear_repulsion) = ("wells".to_string(), vec![], 0.0);
            let interaction = Interaction::BAKER;
            let system =
                System { label, grid, interaction, nuclei, potential, nuclear_repulsion, electrons: 1, unpaired: 1 };
            let found = independent(&Arc::new(system)).expect("an answer");
            let n = &found.density[0];
            assert!(n.iter().zip(n.iter().rev()).all(|(a, b)| (a - b).abs() < 1e-13), "{apart}");
        }
    }

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
        assert_eq!(polarised.occupations, Some(vec![1.0; 3]));
        let paired = independent(&system(3, 1)).expect("an answer");
        assert!((paired.energy - 6.0 * level).abs() < 1e-6);
        assert_eq!(paired.occupations, Some(vec![2.0, 1.0]));
        assert!((grid.integrate(&paired.density[0]) - 2.0).abs() < 1e-13);
        let alone = independent(&system(1, 1)).expect("an answer");
        for (answer, pairs, unpaired) in [(polarised, 6.0, 3), (paired, 6.0, 1), (alone, 0.0, 1)] {
            let all = answer.pairs.expect("pairs").on_grid(500);
            assert!((all.iter().sum::<f64>() * grid.spacing.powi(2) - pairs).abs() < 1e-11);
            // No two electrons of one spin meet.
            let met: f64 = (0..500).map(|i| all[i * 501]).fold(0.0, f64::max);
            assert!((met > 0.1) == (pairs > 0.0 && unpaired == 1), "{met}");
        }
        // More products of orbitals than points.
        let many = independent(&system(40, 40)).expect("an answer");
        let all = many.pairs.expect("pairs").on_grid(500).iter().sum::<f64>() * grid.spacing.powi(2);
        assert!((all / 1560.0 - 1.0).abs() < 1e-9, "{all}");
    }
}
