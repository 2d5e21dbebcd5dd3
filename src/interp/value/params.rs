//! Trainable arrays of a graph under construction: who makes them, what they are called, and that every application of a
//! functional meets the same ones.

use super::functional::Functional;
use super::symbol::Trace;
use crate::graph::{Init, NodeId, ParamSpec};
use crate::interp::error::{TraceError, fail};
use crate::problem::Result;
use crate::source::Span;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What a layer or `param` statement asks for.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its name, or the layer it belongs to.
    pub name: Name,
    /// `[width, input, output]`, `[len]`, `[]`.
    pub shape: Vec<usize>,
    /// How it starts.
    pub init: Init,
    /// Bounds.
    pub bounds: Option<(f64, f64)>,
    /// Where it is made.
    pub span: Span,
}

/// What a new array is called.
#[derive(Clone, Debug, PartialEq)]
pub enum Name {
    /// The user's word; a second one of that name is numbered.
    User(Rc<str>),
    /// The first array of a layer, which takes the next number of its kind: `conv0.weight`, `global_conv.eta`.
    Layer(&'static str, &'static str),
    /// A further array of the same layer: `conv0.bias`.
    Further(&'static str, &'static str),
}

/// Where values come from.
#[derive(Clone, Debug)]
enum Source {
    /// They are made, and trained.
    Trainable,
    /// They are those of a model; frozen, or the start of a training.
    Given { values: Rc<[f64]>, next: usize, frozen: bool },
}

/// The arrays of one functional.
#[derive(Debug)]
struct Shared {
    functional: Rc<Functional>,
    made: Vec<(Vec<usize>, NodeId)>,
}

/// Functionals that draw on one source.
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

/// How a functional gets its arrays when its body is entered.
#[derive(Clone, Debug)]
pub enum Entry {
    /// With its own, made at the first application.
    Shared,
    /// From the values of a model, which are not trained.
    Frozen(Rc<[f64]>),
    /// From given values, which are trained.
    From(Rc<[f64]>),
}

impl Trace {
    /// Enters the body of a functional: from now on arrays are its own.
    pub fn enter(&self, functional: &Rc<Functional>, entry: &Entry) {
        let params = &mut *self.params.borrow_mut();
        let same = |s: &Shared| s.functional.same(functional);
        let pool = match entry {
            Entry::Shared => match params.frames.last() {
                Some(frame) => frame.pool,
                None => params.root_pool(),
            },
            Entry::Frozen(values) => params.new_pool(Source::Given { values: values.clone(), next: 0, frozen: true }),
            Entry::From(values) => {
                let found = params.pools.iter().position(|p| {
                    matches!(&p.source, Source::Given { values: v, frozen: false, .. } if Rc::ptr_eq(v, values))
                        && p.shared.first().is_some_and(same)
                });
                found.unwrap_or_else(|| {
                    params.new_pool(Source::Given { values: values.clone(), next: 0, frozen: false })
                })
            }
        };
        let all = &mut params.pools[pool].shared;
        let shared = all.iter().position(same).unwrap_or_else(|| {
            all.push(Shared { functional: functional.clone(), made: Vec::new() });
            all.len() - 1
        });
        params.frames.push(Frame { pool, shared, next: 0 });
    }

    /// Leaves the body entered last.
    pub fn leave(&self) {
        self.params.borrow_mut().frames.pop();
    }

    /// The next array of the functional whose body is being evaluated: one made by an earlier application, or a new one.
    ///
    /// # Errors
    /// There is no such body; an earlier application made an array of another shape.
    pub fn param(self: &Rc<Self>, request: Request) -> Result<NodeId> {
        let span = request.span;
        let Some((frame, known)) = self.params.borrow_mut().next_known() else {
            return fail(TraceError::ParamOutside { span }, span);
        };
        match known {
            Some((shape, node)) if shape == request.shape => Ok(node),
            Some((shape, _)) => {
                let (first, now) = (words(&shape), words(&request.shape));
                fail(TraceError::ParamsDiffer { first, now, span }, span)
            }
            None => {
                let shape = request.shape.clone();
                let node = self.new_param(request, frame.pool)?;
                self.params.borrow_mut().pools[frame.pool].shared[frame.shared].made.push((shape, node));
                Ok(node)
            }
        }
    }

    fn new_param(&self, request: Request, pool: usize) -> Result<NodeId> {
        let Request { name, shape, init, bounds, span } = request;
        let kind = match &name {
            Name::User(_) => "param",
            Name::Layer(kind, _) | Name::Further(kind, _) => *kind,
        };
        let len = match crate::graph::size(kind, &shape) {
            Ok(len) => len,
            Err(error) => return fail(TraceError::shape(&error, span), span),
        };
        let params = &mut *self.params.borrow_mut();
        let given = match &mut params.pools[pool].source {
            Source::Trainable => None,
            Source::Given { values, next, frozen } => {
                let Some(raw) = values.get(*next..*next + len) else {
                    let (found, needed) = (values.len(), *next + len);
                    return fail(TraceError::TooFewValues { found, needed, span }, span);
                };
                *next += len;
                let values = raw.iter().map(|&t| bounds.map_or(t, |b| bounded(b, t))).collect::<Vec<f64>>();
                if *frozen {
                    return Ok(self.add(|g| g.vector(&values, span)));
                }
                Some(Init::Values(values))
            }
        };
        let name = params.new_name(name);
        let init = given.unwrap_or(init);
        Ok(self.add(|g| g.param(ParamSpec { name, shape, init, bounds, span })))
    }
}

impl Params {
    fn new_pool(&mut self, source: Source) -> usize {
        self.pools.push(Pool { source, shared: Vec::new() });
        self.pools.len() - 1
    }

    /// The pool of what is trained.
    fn root_pool(&mut self) -> usize {
        let found = self.pools.iter().position(|p| matches!(p.source, Source::Trainable));
        found.unwrap_or_else(|| self.new_pool(Source::Trainable))
    }

    /// The frame of the body being evaluated, and the array an earlier application made at this place.
    #[allow(clippy::type_complexity)]
    fn next_known(&mut self) -> Option<(Frame, Option<(Vec<usize>, NodeId)>)> {
        let frame = self.frames.last_mut()?;
        let known = self.pools[frame.pool].shared[frame.shared].made.get(frame.next).cloned();
        frame.next += 1;
        Some((*frame, known))
    }

    fn new_name(&mut self, name: Name) -> String {
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

/// `conv0.weight`, `conv1.weight`, but `global_conv.eta`, `global_conv1.eta`: only convolutions are many as a rule.
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

/// `a single number`, `3 x 16 x 16 numbers`.
fn words(shape: &[usize]) -> String {
    match shape {
        [] => "a single number".into(),
        shape => format!("{} numbers", shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ")),
    }
}
