"""Compares a sweep over task weights in gomtl with the same sweep in the peers, in interleaved processes, and prints a Markdown table.

    python sweep.py --python PEERS_VENV/bin/python --cores 0
    python sweep.py --python PEERS_VENV/bin/python --cores 0 --rounds 8 jax:scan jax:flat keras:process:2

Times are those of whole processes, from start to exit: imports, compilation and all settings. The processes run gomtl, peer, gomtl, next peer, gomtl, ...; a
ratio is the peer's time over the mean of gomtl's two runs around it, so that 40 means that gomtl is 40 times faster. The slow forms take part in the first rounds only.
"""

import argparse
import math
import statistics
import sys
import tempfile
from functools import partial
from pathlib import Path

from compare import HERE, build, execute, spread

CASES = ("jax:scan", "jax:flat", "jax:vmap:1", "keras:process:2", "keras:processes:1", "libmtl:processes:1")


class Runner:
    """Runs one side or the other and keeps what it printed."""

    def __init__(self, args, folder):
        self.args, self.binary, self.folder, self.runs = args, build(folder), Path(folder), 0

    def gomtl(self, settings):
        self.runs += 1
        return self.check(settings, [
            self.binary, "-workload", self.args.workload, "-sweep", settings, "-steps", self.args.steps, "-out", self.folder / str(self.runs)])

    def peer(self, peer, form):
        return self.check(self.args.settings, [
            self.args.python, HERE / "peers" / "sweep.py", "--peer", peer, "--form", form, "--workload", self.args.workload,
            "--settings", self.args.settings, "--steps", self.args.steps])

    def check(self, settings, command):
        """Everybody trains the same settings for as many steps, and to finite losses."""
        result = execute(command, self.args.cores)
        grid = [k / (settings - 1) for k in range(settings)]
        if result["steps"] != self.args.steps or len(result["settings"]) != settings or not all(
                math.isclose(w, first, abs_tol=1e-6) and math.isclose(1 - w, second, abs_tol=1e-6) for w, (first, second) in zip(grid, result["settings"])):
            sys.exit(f"{command} trained {result['settings']} for {result['steps']} steps; wanted (w, 1 - w) for {settings} w from 0 to 1")
        if len(result["losses"]) != settings or not all(math.isfinite(loss) for losses in result["losses"] for loss in losses):
            sys.exit(f"{command} ended with the losses {result['losses']}")
        print(f"{result['peer']} {result['form']} {settings}: {result['wall_s']:.2f} s, CPU {result['cpu_s']:.2f} s", file=sys.stderr, flush=True)
        return result


def median(results, key):
    values = [r[key] for r in results if r.get(key) is not None]
    return f"{statistics.median(values):.3g}" if values else "-"


def some(losses):
    """Those of the first, middle and last setting."""
    return "; ".join(", ".join(f"{loss:.2f}" for loss in losses[k]) for k in (0, len(losses) // 2, -1))


def row(name, triples):
    """triples has a round's gomtl, peer, gomtl."""
    ours, theirs = [r for before, _, after in triples for r in (before, after)], [t[1] for t in triples]
    cells = [name, str(len(triples))]
    for key in ("wall_s", "cpu_s"):
        ratios = [peer[key] / statistics.mean((before[key], after[key])) for before, peer, after in triples]
        cells += [f"{median(ours, key)} / {median(theirs, key)}", spread(ratios)]
    cells += [f"{median(ours, key)} / {median(theirs, key)}" for key in ("after_compilation_s", "compilations", "peak_memory_mb")]
    cells.append(some(theirs[0]["losses"]))
    return "| " + " | ".join(cells) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="the Python with peers/requirements.txt")
    parser.add_argument("--cores", default="", help="cores to pin to, as taskset writes them; empty: all")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--workload", default="w3")
    parser.add_argument("--settings", type=int, default=16)
    parser.add_argument("--more", type=int, default=100, help="settings of one more run of gomtl a round; 0: none")
    parser.add_argument("--steps", type=int, default=200, help="of each setting")
    parser.add_argument("cases", nargs="*", default=CASES, metavar="PEER:FORM[:ROUNDS]", help="as peers/sweep.py has them; default: " + " ".join(CASES))
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(args, folder)
        cases = []  # name, what to run, in how many rounds
        for case in args.cases:
            peer, form, rounds = (case.split(":") + [args.rounds])[:3]
            cases.append((f"{peer} {form}", partial(runner.peer, peer, form), int(rounds)))
        if args.more:
            cases.append((f"gomtl, {args.more} settings", partial(runner.gomtl, args.more), args.rounds))
        triples, gomtl = {name: [] for name, _, _ in cases}, [runner.gomtl(args.settings)]
        for k in range(max(rounds for _, _, rounds in cases)):
            for name, run, rounds in cases:
                if k < rounds:
                    peer = run()
                    gomtl.append(runner.gomtl(args.settings))
                    triples[name].append((gomtl[-2], peer, gomtl[-1]))

    versions = {k: v for runs in triples.values() for triple in runs for result in triple for k, v in result["versions"].items()}
    print(f"{args.settings} settings of {args.steps} steps on {args.workload}; cores: {args.cores or 'all'}; "
          + ", ".join(f"{k} {v}" for k, v in sorted(versions.items())))
    print()
    print("| against | rounds | wall s, gomtl / peer | times gomtl's wall time (range) | CPU s, gomtl / peer | times gomtl's CPU time (range) "
          "| s after compilation, gomtl / peer | compilations, gomtl / peer | peak MB, gomtl / peer | peer's losses at the first, middle, last setting |")
    print("|" + "---|" * 10)
    print("\n".join(row(name, runs) for name, runs in triples.items()))
    print(f"\ngomtl's losses: {some(gomtl[0]['losses'])}; {len(gomtl)} runs of {args.settings} settings")


if __name__ == "__main__":
    main()
