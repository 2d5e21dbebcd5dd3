//! Runs as values of the language.

use super::{ByMembers, Field, Functional, Quantity, Trust, Value};
use crate::graph::ParamSpec;
use crate::ks::{Datum, PROPERTIES, Property, Run};
use crate::lang::Dimension;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

/// A functional and what is added to its energies.
#[derive(Clone, Debug)]
pub struct Corrected {
    /// The functional or model.
    pub base: Value,
    /// The energy as a function of the density.
    pub by: Value,
}

impl Corrected {
    /// As it would be written.
    pub fn text(&self) -> String {
        format!("corrected({}, by: {})", self.base_name(), super::text::value(&self.by))
    }

    /// The name of the functional or model.
    pub fn base_name(&self) -> String {
        match &self.base {
            Value::Functional(functional) => functional.label(),
            Value::Model(model) => model.name.clone(),
            other => super::text::value(other),
        }
    }
}

/// A finished Kohn-Sham calculation with what it was solved with.
#[derive(Debug)]
pub struct Solved {
    /// The calculation.
    pub run: Run,
    /// The functional or model; nothing without one.
    pub with: Value,
    /// The kinetic functional; nothing with orbitals.
    pub kinetic: Value,
    /// The arrays of its parameters.
    pub arrays: Arc<[ParamSpec]>,
    /// Its parameters, flat, as the optimiser stores them.
    pub parameters: Rc<[f64]>,
    /// The same calculation with every member of a committee; empty if it is not of one.
    pub members: Vec<Run>,
    /// Their weights in it.
    pub weights: Rc<[f64]>,
    /// Which committee.
    pub committee: u64,
}

impl Solved {
    /// A run with what has no parameters.
    pub fn new(run: Run, with: Value) -> Self {
        let (arrays, parameters, weights) = (Arc::from([]), Rc::from([]), Rc::from([]));
        let (kinetic, members) = (Value::Nothing, Vec::new());
        Self { run, with, kinetic, arrays, parameters, members, weights, committee: 0 }
    }

    /// Whether the calculation, and those of all members, converged.
    pub fn trusted(&self) -> bool {
        self.run.converged() && self.members.iter().all(Run::converged)
    }

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

/// The value of a property of a run; its numbers with what they are for the members of a committee.
pub(crate) fn property(property: &Property, solved: &Solved) -> Value {
    let mut numbers = Numbers { solved, members: Vec::new(), next: 0 };
    if !solved.members.is_empty() {
        let of = |run: &Run| {
            let mut all = Vec::new();
            flatten(&property.of(run), &mut all);
            all
        };
        let all: Vec<Vec<f64>> = solved.members.iter().map(of).collect();
        let count = of(&solved.run).len();
        if all.iter().all(|one| one.len() == count) {
            numbers.members = all;
        }
    }
    numbers.value(property.of(solved))
}

/// The energies in the value of a property, in order.
fn flatten(datum: &Datum, into: &mut Vec<f64>) {
    match datum {
        Datum::Energy(value) => into.push(value.unwrap_or(f64::NAN)),
        Datum::Energies(values) => into.extend(values),
        Datum::Spins(both) => both.iter().for_each(|one| flatten(one, into)),
        Datum::Count(_)
        | Datum::Trajectory(_)
        | Datum::Electrons(_)
        | Datum::Verdict(_)
        | Datum::Truth(_)
        | Datum::Text(_)
        | Datum::Field(_)
        | Datum::Fields(_) => {}
    }
}

/// Makes values of the numbers of a property.
struct Numbers<'a> {
    solved: &'a Solved,
    /// What every member has in their place.
    members: Vec<Vec<f64>>,
    /// The next number.
    next: usize,
}

impl Numbers<'_> {
    fn energy(&mut self, value: f64) -> Value {
        let values: Vec<f64> = self.members.iter().map(|all| all[self.next]).collect();
        self.next += 1;
        let by_members = (!values.is_empty()).then_some(ByMembers {
            committee: self.solved.committee,
            weights: self.solved.weights.clone(),
            values,
        });
        let trust = Trust::of(self.solved.trusted(), by_members);
        Value::Number(Quantity::of(value, Dimension::ENERGY).trusted(trust))
    }

    fn value(&mut self, datum: Datum) -> Value {
        let run = &self.solved.run;
        let doubt = !self.solved.trusted();
        let field =
            |values: Vec<f64>| Value::Field(Rc::new(Field::simple(run.system.grid.clone(), values).doubted(doubt)));
        match datum {
            Datum::Count(n) => Value::plain(n as f64),
            Datum::Energy(value) => self.energy(value.unwrap_or(f64::NAN)),
            Datum::Electrons(value) => Value::plain(value),
            Datum::Energies(values) => Value::list(values.into_iter().map(|value| self.energy(value)).collect()),
            Datum::Trajectory(values) => {
                let trust = Trust::of(self.solved.trusted(), None);
                let energy = |x: f64| Value::Number(Quantity::energy(x).trusted(trust.clone()));
                Value::list(values.into_iter().map(energy).collect())
            }
            Datum::Verdict(verdict) => Value::Bool(verdict.converged),
            Datum::Truth(value) => Value::Bool(value),
            Datum::Text(words) => Value::text(words),
            Datum::Field(values) => field(values),
            Datum::Fields(all) => Value::list(all.into_iter().map(field).collect()),
            Datum::Spins(both) => {
                let [up, down] = both.map(|one| self.value(one));
                if run.restricted { up } else { Value::record([("up", up), ("down", down)]) }
            }
        }
    }
}

/// The spread of a run of a committee: of every energy, and of the densities point by point. `None`: it is not of a committee.
pub(crate) fn spread(solved: &Solved) -> Option<Value> {
    if solved.members.is_empty() {
        return None;
    }
    let deviation = |values: &[f64]| {
        let by_members = ByMembers { committee: 0, weights: solved.weights.clone(), values: values.to_vec() };
        Trust::of(true, Some(by_members)).spread().unwrap_or(f64::NAN)
    };
    let field = |of: &dyn Fn(&Run) -> Vec<f64>| {
        let all: Vec<Vec<f64>> = solved.members.iter().map(of).collect();
        let at = |i: usize| deviation(&all.iter().map(|one| one[i]).collect::<Vec<_>>());
        let values = (0..solved.system.grid.points).map(at).collect();
        Value::Field(Rc::new(Field::simple(solved.system.grid.clone(), values).doubted(!solved.trusted())))
    };
    let mut entries: Vec<(&str, Value)> = Vec::new();
    for property in PROPERTIES.iter().filter(|property| property.is_in(solved)) {
        let energy = |run: &Run| if let Datum::Energy(Some(value)) = property.of(run) { Some(value) } else { None };
        if let Some(values) = solved.members.iter().map(energy).collect::<Option<Vec<f64>>>() {
            let trust = Trust::of(solved.trusted(), None);
            entries.push((property.name, Value::Number(Quantity::energy(deviation(&values)).trusted(trust))));
        }
    }
    entries.push(("density", field(&|run| run.total_density())));
    entries.push(("density_up", field(&|run| run.density[0].clone())));
    entries.push(("density_down", field(&|run| run.density[1].clone())));
    Some(Value::record(entries))
}
