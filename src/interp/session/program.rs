//! Runs whole scripts and entries of the REPL.

use super::host::Shown;
use super::{Interpreter, MAIN, ScriptEnding};
use crate::interp::error::{RunError, inside, suggestion};
use crate::interp::eval::binding;
use crate::interp::value::Value;
use crate::interp::value::scope::{Readiness, Scope};
use crate::lang::ast::{Expr, Program, Stmt, StmtKind};
use crate::lang::words::canonical;
use crate::lang::{Entry, parse, parse_entry};
use crate::problem::{Problem, Result};
use crate::source::{SourceId, Span};
use crate::train::Plan;
use std::rc::Rc;

/// The outcome of an entry of the REPL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evaluated {
    /// It is done.
    Done,
    /// It may continue on the next line; nothing has been evaluated.
    Incomplete,
    /// The user stopped it.
    Interrupted,
}

impl Interpreter {
    /// Runs a script; `name` is its path, if it has one. The host shows expression statements as they are evaluated.
    ///
    /// # Errors
    /// All errors in the text, sorted by place; or the one that stopped the evaluation.
    pub fn run(&mut self, name: &str, text: &str) -> Result<ScriptEnding, Vec<Problem>> {
        self.scripts.push(name.into());
        let source = self.sources.add(name, text);
        let mut program = parse(source, text)?;
        self.set_overrides(&mut program)?;
        self.check(&program)?;
        self.foresee(&program);
        self.finish(|s| s.execute(&program))
    }

    /// Runs a script but only plans its training runs: returns what each would do, in order. A `train` then has no
    /// value.
    ///
    /// # Errors
    /// As [`Interpreter::run`].
    pub fn plans(&mut self, name: &str, text: &str) -> Result<(ScriptEnding, Vec<Plan>), Vec<Problem>> {
        self.planned = Some(Vec::new());
        let outcome = self.run(name, text);
        let plans = self.planned.take().unwrap_or_default();
        outcome.map(|outcome| (outcome, plans))
    }

    /// Evaluates an entry of the REPL after those before it. An entry that fails leaves no definitions.
    ///
    /// # Errors
    /// All errors in the text, sorted by place; or the one that stopped the evaluation.
    pub fn eval_entry(&mut self, text: &str) -> Result<Evaluated, Vec<Problem>> {
        if let Entry::Incomplete = parse_entry(SourceId::default(), text) {
            return Ok(Evaluated::Incomplete);
        }
        self.entries += 1;
        let source = self.sources.add(format!("<entry {}>", self.entries), text);
        let program = match parse_entry(source, text) {
            Entry::Complete(program) => program,
            Entry::Incomplete => return Ok(Evaluated::Incomplete),
            Entry::Wrong(problems) => return Err(problems),
        };
        self.check(&program)?;
        let foreseen = self.foreseen.len();
        self.foresee(&program);
        let (scope, (known, brought)) = (self.scope.clone(), self.main_bindings());
        let outcome = self.finish(|s| s.execute(&program));
        if !matches!(outcome, Ok(ScriptEnding::Done)) {
            self.scope = scope;
            if let Some(main) = self.modules.get_mut(MAIN.0 as usize) {
                main.bindings.truncate(known);
                main.brought.truncate(brought);
            }
            self.foreseen.truncate(foreseen);
        }
        outcome.map(|o| if o == ScriptEnding::Done { Evaluated::Done } else { Evaluated::Interrupted })
    }

    /// Runs a script into the session, as `:load` does: its definitions stay.
    ///
    /// # Errors
    /// As [`Interpreter::run`].
    pub fn load(&mut self, name: &str, text: &str) -> Result<ScriptEnding, Vec<Problem>> {
        self.scripts.push(name.into());
        let source = self.sources.add(name, text);
        let program = parse(source, text)?;
        self.check(&program)?;
        self.foresee(&program);
        self.finish(|s| s.execute(&program))
    }

    /// The numbers of definitions and of names imported by `use`.
    fn main_bindings(&self) -> (usize, usize) {
        self.module(MAIN).map_or((0, 0), |m| (m.bindings.len(), m.brought.len()))
    }

    /// Turns an interruption from an error into an outcome.
    fn finish(&mut self, work: impl FnOnce(&mut Self) -> Result<()>) -> Result<ScriptEnding, Vec<Problem>> {
        (self.calls, self.depth, self.users_call) = (0, 0, None);
        self.begin_time();
        let outcome = work(self);
        self.tell_repeats();
        match outcome {
            Ok(()) => Ok(ScriptEnding::Done),
            Err(problem) if matches!(inside(&problem), Some(RunError::Interrupted { .. })) => {
                Ok(ScriptEnding::Interrupted)
            }
            Err(problem) => Err(vec![*problem]),
        }
    }

    fn execute(&mut self, program: &Program) -> Result<()> {
        for statement in &program.statements {
            self.check_interrupt(statement.span)?;
            let outcome = self.top_level(statement);
            self.tell_verdicts();
            outcome?;
        }
        Ok(())
    }

    fn top_level(&mut self, statement: &Stmt) -> Result<()> {
        let scope = self.scope.clone();
        match &statement.kind {
            StmtKind::Expr { value, shown } => self.expression(value, *shown, &scope),
            StmtKind::Use(used) => {
                for binding in self.use_module(used, statement, &scope)? {
                    self.scope.bind(binding.clone());
                    if let Some(main) = self.modules.get_mut(MAIN.0 as usize) {
                        main.brought.push(binding);
                    }
                }
                Ok(())
            }
            _ => {
                let (name, value) = self.definition(statement, &scope)?;
                let made = binding(statement, &name, Readiness::Ready(value));
                self.scope.bind(made.clone());
                if let Some(main) = self.modules.get_mut(MAIN.0 as usize) {
                    main.bindings.push(made);
                }
                Ok(())
            }
        }
    }

    fn expression(&mut self, expr: &Expr, shown: bool, scope: &Scope) -> Result<()> {
        let value = self.eval(expr, scope)?;
        if !matches!(value, Value::Nothing) {
            if shown {
                self.host.show(&Shown { value: &value, span: expr.span, sources: &self.sources });
            }
            if self.entries > 0 {
                self.scope.define(Rc::from("ans"), expr.span, value);
            }
        }
        Ok(())
    }

    /// `--set name=expression`: replaces the right-hand side of the first top-level `let name`.
    fn set_overrides(&mut self, program: &mut Program) -> Result<(), Vec<Problem>> {
        let mut problems = Vec::new();
        for (name, text) in self.options.overrides.clone() {
            let source = self.sources.add(format!("--set {name}"), text.as_str());
            match parse(source, &text) {
                Err(wrong) => problems.extend(wrong),
                Ok(given) => problems.extend(override_let(program, &name, &given, source, text.len()).err()),
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

fn override_let(
    program: &mut Program,
    name: &str,
    given: &Program,
    source: SourceId,
    length: usize,
) -> Result<(), Problem> {
    let span = Span { source, start: 0, end: length as u32 };
    let [Stmt { kind: StmtKind::Expr { value: replacement, .. }, .. }] = given.statements.as_slice() else {
        return Err(Problem::new(RunError::SetValue { name: name.into(), span }, span));
    };
    let mut known = Vec::new();
    for statement in &mut program.statements {
        if let StmtKind::Let { name: bound, value } = &mut statement.kind {
            if *bound.name == *canonical(name) {
                *value = replacement.clone();
                return Ok(());
            }
            known.push(bound.name.to_string());
        }
    }
    let help = suggestion(name, &known, "top-level `let`s of the script");
    Err(Problem::new(RunError::NoLet { name: name.into(), help, span }, span))
}
