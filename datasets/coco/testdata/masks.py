"""Masks as pycocotools 2.0.11 has them: python masks.py > masks.json

For each of some random masks its runs, area and box; for each of some random polygons the mask; for pairs of masks and of
boxes the IoU, with and without crowd; for some lists of masks the union.
"""
import json

import numpy as np
from pycocotools import mask


def rle(pixels):
    return mask.encode(np.asfortranarray(pixels, np.uint8))


def describe(r):
    return {"size": r["size"], "text": r["counts"].decode(), "area": int(mask.area(r)), "box": mask.toBbox(r).tolist()}


def runs(pixels):
    counts, on = [0], 0
    for value in pixels.flatten(order="F"):
        if value != on:
            counts, on = counts + [0], value
        counts[-1] += 1
    return counts


def polygon(rng, h, w):
    kind = rng.integers(6)
    n = int(rng.integers(3, 12))
    low, high = (-0.5, 1.5) if kind == 0 else (0, 1)
    xy = rng.uniform(low, high, (n, 2)) * [w, h]
    if kind == 1:
        xy = np.round(xy)
    if kind == 2:
        xy = np.round(xy * 2) / 2
    if kind == 3:
        x0, x1 = np.sort(xy[:2, 0])
        y0, y1 = np.sort(xy[:2, 1])
        xy = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    if kind == 4:
        angle = np.sort(rng.uniform(0, 2 * np.pi, n))
        xy = np.stack([w * (0.5 + 0.4 * np.cos(angle)), h * (0.5 + 0.4 * np.sin(angle))], 1)
    if kind == 5:
        xy[rng.integers(n)] = xy[0]
    return np.round(xy, 2).flatten().tolist()


def main():
    rng = np.random.default_rng(1)
    masks, pairs, unions, polygons, boxes = [], [], [], [], []
    for number in range(120):
        h, w = (int(x) for x in rng.integers(1, 30, 2))
        density = [0, 1, 0.5, 0.05, 0.95][number % 5]
        ms = []
        for _ in range(3):
            pixels = (rng.uniform(size=(h, w)) < density).astype(np.uint8)
            if number % 2:
                y, x = rng.integers(h), rng.integers(w)
                pixels[:y, :x] = 1 - pixels[0, 0]
            ms.append(pixels)
        rs = [rle(m) for m in ms]
        masks.append({**describe(rs[0]), "counts": runs(ms[0]), "pixels": ms[0].flatten().tolist()})
        pairs.append({"size": [h, w], "found": rs[0]["counts"].decode(), "truth": rs[1]["counts"].decode(),
                      "iou": float(mask.iou([rs[0]], [rs[1]], [0])[0, 0]), "crowd": float(mask.iou([rs[0]], [rs[1]], [1])[0, 0])})
        unions.append({"size": [h, w], "masks": [r["counts"].decode() for r in rs], "union": mask.merge(rs)["counts"].decode()})
        a, b = rng.integers(0, 9, (2, 4)).astype(float).tolist()
        if a[2] * a[3] and b[2] * b[3]:
            boxes.append({"found": a, "truth": b, "iou": float(mask.iou([a], [b], [0])[0, 0]), "crowd": float(mask.iou([a], [b], [1])[0, 0])})
    for number in range(300):
        h, w = (int(x) for x in rng.integers(1, 60, 2))
        xy = polygon(rng, h, w)
        polygons.append({"xy": xy, **describe(mask.frPyObjects([xy], h, w)[0])})
    big = polygon(rng, 480, 640)
    polygons.append({"xy": big, **describe(mask.frPyObjects([big], 480, 640)[0])})
    print(json.dumps({"masks": masks, "pairs": pairs, "unions": unions, "polygons": polygons, "boxes": boxes}))


if __name__ == "__main__":
    main()
