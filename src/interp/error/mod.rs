//! What can go wrong while a program is evaluated: one enum a stage.

mod arity;
mod placed;
mod run;
mod system;
mod types;
mod units;

pub use arity::ArityError;
pub use placed::Placed;
pub use run::RunError;
pub use system::SystemProblem;
pub use types::TypesError;
pub use units::UnitsError;

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

/// The name of `known` a misspelt one most likely means.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let score = |k: &str| {
        let close = strsim::damerau_levenshtein(&name.to_lowercase(), &k.to_lowercase());
        let limit = (name.chars().count().max(k.chars().count()) / 3).max(1);
        let contained = name.len() >= 3 && (k.contains(name) || name.contains(k)) && k.len() >= 3;
        (close <= limit || contained).then_some((close, k.len()))
    };
    known.into_iter().filter_map(|k| score(k).map(|s| (s, k))).min_by_key(|(s, k)| (*s, *k)).map(|(_, k)| k)
}

/// The help of an error about a name: `did you mean `x`?` or the names that exist.
pub fn suggestion<S: AsRef<str>>(name: &str, known: &[S], kind: &str) -> String {
    match nearest(name, known.iter().map(AsRef::as_ref)) {
        Some(n) => format!("did you mean `{n}`?"),
        None if known.is_empty() => format!("there are no {kind}"),
        None => format!("the {kind} are {}", listed(known)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_names_find_the_one_meant_and_strange_ones_find_none() {
        let known = ["sqrt", "sin", "sum", "spacing", "points"];
        for (wrong, right) in [("sqtr", Some("sqrt")), ("Points", Some("points")), ("spacin", Some("spacing"))] {
            assert_eq!(nearest(wrong, known), right, "{wrong}");
        }
        assert_eq!(nearest("banana", known), None);
        assert_eq!(listed(&["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
