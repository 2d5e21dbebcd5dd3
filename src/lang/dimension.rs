//! Dimensions: powers of energy, length and memory. Everything else is a plain number.

/// Powers of the known dimensions, in halves, so that square roots are possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Dimension {
    /// Twice the power of energy.
    pub energy: i16,
    /// Twice the power of length.
    pub length: i16,
    /// Twice the power of computer memory.
    pub memory: i16,
}

impl Dimension {
    /// That of a plain number.
    pub const PLAIN: Dimension = Dimension { energy: 0, length: 0, memory: 0 };
    /// That of an energy.
    pub const ENERGY: Dimension = Dimension { energy: 2, ..Dimension::PLAIN };
    /// That of a length.
    pub const LENGTH: Dimension = Dimension { length: 2, ..Dimension::PLAIN };
    /// That of an amount of memory.
    pub const MEMORY: Dimension = Dimension { memory: 2, ..Dimension::PLAIN };

    /// That of an inverse length.
    pub const PER_LENGTH: Dimension = Dimension { length: -2, ..Dimension::PLAIN };

    /// Whether it is the dimension of a plain number.
    pub fn is_plain(self) -> bool {
        self == Self::PLAIN
    }

    /// That of a product.
    pub fn times(self, other: Dimension) -> Dimension {
        self.with(other, i16::saturating_add)
    }

    /// That of a quotient.
    pub fn over(self, other: Dimension) -> Dimension {
        self.with(other, i16::saturating_sub)
    }

    fn with(self, other: Dimension, f: fn(i16, i16) -> i16) -> Dimension {
        Dimension {
            energy: f(self.energy, other.energy),
            length: f(self.length, other.length),
            memory: f(self.memory, other.memory),
        }
    }

    /// That of a power; `None` if it is not a multiple of one half.
    pub fn power(self, exponent: f64) -> Option<Dimension> {
        if self.is_plain() {
            return Some(self);
        }
        let scaled = |p: i16| {
            let q = f64::from(p) * exponent;
            let whole = q.round();
            ((q - whole).abs() < 1e-9 && whole.abs() < f64::from(i16::MAX)).then_some(whole as i16)
        };
        Some(Dimension { energy: scaled(self.energy)?, length: scaled(self.length)?, memory: scaled(self.memory)? })
    }

    /// The dimension of two operands that must agree: a plain number takes that of the other. `None`: they clash.
    pub fn agree(self, other: Dimension) -> Option<Dimension> {
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
        let force = Dimension::ENERGY.over(Dimension::LENGTH);
        assert_eq!(force.times(Dimension::LENGTH), Dimension::ENERGY);
        assert_eq!(Dimension::ENERGY.power(2.0), Some(Dimension::ENERGY.times(Dimension::ENERGY)));
        assert_eq!(Dimension::ENERGY.power(0.5).and_then(|d| d.power(2.0)), Some(Dimension::ENERGY));
        assert_eq!(Dimension::ENERGY.power(0.3), None);
        assert_eq!(Dimension::PLAIN.power(0.3), Some(Dimension::PLAIN));
        assert_eq!(Dimension::PLAIN.power(f64::INFINITY), Some(Dimension::PLAIN));
    }

    #[test]
    fn plain_takes_the_other_dimension_and_two_others_clash() {
        assert_eq!(Dimension::PLAIN.agree(Dimension::ENERGY), Some(Dimension::ENERGY));
        assert_eq!(Dimension::LENGTH.agree(Dimension::PLAIN), Some(Dimension::LENGTH));
        assert_eq!(Dimension::LENGTH.agree(Dimension::ENERGY), None);
    }

    #[test]
    fn dimensions_in_words() {
        assert_eq!(Dimension::ENERGY.words(), "an energy");
        assert_eq!(Dimension::ENERGY.over(Dimension::LENGTH).unit(), "hartree/bohr");
        assert_eq!(Dimension::PLAIN.over(Dimension::LENGTH).unit(), "1/bohr");
        assert_eq!(Dimension { energy: 1, ..Dimension::PLAIN }.unit(), "hartree^0.5");
    }
}
