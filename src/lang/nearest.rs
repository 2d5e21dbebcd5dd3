//! Suggestions for misspelt names.

use strsim::{damerau_levenshtein, jaro_winkler};

/// Longer words, bytes, are not compared: nobody has misspelt them, and it takes long.
const LONGEST: usize = 100;

/// The candidate nearest to a misspelt word, if one is near enough to have been meant.
///
/// A typing error (a swap, a missing, doubled or wrong letter, another case) is near, and so is the beginning of a
/// longer name; an unrelated word is not: no suggestion is better than a wrong one.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST {
        return None;
    }
    let wanted = fold(word);
    let scored = candidates
        .into_iter()
        .filter(|c| *c != word && c.len() <= LONGEST)
        .filter_map(|c| score(&wanted, &fold(c)).map(|s| (s, c)));
    let best = scored.min_by(|(a, x), (b, y)| a.total_cmp(b).then_with(|| x.cmp(y)));
    best.map(|(_, candidate)| candidate)
}

/// The help `did you mean …?`, if something is near.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(word, candidates).map(|near| format!("did you mean `{near}`?"))
}

/// Ignores case and underscores.
fn fold(word: &str) -> String {
    word.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect()
}

/// The distance between two words; `None` if it is too large.
fn score(word: &str, candidate: &str) -> Option<f64> {
    let (short, long) = (word.chars().count(), candidate.chars().count());
    let distance = damerau_levenshtein(word, candidate);
    let allowed = match short.max(long) {
        0..=2 => 0,
        3..=4 => 1,
        5..=8 => 2,
        _ => 3,
    };
    // At equal distance, swapped letters and a common start count for a candidate, other letters against it.
    let likeness = jaro_winkler(word, candidate) + if same_letters(word, candidate) { 1.0 } else { 0.0 };
    if distance <= allowed {
        return Some(distance as f64 - 0.5 * likeness);
    }
    let begins = short >= 4 && (candidate.starts_with(word) || candidate.ends_with(word));
    begins.then(|| 4.0 + (long - short) as f64 / 10.0)
}

fn same_letters(a: &str, b: &str) -> bool {
    let sorted = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    sorted(a) == sorted(b)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    const NAMES: &[&str] = &[
        "abs",
        "assert",
        "assert_eq",
        "atan",
        "channel",
        "concat",
        "conv",
        "cos",
        "dense",
        "describe",
        "diis",
        "downsample",
        "energy",
        "exact",
        "exp",
        "global_conv",
        "grad",
        "hartree",
        "integral",
        "invert",
        "laplacian",
        "lbfgs",
        "len",
        "linear",
        "ln",
        "load",
        "max",
        "mean",
        "min",
        "minimum",
        "negative",
        "normal",
        "pi",
        "plot",
        "potential",
        "print",
        "relu",
        "root",
        "save",
        "self_interaction_gate",
        "sigmoid",
        "silu",
        "sin",
        "snap",
        "softplus",
        "solve",
        "sqrt",
        "sum",
        "table",
        "tanh",
        "train",
        "trainable",
        "uniform",
        "upsample",
        "where",
    ];

    #[test]
    fn typing_errors_are_recognised() {
        let table = [
            ("sqtr", "sqrt"),
            ("sqr", "sqrt"),
            ("squrt", "sqrt"),
            ("Sqrt", "sqrt"),
            ("potental", "potential"),
            ("potenital", "potential"),
            ("inegral", "integral"),
            ("intergal", "integral"),
            ("globalconv", "global_conv"),
            ("globl_conv", "global_conv"),
            ("self_interaction", "self_interaction_gate"),
            ("tahn", "tanh"),
            ("slove", "solve"),
            ("pritn", "print"),
            ("asserteq", "assert_eq"),
            ("unifrom", "uniform"),
            ("hartre", "hartree"),
            ("Exact", "exact"),
            ("laplacien", "laplacian"),
            ("maen", "mean"),
            ("lbgfs", "lbfgs"),
            ("sigmoid_", "sigmoid"),
        ];
        for (written, meant) in table {
            assert_eq!(nearest(written, NAMES.iter().copied()), Some(meant), "{written}");
        }
    }

    #[test]
    fn unrelated_words_give_no_suggestion() {
        for word in ["x", "R", "n", "foo", "kinetic", "wavefunction", "density", "a", "zz", "curve", "h2", "lda", "b2"]
        {
            assert_eq!(nearest(word, NAMES.iter().copied()), None, "{word}");
        }
    }

    #[test]
    fn a_word_is_not_its_own_suggestion() {
        assert_eq!(nearest("exp", ["exp"]), None);
    }
}
