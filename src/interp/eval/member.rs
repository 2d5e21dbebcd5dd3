//! `.name`: of records, modules, tables, grids, systems, runs and references.

mod physics;

use crate::interp::Interpreter;
use crate::interp::error::{Advice, TraceError, TypesError, fail, suggestion};
use crate::interp::trace::{UNSOLVED_ENERGIES, not_solved, potential_functional};
use crate::interp::value::{ModuleRef, Operand, Record, Value, machine, model};
use crate::ks::{NO_ENERGY, Property};
use crate::lang::Kind;
use crate::lang::ast::Ident;
use crate::problem::{Problem, Result};
use std::rc::Rc;

/// A member of a kind of value: its name, a sentence, and how to get it.
pub(crate) struct Member<T: ?Sized> {
    /// The name after the dot.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub about: &'static str,
    /// Its value.
    pub get: fn(&T) -> Value,
}

/// The value of a member by name.
pub(crate) fn pick<T: ?Sized>(members: &[Member<T>], of: &T, name: &str) -> Option<Value> {
    members.iter().find(|m| m.name == name).map(|m| (m.get)(of))
}

fn names<T: ?Sized>(members: &[Member<T>]) -> Vec<String> {
    members.iter().map(|m| m.name.to_string()).collect()
}

/// Members of runs that exact exchange is no part of.
const LOCAL_PARTS: [&str; 2] = ["potential", "xc_potential"];

impl Interpreter {
    /// The value of `whole.name`.
    ///
    /// # Errors
    /// There is no such name; an error when the value of a used file's definition is first needed.
    pub(crate) fn member(&mut self, whole: Operand<'_>, name: &Ident) -> Result<Value> {
        if let (Value::Reference(reference), "pair_density") = (whole.value, &*name.name) {
            let numbers = (reference.system.grid.points as u64).saturating_pow(2);
            // The matrix, and the field made of it.
            self.afford(numbers.saturating_mul(16), "`pair_density`", name.span)?;
        }
        if LOCAL_PARTS.contains(&&*name.name) {
            self.tell_local_part(whole.value, name)?;
        }
        let found = match whole.value {
            Value::Module(module) => return self.module_member(module, name),
            Value::Record(record) => match record.get(&name.name) {
                None => self.unsolved_member(record, name)?,
                found => found.cloned(),
            },
            Value::Table(table) => table.get(&name.name).map(|c| Value::List(c.clone())),
            Value::Grid(grid) => pick(physics::GRID, grid, &name.name),
            Value::Field(field) => pick(physics::FIELD, field.as_ref(), &name.name),
            Value::Interaction(interaction) => pick(physics::INTERACTION, interaction, &name.name),
            Value::System(system) => pick(physics::SYSTEM, system, &name.name),
            Value::Run(run) if physics::absent_in_run(run, &name.name).is_some() => None,
            Value::Run(run) => physics::of_run(run, &name.name),
            Value::Reference(r) if physics::absent(r, &name.name).is_some() => None,
            Value::Reference(reference) => match pick(physics::REFERENCE, reference, &name.name) {
                None => self.inverted_member(reference, &name.name, name.span)?,
                found => found,
            },
            Value::Model(model) => model.member(&name.name),
            Value::Machine(machine) => machine.member(&name.name),
            Value::Interval(from, to) => match &*name.name {
                "from" => Some(Value::Number(from.clone())),
                "to" => Some(Value::Number(to.clone())),
                _ => None,
            },
            Value::Symbol(s) if &*name.name == "channels" => Some(Value::plain(s.shape().channels as f64)),
            Value::Nothing
            | Value::Number(_)
            | Value::Bool(_)
            | Value::Str(_)
            | Value::List(_)
            | Value::Figure(_)
            | Value::Mixing(_)
            | Value::ExactFunctional
            | Value::Corrected(_)
            | Value::Kernel(_)
            | Value::Basis(_)
            | Value::Function(_)
            | Value::Builtin(_)
            | Value::SystemMaker(_)
            | Value::Symbol(_)
            | Value::Functional(_)
            | Value::Optimizer(_)
            | Value::Loss(_) => None,
        };
        match found {
            Some(value) if self.in_loss > 0 && is_physics(whole.value) => Ok(value.plain_numbers()),
            Some(value) => Ok(value),
            None => {
                let help = match whole.value {
                    Value::Run(run) if physics::absent_in_run(run, &name.name).is_some() => {
                        physics::absent_in_run(run, &name.name).unwrap_or_default().into()
                    }
                    Value::Record(record) if record.label.is_some() && without_energy(record, &name.name) => {
                        NO_ENERGY.into()
                    }
                    Value::Record(record) if record.reference.is_some() => not_solved(&name.name, record),
                    Value::Record(record) if record.label.is_some() && &*name.name == "converged" => {
                        "a loss sees a fixed number of iterations: `run.residual` says how far they are from convergence"
                            .into()
                    }
                    Value::Reference(r) if physics::absent(r, &name.name).is_some() => {
                        physics::absent(r, &name.name).unwrap_or_default()
                    }
                    Value::Model(model) if model.absent(&name.name).is_some() => {
                        model.absent(&name.name).unwrap_or_default().into()
                    }
                    Value::Machine(_) if &*name.name == "tried" => {
                        "it was made with a given width and noise: `cross_validate` tries many".into()
                    }
                    Value::SystemMaker(_) => "this system has parameters: give them values in parentheses".into(),
                    Value::Symbol(s) if s.shape().grid.is_some() => {
                        "in a body its values are not known yet: `n[0]` stands for the value at a point, `sum(n)` and `max(n)` for \
                         those of all points"
                            .into()
                    }
                    Value::List(_) => "use an index for its elements, starting from 0: `v[0]`".into(),
                    value => match self.member_names(value).as_slice() {
                        [] => "it has no members".into(),
                        names => suggestion(&name.name, names, "names"),
                    },
                };
                let (found, name_) = (whole.value.kind(), name.name.to_string());
                fail(TypesError::NoField { found, name: name_, help, span: name.span }, name.span)
            }
        }
    }

    /// Tells that a potential of a run is without exact exchange, if there is any; refuses it in a loss.
    fn tell_local_part(&mut self, whole: &Value, name: &Ident) -> Result<()> {
        let functional = match whole {
            Value::Run(run) => run.functional().cloned(),
            Value::Record(run) if run.label.is_some() => match run.get("functional") {
                Some(Value::Functional(functional)) => Some(functional.clone()),
                _ => None,
            },
            _ => None,
        };
        let Some(functional) = functional else { return Ok(()) };
        if !self.traced(&functional, name.span)?.compiled.exchange {
            return Ok(());
        }
        let (functional, member, span) = (functional.label(), name.name.to_string(), name.span);
        if self.in_loss > 0 {
            return fail(TraceError::ExchangeIsNoPotential { functional, member, span }, span);
        }
        self.warn_with(Problem::new(Advice::LocalPart { member, functional, span }, span), true);
        Ok(())
    }

    fn module_member(&mut self, module: &ModuleRef, name: &Ident) -> Result<Value> {
        let binding = self.module(module.id).and_then(|m| m.get(&name.name)).cloned();
        match binding {
            Some(binding) => self.force(&binding, name.span),
            None => {
                let help = suggestion(&name.name, &self.module_names(module), "names");
                let (found, name_) = (format!("`{}`", module.name), name.name.to_string());
                fail(TypesError::NoField { found, name: name_, help, span: name.span }, name.span)
            }
        }
    }

    fn module_names(&self, module: &ModuleRef) -> Vec<String> {
        self.module(module.id).map(|m| m.bindings.iter().map(|b| b.name.to_string()).collect()).unwrap_or_default()
    }

    /// The names of a value's members.
    pub fn member_names(&self, value: &Value) -> Vec<String> {
        let own = |names: Vec<Rc<str>>| names.iter().map(|n| n.to_string()).collect();
        match value {
            Value::Module(module) => self.module_names(module),
            Value::Record(record) => {
                let needed = if record.reference.is_some() { UNSOLVED_ENERGIES } else { &[] };
                let entries = record.entries.iter().map(|(n, _)| n.clone());
                own(entries.chain(needed.iter().map(|name| Rc::from(*name))).collect())
            }
            Value::Table(table) => own(table.columns.iter().map(|(n, _)| n.clone()).collect()),
            Value::Grid(_) => names(physics::GRID),
            Value::Field(_) => names(physics::FIELD),
            Value::Interaction(_) => names(physics::INTERACTION),
            Value::System(_) => names(physics::SYSTEM),
            Value::Run(run) => {
                let members = physics::run_members().into_iter().map(|(name, _)| name);
                members.filter(|name| physics::absent_in_run(run, name).is_none()).map(str::to_owned).collect()
            }
            Value::Reference(_) => physics::reference_members().into_iter().map(|(name, _)| name.to_string()).collect(),
            Value::Model(model) => model.names(),
            Value::Machine(_) => machine::MEMBERS.iter().map(|(name, _)| (*name).to_owned()).collect(),
            Value::Interval(..) => vec!["from".into(), "to".into()],
            Value::Symbol(_) => vec!["channels".into()],
            Value::Nothing
            | Value::Number(_)
            | Value::Bool(_)
            | Value::Str(_)
            | Value::List(_)
            | Value::Figure(_)
            | Value::Mixing(_)
            | Value::ExactFunctional
            | Value::Corrected(_)
            | Value::Kernel(_)
            | Value::Basis(_)
            | Value::Function(_)
            | Value::Builtin(_)
            | Value::SystemMaker(_)
            | Value::Functional(_)
            | Value::Optimizer(_)
            | Value::Loss(_) => Vec::new(),
        }
    }
}

/// Whether a name needs an energy that the functional of the run of a loss has not.
fn without_energy(run: &Record, name: &str) -> bool {
    let functional = run.get("functional").is_some_and(|functional| potential_functional(functional).is_some());
    functional && Property::named(name).is_some_and(|property| property.needs_energy())
}

/// Whether the numbers of its members have units, which a loss does not see.
fn is_physics(value: &Value) -> bool {
    use Value::{Grid, Interaction, Reference, Run, System};
    matches!(value, Grid(_) | System(_) | Run(_) | Reference(_) | Interaction(_))
}

/// Kinds of values with their members and what these mean, for the reference pages.
pub fn documented_members() -> Vec<(Kind, Vec<(&'static str, &'static str)>)> {
    fn of<T: ?Sized>(members: &[Member<T>]) -> Vec<(&'static str, &'static str)> {
        members.iter().map(|m| (m.name, m.about)).collect()
    }
    vec![
        (Kind::Interval, vec![("from", "its first value"), ("to", "its last value")]),
        (Kind::Grid, of(physics::GRID)),
        (Kind::Field, of(physics::FIELD)),
        (Kind::Interaction, of(physics::INTERACTION)),
        (Kind::System, of(physics::SYSTEM)),
        (Kind::Run, physics::run_members()),
        (Kind::Reference, physics::reference_members()),
        (Kind::Model, model::MEMBERS.to_vec()),
        (Kind::Machine, machine::MEMBERS.to_vec()),
    ]
}
