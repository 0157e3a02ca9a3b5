"""Writes split.json beside it: which rows of scikit-learn's load_digits each part holds, by the rule written in image.go, with
the parts' first images and sums. Needs scikit-learn and numpy."""
import json
import pathlib
import sys

import numpy
from sklearn.datasets import load_digits

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here.parent.parent / "testdata"))
from streams import PCG, PARTS

data = load_digits()
order = PCG(19980701, 19980701).permutation(1797)
parts = {}
for part, rows in zip(PARTS, (order[:1077], order[1077:1437], order[1437:])):
    images, classes = data.data[rows].astype(int), data.target[rows]
    parts[part] = {
        "rows": [int(row) for row in rows],
        "classes": [int(c) for c in classes],
        "counts": numpy.bincount(classes, minlength=10).tolist(),
        "ink": images.sum(axis=1).tolist(),
        "first": images[0].tolist(),
        "last": images[-1].tolist(),
    }
(here / "split.json").write_text(json.dumps(parts).replace("}, ", "},\n") + "\n")
