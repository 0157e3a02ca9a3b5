"""A gradient method on PyTorch: the same network in two parts, and the loop around a method's own backward pass."""

import os
import time
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import nn

from clock import measure
from torch_peer import Net
from workloads import BETA1, BETA2, EPSILON, LEARNING_RATE


def gramian(G):
    """Next to nothing: what every Gramian method costs without its solver."""
    return 1 + 1e-9 * G.sum(1)


def parts(w):
    """The trunk, and a list of heads: features -> prediction."""
    layers = [module for layer in Net(w).trunk for module in (layer, nn.ReLU())]
    return nn.Sequential(*layers), [Head(w, task) for task in w.tasks]


class Head(nn.Module):
    def __init__(self, w, task):
        super().__init__()
        self.net = Net(replace(w, tasks=(task,)))
        self.net.trunk = nn.ModuleList()  # a Net without a trunk is its heads

    def forward(self, features):
        return self.net(features)[0]


def make_train(w, set_to_none, make_step):
    """Returns train(steps): Adam on the gradients that step(x, losses_of) leaves, with step = make_step(trunk, heads).

    losses_of(predictions) is a list with one loss a task; step returns the losses.
    """
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    x, labels = w.data()
    x = torch.from_numpy(x)
    trunk, heads = parts(w)
    if w.convolutional:
        x = x.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
        for module in (trunk, *heads):
            module.to(memory_format=torch.channels_last)
    parameters = [p for module in (trunk, *heads) for p in module.parameters()]
    assert sum(p.numel() for p in parameters) == w.parameters
    labels = [torch.from_numpy(y) if t.kind == "regression" else torch.from_numpy(y).long()
              for t, y in zip(w.tasks, labels)]
    adam = torch.optim.Adam(parameters, LEARNING_RATE, (BETA1, BETA2), EPSILON, fused=True)
    batches = w.indices()
    step = make_step(trunk, heads)

    def train(steps):
        for _ in range(steps):
            i = torch.from_numpy(next(batches)).long()
            y = [label[i] for label in labels]

            def losses_of(predictions):
                return [F.mse_loss(p, v) if t.kind == "regression" else F.cross_entropy(p, v)
                        for t, p, v in zip(w.tasks, predictions, y)]

            adam.zero_grad(set_to_none)
            losses = step(x[i], losses_of)
            adam.step()
        assert all(torch.isfinite(loss) for loss in losses)

    return train


def run(w, form, chunks, peer, method, set_to_none, make_step, **versions):
    """Times the steps of make_train."""
    if form != "step":
        raise SystemExit(f"{peer} has one form: step")
    started = time.perf_counter()
    train = make_train(w, set_to_none, make_step)
    measure(train, w.chunk, chunks, 1, started, peer=peer, workload=w.name, method=method, form=form, steps_per_call=1,
            versions={**versions, "torch": torch.__version__, "device": "cpu"})
