"""Writes mtl/pareto/testdata/reference.json: hypervolumes and fronts by moocore, Sobol points and Student-t intervals by SciPy.

All objectives are minimised. Points are multiples of 1/64, so that the volume, counted cell by cell in integers here as well, is exact.
"""

from itertools import product

import moocore
import numpy as np
from scipy import stats
from store import write

UNIT = 64
rng = np.random.default_rng(11)


def front(points):
    """Indices of the points that no other dominates (nowhere worse, somewhere better). Equal points do not dominate each other."""
    return [i for i, p in enumerate(points) if not any((q <= p).all() and (q < p).any() for q in points)]


def volume(points, reference):
    """The dominated volume in integers: every cell between the coordinates that occur counts where some point lies below it."""
    below = [p for p in points if (p < reference).all()]
    if not below:
        return 0
    edges = [sorted({*(int(p[k]) for p in below), int(reference[k])}) for k in range(len(reference))]
    total = 0
    for corner in product(*[range(len(e) - 1) for e in edges]):
        low = np.array([e[c] for e, c in zip(edges, corner)])
        if any((p <= low).all() for p in below):
            total += int(np.prod([e[c + 1] - e[c] for e, c in zip(edges, corner)], dtype=np.int64))
    return total


def case(name, points, reference):
    """points and reference in units of 1/64."""
    points, reference = np.asarray(points, np.int64).reshape(-1, len(reference)), np.asarray(reference, np.int64)
    hypervolume, indices = volume(points, reference) / UNIT ** len(reference), front(points)
    assert np.isclose(hypervolume, moocore.hypervolume(points / UNIT, ref=reference / UNIT), rtol=1e-12, atol=0), name
    assert len(points) == 0 or indices == np.flatnonzero(moocore.is_nondominated(points / UNIT, keep_weakly=True)).tolist(), name
    return {"name": name, "reference": reference / UNIT, "points": points / UNIT, "front": indices, "hypervolume": hypervolume}


def cloud(n, d):
    return rng.integers(0, UNIT + 1, (n, d))


def shell(n, d):
    """Near the sphere around (1, 1, ...): most are on the front."""
    direction = np.abs(rng.standard_normal((n, d)))
    return np.round(UNIT * (1 - direction / np.linalg.norm(direction, axis=1, keepdims=True)))


cases = [
    case("nothing", [], [64, 64]),
    case("one point", [[16, 32]], [64, 64]),
    case("none below the reference", [[64, 0], [0, 64], [70, 70]], [64, 64]),
    case("one outside, still on the front", [[16, 32], [-32, 80], [80, -64]], [64, 64]),
    case("equal points and ties", [[8, 40], [8, 40], [8, 48], [24, 40], [24, 16], [30, 16]], [64, 64]),
    case("negative losses", [[-1280, -26], [-966, -966], [-26, -1280], [-900, -900]], [0, 0]),
]
for d in (2, 3, 4):
    n = {2: 24, 3: 16, 4: 11}[d]
    cases += [
        case(f"cloud, {d} objectives", cloud(n, d), [64] * d),
        case(f"cloud, {d} objectives, some outside the reference", cloud(n, d), [40, 48, 56, 64][:d]),
        case(f"shell, {d} objectives", shell(n, d), [72] * d),
        case(f"shell, {d} objectives, with ties and repeats", np.concatenate([s := np.round(shell(n // 2, d) / 16) * 16, s[:2], shell(n // 3, d)]), [64] * d),
    ]

# A sample's mean and its 95 % interval.
samples = [
    [0.9665, 0.9613, 0.9702],
    [1.25, 1.25, 1.25],
    [-3.5, 7.25],
    [0.1, 0.4, 0.2, 0.9, 0.3],
    (rng.integers(-999, 1000, 30) / 100).tolist(),
]
intervals = []
for sample in samples:
    mean, error = np.mean(sample), stats.sem(sample)
    low, high = stats.t.interval(0.95, len(sample) - 1, loc=mean, scale=error) if error > 0 else (mean, mean)
    intervals.append({"sample": sample, "mean": mean, "low": low, "high": high})

sobol = stats.qmc.Sobol(8, scramble=False)
first = sobol.random(32)
later = sobol.fast_forward(1000 - 32).random(4)

write("pareto/testdata/reference.json", {
    "about": {"source": "benchmarks/oracles/sweep/pareto.py", "fields": "benchmarks/oracles/sweep/README.md", "moocore": "0.3.2", "scipy": "1.17.1"},
    "cases": cases,
    "sobol": first,
    "sobol_from_1000": later,
    "intervals": intervals,
    "quantiles": [{"freedom": f, "quantile": stats.t.ppf(0.975, f)} for f in (1, 2, 3, 4, 5, 9, 29, 99, 999)],
})
