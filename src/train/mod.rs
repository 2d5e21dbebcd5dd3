//! Training: optimisers, seeds, validation, checkpoints.
