//! The functional as a value: a definition with the names in its scope, bound options and the initial values of its
//! parameters.

use super::scope::Scope;
use super::{Machine, Model, Value, equal};
use crate::functional::Compiled;
use crate::graph::Shape;
use crate::lang::ast::FunctionalDef;
use crate::model::Grid;
use std::cell::OnceCell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

/// The functionals of the library that are committees: of models of the total density, and of models of both spins; the same of
/// potential functionals.
pub(crate) const COMMITTEES: [&str; 4] =
    ["of_total_density", "of_spin_densities", "of_total_potentials", "of_spin_potentials"];

/// What a potential functional gives, where functionals are described.
pub(crate) const A_POTENTIAL: &str = "the potential v_xc itself, no energy";

/// The initial values of the parameters of a functional.
#[derive(Clone, Debug)]
pub enum StartFrom {
    /// Drawn with a seed.
    Seed(u64),
    /// Given, as the optimiser stores them (for a bounded one, the t of a + (b - a) sigmoid(t)).
    Values(Rc<[f64]>),
}

/// A layer of a network, for `describe`.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// `conv(16, width: 3)`.
    pub what: String,
    /// The shape of its result.
    pub shape: Shape,
    /// Number of its trainable values.
    pub parameters: usize,
}

/// A functional.
pub struct Functional {
    /// Its definition.
    pub def: Rc<FunctionalDef>,
    /// What was visible where it was defined.
    pub scope: Scope,
    /// Options set by a call without density, in the order of the definition.
    pub options: Vec<(Rc<str>, Value)>,
    /// The initial values of its parameters.
    pub start: StartFrom,
    /// The model that the initial values come from.
    pub parent: Option<Rc<Model>>,
    pub(in crate::interp) traced: OnceCell<Rc<Traced>>,
}

/// A functional's graph, ready to be evaluated, and what else is known about it.
#[derive(Debug)]
pub struct Traced {
    /// Energy and potential.
    pub compiled: Arc<Compiled>,
    /// Its layers.
    pub layers: Vec<Layer>,
    /// The only grid it can be used on, if it contains fields.
    pub grid: Option<Arc<Grid>>,
    /// The interactions it and its parts are made for.
    pub interactions: Vec<Rc<str>>,
    /// The models among its parts.
    pub models: Vec<Rc<Model>>,
    /// The machines among its parts that are called on a density itself.
    pub machines: Vec<Rc<Machine>>,
}

impl Functional {
    /// The functional of a definition, without options.
    pub fn new(def: Rc<FunctionalDef>, scope: Scope) -> Self {
        let (options, start) = (Vec::new(), StartFrom::Seed(0));
        Self { def, scope, options, start, parent: None, traced: OnceCell::new() }
    }

    /// The same definition with other options.
    pub fn with_options(&self, options: Vec<(Rc<str>, Value)>) -> Self {
        let (def, scope, start) = (self.def.clone(), self.scope.clone(), self.start.clone());
        Self { def, scope, options, start, parent: self.parent.clone(), traced: OnceCell::new() }
    }

    /// The same functional with other initial values.
    pub fn with_start(&self, start: StartFrom) -> Self {
        let traced = self.traced.get().cloned().map_or_else(OnceCell::new, OnceCell::from);
        let (def, scope, options) = (self.def.clone(), self.scope.clone(), self.options.clone());
        Self { def, scope, options, start, parent: None, traced }
    }

    /// Its name.
    pub fn name(&self) -> &Rc<str> {
        &self.def.function.name.name
    }

    /// `net(width: 32)`.
    pub fn label(&self) -> String {
        if self.options.is_empty() {
            return self.name().to_string();
        }
        let named = |v: &Value| match v {
            Value::Functional(functional) => functional.label(),
            Value::Model(model) => model.name.clone(),
            other => crate::interp::value::text::value(other),
        };
        let written = |(n, v): &(Rc<str>, Value)| format!("{n}: {}", named(v));
        format!("{}({})", self.name(), self.options.iter().map(written).collect::<Vec<_>>().join(", "))
    }

    /// A summary in a few lines.
    pub fn summary(&self) -> Vec<(&'static str, Value)> {
        let mut entries: Vec<(&'static str, Value)> = Vec::new();
        if !self.def.kind.has_energy() {
            entries.push(("gives", Value::text(A_POTENTIAL)));
        }
        entries.push(("densities", Value::list(self.densities().map(Value::text).collect())));
        if let Some(traced) = self.traced.get() {
            entries.push(("parameters", Value::plain(traced.compiled.parameter_count() as f64)));
        }
        if let Some(made_for) = &self.def.made_for {
            entries.push(("made_for", Value::text(&made_for.name)));
        }
        entries
    }

    /// The names of its densities: one, or up and down.
    pub fn densities(&self) -> impl Iterator<Item = &Rc<str>> {
        self.def.function.params.iter().filter(|p| p.default.is_none()).map(|p| &p.name.name)
    }

    /// The models that it is the mean of, if it is a committee.
    pub fn committee(&self) -> Vec<Rc<Model>> {
        let option = |wanted: &str| self.options.iter().find(|(name, _)| &**name == wanted).map(|(_, value)| value);
        match option("members") {
            Some(Value::List(items)) if COMMITTEES.contains(&&**self.name()) => {
                let model = |item: &Value| if let Value::Model(model) = item { Some(model.clone()) } else { None };
                items.iter().filter_map(model).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The weights of the models that it is the mean of, if it is a committee.
    pub fn weights(&self) -> Vec<f64> {
        let weights = self.options.iter().find(|(name, _)| &**name == "weights");
        let Some((_, Value::List(items))) = weights.filter(|_| !self.committee().is_empty()) else { return Vec::new() };
        items.iter().map(|item| if let Value::Number(q) = item { q.value } else { f64::NAN }).collect()
    }

    /// Whether two values are the same functional, with one set of parameters.
    pub fn same(&self, other: &Functional) -> bool {
        let options = self.options.len() == other.options.len()
            && self.options.iter().zip(&other.options).all(|((n, v), (m, w))| n == m && same_value(v, w));
        let start = match (&self.start, &other.start) {
            (StartFrom::Seed(a), StartFrom::Seed(b)) => a == b,
            (StartFrom::Values(a), StartFrom::Values(b)) => Rc::ptr_eq(a, b),
            _ => false,
        };
        Rc::ptr_eq(&self.def, &other.def) && self.scope.same(&other.scope) && options && start
    }
}

/// Whether two option values are the same: plain values by value, others by identity.
fn same_value(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Function(f), Value::Function(g)) => Rc::ptr_eq(f, g),
        (Value::Builtin(f), Value::Builtin(g)) => f.name == g.name,
        (Value::Functional(f), Value::Functional(g)) => f.same(g),
        (Value::Model(m), Value::Model(n)) => Rc::ptr_eq(m, n),
        (Value::List(x), Value::List(y)) => x.len() == y.len() && x.iter().zip(y.iter()).all(|(a, b)| same_value(a, b)),
        _ => equal(a, b) == Some(true),
    }
}

impl fmt::Debug for Functional {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Functional({})", self.name())
    }
}
