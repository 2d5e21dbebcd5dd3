//! Lexical scopes. A scope is an immutable chain: binding a name makes a longer chain, so a closure keeps what was
//! visible where it was defined, and a failed entry of the REPL is undone by continuing from the previous chain.

use super::Value;
use crate::lang::ast::{Expr, Stmt};
use crate::source::Span;
use std::cell::RefCell;
use std::rc::Rc;

/// Identifies a module of an interpreter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModuleId(pub u32);

/// The state of a binding.
#[derive(Clone, Debug)]
pub enum Readiness {
    /// It has its value.
    Ready(Value),
    /// A definition of a used file that is not needed yet.
    Lazy(Thunk),
    /// It is being evaluated: if it is needed again, there is a cycle.
    Forcing,
}

/// An expression to be evaluated when it is needed.
#[derive(Clone, Debug)]
pub enum Thunk {
    /// The right-hand side of a `let`.
    Expr(Expr, Scope),
    /// Any other definition.
    Definition(Rc<Stmt>, Scope),
}

/// A name and its meaning.
#[derive(Debug)]
pub struct Binding {
    /// The name.
    pub name: Rc<str>,
    /// Where it is defined.
    pub span: Span,
    /// Its `##` lines.
    pub docs: Option<Rc<str>>,
    /// Its value, or how to get it.
    pub state: RefCell<Readiness>,
}

impl Binding {
    /// A binding with its value.
    pub fn ready(name: Rc<str>, span: Span, value: Value) -> Rc<Self> {
        Rc::new(Self { name, span, docs: None, state: RefCell::new(Readiness::Ready(value)) })
    }

    /// The same under another name: shares the value, or how to get it.
    pub fn renamed(&self, alias: &crate::lang::ast::Ident) -> Rc<Self> {
        let state = RefCell::new(self.state.borrow().clone());
        Rc::new(Self { name: alias.name.clone(), span: alias.span, docs: self.docs.clone(), state })
    }

    /// The value, if it has been evaluated.
    pub fn value(&self) -> Option<Value> {
        match &*self.state.borrow() {
            Readiness::Ready(value) => Some(value.clone()),
            _ => None,
        }
    }
}

#[derive(Debug)]
struct Node {
    binding: Rc<Binding>,
    next: Option<Rc<Node>>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.next.take().into_iter().for_each(release);
    }
}

thread_local! {
    /// The nodes that are still to be dropped, while one is.
    static RELEASED: RefCell<Option<Vec<Rc<Node>>>> = const { RefCell::new(None) };
}

/// Drops a node and all that hangs on it alone one after another instead of recursively: chains of names, and of functions that see
/// each other, can be long.
fn release(node: Rc<Node>) {
    if Rc::strong_count(&node) > 1 {
        return;
    }
    let first = RELEASED.try_with(|released| match &mut *released.borrow_mut() {
        Some(waiting) => {
            waiting.push(node);
            None
        }
        none => {
            *none = Some(Vec::new());
            Some(node)
        }
    });
    let mut next = first.ok().flatten();
    while let Some(node) = next {
        drop(node);
        next = RELEASED.with(|released| {
            let waiting = &mut *released.borrow_mut();
            let node = waiting.as_mut().and_then(Vec::pop);
            if node.is_none() {
                *waiting = None;
            }
            node
        });
    }
}

/// The names visible at a place.
#[derive(Clone, Debug)]
pub struct Scope {
    head: Option<Rc<Node>>,
    module: ModuleId,
}

impl Drop for Scope {
    fn drop(&mut self) {
        self.head.take().into_iter().for_each(release);
    }
}

impl Scope {
    /// A scope in a module, with only the names of the language.
    pub fn new(module: ModuleId) -> Self {
        Self { head: None, module }
    }

    /// The module whose later definitions are visible too.
    pub fn module(&self) -> ModuleId {
        self.module
    }

    /// Makes a name visible; it hides an earlier one.
    pub fn bind(&mut self, binding: Rc<Binding>) {
        self.head = Some(Rc::new(Node { binding, next: self.head.take() }));
    }

    /// Makes a value visible under a name.
    pub fn define(&mut self, name: Rc<str>, span: Span, value: Value) {
        self.bind(Binding::ready(name, span, value));
    }

    /// The innermost binding of a name.
    pub fn get(&self, name: &str) -> Option<&Rc<Binding>> {
        self.bindings().find(|b| &*b.name == name)
    }

    /// Whether two scopes are the same.
    pub fn same(&self, other: &Scope) -> bool {
        let head = match (&self.head, &other.head) {
            (Some(a), Some(b)) => Rc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        head && self.module == other.module
    }

    /// The bindings made since `earlier`, the innermost first; `None` if this scope does not continue it.
    pub fn since(&self, earlier: &Scope) -> Option<Vec<Rc<Binding>>> {
        let mut new = Vec::new();
        let mut at = self.clone();
        while !at.same(earlier) {
            let node = at.head.clone()?;
            new.push(node.binding.clone());
            at.head = node.next.clone();
        }
        Some(new)
    }

    /// All bindings, the innermost first (hidden ones too).
    pub fn bindings(&self) -> impl Iterator<Item = &Rc<Binding>> {
        std::iter::successors(self.head.as_ref(), |n| n.next.as_ref()).map(|n| &n.binding)
    }
}
