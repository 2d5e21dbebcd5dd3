//! `exact(…)`: the exact answer for a system.

use super::solve::{SOLVED, system_of};
use super::task::each;
use crate::control::{Control, Event};
use crate::exact::{self, CacheWarning, ExactError, Method, Origin, Reference};
use crate::interp::Interpreter;
use crate::interp::call::{Args, Builtin, DefaultValue, Style, function, optional, required, shown};
use crate::interp::error::{Placed, RunError, fail, suggestion};
use crate::interp::value::Value;
use crate::ks::at_edge;
use crate::lang::{Dimension, Kind};
use crate::model::System;
use crate::problem::{Problem, Result};
use crate::source::Span;
use crate::together::{Outcome, Unit};
use std::path::PathBuf;
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
    &[Kind::Reference, Kind::List],
    "the exact solution of the interacting problem, on the grid itself; cached on disk. For a list, a list of references, \
     calculated side by side. `accuracy` is that of the \
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
    let Some(each) = each(interp, args, "system")? else {
        return match wanted(args)? {
            Wanted::Known(reference) => Ok(Value::Reference(reference)),
            Wanted::Solved(system, options) => interp.exactly(&system, &options, args.span).map(Value::Reference),
        };
    };
    let wanted = each.iter().map(wanted).collect::<Result<Vec<_>>>()?;
    let questions: Vec<_> = wanted.iter().filter_map(Wanted::question).collect();
    let mut found = interp.try_all_exactly(&questions, args.span)?.into_iter();
    let mut answers = Vec::with_capacity(wanted.len());
    for wanted in wanted {
        answers.push(match wanted {
            Wanted::Known(reference) => Value::Reference(reference),
            Wanted::Solved(..) => match found.next() {
                Some(found) => Value::Reference(needed(found, args.span)?),
                None => return args.wrong(args.span, "there is no answer", None),
            },
        });
    }
    Ok(Value::list(answers))
}

/// What a call of `exact` asks of one system.
enum Wanted {
    /// A reference that is good enough.
    Known(Arc<Reference>),
    /// The answer for a system.
    Solved(Arc<System>, exact::Options),
}

impl Wanted {
    fn question(&self) -> Option<(Arc<System>, exact::Options)> {
        match self {
            Wanted::Known(_) => None,
            Wanted::Solved(system, options) => Some((system.clone(), *options)),
        }
    }
}

fn wanted(args: &Args) -> Result<Wanted> {
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
            _ => return Ok(Wanted::Known(reference.clone())),
        }
    }
    Ok(Wanted::Solved(system, options))
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
        needed(self.try_exactly(system, options, span)?, span)
    }

    /// The same, or why there is none.
    ///
    /// # Errors
    /// The user stopped it.
    pub(super) fn try_exactly(&mut self, system: &Arc<System>, options: &exact::Options, span: Span) -> Result<Found> {
        if self.options.together.is_some() {
            let all = self.try_all_exactly(&[(system.clone(), *options)], span)?;
            return all.into_iter().next().map_or_else(|| fail(RunError::Interrupted { span }, span), Ok);
        }
        let folder = self.exact_folder();
        let found = exact::cached(system, options, folder.as_deref(), &self.control());
        self.heed_interrupt(found.as_ref().err(), span)?;
        Ok(self.told(found, span))
    }

    /// The answers for many systems, calculated side by side.
    ///
    /// # Errors
    /// One has too many electrons; the user stopped it.
    pub(crate) fn all_exact(&mut self, systems: &[Arc<System>], span: Span) -> Result<Vec<Arc<Reference>>> {
        let questions: Vec<_> = systems.iter().map(|system| (system.clone(), exact::Options::of(system))).collect();
        self.try_all_exactly(&questions, span)?.into_iter().map(|found| needed(found, span)).collect()
    }

    /// The answers for many systems, calculated side by side, or why there is none.
    fn try_all_exactly(&mut self, questions: &[(Arc<System>, exact::Options)], span: Span) -> Result<Vec<Found>> {
        if let ([(system, options)], None) = (questions, &self.options.together) {
            return Ok(vec![self.try_exactly(system, options, span)?]);
        }
        let folder = self.exact_folder();
        let together = self.options.together.is_some();
        let questions: Vec<_> = questions.iter().map(|(system, options)| self.asked_before(system, *options)).collect();
        let job = |(system, options): &'_ (Arc<System>, exact::Options)| {
            let (system, options, folder) = (system.clone(), *options, folder.clone());
            let key = if together { exact::unit_key(&system, &options) } else { String::new() };
            let result = folder.as_ref().map(|folder| folder.join(format!("{key}.exact"))).unwrap_or_default();
            let unit = Unit { key, what: format!("exact {}", system.label), result: result.clone() };
            let work = move |control: &dyn Control| {
                // Alone, a better answer than the one that is wanted will do.
                let found = match together {
                    true => exact::cached_at(&system, &options, Some(&result), true, control),
                    false => exact::cached(&system, &options, folder.as_deref(), control),
                };
                let outcome = Outcome::of(found.is_ok(), control);
                (found, outcome)
            };
            (unit, work)
        };
        let what = match &questions[..] {
            [(system, _)] => format!("exact {}", system.label),
            _ => format!("exact {} systems", questions.len()),
        };
        let found = self.side_by_side(&what, questions.iter().map(job).collect(), span)?;
        self.heed_interrupt(found.iter().find_map(|found| found.as_ref().err()), span)?;
        Ok(found.into_iter().map(|found| self.told(found, span)).collect())
    }

    /// A question as it is put to other processes: a better answer that the script has had before will do, as it does in the cache of a
    /// single process.
    fn asked_before(&mut self, system: &Arc<System>, options: exact::Options) -> (Arc<System>, exact::Options) {
        if self.options.together.is_none() || options.time_limit.is_some() {
            return (system.clone(), options);
        }
        let question = exact::unit_key(system, &exact::Options { accuracy: 0.0, ..options });
        let best = self.asked.entry(question).or_insert(options.accuracy);
        *best = best.min(options.accuracy);
        (system.clone(), exact::Options { accuracy: *best, ..options })
    }

    fn exact_folder(&self) -> Option<PathBuf> {
        self.options.cache.as_ref().map(|cache| cache.join("exact"))
    }

    /// Stops if the user asked to, and says what an interrupted calculation says.
    fn heed_interrupt(&mut self, error: Option<&ExactError>, span: Span) -> Result<()> {
        if let Some(error @ ExactError::Interrupted { .. }) = error {
            self.host.report(Event::Message(error.to_string()));
        }
        self.check_interrupt(span)
    }

    /// An answer whose warnings are told.
    fn told(&mut self, found: std::result::Result<(Reference, Vec<CacheWarning>), ExactError>, span: Span) -> Found {
        let (reference, warnings) = found?;
        for warning in warnings {
            if let (CacheWarning::Unwritable { reason, .. }, Some(together)) = (&warning, &self.options.together) {
                together.cannot_share(reason, &self.control());
                continue;
            }
            // The same answer may be read from the cache many times.
            if !self.told_of_exact.contains(&warning) {
                self.told_of_exact.push(warning.clone());
                self.warn_with(Problem::new(Placed::new(warning, span, "here"), span), false);
            }
        }
        if let Some(note) = at_edge(&reference.system, &reference.total_density()) {
            self.warn_with(Problem::new(Placed::new(note, span, "here"), span), true);
        }
        Ok(Arc::new(reference))
    }
}

/// An answer, or why there is none.
type Found = std::result::Result<Arc<Reference>, ExactError>;

/// An answer that must be there.
fn needed(found: Found, span: Span) -> Result<Arc<Reference>> {
    found.or_else(|error| fail(Placed::new(error, span, "the exact answer is needed here"), span))
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
