//! Kernels: how alike two inputs are, as a function of their distance.

/// A function of the distance in widths, 1 at 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// exp(-r²/2).
    Gaussian,
    /// exp(-r).
    Laplace,
}

impl Profile {
    /// All of them.
    pub const ALL: [Profile; 2] = [Profile::Gaussian, Profile::Laplace];

    /// Its name in the language.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Gaussian => "gaussian",
            Profile::Laplace => "laplace",
        }
    }

    /// The one of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// Power and factor of its exponent: it is exp(factor * r^power) at a distance of r widths.
    pub fn exponent(self) -> (i32, f64) {
        match self {
            Profile::Gaussian => (2, -0.5),
            Profile::Laplace => (1, -1.0),
        }
    }

    /// Its value at a distance in widths.
    pub fn at(self, r: f64) -> f64 {
        let (power, factor) = self.exponent();
        (factor * r.powi(power)).exp()
    }
}
