//! Functionals built by hand, and finite differences, for the tests.
#![allow(dead_code, missing_docs, clippy::unwrap_used)]

use ksr::functional::*;
use ksr::graph::*;
use ksr::model::{Grid, Interaction};
use ksr::source::Span;
use std::sync::Arc;

const S: Span = Span { source: ksr::source::SourceId(0), start: 0, end: 0 };

/// A graph under construction, with short names for its operations.
pub struct Body {
    pub g: Graph,
}

impl Body {
    pub fn new() -> Self {
        Body { g: Graph::new() }
    }
    pub fn n(&mut self, name: &str) -> NodeId {
        self.g.input(name, Shape::FIELD, S)
    }
    pub fn c(&mut self, value: f64) -> NodeId {
        self.g.constant(value, S)
    }
    pub fn b(&mut self, f: Binary, a: NodeId, b: NodeId) -> NodeId {
        self.g.binary(f, a, b, S).unwrap()
    }
    pub fn add(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.b(Binary::Add, a, b)
    }
    pub fn sub(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.b(Binary::Sub, a, b)
    }
    pub fn mul(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.b(Binary::Mul, a, b)
    }
    pub fn div(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.b(Binary::Div, a, b)
    }
    pub fn scale(&mut self, factor: f64, x: NodeId) -> NodeId {
        self.g.scale(factor, x, S)
    }
    pub fn u(&mut self, f: Unary, x: NodeId) -> NodeId {
        self.g.unary(f, x, S)
    }
    pub fn pow(&mut self, x: NodeId, p: f64) -> NodeId {
        self.u(Unary::Pow(p), x)
    }
    pub fn select(&mut self, c: NodeId, a: NodeId, b: NodeId) -> NodeId {
        self.g.select(c, a, b, S).unwrap()
    }
    pub fn grad(&mut self, x: NodeId) -> NodeId {
        self.g.grad(x, S).unwrap()
    }
    pub fn concat(&mut self, parts: &[NodeId]) -> NodeId {
        self.g.concat(parts, S).unwrap()
    }
    pub fn param(&mut self, name: &str, shape: Vec<usize>, init: Init, bounds: Option<(f64, f64)>) -> NodeId {
        self.g.param(ParamSpec { name: name.into(), shape, init, bounds, span: S })
    }
    /// `conv(output, width: width)` without activation.
    pub fn conv(&mut self, x: NodeId, output: usize, width: usize) -> NodeId {
        let input = self.g.shape(x).channels;
        let name = format!("conv{}.weight", self.g.params.len());
        let weight = self.param(&name, vec![width, input, output], Init::HeNormal { fan_in: width * input }, None);
        self.g.conv(x, weight, width, output, S).unwrap()
    }
    pub fn silu(&mut self, x: NodeId) -> NodeId {
        let sigmoid = self.u(Unary::Sigmoid, x);
        self.mul(x, sigmoid)
    }
    pub fn negative(&mut self, x: NodeId) -> NodeId {
        let silu = self.silu(x);
        self.u(Unary::Neg, silu)
    }
    /// `global_conv(channels, 0.1 .. 2.385345)`: the inputs, then every input through every kernel.
    pub fn global_conv(&mut self, x: NodeId, channels: usize) -> NodeId {
        let init = Init::Normal { mean: 0.0, deviation: 0.01 };
        let eta = self.param("global_conv.eta", vec![channels - 1], init, None);
        let share = self.u(Unary::Sigmoid, eta);
        let (low, scaled) = (self.c(0.1), self.scale(2.385345 - 0.1, share));
        let xi = self.add(low, scaled);
        let spread = self.g.exp_conv(x, xi, S).unwrap();
        self.concat(&[x, spread])
    }
    /// beta = exp(-((N - 1)/s)^2); e = -(beta/2) v_H + (1 - beta) x.
    pub fn gate(&mut self, x: NodeId, n: NodeId) -> NodeId {
        let s = self.param("gate.s", vec![], Init::Values(vec![1.0]), None);
        let electrons = self.g.integral(n, S).unwrap();
        let one = self.c(1.0);
        let excess = self.sub(electrons, one);
        let ratio = self.div(excess, s);
        let square = self.pow(ratio, 2.0);
        let minus = self.u(Unary::Neg, square);
        let beta = self.u(Unary::Exp, minus);
        let v = self.g.hartree(n, S).unwrap();
        let half = self.scale(-0.5, beta);
        let first = self.mul(half, v);
        let rest = self.sub(one, beta);
        let second = self.mul(rest, x);
        self.add(first, second)
    }
    pub fn compile(self, e: NodeId, density: Density) -> Arc<Compiled> {
        let flip_average = density == Density::Spin;
        Arc::new(
            Compiled::new(Definition {
                name: "test".into(),
                graph: self.g,
                energy_per_electron: e,
                density,
                flip_average,
                kinetic: false,
                made_for: None,
            })
            .unwrap(),
        )
    }
}

/// Exchange of the uniform gas with the exponential interaction (Baker et al. 2015): (A/2pi) [ln(1 + y^2)/y - 2 atan y].
pub fn exchange(b: &mut Body, n: NodeId) -> NodeId {
    let y = b.scale(std::f64::consts::PI * 2.385345, n);
    let (one, y2) = (b.c(1.0), b.pow(y, 2.0));
    let sum = b.add(one, y2);
    let ln = b.u(Unary::Ln, sum);
    let first = b.div(ln, y);
    let atan = b.u(Unary::Atan, y);
    let second = b.scale(2.0, atan);
    let both = b.sub(first, second);
    b.scale(1.071295 / (2.0 * std::f64::consts::PI), both)
}

/// Correlation of the same gas, unpolarised or polarised constants.
pub fn correlation(b: &mut Body, n: NodeId, constants: [f64; 7]) -> NodeId {
    let kappa = 1.0 / 2.385345;
    let y = b.scale(std::f64::consts::PI / kappa, n);
    let mut below = b.c(constants[0]);
    for (c, p) in constants[1..6].iter().zip([0.5, 1.0, 1.5, 2.0, 2.5]) {
        let power = b.pow(y, p);
        let term = b.scale(*c, power);
        below = b.add(below, term);
    }
    let power = b.pow(y, 3.0);
    let last = b.scale(constants[6] * std::f64::consts::PI * kappa * kappa / 1.071295, power);
    below = b.add(below, last);
    let above = b.scale(-1.071295 / std::f64::consts::PI, y);
    b.div(above, below)
}

/// Constants of [`correlation`]: unpolarised, polarised.
pub const GAS: [[f64; 7]; 2] = [
    [2.0, -1.00077, 6.26099, -11.9041, 9.62614, -1.48334, 1.0],
    [180.891, -541.124, 651.615, -356.504, 88.0733, -4.32708, 8.0],
];

/// LDA: exchange and correlation.
pub fn lda() -> Arc<Compiled> {
    let mut b = Body::new();
    let n = b.n("n");
    let (x, c) = (exchange(&mut b, n), correlation(&mut b, n, GAS[0]));
    let e = b.add(x, c);
    b.compile(e, Density::Total)
}

/// LSDA: spin-scaled exchange, correlation interpolated in zeta^2.
pub fn lsda() -> Arc<Compiled> {
    let mut b = Body::new();
    let (up, down) = (b.n("n_up"), b.n("n_down"));
    let n = b.add(up, down);
    let mut exchanges = Vec::new();
    for spin in [up, down] {
        let double = b.scale(2.0, spin);
        let e = exchange(&mut b, double);
        exchanges.push(b.mul(double, e));
    }
    let sum = b.add(exchanges[0], exchanges[1]);
    let half = b.scale(0.5, sum);
    let ex = b.div(half, n);
    let difference = b.sub(up, down);
    let zeta = b.div(difference, n);
    let zeta2 = b.pow(zeta, 2.0);
    let (c0, c1) = (correlation(&mut b, n, GAS[0]), correlation(&mut b, n, GAS[1]));
    let gap = b.sub(c1, c0);
    let part = b.mul(zeta2, gap);
    let ec = b.add(c0, part);
    let e = b.add(ex, ec);
    b.compile(e, Density::Spin)
}

/// KSR-global (Li et al. 2021).
pub fn ksr_global() -> Arc<Compiled> {
    let mut b = Body::new();
    let n = b.n("n");
    let mut x = b.global_conv(n, 16);
    for _ in 0..2 {
        x = b.conv(x, 16, 3);
        x = b.silu(x);
    }
    x = b.conv(x, 1, 1);
    x = b.negative(x);
    let e = b.gate(x, n);
    b.compile(e, Density::Total)
}

/// KSR-LDA (Li et al. 2021): three layers of 16 at every point by itself.
pub fn local() -> Arc<Compiled> {
    let mut b = Body::new();
    let mut x = b.n("n");
    for _ in 0..3 {
        x = b.conv(x, 16, 1);
        x = b.silu(x);
    }
    x = b.conv(x, 1, 1);
    let e = b.negative(x);
    b.compile(e, Density::Total)
}

/// sKSR-global (Kalita et al. 2022).
pub fn sksr_global() -> Arc<Compiled> {
    let mut b = Body::new();
    let (up, down) = (b.n("n_up"), b.n("n_down"));
    let both = b.concat(&[up, down]);
    let mut x = b.global_conv(both, 8);
    for _ in 0..2 {
        x = b.conv(x, 16, 3);
        x = b.silu(x);
    }
    x = b.conv(x, 1, 1);
    let e = b.negative(x);
    b.compile(e, Density::Spin)
}

/// A smooth density of about two electrons with a second bump.
pub fn bumps(grid: &Grid, weight: f64, shift: f64) -> Vec<f64> {
    let bump = |x: f64| (-(x * x) / 0.9).exp() + 0.6 * (-(x - 1.3).powi(2) / 0.5).exp();
    let raw: Vec<f64> = grid.xs().iter().map(|x| bump(x - shift)).collect();
    let norm = grid.integrate(&raw);
    raw.iter().map(|n| weight * n / norm).collect()
}

/// Largest difference between the potential and central differences of the energy, relative to the largest potential, at
/// a few points of every density.
pub fn potential_error(f: &Arc<Compiled>, grid: &Grid, parameters: &[f64], densities: &[Vec<f64>]) -> f64 {
    let w = Interaction::BAKER;
    let call = |n: &[Vec<f64>]| {
        let n: Vec<&[f64]> = n.iter().map(|n| &n[..]).collect();
        f.evaluate(grid, &w, parameters, &n).unwrap()
    };
    let v = call(densities).potential;
    let largest = v.iter().flatten().fold(0.0f64, |a, v| a.max(v.abs()));
    let mut worst = 0.0f64;
    for spin in 0..densities.len() {
        // Where the density is so small that a difference would make it negative there is nothing to compare with.
        for i in (2..grid.points).step_by(5).filter(|&i| densities[spin][i] > 1e-3) {
            let error = |step: f64| {
                let energy = |m: f64| {
                    let mut n = densities.to_vec();
                    n[spin][i] += m * step;
                    call(&n).energy
                };
                (central(step, energy) / grid.spacing - v[spin][i]).abs()
            };
            // The best of three steps: between truncation and rounding.
            let size = densities[spin][i];
            worst = worst.max([1e-3, 1e-4, 1e-5].map(|step| error(step * size)).into_iter().fold(f64::MAX, f64::min));
        }
    }
    worst / largest
}

/// The slope at 0 by central differences of fourth order; `f` takes multiples of the step.
pub fn central(step: f64, f: impl Fn(f64) -> f64) -> f64 {
    (8.0 * (f(1.0) - f(-1.0)) - (f(2.0) - f(-2.0))) / (12.0 * step)
}
