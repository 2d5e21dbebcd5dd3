//! What became of the calculations of a statement: told at its end, once for all that were written at one place.

use crate::interp::Interpreter;
use crate::interp::error::{Advice, Placed};
use crate::ks::{KsWarning, Run};
use crate::problem::Problem;
use crate::source::Span;

/// A calculation of a statement.
#[derive(Debug)]
pub(in crate::interp) struct Verdict {
    /// Where the user wrote it.
    span: Span,
    system: String,
    residual: f64,
    /// That it did not converge, or did by another way.
    doubt: Option<KsWarning>,
    /// What else there is to tell, and where.
    others: Vec<(KsWarning, Span)>,
}

impl Interpreter {
    /// Notes a calculation and what there is to tell about it; `mixing`: where its mixing was chosen.
    pub(crate) fn judge(&mut self, run: &Run, warnings: Vec<KsWarning>, span: Span, mixing: Option<Span>) {
        let span = self.users_call.filter(|_| self.of_library(span)).unwrap_or(span);
        let (mut doubt, mut others) = (None, Vec::new());
        for warning in warnings {
            match warning {
                KsWarning::NotConverged { .. } | KsWarning::Remedied { .. } => doubt = Some(warning),
                KsWarning::DecayingMixing { .. } => others.push((warning, mixing.unwrap_or(span))),
                other => others.push((other, span)),
            }
        }
        self.verdicts.push(Verdict { span, system: run.system.label.clone(), residual: run.residual, doubt, others });
    }

    /// Tells which calculations did not converge, which did only by other ways than the chosen one, and what else there is to say.
    pub(in crate::interp) fn tell_verdicts(&mut self) {
        let mut verdicts = std::mem::take(&mut self.verdicts);
        while let Some(span) = verdicts.first().map(|first| first.span) {
            let (mut here, others): (Vec<_>, Vec<_>) = verdicts.into_iter().partition(|verdict| verdict.span == span);
            verdicts = others;
            let total = here.len();
            self.tell_others(total, here.iter_mut().flat_map(|verdict| std::mem::take(&mut verdict.others)).collect());
            let (unconverged, remedied) = here
                .into_iter()
                .filter(|verdict| verdict.doubt.is_some())
                .partition(|verdict| matches!(verdict.doubt, Some(KsWarning::NotConverged { .. })));
            self.tell_unconverged(span, total, unconverged);
            self.tell_remedied(span, total, remedied);
        }
    }

    /// One of each kind at each place, the worst, with how many there are.
    fn tell_others(&mut self, total: usize, mut all: Vec<(KsWarning, Span)>) {
        while let Some((kind, place)) = all.first().map(|(first, place)| (std::mem::discriminant(first), *place)) {
            let (alike, others): (Vec<_>, Vec<_>) =
                all.into_iter().partition(|(one, at)| std::mem::discriminant(one) == kind && *at == place);
            all = others;
            let count = alike.len();
            let worst = alike.into_iter().map(|(one, _)| one).max_by(|a, b| a.weight().total_cmp(&b.weight()));
            let Some(worst) = worst else { continue };
            let label = match (count, total) {
                (1, 1) => "here".to_owned(),
                (1, _) => format!("here, 1 of {total} calculations"),
                _ => format!("here, {count} of {total} calculations; this is the worst"),
            };
            let once = !matches!(worst, KsWarning::SmallGap { .. } | KsWarning::SpinsAlike { .. });
            self.warn_with(Problem::new(Placed::new(worst, place, label), place), once);
        }
    }

    fn tell_unconverged(&mut self, span: Span, total: usize, mut verdicts: Vec<Verdict>) {
        // The worst one last.
        verdicts.sort_by(|a, b| a.residual.total_cmp(&b.residual));
        let count = verdicts.len();
        let Some(Verdict { system, residual, doubt: Some(doubt), .. }) = verdicts.pop() else { return };
        if count == 1 {
            return self.warn_with(Problem::new(Placed::new(doubt, span, "here"), span), false);
        }
        let KsWarning::NotConverged { advice, .. } = doubt else { return };
        self.warn_with(
            Problem::new(Advice::NotConverged { count, total, residual, system, advice, span }, span),
            false,
        );
    }

    fn tell_remedied(&mut self, span: Span, total: usize, mut verdicts: Vec<Verdict>) {
        let left = |verdict: &Verdict| match &verdict.doubt {
            Some(KsWarning::Remedied { residual, .. }) => *residual,
            _ => 0.0,
        };
        verdicts.sort_by(|a, b| left(a).total_cmp(&left(b)));
        let count = verdicts.len();
        if count == 1 {
            let Some(doubt) = verdicts.pop().and_then(|verdict| verdict.doubt) else { return };
            return self.warn_with(Problem::new(Placed::new(doubt, span, "here"), span), false);
        }
        let mut ways: Vec<(String, usize)> = Vec::new();
        for verdict in &verdicts {
            let Some(KsWarning::Remedied { how, .. }) = &verdict.doubt else { continue };
            match ways.iter_mut().find(|(way, _)| way == how) {
                Some((_, count)) => *count += 1,
                None => ways.push((how.clone(), 1)),
            }
        }
        let Some(Verdict { system, doubt: Some(KsWarning::Remedied { first, residual, .. }), .. }) = verdicts.pop()
        else {
            return;
        };
        let ways = match ways.as_slice() {
            [(way, _)] => way.clone(),
            many => many.iter().map(|(way, count)| format!("{way} ({count})")).collect::<Vec<_>>().join(", "),
        };
        let advice = Advice::Remedied { count, total, ways, first, residual, system, span };
        self.warn_with(Problem::new(advice, span), false);
    }
}
