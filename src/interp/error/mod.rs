//! Errors while a program is evaluated: one enum per stage.

mod advice;
mod arity;
mod placed;
mod run;
mod system;
mod trace;
mod trust;
mod types;
mod units;

pub use advice::Advice;
pub use arity::ArityError;
pub use placed::{Placed, inside};
pub use run::RunError;
pub use system::SystemProblem;
pub use trace::TraceError;
pub use trust::TrustError;
pub use types::TypesError;
pub use units::UnitsError;

use crate::lang::nearest::nearest;
use crate::problem::Problem;
use crate::source::Span;
use miette::Diagnostic;

/// A boxed problem at a place, ready for `Err`.
pub fn fail<T>(error: impl Diagnostic + Send + Sync + 'static, span: Span) -> crate::problem::Result<T> {
    Err(Box::new(Problem::new(error, span)))
}

/// `a`, `b` and `c`, each in backticks.
pub fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("`{}`", n.as_ref())).collect();
    match quoted.split_last() {
        None => "none".into(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// The help for an error about a name: `did you mean `x`?` or the names that exist.
pub fn suggestion<S: AsRef<str>>(name: &str, known: &[S], kind: &str) -> String {
    match nearest(name, known.iter().map(AsRef::as_ref)) {
        Some(n) => format!("did you mean `{n}`?"),
        None if known.is_empty() => format!("there are no {kind}"),
        None if known.len() == 1 => format!("the only one is {}", listed(known)),
        None => format!("the {kind} are {}", listed(known)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_and_the_nearest_is_suggested() {
        assert_eq!(listed(&["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(suggestion("spacin", &["points", "spacing"], "parameters"), "did you mean `spacing`?");
        assert_eq!(suggestion("banana", &["x", "y"], "parameters"), "the parameters are `x` and `y`");
        assert_eq!(suggestion("banana", &["x"], "parameters"), "the only one is `x`");
    }
}
