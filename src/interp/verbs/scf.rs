//! Options of Kohn-Sham calculations, from the arguments of `solve` or the record `scf:`.

use crate::interp::call::{Args, mismatch};
use crate::interp::error::{RunError, TraceError, fail, suggestion};
use crate::interp::value::{Quantity, Record, Value, text};
use crate::ks::{Mixing, ScfOptions};
use crate::problem::Result;
use crate::source::Span;

/// Iterations of a fixed number where none is given.
const FIXED: usize = 30;

/// The options of a Kohn-Sham calculation.
pub const SCF: &[&str] = &["iterations", "mixing", "tolerance", "symmetric"];

/// The loop in which functionals are trained where nothing else is said: that of Li et al., Phys. Rev. Lett. 126, 036401
/// (2021).
pub fn training() -> ScfOptions {
    let mixing = Mixing::Linear { alpha: 0.5, decay: 0.9, history: 1 };
    ScfOptions { iterations: 15, mixing, tolerance: None, symmetric: false }
}

/// The options among the arguments of `solve`, each changing only itself.
///
/// # Errors
/// A value of the wrong kind.
pub fn from_args(args: &Args, base: Option<&ScfOptions>) -> Result<ScfOptions> {
    let given = SCF.iter().filter_map(|name| args.get(name).map(|a| (*name, &a.value, a.span)));
    merged(base, given)
}

/// The options of a record `{ iterations: 15, mixing: linear(0.5) }`, each changing only itself.
///
/// # Errors
/// Something that is no record, an unknown name, a value of the wrong kind.
pub fn from_value(value: &Value, span: Span, base: &ScfOptions) -> Result<ScfOptions> {
    let Value::Record(record) = value else {
        return mismatch("`scf`", "a record, `{ iterations: 15 }`", value, None, span);
    };
    known(record, span)?;
    merged(Some(base), record.entries.iter().map(|(name, value)| (&**name, value, span)))
}

fn known(record: &Record, span: Span) -> Result<()> {
    match record.entries.iter().find(|(name, _)| !SCF.contains(&&**name)) {
        None => Ok(()),
        Some((name, _)) => {
            let (help, name) = (suggestion(name, SCF, "options"), name.to_string());
            fail(TraceError::Option { of: "scf".into(), name, help, span }, span)
        }
    }
}

/// Naming another kind of mixing than that of `base` (the standard is DIIS) drops its iterations and tolerance for those the
/// mixing has by itself: linear mixing a fixed number, DIIS a tolerance.
fn merged<'a>(
    base: Option<&ScfOptions>,
    given: impl Iterator<Item = (&'a str, &'a Value, Span)>,
) -> Result<ScfOptions> {
    let given: Vec<_> = given.collect();
    let mut scf = base.cloned().unwrap_or_default();
    let named =
        given.iter().find_map(|(_, value, _)| if let Value::Mixing(mixing) = value { Some(mixing) } else { None });
    scf = match (named, &scf.mixing) {
        (Some(Mixing::Linear { .. }), Mixing::Diis { .. }) if !given.iter().any(|(name, ..)| *name == "tolerance") => {
            ScfOptions { iterations: FIXED, tolerance: None, ..scf }
        }
        (Some(Mixing::Diis { .. }), Mixing::Linear { .. }) => {
            ScfOptions { symmetric: scf.symmetric, ..ScfOptions::default() }
        }
        _ => scf,
    };
    for (name, value, span) in given {
        match (name, value) {
            ("iterations", Value::Number(q)) => scf.iterations = whole(q, span)?,
            ("iterations", other) => return mismatch("`iterations`", "a whole number", other, None, span),
            ("mixing", Value::Mixing(mixing)) => scf.mixing = mixing.clone(),
            ("mixing", other) => {
                let help = Some("for example `linear(0.5, decay: 0.9)` or `diis()`".into());
                return mismatch("`mixing`", "a mixing", other, help, span);
            }
            ("tolerance", Value::Number(q)) if q.dim.is_plain() => scf.tolerance = Some(q.value),
            ("tolerance", other) => {
                let help = Some("it is the number of electrons that still move".into());
                return mismatch("`tolerance`", "a plain number", other, help, span);
            }
            (_, Value::Bool(symmetric)) => scf.symmetric = *symmetric,
            (_, other) => return mismatch("`symmetric`", "true or false", other, None, span),
        }
    }
    Ok(scf)
}

fn whole(q: &Quantity, span: Span) -> Result<usize> {
    if q.dim.is_plain() && q.value >= 1.0 && q.value == q.value.round() && q.value < 1e9 {
        return Ok(q.value as usize);
    }
    let message = format!("`iterations` must be a whole number of at least 1, not {}", text::value(&Value::Number(*q)));
    fail(RunError::Value { message, help: None, span }, span)
}
