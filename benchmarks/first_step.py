"""Compares the time to the first step of a new process, gomtl with its kept programs and JAX with its persistent cache.

    python first_step.py --python PEERS_VENV/bin/python --rounds 9

Each side first runs once to fill its cache. Then the processes run JAX, gomtl, JAX, gomtl, ..., JAX, each fresh and timed as a
whole from outside: the start of Python or of the program, imports, data, loading what was compiled before, one step. A round's ratio is
gomtl's time over the mean of JAX's two runs around it. JAX keeps every program, however small or quickly compiled.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from compare import HERE, build, execute, interleave, ratios, spread


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="the Python with peers/requirements.txt")
    parser.add_argument("--cores", default="", help="cores to pin to, as taskset writes them; empty: all")
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "GOMTL_COMPILE_CACHE": str(Path(folder) / "gomtl-programs"),
            "JAX_COMPILATION_CACHE_DIR": str(Path(folder) / "jax"),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        }
        ours, theirs = [build(folder), "-first"], [args.python, HERE / "peers" / "first_step.py"]
        cold = execute(ours, args.cores), execute(theirs, args.cores)
        gomtl, peers = interleave(ours, theirs, args.rounds, args.cores)
    assert cold[0]["parameters"] == cold[1]["parameters"], cold
    assert not any(g["programs"]["Compiled"] for g in gomtl), gomtl
    print(f"Cores: {args.cores or os.cpu_count()}; {args.rounds} rounds; {cold[0]['versions'] | cold[1]['versions']}\n")
    print("| process to the end of its first step | gomtl / JAX, first | gomtl / JAX, later (min) | ratio later, median (range) |")
    print("|---|---|---|---|")
    for name, key in (("wall-clock, s", "wall_s"), ("CPU time, s", "cpu_s"), ("peak memory, MB", "peak_memory_mb")):
        first = " / ".join(f"{c[key]:.3g}" for c in cold)
        later = " / ".join(f"{min(r[key] for r in runs):.3g}" for runs in (gomtl, peers))
        print(f"| {name} | {first} | {later} | {spread(ratios(gomtl, peers, key))} |")


if __name__ == "__main__":
    main()
