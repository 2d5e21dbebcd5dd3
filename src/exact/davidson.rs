//! Davidson's method for the lowest state of a large symmetric operator, and for the states just above it: these must be resolved
//! before the energy of the lowest says anything about the state.

use super::ExactError;
use crate::tensor::vector::{add, dot, norm};
use faer::{Mat, Side};

/// The maximum total size of the vectors of a space and their images, in numbers: 1 GiB.
const MAX_NUMBERS: usize = 1 << 27;

/// The minimum number of vectors kept when the space is contracted.
const KEPT: usize = 3;

/// States within this energy of the lowest, hartree, are tracked too: corrections assume that the gap is at least this.
pub(super) const LEAST_GAP: f64 = 0.1;

/// A close state must be known to this fraction of its gap.
const GAP_ERROR: f64 = 0.1;

/// Rounds of orthogonalisation, after which any remaining overlap is rounding error.
const ROUNDS: usize = 4;

/// A vector whose part with the right symmetry is below this has the wrong symmetry.
const LEAST_SYMMETRIC_PART: f64 = 1e-6;

/// A symmetric operator H on states.
pub(super) trait Operator {
    /// H times a state.
    fn apply(&self, state: &[f64]) -> Vec<f64>;

    /// A positive approximation of (H - energy)^-1, with no denominator much smaller than [`LEAST_GAP`], times a residual.
    fn correct(&self, residual: &[f64], energy: f64) -> Vec<f64>;

    /// Projects a vector on the symmetry of the state.
    fn symmetrise(&self, state: &mut Vec<f64>);

    /// For the error of a failed eigenproblem.
    fn label(&self) -> String;
}

/// The lowest state, and those just above it.
pub(super) struct Found {
    /// The states, each with a sum of squares of 1.
    pub states: Vec<Vec<f64>>,
    /// Energies, hartree.
    pub energies: Vec<f64>,
    /// The energy still to be gained according to second-order perturbation theory, including that of unresolved states, hartree.
    pub left: f64,
}

/// Iterates until at most `tolerance` is left to be gained, at most `iterations` times, or until `enough`, given what is left, says so.
/// The first starting vector must overlap with the lowest state; others, if any, with states just above.
pub(super) fn lowest(
    operator: &dyn Operator,
    starts: Vec<Vec<f64>>,
    (tolerance, iterations): (f64, usize),
    enough: &mut dyn FnMut(f64) -> Result<bool, ExactError>,
) -> Result<Found, ExactError> {
    let failed = || ExactError::Eigen { label: operator.label() };
    let mut space = Space::new(starts.first().map_or(0, Vec::len));
    let mut roots = starts.into_iter().map(|start| space.admit(operator, start)).filter(|new| *new).count();
    let mut done = 0;
    loop {
        let mut states = space.lowest(roots).ok_or_else(failed)?;
        let lowest = states.first().ok_or_else(failed)?.energy;
        let (mut left, mut steps, mut near) = (0.0, Vec::new(), 0);
        for (k, state) in states.iter().enumerate() {
            let gap = state.energy - lowest;
            let open = |gain: f64| gain > tolerance && (k == 0 || gain > GAP_ERROR * gap);
            let far = |gain: f64| k > 0 && !open(gain) && gap - 2.0 * gain >= LEAST_GAP;
            let most = dot(&state.residual, &state.residual) / LEAST_GAP;
            if far(most) {
                continue;
            }
            // A correction may cost as much as everything else, so it is calculated only if needed.
            let step = (k == 0 || open(most)).then(|| operator.correct(&state.residual, state.energy));
            let gain = step.as_ref().map_or(most, |step| dot(&state.residual, step).abs());
            if far(gain) {
                continue;
            }
            near = k;
            if k == 0 || open(gain) {
                left += gain;
            }
            steps.extend(step.filter(|_| open(gain)));
        }
        (roots, done) = (near + 1, done + 1);
        let stop = enough(left)? || done >= iterations;
        let more = || steps.into_iter().map(|step| space.admit(operator, step)).filter(|new| *new).count();
        // If there is nothing left to add, the states cannot be improved.
        if stop || more() == 0 {
            states.truncate(roots);
            let energies = states.iter().map(|state| state.energy).collect();
            return Ok(Found { states: states.into_iter().map(|state| state.vector).collect(), energies, left });
        }
    }
}

/// The first-order change x of a state when H changes: (H - E) x = -P s, orthogonal to the state, with the source s = (change of H) times
/// the state and the projector P on everything else. By conjugate gradients to a relative accuracy; of the lowest state H - E is positive
/// there.
pub(super) fn respond(
    operator: &dyn Operator,
    state: &[f64],
    mut source: Vec<f64>,
    (accuracy, iterations): (f64, usize),
    stopped: &mut dyn FnMut() -> Result<(), ExactError>,
) -> Result<Vec<f64>, ExactError> {
    let project = |x: &mut Vec<f64>| {
        operator.symmetrise(x);
        let overlap = dot(state, x);
        add(x, -overlap, state);
    };
    let energy = dot(state, &operator.apply(state));
    source.iter_mut().for_each(|x| *x = -*x);
    project(&mut source);
    let mut rest = source;
    let size = norm(&rest);
    let mut change = vec![0.0; rest.len()];
    if size == 0.0 {
        return Ok(change);
    }
    let corrected = |rest: &[f64]| {
        let mut step = operator.correct(rest, energy);
        project(&mut step);
        step
    };
    let mut direction = corrected(&rest);
    let mut slope = dot(&rest, &direction);
    for _ in 0..iterations {
        stopped()?;
        if norm(&rest) <= accuracy * size || slope.is_nan() || slope == 0.0 {
            break;
        }
        let mut image = operator.apply(&direction);
        add(&mut image, -energy, &direction);
        project(&mut image);
        let curvature = dot(&direction, &image);
        if !(curvature.is_finite() && curvature != 0.0) {
            break;
        }
        add(&mut change, slope / curvature, &direction);
        add(&mut rest, -slope / curvature, &image);
        let step = corrected(&rest);
        let next = dot(&rest, &step);
        let ratio = next / slope;
        slope = next;
        direction.iter_mut().zip(&step).for_each(|(d, s)| *d = ratio * *d + s);
    }
    Ok(change)
}

/// An orthonormal space, the images of its vectors under H, and H within it.
struct Space {
    /// The dimension at which the space is contracted to the best few vectors.
    most: usize,
    vectors: Vec<Vec<f64>>,
    images: Vec<Vec<f64>>,
    /// Lower triangle, row by row.
    within: Vec<Vec<f64>>,
}

/// Normalises and returns the length; returns 0 for a vector that is only rounding error.
fn normalise(direction: &mut [f64]) -> f64 {
    let length = norm(direction);
    if !(length > 1e-140 && length.is_finite()) {
        return 0.0;
    }
    direction.iter_mut().for_each(|x| *x /= length);
    length
}

/// A state within a space.
struct Ritz {
    /// Energy, hartree.
    energy: f64,
    /// The state, with a sum of squares of 1.
    vector: Vec<f64>,
    /// (H - energy) times the state.
    residual: Vec<f64>,
}

impl Space {
    /// An empty space of vectors of the given length.
    fn new(length: usize) -> Self {
        let most = (MAX_NUMBERS / (2 * length.max(1))).clamp(KEPT + 1, 12);
        Self { most, vectors: Vec::new(), images: Vec::new(), within: Vec::new() }
    }

    /// Adds the part of a direction with the symmetry of the operator; false if there is none, or if it is in the space already.
    fn admit(&mut self, operator: &dyn Operator, mut direction: Vec<f64>) -> bool {
        normalise(&mut direction);
        operator.symmetrise(&mut direction);
        let mut before = normalise(&mut direction);
        if before < LEAST_SYMMETRIC_PART {
            return false;
        }
        // Repeated if most of it was removed: the rest is then mostly rounding error.
        for _ in 0..ROUNDS {
            for v in &self.vectors {
                let overlap = dot(v, &direction);
                add(&mut direction, -overlap, v);
            }
            before = normalise(&mut direction);
            if before > 0.5 {
                break;
            }
        }
        if before <= 0.5 {
            return false;
        }
        let image = operator.apply(&direction);
        self.vectors.push(direction);
        self.within.push(self.vectors.iter().map(|v| dot(v, &image)).collect());
        self.images.push(image);
        true
    }

    /// Eigenvectors of H within the space in ascending order, column by column.
    fn eigen(&self) -> Option<(Vec<f64>, Mat<f64>)> {
        let size = self.vectors.len();
        let within = Mat::from_fn(size, size, |i, j| self.within[i.max(j)][i.min(j)]);
        let eigen = within.self_adjoint_eigen(Side::Lower).ok()?;
        Some(((0..size).map(|k| eigen.S()[k]).collect(), eigen.U().to_owned()))
    }

    /// The lowest states of the space; contracts the space when it is full. `None` if the small eigenproblem fails.
    fn lowest(&mut self, count: usize) -> Option<Vec<Ritz>> {
        let (energies, coefficients) = self.eigen()?;
        let combine = |of: &[Vec<f64>], k: usize| {
            let mut sum = vec![0.0; of[0].len()];
            of.iter().enumerate().for_each(|(j, v)| add(&mut sum, coefficients[(j, k)], v));
            sum
        };
        let ritz = |k: usize, vector: Vec<f64>, mut residual: Vec<f64>| {
            add(&mut residual, -energies[k], &vector);
            Ritz { energy: energies[k], vector, residual }
        };
        let count = count.min(energies.len());
        let kept = KEPT.max(count + 1);
        if self.vectors.len() < self.most.max(kept + 1) {
            return Some((0..count).map(|k| ritz(k, combine(&self.vectors, k), combine(&self.images, k))).collect());
        }
        self.vectors = (0..kept).map(|k| combine(&self.vectors, k)).collect();
        self.images = (0..kept).map(|k| combine(&self.images, k)).collect();
        self.within = (0..kept).map(|i| (0..=i).map(|j| if i == j { energies[i] } else { 0.0 }).collect()).collect();
        Some((0..count).map(|k| ritz(k, self.vectors[k].clone(), self.images[k].clone())).collect())
    }
}
