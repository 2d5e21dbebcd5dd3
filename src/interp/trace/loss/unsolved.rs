//! What a loss sees where nothing is solved (`scf: none`): the functional at the density of the reference. The loss is then a
//! function of the parameters alone.

use super::super::compile::Ready;
use super::view::{LABEL, of_system};
use crate::exact::Reference;
use crate::functional::FunctionalKind;
use crate::graph::Binary;
use crate::interp::Interpreter;
use crate::interp::call::Site;
use crate::interp::error::{TraceError, fail};
use crate::interp::value::model::by_layer;
use crate::interp::value::{Operand, Record, Trace, Trained, Value};
use crate::ks::{NO_ENERGY, Property};
use crate::lang::ast::Ident;
use crate::problem::Result;
use crate::source::Span;
use std::rc::Rc;
use std::sync::Arc;

/// The energies of such a run that need the kinetic energy of its density, which is found only if one of them is asked for.
pub(crate) const UNSOLVED_ENERGIES: &[&str] = &["kinetic_energy", "energy", "total_energy"];

/// Why such a run lacks a name.
pub(crate) fn not_solved(name: &str, run: &Record) -> String {
    let names: Vec<&str> =
        run.entries.iter().map(|(name, _)| &**name).chain(UNSOLVED_ENERGIES.iter().copied()).collect();
    match Property::named(name) {
        Some(property)
            if property.needs_energy() && ["xc_energy", "kinetic_energy"].iter().all(|name| run.get(name).is_none()) =>
        {
            NO_ENERGY.into()
        }
        Some(_) => "with `scf: none` nothing is solved: the functional is evaluated at the density of the reference, and there are no \
                    orbitals, levels or iterations. The run has `density`, `potential`, `xc_potential`, `xc_energy`, `energy` and the \
                    other terms of the energy"
            .into(),
        None => crate::interp::error::suggestion(name, &names, "names"),
    }
}

impl Interpreter {
    /// The run of a reference with the functional that is trained: the density is that of the reference, what the functional gives
    /// there are symbols.
    ///
    /// # Errors
    /// The reference has only the total density of an open shell; an error in the body of the functional.
    pub(super) fn unsolved(
        &mut self,
        trace: &Rc<Trace>,
        reference: &Arc<Reference>,
        (ready, trained): (&Ready, &Trained),
        span: Span,
    ) -> Result<Value> {
        let (system, grid) = (&reference.system, &reference.system.grid);
        if ready.traced.grid.as_ref().is_some_and(|own| **own != **grid) {
            return fail(TraceError::OtherGrid { functional: ready.name.clone(), span }, span);
        }
        let spins = self.spins_of(reference, span)?;
        let field = |data: Vec<f64>| Value::field(grid, data);
        let total = reference.total_density();
        let given = if system.closed_shell() { vec![total.clone()] } else { spins.to_vec() };
        let mut densities = Vec::with_capacity(2);
        for n in given {
            if let Some(node) = trace.node_of(&field(n), span)? {
                densities.push((trace.variable(node, span), span));
            }
        }
        let functional = Value::Functional(trained.functional.clone());
        let site = Site { span, callee: format!("`{}`", ready.name) };
        let mut list: Vec<(Rc<str>, Value)> = vec![
            ("density".into(), field(total.clone())),
            ("density_up".into(), field(spins[0].clone())),
            ("density_down".into(), field(spins[1].clone())),
            ("hartree_energy".into(), Value::plain(system.hartree_energy(&spins))),
            ("external_energy".into(), Value::plain(system.external_energy(&spins))),
        ];
        let kinetic = ready.traced.compiled.kind == FunctionalKind::Kinetic;
        if let Some(probe) = self.probe(trace, Operand::new(&functional, span), densities, &site)? {
            if kinetic {
                list.push(("kinetic_energy".into(), probe.energy(span)?));
                list.push(("kinetic_potential".into(), probe.potential(span)?));
            } else if probe.has_energy() {
                list.push(("xc_energy".into(), probe.energy(span)?));
            }
            let xc = if kinetic { None } else { Some(probe.potential(span)?) };
            let hartree = system.interaction.hartree(grid, &total);
            let known = field(hartree.iter().zip(system.potential.iter()).map(|(h, v)| h + v).collect());
            let mut whole =
                |xc: &Value| self.binary(Binary::Add, Operand::new(&known, span), Operand::new(xc, span), span);
            let potential = match &xc {
                None => Value::Nothing,
                Some(Value::Record(both)) => {
                    let spin = |name: &str| both.get(name).cloned().unwrap_or(Value::Nothing);
                    Value::record([("up", whole(&spin("up"))?), ("down", whole(&spin("down"))?)])
                }
                Some(one) => whole(one)?,
            };
            list.extend(
                xc.map(|xc| [("xc_potential".into(), xc), ("potential".into(), potential)]).into_iter().flatten(),
            );
        }
        list.extend(of_system(system).map(|(name, value)| (name.into(), value)));
        let specs = &ready.traced.compiled.graph.params;
        list.push(("functional".into(), functional));
        list.push(("parameters".into(), by_layer(specs, trace.arrays(trained, specs))));
        let record = Record::new(list).labelled(Some(LABEL)).at_reference(Some(reference.clone()));
        Ok(Value::Record(Rc::new(record)))
    }

    /// One of the energies of such a run that need the kinetic energy of its density; `None`: it is another name, or the run has no
    /// energy.
    ///
    /// # Errors
    /// The density of the reference cannot be inverted.
    pub(crate) fn unsolved_member(&mut self, run: &Record, name: &Ident) -> Result<Option<Value>> {
        let Some(reference) = run.reference.clone().filter(|_| UNSOLVED_ENERGIES.contains(&&*name.name)) else {
            return Ok(None);
        };
        let of_functional = run.get("kinetic_energy").or_else(|| run.get("xc_energy"));
        // What the functional does not give is exact.
        let exact = if run.get("kinetic_energy").is_some() { "xc_energy" } else { "non_interacting_kinetic_energy" };
        let Some(Value::Number(exact)) = self.inverted_member(&reference, exact, name.span)? else { return Ok(None) };
        if &*name.name == "kinetic_energy" {
            return Ok(Some(Value::plain(exact.value)));
        }
        let number = |name: &str| if let Some(Value::Number(q)) = run.get(name) { q.value } else { f64::NAN };
        let Some(xc) = of_functional else { return Ok(None) };
        let mut known = exact.value + number("hartree_energy") + number("external_energy");
        if &*name.name == "total_energy" {
            known += reference.system.nuclear_repulsion;
        }
        let known = Value::plain(known);
        self.binary(Binary::Add, Operand::new(&known, name.span), Operand::new(xc, name.span), name.span).map(Some)
    }
}
