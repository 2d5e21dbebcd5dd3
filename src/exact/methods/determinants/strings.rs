//! Occupations of one spin: which orbitals its electrons occupy.

/// All ways to put n electrons of one spin into K orbitals, those even under reflection first. If the potential has no mirror
/// symmetry, every orbital counts as even.
#[derive(Clone, Debug)]
pub(super) struct Strings {
    orbitals: usize,
    electrons: usize,
    /// Bit q: orbital q is occupied.
    bits: Vec<u64>,
    /// Even strings, then odd ones: `starts[parity]..starts[parity + 1]`.
    starts: [usize; 3],
    /// Index by rank in colexicographic order.
    index: Vec<u32>,
    /// `binomials[n][q]`: q over n.
    binomials: Vec<Vec<usize>>,
}

/// The binomial coefficient k over n, saturating at the largest number.
pub(super) fn binomial(k: usize, n: usize) -> usize {
    if n > k {
        return 0;
    }
    let mut product = 1_u128;
    for i in 0..n.min(k - n) {
        product = product * (k - i) as u128 / (i as u128 + 1);
        if product > usize::MAX as u128 {
            return usize::MAX;
        }
    }
    product as usize
}

impl Strings {
    /// The strings of the given electrons in orbitals of the given parities (0 even, 1 odd); at most 64 orbitals.
    pub(super) fn new(electrons: usize, parities: &[u8]) -> Self {
        let orbitals = parities.len();
        let binomials = (0..=electrons).map(|n| (0..=orbitals).map(|q| binomial(q, n)).collect()).collect();
        let odd: u64 = parities.iter().enumerate().map(|(q, p)| u64::from(*p) << q).sum();
        let mut sorted = [Vec::new(), Vec::new()];
        let mut ranks = [Vec::new(), Vec::new()];
        for (rank, bits) in combinations(orbitals, electrons).enumerate() {
            let parity = ((bits & odd).count_ones() & 1) as usize;
            sorted[parity].push(bits);
            ranks[parity].push(rank);
        }
        let starts = [0, sorted[0].len(), sorted[0].len() + sorted[1].len()];
        let mut index = vec![0; starts[2]];
        ranks.concat().into_iter().enumerate().for_each(|(at, rank)| index[rank] = at as u32);
        Self { orbitals, electrons, bits: sorted.concat(), starts, index, binomials }
    }

    pub(super) fn len(&self) -> usize {
        self.bits.len()
    }

    /// Number of orbitals K.
    pub(super) fn orbitals(&self) -> usize {
        self.orbitals
    }

    /// Number of electrons n.
    pub(super) fn electrons(&self) -> usize {
        self.electrons
    }

    /// The occupied orbitals of a string, as bits.
    pub(super) fn bits(&self, string: usize) -> u64 {
        self.bits[string]
    }

    /// 0 for even strings, 1 for odd ones.
    pub(super) fn parity(&self, string: usize) -> usize {
        usize::from(string >= self.starts[1])
    }

    /// The strings of a parity.
    pub(super) fn of(&self, parity: usize) -> std::ops::Range<usize> {
        self.starts[parity]..self.starts[parity + 1]
    }

    /// The index of the string with those occupied orbitals.
    pub(super) fn find(&self, bits: u64) -> usize {
        let rank: usize = occupied(bits).enumerate().map(|(n, q)| self.binomials[n + 1][q]).sum();
        self.index[rank] as usize
    }
}

/// The set bits in ascending order.
pub(super) fn occupied(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        (bits != 0).then(|| {
            let q = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            q
        })
    })
}

/// Sign of creating an electron in orbital q in front of the string.
pub(super) fn sign(bits: u64, q: usize) -> f64 {
    if (bits & ((1 << q) - 1)).count_ones() & 1 == 0 { 1.0 } else { -1.0 }
}

/// All sets of n out of K bits in colexicographic order.
fn combinations(orbitals: usize, electrons: usize) -> impl Iterator<Item = u64> {
    let mut next = (electrons <= orbitals).then_some((1_u64 << electrons) - 1);
    std::iter::from_fn(move || {
        let bits = next?;
        // Gosper: the next larger number with as many bits.
        let low = bits & bits.wrapping_neg();
        let up = bits + low;
        let following = if bits == 0 { u64::MAX } else { (((up ^ bits) >> 2) / low) | up };
        next = (bits != 0 && following >> orbitals == 0).then_some(following);
        Some(bits)
    })
}

/// What creating an electron does to the strings with one electron fewer.
#[derive(Clone, Debug)]
pub(super) struct Creation {
    /// The strings with one electron fewer.
    pub fewer: Strings,
    /// `[q][string]`: the resulting string and its sign; sign 0 if q is occupied.
    pub to: Vec<Vec<(u32, f32)>>,
}

impl Creation {
    /// Creation into `strings` (of at least one electron).
    pub(super) fn new(strings: &Strings, parities: &[u8]) -> Self {
        let fewer = Strings::new(strings.electrons() - 1, parities);
        let arises = |bits: u64, q: usize| match bits >> q & 1 {
            0 => (strings.find(bits | 1 << q) as u32, sign(bits, q) as f32),
            _ => (0, 0.0),
        };
        let to = (0..strings.orbitals()).map(|q| fewer.bits.iter().map(|bits| arises(*bits, q)).collect()).collect();
        Self { fewer, to }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binomials_never_wrap() {
        assert_eq!([binomial(5, 2), binomial(5, 0), binomial(2, 3), binomial(62, 31)], [10, 1, 0, 465428353255261088]);
        assert_eq!([binomial(171, 86), binomial(100_000, 50_000)], [usize::MAX; 2]);
    }

    #[test]
    fn strings_are_found_where_they_are() {
        for parities in [[0_u8; 7], [0, 1, 0, 1, 0, 1, 0]] {
            for electrons in 0..=7 {
                let strings = Strings::new(electrons, &parities);
                assert_eq!(strings.len(), binomial(7, electrons));
                for k in 0..strings.len() {
                    assert_eq!(strings.find(strings.bits(k)), k);
                    let odd = occupied(strings.bits(k)).filter(|q| parities[*q] == 1).count();
                    assert_eq!(strings.parity(k), odd % 2);
                    assert!(strings.of(odd % 2).contains(&k));
                }
            }
        }
    }

    #[test]
    fn creations_anticommute() {
        let parities = [0; 6];
        let three = Creation::new(&Strings::new(3, &parities), &parities);
        let two = Creation::new(&three.fewer, &parities);
        for k in 0..two.fewer.len() {
            for p in 0..6 {
                for q in 0..6 {
                    let path = |p: usize, q: usize| {
                        let (middle, first) = two.to[q][k];
                        let (end, second) = three.to[p][middle as usize];
                        (end, if first == 0.0 { 0.0 } else { first * second })
                    };
                    let (a, b) = (path(p, q), path(q, p));
                    assert!(a.1 == -b.1 && (a.1 == 0.0 || a.0 == b.0));
                }
            }
        }
    }
}
