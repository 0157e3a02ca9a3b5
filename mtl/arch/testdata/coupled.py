"""Writes coupled.json: representations, regularisation and gradients of a training step of SoftSharing, CrossStitch, NDDR, MTAN, LTB, ESMM, AITM, Calibrated and DBMTL
by PyTorch in float64, written from the papers' formulas, one task at a time.

    python coupled.py

Document: inputs [6, 4], and cases with inputs of their own where they differ, variables {path: value}, representations [task][6, ...], readout [task][width],
regularisation (a number) and gradients {path: value} of sum_t mean_batch(flatten(h_t) . readout_t) + regularisation. Tasks are "a", "b" and "c".
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

rng = np.random.default_rng(8)
TASKS = ["a", "b", "c"]
BATCH, IN = 6, 4


def draw(*shape, scale=0.7):
    rounded = np.round(rng.normal(0, scale, shape), 3).astype(np.float32)
    return torch.from_numpy(rounded.astype(np.float64))


ROWS = draw(BATCH, IN, scale=1.0)
PICTURES = draw(BATCH, 6, 5, 2, scale=1.0)


class Case:
    """The variables of a case, drawn when first used."""

    def __init__(self):
        self.variables = {}
        self.regularisation = torch.zeros((), dtype=torch.float64)

    def get(self, path, *shape, scale=0.7):
        if path not in self.variables:
            self.variables[path] = draw(*shape, scale=scale).requires_grad_()
        return self.variables[path]

    def affine(self, at, x, width, bias=True):
        y = x @ self.get(at + "/dense/weights", x.shape[-1], width)
        return y + self.get(at + "/dense/biases", width) if bias else y

    def dense(self, at, x, width):
        """arch.Dense{Widths: {width}} on rows."""
        return torch.relu(self.affine(at + "/layer_0", x, width))

    def convolve(self, at, x, width, stride, bias=True):
        """3x3 convolution with a zero around the map [batch, height, width, channels]."""
        kernel = self.get(at + "/conv/weights", 3, 3, x.shape[-1], width).permute(3, 2, 0, 1)
        biases = self.get(at + "/conv/biases", width) if bias else None
        return F.conv2d(x.permute(0, 3, 1, 2), kernel, biases, stride, padding=1).permute(0, 2, 3, 1)

    def conv(self, at, x, width, stride=1):
        """arch.Conv{Stages: {{width, stride}}}."""
        return torch.relu(self.convolve(at + "/stage_0/block_0", x, width, stride))

    def norm(self, at, x):
        """Batch normalisation in training."""
        at += "/batch_normalization"
        rows = x.reshape(-1, x.shape[-1])
        y = F.batch_norm(rows, None, None, self.get(at + "/scale", x.shape[-1]), self.get(at + "/offset", x.shape[-1]), True, eps=1e-3)
        return y.reshape(x.shape)


def soft_sharing(c, x, trace_norm):
    h = [c.dense(f"/shared/tower_{t}", x, 3) for t in TASKS]
    for name in ["weights", "biases"]:
        w = torch.stack([c.variables[f"/shared/tower_{t}/layer_0/dense/{name}"].flatten() for t in TASKS])
        if trace_norm:
            c.regularisation = c.regularisation + 0.5 * torch.linalg.svdvals(w).sum()
        else:
            for i in range(3):
                for j in range(i):
                    c.regularisation = c.regularisation + 0.5 * ((w[i] - w[j]) ** 2).sum()
    return h


def cross_stitch(c, x, build, per_channel):
    h = [x] * 3
    for level in range(2):
        made = [build(c, f"/shared/tower_{t}/stage_{level}", h[i], level) for i, t in enumerate(TASKS)]
        dims = [3, 3, made[0].shape[-1]] if per_channel else [3, 3]
        alpha = c.get(f"/shared/stitch_{level}/alpha", *dims)
        h = [sum(alpha[i, j] * made[j] for j in range(3)) for i in range(3)]
    return h


def nddr(c, x, build, activation=torch.relu):
    h = [x] * 3
    for level in range(2):
        made = [build(c, f"/shared/tower_{t}/stage_{level}", h[i], level) for i, t in enumerate(TASKS)]
        channels = made[0].shape[-1]
        w = c.get(f"/shared/nddr_{level}/weights", 3, 3, channels, channels)
        joined = torch.cat(made, -1)
        h = [activation(c.norm(f"/shared/nddr_{level}/{t}", joined @ torch.cat(list(w[i]), 0))) for i, t in enumerate(TASKS)]
    return h


def rows(c, at, x, level):
    return c.dense(at, x, [5, 3][level])


def pictures(c, at, x, level):
    return c.conv(at, x, [3, 2][level], [1, 2][level])


def mtan(c, x, maps):
    """Second stage without a second part for vectors, with stride 2 for maps."""
    a = [None] * 3
    for level, (first, second) in enumerate([(4, 3), (3, 2 if maps else 3)]):
        at = f"/shared/stage_{level}"
        if maps:
            u = c.conv(at + "/first", x, first, level + 1)
            p = c.conv(at + "/second", u, second)
        else:
            u = c.dense(at + "/first", x, first)
            p = c.dense(at + "/second", u, second) if level == 0 else u
        into = [u] * 3
        if level > 0:
            # One batch normalisation for the features of all tasks.
            joined = torch.cat(a, 0)
            f = c.convolve("/shared/next_1", joined, first, 2, bias=False) if maps else c.affine("/shared/next_1", joined, first, bias=False)
            f = torch.relu(c.norm("/shared/next_1", f))
            into = [torch.cat([u, f[i * BATCH:(i + 1) * BATCH]], -1) for i in range(3)]
        for i, t in enumerate(TASKS):
            own = f"/task/{t}/attention_{level}"
            hidden = torch.relu(c.norm(own + "/hidden", c.affine(own + "/hidden", into[i], second, bias=False)))
            a[i] = torch.sigmoid(c.norm(own + "/mask", c.affine(own + "/mask", hidden, second, bias=False))) * p
        x = p
    return a


def ltb(c, x):
    """In the warm-up every child reads the mean of its two parents."""
    h = [c.dense(f"/shared/stage_0/branch_{j}", x, 5) for j in range(2)]
    h = [c.dense(f"/shared/stage_1/branch_{j}", (h[0] + h[1]) / 2, 3) for j in range(2)]
    c.get("/shared/choice_1/alpha", 2, 2)
    for t in TASKS:
        c.get(f"/task/{t}/choice/alpha", 2)
    return [(h[0] + h[1]) / 2] * 3


def logits(c, h):
    return [c.affine(f"/task/{t}/logit", h[i], 1)[:, 0] for i, t in enumerate(TASKS)]


def esmm(c, x):
    bottom = c.dense("/shared", x, 5)
    z = logits(c, [c.dense(f"/task/{t}/trunk", bottom, 3) for t in TASKS])
    p = torch.cumprod(torch.sigmoid(torch.stack(z)), 0)
    return list(torch.log(p) - torch.log(1 - p))


def aitm(c, x):
    z = []
    for i, t in enumerate(TASKS):
        q = c.dense(f"/task/{t}/tower", x, 3)
        if i == 0:
            z.append(q)
            continue
        p = c.dense(f"/task/{t}/transfer", z[-1], 3)
        scores = []
        for u in (p, q):
            query, key = (c.affine(f"/task/{t}/{name}", u, 3, bias=False) for name in ("query", "key"))
            scores.append((query * key).sum(-1) / 3**0.5)
        w = torch.softmax(torch.stack(scores), 0)
        z.append(sum(w[k][:, None] * c.affine(f"/task/{t}/value", u, 3, bias=False) for k, u in enumerate((p, q))))
    return z


def calibrated(c, x):
    z = logits(c, aitm(c, x))
    for i in range(1, 3):
        c.regularisation = c.regularisation + 0.6 * torch.relu(torch.sigmoid(z[i]) - torch.sigmoid(z[i - 1])).mean()
    return z


def dbmtl(c, x, after):
    bottom, r = c.dense("/shared/bottom", x, 5), {}
    for t in ["c", "a", "b"] if "c" not in after else TASKS:
        r[t] = c.dense(f"/task/{t}/tower", bottom, 3)
        if t in after:
            r[t] = c.dense(f"/task/{t}/relation", torch.cat([r[t]] + [r[s] for s in after[t]], -1), 4)
    return [r[t] for t in TASKS]


def case(name, build, inputs=ROWS):
    c = Case()
    h = build(c, inputs)
    readout = [draw(h[t][0].numel()) for t in range(len(TASKS))]
    (sum((h[t].reshape(BATCH, -1) @ readout[t]).mean() for t in range(len(TASKS))) + c.regularisation).backward()
    gradients = {path: torch.zeros_like(v) if v.grad is None else v.grad for path, v in c.variables.items()}
    result = {"name": name, "variables": c.variables, "representations": h, "readout": readout, "regularisation": c.regularisation, "gradients": gradients}
    return result if inputs is ROWS else {"inputs": inputs, **result}


def plain(value):
    if isinstance(value, torch.Tensor):
        return plain(value.detach().tolist())
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value


CASES = [
    case("SoftSharing, squared distance", lambda c, x: soft_sharing(c, x, False)),
    case("SoftSharing, trace norm", lambda c, x: soft_sharing(c, x, True)),
    case("CrossStitch", lambda c, x: cross_stitch(c, x, rows, False)),
    case("CrossStitch per channel, on pictures", lambda c, x: cross_stitch(c, x, pictures, True), PICTURES),
    case("NDDR", lambda c, x: nddr(c, x, rows, torch.tanh)),
    case("NDDR on pictures", lambda c, x: nddr(c, x, pictures), PICTURES),
    case("MTAN", lambda c, x: mtan(c, x, False)),
    case("MTAN on pictures", lambda c, x: mtan(c, x, True), PICTURES),
    case("LTB, warming up", ltb),
    case("ESMM", esmm),
    case("AITM", aitm),
    case("Calibrated AITM", calibrated),
    case("DBMTL", lambda c, x: dbmtl(c, x, {"b": ["a"], "c": ["a", "b"]})),
    case("DBMTL, given order", lambda c, x: dbmtl(c, x, {"a": ["c"], "b": ["a"]})),
]

lines = ",\n".join(json.dumps(plain(c)) for c in CASES)
path = Path(__file__).with_suffix(".json")
path.write_text(f'{{"torch": "{torch.__version__.split("+")[0]}", "inputs": {json.dumps(plain(ROWS))}, "cases": [\n{lines}\n]}}\n')
print(f"{path.name}: {len(CASES)} cases, {path.stat().st_size / 1024:.0f} KiB")
