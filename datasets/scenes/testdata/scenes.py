"""Writes scenes.json and coco.json beside it: some scenes, painted by numpy from far to near by the formulas of Config.Describe with the random
numbers of ../../testdata/streams.py, and the objects of a few in COCO's format, box and area by pycocotools."""
import base64
import json
import math
import pathlib
import sys

import numpy
from pycocotools import mask as coco_mask

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here.parent.parent / "testdata"))
from streams import PARTS, stream

DEFAULTS = {"size": 32, "objects": 1, "clutter": 1, "near": 1.0, "far": 1.8, "color_class": 0.0, "noise": 0.06, "boundary": False}
PALETTE = [[0.9, 0.2, 0.2], [0.2, 0.8, 0.25], [0.25, 0.4, 0.95], [0.9, 0.8, 0.2]]
SHAPES = [
    lambda r, u, v: numpy.hypot(u, v) <= 0.95 * r,
    lambda r, u, v: (abs(u) <= 0.84 * r) & (abs(v) <= 0.84 * r),
    lambda r, u, v: (v >= -r) & (v <= 0.75 * r) & (abs(u) * 1.75 <= v + r),
    lambda r, u, v: (abs(u) <= r) & (abs(v) <= r) & ((abs(u) <= 0.38 * r) | (abs(v) <= 0.38 * r)),
]


def scene(seed, part, index, **config):
    c = DEFAULTS | config
    random, size = stream(seed, part, index), c["size"]
    uniform = lambda low, high: low + (high - low) * random.float64()
    y, x = numpy.mgrid[:size, :size] + 0.5

    base = numpy.array([uniform(0.15, 0.5) for _ in range(3)])
    texture, phase = random.below(4), uniform(0, 2 * math.pi)
    theta = math.radians(45 * texture)
    image = base + 0.06 * numpy.sin(1.2 * (x * math.cos(theta) + y * math.sin(theta)) + phase)[..., None]

    for _ in range(c["clutter"]):
        length, half, bx, by, angle = uniform(3, 9), uniform(0.6, 1.4), uniform(0, size), uniform(0, size), uniform(0, math.pi)
        along = (x - bx) * math.cos(angle) + (y - by) * math.sin(angle)
        across = (y - by) * math.cos(angle) - (x - bx) * math.sin(angle)
        image[(2 * abs(along) <= length) & (abs(across) <= half)] = [uniform(0.2, 1) for _ in range(3)]

    drawn = []
    for _ in range(1 + random.below(c["objects"])):
        k, z = random.below(4), uniform(c["near"], c["far"])
        r = 10 / z
        ox, oy = uniform(r, size - r), uniform(r, size - r)
        chance, own = random.below(4), random.float64() < c["color_class"]
        color = numpy.array(PALETTE[k if own else chance]) + [0.08 * random.normal() for _ in range(3)]
        drawn.append((z, k, SHAPES[k](r, x - ox, y - oy), color * math.exp(-0.6 * (z - 1))))
    drawn.sort(key=lambda o: o[0])

    owner, seg, depth = numpy.full((size, size), -1), numpy.zeros((size, size), int), numpy.full((size, size), 3.0)
    for i, (z, k, covered, color) in reversed(list(enumerate(drawn))):
        image[covered], owner[covered], seg[covered], depth[covered] = color, i, k + 1, z
    image += numpy.array([c["noise"] * random.normal() for _ in range(size * size * 3)]).reshape(image.shape)

    if c["boundary"]:
        wide = numpy.pad(owner, 1, mode="edge")
        around = [wide[:-2, 1:-1], wide[2:, 1:-1], wide[1:-1, :-2], wide[1:-1, 2:]]
        seg[(owner >= 0) & numpy.any([a != owner for a in around], axis=0)] = 255
    objects = []
    for i, (z, k, covered, _) in enumerate(drawn):
        visible = owner == i
        encoded = coco_mask.encode(numpy.asfortranarray(visible.astype(numpy.uint8)))
        objects.append({"class": k, "depth": z, "area": int(coco_mask.area(encoded)), "visibility": visible.sum() / covered.sum(),
                        "box": [int(v) for v in coco_mask.toBbox(encoded)], "mask": visible})
    return {"image": image.clip(0, 1), "seg": seg, "depth": depth, "texture": texture, "objects": objects}


def packed(values):
    return base64.b64encode(values.astype("<f4").tobytes()).decode()


def case(seed, part, index, **config):
    s = scene(seed, part, index, **config)
    return {"seed": seed, "part": part, "index": index, **DEFAULTS, **config, "image": packed(s["image"]), "depth": packed(s["depth"]),
            "seg": [int(v) for v in s["seg"].ravel()], "texture": s["texture"],
            "truth": [{k: v for k, v in o.items() if k != "mask"} for o in s["objects"]]}


def coco(seed, part, count, **config):
    size = (DEFAULTS | config)["size"]
    images, annotations = [], []
    for i in range(count):
        images.append({"id": i, "file_name": f"{i:06d}.png", "width": size, "height": size})
        for o in scene(seed, part, i, **config)["objects"]:
            if o["visibility"] < 0.4:
                continue
            flat = numpy.concatenate([[0], o["mask"].ravel(order="F"), [0]]).astype(int)
            edges = numpy.flatnonzero(numpy.diff(flat))  # where the mask begins and ends
            ends = numpy.concatenate([[0], edges, [size * size]])
            counts = numpy.diff(ends)
            counts = counts[:-1] if counts[-1] == 0 else counts
            annotations.append({"id": len(annotations) + 1, "image_id": i, "category_id": o["class"] + 1, "bbox": o["box"], "area": o["area"],
                                "iscrowd": 0, "segmentation": {"counts": [int(n) for n in counts], "size": [size, size]}})
    categories = [{"id": i + 1, "name": name} for i, name in enumerate(["disc", "square", "triangle", "cross"])]
    return {"images": images, "annotations": annotations, "categories": categories}


MANY = {"objects": 4, "near": 1.2, "far": 2.4}
cases = [case(0, "train", 0), case(7, "test", 3)]
cases += [case(seed, part, index, size=20, **config) for seed, part, index, config in (
    (0, "validation", 0, {}),
    (1, "train", 1, {"clutter": 6, "noise": 0.0}),
    (2**63 + 5, "test", 2, {"color_class": 0.5, "noise": 0.2}),
    (3, "train", 3, {"color_class": 1.0, "boundary": True}),
    (0, "train", 0, MANY),
    (1, "validation", 1, MANY | {"boundary": True}),
    (2, "test", 2, MANY | {"clutter": 0, "noise": 0.0}),
    (3, "train", 3, MANY | {"color_class": 0.5}),
)]
lines = lambda values: json.dumps(values).replace('}, {"seed"', '},\n {"seed"').replace('}, {"id"', '},\n {"id"') + "\n"
(here / "scenes.json").write_text(lines(cases))
(here / "coco.json").write_text(lines(coco(5, "validation", 20, size=20, **MANY)))
