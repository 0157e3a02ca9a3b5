"""Writes toy.json: where every method goes on the two-dimensional problem of Liu et al. 2021 (CAGrad, section 5.1), as Navon et al. 2022 scale it.

θ = (x, y); f1 = log max(|½(-x-7) - tanh(-y)|, 5e-6) + 6, f2 = log max(|½(-x+3) + tanh(-y) + 2|, 5e-6) + 6, q1 = ((-x+7)² + 0.1(-y-8)²)/10 - 20,
q2 = ((-x-7)² + 0.1(-y-8)²)/10 - 20, c1 = max(tanh(y/2), 0), c2 = max(tanh(-y/2), 0); L1 = s·(f1 c1 + q1 c2), L2 = f2 c1 + q2 c2.
Adam with learning rate 1e-3. All starts run side by side in NumPy with closed forms for two tasks, each checked against exact.py first.
"""

import json

import exact
import numpy as np
from store import plain, write

STARTS = np.array([[-8.5, 7.5], [9, 9], [-7.5, -0.5], [9, -1], [-8.5, -5]])
CHECKPOINTS = (1000, 5000, 20000, 50000)
SCALES = (1.0, 0.1)
TINY = 1e-300


def problem(theta, s):
    """Losses [n, 2] and Jacobian [n, 2, 2]."""
    x, y = theta.T
    t, slope = np.tanh(y), 1 / np.cosh(y) ** 2
    u1, u2 = (-x - 7) / 2 + t, (-x + 3) / 2 - t + 2
    f = np.log(np.maximum(np.abs([u1, u2]), 5e-6)) + 6
    inverse = np.where(np.abs([u1, u2]) > 5e-6, 1 / np.array([u1, u2]), 0)
    df = np.array([[-inverse[0] / 2, inverse[0] * slope], [-inverse[1] / 2, -inverse[1] * slope]])
    q = np.array([((7 - x) ** 2 + 0.1 * (y + 8) ** 2) / 10 - 20, ((x + 7) ** 2 + 0.1 * (y + 8) ** 2) / 10 - 20])
    dq = np.array([[(x - 7) / 5, (y + 8) / 50], [(x + 7) / 5, (y + 8) / 50]])
    h = np.tanh(y / 2)
    c1, c2, dh = np.maximum(h, 0), np.maximum(-h, 0), 0.5 / np.cosh(y / 2) ** 2
    losses, jacobian = f * c1 + q * c2, df * c1 + dq * c2
    jacobian[:, 1] += f * np.where(y > 0, dh, 0) - q * np.where(y < 0, dh, 0)
    scale = np.array([s + 0 * x, 1 + 0 * x])
    return (losses * scale).T, np.moveaxis(jacobian * scale[:, None], 2, 0)


def parts(g):
    return g[:, 0, 0], g[:, 0, 1], g[:, 1, 1]


def stack(a, b):
    return np.stack([a, b], axis=1)


def mgda(g, _=None):
    a, b, c = parts(g)
    w = np.clip((c - b) / np.maximum(a + c - 2 * b, TINY), 0, 1)
    return stack(w, 1 - w)


def mgda_l2(g, _=None):
    n = np.sqrt(np.maximum(np.einsum("nii->ni", g), TINY))
    return mgda(g / (n[:, :, None] * n[:, None])) / n


def pcgrad(g, _=None):
    a, b, c = parts(g)
    b = np.minimum(b, 0)
    return stack(1 - b / np.maximum(a, TINY), 1 - b / np.maximum(c, TINY))


def imtl_g(g, _=None):
    a, b, c = parts(g)
    n, m = np.sqrt(a), np.sqrt(c)
    v = stack(c * n - b * m, a * m - b * n)  # G⁻¹ (n, m) times the determinant: (n m - b)(m, n)
    v = np.where((n * m - b)[:, None] > 1e-12 * (n * m)[:, None], stack(m, n), v)
    return v / v.sum(axis=1, keepdims=True)


def cagrad(strength):
    def weigh(g, _=None):
        a, b, c = parts(g)
        mean = g.mean(axis=2)
        slope, kappa = mean[:, 0] - mean[:, 1], strength * np.sqrt(np.maximum(mean.mean(axis=1), 0))
        # slope·w + κ√(curve·w² + 2(b - c)w + c) on [0, 1]
        curve = np.maximum(a + c - 2 * b, TINY)
        rest = np.sqrt(np.maximum(c - (b - c) ** 2 / curve, 0))
        inside = kappa**2 * curve - slope**2
        at = -slope * rest / np.sqrt(np.maximum(inside, TINY))
        w = np.clip(np.where(inside > 0, (at * np.sqrt(curve) - (b - c)) / curve, slope < 0), 0, 1)
        ww = stack(w, 1 - w)
        length = np.sqrt(np.maximum(np.einsum("ni,nij,nj->n", ww, g, ww), TINY))
        return 0.5 + (kappa / length)[:, None] * ww
    return weigh


def nash(g, _=None):
    a, b, c = parts(g)
    n, m = np.sqrt(np.maximum(a, TINY)), np.sqrt(np.maximum(c, TINY))
    root = np.sqrt(np.maximum(1 + b / (n * m), 1e-12))
    alpha = stack(1 / (n * root), 1 / (m * root))
    length = np.sqrt(np.maximum(np.einsum("ni,nij,nj->n", alpha, g, alpha), TINY))
    return alpha * np.minimum(1, 1 / length)[:, None]


def fairgrad(alpha):
    def weigh(g, _=None):
        a, b, c = parts(g)
        ridge = 1e-14 * (a + c)
        g = g + ridge[:, None, None] * np.eye(2)
        w = np.maximum(np.einsum("nii->ni", g), TINY) ** (-1 / (1 + 1 / alpha))
        for _ in range(60):
            phi = w ** (-1 / alpha)
            residual = np.einsum("nij,nj->ni", g, w) - phi
            h11, h22, h12 = g[:, 0, 0] + phi[:, 0] / w[:, 0] / alpha, g[:, 1, 1] + phi[:, 1] / w[:, 1] / alpha, g[:, 0, 1]
            step = -stack(h22 * residual[:, 0] - h12 * residual[:, 1], h11 * residual[:, 1] - h12 * residual[:, 0]) / (h11 * h22 - h12**2)[:, None]
            limit = np.min(np.where(step < 0, -0.95 * w / np.where(step < 0, step, -1), 1), axis=1)
            w = w + np.minimum(limit, 1)[:, None] * step
            if np.abs(step / w).max() < 1e-13:
                break
        return w
    return weigh


def aligned(g, _=None):
    values, vectors = np.linalg.eigh(g)
    top = values[:, 1:]
    kept = values > top * 2 * 2.0**-52
    scale = np.sqrt(np.where(kept[:, :1], values[:, :1], top))
    factor = np.where(kept, scale / np.sqrt(np.where(kept, values, 1)), 0) * vectors.sum(axis=1) / 2
    return np.einsum("nij,nj->ni", vectors, factor)


def upgrad(g, _=None):
    a, b, c = parts(g)
    b, trace = np.minimum(b, 0), a + c
    return stack(0.5 - 0.5 * b / (a + 1e-4 * trace), 0.5 - 0.5 * b / (c + 1e-4 * trace))


def dual_proj(g, _=None):
    a, b, c = parts(g)
    trace = a + c
    a, c = a + 1e-4 * trace, c + 1e-4 * trace
    return stack(0.5 + np.maximum(-(a + b) / 2, 0) / a, 0.5 + np.maximum(-(c + b) / 2, 0) / c)


def config(g, _=None):
    a, b, c = parts(g)
    v = 1 / np.sqrt(np.maximum(stack(a, c), TINY))  # u is along the sum of the unit vectors
    square = np.einsum("ni,nij,nj->n", v, g, v)
    length = np.where(square > 1e-14, np.einsum("nij,nj->n", g, v) / np.maximum(square, 1e-14), 0)
    return v * length[:, None]


class GradVac:
    def __init__(self):
        self.target = 0.0

    def __call__(self, g, _=None):
        a, b, c = parts(g)
        n, m = np.sqrt(a), np.sqrt(c)
        cosine = np.clip(b / np.maximum(n * m, TINY), -1, 1)
        low = np.sqrt(np.maximum(1 - self.target**2, 1e-15))
        change = np.where(cosine < self.target, (self.target * np.sqrt(1 - cosine**2) - cosine * low) / low, 0)
        self.target = 0.5 * self.target + 0.5 * cosine
        return stack(1 + change * m / np.maximum(n, TINY), 1 + change * n / np.maximum(m, TINY))


class PCD:
    def __init__(self, tau=0.02, beta=0.999):
        self.tau, self.beta, self.average, self.steps = tau, beta, 0.0, 0

    def __call__(self, g, _=None):
        self.steps += 1
        norms = np.einsum("nii->ni", g)
        self.average = self.beta * self.average + (1 - self.beta) * norms
        s = 1 / np.sqrt(self.average / (1 - self.beta**self.steps) + 1e-8)
        a, b, c = parts(g * s[:, :, None] * s[:, None])
        w = stack(np.ones(len(g)), np.maximum(self.tau * c - b, 0) / np.maximum(c, TINY))
        square = a + 2 * w[:, 1] * b + w[:, 1] ** 2 * c
        return w * s * np.sqrt(norms[:, 0] / np.maximum(square, TINY))[:, None]


class FAMO:
    """Minimum -21 (below both losses' least value), learning rate 0.025, no decay; the update follows the step."""

    def __init__(self):
        self.adam, self.w = Adam(0.025), 0.0

    def __call__(self, g, losses):
        self.w = self.w + np.zeros_like(losses)
        z = np.exp(self.w) / np.exp(self.w).sum(axis=1, keepdims=True)
        d = losses + 21 + 1e-8
        self.before, self.z = d, z
        return z / d / (z / d).sum(axis=1, keepdims=True)

    def after(self, losses):
        delta = np.log(self.before) - np.log(losses + 21 + 1e-8)
        slope = self.z * (delta - (self.z * delta).sum(axis=1, keepdims=True))
        self.w = self.w - self.adam(slope)


class Adam:
    def __init__(self, rate):
        self.rate, self.first, self.second, self.steps = rate, 0.0, 0.0, 0

    def __call__(self, gradient):
        self.steps += 1
        self.first = 0.9 * self.first + 0.1 * gradient
        self.second = 0.999 * self.second + 0.001 * gradient**2
        return self.rate * (self.first / (1 - 0.9**self.steps)) / (np.sqrt(self.second / (1 - 0.999**self.steps)) + 1e-8)


def equal(g, _=None):
    return np.ones(g.shape[:2])


METHODS = {
    ("Equal", ""): lambda: equal, ("MGDA", '{"normalize": "none"}'): lambda: mgda, ("MGDA", '{"normalize": "l2"}'): lambda: mgda_l2,
    ("PCGrad", ""): lambda: pcgrad, ("GradVac", '{"beta": 0.5}'): GradVac, ("IMTLG", ""): lambda: imtl_g,
    ("CAGrad", '{"c": 0.4}'): lambda: cagrad(0.4), ("CAGrad", '{"c": 0.5}'): lambda: cagrad(0.5), ("NashMTL", '{"max_norm": 1}'): lambda: nash,
    ("FairGrad", '{"alpha": 1}'): lambda: fairgrad(1.0), ("FairGrad", '{"alpha": 2}'): lambda: fairgrad(2.0),
    ("AlignedMTL", '{"mode": "min"}'): lambda: aligned, ("UPGrad", '{"ridge": 0.0001}'): lambda: upgrad,
    ("DualProj", '{"ridge": 0.0001}'): lambda: dual_proj, ("ConFIG", ""): lambda: config, ("PCD", '{"tau": 0.02, "beta": 0.999}'): PCD,
    ("FAMO", '{"minimum": -21, "rate": 0.025, "weight_decay": 0}'): FAMO,
}


def check():
    """The closed forms against exact.py, on random gradients; the problem against published values and differences."""
    rng = np.random.default_rng(3)
    for jacobian in rng.normal(size=(20, 2, 2)) * rng.uniform(0.1, 10, (20, 2, 1)):
        gram, g = exact.Gram(jacobian), (jacobian @ jacobian.T)[None]
        norms = [float(v) for v in gram.norms]
        alpha = exact.fair(gram, 1)
        length = exact.mp.sqrt(exact.mp.fsum(v * v for v in gram.direction(alpha)))
        order, zero = [[0, 1]] * 2, [[exact.mp.mpf(0)] * 2 for _ in range(2)]
        for own, other in (
                (mgda, exact.mgda(gram)), (mgda_l2, [a / b for a, b in zip(exact.mgda(gram, norms), norms)]), (pcgrad, exact.pcgrad(gram, order)),
                (GradVac(), exact.gradvac(gram, order, zero)), (imtl_g, exact.imtl_g(gram)), (cagrad(0.5), exact.cagrad(gram, 0.5)[0]),
                (nash, [v * min(1, 1 / length) for v in alpha]), (fairgrad(2.0), exact.fair(gram, 2)), (aligned, exact.aligned(gram, "min")),
                (upgrad, exact.upgrad(gram, 1e-4)), (dual_proj, exact.dual_proj(gram, 1e-4)), (config, exact.config(gram)),
                (PCD(), exact.pcd(gram, [0.02], 1 / np.sqrt(np.array(norms) ** 2 + 1e-8))[0])):
            if not np.allclose(own(g)[0], plain(other), rtol=1e-7):
                raise AssertionError(f"{own}: {own(g)[0]} is not {plain(other)}")
    losses, jacobian = problem(STARTS, 1.0)
    if not np.allclose(losses[0], [6.55236, 7.90080], atol=1e-5) or not np.allclose(jacobian[2], [[-0.71026, -0.70940], [-0.02449, 9.16076]], atol=1e-5):
        raise AssertionError("the problem's values are not those of the papers' code")
    for k in range(2):
        step = np.eye(2)[k] * 1e-6
        if not np.allclose((problem(STARTS + step, 0.1)[0] - problem(STARTS - step, 0.1)[0]) / 2e-6, jacobian[:, :, k] * [0.1, 1], rtol=1e-5, atol=1e-6):
            raise AssertionError("the Jacobian is not the slope of the losses")


def run(make, s, starts):
    theta, method, adam, seen = starts.copy(), make(), Adam(1e-3), []
    for step in range(1, CHECKPOINTS[-1] + 1):
        losses, jacobian = problem(theta, s)
        w = method(jacobian @ jacobian.transpose(0, 2, 1), losses)
        theta = theta - adam(np.einsum("ni,nij->nj", w, jacobian))
        if hasattr(method, "after"):
            method.after(problem(theta, s)[0])
        if step in CHECKPOINTS:
            seen.append((theta.copy(), problem(theta, s)[0]))
    return seen


check()
cases, n = [], len(STARTS)
nudged = np.concatenate([STARTS + nudge for _ in SCALES for nudge in (0, 1e-9, -1e-9)])
scale = np.repeat(SCALES, 3 * n)
for (name, params), make in METHODS.items():
    seen = run(make, scale, nudged)
    for i in (k * 3 * n + j for k in range(len(SCALES)) for j in range(n)):
        moved = [max(np.abs(t[i + n] - t[i]).max(), np.abs(t[i + 2 * n] - t[i]).max()) for t, _ in seen]
        cases.append({"method": name, "params": json.loads(params or "{}"), "scale": scale[i], "start": nudged[i],
                      "points": [t[i] for t, _ in seen], "losses": [v[i] for _, v in seen], "moved": [float(f"{m:.1e}") for m in moved]})
    print(f"{name} {params}", flush=True)
ABOUT = {"source": "benchmarks/oracles/weighting/toy.py", "fields": "benchmarks/oracles/weighting/README.md", "optimizer": "Adam, learning rate 1e-3, epsilon 1e-8",
         "steps": CHECKPOINTS}
write("toy.json", ABOUT, cases)
