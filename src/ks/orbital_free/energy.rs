//! The energy of densities, its derivative, and the products of its second derivative.

use crate::functional::{At, BoundXc, Compiled, Density, LoweredXc};
use crate::ks::kohn_sham::{culprit, device_error, fields, functional_error};
use crate::ks::{KsError, taken};
use crate::model::System;
use crate::tensor::vector::add;
use crate::tensor::{Backend, Cotangents, NoneTape, OwnedTape, Value, resume};
use std::sync::Arc;

/// Which densities are varied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channels {
    /// That of both spins together: of a closed shell, or if no functional distinguishes spins.
    Total,
    /// That of spin up: there are no others.
    Up,
    /// Those of both spins.
    Both,
}

impl Channels {
    /// For a system and functionals.
    pub fn of(system: &System, functionals: &[&Compiled]) -> Self {
        let spins = functionals.iter().any(|functional| functional.density == Density::Spin);
        match system.spins() {
            _ if system.closed_shell() || !spins => Channels::Total,
            (_, 0) => Channels::Up,
            _ => Channels::Both,
        }
    }

    /// The electrons of each.
    pub fn electrons(self, system: &System) -> Vec<f64> {
        let (up, down) = system.spins();
        match self {
            Channels::Total => vec![system.electrons as f64],
            Channels::Up => vec![up as f64],
            Channels::Both => vec![up as f64, down as f64],
        }
    }

    /// The densities that are varied, of those of both spins.
    pub fn of_spins(self, [up, down]: [Vec<f64>; 2]) -> Vec<Vec<f64>> {
        match self {
            Channels::Total => vec![up.iter().zip(&down).map(|(up, down)| up + down).collect()],
            Channels::Up => vec![up],
            Channels::Both => vec![up, down],
        }
    }

    /// The densities of both spins. Of a total density each has its share of the electrons.
    pub fn spins(self, system: &System, channels: &[Vec<f64>]) -> [Vec<f64>; 2] {
        [0, 1].map(|spin| {
            let share = self.share(system, spin);
            self.of_spin(channels, spin).map(|n| n.iter().map(|n| share * n).collect()).unwrap_or_default()
        })
    }

    /// The share that the density of a spin has of that of its channel.
    pub fn share(self, system: &System, spin: usize) -> f64 {
        let (up, down) = system.spins();
        match self {
            Channels::Total => [up, down][spin] as f64 / system.electrons.max(1) as f64,
            Channels::Up => f64::from(u8::from(spin == 0)),
            Channels::Both => 1.0,
        }
    }

    /// What belongs to the channel of a spin, of what there is one of for each.
    pub fn of_spin<T>(self, all: &[T], spin: usize) -> Option<&T> {
        if self == Channels::Both { all.get(spin) } else { all.first() }
    }
}

/// A functional with parameters, on the grid of a system.
pub(super) struct Bound<D: Backend> {
    pub compiled: Arc<Compiled>,
    pub lowered: LoweredXc,
    bound: BoundXc<D>,
    pub parameters: Vec<f64>,
}

/// What determines the energy.
pub(super) struct Terms<D: Backend> {
    pub system: Arc<System>,
    pub channels: Channels,
    pub device: D,
    pub kinetic: Bound<D>,
    pub xc: Option<Bound<D>>,
}

/// The energy at densities, hartree, and its derivatives, one per channel.
#[derive(Clone, Debug)]
pub(super) struct Energies {
    /// T.
    pub kinetic: f64,
    /// E_H.
    pub hartree: f64,
    /// E_xc.
    pub xc: f64,
    /// ∫ n v.
    pub external: f64,
    /// δT/δn.
    pub kinetic_potential: Vec<Vec<f64>>,
    /// v_xc.
    pub xc_potential: Vec<Vec<f64>>,
    /// v + v_H + v_xc.
    pub potential: Vec<Vec<f64>>,
    /// δE/δn, all of them.
    pub slope: Vec<Vec<f64>>,
}

impl Energies {
    /// E.
    pub fn total(&self) -> f64 {
        self.kinetic + self.hartree + self.xc + self.external
    }

    /// The sum of the magnitudes of the terms.
    pub fn size(&self) -> f64 {
        [self.kinetic, self.hartree, self.xc, self.external].iter().map(|term| term.abs()).sum()
    }
}

impl<D: Backend> Terms<D> {
    /// Of functionals with their parameters.
    ///
    /// # Errors
    /// A functional that does not fit the grid.
    pub fn new(
        system: &Arc<System>,
        device: D,
        (kinetic, parameters): (&Arc<Compiled>, &[f64]),
        xc: Option<(&Arc<Compiled>, &[f64])>,
    ) -> Result<Self, KsError> {
        let all: Vec<&Compiled> = [Some(&**kinetic), xc.map(|(xc, _)| &**xc)].into_iter().flatten().collect();
        let channels = Channels::of(system, &all);
        let bound = |functional: &Arc<Compiled>, parameters: &[f64]| -> Result<Bound<D>, KsError> {
            let make = if system.closed_shell() { LoweredXc::closed } else { LoweredXc::new };
            let made = make(functional, &system.grid, &system.interaction).and_then(|lowered| {
                let leaf = lowered.parameters(&device, parameters)?;
                let (bound, _) = lowered.bind(&leaf, NoneTape)?;
                Ok(Bound { compiled: functional.clone(), lowered, bound, parameters: parameters.to_vec() })
            });
            made.map_err(|cause| functional_error(&functional.name, system, &cause))
        };
        let kinetic = bound(kinetic, parameters)?;
        let xc = xc.map(|(xc, parameters)| bound(xc, parameters)).transpose()?;
        Ok(Self { system: system.clone(), channels, device, kinetic, xc })
    }

    /// The densities that functionals are given.
    fn given(&self, densities: &[Value<D>]) -> Result<Vec<Value<D>>, KsError> {
        let mut given = densities.to_vec();
        if self.channels == Channels::Up {
            let points = self.system.grid.points;
            given.push(Value::constant(&self.device, (1, points, 1), vec![0.0; points]).map_err(device_error)?);
        }
        Ok(given)
    }

    /// The energy at densities, one per channel.
    ///
    /// # Errors
    /// A value that is not finite; `iteration` is for its message.
    pub fn at(&self, densities: &[Vec<f64>], iteration: usize) -> Result<Energies, KsError> {
        let System { grid, interaction, potential: external, .. } = &*self.system;
        let given = self.given(&fields(&self.device, densities, Value::constant)?)?;
        let evaluate = |part: &Bound<D>| -> Result<(f64, Vec<Vec<f64>>), KsError> {
            let refs: Vec<&Value<D>> = given.iter().collect();
            let at = At::densities(&refs);
            let found = part.lowered.evaluate(&part.bound, &at, NoneTape);
            let (found, _) = found.map_err(|cause| functional_error(&part.compiled.name, &self.system, &cause))?;
            let potentials: Vec<Vec<f64>> =
                found.potential.iter().take(densities.len()).map(|v| v.host().to_vec()).collect();
            let energy = found.energy.first();
            match energy.is_finite() && potentials.iter().flatten().all(|v| v.is_finite()) {
                true => Ok((energy, potentials)),
                false => Err(self.not_finite(part, &at, iteration)),
            }
        };
        let (kinetic, kinetic_potential) = evaluate(&self.kinetic)?;
        let zero = || (0.0, vec![vec![0.0; grid.points]; densities.len()]);
        let (xc, xc_potential) = self.xc.as_ref().map(evaluate).transpose()?.unwrap_or_else(zero);
        let total = total(densities);
        let repulsion = interaction.hartree(grid, &total);
        let whole = |xc: &Vec<f64>| -> Vec<f64> {
            xc.iter().zip(repulsion.iter().zip(external.iter())).map(|(xc, (h, v))| xc + h + v).collect()
        };
        let potential: Vec<Vec<f64>> = xc_potential.iter().map(whole).collect();
        let sum = |(a, b): (&Vec<f64>, &Vec<f64>)| a.iter().zip(b).map(|(a, b)| a + b).collect();
        let slope = kinetic_potential.iter().zip(&potential).map(sum).collect();
        let hartree = 0.5 * grid.overlap(&total, &repulsion);
        let external = grid.overlap(&total, external);
        Ok(Energies { kinetic, hartree, xc, external, kinetic_potential, xc_potential, potential, slope })
    }

    /// How δE/δn changes with densities, in first order. The derivative is symmetric, so that a backward pass gives it.
    ///
    /// # Errors
    /// Those of the device.
    pub fn kernel(&self, densities: &[Vec<f64>], changes: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, KsError> {
        let System { grid, interaction, .. } = &*self.system;
        let mut all = vec![interaction.hartree(grid, &total(changes)).to_vec(); densities.len()];
        for part in [Some(&self.kinetic), self.xc.as_ref()].into_iter().flatten() {
            let (slopes, _) = self.pulled(part, (&part.bound, OwnedTape::default()), densities, (None, changes))?;
            all.iter_mut().flatten().zip(slopes).for_each(|(sum, slope)| *sum += slope);
        }
        Ok(all)
    }

    /// The derivatives with respect to densities, joined, from those with respect to the energy and the potentials of a functional, and all
    /// cotangents of the backward pass.
    ///
    /// # Errors
    /// Those of the device.
    pub fn pulled(
        &self,
        part: &Bound<D>,
        (bound, tape): (&BoundXc<D>, OwnedTape<f64, D>),
        densities: &[Vec<f64>],
        (energy, potentials): (Option<f64>, &[Vec<f64>]),
    ) -> Result<(Vec<f64>, Cotangents<D>), KsError> {
        let leaves = fields(&self.device, densities, Value::leaf)?;
        let given = self.given(&leaves)?;
        let refs: Vec<&Value<D>> = given.iter().collect();
        let found = part.lowered.evaluate(bound, &At::densities(&refs), tape);
        let (found, tape) = found.map_err(|cause| functional_error(&part.compiled.name, &self.system, &cause))?;
        let mut cotangents = Cotangents::leaky();
        if let Some(energy) = energy {
            found.energy.put_cotangent(&mut cotangents, vec![energy]).map_err(device_error)?;
        }
        for (potential, bar) in found.potential.iter().zip(potentials) {
            potential.put_cotangent(&mut cotangents, bar.clone()).map_err(device_error)?;
        }
        let mut cotangents = resume(&self.device, cotangents, tape).map_err(device_error)?;
        Ok((taken(&leaves, &mut cotangents)?, cotangents))
    }

    fn not_finite(&self, part: &Bound<D>, at: &At<'_, D>, iteration: usize) -> KsError {
        let System { grid, interaction, label, .. } = &*self.system;
        let found = culprit(&part.compiled, (grid, interaction), &part.parameters, at);
        let all = || (format!("`{}`", part.compiled.name), None);
        let (operation, place) = found.map_or_else(all, |(operation, span)| (operation, Some(span)));
        KsError::NotFinite { operation, iteration, system: label.clone(), place }
    }
}

/// The density of all channels together.
pub(super) fn total(channels: &[Vec<f64>]) -> Vec<f64> {
    let mut sum = vec![0.0; channels.first().map_or(0, Vec::len)];
    channels.iter().for_each(|n| add(&mut sum, 1.0, n));
    sum
}
