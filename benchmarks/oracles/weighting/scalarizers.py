"""Writes scalarizers.json: value and gradient of every loss-only method, by TorchJD where it has it, else by LibMTL.

Every value and gradient is also computed from the formula in README.md by NumPy; the script stops where the two differ.
"""

import contextlib
import io

import libmtl
import numpy as np
import torch
from store import write
from torchjd import scalarization as jd

torch.set_default_dtype(torch.float64)
TORCHJD = "TorchJD 0.18.0"
LOSSES = [[1, 2, 4], [2, 2, 2], [0.75], [0.125, 8], [1e-4, 3, 200, 0.5], [1e-8, 1e6, 1], [0.5, 0.25, 1.5, 3, 0.125, 6, 2.5, 1]]
rng = np.random.default_rng(9)
cases = []


def near(a, b, what):
    a, b = np.asarray(a, float), np.asarray(b, float)
    if not np.allclose(a, b, rtol=1e-9, atol=1e-12 * (1 + np.abs(b).max())):
        raise AssertionError(f"{what}: {a} is not {b}")


def add(method, params, losses, peer, formula, source=TORCHJD, learnt=None):
    """peer(L, parameter) -> value, differentiated here; formula(L) -> value, gradient[, gradient of the learnt parameter]."""
    values = torch.tensor(losses, requires_grad=True)
    parameter = None if learnt is None else torch.tensor(learnt, requires_grad=True)
    value = peer(values) if learnt is None else peer(values, parameter)
    found = torch.autograd.grad(value, [values] if learnt is None else [values, parameter])
    own = formula(losses)
    for a, b in zip((value.item(), *found), own):
        near(a, b, (method, params, losses))
    record = {"method": method, "params": params, "losses": losses, "value": value, "gradient": found[0], "source": source}
    cases.append(record if learnt is None else record | {"parameter_gradient": found[1]})


def with_parameter(scalarizer, name):
    """Calls a scalarizer with its learnt parameter replaced by a tensor."""
    return lambda values, parameter: torch.func.functional_call(scalarizer, {name: parameter}, (values,))


def softmax(v):
    e = np.exp(v - np.max(v))
    return e / e.sum()


for raw in LOSSES:
    losses, n = np.array(raw, float), len(raw)
    ones = np.ones(n)
    share = rng.integers(1, 9, n).astype(float)
    share /= share.sum()
    s, logits, normals = (np.round(rng.normal(size=n), 3) for _ in range(3))
    low = np.round(losses * 0.25, 9)

    add("Equal", {"mean": False}, losses, jd.Sum(), lambda l: (l.sum(), ones))
    add("Equal", {"mean": True}, losses, jd.Mean(), lambda l: (l.mean(), ones / n))
    add("Fixed", {"weights": share}, losses, jd.Constant(torch.tensor(share)), lambda l: (share @ l, share))
    z = softmax(normals)
    add("RLW", {"normals": normals}, losses, lambda v: (torch.softmax(torch.tensor(normals), 0) * v).sum(), lambda l: (z @ l, z), "formula")
    add("GLS", {}, losses, jd.GeometricMean(), lambda l: (np.prod(l) ** (1 / n), np.prod(l) ** (1 / n) / (n * l)))
    add("ScaleInvariant", {"offset": 0}, losses, lambda v: v.log().sum(), lambda l: (np.log(l).sum(), 1 / l), "formula")
    add("ScaleInvariant", {"offset": 1}, losses, lambda v: (1 + v).log().sum(), lambda l: (np.log1p(l).sum(), 1 / (1 + l)), "formula")

    for start in (np.zeros(n), s):
        e = np.exp(-start)
        add("Uncertainty", {"s": start, "half": True}, losses, with_parameter(jd.UW(n), "log_var"),
            lambda l: ((l * e / 2 + start / 2).sum(), e / 2, (1 - l * e) / 2), learnt=start)
        add("Uncertainty", {"s": start, "half": False}, losses, lambda v, p: (v * torch.exp(-p) + p / 2).sum(),
            lambda l: ((l * e + start / 2).sum(), e, 0.5 - l * e), "formula", learnt=start)
        add("IMTLL", {"s": start}, losses, with_parameter(jd.IMTLL(n), "log_scale"),
            lambda l: ((l / e - start).sum(), 1 / e, l / e - 1), learnt=start)

    for mu in (1.0, 0.1, 0.01):
        for weights, reference in ((None, None), (share, low)):
            w, r = (ones / n, 0 * ones) if weights is None else (weights, reference)
            y = lambda l: w * (l - r)
            add("STCH", {"mu": mu, "weights": weights, "reference": reference}, losses,
                jd.STCH(mu, *(None if v is None else torch.tensor(v) for v in (weights, reference))),
                lambda l: (mu * np.log(np.exp((y(l) - y(l).max()) / mu).sum()) + y(l).max(), w * softmax(y(l) / mu)))
        nadir = np.round(losses * rng.uniform(0.5, 2, n), 9)

        def log_nadir(v, mu=mu, nadir=nadir):
            model = libmtl.linear("STCH", n, n)
            model.nadir_vector, model.epoch = torch.tensor(nadir), 9
            with contextlib.redirect_stdout(io.StringIO()):
                _, gradient = model.combine(np.eye(n), v.detach().numpy(), STCH_mu=mu, STCH_warmup_epoch=4)
            # LibMTL gives a gradient alone (its value lacks the largest term): pass it through autograd
            ratio = v / torch.tensor(nadir)
            value = n * mu * torch.logsumexp(torch.log(ratio) / mu, 0)
            return value.detach() + (v - v.detach()) @ torch.tensor(gradient)

        ell = np.log(losses / nadir)
        add("STCHLogNadir", {"mu": mu, "nadir": nadir}, losses, log_nadir,
            lambda l: (n * mu * (np.log(np.exp((ell - ell.max()) / mu).sum()) + ell.max() / mu), n * softmax(ell / mu) / l), libmtl.SOURCE + ", value by formula")

    for w, least in ((np.zeros(n), np.zeros(n)), (logits, low)):
        z, d = softmax(w), losses - least + 1e-8
        famo = jd.FAMO(n, torch.tensor(least))
        with torch.no_grad():
            famo._w.copy_(torch.tensor(w))
        add("FAMO", {"logits": w, "minimum": least}, losses, famo, lambda l: ((z * np.log(d)).sum() / (z / d).sum(), z / d / (z / d).sum()))

    for theta in (0.0, 5.0):
        for reference in (None, low):
            f = losses if reference is None else losses - reference
            unit = share / np.linalg.norm(share)
            d1 = f @ unit
            d2 = np.sqrt(((f - d1 * unit) ** 2).sum() + 1e-12)
            add("PBI", {"theta": theta, "weights": share, "reference": reference, "eps": 1e-12}, losses,
                jd.PBI(theta, torch.tensor(share), None if reference is None else torch.tensor(reference)),
                lambda l: (d1 + theta * d2, unit + theta * (f - d1 * unit) / d2))
    for lam in (0.0, 0.01, 2.0, 8.0):
        size, length = np.linalg.norm(losses), np.linalg.norm(share)
        cosine = share @ losses / (size * length)
        add("COSMOS", {"lambda": lam, "weights": share}, losses, jd.COSMOS(lam, torch.tensor(share)),
            lambda l: (share @ l - lam * cosine, share - lam * (share / (size * length) - cosine * l / size**2)))

    before, last = losses * rng.uniform(0.8, 1.6, (2, n))
    for temperature in (2.0, 0.5):
        dwa = jd.DWA(temperature)
        for average in (before, last):
            dwa(torch.tensor(average))
            dwa.step()
        w = n * softmax(last / before / temperature)
        add("DWA", {"temperature": temperature, "before": before, "last": last}, losses, dwa, lambda l: (w @ l, w))

ABOUT = {"source": "benchmarks/oracles/weighting/scalarizers.py", "torchjd": "0.18.0", "libmtl": "4336804847eaa5e0b924b743d76beec7ac3fdc97",
         "fields": "benchmarks/oracles/weighting/README.md"}
write("scalarizers.json", ABOUT, cases)
