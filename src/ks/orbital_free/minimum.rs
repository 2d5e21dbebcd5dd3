//! A minimum as a loss sees it, and how what is seen depends on the parameters of the kinetic functional: the density moves so that
//! δE/δn - μ stays 0.

use super::energy::{Bound, Energies, Terms, total};
use super::minimise::minimise;
use super::state::State;
use crate::control::Control;
use crate::ks::direct::respond;
use crate::ks::kohn_sham::functional_error;
use crate::ks::{KsError, Observable, ScfOptions, Stop};
use crate::model::System;
use crate::number::brief;
use crate::tensor::vector::{add, norm_in_order as norm};
use crate::tensor::{Backend, OwnedTape};
use std::sync::Arc;

/// The density of lowest energy of a system.
pub(crate) struct Minimum<D: Backend> {
    terms: Terms<D>,
    density: Vec<Vec<f64>>,
    energies: Energies,
    levels: Vec<f64>,
    residual: f64,
}

/// Derivatives of a loss with respect to what follows from the densities and parameters.
struct Bars {
    density: Vec<Vec<f64>>,
    kinetic: f64,
    xc: f64,
    kinetic_potential: Vec<Vec<f64>>,
    xc_potential: Vec<Vec<f64>>,
    repulsion: Vec<f64>,
    parameters: Vec<f64>,
}

impl<D: Backend> Minimum<D> {
    /// Finds it, beginning with the densities of both spins.
    ///
    /// # Errors
    /// It is not found; a value that is not finite; an interruption.
    pub fn find(
        system: &Arc<System>,
        device: D,
        (kinetic, xc): (super::Part<'_>, Option<super::Part<'_>>),
        (options, start): (&ScfOptions, &[Vec<f64>; 2]),
        control: &dyn Control,
    ) -> Result<Self, KsError> {
        let terms = Terms::new(system, device, kinetic, xc)?;
        let begin = terms.channels.of_spins(start.clone());
        let found = minimise(&terms, &begin, options, control)?;
        let system = || system.label.clone();
        match found.stop {
            Stop::Interrupted => return Err(KsError::Interrupted { system: system() }),
            Stop::Converged => {}
            Stop::Fixed | Stop::Exhausted => {
                let advice = format!(
                    "try more `iterations:` or a looser `tolerance:` in `scf:`, or other initial parameters: {} electrons are left",
                    brief(found.residual)
                );
                let (iterations, residual) = (found.log.energies.len(), found.residual);
                return Err(KsError::ImplicitNotConverged { system: system(), iterations, residual, advice });
            }
        }
        let (density, energies, levels, residual) = (found.density, found.energies, found.levels, found.residual);
        Ok(Self { terms, density, energies, levels, residual })
    }

    /// What a loss sees, numbers or fields.
    ///
    /// # Errors
    /// What runs without orbitals do not have.
    pub fn seen(&self, observable: Observable) -> Result<Vec<f64>, KsError> {
        let Energies { kinetic, hartree, xc, external, .. } = self.energies;
        let of = |all: &[Vec<f64>], spin: usize| self.terms.channels.of_spin(all, spin).cloned();
        let found = match observable {
            Observable::Energy(0) => Some(vec![self.energies.total()]),
            Observable::Density(0) => Some(total(&self.density)),
            Observable::SpinDensity(spin) => {
                Some(self.terms.channels.spins(&self.terms.system, &self.density)[spin].clone())
            }
            Observable::Potential(spin) => of(&self.energies.potential, spin),
            Observable::XcPotential(spin) => of(&self.energies.xc_potential, spin),
            Observable::KineticPotential(spin) => of(&self.energies.kinetic_potential, spin),
            Observable::ChemicalPotential(spin) => {
                self.terms.channels.of_spin(&self.levels, spin).map(|level| vec![*level])
            }
            Observable::Part("kinetic_energy") => Some(vec![kinetic]),
            Observable::Part("hartree_energy") => Some(vec![hartree]),
            Observable::Part("xc_energy") => Some(vec![xc]),
            Observable::Part("external_energy") => Some(vec![external]),
            Observable::Residual => Some(vec![self.residual]),
            Observable::Parameters => Some(self.terms.kinetic.parameters.clone()),
            Observable::Energy(_) | Observable::Density(_) | Observable::Part(_) | Observable::OrbitalEnergy { .. } => {
                None
            }
        };
        found.ok_or_else(|| observable.absent(&self.terms.system, "has no orbitals".to_owned()))
    }

    /// The derivative of a loss with respect to the parameters of the kinetic functional, from those with respect to what it sees.
    ///
    /// # Errors
    /// [`KsError::Response`] if the density does not respond smoothly; those of the device.
    pub fn gradient(&self, seen: &[(Observable, Vec<f64>)]) -> Result<Vec<f64>, KsError> {
        let Terms { system, kinetic, xc, .. } = &self.terms;
        let grid = &system.grid;
        let mut bars = self.bars(seen);
        // Through the functionals at fixed parameters, and directly to these.
        let (slopes, direct) = self.through(kinetic, (bars.kinetic, &bars.kinetic_potential))?;
        bars.density.iter_mut().zip(&slopes).for_each(|(sum, slope)| add(sum, 1.0, slope));
        add(&mut bars.parameters, 1.0, &direct);
        if let Some(xc) = xc {
            let (slopes, _) = self.through(xc, (bars.xc, &bars.xc_potential))?;
            bars.density.iter_mut().zip(&slopes).for_each(|(sum, slope)| add(sum, 1.0, slope));
        }
        let repelled = system.interaction.hartree(grid, &bars.repulsion);
        bars.density.iter_mut().for_each(|sum| add(sum, 1.0, &repelled));
        // What moves the density.
        let state = State::new(&self.terms, &self.density)?;
        let (right, scale) = state.pulled(&bars.density);
        let lambda = respond(&state, &right, scale, &system.label)?;
        let changes: Vec<Vec<f64>> =
            state.times_root(&lambda).into_iter().map(|all| all.into_iter().map(|x| -x).collect()).collect();
        let (_, moved) = self.through(kinetic, (0.0, &changes))?;
        add(&mut bars.parameters, 1.0, &moved);
        Ok(bars.parameters)
    }

    fn bars(&self, seen: &[(Observable, Vec<f64>)]) -> Bars {
        let Terms { system, channels, kinetic, .. } = &self.terms;
        let (points, count, h) = (system.grid.points, self.density.len(), system.grid.spacing);
        let none = || vec![vec![0.0; points]; count];
        let mut bars = Bars {
            density: none(),
            kinetic: 0.0,
            xc: 0.0,
            kinetic_potential: none(),
            xc_potential: none(),
            repulsion: vec![0.0; points],
            parameters: vec![0.0; kinetic.parameters.len()],
        };
        // v + v_H + v_xc without v and v_xc.
        let repulsion: Vec<f64> = (0..points)
            .map(|i| self.energies.potential[0][i] - self.energies.xc_potential[0][i] - system.potential[i])
            .collect();
        let electrons = channels.electrons(system);
        for (observable, bar) in seen {
            let own = |spin: usize| if count == 2 { spin } else { 0 };
            let each = |sums: &mut Vec<Vec<f64>>, factor: f64, field: &[f64]| {
                sums.iter_mut().for_each(|sum| add(sum, factor, field));
            };
            match *observable {
                Observable::Energy(_) => {
                    bars.kinetic += bar[0];
                    bars.xc += bar[0];
                    each(&mut bars.density, bar[0] * h, &repulsion);
                    each(&mut bars.density, bar[0] * h, &system.potential);
                }
                Observable::Part("kinetic_energy") => bars.kinetic += bar[0],
                Observable::Part("xc_energy") => bars.xc += bar[0],
                Observable::Part("hartree_energy") => each(&mut bars.density, bar[0] * h, &repulsion),
                Observable::Part("external_energy") => each(&mut bars.density, bar[0] * h, &system.potential),
                Observable::Density(_) => each(&mut bars.density, 1.0, bar),
                Observable::SpinDensity(spin) => {
                    let share = channels.share(system, spin);
                    add(&mut bars.density[own(spin)], share, bar);
                }
                Observable::KineticPotential(spin) => add(&mut bars.kinetic_potential[own(spin)], 1.0, bar),
                Observable::XcPotential(spin) => add(&mut bars.xc_potential[own(spin)], 1.0, bar),
                Observable::Potential(spin) => {
                    add(&mut bars.xc_potential[own(spin)], 1.0, bar);
                    add(&mut bars.repulsion, 1.0, bar);
                }
                Observable::ChemicalPotential(spin) => {
                    let c = own(spin);
                    let factor = bar[0] * h / electrons[c];
                    add(&mut bars.density[c], factor, &self.energies.slope[c]);
                    add(&mut bars.kinetic_potential[c], factor, &self.density[c]);
                    add(&mut bars.xc_potential[c], factor, &self.density[c]);
                    add(&mut bars.repulsion, factor, &self.density[c]);
                }
                Observable::Parameters => add(&mut bars.parameters, 1.0, bar),
                Observable::Part(_) | Observable::Residual | Observable::OrbitalEnergy { .. } => {}
            }
        }
        bars
    }

    /// The derivatives with respect to densities and parameters of a functional, from those with respect to its energy and potentials.
    #[allow(clippy::type_complexity)]
    fn through(
        &self,
        part: &Bound<D>,
        (energy, potentials): (f64, &[Vec<f64>]),
    ) -> Result<(Vec<Vec<f64>>, Vec<f64>), KsError> {
        let Terms { system, device, .. } = &self.terms;
        let failed = |cause| functional_error(&part.compiled.name, system, &cause);
        let leaf = part.lowered.parameters(device, &part.parameters).map_err(failed)?;
        let (bound, tape) = part.lowered.bind(&leaf, OwnedTape::default()).map_err(failed)?;
        let (slopes, mut cotangents) =
            self.terms.pulled(part, (&bound, tape), &self.density, (Some(energy), potentials))?;
        let direct = part.lowered.gradient(&leaf, &mut cotangents).map_err(failed)?;
        Ok((slopes.chunks(system.grid.points).map(<[f64]>::to_vec).collect(), direct))
    }
}

impl<D: Backend> State<'_, D> {
    /// The derivative with respect to ψ from that with respect to the densities, and the size of what it is the sum of.
    fn pulled(&self, bars: &[Vec<f64>]) -> (Vec<f64>, f64) {
        let factor = 2.0 / self.terms.system.grid.spacing;
        let mut right: Vec<f64> = self.times_root(&bars.concat()).concat().iter().map(|x| factor * x).collect();
        let scale = norm(&right);
        self.project(&mut right);
        (right, scale)
    }
}
