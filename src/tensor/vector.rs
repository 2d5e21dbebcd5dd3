//! The processor's vector instructions for plain loops.

/// Runs a closure compiled for the widest vector instructions that the processor at hand is known to have: its loops, and
/// those of what is inlined into it, get them (mark both `#[inline(always)]`). The same bits as without: nothing is
/// reassociated or contracted.
#[inline(always)]
pub fn vectorised<R>(f: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(f)
}

/// Leaves the vector registers as code without wide vector instructions wants them. Kernels written in assembly (as
/// faer's products) may not, and then every scalar loop after them runs many times slower.
pub fn settle() {
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
