"""Writes mtl/sweep/testdata/fronts.json: two problems of two tasks whose Pareto front is known, at 201 weights, with its hypervolume.

"linear": L_t = ‖Xθ − y_t‖²/n with one θ for both tasks. With θ_t the least squares solution of task t and D = ‖X(θ₁ − θ₂)‖²/n, the minimiser of w·L₁ + (1−w)·L₂
is w·θ₁ + (1−w)·θ₂ with L₁ = min L₁ + (1−w)²·D, L₂ = min L₂ + w²·D, so that the front is √(L₁ − min L₁) + √(L₂ − min L₂) = √D. Up to the reference point
(min L₁ + (1+δ)·D, min L₂ + (1+δ)·D) it dominates (1+δ)²·D² − D²/6.

"toy": the problem of Liu et al. 2021 (../weighting/toy.py). Below y = 0 both losses are tanh(−y/2) times a bowl, and the minimiser of w·L₁ + (1−w)·L₂ is x = 14w − 7
with the y at which tanh(−y/2)·(19.6·w(1−w) + (y+8)²/100 − 20) is smallest. Its front is convex, so chords and tangents bound the area below it.
"""

import numpy as np
from scipy import optimize
from store import write

WEIGHTS = np.arange(201) / 200
MARGIN = 0.1


def linear(n=64, d=8):
    """X and the targets are multiples of 1/64, which float32 holds exactly."""
    rng = np.random.default_rng(5)
    x = np.round(64 * rng.standard_normal((n, d))) / 64
    targets = [np.round(64 * (x @ rng.standard_normal(d) / 4 + 0.3 * rng.standard_normal(n))) / 64 for _ in range(2)]

    def losses(theta):
        return np.array([np.mean((x @ theta - y) ** 2) for y in targets])

    alone = [np.linalg.lstsq(x, y)[0] for y in targets]
    least = np.array([losses(alone[t])[t] for t in range(2)])
    spread = np.mean((x @ (alone[0] - alone[1])) ** 2)
    points = np.array([w * alone[0] + (1 - w) * alone[1] for w in WEIGHTS])
    front = np.array([losses(theta) for theta in points])
    for w, theta, at in zip(WEIGHTS, points, front):
        both = np.linalg.lstsq(np.concatenate([np.sqrt(w) * x, np.sqrt(1 - w) * x]), np.concatenate([np.sqrt(w) * targets[0], np.sqrt(1 - w) * targets[1]]))[0]
        assert np.allclose(theta, both, atol=1e-12), "not the weighted least squares solution"
        assert np.allclose(at, least + [(1 - w) ** 2 * spread, w**2 * spread], atol=1e-12), "not the closed form of the front"
    hypervolume = (1 + MARGIN) ** 2 * spread**2 - spread**2 / 6
    reference = least + (1 + MARGIN) * spread
    fine = np.linspace(0, 1, 20001)
    low, high = bounds(least + spread * np.stack([(1 - fine) ** 2, fine**2], axis=1), fine, reference)
    assert low <= hypervolume <= high and high - low < 1e-7 * hypervolume, "the integral of the front is another"
    return {"inputs": x, "targets": np.array(targets).T}, {
        "name": "linear", "least": least, "spread": spread, "condition": np.linalg.cond(x.T @ x), "reference": reference, "hypervolume": hypervolume,
        "staircases": staircases(front, reference)}, records(points, front)


def toy_losses(theta):
    """L₁ and L₂ of points [..., 2], written down from the paper again."""
    x, y = np.asarray(theta)[..., 0], np.asarray(theta)[..., 1]
    above, below = np.maximum(np.tanh(0.5 * y), 0), np.maximum(np.tanh(-0.5 * y), 0)
    f1 = np.log(np.maximum(np.abs(0.5 * (-x - 7) - np.tanh(-y)), 5e-6)) + 6
    f2 = np.log(np.maximum(np.abs(0.5 * (-x + 3) + np.tanh(-y) + 2), 5e-6)) + 6
    q1 = ((-x + 7) ** 2 + 0.1 * (-y - 8) ** 2) / 10 - 20
    q2 = ((-x - 7) ** 2 + 0.1 * (-y - 8) ** 2) / 10 - 20
    return np.stack([f1 * above + q1 * below, f2 * above + q2 * below], axis=-1)


def toy_points(w):
    """The minimisers of w·L₁ + (1−w)·L₂ [n, 2], by Newton's method on the slope in y."""
    y = np.full(w.shape, -8.4)
    for _ in range(30):
        t, bowl = np.tanh(-y / 2), 19.6 * w * (1 - w) + (y + 8) ** 2 / 100 - 20
        dt = -0.5 * (1 - t**2)
        slope = dt * bowl + t * (y + 8) / 50
        curve = t * dt * bowl + 2 * dt * (y + 8) / 50 + t / 50  # t'' = t·t'
        y = y - slope / curve
    assert np.abs(slope).max() < 1e-14
    return np.stack([14 * w - 7, y], axis=-1)


def toy():
    reference = np.zeros(2)
    points = toy_points(WEIGHTS)
    front = toy_losses(points)
    grid = np.stack(np.meshgrid(np.linspace(-12, 12, 481), np.linspace(-12, 12, 481)), axis=-1).reshape(-1, 2)
    on_grid = toy_losses(grid)
    for w, at in zip(WEIGHTS[::10], front[::10]):  # no other valley is lower, and a search from the grid's best point ends here
        value = lambda theta: np.array([w, 1 - w]) @ toy_losses(theta)
        best = grid[np.argmin(on_grid @ [w, 1 - w])]
        found = optimize.minimize(value, best, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-14, "maxiter": 4000})
        assert abs(found.fun - np.array([w, 1 - w]) @ at) < 1e-10, (w, found.x)
    fine = np.linspace(0, 1, 200001)
    curve = toy_losses(toy_points(fine))
    assert not (on_grid[:, None] < front[None, ::5] - 1e-12).all(axis=2).any(), "a point of the grid is better in both losses"
    assert (np.diff(np.diff(curve[::-200, 1]) / np.diff(curve[::-200, 0])) > 0).all(), "the front is not convex"
    low, high = bounds(curve, fine, reference)
    assert high - low < 1e-8 * high
    return {
        "name": "toy", "reference": reference, "hypervolume": (low + high) / 2, "error": (high - low) / 2,
        "staircases": staircases(front, reference)}, records(points, front)


def bounds(curve, weights, reference):
    """The hypervolume of a convex front between chords and tangents. weights [n] are those of the points curve [n, 2], in order; the slope there is −w/(1−w)."""
    order = np.argsort(curve[:, 0])
    (a, b), w = curve[order].T, weights[order]
    chords = np.sum(np.diff(a) * (reference[1] - (b[1:] + b[:-1]) / 2)) + (reference[0] - a[-1]) * (reference[1] - b[-1])
    # Neighbouring tangents w·L₁ + (1−w)·L₂ = c meet in a corner below the chord.
    c = w * a + (1 - w) * b
    determinant = w[:-1] * (1 - w[1:]) - w[1:] * (1 - w[:-1])
    x = (c[:-1] * (1 - w[1:]) - c[1:] * (1 - w[:-1])) / determinant
    y = (w[:-1] * c[1:] - w[1:] * c[:-1]) / determinant
    triangles = np.abs((x - a[:-1]) * (b[1:] - b[:-1]) - (a[1:] - a[:-1]) * (y - b[:-1])) / 2
    return chords, chords + triangles.sum()


def staircases(front, reference):
    """What N evenly spaced weights find of the hypervolume at best: the points are exact, what is missing lies between them."""
    found = []
    for n in (5, 9, 11, 21, 26, 41, 51, 101, 201):
        a, b = front[:: 200 // (n - 1)][::-1].T  # L₁ rises, L₂ falls
        found.append({"weights": n, "hypervolume": np.sum(np.diff(a, append=reference[0]) * (reference[1] - b))})
    return found


def records(points, front):
    return [{"weight": w, "point": p, "losses": at} for w, p, at in zip(WEIGHTS, points, front)]


data, regression, regression_front = linear()
second, toy_front = toy()
write("sweep/testdata/fronts.json", {
    "about": {"source": "benchmarks/oracles/sweep/front.py", "fields": "benchmarks/oracles/sweep/README.md"},
    **data,
    "problems": [regression, second],
    "linear": regression_front,
    "toy": toy_front,
})
