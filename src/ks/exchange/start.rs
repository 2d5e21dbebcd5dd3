//! Orbitals to begin with: those without exact exchange, in which every electron feels the repulsion of all others as a fraction 1 - 1/N of
//! the Hartree potential (E. Fermi, E. Amaldi, Mem. Accad. d'Italia 6, 117 (1934)). For one electron, and two of opposite spin, that is
//! Hartree-Fock already. At densities that differ with the spin, an electron is missing from those of its own spin: v_H\[n\] -
//! v_H\[n_s\]/N_s.

use crate::control::Control;
use crate::functional::{CompileError, Compiled, Definition, Density, FunctionalKind};
use crate::graph::{Graph, Shape};
use crate::ks::direct::State;
use crate::ks::hamiltonian::Hamiltonian;
use crate::ks::kohn_sham::{Equations, KohnSham, Setting, Spins};
use crate::ks::orbitals::lowest;
use crate::ks::solve::{initial, solve_density};
use crate::ks::terms::NOWHERE;
use crate::ks::{InitialDensity, KsError, ScfOptions};
use crate::tensor::vector::add;
use crate::tensor::{Backend, NoneTape};
use std::sync::Arc;

/// -1/N of the Hartree energy of N electrons, in the place of exchange.
fn fermi_amaldi(electrons: usize) -> Result<Compiled, CompileError> {
    let mut graph = Graph::new();
    let n = graph.input("n", Shape::FIELD, NOWHERE);
    let hartree = graph.hartree(n, NOWHERE)?;
    let value = graph.scale(-0.5 / electrons.max(1) as f64, hartree, NOWHERE);
    Compiled::new(Definition {
        name: "fermi_amaldi".to_owned(),
        graph,
        value,
        exchanged: None,
        density: Density::Total,
        flip_average: false,
        kind: FunctionalKind::Xc,
        exchange: false,
    })
}

/// The occupied orbitals of every channel to begin with.
///
/// # Errors
/// Those of a calculation without exact exchange.
pub(super) fn orbitals<D: Backend>(
    ks: &KohnSham<D>,
    start: &InitialDensity,
    control: &dyn Control,
) -> Result<Vec<Vec<Vec<f64>>>, KsError> {
    // The state that was asked for may not be one of the calculation without exact exchange.
    if *start != InitialDensity::NonInteracting {
        return around(ks, &ks.symmetrised(&initial(ks, start)?, NoneTape)?.0);
    }
    let Equations { system, occupation, .. } = &*ks.equations;
    let functional = fermi_amaldi(system.electrons);
    let functional = functional.map_err(|cause| KsError::Device { cause: cause.to_string() })?;
    let setting = Setting { system, functional: &Arc::new(functional), occupation, symmetric: ks.symmetric() };
    let equations = Arc::new(Equations::new(&setting)?);
    let (without, _) = KohnSham::new(&equations, &ks.device, &[], NoneTape)?;
    let density = solve_density(&without, &ScfOptions::STANDARD, start, control)?;
    let (iteration, _) = without.iterate(0, &density, &[], NoneTape)?;
    Ok(State::occupied(&without, &iteration.orbitals()))
}

/// The occupied orbitals of every channel in the repulsion of the other electrons of a density.
fn around<D: Backend>(ks: &KohnSham<D>, density: &Spins<D>) -> Result<Vec<Vec<Vec<f64>>>, KsError> {
    let Equations { system, occupation, .. } = &*ks.equations;
    let share = occupation.share();
    let of_spin = |spin: usize| -> Vec<f64> {
        density.get(occupation.channel(spin)).map_or_else(Vec::new, |n| n.host().iter().map(|n| share * n).collect())
    };
    let others = system.repulsion_of_others(&[0, 1].map(of_spin));
    let mut all = Vec::with_capacity(occupation.channels.len());
    for (channel, others) in occupation.channels.iter().zip(&others) {
        let mut potential = system.potential.to_vec();
        add(&mut potential, 1.0, others);
        let h = Hamiltonian::new(&system.grid, &potential);
        let found = match channel.occupied {
            0 => Vec::new(),
            count => lowest(&h, count, None).map_err(|cause| KsError::orbitals(0, system, cause))?.vectors,
        };
        all.push(found);
    }
    Ok(all)
}
