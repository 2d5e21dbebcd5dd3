//! The orbitals of a calculation, initially those of a mean field; even and odd ones are separated if the potential is symmetric.

use super::ExactError;
use super::field::{Field, purify};
use crate::ks::hamiltonian::Hamiltonian;
use crate::ks::orbitals::lowest;
use crate::tensor::vector::{add, dot, norm};

/// A vector whose part outside the space of others is below this depends on them.
const LEAST_NEW_PART: f64 = 1e-6;

/// Orthonormal orbitals (with sums of squares of 1) and the parity of each: 0 for even, 1 for odd.
#[derive(Clone, Debug, Default)]
pub(super) struct Basis {
    pub vectors: Vec<Vec<f64>>,
    pub parities: Vec<u8>,
}

impl Basis {
    /// Adds the part of a vector of the given parity that is outside the space; false if there is none.
    pub(super) fn extend(&mut self, mut vector: Vec<f64>, parity: u8) -> bool {
        let begun = norm(&vector);
        if begun.is_nan() || begun <= 1e-150 {
            return false;
        }
        vector.iter_mut().for_each(|x| *x /= begun);
        for round in 0..3 {
            for v in self.vectors.iter().zip(&self.parities).filter(|(_, p)| **p == parity).map(|(v, _)| v) {
                let overlap = dot(v, &vector);
                add(&mut vector, -overlap, v);
            }
            let length = norm(&vector);
            if length.is_nan() || (round == 0 && length < LEAST_NEW_PART) || length < 0.5 && round == 2 {
                return false;
            }
            vector.iter_mut().for_each(|x| *x /= length);
        }
        self.vectors.push(vector);
        self.parities.push(parity);
        true
    }
}

/// Up to `count` lowest orbitals of the mean field `screened`; even and odd ones alternate, as they do in one dimension.
pub(super) fn mean_field(field: &Field, screened: &Hamiltonian, count: usize) -> Result<Basis, ExactError> {
    let found = lowest(screened, count, None)?;
    if !field.symmetric {
        return Ok(Basis { parities: vec![0; found.vectors.len()], vectors: found.vectors });
    }
    // Levels may come in pairs that differ only by rounding, each a mixture of even and odd.
    let mut all = Basis::default();
    for (part, parity) in found.vectors.iter().flat_map(|vector| field.parts(vector)) {
        if dot(&part, &part) > 1e-6 {
            all.extend(part, parity);
        }
    }
    let mut sorted = Basis::default();
    let of = |parity: u8| all.vectors.iter().zip(&all.parities).filter(move |(_, p)| **p == parity).map(|(v, _)| v);
    let (mut evens, mut odds) = (of(0), of(1));
    while sorted.vectors.len() < all.vectors.len() {
        for (parity, next) in [(0, evens.next()), (1, odds.next())] {
            if let Some(vector) = next {
                let mut vector = vector.clone();
                purify(&mut vector, parity);
                sorted.vectors.push(vector);
                sorted.parities.push(parity);
            }
        }
    }
    Ok(sorted)
}
