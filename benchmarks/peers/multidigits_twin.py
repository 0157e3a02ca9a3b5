"""A PyTorch twin of the worked example (multidigits): same bytes, same size, same schedule; prints test metrics as JSON.

    go run ../gomtl -export /some/folder
    python multidigits_twin.py --data /some/folder --seeds 1 2 3
    python multidigits_twin.py --data /some/folder --tasks left      # one task alone

Trunk: conv 3x3x16, conv 3x3x32 with stride 2, conv 3x3x32, all padded by 1 on every side, ReLU. Heads: left, right: flatten, dense 64
ReLU, 10 classes; ink: flatten, dense 64 ReLU, 1; owner: 1x1 conv 64 ReLU, 1x1 conv to 2*2*4 channels, depth to space. Weights He-normal
(fan in), biases 0. Adam with epsilon 1e-7; its rate warms up linearly to 2e-3 over 50 steps, then falls along half a cosine to 0. Batches of
64 from a fresh permutation every epoch (the incomplete last batch is dropped), 1,500 steps, equal weights. The metrics are those of the
last step's weights on the whole test part.

Padding: GoMLX's PadSame pads a 3x3 window by 1 on both sides whatever the stride, as padding=1 does here. TensorFlow's and XLA's
"SAME" would pad an even size at stride 2 by (0, 1) instead.
"""

import argparse
import json
import math
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

TASKS = ("left", "right", "owner", "ink")
WARM_UP = 50
CLASSES = {"left": 10, "right": 10, "owner": 4}


class PixelHead(nn.Module):
    """1x1 convolutions: 64 with ReLU, then 2*2*classes, each 2x2 block of which becomes four pixels: [n, classes, 2h, 2w]."""

    def __init__(self, features, classes):
        super().__init__()
        self.hidden = nn.Conv2d(features, 64, 1)
        self.output = nn.Conv2d(64, 4 * classes, 1)

    def forward(self, x):
        n, _, h, w = x.shape
        blocks = self.output(F.relu(self.hidden(x))).reshape(n, 2, 2, -1, h, w)  # row in the block, column, class: gomtl's order of channels
        return blocks.permute(0, 3, 4, 1, 5, 2).reshape(n, -1, 2 * h, 2 * w)


class Net(nn.Module):
    def __init__(self, tasks, side):
        super().__init__()
        self.trunk = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(),
                                   nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU(),
                                   nn.Conv2d(32, 32, 3, padding=1), nn.ReLU())
        flat = 32 * (side // 2) ** 2
        self.heads = nn.ModuleDict({
            t: PixelHead(32, CLASSES[t]) if t == "owner"
            else nn.Sequential(nn.Flatten(), nn.Linear(flat, 64), nn.ReLU(), nn.Linear(64, CLASSES.get(t, 1)))
            for t in tasks})
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)

    def forward(self, x):
        features = self.trunk(x)
        return {t: head(features) for t, head in self.heads.items()}


def load(folder, part):
    read = lambda name: torch.from_numpy(np.load(folder / f"{part}_{name}.npy"))
    labels = {t: read(t).long() if t in CLASSES else read(t) for t in TASKS}
    return read("x").permute(0, 3, 1, 2).contiguous(), labels


def loss_of(task, prediction, y):
    return F.mse_loss(prediction[:, 0], y) if task == "ink" else F.cross_entropy(prediction, y)


def metrics_of(task, prediction, y):
    if task == "ink":
        error = (prediction[:, 0] - y).double()
        return {"MAE": error.abs().mean().item(),
                "R2": 1 - (error**2).sum().item() / ((y - y.mean()).double() ** 2).sum().item()}
    chosen = prediction.argmax(1)
    accuracy = (chosen == y).double().mean().item()
    if task != "owner":
        return {"accuracy": accuracy}
    both = [((chosen == c) & (y == c)).sum().item() for c in range(CLASSES[task])]
    either = [((chosen == c) | (y == c)).sum().item() for c in range(CLASSES[task])]
    return {"pixelAccuracy": accuracy, "mIoU": statistics.mean(b / e for b, e in zip(both, either) if e)}


def rate_factor(step, steps):
    """The share of the full learning rate at a step, counted from 0."""
    if step < WARM_UP:
        return (step + 1) / WARM_UP
    return (1 + math.cos(math.pi * (step - WARM_UP) / (steps - WARM_UP))) / 2


def train(folder, tasks, seed, steps, batch):
    torch.manual_seed(seed)
    x, labels = load(folder, "train")
    net = Net(tasks, x.shape[-1])
    adam = torch.optim.Adam(net.parameters(), 2e-3, eps=1e-7, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: rate_factor(step, steps))
    started = time.perf_counter()
    order = ()
    for _ in range(steps):
        if len(order) < batch:
            order = torch.randperm(len(x))
        i, order = order[:batch], order[batch:]
        predictions = net(x[i])
        total = sum(loss_of(t, p, labels[t][i]) for t, p in predictions.items())
        adam.zero_grad()
        total.backward()
        adam.step()
        schedule.step()
    seconds = time.perf_counter() - started
    x, labels = load(folder, "test")
    with torch.no_grad():
        predictions = net(x)
    return {"seed": seed, "parameters": sum(p.numel() for p in net.parameters()), "seconds": seconds,
            "test": {t: metrics_of(t, p, labels[t]) for t, p in predictions.items()}}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder that gomtl -export wrote")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=TASKS)
    parser.add_argument("--seeds", type=int, nargs="+", default=(1, 2, 3))
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=64)
    args = parser.parse_args()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    runs = [train(args.data, args.tasks, seed, args.steps, args.batch) for seed in args.seeds]
    json.dump({"peer": "torch", "torch": torch.__version__, "tasks": args.tasks, "steps": args.steps, "runs": runs}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
