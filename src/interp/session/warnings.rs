//! Warnings: the same one is given once per place, and how often it recurs is told at the end.

use crate::interp::Interpreter;
use crate::interp::error::Advice;
use crate::problem::Problem;
use crate::source::Span;

/// A warning that was given.
#[derive(Clone, Debug)]
pub(in crate::interp) struct Told {
    code: String,
    span: Span,
    message: String,
    /// How often the same was left out afterwards.
    repeats: usize,
}

impl Interpreter {
    /// Sends a warning to the host, unless the same was given at this place; with `once`, only the first of its kind.
    pub(crate) fn warn_with(&mut self, problem: Problem, once: bool) {
        let problem = self.at_users_call(problem);
        let (code, span, message) = (problem.code(), problem.span, problem.to_string());
        let same = |t: &&mut Told| t.span == span && t.code == code && (once || t.message == message);
        if let Some(told) = self.told.iter_mut().find(same) {
            told.repeats += usize::from(!once);
            return;
        }
        self.told.push(Told { code, span, message, repeats: 0 });
        self.host.warn(problem, &self.sources);
    }

    /// Tells how often warnings were left out because they had been given before.
    pub(in crate::interp) fn tell_repeats(&mut self) {
        for told in &mut self.told {
            let times = std::mem::take(&mut told.repeats) + 1;
            if times > 1 {
                let message = format!("given {times} times here: {}", told.message);
                let note = Advice::Note { message, span: told.span };
                self.host.warn(Problem::new(note, told.span), &self.sources);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::interp::tests::helpers::{interpreter, take_lines};

    #[test]
    fn repeats_are_counted() {
        let script =
            "let figures = [plot([1, 2], [if i == 3 then 5 else nan, 1]) for i in 0 .. 4]\nplot([1, 2], [nan, 1])";
        interpreter().run("test.ksr", script).expect("runs");
        let lines = take_lines();
        let given = "1 of 2 points is not finite and is left out of the figure";
        assert_eq!(lines.iter().filter(|l| l.ends_with(given)).count(), 3, "{lines:?}");
        assert!(lines[2].ends_with(&format!("given 4 times here: {given}")), "{lines:?}");
    }
}
