"""Trains a workload at S settings of its task weights as a user of a peer would, each from fresh initial weights, and prints one JSON line.

    python sweep.py --peer jax --form scan          # weights are inputs of one program that scans over all steps of a setting
    python sweep.py --peer jax --form flat          # the same with all parameters in one vector, which compiles faster
    python sweep.py --peer jax --form vmap          # the same with all settings side by side
    python sweep.py --peer keras --form process     # all settings in one process: a new model and compile() each
    python sweep.py --peer keras --form processes   # a process a setting, one after the other
    python sweep.py --peer libmtl --form processes

The fields are those of ../README.md. Time and memory are taken from outside, by ../sweep.py: they count from the start of the process.
"""

import argparse
import importlib
import json
import subprocess
import sys

import numpy as np

LAST = 50  # steps over which the losses of a setting are averaged


def settings_of(count):
    """count weight pairs (w, 1 − w), w evenly from 0 to 1."""
    return [[float(w), float(1 - w)] for w in np.linspace(0, 1, count)]


def in_process(args, settings):
    from workloads import WORKLOADS

    result = importlib.import_module(args.peer + "_sweep").sweep(WORKLOADS[args.workload], args.form, settings, args.steps, LAST)
    assert np.isfinite(result["losses"]).all()
    return result | {"losses": np.asarray(result["losses"], float).tolist()}


def in_processes(args, settings):
    losses, compilations = [], 0
    for k in range(len(settings)):
        command = [sys.executable, *sys.argv, "--form", "process", "--only", str(k)]  # the last --form counts
        child = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.splitlines()[-1])
        losses += child["losses"]
        compilations += child["compilations"]
    return {"losses": losses, "compilations": compilations, "versions": child["versions"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", choices=("jax", "keras", "libmtl"), required=True)
    parser.add_argument("--form", choices=("scan", "flat", "vmap", "process", "processes"), required=True)
    parser.add_argument("--workload", default="w3")
    parser.add_argument("--settings", type=int, default=16)
    parser.add_argument("--steps", type=int, default=200, help="of each setting")
    parser.add_argument("--only", type=int, help="train this one of the settings, counted from 0")
    args = parser.parse_args()
    if (args.form in ("scan", "flat", "vmap")) != (args.peer == "jax") or args.steps % LAST:
        parser.error(f"wanted scan, flat or vmap for jax, process or processes for the others, and a multiple of {LAST} steps")
    settings = settings_of(args.settings)
    if args.only is not None:
        settings = settings[args.only:args.only + 1]
    run = in_processes if args.form == "processes" else in_process
    result = run(args, settings)
    print(json.dumps({"peer": args.peer, "form": args.form, "workload": args.workload, "steps": args.steps, "settings": settings} | result))


if __name__ == "__main__":
    main()
