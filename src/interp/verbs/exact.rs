//! `exact(…)`: the exact answer for a system.

use super::solve::{SOLVED, system_of};
use crate::control::Event;
use crate::exact::{self, ExactError, Method, Origin, Reference};
use crate::interp::Interpreter;
use crate::interp::call::{Args, Builtin, DefaultValue, Style, function, optional, required, shown};
use crate::interp::error::{Placed, fail, suggestion};
use crate::interp::value::Value;
use crate::ks::at_edge;
use crate::lang::{Dimension, Kind};
use crate::model::System;
use crate::problem::{Problem, Result};
use crate::source::Span;
use std::sync::Arc;
use std::time::Duration;

pub(crate) const EXACT: &[Builtin] = &[function(
    "exact",
    &[
        required("system", SOLVED),
        optional(
            "accuracy",
            &[Kind::Measured(Dimension::ENERGY)],
            DefaultValue::Absent("by electron count"),
        )
        .about("the largest acceptable error of the energy"),
        optional("time_limit", &[Kind::Number], DefaultValue::Number(f64::INFINITY))
            .about("the time in seconds after which the best answer so far is returned"),
        optional(
            "method",
            &[Kind::Quoted(exact::METHOD_NAMES)],
            DefaultValue::Value("\"automatic\"", || Value::text(exact::AUTOMATIC)),
        )
        .about(
            "\"independent\" (one electron, or any number without interaction), \"two_electrons\", \"determinants\" (two \
             to about ten electrons), or \"automatic\": the first of these that suits the system",
        ),
    ],
    &[Kind::Reference],
    "the exact solution of the interacting problem, on the grid itself; cached on disk. `accuracy` is that of the \
     energy, by default 1e-9 by the methods for independent and for two electrons, and by determinants 1e-6 for up \
     to four, 1e-5 for five, 2e-5 for more; after `time_limit` seconds the best answer so far is returned. A \
     reference is returned unchanged, unless it was calculated and `accuracy` requests a better one (found by \
     the same method) or `method` another method",
    &["reference", "full ci", "wave function", "ground state", "benchmark"],
    &[shown("grid g = uniform(points: 65, spacing: 0.3)\nsystem h on g { H at 0 }\nexact(h)")],
    exact_answer,
)
.with(Style::Options),
];

fn exact_answer(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let system = system_of(args, "system")?;
    let by = match &args.arg("system")?.value {
        Value::Reference(reference) => reference.method(),
        _ => None,
    };
    // A more accurate answer is by the same method, unless another one is named.
    let method = if args.has("method") { method(args)? } else { by };
    if let Some(method) = method.filter(|method| !method.suits(&system)) {
        let (error, span) = (ExactError::unsuitable(method, &system), args.span_of("method"));
        return fail(Placed::new(error, span, "this method"), span);
    }
    let accuracy = match args.has("accuracy") {
        true => args.dimensioned("accuracy", Dimension::ENERGY)?,
        false => exact::Options::by(method, &system).accuracy,
    };
    let options = exact::Options { accuracy, time_limit: time_limit(args)?, method };
    if let Value::Reference(reference) = &args.arg("system")?.value {
        let asked = ["accuracy", "time_limit", "method"].into_iter().find(|option| args.has(option));
        match (asked, &reference.origin) {
            (Some(option), Origin::Data(_)) => {
                let message = format!("`{}` comes from a data set and cannot be recalculated", system.label);
                let help = Some(format!("`exact(r.system, {option}: …)` calculates the answer instead"));
                return args.wrong(args.span_of(option), message, help);
            }
            // Calculated, but less accurately than now requested.
            (Some(_), Origin::Solved(_)) if reference.error > accuracy => {}
            // By another method than the one now requested.
            (Some(_), Origin::Solved(by)) if method.is_some_and(|method| method != *by) => {}
            _ => return Ok(Value::Reference(reference.clone())),
        }
    }
    interp.exactly(&system, &options, args.span).map(Value::Reference)
}

/// The requested method, if any.
fn method(args: &Args) -> Result<Option<&'static dyn Method>> {
    let Some(name) = args.opt_text("method")?.filter(|name| **name != *exact::AUTOMATIC) else { return Ok(None) };
    exact::named(&name).map(Some).map_or_else(
        || {
            let help = Some(suggestion(&name, exact::METHOD_NAMES, "methods"));
            args.wrong(args.span_of("method"), format!("there is no exact method {name:?}"), help)
        },
        Ok,
    )
}

/// Seconds; infinity means no limit.
fn time_limit(args: &Args) -> Result<Option<Duration>> {
    let seconds = args.number("time_limit")?;
    if seconds == f64::INFINITY {
        return Ok(None);
    }
    let limit = Duration::try_from_secs_f64(seconds);
    limit.map(Some).or_else(|_| {
        let help = Some("a number of seconds, such as 60".into());
        args.wrong(args.span_of("time_limit"), format!("`time_limit` cannot be {seconds} seconds"), help)
    })
}

impl Interpreter {
    /// The exact answer for a system, cached on disk.
    ///
    /// # Errors
    /// It has too many electrons; the user stopped it.
    pub(crate) fn exact(&mut self, system: &Arc<System>, span: Span) -> Result<Arc<Reference>> {
        self.exactly(system, &exact::Options::of(system), span)
    }

    pub(super) fn exactly(
        &mut self,
        system: &Arc<System>,
        options: &exact::Options,
        span: Span,
    ) -> Result<Arc<Reference>> {
        let found = self.try_exactly(system, options, span)?;
        found.or_else(|error| fail(Placed::new(error, span, "the exact answer is needed here"), span))
    }

    /// The same, or why there is none.
    ///
    /// # Errors
    /// The user stopped it.
    pub(super) fn try_exactly(
        &mut self,
        system: &Arc<System>,
        options: &exact::Options,
        span: Span,
    ) -> Result<std::result::Result<Arc<Reference>, ExactError>> {
        let folder = self.options.cache.as_ref().map(|cache| cache.join("exact"));
        let found = exact::cached(system, options, folder.as_deref(), &self.control());
        if let Err(error @ ExactError::Interrupted { .. }) = &found {
            self.host.report(Event::Message(error.to_string()));
        }
        self.check_interrupt(span)?;
        let (reference, warnings) = match found {
            Ok(found) => found,
            Err(error) => return Ok(Err(error)),
        };
        for warning in warnings {
            // The same answer may be read from the cache many times.
            if !self.told_of_exact.contains(&warning) {
                self.told_of_exact.push(warning.clone());
                self.warn_with(Problem::new(Placed::new(warning, span, "here"), span), false);
            }
        }
        if let Some(note) = at_edge(system, &reference.total_density()) {
            self.warn_with(Problem::new(Placed::new(note, span, "here"), span), true);
        }
        Ok(Ok(Arc::new(reference)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_of_exact_names_every_method() {
        let record = EXACT.iter().find(|builtin| builtin.name == "exact").expect("a record");
        let method = record.params.iter().find(|param| param.name == "method").expect("a parameter");
        for name in exact::METHOD_NAMES {
            assert!(method.about.contains(&format!("{name:?}")), "{name}");
        }
    }
}
