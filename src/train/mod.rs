//! Training: losses over Kohn-Sham trajectories, optimisers, seeds, validation, checkpoints.

mod adam;
mod budget;
mod error;
mod evaluate;
pub(crate) mod key;
mod lbfgs;
mod line_search;
mod memory;
mod minimised;
mod optimizer;
mod plan;
mod record;
mod run;
mod seed;
mod state;
mod step;
mod store;
mod unsolved;
mod verdict;

pub use adam::{Adam, Rate};
pub use budget::Budget;
pub use error::TrainError;
pub use lbfgs::Lbfgs;
pub use memory::Forecast;
pub use optimizer::Optimizer;
pub use plan::{Case, Gradient, LossGraph, LossInput, Plan};
pub use record::{Ending, Kept, SeedRecord, Step, Trained, Unjudged};
pub use run::{Evaluation, evaluate, train, with_evaluation};
pub use store::Store;
pub use verdict::TrainWarning;
