//! Scalar functions, each with its value and slopes: the building blocks of elementwise programs.

use super::exp::exp;
use std::f64::consts::{LOG2_E, LOG10_E};

/// Elementwise functions of one argument.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(test, derive(strum::EnumIter))]
#[allow(missing_docs)]
pub enum Unary {
    Neg,
    Abs,
    /// -1, 0, 1; slope 0.
    Sign,
    Recip,
    Exp,
    Expm1,
    Ln,
    Log2,
    Log10,
    /// ln(1 + x), exact at small x.
    Ln1p,
    Sqrt,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    Sigmoid,
    /// ln(1 + exp x), without overflow.
    Softplus,
    /// x to a constant power.
    Pow(f64),
}

/// Elementwise functions of two arguments. Shapes broadcast over the grid axis and over channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(strum::EnumIter))]
#[allow(missing_docs)]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    /// Where both are equal, each has half of the slope.
    Min,
    /// Where both are equal, each has half of the slope.
    Max,
    /// 1 where a < b, else 0; slope 0. The others likewise.
    Less,
    LessEq,
    Eq,
    /// The share of a in the larger of a and b: 1 where a > b, 1/2 where they are equal, else 0; slope 0.
    Share,
    /// a b, but 0 where a or b is 0: an infinite cotangent times the slope of an even function at its centre.
    MulZeros,
    /// a b, but 0 where a is 0, for any b: a zero cotangent times a slope that may be infinite.
    MulZero,
    /// a / b, but 0 where a is 0, for any b.
    DivZero,
    /// The slope of a sigmoid(a) where b is sigmoid(a): b (1 + a (1 - b)).
    SiluSlope,
}

/// x^p, by multiplication for small whole p.
#[inline(always)]
fn power(x: f64, p: f64) -> f64 {
    if p.fract() == 0.0 && p.abs() <= 16.0 { x.powi(p as i32) } else { x.powf(p) }
}

/// The slope p x^(p-1), of x^p.
#[inline(always)]
fn power_slope(x: f64, p: f64) -> f64 {
    if p == 0.0 { 0.0 } else { p * power(x, p - 1.0) }
}

/// 1/(1 + exp(-x)), without overflow.
#[inline(always)]
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + exp(-x))
}

#[inline(always)]
fn softplus(x: f64) -> f64 {
    x.max(0.0) + exp(-x.abs()).ln_1p()
}

#[inline(always)]
fn sign(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        x * 0.0
    }
}

#[inline(always)]
fn truth(condition: bool) -> f64 {
    if condition { 1.0 } else { 0.0 }
}

#[inline(always)]
fn share(a: f64, b: f64) -> f64 {
    if a > b {
        1.0
    } else if a < b {
        0.0
    } else if a == b {
        0.5
    } else {
        f64::NAN
    }
}

#[inline(always)]
fn mul_zeros(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 { 0.0 } else { a * b }
}

#[inline(always)]
fn mul_zero(a: f64, b: f64) -> f64 {
    if a == 0.0 { 0.0 } else { a * b }
}

#[inline(always)]
fn div_zero(a: f64, b: f64) -> f64 {
    if a == 0.0 { 0.0 } else { a / b }
}

#[inline(always)]
fn map(x: &[f64], out: &mut [f64], f: impl Fn(f64) -> f64) {
    for (out, &x) in out.iter_mut().zip(x) {
        *out = f(x);
    }
}

/// Adds cotangent times slope; a zero cotangent contributes nothing, even if the slope is infinite.
#[inline(always)]
fn pull(cotangent: &[f64], x: &[f64], y: &[f64], into: &mut [f64], slope: impl Fn(f64, f64) -> f64) {
    for (((into, &c), &x), &y) in into.iter_mut().zip(cotangent).zip(x).zip(y) {
        *into = mul_zero(c, slope(x, y));
    }
}

/// The same where a zero slope counts as much as a zero cotangent: the slopes of even functions at their centre, of a product
/// where the other factor is 0, of the larger of two numbers.
#[inline(always)]
fn pull_zeros(cotangent: &[f64], x: &[f64], y: &[f64], into: &mut [f64], slope: impl Fn(f64, f64) -> f64) {
    for (((into, &c), &x), &y) in into.iter_mut().zip(cotangent).zip(x).zip(y) {
        *into = mul_zeros(c, slope(x, y));
    }
}

/// The same for a slope of one number.
#[inline(always)]
fn pull_one(cotangent: &[f64], x: &[f64], into: &mut [f64], slope: impl Fn(f64) -> f64) {
    zip(cotangent, x, into, |c, x| mul_zero(c, slope(x)));
}

/// The same for an even function, whose slope at its centre is 0 whatever it is an argument of.
#[inline(always)]
fn pull_even(cotangent: &[f64], x: &[f64], into: &mut [f64], slope: impl Fn(f64) -> f64) {
    zip(cotangent, x, into, |c, x| mul_zeros(c, slope(x)));
}

/// What a slope is calculated from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// The argument, or the first of two.
    First,
    /// The second argument.
    Second,
    /// The value.
    Value,
}

/// Whether x^p is an even function.
pub fn even(p: f64) -> bool {
    p % 2.0 == 0.0
}

impl Unary {
    /// Whether f(-x) = f(x).
    pub fn is_even(self) -> bool {
        match self {
            Unary::Abs | Unary::Cos | Unary::Cosh => true,
            Unary::Pow(p) => even(p),
            _ => false,
        }
    }

    /// The value at one number.
    pub fn value(self, x: f64) -> f64 {
        let mut out = [0.0];
        self.values(&[x], &mut out);
        out[0]
    }

    /// The values at a block.
    #[inline(always)]
    pub fn values(self, x: &[f64], out: &mut [f64]) {
        match self {
            Unary::Neg => map(x, out, |x| -x),
            Unary::Abs => map(x, out, f64::abs),
            Unary::Sign => map(x, out, sign),
            Unary::Recip => map(x, out, |x| 1.0 / x),
            Unary::Exp => map(x, out, exp),
            Unary::Expm1 => map(x, out, f64::exp_m1),
            Unary::Ln => map(x, out, f64::ln),
            Unary::Log2 => map(x, out, f64::log2),
            Unary::Log10 => map(x, out, f64::log10),
            Unary::Ln1p => map(x, out, f64::ln_1p),
            Unary::Sqrt => map(x, out, f64::sqrt),
            Unary::Sin => map(x, out, f64::sin),
            Unary::Cos => map(x, out, f64::cos),
            Unary::Tan => map(x, out, f64::tan),
            Unary::Asin => map(x, out, f64::asin),
            Unary::Acos => map(x, out, f64::acos),
            Unary::Atan => map(x, out, f64::atan),
            Unary::Sinh => map(x, out, f64::sinh),
            Unary::Cosh => map(x, out, f64::cosh),
            Unary::Tanh => map(x, out, f64::tanh),
            Unary::Sigmoid => map(x, out, sigmoid),
            Unary::Softplus => map(x, out, softplus),
            Unary::Pow(2.0) => map(x, out, |x| x * x),
            Unary::Pow(p) => map(x, out, |x| power(x, p)),
        }
    }

    /// What [`Unary::pull`] reads; `None` if the slope is 0 everywhere, so that no cotangent is passed on.
    pub fn slope(self) -> Option<&'static [Known]> {
        use Unary::*;
        match self {
            Sign => None,
            Neg => Some(&[]),
            Abs | Ln | Log2 | Log10 | Ln1p | Sin | Cos | Asin | Acos | Atan | Sinh | Cosh | Softplus | Pow(_) => {
                Some(&[Known::First])
            }
            Recip | Exp | Expm1 | Sqrt | Tan | Tanh | Sigmoid => Some(&[Known::Value]),
        }
    }

    /// Cotangent times slope at x, where y is the value there.
    #[inline(always)]
    pub fn pull(self, cotangent: &[f64], x: &[f64], y: &[f64], into: &mut [f64]) {
        match self {
            Unary::Sign => into.fill(0.0),
            Unary::Neg => map(cotangent, into, |c| -c),
            Unary::Abs => pull_even(cotangent, x, into, sign),
            Unary::Recip => pull_one(cotangent, y, into, |y| -y * y),
            Unary::Exp => zip(cotangent, y, into, mul_zero),
            Unary::Expm1 => pull_one(cotangent, y, into, |y| y + 1.0),
            Unary::Ln => pull_one(cotangent, x, into, |x| 1.0 / x),
            Unary::Log2 => pull_one(cotangent, x, into, |x| LOG2_E / x),
            Unary::Log10 => pull_one(cotangent, x, into, |x| LOG10_E / x),
            Unary::Ln1p => pull_one(cotangent, x, into, |x| 1.0 / (1.0 + x)),
            Unary::Sqrt => pull_one(cotangent, y, into, |y| 0.5 / y),
            Unary::Sin => pull_one(cotangent, x, into, f64::cos),
            Unary::Cos => pull_even(cotangent, x, into, |x| -x.sin()),
            Unary::Tan => pull_one(cotangent, y, into, |y| 1.0 + y * y),
            Unary::Asin => pull_one(cotangent, x, into, |x| 1.0 / (1.0 - x * x).sqrt()),
            Unary::Acos => pull_one(cotangent, x, into, |x| -1.0 / (1.0 - x * x).sqrt()),
            Unary::Atan => pull_one(cotangent, x, into, |x| 1.0 / (1.0 + x * x)),
            Unary::Sinh => pull_one(cotangent, x, into, f64::cosh),
            Unary::Cosh => pull_even(cotangent, x, into, f64::sinh),
            Unary::Tanh => pull_one(cotangent, y, into, |y| 1.0 - y * y),
            Unary::Sigmoid => pull_one(cotangent, y, into, |y| y * (1.0 - y)),
            Unary::Softplus => pull_one(cotangent, x, into, sigmoid),
            Unary::Pow(p) if even(p) => pull_even(cotangent, x, into, |x| power_slope(x, p)),
            Unary::Pow(p) => pull_one(cotangent, x, into, |x| power_slope(x, p)),
        }
    }

    /// Its name in the language.
    pub fn name(self) -> &'static str {
        match self {
            Unary::Neg => "-",
            Unary::Abs => "abs",
            Unary::Sign => "sign",
            Unary::Recip => "1/x",
            Unary::Exp => "exp",
            Unary::Expm1 => "exp(x) - 1",
            Unary::Ln => "ln",
            Unary::Log2 => "log2",
            Unary::Log10 => "log10",
            Unary::Ln1p => "ln(1 + x)",
            Unary::Sqrt => "sqrt",
            Unary::Sin => "sin",
            Unary::Cos => "cos",
            Unary::Tan => "tan",
            Unary::Asin => "asin",
            Unary::Acos => "acos",
            Unary::Atan => "atan",
            Unary::Sinh => "sinh",
            Unary::Cosh => "cosh",
            Unary::Tanh => "tanh",
            Unary::Sigmoid => "sigmoid",
            Unary::Softplus => "softplus",
            Unary::Pow(_) => "^",
        }
    }
}

/// The slope in a of a product that is 0 where a is 0, even if b is not finite there.
#[inline(always)]
fn finite_or_zero(a: f64, b: f64) -> f64 {
    if a == 0.0 && !b.is_finite() { 0.0 } else { b }
}

#[inline(always)]
fn zip(a: &[f64], b: &[f64], out: &mut [f64], f: impl Fn(f64, f64) -> f64) {
    for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
        *out = f(a, b);
    }
}

impl Binary {
    /// The value at two numbers.
    pub fn value(self, a: f64, b: f64) -> f64 {
        let mut out = [0.0];
        self.values(&[a], &[b], &mut out);
        out[0]
    }

    /// The values at a block.
    #[inline(always)]
    pub fn values(self, a: &[f64], b: &[f64], out: &mut [f64]) {
        match self {
            Binary::Add => zip(a, b, out, |a, b| a + b),
            Binary::Sub => zip(a, b, out, |a, b| a - b),
            Binary::Mul => zip(a, b, out, |a, b| a * b),
            Binary::Div => zip(a, b, out, |a, b| a / b),
            Binary::Pow => zip(a, b, out, f64::powf),
            Binary::Min => zip(a, b, out, |a, b| if a <= b || a.is_nan() { a } else { b }),
            Binary::Max => zip(a, b, out, |a, b| if a >= b || a.is_nan() { a } else { b }),
            Binary::Less => zip(a, b, out, |a, b| truth(a < b)),
            Binary::LessEq => zip(a, b, out, |a, b| truth(a <= b)),
            Binary::Eq => zip(a, b, out, |a, b| truth(a == b)),
            Binary::Share => zip(a, b, out, share),
            Binary::MulZeros => zip(a, b, out, mul_zeros),
            Binary::MulZero => zip(a, b, out, mul_zero),
            Binary::DivZero => zip(a, b, out, div_zero),
            Binary::SiluSlope => zip(a, b, out, |a, b| b * (1.0 + a * (1.0 - b))),
        }
    }

    /// What [`Binary::pull_first`] or [`Binary::pull_second`] reads; `None` if the slope is 0 everywhere.
    pub fn slope(self, argument: Known) -> Option<&'static [Known]> {
        use Known::{First, Second, Value};
        Some(match (self, argument) {
            (Binary::Less | Binary::LessEq | Binary::Eq | Binary::Share, _) => return None,
            (Binary::Add | Binary::Sub, _) => &[],
            (Binary::Mul | Binary::Div | Binary::SiluSlope, First) => &[Second],
            (Binary::Mul | Binary::MulZero, Second | Value) => &[First],
            (Binary::Div | Binary::DivZero, Second | Value) => &[Second, Value],
            (Binary::Pow, Second | Value) => &[First, Value],
            (Binary::MulZero | Binary::MulZeros | Binary::DivZero | Binary::Pow, _) => &[First, Second],
            (Binary::Min | Binary::Max | Binary::SiluSlope, _) => &[First, Second],
        })
    }

    /// Cotangent times slope in the first argument.
    #[inline(always)]
    pub fn pull_first(self, cotangent: &[f64], a: &[f64], b: &[f64], into: &mut [f64]) {
        match self {
            Binary::Less | Binary::LessEq | Binary::Eq | Binary::Share => into.fill(0.0),
            Binary::Add | Binary::Sub => into.copy_from_slice(cotangent),
            Binary::Mul => zip(cotangent, b, into, mul_zeros),
            Binary::MulZeros => pull_zeros(cotangent, a, b, into, finite_or_zero),
            Binary::Div => pull_one(cotangent, b, into, |b| 1.0 / b),
            Binary::MulZero => pull(cotangent, a, b, into, finite_or_zero),
            Binary::DivZero => pull(cotangent, a, b, into, |a, b| {
                let slope = 1.0 / b;
                if a == 0.0 && !slope.is_finite() { 0.0 } else { slope }
            }),
            Binary::SiluSlope => pull_one(cotangent, b, into, |b| b * (1.0 - b)),
            Binary::Pow => pull(cotangent, a, b, into, |a, b| b * a.powf(b - 1.0)),
            Binary::Min => pull_zeros(cotangent, a, b, into, |a, b| share(b, a)),
            Binary::Max => pull_zeros(cotangent, a, b, into, share),
        }
    }

    /// Cotangent times slope in the second argument, where y is the value.
    #[inline(always)]
    pub fn pull_second(self, cotangent: &[f64], a: &[f64], b: &[f64], y: &[f64], into: &mut [f64]) {
        match self {
            Binary::Less | Binary::LessEq | Binary::Eq | Binary::Share => into.fill(0.0),
            Binary::Add => into.copy_from_slice(cotangent),
            Binary::Sub => map(cotangent, into, |c| -c),
            Binary::Mul | Binary::MulZero => zip(cotangent, a, into, mul_zeros),
            Binary::MulZeros => pull_zeros(cotangent, b, a, into, finite_or_zero),
            Binary::Div | Binary::DivZero => pull(cotangent, b, y, into, |b, y| if y == 0.0 { 0.0 } else { -y / b }),
            Binary::SiluSlope => pull(cotangent, a, b, into, |a, b| 1.0 + a * (1.0 - 2.0 * b)),
            Binary::Pow => pull(cotangent, a, y, into, |a, y| if a == 0.0 { 0.0 } else { y * a.ln() }),
            Binary::Min => pull_zeros(cotangent, a, b, into, share),
            Binary::Max => pull_zeros(cotangent, a, b, into, |a, b| share(b, a)),
        }
    }

    /// Whether the order of the arguments does not matter.
    pub fn commutes(self) -> bool {
        match self {
            Binary::Add | Binary::Mul | Binary::Min | Binary::Max | Binary::Eq => true,
            Binary::Sub | Binary::Div | Binary::Pow | Binary::Less | Binary::LessEq => false,
            Binary::MulZeros => true,
            Binary::MulZero | Binary::DivZero | Binary::SiluSlope | Binary::Share => false,
        }
    }

    /// Its name in the language.
    pub fn name(self) -> &'static str {
        match self {
            Binary::Add => "+",
            Binary::Sub => "-",
            Binary::Mul | Binary::MulZero | Binary::MulZeros => "*",
            Binary::Div | Binary::DivZero => "/",
            Binary::Pow => "^",
            Binary::Min => "min",
            Binary::Max => "max",
            Binary::Less => "<",
            Binary::LessEq => "<=",
            Binary::Eq => "==",
            Binary::Share => "share",
            Binary::SiluSlope => "silu",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::unary;
    use super::*;
    use strum::IntoEnumIterator;

    #[test]
    fn slopes_read_what_they_declare() {
        let (a, b) = (0.3, 0.7);
        let pulled = |pull: &dyn Fn(&mut [f64])| {
            let mut out = [f64::NAN];
            pull(&mut out);
            out[0]
        };
        for f in unary() {
            let y = f.value(a);
            let known = |k: Known, x: f64| if f.slope().is_some_and(|read| read.contains(&k)) { x } else { f64::NAN };
            let all = pulled(&|out| f.pull(&[2.0], &[a], &[y], out));
            let some = pulled(&|out| f.pull(&[2.0], &[known(Known::First, a)], &[known(Known::Value, y)], out));
            assert_eq!(all, some, "{f:?}");
            assert_eq!(f.slope().is_none(), all == 0.0, "{f:?}");
        }
        for f in Binary::iter() {
            let y = f.value(a, b);
            for argument in [Known::First, Known::Second] {
                let read = f.slope(argument);
                let known = |k: Known, x: f64| [if read.is_some_and(|read| read.contains(&k)) { x } else { f64::NAN }];
                let pull = |a: &[f64], b: &[f64], y: &[f64], out: &mut [f64]| match argument {
                    Known::First => f.pull_first(&[2.0], a, b, out),
                    _ => f.pull_second(&[2.0], a, b, y, out),
                };
                let all = pulled(&|out| pull(&[a], &[b], &[y], out));
                let (a, b, y) = (known(Known::First, a), known(Known::Second, b), known(Known::Value, y));
                assert_eq!(all, pulled(&|out| pull(&a, &b, &y, out)), "{f:?} {argument:?}");
                assert!(read.is_some() || all == 0.0, "{f:?}");
            }
        }
    }
}
