"""The reference values of tests/independent.rs, computed without ksr: `python figures.py` prints them.

Needs jax and scipy (`pip install jax scipy`); the tests do not run it. Where ksr has recursions, banded solvers, graphs and
backward rules of its own, this program has dense matrices, sums over all pairs of points, a dense eigen-solver and the derivatives of jax,
all in double precision. LSDA at the density of the published program, and its sKSR-global with the published parameters, agree
with that program to 1e-15.

T. E. Baker et al., Phys. Rev. B 91, 235141 (2015): the interaction and its uniform gas. L. Li et al., Phys. Rev. Lett. 126, 036401
(2021): KSR-global, the loss. B. Kalita et al., J. Phys. Chem. Lett. 13, 2540 (2022): sKSR.
"""

from functools import partial

import jax
import jax.numpy as np
import scipy.linalg
import scipy.special

jax.config.update("jax_enable_x64", True)

A, KAPPA = 1.071295, 1 / 2.385345
N, H = 513, 0.08
X = (np.arange(N) - (N - 1) / 2) * H
DISTANCE = np.abs(X[:, None] - X[None, :])
W = A * np.exp(-KAPPA * DISTANCE)


# ---- functionals: energies per electron


def exchange(n):
    y = np.pi * n / KAPPA
    small = y < 1e-6
    safe = np.where(small, 1.0, y)
    return A / (2 * np.pi) * np.where(small, -y, np.log1p(safe**2) / safe - 2 * np.arctan(safe))


def correlation(n, c):
    root = np.sqrt(np.pi * n / KAPPA)
    below = sum(c[k] * root**k for k in range(6)) + c[6] * np.pi * KAPPA**2 / A * root**6
    return -A * root**2 / np.pi / below


PLAIN = [2, -1.00077, 6.26099, -11.9041, 9.62614, -1.48334, 1]
POLARISED = [180.891, -541.124, 651.615, -356.504, 88.0733, -4.32708, 8]


def lda(n):
    return exchange(n) + correlation(n, PLAIN)


def lsda(up, down):
    n = up + down
    scaled = (up * exchange(2 * up) + down * exchange(2 * down)) / n
    plain = correlation(n, PLAIN)
    return scaled + plain + ((up - down) / n) ** 2 * (correlation(n, POLARISED) - plain)


def hartree(n):
    return H * (W @ n)


def silu(x):
    return x * jax.nn.sigmoid(x)


class Arrays:
    """Takes arrays in order from a flat list of parameters."""

    def __init__(self, flat):
        self.flat, self.at = flat, 0

    def take(self, *shape):
        size = 1
        for n in shape:
            size *= n
        self.at += size
        return self.flat[self.at - size : self.at].reshape(shape)

    def end(self, result):
        assert self.at == len(self.flat), (self.at, len(self.flat))
        return result


def conv(x, w, width, channels):
    """A cross-correlation of x [points, channels], with zeros beyond the ends."""
    weight = w.take(width, x.shape[1], channels)
    left = (width - 1) // 2
    padded = np.pad(x, ((left, width - 1 - left), (0, 0)))
    return sum(padded[k : k + len(x)] @ weight[k] for k in range(width))


def global_conv(x, w, channels):
    """Every input, then every input through every exponential kernel."""
    xi = 0.1 + (2.385345 - 0.1) * jax.nn.sigmoid(w.take(channels - 1))
    kernels = np.exp(-DISTANCE / xi[:, None, None]) / (2 * xi[:, None, None]) * H
    spread = np.einsum("kij,jc->ick", kernels, x)
    return np.concatenate([x, spread.reshape(len(x), -1)], axis=1)


def convolutions(x, w):
    for _ in range(2):
        x = silu(conv(x, w, 3, 16))
    return -silu(conv(x, w, 1, 1))[:, 0]


def pointwise(x, w):
    for _ in range(3):
        x = silu(conv(x, w, 1, 16))
    return -silu(conv(x, w, 1, 1))[:, 0]


def slope(n):
    inside = (n[2:] - n[:-2]) / (2 * H)
    return np.concatenate([(n[1:2] - n[:1]) / H, inside, (n[-1:] - n[-2:-1]) / H])


def ksr_global(flat, n):
    w = Arrays(flat)
    x = convolutions(global_conv(n[:, None], w, 16), w)
    beta = np.exp(-(((H * n.sum() - 1) / w.take(1)[0]) ** 2))
    return w.end(-beta / 2 * hartree(n) + (1 - beta) * x)


def ksr_lda(flat, n):
    return pointwise(n[:, None], Arrays(flat))


def ksr_gga(flat, n):
    return pointwise(np.stack([n, np.abs(slope(n))], axis=1), Arrays(flat))


def averaged(e):
    """Average over exchange of the spins."""
    return lambda flat, up, down: (e(flat, up, down) + e(flat, down, up)) / 2


@averaged
def sksr_global(flat, up, down):
    w = Arrays(flat)
    return w.end(convolutions(global_conv(np.stack([up, down], axis=1), w, 8), w))


@averaged
def sksr_lsda(flat, up, down):
    return pointwise(np.stack([up, down], axis=1), Arrays(flat))


@averaged
def sksr_gga(flat, up, down):
    return pointwise(np.stack([up, down, np.abs(slope(up + down)) / 2], axis=1), Arrays(flat))


def downsample(x):
    padded = np.pad(x, ((1, 1), (0, 0)))
    return (padded[:-2] / 4 + padded[1:-1] / 2 + padded[2:] / 4)[::2]


def upsample(x):
    between = (x[1:] + x[:-1]) / 2
    return np.zeros((2 * len(x) - 1, x.shape[1])).at[::2].set(x).at[1::2].set(between)


def unet(flat, n):
    """Twice to a coarser grid and back, eight filters."""

    def around(x, depth):
        if depth == 0:
            return x
        coarse = around(silu(downsample(conv(x, w, 3, 8))), depth - 1)
        return np.concatenate([x, silu(conv(upsample(coarse), w, 3, 8))], axis=1)

    w = Arrays(flat)
    return w.end(-silu(conv(around(n[:, None], 2), w, 1, 1))[:, 0])


def energy(e, densities):
    return H * np.sum(sum(densities) * e(*densities))


def potential(e, densities):
    return [v / H for v in jax.grad(partial(energy, e))(densities)]


def weights(count):
    """The parameters of every network here."""
    return 0.5 * np.sin((np.arange(count) + 1.0) ** 2)


# ---- one particle


def kinetic():
    """-1/2 d^2/dx^2 by five points; nothing beyond the ends."""
    second = sum(c * (np.eye(N, k=k) + np.eye(N, k=-k)) for k, c in [(1, 4 / 3), (2, -1 / 12)])
    return -0.5 * (second - 2.5 * np.eye(N)) / H**2


KINETIC = kinetic()


def nuclei(charges, positions):
    """Their potential and their repulsion."""
    w = lambda r: A * np.exp(-KAPPA * np.abs(r))
    v = -sum(z * w(X - p) for z, p in zip(charges, positions))
    pairs = [(i, j) for i in range(len(charges)) for j in range(i)]
    return v, sum(charges[i] * charges[j] * w(positions[i] - positions[j]) for i, j in pairs)


# ---- Kohn-Sham


def occupied(v, count):
    """Density and sum of the occupied levels of the given number of electrons of one spin."""
    levels, orbitals = np.linalg.eigh(KINETIC + np.diag(v))
    return (orbitals[:, :count] ** 2).sum(axis=1) / H, levels[:count].sum()


def run(e, v, counts, iterations, alpha, decay):
    """Energies of all iterations, each for the output density of the orbitals; then the final densities, mixed once more as in the
    published program, and the kinetic and xc energy."""
    density = [occupied(v, count)[0] for count in counts]
    energies = []
    for k in range(iterations):
        common = v + hartree(sum(density))
        seen = [common + xc for xc in potential(e, density)]
        found = [occupied(p, count) for p, count in zip(seen, counts)]
        out = [n for n, _ in found]
        total = sum(out)
        ts = sum(levels - H * (p * n).sum() for (n, levels), p in zip(found, seen))
        exc = energy(e, out)
        energies.append(ts + H * (total * (hartree(total) / 2 + v)).sum() + exc)
        density = [old + alpha * decay**k * (new - old) for old, new in zip(density, out)]
    return np.stack(energies), density, ts, exc


# ---- exact answers


def two_electrons(v):
    """Energy and density of the singlet on the product of the grid with itself: Davidson's method, preconditioned with the
    Hamiltonian without interaction."""
    levels, orbitals = np.linalg.eigh(KINETIC + np.diag(v))
    apply = lambda psi: KINETIC @ psi + psi @ KINETIC + (v[:, None] + v[None, :] + W) * psi
    basis, images = [], []
    new = np.outer(orbitals[:, 0], orbitals[:, 0])
    for _ in range(80):
        for b in basis * 2:
            new = new - (b * new).sum() * b
        basis.append(new / np.linalg.norm(new))
        images.append(apply(basis[-1]))
        values, vectors = np.linalg.eigh(np.array([[(a * b).sum() for b in images] for a in basis]))
        psi = sum(c * b for c, b in zip(vectors[:, 0], basis))
        residual = sum(c * b for c, b in zip(vectors[:, 0], images)) - values[0] * psi
        if np.linalg.norm(residual) < 1e-11:
            return values[0], 2 * (psi**2).sum(axis=1) / H
        gaps = levels[:, None] + levels[None, :] - values[0]
        inside = orbitals.T @ residual @ orbitals / np.where(np.abs(gaps) < 0.05, 0.05, gaps)
        new = orbitals @ inside @ orbitals.T
    raise ArithmeticError("not converged")


# ---- the figures


def bump(centre, width, height):
    return height * np.exp(-(((X - centre) / width) ** 2))


UP = bump(0.2, 1.0, 0.6) + bump(-1.1, 0.7, 0.5)
DOWN = bump(-0.3, 1.2, 0.45)
# Where potentials are printed.
POINTS = [236, 256, 275]


def show(name, *values):
    print(f"{name:28}", ", ".join(repr(float(v)) for v in values))


def at_a_density():
    n = UP + DOWN
    few = n * 1.05 / (H * n.sum())
    spin, total = [UP, DOWN], [n]
    for name, e, densities in [
        ("lda", lda, total),
        ("lsda", lsda, spin),
        ("ksr_lda", partial(ksr_lda, weights(544)), total),
        ("ksr_gga", partial(ksr_gga, weights(560)), total),
        ("ksr_global", partial(ksr_global, weights(1568)), total),
        ("ksr_global, 1.05 electrons", partial(ksr_global, weights(1568)), [few]),
        ("sksr_lsda", partial(sksr_lsda, weights(560)), spin),
        ("sksr_gga", partial(sksr_gga, weights(576)), spin),
        ("sksr_global", partial(sksr_global, weights(1559)), spin),
        ("unet", partial(unet, weights(3 * (8 + 64 + 64 + 128) + 9)), total),
    ]:
        v = potential(e, densities)
        show(name, energy(e, densities), *(spin[i] for spin in v for i in POINTS))


def lsda_ions():
    ions = [(1, 1, 0), (2, 1, 0), (3, 1, 0), (4, 1, 0), (2, 1, 1), (3, 1, 1), (4, 1, 1), (3, 2, 1), (4, 2, 1), (4, 2, 2)]
    for charge, up, down in ions:
        v, _ = nuclei([charge], [0.0])
        energies, _, ts, exc = run(lsda, v, [up, down], 60, 0.5, 1.0)
        show(f"lsda Z = {charge}, {up} + {down}", energies[-1], exc, ts)


def network_runs():
    e = partial(sksr_global, weights(1559))
    for charge, up, down in [(1, 1, 0), (2, 1, 1), (3, 2, 1), (4, 2, 2)]:
        v, _ = nuclei([charge], [0.0])
        energies, _, ts, exc = run(e, v, [up, down], 30, 0.5, 0.9)
        show(f"sksr_global Z = {charge}", energies[0], energies[-1], exc, ts)


def exact_answers():
    for charge in [1, 2, 3, 4]:
        v, _ = nuclei([charge], [0.0])
        show(f"exact Z = {charge}, 1", np.linalg.eigvalsh(KINETIC + np.diag(v))[0])
    for charge in [2, 3, 4]:
        show(f"exact Z = {charge}, 2", two_electrons(nuclei([charge], [0.0])[0])[0])
    for left, right in [(-0.8, 0.72), (-0.8, 0.8), (-1.92, 1.92)]:
        v, repulsion = nuclei([1, 1], [left, right])
        electronic, _ = two_electrons(v)
        show(f"exact H2 at {right - left:.2f}", electronic, repulsion, electronic + repulsion)
    v, repulsion = nuclei([2, 1], [-0.8, 0.8])
    show("exact HeH+ at 1.6", two_electrons(v)[0] + repulsion)


def training():
    """The loss of Li et al. for H and He with sKSR-global, energies of the iterations after the first four, weights 1/2; its derivative
    along cos(i), and the norm of the gradient."""
    targets = []
    for charge, counts in [(1, [1, 0]), (2, [1, 1])]:
        v, _ = nuclei([charge], [0.0])
        if sum(counts) == 1:
            density, level = occupied(v, 1)
            targets.append((v, counts, level, density))
        else:
            targets.append((v, counts, *two_electrons(v)))

    def loss(flat):
        whole = 0.0
        for v, counts, level, density in targets:
            energies, end, _, _ = run(partial(sksr_global, flat), v, counts, 8, 0.5, 0.9)
            e = sum(0.9 ** (7 - k) * (energies[k] - level) ** 2 for k in range(4, 8))
            n = H * ((sum(end) - density) ** 2).sum()
            whole += (e + n) / 2 / sum(counts) / len(targets)
        return whole

    value, gradient = jax.value_and_grad(loss)(weights(1559))
    show("loss of H and He", value, np.linalg.norm(gradient), (gradient * np.cos(np.arange(1559.0))).sum())


if __name__ == "__main__":
    at_a_density()
    exact_answers()
    network_runs()
    lsda_ions()
    training()
