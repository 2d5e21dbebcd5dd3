//! Options of solving and training: mixing of densities.

use crate::interp::Interpreter;
use crate::interp::call::{Args, Builtin, function, optional, shown};
use crate::interp::value::Value;
use crate::ks::Mixing;
use crate::problem::Result;

pub(crate) const MIXING: &[Builtin] = &[
    function(
        "linear",
        &[optional("alpha", "0.5"), optional("decay", "1"), optional("history", "1")],
        "mixing of densities by a part of the last difference, n + alpha decay^k (n_out - n_in), or of the mean of the last \
         `history` ones",
        &["mixing", "damping", "scf"],
        &[shown("linear(0.5, decay: 0.9)")],
        linear,
    ),
    function(
        "diis",
        &[optional("history", "8"), optional("alpha", "0.5")],
        "mixing of densities by Pulay's direct inversion in the iterative subspace",
        &["mixing", "pulay", "anderson", "scf"],
        &[shown("diis(history: 6)")],
        diis,
    ),
];

/// A number within (0, most], or `default`.
fn fraction(args: &Args, name: &str, default: f64, most: f64) -> Result<f64> {
    let x = args.number_or(name, default)?;
    if x > 0.0 && x <= most {
        return Ok(x);
    }
    let message = format!("{} must be above 0 and at most {most}", args.what(name));
    args.wrong(args.span_of(name), message, None)
}

/// A whole number of at least 1, or `default`.
fn positive(args: &Args, name: &str, default: usize) -> Result<usize> {
    match args.whole_or(name, default)? {
        0 => args.wrong(args.span_of(name), format!("{} must be at least 1", args.what(name)), None),
        n => Ok(n),
    }
}

fn linear(_: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let alpha = fraction(args, "alpha", 0.5, 1.0)?;
    let decay = fraction(args, "decay", 1.0, 1.0)?;
    Ok(Value::Mixing(Mixing::Linear { alpha, decay, history: positive(args, "history", 1)? }))
}

fn diis(_: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let alpha = fraction(args, "alpha", 0.5, 1.0)?;
    Ok(Value::Mixing(Mixing::Diis { history: positive(args, "history", 8)?, alpha }))
}
