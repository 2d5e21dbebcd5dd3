//! Properties of runs as values of the language.

use super::Value;
use crate::ks::{Datum, Stop};
use crate::lang::Dimension;
use crate::model::System;
use std::sync::Arc;

/// The value of a property of a run of that system. Inside a loss everything is `plain`: energies in hartree, lengths in bohr.
pub(crate) fn datum(datum: Datum, system: &Arc<System>, plain: bool) -> Value {
    let energy = if plain { Dimension::PLAIN } else { Dimension::ENERGY };
    let field = |values: Vec<f64>| Value::field(&system.grid, values);
    match datum {
        Datum::Count(n) => Value::plain(n as f64),
        Datum::Energy(value) => Value::of(value.unwrap_or(f64::NAN), energy),
        Datum::Electrons(value) => Value::plain(value),
        Datum::Energies(values) => Value::vector(&values, energy),
        Datum::Verdict(stop, _) => Value::Bool(stop == Stop::Converged),
        Datum::Field(values) => field(values),
        Datum::Fields(all) => Value::list(all.into_iter().map(field).collect()),
        Datum::Spins(both) => {
            let [up, down] = both.map(|one| self::datum(one, system, plain));
            if system.closed_shell() { up } else { Value::record([("up", up), ("down", down)]) }
        }
    }
}
