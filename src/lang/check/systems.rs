//! Systems, functionals and losses: what their heads and entries must have.

use super::error::CheckError;
use super::walk::Checker;
use crate::lang::ast::{FnDef, FunctionalDef, Ident, ParamDecl, SystemDef, SystemEntry};
use crate::lang::nearest::nearest;
use crate::source::Span;

const OPTIONS: &[&str] = &["electrons", "charge", "unpaired", "potential", "interaction", "name"];

impl Checker<'_> {
    /// Checks a system except for its expressions.
    pub(super) fn system_entries(&mut self, system: &SystemDef) {
        let name = system.name.name.to_string();
        if system.grid.is_none() {
            let params = system.params.as_deref().unwrap_or(&[]).iter().map(|p| p.name.name.to_string());
            let params: Vec<String> = params.collect();
            let head = if system.params.is_some() { format!("{name}({})", params.join(", ")) } else { name.clone() };
            self.error(CheckError::NoGrid { name: name.clone(), head, span: system.span });
        }
        let options: Vec<&Ident> = system.entries.iter().filter_map(option).collect();
        for option in &options {
            self.known_option(option);
        }
        self.refuse_doubles("option", options.iter().copied(), "keep one of them");
        let span_of = |wanted: &str| options.iter().find(|o| &*o.name == wanted).map(|o| o.span);
        if let (Some(electrons), Some(charge)) = (span_of("electrons"), span_of("charge")) {
            let (first, span) = if electrons.start < charge.start { (electrons, charge) } else { (charge, electrons) };
            self.error(CheckError::ElectronsAndCharge { first, span });
        }
        for entry in &system.entries {
            if let SystemEntry::Function { function } = entry {
                self.one_variable(function);
            }
        }
    }

    fn known_option(&mut self, option: &Ident) {
        let name = &*option.name;
        if OPTIONS.contains(&name) {
            return;
        }
        let help = match (name, nearest(name, OPTIONS.iter().copied())) {
            ("spin" | "multiplicity", _) => "say how many electrons are unpaired: `unpaired: 1`".into(),
            ("grid", _) => "the grid goes in the head: `system … on line { … }`".into(),
            ("n" | "N" | "nelec", _) => "did you mean `electrons`?".into(),
            ("v" | "v_ext" | "external", _) => "did you mean `potential`?".into(),
            (_, Some(near)) => format!("did you mean `{near}`?"),
            _ => format!("it has {}; a nucleus is written `{name} at 0`", OPTIONS.join(", ")),
        };
        self.error(CheckError::UnknownEntry { name: name.into(), span: option.span, help });
    }

    fn one_variable(&mut self, function: &FnDef) {
        let name = &*function.name.name;
        let count = function.params.len();
        if !matches!(name, "potential" | "interaction") || count == 1 {
            return;
        }
        let better = if name == "potential" { "potential(x): …" } else { "interaction(r): …" };
        let error = CheckError::Variables { name: name.into(), span: function.span, count, better: better.into() };
        self.error(error);
    }

    /// Checks that a functional has one density or two, with suitable names.
    pub(super) fn functional_head(&mut self, functional: &FunctionalDef) {
        let function = &functional.function;
        let densities: Vec<&ParamDecl> = function.params.iter().filter(|p| p.default.is_none()).collect();
        match densities.as_slice() {
            [only] if of_one_spin(&only.name.name) => {
                let name = &only.name.name;
                let help = format!(
                    "`{name}` is a name for the density of one spin: write both, `(n_up, n_down)`, or call the total \
                     density `n`"
                );
                return self.head(function, "functional", "one density, or one of each spin", only.name.span, help);
            }
            [_] => return,
            [up, down] if spin_pair(&up.name.name, &down.name.name) => return,
            [up, down] => return self.not_a_spin_pair(function, &up.name, &down.name),
            _ => {}
        }
        let span = densities.get(2).map_or(function.span, |p| p.name.span);
        let help =
            "write `functional f(n) = …` or `functional f(n_up, n_down) = …`; further parameters have defaults".into();
        self.head(function, "functional", "one density or two", span, help);
    }

    /// Reports a second parameter without default that is not the density of the other spin.
    fn not_a_spin_pair(&mut self, function: &FnDef, first: &Ident, second: &Ident) {
        let (first, name) = (&first.name, &second.name);
        let help = if spin_pair(name, first) {
            format!("the density of the up electrons comes first: `{name}, {first}`")
        } else {
            format!(
                "an option needs a default: `{name} = 1`; spin densities are called `n_up, n_down`, or another such pair: \
                 `up, down`, `a, b`, `alpha, beta`"
            )
        };
        self.head(function, "functional", "one density, or one of each spin", second.span, help);
    }

    /// Checks that the parameters of a loss begin with a run and a reference.
    pub(super) fn loss_head(&mut self, loss: &FnDef) {
        let without = loss.params.iter().filter(|p| p.default.is_none());
        if without.clone().count() != 2 {
            let span = without.clone().nth(2).map_or(loss.span, |p| p.name.span);
            let help = format!("write `loss {}(run, exact, weight = 0.5) {{ … }}`", loss.name.name);
            self.head(loss, "loss", "a run and a reference, then options with defaults", span, help);
        }
    }

    fn head(&mut self, function: &FnDef, what: &str, needs: &str, span: Span, help: String) {
        let (what, name, needs) = (what.into(), function.name.name.to_string(), needs.into());
        self.error(CheckError::Head { what, name, needs, span, help });
    }
}

/// The name of an option.
fn option(entry: &SystemEntry) -> Option<&Ident> {
    match entry {
        SystemEntry::Option { name, .. } => Some(name),
        SystemEntry::Function { function } => Some(&function.name),
        SystemEntry::Nucleus { .. } => None,
    }
}

/// Pairs of endings or beginnings that mark the names of the two spin densities.
const SPINS: &[(&str, &str)] = &[
    ("up", "down"),
    ("up", "dn"),
    ("u", "d"),
    ("alpha", "beta"),
    ("a", "b"),
    ("plus", "minus"),
    ("p", "m"),
    ("1", "2"),
    ("0", "1"),
];

/// Whether a name clearly means the density of one spin: `n_up`, `down`, `alpha_n`.
fn of_one_spin(name: &str) -> bool {
    name.to_lowercase().split('_').any(|word| ["up", "down", "dn", "alpha", "beta"].contains(&word))
}

/// Whether two names are those of an up and a down density: `n_up, n_down`, `na, nb`, `up, down`.
fn spin_pair(up: &str, down: &str) -> bool {
    let (up, down) = (up.to_lowercase(), down.to_lowercase());
    let same = |a: Option<&str>, b: Option<&str>| a.is_some() && a == b;
    SPINS
        .iter()
        .any(|(p, q)| same(up.strip_suffix(p), down.strip_suffix(q)) || same(up.strip_prefix(p), down.strip_prefix(q)))
}
