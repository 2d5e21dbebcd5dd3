//! The bound arguments of a builtin, read by parameter name, with errors in the user's terms.

use super::{Argument, Builtin, Parameter, Site, Style, bind, mismatch};
use crate::interp::Interpreter;
use crate::interp::error::{RunError, UnitsError, fail};
use crate::interp::value::{Field, List, Operand, Quantity, Value, text};
use crate::lang::Dimension;
use crate::lang::ast::Ident;
use crate::model::Grid;
use crate::problem::Result;
use crate::source::Span;
use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

/// Whole numbers must be below this.
const LARGEST_WHOLE: f64 = 1e15;

/// The arguments of a call of a builtin.
#[derive(Clone, Debug)]
pub struct Args {
    builtin: &'static Builtin,
    values: Vec<Option<Argument>>,
    /// Positional arguments beyond the parameters.
    pub rest: Vec<Argument>,
    /// The whole call.
    pub span: Span,
}

impl Args {
    /// Binds arguments to the parameters of a builtin.
    pub(crate) fn bind(builtin: &'static Builtin, args: Vec<Argument>, site: &Site) -> Result<Args> {
        let parameter = |p: &crate::interp::call::Param| Parameter {
            name: Rc::from(p.name),
            required: p.default.is_none(),
            named: p.named,
        };
        let params: Vec<Parameter> = builtin.params.iter().map(parameter).collect();
        let args = if builtin.style == Style::Options { spread(args) } else { args };
        let rest = matches!(builtin.style, Style::Rest(_));
        let site = Site { callee: format!("`{}`", builtin.name), ..site.clone() };
        let bound = bind(&params, args, rest, &site)?;
        Ok(Args { builtin, values: bound.values, rest: bound.rest, span: site.span })
    }

    /// All arguments of the call.
    pub(crate) fn given(&self) -> impl Iterator<Item = &Argument> {
        self.values.iter().flatten().chain(&self.rest)
    }

    /// The name of the builtin.
    pub fn name(&self) -> &'static str {
        self.builtin.name
    }

    /// The argument for a parameter, if it is given.
    pub fn get(&self, name: &str) -> Option<&Argument> {
        let slot = self.builtin.params.iter().position(|p| p.name == name)?;
        self.values.get(slot)?.as_ref()
    }

    /// Whether a parameter is given.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The argument for a parameter.
    ///
    /// # Errors
    /// It is missing.
    pub fn arg(&self, name: &str) -> Result<&Argument> {
        self.get(name)
            .map_or_else(|| self.wrong(self.span, format!("`{}` needs a value for `{name}`", self.name()), None), Ok)
    }

    /// The value of a parameter, given or by default.
    ///
    /// # Errors
    /// It is missing.
    pub fn value(&self, name: &str) -> Result<Cow<'_, Value>> {
        if let Some(arg) = self.get(name) {
            return Ok(Cow::Borrowed(&arg.value));
        }
        let param = self.builtin.params.iter().find(|p| p.name == name);
        match param.and_then(|p| p.default).and_then(|default| default.value()) {
            Some(default) => Ok(Cow::Owned(default)),
            None => self.arg(name).map(|arg| Cow::Borrowed(&arg.value)),
        }
    }

    /// Value and place of a parameter that is given.
    pub fn operand(&self, name: &str) -> Result<Operand<'_>> {
        self.arg(name).map(|a| Operand::new(&a.value, a.span))
    }

    /// `` `points` of `uniform` ``.
    pub fn what(&self, name: &str) -> String {
        if self.builtin.params.len() == 1 && self.builtin.style == Style::Plain {
            format!("the argument of `{}`", self.name())
        } else {
            format!("`{name}` of `{}`", self.name())
        }
    }

    /// The error for an argument of the wrong kind.
    pub fn mismatch<T>(&self, name: &str, wanted: &str, help: Option<String>) -> Result<T> {
        let arg = self.arg(name)?;
        mismatch(&self.what(name), wanted, &arg.value, help, arg.span)
    }

    /// The error for a value out of range.
    pub fn wrong<T>(&self, span: Span, message: impl Into<String>, help: Option<String>) -> Result<T> {
        fail(RunError::Value { message: message.into(), help, span }, span)
    }

    /// A number of any dimension.
    pub fn quantity(&self, name: &str) -> Result<Quantity> {
        match &*self.value(name)? {
            Value::Number(q) => Ok(q.clone()),
            _ => self.mismatch(name, "a number", None),
        }
    }

    /// A plain number.
    pub fn number(&self, name: &str) -> Result<f64> {
        let q = self.quantity(name)?;
        if q.dim.is_plain() {
            return Ok(q.value);
        }
        let span = self.span_of(name);
        let function = self.name().to_string();
        fail(UnitsError::NotPlain { function, found: q.dim.words(), span }, span)
    }

    /// A number of a dimension, or a plain one in atomic units.
    pub fn dimensioned(&self, name: &str, dim: Dimension) -> Result<f64> {
        let q = self.quantity(name)?;
        if q.dim.agree(dim).is_some() {
            return Ok(q.value);
        }
        let (span, what) = (self.span_of(name), self.what(name));
        fail(UnitsError::Wanted { what, wanted: dim.words(), found: q.dim.words(), span }, span)
    }

    /// A whole number, at least 0.
    pub fn whole(&self, name: &str) -> Result<usize> {
        let x = self.number(name)?;
        if x >= 0.0 && x == x.round() && x < LARGEST_WHOLE {
            return Ok(x as usize);
        }
        let wanted = match x {
            x if x >= LARGEST_WHOLE => "below 1e15",
            x if x < 0.0 => "a whole number, 0 or more",
            _ => "a whole number",
        };
        let message = format!("{} must be {wanted}, not {}", self.what(name), text::number(x));
        self.wrong(self.span_of(name), message, None)
    }

    /// A Boolean.
    pub fn truth(&self, name: &str) -> Result<bool> {
        match &*self.value(name)? {
            Value::Bool(b) => Ok(*b),
            _ => self.mismatch(name, "true or false", None),
        }
    }

    /// A string.
    pub fn text(&self, name: &str) -> Result<Rc<str>> {
        match &*self.value(name)? {
            Value::Str(s) => Ok(s.clone()),
            _ => self.mismatch(name, "a string in quotes", None),
        }
    }

    /// The path of a file or folder: a string that is not empty.
    pub fn path(&self, name: &str) -> Result<Rc<str>> {
        let path = self.text(name)?;
        if path.trim().is_empty() {
            return self.wrong(self.span_of(name), format!("{} is empty", self.what(name)), None);
        }
        Ok(path)
    }

    /// A string, if one is given.
    pub fn opt_text(&self, name: &str) -> Result<Option<Rc<str>>> {
        if self.has(name) { self.text(name).map(Some) } else { Ok(None) }
    }

    /// A field.
    pub fn field(&self, name: &str) -> Result<Rc<Field>> {
        match &self.arg(name)?.value {
            Value::Field(f) => Ok(f.clone()),
            _ => self.mismatch(name, "a field", None),
        }
    }

    /// The same arguments with another value of a parameter that is given.
    pub fn with(&self, name: &str, value: Value) -> Self {
        let mut args = self.clone();
        let slot = self.builtin.params.iter().position(|p| p.name == name);
        if let Some(Some(arg)) = slot.and_then(|slot| args.values.get_mut(slot)) {
            arg.value = value;
        }
        args
    }

    /// The place of a parameter's argument, or of the call if it is not given.
    pub fn span_of(&self, name: &str) -> Span {
        self.get(name).map_or(self.span, |a| a.span)
    }

    /// A grid.
    pub fn grid(&self, name: &str) -> Result<Arc<Grid>> {
        match &self.arg(name)?.value {
            Value::Grid(g) => Ok(g.clone()),
            _ => self.mismatch(name, "a grid", None),
        }
    }

    /// The ends of an interval.
    pub fn interval(&self, name: &str) -> Result<(Quantity, Quantity)> {
        match &self.arg(name)?.value {
            Value::Interval(a, b) => Ok((a.clone(), b.clone())),
            _ => self.mismatch(name, "an interval `a .. b`", None),
        }
    }

    /// The elements of a list or listed interval.
    pub fn list(&self, interp: &mut Interpreter, name: &str) -> Result<Rc<List>> {
        let what = self.what(name);
        interp.elements(self.operand(name)?, &what)
    }
}

/// Turns a record at the end into named arguments, each with its own place.
fn spread(mut args: Vec<Argument>) -> Vec<Argument> {
    let last_is_record = args.last().is_some_and(|a| a.name.is_none() && matches!(a.value, Value::Record(_)));
    let Some(last) = (if last_is_record { args.pop() } else { None }) else {
        return args;
    };
    let Value::Record(record) = &last.value else { return args };
    for (index, (name, value)) in record.entries.iter().enumerate() {
        let (name, span) = match last.entries.get(index) {
            Some((ident, span)) => (ident.clone(), *span),
            None => (Ident { name: name.clone(), span: last.span }, last.span),
        };
        args.push(Argument { name: Some(name), ..Argument::positional(value.clone(), span) });
    }
    args
}
