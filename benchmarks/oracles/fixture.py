"""Helpers of the oracles: numbers that float32 holds exactly, and JSON with one case a line."""

import json
from pathlib import Path

import numpy as np
import torch

TESTDATA = Path(__file__).parents[2] / "mtl" / "testdata"


def tensor(values):
    """Rounds to 3 decimals, then to float32, and computes on in float64: both sides start from the same numbers."""
    rounded = np.round(np.asarray(values, np.float64), 3).astype(np.float32)
    return torch.from_numpy(rounded.astype(np.float64))


def plain(value):
    """Turns tensors, also inside dicts and lists, into JSON values of 9 significant digits (float32 needs 9)."""
    if isinstance(value, torch.Tensor):
        return plain(value.detach().tolist())
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value


def write(name, document):
    """Writes mtl/testdata/<name>; the list under "cases" gets one case a line, so that a diff is readable."""
    cases = plain(document.pop("cases"))
    head = json.dumps(plain(document) | {"torch": torch.__version__.split("+")[0]})
    lines = ",\n".join(json.dumps(c) for c in cases)
    TESTDATA.mkdir(parents=True, exist_ok=True)
    path = TESTDATA / name
    path.write_text(f'{head[:-1]}, "cases": [\n{lines}\n]}}\n')
    print(f"{name}: {len(cases)} cases, {path.stat().st_size / 1024:.0f} KiB")
