//! The meaning of names, to the extent that it is known before anything is evaluated.

use crate::lang::Kind;
use crate::lang::ast::{Expr, ExprKind, ParamDecl, Program, Stmt, StmtKind, Use};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// What a program may use without defining it.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Builtins, the atoms and interactions of the library, and what earlier entries of a session defined.
    pub globals: Rc<BTreeMap<Rc<str>, Known>>,
    /// What modules define, by their path as written: `std.losses`, `my/lda.ksr`. Modules that are missing here are not
    /// checked.
    pub modules: BTreeMap<String, Module>,
    /// Those of `modules` that contain a saved model: a plain `use` of one binds the model, not the module.
    pub models: BTreeSet<String>,
    /// The modules of the library: `losses` for `std.losses`. If empty, they are not checked.
    pub library: Vec<String>,
    /// The documented definitions of the library, with the paths of their modules.
    pub documented: BTreeMap<Rc<str>, String>,
    /// Other words for builtins, each for a single one.
    pub words: BTreeMap<&'static str, &'static str>,
    /// The options of a system. If empty, their values are not checked.
    pub system: Vec<Parameter>,
}

/// The definitions of a module.
pub type Module = BTreeMap<Rc<str>, Known>;

/// What is known about a name.
#[derive(Clone, Debug, PartialEq)]
pub enum Known {
    /// Some value.
    Value,
    /// A record literal with these entries.
    Record(Vec<Rc<str>>),
    /// Something that can be called.
    Callable(Rc<Signature>),
    /// A system without parameters: a value that looks like a call.
    System,
    /// A module, by its path in [`Names::modules`].
    Module(Rc<str>),
    /// A value of a kind whose members are known.
    Answer(Rc<Answer>),
}

/// A kind of value with its members.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// In words: `a run`.
    pub kind: String,
    /// Their names.
    pub members: Vec<Rc<str>>,
}

/// How something is called.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signature {
    /// Its parameters in order.
    pub params: Vec<Parameter>,
    /// Takes any number of further positional arguments.
    pub rest: bool,
    /// Takes a record, after the call or among the arguments, whose entries are named arguments.
    pub options: bool,
    /// Accepts further named arguments, which are not checked.
    pub open: bool,
    /// A call has an effect, so its value need not be used: `print`, `assert`.
    pub effect: bool,
    /// Takes the densities of both spins instead of its only density.
    pub both_spins: bool,
    /// What a call returns, if that is certain.
    pub gives: Option<Rc<Answer>>,
    /// Given a list, it returns a list of what it gives.
    pub each: bool,
    /// A call gives a system.
    pub system: bool,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: Rc<str>,
    /// Whether a call must give it.
    pub required: bool,
    /// Whether it can be given only by name.
    pub named: bool,
    /// The kinds of value that it accepts; empty if not known.
    pub takes: &'static [Kind],
    /// The entries of a record that it accepts, if they are known.
    pub entries: Vec<Parameter>,
}

impl Signature {
    /// The signature of a definition. Parameters without defaults must be given only if `required`: functionals and losses can
    /// be called without their densities and runs to set options.
    pub fn of(params: &[ParamDecl], required: bool) -> Self {
        let parameter = |p: &ParamDecl| Parameter {
            name: p.name.name.clone(),
            required: required && p.default.is_none(),
            named: false,
            takes: &[],
            entries: Vec::new(),
        };
        Signature { params: params.iter().map(parameter).collect(), ..Default::default() }
    }

    /// The signature of a functional: a functional of one density can also take those of both spins, and sees their sum.
    pub fn functional(params: &[ParamDecl]) -> Self {
        let densities = params.iter().filter(|p| p.default.is_none()).count();
        Signature { both_spins: densities == 1, ..Signature::of(params, false) }
    }

    /// `f(a, b = …)`.
    pub fn written(&self, callee: &str) -> String {
        let mut params: Vec<String> = Vec::new();
        for p in self.params.iter().filter(|p| !p.named) {
            params.push(if p.required { p.name.to_string() } else { format!("{} = …", p.name) });
        }
        if self.rest {
            params.push("…".into());
        }
        params.extend(self.params.iter().filter(|p| p.named).map(|p| format!("{}: …", p.name)));
        format!("{callee}({})", params.join(", "))
    }
}

/// The meaning of the top-level definitions of a program; for a name defined twice, only that it exists.
pub fn definitions(program: &Program) -> Module {
    let mut module = Module::new();
    for statement in &program.statements {
        for (name, known) in defines(statement) {
            let known = if module.contains_key(&name) { Known::Value } else { known };
            module.insert(name, known);
        }
    }
    module
}

/// The names that a statement binds.
pub fn defines(statement: &Stmt) -> Vec<(Rc<str>, Known)> {
    match &statement.kind {
        StmtKind::Let { name, value } => vec![(name.name.clone(), known(value))],
        StmtKind::Grid { name, .. } => vec![(name.name.clone(), Known::Value)],
        StmtKind::Param(param) => vec![(param.name.name.clone(), Known::Value)],
        StmtKind::Fn(f) => {
            let effect = has_effect(&f.body);
            let signature = Signature { effect, ..Signature::of(&f.params, true) };
            vec![(f.name.name.clone(), Known::Callable(Rc::new(signature)))]
        }
        StmtKind::Loss(f) => vec![(f.name.name.clone(), Known::Callable(Rc::new(Signature::of(&f.params, false))))],
        StmtKind::Functional(f) => {
            let signature = Signature::functional(&f.function.params);
            vec![(f.function.name.name.clone(), Known::Callable(Rc::new(signature)))]
        }
        StmtKind::System(system) => {
            let known = system.params.as_ref().map_or(Known::System, |params| {
                Known::Callable(Rc::new(Signature { system: true, ..Signature::of(params, true) }))
            });
            vec![(system.name.name.clone(), known)]
        }
        StmtKind::Use(used) => binds(used),
        StmtKind::Expr { .. } => Vec::new(),
    }
}

/// What an expression certainly is.
pub(super) fn known(value: &Expr) -> Known {
    match &*value.kind {
        ExprKind::Lambda(f) => {
            let effect = has_effect(&f.body);
            Known::Callable(Rc::new(Signature { effect, ..Signature::of(&f.params, true) }))
        }
        ExprKind::Record(entries) => Known::Record(entries.iter().map(|(name, _)| name.name.clone()).collect()),
        _ => Known::Value,
    }
}

/// Whether a function with this body may be called for its effect: it contains a value that is not used, or its value is that of
/// a call, which may have an effect.
fn has_effect(body: &Expr) -> bool {
    match &*body.kind {
        ExprKind::Call { .. } | ExprKind::Pipe { .. } => true,
        ExprKind::If { then, otherwise, .. } => has_effect(then) || has_effect(otherwise),
        ExprKind::Block(statements) => {
            statements.iter().any(|s| matches!(&s.kind, StmtKind::Expr { value, .. } if has_effect(value)))
        }
        ExprKind::Comprehension { body, .. } => has_effect(body),
        _ => false,
    }
}

/// The names that a `use` binds.
fn binds(used: &Use) -> Vec<(Rc<str>, Known)> {
    if let Some(names) = &used.names {
        return match (names.as_slice(), &used.alias) {
            ([_], Some(alias)) => vec![(alias.name.clone(), Known::Value)],
            _ => names.iter().map(|n| (n.name.clone(), Known::Value)).collect(),
        };
    }
    let path = used.path.written();
    let name = used.alias.as_ref().map_or_else(|| used.path.stem(), |alias| alias.name.clone());
    vec![(name, Known::Module(path.into()))]
}

/// The meaning of a name that a `use` imports from a known module, or binds to a saved model.
pub(super) fn imported(used: &Use, name: &str, names: &Names) -> Option<Known> {
    let Some(taken) = &used.names else {
        return names.models.contains(&used.path.written()).then_some(Known::Value);
    };
    let wanted = if used.alias.is_some() { taken.first()?.name.as_ref() } else { name };
    names.modules.get(&used.path.written())?.get(wanted).cloned()
}
