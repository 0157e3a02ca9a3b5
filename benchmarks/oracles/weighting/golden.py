"""Writes golden.json: weights and combined gradient of every stateless method (and the first step of the others) on matrices.json.

The values are exact (exact.py); beside them stands how far TorchJD and LibMTL are from them. README.md says what the fields mean.
"""

import warnings

import exact
import libmtl
import mpmath as mp
import numpy as np
import torch
from exact import EPS32, EPS64, Gram
from orders import fixed_orders
from store import read, write
from torchjd._linalg import QuadprogProjector
from torchjd import aggregation as jd

warnings.filterwarnings("ignore")
TORCHJD = "TorchJD 0.18.0"
cases = []


class Case:
    """One matrix, with the Gramian as float32 and float64 see it: exact plus a random semidefinite error of one rounding."""

    def __init__(self, case):
        self.case, self.j = case, np.array(case["jacobian"], np.float64)
        self.tasks, self.losses, self.preference = len(self.j), np.array(case["losses"], float), np.array(case["preference"], float)
        self.gram = Gram(self.j)
        rng = np.random.default_rng(len(cases))
        norms = np.linalg.norm(self.j, axis=1, keepdims=True)
        noise = rng.normal(size=(self.tasks, self.tasks)) / np.sqrt(self.tasks) * norms
        self.rounded = {"float32": (Gram(np.hstack([self.j, 2.0**-12 * noise])), EPS32),
                        "float64": (Gram(np.hstack([self.j, 2.0**-26.5 * noise])), EPS64)}
        self.g = torch.tensor(self.j @ self.j.T)

    def length(self, v):
        return float(mp.sqrt(mp.fsum(a * a for a in v)))

    def add(self, method, params, weights, peers=None, kkt=None, unique=True, steady=True, **extra):
        """weights(gram, eps) gives the tasks' weights; peers: functions without arguments that give weights, or (None, direction)."""
        w = weights(self.gram, EPS64)
        if w is None:
            return
        direction = self.gram.direction(w)
        scale = float(mp.fsum(abs(a) * n for a, n in zip(w, self.gram.norms))) or 1.0
        record = {"matrix": self.case["name"], "method": method, "params": params, "weights": w, "direction": direction,
                  "unique": unique(w) if callable(unique) else unique, "source": "exact", **extra}
        if kkt:
            record["kkt"] = float(f"{kkt([mp.mpf(float(v)) for v in w]):.1e}")
        if steady and (any(w) or self.gram.trace == 0):
            for name, (gram, eps) in self.rounded.items():
                other = weights(gram, eps)
                moved = np.nan if other is None else self.length([a - b for a, b in zip(self.gram.direction(other), direction)]) / scale
                record[name] = float(f"{moved:.1e}") if np.isfinite(moved) else None
        record["peers"] = {name: self.compare(peer, w, direction, scale) for name, peer in (peers or {}).items()}
        cases.append(record)

    def compare(self, peer, w, direction, scale):
        try:
            weights, found = peer()
        except Exception as e:  # a peer that fails on a matrix is a finding, not an error
            return {"error": f"{type(e).__name__}: {str(e)[:80]}"}
        value = {} if weights is None else {"weights": np.asarray(weights, np.float64)}
        found = value["weights"] @ self.j if found is None else np.asarray(found, np.float64)
        if not np.isfinite(found).all():
            return {"error": "not finite"}
        off = self.length([a - b for a, b in zip(found, direction)]) / scale
        report = {"off": float(f"{off:.1e}")}
        if value:
            largest = max(map(abs, w)) or 1
            report["off_weights"] = float(f"{float(max(abs(a - b) for a, b in zip(value['weights'], w)) / largest):.1e}")
        return report if off < 1e-6 else report | (value or {"direction": found})

    def torchjd(self, weighting):
        return {TORCHJD: lambda: (weighting(self.g).numpy(), None)}

    def libmtl(self, method, scale=1.0, **options):
        def run():
            _, found = libmtl.linear(method, *self.j.shape).combine(self.j, self.losses, **options)
            return None, found * scale
        return {libmtl.SOURCE: run}


def short(g, w, floor=None):
    """How much MGDA's conditions fail: (Gw)_t >= wᵀGw, with equality where w_t is above its floor."""
    gw = [mp.fsum(exact.real(g[i][j]) * w[j] for j in range(len(w))) for i in range(len(w))]
    free = [v - f for v, f in zip(w, floor or [0] * len(w))]
    rest = mp.fsum(free) or 1
    value = mp.fsum(f * v for f, v in zip(free, gw)) / rest
    scale = [mp.sqrt(exact.real(g[i][i])) for i in range(len(w))]
    size = mp.fsum(abs(v) * s for v, s in zip(w, scale)) or 1
    return float(max(max((value - v) / (s or 1), f * abs(v - value) / (s or 1)) / size for v, s, f in zip(gw, scale, free)))


def bargain(gram, alpha, ridge, w):
    """How much Gw = w^(-1/alpha) fails, relative to the right-hand side."""
    worst = mp.mpf(0)
    for i in range(gram.tasks):
        left = mp.fsum(exact.real(gram.g[i][j]) * w[j] for j in range(gram.tasks)) + ridge * exact.real(gram.trace) * w[i]
        size = mp.fsum(abs(exact.real(gram.g[i][j])) * w[j] for j in range(gram.tasks))
        right = w[i] ** (-1 / mp.mpf(alpha))
        worst = max(worst, abs(left - right) / (size + right))
    return float(worst)


def cone(m, u, v):
    """How much v >= u, Mv >= 0, (v - u)·Mv = 0 fails, relative to the rows' lengths."""
    mv = [mp.fsum(exact.real(m[i, j]) * v[j] for j in range(len(v))) for i in range(len(v))]
    scale = [mp.sqrt(exact.real(m[i, i])) for i in range(len(v))]
    size = mp.fsum(abs(a) * s for a, s in zip(v, scale)) or 1
    return float(max(abs(min((a - b) * s, c / (s or 1))) / size for a, b, c, s in zip(v, u, mv, scale)))


def average(case):
    n = case.tasks
    case.add("Equal", {"mean": False}, lambda g, e: [mp.mpf(1)] * n, {TORCHJD: lambda: (None, jd.Sum()(torch.tensor(case.j)))})
    case.add("Equal", {"mean": True}, lambda g, e: [mp.mpf(1) / n] * n, {TORCHJD: lambda: (None, jd.Mean()(torch.tensor(case.j)))})
    z = np.random.default_rng(n).normal(size=n)
    soft = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
    case.add("Random", {"normals": z}, lambda g, e: [mp.mpf(v) for v in soft], steady=False)


def shortest(case):
    g, norms = case.gram, [float(v) for v in case.gram.norms]
    peers = case.torchjd(jd.MGDAWeighting()) | case.libmtl("MGDA", mgda_gn="none")
    case.add("MGDA", {"normalize": "none"}, lambda g, e: exact.mgda(g), peers, lambda w: short(g.g, w), lambda w: exact.affinely_independent(g, w))
    divisors = {"l2": norms, "loss": case.losses.tolist(), "loss+": [a * b for a, b in zip(case.losses.tolist(), norms)]}
    for name, d in divisors.items():
        if min(d) == 0:
            continue
        w = exact.mgda(g, d)
        own = [exact.real(v) for v in w]
        # the divisors stay those of the exact rows: they are data here
        case.add("MGDA", {"normalize": name}, lambda g, e, d=d: [a / mp.mpf(b) for a, b in zip(exact.mgda(g, d), d)], case.libmtl("MGDA", mgda_gn=name),
                 unique=name != "none" and exact.affinely_independent(Gram(case.j / np.array(d)[:, None]), own), simplex=own, kkt=lambda w, d=d: short(
                     exact.rescaled(g, d).tolist(), [a * mp.mpf(b) for a, b in zip(w, d)]))
    least = (case.preference / 2).tolist()
    case.add("MGDA", {"minimum": least}, lambda g, e: exact.mgda_minimum(g, least), kkt=lambda w: short(g.g, w, least),
             unique=lambda w: exact.affinely_independent(g, exact.mgda(g)))


def projected(case):
    n, p = case.tasks, case.preference
    orders = [[list(range(n))] * n, [list(np.random.default_rng(n).permutation(n))] * n,
              [list(np.random.default_rng([n, t]).permutation(n)) for t in range(n)]]
    for k, order in enumerate(orders):
        run = lambda method, **o: fixed_orders(order, method)
        peers = {TORCHJD: lambda: (run(lambda: jd.PCGradWeighting()(case.g)).numpy(), None)}
        peers |= {libmtl.SOURCE: lambda: (None, run(lambda: libmtl.linear("PCGrad", *case.j.shape).combine(case.j, case.losses)[1]))}
        case.add("PCGrad", {"orders": order} if k == 2 else {"order": order[0]}, lambda g, e: exact.pcgrad(g, order), peers)
        if k == 1:
            continue
        for eps in (1e-8, 0.0):
            peers = {TORCHJD: lambda: (run(lambda: jd.GradVacWeighting(eps=eps)(case.g)).numpy(), None)}
            options = {"GradVac_beta": 0.5, "GradVac_group_type": 0}
            if eps:
                peers[libmtl.SOURCE] = lambda: (None, run(lambda: libmtl.linear("GradVac", *case.j.shape).combine(case.j, case.losses, **options)[1]))
            case.add("GradVac", {"beta": 0.5, "eps": eps} | ({"orders": order} if k == 2 else {"order": order[0]}),
                     lambda g, e: exact.gradvac(g, order, [[mp.mpf(0)] * n for _ in range(n)], eps=eps), peers)
    for ridge in (1e-4, 0.0):
        for preference in (None, p.tolist()):
            if ridge == 0 and preference:
                continue
            projector = QuadprogProjector(reg_eps=ridge)
            vector = None if preference is None else torch.tensor(p)
            params = {"ridge": ridge} | ({"preference": preference} if preference else {})
            m = exact.regular(case.gram, ridge)
            u = [mp.mpf(v) for v in preference] if preference else [mp.mpf(1) / n] * n
            unique = ridge > 0 or case.case["rank"] == n
            case.add("UPGrad", params, lambda g, e: exact.upgrad(g, ridge, preference), case.torchjd(jd.UPGradWeighting(vector, projector)), unique=unique)
            case.add("DualProj", params, lambda g, e: exact.dual_proj(g, ridge, preference), case.torchjd(jd.DualProjWeighting(vector, projector)),
                     kkt=lambda w: cone(m, u, w), unique=unique)


def averse(case):
    full = case.case["rank"] == case.tasks
    for c in (0.2, 0.4, 0.5, 1.0, 2.0):
        peers = case.torchjd(jd.CAGradWeighting(c)) | case.libmtl("CAGrad", calpha=c, rescale=0)
        case.add("CAGrad", {"c": c}, lambda g, e: exact.cagrad(g, c)[0], peers, unique=full, relative_length=float(exact.cagrad(case.gram, c)[1]))
    preference = case.preference.tolist()
    case.add("CAGrad", {"c": 0.5, "preference": preference}, lambda g, e: exact.cagrad(g, 0.5, preference)[0], unique=full,
             relative_length=float(exact.cagrad(case.gram, 0.5, preference)[1]))


def bargained(case):
    g = case.gram
    for alpha in (0.5, 1.0, 2.0):
        peers = case.torchjd(jd.FairGradWeighting(alpha))
        case.add("FairGrad", {"alpha": alpha}, lambda g, e: exact.fair(g, alpha), peers, lambda w: bargain(g, alpha, 0, w))
        if g.stationary:
            case.add("FairGrad", {"alpha": alpha, "ridge": 1e-6}, lambda g, e: exact.fair(g, alpha, 1e-6), kkt=lambda w: bargain(g, alpha, mp.mpf(1e-6), w))

    def clipped(found, norm):
        if found is None:
            return None
        length = mp.sqrt(mp.fsum(v * v for v in g.direction(found)))
        return [v * min(1, norm / length) if norm and length else v for v in found]

    for norm in (1.0, 0.0):
        peers = {TORCHJD: lambda: (jd.NashMTL(case.tasks, norm).weighting(torch.tensor(case.j)).numpy(), None)}
        case.add("NashMTL", {"max_norm": norm}, lambda g, e: clipped(exact.fair(g, 1), norm), peers)
    if g.stationary:
        case.add("NashMTL", {"max_norm": 0.0, "ridge": 1e-6}, lambda g, e: exact.fair(g, 1, 1e-6))


def spectral(case):
    for mode in ("min", "median", "rmse"):
        peers = case.torchjd(jd.AlignedMTLWeighting(scale_mode=mode)) | (case.libmtl("Aligned_MTL", 1 / case.tasks) if mode == "min" else {})
        case.add("AlignedMTL", {"mode": mode}, lambda g, e: exact.aligned(g, mode, eps=e), peers)
    preference = case.preference.tolist()
    peers = case.torchjd(jd.AlignedMTLWeighting(torch.tensor(case.preference)))
    case.add("AlignedMTL", {"mode": "min", "preference": preference}, lambda g, e: exact.aligned(g, "min", preference, e), peers)
    peers = case.torchjd(jd.IMTLGWeighting()) | case.libmtl("IMTL")
    case.add("IMTLG", {}, lambda g, e: exact.imtl_g(g, e), peers)
    case.add("ConFIG", {}, lambda g, e: exact.config(g, eps=e), {TORCHJD: lambda: (None, jd.ConFIG()(torch.tensor(case.j)))})
    case.add("ConFIG", {"preference": preference}, lambda g, e: exact.config(g, preference, e),
             {TORCHJD: lambda: (None, jd.ConFIG(torch.tensor(case.preference))(torch.tensor(case.j)))})


def robust(case):
    n = case.tasks
    for selected in {1, n // 2} if n > 3 else ():
        margin = float(exact.krum(case.gram, 1, selected)[1])
        case.add("Krum", {"byzantine": 1, "selected": selected}, lambda g, e: exact.krum(g, 1, selected)[0], case.torchjd(jd.KrumWeighting(1, selected)),
                 unique=margin > 1e-12, steady=margin > 1e-6, margin=margin)
    for tau in (0.02, 0.3, np.linspace(0.1, 0.6, n - 1).tolist()):
        taus = [tau] * (n - 1) if isinstance(tau, float) else tau
        scales = 1 / np.sqrt(np.diag(case.g.numpy()) + 1e-8)
        weighting = jd.PCDWeighting(tau if isinstance(tau, float) else torch.tensor(tau))
        case.add("PCD", {"tau": tau, "beta": 0.999, "eps": 1e-8}, lambda g, e: exact.pcd(g, taus, scales)[0], case.torchjd(weighting),
                 steady=exact.pcd(case.gram, taus, scales)[1], feasible=exact.pcd(case.gram, taus, scales)[1])


def coordinatewise(case):
    """Methods that give no weights: TorchJD's value, and the distance of one line of NumPy from it."""
    j, n = case.j, case.tasks
    scale = np.linalg.norm(j, axis=1).sum() or 1.0

    def add(method, params, peer, own):
        found = peer.numpy()
        cases.append({"matrix": case.case["name"], "method": method, "params": params, "direction": found, "source": TORCHJD,
                      "off_numpy": float(f"{np.linalg.norm(found - own) / scale:.1e}")})

    for trim in range(1, min(3, (n + 1) // 2)):
        add("TrimmedMean", {"trim": trim}, jd.TrimmedMean(trim)(torch.tensor(j)), np.sort(j, axis=0)[trim : n - trim].mean(axis=0))
    u = np.random.default_rng(n).random(j.shape[1])
    for leak in (None, case.preference):
        kept = torch.rand
        torch.rand = lambda shape, **_: torch.tensor(u)
        found = jd.GradDrop(leak=None if leak is None else torch.tensor(leak))(torch.tensor(j))
        torch.rand = kept
        share = leak if leak is not None else np.zeros(n)
        total = np.abs(j).sum(axis=0)
        purity = np.where(total > 0, 0.5 * (1 + j.sum(axis=0) / np.where(total > 0, total, 1)), 0.5)
        keep = np.where(j > 0, purity > u, purity < u)
        add("GradDrop", {"uniforms": u, "leak": share}, found, ((share[:, None] + (1 - share[:, None]) * keep) * j).sum(axis=0))


for matrix in read("matrices.json"):
    case = Case(matrix)
    for family in (average, shortest, projected, averse, bargained, spectral, robust, coordinatewise):
        family(case)
    print(f"{len(cases):5} {matrix['name']}", flush=True)

ABOUT = {
    "source": "benchmarks/oracles/weighting/golden.py", "torchjd": "0.18.0", "libmtl": "4336804847eaa5e0b924b743d76beec7ac3fdc97",
    "fields": "benchmarks/oracles/weighting/README.md"}
write("golden.json", ABOUT, cases)
