//! The exact functional: Kohn-Sham calculations with L. O. Wagner, T. E. Baker, E. M. Stoudenmire, K. Burke, S. R. White, Phys. Rev. B 90,
//! 045109 (2014) and Phys. Rev. Lett. 111, 093003 (2013). At a density n two inversions give v_xc\[n\] = v_s\[n\] - v\[n\] - v_H\[n\]: the
//! potential in which non-interacting electrons have the density, and the one in which interacting electrons have it.

mod at;
mod channels;
mod error;
mod interacting;
mod iterate;
mod mix;
mod tails;
#[cfg(test)]
mod tests;

pub(crate) use at::{AtDensity, ExactFunctional, MOST_ELECTRONS};
pub(crate) use error::FunctionalError;
pub(crate) use iterate::solve;

/// The name of the functional in runs and texts.
pub(crate) const NAME: &str = "exact_functional()";
