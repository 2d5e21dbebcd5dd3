//! Cross-validation: which width and noise predict best what was left out.

use super::{Decomposed, LearnError};
use crate::control::Control;
use faer::Mat;
use rayon::prelude::*;

/// A width and a noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Of the kernel.
    pub width: f64,
    /// On the diagonal of the kernel matrix.
    pub noise: f64,
}

/// The errors of a candidate where the data were left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// What was tried.
    pub candidate: Candidate,
    /// The mean size of the errors of each output.
    pub mean: Vec<f64>,
    /// The largest of all.
    pub largest: f64,
}

/// What is best for some outputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The width and noise.
    pub candidate: Candidate,
    /// For which outputs.
    pub outputs: Vec<usize>,
}

/// The scores of every width with every noise; `kernels`: the kernel matrix of every width, row by row. Inputs i, i + folds, i + 2 folds, …
/// are left out together.
///
/// # Errors
/// An eigenproblem that fails; an interruption.
pub fn scores(
    kernels: &[(f64, Vec<f64>)],
    noises: &[f64],
    outputs: &Mat<f64>,
    folds: usize,
    control: &dyn Control,
) -> Result<Vec<Scores>, LearnError> {
    let all: Result<Vec<Vec<Scores>>, LearnError> = kernels
        .par_iter()
        .map(|(width, kernel)| {
            if control.interrupted() {
                return Err(LearnError::Interrupted);
            }
            of_width((*width, kernel), noises, outputs, folds)
        })
        .collect();
    Ok(all?.into_iter().flatten().collect())
}

fn of_width(
    (width, kernel): (f64, &[f64]),
    noises: &[f64],
    outputs: &Mat<f64>,
    folds: usize,
) -> Result<Vec<Scores>, LearnError> {
    let (count, wide) = (outputs.nrows(), outputs.ncols());
    let mut sums = vec![vec![0.0; wide]; noises.len()];
    let mut largest = vec![0.0f64; noises.len()];
    for fold in 0..folds {
        let (left, kept): (Vec<usize>, Vec<usize>) = (0..count).partition(|i| i % folds == fold);
        let decomposed = Decomposed::new(kept.len(), |i, j| kernel[kept[i] * count + kept[j]])?;
        let projected = decomposed.projected(&Mat::from_fn(kept.len(), wide, |i, j| outputs[(kept[i], j)]));
        let across =
            decomposed.rotated(&Mat::from_fn(left.len(), kept.len(), |i, j| kernel[left[i] * count + kept[j]]));
        for (k, noise) in noises.iter().enumerate() {
            let mut within = projected.clone();
            decomposed.divide(&mut within, *noise);
            let found = &across * &within;
            crate::tensor::vector::leave_vector_registers();
            for (row, i) in left.iter().enumerate() {
                for (j, sum) in sums[k].iter_mut().enumerate() {
                    let error = (found[(row, j)] - outputs[(*i, j)]).abs();
                    *sum += error / count as f64;
                    largest[k] = largest[k].max(error);
                }
            }
        }
    }
    let of = |((noise, mean), largest): ((&f64, Vec<f64>), f64)| Scores {
        candidate: Candidate { width, noise: *noise },
        mean,
        largest,
    };
    Ok(noises.iter().zip(sums).zip(largest).map(of).collect())
}

/// The best of all candidates: for each output by itself, or for all of them together. Outputs with the same one are together.
pub fn choose(scores: &[Scores], separately: bool) -> Vec<Choice> {
    let wide = scores.first().map_or(0, |one| one.mean.len());
    let best = |of: &dyn Fn(&Scores) -> f64| {
        let lowest = scores.iter().filter(|one| of(one).is_finite()).min_by(|a, b| of(a).total_cmp(&of(b)));
        lowest.or(scores.first()).map(|one| one.candidate)
    };
    if !separately {
        let all = best(&|one| one.mean.iter().sum());
        return all.map(|candidate| Choice { candidate, outputs: (0..wide).collect() }).into_iter().collect();
    }
    let mut choices: Vec<Choice> = Vec::new();
    for j in 0..wide {
        let Some(candidate) = best(&|one| one.mean[j]) else { continue };
        match choices.iter_mut().find(|choice| choice.candidate == candidate) {
            Some(choice) => choice.outputs.push(j),
            None => choices.push(Choice { candidate, outputs: vec![j] }),
        }
    }
    choices
}
