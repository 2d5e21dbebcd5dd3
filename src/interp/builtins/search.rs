//! Minima and roots of functions of one number, by Brent's bracketing methods.
//! R. P. Brent, Algorithms for Minimization without Derivatives (Prentice-Hall, 1973), chapters 4 and 5.

use crate::interp::Interpreter;
use crate::interp::arith::agree;
use crate::interp::call::{Args, Builtin, DefaultValue, example, function, named, quantity, required};
use crate::interp::error::{RunError, fail};
use crate::interp::value::{Operand, Quantity, Trust, Value, text};
use crate::lang::Dimension;
use crate::lang::Kind;
use crate::number::brief;
use crate::problem::Result;

/// Number of points, including the ends, at which a function is evaluated before its minimum is bracketed.
const SCANNED_POINTS: usize = 9;
const MOST_STEPS: usize = 200;

pub(crate) const ALL: &[Builtin] = &[
    function(
        "minimum",
        &[
            required("f", &[Kind::Function]),
            required("interval", &[Kind::Interval]),
            named("tolerance", &[Kind::Quantity], DefaultValue::Number(1e-8)),
        ],
        &[Kind::Record],
        "the minimum of a function of one number in an interval: a record of its position `x` and `value`; the lowest of \
         several if they are at least an eighth of the interval apart",
        &["minimise", "minimize", "optimum", "equilibrium", "bond length"],
        &[
            example("round(1e6 * minimum(fn(x) = (x - 2)^2, 0 .. 5).x)", "2e6"),
            example("minimum(fn(R) = (R - 2)^2 + 1, 0 .. 4).value", "1"),
        ],
        minimum,
    ),
    function(
        "root",
        &[
            required("f", &[Kind::Function]),
            required("interval", &[Kind::Interval]),
            named("tolerance", &[Kind::Quantity], DefaultValue::Number(1e-12)),
        ],
        &[Kind::Quantity],
        "where a function of one number is zero; its values at the ends of the interval must have opposite signs",
        &["zero", "solve", "equation", "crossing"],
        &[example("round(1e9 * root(fn(x) = x^2 - 2, 0 .. 2)) / 1e9", "round(1e9 * sqrt(2)) / 1e9")],
        root,
    ),
];

/// The function being searched, with the dimensions of its argument and value.
struct Searched<'a> {
    interp: &'a mut Interpreter,
    f: Value,
    args: &'a Args,
    x_dim: Dimension,
    y_dim: Dimension,
    /// The lowest value so far, and how far it can be trusted.
    lowest: Option<(f64, Trust)>,
    /// Whether a value comes from a calculation that did not converge.
    doubt: bool,
    /// Whether a value has a spread.
    spreads: bool,
}

/// How far from a minimum or root, of the interval, its surroundings tell what becomes of it with other values.
const ASIDE: f64 = 1e-3;

impl Searched<'_> {
    fn at(&mut self, x: f64) -> Result<f64> {
        self.value(x).map(|y| y.value)
    }

    /// The value with how far it can be trusted.
    fn value(&mut self, x: f64) -> Result<Quantity> {
        let span = self.args.span_of("f");
        let value = self.interp.apply(&self.f, vec![Value::Number(Quantity::of(x, self.x_dim))], span)?;
        let y = quantity(Operand::new(&value, span), &format!("the result of the function of `{}`", self.args.name()))?;
        self.y_dim = agree(self.args.name(), (self.y_dim, span), (y.dim, span), span)?;
        if y.value.is_nan() {
            let x = text::quantity(&Quantity::of(x, self.x_dim));
            return self.args.wrong(span, format!("the function is nan at {x}"), None);
        }
        self.doubt |= y.trust.unconverged();
        self.spreads |= !y.trust.members().is_empty();
        if self.lowest.as_ref().is_none_or(|(lowest, _)| y.value < *lowest) {
            self.lowest = Some((y.value, y.trust.clone()));
        }
        Ok(y)
    }

    /// A place that was found, no more trusted than the values that led there. Where these come from a committee, so does the place:
    /// that of each member follows from its values close by, to first order.
    fn place(&mut self, x: f64, (a, b): (f64, f64), is_minimum: bool) -> Result<Value> {
        let mut trust = Trust::of(!self.doubt, None);
        let step = ASIDE * (b - a);
        if self.spreads && x - step > a && x + step < b {
            let [left, here, right] = [self.value(x - step)?, self.value(x)?, self.value(x + step)?];
            let [yl, y, yr] = [&left, &here, &right].map(|q| q.value);
            let slope = |r: f64, l: f64| (r - l) / (2.0 * step);
            // What a member has more of what vanishes, the slope at a minimum and the value at a root, over how fast that changes.
            let (more, nominal, change) = if is_minimum {
                let slopes = right.trust.combined(yr, &left.trust, yl, slope);
                (slopes, slope(yr, yl), (yr - 2.0 * y + yl) / (step * step))
            } else {
                (here.trust.clone(), y, slope(yr, yl))
            };
            trust = more.through(|member| x - (member - nominal) / change);
        }
        Ok(Value::Number(Quantity::of(x, self.x_dim).trusted(trust)))
    }
}

/// The ends of the interval, in order, and the tolerance.
fn bounds(args: &Args) -> Result<(f64, f64, Dimension, f64)> {
    let (from, to) = args.interval("interval")?;
    let tolerance = args.quantity("tolerance")?.value;
    let (a, b) = (from.value.min(to.value), from.value.max(to.value));
    if !(a.is_finite() && b.is_finite() && a < b) {
        return args.wrong(args.span_of("interval"), "the interval must have two different finite ends", None);
    }
    if !(tolerance > 0.0 && tolerance.is_finite()) {
        return args.wrong(args.span_of("tolerance"), "the tolerance must be positive and finite", None);
    }
    Ok((a, b, from.dim, tolerance))
}

fn minimum(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let (a, b, x_dim, tolerance) = bounds(args)?;
    let f = args.arg("f")?.value.clone();
    let mut searched =
        Searched { interp, f, args, x_dim, y_dim: Dimension::PLAIN, lowest: None, doubt: false, spreads: false };
    let (x, y) = lowest(&mut searched, a, b, tolerance)?;
    if y == f64::NEG_INFINITY {
        let x = text::quantity(&Quantity::of(x, x_dim));
        return args.wrong(args.span_of("f"), format!("the function has no minimum: it is -inf at {x}"), None);
    }
    let trust = searched.lowest.as_ref().filter(|(lowest, _)| *lowest == y).map(|(_, trust)| trust.clone());
    let value = Quantity::of(y, searched.y_dim).trusted(trust.unwrap_or_default());
    Ok(Value::record([("x", searched.place(x, (a, b), true)?), ("value", Value::Number(value))]))
}

/// Evaluates equally spaced points, then closes in on the lowest of them.
fn lowest(f: &mut Searched<'_>, a: f64, b: f64, tolerance: f64) -> Result<(f64, f64)> {
    let place = |i: usize| a + (b - a) * i as f64 / (SCANNED_POINTS - 1) as f64;
    let mut values = Vec::with_capacity(SCANNED_POINTS);
    for i in 0..SCANNED_POINTS {
        values.push(f.at(place(i))?);
    }
    let best = (0..SCANNED_POINTS).fold(0, |best, i| if values[i] < values[best] { i } else { best });
    let (left, right) = (place(best.saturating_sub(1)), place((best + 1).min(SCANNED_POINTS - 1)));
    let found = brent_minimum(f, left, right, tolerance)?;
    // The minimum may be at an end of the interval.
    Ok(if values[best] < found.1 { (place(best), values[best]) } else { found })
}

/// Golden sections, and parabolas where they can be trusted.
fn brent_minimum(f: &mut Searched<'_>, mut a: f64, mut b: f64, tolerance: f64) -> Result<(f64, f64)> {
    let golden = 0.5 * (3.0 - 5.0_f64.sqrt());
    let mut x = a + golden * (b - a);
    let (mut w, mut v) = (x, x);
    let mut fx = f.at(x)?;
    let (mut fw, mut fv) = (fx, fx);
    let (mut step, mut before) = (0.0_f64, 0.0_f64);
    for _ in 0..MOST_STEPS {
        let middle = 0.5 * (a + b);
        let least = tolerance * (x.abs() + 1.0) / 3.0;
        if (x - middle).abs() <= 2.0 * least - 0.5 * (b - a) {
            break;
        }
        match parabola((x, fx), (w, fw), (v, fv)) {
            Some(move_) if move_.abs() < 0.5 * before.abs() && x + move_ > a && x + move_ < b => {
                (before, step) = (step, move_);
                let u = x + step;
                if u - a < 2.0 * least || b - u < 2.0 * least {
                    step = least.copysign(middle - x);
                }
            }
            _ => {
                before = if x < middle { b - x } else { a - x };
                step = golden * before;
            }
        }
        let u = if step.abs() >= least { x + step } else { x + least.copysign(step) };
        let fu = f.at(u)?;
        if fu <= fx {
            if u < x {
                b = x
            } else {
                a = x
            }
            (v, fv, w, fw, x, fx) = (w, fw, x, fx, u, fu);
        } else {
            if u < x {
                a = u
            } else {
                b = u
            }
            if fu <= fw || w == x {
                (v, fv, w, fw) = (w, fw, u, fu);
            } else if fu <= fv || v == x || v == w {
                (v, fv) = (u, fu);
            }
        }
    }
    Ok((x, fx))
}

/// The step from x to the vertex of the parabola through three points.
fn parabola((x, fx): (f64, f64), (w, fw): (f64, f64), (v, fv): (f64, f64)) -> Option<f64> {
    let r = (x - w) * (fx - fv);
    let q = (x - v) * (fx - fw);
    let above = (x - v) * q - (x - w) * r;
    let below = 2.0 * (q - r);
    let step = -above / below;
    (below != 0.0 && step.is_finite()).then_some(step)
}

fn root(interp: &mut Interpreter, args: &mut Args) -> Result<Value> {
    let (a, b, x_dim, tolerance) = bounds(args)?;
    let f = args.arg("f")?.value.clone();
    let mut searched =
        Searched { interp, f, args, x_dim, y_dim: Dimension::PLAIN, lowest: None, doubt: false, spreads: false };
    let (fa, fb) = (searched.at(a)?, searched.at(b)?);
    if fa * fb > 0.0 {
        let (x, y) = (|v| text::quantity(&Quantity::of(v, x_dim)), searched.y_dim);
        let value = |v| text::quantity(&Quantity::of(v, y));
        let span = args.span_of("interval");
        return fail(RunError::NoRoot { from: x(a), at_from: value(fa), to: x(b), at_to: value(fb), span }, span);
    }
    let (x, fx) = brent_root(&mut searched, (a, fa), (b, fb), tolerance)?;
    // At a root of a continuous function little is left of the values around it, if not within the tolerance then to the last bit of
    // x; at a jump or a pole it is not.
    if searched.is_jump((a, fa), (b, fb), (x, fx), tolerance)? {
        let (closest, left) = brent_root(&mut searched, (a, fa), (b, fb), 0.0)?;
        if searched.is_jump((a, fa), (b, fb), (closest, left), AROUND * (b - a))? {
            let (x, span) = (text::quantity(&Quantity::of(closest, x_dim)), args.span_of("interval"));
            return fail(RunError::Jump { x, value: brief(left), span }, span);
        }
    }
    searched.place(x, (a, b), false)
}

/// Less of the values at the ends than this is left only at a root.
const SMALL: f64 = 1e-6;
/// How far from a place, of the interval, its surroundings are.
const AROUND: f64 = 1e-8;

impl Searched<'_> {
    /// Whether the value at a place is neither small, compared with the finite ones at the ends, nor much smaller than those
    /// around it, many times `distance` away.
    fn is_jump(
        &mut self,
        (a, fa): (f64, f64),
        (b, fb): (f64, f64),
        (x, fx): (f64, f64),
        distance: f64,
    ) -> Result<bool> {
        let finite = |y: f64| if y.is_finite() { y.abs() } else { 0.0 };
        if fx.abs() <= SMALL * finite(fa).max(finite(fb)) {
            return Ok(false);
        }
        let far = 64.0 * distance.max(2.0 * f64::EPSILON * x.abs());
        let around = [self.at((x - far).max(a))?, self.at((x + far).min(b))?];
        // At a jump it is as large as those on its own side.
        let smaller = around.into_iter().filter(|y| y.is_finite()).map(f64::abs).reduce(f64::min).unwrap_or(0.0);
        Ok(!fx.is_finite() || fx.abs() > 0.5 * smaller)
    }
}

/// Inverse quadratic interpolation or secants where they can be trusted, otherwise bisection. b is the best so far, a and b
/// enclose the root, c is the previous b. Gives the place, and the value there.
fn brent_root(f: &mut Searched<'_>, first: (f64, f64), second: (f64, f64), tolerance: f64) -> Result<(f64, f64)> {
    let ((mut a, mut fa), (mut b, mut fb)) = (first, second);
    let (mut c, mut fc) = (a, fa);
    let (mut step, mut before) = (b - a, b - a);
    for _ in 0..MOST_STEPS {
        if fc.abs() < fb.abs() {
            (a, fa) = (b, fb);
            (b, fb) = (c, fc);
            (c, fc) = (a, fa);
        }
        let least = 2.0 * f64::EPSILON * b.abs() + 0.5 * tolerance;
        let half = 0.5 * (c - b);
        if half.abs() <= least || fb == 0.0 {
            break;
        }
        let trusted = if before.abs() >= least && fa.abs() > fb.abs() {
            interpolated((a, fa), (b, fb), (c, fc))
                .filter(|s| s * half > 0.0 && s.abs() < (1.5 * half.abs() - 0.5 * least).min(0.5 * before.abs()))
        } else {
            None
        };
        match trusted {
            Some(s) => (before, step) = (step, s),
            None => (before, step) = (half, half),
        }
        (a, fa) = (b, fb);
        b += if step.abs() > least { step } else { least.copysign(half) };
        fb = f.at(b)?;
        if (fb > 0.0) == (fc > 0.0) {
            (c, fc) = (a, fa);
            (step, before) = (b - a, b - a);
        }
    }
    Ok((b, fb))
}

/// The step from b to the zero of the secant through a and b, or of the inverse parabola through a, b and c.
fn interpolated((a, fa): (f64, f64), (b, fb): (f64, f64), (c, fc): (f64, f64)) -> Option<f64> {
    let s = fb / fa;
    let (p, q) = if a == c {
        ((c - b) * s, s - 1.0)
    } else {
        let (q, r) = (fa / fc, fb / fc);
        (s * ((c - b) * q * (q - r) - (b - a) * (r - 1.0)), (q - 1.0) * (r - 1.0) * (1.0 - s))
    };
    let step = p / q;
    (q != 0.0 && step.is_finite()).then_some(step)
}
