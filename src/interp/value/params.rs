//! Trainable arrays of a graph under construction: their creation, their names, and their sharing between all applications of a
//! functional.

use super::functional::Functional;
use crate::graph::{Init, NodeId};
use crate::source::Span;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What a layer or `param` statement needs.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its name, or the layer it belongs to.
    pub name: Name,
    /// `[width, input, output]`, `[len]`, `[]`.
    pub shape: Vec<usize>,
    /// Its initial values.
    pub init: Init,
    /// Bounds.
    pub bounds: Option<(f64, f64)>,
    /// Where it is made.
    pub span: Span,
}

/// The name of a new array.
#[derive(Clone, Debug, PartialEq)]
pub enum Name {
    /// The user's name; a second array with that name is numbered.
    User(Rc<str>),
    /// The first array of a layer, which takes the next number of its kind: `conv0.weight`, `global_conv.eta`.
    Layer(&'static str, &'static str),
    /// A further array of the same layer: `conv0.bias`.
    Further(&'static str, &'static str),
}

/// Where values come from.
#[derive(Clone, Debug)]
enum Source {
    /// They are new, and trained.
    Trainable,
    /// They are those of a model; frozen, or the starting point of training.
    Given { values: Rc<[f64]>, next: usize, frozen: bool },
}

/// The arrays of one functional.
#[derive(Debug)]
struct Shared {
    functional: Rc<Functional>,
    made: Vec<(Vec<usize>, NodeId)>,
}

/// Functionals that share one source.
#[derive(Debug)]
struct Pool {
    source: Source,
    shared: Vec<Shared>,
}

/// A functional whose body is being evaluated.
#[derive(Clone, Copy, Debug)]
struct Frame {
    pool: usize,
    shared: usize,
    next: usize,
}

/// All trainable arrays of a graph under construction.
#[derive(Debug, Default)]
pub struct Params {
    pools: Vec<Pool>,
    frames: Vec<Frame>,
    numbers: BTreeMap<&'static str, usize>,
    names: Vec<String>,
}

/// Where a functional gets its arrays from when its body is entered.
#[derive(Clone, Debug)]
pub enum Entry {
    /// Its own, made at the first application.
    Shared,
    /// The values of a model, which are not trained.
    Frozen(Rc<[f64]>),
    /// Given values, which are trained.
    From(Rc<[f64]>),
}

/// Where the values of a new array come from.
pub(super) enum Taken {
    /// Its own start.
    Own,
    /// These, as a start.
    Start(Vec<f64>),
    /// These, which are not trained.
    Fixed(Vec<f64>),
    /// There are fewer than are needed so far.
    TooFew { found: usize, needed: usize },
}

impl Params {
    /// Enters the body of a functional.
    pub(super) fn enter(&mut self, functional: &Rc<Functional>, entry: &Entry) {
        let same = |s: &Shared| s.functional.same(functional);
        let pool = match entry {
            Entry::Shared => match self.frames.last() {
                Some(frame) => frame.pool,
                None => self.root_pool(),
            },
            Entry::Frozen(values) => self.new_pool(Source::Given { values: values.clone(), next: 0, frozen: true }),
            Entry::From(values) => {
                let found = self.pools.iter().position(|p| {
                    matches!(&p.source, Source::Given { values: v, frozen: false, .. } if Rc::ptr_eq(v, values))
                        && p.shared.first().is_some_and(same)
                });
                found.unwrap_or_else(|| self.new_pool(Source::Given { values: values.clone(), next: 0, frozen: false }))
            }
        };
        let all = &mut self.pools[pool].shared;
        let shared = all.iter().position(same).unwrap_or_else(|| {
            all.push(Shared { functional: functional.clone(), made: Vec::new() });
            all.len() - 1
        });
        self.frames.push(Frame { pool, shared, next: 0 });
    }

    /// Whether the body of a functional is being evaluated.
    pub(super) fn in_body(&self) -> bool {
        !self.frames.is_empty()
    }

    /// The functional whose body is being evaluated, the innermost one.
    pub(super) fn enclosing(&self) -> Option<Rc<Functional>> {
        let frame = self.frames.last()?;
        Some(self.pools.get(frame.pool)?.shared.get(frame.shared)?.functional.clone())
    }

    /// Whether a functional has arrays that are trained.
    pub(super) fn shares(&self, functional: &Functional) -> bool {
        let trained = |pool: &&Pool| !matches!(pool.source, Source::Given { frozen: true, .. });
        self.pools.iter().filter(trained).flat_map(|pool| &pool.shared).any(|s| s.functional.same(functional))
    }

    /// Leaves the body entered last.
    pub(super) fn leave(&mut self) {
        self.frames.pop();
    }

    /// Whether the body of a functional is being evaluated.
    pub(super) fn inside(&self) -> bool {
        !self.frames.is_empty()
    }

    /// `count` values of a new array in the body being evaluated; bounded ones as values, not as the t.
    pub(super) fn take(&mut self, len: usize, bounds: Option<(f64, f64)>) -> Taken {
        let Some(pool) = self.frames.last().map(|frame| frame.pool) else { return Taken::Own };
        match &mut self.pools[pool].source {
            Source::Trainable => Taken::Own,
            Source::Given { values, next, frozen } => {
                let Some(raw) = values.get(*next..*next + len) else {
                    return Taken::TooFew { found: values.len(), needed: *next + len };
                };
                *next += len;
                let values = raw.iter().map(|&t| bounds.map_or(t, |b| bounded(b, t))).collect();
                if *frozen { Taken::Fixed(values) } else { Taken::Start(values) }
            }
        }
    }

    /// Notes a new array of the body being evaluated.
    pub(super) fn made(&mut self, shape: Vec<usize>, node: NodeId) {
        if let Some(frame) = self.frames.last() {
            self.pools[frame.pool].shared[frame.shared].made.push((shape, node));
        }
    }

    fn new_pool(&mut self, source: Source) -> usize {
        self.pools.push(Pool { source, shared: Vec::new() });
        self.pools.len() - 1
    }

    /// The pool of trained arrays.
    fn root_pool(&mut self) -> usize {
        let found = self.pools.iter().position(|p| matches!(p.source, Source::Trainable));
        found.unwrap_or_else(|| self.new_pool(Source::Trainable))
    }

    /// The array that an earlier application made at this place of the body being evaluated, if there is such a body and
    /// array.
    pub(super) fn next_known(&mut self) -> Option<Option<(Vec<usize>, NodeId)>> {
        let frame = self.frames.last_mut()?;
        let known = self.pools[frame.pool].shared[frame.shared].made.get(frame.next).cloned();
        frame.next += 1;
        Some(known)
    }

    pub(super) fn new_name(&mut self, name: Name) -> String {
        let name = match name {
            Name::User(word) => self.unused(&word),
            Name::Layer(kind, array) => {
                let number = self.numbers.entry(kind).and_modify(|n| *n += 1).or_insert(0);
                layer_name(kind, *number, array)
            }
            Name::Further(kind, array) => layer_name(kind, self.numbers.get(kind).copied().unwrap_or(0), array),
        };
        self.names.push(name.clone());
        name
    }

    fn unused(&self, word: &str) -> String {
        let taken = |n: &str| self.names.iter().any(|known| known == n);
        let mut name = word.to_string();
        let mut number = 1;
        while taken(&name) {
            name = format!("{word}{number}");
            number += 1;
        }
        name
    }
}

/// `conv0.weight`, `conv1.weight`, but `global_conv.eta`, `global_conv1.eta`: usually only convolutions occur more than once.
fn layer_name(kind: &str, number: usize, array: &str) -> String {
    match number {
        0 if kind != "conv" => format!("{kind}.{array}"),
        n => format!("{kind}{n}.{array}"),
    }
}

/// a + (b - a) sigmoid(t).
pub fn bounded((a, b): (f64, f64), t: f64) -> f64 {
    a + (b - a) / (1.0 + (-t).exp())
}
