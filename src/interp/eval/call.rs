//! Calls: user functions, builtins, systems, and the pipe.

use super::MAX_CALLS;
use crate::interp::call::{Argument, Meaning, Parameter, Site, bind, dimensioned};
use crate::interp::error::{Placed, RunError, TypesError, fail, inside};
use crate::interp::value::scope::Scope;
use crate::interp::value::{Closure, Operand, Value};
use crate::interp::{Interpreter, registry};
use crate::lang::Dimension;
use crate::lang::ast::{Arg, Expr, ExprKind, ParamDecl};
use crate::model::Interaction;
use crate::problem::{Problem, Result, Via};
use crate::source::Span;
use std::rc::Rc;

/// How many calls that led to an error are kept; deeper recursion adds no more.
const MAX_VIA: usize = 8;

impl Interpreter {
    /// `f(a, b: 2)`.
    pub(crate) fn eval_call(&mut self, callee: &Expr, args: &[Arg], span: Span, scope: &Scope) -> Result<Value> {
        let function = self.callee(callee, scope)?;
        let args = self.arguments(args, scope)?;
        self.call(&function, args, &site(callee, span), callee.span)
    }

    /// `x |> f(a)` is `f(x, a)`, `x |> f` is `f(x)`.
    pub(crate) fn pipe(&mut self, value: &Expr, into: &Expr, scope: &Scope) -> Result<Value> {
        let first = self.argument(None, value, scope)?;
        let (callee, rest) = match &*into.kind {
            ExprKind::Call { callee, args } => (callee, args.as_slice()),
            _ => (into, [].as_slice()),
        };
        let function = self.callee(callee, scope)?;
        let mut args = self.arguments(rest, scope)?;
        args.insert(0, first);
        self.call(&function, args, &site(callee, into.span), callee.span)
    }

    /// What is called. A name whose value belongs to the body around it is no function.
    fn callee(&mut self, callee: &Expr, scope: &Scope) -> Result<Value> {
        if let ExprKind::Name(name) = &*callee.kind
            && scope.get(name).is_none()
            && self.module(scope.module()).and_then(|m| m.within(name)).is_none()
            && registry::get(name).is_some_and(|builtin| matches!(builtin.meaning, Meaning::Local(_)))
        {
            let (found, span) = (format!("`{name}`"), callee.span);
            let help = format!("it is a value itself, that of the calculation: write `{name}` without parentheses");
            return fail(TypesError::NotCallable { found, help, span }, span);
        }
        self.eval(callee, scope)
    }

    fn arguments(&mut self, args: &[Arg], scope: &Scope) -> Result<Vec<Argument>> {
        args.iter().map(|arg| self.argument(Some(arg), &arg.value, scope)).collect()
    }

    fn argument(&mut self, arg: Option<&Arg>, expr: &Expr, scope: &Scope) -> Result<Argument> {
        let value = self.eval(expr, scope)?;
        let entries = match &*expr.kind {
            ExprKind::Record(entries) => entries.iter().map(|(n, v)| (n.clone(), v.span)).collect(),
            _ => Vec::new(),
        };
        let unit = match (&*expr.kind, &value) {
            (ExprKind::Quantity { unit, .. }, _) => crate::interp::eval::units::shown_unit(unit).ok().map(|(u, _)| u),
            (_, Value::Number(q)) => q.unit,
            _ => None,
        };
        let name = arg.and_then(|a| a.name.clone());
        Ok(Argument { name, value, span: expr.span, trailing: arg.is_some_and(|a| a.trailing), entries, unit })
    }

    /// Calls a value.
    ///
    /// # Errors
    /// It cannot be called; its arguments do not match; any error inside, with this call added to it.
    pub fn call(&mut self, function: &Value, args: Vec<Argument>, site: &Site, callee: Span) -> Result<Value> {
        self.check_interrupt(site.span)?;
        if self.calls >= MAX_CALLS {
            let name = site.callee.trim_matches('`').to_string();
            return fail(RunError::Recursion { limit: MAX_CALLS, name, span: site.span }, site.span);
        }
        self.calls += 1;
        let outer = self.users_call;
        if !self.of_library(site.span) {
            self.users_call = Some(site.span);
        }
        let value = self.dispatch(function, args, site, callee);
        self.users_call = outer;
        self.calls -= 1;
        value
    }

    fn dispatch(&mut self, function: &Value, args: Vec<Argument>, site: &Site, callee: Span) -> Result<Value> {
        match function {
            Value::Function(closure) => self.call_closure(closure, args, site),
            Value::Builtin(builtin) => self.call_builtin(builtin, args, site),
            Value::SystemMaker(maker) => self.call_system(maker, args, site),
            Value::Functional(functional) => self.call_functional(functional, args, site),
            Value::Model(model) => self.call_model(model, args, site),
            Value::Loss(loss) => self.call_loss(loss, args, site),
            Value::Machine(machine) => self.call_machine(machine, args, site),
            Value::Kernel(kernel) => self.call_kernel(kernel, args, site),
            Value::Interaction(interaction) => self.call_interaction(interaction, args, site),
            Value::Nothing
            | Value::Number(_)
            | Value::Bool(_)
            | Value::Str(_)
            | Value::List(_)
            | Value::Record(_)
            | Value::Interval(..)
            | Value::Field(_)
            | Value::Grid(_)
            | Value::System(_)
            | Value::Run(_)
            | Value::Reference(_)
            | Value::Table(_)
            | Value::Figure(_)
            | Value::Mixing(_)
            | Value::ExactFunctional
            | Value::Corrected(_)
            | Value::Basis(_)
            | Value::Module(_)
            | Value::Symbol(_)
            | Value::Optimizer(_) => fail(not_callable(function, callee), callee),
        }
    }

    /// Calls a value with positional arguments, from a builtin; errors get the builtin's place.
    pub fn apply(&mut self, function: &Value, args: Vec<Value>, span: Span) -> Result<Value> {
        let args = args.into_iter().map(|v| Argument::positional(v, span)).collect();
        let callee = match function {
            Value::Function(c) if &*c.def.name.name != "fn" => format!("`{}`", c.def.name.name),
            Value::Builtin(b) => format!("`{}`", b.name),
            _ => "the function".to_string(),
        };
        self.call(function, args, &Site { span, callee }, span)
    }

    /// w(r) of a ready-made interaction.
    fn call_interaction(&mut self, w: &Interaction, args: Vec<Argument>, site: &Site) -> Result<Value> {
        let params = [Parameter::new(Rc::from("r"), true)];
        let bound = bind(&params, args, false, site)?;
        let Some(Some(r)) = bound.values.into_iter().next() else { return Ok(Value::Nothing) };
        let distance = dimensioned(Operand::new(&r.value, r.span), Dimension::LENGTH, "a distance")?;
        Ok(Value::energy(w.at(distance).unwrap_or(f64::NAN)))
    }

    fn call_closure(&mut self, closure: &Rc<Closure>, args: Vec<Argument>, site: &Site) -> Result<Value> {
        let bound = bind(&parameters(&closure.def.params), args, false, site)?;
        let values = bound.values.into_iter().map(|a| a.map(|a| (a.value, a.span))).collect();
        let inside = |s: &mut Self| {
            let scope = s.frame(closure, values)?;
            s.eval(&closure.def.body, &scope)
        };
        inside(self).map_err(|problem| self.through(problem, site, &closure.def.name.name))
    }

    /// The scope of a body: that of the closure, the closure itself, its parameters; defaults see the parameters before them.
    fn frame(&mut self, closure: &Rc<Closure>, values: Vec<Option<(Value, Span)>>) -> Result<Scope> {
        let mut scope = closure.scope.clone();
        let name = &closure.def.name;
        if closure.named {
            scope.define(name.name.clone(), name.span, Value::Function(closure.clone()));
        }
        self.bind_params(&mut scope, &closure.def.params, values)?;
        Ok(scope)
    }

    /// Binds given values and defaults, in order.
    pub(crate) fn bind_params(
        &mut self,
        scope: &mut Scope,
        params: &[ParamDecl],
        values: Vec<Option<(Value, Span)>>,
    ) -> Result<()> {
        for (param, given) in params.iter().zip(values) {
            let value = match (given, &param.default) {
                (Some((value, _)), _) => value,
                (None, Some(default)) => self.eval(default, scope)?,
                (None, None) => Value::Nothing,
            };
            scope.define(param.name.name.clone(), param.name.span, value);
        }
        Ok(())
    }
}

/// What binding needs to know of declared parameters.
pub(crate) fn parameters(params: &[ParamDecl]) -> Vec<Parameter> {
    params.iter().map(|p| Parameter::new(p.name.name.clone(), p.default.is_none())).collect()
}

impl Interpreter {
    /// Adds a call to a problem. An error in the library is shown at the user's call; if an assertion already says what is wrong with
    /// the call, the place in the library is left out.
    pub(crate) fn through(&self, problem: Box<Problem>, site: &Site, name: &str) -> Box<Problem> {
        let note = if name == "fn" { "in this call".to_string() } else { format!("in this call of `{name}`") };
        if !self.of_library(problem.span) || self.of_library(site.span) {
            return led_by(problem, site.span, note);
        }
        let asserted = matches!(inside(&problem), Some(RunError::Assertion { .. }));
        let Problem { error, span, .. } = *problem;
        let moved = Problem::new(Placed::moved(error, site.span, note), site.span);
        Box::new(if asserted { moved } else { moved.via(span, "where the library stops") })
    }

    /// Whether a place is in the standard library.
    pub(crate) fn of_library(&self, span: Span) -> bool {
        self.library.iter().any(|module| module.source == span.source)
    }

    /// Moves a warning or note in the library to the user's call.
    pub(crate) fn at_users_call(&self, problem: Problem) -> Problem {
        match self.users_call {
            Some(call) if self.of_library(problem.span) => {
                Problem::new(Placed::moved(problem.error, call, "in this call"), call)
            }
            _ => problem,
        }
    }
}

/// Adds a call to a problem, unless it is the place of the problem itself or there are many already.
pub(crate) fn led_by(mut problem: Box<Problem>, span: Span, note: String) -> Box<Problem> {
    if problem.via.len() < MAX_VIA && problem.span != span {
        problem.via.push(Via { span, note });
    }
    problem
}

fn site(callee: &Expr, span: Span) -> Site {
    let callee = match &*callee.kind {
        ExprKind::Name(name) => format!("`{name}`"),
        ExprKind::Field { name, .. } => format!("`{}`", name.name),
        _ => "this function".to_string(),
    };
    Site { span, callee }
}

fn not_callable(value: &Value, span: Span) -> TypesError {
    let help = match value {
        Value::List(_) | Value::Field(_) => "an index goes in `[ ]`: `v[0]`",
        Value::System(_) => "this system has no parameters: use it without parentheses",
        Value::Reference(_) => "it is the exact answer itself, with members: `.energy`, `.density`",
        Value::Number(_) => "a product needs a `*`: `2 * (a + b)`",
        _ => "functions, systems with parameters and functionals can be called",
    };
    TypesError::NotCallable { found: value.kind(), help: help.into(), span }
}
