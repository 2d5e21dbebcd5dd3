//! Dimensions: powers of energy, length and memory. Everything else is plain.

/// Powers of the dimensions known; in halves, so that a square root has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Dim {
    /// Twice the power of energy.
    pub energy: i16,
    /// Twice the power of length.
    pub length: i16,
    /// Twice the power of a computer's memory.
    pub memory: i16,
}

impl Dim {
    /// Of a plain number.
    pub const PLAIN: Dim = Dim { energy: 0, length: 0, memory: 0 };
    /// Of an energy.
    pub const ENERGY: Dim = Dim { energy: 2, ..Dim::PLAIN };
    /// Of a length.
    pub const LENGTH: Dim = Dim { length: 2, ..Dim::PLAIN };
    /// Of an amount of memory.
    pub const MEMORY: Dim = Dim { memory: 2, ..Dim::PLAIN };

    /// Whether it is the dimension of a plain number.
    pub fn is_plain(self) -> bool {
        self == Self::PLAIN
    }

    /// Of a product.
    pub fn times(self, other: Dim) -> Dim {
        self.with(other, i16::saturating_add)
    }

    /// Of a quotient.
    pub fn over(self, other: Dim) -> Dim {
        self.with(other, i16::saturating_sub)
    }

    fn with(self, other: Dim, f: fn(i16, i16) -> i16) -> Dim {
        Dim {
            energy: f(self.energy, other.energy),
            length: f(self.length, other.length),
            memory: f(self.memory, other.memory),
        }
    }

    /// Of a power; `None` where it is not a multiple of one half.
    pub fn power(self, exponent: f64) -> Option<Dim> {
        if self.is_plain() {
            return Some(self);
        }
        let scaled = |p: i16| {
            let q = f64::from(p) * exponent;
            let whole = q.round();
            ((q - whole).abs() < 1e-9 && whole.abs() < f64::from(i16::MAX)).then_some(whole as i16)
        };
        Some(Dim { energy: scaled(self.energy)?, length: scaled(self.length)?, memory: scaled(self.memory)? })
    }

    /// The dimension two operands share where they must agree: a plain number takes the other's. `None`: they clash.
    pub fn agree(self, other: Dim) -> Option<Dim> {
        if self == other || other.is_plain() {
            Some(self)
        } else if self.is_plain() {
            Some(other)
        } else {
            None
        }
    }

    /// `an energy`, `a length`, `a plain number`, `a quantity in hartree/bohr^2`.
    pub fn words(self) -> String {
        match self {
            Self::PLAIN => "a plain number".into(),
            Self::ENERGY => "an energy".into(),
            Self::LENGTH => "a length".into(),
            Self::MEMORY => "an amount of memory".into(),
            _ => format!("a quantity in {}", self.unit()),
        }
    }

    /// Its atomic unit, `hartree/bohr^2`; empty for a plain number.
    pub fn unit(self) -> String {
        let factors = [("hartree", self.energy), ("bohr", self.length), ("byte", self.memory)];
        let part = |name: &str, twice: i16| match twice {
            2 => name.to_string(),
            t if t % 2 == 0 => format!("{name}^{}", t / 2),
            t => format!("{name}^{}", f64::from(t) / 2.0),
        };
        let above: Vec<String> = factors.iter().filter(|f| f.1 > 0).map(|f| part(f.0, f.1)).collect();
        let below: Vec<String> = factors.iter().filter(|f| f.1 < 0).map(|f| part(f.0, -f.1)).collect();
        match (above.is_empty(), below.is_empty()) {
            (_, true) => above.join(" "),
            (true, false) => format!("1/{}", below.join("/")),
            (false, false) => format!("{}/{}", above.join(" "), below.join("/")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_quotients_and_powers_add_up() {
        let force = Dim::ENERGY.over(Dim::LENGTH);
        assert_eq!(force.times(Dim::LENGTH), Dim::ENERGY);
        assert_eq!(Dim::ENERGY.power(2.0), Some(Dim::ENERGY.times(Dim::ENERGY)));
        assert_eq!(Dim::ENERGY.power(0.5).and_then(|d| d.power(2.0)), Some(Dim::ENERGY));
        assert_eq!(Dim::ENERGY.power(0.3), None);
        assert_eq!(Dim::PLAIN.power(0.3), Some(Dim::PLAIN));
        assert_eq!(Dim::PLAIN.power(f64::INFINITY), Some(Dim::PLAIN));
    }

    #[test]
    fn plain_takes_the_other_dimension_and_two_others_clash() {
        assert_eq!(Dim::PLAIN.agree(Dim::ENERGY), Some(Dim::ENERGY));
        assert_eq!(Dim::LENGTH.agree(Dim::PLAIN), Some(Dim::LENGTH));
        assert_eq!(Dim::LENGTH.agree(Dim::ENERGY), None);
    }

    #[test]
    fn dimensions_in_words() {
        assert_eq!(Dim::ENERGY.words(), "an energy");
        assert_eq!(Dim::ENERGY.over(Dim::LENGTH).unit(), "hartree/bohr");
        assert_eq!(Dim::PLAIN.over(Dim::LENGTH).unit(), "1/bohr");
        assert_eq!(Dim { energy: 1, ..Dim::PLAIN }.unit(), "hartree^0.5");
    }
}
