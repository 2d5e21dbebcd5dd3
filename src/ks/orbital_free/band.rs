//! Symmetric banded matrices and their Cholesky factors: what is near the diagonal of a second derivative.

/// A symmetric matrix, row i of which holds the entries (i, i), (i, i-1), .. (i, i-half).
#[derive(Clone, Debug)]
pub(super) struct Band {
    half: usize,
    rows: Vec<f64>,
}

/// L of a positive matrix L L^T.
#[derive(Clone, Debug)]
pub(super) struct Factors(Band);

impl Band {
    /// The band of a symmetric matrix, given by its products with 2 half + 1 vectors: vector c is 1 at the points c, c + 2 half + 1, ..
    /// Entries outside the band are added to those inside.
    pub fn probed(half: usize, products: &[Vec<f64>]) -> Self {
        let period = 2 * half + 1;
        let points = products.first().map_or(0, Vec::len);
        let entry = |i: usize, j: usize| products.get(j % period).map_or(0.0, |product| product[i]);
        let mut rows = vec![0.0; points * (half + 1)];
        for (i, row) in rows.chunks_mut(half + 1).enumerate() {
            for (k, value) in row.iter_mut().enumerate().take(i + 1) {
                *value = 0.5 * (entry(i, i - k) + entry(i - k, i));
            }
        }
        Self { half, rows }
    }

    /// Makes rows and columns those of the unit matrix, times `diagonal`.
    pub fn cut(&mut self, keep: &[bool], diagonal: f64) {
        for (i, row) in self.rows.chunks_mut(self.half + 1).enumerate() {
            for (k, value) in row.iter_mut().enumerate().take(i + 1) {
                if !(keep[i] && keep[i - k]) {
                    *value = if k == 0 { diagonal } else { 0.0 };
                }
            }
        }
    }

    /// The mean of the magnitudes on the diagonal.
    pub fn scale(&self) -> f64 {
        let count = (self.rows.len() / (self.half + 1)).max(1);
        self.rows.iter().step_by(self.half + 1).map(|d| d.abs()).sum::<f64>() / count as f64
    }

    /// The factors of this matrix with `shift` on its diagonal, if it is positive.
    pub fn factors(&self, shift: f64) -> Option<Factors> {
        let wide = self.half + 1;
        let mut l = self.clone();
        for i in 0..l.rows.len() / wide {
            for k in (0..=self.half.min(i)).rev() {
                let j = i - k;
                let mut value = l.rows[i * wide + k] + if k == 0 { shift } else { 0.0 };
                // Columns m of both rows i and j, left of j.
                for m in i.saturating_sub(self.half)..j {
                    value -= l.rows[i * wide + i - m] * l.rows.get(j * wide + j - m).copied().unwrap_or(0.0);
                }
                l.rows[i * wide + k] = match k {
                    0 if value > 0.0 => value.sqrt(),
                    0 => return None,
                    _ => value / l.rows[j * wide],
                };
            }
        }
        l.rows.iter().all(|x| x.is_finite()).then_some(Factors(l))
    }
}

impl Factors {
    /// Solves L L^T x = b in place.
    pub fn solve(&self, x: &mut [f64]) {
        let (wide, rows) = (self.0.half + 1, &self.0.rows);
        for i in 0..x.len() {
            for k in 1..wide.min(i + 1) {
                x[i] -= rows[i * wide + k] * x[i - k];
            }
            x[i] /= rows[i * wide];
        }
        for i in (0..x.len()).rev() {
            x[i] /= rows[i * wide];
            for k in 1..wide.min(i + 1) {
                x[i - k] -= rows[i * wide + k] * x[i];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_is_found_by_products_and_solved() {
        let (points, half) = (23, 2);
        let entry = |i: usize, j: usize| match i.abs_diff(j) {
            0 => 5.0 + (i as f64).sin(),
            1 => -1.3 + 0.1 * (i + j) as f64 / 40.0,
            2 => 0.4,
            _ => 0.0,
        };
        let product =
            |x: &[f64]| -> Vec<f64> { (0..points).map(|i| (0..points).map(|j| entry(i, j) * x[j]).sum()).collect() };
        let probe = |c: usize| (0..points).map(|i| f64::from(u8::from(i % 5 == c))).collect::<Vec<_>>();
        let band = Band::probed(half, &(0..5).map(|c| product(&probe(c))).collect::<Vec<_>>());
        let x: Vec<f64> = (0..points).map(|i| (0.3 * i as f64).cos()).collect();
        let mut b = product(&x);
        b.iter_mut().zip(&x).for_each(|(b, x)| *b += 0.7 * x);
        band.factors(0.7).expect("a positive matrix").solve(&mut b);
        assert!(b.iter().zip(&x).all(|(a, b)| (a - b).abs() < 1e-13));
        assert!(band.factors(-8.0).is_none());
    }
}
