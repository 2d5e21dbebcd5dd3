//! Options of Kohn-Sham calculations, from the arguments of `solve` or the record `scf:`.

use crate::interp::call::{Args, mismatch};
use crate::interp::error::{Placed, TraceError, fail, suggestion};
use crate::interp::value::scf::SCF;
use crate::interp::value::{Record, Value, scf};
use crate::ks::{KsError, Mixing, ScfOptions};
use crate::problem::Result;
use crate::source::Span;

/// The default for a fixed number of iterations.
const FIXED_ITERATIONS: usize = 30;

/// The default loop for training: that of Li et al., Phys. Rev. Lett. 126, 036401 (2021).
pub fn training() -> ScfOptions {
    let mixing = Mixing::Linear { alpha: 0.5, decay: 0.9, history: 1 };
    ScfOptions { iterations: 15, mixing, tolerance: None, ..ScfOptions::STANDARD }
}

/// The options among the arguments of `solve`, each changing only itself; but who asks for a mixing or a number of iterations gets that
/// and nothing else, unless `remedies:` says so.
///
/// # Errors
/// A value of the wrong kind.
pub fn from_args(args: &Args, base: Option<&ScfOptions>) -> Result<ScfOptions> {
    let given = SCF.iter().filter_map(|option| {
        let name = option.param.name;
        args.get(name).map(|a| (name, &a.value, a.span))
    });
    let scf = merged(base, given)?;
    let exactly = args.has("mixing") || args.has("iterations");
    Ok(ScfOptions { remedies: scf.remedies && (args.has("remedies") || !exactly), ..scf })
}

/// Refuses options that say nothing to a calculation, each with why.
///
/// # Errors
/// One of them is given.
pub(super) fn refuse(args: &Args, options: &[(&str, &str)], problem: &str) -> Result<()> {
    match options.iter().find(|(option, _)| args.has(option)) {
        None => Ok(()),
        Some((option, why)) => {
            args.wrong(args.span_of(option), format!("`{option}:` {problem}"), Some(format!("leave it out: {why}")))
        }
    }
}

/// The options of a record `{ iterations: 15, mixing: linear(0.5) }`, each changing only itself.
///
/// # Errors
/// A value that is not a record, an unknown name, an option of the wrong kind.
pub fn from_value(value: &Value, span: Span, base: &ScfOptions) -> Result<ScfOptions> {
    let Value::Record(record) = value else {
        return mismatch("`scf`", "a record, `{ iterations: 15 }`, or in training `none`", value, None, span);
    };
    known(record, span)?;
    merged(Some(base), record.entries.iter().map(|(name, value)| (&**name, value, span)))
}

/// What the options of iterations are without iterations: with exact exchange the energy is minimised over the orbitals.
pub fn without_iterations(name: &str, given: &[&str]) -> Option<String> {
    let unused: Vec<String> =
        ["mixing", "iterations", "remedies"].iter().filter(|o| given.contains(o)).map(|o| format!("`{o}:`")).collect();
    let has = if unused.len() == 1 { "has" } else { "have" };
    (!unused.is_empty()).then(|| {
        format!(
            "`{name}` contains exact exchange: its energy is minimised over the orbitals, without iterations of the density, and {} {has} no \
             effect",
            unused.join(" and ")
        )
    })
}

fn known(record: &Record, span: Span) -> Result<()> {
    let names = SCF.each_ref().map(|option| option.param.name);
    match record.entries.iter().find(|(name, _)| !names.contains(&&**name)) {
        None => Ok(()),
        Some((name, _)) => {
            let (help, name) = (suggestion(name, &names, "options"), name.to_string());
            fail(TraceError::Option { of: "scf".into(), name, help, span }, span)
        }
    }
}

/// Merges options. A kind of mixing other than that of `base` (by default DIIS) resets iterations and tolerance to the
/// defaults of that mixing: a fixed number of iterations for linear mixing, a tolerance for DIIS.
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
            ScfOptions { iterations: FIXED_ITERATIONS, tolerance: None, ..scf }
        }
        (Some(Mixing::Diis { .. }), Mixing::Linear { .. }) => {
            let ScfOptions { iterations, tolerance, .. } = ScfOptions::default();
            ScfOptions { iterations, tolerance, ..scf }
        }
        _ => scf,
    };
    for (name, value, span) in &given {
        scf::set(&mut scf, name, value, *span)?;
    }
    let Some((.., whole)) = given.last() else { return Ok(scf) };
    scf.check().map(|()| scf).or_else(|error| {
        let option = if let KsError::Option { option, .. } = &error { *option } else { "" };
        let span = given.iter().find(|(name, ..)| *name == option).map_or(*whole, |(.., span)| *span);
        fail(Placed::new(error, span, "here"), span)
    })
}
