//! Runs as values of the language.

use super::{Functional, Value};
use crate::graph::ParamSpec;
use crate::ks::{Datum, Run, Stop};
use crate::lang::Dimension;
use crate::model::System;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

/// A finished Kohn-Sham calculation with what it was solved with.
#[derive(Debug)]
pub struct Solved {
    /// The calculation.
    pub run: Run,
    /// The functional or model.
    pub with: Value,
    /// The arrays of its parameters.
    pub arrays: Arc<[ParamSpec]>,
    /// Its parameters, flat, as the optimiser stores them.
    pub parameters: Rc<[f64]>,
}

impl Solved {
    /// The functional that it was solved with, or that of the model.
    pub fn functional(&self) -> Option<&Rc<Functional>> {
        match &self.with {
            Value::Functional(functional) => Some(functional),
            Value::Model(model) => Some(&model.functional),
            _ => None,
        }
    }
}

impl Deref for Solved {
    type Target = Run;

    fn deref(&self) -> &Run {
        &self.run
    }
}

/// The value of a property of a run of that system.
pub(crate) fn datum(datum: Datum, system: &Arc<System>) -> Value {
    let energy = Dimension::ENERGY;
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
            let [up, down] = both.map(|one| self::datum(one, system));
            if system.closed_shell() { up } else { Value::record([("up", up), ("down", down)]) }
        }
    }
}
