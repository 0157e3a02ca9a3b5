"""Times one peer on one workload and prints one JSON line.

    python bench.py --workload w3 --form scan --chunks 20            # hand-written JAX
    python bench.py --peer torch --workload w1 --form step --chunks 5
    python bench.py --workload w2 --method mgda --pullback vmap
    python bench.py --peer torchjd --workload w2 --method mgda
"""

import argparse
import importlib
from dataclasses import replace

from workloads import WORKLOADS

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", choices=("jax", "torch", "keras", "torchjd", "libmtl"), default="jax")
    parser.add_argument("--workload", choices=WORKLOADS, required=True)
    parser.add_argument("--form", choices=("step", "scan"), default="step", help="one step a call, or many")
    parser.add_argument("--method", default="equal", help="how the tasks are combined")
    parser.add_argument("--pullback", choices=("loop", "vmap"), default="loop", help="how JAX takes task gradients")
    parser.add_argument("--batch", type=int, help="in place of the workload's own")
    parser.add_argument("--chunks", type=int, default=20, help="timed chunks")
    args = parser.parse_args()
    peer = importlib.import_module(args.peer + "_peer")
    options = {}
    if args.method != "equal":
        options["method"] = args.method
        if args.peer == "jax":
            options["pullback"] = args.pullback
    workload = WORKLOADS[args.workload]
    if args.batch:
        workload = replace(workload, batch=args.batch)
    peer.run(workload, args.form, args.chunks, **options)
