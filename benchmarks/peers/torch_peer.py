"""PyTorch eager, with fused Adam and, for the convolutions, the channels-last layout that is the faster on a CPU."""

import os
import time

import torch
import torch.nn.functional as F
from torch import nn

from clock import measure
from workloads import BETA1, BETA2, EPSILON, LEARNING_RATE


class Net(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.w = w
        widths = (w.inputs[-1], *w.hidden)
        if w.convolutional:
            layers = [nn.Conv2d(i, o, 3, stride=2 if k == 1 else 1, padding=1)
                      for k, (i, o) in enumerate(zip(widths, widths[1:]))]
        else:
            layers = [nn.Linear(i, o) for i, o in zip(widths, widths[1:])]
        self.trunk = nn.ModuleList(layers)
        self.heads = nn.ModuleList(
            nn.Conv2d(widths[-1], t.classes, 1) if t.kind == "pixels" else nn.Linear(widths[-1], t.classes)
            for t in w.tasks)

    def forward(self, x):
        for layer in self.trunk:
            x = F.relu(layer(x))
        outputs = []
        for task, head in zip(self.w.tasks, self.heads):
            if task.kind == "pixels":
                outputs.append(F.interpolate(head(x), scale_factor=2, mode="nearest"))
            else:
                outputs.append(head(x.mean((2, 3)) if self.w.convolutional else x))
        return outputs


def run(w, form, chunks):
    if form != "step":
        raise SystemExit("PyTorch eager has one form: step")
    started = time.perf_counter()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    x, labels = w.data()
    x = torch.from_numpy(x)
    net = Net(w)
    if w.convolutional:
        x = x.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
        net = net.to(memory_format=torch.channels_last)
    assert sum(p.numel() for p in net.parameters()) == w.parameters
    labels = [torch.from_numpy(y) if t.kind == "regression" else torch.from_numpy(y).long()
              for t, y in zip(w.tasks, labels)]
    adam = torch.optim.Adam(net.parameters(), LEARNING_RATE, (BETA1, BETA2), EPSILON, fused=True)
    batches = w.indices()

    def train(steps):
        for _ in range(steps):
            i = torch.from_numpy(next(batches)).long()
            losses = [F.mse_loss(p, y[i]) if t.kind == "regression" else F.cross_entropy(p, y[i])
                      for t, p, y in zip(w.tasks, net(x[i]), labels)]
            total = sum(losses)
            adam.zero_grad()
            total.backward()
            adam.step()
        assert torch.isfinite(total)

    measure(train, w.chunk, chunks, 1, started, peer="torch", workload=w.name, form=form, steps_per_call=1,
            versions={"torch": torch.__version__, "device": "cpu"})
