"""Writes mtl/testdata/losses.json: values and gradients of every task loss, by PyTorch in float64.

A case: loss (which), delta (Huber only), labels, predictions, mask (null: all labelled; shaped like labels), ignore (a label that
means unlabelled, or null), value, gradient (of value on predictions). The mean is over the labelled entries.
"""

import numpy as np
import torch
import torch.nn.functional as F
from fixture import tensor, write

rng = np.random.default_rng(20261124)


def masked_mean(entries, mask):
    return entries.mean() if mask is None else entries[mask].mean()


def cross_entropy(z, y, mask=None, ignore=None):
    z = z.movedim(-1, 1) if z.dim() > 2 else z  # PyTorch wants the classes on axis 1
    if mask is not None:
        y, ignore = torch.where(mask, y, -7), -7
    return F.cross_entropy(z, y, ignore_index=-100 if ignore is None else ignore)


LOSSES = {
    "cross_entropy": cross_entropy,
    "binary_cross_entropy": lambda z, y, mask=None: masked_mean(
        F.binary_cross_entropy_with_logits(z, y, reduction="none"), mask),
    "squared_error": lambda p, y, mask=None: masked_mean(F.mse_loss(p, y, reduction="none"), mask),
    "absolute_error": lambda p, y, mask=None: masked_mean(F.l1_loss(p, y, reduction="none"), mask),
    "huber": lambda p, y, mask=None, delta=1.0: masked_mean(F.huber_loss(p, y, reduction="none", delta=delta), mask),
}


def case(name, loss, predictions, labels, mask=None, ignore=None, **options):
    p = tensor(predictions).requires_grad_()
    y = torch.from_numpy(labels) if labels.dtype.kind == "i" else tensor(labels)
    given = {} if ignore is None else {"ignore": ignore}
    value = LOSSES[loss](p, y, mask=None if mask is None else torch.from_numpy(mask), **given, **options)
    (gradient,) = torch.autograd.grad(value, p)
    return {"name": name, "loss": loss, **options, "predictions": p, "labels": y,
            "mask": None if mask is None else torch.from_numpy(mask), "ignore": ignore,
            "value": value, "gradient": gradient}


def normal(*shape, scale=1.0):
    return rng.normal(0, scale, shape)


def classes(n, *shape):
    return rng.integers(0, n, shape)


def bits(*shape):
    return rng.integers(0, 2, shape).astype(float)


def mask_of(*shape):
    """About two thirds labelled, at least one and not all."""
    while True:
        mask = rng.random(shape) < 2 / 3
        if mask.any() and not mask.all():
            return mask


cases = [
    case("classification", "cross_entropy", normal(6, 4, scale=2), classes(4, 6)),
    case("classification, masked", "cross_entropy", normal(6, 4, scale=2), classes(4, 6), mask_of(6)),
    case("classification, one labelled", "cross_entropy", normal(3, 4), classes(4, 3), np.array([False, True, False])),
    case("classification, huge logits", "cross_entropy", normal(4, 3, scale=1000), classes(3, 4)),
    case("segmentation", "cross_entropy", normal(2, 3, 4, 5, scale=2), classes(5, 2, 3, 4)),
    case("segmentation, ignore label 255", "cross_entropy", normal(2, 3, 4, 5, scale=2),
         np.where(mask_of(2, 3, 4), classes(5, 2, 3, 4), 255), ignore=255),
    case("segmentation, masked", "cross_entropy", normal(2, 3, 4, 5), classes(5, 2, 3, 4), mask_of(2, 3, 4)),
    case("binary", "binary_cross_entropy", normal(6, scale=2), bits(6)),
    case("binary, masked", "binary_cross_entropy", normal(6, scale=2), bits(6), mask_of(6)),
    case("binary, huge logits", "binary_cross_entropy", normal(6, scale=300), bits(6)),
    case("binary, soft labels", "binary_cross_entropy", normal(6, scale=2), rng.random(6)),
    case("multi-label", "binary_cross_entropy", normal(4, 5, scale=2), bits(4, 5)),
    case("multi-label, masked by entry", "binary_cross_entropy", normal(4, 5, scale=2), bits(4, 5), mask_of(4, 5)),
]
for loss, options in (("squared_error", {}), ("absolute_error", {}), ("huber", {"delta": 1.0}), ("huber", {"delta": 0.3})):
    suffix = "".join(f", {k} {v}" for k, v in options.items())
    cases += [
        case(f"{loss}{suffix}", loss, normal(6), normal(6), **options),
        case(f"{loss}{suffix}, two values", loss, normal(4, 2), normal(4, 2), **options),
        case(f"{loss}{suffix}, masked by entry", loss, normal(4, 2), normal(4, 2), mask_of(4, 2), **options),
    ]

write("losses.json", {"source": "benchmarks/oracles/losses.py", "cases": cases})
