//! What is known about how far a number can be trusted, as values of the language.

use crate::interp::Interpreter;
use crate::interp::call::{Args, Builtin, example, function, required, shown};
use crate::interp::value::{Quantity, Value};
use crate::lang::Kind;
use crate::problem::Result;
use std::rc::Rc;

/// Numbers, and lists of them.
const NUMBERS: &[Kind] = &[Kind::Quantity, Kind::List];

pub(crate) const TRUST: &[Builtin] = &[
    function(
        "spread",
        &[required("x", NUMBERS)],
        NUMBERS,
        "the spread of a number over the members of the committees that it comes from, their standard deviation, as a number of its own; 0 \
         if it comes from none. Of a list, that of every element",
        &["uncertainty", "standard deviation", "error bar"],
        &[example("spread(3 hartree)", "0 hartree")],
        |interp, args| each(interp, args, |q| q.trusted_as(q.trust.spread().unwrap_or(0.0))),
    ),
    function(
        "nominal",
        &[required("x", NUMBERS)],
        NUMBERS,
        "a number without the spread that it comes with. Of a list, every element",
        &["uncertainty", "value", "mean"],
        &[example("nominal([1, 2])", "[1, 2]")],
        |interp, args| each(interp, args, |q| q.trusted_as(q.value)),
    ),
    function(
        "converged",
        &[required(
            "x",
            &[Kind::Quantity, Kind::List, Kind::Field, Kind::Run, Kind::Reference, Kind::Record, Kind::Table],
        )],
        &[Kind::Truth],
        "whether all the calculations that a value comes from converged",
        &["verdict", "trust", "scf"],
        &[shown(
            "use std.functionals\ngrid g = uniform(points: 129, spacing: 0.2)\nsystem he on g { He at 0 }\n\
             converged(solve(he, with: functionals.lda).total_energy - exact(he).total_energy)",
        )],
        |_, args| Ok(Value::Bool(args.arg("x")?.value.converged())),
    ),
];

impl Quantity {
    /// Another number of the same kind, from calculations that converged if those of this one did.
    fn trusted_as(&self, value: f64) -> Quantity {
        let trust = crate::interp::value::Trust::of(!self.trust.unconverged(), None);
        Quantity { value, trust, ..self.clone() }
    }
}

/// A function of every number in the argument.
fn each(interp: &mut Interpreter, args: &Args, f: impl Fn(&Quantity) -> Quantity + Copy) -> Result<Value> {
    fn inside(value: &Value, args: &Args, f: impl Fn(&Quantity) -> Quantity + Copy) -> Result<Value> {
        match value {
            Value::Number(q) => Ok(Value::Number(f(q))),
            Value::List(items) => {
                let all = items.iter().map(|item| inside(item, args, f));
                all.collect::<Result<Vec<_>>>().map(Value::list)
            }
            other => crate::interp::call::mismatch(&args.what("x"), "numbers", other, None, args.span_of("x")),
        }
    }
    match &args.arg("x")?.value {
        Value::Interval(..) => Ok(Value::List(Rc::new(args.list(interp, "x")?.to_vec().into()))),
        value => inside(value, args, f),
    }
}
