//! What a processor and its libraries calculate, down to the last bit: processes that differ in it must not share results.

use crate::data::ContentKey;
use crate::tensor::vector::leave_vector_registers;
use dfdx::prelude::{Cpu, Tensor, TensorFromVec, TryMatMul};
use faer::{Mat, Side};
use serde::{Deserialize, Serialize};

/// The instruction set, and a hash of the results of a test calculation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bits {
    /// `x86-64 with AVX-512`.
    pub instructions: String,
    /// Of products, sums, eigenvalues and functions as they occur in calculations.
    pub results: String,
}

impl Bits {
    /// Those of this process.
    pub fn here() -> Self {
        Self { instructions: instructions(), results: results() }
    }

    /// In words that tell it from others.
    pub(super) fn words(&self, other: &Bits) -> String {
        if self.instructions != other.instructions {
            return self.instructions.clone();
        }
        format!("{} (test calculation {})", self.instructions, self.results)
    }
}

/// The widest vector instructions that products are made of.
fn instructions() -> String {
    #[cfg(target_arch = "x86_64")]
    let words = match () {
        () if std::is_x86_feature_detected!("avx512f") => "x86-64 with AVX-512",
        () if std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma") => "x86-64 with AVX2",
        () if std::is_x86_feature_detected!("avx") => "x86-64 with AVX",
        () => "x86-64",
    };
    #[cfg(not(target_arch = "x86_64"))]
    let words = std::env::consts::ARCH;
    words.to_owned()
}

/// Numbers without a pattern, in -1 .. 1.
fn numbers(count: usize) -> Vec<f64> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// Products as networks have them, with sums of many lengths; products and eigenvalues as exact answers have them; and functions of the
/// mathematical library.
fn results() -> String {
    let mut key = ContentKey::new("test calculation 1");
    let cpu = Cpu::default();
    for inner in [3usize, 16, 51, 402, 1203] {
        let (a, b) = (numbers(37 * inner), numbers(inner * 16));
        let a: Result<Tensor<(usize, usize), f64, Cpu>, _> = cpu.try_tensor_from_vec(a, (37, inner));
        let b: Result<Tensor<(usize, usize), f64, Cpu>, _> = cpu.try_tensor_from_vec(b, (inner, 16));
        let product = a.and_then(|a| b.and_then(|b| a.try_matmul(b)));
        key = key.numbers(&product.map_or_else(|_| Vec::new(), |product| product.as_vec()));
    }
    let size = 60;
    let all = numbers(size * size);
    let matrix = Mat::from_fn(size, size, |i, j| all[i * size + j] + all[j * size + i]);
    let product = &matrix * &matrix;
    key = key.numbers(&(0..size).map(|i| product[(i, (7 * i) % size)]).collect::<Vec<_>>());
    if let Ok(eigen) = matrix.self_adjoint_eigen(Side::Lower) {
        key = key.numbers(&(0..size).map(|i| eigen.S()[i]).collect::<Vec<_>>());
    }
    leave_vector_registers();
    let functions: [fn(f64) -> f64; 8] =
        [f64::exp, |x| x.abs().ln(), f64::sin, f64::cos, f64::tanh, |x| x.abs().powf(1.7), f64::exp_m1, f64::atan];
    for f in functions {
        key = key.numbers(&all.iter().map(|x| f(3.0 * x)).collect::<Vec<_>>());
    }
    key.finish()
}
