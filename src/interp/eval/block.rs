//! Statements: definitions of a script, a used file or a block.

use crate::interp::Interpreter;
use crate::interp::error::{RunError, fail};
use crate::interp::value::scope::{Binding, Readiness, Scope};
use crate::interp::value::{Closure, Functional, Loss, SystemMaker, Value};
use crate::lang::ast::{Ident, Stmt, StmtKind};
use crate::problem::Result;
use std::cell::RefCell;
use std::rc::Rc;

impl Interpreter {
    /// `{ …; value }`: its definitions are local, and its value is that of its last expression.
    pub(crate) fn block(&mut self, statements: &[Stmt], scope: &Scope) -> Result<Value> {
        let mut scope = scope.clone();
        let mut last = Value::Nothing;
        for statement in statements {
            last = match &statement.kind {
                StmtKind::Expr { value, .. } => self.eval(value, &scope)?,
                StmtKind::Param(param) => {
                    self.param(param, &mut scope)?;
                    Value::Nothing
                }
                StmtKind::Use(used) => {
                    for binding in self.use_module(used, statement, &scope)? {
                        scope.bind(binding);
                    }
                    Value::Nothing
                }
                _ => {
                    let binding = self.define(statement, &scope)?;
                    scope.bind(binding);
                    Value::Nothing
                }
            };
        }
        Ok(last)
    }

    /// Evaluates a definition.
    pub(crate) fn define(&mut self, statement: &Stmt, scope: &Scope) -> Result<Rc<Binding>> {
        let (name, value) = self.definition(statement, scope)?;
        Ok(binding(statement, &name, Readiness::Ready(value)))
    }

    /// The name and value of a definition.
    pub(crate) fn definition(&mut self, statement: &Stmt, scope: &Scope) -> Result<(Ident, Value)> {
        match &statement.kind {
            StmtKind::Let { name, value } => Ok((name.clone(), self.eval(value, scope)?)),
            StmtKind::Grid { name, value } => {
                let grid = self.eval(value, scope)?;
                match grid {
                    Value::Grid(_) => Ok((name.clone(), grid)),
                    other => {
                        crate::interp::call::mismatch(&format!("`{}`", name.name), "a grid", &other, None, value.span)
                    }
                }
            }
            StmtKind::Fn(def) => {
                let closure = Closure { def: def.clone(), scope: scope.clone(), named: true };
                Ok((def.name.clone(), Value::Function(Rc::new(closure))))
            }
            StmtKind::Loss(def) => {
                let closure = Rc::new(Closure { def: def.clone(), scope: scope.clone(), named: true });
                Ok((def.name.clone(), Value::Loss(Rc::new(Loss::new(closure)))))
            }
            StmtKind::System(def) if def.params.is_some() => {
                let maker = SystemMaker { def: def.clone(), scope: scope.clone() };
                Ok((def.name.clone(), Value::SystemMaker(Rc::new(maker))))
            }
            StmtKind::System(def) => Ok((def.name.clone(), self.system_value(def, scope)?)),
            StmtKind::Functional(def) => {
                let functional = Functional::new(def.clone(), scope.clone());
                Ok((def.function.name.clone(), Value::Functional(Rc::new(functional))))
            }
            StmtKind::Use(_) | StmtKind::Param(_) | StmtKind::Expr { .. } => {
                let message = "a definition is expected here".to_string();
                fail(RunError::Misplaced { message, span: statement.span }, statement.span)
            }
        }
    }
}

/// A binding of a statement's name.
pub(crate) fn binding(statement: &Stmt, name: &Ident, state: Readiness) -> Rc<Binding> {
    let (name, span) = (name.name.clone(), name.span);
    Rc::new(Binding { name, span, docs: statement.docs.clone(), state: RefCell::new(state) })
}
