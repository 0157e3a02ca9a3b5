"""Compares gomtl with the peers in interleaved processes and prints Markdown tables.

    python compare.py --python PEERS_VENV/bin/python --cores 0 --rounds 5 w3:step w3:scan w2:step w2:scan w1:step
    python compare.py --cores 0 w2:step:mgda w2:step:mgda:vmap w2:scan:mgda
    python compare.py --cores 0 --peer torchjd w2:step:mgda w2:step:upgrad

A noisy machine drifts, so only what ran next to each other is compared: the processes run peer, gomtl, peer, gomtl, ..., peer
each fresh and pinned to the same cores, and a round's ratio is gomtl's time over the mean of the peer's two runs
around it. The table shows the median ratio over the rounds and its range. CPU time, of all threads, is the figure least hurt by other
work on the machine.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent


def execute(command, cores):
    """Returns the JSON of the last line that the command prints, and what it took from start to exit, with the processes that it started."""
    pinned = ["taskset", "-c", cores] if cores else []
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        began = time.perf_counter()
        process = subprocess.Popen([*pinned, *map(str, command)], stdout=out, stderr=errors)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        if process.returncode:
            sys.exit(f"{command} exited {process.returncode}:\n{errors.read()[-3000:]}")
        result = json.loads(out.read().strip().splitlines()[-1])
    return result | {"wall_s": wall, "cpu_s": used.ru_utime + used.ru_stime, "peak_memory_mb": used.ru_maxrss / 1024}


def build(folder):
    """Builds benchmarks/gomtl in this folder and returns its path."""
    binary = Path(folder) / "gomtl"
    subprocess.run(["go", "build", "-o", binary, "./gomtl"], cwd=HERE, check=True)
    return binary


def spread(values):
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def interleave(ours, theirs, rounds, cores):
    """Runs theirs, ours, theirs, ours, ..., theirs; returns both lists of results."""
    peers, gomtl = [execute(theirs, cores)], []
    for _ in range(rounds):
        gomtl.append(execute(ours, cores))
        peers.append(execute(theirs, cores))
    return gomtl, peers


def ratios(gomtl, peers, key):
    return [g[key] / statistics.mean((a[key], b[key])) for g, a, b in zip(gomtl, peers, peers[1:])]


def row(name, gomtl, peers):
    cells = [name]
    for key in ("ms_per_step_min", "ms_per_step_median"):
        ratio = ratios(gomtl, peers, key)
        cells += [f"{min(g[key] for g in gomtl):.4g}", f"{min(p[key] for p in peers):.4g}", spread(ratio)]
    cells.append(spread(ratios(gomtl, peers, "cpu_ms_per_step_median")))
    for key in ("first_call_s", "peak_memory_mb"):
        cells.append(" / ".join(f"{statistics.median(r[key] for r in runs):.3g}" for runs in (gomtl, peers)))
    return "| " + " | ".join(cells) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="the Python with peers/requirements.txt")
    parser.add_argument("--peer", default="jax", choices=("jax", "torch", "keras", "torchjd", "libmtl", "gomtl"),
                        help="gomtl: gomtl with equal weights")
    parser.add_argument("--cores", default="", help="cores to pin to, as taskset writes them; empty: all")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--chunks", type=int, default=20, help="timed chunks in each process")
    parser.add_argument("--batch", default=0, type=int, help="examples a step, in place of the workload's own")
    parser.add_argument("--json", type=Path, help="also append every result to this file, one JSON object a line")
    parser.add_argument("cases", nargs="+", metavar="WORKLOAD:FORM[:METHOD[:PULLBACK]]",
                        help="the peer's form: step or scan; the weighting; how JAX takes task gradients: loop or vmap")
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        binary = build(folder)
        lines, versions = [], {}
        for case in args.cases:
            workload, form, method, pullback = case.split(":") + ["equal", "loop"][case.count(":") - 1:]
            ours = [binary, "-workload", workload, "-method", method, "-chunks", args.chunks]
            theirs = [args.python, HERE / "peers" / "bench.py", "--peer", args.peer, "--workload", workload,
                      "--form", form, "--method", method, "--pullback", pullback, "--chunks", args.chunks]
            if args.peer == "gomtl":
                theirs = [binary, "-workload", workload, "-chunks", args.chunks]
            if args.batch:
                ours += ["-batch", args.batch]
                theirs += ["-batch", args.batch] if args.peer == "gomtl" else ["--batch", args.batch]
            gomtl, peers = interleave(ours, theirs, args.rounds, args.cores)
            versions |= gomtl[0]["versions"] | peers[0]["versions"]
            lines.append(row(f"{case.replace(':', ' ')}, {args.peer}", gomtl, peers))
            print(lines[-1], file=sys.stderr, flush=True)
            if args.json:
                with args.json.open("a") as out:
                    for result in gomtl + peers:
                        print(json.dumps({"cores": args.cores or "all"} | result), file=out)

    print(f"Cores: {args.cores or os.cpu_count()}; {args.rounds} rounds of {args.chunks} chunks; "
          + ", ".join(f"{k} {v}" for k, v in sorted(versions.items())))
    print()
    print("| workload, peer | gomtl ms (min) | peer ms (min) | ratio of minima (range) | gomtl ms (median) "
          "| peer ms (median) | ratio of medians (range) | ratio of CPU time (range) | first call s, gomtl / peer "
          "| peak MB, gomtl / peer |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
