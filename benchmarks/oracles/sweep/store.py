"""Fixtures as JSON: one record a line, numbers as float64's shortest text that reads back the same; --check compares with what is committed."""

import json
import sys
from pathlib import Path

import numpy as np

MTL = Path(__file__).parents[3] / "mtl"


def plain(value):
    """Turns arrays and NumPy's numbers, also inside dicts and lists, into JSON values; -0 becomes 0."""
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist())
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    return value


def text(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def write(path, document):
    """Writes mtl/<path>: a line for each key of the document and for each item of its lists."""
    path, document = MTL / path, plain(document)
    if "--check" in sys.argv:
        compare(json.loads(path.read_text()), document, path.name)
        print(f"{path.name}: as committed")
        return
    parts = []
    for key, value in document.items():
        body = "[\n" + ",\n".join(map(text, value)) + "\n]" if isinstance(value, list) else text(value)
        parts.append(f"{text(key)}:{body}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{" + ",\n".join(parts) + "}\n")
    print(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB")


def compare(old, new, where):
    """Exits where two JSON values differ by more than 1e-9, relative or absolute."""
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        for key in old:
            compare(old[key], new[key], f"{where}.{key}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for i, (a, b) in enumerate(zip(old, new)):
            compare(a, b, f"{where}[{i}]")
    elif isinstance(old, (int, float)) and isinstance(new, (int, float)):
        if not np.isclose(old, new, rtol=1e-9, atol=1e-9):
            sys.exit(f"{where} is {old} in the committed file; this script writes {new}")
    elif old != new:
        sys.exit(f"{where} is {old!r} in the committed file; this script writes {new!r}")
