"""Takes the randomness out of PCGrad's and GradVac's peers."""

import random

import torch


def fixed_orders(orders, function):
    """Runs a peer with its random orders replaced: torch.randperm (TorchJD) and random.shuffle (LibMTL) give these, one a row."""
    kept, tasks = (torch.randperm, random.shuffle), len(orders)
    rows = iter(enumerate(orders))

    def permutation(n, **_):
        i, order = next(rows)
        # TorchJD's GradVac permutes the positions of the other tasks
        return torch.tensor(order if n == tasks else [j - (j > i) for j in order if j != i])

    def shuffle(items):
        items[:] = [j for j in next(rows)[1] if j in items]

    torch.randperm, random.shuffle = permutation, shuffle
    try:
        return function()
    finally:
        torch.randperm, random.shuffle = kept
