//! Calls: checks arguments against parameters.

use super::error::CheckError;
use super::names::{Known, Signature};
use super::walk::Checker;
use crate::lang::Kind;
use crate::lang::ast::{Arg, Expr, ExprKind, Ident};
use crate::lang::nearest::nearest;
use crate::source::Span;
use std::rc::Rc;

impl Checker<'_> {
    /// Checks a call, with the piped value as its first argument.
    pub(super) fn call(&mut self, callee: &Expr, args: &[Arg], piped: Option<&Expr>, span: Span) {
        let names: Vec<&Ident> = args.iter().filter_map(|a| a.name.as_ref()).collect();
        let callee_words = match &*callee.kind {
            ExprKind::Name(name) => name.to_string(),
            ExprKind::Field { name, .. } => name.name.to_string(),
            ExprKind::Number(_) | ExprKind::Quantity { .. } => return self.number_called(callee, args, span),
            _ => return self.refuse_doubles("argument", names.into_iter(), "give it once"),
        };
        match self.what(callee) {
            Some(Known::Callable(signature)) => self.arguments(&callee_words, &signature, args, piped, span),
            Some(Known::System) => {
                let help = format!("it has no parameters: write `{callee_words}` alone");
                self.error(CheckError::NotCallable { what: format!("system `{callee_words}`"), span, help });
            }
            _ => self.refuse_doubles("argument", names.into_iter(), "give it once"),
        }
    }

    /// `2 (x + 1)`.
    fn number_called(&mut self, callee: &Expr, args: &[Arg], span: Span) {
        let help = match args {
            [_] => match &*callee.kind {
                ExprKind::Number(value) => format!("a product is written with `*`: `{value} * (…)`"),
                _ => "a product is written with `*`".into(),
            },
            _ => "an operator is missing before the `(`".into(),
        };
        self.error(CheckError::NotCallable { what: "a number".into(), span: callee.span.to(span), help });
    }

    fn arguments(&mut self, callee: &str, signature: &Rc<Signature>, args: &[Arg], piped: Option<&Expr>, span: Span) {
        let signature = &**signature;
        let mut given: Vec<(usize, Span)> = Vec::new();
        let mut uncertain = signature.open;
        let before = self.error_count();
        let mut position = 0;
        let last = args.last().map(|a| a.value.span);
        let is_last = |value: &Expr| last == Some(value.span);
        for (name, value) in
            piped.map(|p| (None, p)).into_iter().chain(args.iter().map(|a| (a.name.as_ref(), &a.value)))
        {
            if let Some(name) = name {
                self.named(callee, signature, name, value, &mut given);
            } else if let (true, ExprKind::Record(entries)) = (signature.options && is_last(value), &*value.kind) {
                for (name, value) in entries {
                    self.named(callee, signature, name, value, &mut given);
                }
            } else if !self.positional(callee, signature, position, value, &mut given) {
                uncertain = true;
                position += 1;
            } else {
                position += 1;
            }
        }
        // A record that is not a literal may contain anything.
        uncertain |= signature.options
            && args.last().is_some_and(|a| a.name.is_none() && !matches!(&*a.value.kind, ExprKind::Record(_)));
        // If a name is wrong, it was probably meant for the missing parameter.
        if uncertain || self.error_count() > before {
            return;
        }
        let missing: Vec<String> = (signature.params.iter().enumerate())
            .filter(|(i, p)| p.required && !given.iter().any(|(g, _)| g == i))
            .map(|(_, p)| format!("`{}`", p.name))
            .collect();
        if !missing.is_empty() {
            let (callee, missing, signature) = (callee.to_owned(), in_words(&missing), signature.written(callee));
            self.error(CheckError::MissingArgument { callee, missing, span, signature });
        }
    }

    fn named(
        &mut self,
        callee: &str,
        signature: &Signature,
        name: &Ident,
        value: &Expr,
        given: &mut Vec<(usize, Span)>,
    ) {
        match signature.params.iter().position(|p| p.name == name.name) {
            Some(index) => {
                self.literal(callee, signature, index, value);
                self.give(callee, signature, index, name.span, given);
            }
            None if signature.open => {}
            None => {
                let known: Vec<&str> = signature.params.iter().map(|p| &*p.name).collect();
                let help = match nearest(&name.name, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if known.is_empty() => format!("`{callee}` takes no arguments"),
                    None => format!("it has {}", known.join(", ")),
                };
                let (callee, written) = (callee.to_owned(), name.name.to_string());
                self.error(CheckError::UnknownArgument { callee, name: written, span: name.span, help });
            }
        }
    }

    /// Checks a positional argument; `false` if it is uncertain which parameter it is for.
    fn positional(
        &mut self,
        callee: &str,
        signature: &Signature,
        position: usize,
        value: &Expr,
        given: &mut Vec<(usize, Span)>,
    ) -> bool {
        let mut positions = signature.params.iter().enumerate().filter(|(_, p)| !p.named).map(|(i, _)| i);
        let most = signature.params.iter().filter(|p| !p.named).count() + usize::from(signature.both_spins);
        match positions.nth(position) {
            // The second argument may be the density of the other spin, which shifts those after it.
            _ if signature.both_spins && (1..most).contains(&position) => return false,
            Some(index) => {
                self.literal(callee, signature, index, value);
                self.give(callee, signature, index, value.span, given);
            }
            None if signature.rest || signature.options => return false,
            None => {
                let takes = match most {
                    0 => "no arguments".to_owned(),
                    1 => "one argument".to_owned(),
                    n => format!("at most {n} arguments"),
                };
                let (callee, signature) = (callee.to_owned(), signature.written(callee));
                self.error(CheckError::TooManyArguments { callee, takes, span: value.span, signature });
                return false;
            }
        }
        true
    }

    /// Checks that a literal is of the kind that its parameter takes.
    fn literal(&mut self, callee: &str, signature: &Signature, index: usize, value: &Expr) {
        let Some(parameter) = signature.params.get(index) else { return };
        self.measured(&format!("`{}` of `{callee}`", parameter.name), parameter.takes, value);
        if let ExprKind::Record(entries) = &*value.kind {
            for (name, value) in entries {
                if let Some(entry) = parameter.entries.iter().find(|entry| entry.name == name.name) {
                    self.measured(&format!("`{}` of `{}`", entry.name, parameter.name), entry.takes, value);
                }
            }
        }
        let found = match &*value.kind {
            ExprKind::Str(_) => "a string",
            ExprKind::Bool(_) => "a Boolean",
            ExprKind::Number(_) | ExprKind::Quantity { .. } => "a number",
            _ => return,
        };
        let wanted = match parameter.takes {
            kinds if !kinds.is_empty() && kinds.iter().all(|kind| kind.is_numeric()) => "a number",
            [Kind::Truth] => "true or false",
            [Kind::Text | Kind::Quoted(_)] => "a string",
            _ => return,
        };
        if matches!(
            (wanted, found),
            ("a number", "a number") | ("true or false", "a Boolean") | ("a string", "a string")
        ) {
            return;
        }
        let (callee, name) = (callee.to_owned(), parameter.name.to_string());
        self.error(CheckError::Literal { callee, name, wanted, found, span: value.span });
    }

    fn give(&mut self, callee: &str, signature: &Signature, index: usize, span: Span, given: &mut Vec<(usize, Span)>) {
        if let Some(&(_, first)) = given.iter().find(|(i, _)| *i == index) {
            let name = signature.params.get(index).map(|p| p.name.to_string()).unwrap_or_default();
            let (callee, signature) = (callee.to_owned(), signature.written(callee));
            self.error(CheckError::DoubledArgument { callee, name, first, span, signature });
        }
        given.push((index, span));
    }
}

/// `a`, `a and b`, `a, b and c`.
fn in_words(names: &[String]) -> String {
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
    }
}
