"""Times one peer on one workload and prints one JSON line.

    python bench.py --workload w3 --form scan --chunks 20            # hand-written JAX
    python bench.py --peer torch --workload w1 --form step --chunks 5
"""

import argparse
import importlib

from workloads import WORKLOADS

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", choices=("jax", "torch", "keras"), default="jax")
    parser.add_argument("--workload", choices=WORKLOADS, required=True)
    parser.add_argument("--form", choices=("step", "scan"), default="step", help="one step a call, or many")
    parser.add_argument("--chunks", type=int, default=20, help="timed chunks")
    args = parser.parse_args()
    peer = importlib.import_module(args.peer + "_peer")
    peer.run(WORKLOADS[args.workload], args.form, args.chunks)
