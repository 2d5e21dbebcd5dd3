//! Operators on 513 points, each with its baseline: a dense eigensolver, dense matrix products, the composite of dfdx
//! operations, and the rate of a plain matrix product of the same shape.
#![allow(clippy::unwrap_used)]

#[path = "../tests/helpers/training.rs"]
mod training;

/// The same as in the command.
#[cfg(feature = "cli")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    divan::main();
}

const POINTS: usize = 513;
const SPACING: f64 = 0.08;

/// Arbitrary numbers.
fn numbers(count: usize) -> Vec<f64> {
    (0..count).map(|i| (0.37 * i as f64).sin() + 0.1 * (1.7 * i as f64).cos()).collect()
}

/// The two levels of H2 that training needs: the occupied one and the next.
mod orbitals {
    use crate::training;
    use divan::{Bencher, black_box};
    use faer::{Mat, Side};
    use ksr::ks::hamiltonian::Hamiltonian;
    use ksr::ks::orbitals::{lowest, pullback};

    /// H in a potential scaled by a little more than 1.
    fn hamiltonian(more: f64) -> Hamiltonian {
        let system = training::h2(1.28);
        let v: Vec<f64> = system.potential.iter().map(|v| (1.0 + more) * v).collect();
        Hamiltonian::new(&system.grid, &v)
    }

    #[divan::bench]
    fn cold(bencher: Bencher) {
        let h = hamiltonian(0.0);
        bencher.bench_local(|| lowest(black_box(&h), 2, None).unwrap());
    }

    /// Starting from the levels of a potential that is deeper by one per cent.
    #[divan::bench]
    fn warm(bencher: Bencher) {
        let (h, before) = (hamiltonian(0.0), lowest(&hamiltonian(0.01), 2, None).unwrap());
        bencher.bench_local(|| lowest(black_box(&h), 2, Some(&before)).unwrap());
    }

    #[divan::bench]
    fn backward(bencher: Bencher) {
        let h = hamiltonian(0.0);
        let (found, grid) = (lowest(&h, 2, None).unwrap(), training::line());
        let n_bar: Vec<f64> = grid.xs().iter().map(|x| (-x * x).exp()).collect();
        bencher.bench_local(|| pullback(&h, black_box(&found), 1, 2.0, &n_bar, &[2.0, 0.0], &grid).unwrap());
    }

    /// All levels, as LAPACK would find them.
    #[divan::bench(sample_count = 10)]
    fn baseline_dense_eigen_solver(bencher: Bencher) {
        let h = hamiltonian(0.0);
        bencher.bench_local(|| {
            let dense = Mat::from_fn(h.points(), h.points(), |i, j| h.entry(i, j));
            dense.self_adjoint_eigen(Side::Lower).unwrap()
        });
    }
}

/// The potential of a density.
mod hartree {
    use crate::{POINTS, SPACING, numbers};
    use divan::{Bencher, black_box};
    use ksr::tensor::hartree::Kernel;

    fn apply(bencher: Bencher, kernel: &Kernel) {
        let n = numbers(POINTS);
        bencher.bench_local(|| kernel.apply(black_box(&n), POINTS, 1));
    }

    #[divan::bench]
    fn exponential_interaction(bencher: Bencher) {
        apply(bencher, &Kernel::Exponential { h: SPACING, amplitude: 1.071295, kappa: 1.0 / 2.385345 });
    }

    #[divan::bench]
    fn baseline_toeplitz_product(bencher: Bencher) {
        let w = |i: usize| SPACING * 1.071295 * (-SPACING * i as f64 / 2.385345).exp();
        apply(bencher, &Kernel::Toeplitz((0..POINTS).map(w).collect()));
    }
}

/// The exponential convolutions of sKSR-global: two channels through seven kernels.
mod global_convolution {
    use crate::{POINTS, SPACING, numbers};
    use divan::{Bencher, black_box};
    use faer::linalg::matmul::matmul;
    use faer::{Accum, Mat, Par};
    use ksr::tensor::exponential::{gather, spread};
    use ksr::tensor::{Cpu, NoneTape, OwnedTape, Value, arrange, backward};

    const CHANNELS: usize = 2;
    const KERNELS: usize = 7;

    fn width(k: usize) -> f64 {
        0.1 + 0.3 * k as f64
    }

    fn value(channels: usize) -> Value<Cpu> {
        Value::leaf(&Cpu::default(), (1, POINTS, channels), numbers(POINTS * channels)).unwrap()
    }

    fn widths() -> Value<Cpu> {
        Value::leaf(&Cpu::default(), (1, 1, KERNELS), (0..KERNELS).map(width).collect()).unwrap()
    }

    #[divan::bench]
    fn forward(bencher: Bencher) {
        let (x, xi) = (value(CHANNELS), widths());
        bencher.bench_local(|| spread(black_box(&x), &xi, SPACING, NoneTape).unwrap().0);
    }

    #[divan::bench]
    fn transpose(bencher: Bencher) {
        let (y, xi) = (value(CHANNELS * KERNELS), widths());
        bencher.bench_local(|| gather(black_box(&y), &xi, SPACING, NoneTape).unwrap().0);
    }

    /// Forward and backward pass, with gradients for the field and the widths.
    #[divan::bench]
    fn forward_and_backward(bencher: Bencher) {
        let (x, xi, device) = (value(CHANNELS), widths(), Cpu::default());
        bencher.bench_local(|| {
            let (out, tape) = spread(&x, &xi, SPACING, OwnedTape::<f64, Cpu>::default()).unwrap();
            let (sums, tape) = arrange::sum_points(&out, tape).unwrap();
            let (total, tape) = arrange::sum_channels(&sums, tape).unwrap();
            let (loss, tape) = arrange::combine(&device, &[(&total, 0, 1.0)], 0.0, tape).unwrap();
            backward(&loss, tape).unwrap()
        });
    }

    /// The forward pass as products with the full kernel matrices, which are built beforehand.
    #[divan::bench]
    fn baseline_dense_product(bencher: Bencher) {
        let kernel = |k: usize| {
            let far = move |i: usize, j: usize| SPACING * i.abs_diff(j) as f64 / width(k);
            Mat::from_fn(POINTS, POINTS, |i, j| 0.5 * SPACING / width(k) * (-far(i, j)).exp())
        };
        let kernels: Vec<Mat<f64>> = (0..KERNELS).map(kernel).collect();
        let x = Mat::from_fn(POINTS, CHANNELS, |i, j| (0.37 * (i + j) as f64).sin());
        let mut out: Vec<Mat<f64>> = vec![Mat::zeros(POINTS, CHANNELS); KERNELS];
        bencher.bench_local(|| {
            for (out, kernel) in out.iter_mut().zip(&kernels) {
                matmul(out.as_mut(), Accum::Replace, kernel, black_box(&x), 1.0, Par::Seq);
            }
        });
    }
}

/// The layers of the networks: width, channels in, channels out. Items are floating-point operations.
mod convolution {
    use crate::{POINTS, numbers};
    use divan::counter::ItemsCount;
    use divan::{Bencher, black_box};
    use faer::linalg::matmul::matmul;
    use faer::{Accum, Mat, Par};
    use ksr::tensor::{Cpu, NoneTape, OwnedTape, TensorError, Value, arrange, backward, convolve, window};

    type Layer = (usize, usize, usize);
    const LAYERS: [Layer; 4] = [(3, 16, 16), (3, 9, 16), (3, 16, 9), (1, 16, 1)];

    fn operations((width, input, output): Layer) -> ItemsCount {
        ItemsCount::new(2 * POINTS * width * input * output)
    }

    fn operands((width, input, output): Layer) -> (Value<Cpu>, Value<Cpu>) {
        let device = Cpu::default();
        let x = Value::leaf(&device, (1, POINTS, input), numbers(POINTS * input)).unwrap();
        (x, Value::leaf(&device, (1, 1, width * input * output), numbers(width * input * output)).unwrap())
    }

    #[divan::bench(args = LAYERS)]
    fn forward(bencher: Bencher, layer: Layer) {
        let (x, w) = operands(layer);
        let (width, left) = (layer.0, (layer.0 - 1) / 2);
        let run = || convolve(black_box(&x), &w, width, left, NoneTape).unwrap().0;
        bencher.counter(operations(layer)).bench_local(run);
    }

    #[divan::bench(args = LAYERS)]
    fn forward_baseline_composite(bencher: Bencher, layer: Layer) {
        let (x, w) = operands(layer);
        let (width, left) = (layer.0, (layer.0 - 1) / 2);
        let run = || window::convolve(black_box(&x), &w, width, left, NoneTape).unwrap().0;
        bencher.counter(operations(layer)).bench_local(run);
    }

    type Tape = OwnedTape<f64, Cpu>;

    /// Forward and backward pass: three products of the same size.
    fn gradient(
        bencher: Bencher,
        layer: Layer,
        convolve: impl Fn(&Value<Cpu>, &Value<Cpu>, Tape) -> Result<(Value<Cpu>, Tape), TensorError>,
    ) {
        let ((x, w), device) = (operands(layer), Cpu::default());
        let (width, input, output) = layer;
        bencher.counter(operations((3 * width, input, output))).bench_local(|| {
            let (out, tape) = convolve(black_box(&x), &w, Tape::default()).unwrap();
            let (sums, tape) = arrange::sum_points(&out, tape).unwrap();
            let (total, tape) = arrange::sum_channels(&sums, tape).unwrap();
            let (loss, tape) = arrange::combine(&device, &[(&total, 0, 1.0)], 0.0, tape).unwrap();
            backward(&loss, tape).unwrap()
        });
    }

    #[divan::bench(args = LAYERS)]
    fn gradient_fused(bencher: Bencher, layer: Layer) {
        gradient(bencher, layer, |x, w, tape| convolve(x, w, layer.0, (layer.0 - 1) / 2, tape));
    }

    #[divan::bench(args = LAYERS)]
    fn gradient_baseline_composite(bencher: Bencher, layer: Layer) {
        gradient(bencher, layer, |x, w, tape| window::convolve(x, w, layer.0, (layer.0 - 1) / 2, tape));
    }

    /// The limit: the matrix product of that shape alone, on one core.
    #[divan::bench(args = LAYERS)]
    fn limit_matrix_product(bencher: Bencher, layer: Layer) {
        let (width, input, output) = layer;
        let number = |i: usize, j: usize| (0.37 * (i + 3 * j) as f64).sin();
        let (x, w) = (Mat::from_fn(POINTS, width * input, number), Mat::from_fn(width * input, output, number));
        let mut out = Mat::zeros(POINTS, output);
        bencher.counter(operations(layer)).bench_local(|| {
            matmul(out.as_mut(), Accum::Replace, black_box(&x), &w, 1.0, Par::Seq);
        });
    }
}
