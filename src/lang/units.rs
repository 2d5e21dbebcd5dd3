//! Units: a closed table. Inside, everything is in Hartree atomic units, and memory in bytes.
//!
//! Factors: CODATA 2018 (E. Tiesinga, P. J. Mohr, D. B. Newell, B. N. Taylor, Rev. Mod. Phys. 93, 025010 (2021)): Hartree
//! energy 27.211386245988 eV = 4.3597447222071e-18 J, Bohr radius 5.29177210903e-11 m, k_B = 1.380649e-23 J/K and
//! N_A = 6.02214076e23 /mol (exact); the thermochemical calorie is 4.184 J (exact).

use super::Dimension;
use super::words::canonical;
use pest::unicode::XID_CONTINUE;

/// A unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    /// As written: `kcal/mol`.
    pub name: &'static str,
    /// What it measures.
    pub dimension: Dimension,
    /// Atomic units (for memory: bytes) in one of it.
    pub factor: f64,
    /// Its full name, for completion and the reference.
    pub about: &'static str,
}

/// Electronvolts in one hartree.
pub const EV_PER_HARTREE: f64 = 27.211386245988;
/// Joules in one hartree.
pub const JOULE_PER_HARTREE: f64 = 4.3597447222071e-18;
/// Metres in one bohr.
pub const METRE_PER_BOHR: f64 = 5.29177210903e-11;

const AVOGADRO: f64 = 6.02214076e23;
const BOLTZMANN: f64 = 1.380649e-23;

const fn energy(name: &'static str, factor: f64, about: &'static str) -> Unit {
    Unit { name, dimension: Dimension::ENERGY, factor, about }
}

const fn length(name: &'static str, factor: f64, about: &'static str) -> Unit {
    Unit { name, dimension: Dimension::LENGTH, factor, about }
}

const fn memory(name: &'static str, factor: f64, about: &'static str) -> Unit {
    Unit { name, dimension: Dimension::MEMORY, factor, about }
}

/// All units, each followed by its other spellings.
pub const UNITS: &[Unit] = &[
    energy("hartree", 1.0, "hartree, the atomic unit of energy"),
    energy("Ha", 1.0, "hartree"),
    energy("mhartree", 1e-3, "thousandth of a hartree"),
    energy("mHa", 1e-3, "thousandth of a hartree"),
    energy("eV", 1.0 / EV_PER_HARTREE, "electronvolt"),
    energy("meV", 1e-3 / EV_PER_HARTREE, "thousandth of an electronvolt"),
    energy("rydberg", 0.5, "rydberg, half a hartree"),
    energy("Ry", 0.5, "rydberg, half a hartree"),
    energy("kcal/mol", 4184.0 / (AVOGADRO * JOULE_PER_HARTREE), "kilocalorie (4.184 kJ) per mole"),
    energy("kJ/mol", 1000.0 / (AVOGADRO * JOULE_PER_HARTREE), "kilojoule per mole"),
    energy("K", BOLTZMANN / JOULE_PER_HARTREE, "kelvin, as the energy k_B T"),
    length("bohr", 1.0, "Bohr radius, the atomic unit of length"),
    length("angstrom", 1e-10 / METRE_PER_BOHR, "ångström, 1e-10 m"),
    length("Å", 1e-10 / METRE_PER_BOHR, "ångström, 1e-10 m"),
    length("nm", 1e-9 / METRE_PER_BOHR, "nanometre"),
    length("pm", 1e-12 / METRE_PER_BOHR, "picometre"),
    memory("byte", 1.0, "byte, of a computer's memory"),
    memory("kB", 1e3, "thousand bytes"),
    memory("MB", 1e6, "million bytes"),
    memory("GB", 1e9, "thousand million bytes"),
    memory("TB", 1e12, "million million bytes"),
    memory("KiB", 1024.0, "1024 bytes"),
    memory("MiB", 1_048_576.0, "1024 KiB"),
    memory("GiB", 1_073_741_824.0, "1024 MiB"),
    memory("TiB", 1_099_511_627_776.0, "1024 GiB"),
];

/// The unit in which an amount of memory, in bytes, reads best: the largest power of a thousand that is not larger than
/// the amount.
pub fn of_memory(bytes: f64) -> Option<&'static Unit> {
    let fits = |unit: &&Unit| bytes.is_finite() && bytes.abs() >= unit.factor;
    ["TB", "GB", "MB", "kB"].into_iter().filter_map(find).find(fits).or_else(|| find("byte"))
}

/// Other spellings of Å: its own character, and A with a ring above.
const RINGS: [&str; 2] = ["\u{212b}", "A\u{30a}"];

/// The unit of a name, in any spelling of its letters.
pub fn find(name: &str) -> Option<&'static Unit> {
    let name = &*canonical(name);
    UNITS.iter().find(|unit| unit.name == name)
}

/// The longest unit that a text begins with: `kcal/mol` of `kcal/mol * 2`.
pub(crate) fn at_start(text: &str) -> Option<&str> {
    let ends = |length: &usize| !text[*length..].starts_with(XID_CONTINUE);
    let spellings = names().chain(RINGS).filter(|name| text.starts_with(name));
    spellings.map(str::len).filter(ends).max().map(|length| &text[..length])
}

/// All names, in the order of the table.
pub fn names() -> impl Iterator<Item = &'static str> {
    UNITS.iter().map(|unit| unit.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::parse;
    use crate::source::SourceId;
    use std::collections::BTreeSet;

    fn factor(name: &str) -> f64 {
        find(name).map_or(f64::NAN, |u| u.factor)
    }

    #[test]
    fn factors_agree_with_published_conversions() {
        // CODATA 2018 conversion table and the values commonly quoted in the field.
        let close = |a: f64, b: f64, tolerance: f64| assert!((a / b - 1.0).abs() < tolerance, "{a} {b}");
        close(1.0 / factor("kcal/mol"), 627.509474, 1e-9);
        close(1.0 / factor("kJ/mol"), 2625.49964, 1e-9);
        close(1.0 / factor("K"), 315775.02480407, 1e-10);
        close(factor("angstrom"), 1.8897261246257702, 1e-12);
        close(factor("eV"), 0.036749322175655, 1e-12);
        close(factor("rydberg") / factor("eV"), 13.605693122994, 1e-12);
        close(factor("nm"), 10.0 * factor("angstrom"), 1e-14);
        close(factor("pm"), factor("angstrom") / 100.0, 1e-14);
        close(factor("mhartree"), 1e-3, 1e-15);
        close(factor("meV"), factor("eV") / 1000.0, 1e-15);
    }

    #[test]
    fn memory_is_read_in_powers_of_a_thousand() {
        let name = |bytes: f64| of_memory(bytes).map(|unit| unit.name);
        let cases =
            [(0.0, "byte"), (999.0, "byte"), (1e3, "kB"), (-2.5e6, "MB"), (1_073_741_824.0, "GB"), (3e15, "TB")];
        for (bytes, unit) in cases {
            assert_eq!(name(bytes), Some(unit), "{bytes}");
        }
        assert_eq!([name(f64::NAN), name(f64::INFINITY)], [Some("byte"); 2]);
        assert_eq!(["byte", "kB", "MB", "GB", "TB"].map(factor), [1.0, 1e3, 1e6, 1e9, 1e12]);
        assert_eq!(["KiB", "MiB", "GiB", "TiB"].map(factor), [10, 20, 30, 40].map(|power| 2f64.powi(power)));
    }

    /// The texts that the grammar's rule for units chooses among.
    fn units_of_the_grammar() -> Vec<&'static str> {
        let grammar = include_str!("../../grammar/ksr.pest");
        let rule = grammar.split_once("unit_name = @{").and_then(|(_, rest)| rest.split_once("~ !XID_CONTINUE"));
        rule.map_or(Vec::new(), |(choices, _)| choices.split('"').skip(1).step_by(2).collect())
    }

    #[test]
    fn the_units_of_the_grammar_are_those_of_the_table() {
        let rings = [r"\u{212b}", r"A\u{30a}"];
        let written = units_of_the_grammar();
        let grammar: BTreeSet<&str> = written.iter().copied().collect();
        let table: BTreeSet<&str> = names().chain(rings).collect();
        assert_eq!(grammar, table);
        assert_eq!(written.len(), grammar.len(), "a unit occurs in the grammar twice: {written:?}");
    }

    /// The parser's choice is the first that fits, so a unit may be hidden behind another one that it begins with.
    #[test]
    fn every_unit_of_the_table_is_read_as_itself() {
        for unit in UNITS {
            for text in [format!("1 {}", unit.name), format!("1{}", unit.name), format!("1 -> {}", unit.name)] {
                let program = parse(SourceId::default(), &text);
                let tree = format!("{:?}", program.unwrap_or_else(|problems| panic!("{text}: {problems:?}")));
                assert!(tree.contains(&format!("{:?}", unit.name)), "{text}: {tree}");
            }
        }
    }

    #[test]
    fn names_are_found_and_unique() {
        for (i, unit) in UNITS.iter().enumerate() {
            assert!(UNITS[..i].iter().all(|other| other.name != unit.name), "{}", unit.name);
            assert_eq!(find(unit.name).map(|u| u.name), Some(unit.name));
        }
        assert_eq!(RINGS.map(|ring| find(ring).map(|u| u.name)), [Some("Å"); 2]);
        assert!(find("furlong").is_none());
        assert_eq!(names().count(), UNITS.len());
        let starts = ["kcal/mol * 2", "eV", "eVs", "K + 1", "Å^2", "", "x"].map(at_start);
        assert_eq!(starts, [Some("kcal/mol"), Some("eV"), None, Some("K"), Some("Å"), None, None]);
    }
}
