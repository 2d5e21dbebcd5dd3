//! The record of a function or constant of the language: one each, with all that completion, `:doc`, the reference pages and
//! the tests need.

use super::{Args, Argument, Site};
use crate::interp::Interpreter;
use crate::interp::value::Value;
use crate::problem::Result;
use std::fmt;

/// A parameter of a builtin.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// Its default, as it would be written; `None`: it must be given.
    pub default: Option<&'static str>,
    /// Whether it is only given by name.
    pub named: bool,
}

/// A parameter that must be given.
pub const fn required(name: &'static str) -> Param {
    Param { name, default: None, named: false }
}

/// A parameter with a default.
pub const fn optional(name: &'static str, default: &'static str) -> Param {
    Param { name, default: Some(default), named: false }
}

/// A parameter with a default that is only given by name.
pub const fn named(name: &'static str, default: &'static str) -> Param {
    Param { name, default: Some(default), named: true }
}

/// How a builtin takes what its parameters do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Nothing more than its parameters.
    Plain,
    /// Any number of further positional arguments, called so in the signature.
    Rest(&'static str),
    /// A record (usually the block after the call) whose entries are named arguments: `train f { on: … }`.
    Options,
}

/// A piece of ksr and what it gives.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// A line or more.
    pub code: &'static str,
    /// An expression of the same value; `None`: it only runs.
    pub gives: Option<&'static str>,
}

/// An example with the value of its last line.
pub const fn example(code: &'static str, gives: &'static str) -> Example {
    Example { code, gives: Some(gives) }
}

/// An example that only runs.
pub const fn shown(code: &'static str) -> Example {
    Example { code, gives: None }
}

/// What stands behind a name.
#[derive(Clone, Copy)]
pub enum Run {
    /// A function.
    Call(fn(&mut Interpreter, &mut Args) -> Result<Value>),
    /// A constant.
    Constant(fn() -> Value),
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Run::Call(_) => "Call",
            Run::Constant(_) => "Constant",
        })
    }
}

/// A function or constant of the language.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    /// Its name.
    pub name: &'static str,
    /// Parameters in order.
    pub params: &'static [Param],
    /// What else it takes.
    pub style: Style,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// Words a user may search for.
    pub words: &'static [&'static str],
    /// Examples; every one is run by the tests.
    pub examples: &'static [Example],
    /// What it does.
    pub run: Run,
}

/// A function.
pub const fn function(
    name: &'static str,
    params: &'static [Param],
    summary: &'static str,
    words: &'static [&'static str],
    examples: &'static [Example],
    run: fn(&mut Interpreter, &mut Args) -> Result<Value>,
) -> Builtin {
    Builtin { name, params, style: Style::Plain, summary, words, examples, run: Run::Call(run) }
}

/// A constant.
pub const fn constant(
    name: &'static str,
    summary: &'static str,
    words: &'static [&'static str],
    examples: &'static [Example],
    value: fn() -> Value,
) -> Builtin {
    Builtin { name, params: &[], style: Style::Plain, summary, words, examples, run: Run::Constant(value) }
}

impl Builtin {
    /// The same, taking more arguments.
    pub const fn with(self, style: Style) -> Builtin {
        Builtin { style, ..self }
    }

    /// The value of its name: itself, or the constant.
    pub fn value(&'static self) -> Value {
        match self.run {
            Run::Call(_) => Value::Builtin(self),
            Run::Constant(value) => value(),
        }
    }

    /// `uniform(points, spacing, stencil = 5)`; the name alone of a constant.
    pub fn signature(&self) -> String {
        if let Run::Constant(_) = self.run {
            return self.name.to_string();
        }
        let written = |p: &Param| p.default.map_or(p.name.to_string(), |d| format!("{} = {d}", p.name));
        let mut params: Vec<String> = self.params.iter().filter(|p| !p.named).map(written).collect();
        if let Style::Rest(name) = self.style {
            params.push(format!("{name} …"));
        }
        params.extend(self.params.iter().filter(|p| p.named).map(written));
        format!("{}({})", self.name, params.join(", "))
    }
}

impl Interpreter {
    /// Binds the arguments and runs a builtin.
    pub(crate) fn call_builtin(
        &mut self,
        builtin: &'static Builtin,
        args: Vec<Argument>,
        site: &Site,
    ) -> Result<Value> {
        let mut args = Args::bind(builtin, args, site)?;
        match builtin.run {
            Run::Call(run) => run(self, &mut args),
            Run::Constant(value) => Ok(value()),
        }
    }
}
