//! Arguments, and how they are bound to parameters.

use crate::interp::error::{ArityError, fail, listed, suggestion};
use crate::interp::value::{ShownUnit, Value};
use crate::lang::ast::Ident;
use crate::problem::Result;
use crate::source::Span;
use std::rc::Rc;

/// An evaluated argument.
#[derive(Clone, Debug)]
pub struct Argument {
    /// `name:`.
    pub name: Option<Ident>,
    /// Its value.
    pub value: Value,
    /// Its expression.
    pub span: Span,
    /// Whether it is the block after the call.
    pub trailing: bool,
    /// For a record literal in the call, the names and places of its entries.
    pub entries: Vec<(Ident, Span)>,
    /// The unit in which it is written, or to which it is converted: `0.1 kcal/mol`.
    pub unit: Option<ShownUnit>,
}

impl Argument {
    /// A positional argument.
    pub fn positional(value: Value, span: Span) -> Self {
        Self { name: None, value, span, trailing: false, entries: Vec::new(), unit: None }
    }
}

/// What binding needs to know about a parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: Rc<str>,
    /// Whether it must be given.
    pub required: bool,
    /// Whether it can be given only by name.
    pub named: bool,
}

impl Parameter {
    /// A parameter that can be given by position or name.
    pub fn new(name: Rc<str>, required: bool) -> Self {
        Self { name, required, named: false }
    }
}

/// The place of a call and what it calls.
#[derive(Clone, Debug)]
pub struct Site {
    /// The whole call.
    pub span: Span,
    /// What is called, for messages: `` `f` ``, `this function`.
    pub callee: String,
}

/// One value per parameter (or none, if there is a default), and what is left over for a rest parameter.
#[derive(Debug)]
pub struct BoundArguments {
    /// In the order of the parameters.
    pub values: Vec<Option<Argument>>,
    /// Positional arguments beyond the parameters.
    pub rest: Vec<Argument>,
}

/// Binds arguments to parameters: positional ones in order, named ones by name.
///
/// # Errors
/// An unknown name, a doubled argument, too many (unless `rest`), or a missing one.
pub fn bind(params: &[Parameter], args: Vec<Argument>, rest: bool, site: &Site) -> Result<BoundArguments> {
    let mut bound = BoundArguments { values: vec![None; params.len()], rest: Vec::new() };
    let mut by_place = params.iter().enumerate().filter(|(_, p)| !p.named).map(|(slot, _)| slot);
    for arg in args {
        let slot = match &arg.name {
            Some(name) => position(params, name, site)?,
            None => match by_place.next() {
                Some(slot) => slot,
                None if rest => {
                    bound.rest.push(arg);
                    continue;
                }
                None => return too_many(params, &arg, site),
            },
        };
        match &bound.values[slot] {
            Some(first) => return doubled(params, slot, first, &arg, site),
            None => bound.values[slot] = Some(arg),
        }
    }
    missing(params, &bound, site)?;
    Ok(bound)
}

fn position(params: &[Parameter], name: &Ident, site: &Site) -> Result<usize> {
    if let Some(slot) = params.iter().position(|p| p.name == name.name) {
        return Ok(slot);
    }
    let known: Vec<&str> = params.iter().map(|p| &*p.name).collect();
    let help = suggestion(&name.name, &known, "parameters");
    let (callee, span) = (site.callee.clone(), name.span);
    fail(ArityError::Unknown { callee, name: name.name.to_string(), help, span }, span)
}

fn too_many<T>(params: &[Parameter], arg: &Argument, site: &Site) -> Result<T> {
    let takes = match params.iter().filter(|p| !p.named).count() {
        0 => "no arguments".to_string(),
        1 => "at most 1 argument".to_string(),
        n => format!("at most {n} arguments"),
    };
    let (callee, span) = (site.callee.clone(), arg.span);
    fail(ArityError::TooMany { callee, takes, help: parameters(params), span }, span)
}

fn doubled<T>(params: &[Parameter], slot: usize, first: &Argument, second: &Argument, site: &Site) -> Result<T> {
    let error = ArityError::Doubled {
        callee: site.callee.clone(),
        name: params[slot].name.to_string(),
        help: parameters(params),
        first: first.span,
        second: second.span,
    };
    fail(error, second.span)
}

fn missing(params: &[Parameter], bound: &BoundArguments, site: &Site) -> Result<()> {
    let absent = params.iter().zip(&bound.values).filter(|(p, v)| p.required && v.is_none());
    let names: Vec<&str> = absent.map(|(p, _)| &*p.name).collect();
    if names.is_empty() {
        return Ok(());
    }
    let (callee, span) = (site.callee.clone(), site.span);
    fail(ArityError::Missing { callee, missing: listed(&names), help: parameters(params), span }, span)
}

/// `its parameters are `a` and `b``.
fn parameters(params: &[Parameter]) -> String {
    let names: Vec<&str> = params.iter().map(|p| &*p.name).collect();
    match names.len() {
        0 => "it has no parameters".into(),
        1 => format!("its parameter is {}", listed(&names)),
        _ => format!("its parameters are {}", listed(&names)),
    }
}
