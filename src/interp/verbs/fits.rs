//! Whether a functional suits a system: what it is, and what it was made or trained for.

use crate::functional::FunctionalKind;
use crate::interp::Interpreter;
use crate::interp::error::{Advice, TraceError, fail, listed};
use crate::interp::trace::Ready;
use crate::interp::value::model::each_once;
use crate::interp::value::{Model, TrainedWith};
use crate::model::{Grid, Interaction, System};
use crate::number::brief;
use crate::problem::{Problem, Result};
use crate::source::Span;
use std::rc::Rc;

/// The interaction that a functional meets.
#[derive(Clone, Copy)]
pub(crate) struct Met<'a> {
    pub interaction: &'a Interaction,
    pub grid: &'a Grid,
    /// The system or function whose interaction it is.
    pub at: &'a str,
}

impl<'a> Met<'a> {
    /// That of a system.
    pub fn in_system(system: &'a System) -> Self {
        Self { interaction: &system.interaction, grid: &system.grid, at: &system.label }
    }

    /// Whether it is the one with this name in the head of a functional.
    fn is(&self, name: &str, here: &TrainedWith) -> bool {
        match (name, self.interaction) {
            ("exponential", _) => here.is(&TrainedWith::of(&Interaction::BAKER, self.grid)),
            ("none", interaction) => *interaction == Interaction::None,
            // One of a family: `soft_coulomb(softening: 2)`.
            (name, Interaction::Sampled { name: written, .. }) => written.split('(').next() == Some(name),
            _ => false,
        }
    }
}

impl Interpreter {
    /// Rejects a kinetic functional where an exchange-correlation functional is needed.
    pub(crate) fn check_kinetic(&self, ready: &Ready, span: Span) -> Result<()> {
        if ready.traced.compiled.kind != FunctionalKind::Kinetic {
            return Ok(());
        }
        fail(TraceError::Kinetic { functional: ready.name.clone(), span }, span)
    }

    /// Warns, once per place, if a functional was made for another interaction, or trained with one or on a grid whose spacing matters
    /// to it.
    pub(crate) fn check_interaction(&mut self, ready: &Ready, met: Met<'_>, span: Span) {
        let here = TrainedWith::of(met.interaction, met.grid);
        if let Some(made_for) = ready.traced.interactions.iter().find(|made_for| !met.is(made_for, &here)) {
            let (functional, made_for, system) = (ready.name.clone(), made_for.to_string(), met.at.into());
            let found = here.name.clone();
            self.warn_with(Problem::new(Advice::MadeFor { functional, made_for, system, found, span }, span), true);
        }
        // The kinetic energy of a density knows nothing of an interaction.
        let kinetic = ready.traced.compiled.kind == FunctionalKind::Kinetic;
        let other = |model: &&Rc<Model>| {
            !kinetic && !model.interactions.is_empty() && !model.interactions.iter().any(|with| with.is(&here))
        };
        if let Some(model) = ready.parent.iter().chain(&ready.traced.models).find(other) {
            let names = each_once(model.interactions.iter().map(|with| with.name.as_str()));
            let (model, with, system, found) = (model.name.clone(), listed(&names), met.at.into(), here.name);
            self.warn_with(Problem::new(Advice::TrainedWith { model, with, system, found, span }, span), true);
            return;
        }
        let coarser = |model: &&Rc<Model>| {
            !model.interactions.is_empty()
                && !model.interactions.iter().any(|with| with.as_fine(&here))
                && model.traced.compiled.graph.counts_points()
        };
        if let Some(model) = ready.parent.iter().chain(&ready.traced.models).find(coarser) {
            let with = each_once(model.interactions.iter().filter_map(|with| with.spacing).map(brief)).join(" and ");
            let (model, system, found) = (model.name.clone(), met.at.into(), brief(met.grid.spacing));
            self.warn_with(Problem::new(Advice::TrainedOn { model, with, system, found, span }, span), true);
        }
    }
}
