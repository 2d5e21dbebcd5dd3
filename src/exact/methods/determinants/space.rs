//! Determinants: pairs of an up string and a down string with a given total parity.

use super::strings::{Creation, Strings};
use std::sync::Arc;

/// The determinants of a state. A vector over them is ordered by up strings; each is followed by the down strings that give the parity.
#[derive(Clone, Debug)]
pub(super) struct Space {
    pub up: Arc<Strings>,
    pub down: Arc<Strings>,
    /// Parity of every orbital.
    pub parities: Vec<u8>,
    /// Parity of the state.
    pub parity: usize,
    /// How strings arise from those with one electron fewer; empty without down electrons.
    pub create_up: Arc<Creation>,
    pub create_down: Option<Arc<Creation>>,
    /// The length of the part of a vector with even up strings.
    split: usize,
}

impl Space {
    /// All determinants of the given electrons (of each spin, at least one up) in orbitals of the given parities.
    pub(super) fn new(spins: (usize, usize), parities: &[u8], parity: usize) -> Self {
        let up = Arc::new(Strings::new(spins.0, parities));
        let create_up = Arc::new(Creation::new(&up, parities));
        if spins.0 == spins.1 {
            let (down, create_down) = (up.clone(), Some(create_up.clone()));
            return Self::of((up, create_up), (down, create_down), parities, parity);
        }
        let down = Arc::new(Strings::new(spins.1, parities));
        let create_down = (spins.1 > 0).then(|| Arc::new(Creation::new(&down, parities)));
        Self::of((up, create_up), (down, create_down), parities, parity)
    }

    fn of(
        (up, create_up): (Arc<Strings>, Arc<Creation>),
        (down, create_down): (Arc<Strings>, Option<Arc<Creation>>),
        parities: &[u8],
        parity: usize,
    ) -> Self {
        let split = up.of(0).len() * down.of(parity).len();
        Self { up, down, parities: parities.to_vec(), parity, create_up, create_down, split }
    }

    /// The space with up and down exchanged; `None` without down electrons.
    pub(super) fn exchanged(&self) -> Option<Self> {
        let create_up = self.create_down.clone()?;
        let (up, down) = ((self.down.clone(), create_up), (self.up.clone(), Some(self.create_up.clone())));
        Some(Self::of(up, down, &self.parities, self.parity))
    }

    /// Number of determinants.
    pub(super) fn len(&self) -> usize {
        self.split + self.up.of(1).len() * self.down.of(1 ^ self.parity).len()
    }

    /// Number of orbitals.
    pub(super) fn orbitals(&self) -> usize {
        self.parities.len()
    }

    /// Whether there are as many up as down electrons.
    pub(super) fn balanced(&self) -> bool {
        self.up.electrons() == self.down.electrons()
    }

    /// The parity of the down strings that go with an up string.
    pub(super) fn partner(&self, up: usize) -> usize {
        self.up.parity(up) ^ self.parity
    }

    /// The determinants with an up string; the first of them has the first down string of [`Space::partner`].
    pub(super) fn row(&self, up: usize) -> std::ops::Range<usize> {
        let width = self.down.of(self.partner(up)).len();
        let start = match self.up.parity(up) {
            0 => up * width,
            _ => self.split + (up - self.up.of(1).start) * width,
        };
        start..start + width
    }

    /// The index of the determinant of an up and a down string, which must give the parity.
    pub(super) fn at(&self, up: usize, down: usize) -> usize {
        self.row(up).start + down - self.down.of(self.partner(up)).start
    }

    /// The vector with up and down exchanged, in the exchanged space.
    pub(super) fn transpose(&self, vector: &[f64]) -> Vec<f64> {
        let mut out = Vec::with_capacity(vector.len());
        for parity in 0..2 {
            // Up strings that go with down strings of this parity.
            let ups = self.up.of(parity ^ self.parity);
            let (rows, columns) = (ups.len(), self.down.of(parity).len());
            if rows > 0 && columns > 0 {
                let block = &vector[self.row(ups.start).start..][..rows * columns];
                transpose(block, columns, &mut out);
            }
        }
        out
    }
}

/// Appends the transpose of a matrix given row by row.
fn transpose(block: &[f64], columns: usize, out: &mut Vec<f64>) {
    const TILE: usize = 16;
    let (rows, start) = (block.len() / columns, out.len());
    out.resize(start + block.len(), 0.0);
    let out = &mut out[start..];
    for i0 in (0..rows).step_by(TILE) {
        for j0 in (0..columns).step_by(TILE) {
            for i in i0..(i0 + TILE).min(rows) {
                for j in j0..(j0 + TILE).min(columns) {
                    out[j * rows + i] = block[i * columns + j];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_determinant_has_its_place() {
        let parities = [0, 1, 0, 1, 0];
        for parity in 0..2 {
            let space = Space::new((3, 2), &parities, parity);
            let mut seen = vec![0; space.len()];
            for up in 0..space.up.len() {
                for down in space.down.of(space.partner(up)) {
                    assert!(space.row(up).contains(&space.at(up, down)));
                    seen[space.at(up, down)] += 1;
                }
            }
            assert!(seen.iter().all(|times| *times == 1));
            let vector: Vec<f64> = (0..space.len()).map(|i| i as f64).collect();
            let exchanged = space.exchanged().expect("down electrons");
            let turned = space.transpose(&vector);
            assert!((0..space.up.len()).all(|up| {
                space
                    .down
                    .of(space.partner(up))
                    .all(|down| turned[exchanged.at(down, up)] == vector[space.at(up, down)])
            }));
            assert_eq!(exchanged.transpose(&turned), vector);
        }
    }
}
