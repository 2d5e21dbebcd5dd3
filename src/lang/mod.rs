//! Text to tree: parser, tree, checks.

pub mod ast;
