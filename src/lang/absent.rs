//! Names that readers of other programs and of the literature try, and what there is instead.

/// Words for what is not part of the language, each group with the help that its users need.
const ABSENT: &[(&[&str], &str)] = &[
    (
        &["exx", "hf", "rhf", "uhf", "fock", "hartreefock"],
        "Hartree-Fock is `solve(system, with: hartree_fock)`; in the body of a functional `exact_exchange` is the exchange of the orbitals",
    ),
    (
        &["oep", "kli", "optimized_effective_potential"],
        "local potentials of exact exchange are not part of ksr; with `exact_exchange` the orbitals feel the exchange operator itself",
    ),
    (
        &["inversion", "inverse_kohn_sham", "ks_inversion", "invert_density", "wu_yang", "zmp"],
        "`invert(reference)` finds the Kohn-Sham potential of a density",
    ),
    (
        &["krr", "kernel_ridge", "kernel_regression", "gpr", "gaussian_process"],
        "kernel regression is not part of ksr; `train` fits the parameters of a functional",
    ),
    (
        &["ccsd", "ccsdt", "ccsd_t", "cisd", "mp2", "casscf", "mrci", "dmrg", "qmc", "vmc", "dmc"],
        "this method is not part of ksr; of the interacting problem it has the exact answer, `exact(system)`",
    ),
    (&["fci", "full_ci", "exact_diagonalization", "exact_diagonalisation"], "the exact answer is `exact(system)`"),
    (
        &[
            "pbe", "pbe0", "pbesol", "revpbe", "b3lyp", "blyp", "b88", "lyp", "pw91", "pw92", "vwn", "pz81", "scan",
            "r2scan", "tpss", "hse", "hse06", "m06", "wb97x",
        ],
        "functionals of three dimensions are not part of ksr; those of one dimension are in `std.functionals`",
    ),
    (
        &["hybrid", "b3", "half_and_half"],
        "ksr has no ready-made one; write it: `functional f(n) = 0.25 * exact_exchange + 0.75 * lda(n)`",
    ),
    (&["gga", "meta_gga", "mgga"], "ksr has no ready-made one; write it: `functional f(n) = …`, with `grad(n)`"),
    (
        &["tddft", "casida", "gw", "bse", "rpa", "dmft", "excited_states", "propagate"],
        "excited states and time dependence are not part of ksr",
    ),
    (&["range", "arange"], "whole numbers are an interval, `0 .. 2`; others `0 .. 1 by 0.1` or `linspace(0 .. 1, 5)`"),
    (&["quit", "exit", "bye"], "`:quit` or Ctrl-D leaves an interactive session"),
    (&["sgd", "rmsprop", "adamw", "adagrad", "bfgs", "momentum"], "the optimizers are `lbfgs(…)` and `adam(…)`"),
    (&["infinity", "Infinity", "INF"], "did you mean `inf`?"),
    (&["True", "TRUE"], "did you mean `true`?"),
    (&["False", "FALSE"], "did you mean `false`?"),
    (&["None", "null", "nil", "NULL", "undefined"], "there is no empty value; a number that is not known is `nan`"),
    (
        &["numpy", "np", "scipy", "torch", "jax"],
        "libraries of other languages cannot be used; `:help` and the reference list the functions",
    ),
];

/// The help for a name that does not exist, if it is known what there is instead.
pub fn instead(name: &str) -> Option<String> {
    ABSENT.iter().find(|(names, _)| names.contains(&name)).map(|(_, help)| (*help).to_owned())
}

/// The names that have such a help.
#[cfg(test)]
pub(crate) fn absent() -> impl Iterator<Item = &'static str> {
    ABSENT.iter().flat_map(|(names, _)| *names).copied()
}
