//! Cotangents in a backward pass: contributions are added up, and the first one is written rather than added to zeros.

use super::stock::Buffer;

/// The cotangent of one value while a tape runs backward. It is fresh until a first contribution has arrived, which is written
/// and not added.
#[derive(Debug)]
pub struct Cotangent {
    /// Empty while fresh, otherwise of full length.
    numbers: Buffer,
    length: usize,
}

impl Cotangent {
    /// The contributions so far to a value of `length` numbers; fresh if `numbers` has a different length.
    pub(super) fn new(numbers: Vec<f64>, length: usize) -> Self {
        // dfdx gives a single number its buffer from the beginning.
        let arrived = numbers.len() == length && numbers[..] != [0.0];
        Self { numbers: if arrived { numbers.into() } else { Buffer::default() }, length }
    }

    /// Whether no contribution has arrived yet.
    pub fn fresh(&self) -> bool {
        self.numbers.len() != self.length
    }

    /// The sum so far: empty while it is fresh.
    pub fn numbers(&self) -> &[f64] {
        &self.numbers
    }

    /// The full array, to read or to add to: zeros while it is fresh.
    pub fn whole(&mut self) -> &mut [f64] {
        if self.fresh() {
            self.numbers = Buffer::filled(self.length, 0.0);
        }
        &mut self.numbers
    }

    /// Whether it is fresh, and the full array. If it is fresh, the array holds arbitrary numbers and all must be written;
    /// otherwise all must be added to.
    pub(super) fn space(&mut self) -> (bool, &mut [f64]) {
        let fresh = self.fresh();
        if fresh {
            self.numbers = Buffer::any(self.length);
        }
        (fresh, &mut self.numbers)
    }

    /// Adds a contribution of the full length.
    pub fn add(&mut self, part: impl Into<Buffer>) {
        let part = part.into();
        match self.fresh() {
            true => self.numbers = part,
            false => add(&mut self.numbers, &part),
        }
    }

    /// Adds a contribution that is needed elsewhere as well.
    pub fn add_slice(&mut self, part: &[f64]) {
        match self.space() {
            (true, numbers) => numbers.copy_from_slice(part),
            (false, numbers) => add(numbers, part),
        }
    }

    pub(super) fn into_numbers(mut self) -> Vec<f64> {
        self.whole();
        self.numbers.into_vec()
    }
}

/// Adds element by element.
#[inline(always)]
pub(super) fn add(into: &mut [f64], part: &[f64]) {
    into.iter_mut().zip(part).for_each(|(sum, x)| *sum += x);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_contribution_is_written_and_others_are_added() {
        let mut x = Cotangent::new(vec![0.0], 2);
        assert!(x.fresh());
        let (fresh, space) = x.space();
        assert!(fresh);
        space.copy_from_slice(&[1.0, 2.0]);
        assert!(!x.fresh() && !x.space().0);
        x.add(vec![0.5, 0.5]);
        x.add_slice(&[1.0, 0.0]);
        assert_eq!(x.whole(), [2.5, 2.5]);
        for mut x in [Cotangent::new(vec![], 2), Cotangent::new(vec![7.0], 2)] {
            assert_eq!(x.whole(), [0.0, 0.0]);
            x.add(vec![3.0, 4.0]);
            assert_eq!(x.into_numbers(), [3.0, 4.0]);
        }
        let mut x = Cotangent::new(vec![], 2);
        x.add_slice(&[3.0, 4.0]);
        assert_eq!(x.into_numbers(), [3.0, 4.0]);
        assert!(Cotangent::new(vec![0.0], 1).fresh() && !Cotangent::new(vec![2.0], 1).fresh());
        assert_eq!(Cotangent::new(vec![], 1).into_numbers(), [0.0]);
    }
}
