//! `system`.
use super::args::{Argument, Site};
use crate::interp::Interpreter;
use crate::interp::scope::{Binding, Scope};
use crate::interp::value::{SystemMaker, Value};
use crate::lang::ast::*;
use crate::problem::Result;
use crate::source::Span;
use std::rc::Rc;
impl Interpreter {
    pub(super) fn system_value(&mut self, _: &SystemDef, _: &Scope) -> Result<Value> {
        Ok(Value::Nothing)
    }
    pub(super) fn call_system(&mut self, _: &Rc<SystemMaker>, _: Vec<Argument>, _: &Site) -> Result<Value> {
        Ok(Value::Nothing)
    }
    pub(super) fn functional(&mut self, _: &Rc<FunctionalDef>, _: &Scope) -> Result<Value> {
        Ok(Value::Nothing)
    }
    pub(super) fn param(&mut self, _: &Param, _: &mut Scope) -> Result<()> {
        Ok(())
    }
    pub(super) fn use_module(&mut self, _: &Use, _: &Stmt, _: &Scope) -> Result<Vec<Rc<Binding>>> {
        Ok(vec![])
    }
    pub(super) fn prelude(&mut self, _: &str, _: Span) -> Result<Option<Value>> {
        Ok(None)
    }
    pub(super) fn call_interaction(
        &mut self,
        _: &crate::model::Interaction,
        _: Vec<Argument>,
        _: &Site,
    ) -> Result<Value> {
        Ok(Value::Nothing)
    }
    pub(super) fn literal(&mut self, value: f64, _: &UnitExpr) -> Result<Value> {
        Ok(Value::plain(value))
    }
    pub(super) fn convert(&mut self, value: &Value, _: Span, _: &UnitExpr) -> Result<Value> {
        Ok(value.clone())
    }
    pub(super) fn unit_of(&mut self, _: &UnitExpr) -> Option<crate::interp::value::ShownUnit> {
        None
    }
}
