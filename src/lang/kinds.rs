//! Kinds of values, as named in signatures: what a parameter takes, what a call returns.

use super::Dimension;

/// A kind of value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Any value.
    Any,
    /// No value: the call is made for its effect.
    Nothing,
    /// A plain number.
    Number,
    /// A number of any dimension.
    Quantity,
    /// A number of this dimension, or a plain one in atomic units.
    Measured(Dimension),
    /// A whole number, at least 0.
    Whole,
    /// True or false.
    Truth,
    /// A string.
    Text,
    /// One of a few strings, each the value of the constant with that name.
    Word(&'static [&'static str]),
    /// One of a few strings, which are written in quotes.
    Quoted(&'static [&'static str]),
    /// A list, or an interval whose values can be listed.
    List,
    /// A record.
    Record,
    /// An interval.
    Interval,
    /// Numbers on a grid.
    Field,
    /// A grid.
    Grid,
    /// An interaction.
    Interaction,
    /// A system.
    System,
    /// A Kohn-Sham calculation.
    Run,
    /// An exact answer.
    Reference,
    /// A table.
    Table,
    /// A figure.
    Figure,
    /// A mixing of densities.
    Mixing,
    /// Anything that can be called.
    Function,
    /// A functional.
    Functional,
    /// A functional with its trained parameters.
    Model,
    /// The exact functional.
    ExactFunctional,
    /// A functional with a correction that is added to its energies.
    Corrected,
    /// What kernel ridge regression has learned.
    Machine,
    /// A kernel with its width.
    Kernel,
    /// Functions in which fields are expanded.
    Basis,
    /// A loss.
    Loss,
    /// An optimizer.
    Optimizer,
}

impl Kind {
    /// `a whole number`, `a field`, `` `zero` or `odd` ``, `"one" or "two"`.
    pub fn words(self) -> String {
        match self {
            Kind::Any => "any value",
            Kind::Nothing => "nothing",
            Kind::Number => "a plain number",
            Kind::Quantity => "a number",
            Kind::Measured(dimension) => return dimension.words(),
            Kind::Whole => "a whole number",
            Kind::Truth => "true or false",
            Kind::Text => "a string",
            Kind::Word(words) => return or(&words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>()),
            Kind::Quoted(texts) => return or(&texts.iter().map(|text| format!("\"{text}\"")).collect::<Vec<_>>()),
            Kind::List => "a list",
            Kind::Record => "a record",
            Kind::Interval => "an interval",
            Kind::Field => "a field",
            Kind::Grid => "a grid",
            Kind::Interaction => "an interaction",
            Kind::System => "a system",
            Kind::Run => "a run",
            Kind::Reference => "a reference",
            Kind::Table => "a table",
            Kind::Figure => "a figure",
            Kind::Mixing => "a mixing",
            Kind::Function => "a function",
            Kind::Functional => "a functional",
            Kind::Model => "a model",
            Kind::ExactFunctional => "the exact functional",
            Kind::Corrected => "a corrected functional",
            Kind::Machine => "a machine",
            Kind::Kernel => "a kernel",
            Kind::Basis => "a basis",
            Kind::Loss => "a loss",
            Kind::Optimizer => "an optimizer",
        }
        .to_owned()
    }

    /// The same without the article: `field`.
    pub fn noun(self) -> String {
        let words = self.words();
        words.strip_prefix("a ").or_else(|| words.strip_prefix("an ")).map_or(words.clone(), str::to_owned)
    }

    /// Whether only a number is accepted.
    pub fn is_numeric(self) -> bool {
        matches!(self, Kind::Number | Kind::Quantity | Kind::Measured(_) | Kind::Whole)
    }
}

/// `a number, a list or a field`.
pub fn either(kinds: &[Kind]) -> String {
    or(&kinds.iter().map(|kind| kind.words()).collect::<Vec<_>>())
}

/// `a`, `a or b`, `a, b or c`.
fn or(words: &[String]) -> String {
    match words.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} or {last}", before.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_read_as_english() {
        assert_eq!(either(&[Kind::Quantity, Kind::List, Kind::Field]), "a number, a list or a field");
        assert_eq!(either(&[Kind::Measured(Dimension::LENGTH)]), "a length");
        assert_eq!(Kind::Word(&["zero", "odd"]).words(), "`zero` or `odd`");
        assert_eq!(Kind::Quoted(&["one", "two"]).words(), "\"one\" or \"two\"");
        assert_eq!(
            either(&[Kind::Measured(Dimension::MEMORY), Kind::Word(&["automatic"])]),
            "an amount of memory or `automatic`"
        );
    }
}
