//! Plain loops over vectors, and the processor's vector instructions for them.

/// Runs a closure compiled for the widest vector instructions that the processor is known to have: its loops, and those of
/// functions inlined into it, use them (mark both `#[inline(always)]`). The bits are the same as without: nothing is
/// reassociated or contracted.
#[inline(always)]
pub fn vectorised<R>(f: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(f)
}

/// Puts the vector registers into the state that code without wide vector instructions needs. Kernels written in assembly (such
/// as faer's products) may not do so, and then every scalar loop after them runs many times slower.
pub fn leave_vector_registers() {
    let sums = vectorised(
        #[inline(always)]
        || {
            let mut numbers = std::hint::black_box([1.0f64; 16]);
            numbers.iter_mut().for_each(|x| *x += 1.0);
            numbers
        },
    );
    std::hint::black_box(sums);
}

/// Sum of products, in a fixed order of four partial sums.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (a4, b4) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a4.remainder().iter().zip(b4.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a4.zip(b4) {
        for lane in 0..4 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// Sum of products, from the first to the last: mixing and L-BFGS are pinned to its bits.
pub fn dot_in_order(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The length of a vector: the root of [`dot_in_order`] with itself.
pub fn norm_in_order(a: &[f64]) -> f64 {
    dot_in_order(a, a).sqrt()
}

/// The length of a vector: the root of [`dot`] with itself.
pub fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

/// y += factor x.
pub fn add(y: &mut [f64], factor: f64, x: &[f64]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += factor * x);
}
