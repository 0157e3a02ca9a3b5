"""Reading COCO annotations, pycocotools against datasets/coco: python benchmarks/reading/coco.py [RUNS]

A file of 10,000 pictures is generated: 7.3 objects a picture, as COCO has, polygons of 4 to 60 points, some in two parts. Both
read it in turn, RUNS times (5), each in a fresh process that times itself without its start. pycocotools' COCO(file) holds
the whole file; gomtl's Open reads every record, checks it, and keeps an index, and Pictures reads every record again.
Needs pycocotools 2.0.11 and Go.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
PEER = """
import contextlib, json, resource, sys, time
from pycocotools.coco import COCO
start = time.perf_counter()
with contextlib.redirect_stdout(None):
    coco = COCO(sys.argv[1])
seconds = time.perf_counter() - start
numbers, total = 0, 0.
for a in coco.anns.values():
    for p in a["segmentation"]:
        numbers += len(p)
        total += sum(p)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"open": seconds, "images": len(coco.imgs), "annotations": len(coco.anns), "numbers": numbers, "sum": total, "peak": peak}))
"""


def generate(path, pictures=10_000):
    rng = np.random.default_rng(1)
    images = [{"license": 3, "file_name": f"{i:012}.jpg", "coco_url": f"http://images.cocodataset.org/train2017/{i:012}.jpg", "height": 480, "width": 640,
               "date_captured": "2013-11-14 17:02:52", "flickr_url": f"http://farm7.staticflickr.com/6116/{i}_z.jpg", "id": i} for i in range(pictures)]
    ids = [i for i in range(1, 91) if i not in (12, 26, 29, 30, 45, 66, 68, 69, 71, 83)]
    annotations = []
    for number in range(int(7.3 * pictures)):
        x, y, w, h = (rng.uniform(0, 1, 4) * [500, 380, 140, 100]).round(2).tolist()
        parts = [(rng.uniform(0, 1, (int(rng.integers(4, 61)), 2)) * [w, h] + [x, y]).round(2).flatten().tolist() for _ in range(1 + (rng.uniform() < 0.1))]
        annotations.append({"segmentation": parts, "area": round(w * h / 2, 4), "iscrowd": 0, "image_id": int(rng.integers(pictures)), "bbox": [x, y, w, h],
                            "category_id": ids[int(rng.integers(80))], "id": number + 1})
    categories = [{"supercategory": "thing", "id": i, "name": f"thing {i}"} for i in ids]
    with open(path, "w") as f:
        json.dump({"info": {}, "licenses": [], "images": images, "annotations": annotations, "categories": categories}, f)


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        path, program = os.path.join(folder, "instances.json"), os.path.join(folder, "reading")
        generate(path)
        subprocess.run(["go", "build", "-o", program, "."], check=True, cwd=HERE)
        peer, own = [], []
        for _ in range(runs):
            peer.append(json.loads(subprocess.run([sys.executable, "-c", PEER, path], check=True, capture_output=True).stdout))
            own.append(json.loads(subprocess.run([program, path], check=True, capture_output=True).stdout))
        for key in ["images", "annotations", "numbers"]:
            assert peer[0][key] == own[0][key], (key, peer[0], own[0])
        assert abs(peer[0]["sum"] / own[0]["sum"] - 1) < 1e-9
        size = os.path.getsize(path)
        opening, both = [o["open"] for o in own], [o["open"] + o["pictures"] for o in own]
        load = [p["open"] for p in peer]
        print(f"{own[0]['images']} pictures, {own[0]['annotations']} annotations, {size / 1e6:.0f} MB; median of {runs} runs in turn")
        print(f"pycocotools COCO(file)      {statistics.median(load):.2f} s, process {peer[0]['peak'] / 1e6:.0f} MB")
        print(f"coco.Open                   {statistics.median(opening):.2f} s, index {own[0]['heap'] / 1e6:.0f} MB")
        print(f"coco.Open and all Pictures  {statistics.median(both):.2f} s")
        print(f"COCO(file) / Open           {statistics.median(p / o for p, o in zip(load, opening)):.2f}")
        print(f"COCO(file) / (Open + all)   {statistics.median(p / o for p, o in zip(load, both)):.2f}")


if __name__ == "__main__":
    main()
