"""Writes metrics.json beside it: random labels, masks and predictions, with the figures that scikit-learn gives for the labelled
entries (numpy for the mean over columns and for top-k of the lower index). Needs scikit-learn and numpy."""
import json
import pathlib

import numpy as np
from sklearn import metrics as sk

random = np.random.default_rng(20261124)
cases = []


def f32(x):
    return np.asarray(x, np.float32)


def add(name, metric, label, prediction, mask, value, classes=0):
    """Notes one figure; figures of the same data share a case."""
    if not cases or cases[-1]["name"] != name:
        cases.append({"name": name, "classes": classes, "dims": list(label.shape), "label": short(label),
                      "mask": mask.ravel().astype(int).tolist(), "predictionDims": list(prediction.shape),
                      "prediction": short(prediction), "values": {}})
    cases[-1]["values"][metric] = float(value)


def short(x):
    """The numbers with the nine digits that tell every float32."""
    return [float(f"{v:.9g}") for v in x.ravel()]


def masks(shape):
    return [("all", np.ones(shape, bool)), ("masked", random.random(shape) < 0.6)]


def top(label, logits, k):
    order = np.argsort(-logits, axis=-1, kind="stable")[:, :k]
    return np.mean([y in row for y, row in zip(label, order)])


# Classification: 50 examples of 6 classes, class 4 never seen and class 5 neither seen nor predicted.
for name, mask in masks(50):
    label = random.integers(0, 4, 50)
    logits = f32(random.normal(size=(50, 6)) + 1.5 * np.eye(6)[label])
    logits[:, 5] = -9
    y, z = label[mask], logits[mask]
    p = z.argmax(-1)
    add(f"classification, {name}", "accuracy", label, logits, mask, sk.accuracy_score(y, p), 6)
    add(f"classification, {name}", "macroF1", label, logits, mask,
        sk.f1_score(y, p, labels=range(6), average="macro", zero_division=0), 6)
    add(f"classification, {name}", "mIoU", label, logits, mask, sk.jaccard_score(y, p, average="macro"), 6)
    for k in (1, 2, 3):
        add(f"classification, {name}", f"top{k}", label, logits, mask,
            sk.top_k_accuracy_score(y, z, k=k, labels=range(6)), 6)
    rounded = f32(np.round(logits))
    for k in (1, 2, 5, 6):
        add(f"classification with ties, {name}", f"top{k}", label, rounded, mask, top(y, rounded[mask], k), 6)

# Segmentation: 9 images of 5x4 pixels and 4 classes, class 3 in no label and no prediction.
for name, mask in masks((9, 5, 4)):
    label = random.integers(0, 3, (9, 5, 4))
    logits = f32(random.normal(size=(9, 5, 4, 4)) + 1.2 * np.eye(4)[label])
    logits[..., 3] = -9
    y, p = label[mask], logits[mask].argmax(-1)
    add(f"segmentation, {name}", "pixelAccuracy", label, logits, mask, sk.accuracy_score(y, p), 4)
    add(f"segmentation, {name}", "mIoU", label, logits, mask, sk.jaccard_score(y, p, average="macro"), 4)

# Binary and multi-label.
for shape in ((40,), (40, 3)):
    for name, mask in masks(shape):
        label = f32(random.random(shape) < 0.3)
        logits = f32(random.normal(size=shape) + 1.5 * label - 0.5)
        y, p = label[mask], logits[mask] > 0
        add(f"binary {shape}, {name}", "binaryAccuracy", label, logits, mask, sk.accuracy_score(y, p))
        add(f"binary {shape}, {name}", "F1", label, logits, mask, sk.f1_score(y, p))
        if name == "all" and len(shape) == 2:
            assert abs(sk.f1_score(label, logits > 0, average="micro") - cases[-1]["values"]["F1"]) < 1e-12
            assert abs(1 - sk.hamming_loss(label, logits > 0) - cases[-1]["values"]["binaryAccuracy"]) < 1e-12

# Regression: one and three values; labels near 0, far from 0, and of very different sizes.
kinds = {
    "near": lambda shape: random.normal(size=shape),
    "offset 1e6": lambda shape: 1e6 + random.normal(size=shape),
    "offset -16384, spread 0.01": lambda shape: -16384 + 0.01 * random.normal(size=shape),
    "sizes 1e-8 to 1e8": lambda shape: random.normal(size=shape) * 10.0 ** random.integers(-8, 9, shape),
    "constant": lambda shape: np.full(shape, 1234.567),
}
for kind, make in kinds.items():
    for shape in ((60,), (60, 3)):
        for name, mask in masks(shape):
            label = f32(make(shape))
            spread = max(float(label.astype(float).std()), 0.1)
            prediction = f32(label + 0.5 * spread * random.normal(size=shape))
            columns = [(label.reshape(60, -1)[m, i].astype(float), prediction.reshape(60, -1)[m, i].astype(float))
                       for i, m in enumerate(mask.reshape(60, -1).T)]
            for metric, figure in (("MAE", sk.mean_absolute_error), ("RMSE", sk.root_mean_squared_error), ("R2", sk.r2_score)):
                value = np.mean([figure(y, p) for y, p in columns])
                add(f"regression {kind} {shape}, {name}", metric, label, prediction, mask, value)
                if name == "all":
                    whole = figure(label.astype(float), prediction.astype(float))
                    assert abs(whole - value) <= 1e-12 * abs(whole), (whole, value)
            if kind == "constant":
                add(f"regression exact {kind} {shape}, {name}", "R2", label, label, mask, sk.r2_score(*columns[0][:1] * 2))

target = pathlib.Path(__file__).with_suffix(".json")
target.write_text(json.dumps(cases).replace("}, {", "},\n{") + "\n")
