//! Recognises the grid of a list of coordinates: files contain rounded numbers, and fields combine only on equal grids.

use super::DatasetError;
use crate::model::{Grid, ON_POINT};

/// The grid with these points: one with exactly these coordinates if there is one, otherwise the one with the roundest spacing
/// and start within the rounding of the file.
///
/// # Errors
/// The coordinates are not equally spaced.
pub(super) fn recognised(xs: &[f64], single: bool) -> Result<Grid, DatasetError> {
    let (points, [first, .., last]) = (xs.len(), xs) else {
        return Ok(Grid::centred(xs.len(), 1.0));
    };
    let mean = (last - first) / (points - 1) as f64;
    if let Some(index) = (1..points).find(|i| (xs[*i] - first - *i as f64 * mean).abs() > ON_POINT * mean.abs()) {
        let index = index - 1;
        return Err(DatasetError::Spacing { index, found: xs[index + 1] - xs[index], mean });
    }
    let candidates: Vec<Grid> = spacings(mean).into_iter().flat_map(|h| starts(*first, points, h)).collect();
    let off = |grid: &Grid| (0..points).map(|i| (grid.x(i) - xs[i]).abs()).fold(0.0, f64::max);
    let epsilon = if single { f64::from(f32::EPSILON) } else { f64::EPSILON };
    let rounding = 4.0 * epsilon * first.abs().max(last.abs());
    let found =
        candidates.iter().find(|grid| off(grid) == 0.0).or_else(|| candidates.iter().find(|g| off(g) <= rounding));
    Ok(found.cloned().unwrap_or(Grid { start: *first, ..Grid::centred(points, mean) }))
}

/// Round numbers near the mean spacing, and its neighbouring floating-point numbers.
fn spacings(mean: f64) -> Vec<f64> {
    let round = [4, 6, 9, 12].map(|digits| rounded(mean, digits));
    let near = (0..=8u64).flat_map(|k| [mean.to_bits() + k, mean.to_bits().saturating_sub(k)]).map(f64::from_bits);
    round.into_iter().chain(near).collect()
}

/// Grids with the given spacing that start where the coordinates do.
fn starts(first: f64, points: usize, spacing: f64) -> Vec<Grid> {
    let centred = Grid::centred(points, spacing);
    let at = |start: f64| Grid { start, ..centred.clone() };
    vec![centred.clone(), at(first), at(rounded(first, 6)), at(rounded(first, 12))]
}

/// Rounds to the given number of significant digits.
fn rounded(x: f64, digits: usize) -> f64 {
    format!("{x:.*e}", digits.saturating_sub(1)).parse().unwrap_or(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(grid: &Grid) -> Grid {
        recognised(&grid.xs(), false).unwrap()
    }

    #[test]
    fn grids_of_scripts_come_back_bit_by_bit() {
        let mut all = vec![Grid::centred(513, 0.08), Grid::centred(401, 0.08), Grid::centred(256, 1.0 / 3.0)];
        all.extend([Grid::between(0.0, 1.0, 500), Grid::between(-3.7, 9.1, 97), Grid::between(0.1, 0.7, 11)]);
        all.extend((3..60).map(|n| Grid::between(-(n as f64).sqrt(), (n as f64).ln(), 40 + n)));
        for grid in all {
            assert_eq!(found(&grid), grid);
        }
    }

    #[test]
    fn rounded_coordinates_give_the_round_grid() {
        let grid = Grid::centred(513, 0.08);
        let single: Vec<f64> = grid.xs().iter().map(|x| f64::from(*x as f32)).collect();
        assert_eq!(recognised(&single, true).unwrap(), grid);
        let arange: Vec<f64> = (0..513).map(|i| -20.48 + 0.08 * f64::from(i)).collect();
        assert_eq!(recognised(&arange, false).unwrap(), grid);
        let linspace: Vec<f64> = (0..513).map(|i| -20.48 + 40.96 / 512.0 * f64::from(i)).collect();
        assert_eq!(recognised(&linspace, false).unwrap(), grid);
    }

    #[test]
    fn unequal_spacing_is_found() {
        let mut xs = Grid::centred(21, 0.1).xs();
        xs[7] += 0.01;
        assert!(matches!(recognised(&xs, false), Err(DatasetError::Spacing { index: 6, .. })));
        let squares: Vec<f64> = (0..9).map(|i| f64::from(i * i)).collect();
        assert!(matches!(recognised(&squares, false), Err(DatasetError::Spacing { index: 0, .. })));
        assert!(recognised(&[], false).unwrap().validate().is_err());
        assert!(recognised(&[1.0], false).unwrap().validate().is_err());
        assert!(recognised(&[3.0, 2.0, 1.0, 0.0, -1.0], false).unwrap().validate().is_err());
    }
}
