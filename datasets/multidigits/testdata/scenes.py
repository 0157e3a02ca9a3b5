"""Writes scenes.json beside it: some scenes of the default and of the harder form, composed by numpy from scikit-learn's
load_digits and the split of ../../digits/testdata/split.json by the protocol in the package's documentation."""
import json
import pathlib
import sys

import numpy
from sklearn.datasets import load_digits

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here.parent.parent / "testdata"))
from streams import PARTS, stream

data = load_digits()
images = data.images.astype(int)
split = json.loads((here.parent.parent / "digits" / "testdata" / "split.json").read_text())


def scene(seed, part, index, canvas, jitter):
    random, rows = stream(seed, part, index), split[part]["rows"]
    left = rows[random.below(len(rows))]
    right = rows[random.below(len(rows))]
    while data.target[right] == data.target[left]:
        right = rows[random.below(len(rows))]
    y0, x0, y1, x1 = (random.below(jitter + 1) for _ in range(4))
    a, b = numpy.zeros((2, canvas, canvas), int)
    a[y0:y0 + 8, x0:x0 + 8] = images[left]
    y1, x1 = canvas - 8 - y1, canvas - 8 - x1
    b[y1:y1 + 8, x1:x1 + 8] = images[right]
    merged = numpy.maximum(a, b)
    return {"seed": seed, "part": part, "index": index, "canvas": canvas, "jitter": jitter, "image": merged.ravel().tolist(),
            "owner": ((a > 4) + 2 * (b > 4)).ravel().tolist(), "left": int(data.target[left]),
            "right": int(data.target[right]), "sum": int(merged.sum())}


cases = [scene(seed, part, index, canvas, jitter) for canvas, jitter in ((14, 2), (12, 1)) for seed in (0, 7)
         for part in PARTS for index in (0, 1, 2, 49)]
(here / "scenes.json").write_text(json.dumps(cases).replace("}, ", "},\n") + "\n")
