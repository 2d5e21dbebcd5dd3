//! Mixing of densities, an option of solving and training.

use crate::interp::Interpreter;
use crate::interp::call::{Args, Builtin, DefaultValue, function, optional, shown};
use crate::interp::value::Value;
use crate::ks::Mixing;
use crate::lang::Kind;
use crate::problem::Result;

pub(crate) const MIXING: &[Builtin] = &[
    function(
        "linear",
        &[
            optional("alpha", &[Kind::Number], DefaultValue::Number(Mixing::ALPHA)),
            optional("decay", &[Kind::Number], DefaultValue::Number(1.0)),
            optional("history", &[Kind::Whole], DefaultValue::Number(1.0)),
        ],
        &[Kind::Mixing],
        "mixing of densities by a fraction of the last difference, n + alpha decay^k (n_out - n_in), or of the mean of the last \
         `history` differences",
        &["mixing", "damping", "scf"],
        &[shown("linear(0.5, decay: 0.9)")],
        linear,
    ),
    function(
        "diis",
        &[
            optional("history", &[Kind::Whole], DefaultValue::Number(Mixing::HISTORY as f64)),
            optional("alpha", &[Kind::Number], DefaultValue::Number(Mixing::ALPHA)),
        ],
        &[Kind::Mixing],
        "mixing of densities by Pulay's direct inversion in the iterative subspace",
        &["mixing", "pulay", "anderson", "scf"],
        &[shown("diis(history: 6)")],
        diis,
    ),
];

/// A number within (0, most].
fn fraction(args: &Args, name: &str, most: f64) -> Result<f64> {
    let x = args.number(name)?;
    if x > 0.0 && x <= most {
        return Ok(x);
    }
    let message = format!("{} must be positive and at most {most}", args.what(name));
    args.wrong(args.span_of(name), message, None)
}

/// A whole number of at least 1.
fn positive(args: &Args, name: &str) -> Result<usize> {
    match args.whole(name)? {
        0 => args.wrong(args.span_of(name), format!("{} must be at least 1", args.what(name)), None),
        n => Ok(n),
    }
}

fn linear(_: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let alpha = fraction(args, "alpha", 1.0)?;
    let decay = fraction(args, "decay", 1.0)?;
    Ok(Value::Mixing(Mixing::Linear { alpha, decay, history: positive(args, "history")? }))
}

fn diis(_: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let alpha = fraction(args, "alpha", 1.0)?;
    Ok(Value::Mixing(Mixing::Diis { history: positive(args, "history")?, alpha }))
}
