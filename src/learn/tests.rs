use super::*;
use crate::control::Quiet;
use faer::Mat;

fn line(points: &[f64]) -> Inputs {
    Inputs::new(points.to_vec(), 1, 1.0)
}

fn gaussian(distances: &[f64], width: f64) -> Vec<f64> {
    distances.iter().map(|d| Profile::Gaussian.at(d / width)).collect()
}

fn learned(inputs: &Inputs, outputs: &[f64], width: f64, noise: f64) -> Machine {
    let kernel = gaussian(&inputs.distances(), width);
    let outputs = Mat::from_fn(outputs.len(), 1, |i, _| outputs[i]);
    let (head, _) = fit(&kernel, &outputs, vec![0], (width, noise)).expect("a machine");
    Machine { inputs: inputs.clone(), heads: vec![head], outputs: 1 }
}

fn at(machine: &Machine, x: f64) -> f64 {
    machine.at(&machine.inputs.distances_from(&[x]), &mut |r| Profile::Gaussian.at(r))[0]
}

/// With two inputs the weights can be written down: K = [[1, k], [k, 1]] + noise.
#[test]
fn weights_solve_the_regularised_equations() {
    let (noise, k) = (0.1, (-0.5f64 * 4.0 / 9.0).exp());
    let machine = learned(&line(&[0.0, 2.0]), &[1.0, 5.0], 3.0, noise);
    let determinant = (1.0 + noise).powi(2) - k * k;
    let wanted = [((1.0 + noise) - 5.0 * k) / determinant, (5.0 * (1.0 + noise) - k) / determinant];
    for (found, wanted) in machine.heads[0].weights.iter().zip(wanted) {
        assert!((found - wanted).abs() < 1e-13, "{found} {wanted}");
    }
    let condition = (1.0 + noise + k) / (1.0 + noise - k);
    assert!((machine.condition() - condition).abs() < 1e-12);
}

#[test]
fn without_noise_it_goes_through_the_data() {
    let xs = [0.0, 0.5, 1.1, 2.0, 2.4];
    let ys: Vec<f64> = xs.iter().map(|x: &f64| x.sin()).collect();
    let machine = learned(&line(&xs), &ys, 1.5, 0.0);
    for (x, y) in xs.iter().zip(&ys) {
        assert!((at(&machine, *x) - y).abs() < 1e-9);
    }
    assert!((at(&machine, 0.8) - 0.8f64.sin()).abs() < 0.01);
}

#[test]
fn the_distance_of_fields_does_not_depend_on_the_grid() {
    for points in [100usize, 1000] {
        let h = 1.0 / points as f64;
        let rows: Vec<f64> = (0..2 * points).map(|i| if i < points { 1.0 } else { 3.0 }).collect();
        let inputs = Inputs::new(rows, points, h);
        assert!((inputs.distances()[1] - 2.0).abs() < 1e-12);
    }
}

#[test]
fn twins_and_numbers_that_are_not_finite_are_refused() {
    let check = |points: &[f64]| {
        let inputs = line(points);
        inputs.check(&inputs.distances())
    };
    assert_eq!(check(&[0.0, 1.0, 2.0]), Ok(()));
    assert_eq!(check(&[0.0, 1.0, 1.0 + 1e-14]), Err(LearnError::Twins { first: 1, second: 2 }));
    assert_eq!(check(&[0.0, f64::NAN]), Err(LearnError::NotFinite { what: "input", index: 1 }));
}

/// Cross-validation by leaving out and fitting again, one after the other.
#[test]
fn scores_are_the_errors_of_what_was_left_out() {
    let xs: Vec<f64> = (0..9).map(|k| 0.3 * f64::from(k) + 0.01 * f64::from(k * k)).collect();
    let ys: Vec<f64> = xs.iter().map(|x| (1.3 * x).cos()).collect();
    let (folds, width, noise) = (3, 0.9, 1e-6);
    let inputs = line(&xs);
    let kernels = [(width, gaussian(&inputs.distances(), width))];
    let outputs = Mat::from_fn(xs.len(), 1, |i, _| ys[i]);
    let found = scores(&kernels, &[noise], &outputs, folds, &Quiet).expect("scores");
    let mut errors = Vec::new();
    for fold in 0..folds {
        let kept: Vec<usize> = (0..xs.len()).filter(|i| i % folds != fold).collect();
        let machine = learned(
            &line(&kept.iter().map(|i| xs[*i]).collect::<Vec<_>>()),
            &kept.iter().map(|i| ys[*i]).collect::<Vec<_>>(),
            width,
            noise,
        );
        errors.extend((0..xs.len()).filter(|i| i % folds == fold).map(|i| (at(&machine, xs[i]) - ys[i]).abs()));
    }
    let mean = errors.iter().sum::<f64>() / errors.len() as f64;
    assert!((found[0].mean[0] - mean).abs() < 1e-10, "{} {mean}", found[0].mean[0]);
    let largest = errors.iter().copied().fold(0.0, f64::max);
    assert!((found[0].largest - largest).abs() < 1e-10);
}

#[test]
fn each_output_has_its_best_candidate() {
    let score = |width: f64, mean: [f64; 2]| Scores {
        candidate: Candidate { width, noise: 0.0 },
        mean: mean.to_vec(),
        largest: 1.0,
    };
    let all = [score(1.0, [0.1, 0.9]), score(2.0, [0.3, 0.2]), score(3.0, [f64::NAN, 0.1])];
    let apart = choose(&all, true);
    assert_eq!(
        apart.iter().map(|c| (c.candidate.width, c.outputs.clone())).collect::<Vec<_>>(),
        [(1.0, vec![0]), (3.0, vec![1])]
    );
    let together = choose(&all, false);
    assert_eq!((together.len(), together[0].candidate.width), (1, 2.0));
}

#[test]
fn bases_are_orthonormal_and_give_fields_back() {
    let (points, h) = (40, 0.1);
    // Waves are orthogonal together with the point at the wall, where the fields are 0.
    let at_wall = |basis: Basis, k: usize| match (basis, k) {
        (Basis::Principal(_) | Basis::Grid, _) => 0.0,
        (_, 0) => (1.0 / (h * (points + 1) as f64)).sqrt(),
        _ => (k % 2) as f64 * (2.0 / (h * (points + 1) as f64)).sqrt(),
    };
    let fields: Vec<f64> = (0..6 * points)
        .map(|k| {
            let (s, i) = ((k / points) as f64, (k % points) as f64);
            (-0.08 * (i - 18.0 - s).powi(2)).exp() * (1.0 + 0.1 * s)
        })
        .collect();
    for basis in [Basis::Fourier(40), Basis::Principal(5)] {
        let expansion = basis.expansion(&fields, points, h).expect("a basis");
        assert_eq!(expansion.count(), if basis == Basis::Fourier(40) { 40 } else { 5 });
        for (k, row) in expansion.functions.chunks(points).enumerate() {
            for (l, other) in expansion.functions.chunks(points).enumerate() {
                let overlap = h * row.iter().zip(other).map(|(a, b)| a * b).sum::<f64>();
                let wanted = if k == l { 1.0 } else { 0.0 } - h * at_wall(basis, k) * at_wall(basis, l);
                assert!((overlap - wanted).abs() < 1e-10, "{k} {l} {overlap}");
            }
        }
        // All six fields are in the space of their mean and five components.
        for field in fields.chunks(points) {
            let back = expansion.field(&expansion.coefficients(field));
            let apart = back.iter().zip(field).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(apart < if basis == Basis::Fourier(40) { 1e-7 } else { 1e-10 }, "{basis:?} {apart}");
        }
    }
    assert!(Basis::Fourier(41).expansion(&fields, points, h).is_err());
}

/// The variance that is left of a Gaussian process, from the inverse written down for one input.
#[test]
fn uncertainty_is_what_the_inputs_do_not_explain() {
    let decomposed = Decomposed::new(1, |_, _| 1.0).expect("a matrix");
    let (k, noise) = (0.6, 0.1);
    assert!((decomposed.explained(&[k], noise) - k * k / (1.0 + noise)).abs() < 1e-14);
}
