//! The processor's vector instructions for plain loops.

/// Runs a closure compiled for the widest vector instructions that the processor is known to have: its loops, and those of
/// functions inlined into it, use them (mark both `#[inline(always)]`). The bits are the same as without: nothing is
/// reassociated or contracted.
#[inline(always)]
pub fn vectorised<R>(f: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(f)
}

/// Puts the vector registers into the state that code without wide vector instructions needs. Kernels written in assembly (such
/// as faer's products) may not do so, and then every scalar loop after them runs many times slower.
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
