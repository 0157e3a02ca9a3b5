"""Reading a 200 MB npy file, numpy.load against datasets/npy: python benchmarks/reading/npy.py [RUNS]

Three arrays of 50,000 x 1,000 float32 are written: as they are, big-endian, and in Fortran order. Both read each in turn, RUNS
times (5), each in a fresh process that times itself without its start. What is asked of both is the same: native values in C
order, so numpy.load is followed by astype where it gives others. gomtl reads once by npy.ReadAll, once by npy.Rows, which
holds one row. Needs numpy 2.4.6 and Go.
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
import json, resource, sys, time
import numpy as np
start = time.perf_counter()
x = np.load(sys.argv[1]).astype("=f4", order="C", copy=False)
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"all": seconds, "values": x.size, "sum": float(x.sum(dtype=np.float64)), "last": float(x[-1, -1]), "peak": peak}))
"""


def run(command):
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def compare(name, path, program, runs):
    peer, own = [], []
    for _ in range(runs):
        peer.append(run([sys.executable, "-c", PEER, path]))
        own.append(run([program, path]))
    for p, o in zip(peer, own):
        assert p["values"] == o["values"] and p["last"] == o["last"] and abs(p["sum"] - o["sum"]) < 1e-6 * p["values"], (p, o)
    print(f"{name}: median (fastest) of {runs} runs in turn")
    for label, results, key in [("numpy", peer, "all"), ("npy.ReadAll", own, "all"), ("npy.Rows", own, "rows")]:
        seconds = [r[key] for r in results]
        ratio = statistics.median(p["all"] / s for p, s in zip(peer, seconds))
        print(f"  {label:12} {statistics.median(seconds):.3f} s ({min(seconds):.3f}), numpy's time / this {ratio:.2f}")


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    x = np.random.default_rng(1).normal(size=(50_000, 1_000)).astype("<f4")
    with tempfile.TemporaryDirectory() as folder:
        path, program = os.path.join(folder, "x.npy"), os.path.join(folder, "reading")
        subprocess.run(["go", "build", "-o", program, "."], check=True, cwd=HERE)
        for name, array in [("as it is", x), ("big-endian", x.astype(">f4")), ("Fortran order", np.asfortranarray(x))]:
            np.save(path, array)
            compare(name, path, program, runs)


if __name__ == "__main__":
    main()
