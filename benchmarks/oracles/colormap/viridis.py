"""Writes plotting/testdata/colormap.json: Matplotlib's viridis, and how eyes that are blind for a colour see (Machado, Oliveira and Fernandes 2009, as in colorspacious).

    python -m venv .venv && .venv/bin/pip install -r requirements.txt && .venv/bin/python viridis.py
"""

import json
from pathlib import Path

import matplotlib
import numpy as np
from colorspacious.cvd import machado_et_al_2009_matrix

document = {
    "source": "benchmarks/oracles/colormap/viridis.py",
    # 256 colours, red, green and blue in 0 to 255.
    "viridis": np.round(255 * np.array(matplotlib.colormaps["viridis"].colors)).astype(int).tolist(),
    # Matrices on linear red, green and blue.
    "blind": {kind: machado_et_al_2009_matrix(kind, 100).tolist() for kind in ("protanomaly", "deuteranomaly", "tritanomaly")},
}
path = Path(__file__).parents[3] / "plotting" / "testdata" / "colormap.json"
path.write_text(json.dumps(document, separators=(",", ":")) + "\n")
