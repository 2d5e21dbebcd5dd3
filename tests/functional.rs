//! The potential is the derivative of the energy.
#![allow(clippy::unwrap_used)]

#[path = "helpers/functionals.rs"]
mod functionals;
#[path = "helpers/keeper.rs"]
mod keeper;

use functionals::*;
use ksr::functional::*;
use ksr::graph::*;
use ksr::model::{Grid, Interaction};
use ksr::source::Span;
use ksr::tensor::{Cpu, NoneTape, OwnedTape, Value, backward};
use std::sync::Arc;

fn grid() -> Grid {
    Grid::centred(65, 0.16)
}

#[track_caller]
fn check(f: Arc<Compiled>) {
    let grid = grid();
    let parameters = f.initial(1);
    let total = vec![bumps(&grid, 2.3, -0.4)];
    let error = potential_error(&f, &grid, &parameters, &total);
    assert!(error < 1e-7, "total: {error:e}");
    let spins = vec![bumps(&grid, 1.4, -0.4), bumps(&grid, 0.7, 0.3)];
    let error = potential_error(&f, &grid, &parameters, &spins);
    assert!(error < 1e-7, "spins: {error:e}");
}

#[test]
fn lda_potential() {
    check(lda());
}

#[test]
fn lsda_potential() {
    check(lsda());
}

#[test]
fn ksr_global_potential() {
    let f = ksr_global();
    assert_eq!(f.parameter_count(), 1568);
    check(f);
}

#[test]
fn sksr_global_potential() {
    let f = sksr_global();
    assert_eq!(f.parameter_count(), 1559);
    check(f);
}

#[test]
fn gradient_functional_potential() {
    check(of("use std.functionals
        functional f(n) = functionals.exchange(n) / (1 + (abs(grad(n)) / n)^2)
        f"));
}

#[test]
fn laplacian_and_u_net_potential() {
    check(of("functional f(n) {
          let fine = concat(n, laplacian(n)) |> conv(4, width: 3)
          let inner = fine |> downsample |> silu |> conv(6, width: 2)
          concat(fine, upsample(inner)) |> conv(1, width: 3) |> negative
        }
        f"));
}

#[test]
fn unusual_bodies() {
    let s = Span::default();
    // `where` with an unused branch that is not a number.
    let mut b = Body::new();
    let n = b.n("n");
    let limit = b.c(0.3);
    let above = b.b(Binary::Less, limit, n);
    let inside = b.sub(n, limit);
    let root = b.u(Unary::Sqrt, inside);
    let tanh = b.u(Unary::Tanh, root);
    let cube = b.pow(tanh, 3.0);
    let zero = b.c(0.0);
    let e = b.select(above, cube, zero);
    check(b.compile(e, Density::Total));
    // Sums, means, extremes and values at places, mixed with channels.
    let mut b = Body::new();
    let n = b.n("n");
    let sin = b.u(Unary::Sin, n);
    let both = b.concat(&[n, sin, sin]);
    let mean = b.g.mean_channels(both, s);
    let at = b.g.map(GridMap::At(0.37), mean, s).unwrap();
    let point = b.g.map(GridMap::Point(-30), n, s).unwrap();
    let average = b.g.mean_grid(both, s).unwrap();
    let last = b.g.channel(average, -1, s).unwrap();
    let product = b.mul(at, point);
    let sum = b.add(product, last);
    let largest = b.g.extreme_channels(Binary::Max, both, s).unwrap();
    let smallest = b.g.extreme_channels(Binary::Min, both, s).unwrap();
    let spread = b.b(Binary::Pow, largest, smallest);
    let e = b.mul(spread, sum);
    check(b.compile(e, Density::Total));
    // The largest value of the density, a vector, the Hartree potential of a channel, softplus and inverse trigonometric functions.
    let mut b = Body::new();
    let n = b.n("n");
    let peak = b.g.max_grid(n, s).unwrap();
    let share = b.div(n, peak);
    let scaled = b.scale(0.5, share);
    let asin = b.u(Unary::Asin, scaled);
    let weights = b.g.vector(&[0.1, -0.2, 0.3], s);
    let wide = b.mul(weights, asin);
    let soft = b.u(Unary::Softplus, wide);
    let narrow = b.g.sum_channels(soft, s);
    let v = b.g.hartree(narrow, s).unwrap();
    let e = b.u(Unary::Neg, v);
    check(b.compile(e, Density::Total));
    // A number.
    let mut b = Body::new();
    b.n("n");
    let e = b.c(-0.25);
    check(b.compile(e, Density::Total));
}

#[test]
fn spin_average_is_symmetric_and_half_of_both() {
    let grid = grid();
    let w = Interaction::BAKER;
    let f = sksr_global();
    let p = f.initial(0);
    let (up, down) = (bumps(&grid, 1.0, -0.2), bumps(&grid, 0.4, 0.6));
    let a = f.evaluate(&grid, &w, &p, &[&up, &down]).unwrap();
    let b = f.evaluate(&grid, &w, &p, &[&down, &up]).unwrap();
    assert!((a.energy - b.energy).abs() < 1e-14);
    for i in 0..grid.points {
        assert!((a.potential[0][i] - b.potential[1][i]).abs() < 1e-13);
    }
    let half: Vec<f64> = up.iter().map(|n| 0.5 * n).collect();
    let c = f.evaluate(&grid, &w, &p, &[&up]).unwrap();
    let d = f.evaluate(&grid, &w, &p, &[&half, &half]).unwrap();
    assert!((c.energy - d.energy).abs() < 1e-13);
    for i in 0..grid.points {
        assert!((c.potential[0][i] - d.potential[1][i]).abs() < 1e-13);
    }
}

#[test]
fn gate_is_exact_for_one_electron() {
    let grid = Grid::centred(257, 0.08);
    let f = ksr_global();
    let n = bumps(&grid, 1.0, 0.0);
    let xc = f.evaluate(&grid, &Interaction::BAKER, &f.initial(0), &[&n]).unwrap();
    let v = ksr::tensor::exponential::exponential(&n, (257, 1), 0.08, 1.071295, 1.0 / 2.385345);
    let hartree = 0.5 * 0.08 * v.iter().zip(&n).map(|(v, n)| v * n).sum::<f64>();
    assert!((xc.energy + hartree).abs() < 1e-12, "{} {hartree}", xc.energy);
}

#[test]
fn empty_space_and_empty_spin_have_potentials() {
    let grid = grid();
    let w = Interaction::BAKER;
    // As n -> 0: v_x = -A y/pi ..., which vanishes; correlation likewise.
    let none = vec![0.0; grid.points];
    let v = lda().evaluate(&grid, &w, &[], &[&none]).unwrap();
    assert!(v.potential[0].iter().all(|v| v.abs() < 1e-25), "{:e}", v.potential[0][3]);
    let mut previous = 0.0;
    for n in [1e-30, 1e-20, 1e-12, 1e-8, 1e-4] {
        let v = lda().evaluate(&grid, &w, &[], &[&vec![n; grid.points]]).unwrap().potential[0][20];
        assert!(v.is_finite() && v < previous, "{n:e}: {v:e}");
        previous = v;
    }
    // One spin alone: the potential of the other is the limit at a small density.
    let up = bumps(&grid, 1.0, 0.0);
    let small: Vec<f64> = up.iter().map(|n| 1e-9 * n).collect();
    let a = lsda().evaluate(&grid, &w, &[], &[&up, &none]).unwrap();
    let b = lsda().evaluate(&grid, &w, &[], &[&up, &small]).unwrap();
    for i in 0..grid.points {
        let (x, y) = (a.potential[1][i], b.potential[1][i]);
        assert!(x.is_finite() && (x - y).abs() < 1e-6, "{i}: {x} {y}");
    }
    let f = lsda().evaluate(&grid, &w, &[], &[&none, &none]).unwrap();
    assert!(f.potential.iter().flatten().chain(&f.e).all(|v| v.is_finite()));
}

/// A closed shell, at half the work, gives the same as an open one with equal densities, including the gradients of the parameters.
#[test]
fn closed_shells_equal_open_ones_with_equal_densities() {
    let grid = Grid::centred(61, 0.2);
    let n = bumps(&grid, 2.0, 0.3);
    let half: Vec<f64> = n.iter().map(|n| 0.5 * n).collect();
    // Equal channels through all operations that keep them equal, mixed with others that do not.
    let mixed = of("functional f(n_up, n_down) {
          let wide = concat(n_up, grad(n_up), n_down, grad(n_down)) |> global_conv(channels: 3, width: 0.1 .. 2.385345)
          let product = silu(wide) * wide
          let part = concat(channel(product, 1), channel(product, 2), channel(product, 3), channel(product, 4), channel(product, 6))
          let both = conv(product, 3, width: 3) * conv(part, 3, width: 3)
          dense(both, 1) + (n_up - n_down)^2 + sum([channel(wide, k) for k in 0 .. 11])
        }
        f");
    for f in [lsda(), sksr_global(), mixed] {
        let p = f.initial(3);
        let w = Interaction::BAKER;
        let (closed, open) =
            (f.evaluate(&grid, &w, &p, &[&n]).unwrap(), f.evaluate(&grid, &w, &p, &[&half, &half]).unwrap());
        let size = |x: &[f64]| x.iter().fold(0.0f64, |a, x| a.max(x.abs()));
        let near = |a: &[f64], b: &[f64]| {
            let worst = a.iter().zip(b).fold(0.0f64, |m, (a, b)| m.max((a - b).abs()));
            assert!(worst <= 1e-13 * size(b).max(1e-3), "{worst}");
        };
        near(&closed.e, &open.e);
        near(&[closed.energy], &[open.energy]);
        near(&closed.potential[0], &open.potential[0]);
        near(&closed.potential[0], &open.potential[1]);
        let (one, two) = (
            loss(&f, &grid, &p, std::slice::from_ref(&n), true),
            loss(&f, &grid, &p, &[half.clone(), half.clone()], true),
        );
        near(&[one.0], &[two.0]);
        near(&one.1, &two.1);
        let mean: Vec<f64> = two.2[0].iter().zip(&two.2[1]).map(|(up, down)| 0.5 * (up + down)).collect();
        near(&one.2[0], &mean);
    }
}

/// Loss = sum over points of g (v_up + 2 v_down) (3 v for a closed shell) + E + sum of e^2, with fixed g; its parameter gradient passes through the potential.
fn loss(f: &Arc<Compiled>, grid: &Grid, p: &[f64], n: &[Vec<f64>], taped: bool) -> (f64, Vec<f64>, Vec<Vec<f64>>) {
    use ksr::tensor::arrange;
    let device = Cpu::default();
    let lower = if n.len() == 1 { LoweredXc::closed } else { LoweredXc::new };
    let lowered = lower(f, grid, &Interaction::BAKER).unwrap();
    let leaf = lowered.parameters(&device, p).unwrap();
    let densities: Vec<Value<Cpu>> =
        n.iter().map(|n| Value::leaf(&device, (1, grid.points, 1), n.clone()).unwrap()).collect();
    let refs: Vec<&Value<Cpu>> = densities.iter().collect();
    let mut b = Body::new();
    let v = b.n("v");
    let e = b.n("e");
    let x = b.g.samples(&grid.xs(), 1, Span::default());
    let weight = b.u(Unary::Cos, x);
    let weighted = b.mul(weight, v);
    let square = b.pow(e, 2.0);
    let sum = b.add(weighted, square);
    let out = b.g.sum_grid(sum, Span::default()).unwrap();
    let plan = Arc::new(Routine::new(&b.g, &[out]));
    let outer = Lowered::new(&plan, grid, &Interaction::BAKER).unwrap();
    fn go<T: ksr::tensor::Tape<f64, Cpu>>(
        (lowered, outer): (&LoweredXc, &Lowered),
        leaf: &Value<Cpu>,
        refs: &[&Value<Cpu>],
        tape: T,
    ) -> (Value<Cpu>, T) {
        let device = Cpu::default();
        let (bound, tape) = lowered.bind(leaf, tape).unwrap();
        let (xc, tape) = lowered.evaluate(&bound, &At::densities(refs), tape).unwrap();
        let weights: &[f64] = if refs.len() == 1 { &[3.0] } else { &[1.0, 2.0] };
        let terms: Vec<_> = xc.potential.iter().zip(weights).map(|(v, weight)| (v, 0, *weight)).collect();
        let (v, tape) = arrange::combine(&device, &terms, 0.0, tape).unwrap();
        let (empty, tape) = outer.bind(&outer.parameters(&device, &[]).unwrap(), tape).unwrap();
        let (out, tape) = outer.run(&empty, &[&v, &xc.e], tape).unwrap();
        arrange::combine(&device, &[(&out[0], 0, 1.0), (&xc.energy, 0, 1.0)], 0.0, tape).unwrap()
    }
    if !taped {
        let (value, _) = go((&lowered, &outer), &leaf, &refs, NoneTape);
        return (value.first(), vec![], vec![]);
    }
    let (value, tape) = go((&lowered, &outer), &leaf, &refs, OwnedTape::default());
    let mut cotangents = backward(&value, tape).unwrap();
    let gradient = lowered.gradient(&leaf, &mut cotangents).unwrap();
    let slopes = densities.iter().map(|n| n.cotangent(&mut cotangents).unwrap()).collect();
    (value.first(), gradient, slopes)
}

#[track_caller]
fn check_gradient(f: Arc<Compiled>, n: &[Vec<f64>]) {
    let grid = grid();
    let p = f.initial(4);
    let (_, gradient, slopes) = loss(&f, &grid, &p, n, true);
    let scale = gradient.iter().fold(0.0f64, |a, g| a.max(g.abs()));
    for k in (0..p.len()).step_by((p.len() / 11).max(1)).chain([p.len() - 1]) {
        let step = 1e-3;
        let numeric = central(step, |m| {
            let mut p = p.clone();
            p[k] += m * step;
            loss(&f, &grid, &p, n, false).0
        });
        assert!((numeric - gradient[k]).abs() < 1e-7 * scale, "parameter {k}: {numeric} {} of {scale}", gradient[k]);
    }
    let scale = slopes.iter().flatten().fold(0.0f64, |a, g| a.max(g.abs()));
    for (spin, slope) in slopes.iter().enumerate() {
        for i in (3..grid.points).step_by(17) {
            let step = 1e-3 * n[spin][i].max(1e-3);
            let numeric = central(step, |m| {
                let mut n = n.to_vec();
                n[spin][i] += m * step;
                loss(&f, &grid, &p, &n, false).0
            });
            assert!((numeric - slope[i]).abs() < 1e-7 * scale, "density {spin} {i}: {numeric} {} of {scale}", slope[i]);
        }
    }
}

#[test]
fn gradients_through_the_potential() {
    let grid = grid();
    check_gradient(ksr_global(), &[bumps(&grid, 1.8, 0.1)]);
    check_gradient(sksr_global(), &[bumps(&grid, 1.2, 0.1)]);
    check_gradient(sksr_global(), &[bumps(&grid, 1.2, 0.1), bumps(&grid, 0.8, -0.3)]);
}

#[test]
fn layers_are_counted() {
    let f = ksr_global();
    let layers = f.graph.layers(f.e);
    let with = |name: &str| layers.iter().find(|layer| layer.name == name).unwrap();
    assert_eq!(with("hartree").parameter_count(), 0);
    assert!(layers.iter().any(|layer| layer.parameters == [("conv1.weight".to_string(), vec![3, 16, 16])]));
    assert!(layers.iter().any(|layer| layer.name.contains("silu")), "{layers:?}");
    assert_eq!(layers.iter().map(Layer::parameter_count).sum::<usize>(), 1568);
}

#[test]
fn a_nan_names_its_operation() {
    let mut b = Body::new();
    let n = b.n("n");
    let limit = b.c(0.3);
    let inside = b.sub(n, limit);
    let at = |start| Span { start, end: start + 1, ..Span::default() };
    let root = b.g.unary(Unary::Sqrt, inside, at(7));
    let twice = b.scale(2.0, root);
    let e = b.u(Unary::Exp, twice);
    let f = b.compile(e, Density::Total);
    let n = bumps(&grid(), 2.0, 0.0);
    let found = f.first_non_finite(&grid(), &Interaction::BAKER, &[], &[&n], None).unwrap().unwrap();
    assert_eq!((found.operation.as_str(), found.span, found.derivative), ("sqrt", at(7), false));
    let fine = lda().first_non_finite(&grid(), &Interaction::BAKER, &[], &[&n], None).unwrap();
    assert_eq!(fine, None);
}

#[test]
fn gradients_stay_finite_at_zero_density() {
    let grid = grid();
    let none = vec![0.0; grid.points];
    let (_, _, slopes) = loss(&lsda(), &grid, &[], &[bumps(&grid, 1.0, 0.0), none.clone()], true);
    // v_down ~ sqrt-like terms have steep but finite slopes at n = 0; nothing may be NaN.
    assert!(slopes.iter().flatten().all(|s| !s.is_nan()));
    let (_, gradient, slopes) = loss(&sksr_global(), &grid, &sksr_global().initial(0), &[none.clone(), none], true);
    assert!(gradient.iter().chain(slopes.iter().flatten()).all(|s| s.is_finite()));
}
