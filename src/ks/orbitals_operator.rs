//! The orbitals of one spin channel as an operator on a tape: from its Kohn-Sham potential to density and energies.

use super::hamiltonian::Hamiltonian;
use super::occupation::Channel;
use super::orbitals::{self, OrbitalError, Orbitals};
use crate::model::Grid;
use crate::tensor::{Backend, Buffer, Cotangent, Numbers, Tape, TensorError, Value, record};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// Where the backward pass, which cannot return an error, stores it.
pub(crate) type Fault = Rc<RefCell<Option<OrbitalError>>>;

/// The result of the operator.
pub(crate) struct Filled<D: Backend> {
    /// n `[1, points, 1]`.
    pub density: Value<D>,
    /// Orbital energies `[1, 1, levels]`.
    pub energies: Value<D>,
    /// The orbitals, as a start for the next iteration.
    pub orbitals: Arc<Orbitals>,
}

/// Why the operator failed.
pub(crate) enum FillError {
    Orbitals(OrbitalError),
    Tensor(TensorError),
}

/// The lowest orbitals of `potential` `[1, points, 1]`, filled: n_i = f sum_k psi_{k,i}^2 / h.
pub(crate) fn fill<D: Backend, T: Tape<f64, D>>(
    grid: &Arc<Grid>,
    channel: Channel,
    potential: &Value<D>,
    warm: Option<&Orbitals>,
    fault: &Fault,
    tape: T,
) -> Result<(Filled<D>, T), FillError> {
    if channel.levels == 0 {
        return empty(grid, potential, tape);
    }
    let hamiltonian = Hamiltonian::new(grid, &potential.host());
    let found = orbitals::lowest(&hamiltonian, channel.levels, warm).map_err(FillError::Orbitals)?;
    let orbitals = Arc::new(found);
    let weight = channel.filling / grid.spacing;
    let mut density = Buffer::filled(grid.points, 0.0);
    for psi in orbitals.vectors.iter().take(channel.occupied) {
        density.iter_mut().zip(psi).for_each(|(n, psi)| *n += weight * psi * psi);
    }
    let energies = Numbers::from(orbitals.energies.clone());
    let outputs = vec![((1, grid.points, 1), density.into()), ((1, 1, orbitals.energies.len()), energies)];
    let (kept, grid, fault) = (orbitals.clone(), grid.clone(), fault.clone());
    let pullback = move |incoming: &mut [Cotangent], outgoing: &mut [Option<Cotangent>]| {
        let ([n_bar, e_bar], [Some(into)]) = (incoming, outgoing) else { return };
        let (n_bar, e_bar) = (n_bar.whole(), e_bar.whole());
        match orbitals::pullback(&hamiltonian, &kept, channel.occupied, channel.filling, n_bar, e_bar, &grid) {
            Ok(v_bar) => into.add(v_bar),
            Err(error) => {
                into.whole().fill(f64::NAN);
                fault.borrow_mut().get_or_insert(error);
            }
        }
    };
    let recorded = record(potential.device(), &[potential], outputs, tape, pullback);
    let (values, tape) = recorded.map_err(FillError::Tensor)?;
    let [density, energies] = <[Value<D>; 2]>::try_from(values).map_err(|values| {
        FillError::Tensor(TensorError::Length { operation: "orbitals", expected: 2, found: values.len() })
    })?;
    Ok((Filled { density, energies, orbitals }, tape))
}

/// A channel without electrons whose levels are not needed: zero density, and 0 where the formulas use a level.
fn empty<D: Backend, T: Tape<f64, D>>(
    grid: &Arc<Grid>,
    potential: &Value<D>,
    tape: T,
) -> Result<(Filled<D>, T), FillError> {
    let device = potential.device();
    let density = Value::constant(device, (1, grid.points, 1), vec![0.0; grid.points]).map_err(FillError::Tensor)?;
    let energies = Value::number(device, 0.0).map_err(FillError::Tensor)?;
    let orbitals = Arc::new(Orbitals { energies: Vec::new(), vectors: Vec::new() });
    Ok((Filled { density, energies, orbitals }, tape))
}
