//! The exponential function without branches: loops over it are vectorised, and its bits are the same on every machine (those of
//! the system's library are not).

/// Adding it to a number below 2^51 rounds to the nearest integer, which is then in the lowest bits; subtracting it gives that
/// integer.
const ROUND: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52
/// ln 2 in two parts; the first has its last 20 bits zero, so that its product with a whole number below 2^20 is exact.
const LN_2_HIGH: f64 = f64::from_bits(std::f64::consts::LN_2.to_bits() & !0xf_ffff);
/// ln 2 minus [`LN_2_HIGH`]: the bits cut off, and the rounding error of `LN_2` itself.
const LN_2_LOW: f64 = (std::f64::consts::LN_2 - LN_2_HIGH) + 2.319_046_813_846_299_6e-17;
/// exp overflows above this, and is 0 a little below its negative.
const HIGHEST: f64 = 710.0;
const LOWEST: f64 = -746.0;

/// 1/j! for j = 2 .. 13.
const COEFFICIENTS: [f64; 12] = {
    let (mut inverse, mut factorial, mut j) = ([0.0; 12], 1.0, 2);
    while j < 14 {
        factorial *= j as f64;
        inverse[j - 2] = 1.0 / factorial;
        j += 1;
    }
    inverse
};

/// 2^k for whole k + [`ROUND`] with |k| below 1023.
#[inline(always)]
fn power_of_two(rounded: f64) -> f64 {
    f64::from_bits(rounded.to_bits().wrapping_add(1023) << 52)
}

/// e^x to one unit in the last place: e^x = 2^k e^r with |r| at most (ln 2)/2, and the series of e^r to the 13th power,
/// with even and odd terms summed separately.
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    // Written so that NaN passes through.
    let x = if x > HIGHEST { HIGHEST } else { x };
    let x = if x < LOWEST { LOWEST } else { x };
    let k = (x * std::f64::consts::LOG2_E + ROUND) - ROUND;
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    let (c, square) = (COEFFICIENTS, r * r);
    let (mut even, mut odd) = (c[10], c[11]);
    for j in (0..5).rev() {
        even = even * square + c[2 * j];
        odd = odd * square + c[2 * j + 1];
    }
    let value = 1.0 + (r + square * (even + r * odd));
    // In two factors, as 2^k itself may overflow or underflow.
    let half = 0.5 * k + ROUND;
    let rest = (k - (half - ROUND)) + ROUND;
    value * power_of_two(half) * power_of_two(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_the_library_to_a_unit_in_the_last_place() {
        assert_eq!(LN_2_HIGH + LN_2_LOW, std::f64::consts::LN_2);
        let mut worst = 0.0f64;
        for i in -200_000..200_000 {
            let x = f64::from(i) * 0.003_507_3;
            let (ours, theirs) = (exp(x), x.exp());
            worst = worst.max((ours - theirs).abs() / theirs);
        }
        assert!(worst < 1.6 * f64::EPSILON, "{worst}");
    }

    #[test]
    fn overflow_underflow_and_nan_are_right() {
        assert_eq!((exp(0.0), exp(-0.0)), (1.0, 1.0));
        assert_eq!((exp(f64::INFINITY), exp(709.9), exp(1e300)), (f64::INFINITY, f64::INFINITY, f64::INFINITY));
        assert_eq!((exp(f64::NEG_INFINITY), exp(-746.0), exp(-1e300)), (0.0, 0.0, 0.0));
        assert!(exp(f64::NAN).is_nan());
        assert!((exp(709.7) / 709.7f64.exp() - 1.0).abs() < 1e-15);
        // Subnormal results, to their own last place.
        for x in [-708.5, -720.25, -740.0, -744.9] {
            assert!((exp(x) - x.exp()).abs() <= 5e-324, "{x}");
        }
        assert!((exp(1e-300), exp(f64::EPSILON)) == (1.0, 1.0 + f64::EPSILON));
    }
}
