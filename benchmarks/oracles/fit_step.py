"""Writes mtl/testdata/fit_step.json: training steps of a small multi-task model, by PyTorch in float64.

The model: inputs [8, 5] -> dense 7, tanh (shared) -> a dense head a task: "kind" (3 classes, masked by example), "amount" (2 values,
masked by entry), "flag" (binary). Loss of a task: the mean over its labelled entries. All 8 rows are the batch of every step.

Document: inputs, labels, masks (null: all labelled), weights {variable: initial value}, losses {task: value at the initial weights},
task_gradients {task: {variable: gradient}}, shared_gramian [3][3], and cases: optimizer ("sgd", "adam", "adamw"), learning_rate,
epsilon, betas, weight_decay, weighting ("equal", "fixed", "uncertainty"), task_weights (fixed), initial_s (uncertainty), l2, clip_norm
(0: off), masks (null: the document's), and what comes out: losses [5][3] before each step, gradient (of the whole objective, before
clipping, at step 1), gradient_norm (its global norm, s included), after_1 and after_5 (weights; the trained s under "s").

Objective: sum_t w_t L_t + l2 * sum(kernels^2), kernels only, no factor 1/2. Uncertainty (Kendall et al. 2018):
sum_t L_t / (2 exp(s_t)) + s_t / 2 with s trained by the same optimiser. Clipping scales all gradients, s included, by
min(1, clip_norm / norm). Adam is Kingma and Ba 2015 with epsilon outside the root; AdamW's decay is decoupled.
"""

import numpy as np
import torch
import torch.nn.functional as F
from fixture import tensor, write

rng = np.random.default_rng(3)
TASKS = {"kind": 3, "amount": 2, "flag": 1}
STEPS = 5


def draw(*shape, scale=1.0):
    return tensor(rng.normal(0, scale, shape))


INPUTS = draw(8, 5)
WEIGHTS = {"shared/kernel": draw(5, 7, scale=0.6), "shared/bias": draw(7, scale=0.3)}
for name, size in TASKS.items():
    WEIGHTS |= {f"{name}/kernel": draw(7, size, scale=0.6), f"{name}/bias": draw(size, scale=0.3)}
LABELS = {
    "kind": torch.from_numpy(rng.integers(0, 3, 8)),
    "amount": draw(8, 2, scale=1.5),
    "flag": torch.from_numpy(rng.integers(0, 2, 8).astype(np.float64)),
}
MASKS = {
    "kind": torch.tensor([1, 1, 0, 1, 1, 0, 1, 1]).bool(),
    "amount": torch.tensor([[1, 1], [1, 0], [0, 0], [1, 1], [0, 1], [1, 1], [1, 1], [1, 1]]).bool(),
    "flag": None,
}
NO_KIND = MASKS | {"kind": torch.zeros(8).bool()}


def task_losses(weights, masks):
    features = torch.tanh(INPUTS @ weights["shared/kernel"] + weights["shared/bias"])
    losses = []
    for name in TASKS:
        p, y = features @ weights[f"{name}/kernel"] + weights[f"{name}/bias"], LABELS[name]
        if name == "kind":
            entries = F.cross_entropy(p, y, reduction="none")
        elif name == "amount":
            entries = F.mse_loss(p, y, reduction="none")
        else:
            entries = F.binary_cross_entropy_with_logits(p[:, 0], y, reduction="none")
        mask = torch.ones_like(entries).bool() if masks[name] is None else masks[name]
        losses.append(entries[mask].mean() if mask.any() else entries.sum() * 0)
    return torch.stack(losses)


def fresh():
    return {name: value.clone().requires_grad_() for name, value in WEIGHTS.items()}


def train(name, optimizer, weighting="equal", task_weights=(1.0, 1.0, 1.0), initial_s=None, l2=0.0, clip_norm=0.0,
          weight_decay=0.0, masks=None):
    weights = fresh()
    if initial_s is not None:
        weights["s"] = torch.full((len(TASKS),), initial_s, dtype=torch.float64, requires_grad=True)
    variables = list(weights.values())
    case = {"name": name, "optimizer": optimizer, "weighting": weighting, "task_weights": task_weights,
            "initial_s": initial_s, "l2": l2, "clip_norm": clip_norm, "weight_decay": weight_decay, "masks": masks}
    if optimizer == "sgd":
        case |= {"learning_rate": 0.1}
        stepper = torch.optim.SGD(variables, 0.1)
    else:
        case |= {"learning_rate": 1e-3, "epsilon": 1e-7, "betas": (0.9, 0.999)}
        kind = torch.optim.AdamW if optimizer == "adamw" else torch.optim.Adam
        stepper = kind(variables, 1e-3, (0.9, 0.999), 1e-7, weight_decay=weight_decay)

    case["losses"] = []
    for step in range(1, STEPS + 1):
        losses = task_losses(weights, masks or MASKS)
        case["losses"].append(losses)
        if initial_s is None:
            objective = (losses * torch.tensor(task_weights, dtype=torch.float64)).sum()
        else:
            objective = (losses / (2 * weights["s"].exp()) + weights["s"] / 2).sum()
        objective = objective + l2 * sum((v**2).sum() for k, v in weights.items() if k.endswith("kernel"))
        stepper.zero_grad()
        objective.backward()
        if step == 1:
            case["gradient"] = {k: v.grad.clone() for k, v in weights.items()}
            case["gradient_norm"] = torch.cat([v.grad.flatten() for v in variables]).norm()
        if clip_norm:
            norm = torch.cat([v.grad.flatten() for v in variables]).norm()
            for v in variables:
                v.grad *= min(1.0, clip_norm / norm.item())
        stepper.step()
        if step in (1, STEPS):
            case[f"after_{step}"] = {k: v.detach().clone() for k, v in weights.items()}
    return case


def task_gradients():
    weights = fresh()
    losses = task_losses(weights, MASKS)
    gradients, rows = {}, []
    for name, loss in zip(TASKS, losses):
        found = torch.autograd.grad(loss, list(weights.values()), retain_graph=True, allow_unused=True)
        gradients[name] = {k: g for k, g in zip(weights, found) if g is not None and k.split("/")[0] in ("shared", name)}
        rows.append(torch.cat([gradients[name]["shared/kernel"].flatten(), gradients[name]["shared/bias"]]))
    rows = torch.stack(rows)
    return dict(zip(TASKS, losses)), gradients, rows @ rows.T


FIXED = {"weighting": "fixed", "task_weights": (0.5, 2.0, 1.25)}
cases = []
for optimizer in ("sgd", "adam"):
    cases += [
        train(f"{optimizer}, equal", optimizer),
        train(f"{optimizer}, fixed", optimizer, **FIXED),
        train(f"{optimizer}, uncertainty", optimizer, "uncertainty", initial_s=0.0),
        train(f"{optimizer}, uncertainty from s -0.5", optimizer, "uncertainty", initial_s=-0.5),
        train(f"{optimizer}, equal, l2", optimizer, l2=0.01),
        train(f"{optimizer}, equal, clipped", optimizer, clip_norm=0.5),
        train(f"{optimizer}, equal, clip out of reach", optimizer, clip_norm=1000.0),
        train(f"{optimizer}, uncertainty, clipped", optimizer, "uncertainty", initial_s=0.0, clip_norm=0.5),
        train(f"{optimizer}, fixed, l2, clipped", optimizer, l2=0.01, clip_norm=0.5, **FIXED),
        train(f"{optimizer}, equal, no label for kind", optimizer, masks=NO_KIND),
    ]
cases.append(train("adamw, equal", "adamw", weight_decay=0.1))

losses, gradients, gramian = task_gradients()
write("fit_step.json", {
    "source": "benchmarks/oracles/fit_step.py", "inputs": INPUTS, "labels": LABELS, "masks": MASKS, "weights": WEIGHTS,
    "losses": losses, "task_gradients": gradients, "shared_gramian": gramian, "cases": cases})
