//! Looks up names: in the scope, among later definitions of the module, in the language, among the standard atoms and interactions.

use crate::interp::call::Meaning;
use crate::interp::error::{RunError, fail};
use crate::interp::value::Value;
use crate::interp::value::scope::{Binding, Readiness, Scope, Thunk};
use crate::interp::{Interpreter, registry};
use crate::lang::absent::instead;
use crate::lang::nearest::did_you_mean;
use crate::problem::Result;
use crate::source::Span;
use std::rc::Rc;

impl Interpreter {
    /// The value of a name.
    ///
    /// # Errors
    /// The name is unknown; its value depends on itself; an error when it is first needed.
    pub(crate) fn name(&mut self, name: &str, span: Span, scope: &Scope) -> Result<Value> {
        match self.find(name, span, scope)? {
            Some(value) => Ok(value),
            None => {
                let known = self.visible(scope);
                let help = instead(name).or_else(|| did_you_mean(name, known.iter().map(|n| &**n)));
                fail(RunError::UnknownName { name: name.to_string(), help, span }, span)
            }
        }
    }

    /// The value of a name, if it is known.
    pub(crate) fn find(&mut self, name: &str, span: Span, scope: &Scope) -> Result<Option<Value>> {
        if let Some(binding) = scope.get(name) {
            return self.force(&binding.clone(), span).map(Some);
        }
        if let Some(binding) = self.module(scope.module()).and_then(|m| m.within(name)).cloned() {
            return self.force(&binding, span).map(Some);
        }
        if let Some(builtin) = registry::get(name) {
            if builtin.acts {
                self.only_in_script(name, span)?;
            }
            return match builtin.meaning {
                Meaning::Local(value) => value(self, span).map(Some),
                Meaning::Function(_) | Meaning::Constant(_) => Ok(builtin.value()),
            };
        }
        self.prelude(name, span)
    }

    /// The value of a binding, evaluated now if it has not been needed before.
    pub(crate) fn force(&mut self, binding: &Rc<Binding>, span: Span) -> Result<Value> {
        let state = binding.state.replace(Readiness::Forcing);
        let thunk = match state {
            Readiness::Ready(value) => {
                binding.state.replace(Readiness::Ready(value.clone()));
                return Ok(value);
            }
            Readiness::Forcing => return fail(RunError::Cycle { name: binding.name.to_string(), span }, span),
            Readiness::Lazy(thunk) => thunk,
        };
        let value = match &thunk {
            Thunk::Expr(expr, scope) => self.eval(expr, scope),
            Thunk::Definition(statement, scope) => self.definition(statement, scope).map(|(_, value)| value),
        };
        let state = value.as_ref().map_or(Readiness::Lazy(thunk), |v| Readiness::Ready(v.clone()));
        binding.state.replace(state);
        value.map_err(|problem| {
            super::call::led_by(problem, span, format!("needed for the value of `{}`", binding.name))
        })
    }

    /// All names visible at a place, those of the language included.
    pub(crate) fn visible(&self, scope: &Scope) -> Vec<Rc<str>> {
        let mut names: Vec<Rc<str>> = scope.bindings().map(|b| b.name.clone()).collect();
        names.extend(
            self.module(scope.module())
                .into_iter()
                .flat_map(|m| m.bindings.iter().chain(&m.brought))
                .map(|b| b.name.clone()),
        );
        names.extend(registry::all().map(|b| Rc::from(b.name)));
        names
    }
}
