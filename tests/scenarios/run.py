#!/usr/bin/env python3
"""Seeded fault scenarios on drop-sim with the real operator processes; prints TAP, one check a seed:

    run.py --build DIR [--first S] [--seeds N] [--parallel P] [--seconds T] [--keep] [--show]

Each seed decides a cluster, images and what goes wrong (generate.py). Once that is over the operator
must bring about what the objects say, and keep it; what must hold all the time is checked too
(checks.py). A seed that fails is printed and its folder stays. --seconds: no seed begins later, so
that a stage has a bound. --show: what a seed means, without running it.
"""
import argparse
import concurrent.futures
import os
import shutil
import sys
import tempfile
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(FOLDER, "..", folder) for folder in ("e2e", "contract")]

import generate
from runner import SharedTap, run_plan, tools_of


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--build", metavar="DIR", required=True)
    parser.add_argument("--first", metavar="S", type=int, default=1)
    parser.add_argument("--seeds", metavar="N", type=int, default=40)
    parser.add_argument("--parallel", metavar="P", type=int, default=8 * (os.cpu_count() or 1))
    parser.add_argument("--seconds", metavar="T", type=float, default=float("inf"))
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--show", action="store_true")
    return parser.parse_args()


def show(seed):
    plan = generate.plan(seed)
    print(f"# seed {seed}\n{plan.text}# expected: {plan.expected}\n# signals: {plan.signals}")


class Seeds:
    """Runs them, several at a time, and says what became of each."""

    def __init__(self, args, tools, scratch):
        self.args, self.tools, self.scratch = args, tools, scratch
        self.tap = SharedTap()
        self.end = time.monotonic() + args.seconds
        self.times, self.failed, self.late = [], [], 0

    def one(self, seed):
        if time.monotonic() > self.end:
            self.late += 1
            return
        wrong, took, trouble = run_plan(self.tools, os.path.join(self.scratch, f"{seed}"),
                                        generate.plan(seed), self.args.keep)
        self.times.append(took)
        if not self.tap.check(not wrong, f"seed {seed}", "; ".join(wrong[:4]), trouble[:80]):
            self.failed.append(seed)

    def summary(self):
        tap, times = self.tap, sorted(self.times)
        if self.late:
            tap.diag(f"{self.late} seeds were left for another time ({self.args.seconds:.0f} s are over)")
        if times:
            tap.diag(f"until all was well: median {times[len(times) // 2]:.1f} s, most {times[-1]:.1f} s")
        if self.failed:
            tap.diag(f"seeds that failed: {sorted(self.failed)}; their folders are in {self.scratch}")
        return tap.end()


def main():
    args = arguments()
    seeds = range(args.first, args.first + args.seeds)
    if args.show:
        for seed in seeds:
            show(seed)
        return 0
    scratch = tempfile.mkdtemp(prefix="drop-sc-")
    runs = Seeds(args, tools_of(args.build, scratch), scratch)
    with concurrent.futures.ThreadPoolExecutor(args.parallel) as pool:
        list(pool.map(runs.one, seeds))
    if not runs.failed and not args.keep:
        shutil.rmtree(scratch, ignore_errors=True)
    return runs.summary()


if __name__ == "__main__":
    sys.exit(main())
