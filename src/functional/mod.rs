//! What a functional is: an energy per electron as a function of one density or two, its derivative, closed shells, and how it is
//! evaluated and described. The graph it is made of belongs to [`crate::graph`].

mod closed;
mod compiled;
mod counts;
mod diagnose;
mod uniform;
mod xc;

pub use compiled::{CompileError, Compiled, Definition, Density, FunctionalKind};
pub use diagnose::NonFinite;
pub use xc::{At, BoundXc, DENSITY_SHIFT, Evaluation, LoweredXc, Xc};
