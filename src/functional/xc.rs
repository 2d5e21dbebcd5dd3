//! Evaluates a compiled functional at densities: spin average, closed shells, and the shift away from zero density.

use super::compiled::{Compiled, Density};
use crate::graph::{Binding, LowerError, Lowered};
use crate::model::{Grid, Interaction};
use crate::tensor::{Backend, Cotangents, Cpu, NoneTape, Tape, TensorError, Value, arrange};
use std::sync::Arc;

/// Added to every density, so that v at n = 0 is the limit from the right.
pub const DENSITY_SHIFT: f64 = 5e-31;

/// A functional on a grid. Plain data: `Send + Sync`.
#[derive(Clone, Debug)]
pub struct LoweredXc {
    compiled: Arc<Compiled>,
    energy: Lowered,
    full: Lowered,
    /// Whether it takes only the total density of a closed shell.
    closed: bool,
}

/// Its parameters on a device and one tape.
#[derive(Clone, Debug)]
pub struct BoundXc<D: Backend> {
    energy: Binding<D>,
    full: Binding<D>,
}

impl<D: Backend> BoundXc<D> {
    /// The same parameters, on no tape.
    pub fn detached(&self) -> Self {
        Self { energy: self.energy.detached(), full: self.full.detached() }
    }
}

/// A functional's energy and potential at a density.
#[derive(Clone, Debug)]
pub struct Xc<D: Backend> {
    /// Energy per electron, hartree: `[1, points, 1]`.
    pub e: Value<D>,
    /// Energy, hartree: `[1, 1, 1]`.
    pub energy: Value<D>,
    /// Potential for every density given, hartree: `[1, points, 1]`. Empty if only the energy was evaluated.
    pub potential: Vec<Value<D>>,
    /// g = dE/dX(x) of a functional of the energy density X of exact exchange: `[1, points, 1]`.
    pub exchange: Option<Value<D>>,
}

/// What a functional is evaluated at: fields `[1, points, 1]`.
#[derive(Debug)]
pub struct At<'a, D: Backend> {
    /// One is the total density of a closed shell, two are those of up and down, 1/bohr.
    pub densities: &'a [&'a Value<D>],
    /// The energy density of exact exchange, hartree/bohr, for a functional that depends on it.
    pub exchange: Option<&'a Value<D>>,
}

impl<'a, D: Backend> At<'a, D> {
    /// Densities alone.
    pub fn densities(densities: &'a [&'a Value<D>]) -> Self {
        Self { densities, exchange: None }
    }
}

/// [`Xc`] as plain numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Energy per electron, hartree.
    pub e: Vec<f64>,
    /// Energy, hartree.
    pub energy: f64,
    /// Potentials of up and down, hartree (equal for a total density).
    pub potential: [Vec<f64>; 2],
}

impl LoweredXc {
    /// Binds a functional to a grid and an interaction.
    pub fn new(compiled: &Arc<Compiled>, grid: &Grid, interaction: &Interaction) -> Result<Self, LowerError> {
        Ok(Self {
            compiled: compiled.clone(),
            energy: Lowered::new(&compiled.routine_energy, grid, interaction)?,
            full: Lowered::new(&compiled.routine, grid, interaction)?,
            closed: false,
        })
    }

    /// The same for closed shells: it takes the total density, and what is equal for both spins is calculated once.
    pub fn closed(compiled: &Arc<Compiled>, grid: &Grid, interaction: &Interaction) -> Result<Self, LowerError> {
        let [energy, full] = &compiled.closed;
        Ok(Self {
            compiled: compiled.clone(),
            energy: Lowered::new(energy, grid, interaction)?,
            full: Lowered::new(full, grid, interaction)?,
            closed: true,
        })
    }

    /// The functional.
    pub fn compiled(&self) -> &Arc<Compiled> {
        &self.compiled
    }

    /// A flat parameter vector as a leaf.
    pub fn parameters<D: Backend>(&self, device: &D, flat: &[f64]) -> Result<Value<D>, LowerError> {
        self.full.parameters(device, flat)
    }

    /// The gradient of that leaf after a backward pass.
    pub fn gradient<D: Backend>(
        &self,
        parameters: &Value<D>,
        cotangents: &mut Cotangents<D>,
    ) -> Result<Vec<f64>, LowerError> {
        self.full.gradient(parameters, cotangents)
    }

    /// Binds parameters, once per tape.
    pub fn bind<D: Backend, T: Tape<f64, D>>(
        &self,
        parameters: &Value<D>,
        tape: T,
    ) -> Result<(BoundXc<D>, T), LowerError> {
        let (energy, tape) = self.energy.bind(parameters, tape)?;
        let (full, tape) = self.full.bind(parameters, tape)?;
        Ok((BoundXc { energy, full }, tape))
    }

    /// Energy per electron and energy, without the cost of the potential.
    pub fn energy<D: Backend, T: Tape<f64, D>>(
        &self,
        bound: &BoundXc<D>,
        at: &At<'_, D>,
        tape: T,
    ) -> Result<(Xc<D>, T), LowerError> {
        self.run(&self.energy, &bound.energy, at, tape)
    }

    /// Energy per electron, energy, and the potential for every density given.
    pub fn evaluate<D: Backend, T: Tape<f64, D>>(
        &self,
        bound: &BoundXc<D>,
        at: &At<'_, D>,
        tape: T,
    ) -> Result<(Xc<D>, T), LowerError> {
        self.run(&self.full, &bound.full, at, tape)
    }

    fn run<D: Backend, T: Tape<f64, D>>(
        &self,
        lowered: &Lowered,
        bound: &Binding<D>,
        &At { densities, exchange }: &At<'_, D>,
        tape: T,
    ) -> Result<(Xc<D>, T), LowerError> {
        let device = bound.device();
        let (mut inputs, tape) = self.inputs(device, densities, tape)?;
        let mut tape = tape;
        if self.compiled.exchange != exchange.is_some() {
            let (expected, found) = (usize::from(self.compiled.exchange), usize::from(exchange.is_some()));
            return Err(TensorError::Length { operation: "exact exchange", expected, found }.into());
        }
        if let Some(field) = exchange {
            let batch = inputs.first().map_or(1, |input| input.dims().0);
            let (field, next) = match batch {
                1 => (field.clone(), tape),
                _ => arrange::stack(device, &vec![field; batch], tape)?,
            };
            inputs.push(field);
            tape = next;
        }
        let inputs: Vec<&Value<D>> = inputs.iter().collect();
        let (outputs, tape) = lowered.run(bound, &inputs, tape)?;
        let [e, energy, slopes @ ..] = &outputs[..] else {
            return Err(TensorError::Length { operation: "functional", expected: 2, found: outputs.len() }.into());
        };
        let (potential, weight) = match (exchange, slopes) {
            (Some(_), [potential @ .., weight]) => (potential, Some(weight)),
            _ => (slopes, None),
        };
        let both = self.compiled.flip_average && densities.len() == 2;
        let mean = |x: &Value<D>, tape: T| match both {
            // A value that does not depend on the densities has a batch of one.
            true if x.dims().0 == 2 => arrange::combine(device, &[(x, 0, 0.5), (x, 1, 0.5)], 0.0, tape),
            _ => Ok((x.clone(), tape)),
        };
        let (e, tape) = mean(e, tape)?;
        let (energy, mut tape) = mean(energy, tape)?;
        let mut exchange = None;
        if let Some(weight) = weight {
            let (weight, next) = mean(weight, tape)?;
            (exchange, tape) = (Some(weight), next);
        }
        let (potential, tape) = self.potential(device, potential, densities.len(), both, tape)?;
        Ok((Xc { e, energy, potential, exchange }, tape))
    }

    /// The inputs of the graph: densities shifted away from zero; for a spin average, (up, down) and (down, up) as a batch of two.
    fn inputs<D: Backend, T: Tape<f64, D>>(
        &self,
        device: &D,
        densities: &[&Value<D>],
        tape: T,
    ) -> Result<(Vec<Value<D>>, T), LowerError> {
        let shift = |terms: &[(&Value<D>, usize, f64)], tape: T| arrange::combine(device, terms, DENSITY_SHIFT, tape);
        if self.closed && densities.len() != 1 {
            return Err(TensorError::Length { operation: "densities", expected: 1, found: densities.len() }.into());
        }
        let (first, second, tape) = match (self.compiled.density, densities) {
            (Density::Total, [n]) => {
                let (n, tape) = shift(&[(n, 0, 1.0)], tape)?;
                return Ok((vec![n], tape));
            }
            (Density::Total, [up, down]) => {
                let (n, tape) = shift(&[(up, 0, 1.0), (down, 0, 1.0)], tape)?;
                return Ok((vec![n], tape));
            }
            (Density::Spin, [n]) => {
                let (half, tape) = shift(&[(n, 0, 0.5)], tape)?;
                return Ok((if self.closed { vec![half] } else { vec![half.clone(), half] }, tape));
            }
            (Density::Spin, [up, down]) => {
                let (up, tape) = shift(&[(up, 0, 1.0)], tape)?;
                let (down, tape) = shift(&[(down, 0, 1.0)], tape)?;
                (up, down, tape)
            }
            _ => {
                return Err(TensorError::Length { operation: "densities", expected: 2, found: densities.len() }.into());
            }
        };
        if !self.compiled.flip_average {
            return Ok((vec![first, second], tape));
        }
        let (straight, tape) = arrange::stack(device, &[&first, &second], tape)?;
        let (flipped, tape) = arrange::stack(device, &[&second, &first], tape)?;
        Ok((vec![straight, flipped], tape))
    }

    /// Potentials of the densities given, from those of the inputs of the graph.
    fn potential<D: Backend, T: Tape<f64, D>>(
        &self,
        device: &D,
        v: &[Value<D>],
        densities: usize,
        both: bool,
        tape: T,
    ) -> Result<(Vec<Value<D>>, T), LowerError> {
        // A potential that does not depend on the densities has a batch of one.
        let flipped = |x: &Value<D>| x.dims().0 - 1;
        Ok(match (v, densities) {
            ([], _) => (vec![], tape),
            ([v], 1) => (vec![v.clone()], tape),
            ([v], _) => (vec![v.clone(), v.clone()], tape),
            ([up, down, ..], 1) => {
                let (v, tape) = arrange::combine(device, &[(up, 0, 0.5), (down, 0, 0.5)], 0.0, tape)?;
                (vec![v], tape)
            }
            ([up, down, ..], _) if both => {
                let swapped = [(up, 0, 0.5), (down, flipped(down), 0.5)];
                let (v_up, tape) = arrange::combine(device, &swapped, 0.0, tape)?;
                let swapped = [(down, 0, 0.5), (up, flipped(up), 0.5)];
                let (v_down, tape) = arrange::combine(device, &swapped, 0.0, tape)?;
                (vec![v_up, v_down], tape)
            }
            ([up, down, ..], _) => (vec![up.clone(), down.clone()], tape),
        })
    }
}

impl Compiled {
    /// Energy and potential at densities (one: the total density of a closed shell; two: up and down) as plain numbers, on
    /// the CPU. Densities in 1/bohr, one value per grid point.
    pub fn evaluate(
        self: &Arc<Self>,
        grid: &Grid,
        interaction: &Interaction,
        parameters: &[f64],
        densities: &[&[f64]],
    ) -> Result<Evaluation, LowerError> {
        let device = Cpu::default();
        let lower = if densities.len() == 1 { LoweredXc::closed } else { LoweredXc::new };
        let lowered = lower(self, grid, interaction)?;
        let leaf = lowered.parameters(&device, parameters)?;
        let (bound, tape) = lowered.bind(&leaf, NoneTape)?;
        let field = |n: &&[f64]| Value::constant(&device, (1, grid.points, 1), n.to_vec());
        let densities = densities.iter().map(field).collect::<Result<Vec<_>, _>>()?;
        let densities: Vec<&Value<Cpu>> = densities.iter().collect();
        let (xc, _) = lowered.evaluate(&bound, &At::densities(&densities), tape)?;
        let potential = |spin: usize| xc.potential.get(spin).or(xc.potential.first()).map(|v| v.host().to_vec());
        Ok(Evaluation {
            e: xc.e.host().to_vec(),
            energy: xc.energy.first(),
            potential: [potential(0).unwrap_or_default(), potential(1).unwrap_or_default()],
        })
    }
}
