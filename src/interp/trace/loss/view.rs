//! What a loss sees of a calculation that is being trained: everything that it uses becomes an input of its graph.

use super::super::compile::Ready;
use crate::functional::FunctionalKind;
use crate::graph::{Binary, Shape};
use crate::interp::value::model::by_layer;
use crate::interp::value::{Record, Trace, Trained, Value};
use crate::ks::{Observable, PROPERTIES, Seen, Trajectory};
use crate::model::{Nucleus, System};
use crate::source::Span;
use crate::train::LossInput;
use std::rc::Rc;
use std::sync::Arc;

/// What it is in messages.
pub(super) const LABEL: &str = "the run of a loss";

/// The run of the system at a position in its case, each of its properties a symbol; their inputs are appended to `inputs` in order.
pub(super) fn view(
    trace: &Rc<Trace>,
    (position, system): (usize, &Arc<System>),
    iterations: usize,
    inputs: &mut Vec<LossInput>,
    (ready, trained): (&Ready, &Trained),
    span: Span,
) -> Value {
    let mut run = Symbols { trace, system, position, inputs, values: Vec::new(), span };
    let has_energy = ready.traced.compiled.kind.has_energy();
    let orbitals = ready.traced.compiled.kind != FunctionalKind::Kinetic;
    let trajectory = Trajectory { system, iterations, has_energy, orbitals };
    // Those of all iterations come first, for any order of names: keys of training runs contain the numbers of the
    // inputs.
    for observable in (0..iterations).map(Observable::Energy).chain((0..iterations).map(Observable::Density)) {
        run.observed(observable);
    }
    let seen = PROPERTIES.iter().filter_map(|property| Some((property.name, property.seen(&trajectory)?)));
    let mut list: Vec<(Rc<str>, Value)> = seen.map(|(name, seen)| (name.into(), run.value(seen))).collect();
    list.extend(of_system(system).map(|(name, value)| (name.into(), value)));
    let specs = &ready.traced.compiled.graph.params;
    list.push(("functional".into(), Value::Functional(trained.functional.clone())));
    list.push(("parameters".into(), by_layer(specs, trace.arrays(trained, specs))));
    Value::Record(Rc::new(Record::new(list).labelled(Some(LABEL))))
}

/// What a run knows from its system.
pub(super) fn of_system(system: &Arc<System>) -> [(&'static str, Value); 8] {
    let numbers = |of: fn(&Nucleus) -> f64| Value::list(system.nuclei.iter().map(|n| Value::plain(of(n))).collect());
    [
        ("name", Value::text(&system.label)),
        ("electrons", Value::plain(system.electrons as f64)),
        ("unpaired", Value::plain(system.unpaired as f64)),
        ("grid", Value::Grid(system.grid.clone())),
        ("charges", numbers(|nucleus| nucleus.charge)),
        ("locations", numbers(|nucleus| nucleus.position)),
        ("distance", Value::plain(system.distance().unwrap_or(f64::NAN))),
        ("system", Value::System(system.clone())),
    ]
}

/// The symbols of a trajectory, one per observable.
struct Symbols<'a> {
    trace: &'a Rc<Trace>,
    system: &'a System,
    position: usize,
    inputs: &'a mut Vec<LossInput>,
    values: Vec<(Observable, Value)>,
    span: Span,
}

impl Symbols<'_> {
    fn observed(&mut self, observable: Observable) -> Value {
        if let Some((_, known)) = self.values.iter().find(|(seen, _)| *seen == observable) {
            return known.clone();
        }
        let shape = if observable.is_field() { Shape::FIELD } else { Shape::SCALAR };
        let value = self.trace.value(self.trace.add(|g| g.input(format!("{observable:?}"), shape, self.span)));
        self.inputs.push(LossInput { system: self.position, observable });
        self.values.push((observable, value.clone()));
        value
    }

    fn value(&mut self, seen: Seen) -> Value {
        match seen {
            Seen::Known(number) => Value::plain(number),
            Seen::One(observable) => self.observed(observable),
            Seen::Shifted(observable, by) => match self.observed(observable) {
                Value::Symbol(symbol) => self.trace.value(self.trace.add(|g| {
                    let by = g.constant(by, self.span);
                    g.binary(Binary::Add, symbol.node(), by, self.span).unwrap_or(symbol.node())
                })),
                other => other,
            },
            Seen::List(all) => Value::list(all.into_iter().map(|observable| self.observed(observable)).collect()),
            Seen::Spins(both) => {
                let [up, down] = *both;
                if self.system.closed_shell() {
                    return self.value(up);
                }
                Value::record([("up", self.value(up)), ("down", self.value(down))])
            }
            Seen::Difference { lowest_of, highest_of } => {
                let (low, high) = (self.extreme(Binary::Min, lowest_of), self.extreme(Binary::Max, highest_of));
                self.joined(Binary::Sub, low, high)
            }
        }
    }

    /// The lowest or highest of some numbers; NaN if there are none.
    fn extreme(&mut self, of: Binary, all: Vec<Observable>) -> Value {
        let values: Vec<Value> = all.into_iter().map(|observable| self.observed(observable)).collect();
        values.into_iter().reduce(|a, b| self.joined(of, a, b)).unwrap_or_else(|| Value::plain(f64::NAN))
    }

    fn joined(&mut self, of: Binary, a: Value, b: Value) -> Value {
        match (a, b) {
            (Value::Symbol(a), Value::Symbol(b)) => {
                self.trace.value(self.trace.add(|g| g.binary(of, a.node(), b.node(), self.span).unwrap_or(a.node())))
            }
            (a, _) => a,
        }
    }
}
