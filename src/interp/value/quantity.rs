//! Numbers with dimensions, and how far they can be trusted.

use crate::lang::{Dimension, units};
use std::rc::Rc;

/// A number, in Hartree atomic units.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// Value in atomic units.
    pub value: f64,
    /// Dimension; plain numbers combine with any.
    pub dim: Dimension,
    /// Unit for display, set by `->`; `None`: hartree, bohr, byte.
    pub unit: Option<ShownUnit>,
    /// How far it can be trusted.
    pub trust: Trust,
}

/// How far a number can be trusted, as far as that is known from what it was made from. Most can be trusted fully, so doubts take the
/// room of a pointer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trust(Option<Rc<Doubts>>);

/// What there is to say against a number.
#[derive(Debug, PartialEq)]
struct Doubts {
    unconverged: bool,
    /// What it would be with the members of the committees that it comes from.
    by_members: Vec<ByMembers>,
}

/// What a number would be with each member of a committee in place of the committee.
#[derive(Clone, Debug, PartialEq)]
pub struct ByMembers {
    /// Which committee: numbers that come from the same one vary together.
    pub committee: u64,
    /// The weights of its members, which add up to 1.
    pub weights: Rc<[f64]>,
    /// The number with each member, in atomic units.
    pub values: Vec<f64>,
}

impl Trust {
    /// As far as can be told.
    pub const FULL: Trust = Trust(None);

    /// That of a result of a calculation; `by_members`: with the members of a committee, if it was one.
    pub fn of(converged: bool, by_members: Option<ByMembers>) -> Trust {
        Self::new(!converged, by_members.into_iter().collect())
    }

    fn new(unconverged: bool, by_members: Vec<ByMembers>) -> Trust {
        let doubtful = unconverged || !by_members.is_empty();
        Trust(doubtful.then(|| Rc::new(Doubts { unconverged, by_members })))
    }

    /// Whether it comes from a calculation that did not converge.
    pub fn unconverged(&self) -> bool {
        self.0.as_ref().is_some_and(|doubts| doubts.unconverged)
    }

    /// That of a function of the number.
    pub fn through(&self, f: impl Fn(f64) -> f64) -> Trust {
        let each = |one: &ByMembers| ByMembers { values: one.values.iter().map(|x| f(*x)).collect(), ..one.clone() };
        Self::new(self.unconverged(), self.members().iter().map(each).collect())
    }

    /// That of a function of this number, whose value is `x`, and another, whose value is `y`.
    pub fn combined(&self, x: f64, other: &Trust, y: f64, f: impl Fn(f64, f64) -> f64) -> Trust {
        if self.0.is_none() && other.0.is_none() {
            return Trust::FULL;
        }
        let (mine, others) = (self.members(), other.members());
        let find = |all: &[ByMembers], committee: u64| all.iter().position(|one| one.committee == committee);
        let mut all: Vec<ByMembers> = mine
            .iter()
            .map(|one| {
                let twin = find(others, one.committee).map(|k| &others[k].values);
                let partner = |i: usize| twin.and_then(|values| values.get(i)).copied().unwrap_or(y);
                let values = one.values.iter().enumerate().map(|(i, x)| f(*x, partner(i))).collect();
                ByMembers { values, ..one.clone() }
            })
            .collect();
        let alone = others.iter().filter(|one| find(mine, one.committee).is_none());
        all.extend(alone.map(|one| ByMembers { values: one.values.iter().map(|y| f(x, *y)).collect(), ..one.clone() }));
        Self::new(self.unconverged() || other.unconverged(), all)
    }

    /// What the number would be with the members of each committee.
    pub fn members(&self) -> &[ByMembers] {
        self.0.as_ref().map_or(&[], |doubts| &doubts.by_members)
    }

    /// The standard deviation over the members with their weights, as of a sample; of several committees, the root of the sum of squares. `None`: it
    /// comes from no committee.
    pub fn spread(&self) -> Option<f64> {
        let variance = |one: &ByMembers| {
            let weighted =
                |f: &dyn Fn(f64) -> f64| one.values.iter().zip(&*one.weights).map(|(x, w)| w * f(*x)).sum::<f64>();
            let mean = weighted(&|x| x);
            weighted(&|x| (x - mean).powi(2)) / (1.0 - one.weights.iter().map(|w| w * w).sum::<f64>())
        };
        let all = self.members();
        (!all.is_empty()).then(|| all.iter().map(variance).sum::<f64>().sqrt())
    }
}

impl Quantity {
    /// A plain number.
    pub const fn plain(value: f64) -> Self {
        Self::of(value, Dimension::PLAIN)
    }
    /// An energy, hartree.
    pub const fn energy(value: f64) -> Self {
        Self::of(value, Dimension::ENERGY)
    }
    /// A length, bohr.
    pub const fn length(value: f64) -> Self {
        Self::of(value, Dimension::LENGTH)
    }
    /// A number of the given dimension, shown in atomic units.
    pub const fn of(value: f64, dim: Dimension) -> Self {
        Self { value, dim, unit: None, trust: Trust::FULL }
    }
    /// The same, trusted no further than what it is made from.
    pub fn trusted(self, trust: Trust) -> Self {
        Self { trust, ..self }
    }
    /// The spread over the members of a committee, in the unit that the number is shown in.
    pub fn spread(&self) -> Option<f64> {
        let factor = self.unit.map_or(1.0, |u| u.factor);
        self.trust.spread().map(|spread| spread / factor.abs())
    }
    /// Whether it is a whole number, in atomic units.
    pub fn is_whole(&self) -> bool {
        self.value.is_finite() && self.value == self.value.round()
    }
    /// The same for display: memory in the unit that suits `bytes`, unless a unit was chosen.
    pub fn readable(&self, bytes: f64) -> Self {
        match (self.unit, self.dim, units::of_memory(bytes)) {
            (None, Dimension::MEMORY, Some(u)) => {
                Self { unit: Some(ShownUnit { name: &u.name, power: 1, factor: u.factor }), ..self.clone() }
            }
            _ => self.clone(),
        }
    }
    /// The number in the unit it is shown in.
    pub fn shown(&self) -> f64 {
        self.unit.map_or(self.value, |u| self.value / u.factor)
    }
    /// Name of the unit it is shown in, including its power; empty for a plain number.
    pub fn unit_text(&self) -> String {
        match self.unit {
            Some(ShownUnit { name, power: 1, .. }) => (*name).to_string(),
            Some(ShownUnit { name, power, .. }) => format!("{name}^{power}"),
            None => self.dim.unit(),
        }
    }
}

/// A unit chosen by `->`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShownUnit {
    /// Its name, `kcal/mol`; a thin pointer, as there are many numbers.
    pub name: &'static &'static str,
    /// Its power.
    pub power: i32,
    /// Its value in atomic units, including its power.
    pub factor: f64,
}

/// The maximum number of elements in a list.
pub const MAX_LENGTH: usize = 10_000_000;

/// The number of values of an interval with whole numbers as ends, if they can be a list; none if it ends before it begins.
pub fn listed_length(from: &Quantity, to: &Quantity) -> Option<usize> {
    let length = (to.value - from.value + 1.0).max(0.0);
    (from.is_whole() && to.is_whole() && length <= MAX_LENGTH as f64).then_some(length as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(committee: u64, values: &[f64]) -> Trust {
        Trust::of(true, Some(ByMembers { committee, weights: [0.5, 0.5].into(), values: values.to_vec() }))
    }

    #[test]
    fn what_varies_together_cancels() {
        let (x, y) = (of(1, &[1.0, 3.0]), of(1, &[2.0, 4.0]));
        let apart = x.combined(2.0, &y, 3.0, |a, b| a - b);
        assert_eq!(apart.spread(), Some(0.0));
        let sum = x.combined(2.0, &y, 3.0, |a, b| a + b);
        assert_eq!(sum.spread(), Some(8.0f64.sqrt()));
        // Of different committees, variances add.
        let independent = x.combined(2.0, &of(2, &[2.0, 4.0]), 3.0, |a, b| a - b);
        assert_eq!(independent.spread(), Some(2.0));
        assert_eq!(independent.through(|x| -3.0 * x).spread(), Some(6.0));
    }

    #[test]
    fn doubt_is_inherited() {
        let doubtful = Trust::of(false, None);
        assert!(
            doubtful.through(f64::sqrt).unconverged()
                && Trust::FULL.combined(1.0, &doubtful, 1.0, f64::max).unconverged()
        );
        assert_eq!(doubtful.spread(), None);
    }
}
