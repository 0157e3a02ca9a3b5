"""Writes matrices.json: Jacobians [T, d] of the families that TorchJD's tests sample, and the degenerate ones that break solvers.

Most entries are small multiples of a power of two, so that float32 holds them too and rank and stationarity are exact rather
than up to rounding. Definitions (as TorchJD's tests have them): strong: some v > 0 with vᵀJ = 0; weak: some v >= 0, v != 0, with vᵀJ = 0,
but no v > 0; free: no v >= 0, v != 0 (the tasks have a common descent direction).
"""

import numpy as np
from flint import fmpq_mat
from store import write

rng = np.random.default_rng(4)
cases = []


def add(name, family, jacobian, rank=None):
    jacobian = np.asarray(jacobian, np.float64)
    exact = fmpq_mat([[fraction(v) for v in row] for row in jacobian]).rank()
    assert rank is None or rank == exact, (name, rank, exact)
    tasks = len(jacobian)
    losses = rng.integers(2, 64, tasks) / 8
    share = rng.integers(1, 9, tasks).astype(float)
    cases.append({"name": name, "family": family, "rank": int(exact), "float32": bool((jacobian.astype(np.float32) == jacobian).all()),
                  "jacobian": jacobian, "losses": losses, "preference": share / share.sum()})


def fraction(v):
    from flint import fmpq
    return fmpq(*float(v).as_integer_ratio())


def dyadic(*shape):
    return rng.integers(-16, 17, shape) / 8


def normal(tasks, size, rank):
    while True:
        jacobian = dyadic(tasks, rank) @ dyadic(rank, size)
        if np.linalg.matrix_rank(jacobian) == rank:
            return jacobian


def strong(tasks, size, rank):
    """Rows of weights v >= 1 sum to 0: the last row, of weight 1, is minus the sum of the others."""
    v = rng.integers(1, 4, tasks - 1)
    while True:
        left = dyadic(tasks, rank)
        left[-1] = -v @ left[:-1]
        jacobian = left @ dyadic(rank, size)
        if np.linalg.matrix_rank(jacobian) == rank:
            return jacobian


def weak(tasks, size, rank):
    """A strongly stationary block S over a free one: [S 0; X F], where F's first column is positive."""
    stationary = max(2, tasks // 2)
    while True:
        left = dyadic(tasks, rank)
        left[:stationary, 0] = 0
        left[stationary - 1] = -rng.integers(1, 4, stationary - 1) @ left[: stationary - 1]
        left[stationary:, 0] = rng.integers(1, 17, tasks - stationary) / 8
        jacobian = left @ dyadic(rank, size)
        if np.linalg.matrix_rank(jacobian) == rank:
            return jacobian


def free(tasks, size, rank):
    """Every row has a positive product with one direction."""
    while True:
        left = dyadic(tasks, rank)
        left[:, 0] = rng.integers(1, 17, tasks) / 8
        jacobian = left @ dyadic(rank, size)
        if np.linalg.matrix_rank(jacobian) == rank:
            return jacobian


base = np.array([[-4.0, 1, 1], [6, 1, 1]])
add("base", "example", base)
add("three", "example", [[1, 0, 0.5, -1], [-0.5, 1, 0.2, 0.3], [0.3, -1.5, 1, 0.2]])
add("krum", "example", [[1, 1, 1], [1, 0, 1], [75, -666, 23], [1, 2, 3], [2, 0, 1]])
add("trimmed", "example", [[1e11, 3], [1, -1e11], [-1e10, 1e10], [2, 2]])

for tasks, size, rank in [(1, 1, 1), (1, 5, 1), (2, 2, 2), (2, 10, 2), (3, 1, 1), (4, 3, 1), (4, 3, 2), (4, 3, 3), (6, 20, 6), (8, 12, 8),
                          (9, 11, 5), (9, 11, 9), (12, 15, 12), (12, 8, 8)]:
    add(f"normal {tasks}x{size} rank {rank}", "normal", normal(tasks, size, rank), rank)
for exponent in (-33, 10, 17, 33, 50):
    add(f"normal 4x3 rank 3, times 2^{exponent}", "scaled", normal(4, 3, 3) * 2.0**exponent, 3)
    add(f"free 5x7 rank 5, times 2^{exponent}", "scaled", free(5, 7, 5) * 2.0**exponent, 5)
for tasks, size in [(1, 1), (4, 3), (9, 11)]:
    add(f"zero {tasks}x{size}", "zero", np.zeros((tasks, size)), 0)
for tasks, size, rank in [(2, 2, 1), (3, 4, 2), (5, 6, 3), (10, 8, 8), (20, 10, 10), (20, 10, 5), (20, 10, 1), (20, 30, 19)]:
    add(f"strong {tasks}x{size} rank {rank}", "strong", strong(tasks, size, rank), rank)
for tasks, size, rank in [(3, 4, 2), (5, 6, 3), (10, 8, 8), (20, 10, 5), (20, 30, 18)]:
    add(f"weak {tasks}x{size} rank {rank}", "weak", weak(tasks, size, rank), rank)
for tasks, size, rank in [(2, 2, 2), (3, 4, 2), (5, 6, 3), (10, 8, 8), (12, 20, 12), (20, 10, 5), (20, 10, 1), (20, 30, 20)]:
    add(f"free {tasks}x{size} rank {rank}", "free", free(tasks, size, rank), rank)

rows = normal(4, 5, 4)
add("two equal rows", "degenerate", rows[[0, 1, 0]], 2)
add("two equal rows, conflicting with a third", "degenerate", [[1, 0, 0.5], [1, 0, 0.5], [-2, 1, 0.25]], 2)
add("all rows equal", "degenerate", rows[[0, 0, 0, 0]], 1)
add("antiparallel", "degenerate", [rows[0], -rows[0]], 1)
add("antiparallel, a quarter", "degenerate", [rows[0], -0.25 * rows[0]], 1)
add("antiparallel pair and a third", "degenerate", [rows[0], -2 * rows[0], rows[1]], 2)
add("a zero row", "degenerate", [rows[0], np.zeros(5), rows[1], rows[2]], 3)
add("only one row not zero", "degenerate", [np.zeros(3), [1, -2, 0.5], np.zeros(3)], 1)
add("orthogonal", "degenerate", np.diag([1.0, 2, 0.25, 8]), 4)
add("orthogonal, one huge", "huge", np.diag([1.0, 2.0**50, 0.25]), 3)
add("nearly parallel", "degenerate", [[1, 0, 0.5], [1, 2.0**-10, 0.5], [1, 0, 0.5 + 2.0**-10]], 3)
add("nearly antiparallel", "degenerate", [[1, 0.5, 0], [-1, -0.5, 2.0**-10]], 2)
add("one huge row, 2^20", "huge", normal(5, 6, 5) * np.array([1, 2.0**20, 1, 1, 1])[:, None], 5)
add("one huge row, 2^50", "huge", normal(3, 4, 3) * np.array([2.0**50, 1, 1])[:, None], 3)
add("one tiny row, 2^-33", "huge", normal(4, 5, 4) * np.array([1, 1, 2.0**-33, 1])[:, None], 4)
add("from 2^-33 to 2^50", "huge", free(4, 6, 4) * np.array([2.0**-33, 1, 2.0**20, 2.0**50])[:, None], 4)
add("random 7x9", "random", rng.normal(size=(7, 9)), 7)
add("random 12x20", "random", rng.normal(size=(12, 20)), 12)
add("forty tasks, rank 30", "forty", normal(40, 30, 30), 30)
add("forty tasks, free", "forty", free(40, 50, 40), 40)

ABOUT = {
    "source": "benchmarks/oracles/weighting/matrices.py",
    "jacobian": "[tasks][values], row t is the gradient of task t's loss",
    "losses": "[tasks], positive", "preference": "[tasks], positive, sums to 1",
    "rank": "exact", "float32": "whether float32 holds every entry exactly"}
write("matrices.json", ABOUT, cases)
