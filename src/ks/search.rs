//! The search for a self-consistent density: the chosen mixing and, if Pulay's method makes no progress because levels exchange
//! electrons from one iteration to the next, a detour through fractional occupations.
//!
//! If the highest occupied and the lowest unoccupied level of a spin are nearly degenerate, a small change of the
//! potential moves a whole electron in the output density, and iterations jump between the two. In one dimension levels
//! of one spin never coincide, so the output depends continuously on the input, and a self-consistent density exists;
//! the problem is to reach it. On the detour the two levels share their electrons as they would at a temperature T,
//! which makes the response smooth; the density found is the start at a lower T, until no electron is shared.

use super::kohn_sham::{Iteration, KohnSham, Spins, device_error, fields};
use super::linear::Linear;
use super::pulay::Pulay;
use super::{KsError, Mixing, ScfOptions};
use crate::tensor::{Backend, NoneTape, Value};

/// Iterations without a new smallest residual after which Pulay's method has stalled.
const STALLED_ITERATIONS: usize = 15;
/// First temperature, hartree.
const FIRST_TEMPERATURE: f64 = 0.01;
/// Ratio of one temperature to the one before.
const COOLING_FACTOR: f64 = 0.25;
/// Below this temperature, hartree, rounding decides which level is lower.
const LEAST_TEMPERATURE: f64 = 1e-15;
/// Residual, electrons, at which the density at one temperature is good enough to continue with the next.
const COOLING_RESIDUAL: f64 = 1e-3;
/// Shares of an electron below this count as zero.
const LEAST_SHARE: f64 = 1e-14;
/// Temperature, hartree, from which on mixing may begin with its full step: about the potential that an electron causes where it
/// moves to. At lower temperatures the output responds more strongly to the input, and mixing begins with shorter steps.
const FULL_STEP_TEMPERATURE: f64 = 0.05;
/// Fraction of the full step with which mixing begins after cooling.
const DAMPING_AFTER_COOLING: f64 = 0.01;

/// The stage of the search.
enum Stage {
    /// The chosen mixing, with the lowest residual so far and the number of iterations since.
    Direct { least: f64, waited: usize },
    /// Levels share electrons at a temperature, hartree.
    Shared { temperature: f64 },
    /// The chosen mixing, from a density found by cooling.
    Cooled,
}

/// How the next density follows from the previous ones.
enum Method<D: Backend> {
    /// Linear mixing, with the inputs and outputs of the iterations that it averages, oldest first.
    Linear { linear: Linear, iteration: usize, pairs: Vec<(Spins<D>, Spins<D>)> },
    /// Pulay's method.
    Pulay(Pulay),
}

/// The search for a self-consistent density.
pub(super) struct Search<D: Backend> {
    mixing: Mixing,
    points: usize,
    method: Method<D>,
    stage: Stage,
    detours: bool,
}

impl<D: Backend> Search<D> {
    /// For densities with `points` numbers per channel.
    pub fn new(options: &ScfOptions, points: usize) -> Self {
        Self {
            mixing: options.mixing.clone(),
            points,
            method: Method::new(&options.mixing, points, 1.0),
            stage: Stage::Direct { least: f64::INFINITY, waited: 0 },
            detours: matches!(options.mixing, Mixing::Diis { .. }) && options.tolerance.is_some(),
        }
    }

    /// Whether levels share electrons, or did on the way.
    pub fn shares(&self) -> bool {
        !matches!(self.stage, Stage::Direct { .. })
    }

    /// The next input density, channel after channel, from an input, its iteration and the residual in electrons.
    ///
    /// # Errors
    /// Those of the device.
    pub fn next(
        &mut self,
        ks: &KohnSham<D>,
        input: &Spins<D>,
        iteration: &Iteration<D>,
        residual: f64,
    ) -> Result<Spins<D>, KsError> {
        self.turn(residual);
        let output = match self.stage {
            Stage::Shared { temperature } => self.shared(ks, input, iteration, temperature)?,
            _ => iteration.output.clone(),
        };
        self.method.next(ks, input, output, self.points)
    }

    /// Gives up the direct search if it makes no progress.
    fn turn(&mut self, residual: f64) {
        let Stage::Direct { least, waited } = &mut self.stage else { return };
        if residual < *least {
            (*least, *waited) = (residual, 0);
            return;
        }
        *waited += 1;
        if self.detours && *waited >= STALLED_ITERATIONS {
            self.go(Stage::Shared { temperature: FIRST_TEMPERATURE });
        }
    }

    fn go(&mut self, stage: Stage) {
        let damping = match stage {
            Stage::Direct { .. } => 1.0,
            Stage::Shared { temperature } => (temperature / FULL_STEP_TEMPERATURE).min(1.0),
            Stage::Cooled => DAMPING_AFTER_COOLING,
        };
        self.method = Method::new(&self.mixing, self.points, damping);
        self.stage = stage;
    }

    /// The output density with shared electrons; lowers the temperature once it agrees with the input.
    fn shared(
        &mut self,
        ks: &KohnSham<D>,
        input: &Spins<D>,
        iteration: &Iteration<D>,
        temperature: f64,
    ) -> Result<Spins<D>, KsError> {
        let (output, most) = share(ks, iteration, temperature)?;
        let (residual, _) = ks.distance(&output, input, NoneTape)?;
        if residual.first() > COOLING_RESIDUAL {
            return Ok(output);
        }
        if most < LEAST_SHARE || temperature < LEAST_TEMPERATURE {
            self.go(Stage::Cooled);
            return Ok(output);
        }
        let cooler = temperature * COOLING_FACTOR;
        self.go(Stage::Shared { temperature: cooler });
        Ok(share(ks, iteration, cooler)?.0)
    }
}

impl<D: Backend> Method<D> {
    /// At the start of a calculation; Pulay's method with steps that start at the fraction `damping` of the full one.
    fn new(mixing: &Mixing, points: usize, damping: f64) -> Self {
        match *mixing {
            Mixing::Linear { alpha, decay, history } => {
                Method::Linear { linear: Linear { alpha, decay, history }, iteration: 0, pairs: Vec::new() }
            }
            Mixing::Diis { history, alpha } => Method::Pulay(Pulay::new(history, alpha, points, damping)),
        }
    }

    fn next(
        &mut self,
        ks: &KohnSham<D>,
        input: &Spins<D>,
        output: Spins<D>,
        points: usize,
    ) -> Result<Spins<D>, KsError> {
        match self {
            Method::Linear { linear, iteration, pairs } => {
                pairs.push((input.clone(), output));
                let surplus = pairs.len().saturating_sub(linear.history.max(1));
                pairs.drain(..surplus);
                let differences: Vec<_> = pairs.iter().map(|(input, output)| (output, input)).collect();
                let (mixed, _) = linear.mix(*iteration, input, &differences, NoneTape)?;
                *iteration += 1;
                Ok(mixed)
            }
            Method::Pulay(pulay) => {
                let mixed = pulay.next(&joined(input), &joined(&output));
                let channels: Vec<Vec<f64>> = mixed.chunks(points).map(<[f64]>::to_vec).collect();
                fields(&ks.device, &channels, Value::constant)
            }
        }
    }
}

/// The output density if the two levels at the gap of every channel share their electrons at a temperature, and the largest
/// fraction of an electron in an upper level: 1 / (1 + exp(gap / 2T)).
fn share<D: Backend>(ks: &KohnSham<D>, of: &Iteration<D>, temperature: f64) -> Result<(Spins<D>, f64), KsError> {
    let (mut fields, mut most) = (Vec::with_capacity(of.filled.len()), 0.0_f64);
    for (filled, channel) in of.filled.iter().zip(&ks.equations.occupation.channels) {
        let orbitals = &filled.orbitals;
        let upper = channel.occupied;
        let levels = upper.checked_sub(1).and_then(|k| orbitals.energies.get(k)).zip(orbitals.energies.get(upper));
        let Some((highest, lowest)) = levels else {
            fields.push(filled.density.clone());
            continue;
        };
        let part = 1.0 / (1.0 + ((lowest - highest) / (2.0 * temperature)).exp());
        most = most.max(part);
        let weight = part * channel.filling / ks.equations.system.grid.spacing;
        let mut density = filled.density.host().to_vec();
        for (i, n) in density.iter_mut().enumerate() {
            *n += weight * (orbitals.vectors[upper][i].powi(2) - orbitals.vectors[upper - 1][i].powi(2));
        }
        fields.push(Value::constant(&ks.device, (1, density.len(), 1), density).map_err(device_error)?);
    }
    Ok((ks.symmetrised(&fields, NoneTape)?.0, most))
}

/// All channels in one vector.
fn joined<D: Backend>(fields: &Spins<D>) -> Vec<f64> {
    fields.iter().flat_map(|field| field.host().to_vec()).collect()
}
