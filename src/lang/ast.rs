//! The syntax tree. Every node carries its span. Definitions are shared (`Rc`), because closures hold them.

use crate::functional::FunctionalKind;
use crate::source::Span;
use std::path::Path;
use std::rc::Rc;

/// A name with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Ident {
    /// The name.
    pub name: Rc<str>,
    /// Its place.
    pub span: Span,
}

/// A whole source text.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// In order.
    pub statements: Vec<Stmt>,
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Stmt {
    /// What it does.
    pub kind: StmtKind,
    /// All of it.
    pub span: Span,
    /// The `##` lines above it, joined.
    pub docs: Option<Rc<str>>,
}

/// Kinds of statements.
#[derive(Clone, Debug, PartialEq)]
pub enum StmtKind {
    /// `let name = value`.
    Let {
        /// Bound name.
        name: Ident,
        /// Right side.
        value: Expr,
    },
    /// `grid name = value`.
    Grid {
        /// Bound name.
        name: Ident,
        /// Right side.
        value: Expr,
    },
    /// `fn name(a, b = 2) = …`.
    Fn(Rc<FnDef>),
    /// `loss name(run, exact, weight = 0.5) { … }`.
    Loss(Rc<FnDef>),
    /// `functional f(n) { … }`, `kinetic functional t(n) { … }`, `potential functional v(n) { … }`.
    Functional(Rc<FunctionalDef>),
    /// `system h2(R) on line { … }`.
    System(Rc<SystemDef>),
    /// `use …`.
    Use(Use),
    /// `param a[3] = 1 in 0 .. 2`, in functional bodies.
    Param(Param),
    /// An expression; `shown` unless it ends in `;`.
    Expr {
        /// The expression.
        value: Expr,
        /// Whether its value is displayed.
        shown: bool,
    },
}

/// A function; `name` is `fn` for a value `fn(x) = …`.
#[derive(Clone, Debug, PartialEq)]
pub struct FnDef {
    /// Name.
    pub name: Ident,
    /// Parameters.
    pub params: Vec<ParamDecl>,
    /// Body.
    pub body: Expr,
    /// Head: from the keyword to the closing parenthesis.
    pub span: Span,
}

/// `a` or `b = 2` in a parameter list.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamDecl {
    /// Name.
    pub name: Ident,
    /// Default.
    pub default: Option<Expr>,
}

/// How something with parameters is called: `morse(R, depth = …)`.
pub fn signature(name: &str, params: &[ParamDecl]) -> String {
    let written = |param: &ParamDecl| match &param.default {
        Some(_) => format!("{} = …", param.name.name),
        None => param.name.name.to_string(),
    };
    format!("{name}({})", params.iter().map(written).collect::<Vec<_>>().join(", "))
}

/// A functional. Its parameters without defaults are the densities (one, or two: up and down).
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionalDef {
    /// `@spin_dependent`.
    pub spin_dependent: bool,
    /// `functional`, `kinetic functional`, `potential functional`.
    pub kind: FunctionalKind,
    /// `total`: the body is the energy itself, a number.
    pub total: bool,
    /// Name, parameters, body, head.
    pub function: FnDef,
    /// `for exponential`: the interaction it is made for.
    pub made_for: Option<Ident>,
}

/// A system.
#[derive(Clone, Debug, PartialEq)]
pub struct SystemDef {
    /// Name.
    pub name: Ident,
    /// `None`: without parentheses, a value.
    pub params: Option<Vec<ParamDecl>>,
    /// `on GRID`; `None`: missing, an error of the checker.
    pub grid: Option<Expr>,
    /// Entries in order.
    pub entries: Vec<SystemEntry>,
    /// Head.
    pub span: Span,
}

/// One entry of a system.
#[derive(Clone, Debug, PartialEq)]
pub enum SystemEntry {
    /// `H at -R/2`, `nucleus(Z) at 0`, `H at i * R for i in 0 .. 3 if …`.
    Nucleus {
        /// `H` or `nucleus(Z)`.
        element: Expr,
        /// Position.
        at: Expr,
        /// Repetition.
        each: Option<Each>,
        /// All of it.
        span: Span,
    },
    /// `electrons: 2`.
    Option {
        /// Name.
        name: Ident,
        /// Value.
        value: Expr,
    },
    /// `potential(x): …` or `interaction(r): …`, a function.
    Function {
        /// Name and parameter.
        function: Rc<FnDef>,
    },
}

/// `for R in Rs if cond`.
#[derive(Clone, Debug, PartialEq)]
pub struct Each {
    /// Loop variable.
    pub name: Ident,
    /// Values.
    pub values: Expr,
    /// Filter.
    pub condition: Option<Expr>,
}

/// `use std.losses`, `use "a.ksr" (f, g) as name`.
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    /// What.
    pub path: UsePath,
    /// Names wanted; `None`: the module under its stem.
    pub names: Option<Vec<Ident>>,
    /// `as name`.
    pub alias: Option<Ident>,
}

/// Where a module comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum UsePath {
    /// `std.losses`.
    Std(Vec<Ident>),
    /// A file, relative to the script.
    File {
        /// Path as written.
        path: Rc<str>,
        /// Where.
        span: Span,
    },
}

impl UsePath {
    /// The path as it is written, without quotes: `std.losses`, `my/lda.ksr`.
    pub fn written(&self) -> String {
        match self {
            UsePath::Std(path) => path.iter().map(|part| &*part.name).collect::<Vec<_>>().join("."),
            UsePath::File { path, .. } => path.to_string(),
        }
    }

    /// The default name of the module: `losses` for `std.losses`, `lda` for `my/lda.ksr`. The stem of a file need not be a valid
    /// name.
    pub fn stem(&self) -> Rc<str> {
        match self {
            UsePath::Std(path) => path.last().map_or_else(|| Rc::from(""), |p| p.name.clone()),
            UsePath::File { path, .. } => {
                Path::new(&**path).file_stem().map_or_else(|| path.clone(), |s| s.to_string_lossy().into())
            }
        }
    }
}

/// `param b[8] ~ normal(0, 0.01)`, `param a = 1.0 in 0 .. 2`.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Name.
    pub name: Ident,
    /// `[8]`, `[3, 2]`.
    pub shape: Vec<Expr>,
    /// After `=`.
    pub value: Option<Expr>,
    /// After `~`.
    pub drawn: Option<Expr>,
    /// After `in`.
    pub bounds: Option<Expr>,
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What.
    pub kind: Rc<ExprKind>,
    /// Where.
    pub span: Span,
}

/// Kinds of expressions.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `1e-6`.
    Number(f64),
    /// `0.08 bohr`, `3 angstrom^2`.
    Quantity {
        /// Number.
        value: f64,
        /// Unit.
        unit: UnitExpr,
    },
    /// `"h2 {R}"`.
    Str(Vec<StrPart>),
    /// `true`.
    Bool(bool),
    /// A name.
    Name(Rc<str>),
    /// `[a, b]`.
    List(Vec<Expr>),
    /// `[f(R, Z) for R in Rs if R > 1 for Z in Zs]`.
    Comprehension {
        /// Element.
        body: Expr,
        /// Loops, the first outermost.
        each: Vec<Each>,
    },
    /// `{ a: 1 }`.
    Record(Vec<(Ident, Expr)>),
    /// `{ …; value }`.
    Block(Vec<Stmt>),
    /// `a .. b by c`.
    Range {
        /// First.
        from: Expr,
        /// Last.
        to: Expr,
        /// Step.
        by: Option<Expr>,
    },
    /// `-a`, `not a`.
    Unary {
        /// Operator.
        op: UnaryOp,
        /// Operand.
        value: Expr,
    },
    /// `a + b`.
    Binary {
        /// Operator.
        op: BinaryOp,
        /// Place of the operator.
        op_span: Span,
        /// Left.
        left: Expr,
        /// Right.
        right: Expr,
    },
    /// `x |> f(a)`.
    Pipe {
        /// What goes in.
        value: Expr,
        /// A call, or anything callable.
        into: Expr,
    },
    /// `x -> eV`.
    Convert {
        /// What.
        value: Expr,
        /// Unit.
        unit: UnitExpr,
    },
    /// `if c then a else b`.
    If {
        /// Condition.
        condition: Expr,
        /// Where true.
        then: Expr,
        /// Where false.
        otherwise: Expr,
    },
    /// `f(a, b: 2) { … }`; `train f { … }` and `table { … }` are calls of the names `train`, `table`.
    Call {
        /// What is called.
        callee: Expr,
        /// Arguments; a trailing record is the last, positional.
        args: Vec<Arg>,
    },
    /// `v[i]`; a range slices.
    Index {
        /// Of what.
        value: Expr,
        /// Index.
        index: Expr,
    },
    /// `.field`.
    Field {
        /// Of what.
        value: Expr,
        /// Name.
        name: Ident,
    },
    /// `fn(R) = …`.
    Lambda(Rc<FnDef>),
}

/// A piece of a string.
#[derive(Clone, Debug, PartialEq)]
pub enum StrPart {
    /// Letters (escapes resolved).
    Text(Rc<str>),
    /// `{R}`.
    Value(Expr),
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Arg {
    /// `name:`.
    pub name: Option<Ident>,
    /// Value.
    pub value: Expr,
    /// Whether it is the trailing `{ … }` block.
    pub trailing: bool,
}

/// A unit: `eV`, `bohr^2`, `kcal/mol`.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitExpr {
    /// Name (`kcal/mol` is one).
    pub name: Rc<str>,
    /// Power.
    pub power: i32,
    /// Where.
    pub span: Span,
}

/// Prefix operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum UnaryOp {
    Neg,
    Not,
}

/// Infix operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    And,
    Or,
}
