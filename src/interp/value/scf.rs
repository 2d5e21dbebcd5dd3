//! The options of a Kohn-Sham calculation as values: one table with their names, kinds, defaults, meanings, and how a value sets
//! them. The parameters of `solve`, the entries of `scf:`, the record `.scf` of a model and the text of a saved one are made
//! from it.

use super::{Record, Value, equal, text};
use crate::interp::call::{DefaultValue, Param, mismatch, optional};
use crate::interp::error::{RunError, fail};
use crate::ks::ScfOptions;
use crate::lang::Kind;
use crate::problem::Result;
use crate::source::Span;

/// An option.
pub(crate) struct ScfOption {
    /// How it is declared.
    pub param: Param,
    /// Sets it to a value.
    set: fn(&mut ScfOptions, &Value, Span) -> Result<()>,
}

/// All of them.
pub(crate) const SCF: [ScfOption; 6] = [
    ScfOption {
        param: optional("iterations", &[Kind::Whole], DefaultValue::Number(ScfOptions::STANDARD.iterations as f64))
            .about("Kohn-Sham iterations: the maximum with a tolerance, the exact number without"),
        set: |scf, value, span| {
            scf.iterations = iterations(value, span)?;
            Ok(())
        },
    },
    ScfOption {
        param: optional(
            "mixing",
            &[Kind::Mixing],
            DefaultValue::Value("diis()", || Value::Mixing(ScfOptions::STANDARD.mixing)),
        )
        .about("how the next density follows from the previous ones: `diis(…)` or `linear(…)`"),
        set: |scf, value, span| match value {
            Value::Mixing(mixing) => {
                scf.mixing = mixing.clone();
                Ok(())
            }
            other => {
                let help = Some("for example `linear(0.5, decay: 0.9)` or `diis()`".into());
                mismatch("`mixing`", "a mixing", other, help, span)
            }
        },
    },
    ScfOption {
        param: optional("tolerance", &[Kind::Number], DefaultValue::Number(ScfOptions::TOLERANCE))
            .about("the integral of |n_out - n_in|, in electrons, below which a density is converged"),
        set: |scf, value, span| match value {
            Value::Number(q) if q.dim.is_plain() => {
                scf.tolerance = Some(q.value);
                Ok(())
            }
            other => {
                let help = Some("it is a number of electrons".into());
                mismatch("`tolerance`", "a plain number", other, help, span)
            }
        },
    },
    ScfOption {
        param: optional("symmetric", &[Kind::Truth], DefaultValue::Truth(ScfOptions::STANDARD.symmetric))
            .about("whether densities are averaged with their mirror image about the middle of the nuclei"),
        set: |scf, value, span| match value {
            Value::Bool(symmetric) => {
                scf.symmetric = *symmetric;
                Ok(())
            }
            other => mismatch("`symmetric`", "true or false", other, None, span),
        },
    },
    ScfOption {
        param: optional("threshold", &[Kind::Number], DefaultValue::Absent("the tolerance, or 0.001 without one")).about(
            "the integral of |n_out - n_in|, in electrons, above which a run counts as not converged",
        ),
        set: |scf, value, span| match value {
            Value::Number(q) if q.dim.is_plain() => {
                scf.threshold = Some(q.value);
                Ok(())
            }
            other => {
                let help = Some("it is a number of electrons".into());
                mismatch("`threshold`", "a plain number", other, help, span)
            }
        },
    },
    ScfOption {
        param: optional("remedies", &[Kind::Truth], DefaultValue::Truth(ScfOptions::STANDARD.remedies)).about(
            "whether `solve` tries other ways where the iterations do not converge: damping, shared electrons, continuation from a \
             more compact geometry, direct minimisation; false if `mixing:` or `iterations:` is given",
        ),
        set: |scf, value, span| match value {
            Value::Bool(remedies) => {
                scf.remedies = *remedies;
                Ok(())
            }
            other => mismatch("`remedies`", "true or false", other, None, span),
        },
    },
];

/// Their values, in the order of the table; `None`: it has none. A new field of [`ScfOptions`] must be named here, which
/// gives one value more than the table has options.
fn values(scf: &ScfOptions) -> [Option<Value>; SCF.len()] {
    let ScfOptions { iterations, mixing, tolerance, symmetric, threshold, remedies } = scf;
    [
        Some(Value::plain(*iterations as f64)),
        Some(Value::Mixing(mixing.clone())),
        tolerance.map(Value::plain),
        Some(Value::Bool(*symmetric)),
        threshold.map(Value::plain),
        Some(Value::Bool(*remedies)),
    ]
}

/// How the options are declared.
pub(crate) const PARAMS: [Param; SCF.len()] = {
    let mut params = [SCF[0].param; SCF.len()];
    let mut i = 1;
    while i < SCF.len() {
        params[i] = SCF[i].param;
        i += 1;
    }
    params
};

/// The options as a record; those about the verdict only if they are not the usual ones.
pub(crate) fn record(scf: &ScfOptions) -> Value {
    let own = SCF.iter().zip(values(scf)).zip(values(&ScfOptions::STANDARD));
    let told = |name: &str, value: &Value, usual: Option<Value>| {
        !["threshold", "remedies"].contains(&name) || usual.is_none_or(|usual| equal(value, &usual) != Some(true))
    };
    let named = own.filter_map(|((option, value), usual)| {
        let (name, value) = (option.param.name, value?);
        told(name, &value, usual).then(|| (name.into(), value))
    });
    Value::Record(std::rc::Rc::new(Record::new(named.collect())))
}

/// Sets the option with a name; `false`: there is no such option.
///
/// # Errors
/// A value of the wrong kind.
pub(crate) fn set(scf: &mut ScfOptions, name: &str, value: &Value, span: Span) -> Result<bool> {
    match SCF.iter().find(|option| option.param.name == name) {
        Some(option) => (option.set)(scf, value, span).map(|()| true),
        None => Ok(false),
    }
}

/// The most iterations of a calculation.
const MOST_ITERATIONS: f64 = 1e9;

fn iterations(value: &Value, span: Span) -> Result<usize> {
    let Value::Number(q) = value else { return mismatch("`iterations`", "a whole number", value, None, span) };
    if q.dim.is_plain() && (1.0..=MOST_ITERATIONS).contains(&q.value) && q.value == q.value.round() {
        return Ok(q.value as usize);
    }
    let wanted = match q.dim.is_plain() && q.value > MOST_ITERATIONS {
        true => format!("at most {MOST_ITERATIONS}"),
        false => "a whole number of at least 1".to_owned(),
    };
    let message = format!("`iterations` must be {wanted}, not {}", text::value(value));
    fail(RunError::Value { message, help: None, span }, span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::Mixing;

    #[test]
    fn defaults_shown_are_those_used() {
        for (option, used) in SCF.iter().zip(values(&ScfOptions::default())) {
            let shown = option.param.default.and_then(|default| default.value());
            let same = match (&shown, &used) {
                (Some(Value::Mixing(a)), Some(Value::Mixing(b))) => a == b,
                (Some(a), Some(b)) => equal(a, b) == Some(true),
                (None, None) => true,
                _ => false,
            };
            assert!(same, "{}: {shown:?} {used:?}", option.param.name);
        }
    }

    #[test]
    fn what_is_set_is_read_and_nothing_else_changes() {
        let others = ScfOptions {
            iterations: 7,
            mixing: Mixing::Linear { alpha: 0.25, decay: 0.5, history: 2 },
            tolerance: Some(0.125),
            symmetric: true,
            threshold: Some(0.25),
            remedies: false,
        };
        let mut scf = ScfOptions::default();
        for (i, (option, value)) in SCF.iter().zip(values(&others)).enumerate() {
            let before = values(&scf);
            assert!(set(&mut scf, option.param.name, &value.unwrap(), Span::default()).unwrap());
            for (j, (before, after)) in before.iter().zip(values(&scf)).enumerate() {
                let changed = format!("{before:?}") != format!("{after:?}");
                assert_eq!(changed, i == j, "{} changes {}", option.param.name, SCF[j].param.name);
            }
        }
        assert_eq!(scf, others);
        assert!(!set(&mut scf, "iteration", &Value::plain(1.0), Span::default()).unwrap());
    }
}
