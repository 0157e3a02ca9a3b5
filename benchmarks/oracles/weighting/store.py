"""Fixtures as JSON: one case a line, numbers as float64's shortest text that reads back the same."""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from mpmath import mpf

TESTDATA = Path(__file__).parents[3] / "mtl" / "weighting" / "testdata"


def plain(value):
    """Turns arrays, tensors and mpmath numbers, also inside dicts and lists, into JSON values; -0 becomes 0."""
    if isinstance(value, (torch.Tensor, np.ndarray, np.generic)):
        return plain(value.tolist())
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, (float, mpf)):
        value = float(value) + 0.0
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return value


def text(value):
    return json.dumps(plain(value), separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def write(name, about, cases):
    """Writes a fixture, or with --check on the command line compares it with the committed one."""
    lines = ",\n".join(text(c) for c in cases)
    path = TESTDATA / name
    new = f'{{"about":{text(about)},\n"cases":[\n{lines}\n]}}\n'
    if "--check" in sys.argv:
        worst = distance(json.loads(path.read_text()), json.loads(new))
        print(f"{name}: largest difference {worst:.2g}")
        if worst > 1e-6:
            sys.exit(f"{name} is not what this script writes")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(new)
    print(f"{name}: {len(cases)} cases, {path.stat().st_size / 1024:.0f} KiB")


def read(name):
    return json.loads((TESTDATA / name).read_text())["cases"]


def distance(a, b):
    """The largest difference of two JSON values, relative to the largest number of the array it is in; infinite where they differ in form."""
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        return max((distance(a[k], b[k]) for k in a if k not in ("peers", "float32", "float64", "kkt")), default=0.0)
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        if a and all(isinstance(v, (int, float)) for v in a + b):
            scale = max(max(abs(v) for v in a), 1e-300)
            return max(abs(x - y) for x, y in zip(a, b)) / scale
        return max((distance(x, y) for x, y in zip(a, b)), default=0.0)
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return abs(a - b) / max(abs(a), 1e-300) if a != b else 0.0
    return 0.0 if a == b else float("inf")
