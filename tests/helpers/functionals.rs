//! Functionals of the standard library and of graphs built by hand, and finite differences, for the tests.
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
        self.g.map(GridMap::Grad, x, S).unwrap()
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
    pub fn compile(self, e: NodeId, density: Density) -> Arc<Compiled> {
        let flip_average = density == Density::Spin;
        Arc::new(
            Compiled::new(Definition {
                name: "test".into(),
                graph: self.g,
                value: e,
                exchanged: None,
                density,
                flip_average,
                kind: FunctionalKind::Xc,
                exchange: false,
            })
            .unwrap(),
        )
    }
}

/// The functional at the end of a script.
pub fn of(script: &str) -> Arc<Compiled> {
    crate::keeper::compiled(script).0
}

/// One of the standard library.
fn library(module: &str, name: &str) -> Arc<Compiled> {
    of(&format!("use std.{module}\n{module}.{name}"))
}

pub fn lda() -> Arc<Compiled> {
    library("functionals", "lda")
}

pub fn lsda() -> Arc<Compiled> {
    library("functionals", "lsda")
}

pub fn ksr_global() -> Arc<Compiled> {
    library("networks", "ksr_global")
}

pub fn ksr_lda() -> Arc<Compiled> {
    library("networks", "ksr_lda")
}

pub fn sksr_global() -> Arc<Compiled> {
    library("networks", "sksr_global")
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
