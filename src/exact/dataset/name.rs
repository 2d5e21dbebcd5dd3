//! Names of the systems of a data set.

use crate::data::Layout;

const ELEMENTS: [&str; 10] = ["H", "He", "Li", "Be", "B", "C", "N", "O", "F", "Ne"];

/// `Li`, or `Z=2.5`.
pub(super) fn element(charge: f64) -> String {
    let known = ELEMENTS.iter().zip(1_u8..).find(|(_, z)| f64::from(*z) == charge);
    known.map_or(format!("Z={charge}"), |(symbol, _)| (*symbol).to_owned())
}

/// The name of a system: its own, or that of the set with the distance, `h2(1.28)`, or with the index, `atoms[3]`.
pub(super) fn label(set: &str, layout: &Layout, index: usize) -> String {
    if let Some(name) = layout.names.as_ref().map(|names| plain(&names[index])).filter(|name| !name.is_empty()) {
        return name;
    }
    match &layout.distances {
        Some(distances) => format!("{set}({})", short(distances[index])),
        None => format!("{set}[{index}]"),
    }
}

/// At most six digits.
fn short(x: f64) -> f64 {
    (1e6 * x).round() / 1e6
}

/// A name without LaTeX: `He$^+$` is `He+`. Only text between dollar signs is changed.
pub(super) fn plain(name: &str) -> String {
    let parts: Vec<&str> = name.trim().split('$').collect();
    if parts.len().is_multiple_of(2) {
        return name.trim().to_owned();
    }
    let mark = |c: &char| !matches!(c, '^' | '_' | '{' | '}' | '\\' | ' ');
    let part = |(k, part): (usize, &&str)| match k % 2 {
        0 => (*part).to_owned(),
        _ => part.replace("\\mathrm", "").replace("\\text", "").chars().filter(mark).collect(),
    };
    parts.iter().enumerate().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_without_their_latex() {
        let names = [("H", "H"), ("He$^+$", "He+"), ("Li$^{++}$", "Li++"), ("Be$^{3+}$", "Be3+"), ("H$_2$", "H2")];
        for (written, wanted) in names {
            assert_eq!(plain(written), wanted);
        }
        assert_eq!(plain("ion_2(1, 2)^"), "ion_2(1, 2)^");
        assert_eq!(plain("5 $"), "5 $");
        assert_eq!((element(4.0), element(2.5)), ("Be".into(), "Z=2.5".into()));
    }

    #[test]
    fn unnamed_systems_are_named_by_distance_or_index() {
        let mut layout = Layout { distances: Some(vec![0.0, 1.28]), ..Layout::default() };
        assert_eq!(label("h2", &layout, 1), "h2(1.28)");
        layout.distances = None;
        assert_eq!(label("h2", &layout, 1), "h2[1]");
        layout.names = Some(vec!["a".into(), " ".into()]);
        assert_eq!((label("h2", &layout, 0), label("h2", &layout, 1)), ("a".into(), "h2[1]".into()));
    }
}
