//! Davidson's method for the lowest state of a large symmetric operator.

use super::product::add;
use crate::ks::orbitals::dot;
use faer::{Mat, Side};

/// Numbers that the vectors of a space and their images may take together: 1 GiB.
const MEMORY: usize = 1 << 27;

/// Vectors kept then.
const KEPT: usize = 3;

/// An orthonormal space, the images of its vectors under H, and H within it.
pub(super) struct Space {
    /// Vectors spanned before the space is contracted to the best few.
    most: usize,
    vectors: Vec<Vec<f64>>,
    images: Vec<Vec<f64>>,
    /// Lower triangle, row by row.
    within: Vec<Vec<f64>>,
}

/// Divides by the length, which is returned; 0 for what is nothing but rounding error.
fn normalise(direction: &mut [f64]) -> f64 {
    let length = dot(direction, direction).sqrt();
    if !(length > 1e-140 && length.is_finite()) {
        return 0.0;
    }
    direction.iter_mut().for_each(|x| *x /= length);
    length
}

/// The lowest state of a space.
pub(super) struct Ritz {
    /// Energy, hartree.
    pub energy: f64,
    /// The state, sum of squares 1.
    pub vector: Vec<f64>,
    /// (H - energy) times the state.
    pub residual: Vec<f64>,
}

impl Space {
    /// An empty space of vectors of that length.
    pub(super) fn new(length: usize) -> Self {
        let most = (MEMORY / (2 * length.max(1))).clamp(KEPT + 1, 12);
        Self { most, vectors: Vec::new(), images: Vec::new(), within: Vec::new() }
    }

    /// Adds a direction, orthogonalised; false if it lies in the space already.
    pub(super) fn extend(&mut self, mut direction: Vec<f64>, apply: &dyn Fn(&[f64]) -> Vec<f64>) -> bool {
        let mut before = normalise(&mut direction);
        // Again if most of it has gone: what is left is then mostly rounding error.
        while before > 0.0 {
            for v in &self.vectors {
                let overlap = dot(v, &direction);
                add(&mut direction, -overlap, v);
            }
            before = normalise(&mut direction);
            if before > 0.5 {
                break;
            }
        }
        if before == 0.0 {
            return false;
        }
        let image = apply(&direction);
        self.vectors.push(direction);
        self.within.push(self.vectors.iter().map(|v| dot(v, &image)).collect());
        self.images.push(image);
        true
    }

    /// Eigenvectors of H within the space, from below, column by column.
    fn eigen(&self) -> Option<(Vec<f64>, Mat<f64>)> {
        let size = self.vectors.len();
        let within = Mat::from_fn(size, size, |i, j| self.within[i.max(j)][i.min(j)]);
        let eigen = within.self_adjoint_eigen(Side::Lower).ok()?;
        Some(((0..size).map(|k| eigen.S()[k]).collect(), eigen.U().to_owned()))
    }

    /// The lowest state of the space; contracts the space when it is full. `None` if the small eigenproblem fails.
    pub(super) fn lowest(&mut self) -> Option<Ritz> {
        let (energies, coefficients) = self.eigen()?;
        let energy = *energies.first()?;
        let combine = |of: &[Vec<f64>], k: usize| {
            let mut sum = vec![0.0; of[0].len()];
            of.iter().enumerate().for_each(|(j, v)| add(&mut sum, coefficients[(j, k)], v));
            sum
        };
        if self.vectors.len() >= self.most {
            let vectors = (0..KEPT).map(|k| combine(&self.vectors, k)).collect();
            let images = (0..KEPT).map(|k| combine(&self.images, k)).collect();
            let diagonal = |i: usize| (0..=i).map(|j| if i == j { energies[i] } else { 0.0 }).collect();
            *self = Space { most: self.most, vectors, images, within: (0..KEPT).map(diagonal).collect() };
            let vector = self.vectors[0].clone();
            let mut residual = self.images[0].clone();
            add(&mut residual, -energy, &vector);
            return Some(Ritz { energy, vector, residual });
        }
        let vector = combine(&self.vectors, 0);
        let mut residual = combine(&self.images, 0);
        add(&mut residual, -energy, &vector);
        Some(Ritz { energy, vector, residual })
    }
}
