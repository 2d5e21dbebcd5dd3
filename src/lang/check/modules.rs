//! `use`, and names imported from modules.

use super::error::CheckError;
use super::names::Known;
use super::walk::Checker;
use crate::lang::absent::instead;
use crate::lang::ast::{Use, UsePath};
use crate::lang::nearest::{did_you_mean, nearest};
use crate::lang::words::is_name;
use crate::source::Span;
use std::rc::Rc;

/// The prefix, in the keys of modules, of a module that earlier entries of a session have imported.
pub const SESSION: &str = "session.";

impl Checker<'_> {
    /// Checks that the module exists and has the names imported from it.
    pub(super) fn check_use(&mut self, used: &Use) {
        if let UsePath::Std(path) = &used.path
            && let [root, name] = path.as_slice()
            && !self.names.library.is_empty()
            && !self.names.library.iter().any(|module| **module == *name.name)
        {
            let known = self.names.library.iter().map(String::as_str);
            let help = nearest(&name.name, known)
                .map(|near| format!("did you mean `std.{near}`?"))
                .unwrap_or_else(|| format!("its modules are {}", self.names.library.join(", ")));
            let module = format!("std.{}", name.name);
            return self.error(CheckError::NoModule { module, span: root.span.to(name.span), help });
        }
        let path = used.path.written();
        let Some(names) = &used.names else { return self.needs_alias(used) };
        self.refuse_doubles("name", names.iter(), "import each name once");
        for name in names {
            self.member(&path, &name.name, name.span);
        }
    }

    /// Reports a file whose stem is not a valid name.
    fn needs_alias(&mut self, used: &Use) {
        let (UsePath::File { path, span }, None) = (&used.path, &used.alias) else { return };
        let stem = used.path.stem();
        if is_name(&stem) {
            return;
        }
        let help = format!("give the module a name: `use \"{path}\" as m`");
        self.error(CheckError::StemNoName { stem: stem.to_string(), span: *span, help });
    }

    /// The meaning of a name in a module; reports an error if the module is known and has no such name.
    pub(super) fn member(&mut self, path: &str, name: &str, span: Span) -> Option<Known> {
        let module = self.names.modules.get(path)?;
        if let Some(known) = module.get(name) {
            return Some(known.clone());
        }
        let library = path.starts_with("std.") && !self.names.documented.is_empty();
        let public = |name: &&Rc<str>| !library || self.names.documented.contains_key(*name);
        let names: Vec<&str> = module.keys().filter(public).map(|k| &**k).collect();
        let help = instead(name)
            .or_else(|| did_you_mean(name, names.iter().copied()))
            .or_else(|| (names.len() <= 12 && !names.is_empty()).then(|| format!("it has {}", names.join(", "))));
        let module = ["std.", SESSION].iter().find_map(|root| path.strip_prefix(root)).unwrap_or(path).to_owned();
        self.error(CheckError::NotInModule { module, name: name.into(), span, help });
        None
    }
}
