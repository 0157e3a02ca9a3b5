"""Writes compose.json beside it: scenes that numpy and Pillow compose by the protocol from images made of a formula that the
test knows too. Needs numpy and Pillow."""
import json
import pathlib

import numpy as np
from PIL import Image


def image(k):
    i = np.arange(784, dtype=np.int64)
    return (((i * i * (k + 3) + i * 37 + k * 11) % 1009) % 256).astype(np.uint8).reshape(28, 28)


cases = []
for left, right in ((0, 1), (1, 0), (5, 5), (2, 9)):
    canvas = np.zeros((36, 36), np.uint8)
    canvas[:28, :28] = image(left)
    canvas[6:34, 6:34] = np.maximum(canvas[6:34, 6:34], image(right))
    scene = np.asarray(Image.fromarray(canvas).resize((28, 28), Image.NEAREST))
    cases.append({"left": left, "right": right, "scene": scene.ravel().tolist()})
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(cases).replace("}, ", "},\n") + "\n")
