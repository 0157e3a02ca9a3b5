"""Writes experts.json: representations and gradients of MMoE, CGC, PLE and DSelect-k by PyTorch in float64, one expert and one example at a time.

    python experts.py

Document: inputs [5, 4], and cases with variables {path: value}, representations [task][5][width], readout [task][width], regularisation (a number) and
gradients {path: value} of sum_t mean_batch(h_t . readout_t) + regularisation. Tasks are "a" and "b". Variables of experts are stacked, [experts, in, out].
"""

import json
from pathlib import Path

import numpy as np
import torch

rng = np.random.default_rng(5)
TASKS = ["a", "b"]
BATCH, IN = 5, 4


def draw(*shape, scale=0.7):
    rounded = np.round(rng.normal(0, scale, shape), 3).astype(np.float32)
    return torch.from_numpy(rounded.astype(np.float64))


INPUTS = draw(BATCH, IN, scale=1.0)


class Case:
    """The variables of a case, drawn when first used."""

    def __init__(self):
        self.variables = {}
        self.regularisation = torch.zeros((), dtype=torch.float64)

    def get(self, path, *shape, scale=0.7):
        if path not in self.variables:
            self.variables[path] = draw(*shape, scale=scale).requires_grad_()
        return self.variables[path]

    def dense(self, path, x, width):
        """ReLU layer of one example."""
        return torch.relu(x @ self.get(path + "/dense/weights", len(x), width) + self.get(path + "/dense/biases", width))

    def expert(self, path, i, count, x, widths, norm=False):
        """Expert i of count of them on one example."""
        for layer, width in enumerate(widths):
            at = f"{path}/layer_{layer}"
            x = x @ self.get(at + "/dense/weights", count, len(x), width)[i]
            if norm:
                x = (x - x.mean()) / torch.sqrt(((x - x.mean()) ** 2).mean() + 1e-3)
                x = x * self.get(at + "/layer_normalization/gain", count, width)[i]
                x = x + self.get(at + "/layer_normalization/offset", count, width)[i]
            else:
                x = x + self.get(at + "/dense/biases", count, width)[i]
            x = torch.relu(x)
        return x

    def softmax_gate(self, path, x, count):
        logits = x @ self.get(path + "/dense/weights", len(x), count)
        e = torch.exp(logits)
        return e / e.sum()


def mmoe(c, x, widths=(6, 3), count=3, bottom=None, hidden_gate=None, norm=False):
    h = x if bottom is None else c.dense("/shared/bottom/layer_0", x, bottom)
    outputs = [c.expert("/shared/experts", i, count, h, widths, norm) for i in range(count)]
    result = []
    for task in TASKS:
        at = f"/task/{task}/gate"
        g = h if hidden_gate is None else c.dense(at + "/layer_0", h, hidden_gate)
        gate = c.softmax_gate(at, g, count)
        result.append(sum(gate[i] * outputs[i] for i in range(count)))
    return result


def ple(c, x, levels):
    """levels: (widths, shared experts, {task: own experts})"""
    own, common = {task: x for task in TASKS}, x
    for l, (widths, shared, counts) in enumerate(levels):
        at = f"/shared/level_{l}"
        shared_outputs = [c.expert(at + "/experts", i, shared, common, widths) for i in range(shared)]
        outputs = {}
        for task in TASKS:
            n = counts[task]
            outputs[task] = [c.expert(f"/task/{task}/level_{l}/experts", i, n, own[task], widths) for i in range(n)]
        everything = shared_outputs + outputs["a"] + outputs["b"]
        next_own = {}
        for task in TASKS:
            seen = shared_outputs + outputs[task]
            gate = c.softmax_gate(f"/task/{task}/level_{l}/gate", own[task], len(seen))
            next_own[task] = sum(g * e for g, e in zip(gate, seen))
        if l < len(levels) - 1:
            gate = c.softmax_gate(at + "/gate", common, len(everything))
            common = sum(g * e for g, e in zip(gate, everything))
        own = next_own
    return [own[task] for task in TASKS]


def smooth_step(z, gamma):
    if z <= -gamma / 2:
        return torch.zeros_like(z)
    if z >= gamma / 2:
        return torch.ones_like(z)
    return -2 / gamma**3 * z**3 + 3 / (2 * gamma) * z + 0.5


def selector(z, gamma, count):
    """All 2^m codes; those beyond the number of experts go to the last experts, two neighbours each."""
    full = []
    for code in range(2 ** len(z)):
        p = torch.ones((), dtype=torch.float64)
        for bit in range(len(z)):
            s = smooth_step(z[bit], gamma)
            p = p * (s if code >> bit & 1 else 1 - s)
        full.append(p)
    single = 2 * count - len(full)
    return full[:single] + [full[i] + full[i + 1] for i in range(single, len(full), 2)]


def dselect_k(c, x, count, k, gamma, entropy, static, widths=(3,)):
    digits = int(np.ceil(np.log2(count)))
    outputs = [c.expert("/shared/experts", i, count, x, widths) for i in range(count)]
    result = []
    for task in TASKS:
        at = f"/task/{task}/gate"
        if static:
            z = c.get(at + "/codes", k, digits, scale=0.4 * gamma)
            alpha = c.get(at + "/logits", k)
        else:
            z = (x @ c.get(at + "/codes/dense/weights", IN, k * digits, scale=0.2 * gamma)
                 + c.get(at + "/codes/dense/biases", k * digits, scale=0.1 * gamma)).reshape(k, digits)
            alpha = x @ c.get(at + "/logits/dense/weights", IN, k) + c.get(at + "/logits/dense/biases", k)
        share = torch.softmax(alpha, 0)
        weights = [torch.zeros((), dtype=torch.float64)] * count
        for j in range(k):
            r = selector(z[j], gamma, count)
            weights = [w + share[j] * p for w, p in zip(weights, r)]
            for p in r:
                if p.item() > 0:
                    c.regularisation = c.regularisation - entropy * p * torch.log(p) / BATCH
        assert abs(sum(w.item() for w in weights) - 1) < 1e-12
        result.append(sum(w * e for w, e in zip(weights, outputs)))
    return result


def case(name, build):
    c = Case()
    rows = [build(c, x) for x in INPUTS]
    h = [torch.stack([row[t] for row in rows]) for t in range(len(TASKS))]
    readout = [draw(h[t].shape[1]) for t in range(len(TASKS))]
    (sum((h[t] @ readout[t]).mean() for t in range(len(TASKS))) + c.regularisation).backward()
    gradients = {path: v.grad for path, v in c.variables.items()}
    return {"name": name, "variables": c.variables, "representations": h, "readout": readout, "regularisation": c.regularisation, "gradients": gradients}


def plain(value):
    if isinstance(value, torch.Tensor):
        return plain(value.detach().tolist())
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value


ONE, TWO = {"a": 1, "b": 2}, {"a": 2, "b": 1}
CASES = [
    case("MMoE", mmoe),
    case("MMoE with a bottom, a hidden layer in the gate", lambda c, x: mmoe(c, x, bottom=5, hidden_gate=4)),
    case("MMoE with layer normalisation", lambda c, x: mmoe(c, x, norm=True)),
    case("CGC", lambda c, x: ple(c, x, [((5, 3), 2, ONE)])),
    case("PLE", lambda c, x: ple(c, x, [((5,), 2, ONE), ((4,), 1, TWO), ((3,), 2, ONE)])),
    case("DSelectK of 4", lambda c, x: dselect_k(c, x, 4, 2, 1.0, 0.1, False)),
    case("DSelectK of 5", lambda c, x: dselect_k(c, x, 5, 2, 0.5, 0.3, False)),
    case("DSelectK of 6, static", lambda c, x: dselect_k(c, x, 6, 3, 2.0, 0.1, True)),
]

lines = ",\n".join(json.dumps(plain(c)) for c in CASES)
path = Path(__file__).with_suffix(".json")
path.write_text(f'{{"torch": "{torch.__version__.split("+")[0]}", "inputs": {json.dumps(plain(INPUTS))}, "cases": [\n{lines}\n]}}\n')
print(f"{path.name}: {len(CASES)} cases, {path.stat().st_size / 1024:.0f} KiB")
