//! Units of literals and of `->`.

use crate::interp::Interpreter;
use crate::interp::call::mismatch;
use crate::interp::error::{UnitsError, fail};
use crate::interp::value::{Operand, Quantity, Record, ShownUnit, Table, Value};
use crate::lang::Dimension;
use crate::lang::ast::UnitExpr;
use crate::lang::nearest::nearest;
use crate::lang::units;
use crate::lang::units::Unit;
use crate::problem::Result;
use crate::source::Span;
use std::rc::Rc;

impl Interpreter {
    /// `0.08 bohr`. In a loss all numbers are plain.
    pub(crate) fn literal(&mut self, value: f64, unit: &UnitExpr) -> Result<Value> {
        let (shown, dim) = shown_unit(unit)?;
        if self.in_loss > 0 {
            return Ok(Value::plain(value * shown.factor));
        }
        Ok(Value::Number(Quantity::of(value * shown.factor, dim)))
    }

    /// `x -> eV`: the same value, shown in a unit; a plain number is taken to be in atomic units.
    ///
    /// # Errors
    /// The unit has another dimension, or the value has none.
    pub(crate) fn convert(&mut self, value: &Value, span: Span, unit: &UnitExpr) -> Result<Value> {
        let to = shown_unit(unit)?;
        self.converted(Operand::new(value, span), unit, to)
    }

    fn converted(&mut self, x: Operand<'_>, unit: &UnitExpr, to: (ShownUnit, Dimension)) -> Result<Value> {
        match x.value {
            Value::Number(q) if q.dim.agree(to.1) == Some(to.1) => {
                Ok(Value::Number(Quantity { dim: to.1, unit: Some(to.0), ..q.clone() }))
            }
            Value::Number(q) => fail(conversion(q.dim, x.span, unit, to.1), unit.span),
            Value::List(items) => {
                let each = |v: &Value| self.converted(Operand::new(v, x.span), unit, to);
                items.iter().map(each).collect::<Result<Vec<_>>>().map(Value::list)
            }
            Value::Record(record) => {
                let mut entries = Vec::with_capacity(record.entries.len());
                for (name, value) in &record.entries {
                    entries.push((name.clone(), self.where_it_fits(value, x.span, unit, to)?));
                }
                Ok(Value::Record(Rc::new(Record::new(entries))))
            }
            Value::Table(table) => {
                let mut columns = Vec::with_capacity(table.columns.len());
                for (name, column) in &table.columns {
                    let values = column.iter().map(|v| self.where_it_fits(v, x.span, unit, to));
                    columns.push((name.clone(), Rc::new(values.collect::<Result<_>>()?)));
                }
                Ok(Value::Table(Rc::new(Table { columns })))
            }
            Value::Field(_) => {
                let help = "fields are plain numbers: multiply by a factor, as in `f * 27.2114`".to_string();
                mismatch("the value converted by `->`", "a number", x.value, Some(help), x.span)
            }
            other => mismatch("the value converted by `->`", "a number", other, None, x.span),
        }
    }

    /// In records and tables, only values of the unit's dimension are converted.
    fn where_it_fits(
        &mut self,
        value: &Value,
        span: Span,
        unit: &UnitExpr,
        to: (ShownUnit, Dimension),
    ) -> Result<Value> {
        match value {
            Value::Number(q) if q.dim != to.1 => Ok(value.clone()),
            Value::List(items) => {
                let each = |v: &Value| self.where_it_fits(v, span, unit, to);
                items.iter().map(each).collect::<Result<Vec<_>>>().map(Value::list)
            }
            Value::Number(_) | Value::Record(_) | Value::Table(_) => {
                self.converted(Operand::new(value, span), unit, to)
            }
            _ => Ok(value.clone()),
        }
    }
}

/// The unit of a unit expression, including its power, and its dimension.
///
/// # Errors
/// The unit does not exist.
pub(crate) fn shown_unit(unit: &UnitExpr) -> Result<(ShownUnit, Dimension)> {
    let Some(Unit { name, dimension, factor, .. }) = units::find(&unit.name) else {
        let known: Vec<&str> = units::names().collect();
        let help = match nearest(&unit.name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the units are {}", crate::interp::error::listed(&known)),
        };
        return fail(UnitsError::Unknown { name: unit.name.to_string(), help, span: unit.span }, unit.span);
    };
    let (power, one) = (unit.power, f64::from(unit.power));
    let shown = ShownUnit { name, power, factor: factor.powi(power) };
    Ok((shown, dimension.power(one).unwrap_or_default()))
}

fn conversion(found: Dimension, value_span: Span, unit: &UnitExpr, wanted: Dimension) -> UnitsError {
    let fitting: Vec<&str> = units::UNITS.iter().filter(|u| u.dimension == found).map(|u| u.name).collect();
    let help = match fitting.is_empty() {
        true => format!("its atomic unit is {}", found.unit()),
        false => format!("units of {} are {}", found.words(), crate::interp::error::listed(&fitting)),
    };
    let (unit_name, unit_span) = (unit.name.to_string(), unit.span);
    UnitsError::Conversion {
        found: found.words(),
        unit: unit_name,
        wanted: wanted.words(),
        help,
        value_span,
        unit_span,
    }
}
