//! `system`: from entries to parts, and from parts to a system.

use super::call::parameters;
use crate::interp::Interpreter;
use crate::interp::call::{Argument, DefaultValue, Param, Site, bind, dimensioned, mismatch, optional};
use crate::interp::error::{Placed, SystemProblem, fail, suggestion};
use crate::interp::value::scope::Scope;
use crate::interp::value::{Closure, Operand, SystemMaker, Value, text};
use crate::lang::ast::{Each, Expr, FnDef, Ident, SystemDef, SystemEntry};
use crate::lang::{Dimension, Kind};
use crate::model::{BuildError, Grid, Interaction, Nucleus, Part, Parts, System};
use crate::problem::{Problem, Result};
use crate::source::Span;
use miette::Diagnostic;
use std::rc::Rc;
use std::sync::Arc;

/// A system of so many nuclei times points may take so long that it can be interrupted.
const MANY: usize = 1_000_000;

/// The entries that have names.
pub(crate) const SYSTEM_ENTRIES: [Param; 6] = [
    optional("potential", &[Kind::Function, Kind::Field], DefaultValue::Absent("that of the nuclei"))
        .about("an external potential, `potential(x): …` or a field, added to that of the nuclei"),
    optional(
        "interaction",
        &[Kind::Function, Kind::Interaction],
        DefaultValue::Value("exponential()", || Value::Interaction(Interaction::BAKER)),
    )
    .about("the interaction between electrons, and with nuclei, `interaction(r): …`; by default the exponential one"),
    optional("electrons", &[Kind::Whole], DefaultValue::Absent("neutral"))
        .about("the number of electrons; by default the system is neutral"),
    optional("charge", &[Kind::Number], DefaultValue::Absent("neutral"))
        .about("the total charge, instead of `electrons:`"),
    optional("unpaired", &[Kind::Whole], DefaultValue::Absent("by parity"))
        .about("up minus down electrons; by default 0 for an even number of electrons, 1 for an odd number"),
    optional("name", &[Kind::Text], DefaultValue::Absent("as written")).about("its name in tables and messages"),
];

/// The entries so far, with their places.
struct Draft {
    parts: Parts,
    interaction: Option<Value>,
    nuclei: Vec<Span>,
    options: Vec<(Rc<str>, Span)>,
    whole: Span,
}

impl Draft {
    /// The place of a part in the script.
    fn span(&self, part: Part) -> Span {
        let option = |name: &str| self.options.iter().find(|(n, _)| &**n == name).map(|(_, s)| *s);
        let found = match part {
            Part::Nucleus(index) => self.nuclei.get(index).copied(),
            Part::Potential => option("potential"),
            Part::Interaction => option("interaction"),
            Part::Electrons => option("electrons"),
            Part::Charge => option("charge"),
            Part::Unpaired => option("unpaired"),
            Part::Grid | Part::Whole => None,
        };
        found.unwrap_or(self.whole)
    }
}

impl Interpreter {
    /// A system without parameters.
    pub(crate) fn system_value(&mut self, def: &SystemDef, scope: &Scope) -> Result<Value> {
        self.build_system(def, scope.clone(), def.name.name.to_string())
    }

    /// `h2(1.28)`.
    pub(crate) fn call_system(&mut self, maker: &Rc<SystemMaker>, args: Vec<Argument>, site: &Site) -> Result<Value> {
        let params = maker.def.params.as_deref().unwrap_or_default();
        let label = self.label(&maker.def.name.name, &args);
        let bound = bind(&parameters(params), args, false, site)?;
        let values = bound.values.into_iter().map(|a| a.map(|a| (a.value, a.span))).collect();
        let mut scope = maker.scope.clone();
        let built =
            self.bind_params(&mut scope, params, values).and_then(|()| self.build_system(&maker.def, scope, label));
        built.map_err(|problem| self.through(problem, site, &maker.def.name.name))
    }

    /// `h2(1.28)`, on one line: numbers by value, anything else as written.
    fn label(&self, name: &str, args: &[Argument]) -> String {
        let one = |a: &Argument| {
            let value = match &a.value {
                Value::Number(q) => text::number(q.value),
                Value::Bool(_) | Value::Str(_) => text::value(&a.value),
                _ => self.sources.text(a.span).to_string(),
            };
            a.name.as_ref().map_or(value.clone(), |n| format!("{}: {value}", n.name))
        };
        let label = format!("{name}({})", args.iter().map(one).collect::<Vec<_>>().join(", "));
        label.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn build_system(&mut self, def: &SystemDef, scope: Scope, label: String) -> Result<Value> {
        let Some(on) = &def.grid else {
            return fail(SystemProblem::NoGrid { name: def.name.name.to_string(), span: def.span }, def.span);
        };
        let grid = match self.eval(on, &scope)? {
            Value::Grid(grid) => grid,
            other => return mismatch("the grid after `on`", "a grid", &other, None, on.span),
        };
        let mut draft = Draft {
            parts: Parts {
                label,
                grid,
                interaction: Interaction::BAKER,
                nuclei: Vec::new(),
                potential: None,
                electrons: None,
                charge: None,
                unpaired: None,
            },
            interaction: None,
            nuclei: Vec::new(),
            options: Vec::new(),
            whole: def.span,
        };
        for entry in &def.entries {
            self.entry(entry, &scope, &mut draft)?;
        }
        self.assemble(draft)
    }

    fn entry(&mut self, entry: &SystemEntry, scope: &Scope, draft: &mut Draft) -> Result<()> {
        match entry {
            SystemEntry::Nucleus { element, at, each, span } => {
                self.nuclei(element, at, each.as_ref(), *span, scope, draft)
            }
            SystemEntry::Option { name, value } => {
                noted(draft, name, value.span)?;
                let given = self.eval(value, scope)?;
                self.option(name, &given, value.span, draft)
            }
            SystemEntry::Function { function } => {
                let FnDef { name, span, .. } = &**function;
                noted(draft, name, *span)?;
                // `potential` in `potential(x): …` means what it means elsewhere.
                let closure = Closure { def: function.clone(), scope: scope.clone(), named: false };
                self.option(name, &Value::Function(Rc::new(closure)), *span, draft)
            }
        }
    }

    fn option(&mut self, name: &Ident, given: &Value, span: Span, draft: &mut Draft) -> Result<()> {
        match &*name.name {
            "potential" => draft.parts.potential = Some(self.potential(given, span, &draft.parts.grid.clone())?),
            "interaction" => draft.interaction = Some(given.clone()),
            "electrons" => draft.parts.electrons = Some(count(name, given, span)?),
            "charge" => draft.parts.charge = Some(count(name, given, span)?),
            "unpaired" => draft.parts.unpaired = Some(count(name, given, span)?),
            "name" => match given {
                Value::Str(text) if !text.trim().is_empty() => draft.parts.label = text.to_string(),
                other => return mismatch("`name`", "a string in quotes", other, None, span),
            },
            other => {
                let (name_, help) =
                    (other.to_string(), suggestion(other, &SYSTEM_ENTRIES.map(|entry| entry.name), "entries"));
                return fail(SystemProblem::UnknownEntry { name: name_, help, span: name.span }, name.span);
            }
        }
        Ok(())
    }

    fn nuclei(
        &mut self,
        element: &Expr,
        at: &Expr,
        each: Option<&Each>,
        span: Span,
        scope: &Scope,
        draft: &mut Draft,
    ) -> Result<()> {
        let placed = match each {
            None => vec![self.nucleus(element, at, scope)?],
            Some(each) => self.each(each, scope, |s, scope| s.nucleus(element, at, scope))?,
        };
        draft.nuclei.extend(placed.iter().map(|_| span));
        draft.parts.nuclei.extend(placed);
        Ok(())
    }

    fn nucleus(&mut self, element: &Expr, at: &Expr, scope: &Scope) -> Result<Nucleus> {
        let value = self.eval(element, scope)?;
        let (symbol, charge) = match charge(&value) {
            Some(found) => found,
            None => return fail(SystemProblem::NotANucleus { found: value.kind(), span: element.span }, element.span),
        };
        let place = self.eval(at, scope)?;
        let position = dimensioned(Operand::new(&place, at.span), Dimension::LENGTH, "the position of a nucleus")?;
        Ok(Nucleus { symbol, charge, position })
    }

    /// `potential:` on the grid, from a function of x or a field.
    fn potential(&mut self, given: &Value, span: Span, grid: &Arc<Grid>) -> Result<Vec<f64>> {
        match given {
            Value::Field(f) if *f.grid == **grid && f.channels == 1 => Ok(f.data.clone()),
            Value::Field(f) => {
                let (found, wanted) = (text::grid(&f.grid), text::grid(grid));
                fail(SystemProblem::PotentialGrid { found, wanted, span }, span)
            }
            Value::Function(_) | Value::Builtin(_) => {
                let at = |x: f64| self.sample(given, x, span, "the potential");
                grid.xs().into_iter().map(at).collect()
            }
            other => {
                let help = Some("write `potential(x): …`, or give a function of x or a field".to_string());
                mismatch("`potential`", "a function of x or a field", other, help, span)
            }
        }
    }

    /// A function of a distance or coordinate whose value is an energy.
    pub(crate) fn sample(&mut self, f: &Value, x: f64, span: Span, what: &str) -> Result<f64> {
        let value = self.apply(f, vec![Value::plain(x)], span)?;
        dimensioned(Operand::new(&value, span), Dimension::ENERGY, what)
    }

    /// An interaction as the model knows it: ready-made, or a function of the distance sampled for a grid.
    pub(crate) fn interaction(&mut self, given: &Value, span: Span, grid: &Grid) -> Result<Interaction> {
        match given {
            Value::Interaction(interaction) => Ok(interaction.clone()),
            Value::Function(_) | Value::Builtin(_) | Value::Kernel(_) => {
                let written = self.sources.text(span);
                let short = !written.is_empty() && written.len() <= 60 && !written.contains('\n');
                let name = if short { written.to_string() } else { text::value(given) };
                Interaction::sample(name, grid, &mut |r| self.interaction_at(given, r, span))
            }
            other => {
                let help =
                    Some("as in `soft_coulomb()`, `exponential()` or `fn(r) = 1 / (1 + r)`; or `none`".to_string());
                mismatch("`interaction`", "a function of the distance", other, help, span)
            }
        }
    }

    /// The interaction at a distance, hartree; `given` is a function.
    fn interaction_at(&mut self, given: &Value, r: f64, span: Span) -> Result<f64> {
        match self.apply(given, vec![Value::plain(r)], span)? {
            family @ (Value::Function(_) | Value::Builtin(_) | Value::Kernel(_) | Value::Interaction(_)) => {
                let help =
                    Some("parentheses choose one of a family, as in `soft_coulomb()` or `exponential()`".to_string());
                mismatch("the interaction at a distance", "a number", &family, help, span)
            }
            value => dimensioned(Operand::new(&value, span), Dimension::ENERGY, "the interaction"),
        }
    }

    fn assemble(&mut self, mut draft: Draft) -> Result<Value> {
        let grid = draft.parts.grid.clone();
        let span = draft.span(Part::Interaction);
        let given = draft.interaction.take();
        if let Some(given) = &given {
            draft.parts.interaction = self.interaction(given, span, &grid)?;
        }
        let parts = draft.parts.clone();
        let built = match given {
            Some(f @ (Value::Function(_) | Value::Builtin(_) | Value::Kernel(_))) => {
                System::build(parts, &mut |r| self.sample(&f, r, span, "the interaction"))
            }
            _ => {
                let (ready, work) = (parts.interaction.clone(), parts.nuclei.len().saturating_mul(grid.points));
                let mut w = move |r: f64| Ok(ready.interpolated(&grid, r));
                self.stoppable(work >= MANY, span, move || System::build(parts, &mut w))?
            }
        };
        let (system, notes) = match built {
            Ok(built) => built,
            Err(BuildError::Interaction(problem)) => return Err(problem),
            Err(BuildError::System(error)) => {
                let span = draft.span(error.part());
                return fail(Placed::new(error, span, "here"), span);
            }
        };
        for note in notes {
            let span = draft.span(note.part());
            self.warn_at(Placed::new(note, span, "here"), span);
        }
        Ok(Value::System(Arc::new(system)))
    }

    /// Sends a warning or note to the host, only the first of its kind per place: a curve would repeat it at every point.
    pub(crate) fn warn_at(&mut self, error: impl Diagnostic + Send + Sync + 'static, span: Span) {
        self.warn_with(Problem::new(error, span), true);
    }
}

/// Records the place of an entry; twice is an error.
fn noted(draft: &mut Draft, name: &Ident, span: Span) -> Result<()> {
    let before = draft.options.iter().find(|(n, _)| *n == name.name).map(|(_, s)| *s);
    if let Some(first) = before {
        return fail(SystemProblem::Doubled { name: name.name.to_string(), first, second: span }, span);
    }
    draft.options.push((name.name.clone(), span));
    Ok(())
}

/// A plain number as written; the model checks whether it is whole.
fn count(name: &Ident, given: &Value, span: Span) -> Result<f64> {
    match given {
        Value::Number(q) if q.dim.is_plain() => Ok(q.value),
        other => mismatch(&format!("`{}`", name.name), "a whole number", other, None, span),
    }
}

/// Symbol and charge of a nucleus: an atom's record, or a plain charge.
fn charge(value: &Value) -> Option<(String, f64)> {
    match value {
        Value::Number(q) if q.dim.is_plain() => Some((format!("Z={}", text::number(q.value)), q.value)),
        Value::Record(record) => {
            let Some(Value::Number(q)) = record.get("charge") else { return None };
            let symbol = record.get("symbol").map_or_else(|| format!("Z={}", text::number(q.value)), text::value);
            q.dim.is_plain().then_some((symbol, q.value))
        }
        _ => None,
    }
}
