//! The record of a function or constant of the language, with all that completion, `:doc`, the reference pages and the tests need.

use super::{Args, Argument, Site};
use crate::interp::Interpreter;
use crate::interp::value::{Value, text};
use crate::lang::Kind;
use crate::lang::kinds::either;
use crate::problem::Result;
use crate::source::Span;
use std::fmt;

/// A parameter of a builtin.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// The kinds of values it takes.
    pub takes: &'static [Kind],
    /// Its default; `None`: it must be given.
    pub default: Option<DefaultValue>,
    /// Whether it can be given only by name.
    pub named: bool,
    /// What it means, in a sentence; empty if the builtin's own summary says it.
    pub about: &'static str,
}

/// The default of a parameter: what is shown and what is used are the same.
#[derive(Clone, Copy, Debug)]
pub enum DefaultValue {
    /// A plain number.
    Number(f64),
    /// A Boolean.
    Truth(bool),
    /// A string that is the value of the constant with that name: `zero`.
    Word(&'static str),
    /// Any other value, as it would be written, and the value (a test evaluates one and compares it with the other).
    Value(&'static str, fn() -> Value),
    /// No value: a description of what is done without one.
    Absent(&'static str),
}

impl DefaultValue {
    /// As it would be written, or a description of what is done.
    pub fn text(&self) -> String {
        match self {
            DefaultValue::Number(x) => text::number(*x),
            DefaultValue::Truth(truth) => truth.to_string(),
            DefaultValue::Word(text) | DefaultValue::Value(text, _) | DefaultValue::Absent(text) => (*text).to_owned(),
        }
    }

    /// The value, if there is one.
    pub fn value(&self) -> Option<Value> {
        match self {
            DefaultValue::Number(x) => Some(Value::plain(*x)),
            DefaultValue::Truth(truth) => Some(Value::Bool(*truth)),
            DefaultValue::Word(word) => Some(Value::text(word)),
            DefaultValue::Value(_, value) => Some(value()),
            DefaultValue::Absent(_) => None,
        }
    }
}

/// A parameter that must be given.
pub const fn required(name: &'static str, takes: &'static [Kind]) -> Param {
    Param { name, takes, default: None, named: false, about: "" }
}

/// A parameter with a default.
pub const fn optional(name: &'static str, takes: &'static [Kind], default: DefaultValue) -> Param {
    Param { name, takes, default: Some(default), named: false, about: "" }
}

/// A parameter with a default that can be given only by name.
pub const fn named(name: &'static str, takes: &'static [Kind], default: DefaultValue) -> Param {
    Param { name, takes, default: Some(default), named: true, about: "" }
}

impl Param {
    /// The same with what it means.
    pub const fn about(self, about: &'static str) -> Param {
        Param { about, ..self }
    }

    /// `points`, `stencil = 5`.
    fn written(&self) -> String {
        self.default.map_or(self.name.to_owned(), |default| format!("{} = {}", self.name, default.text()))
    }
}

/// The kinds on which functions act element by element and point by point.
pub const EACH: &[Kind] = &[Kind::Quantity, Kind::List, Kind::Field];

/// What a builtin accepts in addition to its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Nothing.
    Plain,
    /// Any number of further positional arguments, with this name in the signature.
    Rest(&'static str),
    /// A record (usually the block after the call) whose entries are named arguments: `train f { on: … }`.
    Options,
}

/// A snippet of ksr and its result.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// A line or more.
    pub code: &'static str,
    /// An expression with the same value; `None`: the example is only run.
    pub gives: Option<&'static str>,
}

/// An example with the value of its last line.
pub const fn example(code: &'static str, gives: &'static str) -> Example {
    Example { code, gives: Some(gives) }
}

/// An example that is only run.
pub const fn shown(code: &'static str) -> Example {
    Example { code, gives: None }
}

/// What a name refers to.
#[derive(Clone, Copy)]
pub enum Meaning {
    /// A function.
    Function(fn(&mut Interpreter, &mut Args) -> Result<Value>),
    /// A constant.
    Constant(fn() -> Value),
    /// What has a value only at a place, in the body of a functional.
    Local(fn(&mut Interpreter, Span) -> Result<Value>),
}

impl fmt::Debug for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Meaning::Function(_) => "Function",
            Meaning::Constant(_) => "Constant",
            Meaning::Local(_) => "Local",
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
    /// Its further arguments.
    pub style: Style,
    /// What a call gives, or a constant is: a value of one of these kinds.
    pub gives: &'static [Kind],
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// Words that users may search for.
    pub words: &'static [&'static str],
    /// Examples; the tests run every one.
    pub examples: &'static [Example],
    /// Its function or value.
    pub meaning: Meaning,
    /// Whether it prints or writes files, which only the script itself may do.
    pub acts: bool,
}

/// A function.
pub const fn function(
    name: &'static str,
    params: &'static [Param],
    gives: &'static [Kind],
    summary: &'static str,
    words: &'static [&'static str],
    examples: &'static [Example],
    run: fn(&mut Interpreter, &mut Args) -> Result<Value>,
) -> Builtin {
    let (style, meaning) = (Style::Plain, Meaning::Function(run));
    Builtin { name, params, style, gives, summary, words, examples, meaning, acts: false }
}

/// A constant.
pub const fn constant(
    name: &'static str,
    gives: &'static [Kind],
    summary: &'static str,
    words: &'static [&'static str],
    examples: &'static [Example],
    value: fn() -> Value,
) -> Builtin {
    let (style, meaning) = (Style::Plain, Meaning::Constant(value));
    Builtin { name, params: &[], style, gives, summary, words, examples, meaning, acts: false }
}

/// What has a value only in the body of a functional.
pub const fn local(
    name: &'static str,
    summary: &'static str,
    words: &'static [&'static str],
    examples: &'static [Example],
    value: fn(&mut Interpreter, Span) -> Result<Value>,
) -> Builtin {
    let (style, meaning) = (Style::Plain, Meaning::Local(value));
    Builtin { name, params: &[], style, gives: &[Kind::Field], summary, words, examples, meaning, acts: false }
}

impl Builtin {
    /// The same, with further arguments.
    pub const fn with(self, style: Style) -> Builtin {
        Builtin { style, ..self }
    }

    /// The same, only for the script itself.
    pub const fn acting(self) -> Builtin {
        Builtin { acts: true, ..self }
    }

    /// The value of its name, if it is the same everywhere: the function itself, or the constant.
    pub fn value(&'static self) -> Option<Value> {
        match self.meaning {
            Meaning::Function(_) => Some(Value::Builtin(self)),
            Meaning::Constant(value) => Some(value()),
            Meaning::Local(_) => None,
        }
    }

    /// Whether it is called for its effect rather than its value.
    pub fn has_effect(&self) -> bool {
        self.gives == [Kind::Nothing]
    }

    /// `uniform(points, spacing, stencil = 5)`; the name alone of a constant.
    pub fn signature(&self) -> String {
        if let Meaning::Constant(_) | Meaning::Local(_) = self.meaning {
            return self.name.to_string();
        }
        let mut params: Vec<String> = self.params.iter().filter(|p| !p.named).map(Param::written).collect();
        if let Style::Rest(name) = self.style {
            params.push(format!("{name} …"));
        }
        params.extend(self.params.iter().filter(|p| p.named).map(Param::written));
        format!("{}({})", self.name, params.join(", "))
    }

    /// What its parameters accept and what it returns, in words: `` `x`: a number; `grid`: a grid; returns a length ``.
    /// Parameters side by side that take the same are grouped.
    pub fn kinds(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        let stated = |kinds: &[Kind]| *kinds != [Kind::Any];
        for group in self.params.chunk_by(|a, b| a.takes == b.takes).filter(|group| stated(group[0].takes)) {
            let names: Vec<String> = group.iter().map(|p| format!("`{}`", p.name)).collect();
            parts.push(format!("{}: {}", names.join(", "), either(group[0].takes)));
        }
        match self.meaning {
            Meaning::Function(_) if !self.has_effect() && stated(self.gives) => {
                parts.push(format!("returns {}", either(self.gives)))
            }
            Meaning::Function(_) | Meaning::Constant(_) | Meaning::Local(_) => {}
        }
        parts.join("; ")
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
        if builtin.acts {
            // A function of the library that calls it does so for its caller.
            self.only_in_script(builtin.name, self.users_call.unwrap_or(site.span))?;
        }
        let mut args = Args::bind(builtin, args, site)?;
        // Few results are larger than all that they are made of; those ask for themselves.
        let bytes = args.given().map(|arg| arg.value.bytes()).sum();
        self.afford(bytes, &site.callee, site.span)?;
        let given = match builtin.meaning {
            Meaning::Function(run) => run(self, &mut args)?,
            Meaning::Constant(value) => value(),
            Meaning::Local(value) => value(self, site.span)?,
        };
        #[cfg(test)]
        self.assert_kinds(builtin, &args, &given);
        self.weigh(&given, site.span)?;
        Ok(given)
    }

    /// In the tests of this crate, which run every example: checks that arguments and result are of the declared kinds.
    #[cfg(test)]
    fn assert_kinds(&self, builtin: &Builtin, args: &Args, given: &Value) {
        for param in builtin.params {
            let fits = |value: &Value| param.takes.iter().any(|kind| value.is(*kind));
            let taken = args.value(param.name).ok();
            if let Some(value) = taken.filter(|value| !fits(value)) {
                panic!("`{}` of `{}` takes {}, not {}", param.name, builtin.name, either(param.takes), value.kind());
            }
        }
        // A `train` that is only planned has no value.
        if self.planned.is_none() && !builtin.gives.iter().any(|kind| given.is(*kind)) {
            panic!("`{}` gives {}, not {}", builtin.name, either(builtin.gives), given.kind());
        }
    }
}
