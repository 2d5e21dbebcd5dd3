//! Every rule of differentiation, of the graph and of the tape, against finite differences: for a number that depends on two
//! fields, and for its slope, which is itself a derivative of the graph.
#![allow(clippy::unwrap_used)]

#[path = "helpers/functionals.rs"]
mod functionals;
#[path = "helpers/keeper.rs"]
mod keeper;

use functionals::{Body, central};
use ksr::graph::{Binary, Graph, GridMap, Lowered, NodeId, Routine, Unary, gradient};
use ksr::model::{Grid, Interaction};
use ksr::source::Span;
use ksr::tensor::{Cpu, NoneTape, OwnedTape, Value, backward};
use std::sync::Arc;

const S: Span = Span { source: ksr::source::SourceId(0), start: 0, end: 0 };

fn grid() -> Grid {
    Grid::centred(33, 0.2)
}

/// The fields at which derivatives are taken: between 0.15 and 0.75, the second one above the first on one side only.
fn fields() -> [Vec<f64>; 2] {
    let xs = grid().xs();
    let a = |x: &f64| 0.45 + 0.3 * (1.3 * x).sin() * (-x * x / 9.0).exp();
    let b = |x: &f64| 0.42 + 0.2 * (0.7 * x + 0.4).cos();
    [xs.iter().map(a).collect(), xs.iter().map(b).collect()]
}

/// Outputs of a graph of two fields.
fn run(graph: &Graph, outputs: &[NodeId], at: &[Vec<f64>; 2]) -> Vec<Vec<f64>> {
    let (device, routine) = (Cpu::default(), Arc::new(Routine::new(graph, outputs)));
    let lowered = Lowered::new(&routine, &grid(), &Interaction::BAKER).unwrap();
    let leaf = lowered.parameters(&device, &graph.initial(1)).unwrap();
    let (bound, tape) = lowered.bind(&leaf, NoneTape).unwrap();
    let [a, b] = at.clone().map(|field| Value::constant(&device, (1, field.len(), 1), field).unwrap());
    let (values, _) = lowered.run(&bound, &[&a, &b], tape).unwrap();
    values.iter().map(|value| value.host().to_vec()).collect()
}

/// The derivatives of a number by the tape.
fn taped(graph: &Graph, output: NodeId, at: &[Vec<f64>; 2]) -> [Vec<f64>; 2] {
    let (device, routine) = (Cpu::default(), Arc::new(Routine::new(graph, &[output])));
    let lowered = Lowered::new(&routine, &grid(), &Interaction::BAKER).unwrap();
    let leaf = lowered.parameters(&device, &graph.initial(1)).unwrap();
    let (bound, tape) = lowered.bind(&leaf, OwnedTape::default()).unwrap();
    let [a, b] = at.clone().map(|field| Value::leaf(&device, (1, field.len(), 1), field).unwrap());
    let (values, tape) = lowered.run(&bound, &[&a, &b], tape).unwrap();
    let mut cotangents = backward(&values[0], tape).unwrap();
    [a, b].map(|field| field.cotangent(&mut cotangents).unwrap())
}

/// The plain sum of a field times fixed weights that differ from point to point.
fn weighted(body: &mut Body, x: NodeId, frequency: f64) -> NodeId {
    let weights: Vec<f64> = grid().xs().iter().map(|x| 1.0 + 0.5 * (frequency * x).sin()).collect();
    let weights = body.g.samples(&weights, 1, S);
    let x = body.g.sum_channels(x, S);
    let product = body.mul(weights, x);
    body.g.sum_grid(product, S).unwrap()
}

/// Derivatives of a weighted sum of the result of `make` for two fields, and those of a weighted sum of these derivatives.
#[track_caller]
fn check(what: &str, make: impl Fn(&mut Body, NodeId, NodeId) -> NodeId) {
    let mut body = Body::new();
    let inputs = [body.n("a"), body.n("b")];
    let made = make(&mut body, inputs[0], inputs[1]);
    let mut sum = weighted(&mut body, made, 0.9);
    for order in ["first", "second"] {
        let slopes = gradient(&mut body.g, sum, &inputs).unwrap();
        compare(&format!("{what}, {order}"), &body.g, sum, &slopes);
        let parts =
            [(slopes[0], 1.7), (slopes[1], 2.3)].map(|(slope, frequency)| weighted(&mut body, slope, frequency));
        sum = body.add(parts[0], parts[1]);
    }
}

/// The slopes of a number against the tape and against differences.
#[track_caller]
fn compare(what: &str, graph: &Graph, number: NodeId, slopes: &[NodeId]) {
    let at = fields();
    let found = run(graph, slopes, &at);
    let by_tape = taped(graph, number, &at);
    let size = found.iter().flatten().fold(1.0f64, |size, slope| size.max(slope.abs()));
    for field in 0..2 {
        for (i, slope) in found[field].iter().enumerate() {
            let error = (slope - by_tape[field][i]).abs() / size;
            assert!(error < 1e-12, "{what}, field {field}, point {i}: {slope}, by the tape {}", by_tape[field][i]);
        }
        for i in (0..at[field].len()).step_by(4) {
            let difference = central(1e-3, |m| {
                let mut moved = at.clone();
                moved[field][i] += 1e-3 * m;
                run(graph, &[number], &moved)[0][0]
            });
            let error = (found[field][i] - difference).abs() / size;
            assert!(error < 1e-8, "{what}, field {field}, point {i}: {} and not {difference}", found[field][i]);
        }
    }
}

#[test]
fn functions_of_one_number() {
    use Unary as U;
    let all = [
        U::Neg,
        U::Sign,
        U::Ln,
        U::Ln1p,
        U::Sqrt,
        U::Asin,
        U::Acos,
        U::Atan,
        U::Abs,
        U::Recip,
        U::Exp,
        U::Expm1,
        U::Sin,
        U::Cos,
        U::Tan,
        U::Sinh,
        U::Cosh,
        U::Tanh,
        U::Sigmoid,
        U::Softplus,
        U::Pow(2.5),
        U::Pow(3.0),
        U::Pow(-1.5),
    ];
    for f in all {
        // A number that is not an input, and negative where the function allows it.
        let below = if matches!(f, U::Ln | U::Sqrt | U::Recip | U::Pow(_)) { 0.1 } else { -0.23 };
        check(&format!("{f:?}"), |body, a, b| {
            let shift = body.c(below);
            let inside = body.add(a, shift);
            let value = body.u(f, inside);
            body.mul(value, b)
        });
    }
}

#[test]
fn functions_of_two_numbers() {
    use Binary as B;
    for f in [B::Add, B::Sub, B::Mul, B::MulZero, B::Div, B::DivZero, B::Pow, B::Min, B::Max, B::SiluSlope] {
        check(&format!("{f:?}"), |body, a, b| {
            let square = body.pow(b, 2.0);
            let other = body.add(b, square);
            let value = body.b(f, a, other);
            body.mul(value, value)
        });
    }
    check("where", |body, a, b| {
        let above = body.b(Binary::Less, a, b);
        let (product, ratio) = (body.mul(a, b), body.div(a, b));
        body.select(above, product, ratio)
    });
    // The slope of x sigmoid(x) has its own rule.
    check("silu", |body, a, b| {
        let product = body.mul(a, b);
        body.silu(product)
    });
}

/// Operations that move numbers between points and channels, squared, so that the derivative depends on the fields too.
#[test]
fn operations_on_fields() {
    let squared = |what: &str, operation: &dyn Fn(&mut Body, NodeId) -> NodeId| {
        check(what, |body, a, b| {
            let product = body.mul(a, b);
            let moved = operation(body, product);
            // Numbers without a grid are broadcast over it again.
            let broadcast = body.mul(moved, a);
            body.mul(moved, broadcast)
        });
    };
    squared("sum over points", &|body, x| body.g.sum_grid(x, S).unwrap());
    squared("integral", &|body, x| body.g.integral(x, S).unwrap());
    squared("largest value", &|body, x| body.g.max_grid(x, S).unwrap());
    squared("point", &|body, x| body.g.map(GridMap::Point(-9), x, S).unwrap());
    squared("at", &|body, x| body.g.map(GridMap::At(0.33), x, S).unwrap());
    squared("grad", &|body, x| body.grad(x));
    squared("laplacian", &|body, x| body.g.map(GridMap::Laplacian, x, S).unwrap());
    squared("cumulative_integral", &|body, x| body.g.map(GridMap::Cumulative, x, S).unwrap());
    squared("hartree", &|body, x| body.g.hartree(x, S).unwrap());
    squared("downsample and upsample", &|body, x| {
        let coarse = body.g.map(GridMap::Downsample, x, S).unwrap();
        let bent = body.pow(coarse, 2.0);
        body.g.map(GridMap::Upsample, bent, S).unwrap()
    });
    squared("channels", &|body, x| {
        let sine = body.u(Unary::Sin, x);
        let all = body.concat(&[x, sine, x]);
        let some = body.g.channels(all, 1, 3, S).unwrap();
        body.mul(some, some)
    });
    squared("conv", &|body, x| body.conv(x, 3, 3));
    squared("exponential convolution", &|body, x| {
        let widths = body.g.vector(&[0.4, 1.1], S);
        let sine = body.u(Unary::Sin, x);
        let both = body.concat(&[x, sine]);
        body.g.exp_conv(both, widths, S).unwrap()
    });
}
